"""What `{name}` and `{@clause}` in prose print: the name or number of what they point to, as a link."""

from __future__ import annotations

from tallystick.model.agreement import Agreement, Reference, Target
from tallystick.prose.manner import manner
from tallystick.prose.sentence import Inline, Link

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
            return Link(f"Section\u00a0{agreement.numbers[reference.target, name]}", anchor)
        case Target.RULE:
            return Link(f"Section\u00a0{agreement.numbers[reference.target, name]}", anchor)
        case Target.ARTICLE:
            return Link(f"Article\u00a0{agreement.numbers[reference.target, name]}", anchor)
        case Target.SCHEDULE:
            return Link(f"Schedule\u00a0{agreement.numbers[reference.target, name]}", anchor)
        case Target.VERB:
            return manner().verb
        case Target.PART:
            return ""
