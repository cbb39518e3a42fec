"""Commands on agreements in several files."""

from __future__ import annotations

from pathlib import Path

import pikepdf
import pytest
from typer.testing import CliRunner, Result

from tallystick.cli.main import app
from tallystick.compilation import compile_source, load
from tallystick.sources import from_attachments

LIBRARY = """param provider: party = provider.
param uptime_floor "Uptime Floor": fraction = 99%.
param fee "Fee": money optional.
record outage "outage".
article "Uptime" {
  clause up "Uptime" {
    provider must keep uptime(outage) at least uptime_floor over each month.
  }
  clause paid "Credit" {
    only if fee is set.
    provider must keep uptime(outage) at least uptime_floor over each month labelled credited.
  }
}
"""
AGREEMENT = """agreement "In two files" {
  version "1".
  effective 2027-01-01.
  timezone "UTC".
}
party vendor "Vendor Ltd" called "Vendor".
party customer "Customer Ltd" called "Customer".
use "../clauses/uptime.msa" with { provider = vendor. }
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "deal").mkdir()
    (tmp_path / "clauses").mkdir()
    (tmp_path / "deal" / "agreement.msa").write_text(AGREEMENT)
    (tmp_path / "clauses" / "uptime.msa").write_text(LIBRARY)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def run(*arguments: str | Path) -> Result:
    result = CliRunner().invoke(app, [str(argument) for argument in arguments])
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result


def test_a_library_says_what_it_requires(folder: Path) -> None:
    result = run("check", "clauses/uptime.msa")
    assert result.exit_code == 0
    assert result.output == (
        "clauses/uptime.msa is a clause library. It requires: nothing.\n"
        "  provider (party): provider\n"
        "  uptime_floor (fraction): 99%\n"
        "  fee (money): optional\n"
        "1 file checked: no mistakes.\n"
    )
    (folder / "clauses" / "uptime.msa").write_text(LIBRARY.replace(" = 99%", ""))
    assert "It requires: uptime_floor (fraction).\n" in run("check", "clauses/uptime.msa").output


def test_a_mistake_shows_the_file_it_stands_in(folder: Path) -> None:
    (folder / "clauses" / "uptime.msa").write_text(LIBRARY.replace("uptime(outage)", "uptime(outages)"))
    result = run("check", "deal/agreement.msa")
    assert result.exit_code == 1
    assert "--> clauses/uptime.msa:7:31" in result.output
    assert "--> deal/agreement.msa:8:5" in result.output
    assert "used here" in result.output


def test_the_pdf_carries_every_file_and_they_give_the_same_tally(folder: Path) -> None:
    result = run("build", "deal/agreement.msa", "-o", "out")
    assert result.exit_code == 0
    assert (
        "1 rule; measured: 1 of 1 clause (100%).\n1 clause without effect until optional terms are set.\n"
        in result.output
    )
    with pikepdf.open(folder / "out" / "agreement.pdf") as pdf:
        texts = {name: file.get_file().read_bytes().decode() for name, file in pdf.attachments.items()}
    rules = texts.pop("rules.json")
    assert set(texts) == {"agreement/agreement.msa", "clauses/uptime.msa"}
    source = from_attachments(texts)
    assert source is not None
    again, _ = compile_source(source)
    assert again is not None
    assert f'"tally": "{again.tally}"' in rules


def test_a_clause_without_effect_is_explained(folder: Path) -> None:
    result = run("explain", "paid", "deal/agreement.msa")
    said = " ".join(result.output.split())
    assert "has no effect until the Fee is set." in said
    assert "Vendor shall keep the share of time without outage at least the Uptime Floor (99%)" in said


def test_one_file_that_is_gone_is_named_where_it_is_used(folder: Path) -> None:
    (folder / "clauses" / "uptime.msa").unlink()
    result = run("check", "deal/agreement.msa")
    assert "There is no file uptime.msa: it was looked for at clauses/uptime.msa." in result.output
    source, problems = load(folder / "deal" / "agreement.msa")
    assert source is not None
    assert problems == ()
