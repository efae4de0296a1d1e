"""Turns a heap of scraped text into a training corpus that its owner can defend.

`clean` one text, `run` a config, `load_config` with all its faults at once, `restore` a document of
a run. Each is imported when it is first used, so `import cleaner` costs nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cleaner.api import clean, run
    from cleaner.config.load import load as load_config
    from cleaner.io.restore import restore

__version__ = "0.1.0"
__all__ = ["__version__", "clean", "load_config", "restore", "run"]


def __getattr__(name: str) -> object:
    """Import a public name where it lives."""
    homes = {
        "clean": ("cleaner.api", "clean"),
        "run": ("cleaner.api", "run"),
        "load_config": ("cleaner.config.load", "load"),
        "restore": ("cleaner.io.restore", "restore"),
    }
    if name not in homes:
        raise AttributeError(f"module 'cleaner' has no attribute {name!r}")
    import importlib

    module, attribute = homes[name]
    value: object = getattr(importlib.import_module(module), attribute)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
