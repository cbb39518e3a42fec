"""Diagnostics for people and for programs, and the words of the catalogue."""

from __future__ import annotations

import io
import json
import string

import pytest
from rich.console import Console

from tallystick.diagnostics.catalogue import CATALOGUE
from tallystick.diagnostics.diagnostic import Diagnostic, Related
from tallystick.diagnostics.to_json import to_json
from tallystick.diagnostics.to_text import to_text
from tallystick.source import Source, Span


def rendered(diagnostic: Diagnostic) -> list[str]:
    file = io.StringIO()
    Console(file=file, width=300, no_color=True, highlight=False).print(to_text(diagnostic))
    return [line.rstrip() for line in file.getvalue().splitlines()]


SOURCE = Source("a.msa", "one\n\ttwo three\n")


def test_a_diagnostic_shows_its_line_with_a_caret_under_the_place() -> None:
    place, first = Span(SOURCE, 9, 14), Span(SOURCE, 0, 3)
    shown = rendered(Diagnostic("T0202", place, {"kind": "term", "name": "three"}, (Related(first, "here"),)))
    assert shown == [
        "error T0202 Declared twice",
        " --> a.msa:2:6",
        "2 |  two three",
        "  |      ^^^^^",
        "  | The term “three” stands here a second time.",
        " --> a.msa:1:1",
        "1 | one",
        "  | ^^^",
        "  | here",
        "  help: Give it another name, or remove one of the two.",
        "",
    ]


def test_a_diagnostic_without_a_place() -> None:
    shown = rendered(Diagnostic("T0109", None, {"file": "a.msa", "reason": "no such file"}))
    assert shown[:2] == ["error T0109 File cannot be read", "  a.msa cannot be read: no such file."]


@pytest.mark.parametrize(("start", "head", "tail"), [(0, "", "…"), (500, "…", "…"), (995, "…", "")])
def test_a_long_line_is_cut_around_the_place(start: int, head: str, tail: str) -> None:
    text = "x" * start + "y" + "x" * (999 - start)
    line, caret = rendered(Diagnostic("T0115", Span(Source("a", text), start, start + 1)))[2:4]
    assert line.removeprefix("1 | ").startswith(head)
    assert line.endswith(tail or "x")
    assert len(line) < 170
    assert line[caret.index("^")] == "y"


def test_a_diagnostic_as_json() -> None:
    place, first = Span(SOURCE, 2, 8), Span(SOURCE, 0, 3)
    found = to_json(Diagnostic("T0507", place, {"kind": "term", "name": "x"}, (Related(first, "here"),), "y"))
    assert json.loads(json.dumps(found)) == {
        "code": "T0507",
        "severity": "warning",
        "title": "Never used",
        "message": "The term “x” is declared and never used.",
        "help": "Did you mean “y”?",
        "place": {"file": "a.msa", "line": 1, "column": 3, "end_line": 2, "end_column": 5},
        "related": [
            {"place": {"file": "a.msa", "line": 1, "column": 1, "end_line": 1, "end_column": 4}, "says": "here"}
        ],
        "instead": "y",
    }
    assert to_json(Diagnostic("T0109", None, {"file": "a", "reason": "b"}))["place"] is None


@pytest.mark.parametrize("code", CATALOGUE)
def test_words_of_the_catalogue_are_whole_sentences(code: str) -> None:
    kind = CATALOGUE[code]
    assert kind.code == code
    for words in (kind.says, kind.instead):
        assert list(string.Formatter().parse(words))
        assert words[0].isupper() or words[0] in "“{"
        assert words.rstrip("} ").endswith((".", "”"))
    assert not kind.title.endswith(".")
