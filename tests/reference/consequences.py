"""What follows from breaches, as *Consequences* of docs/meaning.md has it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Decimal
from fractions import Fraction

from tallystick.quantities import CURRENCIES

from .cases import finding
from .clock import Window, add, period_start
from .findings import Finding
from .measures import constant
from .rows import Case, Group, Json, Row, agrees, compares, rows_of, time_of


@dataclass(frozen=True)
class Credit:
    """A credit before (`amount`) and after (`due`) the caps; `instant` is the one that it belongs to."""

    breach: Finding
    party: str
    instant: int
    amount: Decimal
    due: Decimal


@dataclass(frozen=True)
class Cure:
    """Whether a breach is `cured` (at `instant`), `curable` (until `instant`) or `uncured` (since `instant`)."""

    breach: Finding
    status: str
    instant: int


@dataclass(frozen=True)
class Escalation:
    """A breach that goes up to a role at an instant: `due` or still `scheduled`."""

    breach: Finding
    role: str
    instant: int
    status: str


@dataclass(frozen=True)
class Termination:
    """A party's right to terminate, that arose at an instant; `count` and `uncured` tell the sentence."""

    clause: str
    party: str
    count: int
    uncured: bool
    instant: int


def instant_of_breach(breach: Finding) -> int:
    """The breach instant: where it was decided; a window's end."""
    assert breach.decided is not None
    return breach.decided


def remedies(case: Case, rule: Json, kind: str) -> list[Json]:
    """The remedies of that kind for the breaches of a rule: the clause's and the agreement's."""
    return [each for each in (*rule["remedies"], *case.book["remedies"]) if each["kind"] == kind]


def group_texts(rule: Json, breach: Finding) -> Group:
    """The group of a finding as dimensions and texts."""
    return dict(zip(rule["per"], breach.group, strict=True)) if breach.group else {}


def serves(case: Case, name: str, row: Row, group: Group) -> bool:
    """Duties: the event equals the group on every dimension that both have and the row has a text for."""
    return all(row[d] in (None, group[d]) for d in case.dimensions("event", name) if d in group)


def events(case: Case, name: str, environments: Iterable[str] = ()) -> list[Row]:
    """The known rows of an event; none where it is unbound."""
    series = {"source": "event", "name": name, "where": None}
    return rows_of(case, series, list(environments)) if case.bound("event", name) else []


# --- duties -----------------------------------------------------------------------------------------------------


def performed(case: Case, rule: Json, duty: Json, breach: Finding) -> int | None:
    """The first instant at which a duty was done, in time or late."""
    name = "notice" if duty["kind"] == "notify" else duty["event"]
    times = [
        time_of(row)
        for row in events(case, name)
        if instant_of_breach(breach) <= time_of(row)
        and serves(case, name, row, group_texts(rule, breach))
        and (duty["kind"] == "perform" or (row["role"] in duty["roles"] and row["clause"] in (None, rule["clause"])))
    ]
    return min(times, default=None)


def judge_duty(case: Case, rule: Json, duty: Json, breach: Finding) -> Finding:
    """One duty of one breach."""
    begin = instant_of_breach(breach)
    deadline = add(case.clock, begin, duty["within"])
    done = performed(case, rule, duty, breach)
    if not case.bound("event", "notice" if duty["kind"] == "notify" else duty["event"]):
        verdict = "unmeasured"
    elif done is not None and done <= deadline:
        verdict = "met"
    else:
        verdict = "pending" if case.as_of <= deadline else "breached"
    as_rule = {"id": f"{rule['id']}/{duty['id']}", "clause": rule["clause"]}
    elapsed = None if done is None else done - begin
    return finding(as_rule, verdict, breach.group, Window(begin, deadline), elapsed, int(done is not None), deadline)


def duties(case: Case, rule: Json, breaches: list[Finding]) -> list[Finding]:
    """The duties of a rule's breaches whose instant has come."""
    return [
        judge_duty(case, rule, duty, breach)
        for duty in remedies(case, rule, "notify") + remedies(case, rule, "perform")
        for breach in breaches
        if instant_of_breach(breach) <= case.as_of
    ]


