"""Findings in words and numbers, as tables and explanations show them."""

from __future__ import annotations

from decimal import Decimal
from zoneinfo import ZoneInfo

from tallystick.evaluation.clock import DAY, NEVER, localized
from tallystick.evaluation.evaluation import CreditDue, CreditState, InterestDue, RefundDue, RightGiven
from tallystick.evaluation.finding import Finding, Verdict
from tallystick.prose.quantity import money_text, quantity_text
from tallystick.quantities import Quantity
from tallystick.rules.rulebook import Rulebook

STYLES = {
    Verdict.MET: "green",
    Verdict.BREACHED: "bold red",
    Verdict.EXCUSED: "cyan",
    Verdict.UNMEASURED: "bold yellow",
    Verdict.PENDING: "blue",
}

_SHOWN = Decimal("0.000001")


def value_text(value: Decimal | None, unit: str | None) -> str:
    """A value with its unit, rounded to six places for show; `–` where there is none."""
    if value is None:
        return "–"
    rounded = value.quantize(_SHOWN) if abs(value) < 10**18 else value
    return quantity_text(Quantity(value=rounded, unit=unit or "count"))


def interval_text(finding: Finding) -> str:
    """`90.1% to 92.3%`; nothing for a finding without a confidence interval."""
    if finding.interval is None:
        return ""
    return " to ".join(value_text(end, finding.unit) for end in (finding.interval.low, finding.interval.high))


def money(amount: Decimal, currency: str) -> str:
    """`USD 4,000`."""
    return money_text(Quantity(value=amount, unit=currency))


def group_text(group: tuple[tuple[str, str], ...]) -> str:
    """`credit-scoring, production`."""
    return ", ".join(value for _, value in group)


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


def known_money(amount: Decimal | None, currency: str) -> str:
    """`USD 4,000`, or that the data does not give it."""
    return "not in the data" if amount is None else money(amount, currency)


def interest_text(item: InterestDue) -> str:
    """How it was computed: `1.5% × 12 × 20 / 365, simple`; compounded, its rate, how often, and the days."""
    rate, year = quantity_text(item.interest.rate.quantity), item.interest.counting.year
    times = {"year": "", "month": " × 12", "day": f" × {year}"}[item.interest.per]
    if item.interest.compounded is None:
        return f"{rate}{times} × {item.days:,} / {year} days, simple"
    return f"{rate}{times} / year, compounded each {item.interest.compounded}, {item.days:,} days of {year}"


def refund_text(item: RefundDue) -> str:
    """How it was computed: `184 of 365 days`."""
    return "all of it" if item.refund.by is None else f"{item.unused:,} of {item.units:,} {item.refund.by}s"


def right_text(item: RightGiven, rulebook: Rulebook, zone: ZoneInfo) -> str:
    """`Provider may: suspension until 2027-05-01`, and whether that has ended, lapsed or been used."""
    names = {party.id: party.called for party in rulebook.parties} | {role.id: role.title for role in rulebook.roles}
    until = "" if item.until is None else f" until {moment_text(item.until, zone)}"
    ended = f", ended {moment_text(item.ended, zone)}" if item.ended is not None else ", lapsed" if item.lapsed else ""
    used = "" if item.used is None else f", used {moment_text(item.used, zone)}"
    title = item.event.replace("_", " ")
    return f"{names[item.holder]} {'could' if item.lapsed else 'may'} perform {title}{until}{ended}{used}"
