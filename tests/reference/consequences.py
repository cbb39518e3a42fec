"""What follows from breaches, as *Consequences* of docs/meaning.md has it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from decimal import ROUND_HALF_EVEN, Decimal
from fractions import Fraction
from typing import Any

from tallystick.quantities import CURRENCIES

from .cases import finding
from .clock import FOREVER, Window, add, local_of, period_start, period_starts
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
    in_base,
    is_covered,
    own_life,
    part_for,
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
    currency: str = ""


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


@dataclass(frozen=True)
class RightGiven:
    """What someone may do since an instant: its last instant, or when something ended it, and when it was used."""

    rule: str
    holder: str
    event: str
    arises: int
    until: int | None
    ended: int | None
    lapsed: bool
    used: int | None


@dataclass(frozen=True)
class Step:
    """A rule (or a duty that follows, as a rule) with the findings from which its consequences follow."""

    rule: Json
    found: list[Finding]
    texts: list[Finding]
    grounds: list[Finding]
    cures: list[Cure]
    duties: list[Finding]


def instant_of_breach(breach: Finding) -> int:
    """The breach instant: where it was decided; a window's end. Of an occasion, that at which it was one."""
    return breach.end if breach.decided is None else breach.decided


def remedies(case: Case, rule: Json, kind: str) -> list[Json]:
    """The remedies of that kind for the breaches of a rule: the clause's and, of real breaches, the agreement's."""
    return [each for each in remedies_in_order(case, rule) if each["kind"] == kind]


def scope_of(rule: Json) -> tuple[str, ...]:
    """What is counted together: a clause, under each order by itself; within it an occasion; within these a duty."""
    if rule["kind"] == "duty":
        return (*rule["within_scope"], rule["duty"])
    clause = f"{rule['clause']} under {rule['order']}"
    return (clause, unversioned(rule["id"])) if rule["kind"] == "occasion" else (clause,)


def is_shared(case: Case, remedy: Json, rule: Json) -> bool:
    """Whether a consequence of every breach is one for a rule: that of its order, where the order has its own."""
    own = [order["id"] for order in case.book["orders"] if order["own_remedies"]]
    return bool(remedy["order"] == rule["order"] if rule["order"] in own else remedy["order"] is None)


def chain(case: Case, rule: Json, found: list[Finding], texts: list[Finding]) -> list[Step]:
    """A rule and, after it, each duty that follows from it, with what follows from that. `texts` are the findings by all
    texts of the rule."""
    if rule["kind"] == "occasion":
        grounds = [f for f in found if f.verdict == "met" and f.about is not None and f.samples == 1]
    else:
        grounds = [f for f in found if f.verdict == "breached"]
    cures = [] if rule["kind"] == "occasion" else [cure_of(case, rule, f) for f in grounds]
    owed = [
        (duty, judge_duties(case, rule, duty, grounds))
        for duty in remedies_in_order(case, rule)
        if duty["kind"] in ("notify", "perform")
    ]
    steps = [Step(rule, found, texts, grounds, cures, [d for _, judged in owed for d in judged])]
    for duty, judged in owed:
        as_rule = {
            "id": f"{rule['id']}/{duty['id']}",
            "kind": "duty",
            "duty": duty["id"],
            "within_scope": scope_of(rule),
            "clause": rule["clause"],
            "per": rule["per"],
            "remedies": duty["remedies"],
            "above": [*rule["remedies"], *rule.get("above", [])],
            "effective": rule["effective"],
            "until": rule["until"],
            "order": rule["order"],
        }
        if judged and duty["remedies"]:
            steps += chain(case, as_rule, judged, [])
    return steps


def remedies_in_order(case: Case, rule: Json) -> list[Json]:
    """All remedies of a rule, in the order of their sentences."""
    if rule["kind"] in ("occasion", "duty"):
        return list(rule["remedies"])
    return [*rule["remedies"], *(each for each in case.book["remedies"] if is_shared(case, each, rule))]


def following(case: Case, rule: Json, kind: str, breach: Finding) -> list[Json]:
    """Those of them in force at the instant to which the breach belongs."""
    at = belonging(rule, breach)
    return [each for each in remedies(case, rule, kind) if force_of(case, each).has(at)]


