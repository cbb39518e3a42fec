"""Whatever stands in a file, it is parsed or its mistakes are shown with their places."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tallystick.compilation import check, compile_source, load
from tallystick.diagnostics.catalogue import hint, message
from tallystick.source import Source
from tallystick.syntax.tokens import TokenKind, scan

from .trees import AGREEMENTS, SAMPLE, parsed

FEW = settings(max_examples=60, deadline=None)


def codes(text: str) -> list[tuple[str, int]]:
    """The codes of all mistakes with their lines."""
    _, found = check(Source("test.msa", text))
    return [(item.code, item.span.line if item.span else 0) for item in found]


def is_sound(text: str) -> None:
    """A file that does not compile says why; every place lies in the file; every message can be written."""
    source = Source("test.msa", text)
    result, found = compile_source(source)
    errors = [item for item in found if item.span is not None]
    assert result is not None or errors
    assert result is None or parsed(text).complete
    for item in found:
        assert message(item)
        assert hint(item)
        for span in [item.span, *(related.span for related in item.related)]:
            assert span is None or 0 <= span.start <= span.end <= len(text)
            assert span is None or source.line(span.line) is not None


@FEW
@given(st.text())
def test_any_text(text: str) -> None:
    is_sound(text)


@FEW
@given(st.lists(st.sampled_from(sorted({token.text for token in scan(SAMPLE)})), max_size=40).map(" ".join))
def test_any_words_of_the_language(text: str) -> None:
    is_sound(text)


@pytest.mark.parametrize("name", AGREEMENTS)
@settings(max_examples=6, deadline=None)
@given(data=st.data())
def test_any_slip_in_an_agreement(name: str, data: st.DataObject) -> None:
    text = AGREEMENTS[name]
    tokens = scan(text)
    for _ in range(data.draw(st.integers(1, 3))):
        index = data.draw(st.integers(0, len(tokens) - 2))
        one, other = tokens[index], tokens[index + 1]
        match data.draw(st.sampled_from(["delete", "duplicate", "swap", "cut"])):
            case "delete":
                text = text[: one.start] + text[one.end :]
            case "duplicate":
                text = text[: one.end] + " " + one.text + text[one.end :]
            case "swap":
                between = text[one.end : other.start]
                text = text[: one.start] + other.text + between + one.text + text[other.end :]
            case _:
                text = text[: one.start]
        tokens = scan(text)
        if len(tokens) < 2:
            break
    is_sound(text)


BASE = """agreement "A" {
  version "1".
  effective 2027-01-01.
  timezone "UTC".
}
party provider "P" called "Provider".
party customer "C" called "Customer".
role officer "Officer" of customer.
environments staging, production.
metric accuracy as fraction by model, environment.
event incident "Incident" by incident_id, severity.
event deployment "deployment" by model, environment, role.
term floor = 92%.
article "Text" {
  clause quality "Quality" {
    STATEMENT
  }
  clause other "Other" {
    provider must perform deployment at least every 30 days.
  }
}
"""
LINE = 16
RULE = "provider must keep mean(accuracy) at least floor over each month."


# What people write -> the one mistake, and what they are told to write.
SLIPS = {
    "provider shall keep mean(accuracy) at least floor over each month.": ("T0101", "must"),
    "provider will keep mean(accuracy) at least floor over each month.": ("T0101", "must"),
    "provder must keep mean(accuracy) at least floor over each month.": ("T0201", "provider"),
    "provider msut keep mean(accuracy) at least floor over each month.": ("T0101", "must"),
    "provider must kep mean(accuracy) at least floor over each month.": ("T0101", "keep"),
    "provider must keep mean(accuracy) no less than floor over each month.": ("T0101", "at least"),
    "provider must keep mean(accuracy) not more than floor over each month.": ("T0101", "at most"),
    "provider must keep mean(accuracy) greater than floor over each month.": ("T0101", "above"),
    "provider must keep mean(accuracy) less than floor over each month.": ("T0101", "below"),
    "provider must keep mean(accuracy) equal to floor over each month.": ("T0101", "is"),
    "provider must keep mean(accuracy) = floor over each month.": ("T0101", "is"),
    "provider must keep mean(accuracy) >= floor over each month.": ("T0106", "at least"),
    "provider must keep mean(accuracy) at least 92 % over each month.": ("T0106", "92%"),
    "provider must keep mean(accuracy) at least 92 percent over each month.": ("T0205", "92%"),
    "provider must keep mean(accuracy) at lest floor over each month.": ("T0101", "least"),
    "provider must keep mean(accuracy) at least floor over each calendar month.": ("T0101", "month"),
    "provider must keep mean(accuracy) at least floor per month.": ("T0101", "over each month"),
    "provider must keep mean(accuracy) at least floor over each month pre model.": ("T0101", "per"),
    "provider must keep mean(accuracy) at least floor over each month;": ("T0106", "."),
    "provider must notify officer within 24 hours after incident.": ("T0101", "of"),
    "provider must notify officer in 24 hours of incident.": ("T0101", "within"),
    "provider must notify officer no later than 24 hours of incident.": ("T0101", "within"),
    "provider must perform deployment every 30 days.": ("T0101", "at least every"),
    "provider must perform deployment at least twice each year.": ("T0101", "2 times"),
    "provider must perform deployment at least 2 times per year.": ("T0101", "each year"),
    "provider may not perform deployment.": ("T0101", "must not"),
    "exept where model is “a”.": ("T0101", "except"),
    "provider must notify officer within 24 hours of incident where severity is “critical”.": ("T0106", '"critical"'),
    "provider must retain accuracy for 7 years.": ("T0101", None),
    "provider must keep mean(accuracy at least floor over each month.": ("T0101", None),
    "Quality matters to both.": ("T0113", None),
    '"Quality matters."': ("T0113", None),
    'note "x"': ("T0102", None),
    '"""Prose.""".': ("T0115", None),
    'clause deep "Deep" narrative "x". }': ("T0111", None),
    "on breech { cure within 5 days. }": ("T0201", "breach"),
    "}": ("T0104", None),
}
LATER = "provider must keep mean(accuracy) at least floor across the term."


@pytest.mark.parametrize("slip", SLIPS)
def test_a_slip_is_one_mistake_with_what_to_write_instead(slip: str) -> None:
    code, instead = SLIPS[slip]
    _, found = check(Source("test.msa", BASE.replace("STATEMENT", slip)))
    found = tuple(item for item in found if item.code != "T0507")
    assert [item.code for item in found] == [code]
    assert found[0].span is not None
    assert found[0].span.line == LINE
    assert found[0].instead == instead


def test_what_a_later_version_says_is_named_as_such_once() -> None:
    found = codes(BASE.replace("STATEMENT", LATER))
    assert [code for code in found if code[0] != "T0507"] == [("T0112", LINE)]


def test_independent_mistakes_are_all_shown_in_one_run() -> None:
    text = (
        BASE.replace('timezone "UTC".', 'timezne "UTC".')
        .replace('called "Customer".', 'called "Customer"')
        .replace("role officer", "rolle officer")
        .replace("clause quality", "claus quality")
        .replace("STATEMENT", RULE.replace("floor", "flor"))
        .replace("provider must perform", "provider shall perform")
    )
    assert codes(text) == [("T0101", 4), ("T0102", 7), ("T0101", 8), ("T0101", 15), ("T0201", 16), ("T0101", 19)]


@pytest.mark.parametrize(
    ("gone", "code", "line"),
    [
        ('"UTC".\n}', "T0103", 1),
        (f"{RULE}\n  }}", "T0103", 15),
        ("days.\n  }\n}", "T0103", 18),
        ("days.\n  }", "T0103", 18),
    ],
)
def test_a_missing_brace_is_shown_at_the_block_that_lacks_it(gone: str, code: str, line: int) -> None:
    text = BASE.replace("STATEMENT", RULE)
    assert gone in text
    assert codes(
        text.replace(gone, gone[: gone.rindex("\n")] if gone.count("}") == 1 else gone[: gone.index("\n")])
    ) == [(code, line)]


def test_a_declaration_inside_an_open_block_shows_the_block() -> None:
    text = BASE.replace("STATEMENT", RULE).rstrip().removesuffix("}")
    more = 'article "More" {\n  clause more { narrative "n". """t""" }\n}\n'
    assert codes(text + more) == [("T0103", 14)]
    assert codes(text.rstrip() + more) == [("T0103", 14)]


def test_unclosed_texts_show_one_mistake_each() -> None:
    text = BASE.replace("STATEMENT", RULE)
    assert codes(text.replace('"UTC"', '"UTC')) == [("T0105", 4)]
    assert codes(text.replace('agreement "A"', 'agreement "A')) == [("T0105", 1)]
    assert codes(text.replace(RULE, '"""prose')) == [("T0105", LINE)]


