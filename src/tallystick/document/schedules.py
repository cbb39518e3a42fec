"""The schedules that the agreement writes for itself: data, measures, credits, roles, standards, measurability.

A schedule with nothing to say is left out; the rest are numbered in order.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import chain

from tallystick.analysis.measurability import measurability
from tallystick.document.document import (
    Block,
    Break,
    Emphasis,
    Inlines,
    Kind,
    Row,
    Section,
    Strong,
    Subsection,
    Table,
    paragraph,
)
from tallystick.document.examples import examples
from tallystick.document.playbook import playbook
from tallystick.document.references import anchor, clause_link, link_to
from tallystick.model.agreement import Agreement, Clause, Event, Metric, NumberAttribute, Prose, Record, Role, Target
from tallystick.prose.from_derivation import derived_sentences
from tallystick.prose.from_measure import measure, measure_definition
from tallystick.prose.from_order import covers_text
from tallystick.prose.from_remedy import (
    OF_ALL,
    OF_DUTY,
    Ground,
    amount,
    delay_unit,
    interest_terms,
    of_clause,
    of_occasion,
    paid_for,
    sum_of,
)
from tallystick.prose.phrases import action, calendar_text, dimensions, joined, period, value, value_text
from tallystick.prose.quantity import date_text
from tallystick.prose.sentence import Link
from tallystick.quantities import Kind as UnitKind
from tallystick.quantities import known_unit
from tallystick.rules.derived import Intervals, Runs, SampledIntervals
from tallystick.rules.measure import Measure, Value, series_in
from tallystick.rules.rule import Block as BlockRemedy
from tallystick.rules.rule import (
    Cap,
    Credit,
    Cure,
    Escalate,
    Gate,
    Highest,
    Interest,
    Keep,
    NotifyDuty,
    Occasion,
    PerformDuty,
    Permission,
    Precedence,
    Refund,
    Remedy,
    Response,
    Right,
    Rule,
    Tier,
    followed,
)

Words = Callable[[Prose], Inlines]


def schedules(agreement: Agreement, words: Words) -> Iterator[Section]:
    """Every schedule that has something to say, after those of the drafter. `words` reads prose."""
    uses = _uses(agreement)
    written = (
        ("Metrics and measures", "metrics", _metrics(agreement, words, uses)),
        ("Events and records", "events", _events_and_records(agreement, words, uses)),
        ("Service credits", "credits", _credits(agreement)),
        ("Playbook", "playbook", playbook(agreement)),
        ("Roles and approvals", "roles", _roles(agreement)),
        ("Survival", "survival", _survival(agreement)),
        ("Standards", "standards", _standards(agreement)),
        ("Orders under this Agreement", "orders", _orders(agreement)),
        ("Measurability", "measurability", _measurability(agreement)),
        ("Worked examples", "examples", examples(agreement)),
    )
    filled = [(title, name, tuple(content)) for title, name, content in written]
    for number, (title, name, content) in enumerate((each for each in filled if each[2]), len(agreement.schedules) + 1):
        yield Section(Kind.SCHEDULE, f"Schedule {number}", title, f"schedule-{name}", content)


def _orders(agreement: Agreement) -> Iterator[Block]:
    """Each order: its time, what it covers, and what it sets or changes. Its own paper has the texts."""
    rows = []
    for order in agreement.orders:
        until = "as long as this Agreement" if order.until is None else f"until {date_text(order.until)}"
        sets = [f"{term.title}: {value_text(agreement, term)}" for term in order.terms]
        texts = sum(change.what != "term" for change in order.changes)
        sets += [f"{texts} {'text' if texts == 1 else 'texts'} added or changed"] if texts else []
        name = (Strong((order.id,)), Break(), order.title)
        time = f"from {date_text(order.effective)} {until}"
        rows.append(Row((name, (time,), (covers_text(order.covers),), _lines((words,) for words in sets))))
    if rows:
        yield paragraph(
            "What these orders cover is judged, in their time, by the text of this Agreement as each of them sets, adds, "
            "replaces or strikes it; all else by this text. “Until” names the first day on which an order no longer applies."
        )
        yield Table(("Order", "In force", "Covers", "Says"), tuple(rows))


def _lines(groups: Iterable[Inlines]) -> Inlines:
    """Each group on a line of its own."""
    return tuple(inline for i, group in enumerate(groups) for inline in (group if i == 0 else (Break(), *group)))


# --- where things are used -----------------------------------------------------------------------------------

Uses = dict[tuple[str, str], dict[str, Link]]
"""For the kind and name of each metric, event and record: a link to every clause that reads it, by clause."""


def _uses(agreement: Agreement) -> Uses:
    found: Uses = defaultdict(dict)
    for clause in agreement.clauses:
        for rule in clause.rules:
            named = ((each.source.value, each.name) for each in series_in(rule))
            for key in chain(named, _remedy_events(rule.remedies), _remedy_events(agreement.remedies)):
                found[key][clause.id] = clause_link(clause)
    for record in agreement.records.values():
        _spread(found, (Target.RECORD.value, record.id), record.derived)
    for metric in agreement.metrics.values():
        _spread(found, (Target.METRIC.value, metric.id), metric.derived)
    order = [clause.id for clause in agreement.clauses]
    return {key: {name: links[name] for name in order if name in links} for key, links in found.items()}


def _spread(found: Uses, key: tuple[str, str], derived: Intervals | Runs | None) -> None:
    """Whoever reads derived data reads what it is computed from."""
    for base in _bases(derived):
        found[base].update(found.get(key, {}))


def _bases(derived: Intervals | Runs | None) -> Iterator[tuple[str, str]]:
    """What derived data is computed from, directly."""
    yield from ((each.source.value, each.name) for each in series_in(derived))
    if isinstance(derived, Runs) and isinstance(derived.over, SampledIntervals):
        yield Target.METRIC.value, derived.over.metric


def _remedy_events(remedies: Iterable[Remedy]) -> Iterator[tuple[str, str]]:
    """The events that consequences wait for, also those that the language knows by itself."""
    for _, each in followed(tuple(remedies), ""):
        match each:
            case PerformDuty(event=event) | BlockRemedy(event=event) | Right(event=event):
                yield Target.EVENT.value, event
            case NotifyDuty():
                yield Target.EVENT.value, "notice"
            case Cure() | Escalate():
                yield Target.EVENT.value, "cure"
            case Credit(claim_within=within) if within is not None:
                yield Target.EVENT.value, "claim"
            case _:
                pass


def _used_in(uses: Uses, target: Target, name: str) -> Inlines:
    return _listed(uses.get((target.value, name), {}).values())


def _listed(links: Iterable[Link]) -> Inlines:
    """`Sections 2.1, 2.4 and 3`, each number a link."""
    found = list(links)
    if len(found) < 2:
        return tuple(found)
    return ("Sections ", *joined([(Link(each.text.split()[-1], each.anchor),) for each in found], "and"))


# --- metrics, events, records --------------------------------------------------------------------------------


def added_measures(before: Agreement, after: Agreement, words: Words) -> tuple[Block, ...]:
    """The metrics and measures that `after` has and `before` has not, as its own schedule says them."""
    known = set(_measures(before))
    metrics = tuple(metric for metric in after.metrics.values() if metric.id not in before.metrics)
    rows = tuple(row for row in _measures(after) if row not in known)
    return tuple(_measured_by(after, metrics, rows, words, _uses(after)))


def _metrics(agreement: Agreement, words: Words, uses: Uses) -> Iterator[Block]:
    yield from _measured_by(agreement, tuple(agreement.metrics.values()), tuple(_measures(agreement)), words, uses)


def _measured_by(
    agreement: Agreement, metrics: Sequence[Metric], rows: tuple[Row, ...], words: Words, uses: Uses
) -> Iterator[Block]:
    for metric in metrics:
        table = _metric(agreement, metric, words, uses)
        yield Subsection("", _capital(metric.title), anchor(Target.METRIC, metric.id), (table,))
    if rows:
        opening = paragraph(
            "Nothing is rounded before it is compared. A window begins with its first instant and ends immediately "
            "before the first instant of the next. A measure for which there is no data, or less than its Section "
            "asks for, is unmeasured: it is never taken as met."
        )
        table = Table(("Section", "How it is measured"), rows)
        yield Subsection("", "How each measure is computed", "measures", (opening, table))


def _capital(title: str) -> str:
    return title[:1].upper() + title[1:]


def _metric(agreement: Agreement, metric: Metric, words: Words, uses: Uses) -> Table:
    facts: list[tuple[str, Inlines]] = [
        ("One sample is", words(metric.means) if metric.means else ()),
        ("How it is derived", _derivation(agreement, metric.id)),
        ("Unit", (_unit_text(metric.unit) + _places(metric),)),
        ("In data", (metric.id, *_split_by(metric.dimensions), *_reporter(agreement, metric.reported_by))),
        ("Used in", _used_in(uses, Target.METRIC, metric.id)),
    ]
    return Table((), tuple(Row(((name,), value)) for name, value in facts if value))


def _places(metric: Metric) -> str:
    """How finely samples are read; counts are whole, and derived samples say it themselves."""
    whole = known_unit(metric.unit).kind is UnitKind.COUNT
    return "" if metric.derived or whole else f", read to {metric.places} decimal places"


def _derivation(agreement: Agreement, name: str) -> Inlines:
    """How derived data is computed; nothing for data that is given."""
    found = derived_sentences(agreement).get(name)
    return found.inlines if found else ()


def _unit_text(unit: str) -> str:
    return "fraction, shown as a percentage" if known_unit(unit).kind is UnitKind.FRACTION else unit


def _names(names: tuple[str, ...]) -> str:
    return ", ".join(name.replace("_", " ") for name in names)


def _split_by(dimensions: tuple[str, ...]) -> Inlines:
    return (f", for each {' and '.join(name.replace('_', ' ') for name in dimensions)}",) if dimensions else ()


def _reporter(agreement: Agreement, party: str | None) -> Inlines:
    return (", reported by ", link_to(agreement, Target.PARTY, party)) if party else ()


def _measures(agreement: Agreement) -> Iterator[Row]:
    for clause in agreement.clauses:
        for rule in clause.rules:
            if isinstance(rule, Keep | Gate):
                yield Row(((clause_link(clause),), _measure(agreement, rule)))


def _measure(agreement: Agreement, rule: Keep | Gate) -> Inlines:
    """What is measured and how, and the same for a threshold that is measured too."""
    measured = _computed(agreement, rule.measure)
    return (
        measured if isinstance(rule.threshold, Value) else (*measured, Break(), *_computed(agreement, rule.threshold))
    )


def _computed(agreement: Agreement, found: Measure) -> Inlines:
    return (Emphasis(_sentence_case(measure(agreement, found))), ". ", *measure_definition(agreement, found).inlines)


def _sentence_case(words: Inlines) -> Inlines:
    first, *rest = words
    return (_capital(first), *rest) if isinstance(first, str) else words


def _events_and_records(agreement: Agreement, words: Words, uses: Uses) -> Iterator[Block]:
    events = tuple(_happening(agreement, each, Target.EVENT, words, uses) for each in agreement.events.values())
    records = tuple(_happening(agreement, each, Target.RECORD, words, uses) for each in agreement.records.values())
    columns = ("In data", "Carries", "Used in")
    if events:
        opening, table = (paragraph("An event happens at an instant."), Table(("Event", *columns), events))
        yield Subsection("", "Events", "events", (opening, table))
    if records:
        opening, table = (
            paragraph("A record lasts, from a beginning to an end."),
            Table(("Record", *columns), records),
        )
        yield Subsection("", "Records", "records", (opening, table))
    derived = tuple(
        Row(((Strong((_capital(each.title),)),), _derivation(agreement, each.id)))
        for each in agreement.records.values()
        if each.derived
    )
    if derived:
        table = Table(("Record", "How it is derived"), derived)
        yield Subsection("", "How records are derived", "derived-records", (table,))


def _happening(agreement: Agreement, each: Event | Record, target: Target, words: Words, uses: Uses) -> Row:
    meaning: Inlines = (Break(), *words(each.means)) if each.means else ()
    optional = each.optional
    required = tuple(name for name in each.dimensions if name not in optional)
    carried = "; ".join(part for part in (_names(required), _attributes(each.attributes)) if part)
    used = _used_in(uses, target, each.id)
    name: Inlines = (Strong((_capital(each.title),)), *meaning)
    return Row(
        (name, (each.id, *_reporter(agreement, each.reported_by)), (carried or "–",), used or ("–",)),
        anchor(target, each.id),
    )


def _attributes(attributes: tuple[NumberAttribute, ...]) -> str:
    return ", ".join(f"{each.name.replace('_', ' ')} ({each.unit})" for each in attributes)


# --- service credits -----------------------------------------------------------------------------------------


def _credits(agreement: Agreement) -> Iterator[Block]:
    owed = tuple(row for clause in agreement.clauses for row in _credit(agreement, clause))
    for section, remedies, ground in _elsewhere(agreement):
        owed = (*owed, *_credit_rows(agreement, section, remedies, ground))
    if owed:
        yield paragraph("Where more than one line of a Section applies, only the last of them counts.")
        yield Table(("Section", "Measured value", "Credit", "Credited to"), owed)
    sums = tuple(_interest_and_refunds(agreement))
    if sums:
        table = Table(("Section", "Owed", "On", "To"), sums)
        yield Subsection("", "Interest and refunds", "interest-and-refunds", (table,))
    caps = tuple(_caps(agreement))
    if caps:
        table = Table(("Credits under", "Over", "Never exceed"), caps)
        yield Subsection("", "Caps", "credit-caps", (table,))


def _interest_and_refunds(agreement: Agreement) -> Iterator[Row]:
    of_clauses: list[tuple[Inlines, tuple[Remedy, ...]]] = [
        ((clause_link(clause), f" {clause.title}"), clause.every_remedy) for clause in agreement.clauses
    ]
    rest = [
        (title, tuple(remedy for _, remedy in followed(remedies, ""))) for title, remedies, _ in _elsewhere(agreement)
    ]
    for section, remedies in (*of_clauses, *rest):
        for each in remedies:
            if isinstance(each, Interest):
                terms: Inlines = ("Interest: ", *interest_terms(agreement, each))
            elif isinstance(each, Refund) and each.by is not None:
                terms = (f"Refund of the unused part, prorated by {each.by} over ", *paid_for(agreement, each))
            elif isinstance(each, Refund):
                terms = ("Refund of all of it",)
            else:
                continue
            yield Row((section, terms, sum_of(agreement, each), (link_to(agreement, Target.PARTY, each.party),)))


def _elsewhere(agreement: Agreement) -> Iterator[tuple[Inlines, tuple[Remedy, ...], Ground]]:
    """What follows outside of the clauses: a breach of any, and occasions."""
    yield ("any Section",), agreement.remedies, OF_ALL
    for item in agreement.occasions:
        if isinstance(item.rule, Occasion):
            title = (Link(item.rule.title, f"rule-{item.rule.id}"),)
            yield title, item.rule.remedies, of_occasion(agreement, item.rule)


def _credit(agreement: Agreement, clause: Clause) -> Iterator[Row]:
    section: Inlines = (clause_link(clause), f" {clause.title}")
    yield from _credit_rows(agreement, section, clause.remedies, of_clause(clause.rules))
    for rule in clause.occasions:
        yield from _credit_rows(agreement, section, rule.remedies, of_occasion(agreement, rule))


def _credit_rows(agreement: Agreement, section: Inlines, remedies: tuple[Remedy, ...], ground: Ground) -> Iterator[Row]:
    for path, credit in followed(remedies, ""):
        if isinstance(credit, Credit):
            party = (link_to(agreement, Target.PARTY, credit.party),)
            extra = _conditions(agreement, credit)
            if credit.amount is not None:
                repeated = credit.repeated
                each: Inlines
                each = OF_DUTY.each if path else ("any breach",) if ground.breach else ground.each
                if repeated is not None:
                    each = (
                        *each,
                        f", from number {repeated.number:,} in any ",
                        *period(agreement, repeated.within, ""),
                    )
                yield Row((section, each, (*amount(agreement, credit.amount), *extra), party))
            if credit.delay is not None:
                most = credit.delay.most
                limit = () if most is None else (Break(), "up to ", *amount(agreement, most), " for each breach")
                unit = (*delay_unit(agreement, credit.delay), " of delay")
                yield Row((section, unit, (*amount(agreement, credit.delay.amount), *limit, *extra), party))
            for tier in credit.tiers:
                yield Row((section, _tier(agreement, credit, tier), (*amount(agreement, tier.amount), *extra), party))


def _tier(agreement: Agreement, credit: Credit, tier: Tier) -> Inlines:
    """`below 92%`, or `at least 5 breaches in a calendar month`."""
    counted = () if credit.counted is None else (f" breaches in a {calendar_text(credit.counted)}",)
    return (f"{tier.comparison.value} ", *value(agreement, tier.threshold), *counted)


def _conditions(agreement: Agreement, credit: Credit) -> Inlines:
    """What a credit needs to be payable, each on a line of its own."""
    least = () if credit.minimum is None else (Break(), "nothing below ", *amount(agreement, credit.minimum))
    if credit.claim_within is None:
        return least
    return (*least, Break(), "if claimed within ", *period(agreement, credit.claim_within))


def _caps(agreement: Agreement) -> Iterator[Row]:
    for clause in agreement.clauses:
        for each in clause.every_remedy:
            if isinstance(each, Cap | Highest):
                yield _cap(agreement, (clause_link(clause),), each)
    for each in agreement.remedies:
        if isinstance(each, Cap | Highest):
            yield _cap(agreement, ("the whole Agreement",), each)


def _cap(agreement: Agreement, under: Inlines, cap: Cap | Highest) -> Row:
    if isinstance(cap, Highest):
        alike = f" and {dimensions(cap.per)}" if cap.per else ""
        return Row((under, (f"each {calendar_text(cap.each)}{alike}",), ("only the highest",)))
    if cap.each is not None:
        over: Inlines = (f"each {calendar_text(cap.each)}",)
    else:
        rolling = cap.rolling
        over = ("the term",) if rolling is None else ("any ", *period(agreement, rolling, ""))
    return Row((under, over, amount(agreement, cap.amount)))


# --- roles ---------------------------------------------------------------------------------------------------


def _roles(agreement: Agreement) -> Iterator[Block]:
    rows = tuple(_role(agreement, role) for role in agreement.roles.values())
    if rows:
        yield paragraph(
            "A senior role may do all that the roles below it may do, and a notice to it counts as a notice to them."
        )
        if any(event.actor is not None for event in agreement.events.values()):
            yield paragraph(
                "Where the person who acts, or who is told, is named, that person must hold the role at that time. A role "
                "is held from the first instant of its tenure up to, but not including, its end."
            )
        yield Table(("Role", "Of", "Senior to", "Under this Agreement"), rows)


def _role(agreement: Agreement, role: Role) -> Row:
    senior = (link_to(agreement, Target.ROLE, role.above),) if role.above else ("–",)
    party = (link_to(agreement, Target.PARTY, role.party),)
    part = _lines(_parts_of(agreement, role.id))
    return Row(((role.title,), party, senior, part or ("–",)), anchor(Target.ROLE, role.id))


def _parts_of(agreement: Agreement, role: str) -> Iterator[Inlines]:
    """What a role does, a line for each thing, with the clauses that say so."""
    found: dict[Inlines, dict[str, Link]] = defaultdict(dict)
    for clause in agreement.clauses:
        said = [line for rule in clause.rules for line in _part_in_rule(agreement, rule, role)]
        said += [line for each in clause.every_remedy for line in _part_in_remedy(each, role)]
        for line in said:
            found[line][clause.id] = clause_link(clause)
    for line, clauses in found.items():
        yield (*line, " (", *_listed(clauses.values()), ")")


def _part_in_rule(agreement: Agreement, rule: Rule, role: str) -> Iterator[Inlines]:
    match rule:
        case Permission() if role in rule.named:
            yield ("May ", *action(agreement, rule.event.name))
        case Precedence() if any(each.role == role for each in rule.by):
            required = link_to(agreement, Target.EVENT, rule.required.name)
            yield ("Gives ", required, " before ", link_to(agreement, Target.EVENT, rule.event.name))
        case Response() if rule.role == role:
            yield ("Is notified of ", link_to(agreement, Target.EVENT, rule.trigger.name))
        case _:
            return


def _part_in_remedy(remedy: Remedy, role: str) -> Iterator[Inlines]:
    match remedy:
        case NotifyDuty() if remedy.role == role:
            yield ("Is notified of a breach",)
        case Escalate() if remedy.role == role:
            yield ("Receives what is escalated",)
        case _:
            return


# --- standards -----------------------------------------------------------------------------------------------


def _standards(agreement: Agreement) -> Iterator[Block]:
    for standard in agreement.standards.values():
        rows = tuple(_references(agreement, standard.id))
        said = Table(("Reference", "Addressed in"), rows) if rows else paragraph("No Section addresses this standard.")
        yield Subsection("", standard.title, anchor(Target.STANDARD, standard.id), (said,))


def _references(agreement: Agreement, standard: str) -> Iterator[Row]:
    found: dict[str, list[Inlines]] = defaultdict(list)
    for clause in agreement.clauses:
        for name, reference in clause.satisfies:
            if name == standard:
                found[reference].append((clause_link(clause), f" {clause.title}"))
    return (Row(((reference,), _lines(clauses))) for reference, clauses in found.items())


# --- survival ------------------------------------------------------------------------------------------------


def _survival(agreement: Agreement) -> Iterator[Block]:
    """The clauses that outlive the agreement, and for how long."""
    found = [(clause, clause.survives) for clause in agreement.clauses if clause.survives and not clause.open]
    if found:
        yield paragraph("These Sections go on after the end of this Agreement, whatever ends it.")
        rows = (
            (
                (clause_link(clause), f" {clause.title}"),
                period(agreement, lasts.period) if lasts.period else ("without a limit",),
            )
            for clause, lasts in found
        )
        yield Table(("Section", "After the end"), tuple(Row(row) for row in rows))


# --- measurability -------------------------------------------------------------------------------------------


def _measurability(agreement: Agreement) -> Iterator[Block]:
    stated = [each for each in agreement.clauses if each.rules or each.narrative or each.open]
    if not stated:
        return
    found = measurability(agreement)
    waiting = f" {found.dormant} more have no effect until their optional terms are set." if found.dormant else ""
    narrative = " The others are narrative, for the reasons stated." if found.measured < found.clauses else ""
    yield paragraph(
        f"{found.measured} of {found.clauses} Sections ({found.share}) are measured from data.{narrative}{waiting}"
    )
    staged = any(each.stages for each in stated)
    columns = ("Section", "Lifecycle stage", "Measured") if staged else ("Section", "Measured")
    yield Table(columns, tuple(_measured(each, staged=staged) for each in stated))


def _measured(clause: Clause, *, staged: bool) -> Row:
    number = len(clause.rules)
    duties = "1 sentence" if number == 1 else f"{number} sentences"
    said = duties if number else "Without effect yet" if clause.open else f"Narrative: {clause.narrative}"
    stage = ((_names(clause.stages) or "–",),) if staged else ()
    return Row(((clause_link(clause), f" {clause.title}"), *stage, (said,)))
