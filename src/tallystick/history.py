"""What an agreement said when: each text of each term, clause and rule, its time in force, and what made it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from itertools import chain

from tallystick.document.document import Block, ItemList, Paragraph, Subsection, text_of
from tallystick.document.from_model import Making, clause_section, head_text
from tallystick.document.references import known_anchors
from tallystick.model.agreement import Agreement, Clause, Operative, Party
from tallystick.model.orders import Ordered
from tallystick.model.over_time import Version
from tallystick.prose.from_rule import rule_sentence
from tallystick.prose.phrases import value_text
from tallystick.source import Span


@dataclass(frozen=True)
class Held:
    """One text of a term, clause or rule, in force from the beginning of `effective` until that of `until`.

    `amendment` is the number of the one that made the text; None for what was signed first, whose `effective` is that of
    the agreement. `until` is None while nothing ended the text. `order` is the one under which alone it is in force.
    """

    kind: str
    id: str
    title: str
    number: str
    text: str
    effective: date
    until: date | None
    amendment: int | None
    place: Span
    order: str | None = None

    def holds(self, at: date) -> bool:
        """Whether it is in force on a day."""
        return self.effective <= at and (self.until is None or at < self.until)


@dataclass(frozen=True)
class _Text:
    """A text as it stands in one version."""

    title: str
    number: str
    text: str
    place: Span


def history(versions: Sequence[Version], orders: Sequence[Ordered] = ()) -> tuple[Held, ...]:
    """Every text of every term, clause and rule, and of the head where that has changed: the head and terms first, each with its texts in order of time, those under orders
    last.
    """
    found: list[Held] = []
    for kind, texts in (("head", _heads), ("term", _terms), ("clause", _clauses), ("rule", _rules)):
        held = [texts(version.agreement) for version in versions]
        under = [_Under(order, texts) for order in orders]
        names = [name for each in (*held, *(texts for order in under for texts in order.own)) for name in each]
        for name in dict.fromkeys(names):
            own = [
                *_held(kind, name, versions, [each.get(name) for each in held]),
                *(item for order in under for item in order.held(kind, name)),
            ]
            found.extend(own if kind != "head" or len(own) > 1 else ())
    return tuple(found)


class _Under:
    """What reads otherwise under an order than beside it."""

    def __init__(self, order: Ordered, texts: Callable[[Agreement], Mapping[str, _Text]]) -> None:
        pairs = zip(order.versions, order.beside, strict=True)
        self.order = order
        self.own = [_otherwise(texts(own.agreement), texts(beside.agreement)) for own, beside in pairs]

    def held(self, kind: str, name: str) -> Iterator[Held]:
        order = self.order.order
        for item in _held(kind, name, self.order.versions, [each.get(name) for each in self.own]):
            yield replace(item, until=item.until if item.until in self._days else order.until, order=order.id)

    @property
    def _days(self) -> set[date]:
        return {version.effective for version in self.order.versions}


def _otherwise(own: Mapping[str, _Text], beside: Mapping[str, _Text]) -> Mapping[str, _Text]:
    return {name: text for name, text in own.items() if name not in beside or beside[name].text != text.text}


def _held(kind: str, name: str, versions: Sequence[Version], texts: Sequence[_Text | None]) -> Iterator[Held]:
    """A text lasts until the next version in which it reads otherwise. Of versions of one day only the last counts."""
    current: Held | None = None
    for place, (version, text) in enumerate(zip(versions, texts, strict=True)):
        if any(later.effective == version.effective for later in versions[place + 1 :]):
            continue
        says = None if text is None else text.text
        if says == (None if current is None else current.text):
            continue
        if current is not None:
            yield replace(current, until=version.effective)
        done = version.agreement.amendments
        number = done[-1].number if done and done[-1].effective == version.effective else None
        current = None
        if text is not None:
            fields = (kind, name, text.title, text.number, text.text)
            current = Held(*fields, version.effective, None, number, text.place)
    if current is not None:
        yield replace(current, until=versions[-1].agreement.until)


def _heads(agreement: Agreement) -> Mapping[str, _Text]:
    """How long the agreement lasts, its governing law, and who the parties are."""
    said = {name: head_text(agreement, name) for name in ("term", "governing law")}
    texts = {name: _Text(name, "", text, agreement.span) for name, text in said.items() if text is not None}
    return {
        **texts,
        **{party.id: _Text(party.called, "", _party(party), party.span) for party in agreement.parties.values()},
    }


def _party(party: Party) -> str:
    facts = (party.name, party.called, party.entity, party.address, party.notices, *chain(*party.signatories))
    return ", ".join(each for each in facts if each)


def _terms(agreement: Agreement) -> Mapping[str, _Text]:
    return {term.id: _Text(term.title, "", value_text(agreement, term), term.span) for term in agreement.terms.values()}


def _clauses(agreement: Agreement) -> Mapping[str, _Text]:
    """What the paper says in each clause, without the clauses in it. An omitted one says nothing."""
    making = Making(agreement, False, known_anchors(agreement))
    kept = (clause for clause in agreement.clauses if not clause.omitted)
    return {clause.id: _Text(clause.title, clause.number, _words_of(making, clause), clause.span) for clause in kept}


def _words_of(making: Making, clause: Clause) -> str:
    return "\n".join(_words(clause_section(making, replace(clause, clauses=())).blocks))


def _words(blocks: Iterable[Block]) -> Iterator[str]:
    for block in blocks:
        match block:
            case Paragraph(inlines=inlines):
                yield text_of(inlines)
            case ItemList(items=items):
                yield from (f"{item.label} {' '.join(_words(item.blocks))}" for item in items)
            case Subsection(blocks=inner):
                yield from _words(inner)
            case _:
                yield str(block)


def _rules(agreement: Agreement) -> Mapping[str, _Text]:
    return {
        item.rule.id: _Text(clause.title, clause.number, rule_sentence(agreement, item).text, item.span)
        for clause in agreement.clauses
        for item in clause.content
        if isinstance(item, Operative)
    }
