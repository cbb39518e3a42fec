"""Rules: the machine's half of each sentence. Plain data; `docs/meaning.md` defines when each is breached."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from enum import StrEnum
from typing import Annotated, Literal

from pydantic import Field

from tallystick.quantities import Data, Period, Quantity
from tallystick.rules.measure import Comparison, Condition, Measure, Operator, Series, SeriesKind, Value

# --- time in force -----------------------------------------------------------------------------------------------


class InForce(Data):
    """When a text is in force: local midnights, `effective` inclusive and `until` exclusive; None is open-ended.

    What no amendment touches is always in force. A rule that one changes stands once for each of its texts. A text with
    an `order` holds under that order only.
    """

    effective: date | None = None
    until: date | None = None
    order: str | None = None


VERSION = "@"
"""Stands in the id of a later text of a rule, between the id of the rule and the date from which that text is in force;
in that of a text under an order, between the id of the rule and that of the order (and before such a date)."""


def unversioned(rule_id: str) -> str:
    """The id that all texts of a rule share; also of one of its parts."""
    first, _, part = rule_id.partition("/")
    return first.partition(VERSION)[0] + (f"/{part}" if part else "")


def order_of(rule_id: str) -> str | None:
    """The order under which the text of a rule holds; also of one of its parts. A date is none: it has no letter."""
    named = rule_id.partition("/")[0].split(VERSION)[1:2]
    return next((name for name in named if any(character.isalpha() for character in name)), None)


# --- windows ---------------------------------------------------------------------------------------------------


class CalendarUnit(StrEnum):
    """Calendar windows, in the agreement's timezone; weeks begin on Monday, fiscal ones go by the fiscal year."""

    HOUR = "hour"
    DAY = "day"
    WEEK = "week"
    MONTH = "month"
    QUARTER = "quarter"
    YEAR = "year"
    FISCAL_QUARTER = "fiscal quarter"
    FISCAL_YEAR = "fiscal year"


FISCAL = (CalendarUnit.FISCAL_QUARTER, CalendarUnit.FISCAL_YEAR)


class FiscalYear(Data):
    """The day on which each fiscal year begins; its quarters are three months each. Every month has the day."""

    month: int = Field(ge=1, le=12)
    day: int = Field(ge=1, le=28)


class Calendar(Data):
    """`each month`: half-open calendar windows, one after the other."""

    kind: Literal["calendar"] = "calendar"
    each: CalendarUnit


class Rolling(Data):
    """`any 30 days`: windows of that length that end at the end of each local day (of each hour for hours)."""

    kind: Literal["rolling"] = "rolling"
    length: Period


Window = Annotated[Calendar | Rolling, Field(discriminator="kind")]

# --- exceptions --------------------------------------------------------------------------------------------------


class During(Data):
    """`except during RECORD`: time in which such a record is open."""

    kind: Literal["during"] = "during"
    record: Series


class Where(Data):
    """`except where CONDITION`: rows that meet the condition."""

    kind: Literal["where"] = "where"
    condition: Condition


Exemption = Annotated[During | Where, Field(discriminator="kind")]

# --- remedies ----------------------------------------------------------------------------------------------------


class Amount(Data):
    """A sum of money, and how the contract says it: outright, or a share of a term."""

    money: Quantity
    share: Value | None = None
    of: Value | None = None
    term: str | None = None

    @property
    def currency(self) -> str:
        """The currency of the sum."""
        return self.money.unit


class Observed(Data):
    """What a breach came to: the value that was measured, by how much it misses the threshold, or how long what was due
    is late."""

    kind: Literal["observed"] = "observed"
    what: Literal["value", "shortfall", "delay"]


class Charged(Data):
    """The sum of a metric, or of a number of an event, in a calendar period: of a credit that to which the breach
    belongs, of the group of the breach; in a cap `each` is None, and the period that of the cap."""

    kind: Literal["charged"] = "charged"
    of: Series
    each: CalendarUnit | None = None


class Computation(Data):
    """Arithmetic within a formula."""

    kind: Literal["computation"] = "computation"
    operator: Operator
    left: Formula
    right: Formula


Formula = Annotated[Observed | Charged | Computation | Value, Field(discriminator="kind")]


class CalculatedAmount(Data):
    """A sum of money that is worked out for each breach, or each period of a cap."""

    formula: Formula
    currency: str


