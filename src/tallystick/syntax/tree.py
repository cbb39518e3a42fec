"""The syntax tree: one node for each grammar rule, names still strings, every node with its place.

The fields of a node are the children of its rule in `grammar/tallystick.lark`, in order.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, time
from decimal import Decimal

from tallystick.source import Span


@dataclass(frozen=True, eq=False, repr=False)
class Node:
    """What every node has: its place in the source.

    Comparing and showing are written once, here: to have them made for each of some hundred classes takes longer than
    most files take to be checked.
    """

    span: Span

    def __eq__(self, other: object) -> bool:
        return type(self) is type(other) and self.__dict__ == other.__dict__

    def __hash__(self) -> int:
        return hash((type(self), *self.__dict__.values()))

    def __repr__(self) -> str:
        shown = ", ".join(f"{name}={value!r}" for name, value in self.__dict__.items())
        return f"{type(self).__name__}({shown})"


# --- words and literals --------------------------------------------------------------------------------------


@dataclass(frozen=True, eq=False, repr=False)
class Name(Node):
    """An identifier (also a unit or a currency code where one stands alone)."""

    text: str


@dataclass(frozen=True, eq=False, repr=False)
class String(Node):
    """`"text"`, without its quotes."""

    text: str


@dataclass(frozen=True, eq=False, repr=False)
class ProseText(Node):
    """The text between triple quotes, dedented. `offsets` map each character to its place in the source."""

    text: str
    offsets: tuple[int, ...]


@dataclass(frozen=True, eq=False, repr=False)
class Number(Node):
    """A bare number."""

    value: Decimal


@dataclass(frozen=True, eq=False, repr=False)
class Percent(Node):
    """`92%`; the value is 0.92."""

    value: Decimal


@dataclass(frozen=True, eq=False, repr=False)
class Money(Node):
    """`USD 40,000`."""

    currency: str
    value: Decimal


@dataclass(frozen=True, eq=False, repr=False)
class QuantityLiteral(Node):
    """A number with a unit word: `200 milliseconds`."""

    value: Decimal
    unit: str


@dataclass(frozen=True, eq=False, repr=False)
class DateLiteral(Node):
    """`2027-01-01`; None where the day does not exist."""

    value: date | None


@dataclass(frozen=True, eq=False, repr=False)
class PeriodLiteral(Node):
    """`30 days`; a term's name alone has no amount. `4 business hours of support_desk` names a calendar."""

    amount: Decimal | None
    word: str
    calendar: Name | None = None


# --- declarations --------------------------------------------------------------------------------------------


@dataclass(frozen=True, eq=False, repr=False)
class Version(Node):
    """`version "1.0.0".`"""

    text: String


@dataclass(frozen=True, eq=False, repr=False)
class Effective(Node):
    """`effective 2027-01-01.`"""

    date: DateLiteral


@dataclass(frozen=True, eq=False, repr=False)
class Duration(Node):
    """`term 24 months renewing for 12 months.`"""

    period: PeriodLiteral
    renewal: PeriodLiteral | None


@dataclass(frozen=True, eq=False, repr=False)
class GoverningLaw(Node):
    """`governing law "the State of Delaware".`"""

    text: String


@dataclass(frozen=True, eq=False, repr=False)
class Timezone(Node):
    """`timezone "America/New_York".`"""

    text: String


@dataclass(frozen=True, eq=False, repr=False)
class Currency(Node):
    """`currency USD.`"""

    code: Name


@dataclass(frozen=True, eq=False, repr=False)
class WorkedExamples(Node):
    """`annex worked examples.`: the paper carries the scenarios."""


@dataclass(frozen=True, eq=False, repr=False)
class Recital(Node):
    """One recital."""

    prose: ProseText


@dataclass(frozen=True, eq=False, repr=False)
class BusinessDays(Node):
    """`business days "US".`: Monday to Friday without the public holidays of these places."""

    places: tuple[String, ...]


@dataclass(frozen=True, eq=False, repr=False)
class BusinessHours(Node):
    """`business hours "Mon-Fri 09:00-17:00".`"""

    text: String


@dataclass(frozen=True, eq=False, repr=False)
class FiscalYearNode(Node):
    """`fiscal year begins "1 April".`"""

    text: String


@dataclass(frozen=True, eq=False, repr=False)
class OrderOfPrecedence(Node):
    """`order of precedence "orders", "agreement", "schedules".`: what comes first prevails over what comes later."""

    texts: tuple[String, ...]


AgreementItem = (
    Version
    | Effective
    | Duration
    | GoverningLaw
    | Timezone
    | Currency
    | Recital
    | BusinessDays
    | BusinessHours
    | WorkedExamples
    | FiscalYearNode
    | OrderOfPrecedence
)


@dataclass(frozen=True, eq=False, repr=False)
class Hours(Node):
    """`hours "Sun-Thu 10:00-18:00".`"""

    text: String


@dataclass(frozen=True, eq=False, repr=False)
class Holidays(Node):
    """`holidays "IL".`"""

    places: tuple[String, ...]


@dataclass(frozen=True, eq=False, repr=False)
class CalendarNode(Node):
    """`calendar support_desk "Support Desk" { … }`."""

    name: Name
    title: String | None
    items: tuple[Hours | Holidays | Timezone, ...]


@dataclass(frozen=True, eq=False, repr=False)
class AgreementNode(Node):
    """`agreement "…" { … }`."""

    title: String
    items: tuple[AgreementItem, ...]


@dataclass(frozen=True, eq=False, repr=False)
class Entity(Node):
    """`entity "a Delaware corporation".`"""

    text: String


@dataclass(frozen=True, eq=False, repr=False)
class Address(Node):
    """`address "…".`"""

    text: String


@dataclass(frozen=True, eq=False, repr=False)
class Notices(Node):
    """`notices "…".`: where notices go."""

    text: String


@dataclass(frozen=True, eq=False, repr=False)
class Signatory(Node):
    """`signatory "Jane Roe", "Chief Executive Officer".`"""

    name: String
    title: String | None


@dataclass(frozen=True, eq=False, repr=False)
class PartyNode(Node):
    """`party provider "Acme Models, Inc." called "Provider" { … }`."""

    name: Name
    legal_name: String
    called: String | None
    items: tuple[Entity | Address | Notices | Signatory, ...]


@dataclass(frozen=True, eq=False, repr=False)
class RoleNode(Node):
    """`role head_of_risk "Head of Risk" of customer above risk_officer.`"""

    name: Name
    title: String | None
    party: Name
    above: Name | None


