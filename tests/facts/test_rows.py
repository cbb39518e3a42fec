"""Rows: what is read, what is set aside and why."""

from __future__ import annotations

import gzip
from decimal import Decimal
from pathlib import Path

import duckdb
import pytest

from tallystick.rules.rulebook import EventData, MetricData

from .helpers import (
    ACCURACY,
    DAY,
    EVENT,
    METRIC,
    RECORD,
    SECOND,
    START,
    loaded,
    problems_of,
    reasons,
    rows,
    rulebook,
    write,
)

HEADER = "time,value,model\n"


def test_a_file_called_like_a_source_needs_no_bindings(tmp_path: Path) -> None:
    write(
        tmp_path,
        latency__csv=HEADER + "2026-01-01T00:00:00Z,12.5,a\n2026-01-01T01:00:01+01:00,13,b\n",
        outage__csv="site,begin,end\nx,2026-01-01T00:00:00Z,\nx,2026-01-01T00:00:00Z,2026-01-01T00:00:01Z\n",
        incident__csv="time,incident_id,severity,loss\n2026-01-01T00:00:00Z,7,,\n2026-01-01T00:00:00Z,8,high,1.5\n",
    )
    facts = loaded(tmp_path)
    assert rows(facts, METRIC, "latency") == [(START, Decimal("12.5"), "a", 1), (START + SECOND, Decimal(13), "b", 2)]
    assert rows(facts, RECORD, "outage") == [(START, None, "x", 1), (START, START + SECOND, "x", 2)]
    assert rows(facts, EVENT, "incident") == [(START, "7", None, None, 1), (START, "8", "high", Decimal("1.5"), 2)]
    assert facts.bound == {(METRIC, "latency"), (RECORD, "outage"), (EVENT, "incident")}
    assert facts.has(METRIC, "latency")
    assert not facts.has(METRIC, "queue")
    assert facts.read == {"latency": 2, "incident": 2, "outage": 2}


def test_an_optional_dimension_needs_no_column(tmp_path: Path) -> None:
    write(tmp_path, incident__csv="time,incident_id,loss\n2026-01-01T00:00:00Z,7,2\n")
    assert rows(loaded(tmp_path), EVENT, "incident") == [(START, "7", None, Decimal(2), 1)]


def test_files_that_belong_to_nothing_are_named(tmp_path: Path) -> None:
    write(tmp_path, latncy__csv=HEADER, readme__txt="x", latency__csv=HEADER)
    facts = loaded(tmp_path)
    assert facts.unused == ("latncy.csv",)
    assert facts.has(METRIC, "latency")
    assert facts.read == {"latency": 0}


