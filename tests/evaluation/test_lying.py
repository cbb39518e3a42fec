"""Findings about cases that stay with the data: the same in every word as those that are made at once."""

from __future__ import annotations

import json
import random
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from pathlib import Path
from typing import Any as Anything
from zoneinfo import ZoneInfo

import duckdb
import pyarrow as pa
import pytest
from pyarrow import parquet

from tallystick.evaluation import bulk, cadence, cases
from tallystick.evaluation.bulk import InColumns, curable, having, tallied
from tallystick.evaluation.clock import NEVER, Clock, add
from tallystick.evaluation.context import Context
from tallystick.evaluation.dialect import DuckDBDialect
from tallystick.evaluation.evaluate import evaluate
from tallystick.evaluation.evaluation import Evaluation
from tallystick.evaluation.finding import Verdict
from tallystick.evaluation.in_columns import instants, objects, times_in
from tallystick.evaluation.moving import in_words
from tallystick.evaluation.numbers import shown
from tallystick.evaluation.to_json import local_text, number_text, to_json, utc_text
from tallystick.evaluation.to_table import to_table, write_csv, write_parquet
from tallystick.quantities import UNITS, Period, PeriodUnit
from tallystick.rules.rule import (
    Cadence,
    Cure,
    During,
    Permission,
    Precedence,
    Prohibition,
    RequiredRole,
    Response,
    Retention,
    Rule,
)
from tallystick.rules.rulebook import Rulebook

from .building import BASE, DAY, HOUR, NEW_YORK, at, event, facts, period, record, rulebook

AS_OF = at("2027-12-01 06:00")
TEXTS = ("a", "b", "ä ö", 'say "x"', "back\\slash", "line\nbreak", "\x01")


def rules() -> list[Rule]:
    def named(name: str, **more: Anything) -> dict[str, Anything]:
        return BASE | {"id": name, "clause": name, "exemptions": (During(record=record("maintenance")),)} | more

    response: dict[str, Anything] = {
        "trigger": event("incident"),
        "response": event("resolution"),
        "matching": ("incident_id",),
    }
    return [
        Response(**named("hours"), **response, within=period(24, "hours")),
        Response(**named("days"), **response, within=period(2, "days")),
        Response(**named("working"), **response, within=period(1, "months")),
        Response(**named("anyone", per=("severity",)), trigger=event("incident"), response=event("notice"), within=period(90, "minutes")),
        Precedence(**named("before", per=("model",)), event=event("deployment"), required=event("approval"), matching=("model", "version"), within=period(14, "days"), by=(RequiredRole(role="lead", roles=("lead",)), RequiredRole(role="head", roles=("head",)))),
        Precedence(**named("lead"), event=event("deployment"), required=event("approval"), matching=("model",), lead=period(1, "weeks")),
        Prohibition(**named("never", per=("environment",)), event=event("deployment")),
        Permission(**named("only", environments=("production",), exemptions=()), event=event("deployment"), named=("lead",), roles=("lead",)),
        Cadence(**named("often", per=("model",), exemptions=()), event=event("evaluation"), every=period(3, "days")),
        Cadence(**named("always", exemptions=()), event=event("evaluation"), every=period(1, "months")),
        Retention(**named("keep", per=("model",)), record=record("log"), period=period(1, "months")),
    ]  # fmt: skip


def data(seed: int) -> dict[str, list[dict[str, Anything]]]:
    chance = random.Random(seed)

    def some_time() -> int:
        return at("2026-12-20") + chance.randrange(360 * 24) * HOUR + chance.choice([0, 0, 1, 250_000])

    def text() -> str:
        return chance.choice(TEXTS)

    def lasting(most: int) -> dict[str, Anything]:
        begin = some_time()
        return {"begin": begin, "end": chance.choice([begin + chance.randrange(1, most) * HOUR, None]), "model": text()}

    incidents = [
        {
            "time": some_time(),
            "incident_id": text(),
            "severity": chance.choice([None, "high", "low"]),
            "loss": chance.choice([None, "12.50", "-3"]),
            "gross": chance.choice([None, "0"]),
        }
        for _ in range(60)
    ]
    acts = ("model", "version", "role")
    return {
        "incident": [*incidents, *incidents[:5]],
        "resolution": [{"time": some_time(), "incident_id": text()} for _ in range(60)],
        "notice": [{"time": some_time()} for _ in range(40)],
        "deployment": [
            {"time": some_time(), "environment": text(), **dict(zip(acts, (text(), "1", chance.choice(["lead", "x"])), strict=True))}
            for _ in range(40)
        ],
        "approval": [
            {"time": some_time(), **dict(zip(acts, (text(), "1", chance.choice(["lead", "head"])), strict=True))}
            for _ in range(60)
        ],
        "evaluation": [{"time": some_time(), "model": text(), "environment": "e"} for _ in range(50)],
        "log": [lasting(2_000) for _ in range(50)],
        "maintenance": [lasting(100) | {"end": AS_OF - HOUR} for _ in range(1)],
    }  # fmt: skip


