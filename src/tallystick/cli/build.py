"""`tally build`: paper and rules from one source."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import astuple
from pathlib import Path
from typing import TYPE_CHECKING

from tallystick.cli.console import (
    EVERY,
    Chosen,
    counted,
    err,
    fail,
    house_style_or_none,
    out,
    plain_text,
    show_diagnostics,
    source_or_none,
)
from tallystick.cli.main import COULD_NOT_RUN, FOUND, KEPT
from tallystick.document.house_style import HouseStyle
from tallystick.kept import Kept, find, keep, key_of
from tallystick.sources import bare as without_comments

if TYPE_CHECKING:
    from tallystick.compilation import Compiled
    from tallystick.source import Source


def build_file(
    file: Path,
    folder: Path,
    chosen: Chosen = EVERY,
    style: str = "classic",
    parts: Sequence[str] = (),
    *,
    draft: bool,
    again: bool = False,
    bare: bool = False,
) -> int:
    """Build one agreement, or only some of its schedules, each by itself. What was built before from the same is not built
    anew, unless it shall be `again`. Exit code: 0 built, 1 the source has errors, 2 something could not be read or written."""
    if not file.is_file():
        fail(f"{file}: there is no such file.")
        return COULD_NOT_RUN
    if draft and bare:
        fail("A draft shows its drafting notes; without comments only what can be signed is built.")
        return COULD_NOT_RUN
    house = house_style_or_none(style)
    if house is None:
        return COULD_NOT_RUN
    source = source_or_none(file, chosen)
    if source is None:
        return FOUND
    asked = (str(chosen.at), str(draft), str(bare))
    key = None if parts or again else key_of(source, asked, house.carried)
    kept = find(key)
    if kept is None:
        return _build(source, folder, chosen, house, parts, key, draft=draft, bare=bare)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, content in kept.files.items():
            (folder / name).write_bytes(content)
    except OSError as error:
        from tallystick.cli.papers import not_written

        fail(not_written(error, folder))
        return COULD_NOT_RUN
    err.print(kept.warned, end="")
    _say(kept, folder)
    return KEPT


def _build(
    source: Source,
    folder: Path,
    chosen: Chosen,
    house: HouseStyle,
    parts: Sequence[str],
    key: str | None,
    *,
    draft: bool,
    bare: bool,
) -> int:
    from tallystick.building import build
    from tallystick.cli.papers import attempted, write_parts
    from tallystick.compilation import compile_source

    compiled, diagnostics = compile_source(source, draft=draft, at=chosen.day, manner=house.manner)
    show_diagnostics(diagnostics)
    if compiled is not None and bare:
        compiled = _bare(compiled, chosen, house)
    if compiled is None:
        return FOUND
    wrong = _wrong_examples(compiled)
    for title in wrong:
        fail(f"The worked example “{title}” does not hold, so that it cannot be annexed: tally test shows why.")
    if wrong:
        return FOUND
    if parts:
        return write_parts(compiled, folder, parts, house)
    files = attempted(
        lambda: {path.name: path.read_bytes() for path in astuple(build(compiled, folder, house))},
        folder,
        f"The Word file, HTML, Markdown and rules are in {folder}.",
    )
    if files is None:
        return COULD_NOT_RUN
    done = Kept(files, plain_text(diagnostics), tuple(_said(compiled)))
    keep(key, done)
    _say(done, folder)
    return KEPT


def _bare(compiled: Compiled, chosen: Chosen, house: HouseStyle) -> Compiled:
    """The same from sources without comments: what is agreed is the same, and so is the tally."""
    from tallystick.compilation import compile_source

    again, _ = compile_source(without_comments(compiled.source), at=chosen.day, manner=house.manner)
    assert again is not None
    assert again.tally == compiled.tally
    return again


def _say(kept: Kept, folder: Path) -> None:
    for line in kept.said:
        out.print(line)
    for name in kept.files:
        out.print(f"  {folder / name}", soft_wrap=True)


def _said(compiled: Compiled) -> Iterator[str]:
    """What is printed of an agreement that was built."""
    measured = compiled.measurability
    yield f"{compiled.document.title}, version {compiled.agreement.version}"
    if compiled.agreement.amendments:
        numbers = ", ".join(str(amendment.number) for amendment in compiled.agreement.amendments)
        yield f"The rules are those with amendments {numbers}, each from its own day on."
    clauses = f"{measured.measured} of {counted(measured.clauses, 'clause')}"
    yield f"{counted(len(compiled.rulebook.rules), 'rule')}; measured: {clauses} ({measured.share})."
    if measured.dormant:
        yield f"{counted(measured.dormant, 'clause')} without effect until optional terms are set."
    yield f"tally {compiled.tally}"


def _wrong_examples(compiled: Compiled) -> list[str]:
    """The scenarios that the paper would carry and that do not hold."""
    if not compiled.agreement.examples:
        return []
    from tallystick.scenarios.run import run

    return [each.title for each in compiled.agreement.scenarios if not run(compiled.rulebook, each).held]