def formula_parts(formula: Formula) -> Iterator[Formula]:
    """A formula and all that is within it."""
    yield formula
    if isinstance(formula, Computation):
        yield from formula_parts(formula.left)
        yield from formula_parts(formula.right)


class NotifyDuty(InForce):
    """On breach, `holder` must give notice to `role` within a period counted from the breach. `remedies` are what
    follows when that is not done."""

    kind: Literal["notify"] = "notify"
    id: str
    holder: str
    role: str
    roles: tuple[str, ...]
    within: Period
    remedies: tuple[Remedy, ...] = ()
    sentence: str = ""


class PerformDuty(InForce):
    """On breach, `holder` must perform an event within a period counted from the breach; None: someone must.
    `remedies` are what follows when that is not done."""

    kind: Literal["perform"] = "perform"
    id: str
    holder: str | None
    event: str
    within: Period
    remedies: tuple[Remedy, ...] = ()
    sentence: str = ""


class Tier(Data):
    """`below 85%: 25% of fee`."""

    comparison: Comparison
    threshold: Value
    amount: Amount | CalculatedAmount


class Delay(Data):
    """`each started day: USD 100 up to USD 1,000`: an amount for each started, or each full, unit of lateness."""

    extent: Literal["started", "full"]
    each: Period
    amount: Amount
    most: Amount | None = None


class Repeated(Data):
    """From the so-manieth breach of the clause on, of those in the period that ends with it."""

    number: int
    within: Period


class Credit(InForce):
    """A service credit to a party: one amount, tiers (the last that holds), or an amount for the delay.

    Tiers go by the value of the finding; with `counted`, by the number of breaches of the clause in the calendar
    period. Nothing below `minimum` is payable, and with `claim_within` nothing that was not claimed in time.
    """

    kind: Literal["credit"] = "credit"
    party: str
    amount: Amount | CalculatedAmount | None = None
    tiers: tuple[Tier, ...] = ()
    counted: CalendarUnit | None = None
    delay: Delay | None = None
    repeated: Repeated | None = None
    minimum: Amount | None = None
    claim_within: Period | None = None
    sentence: str = ""


class Cap(InForce):
    """Credits of one calendar period, or of one rolling period, or (with neither) of the whole term never exceed the
    amount."""

    kind: Literal["cap"] = "cap"
    amount: Amount | CalculatedAmount
    each: CalendarUnit | None = None
    rolling: Period | None = None
    sentence: str = ""


class Highest(InForce):
    """Of the credits to a party in one calendar period, and of one group by the dimensions of `per`, only the highest
    is payable."""

    kind: Literal["highest"] = "highest"
    each: CalendarUnit
    per: tuple[str, ...] = ()
    sentence: str = ""


class Cure(InForce):
    """The cure period: a `cure` event for the clause within it cures the breach."""

    kind: Literal["cure"] = "cure"
    within: Period
    sentence: str = ""


class Escalate(InForce):
    """A breach not cured after the period goes up to the role."""

    kind: Literal["escalate"] = "escalate"
    role: str
    after: Period
    sentence: str = ""


class Spans(Data):
    """`any 3 consecutive months`: that many calendar periods, one after the other."""

    number: int
    each: CalendarUnit


class Notified(Data):
    """Only breaches count of which one of the roles had notice within the period, from that notice on."""

    within: Period
    roles: tuple[str, ...]


class Terminate(InForce):
    """The party's right to terminate once `count` (uncured) breaches fall within the period.

    With `spans`, once that many of the consecutive calendar periods have a breach; with neither, once that many
    findings of one rule and group in a row are breached; `at_once`, at each. `exercisable` is how long the right lasts.
    """

    kind: Literal["terminate"] = "terminate"
    party: str
    count: int
    uncured: bool
    within: Period | None = None
    spans: Spans | None = None
    exercisable: Period | None = None
    at_once: bool = False
    notified: Notified | None = None
    sentence: str = ""


class Block(InForce):
    """From the breach until it is cured or the rule is met again, the event is blocked; doing it is itself a breach.

    It lasts no longer than `lasting`, where that is stated.
    """

    kind: Literal["block"] = "block"
    id: str
    event: str
    environments: tuple[str, ...] = ()
    lasting: Period | None = None
    sentence: str = ""


