"""From a source to its two counterparts and the tally over both. Faces call this; nothing here reads or writes files."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import assert_never

import rfc8785

from tallystick.analysis import checks
from tallystick.analysis.measurability import Measurability, measurability
from tallystick.diagnostics.catalogue import severity
from tallystick.diagnostics.diagnostic import Diagnostic, Related, Severity
from tallystick.document.document import Document, to_canonical
from tallystick.document.from_amendment import from_amendment
from tallystick.document.from_model import from_model
from tallystick.document.from_order import from_order
from tallystick.model.agreement import Agreement, Operative
from tallystick.model.orders import Ordered, Ordering, under_orders
from tallystick.model.over_time import Amending, Version, over_time
from tallystick.model.uses import joined, with_uses
from tallystick.prose.from_remedy import OF_ALL, OF_DUTY, Ground, of_clause, of_occasion, remedy_sentence
from tallystick.prose.from_rule import rule_sentence
from tallystick.prose.manner import PLAIN, Manner, written
from tallystick.prose.overriding import Decided, decide
from tallystick.prose.wording import check_wording
from tallystick.rules.over_time import over_time as over_time_of_rules
from tallystick.rules.rule import NotifyDuty, Occasion, PerformDuty, Remedy, Rule
from tallystick.rules.rulebook import (
    AmendmentData,
    AttributeData,
    EventData,
    MetricData,
    OrderData,
    Party,
    RecordData,
    Role,
    Rulebook,
)
from tallystick.rules.under_orders import Beside, UnderOrder, with_orders
from tallystick.source import Source, Span, Unread
from tallystick.sources import load as load  # noqa: PLC0414 - compiling begins with it
from tallystick.sources import not_found
from tallystick.syntax.from_source import Parsed, from_source
from tallystick.syntax.references import file_references
from tallystick.syntax.tree import (
    AgreementNode,
    AmendmentNode,
    Declaration,
    OrderNode,
    ParamNode,
    ScenarioNode,
)


@dataclass(frozen=True)
class Compiled:
    """Both counterparts of one agreement, and the tally that proves that they belong together."""

    source: Source
    agreement: Agreement
    rulebook: Rulebook
    document: Document
    measurability: Measurability
    versions: tuple[Version, ...] = ()
    manner: Manner = PLAIN
    orders: tuple[Ordered, ...] = ()

    @property
    def tally(self) -> str:
        """SHA-256 over the canonical rules and the document's text, in hexadecimal."""
        return self.rulebook.tally


def check(source: Source, at: date | None = None) -> tuple[Agreement | None, tuple[Diagnostic, ...]]:
    """Every mistake of a source, of the files it refers to and of its amendments and orders, in order of file and place.

    The agreement, as it stands with its amendments (those in force `at` a day), is None when an error stops compilation, and
    for a clause library, which is checked with the defaults of its parameters.
    """
    checked = examine(source, at)
    return checked.agreement, checked.diagnostics


@dataclass(frozen=True)
class Checked:
    """What came of checking a source: the agreement as it was signed and as each of its amendments leaves it (of an
    amendment, up to that one; of an order, those in force when it begins), with the orders under it (of an order, that
    one); or the parameters of a clause library.
    """

    versions: tuple[Version, ...]
    diagnostics: tuple[Diagnostic, ...]
    library: bool = False
    params: tuple[ParamNode, ...] = ()
    orders: tuple[Ordered, ...] = ()
    decided: Decided = field(default_factory=Decided)

    @property
    def agreement(self) -> Agreement | None:
        """The agreement with its amendments (that of an order, under it); None when an error stops compilation."""
        return self.versions[-1].agreement if self.versions else None


Instrument = AmendmentNode | OrderNode


