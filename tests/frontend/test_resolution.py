"""Each mistake of names, numbers and forms is reported where it stands; what is right resolves without one."""

from __future__ import annotations

import pytest

from tallystick.compilation import check
from tallystick.diagnostics.diagnostic import Diagnostic
from tallystick.model.agreement import Agreement
from tallystick.source import Source

HEAD = """agreement "A" {
  version "1".
  effective 2027-01-01.
  timezone "UTC".
  currency USD.
}
party provider "P" called "the Provider" {
  entity "a company".
  address "Street 1".
  notices "p@example.org".
  signatory "Jane Roe", "Director".
  signatory "John Doe".
}
party customer "C".
role officer "Officer" of customer.
role chief "Chief" of customer above officer.
role head of customer above chief.
"""
DATA = """environments staging, production.
metric accuracy as fraction by model, environment { means \"\"\"The {floor}.\"\"\". reported by provider. places 4. }
metric latency as milliseconds by model.
metric size as megabytes.
metric points as score by model.
event incident "Incident" by incident_id, severity with loss as USD, people as count.
event payment by payee with amount as USD, fee as USD.
event approval by model, role { means \"\"\"x\"\"\". reported by customer. }
event deployment by model, environment, role.
record outage by model { means \"\"\"x\"\"\". }
record lease by model with rent as USD.
term floor = 92%.
term fee "The Fee" = USD 100.
term day_one = 2027-02-01.
term word = "text".
term grace = 5 days.
define "Production Model" as \"\"\"a Model, see {floor}\"\"\".
define model_card "Model Card" as \"\"\"a card\"\"\".
standard gdpr "GDPR".
stages training, operation.
"""


def found(statement: str, declarations: str = "") -> tuple[Agreement | None, tuple[Diagnostic, ...]]:
    clause = f'article "A" {{ clause c "C" {{\n{statement}\n}} }}\n'
    return check(Source("test.msa", HEAD + DATA + declarations + clause))


def codes(statement: str, declarations: str = "") -> list[str]:
    quiet = ("T0507", "T0508")
    return [item.code for item in found(statement, declarations)[1] if item.code not in quiet]


RULE = "provider must keep mean(accuracy) at least floor over each month."

RIGHT = [
    RULE,
    "provider must keep mean(points) exactly 5 over each day.\non breach { credit customer by value { above 5: USD 1. } }",
    "officer must keep size at most 5 gigabytes at all times.",
    "provider must keep latency is not 0 seconds at all times.",
    "provider must keep max(points) exactly 5 over any 12 hours.",
    "provider must keep points at least 5 at all times tolerating grace.",
    'provider must keep p95(latency) at most 5 seconds over the 7 days before each deployment where role is "x" in staging matching model with at least 5 samples.',
    "provider must keep uptime(outage) at least mean(accuracy) over the grace before each deployment matching model and environment.",
    "provider must not perform deployment during lease where rent above USD 5 matching model outside outage.",
    "provider must perform approval within 1 day of deployment matching role outside outage matching model.",
    "provider must keep mean(accuracy) at least floor over each month per model during outage with at least 5 samples.",
    "only officer may perform deployment in staging during outage.",
    'provider must keep min(latency where model is "a") below 5 seconds at all times.',
    "provider must keep mean(latency) * 2 at most 5 seconds over each day.",
    "provider must keep 2 * mean(latency) at most 5 seconds over each day.",
    "provider must keep mean(points) * 2 - 1 at most 5 over each day.",
    "provider must keep 1 + mean(points) at most 5 over each day.",
    "provider must keep mean(latency) / 2 at most 5 seconds over each day.",
    "provider must keep mean(latency) / mean(latency) at most 5 over each day.",
    "provider must keep sum(incident.people) / count(incident) at most 5 over each day.",
    "provider must keep mean(accuracy) / mean(points) at most 5 over each day.",
    "provider must keep 50% of sum(incident.loss) at most fee over each day.",
    "provider must keep sum(incident.loss) at most 50% of fee + USD 5 over each day.",
    "provider must keep sum(incident.loss) at most 2 * fee over each day.",
    'provider must keep age(incident where severity is "critical") at most 5 days over each day.',
    'provider must keep duration(outage where model is "a" excluding lease where rent above USD 5) at most 5 hours over each month.',
    "provider must keep sum(lease.rent) at most fee over each month.",
    "provider must keep count(lease) at most 5 over each month.",
    "provider must keep p99_9(latency) at most 5 seconds over each month.",
    "provider must keep gap(mean(accuracy) / mean(accuracy) across model) at most 5% over each month.",
    'provider must not perform payment where payee in ("a", "b") or not payee is word.',
    "provider must not perform payment where amount above fee and fee above 1% of amount.",
    "provider must not perform deployment in production or staging per model and role.",
    'provider must perform approval where role is "chief" within 1 day of incident in above floor of cases over each month with at least 5 samples.',
    'provider must delete outage where model is "a" within grace of deployment in staging where role is "x" matching model.',
    "provider must notify chief within 1 day of termination.",
    'satisfies gdpr "Article 5", gdpr "Article 6".\n' + RULE,
    "stage training, operation.\n" + RULE,
    '"""See {provider}, {chief}, {model_card}, {accuracy}, {incident}, {outage}, {gdpr}, {@c}, {@a}, {fee}, {production_model}."""\n' + RULE,
    RULE + '\non breach { credit customer fee. cap credits at 2 * fee each month. credit customer 10% of USD 5. note "x". }',
    RULE + "\non breach { block deployment. block deployment in staging. officer must notify chief within 1 day. }",
    "provider must keep mean(latency) at most 5 seconds over each day.\non breach { credit customer by value { above 5 seconds: USD 1. above 1 minute: USD 2. } }",
    'provider must keep points is 5 at all times.\nexcept where model is "x".\nexcept during outage where model is "x".',
    'provider must retain outage for at least 5 days.\nexcept where model is "x".',
    'provider must perform approval at least every 5 days.\nexcept where role is "x".',
    'provider must notify chief within 1 day of incident.\nexcept where severity is "x".',
]  # fmt: skip

