"""The data, the rules and the sources that are measured, made the same way each time."""

from __future__ import annotations

import random
from dataclasses import asdict, dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path

import duckdb

from tallystick.quantities import Period, PeriodUnit, Quantity
from tallystick.rules.measure import Aggregate, Comparison, Function, Measure, Series, SeriesKind, Share, Value
from tallystick.rules.rule import (
    Cadence,
    Calendar,
    CalendarUnit,
    Keep,
    Precedence,
    Response,
    Retention,
    Rule,
)
from tallystick.rules.rulebook import EventData, MetricData, RecordData, Rulebook

METRICS, MODELS = 200, 50
ENVIRONMENTS = ("development", "staging", "production")
START, YEAR = 1_798_761_600_000_000, 31_536_000_000_000
AS_OF = "2028-01-01"


@dataclass(frozen=True)
class RuleSpec:
    """A rule as every tool is told it: over each month, per model, in one environment."""

    id: str
    metric: str
    environment: str
    function: str
    percent: float
    limit: float
    comparison: str
    threshold: float


def write_samples(path: Path, samples: int) -> Path:
    """Samples spread evenly over a year, in order of time: metrics x models x environments, three decimals."""
    if not path.exists():
        duckdb.execute(
            f"""COPY (SELECT make_timestamptz({START} + i * ({YEAR} // {samples})) AS time,
            'metric_' || lpad(CAST(hash(i * 7 + 1) % {METRICS} AS VARCHAR), 3, '0') AS metric,
            'model_' || lpad(CAST(hash(i * 7 + 2) % {MODELS} AS VARCHAR), 2, '0') AS model,
            {list(ENVIRONMENTS)}[CAST(1 + hash(i * 7 + 3) % 3 AS BIGINT)] AS environment,
            CAST(round((hash(i * 7 + 4) % 1000000) / 1000.0, 3) AS DOUBLE) AS value
            FROM range({samples}) t(i)) TO '{path}' (FORMAT parquet)"""
        )
    return path


