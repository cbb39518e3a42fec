"""From a source to its two counterparts and the tally over both. Faces call this; nothing here reads data or writes files
(but `load`, which reads a source and the files that it refers to)."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import rfc8785

from tallystick.analysis import checks
from tallystick.analysis.measurability import Measurability, measurability
from tallystick.diagnostics.catalogue import severity
from tallystick.diagnostics.diagnostic import Diagnostic, Related, Severity
from tallystick.document.document import Document, to_canonical
from tallystick.document.from_model import from_model
from tallystick.model.agreement import Agreement, Operative
from tallystick.model.from_syntax import from_syntax
from tallystick.prose.from_remedy import remedy_sentence
from tallystick.prose.from_rule import rule_sentence
from tallystick.prose.wording import check_wording
from tallystick.rules.rule import Remedy, Rule
from tallystick.rules.rulebook import (
    AttributeData,
    EventData,
    MetricData,
    Party,
    RecordData,
    Role,
    Rulebook,
)
from tallystick.source import Source, Unread
from tallystick.sources import MAXIMUM_BYTES, assembled, not_found, read_file
from tallystick.syntax.from_source import from_source
from tallystick.syntax.references import file_references


@dataclass(frozen=True)
class Compiled:
    """Both counterparts of one agreement, and the tally that proves that they belong together."""

    source: Source
    agreement: Agreement
    rulebook: Rulebook
    document: Document
    measurability: Measurability

    @property
    def tally(self) -> str:
        """SHA-256 over the canonical rules and the document's text, in hexadecimal."""
        return self.rulebook.tally


def load(path: Path) -> tuple[Source | None, tuple[Diagnostic, ...]]:
    """Read a source and every file it refers to. A source that cannot be read is a diagnostic; of another file `check`
    says so, at the place that names it.
    """
    name = path.as_posix()
    try:
        if path.stat().st_size > MAXIMUM_BYTES:
            return None, (Diagnostic("T0110", None, {"file": name, "limit": f"{MAXIMUM_BYTES:,} bytes"}),)
        raw = path.read_bytes()
    except OSError as error:
        return None, (Diagnostic("T0109", None, {"file": name, "reason": (error.strerror or "unknown").lower()}),)
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        return None, (Diagnostic("T0108", None, {"file": name, "byte": f"{error.start:,}"}),)
    return assembled(Source(name, text.replace("\r\n", "\n")), read_file), ()


def check(source: Source) -> tuple[Agreement | None, tuple[Diagnostic, ...]]:
    """Every mistake of a source and of the files it refers to, in order of file and place. The agreement is None when an
    error stops compilation.
    """
    parsed = from_source(source)
    diagnostics = [*_unread(source), *parsed.diagnostics]
    agreement = None
    if parsed.file is not None:
        agreement, found, used = from_syntax(parsed.file, parsed.doubtful)
        diagnostics.extend(found)
        if agreement is not None and not diagnostics:
            diagnostics.extend(check_wording(agreement))
            diagnostics.extend(checks.check(agreement, used))
    order = {file.name: number for number, file in enumerate(source.all)}
    diagnostics.sort(key=lambda item: (*_place(item, order), item.code))
    stopped = any(severity(item) is Severity.ERROR for item in diagnostics)
    return None if stopped else agreement, tuple(diagnostics)


def _place(diagnostic: Diagnostic, order: Mapping[str, int]) -> tuple[int, int]:
    """The number of the file and the place in it; what has no place comes first."""
    span = diagnostic.span
    return (order[span.source.name], span.start) if span else (-1, 0)


def _unread(source: Source) -> Iterator[Diagnostic]:
    """References to files that are not there."""
    for file in source.all:
        for reference in file_references(file):
            found = file.files.get(reference.path) or not_found(reference.path, {})
            if isinstance(found, Unread):
                circle = tuple(Related(span, "and this leads there") for span in found.circle)
                yield Diagnostic(found.code, reference.span, found.facts, circle, found.instead)


def compile_source(source: Source, *, draft: bool = False) -> tuple[Compiled | None, tuple[Diagnostic, ...]]:
    """Compile a source; None, with the reasons, when it has errors."""
    agreement, diagnostics = check(source)
    if agreement is None:
        return None, diagnostics
    rulebook = to_rulebook(agreement)
    document = from_model(agreement)
    tallied = rulebook.model_copy(update={"tally": tally(rulebook, document)})
    shown = from_model(agreement, draft=True) if draft else document
    return Compiled(source, agreement, tallied, shown, measurability(agreement)), diagnostics


def tally(rulebook: Rulebook, document: Document) -> str:
    """The digest over both halves: canonical JSON (RFC 8785) of the rules and of the document, block by block."""
    rules = rulebook.model_dump(mode="json", exclude={"tally"})
    halves = {"rules": rules, "document": to_canonical(document)}
    return hashlib.sha256(rfc8785.dumps(halves)).hexdigest()


def rules_json(rulebook: Rulebook) -> str:
    """`rules.json`: the same bytes for the same rules."""
    return rulebook.model_dump_json(indent=2) + "\n"


# --- the machine's half --------------------------------------------------------------------------------------


def to_rulebook(agreement: Agreement) -> Rulebook:
    """The rules with their sentences, and what data they need. The tally is still empty."""
    return Rulebook(
        agreement=agreement.title,
        version=agreement.version,
        effective=agreement.effective,
        until=agreement.until,
        timezone=agreement.timezone,
        currency=agreement.currency,
        calendars=tuple(agreement.working.values()),
        environments=agreement.environments,
        parties=tuple(Party(id=p.id, name=p.name, called=p.called) for p in agreement.parties.values()),
        roles=tuple(Role(id=r.id, title=r.title, party=r.party, above=r.above) for r in agreement.roles.values()),
        terms={term.id: term.title for term in agreement.terms.values()},
        metrics=tuple(
            MetricData(id=m.id, title=m.title, unit=m.unit, dimensions=m.dimensions, places=m.places, derived=m.derived)
            for m in agreement.metrics.values()
        ),
        events=tuple(
            EventData(
                id=e.id,
                title=e.title,
                dimensions=e.dimensions,
                attributes=tuple(AttributeData(name=a.name, unit=a.unit) for a in e.attributes),
                optional=e.optional,
            )
            for e in agreement.events.values()
        ),
        records=tuple(
            RecordData(
                id=r.id,
                title=r.title,
                dimensions=r.dimensions,
                attributes=tuple(AttributeData(name=a.name, unit=a.unit) for a in r.attributes),
                optional=r.optional,
                derived=r.derived,
            )
            for r in agreement.records.values()
        ),
        rules=tuple(
            _said(agreement, item, clause.rules)
            for clause in agreement.clauses
            for item in clause.content
            if isinstance(item, Operative)
        ),
        remedies=tuple(_remedy_said(agreement, remedy, ()) for remedy in agreement.remedies),
    )


def _said(agreement: Agreement, operative: Operative, of_clause: tuple[Rule, ...]) -> Rule:
    """The rule with its sentence, and its consequences with theirs."""
    rule = operative.rule
    remedies = tuple(_remedy_said(agreement, remedy, of_clause) for remedy in rule.remedies)
    return rule.model_copy(update={"sentence": rule_sentence(agreement, operative).text, "remedies": remedies})


def _remedy_said(agreement: Agreement, remedy: Remedy, of_clause: tuple[Rule, ...]) -> Remedy:
    return remedy.model_copy(update={"sentence": remedy_sentence(agreement, remedy, of_clause).text})
