"""Scenarios: what is given becomes rows, what is expected is compared with what comes out, and changes are noticed."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from typer.testing import CliRunner, Result

from tallystick.cli.main import app
from tallystick.compilation import Compiled, compile_source, load
from tallystick.evaluating import judge
from tallystick.evaluation.evaluate import evaluate
from tallystick.facts.from_rows import Row, from_rows
from tallystick.rules.measure import SeriesKind
from tallystick.scenarios.mutants import judge_mutants, mutants_of
from tallystick.scenarios.outcome import State
from tallystick.scenarios.run import outcomes_of, run
from tallystick.source import Source
from tallystick.syntax.to_source import format_source

CONTRACTS = Path(__file__).parents[2] / "contracts"
WITH_SCENARIOS = sorted(
    path.parent.name for path in CONTRACTS.glob("*/agreement.msa") if "\nscenario " in path.read_text("utf-8")
)
AGREEMENT = """\
agreement "Small Agreement" {
  version "1.0".
  effective 2027-01-01.
  timezone "Europe/Berlin".
  currency EUR.
}
party provider "Provider GmbH" called "Provider".
party customer "Customer GmbH" called "Customer".
role officer "Officer" of customer.
metric latency "latency" as milliseconds by model {
  places 1.
}
metric accuracy "accuracy" as fraction by model.
event incident "incident" by ticket with loss as EUR.
event audit "audit", "audit the records".
record outage "outage" by model.
article "Service" {
  clause speed "Speed" {
    provider must keep mean(latency) at most 200 milliseconds over each month per model.
    on breach {
      credit customer EUR 100.
    }
  }
  clause quality "Quality" {
    provider must keep mean(accuracy) at least 90% over each month per model labelled exact.
  }
  clause losses "Losses" {
    provider must keep sum(incident.loss) at most EUR 1,000 over each month labelled cheap.
    provider must keep uptime(outage) at least 99% over each month per model labelled up.
    provider must perform audit at least 1 time each month labelled audited.
  }
}
"""


def compiled(scenarios: str) -> Compiled:
    result, found = compile_source(Source("test.msa", AGREEMENT + scenarios))
    assert [item for item in found if item.code != "T0507"] == []
    assert result is not None
    return result


def scenario(body: str) -> str:
    return f'scenario "test" {{\n{body}\n}}\n'


def states(body: str) -> list[str]:
    result = compiled(scenario(body))
    return [outcome.state.value for outcome in run(result.rulebook, result.agreement.scenarios[0]).outcomes]


def mistakes(body: str) -> list[str]:
    _, found = compile_source(Source("test.msa", AGREEMENT + scenario(body)))
    return [item.code for item in found if item.code != "T0507"]


# --- what is given -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("sample", "value"),
    [
        ("latency of 250 milliseconds", "250"),
        ("latency of 0.25 seconds", "250"),
        ("latency of 1 minute", "60000"),
        ("latency of 0.25049 seconds", "250.49"),
        ("accuracy of 91.5%", "0.915"),
        ("accuracy of 0.915", "0.915"),
        ("accuracy of 1", "1"),
    ],
)
def test_a_sample_is_in_the_unit_of_its_metric(sample: str, value: str) -> None:
    result = compiled(
        scenario(f'given {sample} on 2027-01-05 where model is "a". as of 2027-03-01. expect speed breached.')
    )
    assert result.agreement.scenarios[0].given[0].numbers == (("value", Decimal(value)),)


def test_samples_are_read_to_the_places_of_their_metric() -> None:
    body = 'given latency of 200.04 milliseconds on 2027-01-05 where model is "a". as of 2027-02-01. '
    assert states(body + "expect speed met at 200.0 milliseconds.") == ["held"]


def times(given: str) -> list[str]:
    result = compiled(scenario(f"given {given}. as of 2028-01-01. expect audited breached."))
    return [f"{moment:%m-%d %H:%M}" for moment in result.agreement.scenarios[0].given[0].times]


def test_local_times_become_utc_and_steps_follow_the_calendar() -> None:
    assert times("audit on 2027-01-05 at 10:30") == ["01-05 09:30"]
    assert times("audit on 2027-07-05") == ["07-04 22:00"]
    assert times("audit each month from 2027-01-31 until 2027-04-30") == ["01-30 23:00", "02-27 23:00", "03-30 22:00"]
    assert len(times("audit each day from 2027-03-01 until 2027-04-01")) == 31
    assert len(times("audit each quarter from 2027-01-01 until 2028-01-01")) == 4
    assert len(times("audit each week from 2027-01-01 until 2027-01-15")) == 2
    assert len(times("audit each year from 2027-01-01 until 2027-01-02")) == 1


def test_hours_step_by_elapsed_time_over_a_clock_change() -> None:
    assert len(times("audit each hour from 2027-03-28 until 2027-03-29")) == 23
    assert len(times("audit each hour from 2027-10-31 until 2027-11-01")) == 25


def test_given_rows_are_judged_as_the_same_rows_of_a_file(tmp_path: Path) -> None:
    result = compiled(
        scenario(
            'given 2 samples of latency of 210 milliseconds on 2027-01-05 where model is "a". '
            'given incident on 2027-01-06 at 10:00 with loss of EUR 1,000.01 where ticket is "t". '
            'given outage from 2027-01-06 at 10:00 until 2027-01-06 at 12:00 where model is "a". '
            'given outage from 2027-02-28 where model is "b". given no audit. '
            "as of 2027-03-01. expect speed breached. expect quality unmeasured. expect losses breached."
        )
    )
    (tmp_path / "latency.csv").write_text("time,value,model\n" + 2 * "2027-01-05T00:00+01:00,210,a\n")
    (tmp_path / "incident.csv").write_text("time,ticket,loss\n2027-01-06T10:00+01:00,t,1000.01\n")
    (tmp_path / "outage.csv").write_text(
        "begin,end,model\n2027-01-06T10:00+01:00,2027-01-06T12:00+01:00,a\n2027-02-28T00:00+01:00,,b\n"
    )
    (tmp_path / "audit.csv").write_text("time\n")
    judged = judge(result.rulebook, tmp_path, "2027-03-01")
    outcomes = outcomes_of(result.rulebook, result.agreement.scenarios[0])
    found = [finding for outcome in outcomes for finding in outcome.findings]
    assert found == list(judged.evaluation.findings)
    assert {finding.verdict.value for finding in found} == {"met", "breached", "unmeasured"}


def test_rows_that_are_not_yet_known_are_left_out() -> None:
    result = compiled("")
    begin = int(datetime(2027, 1, 5, tzinfo=UTC).timestamp()) * 10**6
    key = (SeriesKind.RECORD, "outage")
    facts = from_rows(
        result.rulebook,
        [(key, [Row(begin, begin + 10, {"model": "a"}), Row(begin + 5, None, {"model": "a"})])],
        begin + 5,
    )
    assert facts.connection.execute('SELECT "begin", "end", d_model, row FROM record_outage').fetchall() == [
        (begin, None, "a", 1)
    ]
    assert evaluate(result.rulebook, facts, begin + 5).findings


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ('given latency of 3% on 2027-01-05 where model is "a".', "T0301"),
        ('given accuracy of 91 on 2027-01-05 where model is "a".', "T0302"),
        ("given accuracy of 91% on 2027-01-05.", "T0604"),
        ('given accuracy of 91% on 2027-01-05 where modl is "a".', "T0201"),
        ('given accuracy of 91% on 2027-01-05 where model is "a" and model is "b".', "T0603"),
        ('given accuracy of 91% on 2027-01-05 where model is "a" or model is "b".', "T0603"),
        ('given accuracy of 91% on 2027-02-30 where model is "a".', "T0207"),
        ('given accuracy of 91% on 2027-02-20 at 25:00 where model is "a".', "T0606"),
        ('given accuracy of 91% each dy from 2027-01-01 until 2027-02-01 where model is "a".', "T0215"),
        ('given accuracy of 91% each day from 2027-02-01 until 2027-02-01 where model is "a".', "T0607"),
        ('given incident on 2027-01-05 where ticket is "t".', "T0604"),
        ('given incident on 2027-01-05 with los of EUR 5 where ticket is "t".', "T0201"),
        ('given incident on 2027-01-05 with loss of USD 5 where ticket is "t".', "T0301"),
        ('given notice on 2027-01-05 where role is "oficer".', "T0201"),
        ('given outage from 2027-01-05 until 2027-01-04 where model is "a".', "T0607"),
        ("given accuracy on 2027-01-05.", "T0203"),
        ("given no acuracy.", "T0201"),
        ("expect spede breached.", "T0201"),
        ('expect speed breached for modl "a".', "T0201"),
        ("expect duty to notify officer met.", "T0608"),
        ("expect credit to customer of 5%.", "T0412"),
        ("expect credit to customer of USD 5.", "T0511"),
        ("as of 2027-03-02.", "T0602"),
    ],
)
def test_a_mistake_in_a_scenario_is_reported(body: str, code: str) -> None:
    assert mistakes(f"{body} as of 2027-03-01. expect speed breached.") == [code]


def test_two_scenarios_have_two_names() -> None:
    text = scenario("given no audit. as of 2027-03-01. expect audited breached.")
    _, found = compile_source(Source("test.msa", AGREEMENT + text + text))
    assert "T0202" in [item.code for item in found]


def test_scenarios_change_neither_rules_nor_tally_and_are_formatted() -> None:
    text = scenario(
        'given 2 samples of accuracy of 91%   on 2027-03-10   at 10:00 where model is "credit-scoring-for-retail". '
        'given incident on 2027-01-06 at 10:00:30 with loss of EUR 1,000.01 where ticket is "t". '
        'as of 2027-04-01. expect exact met for model "credit-scoring-for-retail" in the window from 2027-03-01.'
    )
    formatted = format_source(AGREEMENT + text)
    assert "on 2027-03-10 at 10:00\n    where" in formatted
    assert "at 10:00:30" in formatted
    assert format_source(formatted) == formatted
    again, _ = compile_source(Source("test.msa", formatted))
    assert again is not None
    assert again.tally == compiled("").tally == compiled(text).tally


# --- what is expected ----------------------------------------------------------------------------------------------

FAST = 'given latency of 100 milliseconds on 2027-01-05 where model is "a". '
SLOW = 'given latency of 300 milliseconds on 2027-02-05 where model is "a". '
MARCH = "as of 2027-03-01. "


@pytest.mark.parametrize(
    ("expects", "state"),
    [
        ("expect speed breached.", "held"),
        ("expect speed met.", "failed"),
        ("expect speed met in the window from 2027-01-01.", "held"),
        ("expect speed met on 2027-01-01.", "held"),
        ("expect speed met on 2027-01-01 at 01:00.", "failed"),
        ('expect speed breached for model "a" in the window from 2027-02-01.', "held"),
        ('expect speed breached for model "b".', "failed"),
        ("expect speed breached at 300 milliseconds.", "held"),
        ("expect speed breached at 0.3 seconds.", "held"),
        ("expect speed breached at 299 milliseconds.", "failed"),
        ("expect speed breached at 300.", "failed"),
        ("expect speed breached at 30%.", "failed"),
        ("expect speed breached at EUR 300.", "failed"),
        ("expect credit to customer of EUR 100.", "held"),
        ("expect credit to customer of EUR 100.00.", "held"),
        ("expect credit to customer of EUR 99.", "failed"),
        ("expect credit to provider of EUR 100.", "failed"),
        ("expect customer may terminate.", "failed"),
        ("expect customer may not terminate.", "idle"),
        ("expect no credit.", "failed"),
        ("expect no credit to provider.", "idle"),
        ("expect audited unmeasured in the window from 2027-01-01.", "idle"),
    ],
)
def test_an_expectation_holds_fails_or_could_not_fail(expects: str, state: str) -> None:
    assert states(FAST + SLOW + MARCH + expects) == [state]


def test_what_does_not_follow_may_stand_beside_what_does() -> None:
    body = FAST + "as of 2027-02-01. expect speed met in the window from 2027-01-01. expect no credit. "
    assert states(body + "expect credit to customer of EUR 0.") == ["held", "held", "held"]


# --- changes -------------------------------------------------------------------------------------------------------


def test_changes_are_noticed_or_survive() -> None:
    result = compiled(scenario(FAST + SLOW + MARCH + "expect speed breached. expect credit to customer of EUR 100."))
    judged = judge_mutants(result.rulebook, result.agreement.scenarios)
    noticed = {
        (item.mutant.rule, item.mutant.change.before, item.mutant.change.after) for item in judged if item.noticed_by
    }
    assert noticed == {
        ("speed", "each month", "each quarter"),
        ("speed", "EUR 100", "EUR 99"),
        ("speed", "EUR 100", "EUR 101"),
    }
    assert {item.mutant.change.part for item in judged} >= {"threshold", "comparison", "window", "amount", "number"}


def test_every_change_differs_from_the_rules_and_is_a_rulebook() -> None:
    for path in sorted(CONTRACTS.glob("*/agreement.msa")):
        source, _ = load(path)
        assert source is not None
        result, _ = compile_source(source)
        assert result is not None
        mutants = list(mutants_of(result.rulebook))
        assert len(mutants) > 40
        for mutant in mutants:
            assert mutant.rulebook != result.rulebook
            assert mutant.change.before != mutant.change.after
        checked = mutants[:: len(mutants) // 20]
        assert all(type(item.rulebook).model_validate(item.rulebook.model_dump()) == item.rulebook for item in checked)


@pytest.mark.no_cover  # hundreds of evaluations
def test_rules_left_out_of_a_changed_rulebook_would_not_matter() -> None:
    path = CONTRACTS / "uptime-sla" / "agreement.msa"
    result, _ = compile_source(Source(path.name, path.read_text(encoding="utf-8")))
    assert result is not None
    scenarios = result.agreement.scenarios
    for judged in judge_mutants(result.rulebook, scenarios)[::4]:
        whole = [
            item.title
            for item in scenarios
            if any(outcome.state is not State.HELD for outcome in outcomes_of(judged.mutant.rulebook, item))
        ]
        assert judged.noticed_by == next(iter(whole), None)


# --- the command ---------------------------------------------------------------------------------------------------


def tally(*arguments: str | Path) -> Result:
    result = CliRunner().invoke(app, ["test", *(str(argument) for argument in arguments)])
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result


@pytest.mark.parametrize("name", WITH_SCENARIOS)
def test_the_scenarios_of_the_shipped_contracts_hold(name: str) -> None:
    done = tally(CONTRACTS / name / "agreement.msa")
    assert done.exit_code == 0, done.output
    assert ": 0 did not" not in done.output
    assert " 0 did not." in done.output


@pytest.fixture
def failing(tmp_path: Path) -> Path:
    path = tmp_path / "failing.msa"
    idle = scenario(FAST + MARCH + "expect no credit.").replace('"test"', '"idle"')
    path.write_text(AGREEMENT + scenario(SLOW + MARCH + "expect speed met. expect no credit.") + idle)
    return path


def test_what_came_out_instead_is_shown(failing: Path) -> None:
    done = tally(failing)
    assert done.exit_code == 1
    assert "speed of a from 2027-02-01: breached at 300 milliseconds, threshold 200 milliseconds" in done.output
    assert "EUR 100 to customer for speed" in done.output
    assert "It holds also with no facts at all" in done.output
    assert "2 scenarios: 0 held, 2 did not." in done.output


def test_results_as_json_and_junit(failing: Path, tmp_path: Path) -> None:
    junit = tmp_path / "out" / "junit.xml"
    done = tally(failing, "--format", "json", "--junit", junit)
    assert done.exit_code == 1
    (file,) = json.loads(done.stdout)
    first, idle = file["scenarios"]
    assert (first["title"], first["held"]) == ("test", False)
    assert [item["state"] for item in first["expectations"]] == ["failed", "failed"]
    assert [item["state"] for item in idle["expectations"]] == ["idle"]
    suite = ET.parse(junit).getroot()[0]
    assert (suite.get("tests"), suite.get("failures"), suite.get("errors")) == ("2", "1", "1")


def test_changes_are_listed_and_counted(tmp_path: Path) -> None:
    path = tmp_path / "agreement.msa"
    path.write_text(AGREEMENT + scenario(FAST + SLOW + MARCH + "expect speed breached."))
    done = tally(path, "--mutate")
    assert done.exit_code == 0
    assert "No scenario would notice:" in done.output
    assert "threshold 200 milliseconds → 201 milliseconds" in done.output
    assert "1 noticed" in done.output
    (file,) = json.loads(tally(path, "--mutate", "--format", "json").stdout)
    assert sum(item["noticed_by"] == "test" for item in file["mutants"]) == 1


def test_what_cannot_run_says_so(tmp_path: Path, failing: Path) -> None:
    empty = tmp_path / "empty.msa"
    empty.write_text(AGREEMENT)
    assert tally(empty).exit_code == 2
    assert tally(tmp_path / "missing.msa").exit_code == 2
    assert tally(failing, empty).exit_code == 1
    assert tally(failing, "--junit", tmp_path).exit_code == 2
