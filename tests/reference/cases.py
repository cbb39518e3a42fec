"""Rules about cases (events and records), cadence and *keep at all times*: *Verdicts* of docs/meaning.md."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import date, timedelta
from fractions import Fraction
from itertools import product
from typing import Any

from .clock import FOREVER, Window, add, instant_outside, midnight, time_covered, windows_of
from .findings import Finding, Texts
from .measures import (
    Measured,
    Scope,
    constant,
    fewest,
    interval_of,
    kept,
    leaves,
    samples_of,
    series_of,
    take,
    too_few,
)
from .rows import (
    Case,
    Json,
    Row,
    agrees,
    applies,
    between,
    compares,
    counts_as,
    exception_records,
    exempt,
    group_of,
    in_base,
    in_time,
    meets_where_exemption,
    open_at,
    open_times,
    roles_known,
    rows_of,
    texts,
    time_known,
    time_of,
)
from .windows import decide, first_seen, join_sides, named, ordered, seen_anywhere, unmeasured, wholly_excepted


def finding(
    rule: Json,
    verdict: str,
    group: Texts,
    window: Window,
    value: Fraction | int | None = None,
    samples: int = 0,
    decided: int | None = None,
) -> Finding:
    """A finding; the breach instant is kept for breached ones only."""
    return Finding(
        rule["id"],
        rule["clause"],
        verdict,
        group,
        window.start,
        window.end,
        None if value is None else Fraction(value),
        samples,
        decided if verdict == "breached" else None,
    )


def over_evaluated_time(case: Case, rule: Json, verdict: str, group: Texts = (), samples: int = 0) -> Finding:
    """One finding over [start of life, min(as-of, end of life)); one of nothing at all is for want of a case."""
    found = finding(rule, verdict, group, case.evaluated, samples=samples)
    about_cases = rule["kind"] not in ("keep", "keep_always", "cadence", "count")
    about_cases = about_cases or (rule["kind"] == "cadence" and verdict == "met")  # no run, or nothing that starts it
    return replace(found, for_want=about_cases and group == () and samples == 0)


def in_life(case: Case, series: Json, environments: list[str]) -> list[Row]:
    """Rows of the series in the life; the termination that ends it counts too."""
    last = case.terminated and (series["source"], series["name"]) == ("event", "termination")
    return [
        row
        for row in rows_of(case, series, environments)
        if case.life.has(time_of(row)) or (last and time_of(row) == case.life.end)
    ]


def cases_of(case: Case, rule: Json, series: Json, environments: list[str]) -> list[Row]:
    """The rows in the life that are cases of the rule: those in the time to which it is limited."""
    rows = in_life(case, series, environments)
    return [row for row in rows if in_time(case, rule, series["source"], series["name"], row)]


def excepted(case: Case, rule: Json, series: Json, row: Row, instant: int) -> bool:
    """Whether an exception holds for the row of the series at the instant."""
    return exempt(case, rule, series["source"], series["name"], row, instant)


def matches(row: Row, other: Row, matching: Iterable[str]) -> bool:
    """Whether two rows have the same texts in `matching`."""
    return all(row[name] == other[name] for name in matching)


def about(case: Case, series: Json, row: Row, found: Finding) -> Finding:
    """The finding, with the texts of the row that it is about."""
    dimensions = case.dimensions(series["source"], series["name"])
    units = case.units(series["source"], series["name"])
    numbers = tuple((name, row[name]) for name in units if row.get(name) is not None)
    return replace(found, about=tuple((d, row[d]) for d in dimensions if row[d] is not None), numbers=numbers)


# --- keep at all times ------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Run:
    """A run of violating instants: its window, and its violating samples as (time, number)."""

    window: Window
    samples: list[tuple[int, Fraction]]


def runs_of(samples: list[tuple[int, Fraction]], violates: Callable[[Fraction], bool], last: int) -> list[Run]:
    """Runs begin at a violating instant and end at the next one that does not violate, or at `last`."""
    runs: list[Run] = []
    begin, inside = None, []
    for instant in sorted({time for time, _ in samples}):
        bad = [(time, number) for time, number in samples if time == instant and violates(number)]
        if bad:
            begin = instant if begin is None else begin
            inside += bad
        elif begin is not None:
            runs.append(Run(Window(begin, instant), inside))
            begin, inside = None, []
    return runs if begin is None else [*runs, Run(Window(begin, last), inside)]


def worst(samples: list[tuple[int, Fraction]], comparison: str) -> Fraction:
    """The worst of violating samples; for `is` and `is not` the first, of several at that instant the smallest."""
    numbers = [number for _, number in samples]
    if comparison in ("at most", "below"):
        return max(numbers)
    return min(numbers) if comparison in ("at least", "above") else min(samples)[1]


def worst_of_met(samples: list[tuple[int, Fraction]], rule: Json) -> Fraction:
    """The value of a met finding: the worst sample; for `is` and `is not`, where none violates, the smallest."""
    bad = [s for s in samples if not compares(s[1], rule["comparison"], constant(rule["threshold"]))]
    if rule["comparison"] in ("is", "is not") and not bad:
        return min(number for _, number in samples)
    return worst(bad or samples, rule["comparison"])


def judge_always(case: Case, rule: Json, group: Texts, samples: list[tuple[int, Fraction]]) -> list[Finding]:
    """One group that has samples: its breached runs, or that it met; and a run that is still going on."""
    last = case.evaluated.end
    findings = []
    for run in runs_of(samples, lambda n: not compares(n, rule["comparison"], constant(rule["threshold"])), last):
        begin, value, number = run.window.start, worst(run.samples, rule["comparison"]), len(run.samples)
        limit = add(case.clock, begin, rule["tolerance"]) if rule["tolerance"] else begin
        if run.window.end > limit:
            findings.append(finding(rule, "breached", group, run.window, value, number, limit))
        elif run.window.end == case.as_of < case.life.end:
            findings.append(finding(rule, "pending", group, run.window, value, number))
    if not any(each.verdict == "breached" for each in findings):
        whole = Window(min(samples)[0], last)
        findings.append(finding(rule, "met", group, whole, worst_of_met(samples, rule), len(samples)))
    return findings


def keep_always(case: Case, rule: Json) -> list[Finding]:
    """*Keep at all times*."""
    series = rule["series"]
    if not (case.bound(series["source"], series["name"]) and time_known(case, rule)):
        return [over_evaluated_time(case, rule, "unmeasured")]
    groups = ordered(first_seen(case, rule, [series])) if rule["per"] else [()]
    findings = []
    for group in groups or [()]:
        if (groups or not rule["per"]) and not applies(case, rule, named(rule, group), case.evaluated):
            continue
        samples = samples_of(Scope(case, rule, named(rule, group), case.evaluated), series) if groups else []
        missing = over_evaluated_time(case, rule, "excused" if rule["missing_excused"] else "unmeasured", group)
        findings += judge_always(case, rule, group, samples) if samples else [missing]
    return findings


# --- cadence ----------------------------------------------------------------------------------------------------


def exception_end(case: Case, rule: Json, group: Texts, instant: int) -> int | None:
    """The latest end of the exception records open at the instant; FOREVER while one is still open."""
    open_records = [r for r in exception_records(case, rule, named(rule, group)) if open_at(r, instant)]
    return max((FOREVER if r["end"] is None else r["end"] for r in open_records), default=None)


def judge_cadence(case: Case, rule: Json, group: Texts, run: Window, events: list[int]) -> list[Finding]:
    """One group: from each event (or the start) to the next, or to the instant at which it was due."""
    findings: list[Finding] = []
    begin = run.start
    events = sorted({event for event in events if run.has(event)})
    while begin < run.end:
        following = next(iter(events), None)
        due = add(case.clock, begin, rule["every"])
        if following is not None and following <= due:
            if following > begin:
                findings.append(finding(rule, "met", group, Window(begin, following), samples=1))
            begin, events = following, events[1:]
            continue
        if due >= run.end and run.end <= case.as_of:
            return findings
        if case.as_of <= due:
            return [*findings, finding(rule, "pending", group, Window(begin, due))]
        excused_until = exception_end(case, rule, group, due)
        verdict = "breached" if excused_until is None else "excused"
        findings.append(replace(finding(rule, verdict, group, Window(begin, due), decided=due), performed=following))
        onward = min(following or FOREVER, excused_until or FOREVER)
        if onward == FOREVER:
            return findings
        if onward == following:
            events = events[1:]
        begin = onward
    return findings


def started(case: Case, rule: Json, seen: dict[Texts, int]) -> dict[Texts, int]:
    """The groups whose first interval has an event that starts it, each with the later of that and its first sight."""
    found = {}
    for group, first in seen.items():
        like = named(rule, group)
        rows = rows_of(case, rule["start"], rule["environments"])
        times = [time_of(row) for row in rows if all(row[d] == text for d, text in like.items() if d in row)]
        if times:
            found[group] = max(first, min(times))
    return found


def has_runs(rule: Json) -> bool:
    """Whether the intervals run in stretches of time: during a record, or after an event until another."""
    return bool(rule.get("only") or rule.get("between"))


def runs_of_time(case: Case, rule: Json) -> list[tuple[tuple[tuple[str, Any], ...], Window]]:
    """The stretches with the texts that belong to them; for equal texts those that overlap or adjoin are one."""
    limits = rule["between"] or rule["only"][0]
    rows = rows_of(case, limits["start"] if rule["between"] else limits["record"], [])
    found: list[tuple[tuple[tuple[str, Any], ...], Window]] = []
    for key in {tuple((d, row[d]) for d in limits["matching"]) for row in rows}:
        if rule["between"]:
            like = dict(key)
            spans = [Window(s.start, s.end) for s in between(case, rule, like)]
        else:
            spans = open_times([r for r in rows if all(r[d] == text for d, text in key)], FOREVER)
        spans = [s for s in spans if s.start < s.end]
        starts = {s.start for s in spans if not any(o.start < s.start <= o.end for o in spans)}
        for start in starts:
            end = start
            while any(s.start <= end < s.end for s in spans):
                end = max(s.end for s in spans if s.start <= end)
            found.append((key, Window(start, end)))
    return found


def in_run(case: Case, rule: Json, like: dict[str, Any], run: Window, found: Finding) -> Finding:
    """A finding about a run: what was not done in it is no longer late after its end."""
    over = run.end if found.verdict == "breached" and run.end <= case.as_of else None
    performed = over if found.performed is None else found.performed
    return replace(found, performed=performed, about=tuple((d, t) for d, t in like.items() if t is not None))


def cadence(case: Case, rule: Json) -> list[Finding]:
    """*Cadence*, for each group seen anywhere."""
    seen: dict[Texts, int] = seen_anywhere(case, rule) if rule["per"] else {(): case.life.start}
    if not seen:
        return [over_evaluated_time(case, rule, "unmeasured")]
    names = [rule["event"]["name"], *([rule["start"]["name"]] if rule.get("start") else [])]
    if not (all(case.bound("event", name) for name in names) and time_known(case, rule)):
        return [over_evaluated_time(case, rule, "unmeasured", group) for group in ordered(seen)]
    if rule.get("start"):
        seen = started(case, rule, seen)
        if not seen:
            return [over_evaluated_time(case, rule, "met")]
    findings = []
    for group in ordered(seen):
        rows = Scope(case, rule, named(rule, group), case.life).rows(rule["event"])
        eligible = [
            row
            for row in rows
            if case.life.has(time_of(row))
            and not meets_where_exemption(case, rule, "event", rule["event"]["name"], row)
        ]
        times = [time_of(row) for row in eligible]
        begin = max(seen[group], case.life.start)
        if not has_runs(rule):
            findings += judge_cadence(case, rule, group, Window(begin, case.life.end), times)
            continue
        for texts_of_run, run in runs_of_time(case, rule):
            like = dict(texts_of_run)
            cut = Window(max(begin, run.start), min(run.end, case.life.end))
            if all(like.get(d, text) == text for d, text in named(rule, group).items()):
                own = [time_of(row) for row in eligible if all(row[d] == text for d, text in like.items())]
                judged = judge_cadence(case, rule, group, cut, own)
                findings += [in_run(case, rule, like, cut, found) for found in judged]
    return findings or ([over_evaluated_time(case, rule, "met")] if has_runs(rule) else [])


# --- response ---------------------------------------------------------------------------------------------------


def response_to(case: Case, rule: Json, trigger: Row) -> int | None:
    """The instant of the first matching response at or after the trigger (a notice: to one of `roles`)."""
    series = rule["response"]
    times = [
        time_of(row)
        for row in rows_of(case, series, None)
        if time_of(row) >= time_of(trigger)
        and matches(row, trigger, rule["matching"])
        and (not rule["roles"] or counts_as(case, series["name"], row, rule["roles"]))
    ]
    return min(times, default=None)


def period_of(rule: Json, trigger: Row) -> Any:
    """The period after the trigger: the one for all, or that of its class; None where no deadline is set for it."""
    within = rule["within"]
    if "classes" not in within:
        return within
    fitting = [each["within"] for each in within["classes"] if trigger[within["dimension"]] in each["values"]]
    return fitting[0] if fitting else within["otherwise"]


def other_deadline(case: Case, rule: Json, trigger: Row) -> int | None:
    """*Whichever*: the other deadline; FOREVER while its event has not happened, None where the trigger states none."""
    other = rule["whichever"]["other"]
    if other["kind"] == "day":
        return midnight(case.zone, date.fromisoformat(other["day"]) + timedelta(days=1)) - 1
    if other["kind"] == "agreed":
        unit = case.units(rule["trigger"]["source"], rule["trigger"]["name"])[other["attribute"]]
        agreed = trigger[other["attribute"]]
        return None if agreed is None else time_of(trigger) + math.floor(in_base(agreed, unit))
    once = other["event"]["name"] == "termination"
    rows = [r for r in rows_of(case, other["event"], None) if once or matches(r, trigger, rule["matching"])]
    return add(case.clock, min(map(time_of, rows)), other["within"]) if rows else FOREVER


def deadline_of(case: Case, rule: Json, trigger: Row, period: Json) -> tuple[int, int]:
    """The last instant in time, and the end of the finding's window: the former, or what of it is known."""
    if rule.get("excluding"):
        return deadline_with_stops(case, rule, trigger, period)
    own = add(case.clock, time_of(trigger), period)
    other = other_deadline(case, rule, trigger) if rule.get("whichever") else None
    if other is None:
        return own, own
    last = (max if rule["whichever"]["later"] else min)(own, other)
    return last, own if last == FOREVER else last


