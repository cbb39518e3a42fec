"""A mistake as data. Its words stand once, in the catalogue; terminals, JSON and editors each render it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from tallystick.source import Span


class Severity(StrEnum):
    """An error stops compilation; a warning does not."""

    ERROR = "error"
    WARNING = "warning"


@dataclass(frozen=True)
class Related:
    """Another place that belongs to the mistake, and what stands there."""

    span: Span
    says: str


@dataclass(frozen=True)
class Diagnostic:
    """What was found and where. `facts` fill the words of the catalogue; `instead` is a suggestion for this very place."""

    code: str
    span: Span | None
    facts: Mapping[str, str] = field(default_factory=dict)
    related: tuple[Related, ...] = ()
    instead: str | None = None