def heard(case: Case, scope: tuple[str, ...], sentence: Json, rule: Json, at: int) -> bool:
    """Whether a cap or tiers by count apply to a breach of the rule that belongs to the instant.

    In force at the instant; the agreement's, or carried by the text that judged the breach or led to it, or by another
    of the clause in force beside it.
    """
    if not force_of(case, sentence).has(at):
        return False
    carried = [*rule["remedies"], *rule.get("above", []), *case.book["remedies"]]
    if scope == () or sentence in carried:
        return True
    others = [r for r in case.book["rules"] if scope_of(r) == scope and sentence in r["remedies"]]
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
    return rows_of(case, series, list(environments) or None) if case.bound("event", name) else []


def concerns(case: Case, rule: Json, breach: Finding, row: Row) -> bool:
    """Duties: what the row says it is about, if anything, is the local day, month or year of the breach.

    That it may name the finding, whose id the reference does not make, is tested by hand.
    """
    said = row.get("about")
    return said is None or (f"{local_of(case.zone, belonging(rule, breach)).date()}-").startswith(f"{said}-")


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
        and concerns(case, rule, breach, row)
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
    judged = finding(as_rule, verdict, breach.group, Window(begin, deadline), elapsed, int(done is not None), deadline)
    return replace(judged, performed=done, numbers=breach.numbers)


def judge_duties(case: Case, rule: Json, duty: Json, grounds: list[Finding]) -> list[Finding]:
    """One duty of a rule's breaches whose instant has come."""
    found = [
        judge_duty(case, rule, duty, breach)
        for breach in grounds
        if instant_of_breach(breach) <= case.as_of and duty in following(case, rule, duty["kind"], breach)
    ]
    return sorted(found, key=lambda f: ([text or "" for text in f.group], f.start, f.end, f.verdict))


# --- cure, escalation, termination ------------------------------------------------------------------------------


def cure_of(case: Case, rule: Json, breach: Finding) -> Cure:
    """The cure status of one breach."""
    begin = instant_of_breach(breach)
    periods = following(case, rule, "cure", breach)
    late = [breach.performed] if rule["kind"] == "duty" and breach.performed is not None else []
    if not periods:
        return Cure(breach, "cured", late[0]) if late else Cure(breach, "uncured", begin)
    end = add(case.clock, begin, periods[0]["within"])
    group = group_texts(rule, breach)
    cured = [
        time_of(row)
        for row in events(case, "cure")
        if row["clause"] == rule["clause"]
        and serves(case, "cure", row, group)
        and begin <= time_of(row) <= end
        and concerns(case, rule, breach, row)
    ]
    cured += [at for at in late if at <= end]
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


def counted_breaches(case: Case, remedy: Json, steps: list[Step]) -> list[tuple[Json, Finding, int]]:
    """The breaches that count towards a right, each with the instant, by as-of, from which it does."""
    found = []
    for step in steps:
        for cure in step.cures:
            begin = instant_of_breach(cure.breach)
            if remedy["uncured"] and cure.status != "uncured":
                continue
            instant = cure.instant if remedy["uncured"] else begin
            if remedy["notified"] is not None:
                until = add(case.clock, begin, remedy["notified"]["within"])
                group = group_texts(step.rule, cure.breach)
                notices = [
                    time_of(row)
                    for row in events(case, "notice")
                    if begin <= time_of(row) <= until
                    and row["clause"] == step.rule["clause"]
                    and counts_as(case, "notice", row, remedy["notified"]["roles"])
                    and serves(case, "notice", row, group)
                    and concerns(case, step.rule, cure.breach, row)
                ]
                if not notices:
                    continue
                instant = max(instant, min(notices))
            if instant <= case.as_of:
                found.append((step.rule, cure.breach, instant))
    return found


def enough_in_period(case: Case, remedy: Json, counted: list[tuple[Json, Finding, int]]) -> list[int]:
    """The instants at which enough breaches of the clause fall within the period."""
    instants = sorted(instant for _, _, instant in counted)
    return [
        b
        for b in instants
        if sum(add(case.clock, b, remedy["within"], -1) < other <= b for other in instants) >= remedy["count"]
    ]


