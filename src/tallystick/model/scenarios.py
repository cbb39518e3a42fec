"""From the tree of a scenario to what it gives and expects: names found, numbers in the units of their data."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal, localcontext
from zoneinfo import ZoneInfo

from tallystick.diagnostics.diagnostic import Related
from tallystick.model.agreement import Article, Clause, Event, Metric, Operative, Party, Record, Role
from tallystick.model.conditions import kind_of
from tallystick.model.money import calendar_unit
from tallystick.model.remedies import holder, whole
from tallystick.model.scenario import (
    ActExpected,
    BlockExpected,
    CureExpected,
    EscalationExpected,
    Expected,
    Given,
    Owed,
    Place,
    RightExpected,
    Scenario,
    Shown,
    SumExpected,
    VerdictExpected,
    WaiverExpected,
)
from tallystick.model.scope import Scope
from tallystick.model.values import Typed, comparable, day, value
from tallystick.quantities import Kind, Quantity, known_unit
from tallystick.rules.rule import (
    Block,
    CalendarUnit,
    Gate,
    NotifyDuty,
    Occasion,
    PerformDuty,
    Remedy,
    Right,
    Rule,
    followed,
)
from tallystick.source import Span
from tallystick.syntax import tree

MAXIMUM_ROWS = 100_000

Data = Metric | Event | Record


@dataclass(frozen=True)
class _Told:
    """What every part of a scenario needs to know of its agreement. `shared` are consequences of all its rules."""

    scope: Scope
    zone: ZoneInfo
    rules: tuple[Rule, ...]
    shared: tuple[Remedy, ...]


def scenarios(
    scope: Scope,
    file: tree.File,
    timezone: str,
    articles: tuple[Article, ...],
    shared: tuple[Remedy, ...],
    occasions: tuple[Operative, ...],
) -> tuple[Scenario, ...]:
    """Every scenario of a file. What only a scenario names does not count as used."""
    used = set(scope.used)
    told = _Told(scope, ZoneInfo(timezone), (*_rules(articles), *(item.rule for item in occasions)), shared)
    seen: dict[str, Span] = {}
    found = []
    for node in file.declarations:
        if isinstance(node, tree.ScenarioNode):
            title = node.title.text
            if title in seen:
                scope.twice(title, "scenario", node.title.span, seen[title])
            seen.setdefault(title, node.title.span)
            found.append(_scenario(told, node))
    scope.used = used
    return tuple(item for item in found if item is not None)


def _rules(articles: Iterable[Article]) -> Iterator[Rule]:
    for article in articles:
        yield from _rules_of(article.clauses)


def _rules_of(clauses: Iterable[Clause]) -> Iterator[Rule]:
    for clause in clauses:
        yield from clause.rules
        yield from _rules_of(clause.clauses)


def _scenario(told: _Told, node: tree.ScenarioNode) -> Scenario | None:
    given = [_given(told, item) for item in node.items if isinstance(item, tree.GivenNode)]
    expected = [_expected(told, item) for item in node.items if isinstance(item, tree.ExpectNode)]
    days = [item for item in node.items if isinstance(item, tree.AsOf)]
    if not expected and not told.scope.doubtful:
        told.scope.report("T0601", node.title.span, scenario=node.title.text)
    if len(days) != 1 and not told.scope.doubtful:
        places = tuple(Related(item.span, "a day stands here") for item in days)
        told.scope.report("T0602", node.title.span, scenario=node.title.text, related=places)
    as_of = _moment(told, days[0].moment) if days else None
    rows = tuple(item for item in given if item is not None)
    if sum(len(item.times) * item.count for item in rows) > MAXIMUM_ROWS:
        told.scope.report("T0605", node.title.span, limit=f"{MAXIMUM_ROWS:,}")
        return None
    wanted = tuple(item for item in expected if item is not None)
    return Scenario(node.title.text, node.span, rows, as_of, wanted) if as_of else None


# --- times ---------------------------------------------------------------------------------------------------


def _moment(told: _Told, node: tree.Moment) -> datetime | None:
    local = _local(told.scope, node)
    return None if local is None else _instant(told, local)


def _local(scope: Scope, node: tree.Moment) -> datetime | None:
    """The local time, without a zone; reports a day or time that does not exist."""
    found = day(scope, node.date)
    if node.time is not None and node.time.value is None:
        scope.report("T0606", node.time.span, time=node.time.span.text)
        return None
    clock = node.time.value if node.time is not None else time()
    return None if found is None or clock is None else datetime.combine(found, clock)


def _instant(told: _Told, local: datetime) -> datetime:
    return local.replace(tzinfo=told.zone).astimezone(UTC)


def _times(told: _Told, node: tree.OnMoment | tree.EachFrom) -> tuple[datetime, ...] | None:
    """The instants of `on …`, or of `each … from … until …`, whose end is not included."""
    if isinstance(node, tree.OnMoment):
        moment = _moment(told, node.moment)
        return None if moment is None else (moment,)
    each, start, end = calendar_unit(told.scope, node.each), _local(told.scope, node.start), _moment(told, node.end)
    if each is None or start is None or end is None:
        return None
    if _instant(told, start) >= end:
        told.scope.report("T0607", node.end.span)
        return None
    found: list[datetime] = []
    for moment in _steps(told, each, start):
        if moment >= end or len(found) > MAXIMUM_ROWS:
            break
        found.append(moment)
    return tuple(found)


def _steps(told: _Told, each: CalendarUnit, start: datetime) -> Iterator[datetime]:
    """Hours follow each other by the clock that is never changed, all else by the calendar."""
    for step in range(MAXIMUM_ROWS + 2):
        match each:
            case CalendarUnit.HOUR:
                yield _instant(told, start) + timedelta(hours=step)
            case CalendarUnit.DAY:
                yield _instant(told, start + timedelta(days=step))
            case CalendarUnit.WEEK:
                yield _instant(told, start + timedelta(weeks=step))
            case CalendarUnit.MONTH:
                yield _instant(told, _months_later(start, step))
            case CalendarUnit.QUARTER | CalendarUnit.FISCAL_QUARTER:
                yield _instant(told, _months_later(start, 3 * step))
            case CalendarUnit.YEAR | CalendarUnit.FISCAL_YEAR:
                yield _instant(told, _months_later(start, 12 * step))


def _months_later(start: datetime, months: int) -> datetime:
    """The same day some months later; the last day of a month that lacks it."""
    year, month = divmod(start.year * 12 + start.month - 1 + months, 12)
    following = date(year + (month + 1) // 12, (month + 1) % 12 + 1, 1)
    last = (following - timedelta(days=1)).day
    return start.replace(year=year, month=month + 1, day=min(start.day, last))


# --- what is given -------------------------------------------------------------------------------------------

Texts = tuple[tuple[str, str], ...]
Numbers = tuple[tuple[str, Decimal], ...]


def _given(told: _Told, node: tree.GivenNode) -> Given | None:
    found = _given_data(told, node)
    data = told.scope.names.get(found.name) if found else None
    if found and isinstance(data, Metric | Record) and data.derived:
        told.scope.report("T0445", node.span, name=found.name)
        return None
    return found


def _given_data(told: _Told, node: tree.GivenNode) -> Given | None:
    scope = told.scope
    match node:
        case tree.GivenNone():
            found = scope.find_any(node.source, Metric, Event, Record)
            return Given(kind_of(found), found.id, node.span) if isinstance(found, Metric | Event | Record) else None
        case tree.GivenSamples():
            metric = scope.find(node.metric, Metric)
            return _samples(told, node, metric) if metric else None
        case tree.GivenEvent():
            event = scope.find(node.event, Event)
            return _event(told, node, event) if event else None
        case tree.GivenRecord():
            record = scope.find(node.record, Record)
            return _record(told, node, record) if record else None


def _samples(told: _Told, node: tree.GivenSamples, metric: Metric) -> Given | None:
    times, texts = _times(told, node.when), _texts(told.scope, metric, node.where)
    count = whole(told.scope, node.count) if node.count else 1
    number = _number(told.scope, node.value, metric.unit)
    if times is None or texts is None or count is None or number is None:
        return None
    if not _complete(told.scope, metric, {name for name, _ in texts}, node.span):
        return None
    return Given(kind_of(metric), metric.id, node.span, times, count, texts=texts, numbers=(("value", number),))


def _event(told: _Told, node: tree.GivenEvent, event: Event) -> Given | None:
    times, texts = _times(told, node.when), _texts(told.scope, event, node.where)
    numbers = _numbers(told.scope, event, node.values)
    if times is None or texts is None or numbers is None:
        return None
    if not _complete(told.scope, event, {name for name, _ in (*texts, *numbers)}, node.span):
        return None
    return Given(kind_of(event), event.id, node.span, times, texts=texts, numbers=numbers)


def _record(told: _Told, node: tree.GivenRecord, record: Record) -> Given | None:
    start, texts = _moment(told, node.start), _texts(told.scope, record, node.where)
    end = _moment(told, node.end) if node.end else None
    numbers = _numbers(told.scope, record, node.values)
    if start is None or (node.end and end is None) or texts is None or numbers is None:
        return None
    if not _complete(told.scope, record, {name for name, _ in (*texts, *numbers)}, node.span):
        return None
    if node.end is not None and end is not None and end < start:
        told.scope.report("T0607", node.end.span)
        return None
    return Given(kind_of(record), record.id, node.span, (start,), end=end, texts=texts, numbers=numbers)


def _complete(scope: Scope, data: Data, named: set[str], span: Span) -> bool:
    """Whether a row has all that its data declares."""
    optional = () if isinstance(data, Metric) else data.optional
    attributes = () if isinstance(data, Metric) else tuple(item.name for item in data.attributes)
    missing = [name for name in (*data.dimensions, *attributes) if name not in named and name not in optional]
    if missing:
        scope.report("T0604", span, name=data.id, missing=" and ".join(missing))
    return not missing


def _texts(scope: Scope, data: Data, where: tree.Where | None) -> Texts | None:
    """The dimensions of a row, which `where` gives outright: `model is "credit" and environment is "production"`."""
    if where is None:
        return ()
    condition = where.condition
    parts = condition.parts if isinstance(condition, tree.AllOf) else (condition,)
    found = [_text(scope, data, part) for part in parts]
    texts = tuple(item for item in found if item is not None)
    return texts if len(texts) == len(found) and _once(scope, texts, where.span) else None


def _once(scope: Scope, texts: Texts, span: Span) -> bool:
    twice = [name for place, (name, _) in enumerate(texts) if name in dict(texts[:place])]
    if twice:
        scope.report("T0603", span, found=span.text)
    return not twice


def _text(scope: Scope, data: Data, node: tree.ConditionNode) -> tuple[str, str] | None:
    match node:
        case tree.ComparisonNode(
            left=tree.NameReference() as left, comparator=tree.Comparator(words="is"), right=tree.String() as right
        ):
            name = scope.choose(tree.Name(left.span, left.text), "dimension", dict.fromkeys(data.dimensions))
            known = name is None or _known_text(scope, name, right)
            return (name, right.text) if name and known else None
        case _:
            scope.report("T0603", node.span, found=node.span.text)
            return None


def _known_text(scope: Scope, dimension: str, text: tree.String) -> bool:
    """Environments and roles are declared, so a slip in one is a mistake."""
    name = tree.Name(text.span, text.text)
    if dimension == "environment" and scope.environments:
        return scope.choose(name, "environment", scope.environments) is not None
    roles = {item.id: item for item in scope.names.values() if isinstance(item, Role)}
    return dimension != "role" or not roles or scope.choose(name, "role", roles) is not None


def _numbers(scope: Scope, data: Event | Record, values: tree.GivenValues | None) -> Numbers | None:
    units = {item.name: item.unit for item in data.attributes}
    found: dict[str, Decimal] = {}
    scope.once([item.name for item in values.values] if values else [])
    for item in values.values if values else ():
        name = scope.choose(item.name, "attribute", units)
        number = _number(scope, item.value, units[name]) if name else None
        if name is None or number is None:
            return None
        found[name] = number
    return tuple(found.items())


def _number(scope: Scope, node: tree.Expression, unit: str) -> Decimal | None:
    """A number in the unit of its data. A sample of a fraction may be written 0.91 as well as 91%."""
    found = value(scope, node)
    if found is None:
        return None
    quantity, typed = found[0].quantity, found[1]
    wanted = Typed(unit)
    plain = (Kind.COUNT, Kind.SCORE)
    if typed.bare and (wanted.kind in plain or (wanted.kind is Kind.FRACTION and quantity.value <= 1)):
        return quantity.value
    if not comparable(scope, typed, wanted, node.span):
        return None
    with localcontext(prec=60):
        base = quantity.base / known_unit(unit).factor
        return Decimal(base.numerator) / Decimal(base.denominator)


# --- what is expected ----------------------------------------------------------------------------------------


def _expected(told: _Told, node: tree.ExpectNode) -> Expected | None:
    scope = told.scope
    match node:
        case tree.ExpectVerdict():
            shown, place = _shown(scope, node.value) if node.value else None, _place(told, node, _ids(told, node.rule))
            by = scope.find(node.excused_by, Record) if node.excused_by else None
            if place is None or (node.excused_by and by is None):
                return None
            return VerdictExpected(node.span, place, node.verdict.text, shown, by.id if by else None)
        case tree.ExpectNotify() | tree.ExpectPerform() | tree.ExpectBlocked():
            place = _place(told, node, _duties(told, node))
            return VerdictExpected(node.span, place, node.verdict.text) if place else None
        case tree.ExpectCredit():
            return _sum(scope, node)
        case tree.ExpectNoCredit():
            party = scope.find(node.party, Party) if node.party else None
            who = party.id if party else None
            return SumExpected(node.span, _owed(node), who, None) if party or not node.party else None
        case tree.ExpectMay() | tree.ExpectMayNot():
            return _act(told, node)
        case tree.ExpectRight() | tree.ExpectNoRight():
            party = scope.find(node.party, Party)
            return RightExpected(node.span, party.id, isinstance(node, tree.ExpectRight)) if party else None
        case tree.ExpectCure():
            place = _place(told, node, _ids(told, node.rule))
            return CureExpected(node.span, place, node.state.text) if place else None
        case tree.ExpectEscalation() | tree.ExpectNoEscalation():
            place, role = _place(told, node, _ids(told, node.rule)), scope.find(node.role, Role)
            due = not isinstance(node, tree.ExpectNoEscalation)
            return EscalationExpected(node.span, place, role.id, due) if place and role else None
        case tree.ExpectBlock() | tree.ExpectNoBlock():
            return _block(told, node)
        case tree.ExpectWaiver():
            return _waiver(told, node)


def _ids(told: _Told, name: tree.Name) -> tuple[str, ...]:
    return tuple(rule.id for rule in _rules_called(told, name))


_Placed = tree.ExpectVerdict | tree.ExpectDuty | tree.ExpectCure | tree.ExpectEscalation


def _place(told: _Told, node: _Placed, rules: tuple[str, ...]) -> Place | None:
    """Which findings are meant; None where the rules, the group or the time are not right."""
    group = _group(told.scope, node.group)
    if group is None or not rules:
        return None
    if node.when is None:
        return Place(rules, group)
    since = _moment(told, node.when.moment)
    if since is None:
        return None
    until = None
    if isinstance(node.when, tree.OnMoment) and node.when.moment.time is None:
        local = _local(told.scope, node.when.moment)
        until = _instant(told, local + timedelta(days=1)) if local else None
    gates = (
        tuple(rule.id for rule in told.rules if isinstance(rule, Gate)) if isinstance(node.when, tree.OnMoment) else ()
    )
    return Place(rules, group, since, until, gates)


def _block(told: _Told, node: tree.ExpectBlock) -> BlockExpected | None:
    event, group = told.scope.find(node.event, Event), _group(told.scope, node.group)
    rules = _ids(told, node.under.name) if node.under else tuple(rule.id for rule in told.rules)
    if event is None or group is None or not rules:
        return None
    if not any(isinstance(each, Block) and each.event == event.id for each in _remedies(told, rules)):
        told.scope.report("T0610", node.span, event=event.id)
        return None
    blocked = not isinstance(node, tree.ExpectNoBlock)
    return BlockExpected(node.span, Place(rules, group), event.id, blocked)


def _remedies(told: _Told, rules: tuple[str, ...]) -> Iterator[Remedy]:
    for rule in told.rules:
        if rule.id in rules:
            yield from rule.remedies
    yield from told.shared


def _waiver(told: _Told, node: tree.ExpectWaiver) -> WaiverExpected | None:
    """Only an orphaned waiver is of a clause without a rule."""
    name, orphaned = node.clause.text, node.state.text == "orphaned"
    known = {rule.clause for rule in told.rules}
    if orphaned is (name in known):
        if orphaned:
            told.scope.report("T0611", node.span, clause=name)
        else:
            told.scope.unknown(node.clause, "clause with a rule", known)
        return None
    return WaiverExpected(node.span, name, node.state.text)


def _rules_called(told: _Told, name: tree.Name) -> tuple[Rule, ...]:
    """The rule of that name; a clause stands for all its rules."""
    found = tuple(rule for rule in told.rules if name.text in (rule.id, rule.clause))
    if not found:
        known = {key for rule in told.rules for key in (rule.id, rule.clause)}
        told.scope.unknown(name, "rule or clause with a rule", known)
    return found


def _duties(told: _Told, node: tree.ExpectDuty) -> tuple[str, ...]:
    """The ids of the findings about such a duty, or about such a block."""
    scope = told.scope
    what = scope.find(node.what, Role) if isinstance(node, tree.ExpectNotify) else scope.find(node.what, Event)
    rules = _rules_called(told, node.under.name) if node.under else told.rules
    if what is None or not rules:
        return ()
    found = tuple(
        f"{path}/{remedy.id}"
        for rule in rules
        for path, remedy in followed((*rule.remedies, *(() if isinstance(rule, Occasion) else told.shared)), rule.id)
        if isinstance(remedy, NotifyDuty | PerformDuty | Block) and _is_of(node, remedy, what.id)
    )
    if found:
        return found
    match node:
        case tree.ExpectBlocked():
            scope.report("T0610", node.span, event=what.id)
        case _:
            verb = "notify" if isinstance(node, tree.ExpectNotify) else "perform"
            scope.report("T0608", node.span, duty=f"{verb} {what.id}")
    return ()


def _is_of(node: tree.ExpectDuty, remedy: NotifyDuty | PerformDuty | Block, what: str) -> bool:
    match remedy:
        case NotifyDuty():
            return isinstance(node, tree.ExpectNotify) and remedy.role == what
        case PerformDuty():
            return isinstance(node, tree.ExpectPerform) and remedy.event == what
        case Block():
            return isinstance(node, tree.ExpectBlocked) and remedy.event == what


def _group(scope: Scope, node: tree.ForGroup | None) -> Texts | None:
    found: list[tuple[str, str]] = []
    scope.once([item.dimension for item in node.values] if node else [])
    for item in node.values if node else ():
        name = scope.choose(item.dimension, "dimension", dict.fromkeys(scope.dimensions))
        if name is None:
            return None
        found.append((name, item.value.text))
    return tuple(found)


def _shown(scope: Scope, node: tree.Expression) -> Shown | None:
    found = value(scope, node)
    if found is None:
        return None
    decimals = node.span.text.split()[0 if not isinstance(node, tree.Money) else -1].rstrip("%").partition(".")[2]
    return Shown(found[0].quantity, len(decimals) + (2 if isinstance(node, tree.Percent) else 0))


def _owed(node: tree.ExpectCredit | tree.ExpectNoCredit) -> Owed:
    match node:
        case tree.ExpectInterest() | tree.ExpectNoInterest():
            return Owed.INTEREST
        case tree.ExpectRefund() | tree.ExpectNoRefund():
            return Owed.REFUND
        case _:
            return Owed.CREDIT


def _act(told: _Told, node: tree.ExpectMay | tree.ExpectMayNot) -> ActExpected | None:
    """A right that some consequence of the agreement gives."""
    who, event = holder(told.scope, node.holder), told.scope.find(node.event, Event)
    if who is None or event is None:
        return None
    given = (remedy for rule in told.rules for _, remedy in followed((*rule.remedies, *told.shared), ""))
    if not any(isinstance(each, Right) and (each.holder, each.event) == (who, event.id) for each in given):
        told.scope.report("T0612", node.span, holder=node.holder.text, event=event.id)
        return None
    return ActExpected(node.span, who, event.id, isinstance(node, tree.ExpectMay))


def _sum(scope: Scope, node: tree.ExpectCredit) -> SumExpected | None:
    party, found = scope.find(node.party, Party), value(scope, node.amount)
    if party is None or found is None:
        return None
    quantity = found[0].quantity
    if found[1].kind is not Kind.MONEY:
        scope.report("T0412", node.amount.span)
        return None
    if scope.currency is not None and quantity.unit != scope.currency:
        scope.report("T0511", node.amount.span, found=quantity.unit, currency=scope.currency)
        return None
    return SumExpected(node.span, _owed(node), party.id, Quantity(value=quantity.value, unit=quantity.unit))
