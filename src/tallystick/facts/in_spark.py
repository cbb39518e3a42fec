"""Tables of Spark, and Parquet files that it can reach, whose columns are already instants, numbers and texts.

They are read where they lie. One pass over each counts its rows and sets aside those that cannot be read, for the
reasons of `checks`; no row of them comes to this machine.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from fractions import Fraction
from functools import reduce
from typing import TYPE_CHECKING, Any, TypeVar

from tallystick.facts.binding import Format, Match, Table
from tallystick.facts.checks import ABOUT_PATTERN, FIRST_TIME, LAST_TIME, number_cell, rate_of
from tallystick.facts.declared import Source, Sources, units
from tallystick.facts.problem import Problem
from tallystick.facts.sql import EPOCHS, ISO
from tallystick.facts.tables import SetAside, Shape, table_name
from tallystick.quantities import Kind, known_unit
from tallystick.rules.measure import SeriesKind
from tallystick.rules.rulebook import ABOUT, WAIVER, EventData, MetricData, RecordData

if TYPE_CHECKING:
    from pyspark.sql import Column, DataFrame, SparkSession
    from pyspark.sql.types import DataType

Key = tuple[SeriesKind, str]
T = TypeVar("T")
_Counted = Sequence[Mapping[str, Any]]

_GRID = 10**9
_MOST = 9 * 10**9
"""Numbers of this size and more do not fit into 64 bits as steps of 10^-9."""
_LARGEST = 10**18
_SMALL = 2.0**22
"""Below it no decimal of nine places gives back a binary number that lies at the middle of two of them."""
_UNIQUE, _UNITS = 2.0**19, 2**33
"""Below the first no two decimals of ten places give the same binary number; from it on every such number is a whole
number of parts of one, of which there are so many."""
_GLOB = set("*?[]{}\\")


@dataclass
class InSpark:
    """What lies in Spark: the shapes of metrics, the sources with a canonical view, how many rows each has before
    as-of, what was set aside, and what is wrong with tables that can be read in no other way."""

    shapes: dict[Key, Shape] = field(default_factory=dict)
    read: dict[Key, int] = field(default_factory=dict)
    set_aside: list[SetAside] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)


class _NotPlain(Exception):
    """A table needs the careful reader; the message says what for."""


@dataclass(frozen=True)
class _Number:
    """A number of each row: in steps of 10^-9, as it was given, and conditions under which it cannot be read: not a
    finite number, too large, or only by the careful reader."""

    steps: Column
    given: Column
    unread: Column
    large: Column
    careful: Column
    wide: bool


def read_in_spark(
    session: SparkSession, tables: Iterable[Table], sources: Sources, environments: Sequence[str], as_of: int | None
) -> InSpark:
    """Reads the tables that Spark has, and those Parquet files that are plain. The others are left to `reading`."""
    found = InSpark()
    together: dict[object, list[Table]] = {}
    for table in tables:
        if table.catalog or _reachable(table):
            metric = isinstance(sources[table.kind, table.name], MetricData)
            together.setdefault(_layout(table) if metric else (table.kind, table.name), []).append(table)
    for number, members in enumerate(together.values()):
        try:
            _Relation(session, f"tally_lying_{number}", members, sources, environments, as_of).into(found)
        except _NotPlain as reason:
            found.problems += [
                Problem(table.place, f"the table `{table.catalog}` is read where it lies, and {reason}.")
                for table in members
                if table.catalog
            ]
    return found


def _reachable(table: Table) -> bool:
    """Whether its files can be given to Spark by their names."""
    return all(file.format is Format.PARQUET and not _GLOB & set(str(file.path)) for file in table.files)


def _layout(table: Table) -> tuple[object, ...]:
    """What metrics must share to lie together."""
    apart = {"where", "name", "kind", "place"} if _is_one(table) else {"place"}
    return (*(table.where if _is_one(table) else ()), table.model_dump_json(exclude=apart))


def _is_one(table: Table) -> bool:
    """Whether one text of one column tells its rows apart."""
    return len(table.where) == 1 and all(len(match.values) == 1 and not match.negated for match in table.where.values())


class _Relation:
    """The rows of one table of Spark, for the sources that are bound to it."""

    def __init__(
        self,
        session: SparkSession,
        view: str,
        members: Sequence[Table],
        sources: Sources,
        environments: Sequence[str],
        as_of: int | None,
    ) -> None:
        self.session, self.view, self.members, self.as_of = session, view, members, as_of
        self.environments = environments
        self.table = members[0]
        self.sources = {table.name: sources[table.kind, table.name] for table in members}
        self.source: Source = self.sources[self.table.name]
        self.frame = self._frame()
        self.types = {each.name: each.dataType for each in self._asked(lambda: self.frame.schema.fields)}

    def into(self, found: InSpark) -> None:
        """Looks at all rows once, and makes the views of the sources."""
        _plain(self.table, self.sources.values())
        from pyspark.sql import functions as f

        rows = self._judged()
        known = f.lit(True) if self.as_of is None else f.col("begin") < self.as_of
        read = f.count(f.when(f.col("reason").isNull() & known, 1))
        looked = rows.groupBy("source", "reason").agg(
            f.count(f.lit(1)).alias("rows"),
            read.alias("read"),
            f.min("example").alias("example"),
            f.count(f.when(f.col("careful"), 1)).alias("careful"),
        )
        counted = [row.asDict() for row in self._asked(looked.collect)]
        if any(row["careful"] for row in counted):
            raise _NotPlain(
                f"{sum(row['careful'] for row in counted):,} of its numbers have more digits than are exact in a"
                " binary number: store them as DECIMAL(38, 9)"
            )
        if any(row["reason"] for row in counted):
            rows = rows.where(f.col("reason").isNull())
        if isinstance(self.source, MetricData):
            self._metrics(rows, found, counted)
        else:
            self._rows_of_one(rows, found, counted)

    # --- what Spark has

    def _frame(self) -> DataFrame:
        if self.table.catalog:
            return self._asked(lambda: self.session.table(self.table.catalog))
        return self._asked(lambda: self.session.read.parquet(*(str(file.path) for file in self.table.files)))

    def _asked(self, ask: Callable[[], T]) -> T:
        from pyspark.errors import PySparkException

        try:
            return ask()
        except PySparkException as error:
            raise _NotPlain(f"Spark says of it: {str(error).strip().splitlines()[0]}") from error

    def _column(self, named: str | None) -> tuple[Column, DataType]:
        from pyspark.sql import functions as f

        if named not in self.types:
            known = ", ".join(f"`{each}`" for each in self.types)
            raise _NotPlain(f"it has no column `{named}`. Its columns: {known}")
        return f.col("`" + named.replace("`", "``") + "`"), self.types[named]

    # --- each row

    def _judged(self) -> DataFrame:
        """`source`, `begin`, `end`, `s0` … (numbers in steps), `d_…`, `careful`; and why a row cannot be read, with
        the text that shows it."""
        from pyspark.sql import functions as f

        table, nothing = self.table, f.lit(None).cast("string")
        checks: list[tuple[Column, str, Column]] = []
        picked = [self._apart().alias("source")]
        instants = {"begin": table.begin, **({"end": table.end} if table.end else {})}
        for side, each in instants.items():
            raw, kind = self._column(each.column)
            at = _instant(raw, kind, table)
            if side == "begin":
                checks.append((raw.isNull(), "no time", f.lit("")))
            outside = f.coalesce(~at.between(FIRST_TIME, LAST_TIME), f.lit(True))
            checks.append((raw.isNotNull() & outside, "bad time", raw.cast("string")))
            picked.append(at.alias(f"tally_{side}"))
        optional = self.source.optional if isinstance(self.source, EventData | RecordData) else ()
        for name, each in sorted(table.dimensions.items()):
            text = self._text(each.column)
            picked.append(text.alias(f"d_{name}"))
            if name not in optional:
                checks.append((text.isNull(), f"no {name}", f.lit("")))
            if name == ABOUT:
                checks.append((~text.rlike(f"^({ABOUT_PATTERN})$"), "about no breach", text))
            if name == "environment" and self.environments:
                checks.append((~text.isin(list(self.environments)), "unknown environment", text))
        careful = f.lit(False)
        for place, name in enumerate(units(self.source)):
            number = _number(*self._column(number_cell(table, name).column))
            picked.append(number.steps.alias(f"s{place}"))
            careful = careful | f.coalesce(number.careful, f.lit(False))
            checks += self._number_checks(name, number)
        if table.end:
            checks.append((f.col("tally_end") < f.col("tally_begin"), "end before begin", nothing))
        early = reduce(lambda chain, check: chain.when(check[0], check[1]), checks, f.when(f.lit(False), nothing))
        shown = reduce(lambda chain, check: chain.when(check[0], check[2]), checks, f.when(f.lit(False), nothing))
        passed = self._where()
        rows = self.frame if passed is None else self.frame.where(passed)
        instants_first = rows.select("*", *picked[1 : 1 + len(instants)])
        return instants_first.select(
            picked[0],
            *(f.col(f"tally_{side}").alias(side) for side in instants),
            *picked[1 + len(instants) :],
            careful.alias("careful"),
            early.alias("reason"),
            shown.alias("example"),
        )

    def _text(self, named: str | None) -> Column:
        from pyspark.sql import functions as f

        raw, kind = self._column(named)
        if kind.typeName() not in ("string", "byte", "short", "integer", "long"):
            raise _NotPlain(f"`{named}` is of type {kind.simpleString()}: a dimension is a text")
        trimmed = f.trim(raw.cast("string"))
        return f.when(trimmed != "", trimmed)

    def _apart(self) -> Column:
        """The raw text that tells metrics apart."""
        from pyspark.sql import functions as f

        if not (isinstance(self.source, MetricData) and _is_one(self.table)):
            return f.lit("")
        named = next(iter(self.table.where))
        self._text(named)
        return f.coalesce(self._column(named)[0].cast("string"), f.lit(""))

    def _where(self) -> Column | None:
        """The condition for rows that the binding takes, where it is no matter of telling metrics apart."""
        from pyspark.sql import functions as f

        if not self.table.where or (isinstance(self.source, MetricData) and _is_one(self.table)):
            return None

        def meets(named: str, match: Match) -> Column:
            inside = f.coalesce(self._text(named), f.lit("")).isin([each.strip(" ") for each in match.values])
            return ~inside if match.negated else inside

        return reduce(lambda one, other: one & other, (meets(*each) for each in self.table.where.items()))

    def _number_checks(self, name: str, number: _Number) -> Iterable[tuple[Column, str, Column]]:
        from pyspark.sql import functions as f

        is_metric, text = isinstance(self.source, MetricData), number.given.cast("string")
        label = "" if is_metric else f" in {name}"
        if is_metric:
            yield number.given.isNull(), "no value", f.lit("")
        yield number.unread, f"not a number{label}", text
        yield number.large, f"a number too large{label}", text
        by_kind: dict[Kind, list[str]] = {}
        for table in self.members:
            kind = known_unit(units(self.sources[table.name])[name]).kind
            by_kind.setdefault(kind, []).append(_text_of(table))
        for kind, texts in by_kind.items():
            wrong = _outside(kind, number.given)
            if wrong is not None:
                own = f.trim(self._apart()).isin(texts) if len(by_kind) > 1 else f.lit(True)
                yield wrong[0] & own, f"{wrong[1]}{label}", text

    # --- what comes of them

    def _metrics(self, rows: DataFrame, found: InSpark, counted: _Counted) -> None:
        from pyspark.sql import functions as f

        dimensions = [f.col(f"d_{name}") for name in self.source.dimensions]
        wide = rows.schema["s0"].dataType.typeName() != "long"
        steps = f.col("s0").alias("steps")
        rows.select("source", f.col("begin").alias("time"), steps, *dimensions).createOrReplaceTempView(self.view)
        for table in self.members:
            own = [row for row in counted if row["source"].strip(" ") == _text_of(table)]
            raws = tuple(dict.fromkeys(row["source"] for row in own))
            same: dict[str | None, str] = {name: name for name in self.environments}
            shape = Shape(self.view, _text_of(table), raws, same, {}, wide=wide, copied=False)
            found.shapes[table.kind, table.name] = shape
            self._counted(table, found, own)

    def _rows_of_one(self, rows: DataFrame, found: InSpark, counted: _Counted) -> None:
        """The canonical view of an event or record."""
        from pyspark.sql import functions as f

        table = self.table
        if self.as_of is not None:
            rows = rows.where(f.col("begin") < self.as_of)
        begin = f.col("begin")
        times = [begin.alias("time")]
        if table.kind is SeriesKind.RECORD:
            known = f.lit(True) if self.as_of is None or table.name == WAIVER else f.col("end") < self.as_of
            times = [begin, f.when(known, f.col("end")).alias("end")]
        step = f.lit(Decimal("0.000000001"))
        values = [
            (f.col(f"s{place}").cast("decimal(29, 0)") * step).cast("decimal(38, 9)").alias(f"a_{name}")
            for place, name in enumerate(units(self.source))
        ]
        dimensions = [f.col(f"d_{name}") for name in self.source.dimensions]
        row = f.lit(None).cast("bigint").alias("row")
        rows.select(*times, *dimensions, *values, row).createOrReplaceTempView(table_name(table.kind, table.name))
        self._counted(table, found, counted)

    def _counted(self, table: Table, found: InSpark, own: _Counted) -> None:
        place = table.catalog or ", ".join(file.name for file in table.files)
        found.read[table.kind, table.name] = sum(row["read"] for row in own)
        found.set_aside += [
            SetAside(table.name, place, row["reason"], row["rows"], 0, (row["example"] or "")[:80])
            for row in sorted(own, key=lambda row: (row["reason"] or "", row["source"]))
            if row["reason"]
        ]


def _plain(table: Table, sources: Iterable[Source]) -> None:
    """Raises _NotPlain where a binding asks for more than columns as they are."""
    numbers = [number_cell(table, name) for source in sources for name in units(source)]
    cells = [table.begin, *([table.end] if table.end else []), *table.dimensions.values(), *numbers]
    if table.state or table.distinct:
        raise _NotPlain("its rows cannot be reduced by `distinct` or `state`: give a table that has them reduced")
    if any(each.column is None or each.values or each.default for each in cells):
        raise _NotPlain("its cells cannot be translated: give a table that has them as columns")
    for source in sources:
        if isinstance(source, MetricData) and source.places != 9:
            raise _NotPlain(f"`{source.id}` is rounded to {source.places} places: give a table that has it so")
        for name, declared in units(source).items():
            if rate_of(number_cell(table, name), declared) != Fraction(1):
                raise _NotPlain(f"`{name}` cannot be converted: give a table that has it in {declared}")


def _text_of(table: Table) -> str:
    """The text by which a metric's rows are told apart; empty where all are its own."""
    return next((match.values[0].strip(" ") for match in table.where.values()), "") if _is_one(table) else ""


