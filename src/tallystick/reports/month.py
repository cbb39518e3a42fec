"""One month of an agreement: what was judged in it, what was breached, owed and still to be done, and the month before."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from tallystick.evaluating import Judged
from tallystick.evaluation.belonging import instant_of
from tallystick.evaluation.clock import midnight, plus_months
from tallystick.evaluation.evaluation import CreditDue, CureState
from tallystick.evaluation.finding import Finding, Verdict
from tallystick.evaluation.to_json import finding_json, number_text, utc_text
from tallystick.model.agreement import Agreement
from tallystick.reports.following import Known
from tallystick.rules.rule import (
    Cadence,
    CountEvents,
    Deletion,
    Keep,
    KeepAlways,
    Occasion,
    Response,
    Rule,
    unversioned,
)

CLOSED = (Verdict.MET, Verdict.BREACHED, Verdict.EXCUSED, Verdict.UNMEASURED)


class NoReport(Exception):
    """The month cannot be reported on; the message says why."""


@dataclass(frozen=True)
class Month:
    """A calendar month in the agreement's time zone, with its first instant and the first of the next."""

    first: date
    start: int
    end: int

    @staticmethod
    def of(first: date, zone: ZoneInfo) -> Month:
        """The month that begins on that day."""
        return Month(first, midnight(first, zone), midnight(plus_months(first, 1), zone))

    def before(self, zone: ZoneInfo) -> Month:
        """The month before."""
        return Month.of(plus_months(self.first, -1), zone)


def month_in(text: str, timezone: str) -> Month:
    """The month `2027-03`. Raises ValueError for any other text."""
    if len(text) != len("2027-03"):
        raise ValueError(text)
    return Month.of(date.fromisoformat(f"{text}-01"), ZoneInfo(timezone))


@dataclass(frozen=True)
class ToDo:
    """Something that is open: until when, whose it is, what it is and of which finding."""

    by: int
    who: str
    what: str
    finding: Finding


@dataclass(frozen=True)
class Report:
    """A month, judged as of an instant. `findings` are those that fall into it, `earlier` those of the month before;
    `open` are those still undecided that concern it."""

    agreement: Agreement
    judged: Judged
    month: Month
    previous: Month
    findings: tuple[Finding, ...]
    earlier: tuple[Finding, ...]
    open: tuple[Finding, ...]

    @property
    def known(self) -> Known:
        """Rules and evaluation, to look things up in."""
        return Known(self.judged.rulebook, self.judged.evaluation)

    @property
    def zone(self) -> ZoneInfo:
        """The agreement's time zone."""
        return ZoneInfo(self.judged.rulebook.timezone)

    def of(self, verdict: Verdict) -> tuple[Finding, ...]:
        """The findings of the month with a verdict."""
        return tuple(each for each in self.findings if each.verdict is verdict)

    def credits(self, month: Month) -> tuple[CreditDue, ...]:
        """The service credits that belong to a month."""
        return tuple(each for each in self.judged.evaluation.credits if month.start <= each.belongs < month.end)


def report_of(agreement: Agreement, judged: Judged, month: Month) -> Report:
    """The report of a month. Raises NoReport for one in which the agreement was not in force, or that has not begun."""
    book, as_of = judged.rulebook, judged.evaluation.as_of
    last = month.first.replace(day=28) + timedelta(days=4)
    if book.effective >= last.replace(day=1) or (book.until is not None and book.until <= month.first):
        raise NoReport(f"The agreement is not in force in {month.first:%Y-%m}.")
    if as_of <= month.start:
        raise NoReport(f"{month.first:%Y-%m} has not begun at {utc_text(as_of)}: give a later --as-of.")
    previous = month.before(ZoneInfo(book.timezone))
    known = Known(book, judged.evaluation)
    found = [each for each in judged.evaluation.findings if not _is_occasion(known, each)]
    return Report(
        agreement,
        judged,
        month,
        previous,
        tuple(each for each in found if _falls_in(known, each, month)),
        tuple(each for each in found if _falls_in(known, each, previous)),
        tuple(each for each in found if each.verdict is Verdict.PENDING and _overlaps(each, month)),
    )


def _falls_in(known: Known, finding: Finding, month: Month) -> bool:
    """A breach falls into the month it belongs to; all else into that in which its window or deadline ends. What was
    judged up to as-of, for want of a case, concerns every month that it overlaps.
    """
    if finding.verdict is Verdict.PENDING:
        return False
    rule = known.rule_of(finding)
    windowed = "/" not in finding.rule and over_windows(rule)
    if finding.verdict is Verdict.BREACHED:
        at = finding.end - 1 if windowed else instant_of(finding)
        return month.start <= at < month.end
    if not windowed and finding.start < finding.end and finding.end >= known.evaluation.as_of:
        return _overlaps(finding, month)
    at = finding.end - 1 if finding.start < finding.end else finding.start
    return month.start <= at < month.end


def _is_occasion(known: Known, finding: Finding) -> bool:
    """Whether it only tells that something happened, by which nothing is kept or breached."""
    return "/" not in finding.rule and isinstance(known.rule_of(finding), Occasion)


def over_windows(rule: Rule) -> bool:
    """Whether a rule is judged window by window, and not case by case."""
    return isinstance(rule, Keep | CountEvents) or (isinstance(rule, Response) and rule.share is not None)


def _overlaps(finding: Finding, month: Month) -> bool:
    return finding.start < month.end and finding.end > month.start


