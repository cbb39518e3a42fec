"""What a breach leads to, part by part: duties, cures, escalations, rights to terminate, blocks."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from fractions import Fraction

from tallystick.evaluation.belonging import belongs, instant_of
from tallystick.evaluation.clock import NEVER, add
from tallystick.evaluation.context import Context, Judgement
from tallystick.evaluation.evaluation import (
    BlockedTime,
    CureState,
    CureStatus,
    Escalation,
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
    PerformDuty,
    Remedy,
    Rule,
    Terminate,
)


def remedies_of(ctx: Context, rule: Rule) -> tuple[Remedy, ...]:
    """The remedies of a rule: its own, then the agreement's."""
    return (*rule.remedies, *ctx.rulebook.remedies)


def follows(ctx: Context, rule: Rule, remedy: Remedy, finding: Finding) -> bool:
    """Whether a consequence of the rule was in force at the instant to which the breach belongs."""
    return ctx.in_force(remedy, belongs(rule, finding))


def heard(ctx: Context, rule: Rule, clause: str | None, remedy: Remedy, at: int) -> bool:
    """Whether a cap or tiers by count, of a clause (None: of the agreement), apply to a breach of a rule of that clause.

    `at` is the instant to which the breach belongs. They stand with the text that judged it, or with another text of
    the clause that was in force beside that one.
    """
    if not ctx.in_force(remedy, at):
        return False
    if clause is None or remedy in remedies_of(ctx, rule):
        return True
    beside = (other for other in ctx.rulebook.rules if other.clause == clause and remedy in other.remedies)
    return ctx.in_force(rule, at) and any(ctx.in_force(other, at) for other in beside)


def breaches(judged: Sequence[Judgement]) -> list[Judgement]:
    """The breached ones."""
    return [j for j in judged if j.finding.verdict is Verdict.BREACHED]


def _key(finding: Finding) -> tuple[str, ...]:
    return tuple(value for _, value in finding.group)


def _texts(rule: Rule, finding: Finding) -> dict[str, str]:
    """What an event must not contradict: the group and the clause. A missing text is empty."""
    return {"clause": rule.clause, **dict(finding.group)}


# --- duties ------------------------------------------------------------------------------------------------------


def duties(ctx: Context, rule: Rule, judged: Sequence[Judgement]) -> Iterator[Judgement]:
    """A finding for each duty of each breach that has happened by as-of."""
    started = [j.finding for j in breaches(judged) if instant_of(j.finding) <= ctx.as_of]
    for duty in remedies_of(ctx, rule):
        if started and isinstance(duty, NotifyDuty | PerformDuty):
            event, acts = _acts(ctx, rule, duty)
            due = (breach for breach in started if follows(ctx, rule, duty, breach))
            yield from (_duty(ctx, rule, duty, event, acts, breach) for breach in due)


def _acts(ctx: Context, rule: Rule, duty: NotifyDuty | PerformDuty) -> tuple[str, Happenings | None]:
    if isinstance(duty, PerformDuty):
        return duty.event, happenings(ctx, duty.event, rule.per)
    table = ctx.table(Series(source=SeriesKind.EVENT, name="notice"))
    # Whom a notice tells is no part of what it is about.
    about = tuple(d for d in rule.per if d != table.actor)
    return "notice", happenings(ctx, "notice", ("clause", *about), by_role(ctx, table, duty.roles))


def _duty(
    ctx: Context,
    rule: Rule,
    duty: NotifyDuty | PerformDuty,
    event: str,
    acts: Happenings | None,
    breach: Finding,
) -> Judgement:
    start = instant_of(breach)
    deadline = add(start, duty.within, ctx.clock)
    done = acts.first(_texts(rule, breach), start, ctx.as_of) if acts else None
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
    return judgement(
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
    )


# --- cures and escalations ---------------------------------------------------------------------------------------


def cures(ctx: Context, rule: Rule, judged: Sequence[Judgement]) -> Iterator[CureStatus]:
    """The cure status of each breach."""
    periods = [remedy for remedy in remedies_of(ctx, rule) if isinstance(remedy, Cure)]
    acts = _cure_acts(ctx, rule) if periods else None
    for finding in (j.finding for j in breaches(judged)):
        cure = next((period for period in periods if follows(ctx, rule, period, finding)), None)
        if cure is None:
            yield CureStatus(finding.id, rule.id, rule.clause, CureState.UNCURED, instant_of(finding))
        else:
            yield _cure(ctx, rule, cure, acts, finding)


def _cure_acts(ctx: Context, rule: Rule) -> Happenings | None:
    table = ctx.table(Series(source=SeriesKind.EVENT, name="cure"))
    named = f"{dimension('clause')} IS NOT NULL" if "clause" in table.dimensions else "FALSE"
    return happenings(ctx, "cure", ("clause", *rule.per), named)


def _cure(ctx: Context, rule: Rule, cure: Cure, acts: Happenings | None, finding: Finding) -> CureStatus:
    start = instant_of(finding)
    until = add(start, cure.within, ctx.clock)
    done = acts.first(_texts(rule, finding), start, until) if acts else None
    open_still = CureState.CURABLE if ctx.as_of <= until else CureState.UNCURED
    state = open_still if done is None else CureState.CURED
    return CureStatus(
        finding.id,
        rule.id,
        rule.clause,
        state,
        start,
        until,
        done.time if done else None,
    )


