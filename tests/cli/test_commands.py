"""The command as its users meet it: what it prints, what it writes, how it exits."""

from __future__ import annotations

import csv
import json
import os
import re
import shutil
import subprocess
import sys
from base64 import b64decode
from io import BytesIO, StringIO
from pathlib import Path
from zipfile import ZipFile

import pikepdf
import pytest
from pyarrow import parquet
from rich.console import Console
from typer.testing import CliRunner, Result

import tallystick
from tallystick import clean, kept
from tallystick.cli import console
from tallystick.cli.main import app
from tallystick.compilation import Checked, examine, load
from tallystick.document.house_style import house_style
from tallystick.evaluating import instant_of
from tallystick.rules.rulebook import Rulebook
from tallystick.source import Source

AGREEMENT = """\
agreement "Small Agreement" {
  version "1.0".
  effective 2027-01-01.
  timezone "Europe/Berlin".
  currency EUR.
}

party provider "Provider GmbH" called "Provider".
party customer "Customer GmbH" called "Customer".

metric latency "latency" as milliseconds by model.

article "Service" {
  clause latency "Latency" {
    provider must keep mean(latency) at most 200 milliseconds over each month per model.
    on breach {
      credit customer EUR 100.
    }
  }
}
"""

# January of a: (100 + 300) / 2 = 200, exactly the threshold. January of b: 201.
SAMPLES = """\
time,value,model
2027-01-05T00:00:00Z,100,a
2027-01-06T00:00:00Z,300,a
2027-01-05T00:00:00Z,201,b
2027-02-05T00:00:00Z,1,a
2027-02-05T00:00:00Z,1,b
"""


