"""`tally import-redline`: what the other side changed in Word, as changes of the source."""

from __future__ import annotations

from pathlib import Path

from rich.table import Table

from tallystick.cli.console import compiled_or_none, counted, fail, out, progress
from tallystick.cli.main import COULD_NOT_RUN, FOUND, KEPT
from tallystick.compilation import Compiled
from tallystick.proposals.from_word_file import from_word_file
from tallystick.proposals.proposal import Import, Proposal, Unmapped
from tallystick.proposals.to_diff import to_diff
from tallystick.proposals.to_json import to_json
from tallystick.proposals.word_file import WordFile, WordFileRefused, read_word_file


def import_file(file: Path, source: Path, patch: Path | None, *, as_json: bool) -> int:
    """Show what changed. Exit code: 0 nothing did, 1 something did or the source has errors, 2 something could not run."""
    try:
        word = read_word_file(file.read_bytes())
    except OSError as error:
        fail(f"{file} cannot be read: {error.strerror}.")
        return COULD_NOT_RUN
    except WordFileRefused as refused:
        fail(f"{file} is not read: {refused}")
        return COULD_NOT_RUN
    compiled = compiled_or_none(source, draft=word.draft, manner=word.manner)
    if compiled is None:
        return FOUND if source.is_file() else COULD_NOT_RUN
    if not _made_from(word, compiled):
        fail(
            f"{file} was made from another text of the agreement (tally {(word.tally or '')[:16]}, this source gives "
            f"{compiled.tally[:16]}). Give the source that it was made from."
        )
        return COULD_NOT_RUN
    with progress() as told:
        imported = from_word_file(compiled, word, told)
    if patch is not None:
        try:
            patch.write_text(to_diff(imported), encoding="utf-8", newline="\n")
        except OSError as error:
            fail(f"{patch} cannot be written: {error.strerror}.")
            return COULD_NOT_RUN
    if as_json:
        out.print(to_json(imported), soft_wrap=True)
    else:
        _show(imported, known=word.tally is not None)
    return FOUND if imported.proposals or imported.unmapped else KEPT


def _made_from(word: WordFile, compiled: Compiled) -> bool:
    """A file that lost its mark is compared all the same."""
    return word.tally in (None, compiled.tally)


def _show(imported: Import, *, known: bool) -> None:
    if not known:
        out.print("The file does not say what it was made from; it is compared with this source.")
    if imported.authors:
        out.print(f"Changes tracked in the name of {', '.join(imported.authors)}.")
    if imported.proposals:
        out.print(_proposals(imported.proposals))
    if imported.unmapped:
        out.print(_unmapped(imported.unmapped))
    proposed = counted(len(imported.proposals), "change")
    out.print(f"{proposed} of the source proposed, {len(imported.unmapped):,} not mapped.")


def _proposals(proposals: tuple[Proposal, ...]) -> Table:
    table = Table(
        "section", "source", "was", "now", "means", title="Proposed changes of the source", title_justify="left"
    )
    for each in proposals:
        also = f"reads otherwise too: {', '.join(each.elsewhere)}" if each.elsewhere else ""
        means = "\n".join([*each.meaning, also] if also else each.meaning) or "wording only"
        table.add_row(_section(each), f"{each.file}:{each.line}", each.was, each.now, means)
    return table


def _unmapped(unmapped: tuple[Unmapped, ...]) -> Table:
    table = Table("section", "was", "now", "why", title="Not mapped", title_justify="left")
    for each in unmapped:
        table.add_row(_section(each), each.was, each.now, each.reason)
    return table


def _section(each: Proposal | Unmapped) -> str:
    return f"{each.number} {each.title}".strip()
