"""Rows of one source as a rule sees them: before as-of, filtered, with what exempts them."""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import replace

from tallystick.evaluation.clock import NEVER
from tallystick.evaluation.conditions import attributes, condition_sql
from tallystick.evaluation.context import Cell, Context, Group, Key, Table
from tallystick.evaluation.dialect import NO_TEXT, name, text, texts
from tallystick.evaluation.engine import TEXT, TIME
from tallystick.evaluation.finding import Evidence
from tallystick.evaluation.spans import Spans
from tallystick.evaluation.windows import Stretch
from tallystick.rules.measure import Series, SeriesKind
from tallystick.rules.rule import Between, During, Permission, Rule, Where

ROW_TIME = 't."time"'
"""The time of a row in a query that calls the row `t`."""


def dimension(identifier: str) -> str:
    """The quoted column of a dimension."""
    return name(f"d_{identifier}")


def known(ctx: Context, table: Table) -> str:
    """A sub-query of the rows known at as-of. Records begin at `time`; `end` is NULL while they are open."""
    if table.kind is not SeriesKind.RECORD:
        return f'(SELECT * FROM {table.sql} WHERE "time" < {ctx.as_of})'
    end = f'CASE WHEN "end" < {ctx.as_of} THEN "end" END'
    rest = "".join(f", {column}" for column in content(table))
    return f'(SELECT "begin" AS "time", {end} AS "end"{rest}, "row" FROM {table.sql} WHERE "begin" < {ctx.as_of})'


def chosen(ctx: Context, rule: Rule, series: Series, *, environments: bool = True) -> str:
    """The condition for rows of a series that the rule speaks of: `where`, its environments, and what orders cover.

    Without `environments` the rows are those that a case is judged by, or the events of a permission.
    """
    table = ctx.table(series)
    parts = [condition_sql(ctx, table, series.where)]
    if environments:
        parts.append(in_environments(table, rule.environments))
    if environments or isinstance(rule, Permission):
        parts.append(covered(ctx, table))
    return " AND ".join(part for part in parts if part != "TRUE") or "TRUE"


def in_environments(table: Table, environments: Sequence[str]) -> str:
    """The condition for rows in the environments; TRUE where none are named or the source has no such dimension."""
    if not environments or "environment" not in table.dimensions:
        return "TRUE"
    return f"coalesce({dimension('environment')} IN {texts(environments)}, FALSE)"


def covered(ctx: Context, table: Table) -> str:
    """The condition for rows that are judged, by what orders cover; TRUE for a source that does not say."""
    cells = [_in_cell(table, cell) for cell in ctx.cells or ()]
    return "TRUE" if not cells or "TRUE" in cells else f"({' OR '.join(cells)})"


def _in_cell(table: Table, cell: Cell) -> str:
    parts = []
    for covers, inside in cell:
        if {each.dimension for each in covers} <= set(table.dimensions):
            each_in = [f"coalesce({dimension(each.dimension)} IN {texts(each.values)}, FALSE)" for each in covers]
            condition = " AND ".join(each_in) or "TRUE"
            parts.append(condition if inside else f"NOT ({condition})")
    return f"({' AND '.join(parts)})" if parts else "TRUE"


def exempt_where(ctx: Context, rule: Rule, table: Table) -> str:
    """The condition for rows that an `except where` exempts. It touches sources with all the attributes it names."""
    known_names = {*table.dimensions, *table.units}
    parts = [
        condition_sql(ctx, table, exemption.condition)
        for exemption in rule.exemptions
        if isinstance(exemption, Where) and attributes(exemption.condition) <= known_names
    ]
    return f"({' OR '.join(parts)})" if parts else "FALSE"


def excuse(ctx: Context, rule: Rule, table: Table, at: str = '"time"') -> str:
    """SQL: the name of what exempts a row `t` at an instant, or NULL."""
    cases = [
        f"WHEN {_open_at(ctx, rule, table, exemption.record, at)} THEN {text(exemption.record.name)}"
        for exemption in rule.exemptions
        if isinstance(exemption, During) and ctx.table(exemption.record).bound
    ]
    where = exempt_where(ctx, rule, table)
    if where != "FALSE":
        cases.append(f"WHEN {where} THEN 'condition'")
    return f"CASE {' '.join(cases)} END" if cases else NO_TEXT


def unexempted(ctx: Context, rule: Rule, table: Table) -> str:
    """A sub-query of the known rows that no exception takes out. From records, exceptions take time, not rows."""
    if table.kind is SeriesKind.RECORD:
        return known(ctx, table)
    excused, only = excuse(ctx, rule, table, ROW_TIME), in_time(ctx, rule, table)
    if excused == NO_TEXT and only == "TRUE":
        return known(ctx, table)
    return f"(SELECT * FROM {known(ctx, table)} t WHERE ({excused}) IS NULL AND {only})"


