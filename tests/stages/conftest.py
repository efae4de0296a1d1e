"""What the tests of stages share with those of the engine."""

from tests.engine.conftest import tmp

__all__ = ["tmp"]