@dataclass(frozen=True, eq=False, repr=False)
class Environments(Node):
    """`environments development, production.`"""

    names: tuple[Name, ...]


@dataclass(frozen=True, eq=False, repr=False)
class Stages(Node):
    """`stages labeling, training.`"""

    names: tuple[Name, ...]


@dataclass(frozen=True, eq=False, repr=False)
class Means(Node):
    """`means \"\"\"…\"\"\".`"""

    prose: ProseText


@dataclass(frozen=True, eq=False, repr=False)
class ReportedBy(Node):
    """`reported by provider.`"""

    party: Name


@dataclass(frozen=True, eq=False, repr=False)
class Places(Node):
    """`places 6.`: decimal places read."""

    number: Number


DataItem = Means | ReportedBy | Places


@dataclass(frozen=True, eq=False, repr=False)
class AttributeNode(Node):
    """`amount as USD`."""

    name: Name
    unit: Name


@dataclass(frozen=True, eq=False, repr=False)
class EmptyCounts(Node):
    """`empty counts as 0%`."""

    value: Expression


@dataclass(frozen=True, eq=False, repr=False)
class EmptyMissing(Node):
    """`empty is missing`."""


@dataclass(frozen=True, eq=False, repr=False)
class Derivation(Node):
    """`= count(request where status is "failed") / count(request) each 5 minutes empty counts as 0%`."""

    measure: Expression
    each: PeriodLiteral
    empty: EmptyCounts | EmptyMissing | None


@dataclass(frozen=True, eq=False, repr=False)
class Occurring(Node):
    """`when error_rate above 10% lasting at least 10 minutes with at least 5 samples`."""

    measure: Expression
    comparator: Comparator
    threshold: Expression
    each: PeriodLiteral | None
    lasting: PeriodLiteral
    samples: Number | None


@dataclass(frozen=True, eq=False, repr=False)
class MetricNode(Node):
    """`metric accuracy "accuracy" as fraction by model …`."""

    name: Name
    title: String | None
    unit: Name
    dimensions: tuple[Name, ...] | None
    derivation: Derivation | None
    items: tuple[DataItem, ...]


@dataclass(frozen=True, eq=False, repr=False)
class EventNode(Node):
    """`event deployment "deployment", "deploy a Model" by model …`."""

    name: Name
    title: String | None
    action: String | None
    dimensions: tuple[Name, ...] | None
    attributes: tuple[AttributeNode, ...] | None
    items: tuple[DataItem, ...]


@dataclass(frozen=True, eq=False, repr=False)
class RecordNode(Node):
    """`record outage "outage" by model …`."""

    name: Name
    title: String | None
    dimensions: tuple[Name, ...] | None
    attributes: tuple[AttributeNode, ...] | None
    occurring: Occurring | None
    items: tuple[DataItem, ...]


@dataclass(frozen=True, eq=False, repr=False)
class TermNode(Node):
    """`term name "Title" = value.`"""

    name: Name
    title: String | None
    value: Expression


@dataclass(frozen=True, eq=False, repr=False)
class KeyTermNode(TermNode):
    """`key term …`: also on the cover page."""


@dataclass(frozen=True, eq=False, repr=False)
class OpenTermNode(Node):
    """`term name "Title": fraction optional.`: a term that has no value until something sets it."""

    name: Name
    title: String | None
    type: Name


@dataclass(frozen=True, eq=False, repr=False)
class KeyOpenTermNode(OpenTermNode):
    """`key term name "Title": fraction optional.`"""


@dataclass(frozen=True, eq=False, repr=False)
class DefinitionNode(Node):
    """`define production_model "Production Model" as \"\"\"…\"\"\".`"""

    name: Name | None
    title: String
    means: ProseText


@dataclass(frozen=True, eq=False, repr=False)
class StandardNode(Node):
    """`standard gdpr "Regulation (EU) 2016/679".`"""

    name: Name
    title: String


# --- other files ---------------------------------------------------------------------------------------------


@dataclass(frozen=True, eq=False, repr=False)
class ParamNode(Node):
    """`param notice_period "Notice Period": period = 72 hours.` in a clause library; without a value it must be set."""

    name: Name
    title: String | None
    type: Name
    default: Expression | None = None


@dataclass(frozen=True, eq=False, repr=False)
class OpenParamNode(ParamNode):
    """`param limit: fraction optional.`: an optional term, unless it is set."""


@dataclass(frozen=True, eq=False, repr=False)
class SetTermNode(TermNode):
    """A term made from a parameter: its value is what was set, or the default. No source writes it as such."""

    param: ParamNode


@dataclass(frozen=True, eq=False, repr=False)
class Prefixed(Node):
    """`as mobile "Mobile"`: what distinguishes a file that is used twice."""

    name: Name
    title: String | None


@dataclass(frozen=True, eq=False, repr=False)
class Setting(Node):
    """`notice_period = 24 hours.`"""

    name: Name
    value: Expression


@dataclass(frozen=True, eq=False, repr=False)
class UseNode(Node):
    """`use "clauses/incidents.msa" as mobile with { … }`."""

    path: String
    prefixed: Prefixed | None
    settings: tuple[Setting, ...]


@dataclass(frozen=True, eq=False, repr=False)
class UseLibraryNode(UseNode):
    """`use library "incident-response" with { … }`: a clause library that comes with the program."""


# --- numbered text -------------------------------------------------------------------------------------------


@dataclass(frozen=True, eq=False, repr=False)
class Paragraph(Node):
    """Prose that stands by itself."""

    prose: ProseText


@dataclass(frozen=True, eq=False, repr=False)
class NoteNode(Node):
    """A drafting note."""

    text: String | ProseText


@dataclass(frozen=True, eq=False, repr=False)
class Stage(Node):
    """`stage operation.`"""

    names: tuple[Name, ...]


@dataclass(frozen=True, eq=False, repr=False)
class Narrative(Node):
    """`narrative "a statement of purpose".`"""

    reason: String


@dataclass(frozen=True, eq=False, repr=False)
class ExceptDuring(Node):
    """`except during maintenance where …`."""

    record: Name
    where: Where | None


@dataclass(frozen=True, eq=False, repr=False)
class ExceptWhere(Node):
    """`except where …`."""

    where: Where