# --- cure, escalation, termination ------------------------------------------------------------------------------


def cure_of(case: Case, rule: Json, breach: Finding) -> Cure:
    """The cure status of one breach."""
    begin = instant_of_breach(breach)
    periods = remedies(case, rule, "cure")
    if not periods:
        return Cure(breach, "uncured", begin)
    end = add(case.clock, begin, periods[0]["within"])
    group = group_texts(rule, breach)
    cured = [
        time_of(row)
        for row in events(case, "cure")
        if row["clause"] == rule["clause"] and serves(case, "cure", row, group) and begin <= time_of(row) <= end
    ]
    if cured:
        return Cure(breach, "cured", min(cured))
    return Cure(breach, "curable" if case.as_of <= end else "uncured", end)


def escalations(case: Case, rule: Json, cures: list[Cure]) -> list[Escalation]:
    """Breaches not cured by breach instant + after."""
    found = []
    for remedy in remedies(case, rule, "escalate"):
        for cure in cures:
            instant = add(case.clock, instant_of_breach(cure.breach), remedy["after"])
            if cure.status != "cured" or cure.instant > instant:
                status = "due" if case.as_of > instant else "scheduled"
                found.append(Escalation(cure.breach, remedy["role"], instant, status))
    return found


def right_to_terminate(case: Case, clause: str, remedy: Json, cures_of_clause: list[Cure]) -> Termination | None:
    """The first breach, by as-of, at which enough (uncured) breaches of the clause fall within the period."""
    counted = sorted(
        cure.instant if remedy["uncured"] else instant_of_breach(cure.breach)
        for cure in cures_of_clause
        if not remedy["uncured"] or cure.status == "uncured"
    )
    instants = [instant for instant in counted if instant <= case.as_of]
    for b in instants:
        if sum(add(case.clock, b, remedy["within"], -1) < other <= b for other in instants) >= remedy["count"]:
            return Termination(clause, remedy["party"], remedy["count"], remedy["uncured"], b)
    return None


def terminations(case: Case, cures: list[tuple[Json, Cure]]) -> list[Termination]:
    """The rights of each clause, each sentence once."""
    sentences: list[tuple[str, Json]] = []
    for rule in case.book["rules"]:
        for remedy in remedies(case, rule, "terminate"):
            if (rule["clause"], remedy) not in sentences:
                sentences.append((rule["clause"], remedy))
    rights = [
        right_to_terminate(case, clause, remedy, [cure for rule, cure in cures if rule["clause"] == clause])
        for clause, remedy in sentences
    ]
    return [right for right in rights if right is not None]


# --- blocks -----------------------------------------------------------------------------------------------------


def block_end(cure: Cure, findings: list[Finding]) -> int | None:
    """The earlier of the cure and the end of the first later window of the same rule and group that is met."""
    breach = cure.breach
    ends = [
        each.end
        for each in findings
        if (each.rule, each.group, each.verdict) == (breach.rule, breach.group, "met")
        and each.start > breach.start
        and each.end > instant_of_breach(breach)
    ]
    if cure.status == "cured":
        ends.append(cure.instant)
    return min(ends, default=None)


def judge_block(case: Case, rule: Json, block: Json, cure: Cure, findings: list[Finding]) -> list[Finding]:
    """Each event inside one block; or that there was none."""
    begin, group, end = instant_of_breach(cure.breach), group_texts(rule, cure.breach), block_end(cure, findings)
    as_rule = {"id": f"{rule['id']}/{block['id']}", "clause": rule["clause"]}
    if end is not None and end <= begin:
        return []
    if not case.bound("event", block["event"]):
        verdict, inside = "unmeasured", []
    else:
        rows = [
            r
            for r in events(case, block["event"], block["environments"])
            if agrees(r, case.dimensions("event", block["event"]), group)
        ]
        verdict, inside = "met", [time_of(r) for r in rows if begin < time_of(r) and (end is None or time_of(r) < end)]
    whole = Window(begin, min(case.as_of, case.as_of if end is None else end))
    return [
        finding(as_rule, "breached", cure.breach.group, Window(at, at), samples=1, decided=at) for at in inside
    ] or [finding(as_rule, verdict, cure.breach.group, whole)]


