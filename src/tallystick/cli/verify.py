"""`tally verify`: whether the paper, the rules and the signatures belong together."""

from __future__ import annotations

import json
from pathlib import Path

from rich.table import Table

from tallystick.cli.console import err, fail, house_style_or_none, out
from tallystick.cli.main import COULD_NOT_RUN, FOUND, KEPT
from tallystick.document.to_pdf import PdfUnavailable

_STYLES = {"holds": "green", "fails": "bold red", "unknown": "bold yellow"}


def verify_file(
    file: Path,
    rules: Path | None,
    trust: list[Path],
    style: str | None,
    original: Path | None,
    *,
    unsigned: bool,
    deep: bool,
    as_json: bool,
) -> int:
    """Examine a PDF. Exit code: 0 yes, 1 no or not proven, 2 it could not be examined."""
    try:
        from tallystick.signing.verify import NotReadable, verify
    except ImportError:
        fail("Verifying needs pyHanko. Install it with: pip install 'tallystick[sign]'")
        return COULD_NOT_RUN
    from tallystick.signing.proof import Outcome

    looked_at = None if style is None else house_style_or_none(style)
    if style is not None and looked_at is None:
        return COULD_NOT_RUN
    try:
        raw = file.read_bytes()
        given = rules.read_bytes() if rules else None
        built = original.read_bytes() if original else None
        authorities = [each.read_bytes() for each in trust]
    except OSError as error:
        fail(f"{error.filename} cannot be read: {error.strerror}.")
        return COULD_NOT_RUN
    try:
        with err.status("printing the sources again"):
            proof = verify(raw, given, authorities, looked_at, built, unsigned=unsigned, deep=deep)
    except (NotReadable, PdfUnavailable) as reason:
        fail(f"{file} cannot be examined: {reason}")
        return COULD_NOT_RUN
    if as_json:
        data = {
            "verdict": proof.outcome.value,
            "line": proof.line,
            "agreement": proof.title,
            "tally": proof.tally,
            "checks": [{"name": c.name, "outcome": c.outcome.value, "says": c.says} for c in proof.checks],
            "signatures": [
                {
                    "field": s.field,
                    "place": s.place,
                    "by": s.by or None,
                    "issuer": s.issuer or None,
                    "at": s.at.isoformat() if s.at else None,
                    "timestamped": s.timestamped,
                }
                for s in proof.signatures
            ],
        }
        out.print(json.dumps(data, indent=2, ensure_ascii=False), soft_wrap=True)
    else:
        table = Table("Check", "", "Why", box=None, pad_edge=False, padding=(0, 2, 0, 0), show_edge=False)
        for check in proof.checks:
            word = {"holds": "yes", "fails": "no", "unknown": "?"}[check.outcome.value]
            table.add_row(check.name, word, check.says, style=_STYLES[check.outcome.value])
        for signed in (each for each in proof.signatures if each.by and each.at):
            clock = "a timestamping authority" if signed.timestamped else "the signer's own clock"
            table.add_row(f"time of {signed.by}", "", f"{signed.at:%Y-%m-%d %H:%M:%S %Z}, by {clock}")
        out.print(table)
        out.print()
        out.print(proof.line, style=_STYLES[proof.outcome.value], soft_wrap=True)
    return KEPT if proof.outcome is Outcome.HOLDS else FOUND
