"""Prose: Markdown with `{name}` and `{@clause}` in it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from tallystick.diagnostics.diagnostic import Related
from tallystick.model.agreement import (
    Definition,
    Event,
    Metric,
    Party,
    Prose,
    Record,
    Reference,
    Role,
    Standard,
    Target,
    Term,
)
from tallystick.model.scope import Declared, Scope
from tallystick.source import Span
from tallystick.syntax import tree
from tallystick.syntax.names import INTERPOLATION, VERB

_NAME = re.compile(r"@?[A-Za-z_][A-Za-z0-9_]*\Z")

_TARGETS: dict[type[Declared], Target] = {
    Term: Target.TERM,
    Party: Target.PARTY,
    Role: Target.ROLE,
    Definition: Target.DEFINITION,
    Metric: Target.METRIC,
    Event: Target.EVENT,
    Record: Target.RECORD,
    Standard: Target.STANDARD,
}


@dataclass(frozen=True)
class Numbered:
    """The ids of everything that `{@…}` may point to, and of what amendments took away."""

    clauses: frozenset[str]
    articles: frozenset[str]
    schedules: frozenset[str] = frozenset()
    gone: Mapping[str, Span] = field(default_factory=dict)
    labels: frozenset[str] = frozenset()


def prose(scope: Scope, node: tree.ProseText, numbered: Numbered, parts: frozenset[str] = frozenset()) -> Prose:
    """Prose with its references resolved; one that leads nowhere is reported and printed as it stands.

    `parts` are names that stand for parts of a sentence (in own wording), and win over declared names.
    """
    found: list[str | Reference] = []
    end = 0
    for match in INTERPOLATION.finditer(node.text):
        span = Span(node.span.source, node.offsets[match.start()], node.offsets[match.end() - 1] + 1)
        reference = _reference(scope, match.group(1).strip(), span, numbered, parts)
        found.extend([node.text[end : match.start()], reference or match.group()])
        end = match.end()
    found.append(node.text[end:])
    return Prose(tuple(part for part in found if part != ""), node.span)


def text_prose(node: tree.String) -> Prose:
    """Plain text as prose."""
    return Prose((node.text,), node.span)


def _reference(scope: Scope, name: str, span: Span, numbered: Numbered, parts: frozenset[str]) -> Reference | None:
    if not _NAME.match(name):
        scope.report("T0502", span, found=span.text)
        return None
    if name in parts:
        return Reference(Target.PART, name, span)
    if name == VERB:
        return Reference(Target.VERB, name, span)
    if name.startswith("@"):
        return _cross_reference(scope, name[1:], span, numbered)
    declared = scope.names.get(name)
    if declared is None and name in scope.calendars:
        scope.used.add(name)
        return Reference(Target.CALENDAR, name, span)
    if declared is None:
        scope.unknown(tree.Name(span, name), "term, party, role or definition", [*scope.names, *parts])
        return None
    scope.used.add(name)
    return Reference(_TARGETS[type(declared)], name, span)


def _cross_reference(scope: Scope, name: str, span: Span, numbered: Numbered) -> Reference | None:
    if name in numbered.gone:
        related = Related(numbered.gone[name], "no longer there since this change")
        scope.report("T0254", span, name=name, related=(related,))
        return None
    if name in numbered.clauses:
        return Reference(Target.CLAUSE, name, span)
    if name in numbered.articles:
        return Reference(Target.ARTICLE, name, span)
    if name in numbered.schedules:
        return Reference(Target.SCHEDULE, name, span)
    if name in numbered.labels:
        return Reference(Target.RULE, name, span)
    known = [*numbered.clauses, *numbered.articles, *numbered.schedules, *numbered.labels]
    scope.unknown(tree.Name(span, name), "clause, labelled sentence, article or schedule", known)
    return None