@dataclass(frozen=True, eq=False, repr=False)
class OnlyIfSet(Node):
    """`only if training_data and training_purposes are set.`"""

    terms: tuple[Name, ...]


@dataclass(frozen=True, eq=False, repr=False)
class MayWaive(Node):
    """`only head_of_risk may waive.`"""

    roles: tuple[Name, ...]


@dataclass(frozen=True, eq=False, repr=False)
class Survives(Node):
    """`survives for 3 years.` after the end of the agreement; `survives.` without a limit."""

    period: PeriodLiteral | None


@dataclass(frozen=True, eq=False, repr=False)
class MissingExcused(Node):
    """`missing data is excused.`"""


@dataclass(frozen=True, eq=False, repr=False)
class Citation(Node):
    """`eu_ai_act "Article 15(1)"`."""

    standard: Name
    text: String


@dataclass(frozen=True, eq=False, repr=False)
class Satisfies(Node):
    """`satisfies …, ….`"""

    citations: tuple[Citation, ...]


# --- conditions, values, measures ----------------------------------------------------------------------------


@dataclass(frozen=True, eq=False, repr=False)
class NameReference(Node):
    """A name used as a value: a term, a metric, an event, a record, a dimension or an attribute."""

    text: str


@dataclass(frozen=True, eq=False, repr=False)
class AttributeReference(Node):
    """`payment.amount`."""

    of: Name
    attribute: str


@dataclass(frozen=True, eq=False, repr=False)
class Binary(Node):
    """`left operator right`; the operator is `+`, `-`, `*`, `/` or `of`."""

    operator: str
    left: Expression
    right: Expression


@dataclass(frozen=True, eq=False, repr=False)
class Comparator(Node):
    """`at least`, `at most`, `below`, `above`, `is` (also spelled `exactly`), `is not`."""

    words: str


@dataclass(frozen=True, eq=False, repr=False)
class ChargedNode(Node):
    """`sum(fees) in that month`."""

    call: Call
    each: Name


@dataclass(frozen=True, eq=False, repr=False)
class RelativeChange(Node):
    """`relative fall(mean(accuracy))`."""

    call: Call


@dataclass(frozen=True, eq=False, repr=False)
class FirstTime(Node):
    """`the first 90 days`."""

    length: PeriodLiteral


@dataclass(frozen=True, eq=False, repr=False)
class TimeBefore(Node):
    """`the 30 days before`."""

    length: PeriodLiteral


@dataclass(frozen=True, eq=False, repr=False)
class TimeBetween(Node):
    """`the time from 2026-10-01 until 2027-01-01`: the last day does not belong to it."""

    first: DateLiteral
    until: DateLiteral


@dataclass(frozen=True, eq=False, repr=False)
class DriftNode(Node):
    """`drift(score where model is "a" by psi against the first 90 days)`."""

    argument: Expression
    where: Where | None
    method: Name
    reference: FirstTime | TimeBefore | TimeBetween


@dataclass(frozen=True, eq=False, repr=False)
class ComparisonTail(Node):
    """The `at most v` of `share(m at most v)`."""

    comparator: Comparator
    value: Expression


@dataclass(frozen=True, eq=False, repr=False)
class AcrossDimension(Node):
    """`across group`."""

    dimension: Name


@dataclass(frozen=True, eq=False, repr=False)
class Excluding(Node):
    """`excluding maintenance where …`: time that is left out, of a measure or of a deadline."""

    record: Name
    where: Where | None


@dataclass(frozen=True, eq=False, repr=False)
class Counting(Node):
    """`counting once within 5 minutes per request_id`: what follows the first one so soon is not counted."""

    within: PeriodLiteral
    per: tuple[Name, ...] | None


@dataclass(frozen=True, eq=False, repr=False)
class Call(Node):
    """`mean(accuracy where …)`, `gap(mean(approved) across group)`, `percentile(latency, 99.9)`."""

    function: Name
    argument: Expression
    comparison: ComparisonTail | None
    across: AcrossDimension | None
    where: Where | None
    counting: Counting | None
    excluding: Excluding | None
    number: Number | None


@dataclass(frozen=True, eq=False, repr=False)
class ElapsedNode(Node):
    """`time(from incident to resolution matching incident_id)`."""

    start: Name
    start_where: Where | None
    finish: Name
    finish_where: Where | None
    matching: Matching | None


Expression = (
    Number
    | Percent
    | Money
    | QuantityLiteral
    | DateLiteral
    | String
    | NameReference
    | AttributeReference
    | Binary
    | Call
    | ChargedNode
    | ElapsedNode
)


@dataclass(frozen=True, eq=False, repr=False)
class ComparisonNode(Node):
    """`left at most right` in a condition."""

    left: Expression
    comparator: Comparator
    right: Expression


@dataclass(frozen=True, eq=False, repr=False)
class Membership(Node):
    """`region in ("EU", "UK")`."""

    left: Expression
    values: tuple[String, ...]


@dataclass(frozen=True, eq=False, repr=False)
class NonMembership(Node):
    """`region not in ("EU", "UK")`."""

    left: Expression
    values: tuple[String, ...]


@dataclass(frozen=True, eq=False, repr=False)
class Negation(Node):
    """`not …`."""

    part: ConditionNode


@dataclass(frozen=True, eq=False, repr=False)
class AllOf(Node):
    """`… and …`."""

    parts: tuple[ConditionNode, ...]


@dataclass(frozen=True, eq=False, repr=False)
class AnyOf(Node):
    """`… or …`."""

    parts: tuple[ConditionNode, ...]


ConditionNode = ComparisonNode | Membership | NonMembership | Negation | AllOf | AnyOf


@dataclass(frozen=True, eq=False, repr=False)
class Where(Node):
    """`where …`."""

    condition: ConditionNode


# --- qualifiers ----------------------------------------------------------------------------------------------


@dataclass(frozen=True, eq=False, repr=False)
class Per(Node):
    """`per model and environment`."""

    names: tuple[Name, ...]


@dataclass(frozen=True, eq=False, repr=False)
class InEnvironments(Node):
    """`in staging or production`."""

    names: tuple[Name, ...]


@dataclass(frozen=True, eq=False, repr=False)
class Samples(Node):
    """`with at least 1,000 samples`, or `with at least 100 samples for each group`."""

    number: Number
    each: Name | None


@dataclass(frozen=True, eq=False, repr=False)
class Confidence(Node):
    """`with 95% confidence`."""

    level: Percent | NameReference


