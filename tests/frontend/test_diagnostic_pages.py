"""Every diagnostic has a page, and the examples on it do what the page says."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tallystick.compilation import check, load
from tallystick.diagnostics.catalogue import CATALOGUE
from tallystick.diagnostics.diagnostic import Severity
from tallystick.resources import resource
from tallystick.source import Source
from tallystick.syntax.from_source import MAXIMUM_CHARACTERS

PAGES = {path.stem: path for path in resource("docs", "diagnostics").glob("T*.md")}
RULE = "provider must perform deployment at least every 30 days."
FENCE = re.compile(r"```msa ?(\w*)\n(.*?)```", re.DOTALL)
FILE = re.compile(r"```file ([\w./-]+)\n(.*?)```", re.DOTALL)
RECIPE = re.compile(r"^The file `([\w./-]+)` (.*)$", re.MULTILINE)


def base() -> str:
    fences = FENCE.findall(resource("docs", "diagnostics", "README.md").read_text(encoding="utf-8"))
    found: str = next(text for info, text in fences if info == "base")
    return found


def whole(info: str, text: str) -> str:
    """The example as a whole file."""
    match info:
        case "clause":
            return base().replace("DECLARATIONS", "").replace("CLAUSE", text)
        case "declarations":
            return base().replace("DECLARATIONS", text).replace("CLAUSE", RULE)
        case _:
            return text


def section(code: str, title: str) -> str:
    text: str = PAGES[code].read_text(encoding="utf-8")
    return text.split(f"## {title}\n")[1].split("\n## ", maxsplit=1)[0]


def example(code: str, title: str, folder: Path) -> Source:
    """The example with the files that stand beside it, or are described in words, as a folder gives them."""
    info, text = FENCE.findall(section(code, title))[0]
    path = folder / f"{code}.msa"
    path.write_text(whole(info, text), encoding="utf-8")
    for name, text in FILE.findall(section(code, title)):
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")
    for name, recipe in RECIPE.findall(section(code, title)):
        write_recipe(recipe, folder / name)
    source, _ = load(path)
    assert source is not None
    return source


def write_recipe(recipe: str, path: Path) -> None:
    """Make the file that a page describes in words."""
    if "bytes" in recipe:
        path.write_bytes(bytes.fromhex(re.findall(r"`((?:[0-9a-f]{2} ?)+)`", recipe)[0]))
    elif "characters" in recipe:
        path.write_text(" " * int(re.findall(r"`([\d,]+) characters`", recipe)[0].replace(",", "")))


def test_every_code_has_a_page_and_no_page_is_without_a_code() -> None:
    assert set(PAGES) == set(CATALOGUE)


@pytest.mark.parametrize("code", sorted(CATALOGUE))
def test_page_has_its_title_and_sections(code: str) -> None:
    text = PAGES[code].read_text(encoding="utf-8")
    assert text.startswith(f"# {code}: {CATALOGUE[code].title}\n")
    assert re.findall(r"^## (.*)$", text, re.MULTILINE) == ["Wrong", "Why", "Right"]


@pytest.mark.parametrize("code", sorted(CATALOGUE))
def test_wrong_example_gives_this_mistake_and_no_other_error(code: str, tmp_path: Path) -> None:
    if FENCE.search(section(code, "Wrong")):
        agreement, found = check(example(code, "Wrong", tmp_path))
    else:
        path = tmp_path / "agreement.msa"
        write_recipe(section(code, "Wrong"), path)
        source, found = load(path)
        agreement, found = check(source) if source else (None, found)
    errors = {item.code for item in found if CATALOGUE[item.code].severity is Severity.ERROR}
    assert code in {item.code for item in found}
    assert errors <= {code}
    assert (agreement is None) == bool(errors)


@pytest.mark.parametrize("code", sorted(CATALOGUE))
def test_right_example_compiles_without_it(code: str, tmp_path: Path) -> None:
    agreement, found = check(example(code, "Right", tmp_path))
    assert agreement is not None
    assert code not in {item.code for item in found}


def test_the_limit_on_the_page_is_the_limit() -> None:
    assert f"{MAXIMUM_CHARACTERS + 1:,} characters" in section("T0110", "Wrong")