@pytest.mark.parametrize(
    ("row", "reason", "example"),
    [
        ("yesterday,1,a", "bad time", "yesterday"),
        ("2026-02-30T00:00:00Z,1,a", "bad time", "2026-02-30T00:00:00Z"),
        ("0000-01-01T00:00:00Z,1,a", "bad time", "0000-01-01T00:00:00Z"),
        (",1,a", "no time", ""),
        ("2026-01-01T00:00:00,1,a", "time without offset or zone", "2026-01-01T00:00:00"),
        ("2026-01-01T00:00:00Z,,a", "no value", ""),
        ("2026-01-01T00:00:00Z,NaN,a", "not a number", "NaN"),
        ("2026-01-01T00:00:00Z,inf,a", "not a number", "inf"),
        ("2026-01-01T00:00:00Z,92%,a", "not a number", "92%"),
        ("2026-01-01T00:00:00Z,1_000,a", "not a number", "1_000"),
        ('2026-01-01T00:00:00Z,"1,000",a', "not a number", "1,000"),
        ("2026-01-01T00:00:00Z,1e18,a", "a number too large", "1e18"),
        (f"2026-01-01T00:00:00Z,{'9' * 400},a", "a number too large", "9" * 80),
        ("2026-01-01T00:00:00Z,-1,a", "a negative duration", "-1"),
        ("2026-01-01T00:00:00Z,1,", "no model", ""),
        ("2026-01-01T00:00:00Z,1", "malformed line", "2026-01-01T00:00:00Z,1"),
        ("2026-01-01T00:00:00Z,1,a,b", "malformed line", "2026-01-01T00:00:00Z,1,a,b"),
        ('2026-01-01T00:00:00Z,1,"a', "malformed line", '2026-01-01T00:00:00Z,1,"a'),
        ('2026-01-01T00:00:00Z,1,"a"b', "malformed line", '2026-01-01T00:00:00Z,1,"a"b'),
        ("2026-01-01T00:00:00Z,1,a\x00b", "line with a NUL character", "2026-01-01T00:00:00Z,1,a\ufffdb"),
    ],
)
def test_a_row_that_cannot_be_read_is_set_aside(tmp_path: Path, row: str, reason: str, example: str) -> None:
    good = "2026-01-01T00:00:00Z,1,a\n"
    write(tmp_path, latency__csv=HEADER + good + row + "\n" + good)
    facts = loaded(tmp_path)
    assert reasons(facts) == {reason: (1, 2, example)}
    assert rows(facts, METRIC, "latency", '"row"') == [(1,), (3,)]
    assert facts.set_aside[0].file == "latency.csv"
    assert facts.set_aside[0].source == "latency"


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ("x,2026-01-02T00:00:00Z,2026-01-01T00:00:00Z", "end before begin"),
        ("x,2026-01-02T00:00:00Z,soon", "bad time"),
        ("x,2026-01-02T00:00:00Z,2026-01-03", "time without offset or zone"),
        (",2026-01-02T00:00:00Z,", "no site"),
    ],
)
def test_a_record_that_cannot_be_read_is_set_aside(tmp_path: Path, row: str, reason: str) -> None:
    write(tmp_path, outage__csv=f"site,begin,end\n{row}\n")
    assert list(reasons(loaded(tmp_path))) == [reason]


@pytest.mark.parametrize(
    ("unit", "value", "reason"),
    [
        ("fraction", "92", "a fraction outside 0% to 100%"),
        ("fraction", "-0.1", "a fraction outside 0% to 100%"),
        ("fraction", "1.0000000000001", "a fraction outside 0% to 100%"),
        ("count", "1.5", "a count that is negative or not whole"),
        ("count", "-1", "a count that is negative or not whole"),
        ("bytes", "-1", "a negative number of bytes"),
    ],
)
def test_a_value_outside_the_domain_of_its_unit_is_set_aside(
    tmp_path: Path, unit: str, value: str, reason: str
) -> None:
    write(tmp_path, m__csv=f"time,value\n2026-01-01T00:00:00Z,{value}\n2026-01-01T00:00:00Z,1\n")
    facts = loaded(tmp_path, rulebook(MetricData(id="m", title="m", unit=unit)))
    assert reasons(facts) == {reason: (1, 1, value)}
    assert facts.read == {"m": 1}


@pytest.mark.parametrize("unit", ["score", "USD"])
def test_scores_and_money_may_be_negative(tmp_path: Path, unit: str) -> None:
    write(tmp_path, m__csv="time,value\n2026-01-01T00:00:00Z,-12.25\n")
    facts = loaded(tmp_path, rulebook(MetricData(id="m", title="m", unit=unit)))
    assert rows(facts, METRIC, "m", "value") == [(Decimal("-12.25"),)]


def test_the_environment_must_be_one_of_the_agreement(tmp_path: Path) -> None:
    text = "time,value,model,environment\n2026-01-01T00:00:00Z,1,a,prod\n2026-01-01T00:00:00Z,1,a,production\n"
    write(tmp_path, accuracy__csv=text)
    facts = loaded(tmp_path)
    assert reasons(facts) == {"unknown environment": (1, 1, "prod")}
    assert loaded(tmp_path, rulebook(ACCURACY)).set_aside == ()