def enough_in_row(
    remedy: Json, found: list[tuple[Json, Finding]], counted: list[tuple[Json, Finding, int]]
) -> list[int]:
    """The instants at which the last `count` of a rule's and group's met, breached and pending findings count."""
    since = {id(breach): instant for _, breach, instant in counted}
    reached = []
    rows = [
        (unversioned(f.rule), f.group, (f.start, f.end, id(f) in since, f.decided or 0, since.get(id(f), 0)))
        for rule, f in found
        if rule["kind"] in ("keep", "count", "cadence", "response") and f.verdict in ("met", "breached", "pending")
    ]
    for key in {(rule, group) for rule, group, _ in rows}:
        members = sorted(member for rule, group, member in rows if (rule, group) == key)
        for last in range(remedy["count"], len(members) + 1):
            row = members[last - remedy["count"] : last]
            if all(member[2] for member in row):
                reached.append(max(member[4] for member in row))
    return sorted(reached)


def enough_in_spans(case: Case, remedy: Json, counted: list[tuple[Json, Finding, int]]) -> list[int]:
    """The instants of breaches in consecutive calendar periods of which enough have had a breach by then."""
    number, each = remedy["spans"]["number"], remedy["spans"]["each"]
    breaches = [(instant, period_start(case.clock, belonging(rule, f), each)) for rule, f, instant in counted]
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


def terminations(case: Case, steps: list[Step]) -> list[Termination]:
    """The rights of each clause (or occasion, or duty), each sentence once."""
    sentences: list[tuple[tuple[str, ...], str, Json]] = []
    for step in steps:
        for remedy in remedies(case, step.rule, "terminate"):
            if (scope_of(step.rule), step.rule["clause"], remedy) not in sentences:
                sentences.append((scope_of(step.rule), step.rule["clause"], remedy))
    result = []
    for scope, clause, remedy in sentences:
        inside = [step for step in steps if scope_of(step.rule) == scope]
        found = [(step.rule, f) for step in inside for f in step.found]
        counted = counted_breaches(case, remedy, inside)
        if remedy["at_once"]:
            every = sorted(instant_of_breach(f) for step in inside for f in step.grounds)
            instants = [at for at in every if at <= case.as_of]
        elif remedy["within"] is not None:
            instants = enough_in_period(case, remedy, counted)
        elif remedy["spans"] is not None:
            instants = enough_in_spans(case, remedy, counted)
        else:
            instants = enough_in_row(remedy, found, counted)
        result += rights(case, clause, remedy, [at for at in instants if stands(case, inside, remedy, at)])
    return result


def stands(case: Case, inside: list[Step], remedy: Json, at: int) -> bool:
    """Whether a right's sentence is in force: by itself, and in the agreement or some text of the clause. What follows
    from a duty stands with it."""
    carriers = [step.rule for step in inside if remedy in step.rule["remedies"]]
    in_text = any(rule["kind"] == "duty" or force_of(case, rule).has(at) for rule in carriers)
    return (remedy in case.book["remedies"] or in_text) and force_of(case, remedy).has(at)


# --- blocks -----------------------------------------------------------------------------------------------------


def natural_end(step: Step, breach: Finding) -> int | None:
    """The earlier of the cure and the end of the first later window of the same rule and group that is met; where a
    record was the occasion, its end."""
    if step.rule["kind"] == "occasion":
        return breach.performed
    ends = [cure.instant for cure in step.cures if cure.breach is breach and cure.status == "cured"]
    if step.rule["kind"] != "duty":
        ends += [
            each.end
            for each in step.texts
            if (unversioned(each.rule), each.group, each.verdict) == (unversioned(breach.rule), breach.group, "met")
            and each.start > breach.start
            and each.end > instant_of_breach(breach)
        ]
    return min(ends, default=None)


def judge_block(case: Case, step: Step, block: Json, breach: Finding) -> list[Finding]:
    """Each event inside one block; or that there was none."""
    rule = step.rule
    begin, group, end = instant_of_breach(breach), group_texts(rule, breach), natural_end(step, breach)
    if block["lasting"] is not None:
        last = add(case.clock, begin, block["lasting"])
        end = last if end is None else min(end, last)
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
    return [finding(as_rule, "breached", breach.group, Window(at, at), samples=1, decided=at) for at in inside] or [
        finding(as_rule, verdict, breach.group, whole)
    ]


