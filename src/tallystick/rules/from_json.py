"""The one way back from `rules.json`, also from older versions of it."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from tallystick.rules.rulebook import SCHEMA_VERSION, Rulebook

Json = dict[str, Any]


def _second(rules: Json) -> Json:
    """Version 2 only adds forms and fields that version 1 does not have."""
    return rules


# From a version to the next.
UPGRADES: dict[int, Callable[[Json], Json]] = {1: _second}


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
    return Rulebook.model_validate(rules)