def test_what_a_claim_is_about_is_a_day_month_year_or_finding(tmp_path: Path) -> None:
    said = ("2027", "2027-03", "2027-03-14", "0123456789ab", "", "March", "2027-13", "2027-03-32", "27-03")
    lines = "".join(f"2027-05-01T00:00:00Z,{about}\n" for about in said)
    write(tmp_path, claim__csv=f"time,about\n{lines}")
    claim = EventData(id="claim", title="claim", dimensions=("about",), optional=("about",))
    facts = loaded(tmp_path, rulebook(claim))
    assert reasons(facts) == {"about no breach": (4, 6, "March")}
    assert facts.read == {"claim": 5}


def test_an_attribute_may_be_empty_but_not_nonsense(tmp_path: Path) -> None:
    write(tmp_path, incident__csv="time,incident_id,loss\n2026-01-01T00:00:00Z,7,lots\n2026-01-01T00:00:00Z,8,\n")
    facts = loaded(tmp_path)
    assert reasons(facts) == {"not a number in loss": (1, 1, "lots")}
    assert facts.read == {"incident": 1}


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1e3", "1000"),
        ("1.25e-3", "0.00125"),
        ("12.5E+1", "125"),
        ("1e-300", "0"),
        (" 7 ", "7"),
        ("+.5", "0.5"),
        ("5.", "5"),
        ("0.1", "0.1"),
        ("0.0000000005", "0.000000001"),
        ("0.00000000049999999999999999999", "0"),
        ("999999999999999999.999999999", "999999999999999999.999999999"),
    ],
)
def test_numbers_are_read_exactly(tmp_path: Path, text: str, value: str) -> None:
    write(tmp_path, latency__csv=f"{HEADER}2026-01-01T00:00:00Z,{text},a\n")
    assert rows(loaded(tmp_path), METRIC, "latency", "value") == [(Decimal(value),)]


def test_values_round_half_away_from_zero_to_the_places_of_the_metric(tmp_path: Path) -> None:
    write(tmp_path, m__csv="time,value\n" + "".join(f"2026-01-01T00:00:00Z,{v}\n" for v in ("2.5", "-2.5", "2.4999")))
    facts = loaded(tmp_path, rulebook(MetricData(id="m", title="m", unit="score", places=0)))
    assert rows(facts, METRIC, "m", "value") == [(Decimal(3),), (Decimal(-3),), (Decimal(2),)]


@pytest.mark.parametrize(
    "text",
    [
        "2026-01-01T00:00:00.1234567Z",
        "2026-01-01T00:00:00,123456999z",
        "2026-01-01 01:30:00.123456+0130",
        "2025-12-31 22:00:00.123456 -02",
    ],
)
def test_instants_are_read_to_the_microsecond(tmp_path: Path, text: str) -> None:
    write(tmp_path, latency__csv=f'{HEADER}"{text}",1,a\n')
    assert rows(loaded(tmp_path), METRIC, "latency", "time") == [(START + 123_456,)]


# --- files that are hard to read ------------------------------------------------------------------------------------


def test_a_byte_order_mark_and_windows_line_ends(tmp_path: Path) -> None:
    write(
        tmp_path, latency__csv=b"\xef\xbb\xbf" + (HEADER + "2026-01-01T00:00:00Z,1,a\n").replace("\n", "\r\n").encode()
    )
    assert rows(loaded(tmp_path), METRIC, "latency") == [(START, Decimal(1), "a", 1)]


def test_mixed_line_ends_and_empty_lines(tmp_path: Path) -> None:
    write(tmp_path, latency__csv=HEADER + "2026-01-01T00:00:00Z,1,a\r\n\n2026-01-01T00:00:00Z,2,a\n")
    assert rows(loaded(tmp_path), METRIC, "latency", 'value, "row"') == [(Decimal(1), 1), (Decimal(2), 2)]


def test_a_stray_carriage_return_spoils_its_line_only(tmp_path: Path) -> None:
    write(tmp_path, latency__csv=HEADER + "2026-01-01T00:00:00Z,1,a\rb\n2026-01-01T00:00:00Z,2,a\n")
    facts = loaded(tmp_path)
    assert reasons(facts)["malformed line"][:2] == (1, 1)
    assert facts.read == {"latency": 1}


