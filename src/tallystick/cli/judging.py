"""What the commands that judge share: from a file and a folder to a judged agreement."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from tallystick.cli.console import EVERY, Chosen, compiled_or_none, fail, progress, show_data_error
from tallystick.cli.main import COULD_NOT_RUN
from tallystick.evaluating import DUCKDB, Judged, UnreadableRules, instant_of, judge, read_rules
from tallystick.evaluation.engine import EngineFailed
from tallystick.facts.problem import DataError
from tallystick.rules.rulebook import Rulebook


def rulebook_of(file: Path, chosen: Chosen = EVERY) -> Rulebook | None:
    """The rules of a source or a rules.json; prints why there are none."""
    if not file.is_file():
        fail(f"{file}: there is no such file.")
        return None
    if file.suffix != ".json":
        compiled = compiled_or_none(file, chosen=chosen)
        return compiled.rulebook if compiled else None
    if chosen != EVERY:
        fail("Which amendments and orders count is fixed in rules.json: --at and --without go with a source.")
        return None
    try:
        return read_rules(file)
    except UnreadableRules as error:
        fail(str(error))
        return None


def judged(
    file: Path,
    data: Path | None,
    as_of: str | None,
    chosen: Chosen = EVERY,
    state: Path | None = None,
    engine: str = DUCKDB,
    memory: str | None = None,
) -> Judged | None:
    """Judge a file on its data; prints why it cannot be judged."""
    rulebook = rulebook_of(file, chosen)
    return None if rulebook is None else judged_by(rulebook, file, data, as_of, state, engine, memory)


def judged_by(
    rulebook: Rulebook,
    file: Path,
    data: Path | None,
    as_of: str | None,
    state: Path | None = None,
    engine: str = DUCKDB,
    memory: str | None = None,
) -> Judged | None:
    """Judge the rules of a file on its data; prints why that cannot be done."""
    try:
        at = instant_of(as_of, rulebook.timezone) if as_of else None
    except (ValueError, OverflowError):
        fail(f"“{as_of}” is not a time. Write a day such as 2027-06-30, or a time such as 2027-06-30T12:00:00+02:00.")
        return None
    try:
        with progress() as told:
            return judge(rulebook, data or file.parent / "data", at, told, state, engine, memory)
    except DataError as error:
        show_data_error(error)
        return None
    except EngineFailed as error:
        fail(str(error))
        return None


def unless_engine_fails(work: Callable[[], int]) -> int:
    """The exit code of what is done with findings: they are made when they are looked at, and an engine may be gone by then."""
    try:
        return work()
    except EngineFailed as error:
        fail(str(error))
        return COULD_NOT_RUN
