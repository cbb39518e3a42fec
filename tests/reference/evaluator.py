"""The reference evaluator: what docs/meaning.md says, one function for one paragraph, with lists and loops."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from . import cases, consequences, money, waivers, windows
from .derived import with_derived
from .findings import Finding
from .rows import Case, Json, Tables, known_tables, life_of, own_life, parts_of, unversioned

JUDGES: dict[str, Callable[[Case, Json], list[Finding]]] = {
    "keep": windows.keep,
    "gate": cases.gate,
    "keep_always": cases.keep_always,
    "cadence": cases.cadence,
    "count": windows.count,
    "response": cases.response,
    "precedence": cases.precedence,
    "prohibition": cases.events_against,
    "permission": cases.events_against,
    "retention": cases.retention,
    "deletion": cases.deletion,
    "occasion": cases.occasion,
}


@dataclass(frozen=True)
class Result:
    """Findings of the rules, in the order of the rules, groups and starts; and what follows from the breached ones.

    `parts` are the findings about duties and blocks: of each rule, then of each duty that has consequences of its own.
    """

    findings: list[Finding]
    parts: list[Finding]
    cures: list[consequences.Cure]
    credits: list[consequences.Credit]
    escalations: list[consequences.Escalation]
    terminations: list[consequences.Termination]
    rights: list[consequences.RightGiven]
    interest: list[money.Interest]
    refunds: list[money.Refund]
    waivers: list[waivers.WaiverStatus]


def case_of(book: Json, tables: Tables, as_of: int) -> Case:
    """The rulebook with what is known at as-of."""
    zone, rows = ZoneInfo(book["timezone"]), known_tables(tables, as_of)
    life, terminated = life_of(book, zone, rows)
    return with_derived(Case(book, rows, as_of, zone, life, terminated))


def in_order(found: list[Finding]) -> list[Finding]:
    """The findings of one rule by group and start (then end and verdict, so that no order is left to chance)."""
    return sorted(
        found,
        key=lambda f: ([text or "" for text in f.group], f.start, f.end, f.verdict, f.samples, f.value or 0, f.about),
    )


def judged_by(own: Case, rule: Json) -> list[Finding]:
    """The findings by one text of a rule: none before it is in force."""
    return JUDGES[rule["kind"]](own, rule) if own.evaluated.start < own.evaluated.end else []


def for_want(rule: Json, found: Finding) -> bool:
    """Whether a finding says only that there was no group, or no case, to judge."""
    return found.for_want or bool(rule["per"] and found.group == ())


def by_texts(case: Case) -> list[tuple[Json, Finding]]:
    """*Orders*: the findings by every text of every rule, without those for want of a group or case that another text, or
    another part of the same one, has."""
    found = [
        (rule, judged)
        for rule in case.book["rules"]
        for part, rest in parts_of(own_life(case, rule), rule)
        for judged in judged_by(part, rule)
        if rest or not for_want(rule, judged)
    ]
    occupied = {unversioned(rule["id"]) for rule, judged in found if not for_want(rule, judged)}
    return [
        (rule, judged)
        for rule, judged in found
        if not (rule["gives_way"] and for_want(rule, judged) and unversioned(rule["id"]) in occupied)
    ]


def evaluate(book: Json, tables: Tables, as_of: int) -> Result:
    """Judge every rule of a rulebook (`model_dump(mode="json")`) on the rows of the bound tables at an instant.

    `tables` holds, by (kind, name) of the source, rows with `time` or `begin` and `end` in microseconds, `value`,
    texts by dimension and numbers by attribute. A source without a key is unbound.
    """
    case = case_of(book, tables, as_of)
    if case.evaluated.start >= case.evaluated.end:
        return Result([], [], [], [], [], [], [], [], [], [])
    granted = waivers.known_waivers(tables, as_of)
    unwaived = by_texts(case)
    judged = [
        (rule, in_order([waivers.waived(case, of, granted, f) for of, f in unwaived if of is rule]))
        for rule in book["rules"]
    ]
    texts = {
        rule["id"]: [f for other, own in judged if unversioned(other["id"]) == unversioned(rule["id"]) for f in own]
        for rule in book["rules"]
    }
    steps = [step for rule, found in judged for step in consequences.chain(case, rule, found, texts[rule["id"]])]
    grounds = [(step.rule, f) for step in steps for f in step.grounds]
    return Result(
        findings=[f for _, found in judged for f in found],
        parts=[f for step in steps for f in (*step.duties, *in_order(consequences.blocks(case, step)))],
        cures=[cure for step in steps for cure in step.cures],
        credits=consequences.credits_due(case, grounds),
        escalations=[e for step in steps for e in consequences.escalations(case, step.rule, step.cures)],
        terminations=consequences.terminations(case, steps),
        rights=[r for step in steps for r in consequences.rights_given(case, step)],
        interest=[i for step in steps for i in money.interest(case, step)],
        refunds=[r for step in steps for r in money.refunds(case, step)],
        waivers=waivers.statuses(case, granted, unwaived),
    )
