"""Settings of all tests."""

from __future__ import annotations

from hypothesis import settings

settings.register_profile("cleaner", deadline=None)  # the first call of a kernel compiles it
settings.load_profile("cleaner")
