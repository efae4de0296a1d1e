"""The rules: published bounds, and documents on either side of each."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cleaner.quality.catalogue import RULES, SETS
from cleaner.quality.measures import Measures
from cleaner.quality.words import LANGUAGES, SPACED, UNSPACED, distinct_stop_words
from cleaner.text.words import count_words

PROSE = (
    "The ferry left the harbour at nine, and it was late. People that had come with bags waited.\n"
    "Nobody knew what to do. A child asked its father for bread. He had none to give!\n"
    "Later a second boat arrived. It took all of them over the bay before the rain began.\n"
)


def value(name: str, text: str, lang: str | None = "en") -> float:
    """What a rule measures."""
    rule = RULES[name]
    found = rule.value(Measures(pa.array([text], pa.string()), [lang]), rule.size or 0)
    return float(found[0])


def fails(name: str, text: str, lang: str | None = "en") -> bool:
    """Whether a document fails a rule with its own bounds."""
    rule = RULES[name]
    return bool(rule.fails(np.array([value(name, text, lang)]), rule.min, rule.max)[0])


FAILING = {
    "gopher_word_count": "Too short to be of use.",
    "gopher_mean_word_length": "incomprehensibilities " * 60,
    "gopher_hashes": "#one #two three " * 20,
    "gopher_ellipses": "and... then… " * 20,
    "gopher_bullet_lines": "• one\n- two\n" * 10,
    "gopher_ellipsis_lines": "what comes...\nwhat goes…\nwhat stays\n",
    "gopher_alpha_words": "1 2 3 4 word 5 6 7",
    "gopher_stop_words": "Boat harbour ferry bread rain bay.",
    "gopher_duplicate_paragraphs": "one\n\none\n\none\n",
    "gopher_duplicate_paragraph_chars": "one two\n\nthree\n\none two\n",
    "gopher_duplicate_lines": "one\none\ntwo\n",
    "gopher_duplicate_line_chars": "a long line here\na\nb\nc\na long line here\n",
    "gopher_top_2_gram": "to be or to be",
    "gopher_top_3_gram": "to be or to be or",
    "gopher_top_4_gram": "to be or not to be or not",
    **{
        f"gopher_duplicate_{n}_grams": " ".join(f"w{i}" for i in range(12)) * 2 + " end"
        for n in (5, 6, 7, 8, 9, 10)
    },
    "c4_lorem_ipsum": "Here is Lorem Ipsum as a text.\n",
    "c4_curly_bracket": "Here is a { in the text.\n",
    "c4_sentences": "One sentence stands here. Two sentences stand here.\n",
    "c4_no_terminal_mark": "home\nnews\nsport\n",
    "c4_short_line": "Home.\nNews.\nSport.\n",
    "c4_long_word": "a" * 1001,
    "c4_javascript": "Please enable JavaScript to go on.\n",
    "c4_policy": "See our Privacy Policy and our Terms of Use.\n",
    "fineweb_terminal_lines": "home\nnews\nsport\n",
    "fineweb_short_lines": "home\nnews\nsport\n",
    "fineweb_duplicate_line_chars": "home\nnews\nhome\n",
    "fineweb_new_lines": "home\nnews\nsport\n",
    "refinedweb_flagged_words": "HOME NEWS\n" + PROSE[:60],
    "refinedweb_upper_line": "ALL IS LOUD\nLOUD\nquiet\n",
    "refinedweb_number_line": "12 345\n2019\nquiet\n",
    "refinedweb_counter_line": "3 likes\n1.2K views\nquiet\n",
    "refinedweb_one_word_line": "Home\nNews\nquiet words\n",
    "refinedweb_phrase_line": "Sign in\nRead more...\n2 items in cart\nquiet\n",
}


@pytest.mark.parametrize("name", RULES)
def test_what_fails_and_what_passes(name: str) -> None:
    """Each rule has a document that it drops; prose passes all."""
    assert fails(name, FAILING[name])
    assert not fails(name, PROSE)


def test_published_bounds() -> None:
    """The numbers of the papers."""
    bounds = {name: (rule.min, rule.max) for name, rule in RULES.items()}
    assert bounds["gopher_word_count"] == (50, 100_000)
    assert bounds["gopher_mean_word_length"] == (3, 10)
    assert [bounds[f"gopher_top_{n}_gram"][1] for n in (2, 3, 4)] == [0.20, 0.18, 0.16]
    assert [bounds[f"gopher_duplicate_{n}_grams"][1] for n in range(5, 11)] == [
        *(0.15, 0.14, 0.13, 0.12, 0.11, 0.10)
    ]
    assert bounds["c4_sentences"] == (5, None)
    assert bounds["fineweb_terminal_lines"] == (0.12, None)
    assert bounds["fineweb_duplicate_line_chars"] == (None, 0.1)
    assert bounds["refinedweb_flagged_words"] == (None, 0.05)
    assert all(rule.source for rule in RULES.values())
    assert {rule.name for rules in SETS.values() for rule in rules} == set(RULES)


@pytest.mark.parametrize(
    ("name", "text", "expected"),
    [
        ("gopher_word_count", "Một hai ba.", 3),
        ("gopher_word_count", "漢字です", 4),
        ("gopher_mean_word_length", "one three", 4),
        ("gopher_hashes", "# a b c", 0.25),
        ("gopher_bullet_lines", "• a\n\nb\n", 0.5),
        ("gopher_alpha_words", "a b 3 .", 0.5),
        ("gopher_top_2_gram", "ab ab ab", 10 / 8),
        ("c4_sentences", "He said so. Then he left.\nno mark at the end\nTwo here?\n", 2),
        ("c4_curly_bracket", "no mark at its end {\n", 0),
        ("fineweb_short_lines", "a" * 31 + "\n" + "b" * 30, 0.5),
        ("fineweb_new_lines", "a b\nc d\n", 0.5),
    ],
)
def test_values(name: str, text: str, expected: float) -> None:
    """What is measured, on texts small enough to count by hand."""
    assert value(name, text) == pytest.approx(expected)


def test_text_without_spaces_has_no_word_length() -> None:
    """Gopher's bounds are about words between spaces: other scripts pass."""
    text = "吾輩は猫である。名前はまだ無い。どこで生れたかとんと見当がつかぬ。"
    assert np.isnan(value("gopher_mean_word_length", text, "ja"))
    assert not fails("gopher_mean_word_length", text, "ja")
    assert not fails("c4_long_word", text * 100, "ja")
    assert not fails("gopher_stop_words", text, "ja")


