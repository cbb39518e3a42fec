"""Links lead somewhere, and a reader of the README reaches every page."""

from __future__ import annotations

import re
from pathlib import Path
from urllib.parse import unquote

import pytest

from tallystick.diagnostics.catalogue import CATALOGUE

from .pages import DOCS, ROOT, prose

README = ROOT / "README.md"
PAGES = [README, *sorted(DOCS.rglob("*.md"))]
_LINK = re.compile(r"\]\(([^)\s]+)\)")


def links(page: Path) -> list[str]:
    found = _LINK.findall(re.sub(r"`[^`\n]*`", "", prose(page.read_text(encoding="utf-8"))))
    return [link for link in found if not re.match(r"[a-z]+:", link)]


def target(page: Path, link: str) -> tuple[Path, str]:
    path, _, anchor = unquote(link).partition("#")
    return ((page.parent / path).resolve() if path else page, anchor)


def anchors(page: Path) -> set[str]:
    """The anchors that GitHub gives to headings."""
    headings = re.findall(r"^#+ (.*)$", prose(page.read_text(encoding="utf-8")), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_somewhere(page: Path) -> None:
    for link in links(page):
        path, anchor = target(page, link)
        assert path.exists(), link
        assert path.is_relative_to(ROOT), link
        assert not anchor or anchor in anchors(path), link


def test_a_reader_of_the_readme_reaches_every_page_and_code() -> None:
    reached, pending = set[Path](), [README]
    while pending:
        page = pending.pop()
        if page not in reached and page.suffix == ".md" and page.is_file():
            reached.add(page)
            pending.extend(target(page, link)[0] for link in links(page))
    assert [page for page in PAGES if page not in reached] == []
    assert [code for code in CATALOGUE if DOCS / "diagnostics" / f"{code}.md" not in reached] == []


def test_the_architecture_names_every_folder_and_no_other() -> None:
    page = (DOCS / "architecture.md").read_text(encoding="utf-8")
    house = ROOT / "src" / "tallystick"
    for folder in (house, ROOT / "tests"):
        for path in folder.iterdir():
            if path.is_dir() and any(path.glob("*.py")):
                assert f"`{path.name}/`" in page, path
    for name in re.findall(r"`([a-z_/-]+/(?:[a-z_]+\.\w+)?|[a-z_]+\.py)`", page):
        assert any((root / name).exists() for root in (house, ROOT, ROOT / "tests")), name
