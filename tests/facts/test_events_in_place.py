"""Events and records in Parquet: read where they lie they are what the careful reader makes of them."""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any as Anything

import pyarrow as pa
import pytest
from pyarrow import parquet

from tallystick.facts.from_bindings import load
from tallystick.facts.from_toml import bind
from tallystick.facts.tables import Facts
from tallystick.rules.rulebook import AttributeData, EventData, RecordData, Rulebook

START = datetime(2027, 1, 1, tzinfo=UTC)
AS_OF = int(datetime(2027, 6, 1, tzinfo=UTC).timestamp()) * 1_000_000
Row = dict[str, Anything]
BOOK = Rulebook(
    agreement="Test",
    version="1",
    effective=date(2027, 1, 1),
    timezone="UTC",
    environments=("production", "staging"),
    events=(
        EventData(
            id="payment",
            title="payment",
            dimensions=("payer", "environment", "place"),
            attributes=(AttributeData(name="amount", unit="USD"), AttributeData(name="parts", unit="count")),
            optional=("place",),
        ),
    ),
    records=(
        RecordData(
            id="outage",
            title="outage",
            dimensions=("service",),
            attributes=(AttributeData(name="share", unit="fraction"),),
        ),
    ),
)
STAMP = pa.timestamp("us", "UTC")
SCHEMAS = {
    "payment": pa.schema(
        [
            ("time", STAMP),
            *((name, pa.string()) for name in ("payer", "environment", "place")),
            ("amount", pa.float64()),
            ("parts", pa.int64()),
        ]
    ),
    "outage": pa.schema([("begin", STAMP), ("end", STAMP), ("service", pa.string()), ("share", pa.decimal128(9, 4))]),
}


def rows() -> dict[str, list[Row]]:
    chance = random.Random(1)

    def moment() -> datetime:
        return START + timedelta(microseconds=chance.randrange(300 * 86_400_000_000))

    payments = [
        {
            "time": moment(),
            "payer": chance.choice(["a", "b c", "ü"]),
            "environment": chance.choice(["production", "staging"]),
            "place": chance.choice([None, "here"]),
            "amount": chance.choice([None, round(chance.uniform(-100, 100), 2), chance.uniform(0, 1e6)]),
            "parts": chance.choice([None, 3]),
        }
        for _ in range(80)
    ]
    outages = [
        {
            "begin": (begin := moment()),
            "end": chance.choice([None, begin, begin + timedelta(days=3)]),
            "service": "s",
            "share": chance.choice([None, Decimal("0.25"), Decimal(1)]),
        }
        for _ in range(40)
    ]
    return {"payment": payments, "outage": outages}


def as_parquet(path: Path, data: dict[str, list[Row]], *, statistics: bool = True) -> Path:
    path.mkdir()
    for name, given in data.items():
        table = pa.Table.from_pylist(given, SCHEMAS[name])
        parquet.write_table(table, path / f"{name}.parquet", write_statistics=statistics)
    return path


def as_csv(path: Path, data: dict[str, list[Row]]) -> Path:
    path.mkdir()
    for name, given in data.items():
        lines = [",".join(SCHEMAS[name].names)]
        lines += [",".join(written(row[column]) for column in SCHEMAS[name].names) for row in given]
        (path / f"{name}.csv").write_text("\n".join(lines), encoding="utf-8")
    return path


def written(value: Anything) -> str:
    if isinstance(value, datetime):
        return value.isoformat()
    return "" if value is None else repr(value) if isinstance(value, float) else str(value)


def read(folder: Path) -> Facts:
    bindings, problems = bind(BOOK, folder)
    assert not problems
    return load(BOOK, bindings, AS_OF)


def canonical(facts: Facts) -> dict[str, list[tuple[Anything, ...]]]:
    tables = ("event_payment", "record_outage")
    return {
        each: sorted(facts.connection.execute(f"SELECT * EXCLUDE (row) FROM {each}").fetchall(), key=repr)
        for each in tables
    }


def views(facts: Facts) -> list[str]:
    asked = "SELECT view_name FROM duckdb_views() WHERE NOT internal ORDER BY view_name"
    return [name for (name,) in facts.connection.execute(asked).fetchall()]


def test_what_lies_in_order_is_not_copied(tmp_path: Path) -> None:
    placed, copied = read(as_parquet(tmp_path / "parquet", rows())), read(as_csv(tmp_path / "csv", rows()))
    assert (views(placed), views(copied)) == (["event_payment", "record_outage"], [])
    assert canonical(placed) == canonical(copied)
    assert placed.read == copied.read
    assert (placed.set_aside, copied.set_aside) == ((), ())


