"""Findings by the million: columns of numbers that become `Finding`s when they are looked at."""

from __future__ import annotations

from abc import ABC, abstractmethod
from bisect import bisect_right
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property
from itertools import accumulate, chain
from typing import TYPE_CHECKING, TypeVar, overload

from tallystick.evaluation.dialect import PLACES
from tallystick.evaluation.evaluation import CureState, CureStatus
from tallystick.evaluation.finding import Finding, Verdict
from tallystick.evaluation.judging import (
    MISSING_EXCUSED,
    NO_DATA,
    NO_GROUP,
    OPEN_WINDOW,
    TOO_FEW,
)
from tallystick.evaluation.windows import Stretch
from tallystick.quantities import Unit
from tallystick.rules.rule import Rule

if TYPE_CHECKING:
    import pyarrow as pa

VERDICTS = (Verdict.MET, Verdict.BREACHED, Verdict.EXCUSED, Verdict.UNMEASURED, Verdict.PENDING)
"""A verdict is its place here."""
BECAUSE = ("", NO_DATA, TOO_FEW, NO_GROUP, OPEN_WINDOW, MISSING_EXCUSED)
"""A reason is its place here."""
_BATCH = 10_000
FEW = 20_000
"""So many findings are made at once, with all their values, and not when they are asked for."""

Key = tuple[str, ...]
T = TypeVar("T")
K = TypeVar("K")


@dataclass(frozen=True)
class BulkRule:
    """What all findings of a rule share: `threshold` as it is shown, in `unit`."""

    rule: Rule
    unit: Unit
    threshold: Decimal


@dataclass(frozen=True)
class Bulk:
    """The findings of many rules over the same windows.

    `read` gives their table: columns `rule`, `group` and `window` (numbers into the fields of those names, by which it
    is sorted), `verdict` and `because` (places in the lists above), `samples`, `value` in steps of 10^-9 of the rule's
    unit, and `id`. `query` is the same as SQL, in no order; `count` gives how `many` there are of each `rule` and
    `verdict`. All ask the data, which must still be there.
    """

    rules: Mapping[int, BulkRule]
    groups: Mapping[int, Key]
    windows: Sequence[Stretch]
    read: Callable[[], pa.Table]
    count: Callable[[], pa.Table]
    query: Callable[[], str]

    def __len__(self) -> int:
        return sum(sum(each.values()) for each in self.counts.values())

    @property
    def is_read(self) -> bool:
        """Whether the findings are here, and not only with the data."""
        return "whole" in self.__dict__

    @cached_property
    def whole(self) -> pa.Table:
        """The table."""
        return self.read()

    @cached_property
    def counts(self) -> Mapping[int, Counter[Verdict]]:
        """For each rule, how many findings there are of each verdict."""
        found: dict[int, Counter[Verdict]] = {rule: Counter() for rule in sorted(self.rules)}
        for each in self.count().to_pylist():
            found[each["rule"]][VERDICTS[each["verdict"]]] = each["many"]
        return found

    @cached_property
    def places(self) -> dict[int, int]:
        """For each rule, where its findings begin."""
        starts = accumulate((sum(each.values()) for each in self.counts.values()), initial=0)
        return dict(zip(self.counts, starts, strict=False))

    def of(self, rule: int) -> BulkFindings:
        """The findings of one rule."""
        length = sum(self.counts[rule].values())
        return BulkFindings(self, self.rules[rule].rule, rule, self.places[rule], length)

    def finding(self, row: Mapping[str, int | Decimal | None]) -> Finding:
        """One row of the whole table as a finding."""
        number, window = int(row["rule"] or 0), self.windows[int(row["window"] or 0)]
        own, key = self.rules[number], self.groups[int(row["group"] or 0)]
        verdict = VERDICTS[int(row["verdict"] or 0)]
        value = row["value"]
        return Finding(
            rule=own.rule.id,
            clause=own.rule.clause,
            verdict=verdict,
            group=tuple(zip(own.rule.per, key, strict=False)),
            start=window.start,
            end=window.end,
            value=None if value is None else plain(Decimal(value).scaleb(-PLACES)),
            threshold=own.threshold,
            unit=own.unit.name,
            samples=int(row["samples"] or 0),
            decided=window.end if verdict is Verdict.BREACHED else None,
            because=BECAUSE[int(row["because"] or 0)],
            excuse="missing data" if verdict is Verdict.EXCUSED else "",
        )


def plain(value: Decimal) -> Decimal:
    """A decimal without trailing zeros and without exponent."""
    written = f"{value:f}"
    return Decimal(written.rstrip("0").rstrip(".") if "." in written else written)


class InColumns(Sequence[Finding], ABC):
    """The findings of a rule after which nothing follows, in columns: each is made when it is looked at."""

    rule: Rule

    @abstractmethod
    def counted(self) -> Counter[Verdict]:
        """How many there are of each verdict. No finding is made."""

    @abstractmethod
    def only(self, verdicts: Iterable[Verdict]) -> Iterator[Finding]:
        """Those with one of the verdicts, in order."""

    @abstractmethod
    def part(self, start: int, length: int) -> Iterator[Finding]:
        """So many of them from a place on, in order."""

    @overload
    def __getitem__(self, place: int) -> Finding: ...
    @overload
    def __getitem__(self, place: slice) -> Sequence[Finding]: ...
    def __getitem__(self, place: int | slice) -> Finding | Sequence[Finding]:
        if isinstance(place, slice):
            return [self[i] for i in range(*place.indices(len(self)))]
        return next(self.part(range(len(self))[place], 1))

    def __iter__(self) -> Iterator[Finding]:
        for first in range(0, len(self), _BATCH):
            yield from self.part(first, min(_BATCH, len(self) - first))