def blocks(case: Case, step: Step) -> list[Finding]:
    """The blocks of a rule's breaches whose instant has come; an event in several blocks counts once."""
    judged = [
        each
        for block in remedies(case, step.rule, "block")
        for breach in step.grounds
        if instant_of_breach(breach) < case.as_of and block in following(case, step.rule, "block", breach)
        for each in judge_block(case, step, block, breach)
    ]
    return list(dict.fromkeys(judged))


# --- other rights -----------------------------------------------------------------------------------------------


def rights_given(case: Case, step: Step) -> list[RightGiven]:
    """What may be done because of each breach or occasion whose instant has come."""
    found = []
    for remedy in remedies(case, step.rule, "right"):
        for breach in step.grounds:
            begin = instant_of_breach(breach)
            ends = [at for at in (natural_end(step, breach), breach.performed) if at is not None]
            until = None if remedy["within"] is None else add(case.clock, begin, remedy["within"])
            ended = min(ends, default=None)
            late = begin >= case.as_of or (ended is not None and ended <= begin)
            if late or remedy not in following(case, step.rule, "right", breach):
                continue
            last = min([FOREVER, *([] if until is None else [until]), *([] if ended is None else [ended])])
            times = [
                time_of(row)
                for row in events(case, remedy["event"])
                if begin <= time_of(row) <= last and serves(case, remedy["event"], row, group_texts(step.rule, breach))
            ]
            found.append(
                RightGiven(
                    step.rule["id"],
                    remedy["holder"],
                    remedy["event"],
                    begin,
                    until,
                    ended if ended is not None and (until is None or ended <= until) else None,
                    last < case.as_of,
                    min(times, default=None),
                )
            )
    return found


# --- credits and caps -------------------------------------------------------------------------------------------


def in_minor_units(money: Json) -> Decimal:
    """Money rounded half-even to the currency's minor unit."""
    return Decimal(money["value"]).quantize(Decimal(1).scaleb(-CURRENCIES[money["unit"]]), ROUND_HALF_EVEN)


def amount_of(remedy: Json, value: Fraction | None) -> Json | None:
    """The amount, or that of the last tier whose comparison holds for the value; None where none holds."""
    if remedy["amount"] is not None:
        fixed: Json = remedy["amount"]
        return fixed
    holding: list[Json] = [
        tier
        for tier in remedy["tiers"]
        if value is not None and compares(value, tier["comparison"], constant(tier["threshold"]))
    ]
    last: Json | None = holding[-1]["amount"] if holding else None
    return last


def rounded(money: Fraction, currency: str) -> Decimal:
    """An exact sum, half-even to the currency's minor unit."""
    places = CURRENCIES[currency]
    return Decimal(round(money * 10**places)).scaleb(-places)


def sum_of(case: Case, rule: Json, amount: Json | None, breach: Finding) -> tuple[Decimal, str] | None:
    """*Worked out*: the sum and its state; None where nothing is due."""
    if amount is None:
        return None
    if "money" in amount:
        return in_minor_units(amount["money"]), "due"
    found = worked_out(case, rule, amount["formula"], breach)
    if isinstance(found, str):
        return Decimal(0), found
    return (rounded(found, amount["currency"]), "due") if found is not None and found > 0 else None


def worked_out(case: Case, rule: Json, formula: Json, breach: Finding) -> Fraction | str | None:
    """*Worked out*: a number in base units, the state of what is not known, or None."""
    measured = rule["kind"] in ("keep", "gate", "count") or (rule["kind"] == "response" and rule["share"])
    match formula["kind"]:
        case "value":
            return constant(formula)
        case "observed" if formula["what"] == "delay":
            own = part_for(own_life(case, rule), rule, group_texts(rule, breach), breach.start)
            late = delay_of(own, rule, breach)
            return None if late is None else Fraction(late[1] - late[0])
        case "observed":
            if not measured or breach.value is None or breach.limit is None:
                return None
            return breach.value if formula["what"] == "value" else abs(breach.value - breach.limit)
        case "charged":
            starts = period_starts(case.clock, belonging(rule, breach), formula["each"])
            period = Window(next(starts), next(starts))
            if case.bound(formula["of"]["source"], formula["of"]["name"]) and period.end > case.as_of:
                return "pending"
            total = charged(case, formula["of"], period, group_texts(rule, breach), rule["order"])
            return "unmeasured" if total is None else total
        case _:
            sides = [worked_out(case, rule, formula[side], breach) for side in ("left", "right")]
            return calculated(formula["operator"], sides)


