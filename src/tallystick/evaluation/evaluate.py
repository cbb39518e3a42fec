"""The evaluation: every rule judged on the data at one instant, and what follows from the breaches."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import assert_never

from tallystick.evaluation.always import always
from tallystick.evaluation.bulk import InColumns, Uncured, gathered
from tallystick.evaluation.cadence import cadence
from tallystick.evaluation.caps import capped
from tallystick.evaluation.cases import CaseFindings, Cases, lying
from tallystick.evaluation.charges import Charges
from tallystick.evaluation.context import Context, Judgement, context
from tallystick.evaluation.copying import with_copies
from tallystick.evaluation.counting import Counting
from tallystick.evaluation.covering import parts
from tallystick.evaluation.credits import counted_credits, credits_of
from tallystick.evaluation.derived import with_derived
from tallystick.evaluation.engine import DuckDB, Engine
from tallystick.evaluation.evaluation import (
    BlockedTime,
    CreditDue,
    CureStatus,
    Escalation,
    Evaluation,
    InterestDue,
    RefundDue,
    RightGiven,
)
from tallystick.evaluation.finding import Finding
from tallystick.evaluation.gate import GatePlan, plan_gate
from tallystick.evaluation.growing import run_of
from tallystick.evaluation.interest import interest_of, refunds_of
from tallystick.evaluation.keep import Plan, plan_count, plan_keep
from tallystick.evaluation.keeping import deletion, retention
from tallystick.evaluation.occasion import occasion
from tallystick.evaluation.occurrence import occurrence
from tallystick.evaluation.once import with_firsts
from tallystick.evaluation.precedence import precedence
from tallystick.evaluation.remedies import (
    Followed,
    block_findings,
    blocks,
    cures,
    duties,
    escalations,
    rights,
    terminations,
)
from tallystick.evaluation.response import response
from tallystick.evaluation.scans import Scans
from tallystick.evaluation.waivers import waivers
from tallystick.facts.declared import derived_of
from tallystick.facts.tables import Facts
from tallystick.rules.measure import Series, SeriesKind
from tallystick.rules.rule import (
    Cadence,
    CountEvents,
    Deletion,
    Gate,
    Keep,
    KeepAlways,
    Occasion,
    Permission,
    Precedence,
    Prohibition,
    Response,
    Retention,
    Rule,
    unversioned,
)
from tallystick.rules.rulebook import WAIVER, Rulebook

Found = InColumns | list[Judgement]
_Part = tuple[Context, bool, Plan | GatePlan | None]
"""A part of a text: its evaluation, whether rows that no order covers are among its own, how it is judged with others."""

Progress = Callable[[str, int, int], None]
"""Told of each step: its name, how many of its parts are done, and how many there are."""


def evaluate(
    rulebook: Rulebook, facts: Facts, as_of: int, progress: Progress | None = None, engine: Engine | None = None
) -> Evaluation:
    """Judges every rule at an instant (microseconds since 1970 UTC), by `docs/meaning.md`.

    The same rulebook, rows and instant give the same result, whatever the engine (the one that holds the facts, if none
    is given), the order of rows or the number of threads. Raises KeyError for a unit, and `zoneinfo.ZoneInfoNotFoundError` for a timezone, that do not exist.
    """
    told = progress or (lambda *_: None)
    with engine or DuckDB(facts.connection) as running:
        ctx = with_firsts(with_copies(context(rulebook, facts, running, as_of)))
        if ctx.evaluated.start >= ctx.evaluated.end:
            return Evaluation(as_of, rulebook.tally)
        if derived_of(rulebook):
            told("deriving data", 0, 1)
            ctx = with_derived(ctx)
        judged = _judged(ctx, told, facts.state)
        if any(isinstance(found, CaseFindings) for _, found in judged):
            running.leave_handed()
        return _consequences(ctx, judged, told)


def _judged(ctx: Context, told: Progress, state: Path | None) -> list[tuple[Rule, Found]]:
    """Each rule with its findings, by group and start. Rules about windows share their passes over the data."""
    rules, scans, counting = (
        ctx.rulebook.rules,
        Scans(ctx.engine),
        Counting(ctx, partial(run_of, state)),
    )
    covered = {unversioned(rule.id) for rule in rules if rule.gives_way or rule.covers}
    together = {place for place, rule in enumerate(rules) if unversioned(rule.id) not in covered}
    together = {
        place
        for place in together
        if _has_begun(life := ctx.of(rules[place])) and counting.takes(life, place, rules[place])
    }
    begun = [
        (rule, [(part, rest, _plan(part, rule, scans)) for part, rest in parts(ctx, rule) if _has_begun(part)])
        for place, rule in enumerate(rules)
        if place not in together
    ]
    scans.run(lambda done, total: told("reading data", done, total))
    followed = _followed(ctx)
    counted = counting.run(followed, lambda done, total: told("counting samples", done, total))
    found: list[tuple[Rule, Found]] = []
    vacant: dict[str, bool] = {}
    for place, (rule, own) in enumerate(begun):
        told("judging rules", place, len(begun))
        name = unversioned(rule.id)
        judged = _found(rule, own, alone=name not in covered and not followed(rule))
        vacant[name] = vacant.get(name, True) and not isinstance(judged, InColumns) and all(j.vacant for j in judged)
        found.append((rule, judged))
    apart = iter(
        [
            (rule, own if isinstance(own, InColumns) else _ordered(own if vacant[name] else _occupied(rule, own)))
            for rule, own in found
            for name in [unversioned(rule.id)]
        ]
    )
    return [(rule, counted[place]) if place in together else next(apart) for place, rule in enumerate(rules)]


def _found(rule: Rule, own: Sequence[_Part], *, alone: bool) -> Found:
    """The findings of a rule from those of its parts. Many of a rule that is `alone` (nothing follows from them, and no
    order leaves some to another text) stay in columns."""
    found: list[Judgement] = []
    for part, rest, plan in own:
        judged = _cases(part, rule) if plan is None else plan.judgements()
        if isinstance(judged, Cases):
            if alone and (many := lying(part, judged)) is not None:
                return many
            judged = judged.judgements(part.engine)
        found.extend(judgement for judgement in judged if rest or not judgement.vacant)
    return found


def _has_begun(ctx: Context) -> bool:
    return ctx.evaluated.start < ctx.evaluated.end


def _occupied(rule: Rule, judged: Sequence[Judgement]) -> Sequence[Judgement]:
    """Without the findings for want of groups or cases, of a text that gives way: another text has them."""
    return [judgement for judgement in judged if not judgement.vacant] if rule.gives_way else judged


def _followed(ctx: Context) -> Callable[[Rule], bool]:
    """Whether anything can follow from a breach of a rule, or a waiver excuse it."""
    clauses = {rule.clause for rule in ctx.rulebook.rules if rule.remedies}
    everywhere = bool(ctx.rulebook.remedies) or ctx.table(Series(source=SeriesKind.RECORD, name=WAIVER)).bound
    return lambda rule: everywhere or rule.clause in clauses


def _plan(ctx: Context, rule: Rule, scans: Scans) -> Plan | GatePlan | None:
    match rule:
        case Keep():
            return plan_keep(ctx, rule, scans)
        case CountEvents():
            return plan_count(ctx, rule, scans)
        case Gate():
            return plan_gate(ctx, rule, scans)
        case _:
            return None


def _cases(ctx: Context, rule: Rule) -> Cases | list[Judgement]:
    match rule:
        case Keep() | CountEvents() | Gate():
            return []  # these have a plan
        case KeepAlways():
            return always(ctx, rule)
        case Cadence():
            return cadence(ctx, rule)
        case Response():
            return response(ctx, rule)
        case Precedence():
            return precedence(ctx, rule)
        case Prohibition() | Permission():
            return occurrence(ctx, rule)
        case Retention():
            return retention(ctx, rule)
        case Deletion():
            return deletion(ctx, rule)
        case Occasion():
            return occasion(ctx, rule)
        case _:
            assert_never(rule)


@dataclass
class _Consequences:
    """What has been found so far."""

    findings: list[Sequence[Finding]] = field(default_factory=list)
    cures: list[Sequence[CureStatus]] = field(default_factory=list)
    owed: list[CreditDue] = field(default_factory=list)
    escalated: list[Escalation] = field(default_factory=list)
    blocked: list[BlockedTime] = field(default_factory=list)
    rights: list[RightGiven] = field(default_factory=list)
    interest: list[InterestDue] = field(default_factory=list)
    refunds: list[RefundDue] = field(default_factory=list)
    followed: list[Followed] = field(default_factory=list)


def _consequences(ctx: Context, judged: list[tuple[Rule, Found]], told: Progress) -> Evaluation:
    found, known_waivers, charges = _Consequences(), waivers(ctx), Charges(ctx)
    standing: list[tuple[Rule, Found]] = []
    texts: dict[str, list[Judgement]] = defaultdict(list)
    for rule, judgements in judged:
        if isinstance(judgements, InColumns):
            standing.append((rule, judgements))
            continue
        own = _ordered(known_waivers.applied(rule, judgements))
        standing.append((rule, own))
        texts[unversioned(rule.id)].extend(own)
    for place, (rule, judgements) in enumerate(standing):
        told("working out consequences", place, len(judged))
        if isinstance(judgements, InColumns):
            found.findings.append(judgements)
            found.cures.append(Uncured(judgements))
            continue
        own = judgements
        found.findings.append([j.finding for j in own])
        _follow(ctx, Followed(rule, own, texts[unversioned(rule.id)], list(cures(ctx, rule, own))), found, charges)
    found.owed.extend(counted_credits(ctx, found.followed, charges))
    due, uses = capped(ctx, found.owed, found.followed, charges)
    return Evaluation(
        as_of=ctx.as_of,
        tally=ctx.rulebook.tally,
        findings=gathered(found.findings),
        credits=due,
        caps=uses,
        cures=gathered(found.cures),
        escalations=tuple(found.escalated),
        terminations=tuple(terminations(ctx, found.followed)),
        blocks=tuple(found.blocked),
        waivers=known_waivers.statuses(),
        rights=tuple(found.rights),
        interest=tuple(found.interest),
        refunds=tuple(found.refunds),
    )


def _follow(ctx: Context, followed: Followed, found: _Consequences, charges: Charges) -> None:
    """What follows from the findings of a rule; then, of each duty among it, what follows when that is breached."""
    rule, own = followed.rule, followed.judged
    stopped = list(blocks(ctx, followed))
    owed = [(duty, _ordered(judged)) for duty, judged in duties(ctx, rule, own)]
    found.findings.append([j.finding for _, judged in owed for j in judged])
    found.findings.append([j.finding for j in _by_part(block_findings(ctx, rule, stopped))])
    found.owed.extend(credits_of(ctx, rule, own, charges))
    found.escalated.extend(escalations(ctx, followed))
    found.blocked.extend(block for block, _ in stopped)
    found.rights.extend(rights(ctx, followed))
    found.interest.extend(interest_of(ctx, followed))
    found.refunds.extend(refunds_of(ctx, followed))
    found.followed.append(followed)
    found.cures.append(followed.cured)
    for duty, judged in owed:
        if duty.remedies:
            above = (rule, *followed.above)
            _follow(ctx, Followed(duty, judged, (), list(cures(ctx, duty, judged)), above), found, charges)


def _ordered(judged: Iterable[Judgement]) -> list[Judgement]:
    """By group and start; what decides ties is content, so that the order of rows does not show."""
    return sorted(judged, key=_order)


def _by_part(judged: Iterable[Judgement]) -> list[Judgement]:
    """Duties and blocks: in the order of their sentences, each by group and start."""
    found = list(judged)
    places = {rule: place for place, rule in enumerate(dict.fromkeys(j.finding.rule for j in found))}
    return sorted(found, key=lambda j: (places[j.finding.rule], *_order(j)))


def _order(judged: Judgement) -> tuple[object, ...]:
    finding = judged.finding
    evidence = tuple((row.source, row.time, row.values) for row in finding.evidence)
    return (
        finding.group,
        finding.start,
        finding.end,
        finding.verdict.value,
        finding.samples,
        finding.about,
        evidence,
    )
