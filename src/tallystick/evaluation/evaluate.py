"""The evaluation: every rule judged on the data at one instant, and what follows from the breaches."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable
from typing import assert_never

from tallystick.evaluation.always import always
from tallystick.evaluation.cadence import cadence
from tallystick.evaluation.context import Context, Judgement, context
from tallystick.evaluation.credits import capped, counted_credits, credits_of
from tallystick.evaluation.derived import with_derived
from tallystick.evaluation.engine import Engine
from tallystick.evaluation.evaluation import (
    BlockedTime,
    CreditDue,
    CureStatus,
    Escalation,
    Evaluation,
)
from tallystick.evaluation.finding import Finding
from tallystick.evaluation.gate import GatePlan, plan_gate
from tallystick.evaluation.keep import Plan, plan_count, plan_keep
from tallystick.evaluation.keeping import deletion, retention
from tallystick.evaluation.occurrence import occurrence
from tallystick.evaluation.once import with_firsts
from tallystick.evaluation.precedence import precedence
from tallystick.evaluation.remedies import (
    block_findings,
    blocks,
    cures,
    duties,
    escalations,
    terminations,
)
from tallystick.evaluation.response import response
from tallystick.evaluation.scans import Scans
from tallystick.evaluation.waivers import waivers
from tallystick.facts.declared import derived_of
from tallystick.facts.tables import Facts
from tallystick.rules.rule import (
    Cadence,
    CountEvents,
    Deletion,
    Gate,
    Keep,
    KeepAlways,
    Permission,
    Precedence,
    Prohibition,
    Response,
    Retention,
    Rule,
    unversioned,
)
from tallystick.rules.rulebook import Rulebook

Progress = Callable[[str, int, int], None]
"""Told of each step: its name, how many of its parts are done, and how many there are."""


def evaluate(rulebook: Rulebook, facts: Facts, as_of: int, progress: Progress | None = None) -> Evaluation:
    """Judges every rule at an instant (microseconds since 1970 UTC), by `docs/meaning.md`.

    The same rulebook, rows and instant give the same result, whatever the order of rows or number of threads. Raises
    KeyError for a unit, and `zoneinfo.ZoneInfoNotFoundError` for a timezone, that do not exist.
    """
    told = progress or (lambda *_: None)
    with Engine(facts.connection) as engine:
        ctx = with_firsts(context(rulebook, facts, engine, as_of))
        if ctx.evaluated.start >= ctx.evaluated.end:
            return Evaluation(as_of, rulebook.tally)
        if derived_of(rulebook):
            told("deriving data", 0, 1)
            ctx = with_derived(ctx)
        return _consequences(ctx, _judged(ctx, told), told)


def _judged(ctx: Context, told: Progress) -> list[tuple[Rule, list[Judgement]]]:
    """Each rule with its findings, by group and start. Rules about windows share their passes over the data."""
    rules, scans = ctx.rulebook.rules, Scans()
    own = [ctx.of(rule) for rule in rules]
    begun = [place for place in range(len(rules)) if own[place].evaluated.start < own[place].evaluated.end]
    plans = {place: plan for place in begun if (plan := _plan(own[place], rules[place], scans)) is not None}
    scans.run(ctx.engine, lambda done, total: told("reading data", done, total))
    found = []
    for place, rule in enumerate(rules):
        told("judging rules", place, len(rules))
        if place in plans:
            found.append((rule, _ordered(plans[place].judgements())))
        else:
            found.append((rule, _ordered(_cases(own[place], rule)) if place in begun else []))
    return found


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


def _cases(ctx: Context, rule: Rule) -> list[Judgement]:
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
        case _:
            assert_never(rule)


def _consequences(ctx: Context, judged: list[tuple[Rule, list[Judgement]]], told: Progress) -> Evaluation:
    findings: list[Finding] = []
    owed: list[CreditDue] = []
    statuses: list[CureStatus] = []
    escalated: list[Escalation] = []
    blocked: list[BlockedTime] = []
    standing: list[tuple[Rule, list[Judgement]]] = []
    known_waivers = waivers(ctx)
    texts: dict[str, list[Judgement]] = defaultdict(list)
    for rule, found in judged:
        own = _ordered(known_waivers.applied(rule, found))
        standing.append((rule, own))
        texts[unversioned(rule.id)].extend(own)
    for place, (rule, own) in enumerate(standing):
        told("working out consequences", place, len(judged))
        cured = list(cures(ctx, rule, own))
        stopped = list(blocks(ctx, rule, own, cured, texts[unversioned(rule.id)]))
        parts = [
            *own,
            *_by_part(duties(ctx, rule, own)),
            *_by_part(block_findings(ctx, rule, stopped)),
        ]
        findings.extend(part.finding for part in parts)
        owed.extend(credits_of(ctx.of(rule), rule, own))
        statuses.extend(cured)
        escalated.extend(escalations(ctx, rule, own, cured))
        blocked.extend(block for block, _ in stopped)
    owed.extend(counted_credits(ctx, standing))
    due, uses = capped(ctx, owed)
    return Evaluation(
        as_of=ctx.as_of,
        tally=ctx.rulebook.tally,
        findings=tuple(findings),
        credits=due,
        caps=uses,
        cures=tuple(statuses),
        escalations=tuple(escalated),
        terminations=tuple(terminations(ctx, statuses, standing)),
        blocks=tuple(blocked),
        waivers=known_waivers.statuses(),
    )


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
        evidence,
    )
