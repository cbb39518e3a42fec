"""The agreements taken from practice compile without a mistake, and say what stands beneath each of their terms."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import accumulate
from pathlib import Path

import pytest

from tallystick.compilation import check
from tallystick.model.agreement import Agreement
from tallystick.prose.from_derivation import derived_sentences
from tallystick.source import Source, Span

from .pages import DOCS, Fence, fences
from .test_language import QUOTE, clause_said, quoted

PAGES = sorted(page for page in (DOCS / "practice").glob("*.md") if page.name != "README.md")

every_page = pytest.mark.parametrize("path", PAGES, ids=lambda path: path.stem)


def compiled(examples: list[Fence]) -> Agreement:
    """The agreement that the examples of a page make together."""
    agreement, found = check(Source("practice.msa", "".join(fence.text for fence in examples)))
    assert list(found) == []
    assert agreement is not None
    return agreement


def said(agreement: Agreement, start: int, end: int) -> Iterator[str]:
    """What is printed of the derived data and the clauses that stand in `[start, end)` of the source."""

    def stands_there(span: Span | None) -> bool:
        return span is not None and start <= span.start < end

    places: dict[str, Span | None] = {name: metric.span for name, metric in agreement.metrics.items()}
    places |= {name: record.span for name, record in agreement.records.items()}
    for name, sentence in derived_sentences(agreement).items():
        if stands_there(places[name]):
            yield sentence.text
    for clause in agreement.clauses:
        if stands_there(clause.span):
            yield from clause_said(agreement, clause, standard=False)


def written(page: str) -> str:
    """The page with what each example says beneath it."""
    examples = [fence for fence in fences(page) if fence.language == "msa"]
    agreement = compiled(examples)
    ends = list(accumulate(len(fence.text) for fence in examples))
    result, at = "", 0
    for fence, start, end in zip(examples, [0, *ends], ends, strict=False):
        result += page[at : fence.end]
        quote = QUOTE.match(page, fence.end)
        at = quote.end() if quote else fence.end
        lines = [line.replace("\u00a0", " ") for line in said(agreement, start, end)]
        result += f"\n\n{quoted(lines)}" if lines else ""
        assert lines or start == 0, f"the example in line {fence.line} says nothing"
    return result + page[at:]


@every_page
def test_each_term_says_what_stands_beneath_it(path: Path, request: pytest.FixtureRequest) -> None:
    page = path.read_text(encoding="utf-8")
    if request.config.getoption("--snapshots"):
        path.write_text(written(page), encoding="utf-8")
    else:
        assert page == written(page)


def test_ten_agreements_are_listed() -> None:
    index = (DOCS / "practice" / "README.md").read_text(encoding="utf-8")
    for path in PAGES:
        assert f"]({path.name})" in index
    assert index.count("\n| [") >= 10
