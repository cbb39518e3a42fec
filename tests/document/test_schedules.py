"""Schedules that a drafter writes: where they stand, how they are numbered, what leads to them."""

from __future__ import annotations

from pathlib import Path

import pytest

from tallystick.compilation import Compiled, check, compile_source, load
from tallystick.document.document import Kind, Subsection
from tallystick.document.to_html import to_html
from tallystick.document.to_markdown import to_markdown
from tallystick.source import Source
from tallystick.sources import assembled
from tallystick.syntax.to_source import format_source

HEAD = """agreement "A" {
  version "1".
  effective 2027-01-01.
  timezone "UTC".
}
party provider "Provider Ltd" called "Provider".
party customer "Customer Ltd" called "Customer".
event drill "drill".
article "Drills" {
  clause drills "Drills" {
    \"\"\"See {@contacts}.\"\"\"
    provider must perform drill at least every 30 days.
  }
}
"""
CONTACTS = """schedule contacts "Contacts" {
  \"\"\"| for | who |
  | --- | --- |
  | drills | {provider} |\"\"\"
  note "to be confirmed".
}
"""


def compiled(text: str, **files: str) -> Compiled:
    source = assembled(Source("a.msa", text), lambda name: files[name.removesuffix(".msa")])
    result, diagnostics = compile_source(source)
    assert diagnostics == ()
    assert result is not None
    return result


def codes(text: str) -> list[str]:
    return [item.code for item in check(Source("a.msa", HEAD + CONTACTS + text))[1]]


def test_a_schedule_stands_behind_the_signatures_and_before_those_that_write_themselves() -> None:
    result = compiled(HEAD + CONTACTS)
    sections = [(each.kind, each.number, each.title) for each in result.document.sections][-4:]
    assert sections == [
        (Kind.SIGNATURES, "", "Signatures"),
        (Kind.SCHEDULE, "Schedule 1", "Contacts"),
        (Kind.SCHEDULE, "Schedule 2", "Events and records"),
        (Kind.SCHEDULE, "Schedule 3", "Measurability"),
    ]


def test_a_reference_prints_its_number_and_leads_there() -> None:
    text = to_markdown(compiled(HEAD + CONTACTS).document, "")
    assert "See [Schedule\u00a01](#written-schedule-contacts)." in text
    assert '<a id="written-schedule-contacts"></a>' in text
    assert "| drills | [Provider](#party-provider) |" in text
    page = to_html(compiled(HEAD + CONTACTS).document, "")
    assert 'href="#written-schedule-contacts"' in page
    assert 'id="written-schedule-contacts"' in page
    assert "to be confirmed" not in page


def test_its_words_are_under_the_tally() -> None:
    assert compiled(HEAD + CONTACTS).tally != compiled(HEAD + CONTACTS.replace("| for |", "| of |")).tally


def test_the_formatter_keeps_it() -> None:
    text = format_source(HEAD + CONTACTS)
    assert format_source(text) == text
    assert compiled(text).tally == compiled(HEAD + CONTACTS).tally


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ('schedule contacts "More" { """x""" }', ["T0202"]),
        ('schedule drills "More" { """x""" }', ["T0202"]),
        ('schedule "Empty" { }', ["T0247"]),
        ('schedule "Prices" { """Each costs 5.""" }', ["T0504"]),
        ('schedule "X" { """{@contcts} {nobody}""" }', ["T0201", "T0201"]),
        ('schedule "X" { """x""" ', ["T0103"]),
        ('schedul "X" { """x""" }', ["T0101"]),
    ],
)
def test_mistakes(text: str, found: list[str]) -> None:
    assert codes(text) == found


def test_a_used_file_brings_its_schedules() -> None:
    library = CONTACTS.replace("contacts", "people")
    head = HEAD.replace("{@contacts}", "{@people} and {@more_people}")
    result = compiled(f'{head} use "l.msa". use "l.msa" as more "Other".', l=library)
    assert [(each.number, each.id, each.title) for each in result.agreement.schedules] == [
        ("1", "people", "Contacts"),
        ("2", "more_people", "Contacts (Other)"),
    ]


def test_what_outlives_the_agreement_is_listed() -> None:
    lasting = compiled(HEAD.replace("every 30 days.", "every 30 days.\n    survives for 3 years.") + CONTACTS)
    page = to_markdown(lasting.document, lasting.tally)
    assert "This Section survives the end of this Agreement and applies for 3 years after it," in page
    assert "These Sections go on after the end of this Agreement" in page
    without = compiled(HEAD + CONTACTS)
    assert "Survival" not in to_markdown(without.document, without.tally)


def test_an_amendment_says_how_what_it_adds_is_measured_and_no_more() -> None:
    template = Path(__file__).parents[2] / "templates" / "agreements"
    source, _ = load(template / "amendment" / "amendments" / "amendment-1.msa")
    assert source is not None
    compiled, diagnostics = compile_source(source)
    assert compiled is not None, diagnostics
    schedule = compiled.document.sections[-1]
    assert (schedule.number, schedule.title) == ("Schedule 1", "Metrics and measures")
    assert [block.title for block in schedule.blocks if isinstance(block, Subsection)] == [
        "Delay of a delivery",
        "How each measure is computed",
    ]
    words = to_markdown(compiled.document, compiled.tally).rpartition("Schedule 1")[2]
    assert "Section\u00a02.1A | *The 95th percentile of delay of a delivery*" in words
    assert "mean of completeness" not in words