def calculated(operator: str, sides: list[Fraction | str | None]) -> Fraction | str | None:
    """Arithmetic; what is not a number comes through, and a division by zero is not known."""
    for side in sides:
        if not isinstance(side, Fraction):
            return side
    left, right = [side for side in sides if isinstance(side, Fraction)]
    match operator:
        case "+":
            return left + right
        case "-":
            return left - right
        case "*":
            return left * right
        case _:
            return left / right if right else "unmeasured"


def charged(case: Case, series: Json, time: Window, group: Group, order: str | None) -> Fraction | None:
    """The sum over the rows of a time that equal the group where they can, and are not such as an order does not cover;
    none of a metric without samples."""
    covers: list[Json] = next((each["covers"] for each in case.book["orders"] if each["id"] == order), [])
    if not case.bound(series["source"], series["name"]):
        return None
    units = case.units(series["source"], series["name"])
    name = series["attribute"] or "value"
    numbers = [
        in_base(row[name], units[name])
        for row in rows_of(case, series, [])
        if time.has(time_of(row))
        and is_covered(covers, row) is not False
        and row[name] is not None
        and all(
            (row[d] or "") == (group[d] or "") for d in case.dimensions(series["source"], series["name"]) if d in group
        )
    ]
    return None if not numbers and series["source"] == "metric" else sum(numbers, Fraction(0))


def belonging(rule: Json, breach: Finding) -> int:
    """The instant a credit belongs to: the last one of a window; else the breach instant."""
    windowed = rule["kind"] in ("keep", "count") or (rule["kind"] == "response" and rule["share"])
    return breach.end - 1 if windowed else instant_of_breach(breach)


def delay_of(case: Case, rule: Json, breach: Finding) -> tuple[int, int] | None:
    """From the deadline of a response, a deletion, a cadence or a duty to the performance, or to as-of."""
    if rule["kind"] not in ("deletion", "cadence", "duty") and (rule["kind"] != "response" or rule["share"]):
        return None
    end = breach.performed
    if end is None:
        end = min(case.as_of, case.life.end) if rule["kind"] == "cadence" else case.as_of
    return instant_of_breach(breach), end


def units_of_delay(case: Case, delay: Json, deadline: int, end: int) -> int:
    """How many units have started (are full) from the deadline to the end of the delay."""
    number = 0
    if delay["extent"] == "full":
        while add(case.clock, deadline, delay["each"], number + 1) <= end:
            number += 1
        return number
    while (add(case.clock, deadline, delay["each"], number) if number else deadline) < end:
        number += 1
    return number


def credit_for_delay(case: Case, rule: Json, delay: Json, breach: Finding) -> tuple[Decimal, str] | None:
    """The amount for each unit of the delay of a response, a deletion or a cadence, up to the most."""
    late = delay_of(case, rule, breach)
    if late is None:
        return None
    number = units_of_delay(case, delay, *late)
    total = Decimal(delay["amount"]["money"]["value"]) * number
    if delay["most"] is not None:
        total = min(total, Decimal(delay["most"]["money"]["value"]))
    return (in_minor_units({"value": total, "unit": delay["amount"]["money"]["unit"]}), "due") if number else None


def payable(case: Case, rule: Json, remedy: Json, breach: Finding, found: tuple[Decimal, str]) -> Credit:
    """A credit with what it needs to be payable."""
    least = Decimal(0) if remedy["minimum"] is None else in_minor_units(remedy["minimum"]["money"])
    amount, known = found
    currency = currency_of(remedy)
    credit = Credit(breach, remedy["party"], belonging(rule, breach), amount, amount, least, known, currency=currency)
    if remedy["claim_within"] is None:
        return credit
    begin, group = instant_of_breach(breach), group_texts(rule, breach)
    until = add(case.clock, begin, remedy["claim_within"])
    claimed = any(
        begin <= time_of(row) <= until
        and row["clause"] in (None, rule["clause"])
        and serves(case, "claim", row, group)
        and concerns(case, rule, breach, row)
        for row in events(case, "claim")
    )
    state = "claimed" if claimed else "claimable" if case.as_of <= until else "lapsed"
    return replace(credit, state=state if known == "due" else known, until=until)


