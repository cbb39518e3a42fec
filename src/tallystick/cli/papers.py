"""Documents besides the agreement, written as files: what `build --part`, `notice` and `report` share."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TypeVar

from tallystick.building import write_document
from tallystick.cli.console import Chosen, compiled_or_none, err, fail, house_style_or_none, out
from tallystick.cli.main import COULD_NOT_RUN, FOUND, KEPT
from tallystick.compilation import Compiled
from tallystick.document.document import Document
from tallystick.document.excerpt import excerpt, schedules_of
from tallystick.document.house_style import CLASSIC, HouseStyle, StyleRefused
from tallystick.document.to_pdf import PdfUnavailable

T = TypeVar("T")


def compiled_in_style(file: Path, chosen: Chosen, style: str) -> tuple[Compiled, HouseStyle] | int:
    """The agreement in the manner of a house style, with that style; else the exit code, after saying why."""
    if not file.is_file():
        fail(f"{file}: there is no such file.")
        return COULD_NOT_RUN
    house = house_style_or_none(style)
    if house is None:
        return COULD_NOT_RUN
    compiled = compiled_or_none(file, chosen=chosen, manner=house.manner)
    return FOUND if compiled is None else (compiled, house)


def write_parts(compiled: Compiled, folder: Path, names: Sequence[str], style: HouseStyle = CLASSIC) -> int:
    """Write some schedules of an agreement, each by itself. Exit code: 0 written, 2 no such schedule, or not written."""
    known = schedules_of(compiled.document)
    unknown = [name for name in names if name not in known]
    if unknown:
        fail(f"There is no part “{unknown[0]}”. The parts of this agreement are: {', '.join(known) or 'none'}.")
        return COULD_NOT_RUN
    stem = Path(compiled.source.name).stem
    for name in dict.fromkeys(names):
        if not written(excerpt(compiled.document, known[name]), compiled.tally, folder, f"{stem}-{name}", style=style):
            return COULD_NOT_RUN
    return KEPT


def written(
    document: Document,
    tally: str,
    folder: Path,
    name: str,
    carried: Mapping[str, bytes] | None = None,
    style: HouseStyle = CLASSIC,
) -> bool:
    """Write a document in every format, and print where; prints why that was not possible."""
    paths = attempted(
        lambda: write_document(document, tally, folder, name, carried or {}, style),
        folder,
        f"The Word file, HTML and Markdown are in {folder}.",
    )
    for path in paths or ():
        out.print(f"  {path}", soft_wrap=True)
    return paths is not None


def attempted(make: Callable[[], T], target: Path, without_pdf: str = "") -> T | None:
    """What was made; or None, after saying why it could not be. `without_pdf` says what there is where only the PDF is missing."""
    try:
        with err.status("laying out the PDF"):
            return make()
    except PdfUnavailable as missing:
        fail(f"No PDF was made: {missing}")
        if without_pdf:
            out.print(without_pdf)
    except StyleRefused as reason:
        fail(str(reason))
    except OSError as error:
        fail(not_written(error, target))
    return None


def not_written(error: OSError, target: Path) -> str:
    """Why something was not written."""
    return f"{error.filename or target} cannot be written: {error.strerror}."