def _instant(raw: Column, kind: DataType, table: Table) -> Column:
    """Microseconds since 1970 in UTC; NULL where they do not fit."""
    from pyspark.sql import functions as f

    name = kind.typeName()
    if table.time_format in EPOCHS and name in ("integer", "long") and EPOCHS[table.time_format] >= 1_000:
        return f.try_multiply(raw.cast("bigint"), f.lit(EPOCHS[table.time_format] // 1_000))
    if table.time_format == ISO and name == "timestamp" and table.timezone in (None, "UTC"):
        return f.unix_micros(raw)
    if table.time_format == ISO and name == "timestamp_ntz" and table.timezone == "UTC":
        return f.unix_micros(raw.cast("timestamp"))
    raise _NotPlain(f"its times are of type {kind.simpleString()}: give instants, or instants without zone in UTC")


def _number(raw: Column, kind: DataType) -> _Number:
    from pyspark.sql import functions as f
    from pyspark.sql.types import DecimalType

    name, never = kind.typeName(), f.lit(False)
    if name in ("byte", "short", "integer"):
        return _Number(raw.cast("bigint") * _GRID, raw, never, never, never, wide=False)
    if name == "long":
        steps = raw.cast("decimal(38, 0)") * f.lit(Decimal(_GRID))
        return _Number(steps.cast("decimal(38, 0)"), raw, never, f.abs(raw) >= _LARGEST, never, wide=True)
    if isinstance(kind, DecimalType):
        places = raw.try_cast("decimal(38, 9)")  # half away from zero, as numbers of a file are rounded
        fits = f.abs(places) < _LARGEST
        steps = f.when(fits, places * f.lit(Decimal(_GRID))).cast("decimal(38, 0)")
        narrow = kind.precision - kind.scale < 10
        large = raw.isNotNull() & ~f.coalesce(fits, never)
        return _Number(steps.cast("bigint") if narrow else steps, raw, never, large, never, wide=not narrow)
    if name == "double":
        return _binary(raw)
    raise _NotPlain(f"a number of it is of type {kind.simpleString()}: give a whole number, a DECIMAL or a DOUBLE")


def _binary(raw: Column) -> _Number:
    """A binary number in the steps that the shortest decimal text has which gives it back, half away from zero.

    The product below is off by at most 2^-52 of itself: where that cannot turn the nearest whole number into another it
    is taken. Else the text lies on that side of the middle of two steps on which the number lies. Where the number is
    the one that this middle gives, the text is a decimal of ten places: of those that give it back, the one nearest to its exact value.
    """
    from pyspark.sql import functions as f

    size = f.abs(raw)
    times = size * 1e9
    whole, nearest = f.rint(size) == size, f.rint(times)
    sure = f.abs(times - nearest) < 0.5 - times * 2.5e-16
    fits = size < float(_MOST)  # false of NaN, which is the greatest number here
    below = f.when(fits, f.floor(times)).cast("bigint")
    tenths = (below * 10 + 5).cast("decimal(20, 0)")
    middle = (tenths * f.lit(Decimal("0.0000000001"))).cast("string").cast("double")
    exactly = f.when(size < _SMALL, size * float(_UNITS)).cast("bigint").cast("decimal(20, 0)")
    nearer_below = (size >= _UNIQUE) & (
        exactly * f.lit(Decimal(2 * 10**10)) < (tenths * 2 - 1) * f.lit(Decimal(_UNITS))
    )
    beside = f.when((size > middle) | ((size == middle) & ~nearer_below), below + 1).otherwise(below)
    steps = (
        f.when(fits & whole, f.when(fits, size).cast("bigint") * _GRID)
        .when(fits & sure, f.when(fits, nearest).cast("bigint"))
        .when(size < _SMALL, beside)
    )
    infinite = f.isnan(raw) | (size == float("inf"))
    careful = raw.isNotNull() & ~infinite & (size < float(_LARGEST)) & steps.isNull()
    large = ~infinite & (size >= float(_LARGEST))
    return _Number(f.when(raw < 0, -steps).otherwise(steps), raw, infinite, large, careful, wide=False)


def _outside(kind: Kind, given: Column) -> tuple[Column, str] | None:
    """When a number is none of its kind, and what it is then."""
    from pyspark.sql import functions as f

    match kind:
        case Kind.FRACTION:
            return ~given.between(0, 1), "a fraction outside 0% to 100%"
        case Kind.COUNT:
            return (given < 0) | (given % 1 != f.lit(0)), "a count that is negative or not whole"
        case Kind.DURATION:
            return given < 0, "a negative duration"
        case Kind.BYTES:
            return given < 0, "a negative number of bytes"
        case Kind.SCORE | Kind.MONEY:
            return None