def examine(source: Source, at: date | None = None) -> Checked:
    """The same as `check`, and what else is known of the source."""
    parsed = from_source(source)
    diagnostics = [*_unread(source), *parsed.diagnostics]
    instrument = instrument_in(parsed)
    agreement, base = (source, parsed) if instrument is None else _agreement_of(source, instrument, diagnostics)
    if agreement is None or base.file is None:
        return Checked((), _sorted(diagnostics, source, {}))
    others = [(each, from_source(each)) for each in agreement.amendments]
    known = [(each, found) for each, found in others if _concerns(instrument, found)]
    diagnostics.extend(mistake for _, found in known for mistake in found.diagnostics)
    if instrument is not None:
        known.append((source, parsed))
    whole = joined(agreement, base)
    for _, found in known:
        diagnostics.extend(_misplaced(found))
        whole = replace(whole, doubtful=whole.doubtful | found.doubtful)
    amendments, orderings = list[Amending](), list[Ordering]()
    for _, found in known:
        node = instrument_in(found)
        if node is None:
            continue
        written, brought = with_uses(node, found, whole)
        match written:
            case AmendmentNode():
                amendments.append(Amending(written, _scenarios(found), brought.aliases))
            case OrderNode():
                orderings.append(Ordering(written, _scenarios(found), brought.aliases))
            case _:
                assert_never(written)
        whole = replace(brought, aliases=whole.aliases)
    if whole.library:
        places = [*(item.node.path.span for item in amendments), *(item.node.path.span for item in orderings)]
        diagnostics.extend(Diagnostic("T0131", place, {"file": agreement.name}) for place in places)
    versions, mistakes = over_time(whole, () if whole.library else amendments, at)
    diagnostics.extend(whole.diagnostics)
    diagnostics.extend(item for item in mistakes if not (agreement.left_out and item.code == "T0523"))
    sound = versions and not any(severity(item) is Severity.ERROR for item in diagnostics)
    orders, mistakes = under_orders(whole, versions, orderings, at) if sound and not whole.library else ((), ())
    complete = not agreement.left_out and at is None and instrument is None
    decided = decide(versions[-1].agreement, orders, complete=complete) if sound and not whole.missing else Decided()
    diagnostics.extend((*mistakes, *decided.found))
    if versions and not diagnostics and not whole.missing:
        own = {each.name for each, _ in known} if instrument is None else {source.name}
        under = [version for order in orders for version in order.versions]
        diagnostics.extend(_checks((*versions, *under), own, whole=instrument is None))
    ordered = _sorted(diagnostics, source, whole.uses)
    stopped = whole.library or any(severity(item) is Severity.ERROR for item in ordered)
    if stopped:
        return Checked((), ordered, whole.library, whole.params)
    return Checked(versions, ordered, whole.library, whole.params, orders, decided)


def instrument_in(parsed: Parsed) -> Instrument | None:
    """The amendment or order that a file holds, if it holds one."""
    return next((node for node in _declared(parsed) if isinstance(node, AmendmentNode | OrderNode)), None)


def _declared(parsed: Parsed) -> tuple[Declaration, ...]:
    return () if parsed.file is None else parsed.file.declarations


def _agreement_of(
    source: Source, instrument: Instrument, diagnostics: list[Diagnostic]
) -> tuple[Source | None, Parsed]:
    """The agreement that an amendment or order names; a file without one is reported, one that cannot be read was."""
    agreement = source.files.get(instrument.path.text)
    if not isinstance(agreement, Source):
        return None, Parsed(None)
    parsed = from_source(agreement)
    diagnostics.extend(parsed.diagnostics)
    if parsed.file is not None and not any(isinstance(node, AgreementNode) for node in _declared(parsed)):
        diagnostics.append(Diagnostic("T0131", instrument.path.span, {"file": agreement.name}))
        return None, parsed
    return agreement, parsed


def _concerns(instrument: Instrument | None, other: Parsed) -> bool:
    """Whether another amendment or order has to be known for what is asked.

    Of an agreement, all are; of an amendment, those before it, or beside it under the same number; of an order, the
    amendments in force when it begins.
    """
    found = instrument_in(other)
    if instrument is None or found is None:
        return True
    if isinstance(found, OrderNode):
        return False
    if isinstance(instrument, AmendmentNode):
        return found.number.value <= instrument.number.value
    begins, effective = Ordering(instrument).effective, Amending(found).effective
    return begins is None or effective is None or effective <= begins


def _scenarios(parsed: Parsed) -> tuple[ScenarioNode, ...]:
    return tuple(node for node in _declared(parsed) if isinstance(node, ScenarioNode))


def _misplaced(parsed: Parsed) -> Iterator[Diagnostic]:
    """What stands in the file of an amendment or order beside it."""
    found = instrument_in(parsed)
    for node in _declared(parsed):
        if found is not None and node is not found and not isinstance(node, ScenarioNode):
            yield Diagnostic("T0130", node.span, {}, (Related(found.path.span, "what the file is stands here"),))


