"""Waivers, as *Waivers* of docs/meaning.md has it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from .clock import FOREVER
from .findings import Finding
from .rows import Case, Json, Row, Tables


@dataclass(frozen=True)
class WaiverStatus:
    """A waiver, and how it stands at as-of."""

    clause: str
    role: str
    begin: int
    end: int | None
    state: str
    excused: tuple[Finding, ...] = ()


def known_waivers(tables: Tables, as_of: int) -> list[dict[str, Any]]:
    """The waivers that have begun, with their ends, which are known from the beginning."""
    return [row for row in tables.get(("record", "waiver"), []) if row["begin"] < as_of]


def party_of(case: Case, name: str | None) -> str | None:
    """The party of a role, or the party itself."""
    return next((str(role["party"]) for role in case.book["roles"] if role["id"] == name), name)


def entitled(case: Case, rule: Json, waiver: Row) -> bool:
    """Granted by a role of a party that the rule does not bind."""
    if waiver["role"] not in [role["id"] for role in case.book["roles"]]:
        return False
    if rule["waived_by"] and waiver["role"] not in rule["waived_by"]:
        return False
    bound = rule["named"] if rule["kind"] == "permission" else [rule["holder"]] if rule["holder"] else []
    return party_of(case, waiver["role"]) not in [party_of(case, name) for name in bound]


def instant_waived(rule: Json, breach: Finding) -> int:
    """The last instant of a window; else the breach instant."""
    windowed = rule["kind"] in ("keep", "count") or (rule["kind"] == "response" and rule["share"])
    assert breach.decided is not None
    return breach.end - 1 if windowed else breach.decided


def covers(waiver: Row, rule: Json, breach: Finding) -> bool:
    """Whether the waiver is in force at the instant and equals the group, or the row, on what it gives."""
    about = {**dict(breach.about), **dict(zip(rule["per"], breach.group, strict=False))}
    given = {d: text for d, text in waiver.items() if d not in ("clause", "role", "begin", "end") and text is not None}
    end = FOREVER if waiver["end"] is None else waiver["end"]
    in_force = waiver["begin"] <= instant_waived(rule, breach) < end
    return in_force and all(about[d] == text for d, text in given.items() if d in about)


def waivers_of(case: Case, rule: Json, rows: list[dict[str, Any]], found: Finding) -> list[dict[str, Any]]:
    """The waivers that count for a breached finding and cover it."""
    if found.verdict != "breached":
        return []
    counting = [row for row in rows if row["clause"] == rule["clause"] and entitled(case, rule, row)]
    return [row for row in counting if covers(row, rule, found)]


def waived(case: Case, rule: Json, rows: list[dict[str, Any]], found: Finding) -> Finding:
    """The finding, excused where it is breached and a waiver that counts covers it."""
    return replace(found, verdict="excused", decided=None) if waivers_of(case, rule, rows, found) else found


def statuses(case: Case, rows: list[dict[str, Any]], breaches: list[tuple[Json, Finding]]) -> list[WaiverStatus]:
    """Each waiver, its state, and what it excuses of what would else be breached."""
    found = []
    for row in rows:
        rules = [rule for rule in case.book["rules"] if rule["clause"] == row["clause"]]
        if not rules:
            state = "orphaned"
        elif not any(entitled(case, rule, row) for rule in rules):
            state = "not entitled"
        else:
            state = "expired" if row["end"] is not None and row["end"] <= case.as_of else "in force"
        excused = tuple(f for rule, f in breaches if row in waivers_of(case, rule, rows, f))
        found.append(WaiverStatus(row["clause"], row["role"] or "", row["begin"], row["end"], state, excused))
    return sorted(found, key=lambda w: (w.begin, w.clause, w.role, w.end or FOREVER, w.state))
