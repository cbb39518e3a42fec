"""Diagnostics for people: place, source line, caret, one sentence, what to write instead."""

from __future__ import annotations

from rich.console import Group, RenderableType
from rich.text import Text

from tallystick.diagnostics.catalogue import CATALOGUE, hint, message, severity
from tallystick.diagnostics.diagnostic import Diagnostic, Severity
from tallystick.source import Span

WIDEST_LINE = 160


def to_text(diagnostic: Diagnostic) -> RenderableType:
    """One diagnostic for a terminal; without colour it is plain text."""
    style = "bold red" if severity(diagnostic) is Severity.ERROR else "bold yellow"
    head = Text.assemble(
        (f"{severity(diagnostic).value} {diagnostic.code}", style), (f" {CATALOGUE[diagnostic.code].title}", "bold")
    )
    parts: list[Text] = [head]
    if diagnostic.span:
        parts.extend(_excerpt(diagnostic.span, style, message(diagnostic)))
    else:
        parts.append(Text(f"  {message(diagnostic)}"))
    for related in diagnostic.related:
        parts.extend(_excerpt(related.span, "cyan", related.says))
    parts.append(Text.assemble(("  help: ", "bold green"), hint(diagnostic)))
    return Group(*parts, Text(""))


def _excerpt(span: Span, style: str, says: str) -> list[Text]:
    """The place, the line with a caret under it, and the words beside the caret."""
    line = span.source.line(span.line).replace("\t", " ")
    shown, column = _window(line, span.column - 1)
    gutter = len(str(span.line))
    length = max(1, min(span.end - span.start, len(line) - (span.column - 1), len(shown) - column))
    pad = " " * gutter
    return [
        Text.assemble((f"{pad}--> ", "blue"), f"{span.source.name}:{span.line}:{span.column}"),
        Text.assemble((f"{span.line} | ", "blue"), shown),
        Text.assemble((f"{pad} | ", "blue"), " " * column, ("^" * length, style)),
        Text.assemble((f"{pad} | ", "blue"), (says, style)),
    ]


def _window(line: str, column: int) -> tuple[str, int]:
    """A long line is cut to what stands around the place."""
    if len(line) <= WIDEST_LINE:
        return line, column
    start = max(0, column - WIDEST_LINE // 2)
    head = "…" if start else ""
    tail = "…" if start + WIDEST_LINE < len(line) else ""
    return head + line[start : start + WIDEST_LINE] + tail, column - start + len(head)