WRONG = {
    "provider must keep mean(latency) + 5 seconds * sum(incident.loss) at most 5 over each day.": ["T0306"],
    "provider must keep sum(incident.loss) / mean(latency) at most 5 over each day.": ["T0306"],
    "provider must keep mean(size) + mean(latency) at most 5 over each day.": ["T0301"],
    "provider must keep mean(points) at least 5% over each day.": ["T0301"],
    "provider must keep mean(size) at least 5% over each day.": ["T0301"],
    "provider must keep mean(nothing) / mean(nowhere) at least 5% over each day.": ["T0201", "T0201"],
    "provider must keep mean(5) at least 5% over each day.": ["T0411"],
    "provider must keep count(incident.loss) at least 5 over each day.": ["T0411"],
    "provider must keep incident.loss at least USD 5 over each day.": ["T0403"],
    "provider must keep sum(accuracy.loss) at least USD 5 over each day.": ["T0203"],
    "provider must keep sum(incident.lost) at least USD 5 over each day.": ["T0201"],
    "provider must keep distinct(incident) at least 5 over each day.": ["T0411"],
    "provider must keep distinct(incident.place) at least 5 over each day.": ["T0201"],
    "provider must keep uptime(mean(accuracy)) at least 5% over each day.": ["T0411"],
    "provider must keep uptime(incident) at least 5% over each day.": ["T0203"],
    "provider must keep uptime(outage excluding incident) at least 5% over each day.": ["T0203"],
    "provider must keep age(mean(accuracy)) at most 5 days over each day.": ["T0411"],
    "provider must keep age(fee) at most 5 days over each day.": ["T0203"],
    "provider must keep gap(5 across model) at most 5% over each day.": ["T0411"],
    "provider must keep gap(gap(mean(accuracy) across model) across model) at most 5% over each day.": ["T0411"],
    "provider must keep gap(mean(accuracy) across colour) at most 5% over each day.": ["T0201"],
    "provider must keep gap(mean(nothing) across model) at most 5% over each day.": ["T0201"],
    "provider must keep gap(mean(accuracy)) at most 5% over each day.": ["T0402"],
    "provider must keep time(from incident to payment) at most 5 hours over each day.": ["T0402"],
    "provider must keep count(time(from incident to payment)) at most 5 over each day.": ["T0401"],
    "provider must keep mean(time(from incident to nothing)) at most 5 hours over each day.": ["T0201"],
    "provider must keep mean(time(from incident to payment matching payee)) at most 5 hours over each day.": ["T0201"],
    "provider must keep share(latency at most 5%) at least 5% over each day.": ["T0301"],
    "provider must keep share(nothing at most 5) at least 5% over each day.": ["T0201"],
    "provider must keep p0(latency, 5) at most 5 seconds over each day.": ["T0401"],
    "provider must keep p0(latency) at most 5 seconds over each day.": ["T0410"],
    "provider must keep percentile(latency, 0) at most 5 seconds over each day.": ["T0410"],
    "provider must keep percentile(latency) at most 5 seconds over each day.": ["T0402"],
    "provider must keep 5 at least 5 over each day.": ["T0411"],
    "provider must keep 5 at least 5 over the 7 days before each deployment.": ["T0411"],
    "provider must keep mean(time(from incident to payment)) at most 5 hours over the 7 days before each deployment.": ["T0413"],
    "provider must keep max(latency) at most 5 seconds over the 7 days before each outage.": ["T0203"],
    "provider must keep max(latency) at most 5 seconds over the 7 days before each deployment matching environment.": ["T0201"],
    "provider must keep max(latency) at most 5% over the 7 days before each deployment matching model.": ["T0301"],
    "provider must keep max(latency) at most 5 seconds over the 7 days before each incident matching model.": ["T0201"],
    "provider must not perform deployment during incident.": ["T0203"],
    "provider must not perform deployment outside nothing.": ["T0201"],
    "provider must not perform deployment outside outage matching role.": ["T0201"],
    "provider must not perform deployment outside outage outside lease.": ["T0405"],
    "provider must keep uptime(outage) at least 5% over each day outside lease.": ["T0413"],
    "provider must perform approval at least every 5 days outside outage.": ["T0413"],
    "provider must retain outage for at least 5 days outside lease.": ["T0413"],
    "provider must keep 5 at least mean(points) over each day.": ["T0411"],
    "provider must keep mean(accuracy) at least day_one over each day.": ["T0305"],
    "provider must keep mean(accuracy) at least 92% over each day with at least 0 samples.": ["T0409"],
    "provider must keep mean(latency) at most 5 seconds over each day in production.": ["T0404"],
    "provider must keep mean(latency) at most 5 seconds over each day per colour.": ["T0201"],
    "provider must keep mean(accuracy) at least 92% over each day per model and model.": ["T0405"],
    "provider must keep mean(accuracy) at least 92% over each day in production or production.": ["T0405"],
    "provider must keep mean(accuracy) at least 92% over each day in nowhere.": ["T0201"],
    "provider must keep mean(accuracy) at least 92% over any 2.5 days.": ["T0409"],
    "provider must keep mean(accuracy) at least 92% over any 5 parsecs.": ["T0303"],
    "nobody must keep mean(accuracy) at least 92% over each day.": ["T0201"],
    "provider must keep points * 2 at least 5 at all times.": ["T0415"],
    "provider must keep mean(points) at least 5 at all times.": ["T0415"],
    "provider must keep accuracy at least 5 seconds at all times.": ["T0301"],
    "provider must keep accuracy at least 500% at all times.": ["T0307"],
    "provider must keep accuracy at least 5% at all times tolerating word.": ["T0303"],
    "provider must keep incident at least 5% at all times.": ["T0203"],
    "provider must perform nothing at least every 5 days.": ["T0201"],
    'provider must perform approval where colour is "x" at least every 5 days.': ["T0201"],
    "provider must perform nothing at least 5 times each month.": ["T0201"],
    "provider must perform approval above 5 times each month.": ["T0416"],
    "nobody must perform approval at least 5 times each century.": ["T0201", "T0215"],
    "provider must perform nothing within 1 day of incident.": ["T0201"],
    "provider must perform approval within 1 day of incident matching incident_id.": ["T0201"],
    "provider must perform approval within 1 day of incident in at least 5 of cases over each month.": ["T0101"],
    "provider must perform approval within 1 day of incident in at least fee of cases over each month.": ["T0414"],
    "provider must perform approval within 1 day of incident in at least 500% of cases over each month.": ["T0307"],
    "provider must perform approval within 1 day of incident in at least 50% of cases over each eon.": ["T0215"],
    "provider must notify chief within 1 day of outage.": ["T0203"],
    "provider must not perform nothing.": ["T0201"],
    "nobody must not perform approval.": ["T0201"],
    "provider must not perform deployment without approval within 5 days before and within 6 days before.": ["T0405"],
    "provider must not perform deployment without approval within word before.": ["T0303"],
    "provider must not perform deployment without incident by officer.": ["T0404"],
    "provider must not perform deployment without approval by officer and officer.": ["T0405"],
    "provider must not perform deployment without approval by nobody.": ["T0201"],
    "provider must not perform deployment without nothing.": ["T0201"],
    "nobody must not perform deployment without approval.": ["T0201"],
    "provider must not perform deployment in at least 5% of cases over each month without approval.": ["T0413"],
    "only nobody may perform deployment.": ["T0201"],
    "only officer or officer may perform deployment.": ["T0405"],
    'only officer may perform deployment where colour is "x".': ["T0201"],
    "provider must retain incident for at least 5 days.": ["T0203"],
    "nobody must retain outage for at least 5 days.": ["T0201"],
    "provider must delete incident within 5 days of deployment.": ["T0203"],
    "nobody must delete outage within 5 days of deployment.": ["T0201"],
    "provider must not perform payment where payee above 5.": ["T0406"],
    'provider must not perform payment where amount in ("x").': ["T0406"],
    'provider must not perform payment where colour in ("x").': ["T0201"],
    'provider must not perform payment where colour is "x" or payee is "x".': ["T0201"],
    'provider must not perform payment where not colour is "x".': ["T0201"],
    "provider must not perform payment where payee + amount is 5.": ["T0406"],
    "provider must not perform payment where colour + amount is 5.": ["T0201"],
    "provider must not perform payment where amount * fee is 5.": ["T0306"],
    "provider must not perform payment where mean(accuracy) is 5.": ["T0406"],
    "provider must not perform payment where amount is 5 parsecs.": ["T0205"],
    "provider must not perform payment where amount is 5%.": ["T0301"],
    RULE + "\nexcept during incident.": ["T0203"],
    RULE + '\nexcept during outage where colour is "x".': ["T0201"],
    RULE + "\n" + RULE + '\nexcept where colour is "x".': ["T0201"],
    'provider must keep mean(nothing) at least 92% over each month.\nexcept where model is "x".': ["T0201"],
    RULE + '\nnarrative "x".\nnarrative "y".': ["T0202"],
    RULE + "\nmissing data is excused.\nmissing data is excused.": ["T0202"],
    RULE + "\non breach { }\non breach { }": ["T0202"],
    RULE + "\nclause c { }": ["T0202"],
    RULE.replace(".", " labelled x.") * 2: ["T0202"],
    RULE + "\non breach { credit nobody fee. }": ["T0201"],
    RULE + "\non breach { credit customer by value { } }": ["T0101"],
    RULE + "\non breach { credit customer by value { is 92%: fee. } }": ["T0407"],
    RULE + "\non breach { credit customer by value { below word: fee. } }": ["T0305"],
    RULE + "\non breach { credit customer by value { below 92%: fee. below 5: fee. } }": ["T0301"],
    RULE + "\non breach { credit customer by value { below 92%: fee. above 90%: fee. } }": ["T0407"],
    RULE + "\non breach { credit customer by value { below 5 seconds: fee. } }": ["T0301"],
    RULE + "\non breach { credit customer 5. }": ["T0412"],
    RULE + "\non breach { credit customer 5 * 5. }": ["T0412"],
    RULE + "\non breach { credit customer 5 * nothing. }": ["T0201"],
    RULE + "\non breach { credit customer nothing. }": ["T0201"],
    RULE + "\non breach { cap credits at fee each eon. }": ["T0215"],
    RULE + "\non breach { cure within word. }": ["T0303"],
    RULE + "\non breach { escalate to nobody after 5 days. }": ["T0201"],
    RULE + "\non breach { customer may terminate after 0 breaches in 5 days. }": ["T0409"],
    RULE + "\non breach { block nothing. }": ["T0201"],
    RULE + "\non breach { block deployment in nowhere. }": ["T0201"],
    RULE + "\non breach { block approval in staging. }": ["T0404"],
    RULE + "\non breach { nobody must notify chief within 5 days. }": ["T0201"],
    RULE + "\non breach { nobody must perform approval within 5 days. }": ["T0201"],
    '"""{@nothing} {nothing}"""\n' + RULE: ["T0201", "T0201"],
    RULE + '\nsatisfies nothing "x".': ["T0201"],
    RULE + "\nstage nothing.": ["T0201"],
}  # fmt: skip

