"""What the other side changed in Word becomes changes of the source: the source that comes out compiles to their text."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from io import BytesIO
from pathlib import Path
from zipfile import ZipFile

import pytest
from typer.testing import CliRunner

from tallystick.building import carried
from tallystick.cli.main import app
from tallystick.compilation import Compiled, compile_source
from tallystick.document.house_style import CLASSIC, from_files
from tallystick.document.lines import Grid, Piece, Run, lines
from tallystick.document.to_docx import Author, to_docx, write_docx
from tallystick.proposals.from_word_file import from_word_file
from tallystick.proposals.proposal import Import
from tallystick.proposals.to_diff import to_diff
from tallystick.proposals.word_file import read_word_file
from tallystick.prose.manner import PLAIN
from tallystick.redline.from_documents import from_documents
from tallystick.source import Source

CONTRACTS = Path(__file__).parents[2] / "contracts"
UPTIME = (CONTRACTS / "uptime-sla" / "agreement.msa").read_text(encoding="utf-8")
THEM = Author("Their counsel", date(2027, 2, 1))


def compiled(text: str) -> Compiled:
    found, diagnostics = compile_source(Source("agreement.msa", text))
    assert found is not None, diagnostics
    return found


def tracked(old: Compiled, new: Compiled) -> bytes:
    """The file made from the old version, in which the other side tracked its way to the new one."""
    redline = from_documents(old.document, old.tally, new.document, new.tally)
    return write_docx(old.document, old.tally, redline.pieces, {}, author=THEM)


def typed(old: Compiled, change: Callable[[str], str]) -> bytes:
    """The file with words typed over, untracked."""

    def runs(found: tuple[Run, ...]) -> tuple[Run, ...]:
        return (Run(change("".join(run.text for run in found))),)

    def piece(found: Piece) -> Piece:
        if isinstance(found, Grid):
            rows = tuple(replace(row, cells=tuple(runs(cell) for cell in row.cells)) for row in found.rows)
            return replace(found, rows=rows)
        return replace(found, runs=runs(found.runs))

    return write_docx(old.document, old.tally, [piece(each) for each in lines(old.document, old.tally)])


def imported(old: Compiled, file: bytes) -> Import:
    return from_word_file(old, read_word_file(file))


RESTORATION = UPTIME[UPTIME.index("  clause restoration_times") : UPTIME.index("  clause reporting")]
CHANGES = {
    "term": [('"Availability Target" = 99.9%', '"Availability Target" = 99.5%')],
    "money": [("GBP 250", "GBP 1,250.50")],
    "deadline": [("within 3 days", "within 1 month")],
    "counts": [("after 3 breaches in 6 months", "after 4 breaches in 9 months")],
    "tier": [("below 99%: 25%", "below 98.5%: 20%")],
    "comparison and window": [("at most 6 hours over each month", "below 4 hours over each quarter")],
    "text": [('"urgent" matching ticket labelled urgent', '"high" matching ticket labelled urgent')],
    "words": [("ends when normal operation has been", "ends where normal service was")],
    "verb and words around it": [("{shall} announce maintenance", "may announce its maintenance"), ("and {shall} keep", "and {shall} then keep")],
    "words around a reference": [("that leaves\n    the {service} usable is not", "of the {service} is")],
    "paragraph struck": [("\n\n    Maintenance that was announced under {@maintenance_windows} leaves the measurement altogether.", "")],
    "paragraph put in": [("leaves the measurement altogether.", "leaves the measurement altogether.\n\n    They wrote a paragraph.")],
    "consequence struck": [("      cap credits at 50% of monthly_fee each month.\n", "")],
    "clause struck": [(RESTORATION, "")],
    "title": [('clause credits "Service Credits"', 'clause credits "Credits for service"')],
    "party": [('"2 Guildhall Yard, London EC2V 5AE"', '"3 Guildhall Yard, London EC2V 5AE"')],
    "everything": [
        ('"Availability Target" = 99.9%', '"Availability Target" = 99.5%'),
        ("after 3 breaches in 6 months", "after 4 breaches in 6 months"),
        ("ends when normal operation has been", "ends where normal operation was"),
        ("GBP 250", "GBP 150"),
    ],
}  # fmt: skip


@pytest.mark.parametrize("name", CHANGES)
def test_tracked_changes_become_changes_of_the_source(name: str) -> None:
    text = UPTIME
    for old, new in CHANGES[name]:
        assert old in text
        text = text.replace(old, new, 1)
    before, after = compiled(UPTIME), compiled(text)
    found = imported(before, tracked(before, after))
    assert found.proposals
    assert found.unmapped == ()
    assert found.authors == ("Their counsel",)
    assert compiled(found.changed["agreement.msa"]).tally == after.tally


def test_a_file_that_nobody_changed_has_no_proposal() -> None:
    before = compiled(UPTIME)
    found = imported(before, to_docx(before.document, before.tally))
    assert (found.proposals, found.unmapped, to_diff(found)) == ((), (), "")


def test_a_file_in_another_house_style_is_compared_in_that_style() -> None:
    style = from_files({"style.toml": b'verb = "must"\nlanguage = "en-US"'})
    before, _ = compile_source(Source("agreement.msa", UPTIME), manner=style.manner)
    assert before is not None
    file = to_docx(before.document, before.tally, carried(before, style), style)
    manner = read_word_file(file).manner
    assert manner == style.manner
    assert imported(before, file).unmapped == ()
    changed = typed(before, lambda text: text.replace("Target (99.9%)", "Target (99.8%)"))
    assert [each.now for each in imported(before, changed).proposals] == ["99.8%"]
    verb = imported(before, typed(before, lambda text: text.replace("must announce", "may announce")))
    assert (verb.unmapped, "{provider} may announce" in verb.changed["agreement.msa"]) == ((), True)
    broken = to_docx(before.document, before.tally, {"style/style.toml": b"verb = 3"})
    assert read_word_file(broken).manner == PLAIN


def test_labels_for_signing_services_are_in_the_file_and_are_no_change() -> None:
    style = from_files({"style.toml": b"anchors = true"})
    before = compiled(UPTIME)
    labelled, plain = (to_docx(before.document, before.tally, carried(before, each), each) for each in (style, CLASSIC))
    for label in ("/Signature_provider_1/", "/Date_provider_1/", "/Signature_customer_1/", "/Date_customer_1/"):
        assert ZipFile(BytesIO(labelled)).read("word/document.xml").count(label.encode()) == 1
    assert b"/Signature_" not in ZipFile(BytesIO(plain)).read("word/document.xml")
    found = imported(before, labelled)
    assert (found.proposals, found.unmapped) == ((), ())


def test_one_number_of_a_generated_sentence_changes_its_term_and_says_what_follows() -> None:
    before = compiled(UPTIME)
    found = imported(before, typed(before, lambda text: text.replace("Target (99.9%)", "Target (99.8%)")))
    [proposal] = found.proposals
    line = UPTIME[: UPTIME.index("key term availability_target")].count("\n") + 1
    assert (proposal.number, proposal.was, proposal.now, proposal.line) == ("2.1", "99.9%", "99.8%", line)
    assert proposal.meaning == (
        "Availability Target 99.9% → 99.8%",
        "loosens 2.1 Availability (threshold 99.9% → 99.8%)",
    )
    assert proposal.elsewhere == ("Cover", "1.1 Defined terms")
    [left] = found.unmapped
    assert (left.was, left.now) == ("99.8%", "99.9%")
    assert "left as it was" in left.reason


def test_what_no_change_of_the_source_explains_is_listed() -> None:
    before = compiled(UPTIME)
    changes = {"no later than 3 days": "as soon as it can", "One less the time": "The time"}

    def change(text: str) -> str:
        for old, new in changes.items():
            text = text.replace(old, new)
        return text

    found = imported(before, typed(before, change))
    assert found.proposals == ()
    assert {(each.number, each.was) for each in found.unmapped} >= {("2.1", "no later than 3 days")}
    assert all("no change of the source" in each.reason for each in found.unmapped)


def test_a_tightened_threshold_and_a_longer_response_are_told_apart() -> None:
    before = compiled(UPTIME)
    stricter = compiled(UPTIME.replace("at most 6 hours over", "at most 5 hours over"))
    slower = compiled(UPTIME.replace("= 30 minutes", "= 45 minutes"))
    [tighter] = imported(before, tracked(before, stricter)).proposals
    assert tighter.meaning == ("tightens 2.2 Planned maintenance (threshold 6 hours → 5 hours)",)
    [longer] = imported(before, tracked(before, slower)).proposals
    assert longer.meaning == (
        "Urgent Answer Time 30 minutes → 45 minutes",
        "loosens 3.1(a) First answers (within 30 minutes → 45 minutes)",
    )


def test_words_that_would_be_taken_for_a_reference_are_listed() -> None:
    before = compiled(UPTIME)
    found = imported(before, typed(before, lambda text: text.replace("is not an outage", "is {service} an outage")))
    assert found.proposals == ()
    assert len(found.unmapped) == 1


def test_names_that_are_other_peoples_are_put_as_references() -> None:
    before = compiled(UPTIME)
    file = typed(
        before, lambda text: text.replace("ends when normal operation", "ends when, for Customer, normal operation")
    )
    [proposal] = imported(before, file).proposals
    assert "when, for {customer}, normal" in imported(before, file).changed["agreement.msa"]
    assert proposal.meaning == ()


# --- several files, and the command --------------------------------------------------------------------------


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "ours").mkdir()
    (tmp_path / "ours" / "agreement.msa").write_text(UPTIME, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    before = compiled(UPTIME)
    after = compiled(UPTIME.replace('"Availability Target" = 99.9%', '"Availability Target" = 99.5%'))
    (tmp_path / "theirs.docx").write_bytes(tracked(before, after))
    return tmp_path


def run(*arguments: str) -> tuple[int, str]:
    result = CliRunner().invoke(app, ["import-redline", *arguments])
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result.exit_code, result.output


def test_the_command_lists_and_its_patch_applies(project: Path) -> None:
    code, shown = run("theirs.docx", "--source", "ours/agreement.msa", "--patch", "their.diff")
    assert code == 1
    assert {"Target", "99.9%", "99.5%", "loosens"} <= set(shown.split())
    assert "1 change of the source proposed, 0 not mapped." in shown
    subprocess.run(["git", "apply", "-p1", "../their.diff"], cwd=project / "ours", check=True)
    text = (project / "ours" / "agreement.msa").read_text(encoding="utf-8")
    assert text == UPTIME.replace('"Availability Target" = 99.9%', '"Availability Target" = 99.5%')


def test_the_command_as_json(project: Path) -> None:
    code, shown = run("theirs.docx", "--source", "ours/agreement.msa", "--format", "json")
    assert code == 1
    found = json.loads(shown)
    assert found["authors"] == ["Their counsel"]
    assert [(each["was"], each["now"], each["file"]) for each in found["proposals"]] == [
        ("99.9%", "99.5%", "ours/agreement.msa")
    ]
    assert found["unmapped"] == []


def test_the_command_says_what_is_wrong(project: Path) -> None:
    assert run("theirs.docx", "--source", "no.msa")[0] == 2
    code, shown = run("no.docx", "--source", "ours/agreement.msa")
    assert (code, "cannot be read" in shown) == (2, True)
    code, shown = run("ours/agreement.msa", "--source", "ours/agreement.msa")
    assert (code, "is not read: it is not a Word file" in shown) == (2, True)
    (project / "other.msa").write_text(UPTIME.replace("GBP 250", "GBP 260"), encoding="utf-8")
    code, shown = run("theirs.docx", "--source", "other.msa")
    assert (code, "was made from another text" in shown) == (2, True)
    code, shown = run("theirs.docx", "--source", "ours/agreement.msa", "--patch", "no/such/folder.diff")
    assert (code, "cannot be written" in shown) == (2, True)


def test_the_patch_of_a_file_without_a_last_line_break(project: Path) -> None:
    text = UPTIME.rstrip("\n")
    before = compiled(text)
    last = text.rindex("}")
    assert last == len(text) - 1
    found = imported(before, tracked(before, compiled(text.replace("GBP 250", "GBP 150", 1))))
    (project / "ours" / "agreement.msa").write_text(text, encoding="utf-8")
    (project / "their.diff").write_text(to_diff(found), encoding="utf-8")
    subprocess.run(["git", "apply", "-p1", "../their.diff"], cwd=project / "ours", check=True)
    assert (project / "ours" / "agreement.msa").read_text(encoding="utf-8") == text.replace("GBP 250", "GBP 150", 1)
