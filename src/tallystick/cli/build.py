"""`tally build`: paper and rules from one source."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from tallystick.building import build, paths
from tallystick.cli.console import EVERY, Chosen, compiled_or_none, counted, err, fail, house_style_or_none, out
from tallystick.cli.main import COULD_NOT_RUN, FOUND, KEPT
from tallystick.cli.papers import write_parts
from tallystick.compilation import Compiled
from tallystick.document.house_style import StyleRefused
from tallystick.document.to_pdf import PdfUnavailable
from tallystick.scenarios.run import run


def build_file(
    file: Path,
    folder: Path,
    chosen: Chosen = EVERY,
    style: str = "classic",
    parts: Sequence[str] = (),
    *,
    draft: bool,
) -> int:
    """Build one agreement, or only some of its schedules, each by itself. Exit code: 0 built, 1 the source has errors, 2
    something could not be read or written."""
    if not file.is_file():
        fail(f"{file}: there is no such file.")
        return COULD_NOT_RUN
    house = house_style_or_none(style)
    if house is None:
        return COULD_NOT_RUN
    compiled = compiled_or_none(file, draft=draft, chosen=chosen, manner=house.manner)
    if compiled is None:
        return FOUND
    wrong = _wrong_examples(compiled)
    for title in wrong:
        fail(f"The worked example “{title}” does not hold, so that it cannot be annexed: tally test shows why.")
    if wrong:
        return FOUND
    if parts:
        return write_parts(compiled, folder, parts, house)
    try:
        with err.status("laying out the PDF"):
            built = build(compiled, folder, house)
    except PdfUnavailable as missing:
        fail(f"No PDF was made: {missing}")
        out.print(f"The Word file, HTML, Markdown and rules are in {paths(compiled, folder).rules.parent}.")
        return COULD_NOT_RUN
    except StyleRefused as reason:
        fail(str(reason))
        return COULD_NOT_RUN
    except OSError as error:
        fail(f"{error.filename or folder} cannot be written: {error.strerror}.")
        return COULD_NOT_RUN
    measured = compiled.measurability
    rules = len(compiled.rulebook.rules)
    out.print(f"{compiled.document.title}, version {compiled.agreement.version}")
    if compiled.agreement.amendments:
        numbers = ", ".join(str(amendment.number) for amendment in compiled.agreement.amendments)
        out.print(f"The rules are those with amendments {numbers}, each from its own day on.")
    clauses = f"{measured.measured} of {counted(measured.clauses, 'clause')}"
    out.print(f"{counted(rules, 'rule')}; measured: {clauses} ({measured.share}).")
    if measured.dormant:
        out.print(f"{counted(measured.dormant, 'clause')} without effect until optional terms are set.")
    out.print(f"tally {compiled.tally}")
    for path in (built.pdf, built.word, built.html, built.markdown, built.rules):
        out.print(f"  {path}", soft_wrap=True)
    return KEPT


def _wrong_examples(compiled: Compiled) -> list[str]:
    """The scenarios that the paper would carry and that do not hold."""
    if not compiled.agreement.examples:
        return []
    return [each.title for each in compiled.agreement.scenarios if not run(compiled.rulebook, each).held]