def escalations(
    ctx: Context, rule: Rule, judged: Sequence[Judgement], statuses: Sequence[CureStatus]
) -> Iterator[Escalation]:
    """Breaches that go up, or will, unless cured by then. `statuses` are those of the breaches, in their order."""
    for remedy in remedies_of(ctx, rule):
        if isinstance(remedy, Escalate):
            for breach, status in zip(breaches(judged), statuses, strict=True):
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


def terminations(
    ctx: Context, statuses: Sequence[CureStatus], judged: Sequence[tuple[Rule, Sequence[Judgement]]] = ()
) -> Iterator[TerminationRight]:
    """The rights that have arisen: once for each clause and sentence, and again after each that lapsed."""
    by_clause: dict[str, list[CureStatus]] = defaultdict(list)
    for status in statuses:
        by_clause[status.clause].append(status)
    sentences = {
        (rule.clause, remedy): None
        for rule in ctx.rulebook.rules
        for remedy in remedies_of(ctx, rule)
        if isinstance(remedy, Terminate)
    }
    for clause, remedy in sentences:
        of_clause = [(rule, found) for rule, found in judged if rule.clause == clause]
        if remedy.within is not None:
            grounds = _in_period(ctx, remedy, remedy.within, by_clause[clause])
        elif remedy.spans is not None:
            grounds = in_spans(ctx, remedy, remedy.spans, of_clause)
        else:
            grounds = in_row(ctx, remedy, of_clause)
        standing = (ground for ground in grounds if _stands(ctx, clause, remedy, ground[0]))
        yield from _rights(ctx, clause, remedy, standing)


def _stands(ctx: Context, clause: str, remedy: Terminate, at: int) -> bool:
    """Whether the sentence is in force at an instant: by itself, and in some text of the clause or of the agreement."""
    texts = (rule for rule in ctx.rulebook.rules if rule.clause == clause and remedy in rule.remedies)
    carried = remedy in ctx.rulebook.remedies or any(ctx.in_force(rule, at) for rule in texts)
    return carried and ctx.in_force(remedy, at)


def _rights(ctx: Context, clause: str, remedy: Terminate, grounds: Iterable[Ground]) -> Iterator[TerminationRight]:
    """The first ground gives the right; one that has a last day can arise again after it."""
    until: int | None = None
    for arises, findings in grounds:
        if until is None or arises > until:
            until = NEVER if remedy.exercisable is None else add(arises, remedy.exercisable, ctx.clock)
            last = None if remedy.exercisable is None else until
            lapsed = ctx.as_of > until
            count, uncured = remedy.count, remedy.uncured
            yield TerminationRight(clause, remedy.party, count, uncured, arises, findings, last, lapsed)
            if last is None:
                return


def _in_period(ctx: Context, remedy: Terminate, within: Period, statuses: Sequence[CureStatus]) -> Iterator[Ground]:
    """The instants at which enough breaches fall within the period, with those breaches."""
    counted = sorted(
        (at, status.finding)
        for status in statuses
        if (at := _counts_at(remedy, status)) is not None and at <= ctx.as_of
    )
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


# --- blocks ------------------------------------------------------------------------------------------------------


def blocks(
    ctx: Context,
    rule: Rule,
    judged: Sequence[Judgement],
    statuses: Sequence[CureStatus],
    texts: Sequence[Judgement],
) -> Iterator[tuple[BlockedTime, Finding]]:
    """The blocked times of a rule, each with the breached finding that began it.

    `texts` are the findings by every text of the rule: a window that a later one judges as met ends a block, too.
    """
    cured = {status.finding: status.at for status in statuses if status.at is not None}
    met: dict[tuple[tuple[str, str], ...], list[Finding]] = defaultdict(list)
    for j in texts:
        if j.finding.verdict is Verdict.MET:
            met[j.finding.group].append(j.finding)
    for remedy in remedies_of(ctx, rule):
        if isinstance(remedy, Block):
            for breach in (j.finding for j in breaches(judged)):
                if not follows(ctx, rule, remedy, breach):
                    continue
                start = instant_of(breach)
                ends = [cured[breach.id]] if breach.id in cured else []
                later = _next_met(met[breach.group], breach, start)
                end = min([*ends, *([] if later is None else [later])], default=None)
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


def _next_met(met: Sequence[Finding], breach: Finding, start: int) -> int | None:
    return min((f.end for f in met if f.start > breach.start and f.end > start), default=None)


def block_findings(ctx: Context, rule: Rule, blocked: Sequence[tuple[BlockedTime, Finding]]) -> list[Judgement]:
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
    ctx: Context, rule: Rule, block: BlockedTime, breach: Finding, acts: Happenings | None
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


def _blocked_acts(ctx: Context, rule: Rule, block: BlockedTime) -> Happenings | None:
    table = ctx.table(Series(source=SeriesKind.EVENT, name=block.event))
    return happenings(ctx, block.event, rule.per, in_environments(table, block.environments))


def _block(
    rule: Rule,
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