WRONG_DECLARATIONS = {
    "term a = 5 parsecs.": ["T0205"],
    "term a = 5 percent.": ["T0205"],
    "term a = 2027-02-30.": ["T0207"],
    "term a = floor.": ["T0408"],
    "term a = EUX 5.": ["T0208"],
    "metric a as EUX.": ["T0208"],
    "metric a as count { places 2.5. }": ["T0409"],
    "metric a as count { places 12. }": ["T0417"],
    "event a { places 2. }": ["T0417"],
    "event a { reported by nobody. }": ["T0201"],
    'event a { means """x""". means """y""". }': ["T0202"],
    "event a by x with X as count.": ["T0202"],
    "event a by value.": ["T0214"],
    "event a. event a.": ["T0202"],
    "event a. event A.": ["T0213"],
    "event notice.": ["T0209"],
    "environments other, other.": ["T0202"],
    "role a of nobody.": ["T0201"],
    "role a of customer above a.": ["T0211"],
    'party a "A" { entity "x". entity "y". }': ["T0202"],
    'define "floor" as """x""".': ["T0202"],
    'standard a " ".': ["T0114"],
    'agreement "B" { version "1". effective 2027-01-01. timezone "UTC". }': ["T0202"],
    'article "B" { } article "b" { note "x". note """y""". """z""" }': ["T0202"],
}  # fmt: skip


