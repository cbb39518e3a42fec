"""What the tutorials and the README tell a reader to do works, in order, and shows what they show.

In a page, a `console` block holds commands after `$ ` with what they print (a line `…` stands for anything); a `diff` block changes the
file that its first line names; a block of any other language with a file's name after it writes that file (`msa` with a name
quotes from it); a `python` block runs, and prints what the `text` block after it shows.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path

import pytest

from tallystick.document.to_pdf import PdfUnavailable, _weasyprint

from .pages import DOCS, ROOT, Fence, fences

PAGES = [ROOT / "README.md", DOCS / "tutorial-lawyer.md", DOCS / "tutorial-engineer.md"]
STUB = f"""#!{sys.executable}
import sys
sys.path.insert(0, {str(ROOT / "src")!r})
from tallystick.cli.main import main
main()
"""
ANYTHING = "…"
TALLY = re.compile(r"\btally [0-9a-f]{16,64}\b")
LAYOUT = re.compile(r"[\s\u2500-\u257f]+")


@dataclass
class Reader:
    """Somebody who follows a page in a folder of their own."""

    home: Path
    place: Path
    code: int = 0
    printed: str = ""

    def run(self, command: str) -> str:
        """Run one command in the current folder; a command that fails otherwise than by findings is a mistake of the page."""
        state = self.home / ".place"
        script = f"(exit {self.code})\n{command}\ncode=$?\npwd > {state}\nexit $code\n"
        environment = {
            "PATH": os.pathsep.join([str(self.home / "bin"), str(Path(sys.executable).parent), os.environ["PATH"]]),
            "HOME": str(self.home),
            "COLUMNS": "110",
            "LANG": "C.UTF-8",
            "PYTHONPATH": os.pathsep.join([str(ROOT / "src"), os.environ.get("PYTHONPATH", "")]),
        }
        done = subprocess.run(
            ["sh", "-c", script],
            cwd=self.place,
            env=environment,
            text=True,
            stdout=-1,
            stderr=subprocess.STDOUT,
            check=False,
        )
        assert done.returncode <= (1 if command.startswith("tally") else 0), f"{command}\n{done.stdout}"
        assert "Traceback" not in done.stdout, done.stdout
        self.code = done.returncode
        self.place = Path(state.read_text().strip())
        return "\n".join(line.rstrip() for line in done.stdout.rstrip().splitlines())


@pytest.fixture
def reader(tmp_path: Path) -> Reader:
    stub = tmp_path / "bin" / "tally"
    stub.parent.mkdir()
    stub.write_text(STUB)
    stub.chmod(0o755)
    work = tmp_path / "work"
    work.mkdir()
    return Reader(tmp_path, work)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_a_reader_can_follow(page: Path, reader: Reader, request: pytest.FixtureRequest) -> None:
    try:
        _weasyprint()
    except PdfUnavailable as missing:
        pytest.skip(str(missing))
    text = page.read_text(encoding="utf-8")
    found = list(fences(text))
    followed = [follow(reader, fence) for fence in found]
    if request.config.getoption("--snapshots"):
        for fence, new in reversed(list(zip(found, followed, strict=True))):
            head = text[fence.start : text.index("\n", fence.start) + 1]
            text = text[: fence.start] + head + new + "```" + text[fence.end :]
        page.write_text(text, encoding="utf-8")
        return
    for fence, new in zip(found, followed, strict=True):
        assert TALLY.sub("tally", new) == TALLY.sub("tally", fence.text), f"line {fence.line}"
    shown_on_page = TALLY.findall("".join(fence.text for fence in found))
    printed = TALLY.findall("".join(followed))
    for one, other in combinations(range(len(printed)), 2):
        same = alike(printed[one], printed[other])
        assert alike(shown_on_page[one], shown_on_page[other]) is same, "make snapshots: one agreement has two tallies"


def alike(one: str, other: str) -> bool:
    """Whether two tallies, of which one may be cut, are of one agreement."""
    return one.startswith(other) or other.startswith(one)


def follow(reader: Reader, fence: Fence) -> str:
    """Do what the block says; gives the block as it should be."""
    match fence.language:
        case "console":
            return "".join(console(reader, fence.text))
        case "diff":
            patch(reader.place / fence.about, fence.text)
        case "python":
            (reader.home / "script.py").write_text(fence.text)
            reader.printed = reader.run(f"python {reader.home / 'script.py'}")
        case "text":
            return shown(fence.text, reader.printed)
        case "msa" if fence.about and (reader.place / fence.about).is_file():
            assert fence.text in (reader.place / fence.about).read_text(encoding="utf-8"), f"line {fence.line}"
        case _ if fence.about:
            (reader.place / fence.about).parent.mkdir(parents=True, exist_ok=True)
            (reader.place / fence.about).write_text(fence.text, encoding="utf-8")
        case _:
            pass
    return fence.text


def console(reader: Reader, block: str) -> Iterator[str]:
    for step in re.findall(r"^\$ .*\n(?:(?!\$ ).*\n)*", block, re.MULTILINE):
        command, _, output = step.partition("\n")
        printed = reader.run(command.removeprefix("$ "))
        yield command + "\n" + (shown(output, printed) if output.strip() else output)


def shown(expected: str, printed: str) -> str:
    """What a page should show: what it shows already when that says what was printed, else what was printed. Tallies
    are those that were printed."""
    tallies = iter(TALLY.findall(printed))
    expected = TALLY.sub(lambda found: next(tallies, found[0]), expected)
    if ANYTHING not in expected.splitlines():
        return expected if said(expected) == said(printed) else printed + "\n"
    lines = said(expected)
    pattern = "".join("(?:.*\n)*" if line == ANYTHING else re.escape(line) + "\n" for line in lines)
    assert re.fullmatch(pattern, "".join(f"{line}\n" for line in said(printed))), f"{expected}\n--- printed:\n{printed}"
    return expected


def said(output: str) -> list[str]:
    """The lines of an output without the layout of tables, and without a tally: a change of any word changes that."""
    lines = (LAYOUT.sub(" ", TALLY.sub("tally", line)).strip() for line in output.splitlines())
    return [line for line in lines if line]


def patch(file: Path, diff: str) -> None:
    """Apply a block of a diff: its lines stand in the file exactly once."""
    lines = diff.splitlines(keepends=True)
    before = "".join(line[2:] or "\n" for line in lines if line[0] in " -\n")
    after = "".join(line[2:] or "\n" for line in lines if line[0] in " +\n")
    text = file.read_text(encoding="utf-8")
    assert text.count(before) == 1, f"{file.name} does not have once:\n{before}"
    file.write_text(text.replace(before, after), encoding="utf-8")