def write_days(folder: Path, samples: int) -> Path:
    """The same samples, a file for each day of the year."""
    if not folder.exists():
        part = folder.with_suffix(".part")
        part.mkdir(parents=True, exist_ok=True)
        whole = write_samples(folder.parent / f"samples-{samples}.parquet", samples)
        for day in range(365):
            start = START + day * (YEAR // 365)
            duckdb.execute(
                f"COPY (SELECT * FROM '{whole}' WHERE time >= make_timestamptz({start}) AND"
                f" time < make_timestamptz({start + YEAR // 365})) TO '{part}/{day:03d}.parquet' (FORMAT parquet)"
            )
        part.rename(folder)
    return folder


def rules(number: int) -> list[RuleSpec]:
    """So many rules: four in ten percentiles, two shares, two means, one maximum, one count."""
    chance, found = random.Random(1), []
    for i in range(number):
        metric, environment = f"metric_{i % METRICS:03d}", ENVIRONMENTS[i % 3]
        kind = chance.randrange(10)
        percent = chance.choice([50.0, 90.0, 95.0, 99.0]) if kind < 4 else 0.0
        limit = chance.randrange(500_000, 999_999) / 1000
        function, comparison, threshold = (
            ("percentile", "at most", limit)
            if kind < 4
            else ("share", "at least", 0.8)
            if kind < 6
            else ("mean", "at least", chance.randrange(450_000, 550_000) / 1000)
            if kind < 8
            else ("max", "at most", chance.randrange(900_000, 999_999) / 1000)
            if kind < 9
            else ("count", "at least", 20.0)
        )
        found.append(RuleSpec(f"rule_{i:04d}", metric, environment, function, percent, limit, comparison, threshold))
    return found


def _quantity(value: float, unit: str) -> Value:
    return Value(quantity=Quantity(value=Decimal(str(value)), unit=unit))


def _measure(spec: RuleSpec) -> tuple[Measure, str]:
    of = Series(source=SeriesKind.METRIC, name=spec.metric)
    if spec.function == "share":
        limit = _quantity(spec.limit, "milliseconds")
        return Share(of=of, comparison=Comparison.AT_MOST, threshold=limit), "fraction"
    percentile = Decimal(str(spec.percent)) if spec.function == "percentile" else None
    function = Function(spec.function)
    unit = "count" if function is Function.COUNT else "milliseconds"
    return Aggregate(function=function, of=of, percentile=percentile), unit


def rulebook(specs: list[RuleSpec]) -> Rulebook:
    """The same rules for tallystick."""
    found = []
    for i, spec in enumerate(specs):
        measure, unit = _measure(spec)
        found.append(
            Keep(
                id=spec.id,
                clause=f"clause_{i:04d}",
                number=f"1.{i}",
                title=f"Rule {i}",
                per=("model",),
                environments=(spec.environment,),
                measure=measure,
                comparison=Comparison(spec.comparison),
                threshold=_quantity(spec.threshold, unit),
                window=Calendar(each=CalendarUnit.MONTH),
            )
        )
    return Rulebook(
        agreement="Benchmark",
        version="1",
        effective=date(2027, 1, 1),
        until=date(2028, 1, 1),
        timezone="UTC",
        environments=ENVIRONMENTS,
        metrics=tuple(
            MetricData(
                id=f"metric_{i:03d}", title=f"metric {i}", unit="milliseconds", dimensions=("model", "environment")
            )
            for i in range(METRICS)
        ),
        rules=tuple(found),
    )


def write_folder(folder: Path, samples: Path, specs: list[RuleSpec]) -> Path:
    """A folder that tallystick evaluates, beside what the other tools are told."""
    import json

    folder.mkdir(parents=True, exist_ok=True)
    sections = (f'[metric.metric_{i:03d}]\nwhere = {{ metric = "metric_{i:03d}" }}\n' for i in range(METRICS))
    (folder / "tally.toml").write_text(f'[defaults]\nfile = "{samples}"\n' + "".join(sections))
    (folder / "rules.json").write_text(rulebook(specs).model_dump_json())
    (folder / "specs.json").write_text(json.dumps([asdict(spec) for spec in specs]))
    return folder


def source(clauses: int) -> str:
    """An agreement of so many clauses, each with prose, a rule and what follows from its breach."""
    parts = [
        (
            'agreement "Big" { version "1". effective 2027-01-01. term 24 months. timezone "UTC". currency USD. }\n'
            'party provider "Provider Ltd" called "Provider".\nparty customer "Customer Ltd" called "Customer".\n'
            'role officer "Officer" of customer.\nenvironments staging, production.\n'
            'metric latency "latency" as milliseconds by model, environment.\n'
            'record maintenance "maintenance" by model.\n'
        )
    ]
    for article in range(-(-clauses // 20)):
        parts.append(f'article "Part {article}" {{\n')
        for c in range(20):
            parts.append(
                f'  clause c{article}_{c} "Clause {article}.{c}" {{\n'
                f'    """The Provider keeps each Model fit for its purpose (see {{@c{article}_{(c + 1) % 20}}})."""\n'
                f"    provider must keep p95(latency) at most {100 + c} milliseconds over each day per model in production"
                f" with at least 10 samples.\n"
                f"    on breach {{\n      provider must notify officer within {1 + c} hours.\n"
                f"      credit customer USD {100 + article}.\n      cure within {1 + c} days.\n    }}\n"
                f"    except during maintenance.\n  }}\n"
            )
        parts.append("}\n")
    return "".join(parts)


def yaml_source(clauses: int) -> str:
    """The like as YAML, for a parser of YAML."""
    return "".join(
        f'- clause: c{i}\n  title: "Clause {i}"\n  text: "The Provider keeps each Model fit for its purpose."\n'
        f"  keep: {{measure: p95(latency), at_most: {100 + i % 20}, unit: milliseconds, over: day, per: [model]}}\n"
        f"  on_breach:\n    - {{notify: officer, within: {1 + i % 20} hours}}\n    - {{credit: customer, amount: {100 + i}}}\n"
        for i in range(clauses)
    )


def hcl_source(clauses: int) -> str:
    """The like in HCL, for another parser made with Lark."""
    return "".join(
        f'clause "c{i}" {{\n  title = "Clause {i}"\n  text = "The Provider keeps each Model fit for its purpose."\n'
        f'  keep {{\n    measure = "p95"\n    at_most = {100 + i % 20}\n    per = ["model"]\n  }}\n'
        f'  on_breach {{\n    notify = "officer"\n    within = {1 + i % 20}\n  }}\n}}\n'
        for i in range(clauses)
    )


EVENT_RULES = ("response", "precedence", "cadence", "retention")


def write_events(folder: Path, kind: str, events: int) -> Path:
    """Events (or records) of a year in order of time, as Parquet, and a rule about them of one kind.

    `response`: incidents, and their resolutions, a few late, a few missing. `precedence`: deployments of 50 models in 20
    versions, and as many approvals. `cadence`: evaluations of 50 models. `retention`: logs, some of them open still.
    """
    folder.mkdir(parents=True, exist_ok=True)
    half = events // 2
    whole, step = YEAR // events, YEAR // half
    key = "'model_' || lpad(CAST(hash({0}) % 50 AS VARCHAR), 2, '0') AS model, 'v' || (hash({0} + 1) % 20) AS version"
    files = {
        "response": {
            "incident": f"""SELECT make_timestamptz({START} + i * {step}) AS time, 'i' || i AS incident_id,
            ['low', 'high', 'critical'][CAST(1 + hash(i) % 3 AS BIGINT)] AS severity FROM range({half}) t(i)""",
            "resolution": f"""SELECT make_timestamptz({START} + i * {step} + CAST(hash(i + 7) % 90000000000 AS BIGINT)) AS time,
            'i' || i AS incident_id FROM range({half}) t(i) WHERE hash(i * 3) % 100 > 0""",
        },
        "precedence": {
            name: f"SELECT make_timestamptz({START} + i * {step}) AS time, {key.format(f'i * 7 + {seed}')} FROM range({half}) t(i)"
            for seed, name in enumerate(("deployment", "approval"))
        },
        "cadence": {
            "evaluation": f"SELECT make_timestamptz({START} + i * {whole}) AS time, {key.format('i * 7')} FROM range({events}) t(i)"
        },
        "retention": {
            "log": f"""SELECT make_timestamptz({START} + i * {whole}) AS begin, CASE WHEN hash(i) % 10 > 0 THEN make_timestamptz(
            {START} + i * {whole} + 2500000000000 + CAST(hash(i + 7) % 5000000000000 AS BIGINT)) END AS end,
            {key.format("i * 7")} FROM range({events}) t(i)"""
        },
    }
    for name, sql in files[kind].items():
        if not (folder / f"{name}.parquet").exists():
            duckdb.execute(f"COPY ({sql}) TO '{folder}/{name}.parquet' (FORMAT parquet)")
    (folder / "rules.json").write_text(_event_rulebook(kind).model_dump_json())
    return folder


def _event_rulebook(kind: str) -> Rulebook:
    def event(name: str) -> Series:
        return Series(source=SeriesKind.EVENT, name=name)

    def period(amount: int, unit: PeriodUnit) -> Period:
        return Period(amount=amount, unit=unit)

    base = {"id": kind, "clause": "c", "number": "1", "title": kind.capitalize()}
    versions = ("model", "version")
    rules: dict[str, Rule] = {
        "response": Response(
            **base, matching=("incident_id",), trigger=event("incident"), response=event("resolution"), within=period(24, PeriodUnit.HOURS)
        ),
        "precedence": Precedence(
            **base, matching=versions, event=event("deployment"), required=event("approval"), within=period(14, PeriodUnit.DAYS)
        ),
        "cadence": Cadence(**base, per=("model",), event=event("evaluation"), every=period(1, PeriodUnit.HOURS)),
        "retention": Retention(**base, per=("model",), record=Series(source=SeriesKind.RECORD, name="log"), period=period(30, PeriodUnit.DAYS)),
    }  # fmt: skip
    dimensions = {"incident": ("incident_id", "severity"), "resolution": ("incident_id",)}
    names = {"response": ("incident", "resolution"), "precedence": ("deployment", "approval")}.get(
        kind, ("evaluation",)
    )
    declared = tuple(EventData(id=n, title=n, dimensions=dimensions.get(n, versions)) for n in names)
    return Rulebook(
        agreement="Benchmark",
        version="1",
        effective=date(2027, 1, 1),
        timezone="UTC",
        events=() if kind == "retention" else declared,
        records=(RecordData(id="log", title="log", dimensions=versions),) if kind == "retention" else (),
        rules=(rules[kind],),
    )


# --- paper --------------------------------------------------------------------------------

_PAPER_HEAD = """\
agreement "Generated Services Agreement" {
  version "1.0".
  effective 2027-01-01.
  timezone "Europe/Berlin".
  currency EUR.
}
party provider "Provider GmbH" called "Provider" { signatory "Jane Roe", "Director". }
party customer "Customer GmbH" called "Customer" { signatory "Max Muster", "Director". }
role lead "Service Lead" of customer.
key term fee "Monthly Fee" = EUR 40,000.
metric latency "latency" as milliseconds by model.
"""
_PAPER_CLAUSE = """\
  clause c{number} "Clause {number}" {{
    \"\"\"What is agreed here is part of a generated agreement, long enough to be laid out over several lines, with a reference
    to {{@c{before}}} and to {{fee}}, so that {{provider}} and {{customer}} know what they owe each other and from when on.\"\"\"
    provider must keep p95(latency) at most {limit} milliseconds over each month per model labelled l{number}.
    on breach {{
      provider must notify lead within 24 hours.
      credit customer 1% of fee.
      cure within 30 days.
    }}
  }}
"""


def paper_source(clauses: int) -> str:
    """The source of an agreement with so many clauses, ten in an article."""
    written = [_PAPER_HEAD]
    for number in range(clauses):
        opening = f'article "Article {number // 10}" {{\n' if number % 10 == 0 else ""
        closing = "}\n" if number % 10 == 9 else ""
        clause = _PAPER_CLAUSE.format(number=number, before=max(0, number - 1), limit=200 + number)
        written.append(f"{opening}{clause}{closing}")
    return "".join(written)
