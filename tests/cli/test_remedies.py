"""Claims, caps of several periods and rights with a last day, as tables and paper show them."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from tallystick.cli import console
from tallystick.cli.main import app
from tallystick.compilation import compile_source
from tallystick.document.to_markdown import to_markdown
from tallystick.source import Source

AGREEMENT = """\
agreement "Small Agreement" {
  version "1.0".
  effective 2027-01-01.
  timezone "UTC".
  currency EUR.
}

party provider "Provider GmbH" called "Provider".
party customer "Customer GmbH" called "Customer".

metric latency "latency" as milliseconds by model.

article "Service" {
  clause latency "Latency" {
    provider must keep mean(latency) at most 200 milliseconds over each month per model.
    on breach {
      credit customer EUR 100 minimum EUR 60 if claimed within 30 days.
      cap credits at EUR 150 each 12 months.
      cap credits at EUR 900 over the term.
      cap credits at EUR 500 each year.
      customer may terminate after 2 breaches in a row exercisable within 30 days.
    }
  }
  clause again "Again" {
    provider must keep max(latency) at most 200 milliseconds over each month per model.
    on breach {
      credit customer by count each year {
        at least 2: EUR 10.
      }
      customer may terminate after 2 breaches in a row exercisable within 90 days.
    }
  }
}
"""

SAMPLES = """\
time,value,model
2027-01-05T00:00:00Z,300,a
2027-02-05T00:00:00Z,300,a
2027-03-05T00:00:00Z,300,a
2027-04-05T00:00:00Z,300,a
"""


def folder(where: Path) -> Path:
    """January (claimed) leaves 50 of 150, less than the minimum of 60 for February (claimed); March has lapsed."""
    (where / "agreement.msa").write_text(AGREEMENT, encoding="utf-8")
    (where / "latency.csv").write_text(SAMPLES, encoding="utf-8")
    (where / "claim.csv").write_text("time,clause\n2027-02-02T00:00:00Z,\n2027-03-05T00:00:00Z,\n", encoding="utf-8")
    return where / "agreement.msa"


def test_the_tables_show_claims_caps_and_last_days(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(console.out, "_width", 250)
    file = folder(tmp_path)
    result = CliRunner().invoke(app, ["evaluate", str(file), "--data", str(tmp_path), "--as-of", "2027-05-10"])
    said = " ".join(result.output.split())
    for words in (
        "claimed 2027-02-02",
        "below minimum",
        "lapsed 2027-05-01",
        "claimable until 2027-05-31",
        "12 months",
        "term",
        "could terminate until 2027-03-31, lapsed",
        "may terminate until 2027-05-30",
    ):
        assert words in said, result.output


def test_the_schedule_of_credits_says_all_that_a_credit_needs() -> None:
    compiled, _ = compile_source(Source("agreement.msa", AGREEMENT))
    assert compiled is not None
    paper = to_markdown(compiled.document, compiled.tally).replace("\u00a0", " ")
    for words in (
        "nothing below EUR 60",
        "if claimed within 30 days",
        "any 12 months",
        "the term",
        "at least 2 breaches",
    ):
        assert words in paper