def currency_of(remedy: Json) -> str:
    """The currency of a credit."""
    amounts = [remedy["amount"], *(tier["amount"] for tier in remedy["tiers"])]
    amounts += [remedy["delay"]["amount"]] if remedy["delay"] else []
    first = next(each for each in amounts if each is not None)
    found: str = first["money"]["unit"] if "money" in first else first["currency"]
    return found


def counted_credits(case: Case, breaches: list[tuple[Json, Finding]]) -> list[tuple[Json, Credit]]:
    """For each sentence, clause and calendar period: the last tier reached, at the breach that reached it."""
    sentences: list[tuple[tuple[str, ...], Json]] = []
    for rule in (*case.book["rules"], *(rule for rule, _ in breaches)):
        for remedy in remedies(case, rule, "credit"):
            over_breaches = remedy["counted"] is not None or remedy["repeated"] is not None
            if over_breaches and (scope_of(rule), remedy) not in sentences:
                sentences.append((scope_of(rule), remedy))
    found = []
    for scope, remedy in sentences:
        own = [
            (belonging(rule, f), rule["id"], [t or "" for t in f.group], f.start, number, rule, f)
            for number, (rule, f) in enumerate(breaches)
            if scope_of(rule) == scope
        ]
        own.sort(key=lambda each: each[:5])
        if remedy["repeated"] is not None:
            found += repeated_credits(case, scope, remedy, own)
            continue
        periods = [period_start(case.clock, each[0], remedy["counted"]) for each in own]
        for period in dict.fromkeys(periods):
            inside = [each for each, start in zip(own, periods, strict=True) if start == period]
            amounts = {int(tier["threshold"]["quantity"]["value"]): tier["amount"] for tier in remedy["tiers"]}
            reached = [number for number in amounts if number <= len(inside)]
            if reached:
                *_, rule, breach = inside[reached[-1] - 1]
                if not heard(case, scope, remedy, rule, belonging(rule, breach)):
                    continue
                amount = sum_of(case, rule, amounts[reached[-1]], breach)
                if amount is not None:
                    found.append((rule, payable(case, rule, remedy, breach, amount)))
    return found


def repeated_credits(case: Case, scope: tuple[str, ...], remedy: Json, own: list[Any]) -> list[tuple[Json, Credit]]:
    """The amount for each breach that is at least the so-manieth of the period that ends with it; `own` in order."""
    found = []
    for place, (instant, *_, rule, breach) in enumerate(own):
        oldest = add(case.clock, instant, remedy["repeated"]["within"], -1)
        before = [each for each in own[: place + 1] if each[0] > oldest]
        if len(before) >= remedy["repeated"]["number"] and heard(case, scope, remedy, rule, instant):
            amount = sum_of(case, rule, remedy["amount"], breach)
            if amount is not None:
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
            over_breaches = remedy["counted"] is not None or remedy["repeated"] is not None
            if over_breaches or remedy not in following(case, rule, "credit", breach):
                continue
            if remedy["delay"] is not None:
                own = part_for(own_life(case, rule), rule, group_texts(rule, breach), breach.start)
                amount = credit_for_delay(own, rule, remedy["delay"], breach)
            else:
                amount = sum_of(case, rule, amount_of(remedy, breach.value), breach)
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
    for rule, credit in only_highest(case, uncapped(case, breaches), breaches):
        due, state = credit.amount, credit.state
        for scope, cap in limits(case, "cap", rule, breaches):
            if state not in ("due", "claimed") or not heard(case, scope, cap, rule, credit.instant):
                continue
            used = sum(
                (
                    other.due
                    for r, other in given
                    if (scope_of(r)[: len(scope)] == scope if scope else is_shared(case, cap, r))
                    and together(case, cap, other.instant, credit.instant)
                ),
                Decimal(0),
            )
            allowed = allowed_by(case, cap, credit.instant, rule["order"] if scope else cap["order"])
            if allowed is None:
                due, state = Decimal(0), "unmeasured"
            else:
                due = max(Decimal(0), min(due, allowed - used))
        if state not in ("due", "claimed"):
            due = Decimal(0)
        elif due < credit.least:
            due, state = Decimal(0), "below minimum"
        given.append((rule, replace(credit, due=due, state=state)))
    return [credit for _, credit in given]


