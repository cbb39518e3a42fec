"""Writes `data/`: the year 2027 of the agreement beside it, the same bytes at each run.

The story, in local time (README.md has it as a table, expected.toml what must come out of it):

- February: a storm (Force Majeure Event) takes a site down; probes stop, a bias evaluation cannot be held.
- March: the economy turns, the inputs of credit_scoring drift and its accuracy falls below the floor, in April too.
  Provider tells Customer, retrains, and in its haste deploys before the Risk Officer has accepted the cure.
- May: fraud_detection 4.2 goes live with one approval instead of two and is rolled back. Labels of disputes are poor.
- June: the telemetry of fraud_detection fails for six days and its outcomes for twenty: a month that cannot be judged.
- July: a regional failure takes two models down at night; the notice to the Risk Officer comes too late.
- August and September: document_summary is bad, nobody acts in time, and both breaches stay uncured.
- October: credit_scoring recommends fewer approvals in one group for ten days; cured in November. A log and, in
  November, an archive are deleted too early. Customer audits twice in a quarter.
- November and December: fraud_detection answers too slowly for a morning; an Incident on the last day is still open.
"""

from __future__ import annotations

import csv
import random
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

DATA = Path(__file__).parent / "data"
ZONE = ZoneInfo("America/New_York")
MODELS = ("credit_scoring", "document_summary", "fraud_detection")
ENVIRONMENTS = ("development", "staging", "production")
FIRST, LAST = date(2027, 1, 1), date(2027, 12, 31)

Row = Sequence[object]


def moment(month: int, day: int, hour: int = 0, minute: int = 0) -> datetime:
    """A local instant of 2027."""
    return datetime(2027, month, day, hour, minute, tzinfo=ZONE)


def at(month: int, day: int, hour: int = 10, minute: int = 0) -> str:
    """A local instant of 2027, in ISO 8601 with its offset."""
    return stamp(moment(month, day, hour, minute))


def on(day: date, hour: int = 10, minute: int = 0) -> str:
    """A local instant of a day, in ISO 8601 with its offset."""
    return stamp(datetime(day.year, day.month, day.day, hour, minute, tzinfo=ZONE))


def stamp(instant: datetime) -> str:
    """An instant in ISO 8601, to the minute."""
    return instant.isoformat(timespec="minutes")


def after(time: str, hours: float) -> str:
    """The instant so many elapsed hours later, in UTC."""
    return stamp(datetime.fromisoformat(time).astimezone(UTC) + timedelta(hours=hours))


def days() -> Iterator[date]:
    """Every day of the year."""
    return (FIRST + timedelta(days=number) for number in range((LAST - FIRST).days + 1))


def month_days(month: int) -> list[date]:
    """The days of a month."""
    return [day for day in days() if day.month == month]


def weekly(weekday: int) -> list[date]:
    """Every such weekday of the year, Monday being 0."""
    return [day for day in days() if day.weekday() == weekday]


