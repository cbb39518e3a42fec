"""Diagnostics for programs: one plain object for each, positions counted from 1."""

from __future__ import annotations

from typing import Any

from tallystick.diagnostics.catalogue import CATALOGUE, hint, message, severity
from tallystick.diagnostics.diagnostic import Diagnostic
from tallystick.source import Span


def to_json(diagnostic: Diagnostic) -> dict[str, Any]:
    """Code, severity, words, place, related places and suggestion."""
    return {
        "code": diagnostic.code,
        "severity": severity(diagnostic).value,
        "title": CATALOGUE[diagnostic.code].title,
        "message": message(diagnostic),
        "help": hint(diagnostic),
        "place": _place(diagnostic.span),
        "related": [{"place": _place(related.span), "says": related.says} for related in diagnostic.related],
        "instead": diagnostic.instead,
    }


def _place(span: Span | None) -> dict[str, Any] | None:
    if span is None:
        return None
    end = Span(span.source, span.end, span.end)
    return {
        "file": span.source.name,
        "line": span.line,
        "column": span.column,
        "end_line": end.line,
        "end_column": end.column,
    }
