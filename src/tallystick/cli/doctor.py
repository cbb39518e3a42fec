"""`tally doctor`: what this installation lacks, what for, and how to install it here."""

from __future__ import annotations

import json
import os
import platform
import re
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from enum import StrEnum
from importlib.metadata import PackageNotFoundError, requires, version
from shutil import which

from rich.table import Table

from tallystick.cli.console import out
from tallystick.cli.main import FOUND, KEPT
from tallystick.document.house_style import shipped_styles
from tallystick.document.libraries import how_to_install
from tallystick.document.to_pdf import PdfUnavailable, producer

PACKAGE = "tallystick"


class State(StrEnum):
    """`OPTIONAL` is something that is missing and that not everybody needs."""

    OK = "ok"
    MISSING = "missing"
    OPTIONAL = "optional"


@dataclass(frozen=True)
class Symptom:
    """One thing that was looked at: what there is or what does not work without it, and how to install it."""

    name: str
    state: State
    says: str
    install: str = ""


def examine() -> Iterator[Symptom]:
    """Everything that the commands need, in order."""
    yield Symptom("Python", State.OK, f"{platform.python_version()} on {platform.system()} {platform.machine()}")
    yield from _packages()
    yield _pdf()
    yield _fonts()
    yield from (_extra(extra) for extra in sorted({extra for _, extra in _requirements() if extra} - {"dev"}))


def _packages() -> Iterator[Symptom]:
    lacking = _lacking(None)
    if lacking:
        yield Symptom("packages", State.MISSING, f"Missing: {', '.join(lacking)}.", f"pip install {PACKAGE}")
    else:
        yield Symptom("packages", State.OK, f"{PACKAGE} {version(PACKAGE)} with all that it needs")


def _pdf() -> Symptom:
    try:
        return Symptom("PDF", State.OK, producer())
    except PdfUnavailable:
        says = "No PDF can be made: Pango or HarfBuzz is missing. Word, HTML, Markdown and rules are made without them."
        return Symptom("PDF", State.MISSING, says, how_to_install().removeprefix("Install them with: "))


def _fonts() -> Symptom:
    fonts = [font for folder in shipped_styles().values() for font in sorted(folder.glob("fonts/*.woff2"))]
    broken = [font.name for font in fonts if font.read_bytes()[:4] != b"wOF2"]
    if broken or not fonts:
        says = f"Fonts of the shipped styles are missing or damaged: {', '.join(broken) or 'all'}."
        return Symptom("fonts", State.MISSING, says, f"pip install --force-reinstall {PACKAGE}")
    return Symptom("fonts", State.OK, f"{len(fonts)} shipped with the house styles; none of the system is used")


def _extra(extra: str) -> Symptom:
    lacking = _lacking(extra)
    if lacking:
        install = f"pip install '{PACKAGE}[{extra}]'"
        return Symptom(f"[{extra}]", State.OPTIONAL, f"Not installed: {', '.join(lacking)}.", install)
    if extra == "spark" and which("java") is None and "JAVA_HOME" not in os.environ:
        says = "Spark runs on Java 17 or newer, which is not there."
        return Symptom(f"[{extra}]", State.OPTIONAL, says, "apt-get install default-jre-headless, or another Java")
    return Symptom(f"[{extra}]", State.OK, "installed")


def _lacking(extra: str | None) -> list[str]:
    """The packages that are not installed of those that this one needs, or that one of its extras needs."""
    return [name for name, wanted_by in _requirements() if wanted_by == extra and not _installed(name)]


def _requirements() -> list[tuple[str, str | None]]:
    return [_required(line) for line in requires(PACKAGE) or ()]


def _required(line: str) -> tuple[str, str | None]:
    """`pyHanko>=0.38; extra == "sign"`: the name of the package, and the extra that wants it."""
    name = re.match(r"[A-Za-z0-9._-]+", line)
    extra = re.search(r"""extra == ['"]([^'"]+)""", line)
    return name[0] if name else line, extra[1] if extra else None


def _installed(name: str) -> bool:
    try:
        version(name)
    except PackageNotFoundError:
        return False
    return True


def print_symptoms(*, as_json: bool) -> int:
    """Show what was found. Exit code: 0 nothing is missing but what is optional, 1 something is."""
    found = list(examine())
    if as_json:
        out.print(json.dumps([asdict(each) for each in found], indent=2, ensure_ascii=False), soft_wrap=True)
    else:
        _show(found)
    return FOUND if any(each.state is State.MISSING for each in found) else KEPT


def _show(found: list[Symptom]) -> None:
    styles = {State.OK: "", State.MISSING: "bold red", State.OPTIONAL: "yellow"}
    table = Table("What", "", "Why", box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for each in found:
        table.add_row(each.name, each.state.value, each.says, style=styles[each.state])
    out.print(table)
    for each in found:
        if each.install:
            out.print(f"\n{each.name}: {each.install}", soft_wrap=True)
