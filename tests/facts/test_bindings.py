"""`tally.toml`: every ability of a binding, and every mistake in one."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import duckdb
import pytest

from tallystick.facts.from_bindings import load
from tallystick.facts.from_toml import bind
from tallystick.facts.problem import DataError
from tallystick.facts.units import factor, source_units
from tallystick.rules.rulebook import AttributeData, EventData, MetricData, RecordData

from .helpers import (
    ACCURACY,
    COMMON,
    DAY,
    EVENT,
    LATENCY,
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

# --- abilities ---------------------------------------------------------------------------------------------------


def test_columns_constants_maps_and_defaults(tmp_path: Path) -> None:
    write(
        tmp_path,
        runs__csv="when;score;net;stage\n2026-01-01T00:00:00Z;92.5;n1;live\n2026-01-01T00:00:00Z;80%;;test\n",
        tally__toml="""
            [metric.accuracy]
            file = "runs.csv"
            time = "when"
            value = "score"
            unit = "percent"
            [metric.accuracy.dimensions]
            model = { column = "net", default = "unnamed" }
            environment = { column = "stage", values = { live = "production", test = "staging" } }
            [metric.queue]
            file = "runs.csv"
            time = "when"
            value = { value = true, values = { true = 1 } }
            where = { when = { not = 2026-01-01 } }
        """,
    )
    facts = loaded(tmp_path)
    assert rows(facts, METRIC, "accuracy") == [
        (START, Decimal("0.925"), "n1", "production", 1),
        (START, Decimal("0.8"), "unnamed", "staging", 2),
    ]
    assert rows(facts, METRIC, "queue", "value") == [(Decimal(1),), (Decimal(1),)]


def test_one_wide_table_for_several_metrics(tmp_path: Path) -> None:
    write(
        tmp_path,
        wide__csv="time,model,acc,lat\n2026-01-01T00:00:00Z,a,0.9,1.5\n2026-01-01T00:00:01Z,a,,2\n",
        tally__toml="""
            [defaults]
            file = "wide.csv"
            dimensions = { environment = { value = "production" } }
            [metric.accuracy]
            value = "acc"
            [metric.latency]
            value = "lat"
            unit = "seconds"
        """,
    )
    facts = loaded(tmp_path)
    assert rows(facts, METRIC, "latency", "value") == [(Decimal(1500),), (Decimal(2000),)]
    assert rows(facts, METRIC, "accuracy", "value, d_environment") == [(Decimal("0.9"), "production")]
    assert reasons(facts) == {"no value": (1, 2, "")}


def test_a_long_table_is_filtered(tmp_path: Path) -> None:
    lines = "".join(f"2026-01-01T00:00:00Z,{i},m,{name}\n" for i, name in enumerate(["lat", "cpu", "lat2", ""]))
    for where, values in [
        ('{ name = "lat" }', [0]),
        ('{ name = ["lat", "cpu"] }', [0, 1]),
        ('{ name = { not = "lat" } }', [1, 2, 3]),
        ('{ name = { not = ["lat", ""] }, value = 2 }', [2]),
        ('{ name = "" }', [3]),
        ("{ name = [] }", []),
    ]:
        write(tmp_path, latency__csv="time,value,model,name\n" + lines)
        write(tmp_path, tally__toml=f"[metric.latency]\nwhere = {where}\n")
        assert rows(loaded(tmp_path), METRIC, "latency", "value") == [(Decimal(value),) for value in values]


UPDATES = """number,opened,resolved,state
1,2026-01-01T00:00:00Z,,New
1,2026-01-01T00:00:00Z,2026-01-01T05:00:00Z,Resolved
2,2026-01-02T00:00:00Z,,New
1,2026-01-01T00:00:00Z,2026-01-03T05:00:00Z,Resolved
"""


def test_a_log_of_updates_is_reduced_to_one_event_for_each_key(tmp_path: Path) -> None:
    bindings = """
        [defaults]
        file = "log.csv"
        dimensions = { incident_id = "number" }
        [event.incident]
        time = "opened"
        dimensions = { severity = "state" }
        attributes = { loss = { value = "" } }
        distinct = ["number"]
        [event.resolution]
        time = "resolved"
        where = { resolved = { not = "" } }
        distinct = ["number"]
        keep = "last"
    """
    rules = rulebook(COMMON.events[0], EventData(id="resolution", title="r", dimensions=("incident_id",)))
    write(tmp_path, log__csv=UPDATES, tally__toml=bindings)
    facts = loaded(tmp_path, rules)
    assert rows(facts, EVENT, "incident") == [(START, "1", "New", None, 1), (START + DAY, "2", "New", None, 3)]
    assert rows(facts, EVENT, "resolution") == [(START + 2 * DAY + 5 * 3_600 * SECOND, "1", 4)]
    # What was known on the second day: the first resolution, and no second incident yet.
    earlier = loaded(tmp_path, rules, as_of=START + DAY)
    assert rows(earlier, EVENT, "incident") == [(START, "1", "New", None, 1)]
    assert rows(earlier, EVENT, "resolution") == [(START + 5 * 3_600 * SECOND, "1", 2)]


CHECKS = """ts,site,status
2026-01-01T00:00:00Z,a,up
2026-01-01T00:01:00Z,a,down
2026-01-01T00:01:30Z,b,down
2026-01-01T00:02:00Z,a,degraded
2026-01-01T00:04:00Z,a,up
2026-01-01T00:03:00Z,a,down
2026-01-01T00:04:00Z,b,up
2026-01-01T00:04:00Z,b,down
2026-01-01T00:05:00Z,a,
2026-01-01T00:06:00Z,a,down
"""


def test_records_from_states(tmp_path: Path) -> None:
    bindings = '[record.outage]\nfile = "checks.csv"\ntime = "ts"\nstate = "status"\nopen = ["down", "degraded"]\n'
    write(tmp_path, checks__csv=CHECKS, tally__toml=bindings)
    facts = loaded(tmp_path)
    minute = 60 * SECOND
    assert rows(facts, RECORD, "outage") == [
        (START + minute, START + 4 * minute, "a", 2),
        (START + minute + 30 * SECOND, None, "b", 3),
        (START + 6 * minute, None, "a", 10),
    ]
    assert reasons(facts) == {"no state": (1, 9, "")}
    assert rows(loaded(tmp_path, as_of=START + 4 * minute), RECORD, "outage", '"begin", "end"') == [
        (START + minute, None),
        (START + minute + 30 * SECOND, None),
    ]


def test_records_from_states_without_dimensions(tmp_path: Path) -> None:
    rules = rulebook(RecordData(id="freeze", title="freeze"))
    bindings = '[defaults]\ntime = "ts"\n[record.freeze]\nfile = "checks.csv"\nstate = "status"\nopen = "up"\n'
    lines = "ts,status\n2026-01-01T00:00:00Z,up\n2026-01-01T00:00:00Z,down\n2026-01-01T00:00:01Z,down\n"
    write(tmp_path, checks__csv=lines, tally__toml=bindings)
    assert rows(loaded(tmp_path, rules), RECORD, "freeze") == [(START, START + SECOND, 1)]


def test_records_with_other_names_for_begin_and_end(tmp_path: Path) -> None:
    rules = rulebook(RecordData(id="invoice", title="i", attributes=(AttributeData(name="amount", unit="EUR"),)))
    write(
        tmp_path,
        bills__csv="from,to,sum\n2026-01-01T00:00:00Z,?,10.50\n2026-01-01T00:00:00Z,2026-01-02T00:00:00Z,\n",
        tally__toml="""
            [defaults]
            time = "not for records"
            [record.invoice]
            file = "bills.csv"
            begin = "from"
            end = { column = "to", values = { "?" = "" } }
            attributes = { amount = { column = "sum", unit = "EUR" } }
        """,
    )
    facts = loaded(tmp_path, rules)
    assert rows(facts, RECORD, "invoice") == [(START, None, Decimal("10.5"), 1), (START, START + DAY, None, 2)]
    known = loaded(tmp_path, rules, as_of=START + DAY)
    assert rows(known, RECORD, "invoice", '"end"') == [(None,), (None,)]
    assert rows(loaded(tmp_path, rules, as_of=START), RECORD, "invoice") == []


def test_many_files_by_a_pattern_with_columns_in_any_order(tmp_path: Path) -> None:
    (tmp_path / "logs").mkdir()
    (tmp_path / "logs" / "b.csv").write_text("value,model,time\n2,b,2026-01-01T00:00:01Z\nx,b,2026-01-01T00:00:01Z\n")
    (tmp_path / "logs" / "a.csv").write_text("time,value,model\n2026-01-01T00:00:00Z,1,a\n")
    (tmp_path / "logs" / "c.jsonl").write_text('{"time": "2026-01-01T00:00:02Z", "value": 3, "model": "c"}')
    write(tmp_path, tally__toml='[metric.latency]\nfile = "logs/*"\n')
    facts = loaded(tmp_path)
    assert rows(facts, METRIC, "latency", 'd_model, "row"') == [("a", 1), ("b", 2), ("c", 4)]
    (aside,) = facts.set_aside
    assert (aside.file, aside.first_row, aside.example) == ("logs/b.csv", 2, "x")


def test_several_tables_for_one_source(tmp_path: Path) -> None:
    write(
        tmp_path,
        one__csv="time,value,model\n2026-01-01T00:00:00Z,1,a\n",
        two__csv="t,ms,model\n1767225600,2,b\n",
        tally__toml="""
            [[metric.latency]]
            file = "one.csv"
            [[metric.latency]]
            file = "two.csv"
            time = "t"
            time_format = "epoch seconds"
            value = "ms"
        """,
    )
    facts = loaded(tmp_path)
    assert rows(facts, METRIC, "latency") == [(START, Decimal(1), "a", 1), (START, Decimal(2), "b", 2)]


def test_a_file_outside_of_the_folder_when_written_out(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    write(tmp_path, latency__csv="time,value,model\n2026-01-01T00:00:00Z,1,a\n")
    write(tmp_path / "in", tally__toml='[metric.latency]\nfile = "../latency.csv"\n')
    assert loaded(tmp_path / "in").read == {"latency": 1}


@pytest.mark.parametrize(
    ("time_format", "text"),
    [
        ("epoch seconds", "1767225600"),
        ("epoch seconds", "1767225600.0000009"),
        ("epoch milliseconds", "1767225600000"),
        ("epoch microseconds", "1767225600000000"),
        ("epoch nanoseconds", "1767225600000000999"),
        ("%d-%m-%Y %H:%M %z", "01-01-2026 02:00 +0200"),
        ("%Y/%m/%d", "2026/01/01"),
        ("ISO 8601", "2026-01-01"),
    ],
)
def test_time_formats(tmp_path: Path, time_format: str, text: str) -> None:
    zone = 'timezone = "UTC"' if time_format in ("%Y/%m/%d", "ISO 8601") else ""
    write(
        tmp_path,
        latency__csv=f"time,value,model\n{text},1,a\n",
        tally__toml=f'[metric.latency]\ntime_format = "{time_format}"\n{zone}\n',
    )
    assert rows(loaded(tmp_path), METRIC, "latency", "time") == [(START,)]


@pytest.mark.parametrize(
    ("local", "utc"),
    [
        ("2026-03-29T01:59:59", "2026-03-29T00:59:59Z"),
        ("2026-03-29T02:30:00", "2026-03-29T01:30:00Z"),  # skipped: the offset before the change
        ("2026-03-29T03:00:00", "2026-03-29T01:00:00Z"),
        ("2026-10-25T02:30:00", "2026-10-25T00:30:00Z"),  # twice: the first
        ("2026-10-25T03:00:00", "2026-10-25T02:00:00Z"),
        ("2026-10-25T02:30:00+01:00", "2026-10-25T01:30:00Z"),  # its own offset counts
        ("9999-12-31T00:00:00", "9999-12-30T23:00:00Z"),
    ],
)
def test_local_times_across_clock_changes(tmp_path: Path, local: str, utc: str) -> None:
    text = f"time,value,model\n2026-01-01T00:00:00,0,a\n{local},1,a\n{utc},2,a\n2026-12-01T00:00:00,3,a\n"
    write(tmp_path, latency__csv=text, tally__toml='[metric.latency]\ntimezone = "Europe/Berlin"\n')
    times = [row[0] for row in rows(loaded(tmp_path), METRIC, "latency", "time")]
    assert times[1] == times[2]
    assert times[0] == START - 3_600 * SECOND


def test_progress_is_told(tmp_path: Path) -> None:
    write(tmp_path, latency__csv="time,value,model\n", outage__csv="begin,end,site\n")
    told: list[tuple[str, int, int]] = []
    bindings, _ = bind(COMMON, tmp_path)
    load(COMMON, bindings, progress=lambda name, done, all_of: told.append((name, done, all_of)))
    assert told == [("latency", 0, 2), ("outage", 1, 2)]


def test_units_convert_exactly(tmp_path: Path) -> None:
    write(
        tmp_path,
        latency__csv="time,value,model\n2026-01-01T00:00:00Z,1234567,a\n2026-01-01T00:00:00Z,0.0000005,a\n",
        tally__toml='[metric.latency]\nunit = "nanoseconds"\n',
    )
    assert rows(loaded(tmp_path), METRIC, "latency", "value") == [(Decimal("1.234567"),), (Decimal(0),)]
    assert factor("weeks", "days") == 7
    assert factor("EUR", "USD") is None
    assert factor("pounds", "bytes") is None
    assert "percent" in source_units("fraction")
    assert source_units("USD") == ["USD"]


def test_a_converted_number_can_be_too_large(tmp_path: Path) -> None:
    write(
        tmp_path,
        latency__csv="time,value,model\n2026-01-01T00:00:00Z,1e15,a\n2026-01-01T00:00:00Z,999999999999999.9,a\n",
        tally__toml='[metric.latency]\nunit = "seconds"\n',
    )
    facts = loaded(tmp_path)
    assert reasons(facts) == {"a number too large": (1, 1, "1e15")}
    assert rows(facts, METRIC, "latency", "value") == [(Decimal(999999999999999900),)]


# --- mistakes ------------------------------------------------------------------------------------------------------


MISTAKES = [
    ("[metric.latency", "this is not TOML"),
    ("a = 1", "there is no section `a`. Known sections"),
    ("defaults = 1", "`defaults` is a section."),
    ("metric = 1", "Write [metric.NAME]"),
    ("metric.latency = 1", "Write [metric.latency]"),
    ("[metrics.latency]", "Did you mean `metric`?"),
    ("[metric.latncy]", "the agreement has no metric `latncy`. Did you mean `latency`?"),
    ("[metric.incident]", "It is an event: write [event.incident]."),
    ("[event.latency]", "It is a metric: write [metric.latency]."),
    ("[record.xyzzy]", "Known records: `outage`."),
    ('[metric.latency]\ntiem = "x"', "there is no key `tiem`. Did you mean `time`?"),
    ('[metric.latency]\nstate = "x"', "there is no key `state`."),
    ('[metric.latency]\ntime = { colum = "x" }', "there is no key `time.colum`. Did you mean `column`?"),
    ("[metric.latency]\ntime = {}", "write the name of a column"),
    ("[metric.latency]\ntime = 3", "`time` cannot be that"),
    ('[metric.latency]\nwhere = { x = { noot = "y" } }', '{ not = "text" }'),
    ('[metric.latency]\nformat = "excel"', "Write one of 'csv', 'parquet' or 'json lines'."),
    ('[event.incident]\nkeep = "newest"', "Write one of 'first' or 'last'."),
    ('[metric.latency]\ndelimiter = "::"', "`delimiter` is one character"),
    ('[metric.latency]\nfile = "a\\u0000b"', "NUL"),
    ('[metric.latency]\nfile = "latncy.csv"', "there is no file `latncy.csv`. Did you mean `latency.csv`?"),
    ('[metric.latency]\nfile = "none/*.csv"', "there is no file `none/*.csv`."),
    (f'[metric.latency]\nfile = "{"x" * 5_000}"', "cannot be read"),
    ('[metric.latency]\nfile = "https://example.com/x.csv"', "data is read from files only. Download it first."),
    ('[metric.latency]\nfile = "data.txt"', 'Write format = "csv", "parquet" or "json lines".'),
    ("[metric.queue]", 'no file is given. Write file = "…", or name the file queue.csv.'),
    ('[metric.latency]\ntimezone = "Europe/Berln"', "Did you mean `Europe/Berlin`?"),
    ('[metric.latency]\ntimezone = "+02:00"', 'Write a name such as "UTC"'),
    ('[metric.latency]\ntime_format = "epoch second"', "Did you mean `epoch seconds`?"),
    ('[metric.latency]\ntime_format = "%Y %Q"', "Failed to parse format specifier"),
    ('[metric.latency]\ntime_format = "%Y %Z"', "say the zone by `timezone`"),
    ('[metric.latency]\ntime_format = "%H:%M"', "the format has no year"),
    ('[metric.latency]\ntime_format = "%Y-%m-%d"', 'Write timezone = "UTC"'),
    ('[metric.latency]\nunit = "percent"', "`value` is in milliseconds, which percent does not convert to."),
    ('[metric.latency]\ndimensions = { modl = "x" }', "metric `latency` has no dimension `modl`. Did you mean `model`?"),
    ("[metric.latency]\ndimensions = 3", "`dimensions` cannot be that"),
    ('[event.incident]\nfile = "latency.csv"\nattributes = { los = "x" }', "has no attribute `los`. Did you mean `loss`?"),
    ('[event.incident]\nfile = "latency.csv"\nattributes = { loss = { column = "x", units = "EUR" } }', "Did you mean `unit`?"),
    ('[record.outage]\nfile = "latency.csv"\nstate = "x"', "`state` and `open` belong together"),
    ('[record.outage]\nfile = "latency.csv"\ntime = "x"', "a record has `begin` and `end`, or `time`"),
    ('[record.outage]\nstate = "x"\nopen = "y"\nbegin = "z"', "a record from states has `time`"),
    ('[record.outage]\nstate = "x"\nopen = "y"\ndistinct = "z"', "each check counts"),
    ('[defaults]\nvalue = "x"', "tally.toml, [defaults]: there is no key `value`."),
    ('[defaults]\ntimezone = "x"', "there is no timezone `x`"),
    ('[metric.latency]\nvalue = "valu"', "latency.csv: the table has no column `valu`. Did you mean `value`?"),
    ('[metric.latency]\ntime = "when"', "the table has no column `when`. Its columns: `time`, `value`, `model`."),
    ('[metric.latency]\nwhere = { state = "x" }', "the table has no column `state`."),
    ('[metric.latency]\ndistinct = "state"', "the table has no column `state`."),
]  # fmt: skip


@pytest.mark.parametrize(("text", "says"), MISTAKES, ids=[text.replace("\n", " ")[:60] for text, _ in MISTAKES])
def test_a_mistake_is_said_with_what_to_write_instead(tmp_path: Path, text: str, says: str) -> None:
    write(tmp_path, tally__toml=text, latency__csv="time,value,model\n", data__txt="")
    problems = problems_of(tmp_path)
    assert any(says in str(problem) for problem in problems), problems


def test_all_mistakes_come_at_once(tmp_path: Path) -> None:
    write(
        tmp_path,
        tally__toml='[metric.latncy]\n[metric.latency]\nx = 1\ny = 2\n[event.incident]\nfile = "none.csv"\n',
    )
    assert len(problems_of(tmp_path)) == 4
    write(
        tmp_path,
        tally__toml='[metric.latency]\nfile = "a.csv"\n[metric.queue]\nfile = "b.csv"\nvalue = "v"',
        a__csv="x\n",
        b__csv="time\n",
    )
    bindings, problems = bind(COMMON, tmp_path)
    assert problems == ()
    with pytest.raises(DataError, match="`model`") as raised:
        load(COMMON, bindings)
    assert [problem.where for problem in raised.value.problems] == ["a.csv", "a.csv", "a.csv", "b.csv"]


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("latency.csv", b"", "the file is empty"),
        ("latency.csv", b"\r\n", "the file is empty"),
        ("latency.csv", b"\xff\xfet\x00i\x00", "cannot be read (line with a NUL character)"),
        ("latency.csv", b"t\xffme,value\n", "cannot be read (not UTF-8)"),
        ("latency.csv", b'"time,value\n', "cannot be read (unexpected end of data)"),
        ("latency.csv", b"time,time,value,model\n", "two columns are called `time`"),
        ("latency.csv", b"time,value,model\n2026-01-01,1,a\n2026-01-02,1,a\n", "no time in the table has an offset."),
        ("latency.parquet", b"PAR1 not really", "not readable as Parquet"),
        ("latency.parquet", b"", "not readable as Parquet"),
        ("latency.csv.gz", b"not packed", "the file cannot be read (Not a gzipped file"),
        ("latency.csv.gz", b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03cut", "the file cannot be read"),
        ("latency.jsonl", b'{"time": 1}\n{"tme": 1}\n', "the table has no column `model`"),
        ("tally.toml", b"\xff", "the file is not UTF-8. Save it as UTF-8."),
        ("tally.toml", b"a = " + b"[" * 100_000, "nested too deeply"),
    ],
)
def test_a_file_that_cannot_be_read_at_all(tmp_path: Path, name: str, content: bytes, says: str) -> None:
    (tmp_path / name).write_bytes(content)
    problems = problems_of(tmp_path)
    assert any(says in str(problem) for problem in problems), problems
    assert all("\n" not in str(problem) for problem in problems)


def test_a_file_that_is_gone_when_it_is_read(tmp_path: Path) -> None:
    for name in ("latency.csv", "latency.parquet", "latency.jsonl"):
        (tmp_path / name).write_text("time,value,model\n")
        bindings, problems = bind(rulebook(LATENCY), tmp_path)
        (tmp_path / name).unlink()
        with pytest.raises(DataError, match="No such file"):
            load(rulebook(LATENCY), bindings)
        assert problems == ()


def test_two_files_with_the_name_of_one_source(tmp_path: Path) -> None:
    write(tmp_path, latency__csv="", latency__jsonl="")
    (problem,) = problems_of(tmp_path)
    assert "`latency.csv` and `latency.jsonl` could both be its data." in problem.says


def test_a_folder_that_is_not_there_and_one_that_is_a_folder_instead_of_a_file(tmp_path: Path) -> None:
    (problem,) = problems_of(tmp_path / "none")
    assert problem.says == "there is no such folder."
    (tmp_path / "tally.toml").mkdir()
    (problem,) = problems_of(tmp_path)
    assert "cannot be read" in problem.says


def test_an_agreement_without_data_binds_nothing(tmp_path: Path) -> None:
    write(tmp_path, tally__toml="[metric.x]\n")
    (problem,) = problems_of(tmp_path, rulebook())
    assert problem.instead == "There are no metrics."
    assert (
        loaded(write(tmp_path, tally__toml=""), rulebook(ACCURACY, MetricData(id="x", title="x", unit="score"))).bound
        == set()
    )


def test_times_without_offset_are_set_aside_when_others_have_one(tmp_path: Path) -> None:
    text = "time,value,model\n2026-01-01T00:00:00,1,a\n2026-01-01T00:00:00Z,1,a\n"
    write(tmp_path, latency__csv=text)
    assert reasons(loaded(tmp_path)) == {"time without offset or zone": (1, 1, "2026-01-01T00:00:00")}


def test_data_that_finds_no_room_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise duckdb.OutOfMemoryException("Out of Memory Error: no space left\nmore")

    monkeypatch.setattr("tallystick.facts.from_bindings.read", full)
    write(tmp_path, latency__csv="time,value,model\n")
    (problem,) = problems_of(tmp_path)
    assert str(problem) == "latency: there is no room for the data (Out of Memory Error: no space left)."


def test_names_that_differ_by_capitals_only_are_refused(tmp_path: Path) -> None:
    rules = rulebook(
        LATENCY,
        MetricData(id="Latency", title="l", unit="score"),
        EventData(id="e", title="e", dimensions=("model", "Model")),
    )
    assert [problem.says for problem in problems_of(tmp_path, rules)] == [
        "two metrics are called `Latency` but for capitals.",
        "two dimensions are called `Model` but for capitals.",
    ]