def stops_of(case: Case, rule: Json, trigger: Row) -> list[Row]:
    """The records while which the clock of the trigger stands still: those equal to it wherever they can be."""
    series = rule["excluding"]
    same = texts(case, "event", rule["trigger"]["name"], trigger)
    return [r for r in rows_of(case, series, []) if agrees(r, case.dimensions("record", series["name"]), same)]


def deadline_with_stops(case: Case, rule: Json, trigger: Row, period: Json) -> tuple[int, int]:
    """The first instant by which the period has passed outside of the stops; FOREVER while the clock stands still."""
    begin, stops = time_of(trigger), stops_of(case, rule, trigger)
    last = instant_outside(case.clock, begin, period, open_times(stops, case.as_of))
    stands = last > case.as_of and any(stop["end"] is None for stop in stops)
    return (FOREVER if stands else last), last


def time_running(case: Case, rule: Json, trigger: Row, until: int) -> int:
    """The time from the trigger to an instant in which the clock of its deadline did not stand still."""
    whole = Window(time_of(trigger), until)
    stops = open_times(stops_of(case, rule, trigger), case.as_of) if rule.get("excluding") else []
    return time_covered(whole, [whole], stops)


def answerable(case: Case, rule: Json) -> bool:
    """Whether it can be told that no answer came."""
    name = rule["response"]["name"]
    return case.bound("event", name) and (not rule["roles"] or roles_known(case, name))


