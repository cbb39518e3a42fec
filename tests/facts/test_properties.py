"""Whatever bytes come, there are rows, set-aside rows or problems; and SQL agrees with plain Python."""

from __future__ import annotations

import csv
import io
import json
import tempfile
from datetime import UTC, datetime, timedelta
from decimal import Context, Decimal
from fractions import Fraction
from pathlib import Path
from zoneinfo import ZoneInfo

import duckdb
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tallystick.facts.from_bindings import load
from tallystick.facts.from_toml import bind
from tallystick.facts.problem import DataError
from tallystick.facts.sql import converted, instant, number
from tallystick.facts.tables import Facts

from .helpers import COMMON, METRIC, rows

CELLS = st.sampled_from(
    [
        "",
        " ",
        "1",
        "-1",
        "1e3",
        "0.1",
        "NaN",
        "a",
        "b\n",
        '"',
        "é",
        "2026-01-01T00:00:00Z",
        "2026-01-01",
        ",",
        "\r",
        "x\x00",
    ]
)


def outcome(name: str, content: bytes) -> Facts | None:
    """The facts of a folder with one file, or None when its problems were said."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, name).write_bytes(content)
        bindings, problems = bind(COMMON, Path(folder))
        try:
            return None if problems else load(COMMON, bindings)
        except DataError:
            return None


@settings(max_examples=25, deadline=None)
@given(
    st.sampled_from(["latency.csv", "latency.jsonl", "latency.parquet", "latency.csv.gz", "tally.toml"]), st.binary()
)
def test_no_bytes_make_a_traceback(name: str, content: bytes) -> None:
    outcome(name, content)


@settings(max_examples=25, deadline=None)
@given(st.lists(st.lists(CELLS, min_size=1, max_size=5), max_size=8), st.sampled_from(["\n", "\r\n"]))
def test_every_row_of_a_table_is_read_or_set_aside(table: list[list[str]], end: str) -> None:
    text = io.StringIO()
    csv.writer(text, lineterminator=end, quoting=csv.QUOTE_ALL).writerows(table)
    facts = outcome("latency.csv", b"time,value,model" + end.encode() + text.getvalue().encode())
    if facts is not None and not any("\r" in cell or "\x00" in cell for row in table for cell in row):
        assert facts.read["latency"] + sum(each.count for each in facts.set_aside) == len(table)


@settings(max_examples=25, deadline=None)
@given(
    st.lists(
        st.recursive(
            st.none() | st.booleans() | st.integers() | st.text(),
            lambda x: st.lists(x) | st.dictionaries(st.sampled_from(["time", "value", "model"]), x),
        ),
        max_size=8,
    )
)
def test_every_line_of_json_is_read_or_set_aside(values: list[object]) -> None:
    facts = outcome("latency.jsonl", "\n".join(json.dumps(value) for value in values).encode())
    if facts is not None:
        assert facts.read["latency"] + sum(each.count for each in facts.set_aside) == len(values)


@settings(max_examples=25, deadline=None)
@given(
    st.lists(st.decimals(min_value=-(10**9), max_value=10**9, allow_nan=False, allow_infinity=False), min_size=1),
    st.sampled_from([Fraction(1), Fraction(1, 100), Fraction(1000), Fraction(604_800), Fraction(1, 86_400_000)]),
    st.integers(0, 9),
)
@example([Decimal("0.5"), Decimal("-0.5"), Decimal("1E-7"), Decimal("2.5E+3")], Fraction(1), 0)
def test_numbers_convert_as_exact_arithmetic_says(values: list[Decimal], factor: Fraction, places: int) -> None:
    texts = [format(value, "f") if i % 2 else str(value) for i, value in enumerate(values)]
    with duckdb.connect() as connection:
        connection.execute("CREATE TABLE t AS SELECT unnest(?) AS text, generate_subscripts(?, 1) AS i", [texts, texts])
        found = connection.execute(
            f"SELECT {converted('n', factor, places)} FROM (SELECT i, {number('text')} AS n FROM t) ORDER BY i"
        ).fetchall()
    assert [value for (value,) in found] == [by_hand(value, factor, places) for value in values]


def by_hand(value: Decimal, factor: Fraction, places: int) -> Decimal:
    """The same in plain Python: cut to 18 digits, convert, round half away from zero."""
    cut = Fraction(int(Fraction(value) * 10**18), 10**18) * factor * 10**places
    rounded = int(abs(cut) + Fraction(1, 2)) * (1 if cut >= 0 else -1)
    return Decimal(rounded).scaleb(-places, Context(prec=200))


@settings(max_examples=25, deadline=None)
@given(st.lists(st.datetimes(), min_size=1), st.timedeltas(timedelta(hours=-23), timedelta(hours=23)))
def test_instants_agree_with_python(times: list[datetime], offset: timedelta) -> None:
    minutes = offset // timedelta(minutes=1)
    suffix = f"{'-' if minutes < 0 else '+'}{abs(minutes) // 60:02}:{abs(minutes) % 60:02}"
    with duckdb.connect() as connection:
        connection.execute(
            "CREATE TABLE t AS SELECT unnest(?) AS text", [[time.isoformat() + suffix for time in times]]
        )
        found = connection.execute(f"SELECT {instant('text', 'ISO 8601')} FROM t").fetchall()
    epoch = datetime(1970, 1, 1, tzinfo=UTC)
    expected = [
        (time.replace(tzinfo=UTC) - epoch) // timedelta(microseconds=1) - minutes * 60_000_000 for time in times
    ]
    assert sorted(value for (value,) in found) == sorted(expected)


def local(text: str) -> datetime:
    """A time without an offset."""
    return datetime.fromisoformat(text)


ZONES = [
    "America/New_York",
    "Africa/Casablanca",
    "Asia/Kolkata",
    "Australia/Lord_Howe",
    "America/Sao_Paulo",
    "Pacific/Apia",
]


@settings(max_examples=25, deadline=None)
@given(st.sampled_from(ZONES), st.lists(st.datetimes(local("1890-01-01T00:00"), local("2100-01-01T00:00")), min_size=1))
@example("Pacific/Apia", [local("2011-12-30T12:00"), local("2011-12-29T12:00"), local("2011-12-31T00:00")])
@example("America/Sao_Paulo", [local("2018-11-04T00:30"), local("2018-11-04T01:00"), local("2018-02-17T23:30")])
@example("Australia/Lord_Howe", [local("2026-04-05T01:45"), local("2026-10-04T02:15"), local("2026-10-04T02:30")])
def test_local_times_agree_with_python(zone: str, times: list[datetime]) -> None:
    lines = "".join(f"{time.isoformat()},1,a\n" for time in times)
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "latency.csv").write_text("time,value,model\n" + lines)
        Path(folder, "tally.toml").write_text(f'[defaults]\ntimezone = "{zone}"\n')
        bindings, _ = bind(COMMON, Path(folder))
        facts = load(COMMON, bindings)
    epoch = datetime(1970, 1, 1, tzinfo=UTC)
    expected = [(time.replace(tzinfo=ZoneInfo(zone)) - epoch) // timedelta(microseconds=1) for time in times]
    assert [row[0] for row in rows(facts, METRIC, "latency", "time")] == expected
