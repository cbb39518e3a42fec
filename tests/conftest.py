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
    return _ByFile(config, log)


# These compare what others cover: they take twice as long where each line is counted.
NOT_COUNTED = ("tests/contracts/", "tests/docs/test_console.py", "tests/real_data/", "tests/reference/")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if item.nodeid.startswith(NOT_COUNTED):
            item.add_marker(pytest.mark.no_cover)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--snapshots", action="store_true", help="Rewrite what pages and cases expect.")


@pytest.fixture(autouse=True)
def _nothing_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every test builds anew, and leaves nothing in the cache of whoever runs it."""
    monkeypatch.setenv("TALLY_NO_CACHE", "1")
