"""Options of the tests."""

from __future__ import annotations

import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--snapshots", action="store_true", help="Rewrite what pages and cases expect.")