def blocks(case: Case, rule: Json, cures: list[Cure], findings: list[Finding]) -> list[Finding]:
    """The blocks of a rule's breaches whose instant has come; an event in several blocks counts once."""
    judged = [
        each
        for block in remedies(case, rule, "block")
        for cure in cures
        if instant_of_breach(cure.breach) < case.as_of
        for each in judge_block(case, rule, block, cure, findings)
    ]
    return list(dict.fromkeys(judged))


# --- credits and caps -------------------------------------------------------------------------------------------


def in_minor_units(money: Json) -> Decimal:
    """Money rounded half-even to the currency's minor unit."""
    return Decimal(money["value"]).quantize(Decimal(1).scaleb(-CURRENCIES[money["unit"]]), ROUND_HALF_EVEN)


def amount_of(remedy: Json, value: Fraction | None) -> Decimal | None:
    """The amount, or that of the last tier whose comparison holds for the value; None where none holds."""
    if remedy["amount"] is not None:
        return in_minor_units(remedy["amount"]["money"])
    holding = [
        tier
        for tier in remedy["tiers"]
        if value is not None and compares(value, tier["comparison"], constant(tier["threshold"]))
    ]
    return in_minor_units(holding[-1]["amount"]["money"]) if holding else None


def belonging(rule: Json, breach: Finding) -> int:
    """The instant a credit belongs to: the last one of a window; else the breach instant."""
    windowed = rule["kind"] in ("keep", "count") or (rule["kind"] == "response" and rule["share"])
    return breach.end - 1 if windowed else instant_of_breach(breach)


def uncapped(case: Case, breaches: list[tuple[Json, Finding]]) -> list[tuple[Json, Credit]]:
    """All credits before caps, in order of belonging instant, rule and group."""
    found = []
    for rule, breach in breaches:
        for remedy in remedies(case, rule, "credit"):
            amount = amount_of(remedy, breach.value)
            if amount is not None:
                found.append((rule, Credit(breach, remedy["party"], belonging(rule, breach), amount, amount)))
    return sorted(
        found,
        key=lambda pair: (
            pair[1].instant,
            pair[0]["id"],
            [t or "" for t in pair[1].breach.group],
            pair[1].breach.start,
        ),
    )


def credits_due(case: Case, breaches: list[tuple[Json, Finding]]) -> list[Credit]:
    """Each credit reduced to what every cap of its clause and of the agreement still allows in its period."""
    given: list[tuple[Json, Credit]] = []
    for rule, credit in uncapped(case, breaches):
        due = credit.amount
        for scope, cap in caps(case, rule):
            period = period_start(case.zone, credit.instant, cap["each"])
            used = sum(
                (
                    other.due
                    for r, other in given
                    if scope in (None, r["clause"]) and period_start(case.zone, other.instant, cap["each"]) == period
                ),
                Decimal(0),
            )
            due = max(Decimal(0), min(due, in_minor_units(cap["amount"]["money"]) - used))
        given.append((rule, Credit(credit.breach, credit.party, credit.instant, credit.amount, due)))
    return [credit for _, credit in given]


def caps(case: Case, rule: Json) -> list[tuple[str | None, Json]]:
    """The caps on a rule's credits: those of its clause, and the agreement's (over all clauses: None)."""
    own = [
        (rule["clause"], remedy)
        for other in case.book["rules"]
        if other["clause"] == rule["clause"]
        for remedy in other["remedies"]
        if remedy["kind"] == "cap"
    ]
    return [*own, *((None, remedy) for remedy in case.book["remedies"] if remedy["kind"] == "cap")]
