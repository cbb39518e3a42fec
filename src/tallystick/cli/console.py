"""What commands print on: results to standard output, mistakes and progress to standard error."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from io import StringIO
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console

from tallystick.diagnostics.diagnostic import Diagnostic
from tallystick.prose.manner import PLAIN, Manner

if TYPE_CHECKING:
    from tallystick.compilation import Compiled
    from tallystick.document.house_style import HouseStyle
    from tallystick.evaluating import Progress as Told
    from tallystick.facts.problem import DataError
    from tallystick.source import Source

# Without a terminal there is no width to ask for; tables then get enough room for their columns.
WIDTH = None if sys.stdout.isatty() or "COLUMNS" in os.environ else 140

out = Console(width=WIDTH, highlight=False, markup=False)
err = Console(width=WIDTH, highlight=False, markup=False, stderr=True, soft_wrap=True)


def show_diagnostics(diagnostics: Sequence[Diagnostic], on: Console = err) -> None:
    """Print diagnostics for people."""
    if diagnostics:
        from tallystick.diagnostics.to_text import to_text

        for diagnostic in diagnostics:
            on.print(to_text(diagnostic))


def plain_text(diagnostics: Sequence[Diagnostic]) -> str:
    """The same as they are written to a file."""
    written = Console(width=WIDTH, highlight=False, markup=False, soft_wrap=True, file=StringIO())
    show_diagnostics(diagnostics, written)
    assert isinstance(written.file, StringIO)
    return written.file.getvalue()


def show_data_error(error: DataError) -> None:
    """Print why data cannot be read."""
    for problem in error.problems:
        err.print(f"{problem.where}: {problem.says}", style="bold red")
        if problem.instead:
            err.print(f"  help: {problem.instead}")


def counted(count: int, noun: str) -> str:
    """`1 file`, `1,000 files`, `2 breaches`."""
    return f"{count:,} {noun}{'' if count == 1 else 'es' if noun.endswith('ch') else 's'}"


def fail(message: str) -> None:
    """Print one plain sentence about why a command could not run."""
    err.print(message, style="bold red")


@dataclass(frozen=True)
class Chosen:
    """Which of the amendments and orders beside an agreement count: those begun `at` a day, and not those left aside."""

    at: str | None = None
    without: tuple[Path, ...] = ()

    @property
    def day(self) -> date | None:
        """The day, where one was named. Raises ValueError for what is none."""
        return None if self.at is None else date.fromisoformat(self.at)


EVERY = Chosen()


def day_or_none(text: str) -> date | None:
    """A day of the calendar; prints that it is none."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        fail(f"“{text}” is not a day. Write year-month-day, such as 2027-06-30.")
        return None


def house_style_or_none(name: str) -> HouseStyle | None:
    """The house style of that name or in that folder; prints why there is none."""
    from tallystick.document.house_style import StyleRefused, house_style

    try:
        return house_style(name)
    except StyleRefused as reason:
        fail(str(reason))
    except OSError as error:
        fail(f"{error.filename or name} cannot be read: {error.strerror}.")
    return None


def source_or_none(file: Path, chosen: Chosen = EVERY) -> Source | None:
    """Read a source and the files that belong to it; prints why there is none."""
    from tallystick.sources import load

    missing = [path for path in chosen.without if not path.is_file()]
    for path in missing:
        fail(f"{path}: there is no such file.")
    if missing or (chosen.at is not None and day_or_none(chosen.at) is None):
        return None
    source, problems = load(file, chosen.without)
    show_diagnostics(problems)
    return source


def compiled_or_none(
    file: Path, *, draft: bool = False, chosen: Chosen = EVERY, manner: Manner = PLAIN
) -> Compiled | None:
    """Compile a file and print its diagnostics; None when it has errors or cannot be read."""
    from tallystick.compilation import compile_source

    source = source_or_none(file, chosen)
    if source is None:
        return None
    compiled, diagnostics = compile_source(source, draft=draft, at=chosen.day, manner=manner)
    show_diagnostics(diagnostics)
    return compiled


@contextmanager
def progress() -> Iterator[Told]:
    """A progress bar on a terminal; nothing elsewhere."""
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=err, transient=True, disable=not err.is_terminal) as bar:
        task = bar.add_task("", total=None)

        def told(what: str, done: int, total: int) -> None:
            bar.update(task, description=what, completed=done, total=total)

        yield told