def in_time(ctx: Context, rule: Rule, table: Table) -> str:
    """The condition for rows `t` in the time to which the rule is limited. It does not touch rows of records."""
    if table.kind is SeriesKind.RECORD:
        return "TRUE"
    ctx, anywhere = replace(ctx, cells=None), rule.model_copy(update={"environments": ()})
    parts = []
    for each in rule.only:
        shared = tuple(d for d in each.matching if d in table.dimensions)
        found = _open_on(ctx, anywhere, each.record, shared, ROW_TIME)
        parts.append(found if each.open else f"NOT {found}")
    if rule.between is not None:
        shared = tuple(d for d in rule.between.matching if d in table.dimensions)
        parts.append(_in_spans(ctx, between_spans(ctx, rule.between, shared), shared, ROW_TIME))
    return " AND ".join(parts) or "TRUE"


def time_records(rule: Rule) -> tuple[Series, ...]:
    """The records and events to whose time the rule is limited."""
    between = rule.between
    events = (between.start, *((between.end,) if between.end else ())) if between else ()
    return (*(each.record for each in rule.only), *events)


def between_spans(ctx: Context, between: Between, shared: Sequence[str]) -> dict[tuple[str | None, ...], Spans]:
    """The time from each start to the first later end, by the values of some of its `matching` dimensions."""
    starts = _times_of(ctx, between.start, between.matching)
    ends = _times_of(ctx, between.end, between.matching) if between.end else {}
    places = [between.matching.index(d) for d in shared]
    found: dict[tuple[str | None, ...], list[Stretch]] = defaultdict(list)
    for key, times in starts.items():
        later = sorted(ends.get(key, ()))
        for start in times:
            place = bisect_right(later, start)
            end = later[place] if place < len(later) else NEVER
            found[tuple(key[place] for place in places)].append(Stretch(start, end))
    return {key: Spans(stretches) for key, stretches in found.items()}


def _times_of(ctx: Context, series: Series, dimensions: Sequence[str]) -> dict[tuple[str | None, ...], list[int]]:
    """When the rows of an event happened, by the values of some dimensions."""
    table = ctx.table(series)
    if not table.bound:
        return {}
    columns = ", ".join([*(dimension(d) for d in dimensions), '"time"'])
    condition = condition_sql(ctx, table, series.where)
    found: dict[tuple[str | None, ...], list[int]] = defaultdict(list)
    for *key, at in ctx.engine.rows(f"SELECT DISTINCT {columns} FROM {known(ctx, table)} WHERE {condition}"):
        found[tuple(key)].append(at)
    return found


class Applies:
    """In which windows a rule applies to a group at all: those with time `after EVENT until EVENT`."""

    def __init__(self, ctx: Context, rule: Rule, per: Sequence[str]) -> None:
        self._spans: dict[tuple[str | None, ...], Spans] | None = None
        if rule.between is not None and all(ctx.table(each).bound for each in time_records(rule)):
            self._shared = tuple(d for d in rule.between.matching if d in per)
            self._spans = between_spans(ctx, rule.between, self._shared)

    def within(self, group: Group, stretch: Stretch) -> bool:
        """Whether the rule applies to the group at some instant of the stretch."""
        return self._spans is None or _matching(group, self._shared, self._spans).covered(stretch) > 0


def _open_at(ctx: Context, rule: Rule, table: Table, record: Series, at: str) -> str:
    """SQL: whether a matching exception record is open. Its open times are handed over merged, disjoint for each key."""
    shared = tuple(d for d in ctx.table(record).dimensions if d in table.dimensions)
    return _open_on(ctx, rule, record, shared, at)


def _open_on(ctx: Context, rule: Rule, record: Series, shared: Sequence[str], at: str) -> str:
    """SQL: whether a record is open that equals the row `t` on the shared dimensions."""
    return _in_spans(ctx, record_spans(ctx, rule, record, shared), shared, at)


def _in_spans(ctx: Context, spans: dict[tuple[str | None, ...], Spans], shared: Sequence[str], at: str) -> str:
    """SQL: whether an instant lies in the spans whose values the row `t` has on the shared dimensions."""
    rows = [(*key, *stretch) for key, found in spans.items() for stretch in found.merged]
    columns = {f"key_{i}": TEXT for i in range(len(shared))} | {
        "opens": TIME,
        "closes": TIME,
    }
    handed = ctx.engine.hand_over(columns, rows)
    equal = "".join(f" AND x.key_{i} IS NOT DISTINCT FROM t.{dimension(d)}" for i, d in enumerate(shared))
    return f"EXISTS (SELECT 1 FROM {handed} x WHERE {at} >= x.opens AND {at} < x.closes{equal})"


