"""Plain `keep` rules judged together: one grouped scan of the data for all rules of the same shape, by counting.

`p95(m) at most v` says that at least 95% of the samples are at most v (nearest rank), so a percentile against a
constant is decided by how many samples do not exceed a number, as a share of samples is. Each such number is one
conditional count in the scan, means are sums, and verdicts are comparisons of whole numbers: nothing is sorted, and no
order of rows can show. What a percentile came to is read in a second scan, for who wants to see it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from functools import cached_property
from itertools import groupby, pairwise
from math import ceil, floor, gcd
from typing import TYPE_CHECKING, assert_never

from tallystick.evaluation.bulk import FEW, Bulk, BulkFindings, BulkRule
from tallystick.evaluation.context import Context, Judgement, Table
from tallystick.evaluation.dialect import PLACES, Dialect, name, text
from tallystick.evaluation.engine import TEXT, TIME, TRUTH, WHOLE, Columns
from tallystick.evaluation.finding import Verdict
from tallystick.evaluation.judging import certain_growth
from tallystick.evaluation.measures import shown_unit
from tallystick.evaluation.numbers import shown
from tallystick.evaluation.rows import dimension
from tallystick.evaluation.windows import Stretch, windows
from tallystick.facts.tables import Part
from tallystick.quantities import Quantity, Unit, known_unit
from tallystick.rules.measure import Aggregate, Comparison, Function, Series, SeriesKind, Share, Value
from tallystick.rules.rule import Calendar, Keep, Rule

if TYPE_CHECKING:
    import pyarrow as pa

_GRID = 10**PLACES
_MEDIAN = 50
_MOST_SLOTS = 400_000
"""The window of a row is looked up by the slot of time that it lies in: a table of at most so many."""
_MOST_DIGITS = 10**12
"""Of a threshold, above and below the line, so that products with sums stay far below 2^127."""
_COUNTED = (
    Function.MEAN,
    Function.SUM,
    Function.MIN,
    Function.MAX,
    Function.COUNT,
    Function.MEDIAN,
    Function.PERCENTILE,
)

Keys = tuple[str, ...]
Found = BulkFindings | list[Judgement]


@dataclass(frozen=True)
class Need:
    """What a rule needs of the samples of a group in a window, as whole numbers in steps of 10^-9 of the metric's unit.

    The value is `of` (an aggregate, or the number that `counts` give), over the number of samples where it is `each`.
    `counts` are numbers of samples at most so many steps, each with what it is multiplied by; `all` is that for all
    samples. A percentile has a `rank`, the fraction that it is of all, and no value until it is read.
    """

    of: str
    each: bool = False
    all: int = 0
    counts: tuple[tuple[int, int], ...] = ()
    rank: Fraction | None = None


@dataclass(frozen=True)
class Plain:
    """A rule with what it needs and its threshold in steps."""

    place: int
    rule: Keep
    unit: Unit
    need: Need
    threshold: Fraction


def _steps(given: Quantity, unit: Unit) -> Fraction:
    """A quantity, in steps of 10^-9 of a unit."""
    number, of = given.value.as_integer_ratio()
    return Fraction(number * known_unit(given.unit).factor * _GRID, of * unit.factor)


def _below(value: Fraction) -> int:
    """The last step that is less."""
    return ceil(value) - 1


def needs(ctx: Context, rule: Rule) -> Need | None:
    """What a plain rule needs; None for a rule that must be judged by itself."""
    if (
        not isinstance(rule, Keep)
        or not isinstance(rule.threshold, Value)
        or not isinstance(rule.window, Calendar)
        or rule.exemptions
        or rule.only
        or rule.between
        or rule.confidence
        or rule.samples_each
        or not isinstance(rule.measure, Aggregate | Share)
        or not _is_plain(ctx, rule.measure.of)
    ):
        return None
    unit = ctx.table(rule.measure.of).units["value"]
    threshold = _steps(rule.threshold.quantity, unit)
    if abs(threshold.numerator) > _MOST_DIGITS * _GRID or threshold.denominator > _MOST_DIGITS:
        return None
    match rule.measure:
        case Share(comparison=comparison, threshold=each):
            return _share(comparison, _steps(each.quantity, unit))
        case Aggregate(function=function, percentile=percentile) if function in _COUNTED:
            return _aggregate(function, rule.comparison, threshold, Fraction(percentile or _MEDIAN) / 100)
        case _:
            return None


def _is_plain(ctx: Context, series: Series) -> bool:
    table = ctx.table(series)
    return series.source is SeriesKind.METRIC and series.where is None and series.once is None and table.bound


def _aggregate(function: Function, comparison: Comparison, threshold: Fraction, rank: Fraction) -> Need:
    match function:
        case Function.MEAN:
            return Need("total", each=True)
        case Function.SUM:
            return Need("total")
        case Function.MIN:
            return Need("least")
        case Function.MAX:
            return Need("most")
        case Function.COUNT:
            return Need("counted", all=1)
        case Function.MEDIAN | Function.PERCENTILE:
            return Need("counted", counts=_around(comparison, threshold), rank=rank)
        case _:
            raise ValueError(f"{function} is not counted")


def _around(comparison: Comparison, threshold: Fraction) -> tuple[tuple[int, int], ...]:
    """What decides: how many samples are below the threshold, how many at most it, or both."""
    below, at_most = (_below(threshold), 1), (floor(threshold), 1)
    match comparison:
        case Comparison.AT_MOST | Comparison.ABOVE:
            return (at_most,)
        case Comparison.AT_LEAST | Comparison.BELOW:
            return (below,)
        case Comparison.IS | Comparison.IS_NOT:
            return below, at_most
        case _:
            assert_never(comparison)


def _as_percentile(plain: Plain) -> Plain:
    """The same rule, where the most is the hundredth percentile: beside others it is decided by counting, too."""
    if plain.need.of != "most":
        return plain
    need = Need("counted", counts=_around(plain.rule.comparison, plain.threshold), rank=Fraction(1))
    return replace(plain, need=need)


def _share(comparison: Comparison, each: Fraction) -> Need:
    """The share of samples that satisfy a comparison, from how many are at most a number."""
    match comparison:
        case Comparison.AT_MOST:
            return Need("counted", each=True, counts=((floor(each), 1),))
        case Comparison.BELOW:
            return Need("counted", each=True, counts=((_below(each), 1),))
        case Comparison.ABOVE:
            return Need("counted", each=True, all=1, counts=((floor(each), -1),))
        case Comparison.AT_LEAST:
            return Need("counted", each=True, all=1, counts=((_below(each), -1),))
        case Comparison.IS:
            return Need("counted", each=True, counts=((_below(each), -1), (floor(each), 1)))
        case Comparison.IS_NOT:
            return Need("counted", each=True, all=1, counts=((_below(each), 1), (floor(each), -1)))
        case _:
            assert_never(comparison)


@dataclass(frozen=True)
class _Apart:
    """How far the value of a rule lies from its threshold, times something positive: so many times the aggregate, the
    number of samples and each of two counts, and a number. For a percentile it is how far a count is from its rank: not
    above zero when the percentile is no more than what was counted to.
    """

    of: int
    samples: int
    one: int
    two: int
    alone: int

    @property
    def wide(self) -> bool:
        """Whether it may need more than 64 bits: with an aggregate, or for more than 2^42 samples."""
        times = abs(self.samples) + abs(self.one) + abs(self.two)
        return bool(self.of) or times >= 1 << 20 or abs(self.alone) >= 1 << 62


def _apart(need: Need, threshold: Fraction) -> _Apart:
    """The same as whole numbers without common divisor."""
    (_, one), (_, two) = (*need.counts, (0, 0), (0, 0))[:2]
    if need.rank is not None:
        rank, of = need.rank.numerator, need.rank.denominator
        return _Apart(0, rank, -of * one, -of * two, -1 if two else 0)
    least, limit = threshold.denominator, threshold.numerator
    counted = _GRID * least if need.of == "counted" else 0
    found = (
        0 if counted else least,
        need.all * counted - (limit if need.each else 0),
        one * counted,
        two * counted,
        0 if need.each else -limit,
    )
    common = gcd(*found) or 1
    return _Apart(*(each // common for each in found))


# --- rules of the same shape ---------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Shape:
    """What rules must share to be judged in one scan: the rows, whether their steps need more than 64 bits, the groups,
    the windows."""

    relation: str
    parts: tuple[Part, ...]
    wide: bool
    dimensions: tuple[str, ...]
    per: tuple[str, ...]
    windows: tuple[Stretch, ...]


@dataclass
class Counting:
    """The plain rules of an evaluation, by shape, and what `runs` them."""

    ctx: Context
    runs: Callable[[Context, Shape, Sequence[Plain]], Run]
    shapes: dict[Shape, list[Plain]] = field(default_factory=dict)
    _windows: dict[object, tuple[Stretch, ...] | None] = field(default_factory=dict)
    _alike: dict[object, list[Plain]] = field(default_factory=dict)

    def takes(self, ctx: Context, place: int, rule: Rule) -> bool:
        """Whether the rule is plain; then it will be judged here. `ctx` has the rule's own life."""
        need = needs(ctx, rule)
        if need is None or not isinstance(rule, Keep) or not isinstance(rule.threshold, Value):
            return False
        table = ctx.table(_series(rule))
        known = (rule.window, ctx.life)
        if known not in self._windows:
            found = windows(rule.window, ctx.life, ctx.as_of, ctx.clock)
            self._windows[known] = found if _follow(found) and _slots(found) <= _MOST_SLOTS else None
        stretches = self._windows[known]
        if stretches is None:
            return False
        unit = shown_unit(ctx, rule.measure, rule.threshold)
        threshold = _steps(rule.threshold.quantity, unit)
        alike = (table.id, rule.per, known)
        if alike not in self._alike:
            relation, parts = _relation(self.ctx.engine.dialect, table), table.shape.parts if table.shape else ()
            wide = table.shape is None or table.shape.wide
            shape = Shape(relation, parts, wide, table.dimensions, rule.per, stretches)
            self._alike[alike] = self.shapes.setdefault(shape, [])
        self._alike[alike].append(Plain(place, rule, unit, need, threshold))
        return True

    def run(self, followed: Callable[[Rule], bool], told: Callable[[int, int], None]) -> dict[int, Found]:
        """Scans the data; gives the findings of each rule, with exact values for those whose breaches are `followed` by
        something."""
        found: dict[int, Found] = {}
        for done, (shape, rules) in enumerate(self.shapes.items()):
            told(done, len(self.shapes))
            run = self.runs(self.ctx, shape, rules)
            bulk = run.bulk()
            found.update((each.place, bulk.of(each.place)) for each in rules)
            exact = [each.place for each in rules if followed(each.rule)]
            found.update(run.judgements(bulk, exact))
            if len(bulk) <= FEW:
                run.drop()
        return found


