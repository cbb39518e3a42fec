"""Own wording is allowed only where it cites every measurable part of the sentence it replaces."""

from __future__ import annotations

from collections.abc import Iterator

from tallystick.diagnostics.diagnostic import Diagnostic
from tallystick.model.agreement import Agreement, Dormant, Operative, Reference, Target
from tallystick.prose.from_rule import part_names


def check_wording(agreement: Agreement) -> tuple[Diagnostic, ...]:
    """One mistake for each wording that leaves a part out, or cites one that its sentence has not."""
    said = (item for clause in agreement.clauses for item in clause.content)
    all_ = (item.operative if isinstance(item, Dormant) else item for item in said)
    operatives = (item for item in all_ if isinstance(item, Operative))
    return tuple(found for item in operatives for found in _check(agreement, item))


def _check(agreement: Agreement, operative: Operative) -> Iterator[Diagnostic]:
    if operative.worded is None:
        return
    cited = {
        part.id: part for part in operative.worded.parts if isinstance(part, Reference) and part.target is Target.PART
    }
    wanted = part_names(agreement, operative.rule)
    listed = ", ".join(f"{{{name}}}" for name in wanted)
    missing = [f"{{{name}}}" for name in wanted if name not in cited]
    if missing:
        yield Diagnostic("T0505", operative.worded.span, {"missing": ", ".join(missing), "parts": listed})
    for name, part in cited.items():
        if name not in wanted:
            yield Diagnostic("T0506", part.span, {"part": name, "parts": listed})
