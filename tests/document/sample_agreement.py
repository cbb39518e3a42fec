"""An agreement made by hand, with every kind of block and schedule, so that these tests need no parser."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from tallystick.model.agreement import (
    Agreement,
    Article,
    Clause,
    Definition,
    Event,
    Metric,
    Note,
    NumberAttribute,
    Operative,
    Party,
    Prose,
    Record,
    Reference,
    Role,
    Standard,
    Target,
    Term,
)
from tallystick.quantities import Period, PeriodUnit, Quantity
from tallystick.rules.measure import (
    Aggregate,
    Comparison,
    Function,
    Series,
    SeriesKind,
    Value,
)
from tallystick.rules.rule import (
    Amount,
    Block,
    Calendar,
    CalendarUnit,
    Cap,
    Credit,
    Cure,
    During,
    Escalate,
    Keep,
    NotifyDuty,
    PerformDuty,
    Permission,
    Precedence,
    Remedy,
    RequiredRole,
    Response,
    Rule,
    Terminate,
    Tier,
)
from tallystick.source import Source, Span

SPAN = Span(Source("sample.msa", ""), 0, 0)


def prose(*parts: str | tuple[Target, str]) -> Prose:
    """Prose from texts and references, each reference as its target and id."""
    return Prose(
        tuple(part if isinstance(part, str) else Reference(*part, SPAN) for part in parts),
        SPAN,
    )


def percent(number: str) -> Quantity:
    return Quantity(value=Decimal(number) / 100, unit="fraction")


def dollars(number: str) -> Quantity:
    return Quantity(value=Decimal(number), unit="USD")


def period(amount: int, unit: str) -> Period:
    return Period(amount=amount, unit=PeriodUnit(unit))


def series(kind: SeriesKind, name: str) -> Series:
    return Series(source=kind, name=name)


ACCURACY = series(SeriesKind.METRIC, "accuracy")
DEPLOYMENT = series(SeriesKind.EVENT, "deployment")
APPROVAL = series(SeriesKind.EVENT, "approval")
INCIDENT = series(SeriesKind.EVENT, "incident")
MAINTENANCE = During(record=series(SeriesKind.RECORD, "maintenance"))
MONTH = Calendar(each=CalendarUnit.MONTH)


def mean(of: Series) -> Aggregate:
    return Aggregate(function=Function.MEAN, of=of)


def share_of_fee(share: str, money: str) -> Amount:
    fee = Value(quantity=dollars("40000"), term="monthly_fee")
    return Amount(
        money=dollars(money),
        share=Value(quantity=percent(share)),
        of=fee,
        term="monthly_fee",
    )


def tier(threshold: str, amount: Amount) -> Tier:
    return Tier(
        comparison=Comparison.BELOW,
        threshold=Value(quantity=percent(threshold)),
        amount=amount,
    )


REMEDIES: tuple[Remedy, ...] = (
    NotifyDuty(
        id="n",
        holder="provider",
        role="risk_officer",
        roles=("risk_officer",),
        within=period(24, "hours"),
    ),
    PerformDuty(id="p", holder="provider", event="retraining", within=period(14, "days")),
    Credit(
        party="customer",
        tiers=(
            tier("92", share_of_fee("10", "4000")),
            tier("85", share_of_fee("25", "10000")),
        ),
    ),
    Cure(within=period(30, "days")),
    Escalate(role="head_of_risk", after=period(10, "days")),
    Terminate(party="customer", count=3, uncured=False, within=period(6, "months")),
    Block(id="b", event="deployment", environments=("production",)),
)


def accuracy_rule(threshold: str = "92") -> Rule:
    return Keep(
        id="accuracy",
        clause="accuracy",
        number="2.1",
        title="Accuracy",
        holder="provider",
        per=("model",),
        environments=("production",),
        minimum_samples=1000,
        exemptions=(MAINTENANCE,),
        remedies=REMEDIES,
        measure=mean(ACCURACY),
        comparison=Comparison.AT_LEAST,
        threshold=Value(quantity=percent(threshold), term="accuracy_floor"),
        window=MONTH,
    )


BASELINE = Keep(
    id="baseline", clause="baseline", number="2.2.1", title="Baseline", holder="provider", measure=mean(ACCURACY),
    comparison=Comparison.AT_LEAST, threshold=mean(series(SeriesKind.METRIC, "baseline")), window=MONTH,
)  # fmt: skip
GATE = Precedence(
    id="gate", clause="gate", number="3.1", title="Approval", holder="provider", event=DEPLOYMENT, required=APPROVAL,
    by=(RequiredRole(role="risk_officer", roles=("risk_officer", "head_of_risk")),), matching=("model", "version"),
    environments=("production",), within=period(14, "days"),
)  # fmt: skip
ACCESS = Permission(
    id="access", clause="access", number="3.2", title="Access", event=series(SeriesKind.EVENT, "access"),
    named=("data_scientist",), roles=("data_scientist",), environments=("development",),
)  # fmt: skip
TELL = Response(
    id="tell", clause="incidents", number="3.3", title="Incidents", holder="provider", trigger=INCIDENT,
    response=series(SeriesKind.EVENT, "notice"), role="risk_officer", roles=("risk_officer", "head_of_risk"),
    within=period(72, "hours"), matching=("incident_id",),
)  # fmt: skip


def agreement() -> Agreement:
    """The sample: two articles, seven clauses, all six schedules."""
    return Agreement(
        title="AI Governance Master Services Agreement",
        version="1.0.0",
        effective=date(2027, 1, 1),
        until=date(2029, 1, 1),
        timezone="America/New_York",
        span=SPAN,
        term=period(24, "months"),
        renewal=period(12, "months"),
        governing_law="the State of Delaware",
        currency="USD",
        recitals=(
            prose("The ", (Target.PARTY, "provider"), " trains and operates machine-learning models for regulated use."),
            prose("The parties want each promise about those models to be measured from data that both can read."),
        ),
        parties={
            "provider": Party(
                "provider", "Acme Models, Inc.", "Provider", SPAN, "a Delaware corporation",
                "1 Market Street, San Francisco, CA 94105", "legal@acme.example",
                (("Jane Roe", "Chief Executive Officer"), ("Juan Pérez", "Chief Risk Officer")),
            ),
            "customer": Party("customer", "Globex Bank, N.A.", "Customer", SPAN),
        },
        roles={
            "risk_officer": Role("risk_officer", "Risk Officer", "customer", SPAN),
            "head_of_risk": Role("head_of_risk", "Head of Risk", "customer", SPAN, "risk_officer"),
            "data_scientist": Role("data_scientist", "Data Scientist", "provider", SPAN),
        },
        environments=("development", "production"),
        stages=("training", "operation"),
        metrics={
            "accuracy": Metric(
                "accuracy", "accuracy", "fraction", ("model", "environment"), SPAN, 6,
                prose("the share of predictions on the Holdout Set that equal the recorded outcome"), "provider",
            ),
            "baseline": Metric("baseline", "baseline accuracy", "fraction", ("model",), SPAN),
            "latency": Metric("latency", "prediction latency", "milliseconds", ("model", "environment"), SPAN),
        },
        events={
            "deployment": Event(
                "deployment", "deployment", ("model", "version", "environment", "role"), (), SPAN, "deploy a Model"
            ),
            "approval": Event("approval", "approval", ("model", "version", "role"), (), SPAN),
            "retraining": Event("retraining", "retraining", ("model",), (), SPAN, "retrain the Model"),
            "incident": Event(
                "incident", "Incident", ("incident_id", "severity"), (NumberAttribute("loss", "USD"),), SPAN,
                means=prose("an unplanned interruption of a ", (Target.DEFINITION, "production_model")),
            ),
            "access": Event("access", "access to Training Data", ("environment", "role"), (), SPAN),
            "notice": Event("notice", "notice", ("clause", "role"), (), None, optional=("clause",)),
        },
        records={"maintenance": Record("maintenance", "planned maintenance", ("model",), (), SPAN)},
        terms={
            "accuracy_floor": Term("accuracy_floor", "Accuracy Floor", percent("92"), True, SPAN),
            "monthly_fee": Term("monthly_fee", "Monthly Fee", dollars("40000"), True, SPAN),
            "notice_period": Term("notice_period", "Notice Period", period(72, "hours"), False, SPAN),
            "review_date": Term("review_date", "Review Date", date(2028, 1, 1), True, SPAN),
            "registry": Term("registry", "Model Registry", "the registry that Provider keeps", False, SPAN),
        },
        definitions={
            "production_model": Definition(
                "production_model", "Production Model", prose("a Model that serves live traffic"), SPAN
            ),
            "confidential": Definition(
                "confidential", "Confidential Information",
                prose("information that a party marks as confidential.\n\nIt does not include what is public."), SPAN,
            ),
            "model": Definition("model", "Model", prose("- a trained function\n- the data it was trained on"), SPAN),
        },
        standards={
            "eu_ai_act": Standard("eu_ai_act", "Regulation (EU) 2024/1689 (Artificial Intelligence Act)", SPAN),
            "iso": Standard("iso", "ISO/IEC 42001", SPAN),
        },
        articles=(_performance(), _governance()),
        remedies=(Cap(amount=share_of_fee("20", "8000"), each=CalendarUnit.MONTH),),
    )  # fmt: skip


def _performance() -> Article:
    wording = prose(
        "By way of own wording, the ", (Target.PARTY, "provider"), " keeps accuracy ", (Target.PART, "comparison"),
        " or better ", (Target.PART, "window"), ".",
    )  # fmt: skip
    return Article(
        "performance", "Model performance", "2", SPAN,
        (prose("This Article says how well each ", (Target.DEFINITION, "production_model"), " must perform."),),
        (
            Clause(
                "accuracy", "Accuracy", "2.1", SPAN, ("operation",), None,
                (
                    prose(
                        "Accuracy is what keeps each ", (Target.DEFINITION, "production_model"),
                        " fit for its purpose (see ", (Target.CLAUSE, "gate"), " and ", (Target.ARTICLE, "governance"),
                        "). It is reviewed on the ", (Target.TERM, "review_date"), " against ",
                        (Target.STANDARD, "eu_ai_act"), " with the ", (Target.ROLE, "risk_officer"), ".",
                    ),
                    Note(prose("Negotiate the floor.")),
                    Operative(accuracy_rule(), SPAN),
                ),
                (MAINTENANCE,), True, (*REMEDIES, Cap(amount=Amount(money=dollars("9000")), each=CalendarUnit.QUARTER)),
                (("eu_ai_act", "Article 15(1)"),),
            ),
            Clause(
                "standards", "Standards of work", "2.2", SPAN, (), "states a purpose",
                (
                    prose(
                        "The ", (Target.METRIC, "accuracy"), " is **measured**, *never* guessed:\n\n"
                        "1. from each ", (Target.EVENT, "deployment"), " on;\n"
                        "2. outside ", (Target.RECORD, "maintenance"), ".\n\n"
                        "| Stage | Owner |\n| --- | --- |\n| Training | [Approval](#clause-gate) |\n",
                    ),
                ),
                clauses=(
                    Clause("baseline", "Baseline", "2.2.1", SPAN, (), None, (Operative(BASELINE, SPAN),)),
                    Clause("own", "Own wording", "2.2.2", SPAN, (), None,
                           (Operative(accuracy_rule("93").model_copy(update={"id": "own"}), SPAN, wording),),
                           remedies=(Credit(party="customer", amount=Amount(money=dollars("500"))),)),
                ),
            ),
        ),
    )  # fmt: skip


def _governance() -> Article:
    return Article(
        "governance", "Governance", "3", SPAN, (),
        (
            Clause("gate", "Approval", "3.1", SPAN, ("training", "operation"), None, (Operative(GATE, SPAN),),
                   satisfies=(("eu_ai_act", "Article 14"),)),
            Clause("access", "Access to data", "3.2", SPAN, (), None, (Operative(ACCESS, SPAN),),
                   satisfies=(("eu_ai_act", "Article 14"),)),
            Clause("incidents", "Incidents", "3.3", SPAN, (), None, (Operative(TELL, SPAN),)),
        ),
    )  # fmt: skip
