"""Prose to blocks: what CommonMark means is kept, what is not allowed is printed as the text it is."""

from __future__ import annotations

import pytest

from tallystick.document.document import (
    Break,
    Emphasis,
    Inlines,
    Item,
    ItemList,
    Paragraph,
    Row,
    Strong,
    Subsection,
    Table,
    paragraph,
    text_of,
)
from tallystick.document.markdown import _words, blocks, inlines
from tallystick.model.agreement import Reference, Target
from tallystick.prose.sentence import Link

from .sample_agreement import prose

ANCHORS = frozenset({"clause-a"})
FLOOR = (Target.TERM, "floor")


def resolve(reference: Reference) -> Inlines:
    return (Link(reference.id.title(), f"{reference.target}-{reference.id}"),)


def read(*parts: str | tuple[Target, str]) -> tuple[object, ...]:
    return blocks(prose(*parts), resolve, ANCHORS)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("<script>alert(1)</script>", "<script>alert(1)</script>"),
        ("a <b onclick='x'>b</b>", "a <b onclick='x'>b</b>"),
        ("<!-- hidden -->", "<!-- hidden -->"),
        ("{{ 7 * 7 }} {% include 'x' %}", "{{ 7 * 7 }} {% include 'x' %}"),
        ("![alt](https://x.example/a.png)", "!alt (https://x.example/a.png)"),
        ("[click](javascript:alert(1))", "[click](javascript:alert(1))"),
        ("[site](https://x.example/?a=1&b=ä)", "site (https://x.example/?a=1&b=ä)"),
        ("<https://x.example>", "https://x.example"),
        ("<legal@x.example>", "legal@x.example"),
        ("[words](#nowhere)", "words"),
        ("[file](file:///etc/passwd)", "[file](file:///etc/passwd)"),
        ("[ref]\n\n[ref]: https://x.example", "ref (https://x.example)"),
        ("`code`", "code"),
        ("&lt;i&gt; &amp; \\*", "<i> & *"),
    ],
)
def test_what_is_not_allowed_is_text(text: str, expected: str) -> None:
    assert read(text) == (paragraph(expected),)


def test_text_cannot_pass_for_a_reference() -> None:
    assert read("\ue0000\ue001 ", FLOOR) == (paragraph("\ufffd0\ufffd ", Link("Floor", "term-floor")),)


def test_references_stand_where_they_were_written() -> None:
    assert read("**", FLOOR, "** and *", FLOOR, "* and `", FLOOR, "`") == (
        paragraph(
            Strong((Link("Floor", "term-floor"),)),
            " and ",
            Emphasis((Link("Floor", "term-floor"),)),
            " and ",
            Link("Floor", "term-floor"),
        ),
    )


def test_a_reference_in_the_address_of_a_link_is_printed_too() -> None:
    assert read("[see](https://x.example/", FLOOR, ")") == (
        paragraph("see (https://x.example/", Link("Floor", "term-floor"), ")"),
    )


def test_a_link_into_the_document_stays_one() -> None:
    assert read("see [the *first* clause](#clause-a)") == (paragraph("see ", Link("the first clause", "clause-a")),)


def test_lines_and_breaks() -> None:
    assert read("one\ntwo\\\nthree") == (paragraph("one two", Break(), "three"),)


def test_headings_quotations_code_and_rules_lose_no_words() -> None:
    assert read("# Head\n\n> quoted\n\n---\n\n```\na\n\nb\n```") == (
        paragraph(Strong(("Head",))),
        paragraph("quoted"),
        paragraph("* * *"),
        paragraph("a", Break(), Break(), "b"),
    )


def test_lists_keep_their_numbers_and_nest() -> None:
    assert read("3. three\n4. four\n   - inner") == (
        ItemList(
            (
                Item("(3)", (paragraph("three"),)),
                Item(
                    "(4)",
                    (paragraph("four"), ItemList((Item("", (paragraph("inner"),)),))),
                ),
            )
        ),
    )


def test_tables() -> None:
    assert read("| a | **b** |\n| - | - |\n| 1 | ", FLOOR, " |\n") == (
        Table(("a", "b"), (Row((("1",), (Link("Floor", "term-floor"),))),)),
    )
    assert read("| a |\n| - |\n") == (Table(("a",), ()),)


@pytest.mark.parametrize("mark", ["> ", "- "])
def test_deep_nesting_loses_no_words(mark: str) -> None:
    assert text_of(inlines(prose(mark * 12 + "deep"), resolve, ANCHORS)).strip() == "deep"
    assert read(mark * 2000 + "deep ", FLOOR) == (paragraph(mark * 2000 + "deep ", Link("Floor", "term-floor")),)


def test_prose_in_a_sentence_is_one_run_of_words() -> None:
    text = "one\n\ntwo\n\n- three\n- four\n\n| a |\n| - |\n| five |\n"
    assert text_of(inlines(prose(text), resolve, ANCHORS)) == "one two  three four  a five"
    assert inlines(prose(""), resolve, ANCHORS) == ()


def test_prose_has_no_other_blocks() -> None:
    assert _words(Paragraph(("a",))) == ("a",)
    with pytest.raises(TypeError, match="no such block"):
        _words(Subsection("", "", None, ()))