FAULTS: list[tuple[str, Callable[[Row], Row]]] = [
    ("payment", lambda row: row | {"time": None}),
    ("payment", lambda row: row | {"payer": None}),
    ("payment", lambda row: row | {"payer": ""}),
    ("payment", lambda row: row | {"environment": "nowhere"}),
    ("payment", lambda row: row | {"amount": float("nan")}),
    ("payment", lambda row: row | {"amount": 1e300}),
    ("payment", lambda row: row | {"parts": -1}),
    ("outage", lambda row: row | {"end": row["begin"] - timedelta(seconds=1)}),
    ("outage", lambda row: row | {"share": Decimal("1.0001")}),
    ("outage", lambda row: row | {"service": None}),
]


@pytest.mark.parametrize(("name", "fault"), FAULTS)
def test_rows_out_of_order_are_set_aside(tmp_path: Path, name: str, fault: Callable[[Row], Row]) -> None:
    data = rows()
    wrong = {**data, name: [*data[name], fault(data[name][0])]}
    placed, sound = read(as_parquet(tmp_path / "wrong", wrong)), read(as_parquet(tmp_path / "sound", data))
    assert len(views(placed)) == 1
    assert [(one.source, one.count, one.first_row) for one in placed.set_aside] == [(name, 1, len(wrong[name]))]
    assert canonical(placed) == canonical(sound)


@pytest.mark.parametrize("fault", [{"payer": None}, {"payer": "a "}, {"environment": "nowhere"}, {"parts": -1}, {}])
def test_files_that_say_nothing_of_themselves_are_looked_at(tmp_path: Path, fault: Row) -> None:
    data = rows()
    wrong = {**data, "payment": [*data["payment"], data["payment"][0] | fault]}
    silent = read(as_parquet(tmp_path / "silent", wrong, statistics=False))
    said = read(as_parquet(tmp_path / "said", wrong))
    assert views(silent) == views(said) == (["record_outage"] if fault else ["event_payment", "record_outage"])
    assert (canonical(silent), silent.set_aside, silent.read) == (canonical(said), said.set_aside, said.read)


def test_a_text_may_begin_with_what_comes_before_a_blank(tmp_path: Path) -> None:
    data = rows()
    early = {**data, "payment": [row | {"payer": "\tx"} for row in data["payment"]]}
    found = read(as_parquet(tmp_path / "early", early))
    assert views(found) == ["event_payment", "record_outage"]
    assert {row[1] for row in canonical(found)["event_payment"]} == {"\tx"}


@pytest.mark.parametrize("bad", [0, 1])
def test_one_of_several_files_may_have_the_row_that_is_out_of_order(tmp_path: Path, bad: int) -> None:
    data = rows()
    folder = as_parquet(tmp_path / "data", {"outage": data["outage"]})
    for place, part in enumerate((data["payment"][:40], data["payment"][40:])):
        given = [part[0] | {"payer": ""}, *part[1:]] if place == bad else part
        parquet.write_table(pa.Table.from_pylist(given, SCHEMAS["payment"]), folder / f"payment_{place}.parquet")
    (folder / "tally.toml").write_text("[event.payment]\nfile = 'payment_*.parquet'\n", encoding="utf-8")
    found = read(folder)
    assert views(found) == ["record_outage"]
    assert [(one.file, one.count, one.first_row) for one in found.set_aside] == [(f"payment_{bad}.parquet", 1, 1)]


@pytest.mark.parametrize("change", [{"payer": " a "}, {"payer": "a "}, {"place": " "}, {"place": ""}])
def test_blanks_around_texts_say_nothing(tmp_path: Path, change: Row) -> None:
    data = rows()
    first = data["payment"][0]
    blank = {**data, "payment": [first | change, *data["payment"][1:]]}
    plain = {**data, "payment": [first | {key: value.strip() or None for key, value in change.items()}, *data["payment"][1:]]}  # fmt: skip
    found = read(as_parquet(tmp_path / "blank", blank))
    assert views(found) == ["record_outage"]
    assert canonical(found) == canonical(read(as_parquet(tmp_path / "plain", plain)))


def test_what_must_be_translated_is_copied(tmp_path: Path) -> None:
    folder = as_parquet(tmp_path / "data", rows())
    (folder / "tally.toml").write_text("[event.payment]\nwhere = { payer = 'a' }\n", encoding="utf-8")
    found = read(folder)
    assert views(found) == ["record_outage"]
    assert {row[1] for row in canonical(found)["event_payment"]} == {"a"}
