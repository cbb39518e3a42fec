"""Amendments: how they are found, what they make of the text, and what the paper and the rules say of it."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import pytest

from tallystick.compilation import Compiled, compile_source, load
from tallystick.document.document import Paragraph, Section, Subsection, text_of
from tallystick.document.to_markdown import to_markdown
from tallystick.history import history
from tallystick.rules.from_json import from_json
from tallystick.source import Source
from tallystick.sources import attachments, from_attachments

AGREEMENT = """
agreement "Case" { version "1". effective 2027-01-01. term 24 months. timezone "UTC". currency USD. }
party provider "Provider Ltd" called "Provider".
event audit "audit", "audit the service".
term rhythm "Rhythm" = 30 days.
term fee "Fee" = USD 100.
article service "Service" {
  clause audits "Audits" {
    provider must perform audit at least every rhythm.
    on breach { credit provider fee. }
  }
  clause purpose "Purpose" { narrative "a purpose". \"\"\"Text.\"\"\" }
}
"""
NARRATIVE = '{ narrative "a purpose". """Text.""" }'


def amendment(number: int, day: str, changes: str) -> str:
    return f'amendment {number} to "agreement.msa" {{ effective {day}. {changes} }}'


def compiled(*amendments: str, at: date | None = None, agreement: str = AGREEMENT) -> Compiled:
    base = Source("agreement.msa", agreement)
    texts = [Source(f"a{n}.msa", text, {base.name: base}) for n, text in enumerate(amendments)]
    found, diagnostics = compile_source(Source(base.name, base.text, {}, tuple(texts)), at=at)
    assert found is not None, diagnostics
    return found


def mistakes(*amendments: str) -> list[str]:
    base = Source("agreement.msa", AGREEMENT)
    texts = [Source(f"a{n}.msa", text, {base.name: base}) for n, text in enumerate(amendments)]
    return [item.code for item in compile_source(Source(base.name, base.text, {}, tuple(texts)))[1]]


def numbers(found: Compiled) -> dict[str, str]:
    return {clause.id: clause.number for clause in found.agreement.clauses}


# --- numbers ------------------------------------------------------------------------------------------------


def test_added_clauses_get_letters_and_no_number_changes() -> None:
    added = "".join(f"add clause c{n} after audits {NARRATIVE} " for n in range(28))
    found = numbers(compiled(amendment(1, "2027-06-01", added)))
    assert (found["audits"], found["purpose"]) == ("2.1", "2.2")
    assert (found["c0"], found["c1"], found["c25"], found["c26"], found["c27"]) == (
        "2.1A",
        "2.1B",
        "2.1Z",
        "2.1AA",
        "2.1AB",
    )


def test_a_clause_added_later_stands_after_those_added_before() -> None:
    first = amendment(1, "2027-06-01", f"add clause a after audits {NARRATIVE}")
    second = amendment(
        2, "2027-07-01", f"add clause b after audits {NARRATIVE} add clause c to article service {NARRATIVE}"
    )
    assert numbers(compiled(first, second)) == {"audits": "2.1", "a": "2.1A", "b": "2.1B", "purpose": "2.2", "c": "2.3"}


def test_a_struck_clause_keeps_its_number_and_says_that_it_is_omitted() -> None:
    found = compiled(amendment(1, "2027-06-01", "strike clause audits."))
    assert numbers(found) == {"audits": "2.1", "purpose": "2.2"}
    assert "### 2.1 Audits\n\n*Intentionally omitted.*" in to_markdown(found.document, found.tally)
    assert [(rule.id, rule.effective, rule.until) for rule in found.rulebook.rules] == [
        ("audits", None, date(2027, 6, 1))
    ]
    assert found.measurability.clauses == 1


def test_a_struck_article_keeps_its_number_too() -> None:
    found = compiled(
        amendment(1, "2027-06-01", f'strike article service. add article "More" {{ clause more {NARRATIVE} }}')
    )
    assert [(article.number, article.omitted) for article in found.agreement.articles] == [("2", True), ("3", False)]


# --- time in force ------------------------------------------------------------------------------------------


def test_consequences_alone_leave_the_rule_as_it_is() -> None:
    found = compiled(amendment(1, "2027-06-01", "set fee = USD 200."))
    (rule,) = found.rulebook.rules
    assert (rule.id, rule.effective, rule.until) == ("audits", None, None)
    times = [(remedy.effective, remedy.until) for remedy in rule.remedies]
    assert times == [(None, date(2027, 6, 1)), (date(2027, 6, 1), None)]


def test_a_changed_rule_stands_once_for_each_text() -> None:
    found = compiled(
        amendment(1, "2027-06-01", "set rhythm = 20 days."), amendment(2, "2027-07-01", "set rhythm = 30 days.")
    )
    times = [(rule.id, rule.effective, rule.until) for rule in found.rulebook.rules]
    june, july = date(2027, 6, 1), date(2027, 7, 1)
    assert times == [("audits", None, june), ("audits@2027-06-01", june, july), ("audits@2027-07-01", july, None)]


def test_amendments_of_one_day_are_one_change() -> None:
    first, second = "set rhythm = 20 days.", "set fee = USD 200."
    found = compiled(amendment(1, "2027-06-01", first), amendment(2, "2027-06-01", second))
    assert [rule.id for rule in found.rulebook.rules] == ["audits", "audits@2027-06-01"]
    assert [len(rule.remedies) for rule in found.rulebook.rules] == [1, 1]


def test_only_what_is_in_force_at_a_day() -> None:
    texts = (amendment(1, "2027-06-01", "set rhythm = 20 days."), amendment(2, "2027-07-01", "set rhythm = 10 days."))
    assert len(compiled(*texts, at=date(2027, 5, 31)).rulebook.rules) == 1
    june = compiled(*texts, at=date(2027, 6, 1))
    assert [each.number for each in june.rulebook.amendments] == [1]
    assert len({compiled(*texts).tally, june.tally, compiled(*texts, at=date(2027, 5, 31)).tally}) == 3


def test_rules_come_back_from_json() -> None:
    found = compiled(amendment(1, "2027-06-01", "set rhythm = 20 days."))
    assert from_json(found.rulebook.model_dump_json()) == found.rulebook


def test_the_same_sources_give_the_same_tally_in_any_order() -> None:
    texts = [amendment(1, "2027-06-01", "set rhythm = 20 days."), amendment(2, "2027-07-01", "set fee = USD 1.")]
    assert compiled(*texts).tally == compiled(*reversed(texts)).tally


def test_history_ends_one_text_where_the_next_begins() -> None:
    found = compiled(
        amendment(1, "2027-06-01", "set rhythm = 20 days."), amendment(2, "2027-07-01", "strike clause audits.")
    )
    told = {(item.kind, item.id, item.effective.month, item.until, item.amendment) for item in history(found.versions)}
    june, july, end = date(2027, 6, 1), date(2027, 7, 1), date(2029, 1, 1)
    assert ("term", "rhythm", 1, june, None) in told
    assert ("term", "rhythm", 6, end, 1) in told
    assert ("clause", "audits", 6, july, 1) in told
    assert not any(kind == "clause" and name == "audits" and month == 7 for kind, name, month, _, _ in told)


# --- mistakes -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("day", "codes"),
    [("2027-01-01", ["T0521"]), ("2027-01-02", []), ("2028-12-31", []), ("2029-01-01", ["T0521"])],
)
def test_an_amendment_lies_within_the_agreement(day: str, codes: list[str]) -> None:
    assert mistakes(amendment(1, day, "set rhythm = 20 days.")) == codes


def test_a_replaced_clause_takes_those_in_it_away() -> None:
    nested = f'replace clause purpose {{ narrative "a". """T.""" clause inner {NARRATIVE} }}'
    again = 'replace clause purpose { narrative "a". """T.""" }'
    refers = 'replace clause audits { narrative "a". """See {@inner}.""" }'
    first = amendment(1, "2027-06-01", nested + refers)
    assert mistakes(first) == []
    assert mistakes(first, amendment(2, "2027-07-01", again)) == ["T0254"]


def test_added_names_must_be_new() -> None:
    changes = f"add term rhythm = 3 days. add clause audits to article service {NARRATIVE}"
    assert mistakes(amendment(1, "2027-06-01", changes)) == ["T0202", "T0202"]


def test_an_added_article_names_a_file_that_is_there() -> None:
    assert "T0120" in mistakes(amendment(1, "2027-06-01", 'add article "More" { use "other.msa". }'))


# --- files --------------------------------------------------------------------------------------------------


def folder(tmp_path: Path) -> Path:
    (tmp_path / "amendments").mkdir()
    (tmp_path / "agreement.msa").write_text(AGREEMENT)
    first = amendment(1, "2027-06-01", "set rhythm = 20 days.").replace("agreement.msa", "../agreement.msa")
    (tmp_path / "amendments" / "first.msa").write_text(first)
    (tmp_path / "second.msa").write_text(amendment(2, "2027-07-01", "set fee = USD 200."))
    (tmp_path / "other.msa").write_text(
        amendment(1, "2027-07-01", "set x = 1.").replace("agreement.msa", "another.msa")
    )
    return tmp_path


def loaded(path: Path, *without: Path) -> Compiled:
    source, _ = load(path, without)
    assert source is not None
    found, diagnostics = compile_source(source)
    assert found is not None, diagnostics
    return found


def test_the_amendments_beside_an_agreement_are_part_of_it(tmp_path: Path) -> None:
    place = folder(tmp_path)
    assert [each.number for each in loaded(place / "agreement.msa").agreement.amendments] == [1, 2]
    left = loaded(place / "agreement.msa", place / "amendments" / "first.msa")
    assert [each.number for each in left.agreement.amendments] == [2]


def test_an_amendment_is_compiled_with_those_before_it(tmp_path: Path) -> None:
    place = folder(tmp_path)
    first, second = loaded(place / "amendments" / "first.msa"), loaded(place / "second.msa")
    assert [each.number for each in first.agreement.amendments] == [1]
    assert [each.number for each in second.agreement.amendments] == [1, 2]


def test_what_a_paper_carries_leads_back_to_it(tmp_path: Path) -> None:
    found = loaded(folder(tmp_path) / "agreement.msa")
    again = from_attachments(attachments(found.source))
    assert again is not None
    assert {Path(each.name).name for each in again.amendments} == {"first.msa", "second.msa"}
    back, _ = compile_source(again)
    assert back is not None
    assert back.tally == found.tally


def test_a_neighbour_that_cannot_be_read_is_not_passed_over(tmp_path: Path) -> None:
    (folder(tmp_path) / "third.msa").write_bytes(b"ab\xff")
    source, _ = load(tmp_path / "agreement.msa")
    assert source is not None
    assert [item.code for item in compile_source(source)[1]] == ["T0124"]


# --- the paper ----------------------------------------------------------------------------------------------


def texts(section: Section | Subsection) -> str:
    parts = [text_of(block.inlines) for block in section.blocks if isinstance(block, Paragraph)]
    return " ".join([*parts, *(texts(block) for block in section.blocks if isinstance(block, Subsection))])


def test_the_amendment_says_each_change_with_both_texts(tmp_path: Path) -> None:
    paper = loaded(folder(tmp_path) / "amendments" / "first.msa").document
    assert paper.title == "Amendment No.\u00a01 to the Case"
    changes = next(section for section in paper.sections if section.anchor == "changes")
    said = texts(changes)
    assert "“Rhythm” means 20 days in place of 30 days." in said
    assert "at least once every Rhythm (30 days)" in said
    assert "at least once every Rhythm (20 days)" in said
    assert any(section.kind == "signatures" for section in paper.sections)


def test_a_conformed_copy_says_what_it_is_and_is_not_signed() -> None:
    found = compiled(amendment(1, "2027-06-01", "set rhythm = 20 days."))
    text = to_markdown(found.document, found.tally)
    assert "as amended by Amendment No.\u00a01, conformed as of 1 June 2027" in text
    assert "sign nothing here" in text


def test_nothing_of_amendments_is_said_where_there_are_none() -> None:
    found = compiled()
    assert "amended" not in to_markdown(found.document, found.tally)
    assert json.loads(found.rulebook.model_dump_json())["amendments"] == []