def record_spans(
    ctx: Context,
    rule: Rule,
    record: Series,
    dimensions: Sequence[str],
    *,
    measured: bool = False,
) -> dict[tuple[str | None, ...], Spans]:
    """Open times of the chosen records by their values of some dimensions. Measured ones can be exempt by `where`."""
    table = ctx.table(record)
    if not table.bound:
        return {}
    environments = not isinstance(rule, Permission)
    columns = ", ".join([*(dimension(d) for d in dimensions), '"time"', '"end"'])
    condition = chosen(ctx, rule, record, environments=environments)
    if measured:
        condition = f"{condition} AND NOT {exempt_where(ctx, rule, table)}"
    found: dict[tuple[str | None, ...], list[Stretch]] = defaultdict(list)
    for *key, begin, end in ctx.engine.rows(f"SELECT {columns} FROM {known(ctx, table)} WHERE {condition}"):
        found[tuple(key)].append(Stretch(begin, NEVER if end is None else end))
    return {key: Spans(stretches) for key, stretches in found.items()}


class Exceptions:
    """Exception time of groups: the open times of the `except during` records that equal a group where they can."""

    def __init__(self, ctx: Context, rule: Rule, per: Sequence[str]) -> None:
        self._shared: list[tuple[str, tuple[str, ...], dict[tuple[str | None, ...], Spans]]] = []
        for exemption in rule.exemptions:
            if isinstance(exemption, During):
                shared = tuple(d for d in per if d in ctx.table(exemption.record).dimensions)
                spans = record_spans(ctx, rule, exemption.record, shared)
                self._shared.append((exemption.record.name, shared, spans))
        self._known: dict[Key, list[tuple[str, Spans]]] = {}

    def of(self, group: Group) -> list[tuple[str, Spans]]:
        """The exceptions by name. A group without values (none was seen) shares no dimension, so all match."""
        key = tuple(group.values())
        if key not in self._known:
            self._known[key] = [(title, _matching(group, shared, spans)) for title, shared, spans in self._shared]
        return self._known[key]

    def union(self, group: Group) -> Spans:
        """All exception time of a group."""
        return Spans(stretch for _, spans in self.of(group) for stretch in spans.merged)

    def excuse(self, group: Group, stretch: Stretch) -> str:
        """Names of the exceptions, when the whole stretch lies in exception time; else nothing."""
        found = self.of(group)
        if not found or self.union(group).covered(stretch) < stretch.end - stretch.start:
            return ""
        return ", ".join(title for title, spans in found if spans.covered(stretch))

    def open_until(self, group: Group, at: int) -> tuple[str, int] | None:
        """The exception open at an instant that ends last, and when; None when none is."""
        ends = [(end, title) for title, spans in self.of(group) if (end := spans.open_until(at)) is not None]
        return (max(ends)[1], max(ends)[0]) if ends else None


def _matching(group: Group, shared: Sequence[str], spans: dict[tuple[str | None, ...], Spans]) -> Spans:
    if all(d in group for d in shared):
        return spans.get(tuple(group[d] for d in shared), Spans(()))
    return Spans(stretch for found in spans.values() for stretch in found.stretches)


def labels(table: Table, per: Iterable[str]) -> list[str]:
    """SQL for the group that labels a case; a missing text, or a dimension the source lacks, is empty."""
    return [f"coalesce({dimension(d)}, '')" if d in table.dimensions else "''" for d in per]


def content(table: Table) -> list[str]:
    """All columns of a source that evidence shows, in a fixed order."""
    return [
        *(dimension(d) for d in table.dimensions),
        *(str(table.column(a)) for a in table.units),
    ]


def evidence(table: Table, at: int, values: Sequence[object]) -> Evidence:
    """A row as evidence, from the columns that `content` names; missing ones are left out."""
    names = (*table.dimensions, *table.units)
    shown = tuple((n, _plain(v)) for n, v in zip(names, values, strict=True) if v is not None)
    return Evidence(table.id, at, shown)


def _plain(value: object) -> str:
    written = f"{value:f}" if hasattr(value, "as_tuple") else str(value)
    return (written.rstrip("0").rstrip(".") or "0") if hasattr(value, "as_tuple") and "." in written else written