class Right(InForce):
    """The holder may perform the event: for so long as a block would last, and no longer than `within`."""

    kind: Literal["right"] = "right"
    holder: str
    event: str
    within: Period | None = None
    sentence: str = ""


class CaseNumber(Data):
    """A number of the event or record that a breach goes back to: `invoice.amount`."""

    source: Literal[SeriesKind.EVENT, SeriesKind.RECORD]
    name: str
    attribute: str
    unit: str


class DayCount(StrEnum):
    """How days become a part of a year: actual days over 365 or 360, or months of 30 days over 360."""

    ACTUAL_365 = "actual/365"
    ACTUAL_360 = "actual/360"
    THIRTY_360 = "30/360"

    @property
    def year(self) -> int:
        """The days of a year."""
        return 365 if self is DayCount.ACTUAL_365 else 360


class Interest(InForce):
    """Interest on a sum, or on a number of what began it, from the breach (or that beginning) until it is cured or done.

    A rate per month counts 12 times a year, a rate per day as often as the day count has days. Simple interest is not
    `compounded`; other interest bears interest at the end of each such period, counted from the first day.
    """

    kind: Literal["interest"] = "interest"
    party: str
    rate: Value
    per: Literal["year", "month", "day"]
    amount: Amount | None = None
    of: CaseNumber | None = None
    compounded: Period | None = None
    counting: DayCount
    begins: Literal["breach", "case"]
    ends: Literal["performed", "cured"]
    sentence: str = ""


class Refund(InForce):
    """A sum that is given back: as much of it as days (or months) of the period it was paid for have not begun; without
    `by`, all of it. The period is that of the calendar (`each`), or one of those counted from the beginning of the
    agreement (`every`), or with neither the term.
    """

    kind: Literal["refund"] = "refund"
    party: str
    amount: Amount | None = None
    of: CaseNumber | None = None
    by: Literal["day", "month"] | None = None
    each: CalendarUnit | None = None
    every: Period | None = None
    sentence: str = ""


Remedy = Annotated[
    NotifyDuty | PerformDuty | Credit | Cap | Highest | Cure | Escalate | Terminate | Block | Right | Interest | Refund,
    Field(discriminator="kind"),
]
NotifyDuty.model_rebuild()
PerformDuty.model_rebuild()


def followed(remedies: tuple[Remedy, ...], path: str) -> Iterator[tuple[str, Remedy]]:
    """Every remedy with the id of the finding it follows from, those of duties after their duty: `rule`, `rule/duty`."""
    for remedy in remedies:
        yield path, remedy
        if isinstance(remedy, NotifyDuty | PerformDuty):
            yield from followed(remedy.remedies, f"{path}/{remedy.id}")


# --- orders ------------------------------------------------------------------------------------------------------


class Covered(Data):
    """`model in ("a", "b")`: the rows whose text in a dimension is one of these."""

    dimension: str
    values: tuple[str, ...]


class GivesWay(Data):
    """In the time of an order, another text judges the rows that it covers: all of `covers`, or everything without any.

    `effective` and `until` are local midnights, as of a text in force.
    """

    order: str
    covers: tuple[Covered, ...] = ()
    effective: date
    until: date | None = None


class Prevails(Data):
    """What a text says otherwise than another, and goes before it: that of the `agreement`, or of an order by its id.

    `section` is where the order of precedence stands that decides so; None: the order says itself that it overrides.
    """

    over: str
    section: str | None = None


# --- rules -------------------------------------------------------------------------------------------------------


class OnlyWhile(Data):
    """`during RECORD` (`open`) or `outside RECORD`: the rule looks only at what happens while such a record is open, or
    while none is. The records are those equal to the row on those of `matching` that the row's source has.
    """

    record: Series
    open: bool
    matching: tuple[str, ...] = ()


class Between(Data):
    """`after EVENT until EVENT`: the rule looks only at what happens from a `start` on, up to the first later `end` with
    the same texts in `matching`. Rows are those equal to the start on those of `matching` that their source has.
    """

    start: Series
    end: Series | None = None
    matching: tuple[str, ...] = ()


class Survival(Data):
    """How long a rule goes on after the end of the agreement; None is without a limit."""

    period: Period | None = None


