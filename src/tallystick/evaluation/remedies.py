"""What a breach leads to, part by part: duties, cures, escalations, rights to terminate, blocks, other rights."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

from tallystick.evaluation.belonging import belongs, instant_of, names_of
from tallystick.evaluation.clock import NEVER, add
from tallystick.evaluation.context import Context, Judgement
from tallystick.evaluation.evaluation import (
    BlockedTime,
    CureState,
    CureStatus,
    Escalation,
    RightGiven,
    TerminationRight,
)
from tallystick.evaluation.finding import Evidence, Finding, Verdict
from tallystick.evaluation.happenings import Happenings, happenings
from tallystick.evaluation.holding import by_role, roles_of
from tallystick.evaluation.judging import OPEN_DEADLINE, judgement, nominal, period_unit, unbound
from tallystick.evaluation.rows import dimension, in_environments
from tallystick.evaluation.sequences import Ground, in_row, in_spans
from tallystick.evaluation.windows import Stretch
from tallystick.quantities import Period
from tallystick.rules.measure import Series, SeriesKind
from tallystick.rules.rule import (
    Block,
    Cure,
    Escalate,
    NotifyDuty,
    Occasion,
    OwedDuty,
    PerformDuty,
    Remedy,
    Right,
    RuleFields,
    Terminate,
)
from tallystick.rules.rulebook import ABOUT


@dataclass(frozen=True)
class Followed:
    """A rule with its findings, from which consequences follow, and with their cures, in the order of the breaches.

    `texts` are the findings by every text of the rule. `above` leads from a duty back to the rule that led to it.
    """

    rule: RuleFields
    judged: Sequence[Judgement]
    texts: Sequence[Judgement]
    cured: Sequence[CureStatus]
    above: tuple[RuleFields, ...] = ()

    @property
    def grounds(self) -> list[Judgement]:
        """The findings from which consequences follow: breaches; of an occasion, each time that it happened."""
        return grounds(self.rule, self.judged)


def remedies_of(ctx: Context, rule: RuleFields) -> tuple[Remedy, ...]:
    """The remedies of a rule: its own, then the agreement's. Occasions and duties that follow have only their own."""
    if isinstance(rule, Occasion | OwedDuty):
        return rule.remedies
    return (*rule.remedies, *(each for each in ctx.rulebook.remedies if of_order(ctx, each, rule)))


def of_order(ctx: Context, remedy: Remedy, rule: RuleFields) -> bool:
    """Whether a consequence of every breach is one for a text of a rule: an order may have its own."""
    own = {order.id for order in ctx.rulebook.orders if order.own_remedies}
    return remedy.order == (rule.order if rule.order in own else None)


def follows(ctx: Context, rule: RuleFields, remedy: Remedy, finding: Finding) -> bool:
    """Whether a consequence of the rule was in force at the instant to which the breach belongs."""
    return ctx.in_force(remedy, belongs(rule, finding))


def heard(ctx: Context, followed: Followed, scope: str | None, remedy: Remedy, at: int) -> bool:
    """Whether a cap or tiers by count, of a clause or part of one (None: of the agreement), apply to what follows.

    `at` is the instant to which the breach belongs. They stand with the text that judged it or what that led to, or
    with another text of the clause that was in force beside that one.
    """
    if not ctx.in_force(remedy, at):
        return False
    if scope is None or any(remedy in remedies_of(ctx, rule) for rule in (followed.rule, *followed.above)):
        return True
    beside = (other for other in ctx.rules_of(scope) if remedy in other.remedies)
    return ctx.in_force(followed.rule, at) and any(ctx.in_force(other, at) for other in beside)


def grounds(rule: RuleFields, judged: Sequence[Judgement]) -> list[Judgement]:
    """The findings from which the consequences of a rule follow."""
    if isinstance(rule, Occasion):
        return [j for j in judged if j.finding.verdict is Verdict.MET and j.finding.samples]
    return [j for j in judged if j.finding.verdict is Verdict.BREACHED]


def _key(finding: Finding) -> tuple[str, ...]:
    return tuple(value for _, value in finding.group)


def _texts(rule: RuleFields, finding: Finding) -> dict[str, str]:
    """What an event must not contradict: the group and the clause. A missing text is empty."""
    return {"clause": rule.clause, **dict(finding.group)}