@dataclass(frozen=True, eq=False, repr=False)
class Matching(Node):
    """`matching model and version`."""

    names: tuple[Name, ...]


@dataclass(frozen=True, eq=False, repr=False)
class Labelled(Node):
    """`labelled accuracy_floor`."""

    name: Name


@dataclass(frozen=True, eq=False, repr=False)
class Worded(Node):
    """`worded \"\"\"…\"\"\"`: the drafter's own wording."""

    prose: ProseText


@dataclass(frozen=True, eq=False, repr=False)
class CaseShareNode(Node):
    """`in at least 95% of cases over each month`."""

    comparator: Comparator
    threshold: Percent | NameReference
    window: WindowNode


@dataclass(frozen=True, eq=False, repr=False)
class DuringTime(Node):
    """`during freeze where … matching environment`: only while such a record is open."""

    record: Name
    where: Where | None
    matching: Matching | None


@dataclass(frozen=True, eq=False, repr=False)
class OutsideTime(Node):
    """`outside consent where … matching subject`: only while no such record is open."""

    record: Name
    where: Where | None
    matching: Matching | None


@dataclass(frozen=True, eq=False, repr=False)
class AfterTime(Node):
    """`after go_live until retirement matching model`: only from the one event on, up to the other."""

    event: Name
    where: Where | None
    until: Name | None
    until_where: Where | None
    matching: Matching | None


Qualifier = (
    Per
    | InEnvironments
    | Samples
    | Confidence
    | Matching
    | Labelled
    | Worded
    | Where
    | CaseShareNode
    | DuringTime
    | OutsideTime
    | AfterTime
    | Excluding
)


@dataclass(frozen=True, eq=False, repr=False)
class CalendarWindow(Node):
    """`each month`."""

    each: Name


@dataclass(frozen=True, eq=False, repr=False)
class RollingWindow(Node):
    """`any 30 days`."""

    length: PeriodLiteral


WindowNode = CalendarWindow | RollingWindow

# --- sentences -----------------------------------------------------------------------------------------------


@dataclass(frozen=True, eq=False, repr=False)
class KeepNode(Node):
    """`provider must keep mean(accuracy) at least 92% over each month ….`"""

    holder: Name
    left: Expression
    comparator: Comparator
    right: Expression
    window: WindowNode
    qualifiers: tuple[Qualifier, ...]


@dataclass(frozen=True, eq=False, repr=False)
class GateNode(Node):
    """`provider must keep mean(accuracy) at least 92% over the 7 days before each deployment ….`"""

    holder: Name
    left: Expression
    comparator: Comparator
    right: Expression
    before: PeriodLiteral
    event: Name
    qualifiers: tuple[Qualifier, ...]


@dataclass(frozen=True, eq=False, repr=False)
class KeepAlwaysNode(Node):
    """`provider must keep queue below 500 at all times tolerating 15 minutes ….`"""

    holder: Name
    left: Expression
    comparator: Comparator
    right: Expression
    tolerance: PeriodLiteral | None
    qualifiers: tuple[Qualifier, ...]


@dataclass(frozen=True, eq=False, repr=False)
class FromEvent(Node):
    """`from go_live`: what the first interval begins with."""

    event: Name
    where: Where | None


@dataclass(frozen=True, eq=False, repr=False)
class CadenceNode(Node):
    """`provider must perform bias_evaluation at least every 30 days ….`"""

    holder: Name
    event: Name
    where: Where | None
    every: PeriodLiteral
    start: FromEvent | None
    qualifiers: tuple[Qualifier, ...]


@dataclass(frozen=True, eq=False, repr=False)
class Times(Node):
    """`at least 2 times`."""

    comparator: Comparator
    number: Number


@dataclass(frozen=True, eq=False, repr=False)
class CountNode(Node):
    """`… must perform incident_drill at least 2 times each year ….`"""

    holder: Name
    event: Name
    where: Where | None
    times: Times
    window: WindowNode
    qualifiers: tuple[Qualifier, ...]


@dataclass(frozen=True, eq=False, repr=False)
class MustCountNode(CountNode):
    """A duty to perform."""


@dataclass(frozen=True, eq=False, repr=False)
class MayCountNode(CountNode):
    """A limit on a permission."""


@dataclass(frozen=True, eq=False, repr=False)
class PeriodOfClassNode(Node):
    """`"critical", "major": 4 hours.`"""

    classes: tuple[String, ...]
    within: PeriodLiteral


@dataclass(frozen=True, eq=False, repr=False)
class Otherwise(Node):
    """`otherwise: 5 business days.`"""

    within: PeriodLiteral


@dataclass(frozen=True, eq=False, repr=False)
class ByClassNode(Node):
    """`by severity of incident { "critical": 4 hours. … }`"""

    dimension: Name
    classes: tuple[PeriodOfClassNode, ...]
    otherwise: Otherwise | None


@dataclass(frozen=True, eq=False, repr=False)
class AfterEventNode(Node):
    """`5 business days of acceptance`, the other deadline."""

    within: PeriodLiteral
    event: Name


@dataclass(frozen=True, eq=False, repr=False)
class Extreme(Node):
    """`later` or `earlier`."""

    words: str


@dataclass(frozen=True, eq=False, repr=False)
class WhicheverNode(Node):
    """`or 5 business days of acceptance, whichever is later`."""

    other: AfterEventNode | AttributeReference | NameReference
    extreme: Extreme


@dataclass(frozen=True, eq=False, repr=False)
class NotifyResponseNode(Node):
    """`provider must notify risk_officer within 72 hours of incident ….`"""

    holder: Name
    role: Name
    within: PeriodLiteral | ByClassNode
    trigger: Name
    whichever: WhicheverNode | None
    qualifiers: tuple[Qualifier, ...]


@dataclass(frozen=True, eq=False, repr=False)
class PerformResponseNode(Node):
    """`provider must perform resolution within 24 hours of incident ….`"""

    holder: Name
    event: Name
    where: Where | None
    within: PeriodLiteral | ByClassNode
    trigger: Name
    whichever: WhicheverNode | None
    qualifiers: tuple[Qualifier, ...]


@dataclass(frozen=True, eq=False, repr=False)
class ProhibitionNode(Node):
    """`provider must not perform data_transfer where ….`"""

    holder: Name
    event: Name
    qualifiers: tuple[Qualifier, ...]


@dataclass(frozen=True, eq=False, repr=False)
class WithinBefore(Node):
    """`within 14 days before`."""

    period: PeriodLiteral