class RuleFields(InForce):
    """What every rule has. `id` is stable; `number` and `sentence` are how the paper shows it.

    `waived_by` are the only roles (seniors among them) whose waiver counts; none: any role of another party.

    With `samples_each`, a dimension that a measure compares across, every value of it must have `minimum_samples`;
    otherwise one with fewer is left out.

    With `confidence` (a fraction) only a confidence interval that misses the threshold as a whole is a breach.

    With `survives` the rule is judged beyond the end of the agreement.

    `covers` are the rows that a text under an order judges, all of them without any; `gives_way` the orders under which
    another text judges what they cover.
    """

    id: str
    clause: str
    number: str
    title: str
    holder: str | None = None
    sentence: str = ""
    per: tuple[str, ...] = ()
    environments: tuple[str, ...] = ()
    exemptions: tuple[Exemption, ...] = ()
    only: tuple[OnlyWhile, ...] = ()
    between: Between | None = None
    missing_excused: bool = False
    waived_by: tuple[str, ...] = ()
    survives: Survival | None = None
    minimum_samples: int = 1
    samples_each: str | None = None
    confidence: Value | None = None
    remedies: tuple[Remedy, ...] = ()
    covers: tuple[Covered, ...] = ()
    gives_way: tuple[GivesWay, ...] = ()
    prevails: tuple[Prevails, ...] = ()

    @property
    def scope(self) -> str:
        """What the number of its breaches, and a cap on their credits, are counted over: those of its clause, under each
        order by themselves."""
        return self.clause + (f"{VERSION}{self.order}" if self.order else "")


class Keep(RuleFields):
    """A measure meets a threshold over each closed window."""

    kind: Literal["keep"] = "keep"
    measure: Measure
    comparison: Comparison
    threshold: Measure
    window: Window


class Gate(RuleFields):
    """A measure over the period before each event meets a threshold; `environments` are those of the event."""

    kind: Literal["gate"] = "gate"
    measure: Measure
    comparison: Comparison
    threshold: Measure
    before: Period
    event: Series
    matching: tuple[str, ...] = ()


class KeepAlways(RuleFields):
    """Every sample meets the threshold; a run of violating ones lasts no longer than tolerated."""

    kind: Literal["keep_always"] = "keep_always"
    series: Series
    comparison: Comparison
    threshold: Value
    tolerance: Period | None = None


class Cadence(RuleFields):
    """An event happens at least once in every period; the first begins with the first `start`, where one is named.

    With `only` or `between` periods run in each stretch of such time by itself, from its beginning.
    """

    kind: Literal["cadence"] = "cadence"
    event: Series
    every: Period
    start: Series | None = None


class CountEvents(RuleFields):
    """An event happens at least, at most or exactly (`is`) so many times in each window."""

    kind: Literal["count"] = "count"
    event: Series
    comparison: Literal[Comparison.AT_LEAST, Comparison.AT_MOST, Comparison.IS]
    times: int
    window: Window


class CaseShare(Data):
    """`in at least 95% of cases over each month`."""

    comparison: Literal[Comparison.AT_LEAST, Comparison.ABOVE]
    threshold: Value
    window: Window


class PeriodOfClass(Data):
    """`"critical", "major": 4 hours.`"""

    values: tuple[str, ...]
    within: Period


class ByClass(Data):
    """`by severity of incident { … }`: the period goes by a text of the trigger. Without `otherwise`, a trigger whose
    text is not among the classes has no deadline that could be judged.
    """

    dimension: str
    classes: tuple[PeriodOfClass, ...]
    otherwise: Period | None = None

    def period(self, text: object) -> Period | None:
        """The period of a trigger with that text; None where none is set."""
        return next((each.within for each in self.classes if text in each.values), self.otherwise)

    @property
    def periods(self) -> tuple[Period, ...]:
        """Every period of the table, in order."""
        last = () if self.otherwise is None else (self.otherwise,)
        return (*(each.within for each in self.classes), *last)


class AfterEvent(Data):
    """`5 business days of acceptance`: so long after the first such event that equals the trigger on `matching`."""

    kind: Literal["after"] = "after"
    event: Series
    within: Period


class AgreedTime(Data):
    """`incident.agreed_time`: so long after the trigger as the trigger itself says."""

    kind: Literal["agreed"] = "agreed"
    attribute: str


class AgreedDay(Data):
    """A day that is a term; the whole of it is in time."""

    kind: Literal["day"] = "day"
    day: date
    term: str