def _checks(versions: Sequence[Version], amending: Collection[str], *, whole: bool) -> Iterator[Diagnostic]:
    """What is wrong with the agreement as a whole, and with each amended text; the text that an amendment leaves as it was
    is warned of once, and with the `whole` agreement only."""
    used = frozenset().union(*(version.used for version in versions))
    seen: list[Diagnostic] = []
    for version in versions:
        found = (*check_wording(version.agreement), *checks.check(version.agreement, used))
        for item in (each for each in found if each not in seen):
            new = item.span is not None and item.span.source.name in amending
            if (whole and version is versions[0]) or new or severity(item) is Severity.ERROR:
                yield item
        seen.extend(found)


def _sorted(
    found: Iterable[Diagnostic], source: Source, uses: Mapping[str, tuple[Span, ...]]
) -> tuple[Diagnostic, ...]:
    """Diagnostics in order, each once; one in a used file names where that is used."""
    order = {file.name: number for number, file in enumerate(source.all)}
    kept: list[Diagnostic] = []
    for item in sorted(
        (item for item in found if item.span is None or item.span.source.name in order),
        key=lambda item: (*_place(item, order), item.code),
    ):
        places = uses.get(item.span.source.name, ()) if item.span else ()
        known = {related.span for related in item.related}
        used = tuple(Related(place, "used here") for place in places if place not in known)
        shown = replace(item, related=(*item.related, *used))
        if shown not in kept[-20:]:
            kept.append(shown)
    return tuple(kept)


def _place(diagnostic: Diagnostic, order: Mapping[str, int]) -> tuple[int, int]:
    """The number of the file and the place in it; what has no place comes first."""
    span = diagnostic.span
    return (order[span.source.name], span.start) if span else (-1, 0)


def _unread(source: Source) -> Iterator[Diagnostic]:
    """References to files that are not there, and files beside the agreement that might amend it."""
    named: list[tuple[str, Mapping[str, str]]] = []
    for file in source.all:
        for reference in file_references(file):
            found = file.files.get(reference.path) or not_found(reference.path, {})
            if isinstance(found, Unread):
                named.append((found.code, found.facts))
                circle = tuple(Related(span, "and this leads there") for span in found.circle)
                yield Diagnostic(found.code, reference.span, found.facts, circle, found.instead)
    beside_it = (each for file in source.all for each in file.unread)
    yield from (Diagnostic(each.code, None, each.facts) for each in beside_it if (each.code, each.facts) not in named)


def compile_source(
    source: Source, *, draft: bool = False, at: date | None = None, manner: Manner = PLAIN
) -> tuple[Compiled | None, tuple[Diagnostic, ...]]:
    """Compile a source; None, with the reasons, when it has errors. The document is written in the `manner` of a house
    style; rules and tally are the same in each.

    The paper of an agreement is its text with all its amendments, or those in force `at` a day; that of an amendment or
    order is the instrument itself. The rules hold every text, each with the time in which it is in force.
    """
    checked = examine(source, at)
    versions, orders, diagnostics = checked.versions, checked.orders, checked.diagnostics
    if not versions:
        whole = (Diagnostic("T0204", Span(source, 0, 0)),) if checked.library else ()
        return None, (*whole, *diagnostics)
    texts = (*versions, *(order.versions[-1] for order in orders))
    scenarios = tuple(scenario for version in texts for scenario in version.agreement.scenarios)
    known = tuple(order.order for order in orders)
    agreement = replace(versions[-1].agreement, scenarios=scenarios, orders=known)
    rulebook = _rulebook(versions, orders, checked.decided)
    instrument = instrument_in(from_source(source))

    def document(*, draft: bool = False) -> Document:
        match instrument:
            case AmendmentNode():
                return from_amendment(versions[-2].agreement, agreement, draft=draft)
            case OrderNode():
                return from_order(orders[0].beside[0].agreement, orders[0].versions[0].agreement, draft=draft)
            case None:
                return from_model(agreement, draft=draft)
            case _:
                assert_never(instrument)

    plain = document()
    tallied = rulebook.model_copy(update={"tally": tally(rulebook, plain)})
    shown = plain if manner == PLAIN and not draft else _in_manner(manner, document, draft=draft)
    return Compiled(source, agreement, tallied, shown, measurability(agreement), versions, manner, orders), diagnostics


def _in_manner(manner: Manner, document: Callable[..., Document], *, draft: bool) -> Document:
    with written(manner):
        return replace(document(draft=draft), language=manner.language)


def _rulebook(versions: Sequence[Version], orders: Sequence[Ordered], decided: Decided) -> Rulebook:
    """The rules of every version, each with its time in force, and those under each order."""
    books = over_time_of_rules([(version.effective, to_rulebook(version.agreement)) for version in versions])
    done = versions[-1].agreement.amendments
    data = tuple(AmendmentData(number=each.number, effective=each.effective) for each in done)
    under = [_under(order, decided) for order in orders]
    return with_orders(books.model_copy(update={"amendments": data}), under, decided.goes_first)


