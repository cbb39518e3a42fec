"""A small agreement with three months of data, whose findings are worked out by hand in the tests."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from tallystick.compilation import Compiled, compile_source
from tallystick.evaluating import Judged, judge
from tallystick.source import Source

AGREEMENT = """
agreement "Model Services" {
  version "2".
  effective 2027-01-01.
  timezone "America/New_York".
  currency USD.
}
party provider "Acme <Models>, Inc." called "Provider" {
  entity "a Delaware corporation".
  address "1 Market Street".
  notices "legal@acme.example".
  signatory "Jane Roe", "Chief Executive Officer".
}
party customer "Bank, N.A." called "Customer" { notices "contracts@bank.example". signatory "Ann Lee", "Counsel". }
role risk_officer "Risk Officer" of customer.
role head_of_risk "Head of Risk" of customer above risk_officer.

metric accuracy "accuracy" as fraction by model { reported by provider. }
event incident "incident" by incident_id.
event answer "answer", "answer an incident" by incident_id.
event override "override", "override a decision" by role.
key term fee "Monthly Fee" = USD 1,000.

on breach { cap credits at 15% of fee each month. }

article "Quality" {
  clause accuracy "Accuracy" {
    provider must keep mean(accuracy) at least 90% over each month per model.
    on breach {
      provider must notify risk_officer within 2 days.
      credit customer USD 200.
      cure within 10 days.
      escalate to head_of_risk after 5 days.
      customer may terminate after 3 breaches in 12 months.
    }
  }
  clause answers "Answers" {
    provider must perform answer within 2 days of incident matching incident_id.
  }
}
article "Oversight" {
  clause overrides "Overrides" {
    only risk_officer may perform override.
    on breach { cure within 5 days. }
  }
}
"""

DATA = {
    "accuracy.csv": """time,model,value
2027-01-10T12:00:00Z,alpha,0.95
2027-01-10T12:00:00Z,beta,0.97
2027-02-10T12:00:00Z,alpha,0.80
2027-02-20T12:00:00Z,alpha,0.85
2027-02-10T12:00:00Z,beta,0.97
2027-03-10T12:00:00Z,alpha,0.88
2027-03-11T12:00:00Z,alpha,much
""",
    "incident.csv": """time,incident_id
2027-02-10T12:00:00Z,one
2027-03-31T16:00:00Z,two
""",
    "answer.csv": """time,incident_id
2027-02-11T12:00:00Z,one
""",
    "override.csv": """time,role
2027-03-15T14:00:00Z,intern
""",
    "notice.csv": """time,clause,role,model
2027-03-01T15:00:00Z,accuracy,risk_officer,alpha
""",
    "cure.csv": """time,clause,model
2027-03-05T15:00:00Z,accuracy,alpha
""",
}


@cache
def compiled() -> Compiled:
    found, diagnostics = compile_source(Source("agreement.msa", AGREEMENT))
    assert found is not None, diagnostics
    return found


def written(folder: Path) -> Path:
    """The agreement and its data as files; gives the agreement."""
    (folder / "data").mkdir(parents=True)
    (folder / "agreement.msa").write_text(AGREEMENT, encoding="utf-8")
    for name, text in DATA.items():
        (folder / "data" / name).write_text(text, encoding="utf-8")
    return folder / "agreement.msa"


def judged(folder: Path, as_of: str = "2027-04-01") -> Judged:
    return judge(compiled().rulebook, written(folder).parent / "data", as_of)
