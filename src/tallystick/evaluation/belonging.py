"""The instant a breach belongs to, which decides the calendar period of its credit."""

from __future__ import annotations

from zoneinfo import ZoneInfo

from tallystick.evaluation.clock import localized
from tallystick.evaluation.finding import Finding
from tallystick.rules.rule import CountEvents, Keep, Response, RuleFields


def instant_of(finding: Finding) -> int:
    """The breach instant of a breached finding."""
    return finding.end if finding.decided is None else finding.decided


def belongs(rule: RuleFields, finding: Finding) -> int:
    """The last instant of a window; else the breach instant."""
    over_windows = isinstance(rule, Keep | CountEvents) or (isinstance(rule, Response) and rule.share is not None)
    return finding.end - 1 if over_windows else instant_of(finding)


def names_of(rule: RuleFields, finding: Finding, zone: ZoneInfo) -> tuple[str, ...]:
    """What a notice, cure or claim may say that it is about: the finding, or the local day, month or year of it."""
    day = localized(belongs(rule, finding), zone).date().isoformat()
    return finding.id, day, day[:7], day[:4]