@pytest.mark.parametrize("statement", RIGHT)
def test_right(statement: str) -> None:
    agreement, _ = found(statement)
    assert agreement is not None, codes(statement)
    assert codes(statement) == []


@pytest.mark.parametrize("statement", WRONG)
def test_wrong_sentences(statement: str) -> None:
    assert codes(statement) == WRONG[statement]


@pytest.mark.parametrize("declaration", WRONG_DECLARATIONS)
def test_wrong_declarations(declaration: str) -> None:
    assert codes(RULE, declaration + "\n") == WRONG_DECLARATIONS[declaration]


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({'timezone "UTC".': 'timezone "America/New_Yorc".'}, ["T0206"]),
        ({'timezone "UTC".': ""}, ["T0212"]),
        ({'version "1".': ""}, ["T0212"]),
        ({'version "1".': 'version "".'}, ["T0114"]),
        ({"currency USD.": "currency USX."}, ["T0208"]),
        ({"currency USD.": "currency USD. currency EUR."}, ["T0202"]),
        ({"currency USD.": 'recital """For {fee}.""". recital """And {nothing}.""".'}, ["T0201"]),
        ({"currency USD.": 'governing law "X". term word renewing for 5 days.'}, ["T0303"]),
        ({"effective 2027-01-01.": "effective 0001-01-01."}, ["T0207"]),
        ({'agreement "A" {': 'agreement "A"'}, ["T0111"]),
    ],
)
def test_the_agreement_block(changes: dict[str, str], expected: list[str]) -> None:
    text = HEAD + DATA + f'article "A" {{ clause c {{ {RULE} }} }}'
    for old, new in changes.items():
        assert old in text
        text = text.replace(old, new)
    _, diagnostics = check(Source("test.msa", text))
    assert [item.code for item in diagnostics if item.code not in ("T0507", "T0508")] == expected


