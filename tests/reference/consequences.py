"""What follows from breaches, as *Consequences* of docs/meaning.md has it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from decimal import ROUND_HALF_EVEN, Decimal
from fractions import Fraction

from tallystick.quantities import CURRENCIES

from .cases import finding
from .clock import Window, add, period_start, period_starts
from .findings import Finding
from .measures import constant
from .rows import (
    Case,
    Group,
    Json,
    Row,
    actor_of,
    agrees,
    compares,
    counts_as,
    force_of,
    own_life,
    roles_known,
    rows_of,
    time_of,
    unversioned,
)


@dataclass(frozen=True)
class Credit:
    """A credit before (`amount`) and after (`due`) the caps; `instant` is the one that it belongs to.

    `least` is what must be reached, `state` whether it is payable, `until` the last instant of a claim.
    """

    breach: Finding
    party: str
    instant: int
    amount: Decimal
    due: Decimal
    least: Decimal = Decimal(0)
    state: str = "due"
    until: int | None = None


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
    until: int | None
    lapsed: bool


def instant_of_breach(breach: Finding) -> int:
    """The breach instant: where it was decided; a window's end."""
    assert breach.decided is not None
    return breach.decided


def remedies(case: Case, rule: Json, kind: str) -> list[Json]:
    """The remedies of that kind for the breaches of a rule: the clause's and the agreement's."""
    return [each for each in (*rule["remedies"], *case.book["remedies"]) if each["kind"] == kind]


def following(case: Case, rule: Json, kind: str, breach: Finding) -> list[Json]:
    """Those of them in force at the instant to which the breach belongs."""
    at = belonging(rule, breach)
    return [each for each in remedies(case, rule, kind) if force_of(case, each).has(at)]


def heard(case: Case, clause: str | None, sentence: Json, rule: Json, at: int) -> bool:
    """Whether a cap or tiers by count apply to a breach of the rule that belongs to the instant.

    In force at the instant; the agreement's, or carried by the text that judged the breach, or by another of the clause
    in force beside it.
    """
    if not force_of(case, sentence).has(at):
        return False
    if clause is None or sentence in rule["remedies"] or sentence in case.book["remedies"]:
        return True
    others = [r for r in case.book["rules"] if r["clause"] == clause and sentence in r["remedies"]]
    return force_of(case, rule).has(at) and any(force_of(case, r).has(at) for r in others)


def group_texts(rule: Json, breach: Finding) -> Group:
    """The group of a finding as dimensions and texts."""
    return dict(zip(rule["per"], breach.group, strict=True)) if breach.group else {}


def serves(case: Case, name: str, row: Row, group: Group) -> bool:
    """Duties: the event equals the group on every dimension that both have and the row has a text for.

    Whom a notice tells is no such dimension.
    """
    told = actor_of(case, name) if name == "notice" else None
    return all(row[d] in (None, group[d]) for d in case.dimensions("event", name) if d in group and d != told)


def events(case: Case, name: str, environments: Iterable[str] = ()) -> list[Row]:
    """The known rows of an event; none where it is unbound."""
    series = {"source": "event", "name": name, "where": None}
    return rows_of(case, series, list(environments)) if case.bound("event", name) else []


# --- duties -----------------------------------------------------------------------------------------------------


def tells(case: Case, rule: Json, duty: Json, notice: Row) -> bool:
    """Whether a notice is to the role, and of the clause if it names one."""
    return counts_as(case, "notice", notice, duty["roles"]) and notice["clause"] in (None, rule["clause"])


