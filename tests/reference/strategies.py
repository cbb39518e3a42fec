"""Small agreements and data for hypothesis, near the instants and numbers where evaluators go wrong.

The sources are always the same few; rules, remedies, zones, life, rows and the instant of the evaluation are drawn.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from functools import cache
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

from hypothesis import strategies as st

from tallystick.quantities import Period, PeriodUnit, Quantity
from tallystick.rules import measure as m
from tallystick.rules import rule as r
from tallystick.rules.calendars import WorkingCalendar, WorkingHours
from tallystick.rules.rulebook import AttributeData, EventData, MetricData, OrderData, RecordData, Role, Rulebook
from tallystick.rules.under_orders import overlap, together

from .clock import instant_of, local_of, midnight, period_starts

Table = list[dict[str, Any]]
Tables = dict[tuple[str, str], Table]
HOUR = 3_600_000_000
DAY = 24 * HOUR

# --- sources ----------------------------------------------------------------------------------------------------

METRICS = (
    MetricData(id="quality", title="quality", unit="score", dimensions=("model", "environment"), places=3),
    MetricData(id="passed", title="pass", unit="fraction", dimensions=("model",)),
    MetricData(id="latency", title="latency", unit="milliseconds", dimensions=("model", "segment")),
    MetricData(id="total", title="total", unit="score"),
)
EVENTS = (
    EventData(
        id="incident",
        title="incident",
        dimensions=("ticket", "model", "severity"),
        attributes=(
            AttributeData(name="affected", unit="count"),
            AttributeData(name="loss", unit="USD"),
            AttributeData(name="agreed", unit="hours"),
        ),
    ),
    EventData(id="resolution", title="resolution", dimensions=("ticket", "model")),
    EventData(
        id="deployment",
        title="deployment",
        dimensions=("model", "environment", "role", "person"),
        optional=("role", "person"),
    ),
    EventData(id="approval", title="approval", dimensions=("model", "role", "person"), optional=("role", "person")),
    EventData(
        id="notice",
        title="notice",
        dimensions=("clause", "about", "role", "model", "person"),
        optional=("clause", "about", "role", "model", "person"),
    ),
    EventData(id="cure", title="cure", dimensions=("clause", "about", "model"), optional=("about", "model")),
    EventData(
        id="claim", title="claim", dimensions=("clause", "about", "model"), optional=("clause", "about", "model")
    ),
    EventData(id="termination", title="termination"),
)
RECORDS = (
    RecordData(
        id="outage",
        title="outage",
        dimensions=("model", "environment"),
        attributes=(AttributeData(name="users", unit="count"),),
    ),
    RecordData(id="maintenance", title="maintenance", dimensions=("model",)),
    RecordData(id="freeze", title="freeze", dimensions=("environment",)),
    RecordData(id="holds", title="tenure", dimensions=("person", "role")),
    RecordData(id="waiver", title="waiver", dimensions=("clause", "role", "model"), optional=("role", "model")),
)
SOURCES: dict[str, tuple[m.SeriesKind, MetricData | EventData | RecordData]] = {
    **{each.id: (m.SeriesKind.METRIC, each) for each in METRICS},
    **{each.id: (m.SeriesKind.EVENT, each) for each in EVENTS},
    **{each.id: (m.SeriesKind.RECORD, each) for each in RECORDS},
}
ROLES = (
    Role(id="engineer", title="Engineer", party="provider"),
    Role(id="officer", title="Officer", party="customer"),
    Role(id="lead", title="Lead", party="customer", above="officer"),
)  # the chief is not declared: whoever waives must be
TEXTS = {
    "model": ("a", "b"),
    "environment": ("production", "staging"),
    "segment": ("x", "y", "z"),
    "ticket": ("1", "2"),
    "severity": ("low", "high"),
    "role": ("officer", "chief", "engineer", "lead"),
    "person": ("Ann", "Bob"),
    "clause": ("first", "second"),
    "about": ("2026", "2026-10", "2026-11", "2026-10-30", "2026-03", "2027", "2027-02", "2028-02"),
}
NUMBERS = {
    "quality": ("-1", "0", "1", "2", "2.001", "3"),
    "passed": ("0", "0.5", "0.9", "0.899999999", "0.900000001", "1"),
    "latency": ("0", "200", "199.999999999", "200.000000001", "1000"),
    "total": ("0", "1", "2"),
    "affected": ("0", "1", "2", "7"),
    "loss": ("-5", "0", "10.005", "100"),
    "agreed": ("0", "1", "2.5", "24.000000001", "72"),
    "users": ("0", "1", "2"),
}
THRESHOLDS = {
    "score": ("0", "1", "2", "1.5", "2.001"),
    "fraction": ("0", "0.5", "0.9", "1"),
    "duration": ("0", "200", "3600000", "86400000"),
    "count": ("0", "1", "2", "3"),
    "money": ("0", "10", "10.005", "100"),
}
UNITS = {"score": "score", "fraction": "fraction", "duration": "milliseconds", "count": "count", "money": "USD"}
ZONES = ("UTC", "America/New_York", "Europe/Berlin", "Australia/Lord_Howe", "Asia/Kathmandu", "America/Havana")
STARTS = (
    "2026-10-20",
    "2026-10-30",
    "2026-03-05",
    "2026-03-26",
    "2026-04-01",
    "2026-10-02",
    "2027-01-30",
    "2028-02-27",
)


def dimensions(name: str) -> tuple[str, ...]:
    """The dimensions of a source."""
    return SOURCES[name][1].dimensions


# --- small parts ------------------------------------------------------------------------------------------------


def choice(*options: Any) -> st.SearchStrategy[Any]:
    """One of the options."""
    return st.sampled_from(options)


def often(likely: Any, *others: Any) -> st.SearchStrategy[Any]:
    """The first option about as often as all others together."""
    return st.sampled_from([likely] * len(others) + [*others])


def value(kind: str) -> st.SearchStrategy[m.Value]:
    """A threshold of that kind."""
    return choice(*THRESHOLDS[kind]).map(lambda n: m.Value(quantity=Quantity(value=Decimal(n), unit=UNITS[kind])))


COMPARISONS = often(
    m.Comparison.AT_LEAST,
    m.Comparison.AT_MOST,
    m.Comparison.BELOW,
    m.Comparison.ABOVE,
    m.Comparison.IS,
    m.Comparison.IS_NOT,
)
PERIODS = st.builds(
    Period,
    amount=st.integers(1, 3),
    unit=choice(PeriodUnit.HOURS, PeriodUnit.DAYS, PeriodUnit.DAYS, PeriodUnit.WEEKS, PeriodUnit.MONTHS),
)
CALENDARS = (
    WorkingCalendar(
        id="agreement",
        title="",
        timezone="America/New_York",
        weekdays=(0, 1, 2, 3, 4),
        hours=tuple(WorkingHours(weekday=day, opens=540, closes=1020) for day in range(5)),
        first=2025,
        last=2030,
        holidays=tuple(date.fromisoformat(day) for day in ("2026-10-30", "2026-11-02", "2027-02-01", "2028-02-29")),
    ),
    WorkingCalendar(  # a week from Sunday to Thursday, a long lunch, hours in which clocks change
        id="desk",
        title="Support Desk",
        timezone="Europe/Berlin",
        weekdays=(0, 1, 2, 3, 6),
        hours=tuple(
            WorkingHours(weekday=day, opens=opens, closes=closes)
            for day in (6, 0, 1, 2, 3)
            for opens, closes in ((60, 150), (180, 240), (600, 1440))
        ),
        first=2025,
        last=2030,
        holidays=tuple(date.fromisoformat(day) for day in ("2026-03-30", "2026-10-29", "2026-11-01", "2027-01-31")),
    ),
)
DEADLINES = PERIODS | st.builds(
    Period,
    amount=st.integers(1, 4),
    unit=choice(PeriodUnit.BUSINESS_DAYS, PeriodUnit.BUSINESS_HOURS),
    calendar=choice("agreement", "desk"),
)
COUNTED = DEADLINES.filter(lambda p: p.unit not in (PeriodUnit.MONTHS, PeriodUnit.BUSINESS_DAYS))
"""What can be counted with some time left out."""
LONG_PERIODS = st.builds(
    Period,
    amount=st.integers(1, 2),
    unit=choice(PeriodUnit.DAYS, PeriodUnit.MONTHS, PeriodUnit.QUARTERS, PeriodUnit.YEARS),
)


@st.composite
def conditions(draw: st.DrawFn, name: str, depth: int = 1) -> m.Condition:
    """A condition on a row of the source, which has at least one dimension."""
    if depth and draw(st.integers(0, 3)) == 0:
        parts = (draw(conditions(name, depth - 1)), draw(conditions(name, depth - 1)))
        options: list[m.Condition] = [m.All(parts=parts), m.Any(parts=parts), m.Not(part=parts[0])]
        return draw(st.sampled_from(options))
    source = SOURCES[name][1]
    numbers: tuple[AttributeData, ...] = () if isinstance(source, MetricData) else source.attributes
    if draw(st.booleans()) and numbers:
        return draw(number_conditions(numbers))
    dimension = draw(st.sampled_from(source.dimensions))
    if draw(st.booleans()):
        values = tuple(sorted(draw(st.sets(st.sampled_from(TEXTS[dimension]), min_size=1, max_size=2))))
        return m.Member(attribute=dimension, values=values, negated=draw(st.booleans()))
    return m.Compare(
        left=m.Attribute(name=dimension),
        comparison=draw(choice(m.Comparison.IS, m.Comparison.IS_NOT)),
        right=m.Text(value=draw(st.sampled_from(TEXTS[dimension]))),
    )


@st.composite
def number_conditions(draw: st.DrawFn, numbers: tuple[AttributeData, ...]) -> m.Condition:
    """A number of the row (doubled, sometimes) against a number."""
    number = draw(st.sampled_from(numbers))
    amount = m.Value(quantity=Quantity(value=Decimal(draw(choice(*NUMBERS[number.name]))), unit=number.unit))
    left: Any = m.Attribute(name=number.name)
    if draw(st.booleans()):
        two = m.Value(quantity=Quantity(value=Decimal(2), unit="count"))
        left = m.RowArithmetic(operator=draw(st.sampled_from(list(m.Operator))), left=left, right=two)
    return m.Compare(left=left, comparison=draw(COMPARISONS), right=amount)


@st.composite
def series(draw: st.DrawFn, name: str, attribute: str | None = None) -> m.Series:
    """Rows of the source, sometimes with a condition."""
    where = draw(conditions(name)) if dimensions(name) and draw(st.integers(0, 3)) == 0 else None
    return m.Series(source=SOURCES[name][0], name=name, attribute=attribute, where=where)


# --- measures ---------------------------------------------------------------------------------------------------

FUNCTIONS = [f for f in m.Function if f is not m.Function.COUNT]


@st.composite
def aggregates(draw: st.DrawFn, name: str, attribute: str | None = None) -> m.Aggregate:
    """A plain aggregate of the numbers of a source."""
    function = draw(st.sampled_from(FUNCTIONS))
    percentile = Decimal(draw(choice("50", "90", "95", "100", "33.4"))) if function is m.Function.PERCENTILE else None
    return m.Aggregate(function=function, of=draw(series(name, attribute)), percentile=percentile)


@st.composite
def count_of(draw: st.DrawFn, name: str) -> m.Aggregate:
    """The number of rows, of events sometimes only of first ones."""
    of = draw(series(name))
    if SOURCES[name][0] is m.SeriesKind.EVENT and draw(st.booleans()):
        per = tuple(sorted(draw(st.sets(st.sampled_from(dimensions(name)), max_size=2))))
        of = of.model_copy(update={"once": m.Once(within=draw(PERIODS), per=per)})
    return m.Aggregate(function=m.Function.COUNT, of=of)


@st.composite
def shares(draw: st.DrawFn) -> m.Share:
    """The share of quick answers."""
    return m.Share(of=draw(series("latency")), comparison=draw(COMPARISONS), threshold=draw(value("duration")))


@st.composite
def record_times(draw: st.DrawFn, kind: type[m.Uptime | m.OpenTime]) -> m.Uptime | m.OpenTime:
    """Uptime or open time, sometimes with excluded time."""
    excluding = draw(st.none() | series("maintenance") | series("freeze"))
    return kind(record=draw(series("outage")), excluding=excluding)


@st.composite
def elapsed(draw: st.DrawFn) -> m.Elapsed:
    """Time from incident to resolution."""
    function = draw(
        choice(
            m.Function.MEAN, m.Function.MEDIAN, m.Function.MAX, m.Function.MIN, m.Function.SUM, m.Function.PERCENTILE
        )
    )
    return m.Elapsed(
        function=function,
        percentile=Decimal(90) if function is m.Function.PERCENTILE else None,
        start=draw(series("incident")),
        finish=draw(series("resolution")),
        matching=draw(choice((), ("ticket",), ("ticket", "model"))),
    )


@st.composite
def across(draw: st.DrawFn, function: str, inner: st.SearchStrategy[Any], dimension: str) -> m.Across:
    """`gap` or `ratio`."""
    return m.Across.model_validate({"function": function, "measure": draw(inner).model_dump(), "dimension": dimension})


@st.composite
def quotients(draw: st.DrawFn) -> m.Arithmetic:
    """A share of counts."""
    operator = draw(st.sampled_from(list(m.Operator)))
    return m.Arithmetic(operator=operator, left=draw(count_of("incident")), right=draw(count_of("resolution")))


@st.composite
def scaled(draw: st.DrawFn) -> m.Arithmetic:
    """Quality against the total, which all groups share."""
    operator = draw(st.sampled_from(list(m.Operator)))
    return m.Arithmetic(operator=operator, left=draw(aggregates("quality")), right=draw(aggregates("total")))


def ages() -> st.SearchStrategy[m.Age]:
    """Ages of metrics, events and records."""
    return choice("quality", "incident", "outage").flatmap(series).map(lambda s: m.Age(of=s))


def distincts() -> st.SearchStrategy[m.Distinct]:
    """Distinct texts, also where some are missing."""
    return series("deployment").map(lambda s: m.Distinct(of=s, dimension="role"))


@st.composite
def changes(draw: st.DrawFn, inner: st.SearchStrategy[Any], relative: bool = False) -> m.Change:
    """`change`, `rise` or `fall`."""
    function = draw(choice("change", "rise", "fall"))
    return m.Change.model_validate(
        {"function": function, "measure": draw(inner).model_dump(), "relative": relative},
    )


DAYS = st.builds(Period, amount=st.integers(1, 40), unit=choice(PeriodUnit.DAYS, PeriodUnit.DAYS, PeriodUnit.HOURS))


@st.composite
def drifts(draw: st.DrawFn) -> m.Drift:
    """Drift of a metric, by either method, against each kind of reference."""
    start = date.fromisoformat(draw(st.sampled_from(STARTS))) + timedelta(days=draw(st.integers(-3, 3)))
    reference = draw(
        st.builds(m.FirstTime, length=DAYS)
        | st.builds(m.TimeBefore, length=DAYS)
        | st.just(m.TimeBetween(first=start, until=start + timedelta(days=draw(st.integers(1, 9)))))
    )
    of = draw(choice("quality", "latency").flatmap(series))
    return m.Drift(method=draw(choice("psi", "ks")), of=of, reference=reference)


MEASURES: dict[str, st.SearchStrategy[Any]] = {
    "score": st.one_of(
        aggregates("quality"),
        across("gap", aggregates("quality"), "environment"),
        scaled(),
        changes(aggregates("quality")),
        drifts(),
    ),
    "fraction": st.one_of(
        aggregates("passed"),
        shares(),
        record_times(m.Uptime),
        across("ratio", aggregates("latency"), "segment"),
        across("gap", shares(), "segment"),
        quotients(),
        changes(st.one_of(aggregates("passed"), shares(), record_times(m.Uptime))),
        changes(st.one_of(aggregates("quality"), count_of("incident"), ages()), relative=True),
    ),
    "duration": st.one_of(aggregates("latency"), record_times(m.OpenTime), ages(), elapsed()),
    "count": st.one_of(
        choice("quality", "incident", "outage", "deployment").flatmap(count_of),
        distincts(),
        aggregates("incident", "affected"),
        across("gap", count_of("incident"), "severity"),
    ),
    "money": aggregates("incident", "loss"),
}


def dimensions_measured(measure: Any) -> list[set[str]]:
    """The dimensions of each source that a measure reads, less those that it compares across."""
    match measure:
        case m.Arithmetic():
            return dimensions_measured(measure.left) + dimensions_measured(measure.right)
        case m.Change():
            return dimensions_measured(measure.measure)
        case m.Across():
            return [each - {measure.dimension} for each in dimensions_measured(measure.measure)]
        case m.Uptime() | m.OpenTime():
            return [set(dimensions(measure.record.name))]
        case m.Elapsed():
            return [set(dimensions("incident")) & set(dimensions("resolution"))]
        case m.Value():
            return []
        case _:
            return [set(dimensions(measure.of.name))]


# --- rules ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Span:
    """How long an example runs; windows of hours go with short ones only."""

    days: int

    @property
    def windows(self) -> st.SearchStrategy[r.Window]:
        """Windows that fit."""
        if self.days < 10:
            return st.one_of(
                choice(r.CalendarUnit.HOUR, r.CalendarUnit.DAY).map(lambda each: r.Calendar(each=each)),
                choice((1, "hours"), (5, "hours"), (90, "minutes"), (1, "days"), (2, "days")).map(rolling),
            )
        units = [each for each in r.CalendarUnit if each is not r.CalendarUnit.HOUR]
        return st.one_of(
            st.sampled_from(units).map(lambda each: r.Calendar(each=each)),
            choice((7, "days"), (2, "weeks"), (30, "days"), (1, "months"), (1, "quarters")).map(rolling),
        )


def rolling(length: tuple[int, str]) -> r.Rolling:
    """`any N units`."""
    return r.Rolling(length=Period(amount=length[0], unit=PeriodUnit(length[1])))


@st.composite
def exemptions(draw: st.DrawFn) -> tuple[r.Exemption, ...]:
    """None, mostly; during maintenance or a freeze; where the model is b, or a number is large."""
    if draw(st.integers(0, 2)):
        return ()
    options: list[r.Exemption] = [
        r.During(record=draw(series("maintenance"))),
        r.During(record=draw(series("freeze"))),
        r.Where(condition=draw(conditions("incident"))),
        r.Where(condition=draw(conditions("quality"))),
    ]
    return tuple(draw(st.lists(st.sampled_from(options), min_size=1, max_size=2)))


@st.composite
def limits(draw: st.DrawFn) -> tuple[r.OnlyWhile, ...]:
    """No limit, mostly; only during or outside a record."""
    if draw(st.integers(0, 3)):
        return ()
    names = draw(st.sets(choice("maintenance", "freeze", "outage"), min_size=1, max_size=2))
    return tuple(
        r.OnlyWhile(
            record=draw(series(name)),
            open=draw(st.booleans()),
            matching=dimensions(name) if draw(st.booleans()) else dimensions(name)[:1],
        )
        for name in sorted(names)
    )


@st.composite
def remedies(draw: st.DrawFn, depth: int = 2) -> tuple[r.Remedy, ...]:
    """What follows a breach: each kind at most once. A duty may have consequences of its own."""
    further = draw(remedies(depth - 1)) if depth and draw(st.integers(0, 3)) == 0 else ()
    amount = money(draw(choice("0.005", "10", "33.335", "100")))
    tier = r.Tier(comparison=draw(COMPARISONS), threshold=draw(value("fraction")), amount=amount)
    more = r.Tier(comparison=draw(COMPARISONS), threshold=draw(value("fraction")), amount=money("50"))
    worth = draw(often(amount, draw(calculated())))
    tier = tier.model_copy(update={"amount": draw(often(amount, draw(calculated())))})
    plain = r.Credit(party="customer", amount=worth) if draw(st.booleans()) else None
    credit = plain or draw(special_credits(worth, amount)) or r.Credit(party="customer", tiers=(tier, more))
    payable = {
        "minimum": draw(often(None, money("34"))),
        "claim_within": draw(
            often(None, Period(amount=2, unit=PeriodUnit.WEEKS), Period(amount=1, unit=PeriodUnit.DAYS))
        ),
    }
    options: list[r.Remedy] = [
        r.NotifyDuty(
            id="notify",
            holder="provider",
            role="officer",
            roles=("officer", "chief"),
            within=draw(DEADLINES),
            remedies=further if draw(st.booleans()) else (),
        ),
        r.PerformDuty(id="perform", holder="provider", event="resolution", within=draw(DEADLINES), remedies=further),
        credit.model_copy(update=payable),
        draw(caps()),
        r.Highest(each=draw(st.sampled_from(list(r.CalendarUnit))), per=draw(choice((), ("model",)))),
        r.Cure(within=draw(DEADLINES)),
        r.Escalate(role="chief", after=draw(DEADLINES)),
        draw(terminations()),
        r.Block(
            id="block",
            event="deployment",
            environments=draw(choice((), ("production",))),
            lasting=draw(often(None, Period(amount=1, unit=PeriodUnit.DAYS))),
        ),
        r.Right(holder="provider", event="resolution", within=draw(st.none() | PERIODS)),
        draw(interest()),
        draw(refunds()),
    ]
    chosen = draw(st.sets(st.integers(0, len(options) - 1), min_size=bool(further), max_size=5))
    chosen |= {1} if further else set()
    return tuple(options[each] for each in sorted(chosen))


def sums() -> st.SearchStrategy[dict[str, Any]]:
    """A sum, or the loss of the incident that it goes back to."""
    loss = r.CaseNumber(source=m.SeriesKind.EVENT, name="incident", attribute="loss", unit="USD")
    return choice({"amount": money("1000")}, {"amount": money("0.005")}, {"of": loss})


@st.composite
def interest(draw: st.DrawFn) -> r.Interest:
    """Interest of every kind."""
    units = choice(PeriodUnit.DAYS, PeriodUnit.MONTHS, PeriodUnit.QUARTERS, PeriodUnit.YEARS)
    return r.Interest.model_validate(
        {
            "party": "customer",
            "rate": m.Value(quantity=Quantity(value=Decimal(draw(choice("0.015", "0.1", "0.333"))), unit="fraction")),
            "per": draw(choice("year", "month", "day")),
            **draw(sums()),
            "compounded": draw(st.none() | units.map(lambda unit: Period(amount=1, unit=unit))),
            "counting": draw(st.sampled_from(list(r.DayCount))),
            "begins": draw(choice("breach", "case")),
            "ends": draw(choice("performed", "cured")),
        }
    )


@st.composite
def refunds(draw: st.DrawFn) -> r.Refund:
    """Refunds of all of it, by day and by month, over every kind of period."""
    over = draw(
        choice({}, *({"each": each} for each in r.CalendarUnit)) | LONG_PERIODS.map(lambda period: {"every": period})
    )
    return r.Refund.model_validate(
        {"party": "customer", **draw(sums()), "by": draw(choice(None, "day", "month")), **over}
    )


@st.composite
def special_credits(draw: st.DrawFn, worth: r.Amount | r.CalculatedAmount, amount: r.Amount) -> r.Credit | None:
    """Credits by delay and by the number of breaches; none of them, mostly."""
    kind = draw(choice(None, None, "delay", "count", "repeated"))
    if kind == "repeated":
        return r.Credit(
            party="customer", amount=worth, repeated=r.Repeated(number=draw(st.integers(1, 3)), within=draw(PERIODS))
        )
    if kind == "delay":
        extent = draw(choice("started", "full"))
        most = draw(often(None, money("250")))
        delay = r.Delay(extent=extent, each=draw(PERIODS), amount=amount, most=most)
        return r.Credit(party="customer", delay=delay)
    if kind == "count":
        units = [each for each in r.CalendarUnit if each is not r.CalendarUnit.HOUR]
        first = draw(st.integers(1, 2))
        tiers = tuple(
            r.Tier(
                comparison=m.Comparison.AT_LEAST,
                threshold=m.Value(quantity=Quantity(value=Decimal(number), unit="count")),
                amount=more,
            )
            for number, more in ((first, worth), (first + 2, money("50")))
        )
        return r.Credit(party="customer", tiers=tiers, counted=draw(st.sampled_from(units)))
    return None


@st.composite
def formulas(draw: st.DrawFn, depth: int = 2) -> r.Formula:
    """What a breach came to, what was charged, numbers, and arithmetic on them; units do not matter here."""
    units = [each for each in r.CalendarUnit if each is not r.CalendarUnit.HOUR]
    kind = draw(choice("number", "observed", "charged", *(("sum",) * 2 if depth else ())))
    if kind == "observed":
        return r.Observed(what=draw(choice("value", "shortfall", "delay")))
    if kind == "charged":
        of = draw(choice(series("incident", "loss"), series("incident", "loss"), series("total")))
        return r.Charged(of=draw(of), each=draw(st.sampled_from(units)))
    if kind == "sum":
        left, right = draw(formulas(depth - 1)), draw(formulas(depth - 1))
        return r.Computation(operator=draw(st.sampled_from(m.Operator)), left=left, right=right)
    return m.Value(quantity=Quantity(value=Decimal(draw(choice("0", "0.5", "33.335"))), unit="count"))


@st.composite
def calculated(draw: st.DrawFn) -> r.CalculatedAmount:
    """A sum that is worked out, small enough to be money."""
    return r.CalculatedAmount(formula=draw(formulas()), currency="USD")


@st.composite
def caps(draw: st.DrawFn) -> r.Cap:
    """Caps of a calendar period, of a rolling one, of the term."""
    kind = draw(choice("calendar", "calendar", "rolling", "term"))
    amount: r.Amount | r.CalculatedAmount = money(draw(choice("0", "15", "100")))
    if draw(st.integers(0, 3)) == 0:
        share = m.Value(quantity=Quantity(value=Decimal("0.5"), unit="fraction"))
        charges = r.Charged(of=draw(series("incident", "loss")))
        formula = r.Computation(operator=m.Operator.TIMES, left=share, right=charges)
        amount = r.CalculatedAmount(formula=formula, currency="USD")
    if kind == "calendar":
        return r.Cap(amount=amount, each=draw(st.sampled_from(list(r.CalendarUnit))))
    return r.Cap(amount=amount, rolling=draw(LONG_PERIODS) if kind == "rolling" else None)


@st.composite
def terminations(draw: st.DrawFn) -> r.Terminate:
    """Rights after some breaches: within a period, in a row, in several of some calendar periods."""
    kind = draw(choice("within", "within", "row", "spans", "at_once"))
    units = [each for each in r.CalendarUnit if each is not r.CalendarUnit.HOUR]
    return r.Terminate(
        party="customer",
        count=1 if kind == "at_once" else draw(st.integers(1, 3)),
        at_once=kind == "at_once",
        uncured=kind != "at_once" and draw(st.booleans()),
        within=draw(PERIODS) if kind == "within" else None,
        spans=r.Spans(number=draw(st.integers(2, 4)), each=draw(st.sampled_from(units))) if kind == "spans" else None,
        notified=draw(often(None, r.Notified(within=Period(amount=1, unit=PeriodUnit.WEEKS), roles=("officer",)))),
        exercisable=draw(often(None, *(Period(amount=n, unit=PeriodUnit.DAYS) for n in (1, 5)))),
    )


def money(amount: str) -> r.Amount:
    """A sum in USD."""
    return r.Amount(money=Quantity(value=Decimal(amount), unit="USD"))


@st.composite
def betweens(draw: st.DrawFn) -> r.Between:
    """From one event until another."""
    start, end, keys = draw(
        choice(
            ("approval", "resolution", ("model",)),
            ("deployment", None, ("model", "environment")),
            ("incident", "resolution", ("ticket", "model")),
            ("approval", "termination", ()),
        )
    )
    last = draw(series(end)) if end else None
    return r.Between(start=draw(series(start)), end=last, matching=keys if draw(st.booleans()) else keys[:1])


@st.composite
def fields(draw: st.DrawFn, per: Iterable[str]) -> dict[str, Any]:
    """What every rule has; `per` is drawn from those dimensions."""
    available = sorted(per)
    most = min(len(available), draw(choice(0, 0, 1, 1, 2)))
    chosen = draw(st.sets(st.sampled_from(available), min_size=most, max_size=most)) if most else set()
    return {
        "clause": draw(choice("first", "first", "second")),
        "holder": draw(often("provider", "customer", "engineer", None)),
        "number": "1.1",
        "title": "Clause",
        "per": tuple(sorted(chosen)),
        "environments": draw(often((), ("production",))),
        "exemptions": draw(exemptions()),
        "only": draw(limits()),
        "between": draw(st.none() | betweens()) if draw(st.booleans()) else None,
        "missing_excused": draw(often(False, True)),
        "waived_by": draw(often((), ("officer", "lead"), ("engineer",))),
        "survives": draw(often(None, None, r.Survival()) | st.builds(r.Survival, period=PERIODS)),
        "minimum_samples": draw(often(1, 2, 3)),
        "remedies": draw(remedies()),
    }


LEVELS = choice("0.8", "0.95", "0.99").map(lambda n: m.Value(quantity=Quantity(value=Decimal(n), unit="fraction")))
SURE = choice(m.Comparison.AT_LEAST, m.Comparison.AT_MOST, m.Comparison.BELOW, m.Comparison.ABOVE)


@st.composite
def proportions(draw: st.DrawFn) -> m.Arithmetic:
    """The number of some incidents by that of all."""
    part = m.Series(source=m.SeriesKind.EVENT, name="incident", where=draw(conditions("incident")))
    some, every = (
        m.Aggregate(function=m.Function.COUNT, of=of) for of in (part, part.model_copy(update={"where": None}))
    )
    return m.Arithmetic(operator=m.Operator.DIVIDED_BY, left=some, right=every)


@st.composite
def estimates(draw: st.DrawFn) -> tuple[Any, m.Value]:
    """A measure that has a confidence interval, and a threshold for it."""
    kind, of = draw(
        choice(("score", "quality"), ("fraction", "passed"), ("duration", "latency"), ("money", "incident"))
    )
    mean = m.Aggregate(function=m.Function.MEAN, of=draw(series(of, "loss" if kind == "money" else None)))
    elapsing = draw(elapsed()).model_copy(update={"function": m.Function.MEAN, "percentile": None})
    options = {kind: mean, "duration": elapsing} if kind != "duration" else {kind: mean}
    kind = draw(choice(kind, "fraction", "fraction", *options))
    shown = options[kind] if kind in options and kind != "fraction" else draw(shares() | proportions())
    return shown, draw(value(kind))


@st.composite
def sure_keeps(draw: st.DrawFn, span: Span) -> r.Rule:
    """*Keep* and *gate* with confidence."""
    measure, threshold = draw(estimates())
    dims = draw(st.sampled_from(dimensions_measured(measure)))
    sides = {"measure": measure, "comparison": draw(SURE), "threshold": threshold, "confidence": draw(LEVELS)}
    if draw(st.booleans()) and not isinstance(measure, m.Elapsed):
        event = m.Series(source=m.SeriesKind.EVENT, name="deployment")
        return r.Gate(id="", **draw(fields(dimensions("deployment"))), **sides, before=draw(LONG_PERIODS), event=event)
    return r.Keep(id="", **draw(fields(dims)), **sides, window=draw(span.windows))


@st.composite
def keeps(draw: st.DrawFn, span: Span) -> r.Rule:
    """*Keep* over a window."""
    kind = draw(st.sampled_from(sorted(MEASURES)))
    measure = draw(MEASURES[kind])
    threshold = draw(MEASURES[kind]) if draw(st.integers(0, 5)) == 0 else draw(value(kind))
    dims = draw(st.sampled_from(dimensions_measured(measure)))
    return r.Keep(
        id="",
        **draw(fields(dims)),
        samples_each=measure.dimension if isinstance(measure, m.Across) and draw(st.booleans()) else None,
        measure=measure,
        comparison=draw(COMPARISONS),
        threshold=threshold,
        window=draw(span.windows),
    )


@st.composite
def gates(draw: st.DrawFn, span: Span) -> r.Rule:
    """*Gate*: any measure but times that may end after the event."""
    kind = draw(st.sampled_from(sorted(MEASURES)))
    measure = draw(MEASURES[kind].filter(lambda found: not isinstance(found, m.Elapsed)))
    constant = MEASURES[kind].filter(lambda found: not isinstance(found, m.Elapsed))
    threshold = draw(constant) if draw(st.integers(0, 5)) == 0 else draw(value(kind))
    event = draw(often("deployment", "approval", "termination"))
    dims = draw(st.sampled_from(dimensions_measured(measure)))
    return r.Gate(
        id="",
        **draw(fields(dimensions(event))),
        measure=measure,
        comparison=draw(COMPARISONS),
        threshold=threshold,
        before=draw(PERIODS | LONG_PERIODS),
        event=draw(series(event)),
        matching=tuple(sorted(draw(st.sets(st.sampled_from(dimensions(event)))) & dims)) if dimensions(event) else (),
    )


@st.composite
def always(draw: st.DrawFn, span: Span) -> r.Rule:
    """*Keep at all times*."""
    name, kind = draw(choice(("quality", "score"), ("latency", "duration"), ("passed", "fraction")))
    return r.KeepAlways(
        id="",
        **draw(fields(dimensions(name))),
        series=draw(series(name)),
        comparison=draw(COMPARISONS),
        threshold=draw(value(kind)),
        tolerance=draw(st.none() | PERIODS),
    )


@st.composite
def cadences(draw: st.DrawFn, span: Span) -> r.Rule:
    """*Cadence*."""
    kind = draw(choice("life", "event", "during", "between"))
    name = draw(choice("maintenance", "freeze", "outage"))
    only = r.OnlyWhile(
        record=draw(series(name)), open=True, matching=draw(choice(dimensions(name), dimensions(name)[:1]))
    )
    runs = {
        "only": (only,) if kind == "during" else (),
        "between": draw(betweens().filter(lambda b: "ticket" not in b.matching)) if kind == "between" else None,
    }
    return r.Cadence(
        id="",
        **draw(fields({"model", "environment"})) | runs,
        event=draw(series("deployment")),
        every=draw(DEADLINES),
        start=draw(choice("approval", "incident", "deployment").flatmap(series)) if kind == "event" else None,
    )


@st.composite
def counts(draw: st.DrawFn, span: Span) -> r.Rule:
    """*Count*."""
    comparison = draw(choice(m.Comparison.AT_LEAST, m.Comparison.AT_MOST, m.Comparison.IS))
    return r.CountEvents.model_validate(
        {
            "id": "",
            **draw(fields({"model", "environment", "role"})),
            "event": draw(series("deployment")),
            "comparison": comparison,
            "times": draw(st.integers(0, 2)),
            "window": draw(span.windows),
        }
    )


@st.composite
def within(draw: st.DrawFn, dims: set[str], lengths: st.SearchStrategy[Period] = DEADLINES) -> Period | r.ByClass:
    """One period, or one for each class of severity, perhaps with what holds for others."""
    if "severity" not in dims or draw(st.booleans()):
        return draw(lengths)
    classes = draw(choice((("low",),), (("high",), ("low",)), (("low", "high"),), (("none",), ("high",))))
    return r.ByClass(
        dimension="severity",
        classes=tuple(r.PeriodOfClass(values=each, within=draw(lengths)) for each in classes),
        otherwise=draw(st.none() | lengths),
    )


@st.composite
def whichevers(draw: st.DrawFn, trigger: str, matching: tuple[str, ...]) -> r.Whichever:
    """The later or earlier of two deadlines."""
    event = draw(
        choice("termination", *(name for name in ("approval", "resolution") if {*matching} <= {*dimensions(name)}))
    )
    after = r.AfterEvent(event=draw(series(event)), within=draw(DEADLINES))
    day = r.AgreedDay(day=date.fromisoformat(draw(choice(*STARTS))), term="day")
    agreed = r.AgreedTime(attribute="agreed") if trigger == "incident" else day
    return r.Whichever(later=draw(st.booleans()), other=draw(choice(after, day, agreed)))


@st.composite
def responses(draw: st.DrawFn, span: Span) -> r.Rule:
    """*Response*, by an event or a notice, one by one or as a share."""
    trigger = draw(often("incident", "termination"))
    dims = set(dimensions(trigger))
    answer, matching = draw(choice(("resolution", ("ticket",)), ("resolution", ()), ("notice", ("model",))))
    matching = matching if set(matching) <= dims else ()
    comparison = draw(choice(m.Comparison.AT_LEAST, m.Comparison.ABOVE))
    share = r.CaseShare.model_validate(
        {"comparison": comparison, "threshold": draw(value("fraction")), "window": draw(span.windows)}
    )
    stops = draw(st.none() | choice("maintenance", "outage", "freeze").flatmap(series))
    return r.Response(
        id="",
        **draw(fields(dims)),
        trigger=draw(series(trigger)),
        response=draw(series(answer)),
        role="officer" if answer == "notice" else None,
        roles=("officer", "chief") if answer == "notice" else (),
        within=draw(within(dims, COUNTED if stops else DEADLINES)),
        whichever=None if stops else draw(st.none() | whichevers(trigger, matching)),
        excluding=stops,
        matching=matching,
        share=share if (shared := draw(st.booleans())) else None,
        confidence=draw(st.none() | LEVELS) if shared else None,
    )


@st.composite
def precedences(draw: st.DrawFn, span: Span) -> r.Rule:
    """*Precedence*."""
    chief = r.RequiredRole(role="chief", roles=("chief",))
    officer = r.RequiredRole(role="officer", roles=("officer", "chief", "lead"))
    by = draw(choice((), (officer,), (officer, chief), (chief, officer, officer)))
    return r.Precedence(
        id="",
        **draw(fields(dimensions("deployment"))),
        event=draw(series("deployment")),
        required=draw(series("approval")),
        by=by,
        matching=draw(choice((), ("model",), ("model", "role"))),
        within=draw(st.none() | DEADLINES),
        lead=draw(st.none() | DEADLINES),
        other_than_performer=draw(st.booleans()),
        different_persons=len(by) > 1 and draw(st.booleans()),
    )


@st.composite
def prohibitions(draw: st.DrawFn, span: Span) -> r.Rule:
    """*Prohibition* and *permission*."""
    common = draw(fields(dimensions("deployment")))
    event = draw(series("deployment"))
    if draw(st.booleans()):
        return r.Prohibition(id="", **common, event=event)
    return r.Permission(id="", **common, event=event, named=("officer",), roles=("officer", "chief"))


@st.composite
def retentions(draw: st.DrawFn, span: Span) -> r.Rule:
    """*Retention*."""
    return r.Retention(
        id="",
        **draw(fields(dimensions("outage"))) | {"only": (), "between": None},
        record=draw(series("outage")),
        period=draw(PERIODS | LONG_PERIODS),
    )


@st.composite
def deletions(draw: st.DrawFn, span: Span) -> r.Rule:
    """*Deletion*."""
    trigger = draw(choice("termination", "incident"))
    return r.Deletion(
        id="",
        **draw(fields(dimensions(trigger))),
        record=draw(series("outage")),
        trigger=draw(series(trigger)),
        within=draw(within(set(dimensions(trigger)))),
        matching=("model",) if trigger == "incident" and draw(st.booleans()) else (),
    )


@st.composite
def comparisons_in_time(draw: st.DrawFn, span: Span) -> r.Rule:
    """*Keep* and *gate* of changes and drift alone."""
    kind, measure = draw(
        choice(
            ("score", drifts()),
            ("score", drifts()),
            ("fraction", changes(aggregates("passed"))),
            ("count", changes(count_of("incident"))),
            ("fraction", changes(count_of("incident"), relative=True)),
        )
    )
    found = draw(measure)
    sides = {"measure": found, "comparison": draw(COMPARISONS), "threshold": draw(value(kind))}
    if draw(st.booleans()):
        event = m.Series(source=m.SeriesKind.EVENT, name="deployment")
        return r.Gate(id="", **draw(fields(dimensions("deployment"))), **sides, before=draw(PERIODS), event=event)
    dims = draw(st.sampled_from(dimensions_measured(found)))
    return r.Keep(id="", **draw(fields(dims)), **sides, window=draw(span.windows))


@st.composite
def occasions(draw: st.DrawFn, span: Span) -> r.Rule:
    """*Occasion*: an event, or a record that begins or has lasted so long."""
    trigger = draw(choice("incident", "termination", "outage", "maintenance"))
    state = SOURCES[trigger][0] is m.SeriesKind.RECORD
    return r.Occasion(
        id="",
        **draw(fields(dimensions(trigger))) | ({"only": ()} if state else {}),
        trigger=draw(series(trigger)),
        lasting=draw(st.none() | DEADLINES) if state else None,
    )


KINDS = {
    "compared": comparisons_in_time,
    "keep": keeps,
    "sure": sure_keeps,
    "gate": gates,
    "keep_always": always,
    "cadence": cadences,
    "count": counts,
    "response": responses,
    "precedence": precedences,
    "prohibition": prohibitions,
    "retention": retentions,
    "deletion": deletions,
    "occasion": occasions,
}

# --- data -------------------------------------------------------------------------------------------------------


@cache
def anchors(zone_name: str, start: str, days: int) -> list[int]:
    """Interesting instants of an example: local midnights, starts of months, clock changes, some noons."""
    zone = ZoneInfo(zone_name)
    first = midnight(zone, date.fromisoformat(start))
    last = first + days * DAY
    found = [first, last]
    for unit, most in (("day", 3), ("week", 2), ("month", 4)):
        starts = period_starts(zone, first, unit)
        found += [each for each, _ in zip(starts, range(most), strict=False) if each <= last + DAY]
    hours = range(first, min(last, first + 90 * DAY), HOUR)
    offsets = [(each, instant_of(ZoneInfo("UTC"), local_of(zone, each)) - each) for each in hours]
    found += [after[0] for before, after in pairwise(offsets) if before[1] != after[1]]
    return sorted(set(found))


def instants(points: list[int]) -> st.SearchStrategy[int]:
    """An interesting instant, or one a little or a period away from it."""
    near = (0, 0, 0, 1, -1, HOUR, -HOUR, 2 * HOUR, HOUR // 2, 12 * HOUR)
    shifts = (*near, *near, DAY, DAY + 1, -DAY, 2 * DAY, 7 * DAY, 30 * DAY)
    return st.builds(lambda point, shift: point + shift, st.sampled_from(points), st.sampled_from(shifts))


@st.composite
def rows(draw: st.DrawFn, name: str, points: list[int]) -> dict[str, Any]:
    """One row of a source."""
    kind, source = SOURCES[name]
    optional = source.optional if isinstance(source, EventData | RecordData) else ()
    row: dict[str, Any] = {d: draw(choice(*TEXTS[d], *([None] if d in optional else []))) for d in source.dimensions}
    if isinstance(source, MetricData):
        row["value"] = Decimal(draw(choice(*NUMBERS[name])))
    else:
        row |= {a.name: draw(choice(None, *map(Decimal, NUMBERS[a.name]))) for a in source.attributes}
    if kind is not m.SeriesKind.RECORD:
        return {**row, "time": draw(instants(points))}
    begin = draw(instants(points))
    end = draw(
        st.none() | instants(points).filter(lambda e: e >= begin) | choice(begin + 1, begin + DAY, begin + 9 * DAY)
    )
    return {**row, "begin": begin, "end": end}


@st.composite
def tables(draw: st.DrawFn, points: list[int], used: set[str]) -> Tables:
    """Rows for most sources that are used, and few others; some are unbound, some empty, some rows stand there twice."""
    found: Tables = {}
    for name, (kind, _) in SOURCES.items():
        most = 1 if name == "termination" else 7
        if draw(st.integers(0, 11)) not in (range(1, 12) if name in used else (1, 2)):
            continue
        table = draw(st.lists(rows(name, points), min_size=min(most, draw(choice(3, 0, 3, 6))), max_size=most))
        found[kind.value, name] = table + table[:1] if draw(st.integers(0, 3)) == 0 else table
    return found


def acting(event: EventData) -> EventData:
    """The event, its roles those of the person that it names, if it names one."""
    return event.model_copy(update={"actor": "person"}) if "person" in event.dimensions else event


# --- texts over time --------------------------------------------------------------------------------------------


@st.composite
def limited_remedies(draw: st.DrawFn, found: tuple[Any, ...], day: date) -> tuple[Any, ...]:
    """Some of the consequences end on the day, some begin."""
    in_force = choice({}, {}, {"until": day}, {"effective": day})
    return tuple(each.model_copy(update=draw(in_force)) for each in found)


@st.composite
def texts_over_time(draw: st.DrawFn, rule: Any, kind: str, span: Span, day: date) -> list[Any]:
    """The texts of a rule before and after an amendment: untouched, other consequences, replaced, struck or added."""
    after = f"{rule.id}@{day}"
    match draw(choice("untouched", "consequences", "same", "replaced", "replaced", "struck", "added")):
        case "untouched":
            return [rule]
        case "consequences":
            return [rule.model_copy(update={"remedies": draw(limited_remedies(rule.remedies, day))})]
        case "same":
            return [
                rule.model_copy(update={"until": day}),
                rule.model_copy(update={"id": after, "effective": day}),
            ]
        case "replaced":
            other = draw(KINDS[kind](span)).model_copy(update={"id": after, "clause": rule.clause, "effective": day})
            return [rule.model_copy(update={"until": day}), other]
        case "struck":
            return [rule.model_copy(update={"until": day})]
        case _:
            return [rule.model_copy(update={"effective": day})]


# --- orders -----------------------------------------------------------------------------------------------------

COVERS = (
    (),
    (r.Covered(dimension="model", values=("a",)),),
    (r.Covered(dimension="model", values=("b",)),),
    (r.Covered(dimension="model", values=("a", "b")),),
    (r.Covered(dimension="environment", values=("production",)),),
    (r.Covered(dimension="model", values=("a",)), r.Covered(dimension="environment", values=("production",))),
)


@st.composite
def orders(draw: st.DrawFn, effective: date, days: int) -> list[OrderData]:
    """One or two orders, in any time of the agreement."""
    found = []
    for number in range(draw(choice(1, 2, 2))):
        begins = effective + timedelta(days=draw(choice(0, 1, 2, days // 2)))
        until = draw(st.none() | choice(1, 2, days // 2))
        found.append(
            OrderData(
                id=f"OF-{number}",
                title=f"Order OF-{number}",
                effective=begins,
                until=None if until is None else begins + timedelta(days=until),
                covers=draw(st.sampled_from(COVERS)),
                own_remedies=draw(st.booleans()),
            )
        )
    return found


def told_apart(rule: Any, order: OrderData) -> bool:
    """Whether a rule tells what an order covers from what it does not."""
    needed = {each.dimension for each in order.covers}
    if rule.kind in ("keep", "keep_always", "cadence", "count") or (rule.kind == "response" and rule.share):
        return needed <= set(rule.per)
    judged = getattr(rule, "trigger", None) or getattr(rule, "record", None) or rule.event
    return needed <= set(dimensions(judged.name))


@st.composite
def under_orders(draw: st.DrawFn, texts: list[Any], kind: str, span: Span, placed: list[OrderData]) -> list[Any]:
    """The texts of a rule with those of some orders, to which the agreement's, and those of later orders, give way."""
    first, own, ways = texts[0], list[Any](), list[tuple[OrderData, r.GivesWay]]()
    known = draw(st.booleans()) or draw(st.booleans())
    for order in placed:
        if draw(choice(False, False, True)) or (known and not all(told_apart(text, order) for text in texts)):
            continue
        other = draw(KINDS[kind](span)) if draw(st.booleans()) else first
        given = tuple(way for before, way in ways if overlap(before.covers, order.covers) and together(way, order))
        if not all(told_apart(other, before) for before, way in ways if way in given):
            continue
        update = {
            "id": f"{first.id.partition('@')[0]}@{order.id}",
            "clause": first.clause,
            "order": order.id,
            "effective": order.effective,
            "until": order.until,
            "covers": order.covers,
            "gives_way": given,
        }
        own.append(other.model_copy(update=update))
        way = r.GivesWay(order=order.id, covers=order.covers, effective=order.effective, until=order.until)
        ways.append((order, way))
    if not known and own:
        return own
    given = tuple(way for _, way in ways)
    return [*(text.model_copy(update={"gives_way": given}) for text in texts), *own]