@dataclass(frozen=True, eq=False, repr=False)
class LeadBefore(Node):
    """`at least 2 days before`."""

    period: PeriodLiteral


@dataclass(frozen=True, eq=False, repr=False)
class DifferentPersons(Node):
    """`as different persons`: nobody acts for two of the roles."""


@dataclass(frozen=True, eq=False, repr=False)
class OtherThanPerformer(Node):
    """`other than the performer`: not whoever does what needs it."""


@dataclass(frozen=True, eq=False, repr=False)
class ByRoles(Node):
    """`by risk_officer and legal_counsel as different persons other than the performer`."""

    roles: tuple[Name, ...]
    different: DifferentPersons | None
    other: OtherThanPerformer | None


@dataclass(frozen=True, eq=False, repr=False)
class BySomeone(Node):
    """`by someone other than the performer`: whatever the role."""

    other: OtherThanPerformer


@dataclass(frozen=True, eq=False, repr=False)
class PrecedenceNode(Node):
    """`provider must not perform deployment in production without approval by … within … before matching ….`"""

    holder: Name
    event: Name
    event_qualifiers: tuple[Qualifier, ...]
    required: Name
    required_where: Where | None
    by: ByRoles | BySomeone | None
    bounds: tuple[WithinBefore | LeadBefore, ...] | None
    qualifiers: tuple[Qualifier, ...]


@dataclass(frozen=True, eq=False, repr=False)
class PermissionNode(Node):
    """`only data_scientist or model_owner may perform training_data_access in development ….`"""

    roles: tuple[Name, ...]
    event: Name
    qualifiers: tuple[Qualifier, ...]


@dataclass(frozen=True, eq=False, repr=False)
class RetentionNode(Node):
    """`provider must retain prediction_log for at least 7 years ….`"""

    holder: Name
    record: Name
    where: Where | None
    period: PeriodLiteral
    qualifiers: tuple[Qualifier, ...]


@dataclass(frozen=True, eq=False, repr=False)
class DeletionNode(Node):
    """`provider must delete customer_data within 30 days of termination ….`"""

    holder: Name
    record: Name
    where: Where | None
    within: PeriodLiteral | ByClassNode
    trigger: Name
    qualifiers: tuple[Qualifier, ...]


SentenceNode = (
    KeepNode
    | GateNode
    | KeepAlwaysNode
    | CadenceNode
    | MustCountNode
    | MayCountNode
    | NotifyResponseNode
    | PerformResponseNode
    | ProhibitionNode
    | PrecedenceNode
    | PermissionNode
    | RetentionNode
    | DeletionNode
)

# --- consequences --------------------------------------------------------------------------------------------


@dataclass(frozen=True, eq=False, repr=False)
class NotifyDutyNode(Node):
    """`provider must notify risk_officer within 24 hours.`"""

    holder: Name
    role: Name
    within: PeriodLiteral
    label: Labelled | None
    on_breach: OnBreach | None = None


@dataclass(frozen=True, eq=False, repr=False)
class PerformDutyNode(Node):
    """`provider must perform retraining within 14 days.`"""

    holder: Name
    event: Name
    within: PeriodLiteral
    label: Labelled | None
    on_breach: OnBreach | None = None


@dataclass(frozen=True, eq=False, repr=False)
class CreditNode(Node):
    """`credit customer 10% of monthly_fee.`"""

    party: Name
    amount: Expression
    each: ForEachBreach | None
    minimum: MinimumNode | None
    claimed: IfClaimed | None


@dataclass(frozen=True, eq=False, repr=False)
class ForEachBreach(Node):
    """`for each breach from the 5th in any 60 days`."""

    number: Number | None
    within: PeriodLiteral | None


@dataclass(frozen=True, eq=False, repr=False)
class TierNode(Node):
    """`below 92%: 10% of monthly_fee.`"""

    comparator: Comparator
    threshold: Expression
    amount: Expression


@dataclass(frozen=True, eq=False, repr=False)
class CreditByValueNode(Node):
    """`credit customer by value { … }`."""

    party: Name
    minimum: MinimumNode | None
    claimed: IfClaimed | None
    tiers: tuple[TierNode, ...]


@dataclass(frozen=True, eq=False, repr=False)
class MinimumNode(Node):
    """`minimum USD 1`."""

    amount: Expression


@dataclass(frozen=True, eq=False, repr=False)
class IfClaimed(Node):
    """`if claimed within 30 days`."""

    within: PeriodLiteral


@dataclass(frozen=True, eq=False, repr=False)
class CountTierNode(Node):
    """`at least 5: USD 500.`"""

    count: Number
    amount: Expression


@dataclass(frozen=True, eq=False, repr=False)
class CreditByCountNode(Node):
    """`credit customer by count each month { … }`."""

    party: Name
    each: Name
    minimum: MinimumNode | None
    claimed: IfClaimed | None
    tiers: tuple[CountTierNode, ...]


@dataclass(frozen=True, eq=False, repr=False)
class Extent(Node):
    """`started` or `full`."""

    words: str


@dataclass(frozen=True, eq=False, repr=False)
class UpTo(Node):
    """`up to USD 1,000`."""

    amount: Expression


@dataclass(frozen=True, eq=False, repr=False)
class CreditByDelayNode(Node):
    """`credit customer by delay { each started day: USD 100 up to USD 1,000. }`."""

    party: Name
    minimum: MinimumNode | None
    claimed: IfClaimed | None
    extent: Extent
    each: PeriodLiteral
    amount: Expression
    most: UpTo | None


@dataclass(frozen=True, eq=False, repr=False)
class CapRolling(Node):
    """`each 12 months` of a cap."""

    length: PeriodLiteral


@dataclass(frozen=True, eq=False, repr=False)
class OverTerm(Node):
    """`over the term` of a cap."""


@dataclass(frozen=True, eq=False, repr=False)
class HighestNode(Node):
    """`only the highest credit counts each month per service.`"""

    each: Name
    per: Per | None


@dataclass(frozen=True, eq=False, repr=False)
class CapNode(Node):
    """`cap credits at 20% of monthly_fee each month.`"""

    amount: Expression
    span_of: CalendarWindow | CapRolling | OverTerm


@dataclass(frozen=True, eq=False, repr=False)
class CureNode(Node):
    """`cure within 30 days.`"""

    within: PeriodLiteral


