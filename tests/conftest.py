"""Settings of all tests."""

from __future__ import annotations

import pytest
from hypothesis import settings

settings.register_profile("cleaner", deadline=None)  # the first call of a kernel compiles it
settings.load_profile("cleaner")


def pytest_addoption(parser: pytest.Parser) -> None:
    """`--golden=write` writes the golden files anew instead of comparing with them."""
    parser.addoption("--golden", default="", help="write: write the golden files anew")