def _under(ordered: Ordered, decided: Decided) -> UnderOrder:
    order = ordered.order
    pairs = enumerate(zip(ordered.versions, ordered.beside, strict=True))
    texts = tuple(
        Beside(own.effective, ordered.until(place), to_rulebook(own.agreement), to_rulebook(beside.agreement))
        for place, (own, beside) in pairs
    )
    data = OrderData(id=order.id, title=order.title, effective=order.effective, until=order.until, covers=order.covers)
    over, yields = decided.over[order.id], decided.yields[order.id]
    return UnderOrder(data, texts, frozenset(over), frozenset(yields), decided.section)


def tally(rulebook: Rulebook, document: Document) -> str:
    """The digest over both halves: canonical JSON (RFC 8785) of the rules and of the document, block by block."""
    rules = rulebook.model_dump(mode="json", exclude={"tally"})
    halves = {"rules": rules, "document": to_canonical(document)}
    return hashlib.sha256(rfc8785.dumps(halves)).hexdigest()


def rules_json(rulebook: Rulebook) -> str:
    """`rules.json`: the same bytes for the same rules."""
    return rulebook.model_dump_json(indent=2) + "\n"


# --- the machine's half --------------------------------------------------------------------------------------


def to_rulebook(agreement: Agreement) -> Rulebook:
    """The rules with their sentences, and what data they need. The tally is still empty."""
    return Rulebook(
        agreement=agreement.title,
        version=agreement.version,
        effective=agreement.effective,
        until=agreement.until,
        timezone=agreement.timezone,
        currency=agreement.currency,
        calendars=tuple(agreement.working.values()),
        fiscal_year=agreement.fiscal_year,
        environments=agreement.environments,
        parties=tuple(Party(id=p.id, name=p.name, called=p.called) for p in agreement.parties.values()),
        roles=tuple(Role(id=r.id, title=r.title, party=r.party, above=r.above) for r in agreement.roles.values()),
        terms={term.id: term.title for term in agreement.terms.values()},
        metrics=tuple(
            MetricData(id=m.id, title=m.title, unit=m.unit, dimensions=m.dimensions, places=m.places, derived=m.derived)
            for m in agreement.metrics.values()
        ),
        events=tuple(
            EventData(
                id=e.id,
                title=e.title,
                dimensions=e.dimensions,
                attributes=tuple(AttributeData(name=a.name, unit=a.unit) for a in e.attributes),
                optional=e.optional,
                actor=e.actor,
            )
            for e in agreement.events.values()
        ),
        records=tuple(
            RecordData(
                id=r.id,
                title=r.title,
                dimensions=r.dimensions,
                attributes=tuple(AttributeData(name=a.name, unit=a.unit) for a in r.attributes),
                optional=r.optional,
                derived=r.derived,
            )
            for r in agreement.records.values()
        ),
        rules=(
            *(
                _said(agreement, item, of_clause(clause.rules))
                for clause in agreement.clauses
                for item in clause.content
                if isinstance(item, Operative)
            ),
            *(_said(agreement, item, OF_ALL) for item in agreement.occasions),
        ),
        remedies=_remedies_said(agreement, agreement.remedies, OF_ALL),
    )


def _said(agreement: Agreement, operative: Operative, ground: Ground) -> Rule:
    """The rule with its sentence, and its consequences with theirs."""
    rule = operative.rule
    ground = of_occasion(agreement, rule) if isinstance(rule, Occasion) else ground
    remedies = _remedies_said(agreement, rule.remedies, ground)
    return rule.model_copy(update={"sentence": rule_sentence(agreement, operative).text, "remedies": remedies})


def _remedies_said(agreement: Agreement, remedies: tuple[Remedy, ...], ground: Ground) -> tuple[Remedy, ...]:
    return tuple(_remedy_said(agreement, remedy, ground) for remedy in remedies)


def _remedy_said(agreement: Agreement, remedy: Remedy, ground: Ground) -> Remedy:
    said: dict[str, object] = {"sentence": remedy_sentence(agreement, remedy, ground).text}
    if isinstance(remedy, NotifyDuty | PerformDuty):
        said["remedies"] = _remedies_said(agreement, remedy.remedies, OF_DUTY)
    return remedy.model_copy(update=said)
