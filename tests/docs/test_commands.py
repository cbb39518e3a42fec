"""docs/commands.md shows the help of each command as it is, and every command."""

from __future__ import annotations

import os
import re
import subprocess
import sys

import pytest
import typer.main

from tallystick.cli.main import app

from .pages import DOCS, ROOT, fences

FILE = DOCS / "commands.md"
PAGE = FILE.read_text(encoding="utf-8")
BLOCKS = [fence for fence in fences(PAGE) if fence.language == "console"]
COMMANDS = sorted(typer.main.get_command(app).commands)  # type: ignore[attr-defined]
# Boxes, blanks, capitals and the names that typer gives to types differ from version to version.
LAYOUT = re.compile(r"[\s\u2500-\u257f]+|<[\w|\[\]]+>|[\[\]{}|]")


def helped(command: str) -> str:
    """What `tally … --help` prints in a window of 80 columns."""
    arguments = command.removeprefix("$ tally ").split()
    environment = {"PATH": os.environ["PATH"], "COLUMNS": "80", "LANG": "C.UTF-8", "PYTHONPATH": str(ROOT / "src")}
    call = [sys.executable, "-c", "from tallystick.cli.main import main; main()", *arguments]
    done = subprocess.run(call, env=environment, text=True, capture_output=True, check=True)
    return "\n".join(line.rstrip() for line in done.stdout.strip().splitlines()) + "\n"


def words(text: str) -> list[str]:
    return LAYOUT.sub(" ", text.lower()).split()


def test_help_is_shown_as_it_is(request: pytest.FixtureRequest) -> None:
    page = PAGE
    for block in reversed(BLOCKS):
        command, _, shown = block.text.partition("\n")
        printed = helped(command)
        if request.config.getoption("--snapshots"):
            page = f"{page[: block.start]}```console\n{command}\n{printed}```{page[block.end :]}"
        else:
            assert words(shown) == words(printed), command
    if request.config.getoption("--snapshots"):
        FILE.write_text(page, encoding="utf-8")


def test_every_command_is_documented() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    shown = [block.text.splitlines()[0] for block in BLOCKS]
    assert shown[0] == "$ tally --help"
    assert sorted(shown[1:]) == [f"$ tally {command} --help" for command in COMMANDS]
    for command in COMMANDS:
        assert f"| `tally {command}" in readme
