"""Findings about cases (an event, a record, an interval), judged in SQL: one row for each.

Few become findings at once. Many, after which nothing follows, stay with the data: how many there are of each verdict
is counted there, and a finding is made when it is looked at.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from functools import cached_property
from typing import TYPE_CHECKING

from tallystick.evaluation.bulk import FEW, VERDICTS, InColumns
from tallystick.evaluation.context import Context, Judgement, Table
from tallystick.evaluation.dialect import NO_TEXT, Dialect, number_text, text
from tallystick.evaluation.engine import Engine, Row
from tallystick.evaluation.finding import Evidence, Finding, Verdict
from tallystick.evaluation.judging import judgement
from tallystick.evaluation.numbers import shown
from tallystick.evaluation.rows import dimension, labels
from tallystick.evaluation.windows import Stretch
from tallystick.quantities import Unit
from tallystick.rules.rule import Rule

if TYPE_CHECKING:
    import pyarrow as pa


NO_TIME = "CAST(NULL AS BIGINT)"
"""SQL of an instant or a length of time that there is not."""


def placed(of: Verdict) -> str:
    """SQL of a verdict, as cases have it: its place among all."""
    return str(VERDICTS.index(of))


@dataclass(frozen=True)
class Witness:
    """Further evidence of each case: a row of a source at the instant in a column (none where that is NULL), which has
    the case's texts in `matching`, and some of its own."""

    source: str
    column: str
    matching: tuple[str, ...] = ()
    texts: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Quick:
    """A quicker way to count verdicts than to judge each case.

    `rows` is SQL with at least as many rows as there are findings that one of them decides; `verdicts` gives, from their
    number, how many findings there are of each verdict, or None where it cannot tell.
    """

    rows: str
    verdicts: Callable[[int], Counter[Verdict] | None]


