"""The clause library: each file by itself, and an agreement of nothing else, on data worked out by hand."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

import tallystick
from tallystick.compilation import examine, load
from tallystick.evaluating import Judged, instant_of
from tallystick.resources import resource
from tallystick.syntax.to_source import format_source

LIBRARY = resource("contracts", "library")
NAMES = sorted(path.stem for path in LIBRARY.glob("*.msa"))

AGREEMENT = """agreement "Everything from the library" {
  version "1".
  effective 2027-01-01.
  term 24 months.
  timezone "UTC".
  currency USD.
}
party provider "Provider Ltd" called "Provider".
party customer "Customer Ltd" called "Customer".
role risk_officer "Risk Officer" of customer.
role compliance_officer "Compliance Officer" of customer.
role data_officer "Data Officer" of customer.
role model_owner "Model Owner" of customer.
role service_manager "Service Manager" of customer.
role ml_engineer "Engineer" of provider.
role analyst "Analyst" of provider.
use library "approval-gates".
use library "bias-testing".
use library "data-access" with {
  training_data = "support tickets".
  training_purposes = "spam detection".
}
use library "drift-retraining" with { reference_period = 30 days. }
use library "incident-response" with { late_notice_credit = USD 1,000. }
article "Housekeeping" {
  use library "retention-deletion".
}
use library "service-credits" with { monthly_fee = USD 20,000. }
"""


def inputs(*days: tuple[str, int, int]) -> str:
    """So many samples of 1 and of 2 on each day."""
    rows = [
        f"{day}T{place // 60:02}:{place % 60:02}:00Z,{number},m,production,f"
        for day, ones, twos in days
        for place, number in enumerate([1] * ones + [2] * twos)
    ]
    return "\n".join(["time,value,model,environment,feature", *rows]) + "\n"


# The arithmetic stands beside what is expected, below.
DATA = {
    "approval": "time,model,version,role\n2027-02-01T00:00:00Z,m,1,risk_officer\n",
    "deployment": """time,model,version,environment,role
2027-02-10T00:00:00Z,m,1,production,ml_engineer
2027-03-10T00:00:00Z,m,2,production,analyst
""",
    "accuracy": """time,value,model,version
2027-02-04T00:00:00Z,0.88,m,1
2027-02-08T00:00:00Z,0.92,m,1
2027-03-08T00:00:00Z,0.89,m,2
""",
    "outcome": """time,value,model,group
2027-02-01T00:00:00Z,0.6,m,a
2027-02-01T00:00:00Z,0.45,m,b
""",
    "bias_test": "time,model\n2027-02-15T00:00:00Z,m\n",
    "data_access": """time,subject,role,environment,purpose
2027-02-01T00:00:00Z,s,analyst,development,spam detection
2027-02-02T00:00:00Z,s,analyst,development,advertising
2027-03-02T00:00:00Z,s,ml_engineer,development,service
""",
    "consent": "begin,end,subject\n2027-01-01T00:00:00Z,2027-03-01T00:00:00Z,s\n",
    "model_input": inputs(("2027-01-10", 50, 50), ("2027-02-10", 10, 90), ("2027-03-10", 40, 60)),
    "incident": """time,incident_id,severity
2027-02-01T00:00:00Z,i1,high
2027-03-01T00:00:00Z,i2,high
""",
    "notice": """time,role,clause,incident_id
