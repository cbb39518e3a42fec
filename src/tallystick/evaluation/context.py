"""What every part of an evaluation needs to know: the rulebook, the instant, the life, the tables."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from functools import cached_property
from zoneinfo import ZoneInfo

from tallystick.evaluation.clock import Clock
from tallystick.evaluation.dialect import decimal_of_steps, name, texts
from tallystick.evaluation.engine import Engine
from tallystick.evaluation.finding import Finding
from tallystick.evaluation.windows import Life, Stretch, survived, time_in_force
from tallystick.evaluation.working_time import working_time
from tallystick.facts.declared import derived_of
from tallystick.facts.tables import Facts, Shape, table_name
from tallystick.quantities import Unit, known_unit
from tallystick.rules.measure import Series, SeriesKind
from tallystick.rules.rule import Covered, InForce, Rule, RuleFields
from tallystick.rules.rulebook import EventData, Rulebook

Group = Mapping[str, str]
Key = tuple[str, ...]

Cell = tuple[tuple[tuple[Covered, ...], bool], ...]
"""Rows told apart by what orders cover: each coverage, and whether it covers them."""


@dataclass(frozen=True)
class Table:
    """One source: its dimensions, the units of its numbers (a metric's own is `value`), and whether it has data.

    Of derived data, `place` is the table that was computed, `groups` one with the groups that a record shows, and
    `lacks` the base source without a table. `actor` is the dimension that names the person who acts. `shape` is where
    the rows of a metric lie together with those of others.
    """

    kind: SeriesKind
    id: str
    dimensions: tuple[str, ...]
    units: Mapping[str, Unit]
    bound: bool
    place: str = ""
    groups: str = ""
    lacks: str = ""
    actor: str | None = None
    shape: Shape | None = None

    @property
    def sql(self) -> str:
        """The quoted name of the canonical table, or a sub-query with its columns."""
        if self.place or self.shape is None:
            return self.place or name(table_name(self.kind, self.id))
        raws = texts(raw or "" for raw in self.shape.raws)
        return f"(SELECT {', '.join(self.columns)} FROM {self.lying()} WHERE coalesce(source, '') IN {raws})"

    @property
    def columns(self) -> tuple[str, ...]:
        """The quoted columns of a metric's canonical table."""
        return ('"time"', '"value"', *(name(f"d_{d}") for d in self.dimensions), '"row"')

    def lying(self) -> str:
        """SQL: the rows of all metrics that lie with this one, as canonical tables have them, and their `source`."""
        assert self.shape is not None
        texts = "".join(f", nullif(trim({name(f'd_{d}')}), '') AS {name(f'd_{d}')}" for d in self.dimensions)
        value = decimal_of_steps("steps")
        return f'(SELECT source, "time", {value} AS "value"{texts}, CAST(NULL AS BIGINT) AS "row" FROM {self.shape.relation})'

    def column(self, attribute: str) -> str | None:
        """The quoted column of a number, or None when the source has no such number."""
        if attribute not in self.units:
            return None
        return '"value"' if self.kind is SeriesKind.METRIC else name(f"a_{attribute}")


@dataclass(frozen=True)
class Context:
    """One evaluation. `cells` are the rows that are judged, where orders cover some; None: all are."""

    rulebook: Rulebook
    engine: Engine
    tables: Mapping[tuple[SeriesKind, str], Table]
    zone: ZoneInfo
    as_of: int
    life: Life
    firsts: Mapping[Series, Table] = field(default_factory=dict)
    cells: tuple[Cell, ...] | None = None

    def table(self, series: Series) -> Table:
        """The source of a series; one that nobody declared is unbound and has no dimensions."""
        if series.once is not None:
            return self.firsts[series]
        found = self.tables.get((series.source, series.name))
        return found or Table(series.source, series.name, (), {}, bound=False)

    @cached_property
    def clock(self) -> Clock:
        """By what deadlines are counted."""
        calendars = {each.id: working_time(each) for each in self.rulebook.calendars}
        return Clock(self.zone, calendars, self.rulebook.fiscal_year)

    def rules_of(self, scope: str) -> Sequence[Rule]:
        """The rules of a clause, or of an occasion in one."""
        return self._rules_by_scope.get(scope, ())

    @cached_property
    def _rules_by_scope(self) -> Mapping[str, Sequence[Rule]]:
        found: dict[str, list[Rule]] = defaultdict(list)
        for rule in self.rulebook.rules:
            found[rule.scope].append(rule)
        return found

    def force(self, text: InForce) -> Stretch:
        """When a rule or a consequence is in force; also before and after the life of the agreement."""
        return time_in_force(text.effective, text.until, self.zone)

    def in_force(self, text: InForce, at: int) -> bool:
        """Whether it is in force at an instant."""
        if text.effective is None and text.until is None:
            return True
        force = self.force(text)
        return force.start <= at < force.end

    def of(self, rule: RuleFields) -> Context:
        """The same evaluation with the life that this text of a rule has of its own, and with the rows that it covers."""
        if rule.covers:
            cells = (((rule.covers, True),),)
            return replace(replace(self, cells=None).of(rule.model_copy(update={"covers": ()})), cells=cells)
        life = self._survived(rule)
        if rule.effective is None and rule.until is None:
            return self if life is self.life else replace(self, life=life)
        force = self.force(rule)
        start = max(life.start, force.start)
        own = Life(start, max(start, min(life.end, force.end)), life.terminated and force.end >= life.end)
        return replace(self, life=own)

    def _survived(self, rule: RuleFields) -> Life:
        """The life with what a rule goes on after its end."""
        end = survived(self.life.end, rule, self.clock)
        return self.life if end == self.life.end else Life(self.life.start, end)

    def under(self, order: str | None) -> Context:
        """The same evaluation with the rows that an order covers."""
        covers = next((each.covers for each in self.rulebook.orders if each.id == order), ())
        return replace(self, cells=(((covers, True),),) if covers else None)

    @property
    def evaluated(self) -> Stretch:
        """The part of the life before the instant of the evaluation."""
        return self.life.evaluated(self.as_of)

    def life_of(self, series: Series) -> Stretch:
        """The stretch whose rows of a series count as in the life: the termination that ends it does."""
        ends = self.life.terminated and series.source is SeriesKind.EVENT and series.name == "termination"
        return Stretch(self.life.start, min(self.life.end + ends, self.as_of))


@dataclass(frozen=True)
class Judgement:
    """A finding with its exact value in base units, which decides the tier of a credit.

    `limit` is the threshold in base units. `performed` is the instant at which what was late was done after all, or a
    record that was the occasion ended; None while it was not. `vacant`: the rule had no group or case to judge. `case`
    holds the texts and numbers of the row that it goes back to, where there is one.
    """

    finding: Finding
    exact: Fraction | None = None
    limit: Fraction | None = None
    performed: int | None = None
    case: tuple[tuple[str, str], ...] = ()
    vacant: bool = False


def context(rulebook: Rulebook, facts: Facts, engine: Engine, as_of: int) -> Context:
    """The context of an evaluation at an instant."""
    zone = ZoneInfo(rulebook.timezone)
    tables = _tables(rulebook, facts, engine)
    return Context(
        rulebook,
        engine,
        tables,
        zone,
        as_of,
        _life(rulebook, tables, engine, zone, as_of),
    )


def _tables(rulebook: Rulebook, facts: Facts, engine: Engine) -> dict[tuple[SeriesKind, str], Table]:
    tables: dict[tuple[SeriesKind, str], Table] = {}
    given = facts.bound - derived_of(rulebook)
    for metric in rulebook.metrics:
        key = (SeriesKind.METRIC, metric.id)
        tables[key] = Table(
            *key,
            metric.dimensions,
            {"value": known_unit(metric.unit)},
            key in given,
            shape=facts.shapes.get(key),
        )
    for kind, sources in (
        (SeriesKind.EVENT, rulebook.events),
        (SeriesKind.RECORD, rulebook.records),
    ):
        for source in sources:
            units = {attribute.name: known_unit(attribute.unit) for attribute in source.attributes}
            tables[kind, source.id] = Table(
                kind,
                source.id,
                source.dimensions,
                units,
                (kind, source.id) in given,
                actor=source.actor if isinstance(source, EventData) else None,
            )
    for kind, source_id in sorted(facts.bound - tables.keys()):
        columns = engine.columns(table_name(kind, source_id))
        dimensions = tuple(column[2:] for column in columns if column.startswith("d_"))
        tables[kind, source_id] = Table(kind, source_id, dimensions, {}, bound=True)
    return tables


def _life(
    rulebook: Rulebook,
    tables: Mapping[tuple[SeriesKind, str], Table],
    engine: Engine,
    zone: ZoneInfo,
    as_of: int,
) -> Life:
    start, end = time_in_force(rulebook.effective, rulebook.until, zone)
    termination = tables.get((SeriesKind.EVENT, "termination"))
    if termination is None or not termination.bound:
        return Life(start, end)
    found = engine.rows(f'SELECT min("time") FROM {termination.sql} WHERE "time" < {as_of}')[0][0]
    if found is None or found >= end:
        return Life(start, end)
    return Life(start, max(start, found), terminated=True)
