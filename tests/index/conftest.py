"""What the tests of indexes share with those of the engine."""

from tests.engine.conftest import tmp

__all__ = ["tmp"]
