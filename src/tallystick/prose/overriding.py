"""Orders against the agreement and against each other: what loosens, what conflicts, and which text goes first."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any

from pydantic import BaseModel

from tallystick.diagnostics.diagnostic import Diagnostic, Related
from tallystick.model.agreement import Agreement, Article, Clause, Dormant
from tallystick.model.conforming import changes_of
from tallystick.model.from_syntax import judged_source
from tallystick.model.orders import Ordered
from tallystick.prose.from_difference import part_words, value_words
from tallystick.prose.quantity import listed
from tallystick.rules.rule import Covered, Occasion, Prevails, Response, Rule
from tallystick.rules.strictness import Difference, Direction, differences, remedy_differences, unsaid
from tallystick.rules.under_orders import overlap
from tallystick.source import Span
from tallystick.syntax import tree

PRECEDENCE = "1.3"
"""The section that states the order of precedence."""

ORDERS, AGREEMENT, SCHEDULES = "orders", "agreement", "schedules"


@dataclass
class Decided:
    """What came of the comparison: mistakes; of each order, the rules in which it goes before the agreement (`over`) and
    those in which the agreement goes first (`yields`); of pairs of orders, which goes first, and where that is said.
    """

    found: list[Diagnostic] = field(default_factory=list)
    over: dict[str, set[str]] = field(default_factory=dict)
    yields: dict[str, set[str]] = field(default_factory=dict)
    goes_first: dict[tuple[str, str], Prevails | None] = field(default_factory=dict)
    section: str | None = None


def decide(agreement: Agreement, orders: Sequence[Ordered], *, complete: bool = True) -> Decided:
    """Compare every order with the agreement and with the others. `agreement` is its last text, with the order of
    precedence; orders that it names may be left out unless the orders are `complete`.
    """
    decided = Decided(section=PRECEDENCE if agreement.precedence else None)
    decided.found.extend(_precedence(agreement, orders, complete=complete))
    ranks = [text for text, _ in agreement.precedence]
    for order in orders:
        decided.over[order.order.id], decided.yields[order.order.id] = set(), set()
        _with_agreement(decided, order, first=_goes_first(ranks, AGREEMENT, order.order.id))
    for place, later in enumerate(orders):
        for earlier in orders[:place]:
            _with_each_other(decided, ranks, earlier, later)
            decided.found.extend(_data(earlier, later))
    return decided


# --- order of precedence -----------------------------------------------------------------------------------------


def _precedence(agreement: Agreement, orders: Sequence[Ordered], *, complete: bool) -> Iterator[Diagnostic]:
    known = [ORDERS, AGREEMENT, SCHEDULES]
    known += [each.title for each in agreement.schedules] + [each.order.id for each in orders]
    seen: dict[str, Span] = {}
    for text, span in agreement.precedence:
        if text in seen:
            yield Diagnostic("T0405", span, {"qualifier": text}, (Related(seen[text], "first said here"),))
        seen.setdefault(text, span)
        if text not in known and complete:
            yield Diagnostic("T0914", span, {"found": text, "known": ", ".join(f"“{each}”" for each in known)})


def _rank(ranks: Sequence[str], name: str) -> int | None:
    """The place of an order, or of the agreement, in the order of precedence."""
    for each in (name, ORDERS) if name != AGREEMENT else (name,):
        if each in ranks:
            return ranks.index(each)
    return None


def _goes_first(ranks: Sequence[str], one: str, other: str) -> bool:
    first, second = _rank(ranks, one), _rank(ranks, other)
    return first is not None and second is not None and first < second


# --- an order and the agreement ----------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Pair:
    """An order with one text of the agreement, and where everything stands in both."""

    ordered: Ordered
    before: Agreement
    after: Agreement

    @property
    def id(self) -> str:
        return self.ordered.order.id

    def change(self, rule: Rule | None, difference: Difference | None) -> tree.ChangeNode | None:
        """The change of the order that made a difference, of a rule or (None) of what follows from every breach."""
        node = self.ordered.node
        sets = {change.name.text: change for change in node.changes if isinstance(change, tree.SetChange)}
        for name in () if difference is None else _terms((difference.before, difference.after)):
            if name in sets:
                return sets[name]
        holders = (
            {name for each in (self.before, self.after) for name in _holders(each, rule.clause)} if rule else set()
        )
        for change in node.changes:
            said = next(changes_of(replace(node, items=(change,))), None)
            if said is None:
                continue
            if said.what in ("clause", "article") and said.id in holders:
                return change
            if rule is None and said.what == "consequences":
                return change
        return None


def _rules(agreement: Agreement) -> list[Rule]:
    """The rules of all clauses, and the occasions that stand in none."""
    return [*agreement.rules, *(item.rule for item in agreement.occasions)]


def _with_agreement(decided: Decided, ordered: Ordered, *, first: bool) -> None:
    """Note what the order loosens. `first`: the agreement goes before it."""
    used: list[tree.ChangeNode] = []
    for own, beside in zip(ordered.versions, ordered.beside, strict=True):
        pair = _Pair(ordered, beside.agreement, own.agreement)
        after = {rule.id: rule for rule in _rules(pair.after)}
        shared = remedy_differences(pair.before.remedies, pair.after.remedies)
        for difference in shared:
            _judge(decided, pair, None, difference, used, first=False)
        for rule in _rules(pair.before):
            new = after.get(rule.id)
            if new is None:
                gone = (Difference("kind", rule, None, Direction.LOOSENS),)
                _all(decided, pair, rule, gone, used, first=first)
            elif unsaid(new) != unsaid(rule):
                _all(decided, pair, rule, differences(rule, new), used, first=first)
            elif not shared or isinstance(rule, Occasion):
                continue
            if rule.id not in decided.yields[pair.id]:
                decided.found.extend(_told_apart(pair, rule, decided.found))
        _with_dormant(decided, pair, after, used)
    for change in ordered.node.overriding:
        if change not in used:
            decided.found.append(Diagnostic("T0913", change.span, {"order": ordered.order.id}))


def _with_dormant(decided: Decided, pair: _Pair, after: Mapping[str, Rule], used: list[tree.ChangeNode]) -> None:
    """What a clause without effect already says binds the order that brings it into effect; what has no value cannot."""
    for clause in pair.before.clauses:
        for item in clause.content:
            new = after.get(item.operative.rule.id) if isinstance(item, Dormant) else None
            if isinstance(item, Dormant) and new is not None:
                bare = [rule.model_copy(update={"remedies": ()}) for rule in (item.operative.rule, new)]
                said = [each for each in differences(*bare) if not _is_open(pair.before, each.before)]
                _all(decided, pair, item.operative.rule, said, used, first=False)


def _is_open(agreement: Agreement, value: Any) -> bool:
    return any(name in agreement.terms and not agreement.terms[name].set for name in _terms((value,)))


def _all(
    decided: Decided,
    pair: _Pair,
    rule: Rule,
    found: Sequence[Difference],
    used: list[tree.ChangeNode],
    *,
    first: bool,
) -> None:
    for difference in found:
        _judge(decided, pair, rule, difference, used, first=first)


def _judge(
    decided: Decided,
    pair: _Pair,
    rule: Rule | None,
    difference: Difference,
    used: list[tree.ChangeNode],
    *,
    first: bool,
) -> None:
    if difference.direction is Direction.TIGHTENS:
        return
    change = pair.change(rule, difference)
    overriding = change is not None and change in pair.ordered.node.overriding
    if change is not None and overriding:
        used.append(change)
    loosens = difference.direction is Direction.LOOSENS
    if first and rule is not None and (loosens or overriding):
        decided.yields[pair.id].add(rule.id)
        _note(decided, _diagnostic("T0912", pair, rule, difference, change))
    elif not overriding:
        _note(decided, _diagnostic("T0910" if loosens else "T0911", pair, rule, difference, change))
    elif rule is not None:
        decided.over[pair.id].add(rule.id)


def _note(decided: Decided, found: Diagnostic) -> None:
    """One mistake for each place and part of a rule, however many texts of the agreement there are."""
    if found not in decided.found:
        decided.found.append(found)


def _diagnostic(
    code: str, pair: _Pair, rule: Rule | None, difference: Difference, change: tree.ChangeNode | None
) -> Diagnostic:
    place, there = _place(pair, rule, change)
    facts = {
        "order": pair.id,
        "what": "what follows from every breach" if rule is None else f"Section {rule.number} ({rule.title})",
        "part": "the duty"
        if isinstance(difference.before, BaseModel) and difference.after is None
        else _part(difference),
        "before": _words(rule, difference, difference.before),
        "after": _words(rule, difference, difference.after),
    }
    return Diagnostic(code, place, facts, (Related(there, "the agreement says this here"),))


def _part(difference: Difference) -> str:
    return f"the {part_words(difference.part)}"


def _words(rule: Rule | None, difference: Difference, value: Any) -> str:
    said = value_words(value) or "something else"
    comparison = getattr(rule, "comparison", None)
    return (
        f"{comparison.value} {said}" if comparison is not None and difference.part in ("threshold", "times") else said
    )


def _place(pair: _Pair, rule: Rule | None, change: tree.ChangeNode | None) -> tuple[Span, Span]:
    """Where the order says it, and where the agreement does."""
    node = pair.ordered.node
    there = _stands(pair.before, rule)
    match change:
        case None:
            return node.id.span, there
        case tree.SetChange(name=name):
            known = pair.before.terms.get(name.text)
            return change.span, there if known is None else known.span
        case _:
            return change.span, there


def _stands(agreement: Agreement, rule: Rule | None) -> Span:
    """The place of the clause of a rule; that of the agreement for what stands in none."""
    return next(
        (each.span for each in agreement.clauses if rule is not None and each.id == rule.clause), agreement.span
    )


def _terms(value: Any) -> Iterator[str]:
    """The names of the terms that stand for a value, or for something in it."""
    match value:
        case tuple():
            for item in value:
                yield from _terms(item)
        case BaseModel():
            name = getattr(value, "term", None)
            if isinstance(name, str):
                yield name
            yield from _terms(tuple(getattr(value, each) for each in type(value).model_fields))
        case _:
            pass


def _holders(agreement: Agreement, clause: str) -> Iterator[str]:
    """The clause, those around it, and its article."""

    def path(holder: Article | Clause) -> tuple[str, ...]:
        if holder.id == clause and isinstance(holder, Clause):
            return (holder.id,)
        inner = next((found for each in holder.clauses if (found := path(each))), ())
        return (holder.id, *inner) if inner else ()

    for article in agreement.articles:
        yield from path(article)


# --- what is covered ---------------------------------------------------------------------------------------------


def _told_apart(pair: _Pair, rule: Rule, known: Sequence[Diagnostic]) -> Iterator[Diagnostic]:
    """A rule that reads otherwise for what an order covers must tell that apart from the rest."""
    missing = undivided(pair.before, rule, pair.ordered.order.covers)
    if not missing:
        return
    covers = next(
        (item.span for item in pair.ordered.node.items if isinstance(item, tree.Covers)), pair.ordered.node.span
    )
    facts = {"order": pair.id, "what": f"Section {rule.number} ({rule.title})", "dimensions": listed(missing)}
    there = Related(_stands(pair.before, rule), "one judgement for all of them stands here")
    found = Diagnostic("T0906", covers, facts, (there,))
    if found not in known:
        yield found


def undivided(agreement: Agreement, rule: Rule, covers: Sequence[Covered]) -> list[str]:
    """The dimensions of what is covered by which a rule does not tell apart what it judges."""
    if over_windows(rule):
        kept: Sequence[str] = rule.per
    else:
        data: Mapping[str, Any] = {**agreement.metrics, **agreement.events, **agreement.records}
        kept = data[judged_source(rule)].dimensions
    return [each.dimension for each in covers if each.dimension not in kept]


def over_windows(rule: Rule) -> bool:
    """Whether a rule judges groups over time, so that its group tells what is covered; else its rows do."""
    if isinstance(rule, Response):
        return rule.share is not None
    return rule.kind in ("keep", "keep_always", "cadence", "count")


# --- two orders --------------------------------------------------------------------------------------------------


def _with_each_other(decided: Decided, ranks: Sequence[str], earlier: Ordered, later: Ordered) -> None:
    one, other = earlier.order, later.order
    if (
        one.id == other.id
        or _apart((one.effective, one.until), (other.effective, other.until))
        or not overlap(one.covers, other.covers)
    ):
        return
    conflict = next(_conflicts(decided, earlier, later), None)
    if conflict is None:
        decided.goes_first[one.id, other.id] = None
    elif _goes_first(ranks, one.id, other.id):
        decided.goes_first[one.id, other.id] = Prevails(over=other.id, section=decided.section)
    elif _goes_first(ranks, other.id, one.id):
        decided.goes_first[other.id, one.id] = Prevails(over=one.id, section=decided.section)
    else:
        decided.found.append(conflict)


def _conflicts(decided: Decided, earlier: Ordered, later: Ordered) -> Iterator[Diagnostic]:
    """Rules that read otherwise under both orders at the same time, and not the same."""
    for place, version in enumerate(later.versions):
        for other_place, other_version in enumerate(earlier.versions):
            times = (version.effective, later.until(place)), (other_version.effective, earlier.until(other_place))
            if _apart(*times):
                continue
            pairs = [
                _Pair(each, each.beside[at].agreement, each.versions[at].agreement)
                for each, at in ((earlier, other_place), (later, place))
            ]
            yield from _differing(decided, *pairs)


_Time = tuple[date, date | None]


def _apart(one: _Time, other: _Time) -> bool:
    """Whether two times have no day in common."""
    return (one[1] or date.max) <= other[0] or (other[1] or date.max) <= one[0]


def _own(decided: Decided, pair: _Pair) -> dict[str, Rule | None]:
    """The rules that read otherwise under an order; None where it has none of that name any more."""
    before = {rule.id: rule for rule in _rules(pair.before)}
    after = {rule.id: rule for rule in _rules(pair.after)}
    yields = decided.yields[pair.id]
    shared = unsaid(pair.before.remedies) != unsaid(pair.after.remedies)
    changed = {
        name: rule
        for name, rule in after.items()
        if name not in yields
        and (name not in before or unsaid(before[name]) != unsaid(rule) or (shared and not isinstance(rule, Occasion)))
    }
    return {**changed, **{name: None for name in before if name not in after and name not in yields}}


def _differing(decided: Decided, one: _Pair, other: _Pair) -> Iterator[Diagnostic]:
    ours, theirs = _own(decided, one), _own(decided, other)
    shared = unsaid(one.after.remedies) != unsaid(other.after.remedies)
    for name in ours:
        if name not in theirs:
            continue
        first, second = ours[name], theirs[name]
        same = first is second if first is None or second is None else unsaid(first) == unsaid(second)
        if same and not shared:
            continue
        rule = first or second
        assert rule is not None
        both = differences(first, second) if first is not None and second is not None else ()
        if not both and same:
            both = remedy_differences(one.after.remedies, other.after.remedies)
        difference = both[0] if both else Difference("kind", first, second, Direction.UNCLEAR)
        places = [_where(pair, rule, difference, shared=same) for pair in (one, other)]
        facts = {
            "order": other.id,
            "other": one.id,
            "what": f"Section {rule.number} ({rule.title})",
            "part": _part(difference),
            "before": _words(rule, difference, difference.before),
            "after": _words(rule, difference, difference.after),
        }
        yield Diagnostic("T0908", places[1], facts, (Related(places[0], f"{one.id} says this here"),))


def _where(pair: _Pair, rule: Rule, difference: Difference, *, shared: bool) -> Span:
    change = pair.change(None if shared else rule, difference) or pair.change(rule, None)
    return pair.ordered.node.id.span if change is None else change.span


def _data(earlier: Ordered, later: Ordered) -> Iterator[Diagnostic]:
    """Data of one name that two orders declare differently."""
    one, other = earlier.versions[-1].agreement, later.versions[-1].agreement
    known = later.beside[-1].agreement
    kinds = ("metrics", "events", "records", "roles")
    for kind in kinds:
        for name, item in getattr(other, kind).items():
            first = getattr(one, kind).get(name)
            if first is None or name in getattr(known, kind) or _plain(first) == _plain(item):
                continue
            related = (Related(first.span, f"{earlier.order.id} declares it here"),)
            facts = {"name": name, "order": later.order.id, "other": earlier.order.id}
            yield Diagnostic("T0909", item.span, facts, related)


def _plain(item: Any) -> tuple[Any, ...]:
    kept = [each for each in item.__dataclass_fields__ if each not in ("span", "means")]
    return tuple(getattr(item, each) for each in kept)