def test_extra_braces() -> None:
    text = BASE.replace("STATEMENT", RULE)
    assert codes(text + "}\n") == [("T0104", 22)]
    assert codes(text.replace("over each month.", "over each month. }")) == [("T0104", LINE)]


@pytest.mark.parametrize(
    "statement",
    [
        "provider must keep " + "(" * 10_000 + "1" + ")" * 10_000 + " at least 1 over each day.",
        "clause a { " * 10_000,
        "provider must keep mean(accuracy) at least " + "1 + " * 5_000 + "1 over each month.",
        "provider must not perform deployment where " + "not " * 5_000 + 'model is "a".',
        "provider must keep mean(accuracy) at least 1" + "0" * 50 + " over each month.",
        "provider must notify officer " * 1_000,
    ],
)
def test_what_is_too_deep_or_too_long_is_refused_at_once(statement: str) -> None:
    assert codes(BASE.replace("STATEMENT", statement)) == [("T0107", LINE)]


@pytest.mark.parametrize(
    "statement",
    [
        "clause c {" * 60 + "}" * 60,
        "provider must keep " + "mean(" * 60 + "accuracy" + ")" * 60 + " at least 1% over each month.",
        "provider must keep mean(accuracy) " + "+ (mean(accuracy) " * 60 + ")" * 60 + " at least 1% over each month.",
        "provider must not perform deployment where " + "(not " * 60 + 'model is "a"' + ")" * 60 + ".",
    ],
)
def test_what_is_just_not_too_deep_is_read(statement: str) -> None:
    assert "T0107" not in {code for code, _ in codes(BASE.replace("STATEMENT", statement))}


