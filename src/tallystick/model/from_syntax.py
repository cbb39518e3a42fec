"""From the tree to the agreement: names found, units checked, clauses numbered."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import date
from difflib import get_close_matches
from string import ascii_uppercase
from zoneinfo import ZoneInfo, available_timezones

from tallystick.diagnostics.diagnostic import Diagnostic
from tallystick.model.agreement import (
    Agreement,
    Amendment,
    Article,
    Clause,
    Definition,
    Dormant,
    Event,
    Metric,
    Note,
    NumberAttribute,
    Operative,
    Order,
    Party,
    Prose,
    Record,
    Role,
    Schedule,
    Standard,
    Term,
    letter_of,
)
from tallystick.model.calendars import declared, fiscal_year, of_agreement, working_calendar
from tallystick.model.conditions import condition, series
from tallystick.model.conforming import Amended, changes_of, is_struck
from tallystick.model.covering import covered
from tallystick.model.derivation import derive
from tallystick.model.measures import series_of
from tallystick.model.money import seen_of
from tallystick.model.prose import Numbered, prose, text_prose
from tallystick.model.remedies import Hangs, remedies, whole
from tallystick.model.scenarios import scenarios
from tallystick.model.scope import Scope
from tallystick.model.sentences import Fields, occasion, rule
from tallystick.model.uses import Alias, Joined
from tallystick.model.values import (
    VALUE_TYPES,
    after,
    day,
    is_value_type,
    literal,
    of_type,
    period,
    stand_in,
    unit_name,
)
from tallystick.quantities import CURRENCIES, Period, Quantity
from tallystick.rules.calendars import OF_AGREEMENT
from tallystick.rules.measure import Condition
from tallystick.rules.rule import During, Exemption, Occasion, Permission, Remedy, Rule, Survival, Where
from tallystick.rules.rulebook import ABOUT, HOLDS, PERSON
from tallystick.source import Span
from tallystick.syntax import tree
from tallystick.syntax.names import article_name, definition_name, words

# Names of the parts of a generated sentence, which own wording cites.
SENTENCE_PARTS = frozenset(
    {
        "holder", "action", "measure", "comparison", "window", "group", "environments", "samples", "event", "period",
        "times", "role", "trigger", "matching", "condition", "share", "required", "roles", "record", "tolerance",
        "boundary", "exceptions", "time", "alternative", "persons", "confidence", "start", "excluded",
    }
)  # fmt: skip


def from_syntax(
    joined: Joined, amended: Amended | None = None
) -> tuple[Agreement | None, tuple[Diagnostic, ...], frozenset[str]]:
    """Resolve a file with all it uses. The agreement is None when it has mistakes that leave nothing to build on.

    Names among the doubtful words, of statements that did not parse, are not reported as unknown. The third value is the
    set of names that something refers to. `amended` is the amendment or order that left the file as it is, if any.
    """
    file, doubtful = joined.file, joined.doubtful
    scope = Scope(doubtful=doubtful, missing=joined.missing)
    heads = [node for node in file.declarations if isinstance(node, tree.AgreementNode)]
    for extra in heads[1:]:
        scope.twice("agreement", "agreement", extra.span, heads[0].span)
    if not heads and "agreement" not in doubtful:
        scope.report("T0204", Span(file.span.source, 0, 0))
    _declare(scope, file)
    for alias in joined.aliases:
        _stands_for(scope, alias)
    head = _head(scope, heads[0]) if heads else None
    scope.term_ends = head is not None and head.term is not None and head.renewal is None
    scope.term_in_months = scope.term_ends and head is not None and head.term is not None and head.term.in_months
    derive(scope, file)
    clauses, parts = frozenset(_clause_ids(scope, file)), dict(_part_ids(scope, file))
    numbered = Numbered(
        clauses,
        frozenset(name for name, kind in parts.items() if kind is tree.ArticleNode),
        frozenset(name for name, kind in parts.items() if kind is tree.ScheduleNode),
        amended.gone if amended else {},
        frozenset(_labels(file)),
    )
    _describe(scope, file, numbered)
    articles = tuple(_articles(scope, file, numbered))
    schedules = tuple(_schedules(scope, file, numbered))
    shared: tuple[Remedy, ...] = ()
    for node in file.declarations:
        if isinstance(node, tree.OnBreach):
            shared = remedies(scope, node.items, Hangs.BREACH, shared)
    occasions = tuple(_occasions(scope, file))
    if head is None:
        return None, tuple(scope.diagnostics), frozenset(scope.used)
    tests = scenarios(scope, file, head.timezone, articles, shared, occasions)
    done, order = _instruments(scope, amended, numbered) if amended else ((), None)
    agreement = replace(
        _assembled(scope, head, articles, shared, numbered),
        occasions=occasions,
        scenarios=tests,
        schedules=schedules,
        amendments=done,
        order=order,
    )
    return agreement, tuple(scope.diagnostics), frozenset(scope.used)


# --- the head of the agreement -------------------------------------------------------------------------------


@dataclass
class _Head:
    node: tree.AgreementNode
    version: str = ""
    effective: date | None = None
    term: Period | None = None
    renewal: Period | None = None
    governing_law: str | None = None
    timezone: str = ""
    examples: bool = False
    precedence: tuple[tree.String, ...] = ()
    recitals: list[tree.ProseText] = field(default_factory=list)


def _each_once(scope: Scope, items: Iterable[tree.Node], *kinds: type[tree.Node]) -> None:
    """Report statements of a block that stand there twice, though once is all there can be."""
    seen: dict[type[tree.Node], Span] = {}
    for item in items:
        if type(item) in kinds and type(item) in seen:
            scope.twice(item.span.text.split()[0], "statement", item.span, seen[type(item)])
        seen.setdefault(type(item), item.span)


def _head(scope: Scope, node: tree.AgreementNode) -> _Head | None:
    head = _Head(node)
    _each_once(
        scope,
        node.items,
        tree.Version,
        tree.Effective,
        tree.Duration,
        tree.GoverningLaw,
        tree.Timezone,
        tree.Currency,
        tree.BusinessHours,
        tree.BusinessDays,
        tree.WorkedExamples,
        tree.FiscalYearNode,
        tree.OrderOfPrecedence,
    )
    for item in node.items:
        _head_item(scope, head, item)
    required = {tree.Version: "version", tree.Effective: "effective date", tree.Timezone: "timezone"}
    stated = {type(item) for item in node.items}
    missing = [word for kind, word in required.items() if kind not in stated and word.split()[0] not in scope.doubtful]
    for word in missing:
        scope.report("T0212", node.title.span, missing=word)
    return head if head.version and head.effective and head.timezone else None


def _head_item(scope: Scope, head: _Head, item: tree.AgreementItem) -> None:
    match item:
        case tree.Version(text=text):
            head.version = text.text
        case tree.Effective(date=date_node):
            head.effective = day(scope, date_node)
        case tree.Duration():
            head.term = period(scope, item.period)
            head.renewal = period(scope, item.renewal) if item.renewal else None
        case tree.GoverningLaw(text=text):
            head.governing_law = text.text
        case tree.Timezone(text=text):
            head.timezone = _timezone(scope, text)
        case tree.Currency(code=code):
            scope.currency = code.text
            if code.text not in CURRENCIES:
                scope.report("T0208", code.span, unit=code.text)
        case tree.Recital(prose=text):
            head.recitals.append(text)
        case tree.WorkedExamples():
            head.examples = True
        case tree.OrderOfPrecedence(texts=texts):
            head.precedence = texts
        case tree.FiscalYearNode(text=text):
            scope.fiscal_year = fiscal_year(scope, text)
        case tree.BusinessDays() | tree.BusinessHours():
            pass  # read with the declarations: terms may count by them


def _timezone(scope: Scope, text: tree.String) -> str:
    known = available_timezones()
    if text.text in known:
        return ZoneInfo(text.text).key
    close = get_close_matches(text.text, known, 1, 0.6)
    scope.report("T0206", text.span, zone=text.text, instead=close[0] if close else None)
    return ""


def _until(effective: date, term: Period | None, renewal: Period | None) -> date | None:
    """The first day after the term; None while it renews, or without one."""
    return None if term is None or renewal is not None else after(effective, term)


# --- declarations --------------------------------------------------------------------------------------------


def _declare(scope: Scope, file: tree.File) -> None:
    """Every name and its type, before anything refers to one."""
    for node in file.declarations:
        match node:
            case tree.Environments(names=names):
                _listed(scope, names, scope.environments, "environment")
            case tree.Stages(names=names):
                _listed(scope, names, scope.stages, "stage")
            case _:
                pass
    for built_in in _built_ins(()):
        scope.names[built_in.id] = built_in
    _declare_calendars(scope, file)
    for node in file.declarations:
        _declare_one(scope, node)
    for built_in in _built_ins(scope.dimensions):
        scope.names[built_in.id] = built_in
    _resolve_roles(scope, file)


def _declare_calendars(scope: Scope, file: tree.File) -> None:
    """Working time comes before terms, whose values may count by it."""
    for node in file.declarations:
        if isinstance(node, tree.AgreementNode):
            own = of_agreement(scope, node.items)
            if own is not None:
                scope.calendars.setdefault(own.id, own)
    for node in file.declarations:
        if not isinstance(node, tree.CalendarNode):
            continue
        _each_once(scope, node.items, tree.Hours, tree.Holidays, tree.Timezone)
        zones = [_timezone(scope, item.text) for item in node.items if isinstance(item, tree.Timezone)]
        found = declared(scope, node, next(iter(zones), None))
        before = scope.calendars.get(found.id)
        if before is not None or found.id == OF_AGREEMENT:
            scope.twice(found.id, "calendar", node.span, before.span if before else node.name.span)
        scope.calendars.setdefault(found.id, found)


def _listed(scope: Scope, names: tuple[tree.Name, ...], into: dict[str, Span], kind: str) -> None:
    for name in names:
        if name.text in into:
            scope.twice(name.text, kind, name.span, into[name.text])
        into.setdefault(name.text, name.span)


def _built_ins(dimensions: tuple[str, ...]) -> tuple[Event | Record, ...]:
    """The events and records that the language knows by itself."""
    others = tuple(name for name in dimensions if name not in ("role", "clause"))
    rest = (*(("role",) if "role" in dimensions else ()), *others)
    told = PERSON if PERSON in dimensions else None
    whom = ("role",) if told else ()
    return (
        Event(
            "notice",
            "notice",
            ("role", "clause", ABOUT, *others),
            (),
            None,
            "give notice",
            (*whom, "clause", ABOUT, *others),
            actor=told,
        ),
        Event("cure", "cure", ("clause", ABOUT, *rest), (), None, None, (ABOUT, *rest)),
        Event("claim", "claim", ("clause", ABOUT, *rest), (), None, None, ("clause", ABOUT, *rest)),
        Event("termination", "termination of this Agreement", (), (), None, "terminate this Agreement"),
        Record("waiver", "waiver", ("clause", "role", *others), (), None, optional=("role", *others)),
        Record(HOLDS, "tenure of a role", (PERSON, "role"), (), None),
    )


def _title(name: tree.Name, title: tree.String | None) -> str:
    return title.text if title else name.text.replace("_", " ")


def _declare_one(scope: Scope, node: tree.Declaration) -> None:
    match node:
        case tree.PartyNode():
            _each_once(scope, node.items, tree.Entity, tree.Address, tree.Notices)
            scope.declare(_party(node))
        case tree.RoleNode():
            scope.declare(Role(node.name.text, _title(node.name, node.title), node.party.text, node.span))
        case tree.MetricNode():
            unit = unit_name(scope, node.unit)
            places = _places(scope, node.items)
            dimensions, _ = _columns(scope, node)
            title = _title(node.name, node.title)
            scope.declare(Metric(node.name.text, title, unit or "count", dimensions, node.span, places))
        case tree.EventNode():
            dimensions, attributes = _columns(scope, node)
            title, action = _title(node.name, node.title), node.action.text if node.action else None
            actor = PERSON if PERSON in dimensions else None
            scope.declare(Event(node.name.text, title, dimensions, attributes, node.span, action, actor=actor))
        case tree.RecordNode():
            (dimensions, attributes), title = _columns(scope, node), _title(node.name, node.title)
            scope.declare(Record(node.name.text, title, dimensions, attributes, node.span))
        case tree.TermNode():
            found = literal(scope, node.value)
            if found is not None and isinstance(node, tree.SetTermNode):
                found = _of_kind(scope, node.param, found, node.value.span)
            if found is not None:
                key = isinstance(node, tree.KeyTermNode)
                scope.declare(Term(node.name.text, _title(node.name, node.title), found, key, node.span))
            else:
                scope.doubtful |= {node.name.text}
        case tree.OpenTermNode():
            _declare_open(scope, node)
        case tree.DefinitionNode():
            scope.declare(Definition(definition_name(node), node.title.text, Prose((), node.means.span), node.span))
        case tree.StandardNode():
            scope.declare(Standard(node.name.text, node.title.text, node.span))
        case _:
            pass


def _declare_open(scope: Scope, node: tree.OpenTermNode) -> None:
    word = node.type.text
    if not is_value_type(word):
        scope.unknown_kind(node.type, VALUE_TYPES)
        scope.doubtful |= {node.name.text}
        return
    key, value = isinstance(node, tree.KeyOpenTermNode), stand_in(word, scope.currency)
    scope.declare(Term(node.name.text, _title(node.name, node.title), value, key, node.span, set=False))


# --- parameters of used files --------------------------------------------------------------------------------

_NAMED: dict[str, type[Party | Role | Metric | Event | Record | Standard]] = {
    "party": Party,
    "role": Role,
    "metric": Metric,
    "event": Event,
    "record": Record,
    "standard": Standard,
}


def _stands_for(scope: Scope, alias: Alias) -> None:
    """Report a name that was given for a parameter and is not of its kind; what is said with it is then not reported."""
    if not _fits(scope, alias):
        scope.doubtful |= {alias.given.text}


def _fits(scope: Scope, alias: Alias) -> bool:
    kind, given = alias.param.type.text, alias.given
    found = scope.names.get(given.text)
    match kind:
        case "environment":
            return scope.choose(tree.Name(given.span, given.text), kind, scope.environments) is not None
        case "dimension":
            return scope.choose(tree.Name(given.span, given.text), kind, dict.fromkeys(scope.dimensions)) is not None
        case _ if found is None:
            scope.find_any(given, _NAMED.get(kind, Term))
            return False
        case _ if kind in _NAMED and isinstance(found, _NAMED[kind]):
            return True
        case _ if kind not in _NAMED and isinstance(found, Term):
            return _of_kind(scope, alias.param, found.value, given.span) is not None
        case _:
            scope.wrong_parameter(alias.param, given.span)
            return False


def _of_kind(
    scope: Scope, param: tree.ParamNode, value: Quantity | Period | date | str, span: Span
) -> Quantity | Period | date | str | None:
    """The value as one of the kind that the parameter asks for; reports one of another kind."""
    if not is_value_type(param.type.text):
        return None
    found = of_type(value, param.type.text)
    if found is None:
        scope.wrong_parameter(param, span)
    return found


def _party(node: tree.PartyNode) -> Party:
    texts = {type(item): item.text.text for item in node.items if not isinstance(item, tree.Signatory)}
    signatories = tuple(
        (item.name.text, item.title.text if item.title else "")
        for item in node.items
        if isinstance(item, tree.Signatory)
    )
    return Party(
        node.name.text,
        node.legal_name.text,
        node.called.text if node.called else node.legal_name.text,
        node.span,
        texts.get(tree.Entity),
        texts.get(tree.Address),
        texts.get(tree.Notices),
        signatories,
    )


_COLUMNS = frozenset({"time", "value", "begin", "end", "row", ABOUT})


def _columns(
    scope: Scope, node: tree.MetricNode | tree.EventNode | tree.RecordNode
) -> tuple[tuple[str, ...], tuple[NumberAttribute, ...]]:
    """The dimensions and attributes of one kind of data. Its data names each once, whatever the capitals."""
    attributes = () if isinstance(node, tree.MetricNode) else node.attributes or ()
    names = [*(node.dimensions or ()), *(attribute.name for attribute in attributes)]
    seen: dict[str, Span] = {}
    for name in names:
        if name.text in _COLUMNS:
            scope.report("T0214", name.span, name=name.text)
        if name.text.lower() in seen:
            scope.twice(name.text, "dimension or attribute", name.span, seen[name.text.lower()])
        seen.setdefault(name.text.lower(), name.span)
    numbers = [(attribute.name.text, unit_name(scope, attribute.unit)) for attribute in attributes]
    dimensions = tuple(dict.fromkeys(name.text for name in node.dimensions or ()))
    return dimensions, tuple(NumberAttribute(name, unit) for name, unit in numbers if unit)


def _places(scope: Scope, items: tuple[tree.DataItem, ...]) -> int:
    for item in items:
        if isinstance(item, tree.Places):
            places = whole(scope, item.number, least=0)
            if places is not None and places > 9:
                scope.report("T0417", item.span)
            return min(places, 9) if places is not None else 9
    return 9


def _resolve_roles(scope: Scope, file: tree.File) -> None:
    for node in file.declarations:
        if not isinstance(node, tree.RoleNode):
            continue
        role = scope.names.get(node.name.text)
        scope.find(node.party, Party)
        above = scope.find(node.above, Role) if node.above else None
        if isinstance(role, Role) and above is not None:
            if role.id in _below(scope, above.id):
                assert node.above is not None
                scope.report("T0211", node.above.span, role=role.id, above=above.id)
                continue
            scope.names[role.id] = Role(role.id, role.title, role.party, role.span, above.id)


def _below(scope: Scope, role: str) -> Iterator[str]:
    """The role itself and those it is above, downward."""
    current: str | None = role
    while current is not None:
        yield current
        found = scope.names.get(current)
        current = found.above if isinstance(found, Role) else None


def _describe(scope: Scope, file: tree.File, numbered: Numbered) -> None:
    """The prose of declarations, once every name is known."""
    for node in file.declarations:
        match node:
            case tree.DefinitionNode():
                name = definition_name(node)
                known = scope.names.get(name)
                if isinstance(known, Definition):
                    means = prose(scope, node.means, numbered)
                    scope.names[name] = Definition(known.id, known.title, means, known.span)
            case tree.MetricNode() | tree.EventNode() | tree.RecordNode():
                _describe_data(scope, node, numbered)
            case _:
                pass


def _describe_data(scope: Scope, node: tree.MetricNode | tree.EventNode | tree.RecordNode, numbered: Numbered) -> None:
    known = scope.names.get(node.name.text)
    if not isinstance(known, Metric | Event | Record) or known.span != node.span:
        return
    _each_once(scope, node.items, tree.Means, tree.ReportedBy, tree.Places)
    for item in node.items:
        match item:
            case tree.Means(prose=text):
                known = replace(known, means=prose(scope, text, numbered))
            case tree.ReportedBy(party=name):
                party = scope.find(name, Party)
                known = replace(known, reported_by=party.id if party else None)
            case tree.Places():
                if not isinstance(known, Metric):
                    scope.report("T0417", item.span)
    scope.names[known.id] = known


# --- numbered text -------------------------------------------------------------------------------------------


def _clause_ids(scope: Scope, file: tree.File) -> Iterator[str]:
    pending: list[tree.ClauseNode | tree.ArticleNode] = [
        node for node in file.declarations if isinstance(node, tree.ArticleNode)
    ]
    pending.reverse()
    while pending:
        node = pending.pop()
        if isinstance(node, tree.ClauseNode):
            if node.name.text in scope.clauses:
                scope.twice(node.name.text, "clause", node.name.span, scope.clauses[node.name.text])
            scope.clauses.setdefault(node.name.text, node.name.span)
            yield node.name.text
        pending.extend(reversed([item for item in node.items if isinstance(item, tree.ClauseNode)]))


def _labels(file: tree.File) -> Iterator[str]:
    """The names that sentences are labelled with."""
    pending: list[object] = [node for node in file.declarations if isinstance(node, tree.ArticleNode)]
    while pending:
        node = pending.pop()
        if isinstance(node, tree.ArticleNode | tree.ClauseNode):
            pending.extend(node.items)
        elif isinstance(node, tree.SentenceNode):
            early = node.event_qualifiers if isinstance(node, tree.PrecedenceNode) else ()
            said = (*node.qualifiers, *early)
            yield from (each.name.text for each in said if isinstance(each, tree.Labelled))


def _part_ids(scope: Scope, file: tree.File) -> Iterator[tuple[str, type[tree.Node]]]:
    """The names of articles and schedules; a reference to one could not tell it from another of the same name."""
    seen: dict[str, Span] = {}
    for node in file.declarations:
        if isinstance(node, tree.ArticleNode | tree.ScheduleNode):
            name, place = article_name(node), (node.name or node.title).span
            kind = "article" if isinstance(node, tree.ArticleNode) else "schedule"
            before = seen.get(name) or (scope.clauses.get(name) if kind == "schedule" else None)
            if before is not None:
                scope.twice(name, kind, place, before)
            else:
                yield name, type(node)
            seen.setdefault(name, place)


def _schedules(scope: Scope, file: tree.File, numbered: Numbered) -> Iterator[Schedule]:
    nodes = (node for node in file.declarations if isinstance(node, tree.ScheduleNode))
    for number, node in enumerate(nodes, start=1):
        content = tuple(_text(scope, item, numbered) for item in node.items)
        if not any(isinstance(item, Prose) for item in content):
            scope.report("T0247", node.title.span, schedule=node.title.text)
        yield Schedule(article_name(node), node.title.text, str(number), node.span, content)


def _articles(scope: Scope, file: tree.File, numbered: Numbered) -> Iterator[Article]:
    nodes = [node for node in file.declarations if isinstance(node, tree.ArticleNode)]
    # Article 1 is the generated one of definitions.
    for number, node in enumerate(nodes, start=2):
        content: list[Prose | Note] = []
        clauses: list[Clause] = []
        for item in node.items:
            match item:
                case tree.ClauseNode():
                    clauses.append(_clause(scope, item, _next_number(str(number), clauses, item), numbered))
                case tree.UseNode() | tree.Struck():
                    pass  # what it brings stands here already, unless its file cannot be read
                case _:
                    content.append(_text(scope, item, numbered))
        fields = (article_name(node), node.title.text, str(number), node.span)
        yield Article(*fields, tuple(content), tuple(clauses), is_struck(node))


def _next_number(prefix: str, before: list[Clause], node: tree.ClauseNode) -> str:
    """3.2 after 3.1, and after 3.1A; 3.1A and then 3.1B for clauses that amendments added after 3.1."""
    last = before[-1].number.removeprefix(f"{prefix}.") if before else "0"
    plain = last.rstrip(ascii_uppercase)
    if not isinstance(node, tree.InsertedClauseNode):
        return f"{prefix}.{int(plain) + 1}"
    return f"{prefix}.{plain}{_following(last.removeprefix(plain))}"


def _following(letters: str) -> str:
    """A, B, … Z, AA, AB, …"""
    if not letters:
        return "A"
    if letters[-1] != "Z":
        return letters[:-1] + ascii_uppercase[ascii_uppercase.index(letters[-1]) + 1]
    return _following(letters[:-1]) + "A"


def _text(scope: Scope, node: tree.Paragraph | tree.NoteNode, numbered: Numbered) -> Prose | Note:
    match node:
        case tree.Paragraph(prose=text):
            return prose(scope, text, numbered)
        case tree.NoteNode(text=text):
            return Note(text_prose(text) if isinstance(text, tree.String) else prose(scope, text, numbered))


def _occasions(scope: Scope, file: tree.File) -> Iterator[Operative]:
    """The occasions that stand in no clause: each is named after what happens."""
    for node in file.declarations:
        if isinstance(node, tree.OnEvent):
            found = occasion(scope, node)
            if found is not None:
                yield Operative(found, node.span)


@dataclass
class _ClauseParts:
    """`sentences` counts those whose breach has consequences, `lettered` those and the occasions."""

    within: tuple[str, ...] = ()
    content: list[Prose | Note | Operative] = field(default_factory=list)
    stages: list[str] = field(default_factory=list)
    narrative: str | None = None
    exemptions: list[Exemption] = field(default_factory=list)
    missing_excused: bool = False
    waivers: tuple[str, ...] = ()
    survives: Survival | None = None
    remedies: tuple[Remedy, ...] = ()
    satisfies: list[tuple[str, str]] = field(default_factory=list)
    clauses: list[Clause] = field(default_factory=list)
    sentences: int = 0
    lettered: int = 0


# What a clause says of its rules; without one it would have no effect.
_OF_RULES = (tree.ExceptDuring, tree.ExceptWhere, tree.MissingExcused, tree.OnBreach, tree.MayWaive)


def _clause(
    scope: Scope, node: tree.ClauseNode, number: str, numbered: Numbered, within: tuple[str, ...] = ()
) -> Clause:
    """The clause. `within` are optional terms without which the clauses around it, and so this one, have no effect."""
    needs = _needs(scope, node)
    open_ = tuple(dict.fromkeys((*within, *(name for name in needs if _is_open(scope, name)))))
    before, awake = len(scope.diagnostics), not scope.dormant
    scope.dormant = bool(open_)
    clause = _resolved(scope, node, number, numbered, open_)
    scope.dormant = not awake
    if open_:  # tiers cannot be in order before the terms have values
        scope.diagnostics[before:] = [item for item in scope.diagnostics[before:] if item.code != "T0407"]
    said = tuple(name for name in needs if _is_open(scope, name) or name in _required(node))
    return replace(_asleep(clause), needs=said, open=open_) if open_ else replace(clause, needs=said)


def _resolved(scope: Scope, node: tree.ClauseNode, number: str, numbered: Numbered, open_: tuple[str, ...]) -> Clause:
    parts, title = _ClauseParts(within=open_), _title(node.name, node.title)
    several = sum(isinstance(item, tree.SentenceNode | tree.OnEvent) for item in node.items) > 1
    # What follows from a breach may speak of what any sentence of the clause measures.
    for item in sorted(node.items, key=lambda item: isinstance(item, tree.OnBreach)):
        letter = f"({letter_of(parts.lettered)})" if several else ""
        _clause_item(scope, item, parts, Fields(node.name.text, number, title, parts.sentences + 1, letter), numbered)
    _each_once(scope, node.items, tree.Narrative, tree.MissingExcused, tree.OnBreach, tree.MayWaive, tree.Survives)
    for item in node.items:
        if isinstance(item, _OF_RULES) and not parts.sentences and not scope.doubtful:
            scope.report("T0418", item.span)
        elif isinstance(item, tree.ExceptDuring | tree.ExceptWhere):
            parts.exemptions.extend(_exemptions(scope, item, parts.content))
    content = tuple(_completed(scope, item, parts) if isinstance(item, Operative) else item for item in parts.content)
    _waived_by_others(scope, node, parts)
    return Clause(
        id=node.name.text,
        title=title,
        number=number,
        span=node.span,
        stages=tuple(parts.stages),
        narrative=parts.narrative,
        content=content,
        exemptions=tuple(parts.exemptions),
        missing_excused=parts.missing_excused,
        waivers=parts.waivers,
        survives=parts.survives,
        remedies=parts.remedies,
        satisfies=tuple(parts.satisfies),
        clauses=tuple(parts.clauses),
        omitted=is_struck(node),
    )


def _required(node: tree.ClauseNode) -> Iterator[str]:
    return (name.text for item in node.items if isinstance(item, tree.OnlyIfSet) for name in item.terms)


def _needs(scope: Scope, node: tree.ClauseNode) -> tuple[str, ...]:
    """The terms that the clause says it needs, and every optional one that its own sentences speak of."""
    items = [item for item in node.items if not isinstance(item, tree.ClauseNode)]
    spoken = (name for name in words(items) if _is_open(scope, name))
    return tuple(dict.fromkeys((*_required(node), *spoken)))


def _is_open(scope: Scope, name: str) -> bool:
    found = scope.names.get(name)
    return isinstance(found, Term) and not found.set


def _asleep(clause: Clause) -> Clause:
    """The clause without effect: what its sentences say, and no rules."""
    content = tuple(Dormant(item) if isinstance(item, Operative) else item for item in clause.content)
    return replace(clause, content=content, exemptions=(), missing_excused=False, remedies=())


def _waivers(scope: Scope, node: tree.MayWaive) -> tuple[str, ...]:
    scope.once(node.roles)
    found = [scope.find(name, Role) for name in node.roles]
    return tuple(role.id for role in found if role is not None)


def _waived_by_others(scope: Scope, node: tree.ClauseNode, parts: _ClauseParts) -> None:
    """Nobody waives what binds the own party."""
    party_of = {role.id: role.party for role in scope.names.values() if isinstance(role, Role)}
    rules = [item.rule for item in parts.content if isinstance(item, Operative)]
    bound = {name for rule in rules for name in (rule.named if isinstance(rule, Permission) else (rule.holder or "",))}
    parties = {party_of.get(name, name) for name in bound}
    for item in node.items:
        for name in item.roles if isinstance(item, tree.MayWaive) else ():
            if party_of.get(name.text) in parties:
                scope.report("T0453", name.span, role=name.text, party=party_of[name.text])


def _completed(scope: Scope, item: Operative, parts: _ClauseParts) -> Operative:
    """The rule with what its clause says of all its rules."""
    update = {
        "waived_by": tuple(dict.fromkeys(each for role in parts.waivers for each in scope.seniors(role))),
        "exemptions": tuple(parts.exemptions),
        "missing_excused": parts.missing_excused,
        "survives": parts.survives,
        "remedies": item.rule.remedies if isinstance(item.rule, Occasion) else parts.remedies,
    }
    return replace(item, rule=item.rule.model_copy(update=update))


def _clause_item(
    scope: Scope,
    item: tree.ClauseItem | tree.ClauseNode | tree.Struck,
    parts: _ClauseParts,
    fields: Fields,
    numbered: Numbered,
) -> None:
    match item:
        case tree.Paragraph() | tree.NoteNode():
            parts.content.append(_text(scope, item, numbered))
        case tree.Stage(names=names):
            found = (scope.choose(name, "lifecycle stage", scope.stages) for name in names)
            parts.stages.extend(stage for stage in found if stage)
        case tree.Narrative(reason=reason):
            parts.narrative = reason.text
        case tree.ExceptDuring() | tree.ExceptWhere():
            pass
        case tree.MissingExcused():
            parts.missing_excused = True
        case tree.Survives(period=node):
            length = period(scope, node) if node else None
            parts.survives = None if node and length is None else Survival(period=length)
        case tree.MayWaive():
            parts.waivers = _waivers(scope, item)
        case tree.Satisfies(citations=citations):
            cited = ((scope.find(entry.standard, Standard), entry.text.text) for entry in citations)
            parts.satisfies.extend((standard.id, text) for standard, text in cited if standard)
        case tree.OnBreach():
            seen = seen_of([entry.rule for entry in parts.content if isinstance(entry, Operative)])
            parts.remedies = remedies(scope, item.items, Hangs.BREACH, parts.remedies, seen)
        case tree.OnEvent():
            parts.lettered += 1
            found_occasion = occasion(scope, item, fields)
            if found_occasion is not None:
                parts.content.append(Operative(found_occasion, item.span, None, fields.letter))
        case tree.ClauseNode():
            number = _next_number(fields.number, parts.clauses, item)
            parts.clauses.append(_clause(scope, item, number, numbered, parts.within))
        case tree.OnlyIfSet(terms=names):
            scope.once(names)
            for name in names:
                scope.find(name, Term)
        case tree.Struck():
            pass
        case _:
            _sentence(scope, item, parts, fields, numbered)


def _sentence(scope: Scope, item: tree.SentenceNode, parts: _ClauseParts, fields: Fields, numbered: Numbered) -> None:
    parts.sentences += 1
    parts.lettered += 1
    resolved = rule(scope, item, fields)
    if resolved is not None:
        worded = prose(scope, resolved.worded, numbered, SENTENCE_PARTS) if resolved.worded else None
        parts.content.append(Operative(resolved.rule, item.span, worded, fields.letter))


def _exemptions(
    scope: Scope, item: tree.ExceptDuring | tree.ExceptWhere, content: list[Prose | Note | Operative]
) -> Iterator[Exemption]:
    if isinstance(item, tree.ExceptDuring):
        record = scope.find(item.record, Record)
        rows = series(scope, record, item.where) if record else None
        if rows:
            yield During(record=rows)
        return
    rules = [entry.rule for entry in content if isinstance(entry, Operative)]
    found = [_exempt_where(scope, item, entry) for entry in rules]
    distinct = list(dict.fromkeys(entry for entry in found if entry is not None))
    if len(distinct) > 1:
        scope.report("T0419", item.span)
    yield from (Where(condition=entry) for entry in distinct)


def _exempt_where(scope: Scope, item: tree.ExceptWhere, found: Rule) -> Condition | None:
    """The condition, resolved against the rows that the rule judges."""
    data = scope.names.get(judged_source(found))
    assert isinstance(data, Metric | Event | Record)
    return condition(scope, data, item.where.condition)


def judged_source(found: Rule) -> str:
    """The id of the metric, event or record whose rows a rule judges."""
    match found.kind:
        case "keep":
            return next(iter((*series_of(found.measure), *series_of(found.threshold)))).name
        case "keep_always":
            return found.series.name
        case "response" | "deletion" | "occasion":
            return found.trigger.name
        case "retention":
            return found.record.name
        case _:
            return found.event.name


def _instruments(scope: Scope, amended: Amended, numbered: Numbered) -> tuple[tuple[Amendment, ...], Order | None]:
    """The amendments in force, and the order under which the text stands, if any."""
    node = amended.node
    recitals = tuple(prose(scope, item.prose, numbered) for item in node.items if isinstance(item, tree.Recital))
    changes = tuple(changes_of(node))
    match node:
        case tree.AmendmentNode(number=number):
            last = Amendment(int(number.value), amended.effective, node.span, recitals, changes)
            return (*amended.before, last), None
        case tree.OrderNode(id=name):
            said = {type(item): item for item in node.items}
            title, version, covers = (said.get(kind) for kind in (tree.OrderTitle, tree.Version, tree.Covers))
            order = Order(
                id=name.text,
                title=title.text.text if isinstance(title, tree.OrderTitle) else f"Order {name.text}",
                effective=amended.effective,
                until=amended.until,
                span=node.span,
                version=version.text.text if isinstance(version, tree.Version) else None,
                term=amended.term,
                covers=covered(scope, covers) if isinstance(covers, tree.Covers) else (),
                recitals=recitals,
                changes=changes,
                overrides=tuple(changes_of(replace(node, items=node.overriding))),
                terms=tuple(
                    term
                    for change in changes
                    if isinstance(term := scope.names.get(change.id), Term) and change.what == "term"
                ),
            )
            return amended.before, order


# --- the whole -----------------------------------------------------------------------------------------------


def _assembled(
    scope: Scope, head: _Head, articles: tuple[Article, ...], shared: tuple[Remedy, ...], numbered: Numbered
) -> Agreement:
    assert head.effective is not None
    named, until = scope.names, _until(head.effective, head.term, head.renewal)
    return Agreement(
        title=head.node.title.text,
        version=head.version,
        effective=head.effective,
        until=until,
        timezone=head.timezone,
        span=head.node.span,
        term=head.term,
        renewal=head.renewal,
        governing_law=head.governing_law,
        currency=scope.currency,
        recitals=tuple(prose(scope, text, numbered) for text in head.recitals),
        parties={key: item for key, item in named.items() if isinstance(item, Party)},
        roles={key: item for key, item in named.items() if isinstance(item, Role)},
        environments=tuple(scope.environments),
        stages=tuple(scope.stages),
        metrics={key: item for key, item in named.items() if isinstance(item, Metric)},
        events={key: item for key, item in named.items() if isinstance(item, Event)},
        records={key: item for key, item in named.items() if isinstance(item, Record)},
        terms={key: item for key, item in named.items() if isinstance(item, Term)},
        definitions={key: item for key, item in named.items() if isinstance(item, Definition)},
        standards={key: item for key, item in named.items() if isinstance(item, Standard)},
        calendars=scope.calendars,
        fiscal_year=scope.fiscal_year,
        working={
            name: working_calendar(item, head.timezone, head.effective, until) for name, item in scope.calendars.items()
        },
        articles=articles,
        remedies=shared,
        examples=head.examples,
        precedence=tuple((each.text, each.span) for each in head.precedence),
    )