def allowed_by(case: Case, cap: Json, instant: int, order: str | None) -> Decimal | None:
    """What a cap allows in its period; None where that is worked out from what is not known."""
    if "money" in cap["amount"]:
        return in_minor_units(cap["amount"]["money"])
    if cap["each"] is not None:
        starts = period_starts(case.clock, instant, cap["each"])
        period = Window(next(starts), next(starts))
    elif cap["rolling"] is not None:
        days = period_starts(case.clock, instant, "day")
        next(days)
        end = next(days)
        period = Window(add(case.clock, end, cap["rolling"], -1), end)
    else:
        period = case.life
    found = charges_of_cap(case, cap["amount"]["formula"], period, order)
    return rounded(max(found, Fraction(0)), cap["amount"]["currency"]) if isinstance(found, Fraction) else None


def charges_of_cap(case: Case, formula: Json, period: Window, order: str | None) -> Fraction | str | None:
    """The formula of a cap over its period."""
    match formula["kind"]:
        case "value":
            return constant(formula)
        case "charged":
            return charged(case, formula["of"], period, {}, order)
        case _:
            return calculated(
                formula["operator"], [charges_of_cap(case, formula[side], period, order) for side in ("left", "right")]
            )


def only_highest(
    case: Case, due: list[tuple[Json, Credit]], breaches: list[tuple[Json, Finding]]
) -> list[tuple[Json, Credit]]:
    """*Highest*: of the payable credits of one party, currency, period and group, the others are not payable."""
    standing = list(due)
    found: list[tuple[tuple[str, ...], Json]] = []
    for rule, _ in breaches:
        own = [each for each in limits(case, "highest", rule, breaches) if each[0]]
        found += [each for each in own if each not in found]
    found += [((), each) for each in case.book["remedies"] if each["kind"] == "highest"]
    for scope, remedy in found:
        alike: dict[Any, list[int]] = {}
        for place, (rule, credit) in enumerate(standing):
            texts = group_texts(rule, credit.breach)
            about = scope_of(rule)[: len(scope)] == scope if scope else is_shared(case, remedy, rule)
            if about and credit.state in ("due", "claimed") and heard(case, scope, remedy, rule, credit.instant):
                period = period_start(case.clock, credit.instant, remedy["each"])
                group = tuple(texts.get(d) or "" for d in remedy["per"])
                alike.setdefault((credit.party, credit.currency, period, group), []).append(place)
        for places in alike.values():
            best = max(places, key=lambda place: (standing[place][1].amount, -place))
            for place in places:
                if place != best:
                    standing[place] = (standing[place][0], replace(standing[place][1], state="not the highest"))
    return standing


def together(case: Case, cap: Json, earlier: int, instant: int) -> bool:
    """Whether an earlier credit counts against the cap of a later one: same calendar period, rolling period, term."""
    if cap["each"] is not None:
        return period_start(case.clock, earlier, cap["each"]) == period_start(case.clock, instant, cap["each"])
    if cap["rolling"] is None:
        return True
    days = period_starts(case.clock, instant, "day")
    next(days)
    return earlier >= add(case.clock, next(days), cap["rolling"], -1)


def limits(
    case: Case, kind: str, rule: Json, breaches: list[tuple[Json, Finding]]
) -> list[tuple[tuple[str, ...], Json]]:
    """The caps (or what says that only the highest counts) on a rule's credits: those of its clause (or occasion, or
    duty) and of what that is part of, and the agreement's (the empty scope, of which all is part)."""
    others = [*case.book["rules"], *(other for other, _ in breaches)]
    own = [
        (scope_of(other), remedy)
        for other in others
        for remedy in other["remedies"]
        if remedy["kind"] == kind and scope_of(rule)[: len(scope_of(other))] == scope_of(other)
    ]
    shared = [each for each in case.book["remedies"] if each["kind"] == kind and is_shared(case, each, rule)]
    return [*own, *(((), remedy) for remedy in shared)]