@dataclass(frozen=True, eq=False, repr=False)
class EscalateNode(Node):
    """`escalate to head_of_risk after 10 days.`"""

    role: Name
    after: PeriodLiteral


@dataclass(frozen=True, eq=False, repr=False)
class Uncured(Node):
    """The word `uncured`."""


@dataclass(frozen=True, eq=False, repr=False)
class TerminateNode(Node):
    """`customer may terminate after 3 uncured breaches in 6 months.`"""

    party: Name
    count: Number
    uncured: Uncured | None
    within: PeriodLiteral
    notified: NotifiedInTime | None
    exercisable: Exercisable | None


@dataclass(frozen=True, eq=False, repr=False)
class NotifiedInTime(Node):
    """`each notified within 30 days`."""

    within: PeriodLiteral


@dataclass(frozen=True, eq=False, repr=False)
class Exercisable(Node):
    """`exercisable within 30 days`."""

    within: PeriodLiteral


@dataclass(frozen=True, eq=False, repr=False)
class TerminateInRowNode(Node):
    """`customer may terminate after 3 breaches in a row.`"""

    party: Name
    count: Number
    uncured: Uncured | None
    notified: NotifiedInTime | None
    exercisable: Exercisable | None


@dataclass(frozen=True, eq=False, repr=False)
class TerminateInSpansNode(Node):
    """`customer may terminate after 2 breaches in any 3 consecutive months.`"""

    party: Name
    count: Number
    uncured: Uncured | None
    number: Number
    each: Name
    notified: NotifiedInTime | None
    exercisable: Exercisable | None


@dataclass(frozen=True, eq=False, repr=False)
class TriggerDutyNode(Node):
    """`trigger rollback within 1 hour.`"""

    event: Name
    within: PeriodLiteral
    label: Labelled | None
    on_breach: OnBreach | None = None


@dataclass(frozen=True, eq=False, repr=False)
class BlockNode(Node):
    """`block deployment in production.`"""

    event: Name
    environments: InEnvironments | None
    time: BlockTime | None


@dataclass(frozen=True, eq=False, repr=False)
class BlockTime(Node):
    """`for 30 days` of a block."""

    period: PeriodLiteral


@dataclass(frozen=True, eq=False, repr=False)
class ExerciseTime(Node):
    """`within 30 days` of a right."""

    period: PeriodLiteral


@dataclass(frozen=True, eq=False, repr=False)
class InterestOn(Node):
    """`on invoice.amount` of interest."""

    amount: Expression


@dataclass(frozen=True, eq=False, repr=False)
class InterestSimple(Node):
    """The word `simple`."""


@dataclass(frozen=True, eq=False, repr=False)
class InterestCompounded(Node):
    """`compounded monthly`."""

    how: Name


@dataclass(frozen=True, eq=False, repr=False)
class InterestCounting(Node):
    """`counting actual/365`."""

    days: str


@dataclass(frozen=True, eq=False, repr=False)
class InterestFrom(Node):
    """`from breach`, or from the event that began it."""

    start: Name


@dataclass(frozen=True, eq=False, repr=False)
class InterestUntil(Node):
    """`until performed`, or `until cured`."""

    end: Name


InterestPart = InterestOn | InterestSimple | InterestCompounded | InterestCounting | InterestFrom | InterestUntil


@dataclass(frozen=True, eq=False, repr=False)
class InterestNode(Node):
    """`accrue interest to provider at 1.5% per month …`; what it must say comes in any order."""

    party: Name
    rate: Expression
    per: Name
    parts: tuple[InterestPart, ...]


@dataclass(frozen=True, eq=False, repr=False)
class RefundNode(Node):
    """`refund customer annual_fee prorated by day over each 12 months.`"""

    party: Name
    amount: Expression
    by: Name | None
    span_of: CalendarWindow | CapRolling | OverTerm | None = None


@dataclass(frozen=True, eq=False, repr=False)
class TerminateAtOnceNode(Node):
    """`customer may terminate within 30 days.`"""

    party: Name
    time: ExerciseTime | None


@dataclass(frozen=True, eq=False, repr=False)
class RightNode(Node):
    """`provider may perform suspension within 30 days.`"""

    holder: Name
    event: Name
    time: ExerciseTime | None


Consequence = (
    NotifyDutyNode
    | PerformDutyNode
    | CreditNode
    | CreditByValueNode
    | CapNode
    | HighestNode
    | CureNode
    | EscalateNode
    | TerminateNode
    | BlockNode
    | NoteNode
    | CreditByCountNode
    | CreditByDelayNode
    | TriggerDutyNode
    | TerminateInRowNode
    | TerminateInSpansNode
    | TerminateAtOnceNode
    | InterestNode
    | RefundNode
    | RightNode
)


@dataclass(frozen=True, eq=False, repr=False)
class OnBreach(Node):
    """`on breach { … }`."""

    items: tuple[Consequence, ...]


@dataclass(frozen=True, eq=False, repr=False)
class Lasting(Node):
    """`lasting at least 30 days`."""

    period: PeriodLiteral


@dataclass(frozen=True, eq=False, repr=False)
class OnEvent(Node):
    """`on incident where … { … }`, `on force_majeure lasting at least 30 days { … }`."""

    source: Name
    qualifiers: tuple[Qualifier, ...]
    lasting: Lasting | None
    items: tuple[Consequence, ...]


ClauseItem = (
    Paragraph
    | NoteNode
    | Stage
    | Narrative
    | ExceptDuring
    | ExceptWhere
    | MissingExcused
    | OnlyIfSet
    | MayWaive
    | Survives
    | Satisfies
    | OnBreach
    | OnEvent
    | SentenceNode
)


@dataclass(frozen=True, eq=False, repr=False)
class ClauseNode(Node):
    """`clause accuracy "Accuracy" { … }`."""

    name: Name
    title: String | None
    items: tuple[ClauseItem | ClauseNode | Struck, ...]


@dataclass(frozen=True, eq=False, repr=False)
class ArticleNode(Node):
    """`article "Model performance" { … }`."""

    name: Name | None
    title: String
    items: tuple[Paragraph | NoteNode | ClauseNode | UseNode | Struck, ...]


@dataclass(frozen=True, eq=False, repr=False)
class ScheduleNode(Node):
    """`schedule "Contacts" { … }`: prose and tables behind the signature page."""

    name: Name | None
    title: String
    items: tuple[Paragraph | NoteNode, ...]


# --- scenarios -----------------------------------------------------------------------------------------------