# --- whole examples ---------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Example:
    """A rulebook, its data and the instant of the evaluation."""

    rulebook: Rulebook
    tables: Tables
    as_of: int


@st.composite
def examples(draw: st.DrawFn, kinds: tuple[str, ...] = tuple(KINDS), ordered: bool | None = None) -> Example:
    """One to three rules of the kinds, over a few days or a few months; sometimes, or always, with orders."""
    ordered = draw(choice(False, False, True)) if ordered is None else ordered
    span = Span(draw(choice(3, 75)))
    zone, start = draw(st.sampled_from(ZONES)), draw(st.sampled_from(STARTS))
    until = draw(st.none() | choice(1, 2, span.days, span.days - 1, 31))
    chosen = draw(st.lists(st.sampled_from(kinds), min_size=1, max_size=3))
    rules = [draw(KINDS[kind](span)).model_copy(update={"id": f"rule_{i}"}) for i, kind in enumerate(chosen)]
    amended = draw(choice(False, False, True))
    day = date.fromisoformat(start) + timedelta(days=draw(choice(1, 2, span.days // 2, span.days - 1)))
    if amended:
        pairs = zip(rules, chosen, strict=True)
        rules = [text for rule, kind in pairs for text in draw(texts_over_time(rule, kind, span, day))]
    effective = date.fromisoformat(start)
    placed = draw(orders(effective, span.days)) if ordered else []
    if placed:
        named: dict[str, list[Any]] = {}
        for rule in rules:
            named.setdefault(rule.id.partition("@")[0], []).append(rule)
        grouped = zip(named.values(), chosen, strict=True)
        rules = [text for own, kind in grouped for text in draw(under_orders(own, kind, span, placed))]
    points = anchors(zone, start, span.days)
    changes = [day] if amended else []
    changes += [each for order in placed for each in (order.effective, order.until) if each is not None]
    points = sorted([*points, *(2 * [midnight(ZoneInfo(zone), each) for each in changes])])
    as_of = draw(instants(points[len(points) // 2 :]))
    known = [point for point in points if point < as_of] or points
    written = str([rule.model_dump(mode="json") for rule in rules])
    used = {name for name in SOURCES if f"'{name}'" in written}
    used |= {
        name
        for name, remedy in (("notice", "notify"), ("cure", "cure"), ("claim", "claim_within"), ("notice", "notified"))
        if f"'{remedy}'" in written
    }
    used |= {"waiver"} if draw(st.booleans()) else set()
    persons = draw(st.booleans())
    used |= {"holds"} if persons else set()
    shared: tuple[r.Cap, ...] = (r.Cap(amount=money("40"), each=r.CalendarUnit.MONTH),) if draw(st.booleans()) else ()
    shared = draw(limited_remedies(shared, day)) if amended else shared
    shared += tuple(r.Cap(amount=money("30"), order=order.id) for order in placed if order.own_remedies)
    return Example(
        Rulebook(
            agreement="Example",
            version="1",
            effective=effective,
            until=None if until is None else effective + timedelta(days=until),
            timezone=zone,
            currency="USD",
            calendars=CALENDARS,
            fiscal_year=draw(
                choice(r.FiscalYear(month=4, day=1), r.FiscalYear(month=11, day=6), r.FiscalYear(month=1, day=28))
            ),
            environments=TEXTS["environment"],
            roles=ROLES,
            metrics=METRICS,
            events=tuple(acting(event) for event in EVENTS) if persons else EVENTS,
            records=RECORDS,
            rules=tuple(rules),
            remedies=shared,
            orders=tuple(placed),
        ),
        draw(tables([*known, as_of], used)),
        as_of,
    )
