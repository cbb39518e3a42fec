"""The parser from tables that were kept is the one that made them."""

from __future__ import annotations

from pathlib import Path

import pytest

from tallystick.resources import resource
from tallystick.source import Source
from tallystick.syntax.builder import Builder
from tallystick.syntax.from_source import _NamesAnywhere
from tallystick.syntax.inlined import InlinedParser
from tallystick.syntax.tables import parser_of

GRAMMAR = resource("grammar", "tallystick.lark").read_text(encoding="utf-8")
FLAGSHIP = resource("contracts", "ai-governance-msa", "agreement.msa").read_text(encoding="utf-8")


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.delenv("TALLY_NO_CACHE", raising=False)
    return tmp_path / "tallystick"


def parsed() -> object:
    builder = Builder()
    builder.of(Source("agreement.msa", FLAGSHIP))
    return parser_of(GRAMMAR, builder, _NamesAnywhere()).parse(FLAGSHIP)


def test_kept_tables_give_the_same_tree(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made = parsed()
    assert [each.suffix for each in cache.iterdir()] == [".json"]
    monkeypatch.setattr(InlinedParser, "__init__", None)  # nothing is made again
    assert parsed() == made


@pytest.mark.parametrize(
    "wrong", ["", "{", "[]", "{}", '{"data": {}, "memo": {}}', '{"data": {"rules": 1}, "memo": 2}']
)
def test_damaged_tables_are_made_again(cache: Path, wrong: str) -> None:
    made = parsed()
    (place,) = cache.iterdir()
    length = place.stat().st_size
    place.write_text(wrong, encoding="utf-8")
    assert parsed() == made
    assert abs(place.stat().st_size - length) < length // 100  # sets of Lark have no order


def test_nothing_is_kept_where_that_is_not_wanted_or_not_safe(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TALLY_NO_CACHE", "1")
    parsed()
    assert not cache.exists()
    monkeypatch.delenv("TALLY_NO_CACHE")
    cache.mkdir()
    cache.chmod(0o777)
    parsed()
    assert not [*cache.iterdir()]


def test_few_grammars_are_kept(cache: Path) -> None:
    cache.mkdir(mode=0o700)
    for number in range(12):
        (cache / f"grammar-{number}.json").write_text("{}", encoding="utf-8")
    parsed()
    assert len([*cache.glob("grammar-*.json")]) == 8
