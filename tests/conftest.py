"""Options of the tests."""

from __future__ import annotations

import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--snapshots", action="store_true", help="Rewrite what pages and cases expect.")


@pytest.fixture(autouse=True)
def _nothing_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every test builds anew, and leaves nothing in the cache of whoever runs it."""
    monkeypatch.setenv("TALLY_NO_CACHE", "1")
