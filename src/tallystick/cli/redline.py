"""`tally redline`: what changed from one version of an agreement to the next."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from pathlib import Path

from tallystick.building import carried
from tallystick.cli.console import compiled_or_none, counted, fail, house_style_or_none, out
from tallystick.cli.main import COULD_NOT_RUN, FOUND, KEPT
from tallystick.cli.papers import attempted
from tallystick.document.house_style import HouseStyle
from tallystick.document.to_docx import Author
from tallystick.redline.from_documents import from_documents
from tallystick.redline.redline import Redline, changed_places
from tallystick.redline.to_docx import to_docx
from tallystick.redline.to_html import to_html
from tallystick.redline.to_markdown import to_markdown
from tallystick.redline.to_pdf import to_pdf

_SUFFIXES = (".docx", ".pdf", ".html", ".md")


def write_redline(old: Path, new: Path, output: Path, author: str, on: str | None, style: str = "classic") -> int:
    """Write the redline. Exit code: 0 written, 1 a source has errors, 2 something could not be read or written."""
    if output.suffix not in _SUFFIXES:
        fail(f"{output} must end in .docx, .pdf, .html or .md.")
        return COULD_NOT_RUN
    missing = [file for file in (old, new) if not file.is_file()]
    if missing:
        fail(f"{missing[0]}: there is no such file.")
        return COULD_NOT_RUN
    house = house_style_or_none(style)
    if house is None:
        return COULD_NOT_RUN
    before, after = (compiled_or_none(file, manner=house.manner) for file in (old, new))
    if before is None or after is None:
        return FOUND
    try:
        day = date.fromisoformat(on) if on else after.agreement.effective
    except ValueError:
        fail(f"“{on}” is not a day such as 2027-06-30.")
        return COULD_NOT_RUN
    redline = from_documents(before.document, before.tally, after.document, after.tally)

    def write() -> Path:
        output.parent.mkdir(parents=True, exist_ok=True)
        output.write_bytes(_written(redline, output.suffix, Author(author, day), carried(after, house), house))
        return output

    if attempted(write, output) is None:
        return COULD_NOT_RUN
    _show(redline)
    out.print(f"  {output}", soft_wrap=True)
    return KEPT


def _written(redline: Redline, suffix: str, author: Author, files: Mapping[str, bytes], house: HouseStyle) -> bytes:
    match suffix:
        case ".docx":
            return to_docx(redline, author, files, house)
        case ".pdf":
            return to_pdf(redline, house)
        case ".html":
            return to_html(redline, house).encode()
        case _:
            return to_markdown(redline).encode()


def _show(redline: Redline) -> None:
    places = changed_places(redline)
    old, new = redline.old.version, redline.new.version
    out.print(f"{redline.new.title}: from version {old} to version {new}, {counted(len(places), 'place')} changed.")
    for place in places:
        out.print(f"  {place.change.value:<8} {f'{place.number} {place.title}'.strip()}", soft_wrap=True)
