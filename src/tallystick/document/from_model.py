"""The agreement laid out as a document: cover, parties, recitals, definitions, articles, signatures, schedules."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import chain, groupby

from tallystick.document.document import (
    Block,
    Cover,
    Definition,
    Document,
    DraftingNote,
    Emphasis,
    Inlines,
    Item,
    ItemList,
    Kind,
    Paragraph,
    Row,
    Section,
    Signature,
    Strong,
    Subsection,
    Table,
    paragraph,
    text_of,
)
from tallystick.document.markdown import blocks, inlines
from tallystick.document.references import anchor, known_anchors, link_to
from tallystick.document.schedules import schedules
from tallystick.model.agreement import (
    Agreement,
    Amendment,
    Article,
    Clause,
    Dormant,
    Note,
    Operative,
    Party,
    Prose,
    Reference,
    Schedule,
    Target,
    letter_of,
)
from tallystick.prose.from_calendar import calendar_sentences, fiscal_sentence
from tallystick.prose.from_order import precedence_sentence
from tallystick.prose.from_remedy import OF_ALL, OF_DUTY, Ground, of_clause, of_occasion, remedy_sentence
from tallystick.prose.from_rule import (
    MISSING_EXCUSED,
    class_deadlines,
    dormant_sentence,
    effect_sentence,
    exemption_sentence,
    rule_sentence,
    survival_sentence,
    waiver_sentence,
)
from tallystick.prose.manner import manner
from tallystick.prose.overriding import PRECEDENCE
from tallystick.prose.phrases import NOT_SET, dimension_text, value_text
from tallystick.prose.quantity import date_text, period_text
from tallystick.prose.references import INTERPRETATION, reference_link
from tallystick.rules.rule import ByClass, Deletion, NotifyDuty, Occasion, PerformDuty, Remedy, Response, Rule


def from_model(agreement: Agreement, *, draft: bool = False) -> Document:
    """The document of an agreement. Drafting notes are in it only when it is a draft."""
    making = Making(agreement, draft, known_anchors(agreement))
    sections = chain(
        [_parties(agreement)],
        recitals(making),
        [_definitions(making)],
        (article_section(making, article) for article in agreement.articles),
        _general_remedies(agreement),
        [_signatures(making)],
        (_schedule(making, schedule) for schedule in agreement.schedules),
        schedules(agreement, making.inlines),
    )
    return Document(
        title=agreement.title,
        version=agreement.version,
        effective=date_text(agreement.effective),
        effective_on=agreement.effective.isoformat(),
        draft=draft,
        cover=_cover(agreement),
        sections=tuple(sections),
    )


# --- words of prose ------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Making:
    """What is at hand while a document is made: the anchors are collected once."""

    agreement: Agreement
    draft: bool
    anchors: frozenset[str]

    def resolve(self, reference: Reference) -> Inlines:
        return (reference_link(self.agreement, reference),)

    def blocks(self, prose: Prose) -> tuple[Block, ...]:
        return blocks(prose, self.resolve, self.anchors)

    def inlines(self, prose: Prose) -> Inlines:
        return inlines(prose, self.resolve, self.anchors)

    def content(self, item: Prose | Note) -> tuple[Block, ...]:
        match item:
            case Prose():
                return self.blocks(item)
            case Note():
                return (DraftingNote(self.blocks(item.prose)),) if self.draft else ()


def ended(words: Inlines) -> Inlines:
    """The words with a full stop, unless they end a sentence already."""
    return words if text_of(words).rstrip().endswith((".", ":", ";", "!", "?")) else (*words, ".")


# --- cover, parties, recitals --------------------------------------------------------------------------------


def _cover(agreement: Agreement) -> Cover:
    amended = [f"{amendment_name(each)}, effective {date_text(each.effective)}" for each in agreement.amendments]
    facts = [
        ("As amended by", "; ".join(amended) or None),
        ("Conformed as of", date_text(agreement.amendments[-1].effective) if amended else None),
        ("Orders under it", ", ".join(order.id for order in agreement.orders) or None),
        ("Effective date", date_text(agreement.effective)),
        ("Term", _term_text(agreement)),
        ("Governing law", agreement.governing_law),
        ("Currency", agreement.currency),
        ("Time zone", agreement.timezone),
    ]
    rows = [Row(((name,), (value,))) for name, value in facts if value is not None]
    rows += [
        Row(((link_to(agreement, Target.TERM, term.id),), (value_text(agreement, term) if term.set else NOT_SET,)))
        for term in agreement.terms.values()
        if term.key
    ]
    parties = [Row(((each.name,), (each.entity or "",), (each.called,))) for each in agreement.parties.values()]
    return Cover(tuple(parties), Table((), tuple(rows)))


def head_text(agreement: Agreement, what: str) -> str | None:
    """How long the agreement lasts (`term`), or its governing law; None where it does not say."""
    return _term_text(agreement) if what == "term" else agreement.governing_law


def _term_text(agreement: Agreement) -> str | None:
    if agreement.term is None:
        return None
    renewal = agreement.renewal
    return period_text(agreement.term) + (f", renewing for periods of {period_text(renewal)}" if renewal else "")


def _parties(agreement: Agreement) -> Section:
    opening = paragraph(
        "This ",
        Strong((agreement.title,)),
        f" (this “Agreement”), version {agreement.version}, takes effect on ",
        Strong((date_text(agreement.effective),)),
        f" (the “Effective Date”){_as_amended(agreement)} and is made between:",
    )
    parties = list(agreement.parties.values())
    items = (party_item(party, number, len(parties)) for number, party in enumerate(parties, 1))
    return Section(Kind.PARTIES, "", "Parties", "parties", (opening, ItemList(tuple(items)), *_duration(agreement)))


def amendment_name(amendment: Amendment) -> str:
    """`Amendment No. 1`."""
    return f"Amendment No.\u00a0{amendment.number}"


def _as_amended(agreement: Agreement) -> str:
    """That this is the text with its amendments, where there are any."""
    if not agreement.amendments:
        return ""
    names = [str(each.number) for each in agreement.amendments]
    listed = names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
    word = "Amendment" if len(names) == 1 else "Amendments"
    last = date_text(agreement.amendments[-1].effective)
    return f", is set out here as amended by {word} No.\u00a0{listed}, conformed as of {last},"


def party_item(party: Party, number: int, total: int) -> Item:
    described = "".join(f", {words}" for words in (party.entity, party.address and f"of {party.address}") if words)
    end = "." if number == total else "; and" if number == total - 1 else ";"
    words: Inlines = (Strong((party.name,)), f"{described} (“", Strong((party.called,)), f"”){end}")
    return Item(f"({number})", (paragraph(*words),), anchor(Target.PARTY, party.id))


def _duration(agreement: Agreement) -> Iterator[Paragraph]:
    if agreement.term is None:
        return
    renewal = agreement.renewal
    then = f", and then renews for successive periods of {period_text(renewal)}" if renewal else ""
    yield paragraph(
        f"This Agreement lasts for {period_text(agreement.term)} from the Effective Date{then}, "
        "unless it ends earlier as it provides."
    )


def recitals(making: Making) -> Iterator[Section]:
    if making.agreement.recitals:
        items = (
            Item(f"({letter_of(index).upper()})", making.blocks(recital))
            for index, recital in enumerate(making.agreement.recitals)
        )
        yield Section(Kind.RECITALS, "", "Recitals", "recitals", (ItemList(tuple(items)),))


# --- definitions ---------------------------------------------------------------------------------------------


def _definitions(making: Making) -> Section:
    """Article 1, which no source writes: the model counts its own articles from 2."""
    entries = sorted(_entries(making), key=lambda entry: (entry.title.casefold(), entry.title))
    defined = Subsection("1.1", "Defined terms", "defined-terms", (paragraph("In this Agreement:"), *entries))
    blocks = (defined, _interpretation(making.agreement), *_precedence(making.agreement))
    return Section(Kind.DEFINITIONS, "Article 1", "Definitions", "definitions", blocks)


def _entries(making: Making) -> Iterator[Definition]:
    agreement = making.agreement
    for party in agreement.parties.values():
        yield Definition(party.called, ended((f"means {party.name}",)))
    for role in agreement.roles.values():
        party_link = link_to(agreement, Target.PARTY, role.party)
        holder = (
            "means whoever holds the role of ",
            link_to(agreement, Target.ROLE, role.id),
            " for ",
            party_link,
            ".",
        )
        yield Definition(role.title, holder)
    for term in agreement.terms.values():
        yield Definition(term.title, ended((f"means {value_text(agreement, term)}",)), anchor(Target.TERM, term.id))
    for each in agreement.definitions.values():
        yield _definition(making, each.title, each.means, anchor(Target.DEFINITION, each.id))


def _definition(making: Making, title: str, means: Prose, place: str) -> Definition:
    read = making.blocks(means)
    first = read[0] if read and isinstance(read[0], Paragraph) else None
    if first is None:
        return Definition(title, ("means:",), place, read)
    words: Inlines = ("means ", *first.inlines)
    return Definition(title, words if read[1:] else ended(words), place, read[1:])


def _interpretation(agreement: Agreement) -> Subsection:
    time = (
        f"Times, days, months and other calendar periods are those of the time zone {agreement.timezone}. "
        "A period begins with its first instant and ends immediately before the first instant of the next. "
        "A calendar week begins on Monday. Months, quarters and years counted from a day reach to the same "
        "day of the other month, or to its last day where it lacks that day."
    )
    numbers = (
        "Values are compared as they are measured, without rounding. "
        "Sums of money are rounded to the smallest unit of the currency, halves to the even unit."
    )
    limits = "“At least” and “at most” include the value that they name; “below” and “above” do not."
    parts = "Headings and the table of contents are for convenience. The schedules are part of this Agreement."
    fiscal = [] if agreement.fiscal_year is None else [fiscal_sentence(agreement.fiscal_year)]
    sentences = (time, *fiscal, *calendar_sentences(agreement), limits, numbers, parts)
    listed = lettered((paragraph(each),) for each in sentences)
    return Subsection("1.2", "Interpretation", INTERPRETATION, (listed,))


def _precedence(agreement: Agreement) -> Iterator[Subsection]:
    if agreement.precedence:
        sentence = paragraph(precedence_sentence(agreement))
        yield Subsection(PRECEDENCE, "Order of precedence", "order-of-precedence", (sentence,))


def lettered(items: Iterable[tuple[Block, ...]]) -> ItemList:
    return ItemList(tuple(Item(f"({letter_of(index)})", item) for index, item in enumerate(items)))


# --- articles ------------------------------------------------------------------------------------------------


def article_section(making: Making, article: Article) -> Section:
    opening = (block for item in article.content for block in making.content(item))
    clauses = (clause_section(making, clause) for clause in article.clauses)
    return Section(
        Kind.ARTICLE,
        f"Article {article.number}",
        article.title,
        anchor(Target.ARTICLE, article.id),
        (_OMITTED,) if article.omitted else (*opening, *clauses),
    )


_OMITTED = Paragraph((Emphasis(("Intentionally omitted.",)),))


def clause_section(making: Making, clause: Clause) -> Subsection:
    return Subsection(
        clause.number,
        clause.title,
        anchor(Target.CLAUSE, clause.id),
        (_OMITTED,)
        if clause.omitted
        else (
            *_effect(making.agreement, clause),
            *_lists_joined(chain.from_iterable(_statement(making, item) for item in clause.content)),
            *_exemptions(making.agreement, _spoken(clause)),
            *_remedies(making.agreement, _spoken(clause)),
            *(clause_section(making, inner) for inner in clause.clauses),
        ),
    )


def _effect(agreement: Agreement, clause: Clause) -> Iterator[Paragraph]:
    sentence = effect_sentence(agreement, clause)
    if sentence is not None:
        yield Paragraph(sentence.inlines)


def _spoken(clause: Clause) -> Clause:
    """A clause without effect says on paper what it will provide once it has."""
    rules = [item.operative.rule for item in clause.content if isinstance(item, Dormant)]
    if not rules:
        return clause
    content = tuple(item.operative if isinstance(item, Dormant) else item for item in clause.content)
    said = rules[0]
    return replace(
        clause,
        content=content,
        exemptions=said.exemptions,
        missing_excused=said.missing_excused,
        remedies=said.remedies,
    )


def _statement(making: Making, item: Prose | Note | Operative | Dormant) -> tuple[Block, ...]:
    match item:
        case Dormant(operative=operative):
            words = Paragraph(dormant_sentence(making.agreement, item).inlines)
            return _listed(operative, (words, *_table_of_classes(making.agreement, operative.rule)))
        case Operative():
            said = _operative(making.agreement, item)
            return _listed(item, (*said, *_table_of_classes(making.agreement, item.rule)))
        case Prose() | Note():
            return making.content(item)


def _lists_joined(blocks: Iterable[Block]) -> Iterator[Block]:
    """Lettered sentences that follow one another are one list."""
    for is_list, run in groupby(blocks, lambda block: isinstance(block, ItemList)):
        if is_list:
            yield ItemList(tuple(item for block in run if isinstance(block, ItemList) for item in block.items))
        else:
            yield from run


def _listed(item: Operative, said: tuple[Block, ...]) -> tuple[Block, ...]:
    """Under its letter, where the clause has several sentences."""
    return (ItemList((Item(item.letter, said),)),) if item.letter else said


def _operative(agreement: Agreement, item: Operative) -> tuple[Block, ...]:
    """The sentence that the rule writes, under an anchor of its own; after an occasion, what follows it."""
    sentence = Paragraph(rule_sentence(agreement, item).inlines, f"rule-{item.rule.id}", operative=True)
    if not isinstance(item.rule, Occasion) or not item.rule.remedies:
        return (sentence,)
    return (sentence, remedy_list(agreement, item.rule.remedies, of_occasion(agreement, item.rule)))


def _table_of_classes(agreement: Agreement, rule: Rule) -> Iterator[Table]:
    """The deadlines of a sentence once more, class by class."""
    if isinstance(rule, Response | Deletion) and isinstance(rule.within, ByClass):
        dimension = dimension_text(rule.within.dimension)
        rows = tuple(Row(((texts,), deadline)) for texts, deadline in class_deadlines(agreement, rule.within))
        yield Table((dimension[:1].upper() + dimension[1:], "Deadline"), rows)


def _exemptions(agreement: Agreement, clause: Clause) -> Iterator[Paragraph]:
    for exemption in clause.exemptions:
        yield Paragraph(exemption_sentence(agreement, exemption).inlines)
    if clause.missing_excused:
        yield paragraph(MISSING_EXCUSED)
    if clause.waivers:
        yield Paragraph(waiver_sentence(agreement, clause).inlines)
    if clause.survives:
        yield Paragraph(survival_sentence(agreement, clause.survives).inlines)


def _remedies(agreement: Agreement, clause: Clause) -> Iterator[Block]:
    if clause.remedies:
        yield paragraph(f"On each breach of this Section\u00a0{clause.number}:")
        yield remedy_list(agreement, clause.remedies, of_clause(clause.rules))


def remedy_list(agreement: Agreement, remedies: tuple[Remedy, ...], ground: Ground, depth: int = 0) -> ItemList:
    """Counted (1), (2), and within such an item (A), (B): small letters are for the sentences of a clause."""
    items = (_remedy(agreement, each, ground, depth) for each in remedies)
    return ItemList(tuple(Item(_number(number, depth), item) for number, item in enumerate(items, 1)))


def _number(number: int, depth: int) -> str:
    return f"({letter_of(number - 1).upper()})" if depth % 2 else f"({number})"


def _remedy(agreement: Agreement, remedy: Remedy, ground: Ground, depth: int) -> tuple[Block, ...]:
    """A consequence; under a duty, what follows when that is breached in turn."""
    sentence = Paragraph(remedy_sentence(agreement, remedy, ground).inlines)
    if not isinstance(remedy, NotifyDuty | PerformDuty) or not remedy.remedies:
        return (sentence,)
    opening = paragraph("On each breach of this duty:")
    return sentence, opening, remedy_list(agreement, remedy.remedies, OF_DUTY, depth + 1)


def _general_remedies(agreement: Agreement) -> Iterator[Section]:
    if agreement.remedies:
        opening = paragraph("On a breach of any Section of this Agreement, besides what that Section provides:")
        yield Section(
            Kind.REMEDIES,
            "",
            "Remedies under every Section",
            "general-remedies",
            (opening, remedy_list(agreement, agreement.remedies, OF_ALL)),
        )
    if agreement.occasions:
        content = (block for item in agreement.occasions for block in _operative(agreement, item))
        yield Section(Kind.REMEDIES, "", "What follows certain events", "occasions", tuple(content))


# --- schedules -----------------------------------------------------------------------------------------------


def _schedule(making: Making, schedule: Schedule) -> Section:
    content = tuple(block for item in schedule.content for block in making.content(item))
    place = anchor(Target.SCHEDULE, schedule.id)
    return Section(Kind.SCHEDULE, f"Schedule {schedule.number}", schedule.title, place, content)


# --- signatures ----------------------------------------------------------------------------------------------


def _signatures(making: Making) -> Section:
    signed = _signed_before(making.agreement)
    if signed is not None:
        return Section(Kind.SIGNATURES, "", "Signatures", "signatures", (signed,))
    opening = paragraph(
        f"The parties sign this Agreement through their {manner().spelled('authorised')} signatories. It may be signed in counterparts, "
        "which together are one instrument."
    )
    lines = (
        line for party in making.agreement.parties.values() for line in signature_lines(party, to_sign=not making.draft)
    )
    return Section(Kind.SIGNATURES, "", "Signatures", "signatures", (opening, *lines))


def _signed_before(agreement: Agreement) -> Paragraph | None:
    """That the parties signed what this is made from, where that is more than the agreement."""
    beside = [word for word, known in (("amendment", agreement.amendments), ("order", agreement.orders)) if known]
    if not beside:
        return None
    listed = " and ".join(f"{word}s" for word in beside)
    each = " and ".join(f"each {word}" for word in beside)
    return paragraph(
        f"This is the text of the Agreement with its {listed}. The parties signed the Agreement and {each}, and sign "
        "nothing here."
    )


def signature_lines(party: Party, *, to_sign: bool) -> Iterator[Signature]:
    for place, (name, title) in enumerate(party.signatories or (("", ""),), 1):
        field = f"Signature_{party.id}_{place}" if to_sign else ""
        yield Signature(field, party.name, party.called, name, title, party.notices or "")