def _series(rule: Keep) -> Series:
    assert isinstance(rule.measure, Aggregate | Share)
    return rule.measure.of


def _relation(dialect: Dialect, table: Table) -> str:
    """Rows with `source`, `time`, `steps` (the value, a whole number) and the dimensions."""
    if table.shape is not None:
        return table.shape.relation
    listed = "".join(f", {dimension(d)}" for d in table.dimensions)
    steps = dialect.whole(f'"value" * {_GRID}')
    return f"(SELECT '' AS source, \"time\", {steps} AS steps{listed} FROM {table.sql})"


def _follow(stretches: Sequence[Stretch]) -> bool:
    """Whether windows follow each other without gap or overlap, as calendar windows do."""
    return bool(stretches) and all(one.end == two.start for one, two in pairwise(stretches))


def _stretches(numbers: Iterable[int]) -> Iterator[tuple[int, int]]:
    """The first and last of numbers from 0 on that follow each other."""
    ordered = sorted(number for number in numbers if number >= 0)
    for _, each in groupby(enumerate(ordered), lambda placed: placed[1] - placed[0]):
        run = [number for _, number in each]
        yield run[0], run[-1]


def numbered(column: str, numbers: Sequence[int], of: int) -> str:
    """SQL: the condition that a column has one of the numbers; empty where that is all of so many."""
    return "" if len(numbers) == of else f" AND {column} IN ({', '.join(map(str, numbers)) or 'NULL'})"