def performed(case: Case, rule: Json, duty: Json, breach: Finding) -> int | None:
    """The first instant at which a duty was done, in time or late."""
    name = "notice" if duty["kind"] == "notify" else duty["event"]
    times = [
        time_of(row)
        for row in events(case, name)
        if instant_of_breach(breach) <= time_of(row)
        and serves(case, name, row, group_texts(rule, breach))
        and (duty["kind"] == "perform" or tells(case, rule, duty, row))
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
    elif case.as_of <= deadline:
        verdict = "pending"
    else:
        verdict = "breached" if duty["kind"] == "perform" or roles_known(case, "notice") else "unmeasured"
    as_rule = {"id": f"{rule['id']}/{duty['id']}", "clause": rule["clause"]}
    elapsed = None if done is None else done - begin
    return finding(as_rule, verdict, breach.group, Window(begin, deadline), elapsed, int(done is not None), deadline)


def duties(case: Case, rule: Json, breaches: list[Finding]) -> list[Finding]:
    """The duties of a rule's breaches whose instant has come."""
    return [
        judge_duty(case, rule, duty, breach)
        for duty in remedies(case, rule, "notify") + remedies(case, rule, "perform")
        for breach in breaches
        if instant_of_breach(breach) <= case.as_of and duty in following(case, rule, duty["kind"], breach)
    ]


# --- cure, escalation, termination ------------------------------------------------------------------------------


def cure_of(case: Case, rule: Json, breach: Finding) -> Cure:
    """The cure status of one breach."""
    begin = instant_of_breach(breach)
    periods = following(case, rule, "cure", breach)
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
            if remedy not in following(case, rule, "escalate", cure.breach):
                continue
            if cure.status != "cured" or cure.instant > instant:
                status = "due" if case.as_of > instant else "scheduled"
                found.append(Escalation(cure.breach, remedy["role"], instant, status))
    return found


def enough_in_period(case: Case, remedy: Json, cures_of_clause: list[Cure]) -> list[int]:
    """The instants, by as-of, at which enough (uncured) breaches of the clause fall within the period."""
    counted = sorted(
        cure.instant if remedy["uncured"] else instant_of_breach(cure.breach)
        for cure in cures_of_clause
        if not remedy["uncured"] or cure.status == "uncured"
    )
    instants = [instant for instant in counted if instant <= case.as_of]
    return [
        b
        for b in instants
        if sum(add(case.clock, b, remedy["within"], -1) < other <= b for other in instants) >= remedy["count"]
    ]


def enough_in_row(case: Case, remedy: Json, found: list[tuple[Json, Finding]]) -> list[int]:
    """The instants at which the last `count` of a rule's and group's met, breached and pending findings are breached."""
    reached = []
    rules = {rule["id"] for rule, _ in found if rule["kind"] in ("keep", "count", "cadence", "response")}
    counted = [
        replace(f, rule=unversioned(f.rule))
        for _, f in found
        if f.rule in rules and f.verdict in ("met", "breached", "pending")
    ]
    for name, group in {(f.rule, f.group) for f in counted}:
        members = [
            (f.start, f.end, f.verdict == "breached" and instant_of_breach(f) <= case.as_of, f.decided or 0)
            for f in counted
            if (f.rule, f.group) == (name, group)
        ]
        members.sort()
        for last in range(remedy["count"], len(members) + 1):
            row = members[last - remedy["count"] : last]
            if all(breached for _, _, breached, _ in row):
                reached.append(max(decided for *_, decided in row))
    return sorted(reached)


def enough_in_spans(case: Case, remedy: Json, found: list[tuple[Json, Finding]]) -> list[int]:
    """The instants of breaches in consecutive calendar periods of which enough have had a breach by then."""
    number, each = remedy["spans"]["number"], remedy["spans"]["each"]
    breaches = [
        (instant_of_breach(f), period_start(case.clock, belonging(rule, f), each))
        for rule, f in found
        if f.verdict == "breached" and instant_of_breach(f) <= case.as_of
    ]
    reached = []
    for instant, period in sorted(breaches):
        known = {other for at, other in breaches if at <= instant}
        for first in known:
            starts = period_starts(case.clock, first, each)
            span = [next(starts) for _ in range(number)]
            if period in span and len(known & set(span)) >= remedy["count"]:
                reached.append(instant)
    return reached


def rights(case: Case, clause: str, remedy: Json, instants: list[int]) -> list[Termination]:
    """The right arises at the first instant; where it has a last day, again at the first one after that."""
    found: list[Termination] = []
    for instant in instants:
        if found and (remedy["exercisable"] is None or instant <= (found[-1].until or 0)):
            continue
        until = None if remedy["exercisable"] is None else add(case.clock, instant, remedy["exercisable"])
        lapsed = until is not None and case.as_of > until
        found.append(Termination(clause, remedy["party"], remedy["count"], remedy["uncured"], instant, until, lapsed))
    return found


def terminations(case: Case, cures: list[tuple[Json, Cure]], found: list[tuple[Json, Finding]]) -> list[Termination]:
    """The rights of each clause, each sentence once."""
    sentences: list[tuple[str, Json]] = []
    for rule in case.book["rules"]:
        for remedy in remedies(case, rule, "terminate"):
            if (rule["clause"], remedy) not in sentences:
                sentences.append((rule["clause"], remedy))
    result = []
    for clause, remedy in sentences:
        of_clause = [(rule, f) for rule, f in found if rule["clause"] == clause]
        if remedy["within"] is not None:
            instants = enough_in_period(case, remedy, [cure for rule, cure in cures if rule["clause"] == clause])
        elif remedy["spans"] is not None:
            instants = enough_in_spans(case, remedy, of_clause)
        else:
            instants = enough_in_row(case, remedy, of_clause)
        result += rights(case, clause, remedy, [at for at in instants if stands(case, clause, remedy, at)])
    return result


def stands(case: Case, clause: str, remedy: Json, at: int) -> bool:
    """Whether a right's sentence is in force: by itself, and in the agreement or some text of the clause."""
    carriers = [r for r in case.book["rules"] if r["clause"] == clause and remedy in r["remedies"]]
    carried = remedy in case.book["remedies"] or any(force_of(case, r).has(at) for r in carriers)
    return carried and force_of(case, remedy).has(at)


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
        if instant_of_breach(cure.breach) < case.as_of and block in following(case, rule, "block", cure.breach)
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


def units_of_delay(case: Case, rule: Json, delay: Json, breach: Finding) -> int:
    """How many units have started (are full) from the deadline to the performance, or to as-of."""
    deadline, end = instant_of_breach(breach), breach.performed
    if end is None:
        end = min(case.as_of, case.life.end) if rule["kind"] == "cadence" else case.as_of
    number = 0
    if delay["extent"] == "full":
        while add(case.clock, deadline, delay["each"], number + 1) <= end:
            number += 1
        return number
    while (add(case.clock, deadline, delay["each"], number) if number else deadline) < end:
        number += 1
    return number


def credit_for_delay(case: Case, rule: Json, delay: Json, breach: Finding) -> Decimal | None:
    """The amount for each unit of the delay of a response, a deletion or a cadence, up to the most."""
    if rule["kind"] not in ("deletion", "cadence") and (rule["kind"] != "response" or rule["share"]):
        return None
    number = units_of_delay(case, rule, delay, breach)
    total = Decimal(delay["amount"]["money"]["value"]) * number
    if delay["most"] is not None:
        total = min(total, Decimal(delay["most"]["money"]["value"]))
    return in_minor_units({"value": total, "unit": delay["amount"]["money"]["unit"]}) if number else None


def payable(case: Case, rule: Json, remedy: Json, breach: Finding, amount: Decimal) -> Credit:
    """A credit with what it needs to be payable."""
    least = Decimal(0) if remedy["minimum"] is None else in_minor_units(remedy["minimum"]["money"])
    credit = Credit(breach, remedy["party"], belonging(rule, breach), amount, amount, least)
    if remedy["claim_within"] is None:
        return credit
    begin, group = instant_of_breach(breach), group_texts(rule, breach)
    until = add(case.clock, begin, remedy["claim_within"])
    claimed = any(
        begin <= time_of(row) <= until and row["clause"] in (None, rule["clause"]) and serves(case, "claim", row, group)
        for row in events(case, "claim")
    )
    state = "claimed" if claimed else "claimable" if case.as_of <= until else "lapsed"
    return replace(credit, state=state, until=until)


def counted_credits(case: Case, breaches: list[tuple[Json, Finding]]) -> list[tuple[Json, Credit]]:
    """For each sentence, clause and calendar period: the last tier reached, at the breach that reached it."""
    sentences: list[tuple[str, Json]] = []
    for rule in case.book["rules"]:
        for remedy in remedies(case, rule, "credit"):
            if remedy["counted"] is not None and (rule["clause"], remedy) not in sentences:
                sentences.append((rule["clause"], remedy))
    found = []
    for clause, remedy in sentences:
        own = [
            (belonging(rule, f), rule["id"], [t or "" for t in f.group], f.start, number, rule, f)
            for number, (rule, f) in enumerate(breaches)
            if rule["clause"] == clause
        ]
        own.sort(key=lambda each: each[:5])
        periods = [period_start(case.clock, each[0], remedy["counted"]) for each in own]
        for period in dict.fromkeys(periods):
            inside = [each for each, start in zip(own, periods, strict=True) if start == period]
            amounts = {int(tier["threshold"]["quantity"]["value"]): tier["amount"] for tier in remedy["tiers"]}
            reached = [number for number in amounts if number <= len(inside)]
            if reached:
                *_, rule, breach = inside[reached[-1] - 1]
                amount = in_minor_units(amounts[reached[-1]]["money"])
                if not heard(case, clause, remedy, rule, belonging(rule, breach)):
                    continue
                found.append((rule, payable(case, rule, remedy, breach, amount)))
    return found


def uncapped(case: Case, breaches: list[tuple[Json, Finding]]) -> list[tuple[Json, Credit]]:
    """All credits before caps, in order of belonging instant, rule and group."""
    plain = plain_credits(case, breaches)
    return sorted(
        [*plain, *counted_credits(case, breaches)],
        key=lambda pair: (pair[1].instant, pair[0]["id"], [t or "" for t in pair[1].breach.group]),
    )


def plain_credits(case: Case, breaches: list[tuple[Json, Finding]]) -> list[tuple[Json, Credit]]:
    """The credits that do not go by the number of breaches."""
    found = []
    for rule, breach in breaches:
        for remedy in remedies(case, rule, "credit"):
            if remedy["counted"] is not None or remedy not in following(case, rule, "credit", breach):
                continue
            if remedy["delay"] is not None:
                amount = credit_for_delay(own_life(case, rule), rule, remedy["delay"], breach)
            else:
                amount = amount_of(remedy, breach.value)
            if amount is not None:
                found.append((rule, payable(case, rule, remedy, breach, amount)))
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
        due, state = credit.amount, credit.state
        for scope, cap in caps(case, rule):
            if not heard(case, scope, cap, rule, credit.instant):
                continue
            used = sum(
                (
                    other.due
                    for r, other in given
                    if scope in (None, r["clause"]) and together(case, cap, other.instant, credit.instant)
                ),
                Decimal(0),
            )
            due = max(Decimal(0), min(due, in_minor_units(cap["amount"]["money"]) - used))
        if state in ("claimable", "lapsed"):
            due = Decimal(0)
        elif due < credit.least:
            due, state = Decimal(0), "below minimum"
        given.append((rule, replace(credit, due=due, state=state)))
    return [credit for _, credit in given]


def together(case: Case, cap: Json, earlier: int, instant: int) -> bool:
    """Whether an earlier credit counts against the cap of a later one: same calendar period, rolling period, term."""
    if cap["each"] is not None:
        return period_start(case.clock, earlier, cap["each"]) == period_start(case.clock, instant, cap["each"])
    if cap["rolling"] is None:
        return True
    days = period_starts(case.clock, instant, "day")
    next(days)
    return earlier >= add(case.clock, next(days), cap["rolling"], -1)


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