def judge_response(case: Case, rule: Json, trigger: Row) -> Finding:
    """One trigger."""
    begin, response = time_of(trigger), response_to(case, rule, trigger)
    period = period_of(rule, trigger)
    last, deadline = deadline_of(case, rule, trigger, period) if period else (begin, begin)
    if period is None:
        verdict = "unmeasured"
    elif response is not None and response <= last:
        verdict = "met"
    elif case.as_of <= last:
        verdict = "pending"
    elif not answerable(case, rule):
        verdict = "unmeasured"
    else:
        verdict = "excused" if excepted(case, rule, rule["trigger"], trigger, begin) else "breached"
    elapsed = None if response is None else time_running(case, rule, trigger, response)
    group = group_of(trigger, rule["per"])
    found = finding(rule, verdict, group, Window(begin, deadline), elapsed, 1, deadline)
    return replace(found, performed=response)


def verdict_on_share(rule: Json, met: int, pending: int, spared: int, cases: int) -> str:
    """Response with `share`, closed window: what holds (or fails) whatever becomes of the pending cases.

    Of them, `spared` stand under an exception: they count only when they are met.
    """
    if cases < fewest(rule) and (cases or rule["minimum_samples"] > 1):
        return "excused" if rule["missing_excused"] else "unmeasured"
    if cases == spared:
        return "met"
    comparison, threshold = rule["share"]["comparison"], constant(rule["share"]["threshold"])
    worst, best = share_of(met, cases - spared), share_of(met + pending, cases)
    if rule["confidence"] and worst.samples < 2:
        return "pending"
    if kept(rule, None, comparison, worst, threshold):
        return "met"
    return "pending" if kept(rule, None, comparison, best, threshold) else "breached"


