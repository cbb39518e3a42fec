"""`tally notice` and `tally report`."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from tallystick.cli.main import app

from .deal import written


def run(*arguments: str | Path) -> Result:
    result = CliRunner().invoke(app, [str(argument) for argument in arguments])
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_a_notice_is_written_in_every_format(tmp_path: Path) -> None:
    source = written(tmp_path / "deal")
    result = run("notice", "accuracy", source, "--as-of", "2027-04-03", "-o", tmp_path / "out")
    assert result.exit_code == 0
    assert "Notice of 1 breach by Provider, from Customer" in result.output
    assert names(tmp_path / "out") == [f"notice-accuracy{suffix}" for suffix in (".docx", ".html", ".md", ".pdf")]
    again = run("notice", "accuracy", source, "--as-of", "2027-04-03", "-o", tmp_path / "again")
    assert again.exit_code == 0
    for name in names(tmp_path / "out"):
        assert (tmp_path / "out" / name).read_bytes() == (tmp_path / "again" / name).read_bytes()


def test_a_notice_as_data_writes_nothing(tmp_path: Path) -> None:
    source = written(tmp_path / "deal")
    result = run("notice", "2.1", source, "--as-of", "2027-04-03", "-o", tmp_path / "out", "--format", "json")
    assert result.exit_code == 0
    assert json.loads(result.stdout)["to"] == "provider"
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["overrides"], "say to whom the notice goes: --to provider or --to customer"),
        (["answers"], "Nothing of “answers” is breached"),
        (["accuracy", "--data", "nowhere"], "there is no such folder"),
        (["accuracy", "--as-of", "soon"], "“soon” is not a time"),
    ],
)
def test_no_notice_without_a_breach(tmp_path: Path, arguments: list[str], says: str) -> None:
    what, *options = arguments
    if "--as-of" not in options:
        options += ["--as-of", "2027-04-01"]
    result = run("notice", what, written(tmp_path / "deal"), *options, "-o", tmp_path / "out")
    assert result.exit_code == 2
    assert says in result.output.replace("\n", " ")
    assert not (tmp_path / "out").exists()


def test_a_report_is_judged_at_the_end_of_its_month(tmp_path: Path) -> None:
    source = written(tmp_path / "deal")
    result = run("report", source, "--month", "2027-03", "-o", tmp_path / "out")
    assert result.exit_code == 0
    assert "Model Services, 2027-03: 4 judgements, 2 breached" in result.output
    assert names(tmp_path / "out") == [f"report-2027-03{suffix}" for suffix in (".docx", ".html", ".md", ".pdf")]
    told = run("report", source, "--month", "2027-03", "--format", "json")
    assert json.loads(told.stdout)["as_of"] == "2027-04-01T04:00:00Z"


@pytest.mark.parametrize(("month", "says"), [("March", "“March” is not a month"), ("2026-01", "is not in force")])
def test_no_report_of_what_is_no_month(tmp_path: Path, month: str, says: str) -> None:
    result = run("report", written(tmp_path / "deal"), "--month", month, "-o", tmp_path / "out")
    assert result.exit_code == 2
    assert says in result.output


@pytest.mark.parametrize("command", [["notice", "accuracy"], ["report", "--month", "2027-03"]])
def test_what_is_no_agreement_is_said(tmp_path: Path, command: list[str]) -> None:
    name, *rest = command
    arguments = [*rest, "agreement.msa"] if name == "notice" else ["agreement.msa", *rest]
    missing = run(name, *[str(tmp_path / each) if each.endswith(".msa") else each for each in arguments])
    assert missing.exit_code == 2
    assert "there is no such file" in missing.output
    (tmp_path / "agreement.msa").write_text("agreement", encoding="utf-8")
    wrong = run(name, *[str(tmp_path / each) if each.endswith(".msa") else each for each in arguments])
    assert wrong.exit_code == 1
