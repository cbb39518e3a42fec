"""What a source has declared, and the one way to look a name up: a wrong name is reported with the nearest right one."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import TypeVar

from tallystick.diagnostics.diagnostic import Diagnostic, Related
from tallystick.model.agreement import (
    Calendar,
    Definition,
    Event,
    Metric,
    Party,
    Record,
    Role,
    Standard,
    Term,
)
from tallystick.rules.rule import FiscalYear
from tallystick.source import Span
from tallystick.syntax.names import VERB
from tallystick.syntax.tree import Name, NameReference, ParamNode

Declared = Party | Role | Metric | Event | Record | Term | Definition | Standard
_D = TypeVar("_D", Party, Role, Metric, Event, Record, Term, Definition, Standard)

KIND_WORDS: dict[type, str] = {
    Party: "party",
    Role: "role",
    Metric: "metric",
    Event: "event",
    Record: "record",
    Term: "term",
    Definition: "definition",
    Standard: "standard",
}


def with_article(noun: str) -> str:
    """`a party`, `an event`."""
    return f"an {noun}" if noun[0] in "aeiou" else f"a {noun}"


@dataclass
class Scope:
    """The names of one agreement while it is being resolved, and the mistakes found on the way.

    Names may be unknown where a file is `missing`. Optional terms may stand in what is `dormant` without them.
    """

    doubtful: frozenset[str] = frozenset()
    missing: bool = False
    dormant: bool = False
    diagnostics: list[Diagnostic] = field(default_factory=list)
    names: dict[str, Declared] = field(default_factory=dict)
    clauses: dict[str, Span] = field(default_factory=dict)
    environments: dict[str, Span] = field(default_factory=dict)
    stages: dict[str, Span] = field(default_factory=dict)
    currency: str | None = None
    calendars: dict[str, Calendar] = field(default_factory=dict)
    fiscal_year: FiscalYear | None = None
    used: set[str] = field(default_factory=set)
    rule_ids: dict[str, Span] = field(default_factory=dict)
    term_ends: bool = False
    term_in_months: bool = False

    def report(
        self,
        code: str,
        span: Span | None,
        *,
        instead: str | None = None,
        related: tuple[Related, ...] = (),
        **facts: str,
    ) -> None:
        """Note a mistake; one that several rules of a clause share is noted once."""
        found = Diagnostic(code, span, facts, related, instead)
        if found not in self.diagnostics[-20:]:
            self.diagnostics.append(found)

    def declare(self, declared: Declared) -> None:
        """Add a name; the second declaration of a name is a mistake that names both places."""
        span = declared.span
        alike = (other for other in self.names.values() if other.id.lower() == declared.id.lower())
        before = self.names.get(declared.id) or next(alike, None)
        if declared.id == VERB:
            self.report("T0209", span, name=declared.id)
        elif before is None:
            self.names[declared.id] = declared
        elif before.span is None:
            self.report("T0209", span, name=declared.id)
        elif before.id != declared.id:
            first = Related(before.span, "the other stands here")
            self.report("T0213", span, name=declared.id, other=before.id, related=(first,))
        else:
            self.twice(declared.id, KIND_WORDS[type(declared)], span, before.span)

    def twice(self, name: str, kind: str, span: Span | None, first: Span) -> None:
        """Report a name that is declared a second time: in the same file, in another, or by a file that is used twice."""
        apart = span is not None and (span.source.name != first.source.name or span == first)
        related = (Related(first, "first declared here"),)
        self.report("T0240" if apart else "T0202", span, name=name, kind=kind, related=related)

    def find(self, name: Name | NameReference, kind: type[_D]) -> _D | None:
        """The declaration of that name and kind; reports when there is none."""
        found = self.find_any(name, kind)
        return found if isinstance(found, kind) else None

    def find_any(self, name: Name | NameReference, *kinds: type) -> Declared | None:
        """The declaration of that name and one of those kinds; reports when there is none."""
        found = self.names.get(name.text)
        if isinstance(found, kinds):
            self.used.add(name.text)
            return found
        wanted = " or ".join(KIND_WORDS[kind] for kind in kinds)
        if found is not None and name.text in self.doubtful:
            return None
        if found is not None:
            is_a = with_article(KIND_WORDS[type(found)])
            self.report("T0203", name.span, name=name.text, is_a=is_a, wanted=with_article(wanted))
        else:
            self.unknown(name, wanted, (key for key, value in self.names.items() if isinstance(value, kinds)))
        return None

    def unknown(self, name: Name | NameReference, wanted: str, known: Iterable[str]) -> None:
        """Report a name that is not among the known ones, with the nearest of them."""
        if name.text in self.doubtful or self.missing:
            return
        known = list(known)
        close = get_close_matches(name.text, known, 1, 0.6)
        listed = f", or use one of: {', '.join(sorted(known)[:12])}" if known else ""
        self.report(
            "T0201", name.span, name=name.text, wanted=wanted, known=listed, instead=close[0] if close else None
        )

    def wrong_parameter(self, param: ParamNode, span: Span) -> None:
        """Report what was given for a parameter and is not of its kind."""
        there = (Related(param.span, "the parameter stands here"),)
        self.report("T0243", span, name=param.name.text, kind=param.type.text, related=there)

    def unknown_kind(self, name: Name, known: Sequence[str]) -> None:
        """Report a kind of value that does not exist."""
        close = get_close_matches(name.text, known, 1, 0.6)
        listed = ", ".join(known)
        self.report("T0246", name.span, type=name.text, known=listed, instead=close[0] if close else None)

    def once(self, names: Iterable[Name]) -> None:
        """Report a name that stands a second time in one list."""
        seen: dict[str, Span] = {}
        for name in names:
            if name.text in seen:
                first = Related(seen[name.text], "first said here")
                self.report("T0405", name.span, qualifier=name.text, related=(first,))
            seen.setdefault(name.text, name.span)

    def choose(self, name: Name, wanted: str, known: Mapping[str, object]) -> str | None:
        """The name itself if it is a key of `known`; reports when it is not."""
        if name.text in known:
            self.used.add(name.text)
            return name.text
        self.unknown(name, wanted, known)
        return None

    def seniors(self, role: str) -> tuple[str, ...]:
        """The role and every role above it, nearest first."""
        found = [role]
        for current in found:
            found.extend(
                other.id
                for other in self.names.values()
                if isinstance(other, Role) and other.above == current and other.id not in found
            )
        return tuple(found)

    @property
    def dimensions(self) -> tuple[str, ...]:
        """Every dimension that a metric, event or record of the agreement has."""
        found: dict[str, None] = {}
        for declared in self.names.values():
            if isinstance(declared, Metric) or (isinstance(declared, Event | Record) and declared.span is not None):
                found.update(dict.fromkeys(declared.dimensions))
        return tuple(found)