@dataclass(frozen=True, eq=False, repr=False)
class TimeLiteral(Node):
    """`10:00` or `10:00:30`; None where no clock shows that."""

    value: time | None


@dataclass(frozen=True, eq=False, repr=False)
class Moment(Node):
    """`2027-03-02 at 10:00`, local time; without a time, the beginning of the day."""

    date: DateLiteral
    time: TimeLiteral | None


@dataclass(frozen=True, eq=False, repr=False)
class OnMoment(Node):
    """`on 2027-03-02 at 10:00`."""

    moment: Moment


@dataclass(frozen=True, eq=False, repr=False)
class EachFrom(Node):
    """`each day from 2027-03-01 until 2027-04-01`: once in each, the end not included."""

    each: Name
    start: Moment
    end: Moment


@dataclass(frozen=True, eq=False, repr=False)
class GivenValue(Node):
    """`loss of USD 100`."""

    name: Name
    value: Expression


@dataclass(frozen=True, eq=False, repr=False)
class GivenValues(Node):
    """`with loss of USD 100 and affected of 20`."""

    values: tuple[GivenValue, ...]


@dataclass(frozen=True, eq=False, repr=False)
class GivenSamples(Node):
    """`given accuracy of 91% on 2027-03-10 where model is "credit".`"""

    count: Number | None
    metric: Name
    value: Expression
    when: OnMoment | EachFrom
    where: Where | None


@dataclass(frozen=True, eq=False, repr=False)
class GivenEvent(Node):
    """`given deployment on 2027-03-02 at 10:00 where model is "credit".`"""

    event: Name
    when: OnMoment | EachFrom
    values: GivenValues | None
    where: Where | None


@dataclass(frozen=True, eq=False, repr=False)
class GivenRecord(Node):
    """`given outage from 2027-03-02 at 08:00 until 2027-03-02 at 09:30.`; without `until` still open."""

    record: Name
    start: Moment
    end: Moment | None
    values: GivenValues | None
    where: Where | None


@dataclass(frozen=True, eq=False, repr=False)
class GivenNone(Node):
    """`given no incident.`: its data is there, and empty."""

    source: Name


@dataclass(frozen=True, eq=False, repr=False)
class AsOf(Node):
    """`as of 2027-04-02.`"""

    moment: Moment


@dataclass(frozen=True, eq=False, repr=False)
class VerdictWord(Node):
    """One of the five verdicts."""

    text: str


@dataclass(frozen=True, eq=False, repr=False)
class GroupValue(Node):
    """`model "credit"`."""

    dimension: Name
    value: String


@dataclass(frozen=True, eq=False, repr=False)
class ForGroup(Node):
    """`for model "credit" and environment "production"`."""

    values: tuple[GroupValue, ...]


@dataclass(frozen=True, eq=False, repr=False)
class WindowFrom(Node):
    """`in the window from 2027-03-01`."""

    moment: Moment


@dataclass(frozen=True, eq=False, repr=False)
class Under(Node):
    """`under availability`: which rule or clause a duty follows from."""

    name: Name


@dataclass(frozen=True, eq=False, repr=False)
class ExpectVerdict(Node):
    """`expect availability breached at 99.85% for service "shop" in the window from 2027-02-01.`"""

    rule: Name
    verdict: VerdictWord
    excused_by: Name | None
    value: Expression | None
    group: ForGroup | None
    when: OnMoment | WindowFrom | None


@dataclass(frozen=True, eq=False, repr=False)
class ExpectDuty(Node):
    """A duty that a breach gives rise to: to notify a role, or to perform an event."""

    what: Name
    under: Under | None
    verdict: VerdictWord
    group: ForGroup | None
    when: OnMoment | WindowFrom | None


@dataclass(frozen=True, eq=False, repr=False)
class ExpectNotify(ExpectDuty):
    """`expect duty to notify risk_officer under accuracy_floor pending.`"""


@dataclass(frozen=True, eq=False, repr=False)
class ExpectPerform(ExpectDuty):
    """`expect duty to perform retraining met.`"""


@dataclass(frozen=True, eq=False, repr=False)
class ExpectCredit(Node):
    """`expect credit to customer of USD 4,000.`"""

    party: Name
    amount: Expression


@dataclass(frozen=True, eq=False, repr=False)
class ExpectNoCredit(Node):
    """`expect no credit to customer.`"""

    party: Name | None


@dataclass(frozen=True, eq=False, repr=False)
class ExpectInterest(ExpectCredit):
    """`expect interest to provider of USD 263.01.`"""


@dataclass(frozen=True, eq=False, repr=False)
class ExpectNoInterest(ExpectNoCredit):
    """`expect no interest to provider.`"""


@dataclass(frozen=True, eq=False, repr=False)
class ExpectRefund(ExpectCredit):
    """`expect refund to customer of USD 1,000.`"""


@dataclass(frozen=True, eq=False, repr=False)
class ExpectNoRefund(ExpectNoCredit):
    """`expect no refund.`"""


@dataclass(frozen=True, eq=False, repr=False)
class ExpectMay(Node):
    """`expect provider may perform suspension.`"""

    holder: Name
    event: Name


@dataclass(frozen=True, eq=False, repr=False)
class ExpectMayNot(Node):
    """`expect provider may not perform suspension.`"""

    holder: Name
    event: Name


@dataclass(frozen=True, eq=False, repr=False)
class ExpectRight(Node):
    """`expect customer may terminate.`"""

    party: Name


@dataclass(frozen=True, eq=False, repr=False)
class ExpectNoRight(Node):
    """`expect customer may not terminate.`"""

    party: Name


@dataclass(frozen=True, eq=False, repr=False)
class ExpectBlocked(ExpectDuty):
    """`expect block of deployment under accuracy_floor breached.`"""


@dataclass(frozen=True, eq=False, repr=False)
class ExpectCure(Node):
    """`expect accuracy_floor uncured for model "credit".`"""

    rule: Name
    state: VerdictWord
    group: ForGroup | None
    when: OnMoment | WindowFrom | None


@dataclass(frozen=True, eq=False, repr=False)
class ExpectEscalation(Node):
    """`expect accuracy_floor escalated to head_of_risk.`"""

    rule: Name
    role: Name
    group: ForGroup | None
    when: OnMoment | WindowFrom | None


@dataclass(frozen=True, eq=False, repr=False)
class ExpectNoEscalation(ExpectEscalation):
    """`expect accuracy_floor not escalated to head_of_risk.`"""


