"""The folder that runs get, as in the tests of the engine."""

from __future__ import annotations

from tests.engine.conftest import tmp

__all__ = ["tmp"]
