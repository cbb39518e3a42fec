"""Documents besides the agreement, from the command line."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from tallystick.cli.main import app

ROOT = Path(__file__).parents[2]
UPTIME = ROOT / "contracts" / "uptime-sla" / "agreement.msa"


def run(*arguments: str | Path) -> Result:
    result = CliRunner().invoke(app, [str(argument) for argument in arguments])
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_a_part_is_written_by_itself(tmp_path: Path) -> None:
    result = run("build", UPTIME, "--part", "playbook", "--part", "playbook", "-o", tmp_path)
    assert result.exit_code == 0
    assert names(tmp_path) == [f"agreement-playbook{suffix}" for suffix in (".docx", ".html", ".md", ".pdf")]
    assert "agreement-playbook.pdf" in result.output


def test_an_unknown_part_names_those_that_are_there(tmp_path: Path) -> None:
    result = run("build", UPTIME, "--part", "fees", "-o", tmp_path / "out")
    assert result.exit_code == 2
    assert "There is no part “fees”. The parts of this agreement are: metrics, " in result.output.replace("\n", " ")
    assert not (tmp_path / "out").exists()


def test_a_folder_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    result = run("build", UPTIME, "--part", "playbook", "-o", tmp_path / "file")
    assert result.exit_code == 2
    assert "cannot be written" in result.output


def test_without_pango_all_but_the_pdf_is_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from tallystick import building
    from tallystick.document.to_pdf import PdfUnavailable

    def missing(*_: object) -> bytes:
        raise PdfUnavailable("no Pango")

    monkeypatch.setattr(building, "to_pdf", missing)
    result = run("build", UPTIME, "--part", "playbook", "-o", tmp_path)
    assert result.exit_code == 2
    assert "No PDF was made: no Pango" in result.output
    assert names(tmp_path) == [f"agreement-playbook{suffix}" for suffix in (".docx", ".html", ".md")]
