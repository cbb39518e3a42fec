"""Rows and which of them a rule looks at, as *Time*, *Rows* and *Groups* of docs/meaning.md have it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from fractions import Fraction
from itertools import product
from typing import Any
from zoneinfo import ZoneInfo

from tallystick.quantities import known_unit

from .clock import FOREVER, Clock, Window, add, midnight

Json = dict[str, Any]
Row = Mapping[str, Any]
Group = dict[str, str | None]
Tables = Mapping[tuple[str, str], list[dict[str, Any]]]


@dataclass(frozen=True)
class Case:
    """One evaluation: the rulebook, the rows known at as-of, and the life of the agreement.

    `derived` are the sources that the agreement computes itself, `shown` the rows that show the groups of derived records.
    `judged` says of a row, with the dimensions of its source, whether it is one that is judged here (*Orders*).
    """

    book: Json
    tables: dict[tuple[str, str], list[Row]]
    as_of: int
    zone: ZoneInfo
    life: Window
    terminated: bool
    shown: dict[tuple[str, str], list[Row]] = field(default_factory=dict)
    derived: frozenset[tuple[str, str]] = frozenset()
    judged: Callable[[Row, tuple[str, ...]], bool] | None = None

    @property
    def clock(self) -> Clock:
        """What deadlines are counted by."""
        return Clock(self.zone, self.book["calendars"], self.book.get("fiscal_year"))

    @property
    def evaluated(self) -> Window:
        """Evaluated time: `[start of life, min(as-of, end of life))`."""
        return Window(self.life.start, min(self.as_of, self.life.end))

    def bound(self, kind: str, name: str) -> bool:
        """Whether the source has a table, even an empty one."""
        return (kind, name) in self.tables

    def declaration(self, kind: str, name: str) -> Json:
        """What the rulebook says of a source."""
        return next(each for each in self.book[kind + "s"] if each["id"] == name)

    def dimensions(self, kind: str, name: str) -> tuple[str, ...]:
        """The dimensions of a source."""
        return tuple(self.declaration(kind, name)["dimensions"])

    def units(self, kind: str, name: str) -> dict[str, str]:
        """The numbers of a source and their units."""
        declaration = self.declaration(kind, name)
        if kind == "metric":
            return {"value": declaration["unit"]}
        return {each["name"]: each["unit"] for each in declaration["attributes"]}


def time_of(row: Row) -> int:
    """When a metric or event row happened; when a record began."""
    return int(row["begin"] if "begin" in row else row["time"])


def known(row: Row, as_of: int) -> Row | None:
    """Time, *As-of*: what is known of a row at as-of; None when nothing is."""
    if time_of(row) >= as_of:
        return None
    if row.get("end") is not None and row["end"] >= as_of:
        return {**row, "end": None}
    return row


def known_tables(tables: Tables, as_of: int) -> dict[tuple[str, str], list[Row]]:
    """The bound tables, with only the rows that are known at as-of."""
    return {source: [k for row in rows if (k := known(row, as_of)) is not None] for source, rows in tables.items()}


def life_of(book: Json, zone: ZoneInfo, tables: Mapping[tuple[str, str], list[Row]]) -> tuple[Window, bool]:
    """Time, *life*: from effective to until, or to the first termination; and whether a termination ended it."""
    start = midnight(zone, date.fromisoformat(book["effective"]))
    end = midnight(zone, date.fromisoformat(book["until"])) if book["until"] else FOREVER
    first = min((int(row["time"]) for row in tables.get(("event", "termination"), [])), default=FOREVER)
    return Window(start, min(end, first)), first < end


# --- time in force ----------------------------------------------------------------------------------------------


def force_of(case: Case, text: Json) -> Window:
    """Time, *in force*: from local midnight of `effective` to that of `until`; open-ended without them."""
    start = midnight(case.zone, date.fromisoformat(text["effective"])) if text["effective"] else -FOREVER
    return Window(start, midnight(case.zone, date.fromisoformat(text["until"])) if text["until"] else FOREVER)


def own_life(case: Case, rule: Json) -> Case:
    """The evaluation as one text of a rule sees it: with what its time in force leaves of the life."""
    force, last, terminated = force_of(case, rule), case.life.end, case.terminated
    if rule.get("survives") and last != FOREVER:
        period = rule["survives"]["period"]
        last, terminated = add(case.clock, last, period) if period else FOREVER, False
    start = max(case.life.start, force.start)
    life = Window(start, max(start, min(last, force.end)))
    return replace(case, life=life, terminated=terminated and force.end >= last)


def unversioned(rule: str) -> str:
    """The id that all texts of a rule share."""
    return rule.split("@", maxsplit=1)[0]


# --- orders -----------------------------------------------------------------------------------------------------


def is_covered(covers: list[Json], row: Row) -> bool | None:
    """Whether an order covers a row; None where the row does not say."""
    if any(each["dimension"] not in row for each in covers):
        return None
    return all(row[each["dimension"]] in each["values"] for each in covers)


def stretches_left(case: Case, rule: Json, row: Row) -> list[list[Window]]:
    """What the orders that a rule gives way to leave of its own life for a row: one list of stretches, or several where
    the row does not say whether some of them cover it."""
    known: dict[str, list[bool]] = {}
    for way in rule["gives_way"]:
        covered = is_covered(way["covers"], row)
        known[str(way["covers"])] = [False, True] if covered is None else [covered]
    found = []
    for choice in product(*known.values()):
        inside = dict(zip(known, choice, strict=True))
        left, begin = [], case.life.start
        for way in sorted(
            (w for w in rule["gives_way"] if inside[str(w["covers"])]), key=lambda w: str(w["effective"])
        ):
            force = force_of(case, way)
            if begin < min(force.start, case.life.end):
                left.append(Window(begin, min(force.start, case.life.end)))
            begin = max(begin, force.end)
        found.append([*left, Window(begin, case.life.end)] if begin < case.life.end else left)
    return found


def parts_of(case: Case, rule: Json) -> list[tuple[Case, bool]]:
    """*Orders*: the evaluations that a text is made of, each with the rows that it judges; and whether those are among
    them that no order covers. `case` has the own life of the text."""
    own = replace(case, judged=lambda row, _: is_covered(rule["covers"], row) is not False) if rule["covers"] else case
    if not rule["gives_way"]:
        return [(own, True)]
    dimensions = {each["dimension"] for way in rule["gives_way"] for each in way["covers"]}
    nobody: Row = dict.fromkeys(dimensions)
    rest = stretches_left(case, rule, nobody)[0]
    texts = [{d: row[d] for d in dimensions if d in row} for rows in case.tables.values() for row in rows]
    told = [left for text in texts if len(left := stretches_left(case, rule, text)) == 1]
    stretches = {stretch for left in told for stretch in left[0]} | set(rest)
    found = []
    for stretch in sorted(stretches, key=lambda each: (each.start, each.end)):

        def judged(row: Row, _: tuple[str, ...], stretch: Window = stretch) -> bool:
            covered = is_covered(rule["covers"], row) is not False
            return covered and any(stretch in left for left in stretches_left(case, rule, row))

        ended = case.terminated and stretch.end >= case.life.end
        found.append((replace(case, life=stretch, terminated=ended, judged=judged), stretch in rest))
    return found


def part_for(case: Case, rule: Json, group: Mapping[str, Any], at: int) -> Case:
    """The part of a text that judges a group at an instant."""
    if not rule.get("gives_way"):
        return case
    left = stretches_left(case, rule, group)[0]
    return replace(case, life=next(stretch for stretch in left if stretch.start <= at < stretch.end))


# --- conditions -----------------------------------------------------------------------------------------------


def in_base(number: Any, unit: str) -> Fraction:
    """A decimal in base units, exact."""
    return Fraction(number) * known_unit(unit).factor


def number_of(row: Row, name: str, units: dict[str, str]) -> Fraction | None:
    """A number of the row in base units; None when the row lacks it."""
    number = row.get(name)
    return None if number is None else in_base(number, units[name])


def is_number(operand: Json, units: dict[str, str]) -> bool:
    """Whether an operand stands for a number (else: for a text)."""
    return operand["kind"] in ("value", "arithmetic") or (operand["kind"] == "attribute" and operand["name"] in units)


def operand_number(operand: Json, row: Row, units: dict[str, str]) -> Fraction | None:
    """The number that an operand stands for in this row; None when it is missing."""
    match operand["kind"]:
        case "value":
            return in_base(operand["quantity"]["value"], operand["quantity"]["unit"])
        case "attribute":
            return number_of(row, operand["name"], units) if operand["name"] in units else None
        case "arithmetic":
            left, right = operand_number(operand["left"], row, units), operand_number(operand["right"], row, units)
            return calculate(operand["operator"], left, right)
        case _:
            return None


def operand_text(operand: Json, row: Row) -> str | None:
    """The text that an operand stands for in this row; None when it is missing."""
    return operand["value"] if operand["kind"] == "text" else row.get(operand["name"])


def calculate(operator: str, left: Fraction | None, right: Fraction | None) -> Fraction | None:
    """Exact arithmetic; missing when a side is missing, or on division by zero."""
    if left is None or right is None:
        return None
    match operator:
        case "+":
            return left + right
        case "-":
            return left - right
        case "*":
            return left * right
        case _:
            return None if right == 0 else left / right


def compares(left: Fraction, comparison: str, right: Fraction) -> bool:
    """Whether a number satisfies a comparison."""
    return {
        "at least": left >= right,
        "at most": left <= right,
        "below": left < right,
        "above": left > right,
        "is": left == right,
        "is not": left != right,
    }[comparison]


def comparison_holds(condition: Json, row: Row, units: dict[str, str]) -> bool:
    """Rows, *A comparison in a `where`*: a missing number satisfies none; a missing text equals a missing text."""
    left, right = condition["left"], condition["right"]
    if is_number(left, units) or is_number(right, units):
        numbers = operand_number(left, row, units), operand_number(right, row, units)
        if numbers[0] is None or numbers[1] is None:
            return False
        return compares(numbers[0], condition["comparison"], numbers[1])
    same = operand_text(left, row) == operand_text(right, row)
    return same if condition["comparison"] == "is" else not same


def holds(condition: Json | None, row: Row, units: dict[str, str]) -> bool:
    """Whether a condition holds for a row."""
    if condition is None:
        return True
    match condition["kind"]:
        case "compare":
            return comparison_holds(condition, row, units)
        case "member":
            return bool((row.get(condition["attribute"]) in condition["values"]) != condition["negated"])
        case "all":
            return all(holds(part, row, units) for part in condition["parts"])
        case "any":
            return any(holds(part, row, units) for part in condition["parts"])
        case _:
            return not holds(condition["part"], row, units)


def names_in(condition: Json) -> set[str]:
    """The dimensions and numbers that a condition (or an operand) names."""
    match condition["kind"]:
        case "attribute":
            return {condition["name"]}
        case "member":
            return {condition["attribute"]}
        case "compare" | "arithmetic":
            return names_in(condition["left"]) | names_in(condition["right"])
        case "all" | "any":
            return {name for part in condition["parts"] for name in names_in(part)}
        case "not":
            return names_in(condition["part"])
        case _:
            return set()


# --- the rows of a series -------------------------------------------------------------------------------------


def in_time(case: Case, rule: Json, kind: str, name: str, row: Row) -> bool:
    """*Limited time*: while each record of `during` is open and none of `outside` is. Records are not limited."""
    if kind == "record":
        return True
    if rule.get("between") and not any(span.has(time_of(row)) for span in between(case, rule, row)):
        return False
    return all(
        each["open"]
        == any(
            open_at(record, time_of(row)) and all(record[d] == row[d] for d in each["matching"] if d in row)
            for record in rows_of(case, each["record"], None)
        )
        for each in rule.get("only", ())
    )


def time_known(case: Case, rule: Json) -> bool:
    """Whether the records to whose time the rule is limited have tables."""
    limits = rule.get("between") or {"start": None, "end": None}
    events = [each["name"] for each in (limits["start"], limits["end"]) if each]
    return all(case.bound("record", each["record"]["name"]) for each in rule.get("only", ())) and all(
        case.bound("event", name) for name in events
    )


def between(case: Case, rule: Json, like: Mapping[str, Any]) -> list[Window]:
    """*Limited time*, `between`: from each start that equals `like` where they can, to the first later end of it."""
    limits, found = rule["between"], []
    ends = rows_of(case, limits["end"], None) if limits["end"] else []
    for start in rows_of(case, limits["start"], None):
        if all(start[d] == like[d] for d in limits["matching"] if d in like):
            same = [end for end in ends if all(end[d] == start[d] for d in limits["matching"])]
            later = [time_of(end) for end in same if time_of(end) > time_of(start)]
            found.append(Window(time_of(start), min(later, default=FOREVER)))
    return found


def applies(case: Case, rule: Json, group: Mapping[str, Any], window: Window) -> bool:
    """Whether the rule applies to a group at some instant of a window."""
    if not rule.get("between") or not time_known(case, rule):
        return True
    return any(max(s.start, window.start) < min(s.end, window.end) for s in between(case, rule, group))


def rows_of(case: Case, series: Json, environments: list[str] | None) -> list[Row]:
    """The known rows of a series: those that meet `where` and, if they have the dimension, are in an environment.

    Only those are judged that no order keeps from it. None for the environments of rows that are not judged themselves.
    """
    kind, name = series["source"], series["name"]
    dimensions = case.dimensions(kind, name)
    filtered = (environments or []) if "environment" in dimensions else []
    meant = [row for row in case.tables.get((kind, name), []) if holds(series["where"], row, case.units(kind, name))]
    if series.get("once"):
        meant = firsts(case, series, meant)
    if environments is not None and case.judged is not None:
        meant = [row for row in meant if case.judged(row, dimensions)]
    return [row for row in meant if not filtered or row["environment"] in filtered]


def firsts(case: Case, series: Json, rows: list[Row]) -> list[Row]:
    """Rows, *Counted once*: the first of each run; of several at its instant, the one whose content comes first."""
    names = (*case.dimensions(series["source"], series["name"]), *case.units(series["source"], series["name"]))

    def order(row: Row) -> list[Any]:
        return [time_of(row), *((row[name] is None, 0 if row[name] is None else row[name]) for name in names)]

    found: list[Row] = []
    for row in sorted(rows, key=order):
        same = [first for first in found if all(first[d] == row[d] for d in series["once"]["per"])]
        if not any(time_of(row) <= add(case.clock, time_of(f), series["once"]["within"]) for f in same):
            found.append(row)
    return found


def rows_shown(case: Case, series: Json, environments: list[str] | None) -> list[Row]:
    """The rows of a series that show groups: of a derived record, one for each of its groups."""
    return rows_of(replace(case, tables={**case.tables, **case.shown}), series, environments)


def agrees(row: Row, dimensions: tuple[str, ...], other: Mapping[str, Any]) -> bool:
    """Whether a row of a source with these dimensions equals `other` on every dimension they share."""
    return all(row[name] == other[name] for name in dimensions if name in other)


def group_of(row: Row, per: list[str]) -> tuple[str | None, ...]:
    """The group that a row belongs to."""
    return tuple(row[name] for name in per)


def open_at(record: Row, instant: int) -> bool:
    """Rows: a record is open in `[begin, end)`."""
    return bool(record["begin"] <= instant and (record["end"] is None or instant < record["end"]))


# --- who acts -------------------------------------------------------------------------------------------------


def juniors_of(case: Case, role: str | None) -> set[str]:
    """The role and all that it is above."""
    found: set[str] = set()
    while role is not None:
        found.add(role)
        role = next((each["above"] for each in case.book["roles"] if each["id"] == role), None)
    return found


def actor_of(case: Case, event: str) -> str | None:
    """The dimension that names who acts, if the event has one."""
    found: str | None = case.declaration("event", event)["actor"]
    return found


def counts_as(case: Case, event: str, row: Row, roles: list[str]) -> bool:
    """Rows, *Who acts*: whether a row of an event is one by (a notice: to) one of the roles."""
    actor, stated = actor_of(case, event), row.get("role")
    if actor is None or row[actor] is None:
        return stated in roles
    held = {
        role
        for tenure in case.tables.get(("record", "holds"), [])
        if tenure["person"] == row[actor] and open_at(tenure, time_of(row))
        for role in juniors_of(case, tenure["role"])
    }
    return stated in held and stated in roles if stated is not None else not held.isdisjoint(roles)


def roles_known(case: Case, event: str) -> bool:
    """Whether it can be told by which roles the rows of an event are."""
    return actor_of(case, event) is None or case.bound("record", "holds")


# --- exceptions -----------------------------------------------------------------------------------------------


def exception_records(case: Case, rule: Json, like: Mapping[str, Any]) -> list[Row]:
    """Measures, *Which exception records match*: those that equal `like` on every dimension they share.

    Where the rule names environments (*permission* aside), a record with that dimension must be in one of them.
    """
    environments = [] if rule["kind"] == "permission" else rule["environments"]
    return [
        record
        for exemption in rule["exemptions"]
        if exemption["kind"] == "during"
        for record in rows_of(case, exemption["record"], environments)
        if agrees(record, case.dimensions("record", exemption["record"]["name"]), like)
    ]


def open_times(records: list[Row], horizon: int) -> list[Window]:
    """The open times of records; of one that is still open, up to the horizon."""
    return [Window(r["begin"], horizon if r["end"] is None else min(r["end"], horizon)) for r in records]


def texts(case: Case, kind: str, name: str, row: Row) -> Group:
    """The dimensions of a row and their texts."""
    return {dimension: row[dimension] for dimension in case.dimensions(kind, name)}


def meets_where_exemption(case: Case, rule: Json, kind: str, name: str, row: Row) -> bool:
    """Whether an `except where` of the rule holds for the row of a source that has all it names."""
    units = case.units(kind, name)
    has = {*case.dimensions(kind, name), *units}
    return any(
        holds(e["condition"], row, units)
        for e in rule["exemptions"]
        if e["kind"] == "where" and names_in(e["condition"]) <= has
    )


def exempt(case: Case, rule: Json, kind: str, name: str, row: Row, instant: int) -> bool:
    """Whether an exception of the rule holds for the row at the instant."""
    if meets_where_exemption(case, rule, kind, name, row):
        return True
    return any(open_at(record, instant) for record in exception_records(case, rule, texts(case, kind, name, row)))