@dataclass(frozen=True)
class Cases:
    """The cases of a rule. `sql` has a row for each, with the columns

    `label_0` … (the group), `start`, `end`, `verdict`, `because` and `excuse` (texts, perhaps empty), `value` (a time in
    microseconds, or NULL), `samples`, `performed` (as in a judgement), `cased` (whether it is about a row of `table`,
    which happened at `start`), `about_0` … (the texts and numbers of that row, as `telling` gives them), and those of the
    witnesses.

    `threshold` and `unit` are those of a case that is about a row. Without any case the findings are `otherwise`.
    """

    rule: Rule
    sql: str
    table: Table | None = None
    witnesses: tuple[Witness, ...] = ()
    threshold: Fraction | None = None
    unit: Unit | None = None
    otherwise: tuple[Judgement, ...] = ()
    quick: Quick | None = None

    @property
    def labels(self) -> list[str]:
        """The columns of the group."""
        return _labels(self.rule)

    @cached_property
    def told(self) -> list[tuple[str, str]]:
        """What a case's row tells: names, and the columns that have it."""
        if self.table is None:
            return []
        return list(zip((*self.table.dimensions, *self.table.units), about(self.table), strict=True))

    @property
    def columns(self) -> list[str]:
        """All columns, as `judgement` reads them."""
        fixed = ["start", '"end"', "verdict", "because", "excuse", "value", "samples", "performed", "cased"]
        return [*fixed, *self.labels, *(column for _, column in self.told), *(each.column for each in self.witnesses)]

    def judgement(self, row: Row) -> Judgement:
        """A row as a finding."""
        (start, end, place, because, excuse, value, samples, performed, cased), rest = row[:9], row[9:]
        labels, rest = rest[: len(self.labels)], rest[len(self.labels) :]
        own, witnessed = rest[: len(self.told)], rest[len(self.told) :]
        values = tuple((each, said) for (each, _), said in zip(self.told, own, strict=True) if said is not None)
        found = VERDICTS[place]
        return judgement(
            self.rule,
            labels,
            Stretch(start, end),
            found,
            exact=None if value is None else Fraction(value),
            threshold=self.threshold if cased else None,
            unit=self.unit if cased else None,
            samples=samples,
            decided=end,
            because=because,
            excuse=excuse,
            case=Evidence(self.table.id, start, values) if cased and self.table is not None else None,
            evidence=tuple(self._witnessed(dict(values), witnessed)),
            performed=performed,
        )

    def _witnessed(self, values: dict[str, str], instants: Sequence[int | None]) -> Iterator[Evidence]:
        for witness, at in zip(self.witnesses, instants, strict=True):
            if at is not None:
                matched = tuple((d, values[d]) for d in witness.matching if d in values)
                yield Evidence(witness.source, at, (*matched, *witness.texts))

    def judgements(self, engine: Engine) -> list[Judgement]:
        """All findings."""
        rows = engine.rows(f"SELECT {', '.join(self.columns)} FROM ({self.sql})")
        return [self.judgement(row) for row in rows] or list(self.otherwise)

    @property
    def shown_threshold(self) -> Decimal | None:
        """The threshold of a case about a row, as it is shown."""
        return None if self.threshold is None or self.unit is None else shown(self.threshold, self.unit.factor)

    @property
    def order(self) -> str:
        """SQL: how findings stand, by group, start, end, verdict, samples and what they are about.

        What is told is compared as pairs of name and text, those that are missing left out: by which name comes next, and
        then by the text. Equal cases have equal witnesses.
        """
        ranks = {each: place for place, each in enumerate(sorted(of for of, _ in self.told), 1)}
        names = sorted(range(len(VERDICTS)), key=lambda place: VERDICTS[place].value)
        verdicts = " ".join(f"WHEN {place} THEN {rank}" for rank, place in enumerate(names))
        told = [
            part
            for i, (_, column) in enumerate(self.told)
            for part in (
                "CASE "
                + " ".join(f"WHEN {later} IS NOT NULL THEN {ranks[of]}" for of, later in self.told[i:])
                + " ELSE 0 END",
                column,
            )
        ]
        return ", ".join([*self.labels, "start", '"end"', f"CASE verdict {verdicts} END", "samples", *told, "cased"])

    def id(self, dialect: Dialect) -> str:
        """SQL: the id of a finding, as `Finding` has it."""
        pairs = [
            *(f"chr(31) || {text(f'{d}=')} || {column}" for d, column in zip(self.rule.per, self.labels, strict=True)),
            *(f"CASE WHEN {column} IS NULL THEN '' ELSE chr(31) || {text(f'{of}=')} || {column} END" for of, column in self.told),
        ]  # fmt: skip
        window = 'chr(31) || CAST(start AS STRING) || chr(31) || CAST("end" AS STRING)'
        return f"left({dialect.digest(' || '.join([text(self.rule.id), *pairs, window]))}, 12)"


def labelled(table: Table, per: Iterable[str]) -> str:
    """SQL: the columns `label_0` … of the rows `t` of a source, with a comma before each."""
    return "".join(f", {label} AS label_{i}" for i, label in enumerate(labels(table, per)))


def telling(table: Table) -> str:
    """SQL: the columns `about_0` … of the rows of a source, each a text as evidence shows it, with a comma before each."""
    numbers = [number_text(str(table.column(attribute))) for attribute in table.units]
    columns = [*(dimension(d) for d in table.dimensions), *numbers]
    return "".join(f", {column} AS about_{i}" for i, column in enumerate(columns))


def about(table: Table) -> list[str]:
    """The columns that `telling` names."""
    return [f"about_{i}" for i in range(len(table.dimensions) + len(table.units))]


def case_rows(
    rule: Rule,
    table: Table,
    rows: str,
    *,
    start: str,
    end: str,
    verdict: str,
    because: str,
    excuse: str,
    value: str = NO_TIME,
    samples: str = "1",
    performed: str = NO_TIME,
    witnesses: Sequence[str] = (),
) -> str:
    """SQL of cases about rows of a source, from expressions over `rows`, which have the columns `labelled` and `telling`."""
    given = {"start": start, '"end"': end, "verdict": verdict, "because": because, "excuse": excuse, "value": value}
    given |= {"samples": samples, "performed": performed, "cased": "TRUE"}
    own = ", ".join(f"{sql} AS {column}" for column, sql in given.items())
    kept = "".join(f", {column}" for column in [*_labels(rule), *about(table), *witnesses])
    return f"SELECT {own}{kept} FROM ({rows})"


