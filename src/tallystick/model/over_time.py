"""An agreement over time: its text as it was signed, and as each amendment leaves it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date

from tallystick.diagnostics.diagnostic import Diagnostic, Related
from tallystick.model.agreement import Agreement, Amendment, Clause, Operative
from tallystick.model.conforming import Amended, Text, conformed
from tallystick.model.from_syntax import from_syntax
from tallystick.model.uses import Alias, Joined
from tallystick.rules.rule import Rule
from tallystick.syntax import tree


@dataclass(frozen=True)
class Version:
    """The agreement as it stands from a day on; `used` are the names that something in it refers to. `text` is its tree,
    without scenarios, `aliases` what the files that it uses are given."""

    effective: date
    agreement: Agreement
    used: frozenset[str]
    text: Text
    aliases: tuple[Alias, ...] = ()


@dataclass(frozen=True)
class Amending:
    """An amendment with what stands beside it in its file (scenarios), and what the files that it uses are given."""

    node: tree.AmendmentNode
    scenarios: tuple[tree.ScenarioNode, ...] = ()
    aliases: tuple[Alias, ...] = ()

    @property
    def number(self) -> int:
        """Its number; amendments are numbered from 1."""
        return int(self.node.number.value)

    @property
    def effective(self) -> date | None:
        """The day on which it takes effect; None without one."""
        dates = [item.date.value for item in self.node.items if isinstance(item, tree.Effective)]
        return dates[0] if dates else None


def over_time(
    whole: Joined, amendments: Sequence[Amending], at: date | None = None
) -> tuple[tuple[Version, ...], tuple[Diagnostic, ...]]:
    """The agreement and what each amendment makes of it, in order of number; only those in force `at` a day.

    Each version holds the scenarios that stand in its own file. There are no versions where the agreement has mistakes
    that leave nothing to build on.
    """
    agreement, first, used = from_syntax(whole)
    file = whole.file
    found = list(first)
    ordered = sorted(amendments, key=lambda item: item.number)
    found.extend(_dates(ordered))
    if agreement is None:
        return (), tuple(found)
    plain = tuple(node for node in file.declarations if not isinstance(node, tree.ScenarioNode))
    text, before = Text(replace(file, declarations=plain)), tuple[Amendment, ...]()
    versions = [Version(agreement.effective, agreement, used, text, whole.aliases)]
    for item in ordered:
        effective = item.effective
        if effective is None:
            continue
        found.extend(_outside(item, effective, versions[-1].agreement))
        if at is not None and effective > at:
            continue
        text, mistakes = conformed(text, item.node.changes, effective)
        found.extend([item for item in mistakes if item not in found])
        conformed_file = replace(text.file, declarations=(*text.file.declarations, *item.scenarios))
        whole = replace(whole, aliases=(*whole.aliases, *item.aliases))
        copy = replace(whole, file=conformed_file)
        amended, mistakes, used = from_syntax(copy, Amended(item.node, effective, text.gone, before))
        found.extend([item for item in mistakes if item not in found])
        if amended is None:
            return (), tuple(found)
        found.extend(_ended(item, effective, amended))
        before = amended.amendments
        as_dated = dated(amended, (versions[-1].agreement,), effective)
        versions.append(Version(effective, as_dated, used, text, whole.aliases))
    return tuple(versions), tuple(found)


def dated(agreement: Agreement, before: Sequence[Agreement], effective: date) -> Agreement:
    """The agreement with the day from which the text of each rule is in force, where it is not that of one before."""
    known = [{rule.id: rule for rule in each.rules} for each in before]

    def rule_dated(rule: Rule) -> Rule:
        texts = (rules[rule.id] for rules in known if rule.id in rules)
        same = next((old for old in texts if _undated(old) == _undated(rule)), None)
        return rule.model_copy(update={"effective": effective if same is None else same.effective})

    def clause_dated(clause: Clause) -> Clause:
        content = tuple(
            replace(item, rule=rule_dated(item.rule)) if isinstance(item, Operative) else item
            for item in clause.content
        )
        return replace(clause, content=content, clauses=tuple(map(clause_dated, clause.clauses)))

    articles = (replace(each, clauses=tuple(map(clause_dated, each.clauses))) for each in agreement.articles)
    return replace(agreement, articles=tuple(articles))


def _undated(rule: Rule) -> Rule:
    """What of a rule is judged: its consequences have times in force of their own."""
    return rule.model_copy(update={"effective": None, "remedies": ()})


def _dates(ordered: Sequence[Amending]) -> Iterator[Diagnostic]:
    """Numbers and effective dates that leave a hole, stand twice or run backwards."""
    for place, item in enumerate(ordered):
        number, last = item.node.number, ordered[place - 1] if place else None
        if last is not None and last.number == item.number:
            first = Related(last.node.number.span, "the other has this number, too")
            yield Diagnostic("T0522", number.span, {"number": number.span.text}, (first,))
        elif number.value != (last.number if last else 0) + 1:
            before = (Related(last.node.number.span, "the one before it"),) if last else ()
            facts = {"number": number.span.text, "missing": str((last.number if last else 0) + 1)}
            yield Diagnostic("T0523", number.span, facts, before)
        if not item.node.changes:
            yield Diagnostic("T0255", item.node.path.span, {"number": number.span.text})
        yield from _date(item, last)


def _date(item: Amending, last: Amending | None) -> Iterator[Diagnostic]:
    stated = [each for each in item.node.items if isinstance(each, tree.Effective)]
    for extra in stated[1:]:
        first = Related(stated[0].span, "first declared here")
        yield Diagnostic("T0202", extra.span, {"name": "effective", "kind": "statement"}, (first,))
    if not stated:
        yield Diagnostic("T0520", item.node.number.span, {"number": item.node.number.span.text})
        return
    day, place = item.effective, stated[0].date.span
    if day is None:
        yield Diagnostic("T0207", place, {"date": place.text})
        return
    earlier = last.effective if last else None
    if last is not None and earlier is not None and day < earlier:
        before = Related(last.node.number.span, f"No. {last.number} takes effect on {earlier}")
        yield Diagnostic("T0524", place, {"number": item.node.number.span.text, "day": str(day)}, (before,))


def _outside(item: Amending, day: date, agreement: Agreement) -> Iterator[Diagnostic]:
    """An effective date that lies outside the agreement, as it stands before the amendment."""
    if not agreement.effective < day < (agreement.until or date.max):
        yield _of_time(item, day, agreement)


def _ended(item: Amending, day: date, agreement: Agreement) -> Iterator[Diagnostic]:
    """A term that, as the amendment has it, would be over before the amendment takes effect."""
    said = any(
        isinstance(each, tree.ReplaceChange) and isinstance(each.text, tree.Duration) for each in item.node.changes
    )
    if said and day >= (agreement.until or date.max):
        yield _of_time(item, day, agreement)


def _of_time(item: Amending, day: date, agreement: Agreement) -> Diagnostic:
    place = next(each for each in item.node.items if isinstance(each, tree.Effective)).date.span
    lasts = Related(agreement.span, f"in effect from {agreement.effective} until {agreement.until or 'it ends'}")
    return Diagnostic("T0521", place, {"day": str(day)}, (lasts,))
