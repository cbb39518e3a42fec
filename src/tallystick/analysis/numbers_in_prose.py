"""Every number stands once: one written straight into prose is reported."""

from __future__ import annotations

import re
from collections.abc import Iterator

from tallystick.diagnostics.diagnostic import Diagnostic
from tallystick.model.agreement import Agreement, Operative, Prose
from tallystick.source import Span

# A number that stands alone, with a sign of currency or percent; not part of a word such as "ISO/IEC-42001" or "v2".
_NUMBER = re.compile(r"(?<![\w/.-])[$€£]?\d[\d,]*(?:\.\d+)?%?(?![\w/-])")


def check(agreement: Agreement, used: frozenset[str]) -> Iterator[Diagnostic]:
    """Numbers in the prose of articles, clauses and schedules."""
    for prose in _proses(agreement):
        seen = prose.span.text
        for match in _NUMBER.finditer(seen):
            if not _in_list_marker(seen, match):
                place = Span(prose.span.source, prose.span.start + match.start(), prose.span.start + match.end())
                yield Diagnostic("T0504", place, {"found": match.group()})


def _in_list_marker(text: str, match: re.Match[str]) -> bool:
    """`1. ` at the beginning of a line is Markdown's own numbering."""
    line = text[text.rfind("\n", 0, match.start()) + 1 : match.start()]
    return not line.strip(' "') and text[match.end() : match.end() + 2] == ". "


def _proses(agreement: Agreement) -> Iterator[Prose]:
    contents = [part.content for part in agreement.articles] + [part.content for part in agreement.schedules]
    for content in contents:
        yield from (item for item in content if isinstance(item, Prose))
    for clause in agreement.clauses:
        for item in clause.content:
            if isinstance(item, Prose):
                yield item
            elif isinstance(item, Operative) and item.worded is not None:
                yield item.worded
