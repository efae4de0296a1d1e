"""Languages by langdetect, made to repeat itself.

Its profiles are loaded in a fixed order (it reads them as the file system lists them), and its dice
start anew for every text.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

from cleaner.text.language import DECIMALS, UNKNOWN, Guess, excerpt, iso, version_of


class ProfileIdentifier:
    """langdetect, made to repeat itself."""

    def __init__(self, max_chars: int) -> None:
        self._factory = _profiles()
        self._max_chars = max_chars

    @property
    def version(self) -> str:
        """Library, its version, and that of this wrapper."""
        return version_of("langdetect")

    @property
    def languages(self) -> frozenset[str]:
        """Every code that it can answer, besides `und`."""
        return frozenset(iso(label) for label in self._factory.get_lang_list())

    def identify(self, text: str) -> Guess:
        """The language of one text; `und`, 0.0 where there is no letter, or none that it knows."""
        from langdetect.lang_detect_exception import LangDetectException

        text = excerpt(text, self._max_chars)
        if not text:
            return UNKNOWN
        detector = self._factory.create()  # takes the seed along: the dice start anew
        detector.append(text)
        try:
            found = detector.get_probabilities()
        except LangDetectException:  # no n-gram that it knows
            return UNKNOWN
        shares: dict[str, float] = {}
        for guess in found:
            shares[iso(guess.lang)] = shares.get(iso(guess.lang), 0.0) + guess.prob
        if not shares:
            return UNKNOWN
        ranked = sorted((-round(min(p, 1.0), DECIMALS), lang) for lang, p in shares.items())
        return Guess(ranked[0][1], -ranked[0][0])

    def identify_many(self, texts: Sequence[str]) -> list[Guess]:
        """The same for several."""
        return [self.identify(text) for text in texts]


@lru_cache(maxsize=1)
def _profiles() -> Any:
    """A factory of our own: the library's global one belongs to whoever else uses it."""
    from langdetect.detector_factory import PROFILES_DIRECTORY, DetectorFactory

    files = sorted(
        p for p in Path(PROFILES_DIRECTORY).iterdir() if p.is_file() and p.name[0] != "."
    )
    factory = DetectorFactory()
    profiles = [p.read_text(encoding="utf-8") for p in files]
    factory.load_json_profile([json.dumps(json.loads(p)) for p in profiles])
    factory.set_seed(0)
    return factory
