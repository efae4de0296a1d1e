"""The blend of two models: what it adds up, and that it is the same everywhere."""

from __future__ import annotations

import json
import math
from collections import Counter
from pathlib import Path

import pytest
from langdetect.detector_factory import PROFILES_DIRECTORY
from langdetect.utils.ngram import NGram

from cleaner.text import blend
from cleaner.text.identifier import identifier
from cleaner.text.language import Guess, iso

SENTENCES = {
    "vi": "Hôm nay trời mưa to nên nhiều tuyến phố trong trung tâm bị ngập sâu.",
    "da": "Byrådet mødes igen i næste uge for at stemme om den nye bro, siger borgmesteren.",
    "no": "Kommunestyret møtes igjen neste uke for å stemme over den nye broen, sier ordføreren.",
    "sr": "Скупштина ће се поново састати следеће недеље да одлучи о новом мосту.",
    "eu": "Udalbatza datorren astean bilduko da berriro zubi berriari buruz erabakitzeko.",
    "ka": "საკრებულო მომავალ კვირას კვლავ შეიკრიბება ახალი ხიდის შესახებ.",
}


def reference(text: str) -> tuple[Counter[str], int]:
    """Sums of the weights of langdetect's n-grams, by its own code, letter by letter."""
    grams: list[str] = []
    walker = NGram()
    for char in text:
        walker.add_char(char)
        grams += [g for size in (1, 2, 3) if (g := walker.get(size))]
    sums: Counter[str] = Counter()
    known: set[str] = set()
    for path in sorted(Path(PROFILES_DIRECTORY).iterdir()):
        profile = json.loads(path.read_text(encoding="utf-8"))
        known |= set(profile["freq"])
        for gram in grams:
            share = profile["freq"].get(gram, 0) / profile["n_words"][len(gram) - 1]
            sums[profile["name"]] += min(
                255, round(math.log1p(share / blend._UNSEEN) * blend._UNIT / blend._STEP)
            )
    return sums, sum(gram in known for gram in grams)


@pytest.mark.slow
@pytest.mark.parametrize(
    "text",
    [
        *SENTENCES.values(),
        "NATO và EU họp ở Hà Nội, NASA thì không. Ⅷ€ ok",
        "a𝒳b 日本語のテスト 中文",
    ],
)
def test_the_grams_are_those_of_langdetect(text: str) -> None:
    """The kernel's sums are those of langdetect's own n-grams."""
    import numpy as np

    labels = tuple(sorted({iso(p.name) for p in Path(PROFILES_DIRECTORY).iterdir()}))
    profiles = blend._profiles(labels)
    sums = np.zeros(blend._COLUMNS, np.int32)
    codes = np.frombuffer(text.encode("utf-32-le"), np.uint32)
    grams = blend._add_grams(
        codes, profiles.fold, profiles.capital, profiles.places, profiles.weights, sums
    )
    wanted, count = reference(text)
    names = [p.name for p in sorted(Path(PROFILES_DIRECTORY).iterdir())]
    assert grams == count
    assert sums[: len(names)].tolist() == [wanted[name] for name in names]


@pytest.mark.parametrize("lang", SENTENCES)
def test_close_and_rare_languages(lang: str) -> None:
    """Languages that have a close relative, or no profile, are told."""
    guess = identifier("blend").identify(SENTENCES[lang])
    assert guess.lang == lang
    assert guess.score > 0.8


def test_it_knows_what_either_knows() -> None:
    """Codes of both models, in ISO 639-1; relatives are among them."""
    known = identifier("blend").languages
    assert known >= identifier("py3langid").languages
    assert known >= identifier("langdetect").languages
    assert set(blend.RELATIVES) <= known
    assert {r for relatives in blend.RELATIVES.values() for r in relatives.split()} <= known


def test_probabilities_add_up_over_long_texts_and_short() -> None:
    """A probability is one of 0 to 1; more of the same text is not less certain."""
    model = identifier("blend")
    guesses = [model.identify(SENTENCES["da"][:n]) for n in (4, 12, 40, 80)]
    assert all(0 < guess.score <= 1 for guess in guesses)
    assert guesses[-1].lang == "da"
    assert guesses[-1].score >= guesses[2].score - 0.2
    assert model.identify_many([]) == []
    assert model.identify_many(["", "12"]) == [Guess("und", 0.0)] * 2