def share_of(met: int, cases: int) -> Measured:
    """A share of cases."""
    return Measured(Fraction(met, cases), cases, limits=True)


def judge_share(case: Case, rule: Json, group: Texts, window: Window, triggers: list[Row]) -> Finding:
    """One group and window of a response with `share`; excused cases do not count."""
    inside = [row for row in triggers if window.has(time_of(row))]
    judged = [(row, judge_response(case, rule, row).verdict) for row in inside]
    verdicts = [verdict for _, verdict in judged if verdict not in ("excused", "unmeasured")]
    met, pending, cases = verdicts.count("met"), verdicts.count("pending"), len(verdicts)
    spared = sum(v == "pending" and excepted(case, rule, rule["trigger"], row, time_of(row)) for row, v in judged)
    if any(verdict == "unmeasured" for _, verdict in judged):
        verdict = "unmeasured"
    elif window.end > case.as_of:
        verdict = "pending"
    elif wholly_excepted(case, rule, group, window):
        verdict = "excused"
    else:
        verdict = verdict_on_share(rule, met, pending, spared, cases)
    if not cases:
        return finding(rule, verdict, group, window)
    found = finding(rule, verdict, group, window, Fraction(met, cases), cases)
    limit = constant(rule["share"]["threshold"])
    return decide(replace(found, interval=interval_of(rule, None, share_of(met, cases)), limit=limit))


