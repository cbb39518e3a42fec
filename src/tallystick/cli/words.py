"""Findings in words and numbers, as tables and explanations show them."""

from __future__ import annotations

from zoneinfo import ZoneInfo

from tallystick.evaluation.clock import DAY, NEVER, localized
from tallystick.evaluation.evaluation import CreditDue, CreditState, RightGiven
from tallystick.evaluation.finding import Finding, Verdict
from tallystick.reports.words import (
    group_text,
    interest_text,
    interval_text,
    known_money,
    money,
    refund_text,
    value_text,
)
from tallystick.rules.rulebook import Rulebook

__all__ = [
    "STYLES", "group_text", "interest_text", "interval_text", "known_money", "moment_text", "money", "refund_text",
    "right_text", "state_text", "value_text", "window_text",
]  # fmt: skip

STYLES = {
    Verdict.MET: "green",
    Verdict.BREACHED: "bold red",
    Verdict.EXCUSED: "cyan",
    Verdict.UNMEASURED: "bold yellow",
    Verdict.PENDING: "blue",
}


def moment_text(at: int | None, zone: ZoneInfo) -> str:
    """A local time to the second, or the day alone at midnight."""
    if at is None:
        return "–"
    if abs(at) >= NEVER:
        return "never"
    local = localized(at, zone)
    if local.hour == local.minute == local.second == local.microsecond == 0:
        return f"{local:%Y-%m-%d}"
    return f"{local:%Y-%m-%d %H:%M:%S}"


def window_text(finding: Finding, zone: ZoneInfo) -> str:
    """The window of a finding: a day, `from – until`, or an instant."""
    start, end = moment_text(finding.start, zone), moment_text(finding.end, zone)
    if finding.start == finding.end:
        return start
    if finding.end - finding.start <= DAY + DAY // 24 and len(start) == len(end) == len("2027-01-01"):
        return start
    return f"{start} – {end[11:] if start[:10] == end[:10] else end}"


def state_text(item: CreditDue, zone: ZoneInfo) -> str:
    """`due`, `claimable until 2027-05-01`, `claimed 2027-04-12` …"""
    match item.state:
        case CreditState.CLAIMABLE:
            return f"claimable until {moment_text(item.claim_until, zone)}"
        case CreditState.LAPSED:
            return f"lapsed {moment_text(item.claim_until, zone)}"
        case CreditState.CLAIMED:
            return f"claimed {moment_text(item.claimed_at, zone)}"
        case CreditState.PENDING:
            return "pending: its charges are not complete"
        case CreditState.UNMEASURED:
            return "unmeasured: not in the data"
        case CreditState.DUE | CreditState.BELOW_MINIMUM | CreditState.NOT_HIGHEST:
            return item.state.value


def right_text(item: RightGiven, rulebook: Rulebook, zone: ZoneInfo) -> str:
    """`Provider may: suspension until 2027-05-01`, and whether that has ended, lapsed or been used."""
    names = {party.id: party.called for party in rulebook.parties} | {role.id: role.title for role in rulebook.roles}
    until = "" if item.until is None else f" until {moment_text(item.until, zone)}"
    ended = f", ended {moment_text(item.ended, zone)}" if item.ended is not None else ", lapsed" if item.lapsed else ""
    used = "" if item.used is None else f", used {moment_text(item.used, zone)}"
    title = item.event.replace("_", " ")
    return f"{names[item.holder]} {'could' if item.lapsed else 'may'} perform {title}{until}{ended}{used}"