2027-02-02T00:00:00Z,risk_officer,,i1
2027-03-03T00:00:00Z,risk_officer,,i2
""",
    "resolution": "time,incident_id\n2027-02-04T00:00:00Z,i1\n2027-03-02T00:00:00Z,i2\n",
    "incident_report": "time,incident_id\n2027-02-10T00:00:00Z,i1\n",
    "system_log": "begin,end,system\n2027-01-01T00:00:00Z,2027-03-01T00:00:00Z,log\n",
    "customer_data": "begin,end,data_set\n2027-01-05T00:00:00Z,2027-03-01T00:00:00Z,d\n",
    "erasure_request": "time,data_set\n2027-02-01T00:00:00Z,d\n",
    "outage": "begin,end\n2027-02-10T00:00:00Z,2027-02-10T06:43:12Z\n",
    "maintenance": "begin,end\n",
    "claim": "time,clause,role\n2027-03-05T00:00:00Z,availability,service_manager\n",
    "termination": "time\n",
}

# Rule, first day of the window or day of the case -> verdict. Of what is forbidden, only breaches have a day.
EXPECTED = {
    # Version 1 was approved nine days before; version 2 never.
    ("release_approved", "2027-02-10"): "met",
    ("release_approved", "2027-03-10"): "breached",
    # (88% + 92%) / 2 = 90% is enough, 89% is not.
    ("release_tested", "2027-02-03"): "met",
    ("release_tested", "2027-03-03"): "breached",
    ("deployed_by_authority", "2027-03-10"): "breached",
    # 45% / 60% = 75%, below 80%; 60% - 45% = 15% is just enough.
    ("outcome_ratio", "2027-01-01"): "breached",
    ("outcome_gap", "2027-01-01"): "met",
    # An engineer is no analyst; consent ended on 1 March; advertising was not agreed.
    ("access_authorised", "2027-03-02"): "breached",
    ("access_consented", "2027-03-02"): "breached",
    ("trained_as_agreed", "2027-02-02"): "breached",
    # Halves of ones and twos in the first 30 days. With 10% and 90%: 0.4 x ln(5) + 0.4 x ln(1.8) = 0.879, over 0.2.
    ("drift_low", "2027-01-01"): "excused",
    ("drift_low", "2027-02-01"): "breached",
    # With 40% and 60%: 0.1 x ln(1.25) + 0.1 x ln(1.2) = 0.041.
    ("drift_low", "2027-03-01"): "met",
    # Told after exactly 24 hours, and after 48.
    ("incident_noticed", "2027-02-01"): "met",
    ("incident_noticed", "2027-03-01"): "breached",
    ("incident_noticed_late", "2027-03-01"): "breached",
    # Resolved after exactly 72 hours, and after 24.
    ("incident_resolved", "2027-02-01"): "met",
    ("incident_resolved", "2027-03-01"): "met",
    # The report on i2 was due on 16 March.
    ("incident_explained", "2027-02-01"): "met",
    ("incident_explained", "2027-03-01"): "breached",
    # Two months are fewer than six.
    ("logs_kept", "2027-01-01"): "breached",
    # One month after 1 February is 1 March, the very end of the record.
    ("erased_on_request", "2027-02-01"): "met",
    # 6 h 43 min 12 s of 28 days (672 h) are exactly 1%.
    ("service_available", "2027-01-01"): "met",
    ("service_available", "2027-02-01"): "breached",
    ("service_available", "2027-03-01"): "met",
}


@pytest.fixture(scope="module")
def compiled(tmp_path_factory: pytest.TempPathFactory) -> tallystick.Compiled:
    path = tmp_path_factory.mktemp("agreement") / "agreement.msa"
    path.write_text(AGREEMENT)
    source, problems = tallystick.load(path)
    assert source is not None, problems
    found, diagnostics = tallystick.compile(source)
    assert diagnostics == ()
    assert found is not None
    return found


@pytest.fixture(scope="module")
def judged(compiled: tallystick.Compiled, tmp_path_factory: pytest.TempPathFactory) -> Judged:
    folder = tmp_path_factory.mktemp("data")
    for name, rows in DATA.items():
        (folder / f"{name}.csv").write_text(rows)
    return tallystick.evaluate(compiled.rulebook, folder, instant_of("2027-04-01", "UTC"))


@pytest.mark.parametrize("name", NAMES)
def test_a_file_by_itself_has_no_mistakes_and_the_canonical_layout(name: str) -> None:
    source, _ = load(LIBRARY / f"{name}.msa")
    assert source is not None
    checked = examine(source)
    assert checked.diagnostics == ()
    assert checked.library
    assert format_source(source.text) == source.text


def test_every_file_is_used_and_listed(compiled: tallystick.Compiled) -> None:
    assert {file.name for file in compiled.source.all[1:]} == {f"@library/{name}.msa" for name in NAMES}
    listed = (LIBRARY / "README.md").read_text(encoding="utf-8")
    assert [name for name in NAMES if f"| `{name}` |" not in listed] == []


def test_every_clause_has_effect(compiled: tallystick.Compiled) -> None:
    assert compiled.measurability.dormant == 0
    assert [clause.id for clause in compiled.agreement.clauses if not clause.rules] == ["nature_of_credits"]


def test_it_is_judged_as_worked_out_by_hand(judged: Judged) -> None:
    found: dict[tuple[str, str], str] = {}
    for item in judged.evaluation.findings:
        day = datetime.fromtimestamp(item.start / 1_000_000, UTC).date().isoformat()
        found[item.rule, day] = item.verdict.value
    assert {key: found.get(key) for key in EXPECTED} == EXPECTED
    breached = {key[0] for key, verdict in found.items() if verdict == "breached" and "/" not in key[0]}
    assert breached == {key[0] for key, verdict in EXPECTED.items() if verdict == "breached"}


def test_credits_are_those_worked_out_by_hand(judged: Judged) -> None:
    """10% of USD 20,000 for February, claimed on 5 March; USD 1,000 for the late notice."""
    amounts = {credit.rule: str(credit.amount) for credit in judged.evaluation.credits}
    assert amounts == {"service_available": "2000.00", "incident_noticed_late": "1000.00"}