@dataclass(frozen=True, eq=False, repr=False)
class ExpectBlock(Node):
    """`expect deployment blocked under accuracy_floor for model "credit".`"""

    event: Name
    under: Under | None
    group: ForGroup | None


@dataclass(frozen=True, eq=False, repr=False)
class ExpectNoBlock(ExpectBlock):
    """`expect deployment not blocked.`"""


@dataclass(frozen=True, eq=False, repr=False)
class WaiverWord(Node):
    """How a waiver stands: `in force`, `expired`, `orphaned`, `not entitled`."""

    text: str


@dataclass(frozen=True, eq=False, repr=False)
class ExpectWaiver(Node):
    """`expect waiver of accuracy in force.`"""

    clause: Name
    state: WaiverWord


GivenNode = GivenSamples | GivenEvent | GivenRecord | GivenNone
ExpectNode = (
    ExpectVerdict
    | ExpectNotify
    | ExpectPerform
    | ExpectBlocked
    | ExpectCredit
    | ExpectNoCredit
    | ExpectInterest
    | ExpectNoInterest
    | ExpectRefund
    | ExpectNoRefund
    | ExpectMay
    | ExpectMayNot
    | ExpectRight
    | ExpectNoRight
    | ExpectCure
    | ExpectEscalation
    | ExpectNoEscalation
    | ExpectBlock
    | ExpectNoBlock
    | ExpectWaiver
)


@dataclass(frozen=True, eq=False, repr=False)
class ScenarioNode(Node):
    """`scenario "…" { given …; as of …; expect … }`"""

    title: String
    items: tuple[GivenNode | AsOf | ExpectNode, ...]


# --- amendments ----------------------------------------------------------------------------------------------


@dataclass(frozen=True, eq=False, repr=False)
class Struck(Node):
    """Stands alone in a clause or article that an amendment struck; its span is that of the change. No source has it."""


@dataclass(frozen=True, eq=False, repr=False)
class InsertedClauseNode(ClauseNode):
    """A clause that an amendment added after another one: it bears that one's number with a letter. No source has it."""


@dataclass(frozen=True, eq=False, repr=False)
class SetChange(Node):
    """`set accuracy_floor = 95%.`"""

    name: Name
    value: Expression


@dataclass(frozen=True, eq=False, repr=False)
class ReplaceChange(Node):
    """`replace clause accuracy "Accuracy" { … }`, likewise an article, a definition, a party, the term of the agreement or
    its governing law."""

    text: ClauseNode | ArticleNode | DefinitionNode | Duration | GoverningLaw | PartyNode


@dataclass(frozen=True, eq=False, repr=False)
class StrikeClause(Node):
    """`strike clause accuracy.`"""

    name: Name


@dataclass(frozen=True, eq=False, repr=False)
class StrikeArticle(Node):
    """`strike article performance.`"""

    name: Name


@dataclass(frozen=True, eq=False, repr=False)
class AddChange(Node):
    """`add article "Security" { … }`, `add metric …`: something at the end of what there is."""

    text: Declaration


@dataclass(frozen=True, eq=False, repr=False)
class AfterClause(Node):
    """`after accuracy`."""

    name: Name


@dataclass(frozen=True, eq=False, repr=False)
class ToArticle(Node):
    """`to article performance`."""

    name: Name


@dataclass(frozen=True, eq=False, repr=False)
class AddClause(Node):
    """`add clause audit "Audit" after accuracy { … }`."""

    name: Name
    title: String | None
    place: AfterClause | ToArticle
    items: tuple[ClauseItem | ClauseNode, ...]


ChangeNode = SetChange | ReplaceChange | StrikeClause | StrikeArticle | AddChange | AddClause


@dataclass(frozen=True, eq=False, repr=False)
class AmendmentNode(Node):
    """`amendment 1 to "agreement.msa" { … }`."""

    number: Number
    path: String
    items: tuple[Effective | Recital | ChangeNode, ...]

    @property
    def changes(self) -> tuple[ChangeNode, ...]:
        """What it changes, in order."""
        return tuple(item for item in self.items if not isinstance(item, Effective | Recital))


# --- orders --------------------------------------------------------------------------------------------------


@dataclass(frozen=True, eq=False, repr=False)
class OrderTitle(Node):
    """`title "Order Form for the European region".`"""

    text: String


@dataclass(frozen=True, eq=False, repr=False)
class OrderTerm(Node):
    """`term 12 months.`"""

    period: PeriodLiteral


@dataclass(frozen=True, eq=False, repr=False)
class OrderUntil(Node):
    """`until 2028-03-01.`: the first day on which the order no longer applies."""

    date: DateLiteral


@dataclass(frozen=True, eq=False, repr=False)
class Covers(Node):
    """`covers where model in ("a", "b").`"""

    where: Where


@dataclass(frozen=True, eq=False, repr=False)
class Overriding(Node):
    """`overriding set floor = 99%.`: a change that may loosen what the agreement demands."""

    change: ChangeNode


@dataclass(frozen=True, eq=False, repr=False)
class OrderNode(Node):
    """`order "OF-1" under "agreement.msa" { … }`."""

    id: String
    path: String
    items: tuple[
        OrderTitle | Version | Effective | OrderTerm | OrderUntil | Covers | Recital | Overriding | ChangeNode, ...
    ]

    @property
    def changes(self) -> tuple[ChangeNode, ...]:
        """What it sets, replaces, strikes or adds, in order."""
        said = (item.change if isinstance(item, Overriding) else item for item in self.items)
        return tuple(item for item in said if isinstance(item, ChangeNode))

    @property
    def overriding(self) -> tuple[ChangeNode, ...]:
        """The changes that may loosen."""
        return tuple(item.change for item in self.items if isinstance(item, Overriding))


Declaration = (
    AgreementNode
    | PartyNode
    | RoleNode
    | Environments
    | Stages
    | MetricNode
    | EventNode
    | RecordNode
    | TermNode
    | CalendarNode
    | DefinitionNode
    | StandardNode
    | ArticleNode
    | OnBreach
    | OnEvent
    | ScenarioNode
    | ScheduleNode
    | OpenTermNode
    | ParamNode
    | UseNode
    | AmendmentNode
    | OrderNode
)


@dataclass(frozen=True, eq=False, repr=False)
class File(Node):
    """A whole source file."""

    declarations: tuple[Declaration, ...]
