"""Several files: how they are found, what is refused, and that the attachments of a PDF lead to them again."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tallystick.compilation import check, load
from tallystick.source import Source, Unread
from tallystick.sources import MAXIMUM_DEPTH, MAXIMUM_FILES, assembled, attachments, from_attachments, not_found
from tallystick.syntax.references import file_references


def given(name: str, texts: dict[str, str]) -> Source:
    return assembled(
        Source(name, texts[name]), lambda other: texts[other] if other in texts else not_found(other, texts)
    )


def problems(source: Source) -> list[tuple[str, str]]:
    """Codes and places of what is wrong with files."""
    _, found = check(source)
    return [(item.code, f"{item.span}") for item in found if item.code.startswith("T012")]


def test_every_statement_that_names_a_file_is_a_reference() -> None:
    text = '''# use "comment.msa".
use "a.msa". use library "retention" with { days = 3. }
amendment 2 to "b.msa" { }   order "OF-1" under "c.msa" { }
article "use" { """ use "prose.msa". """ clause c { provider must use "not.msa". } use "d.msa". }'''
    found = [reference.path for reference in file_references(Source("x.msa", text))]
    assert found == ["a.msa", "@library/retention.msa", "b.msa", "c.msa", "d.msa"]


def test_paths_are_those_of_the_file_that_names_them() -> None:
    source = given(
        "deals/one/main.msa",
        {
            "deals/one/main.msa": 'use "../../common/a.msa".',
            "common/a.msa": 'use "b.msa".',
            "common/b.msa": "",
        },
    )
    assert [file.name for file in source.all] == ["deals/one/main.msa", "common/a.msa", "common/b.msa"]
    assert problems(source) == []


def test_a_file_is_read_once_however_many_name_it() -> None:
    texts = {"a.msa": 'use "b.msa". use "c.msa".', "b.msa": 'use "d.msa".', "c.msa": 'use "d.msa".', "d.msa": ""}
    read: list[str] = []

    def reading(name: str) -> str:
        read.append(name)
        return texts[name]

    source = assembled(Source("a.msa", texts["a.msa"]), reading)
    assert read == ["b.msa", "d.msa", "c.msa"]
    assert [file.name for file in source.all] == ["a.msa", "b.msa", "d.msa", "c.msa"]


def test_a_missing_file_says_where_it_was_looked_for_and_what_is_close(tmp_path: Path) -> None:
    (tmp_path / "clauses").mkdir()
    (tmp_path / "clauses" / "retention.msa").write_text("")
    (tmp_path / "a.msa").write_text('use "clauses/retentoin.msa".')
    source, _ = load(tmp_path / "a.msa")
    assert source is not None
    missing = next(item for item in check(source)[1] if item.code == "T0120")
    assert missing.facts["looked"] == f"at {tmp_path}/clauses/retentoin.msa"
    assert missing.facts["help"].endswith("; that folder has retention.msa")


def test_a_library_that_is_not_shipped_is_looked_for_in_the_library(tmp_path: Path) -> None:
    (tmp_path / "a.msa").write_text('use library "incident-respons".')
    source, _ = load(tmp_path / "a.msa")
    assert source is not None
    missing = next(item for item in check(source)[1] if item.code == "T0120")
    assert (missing.facts["file"], missing.facts["looked"]) == ("incident-respons", "in the clause library")
    assert missing.facts["help"] == "Write one of it: incident-response"


def test_a_source_alone_knows_no_other_file() -> None:
    assert problems(Source("a.msa", 'use "b.msa".')) == [("T0120", "a.msa:1:5")]


@pytest.mark.parametrize(
    "path",
    [
        "/etc/passwd.msa", "rules.json", "a.msa/", ".msa", "~/a.msa", "C:/a.msa", "a\\\\b.msa", "@library/a.msa",
        "x/@library/a.msa", "..", "http://example.com/a.msa", "a//b.msa",
    ],
)  # fmt: skip
def test_only_relative_paths_of_agreement_files_are_read(path: str) -> None:
    def reading(name: str) -> str:
        raise AssertionError(name)

    source = assembled(Source("a.msa", f'use "{path}".'), reading)
    assert problems(source) == [("T0121", "a.msa:1:5")]


@pytest.mark.parametrize("name", ["../secret", "a/b", "", "A", "a.msa", "@library/a"])
def test_a_shipped_library_is_named_without_a_path(name: str) -> None:
    source = assembled(Source("a.msa", f'use library "{name}".'), lambda other: "")
    assert problems(source) == [("T0121", "a.msa:1:13")]


def test_a_circle_names_every_place_of_it() -> None:
    source = given("a.msa", {"a.msa": 'use "b.msa".', "b.msa": 'use "c.msa".', "c.msa": 'use "b.msa".'})
    circle = next(item for item in check(source)[1] if item.code == "T0122")
    assert circle.facts["circle"] == "b.msa → c.msa → b.msa"
    assert [f"{circle.span}", *(f"{each.span}" for each in circle.related)] == ["c.msa:1:5", "b.msa:1:5"]
    assert problems(given("a.msa", {"a.msa": 'use "a.msa".'})) == [("T0122", "a.msa:1:5")]


def test_files_may_not_refer_to_each_other_without_end() -> None:
    source = assembled(Source("0.msa", 'use "1.msa".'), lambda name: f'use "{int(name[:-4]) + 1}.msa".')
    assert problems(source) == [("T0123", f"{MAXIMUM_DEPTH}.msa:1:5")]


def test_there_may_not_be_files_without_end() -> None:
    text = "".join(f'use "{number}.msa". ' for number in range(MAXIMUM_FILES + 1))
    assert [code for code, _ in problems(assembled(Source("a.msa", text), lambda name: ""))] == ["T0123"]


def test_all_files_together_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tallystick.sources.MAXIMUM_BYTES", 10)
    source = assembled(Source("a.msa", 'use "b.msa". use "c.msa".'), lambda name: "# 45678")
    assert problems(source) == [("T0123", "a.msa:1:18")]


def test_only_regular_files_of_text_are_read(tmp_path: Path) -> None:
    (tmp_path / "secret.txt").write_text("secret")
    (tmp_path / "link.msa").symlink_to(tmp_path / "secret.txt")
    os.mkfifo(tmp_path / "pipe.msa")
    (tmp_path / "folder.msa").mkdir()
    (tmp_path / "bytes.msa").write_bytes(b"ab\xff")
    names = ("link", "pipe", "folder", "bytes")
    (tmp_path / "a.msa").write_text("".join(f'use "{name}.msa".\n' for name in names))
    source, _ = load(tmp_path / "a.msa")
    assert source is not None
    assert [(code, place[-3:]) for code, place in problems(source)] == [("T0124", f"{line}:5") for line in range(1, 5)]
    assert all(isinstance(file, Unread) for file in source.files.values())


def test_mistakes_are_sorted_by_file_and_place() -> None:
    source = given("z.msa", {"z.msa": 'use "b.msa".\nuse "x.msa".', "b.msa": '\n\nuse "y.msa".'})
    assert problems(source) == [("T0120", "z.msa:2:5"), ("T0120", "b.msa:3:5")]


@pytest.mark.parametrize("main", ["main.msa", "deals/one/main.msa", "/home/x/deals/one/main.msa", "../main.msa"])
def test_attachments_lead_to_the_same_files(main: str) -> None:
    folder = main[: main.rfind("/") + 1]
    up = os.path.normpath(f"{folder}../../common/a.msa")
    texts = {
        main: 'use "../../common/a.msa". use "b.msa".',
        up: 'use "agreement/c.msa".',
        f"{folder}b.msa": "# b",
        os.path.normpath(f"{folder}../../common/agreement/c.msa"): "# c",
    }
    source = given(main, texts)
    carried = attachments(source)
    assert list(carried) == [
        "agreement-/agreement-/main.msa",
        "common/a.msa",
        "common/agreement/c.msa",
        "agreement-/agreement-/b.msa",
    ]
    again = from_attachments(carried)
    assert again is not None
    assert [file.text for file in again.all] == [file.text for file in source.all]
    assert attachments(again) == carried


def test_a_file_alone_is_attached_under_its_own_name() -> None:
    assert attachments(Source("/home/x/agreement.msa", "text")) == {"agreement.msa": "text"}


def test_attachments_without_one_beginning_are_no_source() -> None:
    assert from_attachments({"a.msa": "", "b.msa": ""}) is None
    assert from_attachments({}) is None
