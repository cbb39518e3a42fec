"""Rules over windows: *keep*, *count* and the share of cases of a *response*; *Groups* and *Verdicts* of meaning.md."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from fractions import Fraction

from tallystick.quantities import Kind, known_unit

from .clock import Window, time_covered, windows_of
from .findings import Finding, Texts
from .measures import (
    Measured,
    Scope,
    constant,
    interval_of,
    kept,
    leaves,
    nothing_before,
    series_of,
    take,
    together,
    too_few,
)
from .rows import (
    Case,
    Group,
    Json,
    applies,
    compares,
    exception_records,
    group_of,
    meets_where_exemption,
    open_times,
    rows_shown,
    time_known,
    time_of,
)

UPWARD = ("at least", "above")
DOWNWARD = ("at most", "below")


# --- groups -----------------------------------------------------------------------------------------------------


def first_seen(case: Case, rule: Json, series: Iterable[Json]) -> dict[Texts, int]:
    """Groups: those seen before the end of the life in series with all `per` dimensions, and when each was first seen.

    Rows that lack a text, and those for which an `except where` holds, show no group.
    """
    seen: dict[Texts, int] = {}
    for each in series:
        if set(rule["per"]) <= set(case.dimensions(each["source"], each["name"])):
            for row in rows_shown(case, each, rule["environments"]):
                group = group_of(row, rule["per"])
                if None in group or time_of(row) >= case.life.end:
                    continue
                if meets_where_exemption(case, rule, each["source"], each["name"], row):
                    continue
                seen[group] = min(time_of(row), seen.get(group, time_of(row)))
    return seen


def seen_anywhere(case: Case, rule: Json) -> dict[Texts, int]:
    """Groups, *For cadence and count*: those seen in any bound table that has the dimensions."""
    wanted = {*rule["per"], *(["environment"] if rule["environments"] else [])}
    own = case.dimensions("event", rule["event"]["name"])
    wanted |= {each["dimension"] for each in rule["covers"] if each["dimension"] in own}
    series = [
        {"source": kind, "name": name, "where": None}
        for kind, name in case.tables
        if (kind, name) not in case.derived and wanted <= set(case.dimensions(kind, name))
    ]
    return first_seen(case, rule, series)


def ordered(groups: Iterable[Texts]) -> list[Texts]:
    """Groups in the order of their texts; a missing text comes first."""
    return sorted(groups, key=lambda group: [text or "" for text in group])


def named(rule: Json, group: Texts) -> Group:
    """The group as dimensions and texts."""
    return dict(zip(rule["per"], group, strict=True)) if group else {}


# --- verdicts ---------------------------------------------------------------------------------------------------


def wholly_excepted(case: Case, rule: Json, group: Texts, window: Window) -> bool:
    """Verdicts 2: the closed window lies wholly inside exception time of the group."""
    times = open_times(exception_records(case, rule, named(rule, group)), window.end)
    return window.end <= case.as_of and time_covered(window, times, []) == window.end - window.start


def grown(value: Fraction, comparison: str, threshold: Fraction) -> str | None:
    """The certain verdict on a value that can only grow."""
    if comparison in DOWNWARD and not compares(value, comparison, threshold):
        return "breached"
    if comparison in UPWARD and compares(value, comparison, threshold):
        return "met"
    return None


def fallen(value: Fraction, comparison: str, threshold: Fraction) -> str | None:
    """The certain verdict on a value that can only fall."""
    if comparison in UPWARD and not compares(value, comparison, threshold):
        return "breached"
    if comparison in DOWNWARD and compares(value, comparison, threshold):
        return "met"
    return None


def only_grows(case: Case, leaf: Json, closed: bool) -> bool:
    """The table of *Certain*: which measures can only grow."""
    match leaf["kind"]:
        case "distinct" | "duration":
            return True
        case "elapsed":
            return leaf["function"] == "max" or (
                closed and leaf["function"] in ("mean", "median", "percentile", "min", "sum")
            )
        case "aggregate" if leaf["function"] == "sum":
            series = leaf["of"]
            unit = case.units(series["source"], series["name"])[series["attribute"] or "value"]
            return known_unit(unit).kind in (Kind.FRACTION, Kind.COUNT, Kind.DURATION, Kind.BYTES)
        case "aggregate":
            return leaf["function"] in ("count", "max")
        case _:
            return False


def only_falls(leaf: Json) -> bool:
    """The table of *Certain*: which measures can only fall."""
    return leaf["kind"] == "uptime" or bool(leaf["kind"] == "aggregate" and leaf["function"] == "min")


def certain(case: Case, rule: Json, value: Fraction, closed: bool) -> str | None:
    """Verdicts, *Certain*: only with a constant threshold and a measure that is the whole left side."""
    if rule["threshold"]["kind"] != "value":
        return None
    if only_grows(case, rule["measure"], closed):
        return grown(value, rule["comparison"], constant(rule["threshold"]))
    if only_falls(rule["measure"]):
        return fallen(value, rule["comparison"], constant(rule["threshold"]))
    return None


def verdict_on(case: Case, rule: Json, value: Measured, threshold: Measured, samples: Measured, window: Window) -> str:
    """Verdicts 3 to 5."""
    closed = window.end <= case.as_of
    if value.value is None or threshold.value is None or too_few(samples, rule):
        return ("excused" if rule["missing_excused"] else "unmeasured") if closed else "pending"
    if closed and not value.still_open and not threshold.still_open:
        return "met" if kept(rule, rule["measure"], rule["comparison"], value, threshold.value) else "breached"
    if rule["confidence"]:
        return "pending"
    return certain(case, rule, value.value, closed) or "pending"


def unmeasured(rule: Json, window: Window, group: Texts = ()) -> Finding:
    """A finding without a value."""
    return Finding(rule["id"], rule["clause"], "unmeasured", group, window.start, window.end)


def decide(finding: Finding) -> Finding:
    """Consequences: a window is breached at its end."""
    return replace(finding, decided=finding.end) if finding.verdict == "breached" else finding


# --- keep -------------------------------------------------------------------------------------------------------


def join_sides(rule: Json, value: Measured, threshold: Measured) -> Measured:
    """Samples of both sides of the comparison."""
    return together(rule["measure"], value, rule["threshold"], threshold, value.value)


def judge_keep(case: Case, rule: Json, group: Texts, window: Window, known: bool, first: int | None) -> Finding:
    """One group and window; `known` is false for the empty group of a rule whose groups were never seen.

    `first` is when the group was first seen, None without `per`.
    """
    scope = Scope(case, rule, named(rule, group), window)
    value, threshold = take(scope, rule["measure"]), take(scope, rule["threshold"])
    samples = join_sides(rule, value, threshold)
    if not known:
        value, samples = replace(value, value=None), replace(samples, samples=0)
    excused = wholly_excepted(case, rule, group, window)
    excused = excused or (window.end <= case.as_of and nothing_before(scope, first))
    verdict = "excused" if excused else verdict_on(case, rule, value, threshold, samples, window)
    found = Finding(rule["id"], rule["clause"], verdict, group, window.start, window.end, value.value, samples.samples)
    return decide(replace(found, interval=interval_of(rule, rule["measure"], value), limit=threshold.value))


def keep(case: Case, rule: Json) -> list[Finding]:
    """*Keep* over windows: every group in every window from the one in which it is first seen."""
    parts = [*leaves(rule["measure"]), *leaves(rule["threshold"])]
    is_bound = all(case.bound(s["source"], s["name"]) for leaf in parts for s in series_of(leaf)) and time_known(
        case, rule
    )
    seen = first_seen(case, rule, [s for leaf in parts for s in series_of(leaf)])
    windows = windows_of(case.clock, case.life, rule["window"], case.as_of)
    findings = []
    for group in ordered(seen) if rule["per"] and seen else [()]:
        for window in windows:
            if rule["per"] and seen and window.end <= seen[group]:
                continue
            if is_bound and (seen or not rule["per"]) and not applies(case, rule, named(rule, group), window):
                continue
            known = bool(seen) or not rule["per"]
            findings.append(
                judge_keep(case, rule, group, window, known, seen.get(group) if rule["per"] else None)
                if is_bound
                else unmeasured(rule, window, group)
            )
    return findings


# --- count ------------------------------------------------------------------------------------------------------


def verdict_on_count(case: Case, rule: Json, times: int, window: Window) -> str:
    """Verdicts 4 and 5 of *count*; `is` is breached in an open window once exceeded."""
    value, wanted = Fraction(times), Fraction(rule["times"])
    if window.end <= case.as_of:
        return "met" if compares(value, rule["comparison"], wanted) else "breached"
    if rule["comparison"] == "is":
        return "breached" if value > wanted else "pending"
    return grown(value, rule["comparison"], wanted) or "pending"


def judge_count(case: Case, rule: Json, group: Texts, window: Window) -> Finding:
    """One group and window."""
    if not (case.bound("event", rule["event"]["name"]) and time_known(case, rule)):
        return unmeasured(rule, window, group)
    times = len(Scope(case, rule, named(rule, group), window).in_window(rule["event"]))
    excused = wholly_excepted(case, rule, group, window)
    verdict = "excused" if excused else verdict_on_count(case, rule, times, window)
    found = Finding(rule["id"], rule["clause"], verdict, group, window.start, window.end, Fraction(times), times)
    return decide(replace(found, limit=Fraction(rule["times"])))


def count(case: Case, rule: Json) -> list[Finding]:
    """*Count*: every group in every window from the one in which it is first seen anywhere."""
    windows = windows_of(case.clock, case.life, rule["window"], case.as_of)
    known = case.bound("event", rule["event"]["name"])
    if not rule["per"]:
        return [
            judge_count(case, rule, (), window) for window in windows if not known or applies(case, rule, {}, window)
        ]
    seen = seen_anywhere(case, rule)
    if not seen:
        return [unmeasured(rule, case.evaluated)]
    return [
        judge_count(case, rule, group, window)
        for group in ordered(seen)
        for window in windows
        if seen[group] < window.end and (not known or applies(case, rule, named(rule, group), window))
    ]
