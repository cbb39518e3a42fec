"""Each page of this folder holds: what it expects is what the program makes of it."""

from __future__ import annotations

from pathlib import Path

import pytest

from tallystick.compilation import compile_source
from tallystick.source import Source
from tallystick.syntax.to_source import format_source

from .page import actual, agreement, compiled, fences, pages, rewritten


@pytest.mark.parametrize("path", pages(), ids=lambda path: path.stem)
def test_case(path: Path, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    text = path.read_text(encoding="utf-8")
    expected = fences(text)
    made = actual(expected, tmp_path)
    if request.config.getoption("--snapshots"):
        path.write_text(rewritten(text, made), encoding="utf-8")
        return
    for before, after in zip(expected, made, strict=True):
        assert after.text == before.text, f"{after.kind} {after.detail}"


@pytest.mark.parametrize("path", pages(), ids=lambda path: path.stem)
def test_a_page_says_whether_its_agreement_compiles(path: Path) -> None:
    found = fences(path.read_text(encoding="utf-8"))
    result, _ = compiled(found)
    kinds = {fence.kind for fence in found}
    assert (result is None) == (not kinds & {"sentences", "rules", "findings", "formatted"})
    assert kinds & {"diagnostics", "sentences", "rules", "findings", "formatted"}


@pytest.mark.parametrize("path", pages(), ids=lambda path: path.stem)
def test_formatting_changes_neither_rules_nor_document(path: Path) -> None:
    text = agreement(fences(path.read_text(encoding="utf-8")))
    before, _ = compile_source(Source("case.msa", text))
    if before is not None:
        after, _ = compile_source(Source("case.msa", format_source(text)))
        assert after is not None
        assert after.tally == before.tally
