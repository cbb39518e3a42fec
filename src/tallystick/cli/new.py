"""`tally new`: an agreement from a shipped one, with data, that builds and evaluates at once."""

from __future__ import annotations

import shutil
from difflib import get_close_matches
from pathlib import Path

from tallystick.cli.console import fail, out
from tallystick.cli.main import COULD_NOT_RUN, KEPT
from tallystick.resources import resource


def templates() -> dict[str, Path]:
    """The shipped templates by name."""
    folder = resource("templates", "agreements")
    return {path.name: path for path in sorted(folder.iterdir()) if (path / "agreement.msa").is_file()}


def new_agreement(folder: Path, template: str) -> int:
    """Make a folder from a template. Exit code: 0 made, 2 the folder exists or there is no such template."""
    known = templates()
    if template not in known:
        close = get_close_matches(template, known, 1)
        hint = f" Did you mean “{close[0]}”?" if close else f" There are: {', '.join(known)}."
        fail(f"There is no template “{template}”.{hint}")
        return COULD_NOT_RUN
    if folder.exists():
        fail(f"{folder} exists already; choose another name.")
        return COULD_NOT_RUN
    try:
        shutil.copytree(known[template], folder)
    except OSError as error:
        fail(f"{folder} cannot be made: {error}.")
        return COULD_NOT_RUN
    out.print(f"Made {folder} from the template {template}. Now:")
    out.print(f"  tally build {folder}/agreement.msa -o {folder}/build")
    for under in sorted(folder.glob("*/*.msa")):
        out.print(f"  tally build {under} -o {folder}/build/{under.stem}")
    out.print(f"  tally evaluate {folder}/agreement.msa --as-of 2027-07-01")
    return KEPT