# --- what is counted and listed ------------------------------------------------------------------------------


@dataclass(frozen=True)
class ArticleCount:
    """The findings of one article, in the month and in the month before, by verdict."""

    number: str
    title: str
    now: Mapping[Verdict, int]
    before: Mapping[Verdict, int]


def by_article(report: Report) -> tuple[ArticleCount, ...]:
    """Every article with something judged in either month, in order."""
    titles = {str(article.number): article.title for article in report.agreement.articles}
    now, before = _counts(report, report.findings), _counts(report, report.earlier)
    numbers = sorted(now.keys() | before.keys(), key=lambda number: (len(number), number))
    return tuple(ArticleCount(each, titles.get(each, ""), now.get(each, {}), before.get(each, {})) for each in numbers)


def _counts(report: Report, findings: Iterable[Finding]) -> dict[str, Counter[Verdict]]:
    found: dict[str, Counter[Verdict]] = {}
    for each in findings:
        number = report.known.rule_of(each).number.partition(".")[0]
        found.setdefault(number, Counter())[each.verdict] += 1
    return found


def totals(owed: Iterable[CreditDue]) -> dict[tuple[str, str], tuple[Decimal, Decimal]]:
    """What credits come to, before and after caps, by party and currency, in order of these."""
    found: dict[tuple[str, str], tuple[Decimal, Decimal]] = {}
    for item in owed:
        before, amount = found.get((item.party, item.currency), (Decimal(0), Decimal(0)))
        found[item.party, item.currency] = (before + item.before, amount + item.amount)
    return dict(sorted(found.items()))


def to_do(report: Report) -> tuple[ToDo, ...]:
    """Every duty, answer and cure whose deadline has not passed at as-of, the next first."""
    known, evaluation = report.known, report.judged.evaluation
    findings = {each.id: each for each in evaluation.findings}
    found = []
    for each in evaluation.findings:
        rule = known.rule_of(each)
        dated = "/" in each.rule or isinstance(rule, Response | Deletion | Cadence)
        if each.verdict is Verdict.PENDING and dated:
            found.append(ToDo(each.end, _holder(known, each), what_text(known, each), each))
    for cure in evaluation.cures:
        if cure.state is CureState.CURABLE and cure.until is not None:
            breach = findings[cure.finding]
            rule = known.rule_of(breach)
            found.append(
                ToDo(cure.until, _holder(known, breach), f"{rule.number} {rule.title}: cure the breach", breach)
            )
    return tuple(sorted(found, key=lambda each: (each.by, each.what, each.finding.id)))


def _holder(known: Known, finding: Finding) -> str:
    duty = known.duty_of(finding)
    holder = duty.holder if duty is not None else known.rule_of(finding).holder
    return "" if holder is None else known.holder(holder)


def what_text(known: Known, finding: Finding) -> str:
    """`6.1 Accuracy`; of a duty also what is to be done: `6.1 Accuracy: notice to the Risk Officer`."""
    rule, duty = known.rule_of(finding), known.duty_of(finding)
    base = f"{rule.number} {rule.title}{known.under(rule)}"
    if duty is None:
        return base if "/" not in finding.rule else f"{base}: blocked all the same"
    if duty.kind == "notify":
        return f"{base}: notice to the {known.role(duty.role)}"
    return f"{base}: {known.event(duty.event)}"


def worst_by_subject(
    known: Known, findings: Iterable[Finding]
) -> dict[tuple[str, tuple[tuple[str, str], ...]], Verdict]:
    """The worst verdict for each rule and group that is judged again and again: breached, then unmeasured, excused, met."""
    order = (Verdict.BREACHED, Verdict.UNMEASURED, Verdict.EXCUSED, Verdict.MET)
    found: dict[tuple[str, tuple[tuple[str, str], ...]], Verdict] = {}
    for each in findings:
        rule = known.rule_of(each)
        if "/" in each.rule or not (over_windows(rule) or isinstance(rule, Cadence | KeepAlways)):
            continue
        key = (unversioned(each.rule), each.group)
        found[key] = min(found.get(key, each.verdict), each.verdict, key=order.index)
    return found


# --- as data -------------------------------------------------------------------------------------------------


def report_json(report: Report) -> dict[str, Any]:
    """The report as plain data."""
    book, zone = report.judged.rulebook, report.zone
    numbers = {rule.id: rule.number for rule in book.rules}
    return {
        "agreement": book.agreement,
        "version": book.version,
        "tally": report.judged.evaluation.tally,
        "month": f"{report.month.first:%Y-%m}",
        "as_of": utc_text(report.judged.evaluation.as_of),
        "timezone": book.timezone,
        "articles": [
            {
                "number": each.number,
                "title": each.title,
                "month": {verdict.value: each.now.get(verdict, 0) for verdict in CLOSED},
                "month_before": {verdict.value: each.before.get(verdict, 0) for verdict in CLOSED},
            }
            for each in by_article(report)
        ],
        "findings": [finding_json(each, numbers, zone) for each in report.findings],
        "open": [finding_json(each, numbers, zone) for each in report.open],
        "credits": [
            {
                "finding": each.finding,
                "party": each.party,
                "state": each.state.value,
                "before": number_text(each.before),
                "amount": number_text(each.amount),
                "currency": each.currency,
            }
            for each in report.credits(report.month)
        ],
        "to_do": [
            {"by": utc_text(each.by), "who": each.who, "what": each.what, "finding": each.finding.id}
            for each in to_do(report)
        ],
    }
