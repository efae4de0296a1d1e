"""What of a run must not be shown: the one place that hides it, in texts, rows and originals."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from cleaner.pii.hit import VEIL
from cleaner.stages.base import Stage

HIDING_STAGES = "hiding_stages"
"""The key of a run's manifest that names the stages of plugins which hide values."""


@dataclass(frozen=True, slots=True)
class Veil:
    """Hides what some stages took out as secret; nothing, if there are no such stages.

    Whatever it returns is as long as what it was given, so that spans stay true.

    Attributes:
        stages: names of the stages whose rows of the ledger are secret.
        hiders: what hides the same in any text.
    """

    stages: frozenset[str] = frozenset()
    hiders: tuple[Callable[[str], str], ...] = ()

    def __bool__(self) -> bool:
        return bool(self.hiders)

    def __or__(self, other: Veil) -> Veil:
        """Hides what either hides."""
        return Veil(self.stages | other.stages, self.hiders + other.hiders)

    def text(self, text: str) -> str:
        """A text that may hold such values."""
        for hide in self.hiders:
            text = hide(text)
        return text

    def before(self, stage: str, text: str) -> str:
        """What stood somewhere before a stage acted there."""
        return VEIL * len(text) if stage in self.stages else self.text(text)

    def value(self, value: Any) -> Any:
        """A text, or texts within lists and mappings; other values as they are."""
        if not self:
            return value
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, Mapping):
            return {key: self.value(item) for key, item in value.items()}
        if isinstance(value, list | tuple):
            return type(value)(self.value(item) for item in value)
        if isinstance(value, bytes | bytearray):
            return self.text(bytes(value).decode("utf-8", "backslashreplace"))
        return value

    def rows(self, rows: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
        """Rows of the ledger of one document: `stage, action, start, end, step, before, after`, ….

        What an earlier stage did at the place of a secret is hidden as a whole: a repair, say, of
        letters that a value is spelled with.
        """
        if not self:
            return [dict(row) for row in rows]
        secret = [row for row in rows if row["stage"] in self.stages]
        return [self._row(row, secret) for row in rows]

    def original(self, text: str, rows: Sequence[Mapping[str, Any]]) -> str:
        """The original of a document, from the rows of the ledger that it has."""
        if not self:
            return text
        parts, at = [], 0
        for start, end in sorted((r["start"], r["end"]) for r in rows if r["stage"] in self.stages):
            if end > at:
                parts += [text[at : max(at, start)], VEIL * (end - max(at, start))]
                at = end
        return self.text("".join([*parts, text[at:]]))

    def _row(self, row: Mapping[str, Any], secret: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
        before, after = self.before(row["stage"], row["before"]), row["after"]
        if row["stage"] not in self.stages:
            after = self.text(after)
            if row["action"] != "drop" and any(_is_under(row, other) for other in secret):
                before, after = VEIL * len(before), VEIL * len(after)
        reason = {"reason": self.value(row["reason"])} if "reason" in row else {}
        return {**row, "before": before, "after": after, **reason}


def _is_under(row: Mapping[str, Any], later: Mapping[str, Any]) -> bool:
    """Whether a row did something where a later one acted."""
    overlaps = row["start"] < later["end"] and later["start"] < row["end"]
    return bool(overlaps and row["step"] < later["step"])


def veil_of(stages: Iterable[Stage | None]) -> Veil:
    """What hides the secrets of these stages."""
    found = [(stage.name, hide) for stage in stages if stage and (hide := stage.hides())]
    return Veil(frozenset(name for name, _ in found), tuple(hide for _, hide in found))