def share_of_responses(case: Case, rule: Json) -> list[Finding]:
    """Response with `share`: windows as for *keep*, groups of the trigger."""
    trigger = rule["trigger"]
    is_bound = answerable(case, rule)
    seen = first_seen(case, rule, [trigger])
    triggers = cases_of(case, rule, trigger, rule["environments"])
    findings = []
    for group in ordered(seen) if rule["per"] and seen else [()]:
        own = [row for row in triggers if group_of(row, rule["per"]) == group]
        for window in windows_of(case.clock, case.life, rule["share"]["window"], case.as_of):
            late = rule["per"] and seen and window.end <= seen[group]
            if not late and applies(case, rule, named(rule, group) if seen else {}, window):
                judged = judge_share(case, rule, group, window, own) if is_bound else unmeasured(rule, window, group)
                findings.append(judged)
    return findings


def response(case: Case, rule: Json) -> list[Finding]:
    """*Response*, one trigger at a time or as a share."""
    other = (rule.get("whichever") or {"other": {}})["other"].get("event") or rule["trigger"]
    sources = [rule["trigger"], other, *([rule["excluding"]] if rule.get("excluding") else [])]
    if not (time_known(case, rule) and all(case.bound(each["source"], each["name"]) for each in sources)):
        return [over_evaluated_time(case, rule, "unmeasured")]
    if rule["share"]:
        return share_of_responses(case, rule)
    triggers = cases_of(case, rule, rule["trigger"], rule["environments"])
    return [about(case, rule["trigger"], row, judge_response(case, rule, row)) for row in triggers] or [
        over_evaluated_time(case, rule, "met")
    ]