class Whichever(Data):
    """`or …, whichever is later` (or earlier): the deadline that stands beside the period after the trigger."""

    later: bool
    other: Annotated[AfterEvent | AgreedTime | AgreedDay, Field(discriminator="kind")]


class Response(RuleFields):
    """Each trigger is followed by a response within a period. `roles` are who may receive a notice (with seniors).

    While a record of `excluding` is open that equals the trigger on every dimension they share, the period does not run.
    """

    kind: Literal["response"] = "response"
    trigger: Series
    response: Series
    role: str | None = None
    roles: tuple[str, ...] = ()
    within: Period | ByClass
    whichever: Whichever | None = None
    excluding: Series | None = None
    matching: tuple[str, ...] = ()
    share: CaseShare | None = None


class RequiredRole(Data):
    """A role that must have acted, and all roles whose act counts as its own (itself and its seniors)."""

    role: str
    roles: tuple[str, ...]


class Precedence(RuleFields):
    """No event without an earlier one, from each required role, not older than `within`, at least `lead` before.

    With `other_than_performer` an act by the person of the event does not count; with `different_persons` no person's
    acts count for two roles.
    """

    kind: Literal["precedence"] = "precedence"
    event: Series
    required: Series
    by: tuple[RequiredRole, ...] = ()
    matching: tuple[str, ...] = ()
    within: Period | None = None
    lead: Period | None = None
    other_than_performer: bool = False
    different_persons: bool = False


class Prohibition(RuleFields):
    """No such event."""

    kind: Literal["prohibition"] = "prohibition"
    event: Series


class Permission(RuleFields):
    """Such an event only by these roles (with their seniors), and only in `environments` where any are named."""

    kind: Literal["permission"] = "permission"
    event: Series
    named: tuple[str, ...]
    roles: tuple[str, ...]


class Retention(RuleFields):
    """A record does not end before it has reached the age."""

    kind: Literal["retention"] = "retention"
    record: Series
    period: Period


class Deletion(RuleFields):
    """No record that existed at the trigger still lives after the deadline."""

    kind: Literal["deletion"] = "deletion"
    record: Series
    trigger: Series
    within: Period | ByClass
    matching: tuple[str, ...] = ()


class Occasion(RuleFields):
    """Each such event, or each such record (once it has lasted so long): nothing is owed by itself, but `remedies`
    follow."""

    kind: Literal["occasion"] = "occasion"
    trigger: Series
    lasting: Period | None = None

    @property
    def scope(self) -> str:
        """Occasions are counted by themselves."""
        return f"{super().scope}/{unversioned(self.id)}"


class OwedDuty(RuleFields):
    """A duty that follows a finding, seen as a rule of its own: what follows when it is breached in turn.

    It is no rule of a rulebook: its id is that of the rule and of each duty on the way, `rule/duty`.
    """

    kind: Literal["duty"] = "duty"
    duty: NotifyDuty | PerformDuty
    within_scope: str

    @property
    def scope(self) -> str:
        """The duty of all rules of the clause."""
        return f"{self.within_scope}/{self.duty.id}"


Rule = Annotated[
    Keep
    | Gate
    | KeepAlways
    | Cadence
    | CountEvents
    | Response
    | Precedence
    | Prohibition
    | Permission
    | Retention
    | Deletion
    | Occasion,
    Field(discriminator="kind"),
]


def has_limit(rule: RuleFields) -> bool:
    """Whether a breach of the rule is a value that misses a limit, so that its shortfall can be told."""
    return isinstance(rule, Keep | Gate | CountEvents) or (isinstance(rule, Response) and rule.share is not None)


def has_runs(rule: Cadence) -> bool:
    """Whether the periods run anew in each stretch of some time: while a record is open, after an event until another."""
    return bool(rule.only) or rule.between is not None


def has_deadline(rule: RuleFields) -> bool:
    """Whether a breach of the rule is something done late or not at all, so that its delay can be told."""
    match rule:
        case Response(share=share):
            return share is None
        case Deletion() | Cadence() | OwedDuty():
            return True
        case _:
            return False


def has_sequence(rule: RuleFields) -> bool:
    """Whether the findings of the rule follow one another, so that some are in a row."""
    match rule:
        case Keep() | CountEvents() | Cadence() | Response():
            return True
        case _:
            return False
