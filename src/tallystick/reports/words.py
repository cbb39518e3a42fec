"""What was found, in the words and numbers of a paper. Times are local: the letterhead says in which time zone."""

from __future__ import annotations

from calendar import monthrange
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from tallystick.evaluation.clock import NEVER, localized
from tallystick.evaluation.evaluation import InterestDue, RefundDue
from tallystick.evaluation.finding import Finding
from tallystick.prose.quantity import date_text, money_text, quantity_text
from tallystick.quantities import Quantity
from tallystick.rules.rule import CountEvents, Gate, Keep, KeepAlways, Response, Rule

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


# --- times on paper ------------------------------------------------------------------------------------------


def month_text(day: date) -> str:
    """`March 2027`."""
    return f"{day:%B} {day.year}"


def time_text(at: int | None, zone: ZoneInfo) -> str:
    """`2 April 2027, 14:05`, with seconds where there are any; `the end of 2 April 2027` for its last instant; `–` for
    none, `never` for what never comes."""
    if at is None:
        return "–"
    if abs(at) >= NEVER:
        return "never"
    local = localized(at, zone)
    if local.time() == time.max:
        return f"the end of {date_text(local.date())}"
    digits = "%H:%M:%S.%f" if local.microsecond else "%H:%M:%S" if local.second else "%H:%M"
    return f"{date_text(local.date())}, {local.strftime(digits)}"


def day_text(at: int, zone: ZoneInfo) -> str:
    """The local day of an instant: `2 April 2027`."""
    return date_text(localized(at, zone).date())


def span_text(start: int, end: int, zone: ZoneInfo) -> str:
    """A time as a reader calls it: `March 2027`, `2027`, `5 March 2027`, `22 to 28 March 2027`; else from when to when."""
    if start == end:
        return time_text(start, zone)
    if abs(start) >= NEVER or abs(end) >= NEVER:
        return f"{time_text(start, zone)} to {time_text(end, zone)}"
    begin, close = localized(start, zone), localized(end, zone)
    if not (_midnight(begin) and _midnight(close)):
        return _clock_span(begin, close, start, end, zone)
    first, last = begin.date(), close.date() - timedelta(days=1)
    if first.day == 1 and last.day == monthrange(last.year, last.month)[1]:
        if (first.month, last.month, first.year) == (1, 12, last.year):
            return str(first.year)
        if (first.month, first.year) == (last.month, last.year):
            return month_text(first)
        return f"{first:%B}{'' if first.year == last.year else f' {first.year}'} to {month_text(last)}"
    if first == last:
        return date_text(first)
    if (first.month, first.year) == (last.month, last.year):
        return f"{first.day} to {date_text(last)}"
    return f"{date_text(first)} to {date_text(last)}"


def _clock_span(begin: datetime, close: datetime, start: int, end: int, zone: ZoneInfo) -> str:
    if begin.date() == close.date() and close.time() != time.max:
        return f"{time_text(start, zone)} to {time_text(end, zone).rpartition(', ')[2]}"
    return f"{time_text(start, zone)} to {time_text(end, zone)}"


def _midnight(local: datetime) -> bool:
    return not (local.hour or local.minute or local.second or local.microsecond)


# --- findings on paper ---------------------------------------------------------------------------------------


def named_text(values: tuple[tuple[str, str], ...]) -> str:
    """`model credit_scoring, environment production`: each value after the name of its dimension."""
    return ", ".join(f"{name.replace('_', ' ')} {value}" for name, value in values)


def agreed_text(rule: Rule, finding: Finding) -> str:
    """`at least 92%`; a deadline is `72 hours`; `–` where the rule names no number."""
    if finding.threshold is None:
        return "–"
    value = value_text(finding.threshold, finding.unit)
    if finding.rule == rule.id and isinstance(rule, Keep | Gate | KeepAlways | CountEvents):
        return f"{rule.comparison.value} {value}"
    if finding.rule == rule.id and isinstance(rule, Response) and rule.share is not None:
        return f"{rule.share.comparison.value} {value}"
    return value


def section_text(rule: Rule) -> str:
    """`Section 6.1 (Accuracy)`."""
    return f"Section\u00a0{rule.number} ({rule.title})"