STOPS = {
    "en": "It is the end of the day.",
    "vi": "Đây là con đường của làng và của xã.",
    "es": "La casa de la playa es grande y blanca.",
    "pt": "A casa de praia não é do João.",
    "fr": "Le chat est dans la maison et il dort.",
    "de": "Der Hund und die Katze sind in dem Haus.",
    "id": "Rumah itu ada di desa dan tidak besar.",
    "ru": "Дом стоит на горе, и он не большой.",
    "zh": "这是我的书。",
    "ja": "私は本を読みます。",
    "ko": "이 책은 좋은 것 및 더 있다",
    "th": "บ้านของฉันและเธอไม่อยู่ในเมือง",
    "ar": "البيت في المدينة من القديم على الجبل",
}


@pytest.mark.parametrize("lang", LANGUAGES)
def test_stop_words_of_each_language(lang: str) -> None:
    """A sentence has two of its language's words; where it is unknown the best list counts."""
    found = distinct_stop_words(pa.array([STOPS[lang]] * 3), [lang, None, "und"])
    assert found.min() >= 2
    assert len((SPACED | UNSPACED)[lang].split()) >= 8


def test_a_language_without_a_list_is_not_judged() -> None:
    """No list, no verdict."""
    assert np.isnan(value("gopher_stop_words", "Kedvenc könyvem ez.", "hu"))
    assert not fails("gopher_stop_words", "Kedvenc könyvem ez.", "hu")


@given(st.lists(st.text(max_size=50), max_size=4))
def test_any_text_has_values(texts: list[str]) -> None:
    """No text makes a rule raise; a document's values do not depend on the batch."""
    clean = [t.encode("utf-8", "ignore").decode() for t in texts]
    measures = Measures(pa.array(clean, pa.string()), [None] * len(clean))
    assert np.array_equal(measures.n_words, count_words(pa.array(clean, pa.string())))
    for rule in RULES.values():
        found = np.asarray(rule.value(measures, rule.size or 0), float)
        assert found.shape == (len(clean),)
        if clean:
            alone = Measures(pa.array(clean[-1:], pa.string()), [None])
            last = np.asarray(rule.value(alone, rule.size or 0), float)
            assert np.array_equal(last, found[-1:], equal_nan=True)


def test_c4_without_the_mark_at_the_end_of_a_line() -> None:
    """FineWeb's use of C4's rules: with size 0 all lines count."""
    text = "Here is { in a line\nOne more line. And another\n"
    measures = Measures(pa.array([text]), ["en"])
    for name, with_mark, without in (("c4_sentences", 0, 3), ("c4_curly_bracket", 0, 1)):
        rule = RULES[name]
        assert [rule.value(measures, size).tolist() for size in (1, 0)] == [[with_mark], [without]]
