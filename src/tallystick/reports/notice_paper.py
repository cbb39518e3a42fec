"""A notice of breach as a document: to whom and from whom, the promise, what was measured, the evidence, what follows."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from decimal import Decimal

from tallystick.document.document import (
    Block,
    Document,
    Item,
    ItemList,
    Kind,
    Letterhead,
    Paragraph,
    Row,
    Section,
    Strong,
    Subsection,
    Table,
    paragraph,
)
from tallystick.document.from_model import signature_lines
from tallystick.evaluation.clock import localized
from tallystick.evaluation.evaluation import CureState
from tallystick.evaluation.finding import Evidence
from tallystick.evaluation.to_json import utc_text
from tallystick.model.agreement import Party
from tallystick.prose.quantity import date_text, listed
from tallystick.reports.following import Known
from tallystick.reports.month import what_text
from tallystick.reports.notice import MOST_ROWS, Breach, Notice
from tallystick.reports.words import (
    agreed_text,
    day_text,
    interval_text,
    named_text,
    section_text,
    span_text,
    time_text,
    value_text,
)
from tallystick.rules.measure import SeriesKind
from tallystick.rules.rule import Rule, has_deadline

_BASIS = (
    "This notice follows from the rules of the Agreement and from the data that it names: whoever has both comes to the "
    "same. One digest, the tally, covers the text of the Agreement and its rules."
)


def to_document(notice: Notice) -> Document:
    """The notice as a document, the same for the same agreement, data and instant."""
    book, as_of = notice.judged.rulebook, notice.judged.evaluation.as_of
    day = day_text(as_of, notice.zone)
    sections = (
        Section(Kind.CHAPTER, "", "What was agreed", "agreed", tuple(_agreed(notice))),
        Section(Kind.CHAPTER, "", "What was measured", "measured", tuple(_measured(notice))),
        Section(Kind.CHAPTER, "", "Evidence", "evidence", tuple(_evidence(notice))),
        Section(Kind.CHAPTER, "", "What follows", "consequences", tuple(_following(notice))),
        Section(Kind.CHAPTER, "", "What is not known", "unknown", (_unknown(notice),)),
        Section(Kind.CHAPTER, "", "Signature", "signature", tuple(_signature(notice))),
    )
    return Document(
        title="Notice of breach",
        version=book.version,
        effective=day,
        effective_on=localized(as_of, notice.zone).date().isoformat(),
        draft=False,
        cover=Letterhead(book.agreement, day, (notice.sender.name,), Table((), tuple(_facts(notice))), _BASIS),
        sections=sections,
    )


def _facts(notice: Notice) -> Iterator[Row]:
    agreement = notice.agreement
    yield Row((("To",), (_address(notice.recipient),)))
    yield Row((("From",), (_address(notice.sender),)))
    amended = [f"No.\u00a0{each.number}" for each in agreement.amendments]
    since = f", as amended by Amendments {listed(amended)}" if amended else ""
    words = (
        f"{agreement.title}, version {agreement.version}, which took effect on {date_text(agreement.effective)}"
        f"{since} (the “Agreement”)"
    )
    yield Row((("Under",), (words,)))
    for each in notice.breaches[:3]:
        yield Row(
            (("Breach",), (Strong((section_text(each.rule) + _duty(each, notice),)), f": {_headline(each, notice)}"))
        )
    if len(notice.breaches) > 3:
        yield Row((("",), (f"and {len(notice.breaches) - 3} more, which are listed below",)))
    until = _cure_until(notice)
    if until is not None:
        yield Row((("To be cured by",), (Strong((time_text(until, notice.zone),)), f" ({notice.zone.key})")))


def _address(party: Party) -> str:
    parts = (f"{party.name} (“{party.called}”)", party.entity, party.address)
    written = ", ".join(part for part in parts if part)
    return written + (f". Notices to {party.notices}" if party.notices else "")


def _cure_until(notice: Notice) -> int | None:
    """The first instant at which a cure period of these breaches ends."""
    named = {each.finding.id for each in notice.breaches}
    cures = notice.judged.evaluation.cures
    return min(
        (c.until for c in cures if c.finding in named and c.state is CureState.CURABLE and c.until is not None),
        default=None,
    )


def _duty(each: Breach, notice: Notice) -> str:
    """`, notice to the Risk Officer` for a breach of what followed from another."""
    what = what_text(Known(notice.judged.rulebook, notice.judged.evaluation), each.finding)
    return f", {part}" if (part := what.partition(": ")[2]) else ""


def _headline(each: Breach, notice: Notice) -> str:
    """`model credit_scoring, March 2027: 90.8%, agreed at least 92%`."""
    found = each.finding
    about = named_text(found.group or found.about)
    when = span_text(found.start, found.end, notice.zone)
    where = f"{about}, {when}" if about else when
    if found.value is not None and found.threshold is not None:
        agreed = agreed_text(each.rule, found)
        return f"{where}: {value_text(found.value, found.unit)}, agreed {agreed}"
    return f"{where}: {found.because}" if found.because else where


# --- what was agreed, and what was measured --------------------------------------------------------------------


def _agreed(notice: Notice) -> Iterator[Block]:
    said: dict[tuple[str, str], Rule] = {}
    for each in notice.breaches:
        said.setdefault((each.rule.number, each.sentence), each.rule)
    for (_, sentence), rule in said.items():
        yield Paragraph((*_cited(notice, rule), " says:"))
        yield Paragraph((sentence,), operative=True)


def _cited(notice: Notice, rule: Rule) -> Iterator[str | Strong]:
    number = rule.number.partition(".")[0]
    article = next((each for each in notice.agreement.articles if str(each.number) == number), None)
    within = "" if article is None else f", in Article\u00a0{article.number} ({article.title}) of the Agreement,"
    yield Strong((section_text(rule),))
    yield within
    if rule.order is not None:
        title = next((each.title for each in notice.judged.rulebook.orders if each.id == rule.order), "")
        yield f" as it reads under the order {rule.order}{f' ({title})' if title else ''},"
    elif rule.effective is not None:
        yield f" in its text of {date_text(rule.effective)},"


def _measured(notice: Notice) -> Iterator[Block]:
    if notice.cured:
        many = "1 breach of the same Section was cured and is"
        if notice.cured > 1:
            many = f"{notice.cured} breaches of the same Section were cured and are"
        yield paragraph(f"{many} not part of this notice.")
    if len(notice.breaches) == 1:
        yield _facts_of(notice.breaches[0], notice)
        return
    for number, each in enumerate(notice.breaches, 1):
        title = f"Breach {number}: {each.rule.title}{_duty(each, notice)}, {span_text(each.finding.start, each.finding.end, notice.zone)}"
        yield Subsection("", title, f"breach-{each.finding.id}", (_facts_of(each, notice),))


def _facts_of(each: Breach, notice: Notice) -> Table:
    found, zone = each.finding, notice.zone
    if found.start == found.end:
        utc = utc_text(found.start) or ""
    else:
        utc = f"from {utc_text(found.start)} up to, not including, {utc_text(found.end) or 'the end of time'}"
    rows = (
        ("Section", f"{each.rule.number} {each.rule.title}"),
        ("For", named_text(found.group or found.about)),
        ("Time", f"{span_text(found.start, found.end, zone)} ({zone.key})"),
        ("The same in UTC", utc),
        ("Measured", "" if found.value is None else value_text(found.value, found.unit)),
        ("Confidence interval", interval_text(found)),
        ("Agreed", "" if found.threshold is None else agreed_text(each.rule, found)),
        ("Samples", f"{found.samples:,}" if found.value is not None and not has_deadline(each.rule) else ""),
        ("Breached on", time_text(found.end if found.decided is None else found.decided, zone)),
        ("Because of", found.because),
        ("Finding", found.id),
    )
    return Table((), tuple(Row(((name,), (value,))) for name, value in rows if value))


# --- evidence --------------------------------------------------------------------------------------------------


def _evidence(notice: Notice) -> Iterator[Block]:
    for number, each in enumerate(notice.breaches, 1):
        if each.rows:
            many = f" {number}" if len(notice.breaches) > 1 else ""
            more = each.finding.samples > len(each.rows) == MOST_ROWS
            shown = f"the first {MOST_ROWS} of {each.finding.samples:,}" if more else f"{len(each.rows)}"
            yield paragraph(f"Rows behind the breach{many}: {shown}.")
            yield _rows(each.rows, notice)
    if notice.files:
        yield paragraph("The data was read from these files; the digest of a file shows that it is the same.")
        rows = (
            Row(
                (
                    (each.source,),
                    (each.file,),
                    (f"{notice.judged.facts.read.get(each.source, 0):,}",),
                    (_in_groups(each.sha256),),
                )
            )
            for each in notice.files
        )
        yield Table(("Data", "File", "Rows", "SHA-256"), tuple(rows))


def _in_groups(digest: str) -> str:
    """Four groups of sixteen digits, which a line may break between."""
    return " ".join(digest[start : start + 16] for start in range(0, len(digest), 16))


def _rows(rows: Sequence[Evidence], notice: Notice) -> Table:
    names = list(dict.fromkeys(name for row in rows for name, _ in row.values))
    columns = ("Data", "Time", *(name.replace("_", " ") for name in names))
    return Table(columns, tuple(_row(row, names, notice) for row in rows))


def _row(row: Evidence, names: Sequence[str], notice: Notice) -> Row:
    values = dict(row.values)
    cells = ((_number(notice, row.source, name, values[name]) if name in values else "",) for name in names)
    return Row(((row.source,), (time_text(row.time, notice.zone),), *cells))


def _number(notice: Notice, source: str, name: str, text: str) -> str:
    """A number of a row with its declared unit; a text as it is."""
    book = notice.judged.rulebook
    units = {(each.id, "value"): each.unit for each in book.metrics}
    units |= {(each.id, a.name): a.unit for each in book.events for a in each.attributes}
    units |= {(each.id, a.name): a.unit for each in book.records for a in each.attributes}
    unit = units.get((source, name))
    return text if unit is None else value_text(Decimal(text), unit)


# --- what follows, and what is not known -----------------------------------------------------------------------


def _following(notice: Notice) -> Iterator[Block]:
    if not any(each.consequences for each in notice.breaches):
        yield paragraph("The Agreement names no consequence of this breach by itself.")
    for number, each in enumerate(notice.breaches, 1):
        if not each.consequences:
            continue
        if len(notice.breaches) > 1:
            yield paragraph(f"From breach {number}:")
        rows = (
            Row(((item.says,), ("" if item.by is None else time_text(item.by, notice.zone),), (item.stands,)))
            for item in each.consequences
        )
        yield Table(("Consequence", "By", "How it stands"), tuple(rows))


def _unknown(notice: Notice) -> ItemList:
    return ItemList(tuple(Item("", (paragraph(each),)) for each in _unknowns(notice)))


def _unknowns(notice: Notice) -> Iterator[str]:
    judged, zone = notice.judged, notice.zone
    yield f"What happened from {time_text(judged.evaluation.as_of, zone)} ({zone.key}) on is not part of this notice."
    titles = {each.id: each for each in notice.agreement.metrics.values()}
    for name in dict.fromkeys(each.source for each in notice.files):
        party = notice.agreement.parties.get(titles[name].reported_by or "") if name in titles else None
        if party is not None:
            yield f"{titles[name].title.capitalize()} is reported by {party.called}; its samples are taken as they were given."
    for event, what in (("notice", "whether anybody was told of the breach"), ("cure", "whether the breach was cured")):
        if not judged.facts.has(SeriesKind.EVENT, event):
            yield f"No data on {event}s was given: {what} is not known from data."
    for aside in judged.facts.set_aside:
        if aside.source in {each.source for each in notice.files}:
            rows = "1 row" if aside.count == 1 else f"{aside.count:,} rows"
            yield f"{rows} of {aside.source} ({aside.file}) could not be read and counted for nothing: {aside.reason}."


def _signature(notice: Notice) -> Iterator[Block]:
    yield paragraph(
        f"{notice.sender.called} gives this notice under the Agreement, and reserves every right that it has under it "
        "or by law."
    )
    yield next(signature_lines(notice.sender, to_sign=True))
