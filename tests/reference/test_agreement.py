"""The engine equals the reference, finding for finding, on generated agreements and data."""

from __future__ import annotations

import os
import random
from collections import Counter
from collections.abc import Callable
from dataclasses import astuple, replace
from decimal import ROUND_HALF_EVEN, Decimal, localcontext
from fractions import Fraction
from typing import Any
from unittest.mock import patch

import duckdb
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tallystick.evaluation import bulk, cases, settling
from tallystick.evaluation.bulk import tallied
from tallystick.evaluation.engine import Engine
from tallystick.evaluation.evaluate import evaluate as evaluate_in_engine
from tallystick.evaluation.evaluation import Evaluation
from tallystick.evaluation.finding import Finding
from tallystick.evaluation.settling import Nearest
from tallystick.evaluation.to_table import to_table
from tallystick.facts.tables import Facts, table_name
from tallystick.quantities import known_unit
from tallystick.rules.measure import Aggregate, Measure, SeriesKind, Share
from tallystick.rules.rule import Calendar, CalendarUnit, Keep
from tallystick.rules.rulebook import WAIVER, MetricData, Rulebook

from . import findings as plain
from .evaluator import Result, evaluate
from .strategies import KINDS, SOURCES, Example, Tables, examples

settings.register_profile("local", max_examples=20, deadline=None, suppress_health_check=list(HealthCheck))
settings.register_profile("ci", settings.get_profile("local"), derandomize=True)
PROFILE = settings.get_profile("ci" if os.environ.get("CI") == "true" else "local")
EACH_KIND = settings(PROFILE, max_examples=PROFILE.max_examples // 5)

# --- the canonical tables ---------------------------------------------------------------------------------------


def columns(name: str) -> dict[str, tuple[str, str]]:
    """The columns of a source: by the key of a row, the name of the column and its type."""
    kind, source = SOURCES[name]
    number = "DECIMAL(38,9)"
    times = ("begin", "end") if kind is SeriesKind.RECORD else ("time",)
    found = {time: (time, "BIGINT") for time in times}
    found |= {dimension: (f"d_{dimension}", "VARCHAR") for dimension in source.dimensions}
    if isinstance(source, MetricData):
        return {**found, "value": ("value", number)}
    return {**found, **{attribute.name: (f"a_{attribute.name}", number) for attribute in source.attributes}}


def literal(value: Any) -> str:
    """A value of a row in SQL; the texts of the examples have no quotes in them."""
    if value is None:
        return "NULL"
    return f"'{value}'" if isinstance(value, str) else f"{value:f}" if isinstance(value, Decimal) else str(value)


def facts_of(tables: Tables) -> Facts:
    """The rows in the canonical DuckDB tables."""
    connection = duckdb.connect(config={"threads": 1})
    for (kind, name), rows in tables.items():
        named = columns(name)
        table = table_name(SeriesKind(kind), name)
        listed = ", ".join(f'"{column}" {sql}' for column, sql in named.values())
        connection.execute(f'CREATE TABLE "{table}" ({listed}, "row" BIGINT)')
        lines = [[literal(row[key]) for key in named] + [str(number)] for number, row in enumerate(rows, 1)]
        if lines:
            values = ", ".join(f"({', '.join(line)})" for line in lines)
            connection.execute(f'INSERT INTO "{table}" VALUES {values}')
    return Facts(connection, frozenset((SeriesKind(kind), name) for kind, name in tables))


# --- both sides in one form -------------------------------------------------------------------------------------


def as_shown(value: Fraction | None, unit: str | None) -> Decimal | None:
    """A value in base units as a finding shows it: in its unit, rounded half-even to nine places."""
    if value is None or unit is None:
        return None
    scaled = value / known_unit(unit).factor
    with localcontext(prec=80, rounding=ROUND_HALF_EVEN):
        return Decimal(round(scaled * 10**9)).scaleb(-9)


def from_engine(finding: Finding) -> tuple[Any, ...]:
    """What must agree of a finding of the engine."""
    texts = tuple(text for _, text in finding.group)
    where = (finding.rule, finding.clause, texts, finding.start, finding.end)
    interval = None if finding.interval is None else (finding.interval.low, finding.interval.high)
    return (*where, finding.verdict.value, finding.value, finding.samples, finding.decided, interval)


def from_reference(finding: plain.Finding, unit: str | None) -> tuple[Any, ...]:
    """The same of the reference, its value in the unit that the engine chose to show it in."""
    texts = tuple(text or "" for text in finding.group)
    where = (finding.rule, finding.clause, texts, finding.start, finding.end)
    value, interval = as_shown(finding.value, unit), None
    if finding.interval is not None and unit is not None:
        interval = (as_shown(finding.interval[0], unit), as_shown(finding.interval[1], unit))
    return (*where, finding.verdict, value, finding.samples, finding.decided, interval)


def order_of_findings(result: Result, rulebook: Rulebook) -> list[plain.Finding]:
    """The order of an evaluation: each rule's findings, then its duties and blocks, in order of their sentences; then
    what follows each duty."""
    ordered = []
    for rule in rulebook.rules:
        ordered += [f for f in result.findings if f.rule == rule.id]
        parts = [f for f in result.parts if f.rule.startswith(rule.id + "/")]
        names = list(dict.fromkeys(f.rule for f in parts))
        ordered += sorted(parts, key=lambda f: (names.index(f.rule), [t or "" for t in f.group], f.start, f.end))
    return ordered


def assert_findings_agree(found: Evaluation, expected: Result, rulebook: Rulebook) -> None:
    """Finding for finding, in order; values as shown."""
    wanted = order_of_findings(expected, rulebook)
    assert [from_engine(f)[:6] for f in found.findings] == [from_reference(f, None)[:6] for f in wanted]
    units = [f.unit for f in found.findings]
    # A value that the engine shows without any unit is compared as none; that it shows one is checked here.
    assert [f.value is None for f in found.findings] == [f.value is None for f in wanted]
    assert sorted(map(from_engine, found.findings), key=repr) == sorted(
        (from_reference(f, unit) for f, unit in zip(wanted, units, strict=True)), key=repr
    )


def assert_consequences_agree(found: Evaluation, expected: Result) -> None:
    """Credits, cures, escalations and rights to terminate, each in order."""
    assert [(c.rule, c.party, c.belongs, c.before, c.amount, c.state.value, c.claim_until) for c in found.credits] == [
        (c.breach.rule, c.party, c.instant, c.amount, c.due, c.state, c.until) for c in expected.credits
    ]
    assert [(c.rule, c.state.value, c.breached, instant_of_cure(c)) for c in found.cures] == [
        (c.breach.rule, c.status, c.breach.decided, c.instant) for c in expected.cures
    ]
    assert [(e.rule, e.role, e.at, e.due) for e in found.escalations] == [
        (e.breach.rule, e.role, e.instant, e.status == "due") for e in expected.escalations
    ]
    assert [(t.clause, t.party, t.count, t.uncured, t.arises, t.until, t.lapsed) for t in found.terminations] == [
        astuple(t) for t in expected.terminations
    ]
    assert [(r.rule, r.holder, r.event, r.arises, r.until, r.ended, r.lapsed, r.used) for r in found.rights] == [
        astuple(r) for r in expected.rights
    ]
    assert [(i.rule, i.party, i.start, i.end, i.days, i.principal, i.amount, i.running) for i in found.interest] == [
        astuple(i) for i in expected.interest
    ]
    assert [(r.rule, r.party, r.start, r.end, r.unused, r.units, r.amount) for r in found.refunds] == [
        astuple(r) for r in expected.refunds
    ]


def assert_waivers_agree(found: Evaluation, expected: Result) -> None:
    """Every waiver, with its state and the findings that it excused."""
    excused = {f.id: (f.rule, [text for _, text in f.group], f.start, f.end) for f in found.findings}
    stated = [
        (w.begin, w.clause, w.role, w.end is None, w.end or 0, w.state.value, sorted(excused[f] for f in w.findings))
        for w in found.waivers
    ]
    wanted = [
        (
            *(w.begin, w.clause, w.role, w.end is None, w.end or 0, w.state),
            sorted((f.rule, [text or "" for text in f.group], f.start, f.end) for f in w.excused),
        )
        for w in expected.waivers
    ]
    assert sorted(stated) == sorted(wanted)


def instant_of_cure(cure: Any) -> int:
    """When it was cured; else the end of the cure period, or the breach instant where there is none."""
    return int(cure.at if cure.at is not None else cure.breached if cure.until is None else cure.until)


def assert_agreement(example: Example, engine: Callable[[Facts], Engine] | None = None) -> None:
    """The engine and the reference come to the same."""
    expected = evaluate(example.rulebook.model_dump(mode="json"), example.tables, example.as_of)
    facts = facts_of(example.tables)
    try:
        chosen = None if engine is None else engine(facts)
        found = evaluate_in_engine(example.rulebook, facts, example.as_of, engine=chosen)
        assert_findings_agree(found, expected, example.rulebook)
        assert_consequences_agree(found, expected)
        assert_waivers_agree(found, expected)
    finally:
        facts.connection.close()


def agreement_in_duckdb(example: Example) -> None:
    """The same of the embedded engine. What hypothesis calls has no argument that may be left out."""
    assert_agreement(example)


# --- the tests --------------------------------------------------------------------------------------------------


@settings(PROFILE)
@given(examples())
def test_engine_equals_reference(example: Example) -> None:
    """On rules of every kind together."""
    assert_agreement(example)


@pytest.mark.parametrize("kind", KINDS)
def test_engine_equals_reference_for_each_kind(kind: str) -> None:
    """On rules of one kind."""
    settings(EACH_KIND)(given(examples((kind,)))(agreement_in_duckdb))()


@pytest.mark.parametrize("kind", KINDS)
def test_engine_equals_reference_under_orders(kind: str) -> None:
    """On rules of one kind of which orders have texts of their own."""
    settings(EACH_KIND)(given(examples((kind,), ordered=True))(agreement_in_duckdb))()


@settings(PROFILE, max_examples=PROFILE.max_examples // 3)
@given(examples(), st.randoms(use_true_random=False))
def test_the_order_of_rows_changes_nothing(example: Example, chance: random.Random) -> None:
    """Rows shuffled in every table give the same evaluation, in the engine and in the reference."""
    shuffled = {source: chance.sample(rows, len(rows)) for source, rows in example.tables.items()}
    first, second = facts_of(example.tables), facts_of(shuffled)
    try:
        assert evaluate_in_engine(example.rulebook, first, example.as_of) == evaluate_in_engine(
            example.rulebook, second, example.as_of
        )
    finally:
        first.connection.close()
        second.connection.close()
    book = example.rulebook.model_dump(mode="json")
    assert evaluate(book, example.tables, example.as_of) == evaluate(book, shuffled, example.as_of)


def made_plain(example: Example) -> Example:
    """The same with `keep` rules that are judged together wherever their measure allows it."""
    bare: dict[str, Any] = {"exemptions": (), "only": (), "between": None, "confidence": None, "samples_each": None}
    rules = tuple(
        rule.model_copy(update=bare | {"measure": _whole(rule.measure), "window": Calendar(each=CalendarUnit.DAY)})
        if isinstance(rule, Keep)
        else rule
        for rule in example.rulebook.rules
    )
    return replace(example, rulebook=example.rulebook.model_copy(update={"rules": rules}))


def _whole(measure: Measure) -> Measure:
    """The measure over all rows, where it reads one series."""
    if isinstance(measure, Aggregate | Share):
        return measure.model_copy(update={"of": measure.of.model_copy(update={"where": None, "once": None})})
    return measure


@settings(EACH_KIND)
@given(examples(("keep",)))
def test_rules_judged_together_equal_the_reference(example: Example) -> None:
    assert_agreement(made_plain(example))


# --- findings that stay with the data ----------------------------------------------------------------------------

ABOUT_CASES = ("cadence", "response", "precedence", "prohibition", "retention")


def _without_consequences(example: Example) -> Example:
    """The same where nothing follows from any finding."""
    rules = tuple(rule.model_copy(update={"remedies": ()}) for rule in example.rulebook.rules)
    tables = {source: rows for source, rows in example.tables.items() if source[1] != WAIVER}
    return replace(
        example, rulebook=example.rulebook.model_copy(update={"rules": rules, "remedies": ()}), tables=tables
    )


@pytest.mark.parametrize("kind", ABOUT_CASES)
def test_findings_that_stay_with_the_data_are_the_same(kind: str) -> None:
    """In every word, whatever the order of rows; and they equal the reference."""

    def same(example: Example, chance: random.Random) -> None:
        bare = _without_consequences(example)
        shuffled = {source: chance.sample(rows, len(rows)) for source, rows in bare.tables.items()}
        at_once, lying = facts_of(bare.tables), facts_of(shuffled)
        few = evaluate_in_engine(bare.rulebook, at_once, bare.as_of)
        joined = chance.choice([Nearest._one_each, lambda _: False])  # as keys lie, or always in cells
        with (
            patch.object(cases, "FEW", 0),
            patch.object(bulk.gathered, "__defaults__", (0,)),
            patch.object(settling, "_UNSURE", 0),
            patch.object(Nearest, "_one_each", joined),
        ):
            many = evaluate_in_engine(bare.rulebook, lying, bare.as_of)
            assert many == few
            assert tallied(many.findings, lambda f: f.rule, lambda r: r.id) == Counter(
                (finding.rule, finding.verdict) for finding in few.findings
            )
            assert to_table(bare.rulebook, many).to_pylist() == to_table(bare.rulebook, few).to_pylist()
            assert_agreement(bare)
        at_once.connection.close()
        lying.connection.close()

    settings(EACH_KIND)(given(examples((kind,)), st.randoms(use_true_random=False))(same))()