def test_bytes_that_are_not_utf8(tmp_path: Path) -> None:
    good = b"2026-01-01T00:00:00Z,1,a\n"
    write(tmp_path, latency__csv=HEADER.encode() + good + b"2026-01-01T00:00:00Z,1,\xff\xfe\n" + good)
    facts = loaded(tmp_path)
    assert reasons(facts) == {"not UTF-8": (1, 2, "2026-01-01T00:00:00Z,1,\ufffd\ufffd")}
    assert facts.read == {"latency": 2}


def test_a_quote_that_never_closes_spoils_its_line_only(tmp_path: Path) -> None:
    good = "2026-01-01T00:00:00Z,1,a\n"
    write(tmp_path, latency__csv=HEADER + '2026-01-01T00:00:00Z,1,"a\n' + good * 3)
    facts = loaded(tmp_path)
    assert facts.read == {"latency": 3}
    assert reasons(facts)["malformed line"][:2] == (1, 1)


def test_a_fault_inside_a_quoted_row_ends_the_row(tmp_path: Path) -> None:
    write(tmp_path, latency__csv=HEADER.encode() + b'2026-01-01T00:00:00Z,1,"a\nb\xff"\n2026-01-01T00:00:00Z,1,a\n')
    facts = loaded(tmp_path)
    assert {name: found[:2] for name, found in reasons(facts).items()} == {
        "malformed line": (1, 1),
        "not UTF-8": (1, 2),
    }
    assert facts.read == {"latency": 1}


def test_a_quoted_text_may_hold_line_breaks_also_in_a_faulty_file(tmp_path: Path) -> None:
    clean = HEADER + '2026-01-01T00:00:00Z,1,"a\nb ""c"""\n'
    for text in (clean, clean + "too,short\n"):
        write(tmp_path, latency__csv=text)
        assert rows(loaded(tmp_path), METRIC, "latency", "d_model") == [('a\nb "c"',)]


def test_a_line_of_a_hundred_megabytes(tmp_path: Path) -> None:
    good = b"2026-01-01T00:00:00Z,1,a\n"
    with (tmp_path / "latency.csv").open("wb") as file:
        file.write(HEADER.encode() + good + b"2026-01-01T00:00:00Z,1,")
        for _ in range(100):
            file.write(b"x" * 1_000_000)
        file.write(b"\n" + good)
    facts = loaded(tmp_path)
    assert {name: found[:2] for name, found in reasons(facts).items()} == {"line too long": (1, 2)}
    assert facts.read == {"latency": 2}


def test_a_header_of_a_hundred_megabytes(tmp_path: Path) -> None:
    (tmp_path / "latency.csv").write_bytes(b"x" * 100_000_000)
    (problem,) = problems_of(tmp_path)
    assert "line too long" in str(problem)
    assert len(str(problem)) < 200


def test_json_lines(tmp_path: Path) -> None:
    deep = "[" * 100_000
    text = "\n".join(
        [
            '{"time": "2026-01-01T00:00:00Z", "value": 1.10, "model": "a", "more": {"x": [1]}}',
            "",
            '{"time": "2026-01-01T00:00:00Z", "value": 123456789012345678.123456789, "model": true}',
            '{"time": "2026-01-01T00:00:00Z", "value": NaN, "model": null}',
            f'{{"time": {deep}',
            "[1]",
            "{",
            '{"time": "2026-01-01T00:00:00Z", "value": 1, "model": "\\ud800"}',
            '{"time": "2026-01-01T00:00:00Z", "value": 1, "model": "\\u0000"}',
        ]
    )
    write(tmp_path, latency__jsonl=text)
    facts = loaded(tmp_path)
    assert rows(facts, METRIC, "latency") == [
        (START, Decimal("1.1"), "a", 1),
        (START, Decimal("123456789012345678.123456789"), "true", 2),
    ]
    assert reasons(facts)["malformed line"][:2] == (5, 4)
    assert reasons(facts)["no model"] == (1, 3, "")