def agreement(zone: str = "America/New_York", *more: Rule) -> Rulebook:
    return rulebook(*rules(), *more, timezone=zone)


@pytest.fixture(params=["UTC", "America/New_York"])
def both(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> tuple[Rulebook, Evaluation, Evaluation]:
    """The same evaluation with all findings made at once, and with findings that lie with the data, in another order."""
    followed = rules()[0].model_copy(update={"id": "followed", "remedies": (Cure(within=period(300, "days")),)})
    book = agreement(request.param, followed.model_copy(update={"clause": "followed"}))
    few = evaluate(book, facts(**data(1)), AS_OF)
    monkeypatch.setattr(cases, "FEW", 0)
    monkeypatch.setattr(bulk.gathered, "__defaults__", (0,))
    shuffled = data(1)
    for rows in shuffled.values():
        random.Random(2).shuffle(rows)
    return book, few, evaluate(book, facts(**shuffled), AS_OF)


def test_they_are_the_same(both: tuple[Rulebook, Evaluation, Evaluation]) -> None:
    book, few, many = both
    lying = [part for part in many.findings.parts if isinstance(part, InColumns)]  # type: ignore[attr-defined]
    assert [part.rule.id for part in lying] == [rule.id for rule in rules()]
    assert many.findings == few.findings
    assert [one.id for one in many.findings] == [one.id for one in few.findings]
    assert many.findings[-1] == few.findings[-1]
    assert many.findings[50:70] == list(few.findings[50:70])
    assert many.cures == few.cures
    assert list(curable(many.cures)) == list(curable(few.cures)) != []
    assert to_json(book, many) == to_json(book, few)
    assert {finding.verdict for finding in few.findings} >= {
        Verdict.MET,
        Verdict.BREACHED,
        Verdict.EXCUSED,
        Verdict.PENDING,
    }


def test_they_are_counted_and_picked(both: tuple[Rulebook, Evaluation, Evaluation]) -> None:
    _, few, many = both
    assert tallied(many.findings, lambda f: f.rule, lambda r: r.id) == tallied(
        few.findings, lambda f: f.rule, lambda r: r.id
    )
    for verdict in Verdict:
        assert list(having(many.findings, [verdict])) == list(having(few.findings, [verdict]))


def test_they_are_written_the_same(both: tuple[Rulebook, Evaluation, Evaluation], tmp_path: Path) -> None:
    book, *evaluations = both
    written = []
    for number, evaluation in enumerate(evaluations):
        table = to_table(book, evaluation)
        write_parquet(table, tmp_path / f"{number}.parquet")
        write_csv(table, tmp_path / f"{number}.csv")
        written.append((parquet.read_table(tmp_path / f"{number}.parquet"), (tmp_path / f"{number}.csv").read_bytes()))
    assert written[0][0].schema == written[1][0].schema
    assert written[0][0].to_pylist() == written[1][0].to_pylist()
    assert written[0][1] == written[1][1]


@pytest.mark.parametrize("few", [bulk.FEW, 0])
def test_pairs_are_the_same_by_a_join_and_by_one_pass(monkeypatch: pytest.MonkeyPatch, few: int) -> None:
    monkeypatch.setattr(cases, "FEW", few)
    joined = evaluate(agreement(), facts(**data(3)), AS_OF)
    monkeypatch.setattr(DuckDBDialect, "joins_nearest", False)
    assert evaluate(agreement(), facts(**data(3)), AS_OF) == joined


@pytest.mark.parametrize("groups", [4, 1 << 25])
def test_a_cadence_is_counted_by_one_number_where_there_is_room(monkeypatch: pytest.MonkeyPatch, groups: int) -> None:
    """Of a year in microseconds 45 bits tell; more than 17 for the groups are too many."""
    often = next(rule for rule in rules() if rule.id == "often")
    rows = data(4) | {"evaluation": [row for row in data(4)["evaluation"] for _ in range(2)]}
    few = evaluate(rulebook(often), facts(**rows), AS_OF)
    real, asked = cadence._in_one_row, []

    def in_one_row(ctx: Context, times: str, _: int) -> str | None:
        asked.append(real(ctx, times, groups))
        return asked[-1]

    monkeypatch.setattr(cases, "FEW", 0)
    monkeypatch.setattr(cadence, "_in_one_row", in_one_row)
    many = evaluate(rulebook(often), facts(**rows), AS_OF)
    assert [each is None for each in asked] == [groups > 4]
    assert tallied(many.findings, lambda f: f.rule, lambda r: r.id) == tallied(
        few.findings, lambda f: f.rule, lambda r: r.id
    )
    assert many.findings == few.findings


def test_without_any_case_a_rule_has_its_one_finding(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cases, "FEW", 0)
    empty: dict[str, list[dict[str, Anything]]] = {name: [] for name in data(1)}
    found = evaluate(agreement(), facts(**empty), AS_OF).findings
    assert len([finding for finding in found if finding.because == "nothing happened"]) >= len(rules()) - 2


# --- a second later than the deadline, and the last instant in time ---------------------------------------------------


@pytest.mark.parametrize(("late", "verdict"), [(0, Verdict.MET), (1, Verdict.BREACHED)])
def test_an_answer_at_the_deadline_is_in_time(late: int, verdict: Verdict) -> None:
    """24 hours across a change of clocks are 24 hours; two days are the same local time of day."""
    start = at("2027-03-13 12:00", NEW_YORK)
    for rule, length in zip(rules()[:2], (24 * HOUR, 2 * DAY - HOUR), strict=True):
        rows = {
            "incident": [{"time": start, "incident_id": "a"}],
            "resolution": [{"time": start + length + late, "incident_id": "a"}],
        }
        one = rule.model_copy(update={"exemptions": ()})
        [found] = evaluate(rulebook(one, timezone="America/New_York"), facts(**rows), AS_OF).findings
        assert (found.verdict, found.end) == (verdict, start + length)


# --- what is written in columns --------------------------------------------------------------------------------------

ZONES = ("UTC", "America/New_York", "Europe/Berlin", "Australia/Lord_Howe", "Africa/Casablanca", "Pacific/Apia")


def moments(seed: int) -> list[int]:
    chance = random.Random(seed)
    begin, end = at("2010-01-01"), at("2029-01-01")
    return [chance.randrange(begin, end, 900_000_000) + chance.choice([0, 0, 1, 500_000]) for _ in range(400)]


@pytest.mark.parametrize("name", [None, *ZONES])
def test_instants_are_written_alike(name: str | None) -> None:
    zone = ZoneInfo(name) if name else None
    given = [*moments(1), None, NEVER, at("0101-01-01"), at("1850-01-01")]
    expected = [local_text(one, zone) if zone else utc_text(one) for one in given]
    assert instants(pa.chunked_array([given], pa.int64()), zone).to_pylist() == expected


@pytest.mark.parametrize("name", ZONES)
@pytest.mark.parametrize("unit", ["days", "weeks", "months", "quarters", "years"])
def test_sql_moves_instants_as_the_clock_does(name: str, unit: str) -> None:
    zone = ZoneInfo(name)
    of = Period(amount=1, unit=PeriodUnit(unit))
    found = moments(2)
    for times in (1, -1):
        words = in_words(DuckDBDialect(), zone, "t", of, times, min(found), max(found))
        assert words is not None
        rows = duckdb.execute(f"SELECT t, {words.sql} FROM (SELECT unnest({found}) AS t)").fetchall()
        assert [one for _, one in rows] == [add(one, of, Clock(zone), times) for one, _ in rows]


def test_a_moved_local_time_that_happens_twice_is_the_first() -> None:
    """05:30 UTC on 1 November 2020 is 01:30 in New York for the first time that day, 06:30 for the second. Eleven years
    before, on 1 November 2009, the clocks went back as well."""
    second = datetime(2020, 11, 1, 6, 30, tzinfo=UTC)
    moved = add(int(second.timestamp()) * 1_000_000, Period(amount=11, unit=PeriodUnit.YEARS), Clock(NEW_YORK), -1)
    assert datetime.fromtimestamp(0, UTC) + timedelta(microseconds=moved) == datetime(2009, 11, 1, 5, 30, tzinfo=UTC)


@pytest.mark.parametrize("unit", ["seconds", "minutes", "hours", "days", "weeks"])
def test_times_are_written_alike(unit: str) -> None:
    chance = random.Random(3)
    values = [None, 0, 1, 5, 10**15, *(chance.randrange(10 ** chance.randrange(1, 16)) for _ in range(300))]
    for more in ([], [-1], [10**18]):
        given = [*values, *more]
        expected = [None if one is None else number_text(shown(Fraction(one), UNITS[unit].factor)) for one in given]
        assert times_in(pa.chunked_array([given], pa.int64()), UNITS[unit]).to_pylist() == expected


def test_objects_are_written_alike() -> None:
    columns = {"one": [*TEXTS, None, ""], 'tw"o': [None, *TEXTS, "\x7f"]}
    given = {name: pa.chunked_array([values], pa.string()) for name, values in columns.items()}
    rows = [dict(zip(columns, values, strict=True)) for values in zip(*columns.values(), strict=True)]
    expected = [json.dumps({k: v for k, v in row.items() if v is not None}, ensure_ascii=False) for row in rows]
    assert objects(given, len(rows)).to_pylist() == expected
    assert objects({}, 2).to_pylist() == ["{}", "{}"]