@pytest.mark.parametrize(
    ("term", "until"),
    [
        ("24 months", "2029-01-31"),
        ("2 months", "2027-03-31"),
        ("2 quarters", "2027-07-31"),
        ("1 year", "2028-01-31"),
        ("2 weeks", "2027-02-14"),
        ("10 days", "2027-02-10"),
        ("1000 years", "3027-01-31"),
    ],
)
def test_the_end_of_the_term(term: str, until: str) -> None:
    text = HEAD.replace("effective 2027-01-01.", f"effective 2027-01-31. term {term}.")
    agreement, _ = check(Source("test.msa", text))
    assert agreement is not None
    assert agreement.until is not None
    assert agreement.until.isoformat() == until


@pytest.mark.parametrize("term", ["1 month", "1 quarter", "12 months renewing for 1 month"])
def test_a_term_that_would_end_on_a_missing_day_is_asked_about(term: str) -> None:
    text = HEAD.replace("effective 2027-01-01.", f"effective 2027-01-31. term {term}.")
    agreement, found = check(Source("test.msa", text))
    assert agreement is None
    assert "T0540" in [diagnostic.code for diagnostic in found]


def test_a_term_that_renews_has_no_end() -> None:
    text = HEAD.replace("effective 2027-01-01.", "effective 2027-01-31. term 1 year renewing for 1 year.")
    agreement, _ = check(Source("test.msa", text))
    assert agreement is not None
    assert agreement.until is None
    assert str(agreement.renewal) == "1 year"


def test_clauses_are_numbered_in_order() -> None:
    agreement, _ = found(f"clause one {{ clause deep {{ {RULE} }} }} clause two {{ {RULE} }}")
    assert agreement is not None
    assert [(clause.id, clause.number) for clause in agreement.clauses] == [
        ("c", "2.1"), ("one", "2.1.1"), ("deep", "2.1.1.1"), ("two", "2.1.2"),
    ]  # fmt: skip
    assert [rule.id for rule in agreement.rules] == ["deep", "two"]