def test_json_lines_that_are_not_utf8(tmp_path: Path) -> None:
    write(tmp_path, latency__ndjson=b'\xff\n{"time": "2026-01-01T00:00:00Z", "value": 1, "model": "a"}\n')
    facts = loaded(tmp_path)
    assert reasons(facts) == {"not UTF-8": (1, 1, "\ufffd")}
    assert facts.read == {"latency": 1}


def test_an_empty_json_lines_file_is_an_empty_table(tmp_path: Path) -> None:
    write(tmp_path, latency__jsonl=b"")
    assert loaded(tmp_path).read == {"latency": 0}


def test_many_long_rows_come_in_several_batches(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tallystick.facts.reading._BATCH_SIZE", 100)
    text = "".join(f'{{"time": "2026-01-01T00:00:00Z", "value": {i}, "model": "a"}}\n' for i in range(50))
    write(tmp_path, latency__jsonl=text)
    assert rows(loaded(tmp_path), METRIC, "latency", "value") == [(Decimal(i),) for i in range(50)]


def test_parquet_with_times_of_its_own(tmp_path: Path) -> None:
    duckdb.connect().execute(
        "COPY (SELECT TIMESTAMPTZ '2026-01-01 01:00:00.5+01' AS time, 0.1::DOUBLE AS value, 'a' AS model UNION ALL "
        "SELECT NULL, 1e-5::DOUBLE, 'b' UNION ALL SELECT TIMESTAMPTZ '2026-01-02 00:00:00+00', 'nan'::DOUBLE, 'c') "
        f"TO '{tmp_path}/latency.parquet'"
    )
    facts = loaded(tmp_path)
    assert rows(facts, METRIC, "latency") == [(START + SECOND // 2, Decimal("0.1"), "a", 1)]
    assert reasons(facts) == {"no time": (1, 2, ""), "not a number": (1, 3, "nan")}


def test_parquet_with_naive_times(tmp_path: Path) -> None:
    duckdb.connect().execute(
        f"COPY (SELECT TIMESTAMP '2026-07-01 02:00:00' AS time, 1 AS value, 'a' AS model) TO '{tmp_path}/latency.parquet'"
    )
    write(tmp_path, tally__toml='[metric.latency]\ntimezone = "Europe/Berlin"\n')
    assert rows(loaded(tmp_path), METRIC, "latency", "time") == [(START + 181 * DAY,)]


def test_packed_files(tmp_path: Path) -> None:
    line = "2026-01-01T00:00:00Z,1,a\n"
    write(tmp_path, latency__csv__gz=gzip.compress((HEADER + line).encode()))
    packed = gzip.compress(b'{"time": "2026-01-01T00:00:00Z", "value": 2}\n')
    write(tmp_path, queue__jsonl__gz=packed)
    facts = loaded(tmp_path)
    assert facts.read == {"latency": 1, "queue": 1}


def test_a_name_of_a_file_with_special_characters(tmp_path: Path) -> None:
    for name in ("a[1]'.csv", "a1.csv"):
        (tmp_path / name).write_text(HEADER + f"2026-01-01T00:00:00Z,1,{len(name)}\n")
    write(tmp_path, tally__toml='[metric.latency]\nfile = "a[1]\'.csv"\n')
    assert rows(loaded(tmp_path), METRIC, "latency", "d_model") == [("9",)]


def test_what_is_loaded_can_reach_no_file(tmp_path: Path) -> None:
    write(tmp_path, latency__csv=HEADER)
    facts = loaded(tmp_path)
    with pytest.raises(duckdb.PermissionException):
        facts.connection.execute(f"SELECT * FROM read_csv('{tmp_path}/latency.csv')")


def test_the_same_folder_gives_the_same_facts(tmp_path: Path) -> None:
    lines = "".join(f"2026-01-01T00:00:{i % 60:02},{i},m{i % 3}\n" for i in range(5_000))
    write(tmp_path, latency__csv=HEADER + lines, tally__toml='[metric.latency]\ntimezone = "Europe/Berlin"\n')
    first, second = loaded(tmp_path), loaded(tmp_path)
    assert rows(first, METRIC, "latency") == rows(second, METRIC, "latency")
