"""`tally schema`: the published form of rules.json."""

from __future__ import annotations

import json

from tallystick.cli.console import out
from tallystick.cli.main import KEPT
from tallystick.rules.rulebook import Rulebook


def print_schema() -> int:
    """Print the JSON schema of the rulebook."""
    out.file.write(json.dumps(Rulebook.model_json_schema(), indent=2) + "\n")
    return KEPT
