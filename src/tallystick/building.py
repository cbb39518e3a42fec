"""Writing the counterparts of a compiled agreement into a folder."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from tallystick.compilation import Compiled, rules_json
from tallystick.document.document import Document
from tallystick.document.house_style import CLASSIC, HouseStyle
from tallystick.document.to_docx import to_docx
from tallystick.document.to_html import to_html
from tallystick.document.to_markdown import to_markdown
from tallystick.document.to_pdf import to_pdf
from tallystick.sources import attachments

RULES = "rules.json"
NOTICE = "notice.json"


@dataclass(frozen=True)
class Built:
    """The files that a build wrote."""

    pdf: Path
    word: Path
    html: Path
    markdown: Path
    rules: Path


def build(compiled: Compiled, folder: Path, style: HouseStyle = CLASSIC) -> Built:
    """Write PDF, Word, HTML, Markdown and `rules.json`, named after the source. The PDF is written last: it takes longest.

    The agreement was compiled in the manner of the style. Raises OSError when the folder cannot be written, StyleRefused,
    and PdfUnavailable when Pango or HarfBuzz is missing; what does not need them is written before that.
    """
    built = paths(compiled, folder)
    folder.mkdir(parents=True, exist_ok=True)
    rules = rules_json(compiled.rulebook)
    for path, text in _texts(compiled, built, rules, style):
        path.write_text(text, encoding="utf-8", newline="\n")
    built.word.write_bytes(to_docx(compiled.document, compiled.tally, carried(compiled, style), style))
    built.pdf.write_bytes(printed(compiled, style))
    return built


def write_document(
    document: Document, tally: str, folder: Path, name: str, carried: Mapping[str, bytes], style: HouseStyle = CLASSIC
) -> tuple[Path, ...]:
    """Write one document as PDF, Word, HTML and Markdown; the PDF is written last. Raises as `build` does."""
    folder.mkdir(parents=True, exist_ok=True)
    pdf, word, html, markdown = (folder / f"{name}{suffix}" for suffix in (".pdf", ".docx", ".html", ".md"))
    html.write_text(to_html(document, tally, style), encoding="utf-8", newline="\n")
    markdown.write_text(to_markdown(document, tally), encoding="utf-8", newline="\n")
    word.write_bytes(to_docx(document, tally, carried, style))
    pdf.write_bytes(to_pdf(document, tally, carried, style))
    return pdf, word, html, markdown


def printed(compiled: Compiled, style: HouseStyle = CLASSIC) -> bytes:
    """The PDF, which carries its sources and its rules. Raises PdfUnavailable and StyleRefused."""
    return to_pdf(compiled.document, compiled.tally, carried(compiled, style), style)


def carried(compiled: Compiled, style: HouseStyle = CLASSIC) -> dict[str, bytes]:
    """The files that the paper carries in it, by name: every source, the rules, and what of its house style is not shipped."""
    files = attachments(compiled.source) | {RULES: rules_json(compiled.rulebook)}
    return {name: text.encode() for name, text in files.items()} | style.carried


def paths(compiled: Compiled, folder: Path) -> Built:
    """Where a build writes."""
    name = Path(compiled.source.name).stem
    pdf, word, html, markdown = (folder / f"{name}{suffix}" for suffix in (".pdf", ".docx", ".html", ".md"))
    return Built(pdf, word, html, markdown, folder / RULES)


def _texts(compiled: Compiled, built: Built, rules: str, style: HouseStyle) -> Iterator[tuple[Path, str]]:
    yield built.rules, rules
    yield built.html, to_html(compiled.document, compiled.tally, style)
    yield built.markdown, to_markdown(compiled.document, compiled.tally)
