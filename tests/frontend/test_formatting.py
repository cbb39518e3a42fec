"""The formatter moves blank space only."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tallystick.compilation import compile_source, rules_json
from tallystick.source import Source
from tallystick.syntax.to_source import format_source
from tallystick.syntax.tokens import TokenKind, scan

from .trees import AGREEMENTS, SAMPLE, parsed, plain

WORDS = [token.text for token in scan(SAMPLE)]


def squeezed(text: str) -> list[tuple[TokenKind, str]]:
    """The tokens of a text, without the blank space at the ends of its lines and inside prose."""
    return [(token.kind, " ".join(token.text.split())) for token in scan(text)]


@pytest.mark.parametrize("text", AGREEMENTS.values(), ids=AGREEMENTS)
def test_formatting_keeps_tree_and_tokens_and_is_done_at_once(text: str) -> None:
    formatted = format_source(text)
    assert plain(parsed(formatted).file) == plain(parsed(text).file)
    assert squeezed(formatted) == squeezed(text)
    assert format_source(formatted) == formatted


@pytest.mark.parametrize("text", AGREEMENTS.values(), ids=AGREEMENTS)
def test_formatting_keeps_the_rules_and_the_tally(text: str) -> None:
    before, _ = compile_source(Source("test.msa", text))
    after, _ = compile_source(Source("test.msa", format_source(text)))
    assert before is not None
    assert after is not None
    assert rules_json(after.rulebook) == rules_json(before.rulebook)


SPACES = st.sampled_from([" ", "  ", "\n", "\n\n\n", "\t", " \n ", "\r\n", "\u00a0", ' # a comment, with "quotes"\n'])


@settings(max_examples=30, deadline=None)
@given(st.data())
def test_any_blank_space_and_comments_between_the_words_format_alike(data: st.DataObject) -> None:
    tokens = scan(SAMPLE)
    first = data.draw(st.integers(0, len(tokens) - 1))
    changed = {first + shift: data.draw(SPACES) for shift in range(40)}
    parts: list[str] = []
    for index, token in enumerate(tokens):
        before = SAMPLE[tokens[index - 1].end if index else 0 : token.start]
        parts += [changed.get(index, before) if before else "", token.text]
    text = "".join(parts)
    formatted = format_source(text)
    assert plain(parsed(text).file) == plain(parsed(SAMPLE).file)
    assert plain(parsed(formatted).file) == plain(parsed(SAMPLE).file)
    assert format_source(formatted) == formatted
    assert text.count("# a comment") == formatted.count("# a comment")


@settings(max_examples=30, deadline=None)
@given(st.text(st.characters(exclude_characters='"', exclude_categories=["Cs"]), min_size=1))
def test_prose_of_any_characters_keeps_its_text(words: str) -> None:
    text = f'article "A" {{\n      """{words}"""\n}}'
    formatted = format_source(text)
    assert plain(parsed(formatted).file) == plain(parsed(text).file)
    assert format_source(formatted) == formatted


def test_layout() -> None:
    text = (
        '# head\nagreement   "A"{version "1".# why\n\n\n effective 2027-01-01.}\n\n\n# more\n'
        'article "B"{clause c{"""One.\n      Two\n        more."""provider must keep mean ( x ) at least 92% over each month '
        "per model in production with at least 1,000 samples labelled a_long_label_for_this.}}"
    )
    assert format_source(text) == (
        '# head\nagreement "A" {\n  version "1".  # why\n\n  effective 2027-01-01.\n}\n\n# more\narticle "B" {\n  clause c {\n'
        '    """One.\n    Two\n      more."""\n    provider must keep mean(x) at least 92% over each month per model in production\n'
        "      with at least 1,000 samples labelled a_long_label_for_this.\n  }\n}\n"
    )


def test_a_comment_between_paragraphs_stays_there() -> None:
    text = 'article "A" {\n  """One."""  # why\n  # more\n  """Two."""\n}\n'
    assert format_source(text) == text


def test_a_text_that_is_not_finished_is_kept() -> None:
    assert format_source("term x = 5") == "term x = 5\n"
    assert format_source("") == ""