def balanced(number: int, low: float, high: float, places: int, chance: random.Random) -> list[float]:
    """So many deviations that add up to zero exactly: pairs of opposite sign (and a zero for an odd one), shuffled."""
    sizes = [round(chance.uniform(low, high), places) for _ in range(number // 2)]
    found = [size * sign for size in sizes for sign in (1, -1)] + [0.0] * (number % 2)
    chance.shuffle(found)
    return found


def write(name: str, header: str, rows: Iterable[Row]) -> None:
    """One table, rows in order of time."""
    ordered: list[Row] = sorted(rows, key=lambda row: datetime.fromisoformat(str(row[0])))
    with (DATA / f"{name}.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(header.split())
        writer.writerows(ordered)


# --- metrics -------------------------------------------------------------------------------------------------------

# Monthly mean accuracy, which the daily samples meet exactly.
ACCURACY = {
    "credit_scoring": (0.948, 0.944, 0.908, 0.915, 0.943, 0.946, 0.945, 0.947, 0.944, 0.946, 0.920, 0.941),
    "document_summary": (0.938, 0.937, 0.939, 0.936, 0.938, 0.937, 0.936, 0.842, 0.910, 0.935, 0.937, 0.938),
    "fraud_detection": (0.962, 0.963, 0.961, 0.960, 0.962, 0.961, 0.963, 0.962, 0.960, 0.961, 0.962, 0.963),
}
POOR_DAY, ITS_OPPOSITE = date(2027, 8, 17), date(2027, 8, 24)


def accuracy(chance: random.Random) -> Iterator[Row]:
    """Daily in production, weekly in staging; outcomes of fraud_detection are missing from 5 to 24 June."""
    for model, means in ACCURACY.items():
        for month, mean in enumerate(means, start=1):
            dates = month_days(month)
            special = {POOR_DAY: -0.047, ITS_OPPOSITE: 0.047} if (model, month) == ("document_summary", 8) else {}
            plain = [day for day in dates if day not in special]
            noise = dict(zip(plain, balanced(len(plain), 0.001, 0.005, 6, chance), strict=True)) | special
            for day in dates:
                if model == "fraud_detection" and date(2027, 6, 5) <= day <= date(2027, 6, 24):
                    continue
                yield on(day, 6), f"{mean + noise[day]:.6f}", model, "production"
        for day in weekly(4):
            yield on(day, 7), f"{chance.uniform(0.90, 0.95):.6f}", model, "staging"


def latency(chance: random.Random) -> Iterator[Row]:
    """Hourly probes, five minutes past the hour. A probe that fails, in an outage or without telemetry, leaves no sample."""
    start = moment(1, 1, 0, 5).astimezone(UTC)
    usual = {"credit_scoring": (95.0, 18.0), "document_summary": (140.0, 18.0), "fraud_detection": (48.0, 9.0)}
    for hour in range(8760):
        instant = start + timedelta(hours=hour)
        local = instant.astimezone(ZONE)
        for model in MODELS:
            if probe_fails(model, local):
                continue
            mean, spread = usual[model]
            ceiling = 198.0
            if model == "document_summary" and local.month == 10:
                mean, ceiling = 190.0, 248.0
            value = min(max(chance.gauss(mean, spread), mean / 3), ceiling)
            yield instant.strftime("%Y-%m-%dT%H:%MZ"), f"{slow_probe(model, local) or value:.3f}", model, "production"


def probe_fails(model: str, local: datetime) -> bool:
    """Whether a probe at that local time is lost."""
    if model == "fraud_detection" and moment(6, 10) <= local < moment(6, 16):
        return True
    if model == "document_summary" and moment(2, 20) <= local < moment(2, 22, 12):
        return True
    return any(name == model and moment(*begin) <= local < moment(*end) for name, begin, end in OUTAGES)


def slow_probe(model: str, local: datetime) -> float | None:
    """Two hours in May, which are tolerated, and five in November, which are not."""
    if model == "credit_scoring" and (local.month, local.day) == (5, 20) and 14 <= local.hour <= 15:
        return 2450.0 + local.hour
    if model == "fraud_detection" and (local.month, local.day) == (11, 16) and 9 <= local.hour <= 13:
        return 3100.0 + 40 * local.hour
    return None


def drift_index(chance: random.Random) -> Iterator[Row]:
    """Each Monday. The inputs of credit_scoring drift in March: 0.2 is just allowed, three weeks are not."""
    spring = {(3, 1): 0.14, (3, 8): 0.19, (3, 15): 0.2, (3, 22): 0.26, (3, 29): 0.31, (4, 5): 0.24}
    for day in weekly(0):
        for model in MODELS:
            value = round(chance.uniform(0.03, 0.13), 4)
            if model == "credit_scoring":
                value = spring.get((day.month, day.day), value)
            yield on(day, 9), f"{value:.4f}", model, "production"


def approved(chance: random.Random) -> Iterator[Row]:
    """Daily by group. All groups move together, so that gaps are exact; group C of credit_scoring falls on 4-13 October."""
    rates = {
        "credit_scoring": {"A": 0.640, "B": 0.632, "C": 0.625, "unknown": 0.600},
        "fraud_detection": {"A": 0.910, "B": 0.905, "C": 0.900, "unknown": 0.880},
    }
    for model, groups in rates.items():
        for quarter in range(4):
            dates = [day for day in days() if (day.month - 1) // 3 == quarter]
            noise = balanced(len(dates), 0.002, 0.020, 3, chance)
            for day, move in zip(dates, noise, strict=True):
                fall = 0.130 if model == "credit_scoring" and date(2027, 10, 4) <= day <= date(2027, 10, 13) else 0.0
                for group, rate in groups.items():
                    value = rate + move - (fall if group == "C" else 0.0)
                    yield on(day, 12), f"{value:.6f}", model, group


def label_agreement(chance: random.Random) -> Iterator[Row]:
    """Weekly control samples. Disputes: poor in May, not labelled in August, exactly at the floor in November."""
    disputes = {5: 0.836, 11: 0.850}
    for month in range(1, 13):
        dates = [day for day in weekly(2) if day.month == month]
        for data_set, mean in (("applications", 0.912), ("disputes", disputes.get(month, 0.890))):
            noise = balanced(len(dates), 0.002, 0.010, 6, chance)
            if (data_set, month) == ("disputes", 8):
                continue
            for day, move in zip(dates, noise, strict=True):
                yield on(day, 12), f"{mean + move:.6f}", data_set


def explanation_coverage(chance: random.Random) -> Iterator[Row]:
    """Daily; one bad day of document_summary in October."""
    for day in days():
        for model in MODELS:
            value = chance.uniform(0.988, 0.999)
            if (model, day) == ("document_summary", date(2027, 10, 12)):
                value = 0.962
            yield on(day, 23), f"{value:.6f}", model


def usage_charge(chance: random.Random) -> Iterator[Row]:
    """Daily, USD. 1,850 a day for all models together, in December 1,950, which exceeds the budget."""
    charges = {"credit_scoring": 900.0, "document_summary": 250.0, "fraud_detection": 700.0}
    for month in range(1, 13):
        dates = month_days(month)
        for model, charge in charges.items():
            extra = 100.0 if (model, month) == ("credit_scoring", 12) else 0.0
            for day, move in zip(dates, balanced(len(dates), 1.0, 60.0, 2, chance), strict=True):
                yield on(day, 23, 30), f"{charge + extra + move:.2f}", model


def egress() -> Iterator[Row]:
    """Daily, gigabytes. A copy to a workstation in August takes development over the limit."""
    usual = {"development": 3.0, "staging": 5.0, "production": 12.0}
    for day in days():
        for environment, value in usual.items():
            copied = (environment, day) == ("development", date(2027, 8, 11))
            yield on(day, 22), f"{480.0 if copied else value:.3f}", environment


def open_vulnerabilities(chance: random.Random) -> Iterator[Row]:
    """Each Thursday; five in staging at the end of May."""
    for day in weekly(3):
        for environment in ENVIRONMENTS:
            late_may = environment == "staging" and day == date(2027, 5, 27)
            yield on(day, 8), 5 if late_may else chance.randint(0, 3), environment


# --- releases ------------------------------------------------------------------------------------------------------

# Model, version, validation, staging, approval of Model Owner, of Risk Officer, production: (month, day, hour) each.
Moment = tuple[int, int, int]
Release = tuple[str, str, Moment, Moment, Moment, Moment | None, Moment]
RELEASES: tuple[Release, ...] = (
    ("document_summary", "2.1", (1, 11, 9), (1, 12, 9), (1, 18, 9), (1, 19, 9), (1, 20, 11)),
    ("fraud_detection", "4.0", (2, 2, 15), (2, 3, 9), (2, 8, 9), (2, 9, 9), (2, 10, 11)),
    ("credit_scoring", "3.2", (4, 10, 17), (4, 11, 9), (4, 12, 10), (4, 12, 11), (4, 12, 15)),  # not yet cured
    ("credit_scoring", "3.3", (5, 6, 17), (5, 7, 9), (5, 8, 15), (5, 9, 10), (5, 10, 11)),
    ("fraud_detection", "4.2", (5, 13, 9), (5, 14, 9), (5, 17, 9), None, (5, 18, 11)),  # no Risk Officer
    ("fraud_detection", "4.3", (5, 26, 9), (5, 27, 9), (6, 1, 9), (6, 1, 10), (6, 2, 11)),
    ("document_summary", "2.2", (6, 29, 9), (6, 30, 9), (7, 5, 9), (7, 6, 9), (7, 7, 11)),
    ("credit_scoring", "3.4", (8, 6, 9), (8, 9, 9), (8, 10, 9), (8, 10, 10), (8, 11, 11)),
    ("fraud_detection", "4.4", (9, 1, 9), (9, 2, 9), (9, 20, 9), (9, 2, 10), (9, 22, 10)),  # an approval of 20 days
    ("credit_scoring", "3.5", (10, 14, 9), (10, 15, 9), (10, 18, 9), (10, 18, 10), (10, 19, 11)),
    ("document_summary", "2.3", (10, 31, 9), (10, 30, 9), (11, 2, 9), (11, 3, 9), (11, 4, 11)),  # validated afterwards
    ("fraud_detection", "4.5", (11, 23, 9), (11, 24, 9), (11, 29, 9), (11, 29, 10), (11, 30, 11)),
)
RETIRED = (("document_summary", "2.0", (3, 22), (3, 30)), ("credit_scoring", "3.1", (6, 10), (6, 15)))


def validations() -> Iterator[Row]:
    """One for each release."""
    return ((at(*release[2]), release[0], release[1], "data_scientist") for release in RELEASES)


def documentation() -> Iterator[Row]:
    """Released by the Lead Engineer an hour after each validation."""
    for model, version, (month, day, hour), *_ in RELEASES:
        yield at(month, day, hour + 1), model, version, "lead_engineer"


def approvals() -> Iterator[Row]:
    """Of releases (once by the Head of Risk, who is senior to the Risk Officer) and of retirements."""
    for model, version, _, _, owner, risk, _ in RELEASES:
        yield at(*owner), model, version, "model_owner"
        if risk is not None:
            yield at(*risk), model, version, "head_of_risk" if version == "4.0" else "risk_officer"
    for model, version, approved_on, _ in RETIRED:
        yield at(*approved_on), model, version, "model_owner"


def deployments() -> Iterator[Row]:
    """To staging and production; once to staging by a Data Scientist, who may not."""
    for model, version, _, staging, _, _, production in RELEASES:
        yield at(*staging), model, version, "staging", "data_scientist" if version == "3.4" else "ml_engineer"
        yield at(*production), model, version, "production", "lead_engineer" if version == "3.4" else "ml_engineer"


# --- incidents -----------------------------------------------------------------------------------------------------

# Id, (month, day, hour, minute), severity, model, people affected, loss in USD, hours to resolution (None: open).
Incident = tuple[str, tuple[int, int, int, int], str, str, int, int, float | None]
INCIDENTS: tuple[Incident, ...] = (
    ("INC-01", (1, 25, 10, 0), "minor", "fraud_detection", 12, 0, 3),
    ("INC-02", (2, 20, 2, 0), "major", "document_summary", 0, 4200, 18),
    ("INC-03", (3, 18, 11, 0), "critical", "credit_scoring", 340, 38000, 19),
    ("INC-04", (3, 25, 9, 0), "minor", "document_summary", 3, 0, 5),
    ("INC-05", (4, 22, 13, 0), "minor", "fraud_detection", 1, 0, 2),
    ("INC-06", (5, 20, 14, 5), "major", "credit_scoring", 45, 1500, 6),
    ("INC-07", (6, 10, 8, 0), "major", "fraud_detection", 0, 8600, 15),
    ("INC-08", (7, 14, 1, 10), "critical", "credit_scoring", 2900, 96500, 31),
    ("INC-09", (8, 3, 16, 0), "minor", "fraud_detection", 2, 0, 4),
    ("INC-10", (8, 19, 9, 0), "major", "document_summary", 88, 2100, 12),
    ("INC-11", (9, 15, 12, 0), "minor", "credit_scoring", 5, 0, 1.5),
    ("INC-12", (10, 8, 11, 0), "major", "credit_scoring", 120, 11000, 20),
    ("INC-13", (11, 16, 9, 5), "critical", "fraud_detection", 610, 23400, 7),
    ("INC-14", (12, 2, 15, 0), "minor", "document_summary", 4, 0, 4),
    ("INC-15", (12, 31, 6, 0), "critical", "fraud_detection", 75, 4700, None),
)
INCIDENT_NOTICES = {"INC-03": 20, "INC-08": 80, "INC-13": 5}  # hours after the Incident


def resolutions() -> Iterator[Row]:
    """Of every Incident but the last."""
    for name, begin, _, _, _, _, hours in INCIDENTS:
        if hours is not None:
            yield after(at(*begin), hours), name


# --- records -------------------------------------------------------------------------------------------------------

OUTAGES = (
    *((model, (1, 11, 3, 20), (1, 11, 3, 24)) for model in MODELS),
    ("document_summary", (2, 20, 2, 0), (2, 21, 14, 0)),  # in the storm
    ("credit_scoring", (3, 7, 3, 30), (3, 7, 4, 15)),  # in planned maintenance
    ("credit_scoring", (5, 20, 14, 0), (5, 20, 14, 4)),
    ("credit_scoring", (7, 14, 1, 10), (7, 14, 9, 40)),  # 8 h 30 min
    ("fraud_detection", (7, 14, 1, 10), (7, 14, 5, 10)),  # 4 h
    ("document_summary", (9, 8, 22, 0), (9, 8, 22, 35)),  # 35 min: still above the target
    ("credit_scoring", (11, 23, 10, 0), (11, 23, 11, 0)),  # 1 h
)


def maintenance() -> Iterator[Row]:
    """Two hours on the first Sunday of each month, and a long night of document_summary in August."""
    first_sundays = [day for day in weekly(6) if day.day <= 7]
    for day in first_sundays:
        for model in MODELS:
            yield on(day, 3), on(day, 5), model
    yield at(8, 14, 20), at(8, 15, 5), "document_summary"


def audit_logs() -> Iterator[Row]:
    """One a month and environment; those of January to April are destroyed a day after six months."""
    for month in range(1, 13):
        for environment in ENVIRONMENTS:
            yield at(month, 1, 0), at(month + 6, 2, 0) if month <= 4 else "", environment


def prediction_logs() -> Iterator[Row]:
    """One a month and Model; that of fraud_detection of March is lost on 3 October."""
    for month in range(1, 13):
        for model in MODELS:
            yield at(month, 1, 0), at(10, 3, 4) if (model, month) == ("fraud_detection", 3) else "", model


# --- other events --------------------------------------------------------------------------------------------------

RETRAINED = (
    ("document_summary", (1, 8), "applications"),
    ("fraud_detection", (2, 2), "disputes"),
    ("credit_scoring", (4, 9), "applications"),
    ("credit_scoring", (5, 6), "applications"),
    ("document_summary", (6, 25), "applications"),
    ("fraud_detection", (7, 20), "disputes"),
    ("document_summary", (9, 20), "disputes"),
    ("credit_scoring", (9, 28), "applications"),
    ("document_summary", (10, 11), "applications"),
    ("fraud_detection", (12, 8), "disputes"),
)
DATA_APPROVED = (
    ("applications", (1, 4)), ("disputes", (1, 25)), ("applications", (3, 30)), ("applications", (6, 14)),
    ("disputes", (7, 12)), ("applications", (9, 14)), ("disputes", (11, 29)),
)  # fmt: skip
BIAS_EVALUATIONS = {
    "credit_scoring": (
        (1, 15), (2, 15), (3, 17), (4, 15), (5, 14), (6, 14), (7, 15), (8, 13), (9, 14), (10, 18), (10, 28), (11, 2),
        (11, 16), (12, 14),
    ),
    "document_summary": (
        (1, 17), (2, 24), (3, 26), (4, 26), (5, 27), (6, 28), (7, 28), (8, 27), (9, 27), (10, 28), (11, 29), (12, 29),
    ),
    "fraud_detection": (
        (1, 20), (2, 19), (3, 22), (4, 21), (5, 21), (6, 21), (8, 10), (9, 10), (10, 11), (11, 11), (12, 13),
    ),
}  # fmt: skip


def training_runs() -> Iterator[Row]:
    """Two days before each retraining. The run of 18 September relies on an approval that is too old."""
    for model, (month, day), data_set in RETRAINED:
        yield on(date(2027, month, day) - timedelta(days=2), 20), model, data_set


def accesses() -> Iterator[Row]:
    """Routine access, two violations and one that a supervisor asked for."""
    for day in weekly(1):
        yield on(day), "data_scientist", "development", "training"
    for month in range(1, 13):
        yield at(month, 9, 14), "data_steward", "staging", "quality_check"
    yield at(4, 14, 16), "annotator", "development", "labeling"
    yield at(6, 9, 11), "data_scientist", "production", "debugging"
    yield at(8, 24, 9), "internal_auditor", "production", "regulatory_request"


def explanations() -> tuple[list[Row], list[Row]]:
    """Four requests a month and their answers: after two days, and after eight for two in the second quarter and one later."""
    late = {(4, 19), (6, 5), (8, 12)}
    requests: list[Row] = []
    answers: list[Row] = []
    for month in range(1, 13):
        for number, day in enumerate((5, 12, 19, 26)):
            name, time = f"EXP-{month:02}{number + 1}", at(month, day)
            requests.append((time, name, MODELS[(month + number) % 3]))
            answers.append((after(time, 192 if (month, day) in late else 48), name))
    return requests, answers


def human_reviews() -> Iterator[Row]:
    """Thirty a quarter, of which 4, 7 (not surely too many), 12 (surely) and 3 are overturned."""
    for quarter, overturned in enumerate((4, 7, 12, 3)):
        for number in range(30):
            month, day = quarter * 3 + 1 + number // 10, 2 + 2 * (number % 10)
            yield (
                at(month, day, 15),
                MODELS[number % 3],
                "overturned" if number % 2 and number // 2 < overturned else "upheld",
            )


def support() -> tuple[list[Row], list[Row]]:
    """Six requests a month and the minutes to an answer; July is slow."""
    usual, slow = (40, 75, 120, 180, 260, 390), (200, 250, 290, 310, 420, 600)
    requests: list[Row] = []
    answers: list[Row] = []
    for month in range(1, 13):
        for number, minutes in enumerate(slow if month == 7 else usual):
            ticket, time = f"T-{month:02}{number + 1}", at(month, 3 + 4 * number, 11)
            requests.append((time, ticket))
            answers.append((after(time, minutes / 60), ticket))
    return requests, answers


# --- notices and cures ---------------------------------------------------------------------------------------------

# Time, role, clause, Model, other dimensions by name.
NOTICES: tuple[tuple[str, str, str, str], ...] = (
    (at(3, 29, 11), "model_owner", "drift", "credit_scoring"),
    (at(4, 1, 9, 30), "risk_officer", "accuracy", "credit_scoring"),
    (at(4, 2, 9), "model_owner", "stability", "credit_scoring"),
    (at(4, 5, 11), "model_owner", "drift", "credit_scoring"),
    (at(4, 12, 11), "model_owner", "drift", "credit_scoring"),
    (at(4, 15, 9), "compliance_officer", "data_access", ""),
    (at(5, 1, 10), "risk_officer", "accuracy", "credit_scoring"),
    (at(5, 18, 15), "risk_officer", "approval_gate", "fraud_detection"),
    (at(6, 3, 9), "model_owner", "labeling_quality", ""),
    (at(6, 8, 9), "vendor_manager", "subprocessor_consent", ""),
    (at(6, 14, 9), "compliance_officer", "data_access", ""),  # five days late
    (at(7, 5, 9), "compliance_officer", "explanation_requests", ""),
    (at(7, 28, 9), "compliance_officer", "bias_testing", "fraud_detection"),
    (at(8, 2, 9), "vendor_manager", "availability", ""),
    (at(8, 10, 9), "risk_officer", "deployment_authority", "credit_scoring"),
    (at(8, 24, 9), "model_owner", "stability", "document_summary"),
    (at(9, 2, 9), "compliance_officer", "erasure", ""),
    (at(9, 3, 9), "risk_officer", "accuracy", "document_summary"),  # two days late
    (at(9, 19, 9), "compliance_officer", "training_approval", ""),
    (at(10, 1, 9), "risk_officer", "accuracy", "document_summary"),
    (at(10, 2, 9), "model_owner", "stability", "document_summary"),
    (at(10, 4, 9), "internal_auditor", "log_retention_duty", "fraud_detection"),
    (at(10, 4, 9, 30), "model_owner", "human_oversight", ""),
    (at(10, 5, 9), "model_owner", "incident_resolution", ""),
    *((at(month, day), "compliance_officer", "parity", "credit_scoring")
      for month, day in ((10, 15), (10, 18), (10, 21), (10, 24), (10, 27), (10, 30), (11, 2), (11, 5))),
    (at(10, 21, 18), "compliance_officer", "data_residency", ""),
    (at(10, 30, 17), "model_owner", "independent_validation", "document_summary"),
    (at(11, 2, 9), "vendor_manager", "response_times", "document_summary"),
    (at(11, 17, 9), "vendor_manager", "response_times", "fraud_detection"),
    (at(11, 23, 9), "vendor_manager", "response_times", "fraud_detection"),
    (at(12, 2, 9), "vendor_manager", "availability", "credit_scoring"),
    (at(12, 3, 9), "internal_auditor", "audit_follow_up", ""),
)  # fmt: skip
# Time, clause, Model, data set, Subprocessor.
CURES: tuple[Row, ...] = (
    (at(4, 20), "data_access", "", "", ""),
    (at(4, 28, 12), "accuracy", "credit_scoring", "", ""),
    (at(5, 8, 12), "accuracy", "credit_scoring", "", ""),
    (at(5, 24), "approval_gate", "fraud_detection", "", ""),
    (at(6, 21), "subprocessor_consent", "", "", "LabelWorks"),
    (at(7, 2), "labeling_quality", "", "disputes", ""),
    (at(7, 27), "explanation_requests", "", "", ""),
    (at(9, 9, 17), "erasure", "", "DS-021", ""),
    (at(10, 11), "log_retention_duty", "fraud_detection", "", ""),
    (at(10, 20), "incident_resolution", "", "", ""),
    (at(10, 27), "data_residency", "", "", ""),
    (at(11, 3), "accuracy", "document_summary", "", ""),  # three days late
    (at(11, 8), "parity", "credit_scoring", "", ""),
)


def payments() -> Iterator[Row]:
    """After 30 days; that of June is paid 20 days late, 65 days after it was sent. December's is not due yet."""
    for month in range(1, 12):
        paid = moment(month, 1, 10) + timedelta(days=65 if month == 6 else 30)
        yield stamp(paid), f"N-{month:02}"


def notices() -> Iterator[Row]:
    """Of breaches, and of critical Incidents."""
    for time, role, clause, model in NOTICES:
        yield time, role, clause, model, ""
    for name, begin, _, model, _, _, _ in INCIDENTS:
        if name in INCIDENT_NOTICES:
            yield after(at(*begin), INCIDENT_NOTICES[name]), "risk_officer", "incident_notice", model, name


def write_metrics(chance: random.Random) -> None:
    """The nine metrics."""
    write("accuracy", "time value model environment", accuracy(chance))
    write("latency", "time value model environment", latency(chance))
    write("drift_index", "time value model environment", drift_index(chance))
    write("approved", "time value model group", approved(chance))
    write("label_agreement", "time value data_set", label_agreement(chance))
    write("explanation_coverage", "time value model", explanation_coverage(chance))
    write("usage_charge", "time value model", usage_charge(chance))
    write("egress", "time value environment", egress())
    write("open_vulnerabilities", "time value environment", open_vulnerabilities(chance))


def write_release_events() -> None:
    """Training, validation, approval, deployment, rollback, retirement."""
    write("data_approval", "time data_set role", ((at(*day), name, "data_steward") for name, day in DATA_APPROVED))
    write("training_run", "time model data_set", training_runs())
    write("retraining", "time model", ((at(*day), model) for model, day, _ in RETRAINED))
    write("validation_report", "time model version role", validations())
    write("documentation_release", "time model version role", documentation())
    write("approval", "time model version role", approvals())
    write("deployment", "time model version environment role", deployments())
    write("model_retirement", "time model version", ((at(*day), *rest) for *rest, _, day in RETIRED))
    rollbacks = (
        (at(3, 18, 19), "credit_scoring"), (at(5, 19, 9), "fraud_detection"), (at(7, 14, 3), "credit_scoring"),
        (at(9, 28, 18), "document_summary"), (at(11, 16, 10, 30), "fraud_detection"), (at(12, 31, 8, 15), "fraud_detection"),
    )  # fmt: skip
    write("rollback", "time model", rollbacks)
    drills = [(at(*day), model) for day in ((2, 11), (5, 12), (8, 18), (11, 17)) for model in MODELS]
    write("rollback_drill", "time model", (row for row in drills if row != (at(8, 18), "fraud_detection")))
    reviews = ((3, 31), (4, 7), (4, 16))
    write("drift_review", "time model", ((at(*day), "credit_scoring") for day in reviews))
    evaluations = ((at(*day), model, "production") for model, dates in BIAS_EVALUATIONS.items() for day in dates)
    write("bias_evaluation", "time model environment", evaluations)


def write_data_events() -> None:
    """Access, use, transfer and erasure of Customer Data."""
    write("training_data_access", "time role environment purpose", accesses())
    reviews = ((3, 30), (6, 30), (9, 29), (12, 22))
    write("access_review", "time environment", ((at(*day), name) for day in reviews for name in ENVIRONMENTS))
    uses = ((at(month, 15), "applications", "services") for month in range(1, 13))
    write("training_use", "time data_set purpose", uses)
    transfers: list[Row] = [(at(month, 17), "applications", "US" if month % 3 else "UK") for month in range(1, 13)]
    write("data_transfer", "time data_set region", [*transfers, (at(10, 21, 9), "disputes", "SG")])
    requests = ((at(4, 5), "DS-014"), (at(8, 2), "DS-021"), (at(12, 20), "DS-030"))
    write("erasure_request", "time data_set", requests)
    explanation_requests, answers = explanations()
    write("explanation_request", "time request_id model", explanation_requests)
    write("explanation", "time request_id", answers)
    write("human_review", "time model outcome", human_reviews())


def write_incident_events() -> None:
    """Incidents, what follows them, and support."""
    incidents = ((at(*begin), *rest[:-1]) for name, begin, *others in INCIDENTS for rest in ((name, *others),))
    write("incident", "time incident_id severity model affected loss", incidents)
    write("resolution", "time incident_id", resolutions())
    reports = ((at(3, 29), "INC-03"), (at(7, 26), "INC-08"), (at(12, 1), "INC-13"))
    write("incident_report", "time incident_id", reports)
    requests, answers = support()
    write("support_request", "time ticket", requests)
    write("support_answer", "time ticket", answers)


def write_governance_events() -> None:
    """Meetings, trainings, tests, audits, Subprocessors, and the notices, cures and terminations of the language."""
    meetings = (
        (1, 20), (2, 17), (3, 17), (4, 21), (5, 19), (6, 16), (7, 21), (8, 25), (9, 22), (10, 27), (11, 24), (12, 22),
    )  # fmt: skip
    write("governance_meeting", "time chair", ((at(*day), "model_owner") for day in meetings))
    trainings = ((2, 9), (4, 27), (7, 13), (10, 12))
    write("competence_training", "time audience", ((at(*day), "all engineers") for day in trainings))
    write("contingency_test", "time scope", ((at(4, 14), "manual procedure"), (at(10, 13), "rule-based fallback")))
    write("penetration_test", "time tester", ((at(6, 22), "Ironwood Testing"),))
    audits = ((2, 24), (5, 25), (8, 31), (10, 5), (12, 7))
    write("customer_audit", "time scope", ((at(*day), "controls") for day in audits))
    write(
        "invoice", "time invoice_number amount", ((at(month, 1), f"N-{month:02}", "40000.00") for month in range(1, 13))
    )
    write("payment", "time invoice_number", payments())
    write("insurance_certificate", "time insurer", ((at(1, 14), "Meridian Mutual"),))
    engaged = (
        (at(2, 1), "CloudOne", "planned"), (at(6, 7), "LabelWorks", "planned"),
        (at(7, 15), "StreamGate", "emergency_replacement"),
    )  # fmt: skip
    write("subprocessor_engagement", "time subprocessor kind", engaged)
    consents = ((at(1, 15), "CloudOne", "vendor_manager"), (at(6, 21), "LabelWorks", "vendor_manager"))
    write("subprocessor_consent", "time subprocessor role", consents)
    write("vendor_review", "time subprocessor", ((at(9, 14), "CloudOne"), (at(11, 30), "LabelWorks")))
    write("notice", "time role clause model incident_id", notices())
    write("cure", "time clause model data_set subprocessor", CURES)
    write("termination", "time", ())


def write_records() -> None:
    """The eight records."""
    write("outage", "begin end model", ((at(*begin), at(*end), model) for model, begin, end in OUTAGES))
    write("maintenance", "begin end model", maintenance())
    write("force_majeure", "begin end site", ((at(2, 20, 0), at(2, 22, 12), "Pittsburgh"),))
    write("prediction_log", "begin end model", prediction_logs())
    write("audit_log", "begin end environment", audit_logs())
    archives = ((at(3, 30), "", "document_summary", "2.0"), (at(6, 15), at(11, 20), "credit_scoring", "3.1"))
    write("model_archive", "begin end model version", archives)
    findings = ((at(3, 3), at(5, 28), "AF-1"), (at(8, 5), at(12, 10), "AF-2"), (at(11, 22), "", "AF-3"))
    write("audit_finding", "begin end finding_id", findings)
    held = (
        (at(1, 5), "", "applications"), (at(1, 5, 11), "", "disputes"), (at(1, 11), at(4, 20), "DS-014"),
        (at(2, 8), at(9, 9, 16), "DS-021"), (at(5, 3), "", "DS-030"),
    )  # fmt: skip
    write("customer_data_set", "begin end data_set", held)


def main() -> None:
    """Writes every table."""
    DATA.mkdir(exist_ok=True)
    write_metrics(random.Random(2027))
    write_release_events()
    write_data_events()
    write_incident_events()
    write_governance_events()
    write_records()


if __name__ == "__main__":
    main()
