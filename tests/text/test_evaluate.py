"""Scores of repair and of languages against gold."""

from __future__ import annotations

from collections.abc import Sequence

from cleaner.text.evaluate import as_dict, evaluate_language, evaluate_text
from cleaner.text.language import Guess
from cleaner.text.legacy import encode

LINE = "Nhiều người đã đến từ sớm để xem buổi diễn."
DOCUMENT = "Hà Nội, ngày mười hai tháng ba\nquyết định của bộ trưởng về việc này\n"


class Fixed:
    """Tells every text to be in one language."""

    version = "fixed"
    languages = frozenset({"no", "vi"})

    def __init__(self, lang: str) -> None:
        self._lang = lang

    def identify(self, text: str) -> Guess:
        """Its one answer."""
        del text
        return Guess(self._lang, 1.0)

    def identify_many(self, texts: Sequence[str]) -> list[Guess]:
        """The same for all."""
        return [self.identify(text) for text in texts]


def test_repairs_are_counted_by_kind() -> None:
    """Exact lines and right words, of each mechanism; a wrong gold lowers both."""
    garbled = LINE.encode().decode("latin-1")
    rows = [
        {"mechanism": "latin1", "noisy_text": garbled, "gold_text": LINE},
        {"mechanism": "latin1", "noisy_text": garbled, "gold_text": LINE.replace("sớm", "xa")},
        {"mechanism": "none", "noisy_text": "tiếng", "gold_text": "TIẾNG"},
    ]
    scores, cases = evaluate_text(rows)
    assert cases.cases == 0
    latin = scores["latin1"]
    assert (latin.texts, latin.exact, latin.words, latin.right_words) == (2, 1, 20, 19)
    assert (scores["none"].right_words, scores["none"].wrong_case) == (0, 1)
    assert latin.healthy_changed == 0


def test_documents_in_legacy_encodings() -> None:
    """A document counts as a whole: its lines are read again together."""
    legacy = encode(DOCUMENT.lower(), "tcvn3").decode("cp1252")
    row = {"encoding": "tcvn3", "legacy_text": legacy, "gold_text": DOCUMENT}
    scores, _ = evaluate_text([row])
    score = scores["tcvn3"]
    assert (score.texts, score.exact) == (1, 0)
    assert score.words == 15
    assert (score.right_words, score.wrong_case) == (13, 2)


def test_healthy_gold_that_is_changed_counts() -> None:
    """A repair that touches the gold itself is a fault of the repair."""
    scores, _ = evaluate_text([{"mechanism": "x", "noisy_text": "a", "gold_text": "it\x92s"}])
    assert scores["x"].healthy_changed == 1


def test_cases_of_ftfy_are_compared_with_ftfy() -> None:
    """Right in both, in one, in none; each difference is listed with both results."""
    rows = [
        {"label": "plain", "original": "doesnâ€™t", "fixed": "doesn't"},
        {"label": "quote", "original": 'ngá»\x9d á"\x9f BÃ¬nh', "fixed": "ngờ ở Bình"},
        {"label": "hopeless", "original": "a?b", "fixed": "aéb"},
    ]
    _, score = evaluate_text(rows)
    assert (score.cases, score.both, score.ours_only) == (3, 1, 1)
    assert (score.theirs_only, score.neither) == (0, 1)
    (difference,) = score.differences
    assert difference["case"] == "quote"
    assert difference["ours"] == "ngờ ở Bình" != difference["ftfy"]


def test_languages_by_kind() -> None:
    """Accuracy of all and of those that the back end knows; both Norwegians are one."""
    rows = [
        {"kind": "words", "lang": "nn", "text": "a"},
        {"kind": "words", "lang": "nb", "text": "b"},
        {"kind": "words", "lang": "vi", "text": "c"},
        {"kind": "words", "lang": "xh", "text": "d"},
        {"kind": "lines", "lang": "vi", "text": "e"},
    ]
    scores = evaluate_language(rows, Fixed("no"))
    assert list(scores) == ["lines", "words"]
    words = scores["words"]
    assert (words.texts, words.right, words.known_texts, words.known_right) == (4, 2, 3, 2)
    assert words.by_language == {"no": (2, 2), "vi": (1, 0), "xh": (1, 0)}
    assert words.confusions == [("vi", "no", 1), ("xh", "no", 1)]
    assert words.by_score == [(0, 0)] * 9 + [(4, 2)]
    assert as_dict(words)["right"] == 2
