"""What `{name}` and `{@clause}` in prose print: the name or number of what they point to, as a link."""

from __future__ import annotations

from tallystick.model.agreement import Agreement, Article, Clause, Dormant, Operative, Reference, Schedule, Target
from tallystick.prose.sentence import Inline, Link
from tallystick.rules.rule import Rule, unversioned

INTERPRETATION = "interpretation"
"""The anchor of the Section that says what calendars are."""


def reference_link(agreement: Agreement, reference: Reference) -> Inline:
    """The link that a reference prints. A part of a sentence prints nothing outside of own wording."""
    name, anchor = reference.id, f"{reference.target.value}-{reference.id}"
    match reference.target:
        case Target.TERM:
            return Link(agreement.terms[name].title, anchor)
        case Target.PARTY:
            return Link(agreement.parties[name].called, anchor)
        case Target.ROLE:
            return Link(agreement.roles[name].title, anchor)
        case Target.DEFINITION:
            return Link(agreement.definitions[name].title, anchor)
        case Target.METRIC:
            return Link(agreement.metrics[name].title, anchor)
        case Target.EVENT:
            return Link(agreement.events[name].title, anchor)
        case Target.RECORD:
            return Link(agreement.records[name].title, anchor)
        case Target.STANDARD:
            return Link(agreement.standards[name].title, anchor)
        case Target.CALENDAR:
            return Link(agreement.calendars[name].title, INTERPRETATION)
        case Target.CLAUSE:
            return Link(f"Section\u00a0{_clause(agreement, name).number}", anchor)
        case Target.RULE:
            return Link(f"Section\u00a0{_rule(agreement, name).number}", anchor)
        case Target.ARTICLE:
            return Link(f"Article\u00a0{_article(agreement, name).number}", anchor)
        case Target.SCHEDULE:
            return Link(f"Schedule\u00a0{_schedule(agreement, name).number}", anchor)
        case Target.PART:
            return ""


def _clause(agreement: Agreement, name: str) -> Clause:
    return next(clause for clause in agreement.clauses if clause.id == name)


def _rule(agreement: Agreement, name: str) -> Rule:
    """The rule of that name, also of a clause without effect."""
    items = (item for clause in agreement.clauses for item in clause.content)
    said = (item.operative if isinstance(item, Dormant) else item for item in items)
    rules = (item.rule for item in said if isinstance(item, Operative))
    return next(rule for rule in rules if unversioned(rule.id) == name)


def _article(agreement: Agreement, name: str) -> Article:
    return next(article for article in agreement.articles if article.id == name)


def _schedule(agreement: Agreement, name: str) -> Schedule:
    return next(schedule for schedule in agreement.schedules if schedule.id == name)