# --- duties ------------------------------------------------------------------------------------------------------


def duties(ctx: Context, rule: RuleFields, judged: Sequence[Judgement]) -> Iterator[tuple[OwedDuty, list[Judgement]]]:
    """Each duty as a rule, with a finding for each breach that has happened by as-of."""
    started = [j for j in grounds(rule, judged) if instant_of(j.finding) <= ctx.as_of]
    for duty in remedies_of(ctx, rule):
        if started and isinstance(duty, NotifyDuty | PerformDuty):
            event, acts = _acts(ctx, rule, duty)
            due = (breach for breach in started if follows(ctx, rule, duty, breach.finding))
            yield owed(rule, duty), [_duty(ctx, rule, duty, event, acts, breach) for breach in due]


def owed(rule: RuleFields, duty: NotifyDuty | PerformDuty) -> OwedDuty:
    """A duty that follows from findings of a rule, as a rule of its own."""
    return OwedDuty(
        id=f"{rule.id}/{duty.id}",
        clause=rule.clause,
        number=rule.number,
        title=rule.title,
        holder=duty.holder,
        per=rule.per,
        remedies=duty.remedies,
        duty=duty,
        within_scope=rule.scope,
        effective=rule.effective,
        until=rule.until,
        order=rule.order,
    )


def _acts(ctx: Context, rule: RuleFields, duty: NotifyDuty | PerformDuty) -> tuple[str, Happenings | None]:
    if isinstance(duty, PerformDuty):
        return duty.event, happenings(ctx, duty.event, rule.per)
    return "notice", _notices(ctx, rule, duty.roles)


def _notices(ctx: Context, rule: RuleFields, roles: Sequence[str], only: str = "TRUE") -> Happenings | None:
    """The notices to one of the roles; whom a notice tells is no part of what it is about."""
    table = ctx.table(Series(source=SeriesKind.EVENT, name="notice"))
    about = tuple(d for d in rule.per if d != table.actor)
    return happenings(ctx, "notice", ("clause", ABOUT, *about), f"{only} AND {by_role(ctx, table, roles)}")


def _duty(
    ctx: Context,
    rule: RuleFields,
    duty: NotifyDuty | PerformDuty,
    event: str,
    acts: Happenings | None,
    ground: Judgement,
) -> Judgement:
    breach = ground.finding
    start = instant_of(breach)
    deadline = add(start, duty.within, ctx.clock)
    about = names_of(rule, breach, ctx.zone)
    done = acts.first(_texts(rule, breach), start, ctx.as_of, about) if acts else None
    notice = Series(source=SeriesKind.EVENT, name=event)
    if acts is None:
        verdict, because = Verdict.UNMEASURED, f"no table is bound for event {event}"
    elif done is not None and done.time <= deadline:
        verdict, because = Verdict.MET, ""
    elif ctx.as_of <= deadline:
        verdict, because = Verdict.PENDING, OPEN_DEADLINE
    elif isinstance(duty, NotifyDuty) and (lacking := unbound(ctx, *roles_of(ctx, notice))):
        verdict, because = Verdict.UNMEASURED, lacking
    else:
        verdict, because = Verdict.BREACHED, f"late {event}" if done else f"no {event}"
    found = judgement(
        rule,
        _key(breach),
        Stretch(start, deadline),
        verdict,
        exact=None if done is None else Fraction(done.time - start),
        threshold=nominal(duty.within),
        unit=period_unit(duty.within),
        samples=int(done is not None),
        decided=deadline,
        because=because,
        evidence=() if done is None else (done,),
        part=duty.id,
        performed=None if done is None else done.time,
    )
    # Duties of two incidents that were late at one instant are two, each about its own.
    return replace(found, finding=replace(found.finding, about=breach.about), case=ground.case)


# --- cures and escalations ---------------------------------------------------------------------------------------


def cures(ctx: Context, rule: RuleFields, judged: Sequence[Judgement]) -> Iterator[CureStatus]:
    """The cure status of each breach. What an occasion gives rise to is no breach, and cannot be cured."""
    breached = [] if isinstance(rule, Occasion) else grounds(rule, judged)
    periods = [remedy for remedy in remedies_of(ctx, rule) if isinstance(remedy, Cure)]
    acts = _cure_acts(ctx, rule) if periods and breached else None
    for breach in breached:
        cure = next((period for period in periods if follows(ctx, rule, period, breach.finding)), None)
        yield _cure(ctx, rule, cure, acts, breach)