def run(*arguments: str | Path) -> Result:
    result = CliRunner().invoke(app, [str(argument) for argument in arguments])
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "small.msa").write_text(AGREEMENT, encoding="utf-8")
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "latency.csv").write_text(SAMPLES, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    return tmp_path


# --- help ----------------------------------------------------------------------------------------------------


def test_help_groups_the_commands() -> None:
    text = run("--help").output
    for group, command in (("Draft", "check"), ("Measure", "evaluate"), ("Understand", "explain")):
        assert text.index(group) < text.index(f" {command} ")


def test_version() -> None:
    assert run("--version").output == f"tally {tallystick.__version__}\n"


TYPER = {"typer", "rich", "shellingham", "annotated_doc", "markdown_it", "mdurl", "pygments", "attr"}
PYDANTIC = {"pydantic", "pydantic_core", "annotated_types", "typing_extensions", "typing_inspection"}


@pytest.mark.parametrize(
    ("command", "loaded"),
    [
        (["--help"], TYPER),
        (["--version"], TYPER | PYDANTIC),
        (["check", "small.msa"], TYPER | PYDANTIC | {"lark", "rfc8785", "tzdata"}),
        (["fmt", "--check", "small.msa"], TYPER | PYDANTIC | {"lark", "rfc8785", "tzdata"}),
        (["evaluate", "--help"], TYPER | PYDANTIC),
    ],
)
def test_a_command_loads_no_library_that_it_does_not_need(project: Path, command: list[str], loaded: set[str]) -> None:
    """All that is imported beyond Python's own library, by what a command needs."""
    assert imported(project, command) - {"tallystick"} <= loaded


def test_a_file_that_has_not_changed_is_not_even_parsed(project: Path, cache: Path) -> None:
    assert run("check", "small.msa").exit_code == 0
    assert imported(project, ["check", "small.msa"]) - {"tallystick"} <= TYPER | PYDANTIC


def imported(project: Path, command: list[str]) -> set[str]:
    code = (
        "import contextlib, io, sys\n"
        "before = set(sys.modules)\n"
        "from tallystick.cli.main import main\n"
        f"sys.argv = {['tally', *command]!r}\n"
        "with contextlib.suppress(SystemExit), contextlib.redirect_stdout(io.StringIO()):\n"
        "    main()\n"
        "found = {name.partition('.')[0] for name in set(sys.modules) - before} - set(sys.stdlib_module_names)\n"
        "print(*sorted(name for name in found if not name.startswith('_')))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=project)
    return set(done.stdout.split())


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.delenv("TALLY_NO_CACHE")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setattr("tallystick.kept._libraries", lambda: ("these",))
    return tmp_path / "cache" / "tallystick"


# --- check ---------------------------------------------------------------------------------------------------


def test_check_of_a_sound_file(project: Path) -> None:
    result = run("check", "small.msa")
    assert result.exit_code == 0
    assert "no mistakes" in result.output


def test_a_warning_does_not_fail_a_check_but_where_that_is_asked_for(project: Path) -> None:
    unused = AGREEMENT.replace("metric latency", 'metric spare "spare" as count.\nmetric latency', 1)
    (project / "small.msa").write_text(unused, encoding="utf-8")
    result = run("check", "small.msa")
    assert result.exit_code == 0
    assert "0 errors, 1 warning" in result.output
    assert run("check", "--strict", "small.msa").exit_code == 1


# --- what was found to be clean --------------------------------------------------------------------------------


@pytest.fixture
def examined(cache: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The sources that were examined, by name."""
    names: list[str] = []

    def noted(source: Source) -> Checked:
        names.append(source.name)
        return examine(source)

    monkeypatch.setattr("tallystick.compilation.examine", noted)
    return names


def test_a_clean_file_is_examined_once(project: Path, examined: list[str]) -> None:
    first, again = run("check", "small.msa"), run("check", "small.msa")
    assert (first.exit_code, first.output) == (again.exit_code, again.output)
    assert run("check", "small.msa", "--format", "json").stdout == "[]\n"
    assert examined == ["small.msa"]


@pytest.mark.parametrize("change", ["text", "amendment", "program", "installed", "timezones"])
def test_what_a_check_depends_on_makes_it_look_again(
    project: Path, examined: list[str], monkeypatch: pytest.MonkeyPatch, change: str
) -> None:
    run("check", "small.msa")
    match change:
        case "text":
            (project / "small.msa").write_text(AGREEMENT.replace("mean(latency)", "mean(latencies)"))
        case "amendment":
            (project / "later.msa").write_text('amendment 1 to "small.msa" {\n  strike nothing.\n}\n')
        case _:
            monkeypatch.setattr(f"tallystick.clean._{change}", lambda: iter(("another",)))
    assert run("check", "small.msa").exit_code == (1 if change in ("text", "amendment") else 0)
    assert examined == ["small.msa", "small.msa"]


def test_what_is_not_clean_is_examined_each_time(project: Path, examined: list[str]) -> None:
    unused = AGREEMENT.replace("metric latency", 'metric spare "spare" as count.\nmetric latency', 1)
    (project / "small.msa").write_text(unused, encoding="utf-8")
    first, again = run("check", "small.msa"), run("check", "small.msa")
    assert "1 warning" in first.output
    assert (first.output, len(examined)) == (again.output, 2)


def test_the_program_is_known_by_its_files(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "grammar").mkdir()
    monkeypatch.setattr(clean, "resource", lambda *parts: tmp_path / "grammar")
    before = list(clean._program())
    (tmp_path / "grammar" / "new.lark").write_text("start:")
    assert list(clean._program()) != before
    assert any(name.startswith("lark-") for name in clean._installed())


def test_the_older_half_is_forgotten(project: Path, cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clean, "MOST", 3)
    for number in range(4):
        (project / "small.msa").write_text(AGREEMENT + f"# {number}\n", encoding="utf-8")
        run("check", "small.msa")
    assert len(list((cache / "clean").iterdir())) == 2


@pytest.mark.parametrize(
    ("old", "new", "code", "says"),
    [
        ("over each month per model.", "over each month per model", "T0102", "no full stop"),
        ("mean(latency)", "mean(latencies)", "T0201", "Did you mean “latency”?"),
        ("200 milliseconds", "92%", "T0301", "is compared with"),
        ("200 milliseconds", "200 parsecs", "T0205", "not a unit"),
        ("provider must", "provder must", "T0201", "Did you mean “provider”?"),
    ],
)
def test_check_says_place_line_caret_and_what_to_write(project: Path, old: str, new: str, code: str, says: str) -> None:
    (project / "small.msa").write_text(AGREEMENT.replace(old, new), encoding="utf-8")
    result = run("check", "small.msa")
    assert result.exit_code == 1
    assert f"error {code}" in result.output
    assert "small.msa:15:" in result.output
    assert "^" in result.output
    assert says in " ".join(result.output.split())


def test_check_as_json(project: Path) -> None:
    (project / "small.msa").write_text(AGREEMENT.replace("mean(latency)", "mean(latencies)"), encoding="utf-8")
    result = run("check", "small.msa", "--format", "json")
    [found] = json.loads(result.stdout)
    assert (found["code"], found["place"]["line"], found["instead"]) == ("T0201", 15, "latency")


def test_check_reports_every_mistake_at_once(project: Path) -> None:
    broken = AGREEMENT.replace("mean(latency)", "mean(latencies)").replace("credit customer", "credit custmer")
    (project / "small.msa").write_text(broken.replace("currency EUR.", "currency EUR"), encoding="utf-8")
    result = run("check", "small.msa", "--format", "json")
    assert [(found["code"], found["place"]["line"]) for found in json.loads(result.stdout)] == [
        ("T0102", 5),
        ("T0201", 15),
        ("T0201", 17),
    ]


def test_check_of_what_cannot_be_read(project: Path) -> None:
    (project / "latin.msa").write_bytes('agreement "Müller"'.encode("latin-1"))
    for name, says in (("missing.msa", "no such file"), ("latin.msa", "UTF-8"), ("data", "cannot be read")):
        result = run("check", name)
        assert result.exit_code == 2
        assert says in result.output


# --- fmt -----------------------------------------------------------------------------------------------------


def test_fmt_changes_layout_only_once(project: Path) -> None:
    (project / "small.msa").write_text(
        AGREEMENT.replace("  version", "version   ").replace("\n}", " }"), encoding="utf-8"
    )
    assert run("fmt", "--check", "small.msa").exit_code == 1
    assert run("fmt", "small.msa").exit_code == 0
    assert (project / "small.msa").read_text(encoding="utf-8") == AGREEMENT
    assert run("fmt", "--check", "small.msa").exit_code == 0


def test_fmt_leaves_a_broken_file_alone(project: Path) -> None:
    (project / "small.msa").write_text("agreement {", encoding="utf-8")
    result = run("fmt", "small.msa")
    assert result.exit_code == 2
    assert (project / "small.msa").read_text(encoding="utf-8") == "agreement {"


def test_fmt_says_what_cannot_be_read_or_written(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert run("fmt", "missing.msa").exit_code == 2
    (project / "small.msa").write_text(AGREEMENT.replace("  version", "version"), encoding="utf-8")

    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_text", full)
    result = run("fmt", "small.msa")
    assert result.exit_code == 2
    assert "cannot be written: No space left on device" in result.output


# --- build ---------------------------------------------------------------------------------------------------


def test_build_writes_both_counterparts_with_one_tally(project: Path) -> None:
    result = run("build", "small.msa", "-o", "out")
    assert result.exit_code == 0, result.output
    rules = Rulebook.model_validate_json((project / "out" / "rules.json").read_bytes())
    assert f"tally {rules.tally}" in result.output
    for name in ("small.html", "small.md"):
        assert rules.tally in (project / "out" / name).read_text(encoding="utf-8")
    first = (project / "out" / "small.pdf").read_bytes()
    assert first.startswith(b"%PDF-")
    assert run("build", "small.msa", "-o", "again").exit_code == 0
    assert (project / "again" / "small.pdf").read_bytes() == first
    assert (project / "again" / "small.docx").read_bytes() == (project / "out" / "small.docx").read_bytes()


def test_redline_lists_and_writes_what_changed(project: Path) -> None:
    (project / "next.msa").write_text(AGREEMENT.replace("200 milliseconds", "150 milliseconds"), encoding="utf-8")
    for suffix in (".docx", ".html", ".md"):
        result = run("redline", "small.msa", "next.msa", "-o", f"out/changes{suffix}")
        assert result.exit_code == 0, result.output
        assert "changed  2.1 Latency" in result.output
        assert (project / "out" / f"changes{suffix}").stat().st_size > 300
    assert "<del>200</del><ins>150</ins> milliseconds" in (project / "out" / "changes.md").read_text(encoding="utf-8")
    again = ("redline", "small.msa", "next.msa", "-o", "again.docx")
    assert run(*again, "--author", "Us", "--date", "2027-02-03").exit_code == 0
    assert (project / "again.docx").read_bytes() != (project / "out" / "changes.docx").read_bytes()
    assert run(*again).exit_code == 0
    assert (project / "again.docx").read_bytes() == (project / "out" / "changes.docx").read_bytes()


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        (("small.msa", "missing.msa"), 2, "missing.msa: there is no such file."),
        (("small.msa", "small.msa", "-o", "changes.txt"), 2, "must end in .docx, .pdf, .html or .md"),
        (("small.msa", "small.msa", "--date", "soon"), 2, "“soon” is not a day"),
        (("small.msa", "small.msa", "-o", "small.msa/x.md"), 2, "cannot be written"),
        (("small.msa", "wrong.msa"), 1, "T0"),
    ],
)
def test_redline_says_what_is_wrong(project: Path, arguments: tuple[str, ...], code: int, says: str) -> None:
    (project / "wrong.msa").write_text(AGREEMENT.replace("mean(latency)", "mean(latencies)"), encoding="utf-8")
    result = run("redline", *arguments)
    assert (result.exit_code, says in result.output) == (code, True), result.output


def test_build_of_a_file_with_errors_writes_nothing(project: Path) -> None:
    (project / "small.msa").write_text(AGREEMENT.replace("mean(latency)", "mean(latencies)"), encoding="utf-8")
    assert run("build", "small.msa", "-o", "out").exit_code == 1
    assert not (project / "out").exists()


def test_build_says_what_cannot_be_read_or_written(project: Path) -> None:
    assert run("build", "missing.msa").exit_code == 2
    (project / "out").write_text("a file")
    result = run("build", "small.msa", "-o", "out")
    assert result.exit_code == 2
    assert "cannot be written" in result.output


# --- evaluate ------------------------------------------------------------------------------------------------


def test_evaluate_shows_findings_and_credits(project: Path) -> None:
    result = run("evaluate", "small.msa", "--as-of", "2027-02-01")
    assert result.exit_code == 1
    assert "201 milliseconds" in result.output
    assert "EUR 100" in result.output
    assert "1 breached, 0 unmeasured" in result.output


def test_evaluate_lists_waivers_with_their_last_instant(project: Path) -> None:
    text = AGREEMENT.replace(
        "metric latency", 'role head "Head" of customer.\nrole lead "Lead" of provider.\nmetric latency', 1
    )
    (project / "small.msa").write_text(text, encoding="utf-8")
    rows = (
        "begin,end,clause,role,model\n2027-01-01T00:00:00+01:00,2027-02-01T00:00:00+01:00,latency,head,b\n"
        "2027-01-01T00:00:00+01:00,2027-07-01T00:00:00+02:00,latency,lead,\n"
    )
    (project / "data" / "waiver.csv").write_text(rows, encoding="utf-8")
    result = run("evaluate", "small.msa", "--data", "data", "--as-of", "2027-03-01", "-o", "out.json")
    written = json.loads((project / "out.json").read_text(encoding="utf-8"))
    assert result.exit_code == 0
    assert [(row["state"], row["role"], row["last"]["local"]) for row in written["waivers"]] == [
        ("expired", "head", "2027-01-31T23:59:59.999999+01:00"),
        ("not entitled", "lead", "2027-06-30T23:59:59.999999+02:00"),
    ]
    shown = run("evaluate", "small.msa", "--data", "data", "--as-of", "2027-03-01").output
    assert "Waivers (Europe/Berlin)" in shown
    assert "not entitled" in shown


def test_evaluate_names_data_that_belongs_to_nothing(project: Path) -> None:
    (project / "data" / "latencies.csv").write_text("time,value,model\n", encoding="utf-8")
    assert "Not used, for want of a name in the agreement: latencies.csv" in run("evaluate", "small.msa").output


def test_evaluate_is_clean_when_all_was_kept(project: Path) -> None:
    (project / "data" / "latency.csv").write_text("time,value,model\n2027-01-05T00:00:00Z,100,a\n", encoding="utf-8")
    result = run("evaluate", "small.msa", "--as-of", "2027-02-01")
    assert result.exit_code == 0
    assert "All that could be judged was kept." in result.output


def test_evaluate_writes_json_csv_and_parquet_that_agree(project: Path) -> None:
    for ending in ("json", "csv", "parquet"):
        assert run("evaluate", "small.msa", "--as-of", "2027-03-01", "-o", f"out/findings.{ending}").exit_code == 1
    whole = json.loads((project / "out" / "findings.json").read_text(encoding="utf-8"))
    expected = [(f["id"], f["verdict"], f["value"], json.dumps(f["group"])) for f in whole["findings"]]
    assert [verdict for _, verdict, _, _ in expected] == ["met", "met", "breached", "met"]
    with (project / "out" / "findings.csv").open(encoding="utf-8") as file:
        assert [(r["id"], r["verdict"], r["value"], r["group"]) for r in csv.DictReader(file)] == expected
    rows = parquet.read_table(project / "out" / "findings.parquet").to_pylist()
    assert [(r["id"], r["verdict"], r["value"], r["group"]) for r in rows] == expected
    # January begins at local midnight: 23:00 of the day before in UTC.
    assert whole["findings"][0]["window"]["start"] == {
        "utc": "2026-12-31T23:00:00Z",
        "local": "2027-01-01T00:00:00+01:00",
    }


def test_evaluate_gives_the_same_bytes_from_source_and_rules(project: Path) -> None:
    run("build", "small.msa", "-o", "out")
    from_source = run("evaluate", "small.msa", "--as-of", "2027-03-01", "--format", "json")
    from_rules = run("evaluate", "out/rules.json", "--data", "data", "--as-of", "2027-03-01", "--format", "json")
    assert from_source.stdout == from_rules.stdout
    assert json.loads(from_source.stdout)["credits"][0]["amount"] == "100.00"


def test_evaluate_sets_rows_aside_and_counts_them(project: Path) -> None:
    bad = SAMPLES + "yesterday,5,a\n2027-01-07T00:00:00Z,-5,a\n2027-01-07T00:00:00Z,many,a\n"
    (project / "data" / "latency.csv").write_text(bad, encoding="utf-8")
    result = run("evaluate", "small.msa", "--as-of", "2027-02-01")
    assert result.exit_code == 1
    assert "Rows set aside" in result.output
    for reason in ("bad time", "a negative duration", "not a number"):
        assert reason in result.output
    assert "201 milliseconds" in result.output


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ("", "empty"),
        ("time,model\n", "`value`"),
        (None, "no data is bound"),
    ],
)
def test_evaluate_says_why_data_cannot_be_read(project: Path, content: str | None, says: str) -> None:
    file = project / "data" / "latency.csv"
    if content is None:
        file.unlink()
    else:
        file.write_text(content, encoding="utf-8")
    result = run("evaluate", "small.msa", "--as-of", "2027-02-01")
    assert result.exit_code == 2
    assert says in result.output


def test_evaluate_refuses_what_it_does_not_understand(project: Path) -> None:
    for arguments, says in (
        (("small.msa", "--as-of", "soon"), "is not a time"),
        (("small.msa", "-o", "findings.xlsx"), ".parquet"),
        (("small.msa", "--memory", "much"), "“much” is not an amount of memory. Write --memory 500MB"),
        (("small.msa", "--memory", "1GB", "--engine", "spark:local"), "--memory is what DuckDB may use"),
        (("small.msa", "--data", "nowhere"), "no such folder"),
        (("missing.json",), "no such file"),
    ):
        result = run("evaluate", *arguments)
        assert result.exit_code == 2
        assert says in result.output, result.output


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ('{"schema_version": 99}', "its version is 99"),
        ("{}", "its version is None"),
        ("[]", "not an object"),
        ("[" * 100_000, "not a rulebook"),
        ("agreement", "not a rulebook"),
        ('{"schema_version": 3, "agreement": "A"}', "not a rulebook: version"),
    ],
)
def test_evaluate_refuses_rules_that_are_none(project: Path, content: str, says: str) -> None:
    (project / "rules.json").write_text(content, encoding="utf-8")
    result = run("evaluate", "rules.json", "--as-of", "2027-02-01")
    assert result.exit_code == 2
    assert says in result.output


def test_rules_that_speak_of_what_they_do_not_declare_are_refused(project: Path) -> None:
    run("build", "small.msa", "-o", "out")
    rules = json.loads((project / "out" / "rules.json").read_text(encoding="utf-8"))
    cure = {"kind": "cure", "within": {"amount": 1, "unit": "business_days", "calendar": "desk"}}
    for missing, changed in (
        ("metric “latency”", {**rules, "metrics": []}),
        ("calendar “desk”", {**rules, "remedies": [cure]}),
    ):
        (project / "rules.json").write_text(json.dumps(changed), encoding="utf-8")
        result = run("evaluate", "rules.json", "--as-of", "2027-02-01")
        assert result.exit_code == 2
        assert f"it speaks of the {missing}, which it does not declare" in result.output


def test_rules_of_an_older_version_still_judge(project: Path) -> None:
    run("build", "small.msa", "-o", "out")
    rules = json.loads((project / "out" / "rules.json").read_text(encoding="utf-8"))
    (project / "old.json").write_text(json.dumps({**rules, "schema_version": 1}), encoding="utf-8")
    old = run("evaluate", "old.json", "--as-of", "2027-03-01", "--format", "json")
    new = run("evaluate", "out/rules.json", "--data", "data", "--as-of", "2027-03-01", "--format", "json")
    assert old.exit_code == 1
    assert old.stdout == new.stdout


def test_evaluate_says_when_the_findings_cannot_be_written(project: Path) -> None:
    (project / "taken").write_text("a file")
    result = run("evaluate", "small.msa", "--as-of", "2027-02-01", "-o", "taken/findings.json")
    assert result.exit_code == 2
    assert "cannot be written" in result.output


# --- explain -------------------------------------------------------------------------------------------------


def test_explain_a_code() -> None:
    result = run("explain", "t0201")
    assert result.exit_code == 0
    assert "T0201" in result.output
    assert run("explain", "T9999").exit_code == 2


def test_explain_a_clause(project: Path) -> None:
    for name in ("latency", "2.1"):
        result = run("explain", name)
        assert result.exit_code == 0
        assert "Provider shall keep the mean of latency at most 200 milliseconds" in " ".join(result.output.split())
        assert "EUR 100" in result.output
    missing = run("explain", "latencie", "small.msa")
    assert missing.exit_code == 2
    assert "Did you mean “latency”?" in missing.output


def test_explain_a_finding(project: Path) -> None:
    findings = json.loads(run("evaluate", "small.msa", "--as-of", "2027-02-01", "--format", "json").stdout)["findings"]
    breached = next(finding for finding in findings if finding["verdict"] == "breached")
    result = run("explain", breached["id"], "small.msa", "--as-of", "2027-02-01")
    assert result.exit_code == 0
    for words in ("201 milliseconds", "200 milliseconds", "2026-12-31T23:00:00Z", "Europe/Berlin", "EUR 100", "b"):
        assert words in result.output
    assert run("explain", "0" * 12, "small.msa", "--as-of", "2027-02-01").exit_code == 2


def test_explain_needs_to_know_the_agreement(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for arguments in (("latency",), ("latency", "missing.msa"), ("latency", "rules.json"), ("0" * 12, "missing.msa")):
        assert run("explain", *arguments).exit_code == 2


FLAGSHIP = Path(__file__).parents[2] / "contracts" / "ai-governance-msa"


@pytest.mark.parametrize(
    ("clause", "says"),
    [
        ("labeling_quality", "that window is excused"),
        ("13.1", "Not measured:"),
        ("accuracy_held", "Provider shall retrain the Model no later than 14 days after the breach."),
        ("data_access", "regulatory_request"),
    ],
)
def test_explain_says_all_of_a_clause(clause: str, says: str) -> None:
    source, _ = tallystick.load(FLAGSHIP / "agreement.msa")
    assert source is not None
    result = run("explain", clause, FLAGSHIP / "agreement.msa")
    assert result.exit_code == 0, result.output
    assert says in " ".join(result.output.split())


@pytest.mark.no_cover  # four times a year of the flagship
def test_explain_says_what_follows_from_a_breach() -> None:
    options = (FLAGSHIP / "agreement.msa", "--as-of", "2028-01-01")
    whole = json.loads(run("evaluate", *options, "--format", "json").stdout)
    breached = [f for f in whole["findings"] if f["verdict"] == "breached"]
    held = {
        (f["group"]["model"], f["window"]["start"]["local"][:7]): f["id"]
        for f in breached
        if f["rule"] == "accuracy_held"
    }
    cured = run("explain", held["credit_scoring", "2027-03"], *options).output
    for words in ("credit of USD 4,000", "cured on 2027-04-28", "escalated to Head of Risk", "deployment blocked from"):
        assert words in cured
    uncured = run("explain", held["document_summary", "2027-09"], *options).output
    assert "not cured by 2027-10-31" in uncured
    duty = next(f["id"] for f in breached if f["rule"] == "accuracy_held/notify-risk_officer")
    assert "Provider shall notify the Risk Officer" in run("explain", duty, *options).output


def test_progress_is_shown_on_a_terminal_only(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for terminal in (False, True):
        written = StringIO()
        monkeypatch.setattr(console, "err", Console(file=written, force_terminal=terminal, width=100))
        with console.progress() as told:
            told("reading data", 1, 2)
        assert ("reading data" in written.getvalue()) is terminal


# --- schema and new ------------------------------------------------------------------------------------------


def test_schema_is_that_of_the_rules(project: Path) -> None:
    assert json.loads(run("schema").stdout) == Rulebook.model_json_schema()


@pytest.mark.parametrize("template", ["ai-governance", "uptime", "cover-page", "order-form", "amendment"])
def test_new_builds_and_evaluates_at_once(project: Path, template: str) -> None:
    made = run("new", "mine", "--template", template)
    assert made.exit_code == 0, made.output
    assert run("check", *map(str, Path("mine").rglob("*.msa"))).exit_code == 0
    for under in Path("mine").glob("*/*.msa"):
        assert f"tally build {under} -o mine/build/{under.stem}" in made.output
    result = run("evaluate", "mine/agreement.msa", "--as-of", "2027-07-01")
    assert result.exit_code in (0, 1), result.output
    assert "Service credits" in result.output
    assert run("new", "mine").exit_code == 2
    assert run("new", "mine/agreement.msa/deeper").exit_code == 2


def test_new_suggests_a_template(project: Path) -> None:
    result = run("new", "mine", "--template", "uptme")
    assert result.exit_code == 2
    assert "Did you mean “uptime”?" in result.output


# --- the same from Python ------------------------------------------------------------------------------------


def test_the_same_from_python(project: Path) -> None:
    source, problems = tallystick.load(project / "small.msa")
    assert source is not None
    assert problems == ()
    compiled, diagnostics = tallystick.compile(source)
    assert compiled is not None
    assert diagnostics == ()
    built = tallystick.build(compiled, project / "out")
    assert built.rules.read_text(encoding="utf-8").startswith("{")
    at = instant_of("2027-02-01", compiled.rulebook.timezone)
    judged = tallystick.evaluate(compiled.rulebook, project / "data", at)
    assert not judged.kept
    with pytest.raises(AttributeError):
        _ = tallystick.nothing


def test_history_and_explain_show_the_text_of_a_day(tmp_path: Path) -> None:
    (tmp_path / "agreement.msa").write_text(
        'agreement "A" { version "1". effective 2027-01-01. timezone "UTC". } party p "P". event audit "audit".\n'
        'article "S" { clause audits { p must perform audit at least every 30 days. } }'
    )
    (tmp_path / "amendment-1.msa").write_text(
        'amendment 1 to "agreement.msa" { effective 2027-06-01.\n'
        "replace clause audits { p must perform audit at least every 20 days. } }"
    )
    file = str(tmp_path / "agreement.msa")
    held = json.loads(run("history", file, "audits", "--format", "json").stdout)["texts"]
    assert [(item["kind"], item["effective"], item["until"]) for item in held] == [
        ("clause", "2027-01-01", "2027-06-01"),
        ("clause", "2027-06-01", None),
        ("rule", "2027-01-01", "2027-06-01"),
        ("rule", "2027-06-01", None),
    ]
    may = json.loads(run("history", file, "audits", "--at", "2027-05-31", "--format", "json").stdout)["texts"]
    assert [item["amendment"] for item in may] == [None, None]
    assert run("history", file, "nothing").exit_code == 2
    assert run("history", file, "--at", "May").exit_code == 2
    assert "at least once every 20 days" in run("explain", "audits@2027-06-01", file).stdout


def test_house_styles_are_listed_and_copied(project: Path, tmp_path: Path) -> None:
    assert run("style").stdout.split() == ["classic", "modern"]
    folder = tmp_path / "own"
    done = run("style", "modern", folder)
    assert done.exit_code == 0
    assert sorted(path.name for path in folder.iterdir()) == ["house.css", "style.toml"]
    assert 'base = "modern"' in (folder / "style.toml").read_text(encoding="utf-8")
    assert house_style(str(folder)).own == {}
    assert house_style(str(folder)).manner.verb == "must"
    assert run("style", "modern", folder).exit_code == 2
    assert run("style", "baroque", tmp_path / "b").exit_code == 2
    assert run("style", "modern").exit_code == 2
    whole = tmp_path / "whole"
    assert run("style", "classic", whole, "--whole").exit_code == 0
    assert (whole / "word" / "styles.xml").is_file()
    assert house_style(str(whole)).own == {}


def test_a_house_style_is_chosen_at_the_build(project: Path, tmp_path: Path) -> None:
    style = tmp_path / "own"
    style.mkdir()
    (style / "style.toml").write_text('verb = "will"\npaper = "A4"\n', encoding="utf-8")
    source = project / "small.msa"
    done = run("build", source, "-o", tmp_path / "b", "--style", style)
    assert done.exit_code == 0, done.output
    assert " will keep " in (tmp_path / "b" / "small.md").read_text(encoding="utf-8")
    assert run("verify", tmp_path / "b" / "small.pdf", "--unsigned").exit_code == 0
    assert run("verify", tmp_path / "b" / "small.pdf", "--unsigned", "--style", "baroque").exit_code == 2
    (style / "style.toml").write_text('verb = "ought to"', encoding="utf-8")
    refused = run("build", source, "-o", tmp_path / "b", "--style", style)
    assert (refused.exit_code, "it is 'shall', 'must' or 'will'" in refused.stderr) == (2, True)
    (style / "style.toml").write_text("", encoding="utf-8")
    (style / "house.css").write_text(".clause { display: none }", encoding="utf-8")
    hidden = run("build", source, "-o", tmp_path / "c", "--style", style)
    assert (hidden.exit_code, "does not show all words" in hidden.stderr) == (2, True)


# --- what was built before -------------------------------------------------------------------------------------


def built(project: Path, *options: str | Path) -> tuple[int, str, str, dict[str, bytes]]:
    folder = project / "out"
    shutil.rmtree(folder, ignore_errors=True)
    done = run("build", project / "small.msa", "-o", folder, *options)
    files = {path.name: path.read_bytes() for path in folder.iterdir()} if folder.exists() else {}
    return done.exit_code, done.stdout, done.stderr, files


def test_what_has_not_changed_is_not_built_anew(project: Path, cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = built(project)
    assert first[0] == 0
    assert sorted(first[3]) == ["rules.json", "small.docx", "small.html", "small.md", "small.pdf"]
    assert len(list(cache.glob("*.zip"))) == 1
    with monkeypatch.context() as without:
        without.setattr("tallystick.building.build", None)
        assert built(project) == first
    assert cache.stat().st_mode & 0o077 == 0


@pytest.mark.parametrize("change", ["comment", "style", "draft", "library", "program", "asked"])
def test_whatever_a_build_depends_on_makes_it_anew(
    project: Path, cache: Path, monkeypatch: pytest.MonkeyPatch, change: str
) -> None:
    options: list[str] = []
    first = key(project / "small.msa")
    match change:
        case "comment":
            (project / "small.msa").write_text(AGREEMENT + "# a comment, which the paper carries\n")
        case "style":
            options = ["modern"]
        case "library":
            monkeypatch.setattr("tallystick.kept._libraries", lambda: ("those",))
        case "program":
            monkeypatch.setattr("tallystick.kept._program", lambda: "later")
        case _:
            options = ["classic", change]
    assert key(project / "small.msa", *options) not in (None, first)
    assert key(project / "small.msa", *options) == key(project / "small.msa", *options)


def key(path: Path, style: str = "classic", *asked: str) -> str | None:
    source, _ = load(path)
    assert source is not None
    return kept.key_of(source, asked, house_style(style).carried)


def test_where_libraries_are_not_known_nothing_is_kept(
    project: Path, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tallystick.kept._libraries", lambda: None)
    assert built(project)[0] == 0
    assert list(cache.glob("*")) == []


def test_a_damaged_entry_is_built_anew(project: Path, cache: Path) -> None:
    first = built(project)
    [entry] = cache.glob("*.zip")
    whole = entry.read_bytes()
    for damaged in (whole[: len(whole) // 2], whole.replace(b"%PDF", b"%PDX", 1)):
        entry.write_bytes(damaged)
        assert built(project) == first
    entry.unlink()
    assert built(project, "--no-cache") == first
    assert list(cache.glob("*.zip")) == []


def test_a_folder_that_others_can_write_to_is_not_used(project: Path, cache: Path) -> None:
    cache.mkdir(parents=True)
    cache.chmod(0o777)
    assert built(project)[0] == 0
    assert list(cache.glob("*")) == []


def test_only_so_many_builds_are_kept(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kept, "MAXIMUM_ENTRIES", 2)
    for name in "abc":
        kept.keep(name, kept.Kept({"a.md": name.encode()}, "", ("said",)))
        os.utime(cache / f"{name}.zip", (ord(name), ord(name)))
    assert sorted(path.name for path in cache.iterdir()) == ["b.zip", "c.zip"]
    assert kept.find("c") == kept.Kept({"a.md": b"c"}, "", ("said",))
    assert kept.find("a") is None


def test_a_paper_in_fonts_of_the_system_is_not_kept(cache: Path) -> None:
    pdf = pikepdf.new()
    pdf.add_blank_page()
    pdf.make_indirect(pikepdf.Dictionary(FontName=pikepdf.Name("/ABCDEF+Noto"), FontFamily="Noto Sans"))
    pdf.Root.Kept = pdf.objects[-1]
    made = BytesIO()
    pdf.save(made)
    kept.keep("a", kept.Kept({"a.pdf": made.getvalue()}, "", ()))
    assert list(cache.glob("*")) == []


# --- comments --------------------------------------------------------------------------------------------------


def test_a_bare_build_carries_no_comments_and_notes(project: Path) -> None:
    private = "our walk-away is 300"
    text = AGREEMENT.replace(
        '  clause latency "Latency" {\n',
        f'  # {private} a\n  clause latency "Latency" {{ # {private} b\n    note "{private} c".\n',
    )
    (project / "small.msa").write_text(f"# {private} d\n{text}# {private} e\n", encoding="utf-8")
    plain, bare = project / "plain", project / "bare"
    assert run("build", project / "small.msa", "-o", plain).exit_code == 0
    assert run("build", project / "small.msa", "-o", bare, "--bare").exit_code == 0
    carried = attached(plain / "small.pdf"), attached(bare / "small.pdf")
    assert carried[0]["small.msa"].count(private.encode()) == 5
    assert private.encode() not in carried[1]["small.msa"]
    assert carried[0]["rules.json"] == carried[1]["rules.json"]
    assert private.encode() not in b64s((bare / "small.docx").read_bytes())
    assert private.encode() in b64s((plain / "small.docx").read_bytes())
    assert run("verify", bare / "small.pdf", "--unsigned").exit_code == 0
    (project / "carried.msa").write_bytes(carried[1]["small.msa"])
    assert run("fmt", "--check", project / "carried.msa").exit_code == 0
    assert run("build", project / "small.msa", "--bare", "--draft").exit_code == 2


def attached(path: Path) -> dict[str, bytes]:
    with pikepdf.open(path) as pdf:
        return {name: file.get_file().read_bytes() for name, file in pdf.attachments.items()}


def b64s(word: bytes) -> bytes:
    """What a Word file carries, in one piece."""
    part = ZipFile(BytesIO(word)).read("customXml/item1.xml").decode()
    return b"".join(b64decode(each) for each in re.findall(r"<file [^>]*>([^<]*)</file>", part))
