"""Many texts at a time: the same answers as one by one, and as py3langid itself."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cleaner.text.identifier import identifier
from cleaner.text.language import UNDETERMINED, excerpt, excerpts, iso

SENTENCES = (
    "một ngày mới bắt đầu ở thành phố the bridge will open again der Rat trifft sich heute une "
    "nouvelle route sera ouverte мост откроют снова 橋が開く 100 2024 đường"
)
TEXTS = st.lists(st.sampled_from(SENTENCES.split(" ")) | st.text(max_size=8), max_size=40).map(
    " ".join
)


@lru_cache(maxsize=1)
def library() -> Any:
    """py3langid, with probabilities."""
    from py3langid.langid import MODEL_FILE, LanguageIdentifier

    return LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)


@settings(max_examples=150, deadline=None)
@given(TEXTS)
def test_the_library_gives_the_same(text: str) -> None:
    """Label and probability are py3langid's: integers replace its 32-bit sums, nothing else."""
    cut = excerpt(text, 10_000)
    guess = identifier("py3langid", 10_000).identify(text)
    if not cut or guess.lang == UNDETERMINED:
        return
    ranked = [(iso(lang), score) for lang, score in library().rank(cut)]
    best = sum(score for lang, score in ranked if lang == guess.lang)
    others: dict[str, float] = {}
    for lang, score in ranked:
        others[lang] = others.get(lang, 0.0) + score
    assert best >= max(others.values()) - 2e-3
    assert guess.score == pytest.approx(best, abs=2e-3)


@settings(max_examples=50, deadline=None)
@given(st.lists(TEXTS, max_size=30))
def test_many_are_as_one_by_one(texts: list[str]) -> None:
    """What lies beside a text does not matter, nor how many go side by side."""
    model = identifier()
    assert model.identify_many(texts) == [model.identify(text) for text in texts]


def test_a_text_with_very_many_features() -> None:
    """Counts above the levels that are added together, and long texts, give py3langid's answer."""
    model = identifier("py3langid", 10_000_000)
    text = "the bridge will open again " * 3000 + " ".join(chr(c) for c in range(0x61, 0x24F)) * 50
    lang, score = library().classify(text)
    guess = model.identify(text)
    assert guess.lang == lang
    assert guess.score == pytest.approx(score, abs=2e-3)


@given(st.lists(st.text(max_size=150) | st.none(), max_size=10), st.integers(1, 40))
def test_excerpts_are_those_of_each_text(texts: list[str | None], max_chars: int) -> None:
    """A column gives what its texts give one by one, also where the first letter comes late."""
    texts = [*texts, "1" * 200 + "abc", "." * 63 + "xyz", "." * 64 + "xyz"]
    column = pa.array(texts, pa.string())
    assert excerpts(column, max_chars) == [excerpt(t or "", max_chars) for t in texts]
