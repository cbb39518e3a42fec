"""Pairs of rows: for each row the first later (or last earlier) row of another source with the same texts."""

from __future__ import annotations

from collections.abc import Sequence

from tallystick.evaluation.context import Table
from tallystick.evaluation.dialect import NO_TEXT, Dialect
from tallystick.evaluation.rows import dimension

_TIME = '"time"'


def key(table: Table, matching: Sequence[str]) -> list[str]:
    """SQL of the texts that must be equal; a dimension that the source lacks is a missing text."""
    return [dimension(d) if d in table.dimensions else NO_TEXT for d in matching]


def first_after(dialect: Dialect, left: str, columns: Sequence[str], right: str | None, matching: int) -> str:
    """SQL: `columns` of the left rows, and `answer`, the time of the first right row at or after them, or NULL.

    Left has `time`, `columns` and `match_0` …; right has `time` and `match_0` ….
    """
    return nearest(dialect, left, columns, right, matching, ["answer"], forward=True)


def last_before(
    dialect: Dialect,
    left: str,
    columns: Sequence[str],
    right: str | None,
    matching: int,
    answers: Sequence[str],
) -> str:
    """SQL: as `first_after`, but the last right row at or before, for each of the right's columns `answers`, which have
    its time or NULL."""
    return nearest(dialect, left, columns, right, matching, answers, forward=False)


def nearest(
    dialect: Dialect,
    left: str,
    columns: Sequence[str],
    right: str | None,
    matching: int,
    answers: Sequence[str],
    *,
    forward: bool,
) -> str:
    """SQL: either of the two above, by a join that looks for the nearest row, where the engine has one; else in one sorted
    pass, without a join."""
    if right is None:
        nothing = ", ".join(f"CAST(NULL AS BIGINT) AS {answer}" for answer in answers)
        return f"SELECT {_list(columns)}, {nothing} FROM ({left})"
    matches = [f"match_{i}" for i in range(matching)]
    if dialect.joins_nearest:
        return _joined(left, columns, right, matches, answers, forward=forward)
    return _paired(left, columns, right, matches, answers, forward=forward)


def _joined(
    left: str, columns: Sequence[str], right: str, matches: Sequence[str], answers: Sequence[str], *, forward: bool
) -> str:
    equal = "".join(f"l.{match} IS NOT DISTINCT FROM r.{match} AND " for match in matches)
    found, kept = left, list(dict.fromkeys([*columns, _TIME, *matches]))
    for answer in answers:
        rows = f"SELECT {_list([*matches, answer])} FROM ({right}) WHERE {answer} IS NOT NULL"
        nearest = f"{equal}l.{_TIME} {'<=' if forward else '>='} r.{answer}"
        carried = _list([f"l.{column}" for column in kept])
        found = f"SELECT {carried}, r.{answer} FROM ({found}) l ASOF LEFT JOIN ({rows}) r ON {nearest}"
        kept.append(answer)
    return f"SELECT {_list([*columns, *answers])} FROM ({found})"


def _paired(
    left: str,
    columns: Sequence[str],
    right: str,
    matches: Sequence[str],
    answers: Sequence[str],
    *,
    forward: bool,
) -> str:
    listed = ", ".join(columns)
    empty = ", ".join(f"NULL AS {column}" for column in columns if column != _TIME)
    both = (
        f"SELECT {_list([_TIME, *matches, *_others(columns)])}, TRUE AS asks,"
        f" {', '.join(f'CAST(NULL AS BIGINT) AS {answer}' for answer in answers)} FROM ({left})"
        f" UNION ALL SELECT {_list([_TIME, *matches])}{', ' + empty if empty else ''}, FALSE AS asks,"
        f" {', '.join(answers)} FROM ({right})"
    )
    frame = "CURRENT ROW AND UNBOUNDED FOLLOWING" if forward else "UNBOUNDED PRECEDING AND CURRENT ROW"
    partition = f"PARTITION BY {', '.join(matches)} " if matches else ""
    over = f'OVER ({partition}ORDER BY "time" RANGE BETWEEN {frame})'
    best = ", ".join(f"{'min' if forward else 'max'}({answer}) {over} AS {answer}" for answer in answers)
    kept = _list([_TIME, "asks", *_others(columns)])
    return f"SELECT {listed}, {', '.join(answers)} FROM (SELECT {kept}, {best} FROM ({both})) WHERE asks"


def _others(columns: Sequence[str]) -> list[str]:
    return [column for column in columns if column != _TIME]


def _list(columns: Sequence[str]) -> str:
    return ", ".join(columns)
