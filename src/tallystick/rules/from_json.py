"""The one way back from `rules.json`, also from older versions of it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

from tallystick.rules.rule import FISCAL
from tallystick.rules.rulebook import SCHEMA_VERSION, Rulebook

Json = dict[str, Any]


def _only_added(rules: Json) -> Json:
    """Versions 2 and 3 only add forms and fields, each with a default that means what its absence meant."""
    return rules


# From a version to the next.
UPGRADES: dict[int, Callable[[Json], Json]] = {1: _only_added, 2: _only_added}


def from_json(text: str | bytes) -> Rulebook:
    """Read a rulebook of any version so far. Its tally stays the one it was compiled with.

    Raises ValueError (of which pydantic's ValidationError is one) for anything that is not a rulebook.
    """
    rules = json.loads(text)
    if not isinstance(rules, dict):
        raise ValueError("it is not an object")  # noqa: TRY004 - bad input, not a wrong call
    version = rules.get("schema_version")
    while version in UPGRADES:
        rules = {**UPGRADES[version](rules), "schema_version": version + 1}
        version += 1
    if version != SCHEMA_VERSION:
        raise ValueError(f"its version is {version}, and this program knows those up to {SCHEMA_VERSION}")
    rulebook = Rulebook.model_validate(rules)
    missing = next(_missing(rulebook.model_dump(mode="json"), _declared(rulebook)), None)
    if missing is not None:
        raise ValueError(f"it speaks of the {missing[0]} “{missing[1]}”, which it does not declare")
    return rulebook


def _declared(rulebook: Rulebook) -> set[tuple[str, str]]:
    """What the rules may speak of, by kind and name."""
    declared = {("metric", item.id) for item in rulebook.metrics}
    declared |= {("event", item.id) for item in rulebook.events}
    declared |= {("record", item.id) for item in rulebook.records}
    fiscal = {("calendar", unit.value) for unit in FISCAL} if rulebook.fiscal_year else set()
    return declared | {("calendar", item.id) for item in rulebook.calendars} | fiscal


def _missing(value: Any, declared: set[tuple[str, str]]) -> Iterator[tuple[str, str]]:
    """What is spoken of anywhere and not declared: series of data, calendars of periods, the fiscal year."""
    if value in FISCAL and ("calendar", value) not in declared:
        yield "calendar", value
    if isinstance(value, dict):
        named = (value.get("source"), value.get("name")) if "source" in value else ("calendar", value.get("calendar"))
        if named[1] is not None and named not in declared:
            yield str(named[0]), str(named[1])
    if isinstance(value, dict | list):
        for part in value.values() if isinstance(value, dict) else value:
            yield from _missing(part, declared)