def _cure_acts(ctx: Context, rule: RuleFields) -> Happenings | None:
    table = ctx.table(Series(source=SeriesKind.EVENT, name="cure"))
    named = f"{dimension('clause')} IS NOT NULL" if "clause" in table.dimensions else "FALSE"
    return happenings(ctx, "cure", ("clause", ABOUT, *rule.per), named)


def _cure(ctx: Context, rule: RuleFields, cure: Cure | None, acts: Happenings | None, breach: Judgement) -> CureStatus:
    """Of a duty, its late performance cures as well."""
    finding, start = breach.finding, instant_of(breach.finding)
    until = None if cure is None else add(start, cure.within, ctx.clock)
    about = names_of(rule, finding, ctx.zone)
    done = acts.first(_texts(rule, finding), start, until, about) if acts and until is not None else None
    late = breach.performed if isinstance(rule, OwedDuty) else None
    in_time = [at for at in (done.time if done else None, late) if at is not None and (until is None or at <= until)]
    open_still = CureState.CURABLE if until is not None and ctx.as_of <= until else CureState.UNCURED
    state = CureState.CURED if in_time else open_still
    return CureStatus(finding.id, rule.id, rule.clause, state, start, until, min(in_time, default=None))


def escalations(ctx: Context, followed: Followed) -> Iterator[Escalation]:
    """Breaches that go up, or will, unless cured by then."""
    rule = followed.rule
    for remedy in remedies_of(ctx, rule):
        if isinstance(remedy, Escalate):
            for breach, status in zip(followed.grounds if followed.cured else (), followed.cured, strict=True):
                if not follows(ctx, rule, remedy, breach.finding):
                    continue
                at = add(status.breached, remedy.after, ctx.clock)
                if status.at is None or status.at > at:
                    yield Escalation(
                        status.finding,
                        rule.id,
                        rule.clause,
                        remedy.role,
                        at,
                        due=ctx.as_of > at,
                    )


# --- rights to terminate -----------------------------------------------------------------------------------------


def terminations(ctx: Context, followed: Sequence[Followed]) -> Iterator[TerminationRight]:
    """The rights that have arisen: once for each clause (or duty) and sentence, and again after each that lapsed."""
    sentences = {
        (each.rule.scope, remedy): each.rule
        for each in followed
        for remedy in remedies_of(ctx, each.rule)
        if isinstance(remedy, Terminate)
    }
    for (scope, remedy), rule in sentences.items():
        within = [each for each in followed if each.rule.scope == scope]
        grounds_of_right = _grounds_of_right(ctx, remedy, within)
        standing = (ground for ground in grounds_of_right if _stands(ctx, within, remedy, ground[0]))
        yield from _rights(ctx, rule, remedy, standing)


def _grounds_of_right(ctx: Context, remedy: Terminate, followed: Sequence[Followed]) -> Iterable[Ground]:
    of_scope = [(each.rule, each.judged) for each in followed]
    counts = {finding: at for each in followed for finding, at in _counted(ctx, remedy, each)}
    if remedy.at_once:
        found = (ground.finding for each in followed for ground in each.grounds)
        return sorted((instant_of(f), (f.id,)) for f in found if instant_of(f) <= ctx.as_of)
    if remedy.within is not None:
        breached = [status.finding for each in followed for status in each.cured]
        return _in_period(ctx, remedy, remedy.within, [(counts[each], each) for each in breached if each in counts])
    if remedy.spans is not None:
        return in_spans(ctx, remedy, remedy.spans, of_scope, counts)
    return in_row(remedy, of_scope, counts)


def _counted(ctx: Context, remedy: Terminate, followed: Followed) -> Iterator[tuple[str, int]]:
    """The breaches that count, each with the instant, by as-of, from which it does: its own, the end of the cure period
    where only uncured ones count, and that of its notice where only notified ones do, whichever is last."""
    rule, notified = followed.rule, remedy.notified
    acts = None if notified is None else _notices_of(ctx, rule, notified.roles)
    for breach, status in zip(followed.grounds if followed.cured else (), followed.cured, strict=True):
        at = _counts_at(remedy, status)
        if at is not None and notified is not None:
            until = add(status.breached, notified.within, ctx.clock)
            about = names_of(rule, breach.finding, ctx.zone)
            notice = acts.first(_texts(rule, breach.finding), status.breached, until, about) if acts else None
            at = None if notice is None else max(at, notice.time)
        if at is not None and at <= ctx.as_of:
            yield status.finding, at


