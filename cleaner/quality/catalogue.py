"""All rules by name, and the sets that a config can name."""

from __future__ import annotations

from types import MappingProxyType
from typing import Final

from cleaner.quality import c4, fineweb, gopher, refinedweb

RULES: Final = MappingProxyType(
    {
        rule.name: rule
        for rules in (
            gopher.QUALITY,
            gopher.REPETITION,
            c4.DOCUMENTS,
            c4.LINES,
            fineweb.DOCUMENTS,
            refinedweb.DOCUMENTS,
            refinedweb.LINES,
        )
        for rule in rules
    }
)
"""Name → rule. A document that fails several is dropped by the first."""

SETS: Final = MappingProxyType(
    {
        "gopher": (*gopher.QUALITY, *gopher.REPETITION),
        "gopher_quality": gopher.QUALITY,
        "gopher_repetition": gopher.REPETITION,
        "c4": c4.DOCUMENTS,
        "c4_lines": c4.LINES,
        "fineweb": fineweb.DOCUMENTS,
        "refinedweb": refinedweb.DOCUMENTS,
        "refinedweb_lines": refinedweb.LINES,
    }
)
"""Set → its rules. Sets of lines cut lines, the others drop documents."""
