"""SQL that turns the text of a cell into instants and numbers. Each function gives an expression.

Texts of users enter SQL only through `literal`, names only through `identifier`.
"""

from __future__ import annotations

from fractions import Fraction

import duckdb

from tallystick.facts.binding import Cell, Match

ISO = "ISO 8601"
EPOCHS = {
    "epoch seconds": 1_000_000_000,
    "epoch milliseconds": 1_000_000,
    "epoch microseconds": 1_000,
    "epoch nanoseconds": 1,
}
"""Nanoseconds in one unit of each time format that counts from 1970-01-01T00:00:00Z."""

DIGITS = 18
"""Digits after the point that a number is read to, and before the point that it may have."""

_DAY = r"^(\d{4}-\d\d-\d\d)"
_CLOCK = r"[Tt ](\d\d:\d\d(?::\d\d(?:[.,]\d+)?)?)"
_OFFSET = r" ?([Zz]|[+-](?:[01]\d|2[0-3])(?::?[0-5]\d)?)?"
_ISO_TIME = f"{_DAY}(?:{_CLOCK}{_OFFSET})?$"
_PLAIN = r"[+-]?(\d+(\.\d*)?|\.\d+)"
_SCIENTIFIC = r"^([+-]?)(\d+)\.?(\d*)[eE]([+-]?\d{1,3})$"


def literal(text: str) -> str:
    """A text as an SQL constant."""
    return "'" + text.replace("'", "''") + "'"


def identifier(name: str) -> str:
    """A name as SQL has it, whatever characters are in it."""
    return '"' + name.replace('"', '""') + '"'


def strptime_fault(time_format: str) -> str | None:
    """Why a format such as `%d-%m-%Y %H:%M` cannot be read, or None when it can."""
    codes = time_format.replace("%%", "")
    if "%Z" in codes:
        return "names of zones in a time cannot be read; say the zone by `timezone`"
    if "%Y" not in codes and "%y" not in codes:
        return "the format has no year (%Y)"
    try:
        with duckdb.connect() as connection:
            connection.execute(f"SELECT try_strptime('', {literal(time_format)})")
    except duckdb.Error as error:
        return str(error).splitlines()[0].removeprefix("Invalid Input Error: ")
    return None


def cell(given: Cell, columns: dict[str, str]) -> str:
    """The text of a cell without outer blanks, NULL when empty. `columns` maps names to expressions."""
    if given.value is not None:
        found = literal(given.value.strip(" "))
    else:
        found = f"trim({columns.get(given.column or '', 'NULL::VARCHAR')})"
    if given.values:
        cases = " ".join(f"WHEN {literal(old.strip(' '))} THEN {literal(new)}" for old, new in given.values.items())
        found = f"CASE coalesce({found}, '') {cases} ELSE {found} END"
    return f"coalesce(nullif({found}, ''), {literal(given.default)})" if given.default else f"nullif({found}, '')"


def meets(column: str, match: Match) -> str:
    """Whether the raw column has one of the texts (or none of them)."""
    texts = ", ".join(literal(text.strip(" ")) for text in match.values) or "NULL"
    return f"coalesce(trim({column}), '') {'NOT IN' if match.negated else 'IN'} ({texts})"


def is_number(text: str) -> str:
    """Whether the text (a column) is a decimal number, with or without exponent, however large."""
    return f"regexp_full_match({text}, {literal(_PLAIN)}) OR regexp_full_match({text}, {literal(_SCIENTIFIC)})"


def number(text: str) -> str:
    """The text (a column) as DECIMAL(38,18), exact; digits past the 18th after the point are dropped.

    NULL when it is no number, or has more digits before the point than fit.
    """
    plain = f"CASE WHEN regexp_full_match({text}, {literal(_PLAIN)}) THEN {text} ELSE {_without_exponent(text)} END"
    cut = f"CASE WHEN strpos({plain}, '.') > 0 THEN left({plain}, strpos({plain}, '.') + {DIGITS}) ELSE {plain} END"
    return f"TRY_CAST({cut} AS DECIMAL(38,{DIGITS}))"