def test_a_line_of_twenty_megabytes_is_refused_at_once(tmp_path: Path) -> None:
    path = tmp_path / "long.msa"
    path.write_text("word " * 4_000_000, encoding="utf-8")
    source, found = load(path)
    assert source is not None
    assert found == ()
    assert [item.code for item in check(source)[1]] == ["T0107"]


def test_a_file_beyond_the_limit_is_not_read(tmp_path: Path) -> None:
    path = tmp_path / "long.msa"
    with path.open("wb") as file:
        file.truncate(50_000_000)
    source, found = load(path)
    assert source is None
    assert [item.code for item in found] == ["T0110"]


def test_more_mistakes_than_anyone_reads() -> None:
    text = BASE.replace("STATEMENT", "customer shall perform deployment.\n" * 300)
    assert len(codes(text)) <= 101


def test_a_very_long_file_shows_its_first_mistakes(monkeypatch: pytest.MonkeyPatch) -> None:
    text = BASE.replace("STATEMENT", "customer shall perform deployment.\n" * 60)
    monkeypatch.setattr("tallystick.syntax.from_source.MAXIMUM_PARSED_AGAIN", len(text) * 10)
    assert len([code for code, _ in codes(text) if code == "T0101"]) == 9


def test_bytes_of_every_editor(tmp_path: Path) -> None:
    text = BASE.replace("STATEMENT", RULE)
    path = tmp_path / "a.msa"
    for changed in (
        "\ufeff" + text,
        text.replace("\n", "\r\n"),
        text.replace("  ", "\t"),
        text.replace("  ", "\u00a0 "),
    ):
        path.write_bytes(changed.encode())
        source, _ = load(path)
        assert source is not None
        assert compile_source(source)[0] is not None


def test_no_room_for_a_full_stop() -> None:
    assert codes(BASE.replace("STATEMENT", f"clause deep {{{RULE.removesuffix('.')}}}")) == [("T0102", LINE)]


def test_control_characters_are_named(tmp_path: Path) -> None:
    _, found = check(Source("test.msa", BASE.replace("STATEMENT", "\0" + RULE)))
    assert [message(item) for item in found if item.code == "T0106"] == ["“U+0000” has no meaning here."]


def test_references_in_prose_point_to_their_place() -> None:
    prose = '"""First {nothing1} line.\n\n        Indented {nothing2}\n      and {nothing3} more.\n    """'
    text = BASE.replace("STATEMENT", f"{prose}\n    {RULE}")
    _, found = check(Source("test.msa", text))
    shown = [item.span.text for item in found if item.code == "T0201" and item.span]
    assert shown == ["{nothing1}", "{nothing2}", "{nothing3}"]
    assert [item.span.column for item in found if item.code == "T0201" and item.span] == [14, 18, 11]


def test_every_token_lies_in_the_text() -> None:
    for text in AGREEMENTS.values():
        assert all(text[token.start : token.end] == token.text for token in scan(text))
        assert not [token for token in scan(text) if token.kind is TokenKind.BAD]