def rest_rows(ctx: Context, rule: Rule, table: Table, rows: str, because: str = "''") -> str:
    """SQL of the cases about no single row: one for each group and verdict, with how many `rows` it has.

    The rows have the columns `labelled`, and their `verdict`, from which `because` follows.
    """
    given = {"start": str(ctx.evaluated.start), '"end"': str(ctx.evaluated.end), "verdict": "verdict"}
    given |= {"because": because, "excuse": "''", "value": NO_TIME, "samples": "count(*)", "performed": NO_TIME}
    own = ", ".join(f"{sql} AS {column}" for column, sql in given.items())
    kept = "".join(f", {column}" for column in _labels(rule))
    untold = "".join(f", {NO_TEXT} AS {column}" for column in about(table))
    return f"SELECT {own}, FALSE AS cased{kept}{untold} FROM ({rows}) GROUP BY verdict{kept}"


def _labels(rule: Rule) -> list[str]:
    return [f"label_{i}" for i in range(len(rule.per))]


@dataclass(frozen=True)
class CaseFindings(InColumns):
    """The findings of cases that stay with the data: it is asked whenever they are looked at."""

    engine: Engine
    rule: Rule
    cases: Cases
    numbers: Counter[Verdict]

    def __len__(self) -> int:
        return self.numbers.total()

    def counted(self) -> Counter[Verdict]:
        """How many there are of each verdict."""
        return self.numbers

    def only(self, verdicts: Iterable[Verdict]) -> Iterator[Finding]:
        """Those with one of the verdicts, in order."""
        places = ", ".join(placed(each) for each in verdicts) or "NULL"
        found = self._read(f" WHERE verdict IN ({places})")
        yield from self._made(found)

    def part(self, start: int, length: int) -> Iterator[Finding]:
        """Some of them, in order."""
        yield from self._made(self._whole.slice(start, length))

    @cached_property
    def _whole(self) -> pa.Table:
        return self._read("")

    def _read(self, condition: str, *more: str) -> pa.Table:
        listed = ", ".join([*self.cases.columns, *more])
        return self.engine.table(f"SELECT {listed} FROM ({self.cases.sql}){condition} ORDER BY {self.cases.order}")

    def _made(self, rows: pa.Table) -> Iterator[Finding]:
        for batch in rows.to_batches(max_chunksize=10_000):
            columns = [column.to_pylist() for column in batch.columns]
            yield from (self.cases.judgement(row).finding for row in zip(*columns, strict=True))

    def named(self, *more: str) -> pa.Table:
        """The whole table with the `id` of each finding, and with more columns that SQL says."""
        return self._read("", f"{self.cases.id(self.engine.dialect)} AS id", *more)


def verdicts_of(engine: Engine, sql: str) -> Counter[Verdict]:
    """The rows of a query as numbers of verdicts: the place of each, and how many there are."""
    return Counter({VERDICTS[place]: int(number) for place, number in engine.rows(sql)})


def lying(ctx: Context, cases: Cases) -> CaseFindings | None:
    """The findings of many cases where they lie; None for few, which are better made at once."""
    numbers: Counter[Verdict] | None = None
    if cases.quick is not None:
        [(rows,)] = ctx.engine.rows(f"SELECT count(*) FROM ({cases.quick.rows})")
        if rows <= FEW:
            return None
        numbers = cases.quick.verdicts(rows)
    if numbers is None:
        numbers = verdicts_of(ctx.engine, f"SELECT verdict, count(*) FROM ({cases.sql}) GROUP BY verdict")
    return CaseFindings(ctx.engine, cases.rule, cases, numbers) if numbers.total() > FEW else None
