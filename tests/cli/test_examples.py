"""`tally build` of an agreement that annexes its scenarios."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from tallystick.cli.main import app

AGREEMENT = """\
agreement "Small Agreement" {
  version "1.0".
  effective 2027-01-01.
  timezone "UTC".
  currency EUR.
  annex worked examples.
}
party provider "Provider GmbH" called "Provider".
party customer "Customer GmbH" called "Customer".
metric latency "latency" as milliseconds by model.
article "Service" {
  clause latency "Latency" {
    provider must keep mean(latency) at most 200 milliseconds over each month per model.
  }
}
scenario "A slow January" {
  given latency of SAMPLE milliseconds on 2027-01-10 where model is "a".
  as of 2027-02-02.
  expect latency breached in the window from 2027-01-01.
}
"""


@pytest.mark.parametrize(("sample", "code"), [("201", 0), ("200", 1)])
def test_an_example_is_annexed_only_when_it_holds(tmp_path: Path, sample: str, code: int) -> None:
    source = tmp_path / "small.msa"
    source.write_text(AGREEMENT.replace("SAMPLE", sample), encoding="utf-8")
    result = CliRunner().invoke(app, ["build", str(source), "-o", str(tmp_path / "build")])
    assert result.exit_code == code, result.output
    assert ("“A slow January” does not hold" in " ".join(result.output.split())) is bool(code)
    assert (tmp_path / "build" / "small.md").exists() is not bool(code)
