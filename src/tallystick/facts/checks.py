"""What can be wrong with a row: why it is set aside, and the text that shows it.

The SQL here speaks of the columns that `from_bindings` makes: for each side (`begin`, and `end` of records) its text
`…_text` and its instant `…_at` (`…_naive` when that has no offset), the numbers `n0`, `n1`, … with their texts, and the
dimensions `d_…`.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

from tallystick.facts.binding import NumberCell, Table
from tallystick.facts.declared import Source, units
from tallystick.facts.reading import FAULT_MARK
from tallystick.facts.sql import identifier, is_number, limit, literal
from tallystick.facts.units import factor
from tallystick.quantities import Kind, known_unit
from tallystick.rules.measure import SeriesKind
from tallystick.rules.rulebook import ABOUT, EventData, RecordData

FIRST_TIME, LAST_TIME = -62_135_596_800_000_000, 253_402_300_799_999_999
"""The years 1 to 9999, in microseconds."""

Check = tuple[str, str, str]
"""What is wrong, why a row is set aside for it, and the text that shows it: three SQL expressions."""


def cases(checks: Sequence[Check]) -> str:
    """`WHEN …` for each check: the reason and the text, joined by `FAULT_MARK`."""
    return " ".join(
        f"WHEN {wrong} THEN {reason} || '{FAULT_MARK}' || coalesce({example}, '')" for wrong, reason, example in checks
    )


def sides_of(table: Table) -> list[str]:
    """The instants that a row of the table has."""
    return ["begin", "end"] if table.end else ["begin"]


def number_cell(table: Table, name: str) -> NumberCell:
    """The cell of a number by its name in the agreement (`value` for a metric)."""
    return table.value if table.value is not None else table.attributes[name]


def rate_of(given: NumberCell, declared: str) -> Fraction:
    """What a number of the source is multiplied by. Units that do not convert were refused when bound."""
    return (factor(given.unit, declared) if given.unit else None) or Fraction(1)


def text_checks(table: Table, source: Source, environments: Sequence[str]) -> list[Check]:
    """What can be wrong with the cells of a row, each by itself."""
    return [
        *_time_checks(table),
        *_dimension_checks(source, environments),
        *_state_checks(table),
        *(check for i, name in enumerate(units(source)) for check in _number_checks(table, source, f"n{i}", name)),
    ]


def _time_checks(table: Table) -> list[Check]:
    checks: list[Check] = [("begin_text IS NULL", "'no time'", "''")]
    for side in sides_of(table):
        text = f"{side}_text"
        # An empty end leaves the instant NULL: the record is open.
        inside = f"{side}_at BETWEEN {FIRST_TIME} AND {LAST_TIME}"
        checks.append((f"{text} IS NOT NULL AND coalesce(NOT {inside}, true)", "'bad time'", text))
        if table.timezone is None:
            checks.append((f"{side}_naive AND {text} IS NOT NULL", "'time without offset or zone'", text))
    return checks


ABOUT_PATTERN = "[0-9a-f]{12}|[0-9]{4}(-(0[1-9]|1[0-2])(-(0[1-9]|[12][0-9]|3[01]))?)?"
"""A finding's id, or a day, month or year."""


def _dimension_checks(source: Source, environments: Sequence[str]) -> list[Check]:
    optional = source.optional if isinstance(source, EventData | RecordData) else ()
    checks = [
        (f"{identifier(f'd_{name}')} IS NULL", literal(f"no {name}"), "''")
        for name in source.dimensions
        if name not in optional
    ]
    if ABOUT in source.dimensions:
        checks.append(
            (
                f"NOT regexp_full_match({identifier(f'd_{ABOUT}')}, '{ABOUT_PATTERN}')",
                "'about no breach'",
                identifier(f"d_{ABOUT}"),
            )
        )
    if environments and "environment" in source.dimensions:
        known = ", ".join(literal(name) for name in environments)
        checks.append((f'"d_environment" NOT IN ({known})', "'unknown environment'", '"d_environment"'))
    return checks


def _state_checks(table: Table) -> list[Check]:
    return [("state_text IS NULL", "'no state'", "''")] if table.state else []


def _number_checks(table: Table, source: Source, column: str, name: str) -> list[Check]:
    text, label = (f"{column}_text", "" if table.kind is SeriesKind.METRIC else f" in {name}")
    unit_name = units(source)[name]
    rate = rate_of(number_cell(table, name), unit_name)
    domain = {
        Kind.FRACTION: (f"{column} NOT BETWEEN 0 AND {rate.denominator}", "a fraction outside 0% to 100%"),
        Kind.COUNT: (f"{column} < 0 OR {column} <> trunc({column})", "a count that is negative or not whole"),
        Kind.DURATION: (f"{column} < 0", "a negative duration"),
        Kind.BYTES: (f"{column} < 0", "a negative number of bytes"),
    }.get(known_unit(unit_name).kind)
    # Most rows are numbers: what kind of text it is matters only where it is none.
    unread = f"CASE WHEN {is_number(text)} THEN 'a number too large' ELSE 'not a number' END || {literal(label)}"
    return [
        *([(f"{text} IS NULL", "'no value'", "''")] if table.kind is SeriesKind.METRIC else []),
        (f"{text} IS NOT NULL AND {column} IS NULL", unread, text),
        (f"abs({column}) >= {limit(rate)}", literal(f"a number too large{label}"), text),
        *([(domain[0], literal(f"{domain[1]}{label}"), text)] if domain else []),
    ]


def instant_checks(table: Table) -> list[Check]:
    """What can be wrong with the instants `begin` and `end` in UTC."""
    sides = {side: identifier(side) for side in sides_of(table)}
    shown = {side: f"CAST(make_timestamp({at}) AS VARCHAR)" for side, at in sides.items()}
    checks: list[Check] = [
        (f"{at} NOT BETWEEN {FIRST_TIME} AND {LAST_TIME}", "'bad time'", shown[side]) for side, at in sides.items()
    ]
    if table.end:
        checks.append(('"end" < "begin"', "'end before begin'", f"{shown['begin']} || ' to ' || {shown['end']}"))
    return checks
