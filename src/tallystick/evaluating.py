"""Judging a rulebook on a folder of data. Nothing here knows a source, a clause or a page: rules and data are enough."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from pathlib import Path
from zoneinfo import ZoneInfo

import duckdb
from pydantic import ValidationError

from tallystick.evaluation.bulk import tallied
from tallystick.evaluation.clock import instant
from tallystick.evaluation.engine import DuckDB, Engine
from tallystick.evaluation.evaluate import evaluate
from tallystick.evaluation.evaluation import Evaluation
from tallystick.evaluation.finding import Verdict
from tallystick.evaluation.spark import Spark, connected
from tallystick.facts.binding import Bindings
from tallystick.facts.declared import sources_of
from tallystick.facts.from_bindings import load as load_facts
from tallystick.facts.from_toml import bind
from tallystick.facts.problem import DataError, Problem
from tallystick.facts.tables import Facts
from tallystick.rules.from_json import from_json
from tallystick.rules.rulebook import Rulebook

DUCKDB = "duckdb"
"""The embedded engine."""

MEMORY = re.compile(r"[1-9][0-9]{0,8} ?[KMGT]i?B")
"""An amount of memory."""

Progress = Callable[[str, int, int], None]


class UnreadableRules(Exception):
    """A `rules.json` that is not one, or not of a version this program knows; the message says why."""


@dataclass(frozen=True)
class Judged:
    """An evaluation with the rulebook that it used, the data that it read, the files that this came from, and the engine,
    which still has what was not asked for yet."""

    rulebook: Rulebook
    facts: Facts
    evaluation: Evaluation
    bindings: Bindings
    engine: Engine

    @property
    def kept(self) -> bool:
        """Whether nothing was breached or left unmeasured."""
        failing = (Verdict.BREACHED, Verdict.UNMEASURED)
        found = tallied(self.evaluation.findings, lambda _: None, lambda _: None)
        return not any(found[None, verdict] for verdict in failing)


def read_rules(path: Path) -> Rulebook:
    """Read `rules.json`. Raises UnreadableRules."""
    try:
        return from_json(path.read_bytes())
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        place = ".".join(str(step) for step in first["loc"]) or "the file"
        raise UnreadableRules(f"{path} is not a rulebook: {place}: {first['msg']}.") from None
    except (ValueError, RecursionError) as error:
        raise UnreadableRules(f"{path} is not a rulebook: {error}.") from None
    except OSError as error:
        raise UnreadableRules(f"{path} cannot be read: {error.strerror}.") from None


def instant_of(text: str, timezone: str) -> int:
    """An instant written as ISO 8601; a day is its local midnight, a time without offset is local.

    Raises ValueError for anything else.
    """
    zone = ZoneInfo(timezone)
    if len(text) == len("2027-01-01"):
        return instant(datetime.combine(date.fromisoformat(text), time(), zone))
    moment = datetime.fromisoformat(text)
    return instant(moment if moment.tzinfo else moment.replace(tzinfo=zone))


def now() -> int:
    """The current second."""
    return instant(datetime.now(UTC).replace(microsecond=0))


def judge(
    rulebook: Rulebook,
    folder: Path,
    as_of: int | str | None = None,
    progress: Progress | None = None,
    state: Path | None = None,
    engine: str = DUCKDB,
    memory: str | None = None,
) -> Judged:
    """Read the data of a folder and judge every rule at an instant: microseconds since 1970 UTC, ISO 8601, or now.

    `state` is a folder for what need not be read again next time; it is made where it does not exist, and goes with
    DuckDB. `engine` is `duckdb` or the address of a Spark: `spark:local`, `spark://HOST:PORT`, or `sc://HOST:PORT` (Spark
    Connect). `memory` is how much DuckDB may use, such as `500MB`; more lies on the disk.

    Raises DataError when data cannot be read, EngineFailed when the engine is not there or gives up, and ValueError for
    a text that is not a time, or not an amount of memory.
    """
    if memory is not None and not MEMORY.fullmatch(memory):
        raise ValueError(f"{memory!r} is not an amount of memory, such as 500MB or 2GB")
    if isinstance(as_of, str):
        as_of = instant_of(as_of, rulebook.timezone)
    at = now() if as_of is None else as_of
    bindings, problems = bind(rulebook, folder)
    if problems:
        raise DataError(problems)
    if not bindings.tables:
        names = [name for _, name in sources_of(rulebook)]
        listed = ", ".join(f"{name}.csv" for name in names[:6])
        raise DataError([Problem(str(folder), "no data is bound.", f"Add files such as {listed}, or a tally.toml.")])
    session = None if engine == DUCKDB else connected(engine)
    facts = load_facts(rulebook, bindings, at, progress, state, session, memory)
    running: Engine = DuckDB(facts.connection) if session is None else Spark(session, facts)
    try:
        return Judged(rulebook, facts, evaluate(rulebook, facts, at, progress, running), bindings, running)
    except duckdb.IOException as error:
        says = f"the data cannot be read to their end ({str(error).splitlines()[0]})."
        raise DataError([Problem(str(folder), says)]) from None