def _notices_of(ctx: Context, rule: RuleFields, roles: Sequence[str]) -> Happenings | None:
    """The notices to one of the roles that name a clause."""
    if "clause" not in ctx.table(Series(source=SeriesKind.EVENT, name="notice")).dimensions:
        return None
    return _notices(ctx, rule, roles, f"{dimension('clause')} IS NOT NULL")


def _stands(ctx: Context, followed: Sequence[Followed], remedy: Terminate, at: int) -> bool:
    """Whether the sentence is in force at an instant: by itself, and in some text of the clause or of the agreement.

    What follows from a duty stands with it.
    """
    texts = (each.rule for each in followed if remedy in each.rule.remedies)
    carried = remedy in ctx.rulebook.remedies or any(
        isinstance(rule, OwedDuty) or ctx.in_force(rule, at) for rule in texts
    )
    return carried and ctx.in_force(remedy, at)


def _rights(ctx: Context, rule: RuleFields, remedy: Terminate, grounds: Iterable[Ground]) -> Iterator[TerminationRight]:
    """The first ground gives the right; one that has a last day can arise again after it."""
    until: int | None = None
    for arises, findings in grounds:
        if until is None or arises > until:
            until = NEVER if remedy.exercisable is None else add(arises, remedy.exercisable, ctx.clock)
            last = None if remedy.exercisable is None else until
            lapsed = ctx.as_of > until
            count, uncured = remedy.count, remedy.uncured
            fields = (rule.clause, remedy.party, count, uncured, arises, findings, last, lapsed)
            yield TerminationRight(*fields, order=rule.order)
            if last is None:
                return


def _in_period(
    ctx: Context, remedy: Terminate, within: Period, counting: Sequence[tuple[int, str]]
) -> Iterator[Ground]:
    """The instants at which enough breaches fall within the period, with those breaches."""
    counted = sorted(counting)
    first = 0
    for place, (at, _) in enumerate(counted):
        oldest = add(at, within, ctx.clock, times=-1)
        while counted[first][0] <= oldest:
            first += 1
        if _same_instant_follows(counted, place):
            continue
        if place - first + 1 >= remedy.count:
            yield at, tuple(finding for _, finding in counted[first : place + 1])


def _same_instant_follows(counted: Sequence[tuple[int, str]], place: int) -> bool:
    return place + 1 < len(counted) and counted[place + 1][0] == counted[place][0]


def _counts_at(remedy: Terminate, status: CureStatus) -> int | None:
    if not remedy.uncured:
        return status.breached
    if status.state is not CureState.UNCURED:
        return None
    return status.breached if status.until is None else status.until


# --- blocks and other rights ---------------------------------------------------------------------------------------


def blocks(ctx: Context, followed: Followed) -> Iterator[tuple[BlockedTime, Finding]]:
    """The blocked times of a rule, each with the finding that began it."""
    rule, ends = followed.rule, _Ends(followed)
    for remedy in remedies_of(ctx, rule):
        if isinstance(remedy, Block):
            for ground in followed.grounds:
                breach = ground.finding
                if not follows(ctx, rule, remedy, breach):
                    continue
                start, own = instant_of(breach), ends.of(ground)
                last = None if remedy.lasting is None else add(start, remedy.lasting, ctx.clock)
                end = min((at for at in (own, last) if at is not None), default=None)
                if start < ctx.as_of and (end is None or start < end):
                    yield (
                        BlockedTime(
                            breach.id,
                            rule.id,
                            rule.clause,
                            remedy.id,
                            remedy.event,
                            remedy.environments,
                            start,
                            end,
                        ),
                        breach,
                    )


