"""Waivers: a breach that the other side has waived is excused; and what became of each waiver."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from tallystick.evaluation.belonging import belongs
from tallystick.evaluation.clock import NEVER
from tallystick.evaluation.context import Context, Judgement
from tallystick.evaluation.evaluation import WaiverState, WaiverStatus
from tallystick.evaluation.finding import Finding, Verdict
from tallystick.evaluation.rows import dimension
from tallystick.rules.measure import Series, SeriesKind
from tallystick.rules.rule import Permission, Rule
from tallystick.rules.rulebook import WAIVER

WAIVED = "a waiver applies"
_SERIES = Series(source=SeriesKind.RECORD, name=WAIVER)
_WHOSE = ("clause", "role")


@dataclass(frozen=True)
class Waiver:
    """One row: for which clause, by which role, on which texts, in `[begin, end)`. A missing text is empty."""

    clause: str
    role: str
    group: tuple[tuple[str, str], ...]
    begin: int
    end: int | None

    def covers(self, finding: Finding, at: int) -> bool:
        """Whether it holds at the instant for the group, and for the row where the finding is about one."""
        about = {**dict(finding.about), **dict(finding.group)}
        equal = all(about[name] == text for name, text in self.group if name in about)
        return equal and self.begin <= at < (NEVER if self.end is None else self.end)


@dataclass
class Waivers:
    """All waivers known at as-of, and which findings each of them has excused."""

    ctx: Context
    rows: Sequence[Waiver]
    excused: dict[Waiver, list[str]] = field(default_factory=lambda: defaultdict(list))

    def applied(self, rule: Rule, judged: Sequence[Judgement]) -> list[Judgement]:
        """The findings of a rule, those breached ones excused that a waiver covers."""
        counting = [row for row in self.rows if row.clause == rule.clause and _entitled(self.ctx, row, rule)]
        return [self._applied(rule, item, counting) for item in judged] if counting else list(judged)

    def _applied(self, rule: Rule, item: Judgement, counting: Sequence[Waiver]) -> Judgement:
        found = item.finding
        if found.verdict is not Verdict.BREACHED:
            return item
        at = belongs(rule, found)
        covering = [row for row in counting if row.covers(found, at)]
        for row in dict.fromkeys(covering):
            self.excused[row].append(found.id)
        if not covering:
            return item
        waived = replace(found, verdict=Verdict.EXCUSED, decided=None, because=WAIVED, excuse=WAIVER)
        return replace(item, finding=waived)

    def statuses(self) -> tuple[WaiverStatus, ...]:
        """Each waiver with its state at as-of."""
        return tuple(
            WaiverStatus(
                row.clause, row.role, row.group, row.begin, row.end, self._state(row), tuple(self.excused.get(row, ()))
            )
            for row in self.rows
        )

    def _state(self, row: Waiver) -> WaiverState:
        rules = [rule for rule in self.ctx.rulebook.rules if rule.clause == row.clause]
        if not rules:
            return WaiverState.ORPHANED
        if not any(_entitled(self.ctx, row, rule) for rule in rules):
            return WaiverState.NOT_ENTITLED
        expired = row.end is not None and row.end <= self.ctx.as_of
        return WaiverState.EXPIRED if expired else WaiverState.IN_FORCE


def waivers(ctx: Context) -> Waivers:
    """The waivers that have begun by as-of. Their ends are agreed beforehand, so that later ones are known too."""
    table = ctx.table(_SERIES)
    if not table.bound:
        return Waivers(ctx, ())
    names = [name for name in table.dimensions if name not in _WHOSE]
    texts = [dimension(name) if name in table.dimensions else "NULL" for name in (*_WHOSE, *names)]
    columns = ", ".join(['"begin"', '"end"', *texts])
    rows = ctx.engine.rows(f'SELECT {columns} FROM {table.sql} WHERE "begin" < {ctx.as_of}')
    found = [
        Waiver(clause or "", role or "", _given(dict(zip(names, group, strict=True))), begin, end)
        for begin, end, clause, role, *group in rows
    ]
    return Waivers(ctx, sorted(found, key=lambda row: (row.begin, row.clause, row.role, row.group, row.end or NEVER)))


def _given(group: Mapping[str, str | None]) -> tuple[tuple[str, str], ...]:
    return tuple((name, text) for name, text in group.items() if text is not None)


def _entitled(ctx: Context, row: Waiver, rule: Rule) -> bool:
    """Whether the waiver comes from a role of another party than the one that the rule binds, and one that may waive."""
    if rule.waived_by and row.role not in rule.waived_by:
        return False
    party_of = {role.id: role.party for role in ctx.rulebook.roles}
    holders = rule.named if isinstance(rule, Permission) else () if rule.holder is None else (rule.holder,)
    return row.role in party_of and party_of[row.role] not in {party_of.get(name, name) for name in holders}
