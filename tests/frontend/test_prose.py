"""Sentences in the combinations that cases do not show."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from tallystick.compilation import Compiled, compile_source
from tallystick.model.agreement import Operative, Prose, Reference, Target
from tallystick.prose.from_measure import measure_definition
from tallystick.prose.from_rule import rule_sentence
from tallystick.prose.manner import Manner, written
from tallystick.prose.quantity import date_text, listed, money_text, number_text, ordinal_text, quantity_text
from tallystick.prose.references import reference_link
from tallystick.prose.sentence import Link
from tallystick.quantities import Quantity
from tallystick.rules.rule import Keep
from tallystick.source import Source

HEAD = """agreement "A" { version "1". effective 2027-01-01. timezone "UTC". currency USD. }
party provider "P" called "the Provider".
party customer "C".
role officer "Officer" of customer.
role chief "the Chief" of customer above officer.
environments staging, production, development.
metric accuracy as fraction by model, environment.
metric latency as milliseconds by model.
event incident "Incident" by incident_id with loss as USD.
event approval by model, role.
event deployment "deployment", "deploy a Model" by model, version, environment, role.
record outage by model.
record maintenance by model.
term floor "Floor" = 92%.
term fee "The Fee" = USD 100.50.
standard gdpr "GDPR".
define "Production Model" as \"\"\"a Model\"\"\".
"""


def compiled(statement: str) -> Compiled:
    text = HEAD + f'article "First" {{ clause c "C" {{\n{statement}\n}} }}'
    result, found = compile_source(Source("test.msa", text))
    assert result is not None, found
    return result


SENTENCES = {
    "officer must keep mean(accuracy) at least floor over each hour in staging or production or development.": (
        "The Officer shall keep the mean of accuracy at least the Floor (92%) over each clock hour in the staging,"
        " production or development environment. A value of exactly 92% meets this requirement."
    ),
    "chief must perform approval at least 1 time each week per model.": (
        "The Chief shall perform approval at least once in each calendar week for each model."
    ),
    "only officer may perform deployment per model, version and environment.": (
        "Only the Officer (or a role senior to it) may deploy a Model for each model, version and environment."
    ),
    "provider must perform approval at least every 1 day per model and role.": (
        "The Provider shall perform approval at least once every day for each model and role. The first day runs from"
        " the start of this Agreement, or from the time the combination of model and role first appears, if later."
    ),
    "provider must keep min(time(from incident to approval)) above 1 minute over any 1 month.": (
        "The Provider shall keep the shortest time from each Incident to the first approval after it above 1 minute over"
        " any 1 month. A value of exactly 1 minute does not meet this requirement. This is judged at the end of each day."
        " Months and years are counted to the same day of the other month, or to its last day where it lacks that day."
    ),
    "provider must keep sum(time(from incident to termination)) above 1 minute over any 12 hours.": (
        "The Provider shall keep the sum of the time from each Incident to the first termination of this Agreement after"
        " it above 1 minute over any 12 hours. A value of exactly 1 minute does not meet this requirement. This is judged"
        " at the end of each hour."
    ),
    "provider must keep sum(incident.loss) below 50% of fee * 2 over each year.": (
        "The Provider shall keep the sum of the loss of each Incident below (50% of the Fee (USD 100.50)) times 2 over each"
        " calendar year."
    ),
    "provider must keep latest(incident.loss) is not USD 0 over each year.": (
        "The Provider shall keep the latest loss of any Incident other than USD 0 over each calendar year."
    ),
    "provider must keep count(outage) at most 5 over each year.": (
        "The Provider shall keep the number of beginnings of outage at most 5 over each calendar year. A value of exactly"
        " 5 meets this requirement."
    ),
    "provider must keep share(incident.loss at most USD 5) at least 50% over each year.": (
        "The Provider shall keep the share of samples of the loss of each Incident that are at most USD 5 at least 50% over"
        " each calendar year. A value of exactly 50% meets this requirement."
    ),
    "provider must keep duration(outage excluding maintenance) below 1 hour over each year.": (
        "The Provider shall keep the total time under outage (leaving out the time under maintenance) below 1 hour over"
        " each calendar year. A value of exactly 1 hour does not meet this requirement."
    ),
    "provider must perform approval within 1 day of incident in above 50% of cases over each year with at least 5 samples.": (
        "The Provider shall perform approval no later than 1 day after each Incident, in more than 50% of cases over each"
        " calendar year, measured on at least 5 cases. Exactly 1 day after is in time."
    ),
}


@pytest.mark.parametrize("statement", SENTENCES)
def test_sentence(statement: str) -> None:
    assert compiled(statement).rulebook.rules[0].sentence == SENTENCES[statement].replace("the Fee", "The Fee")


MEASURES = [
    "mean(accuracy)",
    "p95(latency)",
    "share(latency at most 5 seconds)",
    "distinct(incident.incident_id)",
    "uptime(outage)",
    "uptime(outage excluding maintenance)",
    "duration(outage)",
    "age(outage)",
    "age(latency)",
    "age(incident)",
    "max(time(from incident to approval))",
    "gap(mean(accuracy) across model)",
    "count(incident) / count(approval)",
    "mean(accuracy) - 5%",
]


@pytest.mark.parametrize("text", MEASURES)
def test_every_measure_says_how_it_is_computed(text: str) -> None:
    unit = {"p95": "5 seconds", "dist": "5", "dura": "5 hours", "age(": "5 days", "max(": "5 hours", "coun": "5"}
    limit = next((value for key, value in unit.items() if text.startswith(key)), "5%")
    result = compiled(f"provider must keep {text} at most {limit} over each month.")
    rule = result.rulebook.rules[0]
    assert isinstance(rule, Keep)
    words = measure_definition(result.agreement, rule.measure).text
    assert words[0].isupper()
    assert words.endswith(".")
    assert "  " not in words
    assert ".." not in words
    assert "A fixed value." in measure_definition(result.agreement, rule.threshold).text


def test_references_print_names_and_numbers() -> None:
    agreement = compiled(
        'narrative "n". """{fee} {provider} {officer} {production_model} {accuracy} {incident} {outage} {gdpr} {@c} {@first}"""'
    ).agreement
    prose = next(clause.content[0] for clause in agreement.clauses)
    assert isinstance(prose, Prose)
    links = [reference_link(agreement, part) for part in prose.parts if isinstance(part, Reference)]
    assert [link.text for link in links if isinstance(link, Link)] == [
        "The Fee", "the Provider", "Officer", "Production Model", "accuracy", "Incident", "outage", "GDPR",
        "Section\u00a02.1", "Article\u00a02",
    ]  # fmt: skip
    assert reference_link(agreement, Reference(Target.PART, "measure", agreement.span)) == ""


def test_the_verb_of_prose_and_of_own_wording_is_that_of_the_house() -> None:
    agreement = compiled(
        '"""{provider} {shall} not wait.""" provider must perform approval at least 1 time each week'
        ' worded """{holder} {shall} see to {event} {times}, {window}.""".'
    ).agreement
    clause = next(iter(agreement.clauses))
    verbs = [
        part for item in clause.content if isinstance(item, Prose) for part in item.parts if isinstance(part, Reference)
    ]
    assert [reference_link(agreement, part) for part in verbs[1:]] == ["shall"]
    with written(Manner(verb="must")):
        assert [reference_link(agreement, part) for part in verbs[1:]] == ["must"]
        [said] = [rule_sentence(agreement, item).text for item in clause.content if isinstance(item, Operative)]
    assert said.startswith("The Provider must see to")


def test_nothing_else_may_be_called_by_that_verb() -> None:
    _, found = compile_source(Source("test.msa", HEAD + 'term shall "Shall" = 3 days.'))
    assert [each.code for each in found if each.code == "T0209"] == ["T0209"]


@pytest.mark.parametrize(
    ("value", "unit", "text"),
    [
        ("0.925", "fraction", "92.5%"),
        ("1", "hours", "1 hour"),
        ("1500.50", "milliseconds", "1,500.5 milliseconds"),
        ("0", "count", "0"),
        ("-0.5", "score", "-0.5"),
        ("-1234.5", "score", "-1,234.5"),
        ("1000000", "bytes", "1,000,000 bytes"),
    ],
)
def test_quantities(value: str, unit: str, text: str) -> None:
    assert quantity_text(Quantity(value=Decimal(value), unit=unit)) == text


@pytest.mark.parametrize(
    ("value", "unit", "text"),
    [
        ("40000", "USD", "USD 40,000"),
        ("12.5", "USD", "USD 12.50"),
        ("12.345", "USD", "USD 12.345"),
        ("0.1", "KWD", "KWD 0.100"),
        ("1000", "JPY", "JPY 1,000"),
        ("123456789012345.123456789", "USD", "USD 123,456,789,012,345.123456789"),
    ],
)
def test_money(value: str, unit: str, text: str) -> None:
    assert money_text(Quantity(value=Decimal(value), unit=unit)) == text


def test_small_words() -> None:
    ordinals = [ordinal_text(Decimal(number)) for number in ("1", "2", "3", "11", "12", "13", "21", "95", "99.1")]
    assert ordinals == ["1st", "2nd", "3rd", "11th", "12th", "13th", "21st", "95th", "99.1th"]
    assert date_text(date(2027, 1, 5)) == "5 January 2027"
    assert [listed([]), listed(["a"]), listed(["a", "b", "c"], "or")] == ["", "a", "a, b or c"]
    assert number_text(Decimal("1E+3")) == "1,000"