def _without_exponent(text: str) -> str:
    """`1.25e3` as `1250.`: the point moves, no digit is lost. NULL when the text has no exponent."""
    parts = f"regexp_extract({text}, {literal(_SCIENTIFIC)}, ['sign', 'whole', 'part', 'power'])"
    digits = f"({parts}.whole || {parts}.part)"
    point = f"CAST(length({parts}.whole) + CAST({parts}.power AS INTEGER) AS INTEGER)"
    moved = (
        f"CASE WHEN {point} <= 0 THEN '0.' || repeat('0', -{point}) || {digits} "
        f"ELSE left(rpad({digits}, CAST(greatest({point}, length({digits})) AS INTEGER), '0'), {point}) || '.' "
        f"|| substr({digits}, {point} + 1) END"
    )
    return f"CASE WHEN regexp_full_match({text}, {literal(_SCIENTIFIC)}) THEN {parts}.sign || {moved} END"


def converted(value: str, factor: Fraction, places: int) -> str:
    """A DECIMAL(38,18) times the factor, rounded half away from zero to `places`: a DECIMAL(38,9), exact.

    The numerator or the denominator of the factor is 1. The result is below 10^18, see `limit`.
    """
    if factor == 1:
        return f"CAST(round({value}, {places}) AS DECIMAL(38,9))"
    units = _scaled(f"abs({value})")
    divisor = f"{factor.denominator * 10 ** (DIGITS - places)}::HUGEINT"
    times = f"{factor.numerator}::HUGEINT"
    rest = f"(({units} % {divisor}) * {times})"
    whole = f"({units} // {divisor}) * {times} + {rest} // {divisor}"
    rounded = f"({whole} + CASE WHEN 2 * ({rest} % {divisor}) >= {divisor} THEN 1 ELSE 0 END) * {10 ** (9 - places)}"
    size = f"CAST({rounded} AS DECIMAL(29,0)) * CAST(0.000000001 AS DECIMAL(9,9))"
    return f"CASE WHEN {value} < 0 THEN -({size}) ELSE {size} END"


def _scaled(value: str) -> str:
    """A DECIMAL(38,18) as a whole number of 10^-18."""
    return f"CAST(replace(CAST({value} AS VARCHAR), '.', '') AS HUGEINT)"


def limit(factor: Fraction) -> str:
    """The smallest size of a number that is too large to be read: itself, or converted, 10^18."""
    smallest = -(-(10 ** (2 * DIGITS)) // max(factor.numerator, 1))
    return f"CAST('{smallest // 10**DIGITS}.{smallest % 10**DIGITS:018d}' AS DECIMAL(38,{DIGITS}))"


def instant(text: str, time_format: str) -> str:
    """The text (a column) in microseconds since 1970, less its offset where it has one. NULL when it is no time."""
    if time_format == ISO:
        return _iso_instant(text)
    if time_format in EPOCHS:
        return f"TRY_CAST({_scaled(number(text))} // {10 ** (DIGITS + 3) // EPOCHS[time_format]}::HUGEINT AS BIGINT)"
    return f"epoch_us(try_strptime({text}, {literal(time_format)}))"


def is_naive(text: str, time_format: str) -> str:
    """Whether the text (a column) is a time without an offset."""
    if time_format == ISO:
        return f"{_iso_parts(text)}.zone = ''"
    return "false" if time_format in EPOCHS or "%z" in time_format.replace("%%", "") else "true"


def _iso_parts(text: str) -> str:
    return f"regexp_extract({text}, {literal(_ISO_TIME)}, ['day', 'clock', 'zone'])"


def _iso_instant(text: str) -> str:
    parts = _iso_parts(text)
    # 15 characters of the clock are hh:mm:ss and six digits: finer ones are dropped.
    clock = f"CASE WHEN {parts}.clock = '' THEN '00:00' ELSE replace(left({parts}.clock, 15), ',', '.') END"
    local = f"epoch_us(TRY_CAST({parts}.day || ' ' || {clock} AS TIMESTAMP))"
    minutes = f"CASE WHEN length({parts}.zone) > 3 THEN CAST(right({parts}.zone, 2) AS BIGINT) ELSE 0 END"
    size = f"(CAST(substr({parts}.zone, 2, 2) AS BIGINT) * 60 + {minutes}) * 60000000"
    sign = f"CASE left({parts}.zone, 1) WHEN '-' THEN -1 WHEN '+' THEN 1 ELSE 0 END"
    offset = f"CASE WHEN {sign} = 0 THEN 0 ELSE {sign} * {size} END"
    return f"{local} - {offset}"