def _slot(stretches: Sequence[Stretch]) -> int:
    """The largest length of which all windows but the last are multiples."""
    lengths = [each.end - each.start for each in stretches[:-1]]
    return gcd(*lengths) if lengths else stretches[0].end - stretches[0].start


def _slots(stretches: Sequence[Stretch]) -> int:
    return -(-(stretches[-1].end - stretches[0].start) // _slot(stretches))


# --- one scan --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Count:
    """A conditional count: samples of a view that are at most so many steps, in a column of its strips."""

    view: int
    limit: int


class _Layout:
    """How the rows of a shape are divided.

    Rows fall into strips: those of one source, in one environment that some rule names ("": in any other). What a rule
    sees is a view: some strips together. Each count of a view has the same column in all its strips.
    """

    def __init__(self, ctx: Context, shape: Shape, rules: Sequence[Plain]) -> None:
        has_environments = "environment" in shape.dimensions
        self.named = sorted({e for each in rules for e in each.rule.environments}) if has_environments else []
        tables = [ctx.table(_series(each.rule)) for each in rules]
        self.strips = [(source, place) for source in dict.fromkeys(t.id for t in tables) for place in (*self.named, "")]
        self.sources = {table.id: table for table in tables}
        of_source: dict[str, list[tuple[int, str]]] = defaultdict(list)
        for number, (source, place) in enumerate(self.strips):
            of_source[source].append((number, place))
        views: dict[tuple[int, ...], int] = {}
        self.view_of: list[int] = []
        for each in rules:
            source, wanted = _series(each.rule).name, each.rule.environments if has_environments else ()
            strips = (number for number, place in of_source[source] if not wanted or place in wanted)
            self.view_of.append(views.setdefault(tuple(strips), len(views)))
        self.views = list(views)
        self.columns: dict[_Count, int] = {}
        self.limits: list[dict[int, int]] = [{} for _ in self.strips]
        for each, view in zip(rules, self.view_of, strict=True):
            for limit, _ in each.need.counts:
                self._place(_Count(view, limit))

    def _place(self, counted: _Count) -> None:
        if counted not in self.columns:
            strips = [self.limits[strip] for strip in self.views[counted.view]]
            column = max((column + 1 for strip in strips for column in strip), default=0)
            self.columns[counted] = column
            for strip in strips:
                strip[column] = counted.limit

    @property
    def width(self) -> int:
        """How many columns of counts there are."""
        return max(self.columns.values(), default=-1) + 1


_AGGREGATES = ("total", "least", "most")
_SIDES = {
    Comparison.AT_LEAST: (False, True, True),
    Comparison.AT_MOST: (True, True, False),
    Comparison.BELOW: (True, False, False),
    Comparison.ABOVE: (False, False, True),
    Comparison.IS: (False, True, False),
    Comparison.IS_NOT: (True, False, True),
}
"""Whether a comparison holds for a value that is below, at, above the threshold."""


def _sides(comparison: Comparison, need: Need) -> tuple[bool, bool, bool]:
    """Whether it holds where `_Apart` is below, at, above zero. At zero the rank of a percentile is just reached."""
    below, same, above = _SIDES[comparison]
    return (below, below, above) if need.rank is not None and len(need.counts) == 1 else (below, same, above)


class Run:
    """The scan of one shape. Its tables stay as long as the engine, for values that are read later."""

    def __init__(self, ctx: Context, shape: Shape, rules: Sequence[Plain]) -> None:
        if any(each.need.rank is not None for each in rules):
            rules = [_as_percentile(each) for each in rules]
        self.ctx, self.shape, self.rules, self.engine = ctx, shape, rules, ctx.engine
        self.dialect = ctx.engine.dialect
        self.layout = _Layout(ctx, shape, rules)
        self.texts = next((t.shape.texts for t in self.layout.sources.values() if t.shape), {})
        self.keys = {
            name(f"key_{d}"): f"{name(f'text_{d}')}.number" if d in self.texts else f"r.{dimension(d)}"
            for d in shape.per
        }
        self.table: dict[str, str] = {}
        self.aggregates = tuple(each for each in _AGGREGATES if any(r.need.of == each for r in rules))
        self.counts = [f"c{i}" for i in range(self.layout.width)]
        self.limits = [f"t{i}" for i in range(self.layout.width)]
        self.ranks = sorted({each.need.rank for each in rules if each.need.rank is not None})
        self.judged: Sequence[int] = range(len(shape.windows))
        """The windows that are judged."""

    def bulk(self) -> Bulk:
        """Everything but the values that a percentile came to."""
        self._hand_over()
        self._scan()
        groups = self._groups()
        self._see()
        bulk = Bulk(
            {each.place: BulkRule(each.rule, each.unit, shown(each.threshold / _GRID)) for each in self.rules},
            groups,
            self.shape.windows,
            self.read,
            self.count,
            self.query,
        )
        if len(bulk) <= FEW:
            _ = bulk.whole
        return bulk

    def drop(self) -> None:
        """Drops the tables; nothing can be read any more."""
        self.engine.drop(self.table.values())

    def judgements(self, bulk: Bulk, places: Sequence[int]) -> dict[int, list[Judgement]]:
        """The findings of some rules with their exact values, in base units."""
        found: dict[int, list[Judgement]] = {place: [] for place in places}
        factors = {each.place: Fraction(each.unit.factor, _GRID) for each in self.rules}
        limits = {each.place: each.threshold * factors[each.place] for each in self.rules}
        for row in self.read(exact=True, places=places).to_pylist() if places else ():
            value, of = row.pop("numerator"), row.pop("denominator")
            exact = None if value is None else Fraction(int(value), int(of)) * factors[row["rule"]]
            found[row["rule"]].append(Judgement(bulk.finding(row), exact, limits[row["rule"]]))
        return found

    # --- what goes in

    def _hand_over(self) -> None:
        first, size = self.shape.windows[0].start, _slot(self.shape.windows)
        strips = [
            (number, *raws, *(self._limit(limits.get(column)) for column in range(self.layout.width)))
            for number, (strip, limits) in enumerate(zip(self.layout.strips, self.layout.limits, strict=True))
            for raws in self._raws(*strip)
        ]
        steps = WHOLE if self.shape.wide else TIME
        self.missing = any(place is None for _, _, place, *_ in strips)
        self._give(
            "strips", {"strip": TIME, "source": TEXT, "place": TEXT, **dict.fromkeys(self.limits, steps)}, strips
        )
        slots = [
            (slot, number)
            for number, window in enumerate(self.shape.windows)
            for slot in range((window.start - first) // size + 1, -(-(window.end - first) // size) + 1)
        ]
        self._give("slots", {"slot": TIME, "window": TIME}, [(0, -1), *slots])
        stretches = [
            (number, *each, f"\x1f{each.start}\x1f{each.end}") for number, each in enumerate(self.shape.windows)
        ]
        self._give("windows", {"number": TIME, "starts": TIME, "ends": TIME, "stretch": TEXT}, stretches)
        views = [(view, strip) for view, strips in enumerate(self.layout.views) for strip in strips]
        self._give("views", {"view": TIME, "strip": TIME}, views)
        for called, kind in (("rules", TIME), ("wide rules", WHOLE)):
            rows = [
                (*self._rule_rows[number], apart.of, apart.samples, apart.one, apart.two, apart.alone)
                for number, each in enumerate(self.rules)
                if (apart := _apart(each.need, each.threshold)).wide == (kind is WHOLE)
            ]
            if rows:
                self._give(called, {**_RULE_COLUMNS, **dict.fromkeys(_APART_COLUMNS, kind)}, rows)

    def _give(self, called: str, columns: Columns, rows: Sequence[Sequence[object]]) -> None:
        self.table[called] = self.engine.hand_over(columns, rows, stays=True)

    def _make(self, called: str, sql: str) -> None:
        self.table[called] = self.engine.create(sql, stays=True)

    def _raws(self, source: str, place: str) -> Iterator[tuple[str | None, str | None]]:
        """The raw texts by which rows are found to lie in a strip."""
        table = self.layout.sources[source]
        if not self.layout.named:
            environments: list[str | None] = [""]
        else:
            named = self.layout.named
            environments = [raw for raw, text in self._environments(table) if (text if text in named else "") == place]
        for raw in ("",) if table.shape is None else table.shape.raws:
            yield from ((raw, environment) for environment in environments)

    def _environments(self, table: Table) -> Iterable[tuple[str | None, str | None]]:
        if table.shape is not None:
            return table.shape.environments.items()
        column = dimension("environment")
        rows = self.engine.rows(f"SELECT DISTINCT {column} FROM {self.shape.relation}")
        return [(text, text) for (text,) in rows]

    def _limit(self, limit: int | None) -> int | None:
        """A limit beyond what the steps can be says the same as the last one that they can be."""
        last = _WIDEST if self.shape.wide else _LONGEST
        return None if limit is None else max(min(limit, last), -last)

    @cached_property
    def _rule_rows(self) -> list[tuple[object, ...]]:
        """What is handed over of each rule: its place, and what its verdicts need but the threshold."""
        return [self._rule_row(*each) for each in enumerate(self.rules)]

    def _rule_row(self, number: int, each: Plain) -> tuple[object, ...]:
        rule, need, view = each.rule, each.need, self.layout.view_of[number]
        counts = [(self.layout.columns[_Count(view, limit)], times) for limit, times in need.counts]
        (one, one_times), (two, two_times) = (*counts, (0, 0), (0, 0))[:2]
        sure = [
            certain_growth(rule.measure, rule.comparison, each.unit, satisfied=held, closed=False)
            for held in (True, False)
        ]
        return (
            *(each.place, view, _OF.index(need.of), one, two, max(rule.minimum_samples, 1)),
            *(self.ranks.index(need.rank) if need.rank is not None else -1, need.all, one_times, two_times),
            *(need.each, need.rank is not None and len(counts) == 2, *_sides(rule.comparison, need)),
            *(rule.missing_excused, bool(rule.per), sure[0] is Verdict.MET, sure[1] is Verdict.BREACHED, rule.id),
        )

    # --- the scan

    def _rows(self, relation: str) -> str:
        """SQL: each row of a relation that counts with its strip, its window (-1: before the first) and the limits of its strip."""
        first, size = self.shape.windows[0].start, _slot(self.shape.windows)
        before = first - size  # the slot of all that is earlier than the first window
        slot = self.dialect.quotient(f'greatest(r."time", {before}) - {before}', str(size))
        until = min(self.ctx.as_of, self.shape.windows[-1].end)
        same = "IS NOT DISTINCT FROM" if self.missing else "="
        place = f" AND r.{dimension('environment')} {same} m.place" if self.layout.named else ""
        listed = ", ".join(
            [*(f"{sql} AS {key}" for key, sql in self.keys.items()), *(f"m.{limit}" for limit in self.limits)]
        )
        joins = "".join(
            f" JOIN {self.texts[d]} {name(f'text_{d}')} ON {name(f'text_{d}')}.raw = r.{dimension(d)}"
            for d in self.shape.per
            if d in self.texts
        )
        present = "".join(f" AND r.{dimension(d)} IS NOT NULL" for d in self.shape.per if d not in self.texts)
        return (
            f'SELECT m.strip, s."window", r.steps{", " + listed if listed else ""}'
            f" FROM {relation} r JOIN {self.table['strips']} m ON r.source = m.source{place}{joins}"
            f" JOIN {self.table['slots']} s ON {slot} = s.slot"
            f' WHERE r."time" < {until}{present}'
        )

    def _scan(self) -> None:
        """The aggregates of each strip, window and group, and when each view has first seen a group."""
        self._make("cells", self._cells_of(self.shape.relation))
        if self.shape.per:
            self._make("firsts", self._firsts(self.table["cells"]))

    def _firsts(self, cells: str) -> str:
        """SQL: the window in which each view has first seen a group; the first one if that was before it."""
        together = ", ".join(["v.view", *(f"c.{key}" for key in self.keys)])
        return (
            f'SELECT {together}, greatest(min(c."window"), 0) AS first'
            f" FROM {cells} c JOIN {self.table['views']} v ON c.strip = v.strip GROUP BY {together}"
        )

    def _cells_of(self, relation: str) -> str:
        """SQL: the aggregates of the rows of a relation by strip, window and group."""
        counts = (
            f"count(*) FILTER (WHERE steps <= {limit}) AS {column}"
            for limit, column in zip(self.limits, self.counts, strict=True)
        )
        found = {"total": self.dialect.total("steps"), "least": "min(steps)", "most": "max(steps)"}
        asked = ["count(*) AS samples", *counts, *(f"{found[each]} AS {each}" for each in self.aggregates)]
        listed = ", ".join(["strip", '"window"', *self.keys])
        return f"SELECT {listed}, {', '.join(asked)} FROM ({self._rows(relation)}) GROUP BY {listed}"

    def _summed(self, cells: str) -> list[str]:
        """SQL: the aggregates of several cells together."""
        joined = {
            "total": self.dialect.total(f"{cells}.total"),
            "least": f"min({cells}.least)",
            "most": f"max({cells}.most)",
        }
        asked = ("samples", *self.counts, *self.aggregates)
        return [f"{joined.get(each, f'CAST(sum({cells}.{each}) AS BIGINT)')} AS {each}" for each in asked]

    def _texts_of(self, rows: str, by: str) -> str:
        """SQL: joins of rows to the texts of their groups, by `number` or `text`."""
        return "".join(
            f" JOIN (SELECT DISTINCT number, text FROM {self.texts[d]}) {name(f'text_{d}')}"
            f" ON {name(f'text_{d}')}.{by} = {rows}.{name(f'key_{d}')}"
            for d in self.shape.per
            if d in self.texts
        )

    def _groups(self) -> dict[int, Keys]:
        """Numbers the groups in order; 0 is the group without values."""
        keys = ", ".join(self.keys)
        if not keys:
            self._make("groups", "SELECT 0 AS \"group\", '' AS said")
            return {0: ()}
        said = {d: name(f"said_{d}") for d in self.shape.per}
        listed = ", ".join(
            f"{name(f'text_{d}')}.text AS {said[d]}" if d in self.texts else f"c.{key} AS {said[d]}"
            for d, key in zip(self.shape.per, self.keys, strict=True)
        )
        ordered = ", ".join(said.values())
        written = " || ".join(f"chr(31) || {text(f'{d}=')} || {shown}" for d, shown in said.items())
        self._make(
            "groups",
            f'SELECT *, {written} AS said, row_number() OVER (ORDER BY {ordered}) AS "group" FROM'
            f" (SELECT c.*, {listed} FROM (SELECT DISTINCT {keys} FROM {self.table['firsts']}) c{self._texts_of('c', 'number')})",
        )
        return {
            0: (),
            **{row[-1]: row[:-1] for row in self.engine.rows(f'SELECT {ordered}, "group" FROM {self.table["groups"]}')},
        }

    def _by_view(self, relation: str) -> str:
        """SQL: the rows of a relation with strips, for each view that has the strip, and with the number of their group."""
        join = (
            f"JOIN {self.table['groups']} g USING ({', '.join(self.keys)})"
            if self.shape.per
            else f"CROSS JOIN {self.table['groups']} g"
        )
        return f"{relation} c JOIN {self.table['views']} v ON c.strip = v.strip {join}"

    def _see(self) -> None:
        """The aggregates of each view, for each group in each window from the one in which it is first seen."""
        asked = ("samples", *self.counts, *self.aggregates)
        listed, together = ", ".join(self._summed("c")), ' GROUP BY v.view, g."group", c."window"'
        if not self.shape.parts and all(len(strips) == 1 for strips in self.layout.views):
            listed, together = ", ".join(asked), ""
        by_view = self.engine.create(
            f'SELECT v.view, g."group", c."window", {listed} FROM {self._by_view(self.table["cells"])}{together}',
            stays=True,
        )
        begun = (
            f'SELECT f.view, g."group", f.first FROM {self.table["firsts"]} f'
            f" JOIN {self.table['groups']} g USING ({', '.join(self.keys)})"
            f" UNION ALL SELECT DISTINCT view, 0, 0 FROM {self.table['views']} WHERE view NOT IN (SELECT view FROM {self.table['firsts']})"
            if self.shape.per
            else f'SELECT DISTINCT view, 0 AS "group", 0 AS first FROM {self.table["views"]}'
        )
        judged = numbered("w.number", self.judged, len(self.shape.windows))
        self._make(
            "seen",
            f'SELECT b.view, b."group", w.number AS "window", {", ".join(f"c.{each}" for each in asked)} FROM ({begun}) b'
            f" JOIN {self.table['windows']} w ON w.number >= b.first{judged}"
            f' LEFT JOIN {by_view} c ON c.view = b.view AND c."group" = b."group" AND c."window" = w.number',
        )
        self.engine.drop([by_view])

    # --- what comes out

    def read(self, exact: bool = False, places: Sequence[int] | None = None) -> pa.Table:
        """The findings as `Bulk` wants them; with `exact`, the value as `numerator` and `denominator`, in steps. They are
        sorted for as many rules at once as there is room for."""
        import pyarrow as pa

        return pa.concat_tables(
            self.engine.table(f'{self.query(exact, some)} ORDER BY rule, "group", "window"')
            for some in self._at_once([each.place for each in self.rules] if places is None else places)
        )

    def _at_once(self, places: Sequence[int]) -> Iterator[Sequence[int]]:
        """The places of rules, in as many parts as have room."""
        room, begun, together = self.engine.room(), 0, 0
        seen: dict[int, int] = dict(self.engine.rows(f"SELECT view, count(*) FROM {self.table['seen']} GROUP BY view"))
        sizes = {
            each.place: _FINDING * seen.get(view, 0) for each, view in zip(self.rules, self.layout.view_of, strict=True)
        }
        ordered = sorted(places)
        for number, place in enumerate(ordered):
            if room is not None and together and together + sizes[place] > room:
                yield ordered[begun:number]
                begun, together = number, 0
            together += sizes[place]
        yield ordered[begun:]

    def count(self) -> pa.Table:
        """How many findings there are of each rule and verdict. No percentile is read."""
        judged = self._judged(values=False, places=None)
        return self.engine.table(f"SELECT rule, verdict, count(*) AS many FROM ({judged}) GROUP BY rule, verdict")

    def query(self, exact: bool = False, places: Sequence[int] | None = None) -> str:
        """SQL: the findings, in no order."""
        if self.ranks:
            self._observe()
        columns = ["rule", '"group"', '"window"', "verdict", "because", "coalesce(samples, 0) AS samples"]
        columns += [f"{_rounded(self.dialect, 'numerator', 'denominator')} AS value", f"{self._id()} AS id"]
        columns += ["numerator", "denominator"] if exact else []
        return (
            f"SELECT {', '.join(columns)} FROM ({self._judged(values=True, places=places)}) j"
            f' JOIN {self.table["windows"]} w ON w.number = j."window"'
            f' LEFT JOIN (SELECT "group" AS grouped_by, said FROM {self.table["groups"]}) g ON g.grouped_by = j."group"'
        )

    def _observe(self) -> None:
        """Reads what each percentile came to, once."""
        if "observed" in self.table:
            return
        read = self._percentiles()
        self._make("observed", " UNION ALL ".join(f"SELECT * FROM {table}" for table in read))
        self.engine.drop(read)
        ranks = ", ".join(f"o.r{place}" for place in range(len(self.ranks)))
        self._make(
            "ranked",
            f"SELECT s.*, {ranks} FROM {self.table['seen']} s LEFT JOIN {self.table['observed']} o"
            ' ON o.view = s.view AND o."group" = s."group" AND o."window" = s."window"',
        )

    def _percentiles(self) -> list[str]:
        """Tables of what percentiles came to, by view, group and window."""
        return self._ranked(range(len(self.shape.windows)))

    def _ranked(self, windows: Iterable[int]) -> list[str]:
        """Tables of what percentiles came to in some windows, by view, group and window.

        All samples of a group in a window are held at once, so there is a query for as many windows as there is room
        for, and several for a window that is too large, each for some of its groups.
        """
        ranked = sorted({self.layout.view_of[n] for n, each in enumerate(self.rules) if each.need.rank is not None})
        strips = ", ".join(str(strip) for strip in sorted({s for view in ranked for s in self.layout.views[view]}))
        listed = f'SELECT {", ".join(["strip", *self.keys])}, "window", steps FROM'
        read = []
        for first, last, parts in self._portions(windows, ranked):
            rows = f'({listed} ({self._rows(self._only(first, last))}) WHERE "window" >= 0 AND strip IN ({strips}))'
            for part in range(parts):
                some = f' WHERE (v.view + g."group") % {parts} = {part}' if parts > 1 else ""
                keyed = f'(SELECT v.view, g."group", c."window", c.steps FROM {self._by_view(rows)}{some})'
                found = self.dialect.nearest_ranks(("view", '"group"', '"window"'), "steps", self.ranks, keyed)
                read.append(self.engine.create(found, stays=True))
        return read

    def _portions(self, windows: Iterable[int], views: Sequence[int]) -> Iterator[tuple[int, int, int]]:
        """Windows that follow each other, the first and the last, and in how many parts their groups are read."""
        room = self.engine.room()
        held: dict[int, int] = dict(
            self.engine.rows(
                f'SELECT "window", CAST(sum({_VALUE} * samples + {_STATE}) AS BIGINT) FROM {self.table["seen"]}'
                f' WHERE samples > 0 AND view IN ({", ".join(map(str, views))}) GROUP BY "window"'
            )
        )
        for first, last in _stretches(windows):
            begun, together = first, 0
            for window in range(first, last + 1):
                size = held.get(window, 0)
                if room is not None and together and together + size > room:
                    yield begun, window - 1, -(-together // room)
                    begun, together = window, 0
                together += size
            yield begun, last, 1 if room is None else max(1, -(-together // room))

    def _only(self, first: int, last: int) -> str:
        """SQL: the rows of some windows that follow each other."""
        if (first, last) == (0, len(self.shape.windows) - 1):
            return self.shape.relation
        start, end = self.shape.windows[first].start, self.shape.windows[last].end
        return f'(SELECT * FROM {self.shape.relation} WHERE "time" >= {start} AND "time" < {end})'

    def _judged(self, values: bool, places: Sequence[int] | None) -> str:
        """SQL: the verdict on each rule, group and window; with `values`, what each came to."""
        called = ("rules", "wide rules")
        return " UNION ALL ".join(self._judged_by(each, values, places) for each in called if each in self.table)

    def _judged_by(self, called: str, values: bool, places: Sequence[int] | None) -> str:
        one, two = self._picked("r.one"), self._picked("r.two")
        of = "".join(f" WHEN {_OF.index(name)} THEN s.{name}" for name in self.aggregates)
        first = f"r.by_samples * s.samples + r.by_one * {one} + r.alone"
        apart = f"{first} + r.by_two * {two}"
        if called == "wide rules" and of:
            aggregate = self.dialect.whole(f'CASE r."of"{of} ELSE 0 END')
            apart = f"{apart} + r.by_of * {aggregate}"
        if any(each.need.rank is not None and len(each.need.counts) == 2 for each in self.rules):
            second = f"r.by_samples * s.samples + r.by_two * {two}"
            apart = f"CASE WHEN r.twice THEN greatest({second}, 0) + least({first}, 0) ELSE {apart} END"
        columns = ["r.rule", "r.named", 's."group"', 's."window"', "s.samples", *(f"r.{each}" for each in _JUDGING)]
        opened = next((n for n, each in enumerate(self.shape.windows) if each.end > self.ctx.as_of), None)
        columns += ["FALSE AS opened" if opened is None else f's."window" >= {opened} AS opened', f"{apart} AS apart"]
        found = ["rule", "named", '"group"', '"window"', "samples"]
        source = f"{self.table['ranked' if values and self.ranks else 'seen']} s JOIN {self.table[called]} r ON r.view = s.view"
        if places is not None and len(places) < len(self.rules):
            source += f" AND r.rule IN ({', '.join(map(str, places)) or 'NULL'})"
        if values:
            counted = self.dialect.whole(f'r."all" * s.samples + r.one_times * {one} + r.two_times * {two}')
            value = f'CASE r."of" WHEN 0 THEN {counted} * {_GRID}{of} END'
            if self.ranks:
                picked = " ".join(f"WHEN {place} THEN s.r{place}" for place in range(len(self.ranks)))
                value = f"CASE WHEN r.rank_place >= 0 THEN CASE r.rank_place {picked} END ELSE {value} END"
            columns += [f"{value} AS numerator", 'CASE WHEN r."each" THEN s.samples ELSE 1 END AS denominator']
            found += ["numerator", "denominator"]
        held = "CASE WHEN apart < 0 THEN below WHEN apart = 0 THEN same WHEN apart > 0 THEN above END AS held"
        sided = f"SELECT *, {held}, samples IS NULL OR samples < least_samples AS few FROM (SELECT {', '.join(columns)} FROM {source})"
        return (
            f"SELECT {', '.join(found)}, CASE WHEN few THEN CASE WHEN opened THEN 4 WHEN excused THEN 2 ELSE 3 END"
            " WHEN NOT opened THEN CASE WHEN held THEN 0 ELSE 1 END"
            " WHEN held AND sure_met THEN 0 WHEN NOT held AND sure_breached THEN 1 ELSE 4 END AS verdict,"
            ' CASE WHEN few AND opened THEN 4 WHEN few AND excused THEN 5 WHEN few AND grouped AND "group" = 0 THEN 3'
            " WHEN few AND samples > 0 THEN 2 WHEN few THEN 1"
            " WHEN opened AND NOT CASE WHEN held THEN sure_met ELSE sure_breached END THEN 4 ELSE 0 END AS because"
            f" FROM ({sided})"
        )

    def _id(self) -> str:
        """SQL: the id of a finding, as `Finding` has it."""
        said = "j.named || coalesce(g.said, '') || w.stretch"
        return f"left({self.dialect.digest(said)}, 12)"

    def _picked(self, place: str) -> str:
        """SQL: the count in the column whose number is in a column of the rule."""
        if not self.counts:
            return "0"
        return f"CASE {place} {' '.join(f'WHEN {n} THEN s.{column}' for n, column in enumerate(self.counts))} END"


_OF = ("counted", *_AGGREGATES)
_JUDGING = ("least_samples", "below", "same", "above", "excused", "grouped", "sure_met", "sure_breached")
_RULE_COLUMNS = {
    **dict.fromkeys(
        ("rule", "view", "of", "one", "two", "least_samples", "rank_place", "all", "one_times", "two_times"), TIME
    ),
    **dict.fromkeys(("each", "twice", *_JUDGING[1:]), TRUTH),
    "named": TEXT,
}
_APART_COLUMNS = ("by_of", "by_samples", "by_one", "by_two", "alone")
_FINDING = 256
"""Bytes for a finding that is sorted."""
_VALUE, _STATE = 32, 512
"""Bytes for a sample, and for a group in a window, whose percentile is looked for."""
_LONGEST, _WIDEST = 2**63 - 1, 10**38 - 1


def _rounded(dialect: Dialect, numerator: str, denominator: str) -> str:
    """SQL: the quotient of whole numbers (the second positive), rounded half-even to a whole number."""
    size = f"abs({numerator})"
    whole, rest = f"({dialect.wide_quotient(size, denominator)})", f"({size} % {denominator})"
    up = f"CASE WHEN 2 * {rest} > {denominator} OR (2 * {rest} = {denominator} AND {whole} % 2 = 1) THEN 1 ELSE 0 END"
    return f"CASE WHEN {denominator} = 1 THEN {numerator} WHEN {numerator} < 0 THEN -({whole} + {up}) ELSE {whole} + {up} END"