# --- precedence, prohibition, permission --------------------------------------------------------------------------


def acts_before(case: Case, rule: Json, event: Row, roles: list[str] | None) -> list[Row]:
    """The required rows, by one of the roles (None: anyone), that stand in time before the event and count."""
    latest = add(case.clock, time_of(event), rule["lead"], -1) if rule["lead"] else time_of(event)
    if rule["lead"] and rule["lead"]["unit"] == "business_days":
        latest -= 1
    earliest = add(case.clock, time_of(event), rule["within"], -1) if rule["within"] else -FOREVER
    required = rule["required"]["name"]
    return [
        row
        for row in rows_of(case, rule["required"], None)
        if earliest <= time_of(row) <= latest
        and matches(row, event, rule["matching"])
        and (roles is None or counts_as(case, required, row, roles))
        and not (rule["other_than_performer"] and (None in (row["person"], event["person"])))
        and not (rule["other_than_performer"] and row["person"] == event["person"])
    ]


def roles_satisfied(rule: Json, acts: list[list[Row]]) -> int:
    """How many roles have an act; each by a person of its own where they must differ, in whatever way serves most."""
    if not rule["different_persons"]:
        return sum(bool(rows) for rows in acts)
    choices = [[None, *sorted({row["person"] for row in rows if row["person"] is not None})] for rows in acts]
    ways = [[person for person in way if person is not None] for way in product(*choices)]
    return max(len(way) for way in ways if len(way) == len(set(way)))


def judge_precedence(case: Case, rule: Json, event: Row) -> Finding:
    """One event."""
    needed = [each["roles"] for each in rule["by"]] or [None]
    satisfied = roles_satisfied(rule, [acts_before(case, rule, event, roles) for roles in needed])
    required = rule["required"]["name"]
    if satisfied == len(needed):
        verdict = "met"
    elif excepted(case, rule, rule["event"], event, time_of(event)):
        verdict = "excused"
    elif case.bound("event", required) and (not rule["by"] or roles_known(case, required)):
        verdict = "breached"
    else:
        verdict = "unmeasured"
    at = time_of(event)
    return finding(rule, verdict, group_of(event, rule["per"]), Window(at, at), samples=satisfied, decided=at)