def rights(ctx: Context, followed: Followed) -> Iterator[RightGiven]:
    """What a party or role may do because of each finding, until when, and whether it did."""
    rule, ends = followed.rule, _Ends(followed)
    for remedy in remedies_of(ctx, rule):
        if isinstance(remedy, Right):
            acts = happenings(ctx, remedy.event, rule.per)
            for ground in followed.grounds:
                finding = ground.finding
                if not follows(ctx, rule, remedy, finding):
                    continue
                arises, ended = instant_of(finding), ends.of(ground)
                until = None if remedy.within is None else add(arises, remedy.within, ctx.clock)
                if ground.performed is not None:
                    ended = ground.performed if ended is None else min(ended, ground.performed)
                if arises < ctx.as_of and (ended is None or arises < ended):
                    last = min(until if until is not None else NEVER, ended if ended is not None else NEVER)
                    used = acts.first(dict(finding.group), arises, last) if acts else None
                    yield RightGiven(
                        finding.id,
                        rule.id,
                        rule.clause,
                        finding.group,
                        remedy.holder,
                        remedy.event,
                        arises,
                        until,
                        ended if until is None or (ended is not None and ended <= until) else None,
                        lapsed=last < ctx.as_of,
                        used=used.time if used else None,
                    )


class _Ends:
    """When what follows a finding comes to its end by itself: at the cure, the end of the next window that is met, or
    the end of the record that was the occasion."""

    def __init__(self, followed: Followed) -> None:
        self.rule = followed.rule
        self.cured = {status.finding: status.at for status in followed.cured if status.at is not None}
        self.met: dict[tuple[tuple[str, str], ...], list[Finding]] = defaultdict(list)
        for j in followed.texts:
            if j.finding.verdict is Verdict.MET and not isinstance(self.rule, Occasion | OwedDuty):
                self.met[j.finding.group].append(j.finding)

    def of(self, ground: Judgement) -> int | None:
        """The earliest of these instants."""
        finding = ground.finding
        if isinstance(self.rule, Occasion):
            return ground.performed
        found = (self.cured.get(finding.id), _next_met(self.met[finding.group], finding, instant_of(finding)))
        return min((at for at in found if at is not None), default=None)


def _next_met(met: Sequence[Finding], breach: Finding, start: int) -> int | None:
    return min((f.end for f in met if f.start > breach.start and f.end > start), default=None)


def block_findings(ctx: Context, rule: RuleFields, blocked: Sequence[tuple[BlockedTime, Finding]]) -> list[Judgement]:
    """Blocked events that happened all the same, and a met finding for each block in which none did.

    Blocks of several breaches overlap: what they say of the same group and time is said once.
    """
    acts: dict[str, Happenings | None] = {}
    found: dict[tuple[object, ...], Judgement] = {}
    for block, breach in blocked:
        if block.block not in acts:
            acts[block.block] = _blocked_acts(ctx, rule, block)
        for judged in _in_block(ctx, rule, block, breach, acts[block.block]):
            finding = judged.finding
            found.setdefault((finding.rule, finding.group, finding.start, finding.end, finding.verdict), judged)
    return list(found.values())


def _in_block(
    ctx: Context, rule: RuleFields, block: BlockedTime, breach: Finding, acts: Happenings | None
) -> Iterator[Judgement]:
    stretch = Stretch(block.start, ctx.as_of if block.end is None else min(block.end, ctx.as_of))
    if acts is None:
        because = f"no table is bound for event {block.event}"
        yield _block(rule, block, breach, stretch, Verdict.UNMEASURED, because)
        return
    events = list(acts.between(dict(breach.group), block.start, block.end))
    if not events:
        yield _block(rule, block, breach, stretch, Verdict.MET)
    for event in events:
        yield _block(rule, block, breach, Stretch(event.time, event.time), Verdict.BREACHED, "", event)


def _blocked_acts(ctx: Context, rule: RuleFields, block: BlockedTime) -> Happenings | None:
    table = ctx.table(Series(source=SeriesKind.EVENT, name=block.event))
    return happenings(ctx, block.event, rule.per, in_environments(table, block.environments))


def _block(
    rule: RuleFields,
    block: BlockedTime,
    breach: Finding,
    stretch: Stretch,
    verdict: Verdict,
    because: str = "",
    event: Evidence | None = None,
) -> Judgement:
    return judgement(
        rule,
        _key(breach),
        stretch,
        verdict,
        samples=int(event is not None),
        decided=stretch.start,
        because=because,
        case=event,
        part=block.block,
    )
