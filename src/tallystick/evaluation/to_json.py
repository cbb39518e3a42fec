"""An evaluation as plain JSON: the same inputs give the same bytes."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from tallystick.evaluation.bulk import tallied
from tallystick.evaluation.clock import NEVER, localized
from tallystick.evaluation.evaluation import Evaluation
from tallystick.evaluation.finding import Bounds, Evidence, Finding
from tallystick.facts.tables import SetAside
from tallystick.rules.rule import order_of
from tallystick.rules.rulebook import Rulebook

_UTC = ZoneInfo("UTC")


def utc_text(at: int | None) -> str | None:
    """An instant as ISO 8601 in UTC; None where there is none, or it never comes."""
    return None if at is None or abs(at) >= NEVER else _iso(at, _UTC).replace("+00:00", "Z")


def local_text(at: int | None, zone: ZoneInfo) -> str | None:
    """An instant as ISO 8601 in a timezone, with its offset."""
    return None if at is None or abs(at) >= NEVER else _iso(at, zone)


def _iso(at: int, zone: ZoneInfo) -> str:
    return localized(at, zone).isoformat()


def number_text(value: Decimal | None) -> str | None:
    """A decimal without exponent."""
    return None if value is None else f"{value:f}"


def to_json(rulebook: Rulebook, evaluation: Evaluation, set_aside: Sequence[SetAside] = ()) -> str:
    """The whole evaluation: findings with their windows in UTC and local time, and all consequences."""
    zone = ZoneInfo(rulebook.timezone)
    numbers = {rule.id: rule.number for rule in rulebook.rules}
    whole = {
        "agreement": rulebook.agreement,
        "version": rulebook.version,
        "amendments": [each.model_dump(mode="json") for each in rulebook.amendments],
        "orders": [each.model_dump(mode="json", exclude={"own_remedies"}) for each in rulebook.orders],
        "tally": evaluation.tally,
        "as_of": utc_text(evaluation.as_of),
        "timezone": rulebook.timezone,
        "summary": _summary(evaluation),
        "rules": {
            rule.id: {
                "number": rule.number,
                "title": rule.title,
                "sentence": rule.sentence,
                "effective": rule.effective and rule.effective.isoformat(),
                "until": rule.until and rule.until.isoformat(),
                "order": rule.order,
                "covers": [each.model_dump(mode="json") for each in rule.covers],
                "prevails": [each.model_dump(mode="json") for each in rule.prevails],
            }
            for rule in rulebook.rules
        },
        "findings": [finding_json(finding, numbers, zone) for finding in evaluation.findings],
        "credits": [_plain(item, zone, ("belongs", "claim_until", "claimed_at")) for item in evaluation.credits],
        "caps": [_plain(item, zone, ("start", "end")) | {"left": number_text(item.left)} for item in evaluation.caps],
        "cures": [_plain(item, zone, ("breached", "until", "at")) for item in evaluation.cures],
        "escalations": [_plain(item, zone, ("at",)) for item in evaluation.escalations],
        "terminations": [_plain(item, zone, ("arises", "until")) for item in evaluation.terminations],
        "blocks": [_plain(item, zone, ("start", "end")) for item in evaluation.blocks],
        "rights": [_plain(item, zone, ("arises", "until", "ended", "used")) for item in evaluation.rights],
        "interest": [_plain(item, zone, ("start", "end")) for item in evaluation.interest],
        "refunds": [_plain(item, zone, ("at", "start", "end")) for item in evaluation.refunds],
        "waivers": [
            _plain(item, zone, ("begin", "end")) | {"last": _moment(item.last, zone)} for item in evaluation.waivers
        ],
        "set_aside": [asdict(item) for item in set_aside],
    }
    return json.dumps(whole, indent=2, ensure_ascii=False) + "\n"


def _summary(evaluation: Evaluation) -> dict[str, int]:
    found = tallied(evaluation.findings, lambda _: None, lambda _: None)
    return dict(sorted((verdict.value, number) for (_, verdict), number in found.items()))


def finding_json(finding: Finding, numbers: dict[str, str], zone: ZoneInfo) -> dict[str, Any]:
    """One finding as a plain object."""
    return {
        "id": finding.id,
        "rule": finding.rule,
        "order": order_of(finding.rule),
        "clause": finding.clause,
        "number": numbers.get(finding.rule.partition("/")[0]),
        "verdict": finding.verdict.value,
        "group": dict(finding.group),
        "about": dict(finding.about),
        "window": _window(finding.start, finding.end, zone),
        "value": number_text(finding.value),
        "threshold": number_text(finding.threshold),
        "unit": finding.unit,
        "interval": _bounds(finding.interval),
        "excluded": number_text(finding.excluded),
        "samples": finding.samples,
        "decided": _moment(finding.decided, zone),
        "because": finding.because,
        "excuse": finding.excuse,
        "evidence": [evidence_json(row, zone) for row in finding.evidence],
    }


def _bounds(interval: Bounds | None) -> dict[str, str | None] | None:
    if interval is None:
        return None
    return {name: number_text(getattr(interval, name)) for name in ("confidence", "low", "high")}


def evidence_json(row: Evidence, zone: ZoneInfo) -> dict[str, Any]:
    """One row that decided a finding."""
    return {"source": row.source, "time": _moment(row.time, zone), "values": dict(row.values)}


def _window(start: int, end: int, zone: ZoneInfo) -> dict[str, Any]:
    return {"start": _moment(start, zone), "end": _moment(end, zone)}


def _moment(at: int | None, zone: ZoneInfo) -> dict[str, str | None] | None:
    return None if at is None else {"utc": utc_text(at), "local": local_text(at, zone)}


def _plain(item: Any, zone: ZoneInfo, instants: Sequence[str]) -> dict[str, Any]:
    """A consequence as a plain object: instants in both timezones, decimals as text."""
    found: dict[str, Any] = {}
    for name in item.__dataclass_fields__:
        value = getattr(item, name)
        if name in instants:
            found[name] = _moment(value, zone)
        elif isinstance(value, Decimal):
            found[name] = number_text(value)
        elif name == "group":
            found[name] = dict(value)
        elif hasattr(value, "model_dump"):
            found[name] = value.model_dump(mode="json")
        else:
            found[name] = value
    return found
