"""The compliance report of a month as a document. Its first page says it in five lines."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

from tallystick.document.document import (
    Block,
    Document,
    Inlines,
    Kind,
    Letterhead,
    Row,
    Section,
    Strong,
    Subsection,
    Table,
    paragraph,
)
from tallystick.evaluation.clock import localized
from tallystick.evaluation.evaluation import CapUse, CreditState, CureState
from tallystick.evaluation.finding import Finding, Verdict
from tallystick.prose.quantity import listed
from tallystick.reports.month import CLOSED, Month, Report, by_article, to_do, totals, what_text, worst_by_subject
from tallystick.reports.plots import plots
from tallystick.reports.words import (
    agreed_text,
    day_text,
    interest_text,
    known_money,
    money,
    month_text,
    refund_text,
    span_text,
    time_text,
    value_text,
)
from tallystick.rules.rule import unversioned

MOST_ROWS = 60
"""Longer lists are cut, and say so."""

_BASIS = (
    "This report follows from the rules of the agreement and its data: whoever has both comes to the same. One digest, the "
    "tally, covers the text of the agreement and its rules."
)


def to_document(report: Report) -> Document:
    """The report as a document, the same for the same agreement, data and instant."""
    book, as_of = report.judged.rulebook, report.judged.evaluation.as_of
    sections = (
        ("By article", "articles", _articles(report)),
        ("Breaches", "breaches", _breaches(report)),
        ("Not measured", "unmeasured", _unmeasured(report)),
        ("Excused", "excused", _excused(report)),
        ("Service credits", "credits", _credits(report)),
        ("What is to be done", "to-do", _to_do(report)),
        ("Rights, escalations and blocks", "rights", _rights(report)),
        ("Waivers", "waivers", _waivers(report)),
        (f"Compared with {month_text(report.previous.first)}", "compared", _compared(report)),
        ("Measures over time", "plots", plots(report)),
        ("Data", "data", _data(report)),
    )
    filled = [(title, name, tuple(blocks)) for title, name, blocks in sections]
    return Document(
        title=f"Compliance report, {month_text(report.month.first)}",
        version=book.version,
        effective=day_text(as_of, report.zone),
        effective_on=localized(as_of, report.zone).date().isoformat(),
        draft=False,
        cover=Letterhead(
            label=book.agreement,
            dated=f"As of {time_text(as_of, report.zone)} ({report.zone.key})",
            by=tuple(party.name for party in book.parties),
            facts=Table((), tuple(_five_lines(report))),
            basis=_BASIS,
        ),
        sections=tuple(Section(Kind.CHAPTER, "", title, name, blocks) for title, name, blocks in filled if blocks),
    )


# --- the five lines --------------------------------------------------------------------------------------------


def _five_lines(report: Report) -> Iterator[Row]:
    last = month_text(report.previous.first)
    yield Row((("Result",), _result(report, last)))
    yield Row((("Judged",), (_judged(report, last),)))
    yield Row((("Service credits",), (_money(report, last),)))
    yield Row((("To be done",), (_next(report),)))
    yield Row((("Rights",), (_right(report),)))


def _result(report: Report, last: str) -> Inlines:
    breached = report.of(Verdict.BREACHED)
    before = sum(each.verdict is Verdict.BREACHED for each in report.earlier)
    then = f" ({last}: {before or 'none'})"
    if not breached:
        unmeasured = len(report.of(Verdict.UNMEASURED))
        but = f"; {_many(unmeasured, 'judgement')} could not be made for want of data" if unmeasured else ""
        return Strong(("Nothing was breached",)), f"{but}{then}"
    sections = list(dict.fromkeys(_title(report, each) for each in breached))
    named = listed(sections[:4]) if len(sections) <= 4 else f"{', '.join(sections[:3])} and {len(sections) - 3} more"
    return Strong((_many(len(breached), "breach", "breaches"),)), f"{then}: {named}"


def _title(report: Report, finding: Finding) -> str:
    rule = report.known.rule_of(finding)
    return f"{rule.number} {rule.title}"


def _judged(report: Report, last: str) -> str:
    counts = Counter(each.verdict for each in report.findings)
    before = Counter(each.verdict for each in report.earlier)
    parts = [f"{counts[verdict]:,} {_CALLED[verdict]}" for verdict in CLOSED if counts[verdict]]
    kept = counts[Verdict.MET] + counts[Verdict.EXCUSED]
    share = f", {_share(kept, len(report.findings))} passed" if report.findings else ""
    then = before[Verdict.MET] + before[Verdict.EXCUSED]
    earlier = f" ({last}: {_share(then, len(report.earlier))})" if report.earlier else ""
    return f"{_many(len(report.findings), 'judgement')}: {', '.join(parts) or 'none'}{share}{earlier}"


_CALLED = {
    Verdict.MET: "kept",
    Verdict.BREACHED: "breached",
    Verdict.EXCUSED: "excused",
    Verdict.UNMEASURED: "not measured",
}


def _share(part: int, whole: int) -> str:
    """A share in tenths of a percent, rounded down, so that 100% means all."""
    tenths = part * 1000 // whole
    return f"{tenths // 10}.{tenths % 10}%" if tenths % 10 else f"{tenths // 10}%"


def _money(report: Report, last: str) -> str:
    now, before = (_sums(report, month) for month in (report.month, report.previous))
    return f"{now or 'None'} ({last}: {before or 'none'})"


def _sums(report: Report, month: Month) -> str:
    found = totals(report.credits(month))
    return listed([f"{money(sums[1], of[1])} to {report.known.party(of[0])}" for of, sums in found.items()])


def _next(report: Report) -> str:
    open_ = to_do(report)
    if not open_:
        return "No deadline is running"
    first = open_[0]
    who = f", by {first.who}" if first.who else ""
    return f"{_many(len(open_), 'deadline')} running; the next on {time_text(first.by, report.zone)}: {first.what}{who}"


def _right(report: Report) -> str:
    rights = [each for each in report.judged.evaluation.terminations if not each.lapsed]
    if not rights:
        return "No right to terminate exists"
    said = [f"{report.known.party(each.party)} since {day_text(each.arises, report.zone)}" for each in rights]
    return f"A right to terminate exists: {listed(list(dict.fromkeys(said)))}"


def _many(count: int, one: str, several: str = "") -> str:
    return f"{count:,} {one if count == 1 else several or one + 's'}"


# --- tables ----------------------------------------------------------------------------------------------------


def _articles(report: Report) -> Iterator[Table]:
    counted = by_article(report)
    last = f"{report.previous.first:%B}"
    columns = ("Article", "Judged", "Kept", "Breached", "Excused", "Not measured", f"Breached in {last}")
    rows = [Row(((f"{each.number} {each.title}",), *_counts(each.now, each.before))) for each in counted]
    now: Counter[Verdict] = sum((Counter(each.now) for each in counted), Counter())
    before: Counter[Verdict] = sum((Counter(each.before) for each in counted), Counter())
    rows.append(Row(tuple((Strong(cell),) for cell in (("All",), *_counts(now, before)))))
    yield Table(columns, tuple(rows))


def _counts(now: Mapping[Verdict, int], before: Mapping[Verdict, int]) -> tuple[Inlines, ...]:
    numbers = (sum(now.values()), *(now.get(verdict, 0) for verdict in CLOSED), before.get(Verdict.BREACHED, 0))
    return tuple((f"{number:,}" if number else "·",) for number in numbers)


def _breaches(report: Report) -> Iterator[Block]:
    found = report.of(Verdict.BREACHED)
    if not found:
        yield paragraph("Nothing was breached.")
        return
    cures = {each.finding: each for each in report.judged.evaluation.cures}

    def stands(finding: Finding) -> str:
        cure = cures.get(finding.id)
        match cure.state if cure else None:
            case CureState.CURED:
                return f"cured on {day_text(cure.at, report.zone)}" if cure and cure.at is not None else "cured"
            case CureState.CURABLE:
                return f"to be cured by {time_text(cure.until, report.zone)}" if cure else ""
            case CureState.UNCURED:
                return "not cured in time" if cure and cure.until is not None else ""
            case None:
                return ""

    columns = ("Section", "For", "When", "Measured", "Agreed", "How it stands")
    rows = [(*_subject(report, each), _measured(each), _agreed(report, each), stands(each)) for each in found]
    yield from _cut(columns, rows)


def _measured(finding: Finding) -> str:
    return finding.because or "–" if finding.value is None else value_text(finding.value, finding.unit)


def _agreed(report: Report, finding: Finding) -> str:
    return agreed_text(report.known.rule_of(finding), finding)


def _subject(report: Report, finding: Finding) -> tuple[str, str, str]:
    about = ", ".join(value for _, value in finding.group or finding.about)
    return what_text(report.known, finding), about, span_text(finding.start, finding.end, report.zone)


def _cut(columns: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> Iterator[Block]:
    """A table without the columns in which nothing stands; a long one is cut, and says so."""
    kept = [place for place in range(len(columns)) if any(row[place] not in ("", "–") for row in rows)]
    yield Table(
        tuple(columns[place] for place in kept),
        tuple(Row(tuple((row[place],) for place in kept)) for row in rows[:MOST_ROWS]),
    )
    if len(rows) > MOST_ROWS:
        yield paragraph(
            f"{len(rows) - MOST_ROWS:,} more are in the data that the PDF of this report carries (report.json)."
        )


def _unmeasured(report: Report) -> Iterator[Block]:
    found = report.of(Verdict.UNMEASURED)
    if found:
        yield paragraph("What could not be measured counts as neither kept nor breached.")
        yield from _cut(("Section", "For", "When", "Why"), [(*_subject(report, each), each.because) for each in found])


def _excused(report: Report) -> Iterator[Block]:
    found = report.of(Verdict.EXCUSED)
    if found:
        rows = [(*_subject(report, each), each.excuse or each.because) for each in found]
        yield from _cut(("Section", "For", "When", "Excused by"), rows)


# --- money -----------------------------------------------------------------------------------------------------


def _credits(report: Report) -> Iterator[Block]:
    owed = report.credits(report.month)
    if owed:
        findings = {each.id: each for each in report.judged.evaluation.findings}
        columns = ("Section", "For", "To", "Before caps", "Credit", "How it stands")
        rows = [
            (
                *_subject(report, findings[each.finding])[:2],
                report.known.party(each.party),
                money(each.before, each.currency),
                money(each.amount, each.currency),
                each.state.value
                if each.claim_until is None or each.state is not CreditState.CLAIMABLE
                else f"claimable until {time_text(each.claim_until, report.zone)}",
            )
            for each in owed
        ]
        for (party, currency), (before, after) in totals(owed).items():
            rows.append(("All", "", report.known.party(party), money(before, currency), money(after, currency), ""))
        yield from _cut(columns, rows)
    yield from _more_money(report)
    caps = [
        each
        for each in report.judged.evaluation.caps
        if each.start < report.month.end and each.end > report.month.start
    ]
    if caps:
        yield Subsection("", "Caps on credits", "caps", tuple(_caps(report, caps)))


def _more_money(report: Report) -> Iterator[Block]:
    """Interest that ran, and refunds that fell due, in the month."""
    evaluation, known = report.judged.evaluation, report.known
    findings = {each.id: each for each in evaluation.findings}
    rows = [
        (
            *_subject(report, findings[each.finding])[:2],
            known.party(each.party),
            f"interest on {known_money(each.principal, each.currency)}, {interest_text(each)}"
            + (", still runs" if each.running else ""),
            known_money(each.amount, each.currency),
        )
        for each in evaluation.interest
        if each.start < report.month.end and each.end > report.month.start
    ]
    rows += [
        (
            *_subject(report, findings[each.finding])[:2],
            known.party(each.party),
            f"refund of {refund_text(each)}",
            known_money(each.amount, each.currency),
        )
        for each in evaluation.refunds
        if report.month.start <= each.at < report.month.end
    ]
    if rows:
        table = _cut(("Section", "For", "To", "What", "Amount"), rows)
        yield Subsection("", "Interest and refunds", "more-money", tuple(table))


def _caps(report: Report, caps: Sequence[CapUse]) -> Iterator[Block]:
    numbers = {rule.clause: f"{rule.number.partition('(')[0]} {rule.title}" for rule in report.judged.rulebook.rules}
    rows = [
        (
            numbers.get(each.clause or "", "The whole agreement"),
            span_text(each.start, each.end, report.zone),
            money(each.allowed, each.currency),
            money(each.used, each.currency),
            money(each.left, each.currency),
        )
        for each in caps
    ]
    yield from _cut(("Credits under", "Over", "Cap", "Used", "Left"), rows)


# --- what is open ----------------------------------------------------------------------------------------------


def _to_do(report: Report) -> Iterator[Block]:
    found = to_do(report)
    if found:
        rows = [
            (
                time_text(each.by, report.zone),
                each.who,
                each.what,
                ", ".join(value for _, value in each.finding.group or each.finding.about),
            )
            for each in found
        ]
        yield from _cut(("By", "Who", "What", "For"), rows)


def _rights(report: Report) -> Iterator[Block]:
    evaluation, known, zone = report.judged.evaluation, report.known, report.zone
    rules = {rule.clause: f"{rule.number.partition('(')[0]} {rule.title}" for rule in report.judged.rulebook.rules}
    rows: list[tuple[int, str, str]] = []
    for right in evaluation.terminations:
        if right.until is not None and right.until < report.month.start:
            continue
        until = "" if right.until is None else f" until {time_text(right.until, zone)}"
        lapsed = ", which has lapsed" if right.lapsed else ""
        rows.append((right.arises, rules[right.clause], f"{known.party(right.party)} may terminate{until}{lapsed}"))
    rows += [
        (step.at, rules[step.clause], f"The breach has gone up to the {known.role(step.role)}")
        for step in evaluation.escalations
        if report.month.start <= step.at < report.month.end and step.due
    ]
    for given in evaluation.rights:
        if given.arises < report.month.end and (given.until is None or given.until >= report.month.start):
            stands = "" if given.until is None else f" until {time_text(given.until, zone)}"
            says = f"{known.holder(given.holder)} may perform {known.event(given.event)}{stands}"
            rows.append((given.arises, rules[given.clause], says))
    for block in evaluation.blocks:
        if block.end is None or block.end > report.month.start:
            where = f" in {' or '.join(block.environments)}" if block.environments else ""
            until = "" if block.end is None else f" until {time_text(block.end, zone)}"
            rows.append((block.start, rules[block.clause], f"No {known.event(block.event)}{where} is allowed{until}"))
    if rows:
        written = [(time_text(since, zone), section, says) for since, section, says in sorted(set(rows))]
        yield from _cut(("Since", "Section", "What"), written)


def _waivers(report: Report) -> Iterator[Block]:
    rules = {rule.clause: f"{rule.number.partition('(')[0]} {rule.title}" for rule in report.judged.rulebook.rules}
    found = [
        each
        for each in report.judged.evaluation.waivers
        if each.begin < report.month.end and (each.end is None or each.end > report.month.start)
    ]
    if found:
        rows = [
            (
                rules.get(each.clause, each.clause),
                ", ".join(value for _, value in each.group),
                report.known.role(each.role) or "nobody named",
                time_text(each.begin, report.zone),
                time_text(each.last, report.zone),
                each.state.value,
            )
            for each in found
        ]
        yield from _cut(("Section", "For", "Granted by", "From", "Last instant", "Is"), rows)


# --- comparison, and data --------------------------------------------------------------------------------------


def _compared(report: Report) -> Iterator[Block]:
    now, before = (worst_by_subject(report.known, each) for each in (report.findings, report.earlier))
    of = {(unversioned(each.rule), each.group): each for each in (*report.earlier, *report.findings)}
    order = {unversioned(rule.id): place for place, rule in enumerate(report.judged.rulebook.rules)}
    differing = (key for key in now if key in before and now[key] is not before[key])
    changed = sorted(differing, key=lambda key: (order[key[0]], key[1]))
    if not report.earlier:
        yield paragraph("Nothing was judged in the month before.")
        return
    if not changed:
        yield paragraph("Whatever was judged in both months came out the same.")
        return
    yield paragraph("What was judged in both months and came out otherwise; the worst verdict of each month counts.")
    months = tuple(f"{month.first:%B}" for month in (report.previous, report.month))
    rows = [(*_subject(report, of[key])[:2], _CALLED[before[key]], _CALLED[now[key]]) for key in changed]
    yield from _cut(("Section", "For", *months), rows)


def _data(report: Report) -> Iterator[Block]:
    facts = report.judged.facts
    rows = sum(facts.read.values())
    until = time_text(report.judged.evaluation.as_of, report.zone)
    yield paragraph(f"{_many(rows, 'row')} from {_many(len(facts.bound), 'source')} dated before {until} were read.")
    if facts.unused:
        yield paragraph(f"Files that belong to nothing in the agreement: {listed(list(facts.unused))}.")
    if not facts.set_aside:
        yield paragraph("No row was set aside.")
        return
    yield paragraph("Rows that could not be read were set aside, and counted for nothing:")
    aside = [(each.source, each.file, each.reason, f"{each.count:,}", each.example[:60]) for each in facts.set_aside]
    yield from _cut(("Data", "File", "Why", "Rows", "Example"), aside)
