"""What was read from a Word file as JSON."""

from __future__ import annotations

import json
from dataclasses import asdict

from tallystick.proposals.proposal import Import


def to_json(imported: Import) -> str:
    """Proposals and what could not be mapped, in the order of the file."""
    return json.dumps(
        {
            "authors": imported.authors,
            "proposals": [asdict(each) for each in imported.proposals],
            "unmapped": [asdict(each) for each in imported.unmapped],
        },
        indent=2,
        ensure_ascii=False,
    )