def precedence(case: Case, rule: Json) -> list[Finding]:
    """*Precedence*."""
    if not (case.bound("event", rule["event"]["name"]) and time_known(case, rule)):
        return [over_evaluated_time(case, rule, "unmeasured")]
    events = cases_of(case, rule, rule["event"], rule["environments"])
    return [about(case, rule["event"], event, judge_precedence(case, rule, event)) for event in events] or [
        over_evaluated_time(case, rule, "met")
    ]


# --- gates --------------------------------------------------------------------------------------------------------


def judge_gate(case: Case, rule: Json, event: Row) -> Finding:
    """*Gate*, one event: the measure over the period before it, of rows that equal it on `matching`."""
    at = time_of(event)
    window, group = Window(add(case.clock, at, rule["before"], -1), at), group_of(event, rule["per"])
    excused = excepted(case, rule, rule["event"], event, at)
    series = [s for side in ("measure", "threshold") for leaf in leaves(rule[side]) for s in series_of(leaf)]
    texts = {dimension: event[dimension] for dimension in rule["matching"]}
    if not all(case.bound(s["source"], s["name"]) for s in series):
        return finding(rule, "excused" if excused else "unmeasured", group, window)
    missing = "excused" if excused or rule["missing_excused"] else "unmeasured"
    if None in texts.values():
        return finding(rule, missing, group, window)
    scope = Scope(case, {**rule, "environments": None, "only": [], "between": None}, texts, window)
    value, threshold = take(scope, rule["measure"]), take(scope, rule["threshold"])
    samples = join_sides(rule, value, threshold)
    if value.value is None or threshold.value is None or too_few(samples, rule):
        verdict = missing
    elif kept(rule, rule["measure"], rule["comparison"], value, threshold.value):
        verdict = "met"
    else:
        verdict = "excused" if excused else "breached"
    found = finding(rule, verdict, group, window, value.value, samples.samples, at)
    return replace(found, interval=interval_of(rule, rule["measure"], value), limit=threshold.value)


def gate(case: Case, rule: Json) -> list[Finding]:
    """*Gate*."""
    if not (case.bound("event", rule["event"]["name"]) and time_known(case, rule)):
        return [over_evaluated_time(case, rule, "unmeasured")]
    events = cases_of(case, rule, rule["event"], rule["environments"])
    return [about(case, rule["event"], event, judge_gate(case, rule, event)) for event in events] or [
        over_evaluated_time(case, rule, "met")
    ]


def permitted(case: Case, rule: Json, event: Row) -> bool:
    """*Permission*: the role is among `roles` and, where environments are named, the environment among them."""
    if rule["environments"] and event["environment"] not in rule["environments"]:
        return False
    return counts_as(case, rule["event"]["name"], event, rule["roles"])


def events_against(case: Case, rule: Json) -> list[Finding]:
    """*Prohibition, permission*: each violating event, and one met finding for the rest of each group."""
    permission, name = rule["kind"] == "permission", rule["event"]["name"]
    if not (case.bound("event", name) and time_known(case, rule)) or (permission and not roles_known(case, name)):
        return [over_evaluated_time(case, rule, "unmeasured")]
    rest: dict[Texts, int] = {}
    findings = []
    for event in cases_of(case, rule, rule["event"], [] if permission else rule["environments"]):
        group, at = group_of(event, rule["per"]), time_of(event)
        if permission and permitted(case, rule, event):
            rest[group] = rest.get(group, 0) + 1
            continue
        verdict = "excused" if excepted(case, rule, rule["event"], event, at) else "breached"
        judged = finding(rule, verdict, group, Window(at, at), samples=1, decided=at)
        findings.append(about(case, rule["event"], event, judged))
    findings += [over_evaluated_time(case, rule, "met", group, number) for group, number in rest.items()]
    return findings or [over_evaluated_time(case, rule, "met")]


# --- retention, deletion ------------------------------------------------------------------------------------------