@dataclass(frozen=True)
class BulkFindings(InColumns):
    """The findings of one rule: a stretch of those of a bulk."""

    bulk: Bulk
    rule: Rule
    number: int
    start: int
    length: int

    def __len__(self) -> int:
        return self.length

    def counted(self) -> Counter[Verdict]:
        """How many there are of each verdict."""
        return Counter(self.bulk.counts[self.number])

    def only(self, verdicts: Iterable[Verdict]) -> Iterator[Finding]:
        """Those with one of the verdicts, in order."""
        wanted = frozenset(verdicts)
        if any(self.counted()[verdict] for verdict in wanted):
            yield from (finding for finding in self if finding.verdict in wanted)

    def part(self, start: int, length: int) -> Iterator[Finding]:
        """So many of them from a place on, in order."""
        yield from map(self.bulk.finding, self.bulk.whole.slice(self.start + start, length).to_pylist())


@dataclass(frozen=True)
class Uncured(Sequence[CureStatus]):
    """The cure status of each breach among findings after which nothing else follows: there is no cure period."""

    found: InColumns

    def __len__(self) -> int:
        return self.found.counted()[Verdict.BREACHED]

    @overload
    def __getitem__(self, place: int) -> CureStatus: ...
    @overload
    def __getitem__(self, place: slice) -> Sequence[CureStatus]: ...
    def __getitem__(self, place: int | slice) -> CureStatus | Sequence[CureStatus]:
        return tuple(self)[place]

    def __iter__(self) -> Iterator[CureStatus]:
        for finding in self.found.only([Verdict.BREACHED]):
            yield CureStatus(finding.id, finding.rule, finding.clause, CureState.UNCURED, finding.end)


class Joined(Sequence[T]):
    """Sequences one after the other, none of them copied. Equal to any sequence of the same items."""

    def __init__(self, parts: Iterable[Sequence[T]]) -> None:
        self.parts = tuple(part for part in parts if len(part))
        self._ends = tuple(accumulate(len(part) for part in self.parts))

    def __len__(self) -> int:
        return self._ends[-1] if self._ends else 0

    @overload
    def __getitem__(self, place: int) -> T: ...
    @overload
    def __getitem__(self, place: slice) -> Sequence[T]: ...
    def __getitem__(self, place: int | slice) -> T | Sequence[T]:
        if isinstance(place, slice):
            return [self[i] for i in range(*place.indices(len(self)))]
        at = range(len(self))[place]
        part = bisect_right(self._ends, at)
        return self.parts[part][at - (self._ends[part - 1] if part else 0)]

    def __iter__(self) -> Iterator[T]:
        return chain.from_iterable(self.parts)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Sequence):
            return NotImplemented
        return len(self) == len(other) and all(one == two for one, two in zip(self, other, strict=True))

    def __hash__(self) -> int:
        return hash(tuple(self))

    def __repr__(self) -> str:
        return repr(tuple(self))


def gathered(parts: Iterable[Sequence[T]], at_once: int = FEW) -> Sequence[T]:
    """Sequences one after the other: a tuple where the items are few, else as they lie. What goes by findings in columns
    stays as it lies."""
    found = Joined(parts)
    lying = any(isinstance(part, Uncured) for part in found.parts)
    return found if lying or len(found) > at_once else tuple(found)


def tallied(
    findings: Sequence[Finding], of: Callable[[Finding], K], of_rule: Callable[[Rule], K]
) -> Counter[tuple[K, Verdict]]:
    """How many findings there are of each verdict, by something that all findings of a rule share."""
    found: Counter[tuple[K, Verdict]] = Counter()
    for part in parts_of(findings):
        if isinstance(part, InColumns):
            found.update({(of_rule(part.rule), verdict): number for verdict, number in part.counted().items()})
        else:
            found.update((of(finding), finding.verdict) for finding in part)
    return found


def having(findings: Sequence[Finding], verdicts: Iterable[Verdict]) -> Iterator[Finding]:
    """The findings with one of the verdicts, in order."""
    wanted = frozenset(verdicts)
    for part in parts_of(findings):
        if isinstance(part, InColumns):
            yield from part.only(wanted)
        else:
            yield from (finding for finding in part if finding.verdict in wanted)


def curable(cures: Sequence[CureStatus]) -> Iterator[CureStatus]:
    """The breaches that can still be cured. Where there is no cure period none can."""
    for part in parts_of(cures):
        if not isinstance(part, Uncured):
            yield from (item for item in part if item.state is CureState.CURABLE)


def parts_of(items: Sequence[T]) -> Sequence[Sequence[T]]:
    return items.parts if isinstance(items, Joined) else (items,)


@dataclass(frozen=True)
class Rows:
    """Rows of a bulk, one after the other."""

    bulk: Bulk
    start: int
    length: int


def stretches(findings: Sequence[Finding]) -> Iterator[Rows | Sequence[Finding]]:
    """The findings in order, those of a bulk in as few stretches as there can be."""
    waiting: Rows | None = None
    for part in parts_of(findings):
        if (
            isinstance(part, BulkFindings)
            and waiting
            and waiting.bulk is part.bulk
            and part.start == waiting.start + waiting.length
        ):
            waiting = Rows(part.bulk, waiting.start, waiting.length + part.length)
            continue
        if waiting:
            yield waiting
        waiting = Rows(part.bulk, part.start, part.length) if isinstance(part, BulkFindings) else None
        if not isinstance(part, BulkFindings):
            yield part
    if waiting:
        yield waiting
