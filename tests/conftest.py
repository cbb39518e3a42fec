"""Options of the tests."""

from __future__ import annotations

from typing import Any

import pytest
from xdist.scheduler import LoadScopeScheduling

# Tests of these folders run in one process, one after the other: they share a session of Spark.
TOGETHER = ("tests/spark/",)


class _ByFile(LoadScopeScheduling):  # type: ignore[misc]  # pytest-xdist ships no types
    """The tests of a file go to one process, so that what they share is made once."""

    def _split_scope(self, nodeid: str) -> str:
        file = nodeid.partition("::")[0]
        return next((folder for folder in TOGETHER if file.startswith(folder)), file)


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> LoadScopeScheduling:
    """How tests are shared out; the marks for groups of pytest-xdist 3.8 have no effect with pytest 9."""
    config.option.loadscopereorder = False  # they are in order already
    return _ByFile(config, log)


# What takes longest begins first, so that no process is left waiting for another at the end.
FIRST = (
    "tests/spark/",
    "tests/docs/test_console.py",
    "tests/signing/test_verify.py",
    "tests/cli/test_commands.py",
    "tests/reference/test_corpus.py",
    "tests/evaluation/test_state.py",
    "tests/scenarios/test_scenarios.py",
    "tests/signing/",
    "tests/document/test_house_style.py",
    "tests/document/test_redline.py",
    "tests/reference/",
    "tests/contracts/",
    "tests/test_package.py",
    "tests/reports/",
    "tests/frontend/test_recovery.py",
)

# These compare what others cover: they take twice as long where each line is counted.
NOT_COUNTED = ("tests/contracts/", "tests/docs/test_console.py", "tests/real_data/", "tests/reference/")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if item.nodeid.startswith(NOT_COUNTED):
            item.add_marker(pytest.mark.no_cover)
    items.sort(
        key=lambda item: next((place for place, at in enumerate(FIRST) if item.nodeid.startswith(at)), len(FIRST))
    )


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--snapshots", action="store_true", help="Rewrite what pages and cases expect.")


@pytest.fixture(autouse=True)
def _nothing_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every test builds anew, and leaves nothing in the cache of whoever runs it."""
    monkeypatch.setenv("TALLY_NO_CACHE", "1")