def retention(case: Case, rule: Json) -> list[Finding]:
    """*Retention*: each record that ended too young, and the number of the others by group."""
    series = rule["record"]
    if not case.bound("record", series["name"]):
        return [over_evaluated_time(case, rule, "unmeasured")]
    findings, others = [], list[tuple[Texts, str]]()
    for record in in_life(case, series, rule["environments"]):
        group, begin, end = group_of(record, rule["per"]), record["begin"], record["end"]
        due = add(case.clock, begin, rule["period"])
        if end is not None and end < due:
            verdict = "excused" if excepted(case, rule, series, record, end) else "breached"
            judged = finding(rule, verdict, group, Window(begin, end), end - begin, 1, end)
            findings.append(about(case, series, record, judged))
        else:
            others.append((group, "met" if end is not None or case.as_of >= due else "pending"))
    findings += [
        over_evaluated_time(case, rule, verdict, group, others.count((group, verdict)))
        for group, verdict in set(others)
    ]
    return findings or [over_evaluated_time(case, rule, "met")]


def judge_deletion(case: Case, rule: Json, trigger: Row) -> Finding:
    """One trigger."""
    begin, period = time_of(trigger), period_of(rule, trigger)
    deadline = add(case.clock, begin, period) if period else begin
    records = [
        r for r in rows_of(case, rule["record"], None) if r["begin"] <= begin and matches(r, trigger, rule["matching"])
    ]
    late = [r for r in records if r["end"] is None or r["end"] > deadline]
    living = [r for r in records if r["end"] is None]
    is_bound = case.bound("record", rule["record"]["name"]) and period is not None
    if not is_bound:
        verdict = "unmeasured"
    elif case.as_of <= deadline:
        verdict = "pending" if living else "met"
    elif late:
        verdict = "excused" if excepted(case, rule, rule["trigger"], trigger, begin) else "breached"
    else:
        verdict = "met"
    number = len(living) if case.as_of <= deadline else len(late)
    value = number if is_bound else None
    group = group_of(trigger, rule["per"])
    gone = None if living else max((r["end"] for r in records), default=None)
    found = finding(rule, verdict, group, Window(begin, deadline), value, len(records), deadline)
    return replace(found, performed=gone)


def deletion(case: Case, rule: Json) -> list[Finding]:
    """*Deletion*."""
    if not (case.bound("event", rule["trigger"]["name"]) and time_known(case, rule)):
        return [over_evaluated_time(case, rule, "unmeasured")]
    triggers = cases_of(case, rule, rule["trigger"], rule["environments"])
    return [about(case, rule["trigger"], row, judge_deletion(case, rule, row)) for row in triggers] or [
        over_evaluated_time(case, rule, "met")
    ]


# --- occasions ----------------------------------------------------------------------------------------------------


def judge_occasion(case: Case, rule: Json, row: Row) -> Finding | None:
    """One event, or one record that has lasted (or may yet last) so long."""
    begin, end = time_of(row), row.get("end")
    at = add(case.clock, begin, rule["lasting"]) if rule["lasting"] else begin
    if end is not None and end < at:
        return None
    if at >= case.as_of:
        verdict = "pending"
    else:
        verdict = "excused" if excepted(case, rule, rule["trigger"], row, begin) else "met"
    found = finding(rule, verdict, group_of(row, rule["per"]), Window(begin, at), samples=1)
    return replace(about(case, rule["trigger"], row, found), performed=end)


def occasion(case: Case, rule: Json) -> list[Finding]:
    """*Occasion*."""
    series = rule["trigger"]
    if not (case.bound(series["source"], series["name"]) and time_known(case, rule)):
        return [over_evaluated_time(case, rule, "unmeasured")]
    rows = cases_of(case, rule, series, rule["environments"])
    judged = [judge_occasion(case, rule, row) for row in rows]
    return [found for found in judged if found is not None] or [over_evaluated_time(case, rule, "met")]
