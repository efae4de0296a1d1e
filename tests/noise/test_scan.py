"""What one line looks like, and features that need the page."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cleaner.noise import columns, glyphs
from cleaner.noise.columns import NAMES
from cleaner.noise.features import Lexicon, features, ngrams, with_lexicon, with_unknown
from cleaner.noise.scan import COLUMNS, HISTOGRAM, scan
from cleaner.text.key import words as key_words

COLUMN = {name: index for index, name in enumerate(NAMES)}
PROSE = "The council of the valley met on Tuesday, and it voted to mend the old bridge at once."


def look(line: str) -> dict[str, int]:
    """Named figures of one line."""
    found = scan(pa.array([line]), np.array([0, 1]))
    assert len(found) == 1
    return dict(zip(COLUMNS, found.looks[0].tolist(), strict=False))


def of_page(lines: list[str], **known: np.ndarray) -> dict[str, list[int]]:
    """Features of the lines of one page, by name."""
    text = pa.array(lines, pa.string())
    values = features(text, np.array([0, len(lines)]), Lexicon.empty(), **known).values
    return {name: values[:, at].tolist() for name, at in COLUMN.items()}


def test_a_line_is_measured_between_its_outer_spaces() -> None:
    """Spaces and the line's end do not count, spaces inside do."""
    found = look("  Hello,  River World \r\n")
    assert found["chars"] == len("Hello,  River World")
    assert (found["tokens"], found["capitals"], found["longest_token"]) == (3, 3, 6)
    assert (found["first"], found["last"]) == (glyphs.LATIN_UPPER, glyphs.LATIN)


def test_the_end_is_found_behind_quotes_and_brackets() -> None:
    """A sentence that ends in a quotation mark has ended."""
    found = look('She said: "We go home."')
    assert (found["last"], found["end"]) == (glyphs.QUOTE, glyphs.TERMINAL)


@pytest.mark.parametrize(
    ("line", "name", "value"),
    [
        ("at 9:30 and 21:05", "times", 2),
        ("on 1/2/2021", "joined_numbers", 2),
        ("in 1999 and 2150", "years", 1),
        ("see http://a.example and www.b.example", "urls", 2),
        ("wait ...", "dots", 3),
        ("One. Two. Three.", "sentences", 2),
        ("一句。又一句。", "sentences", 1),
        ("the endMore of it and 'so'More", "glued", 2),
        ("12 345 6", "numbers", 3),
    ],
)
def test_marks_and_numbers_are_counted(line: str, name: str, value: int) -> None:
    """Each figure counts what its name says."""
    assert look(line)[name] == value


@given(st.lists(st.text(max_size=30), max_size=8))
def test_classes_cover_every_visible_code_point(lines: list[str]) -> None:
    """Spaces inside, and all other code points but absent ones, are in the histogram once."""
    table = glyphs.classes()

    def kind(char: str) -> int:
        return int(table[ord(char)]) if ord(char) < len(table) else glyphs.OTHER

    found = scan(pa.array(lines, pa.string()), np.array([0, len(lines)]))
    kept = []
    for at, line in enumerate(lines):
        kinds = [kind(c) for c in line if kind(c) != glyphs.ABSENT]
        while kinds and kinds[-1] == glyphs.SPACE:
            kinds.pop()
        while kinds and kinds[0] == glyphs.SPACE:
            kinds.pop(0)
        if kinds:
            kept.append((at, kinds))
    assert found.where.tolist() == [at for at, _ in kept]
    for row, (_, kinds) in enumerate(kept):
        counts = np.bincount(kinds, minlength=glyphs.CLASSES)
        assert found.looks[row, HISTOGRAM:].tolist() == counts.tolist()
        assert found.looks[row, 0] == len(kinds)


def test_bytes_that_are_not_utf8_are_read_safely() -> None:
    """Damaged bytes at the end of the buffer are no reason to read beyond it."""
    offsets = np.array([0, 3, 5], np.int32)
    buffers = [None, pa.py_buffer(offsets), pa.py_buffer(b"a\xf0\x9fb\xe4")]
    found = scan(pa.StringArray.from_buffers(2, *buffers[1:]), np.array([0, 2]))
    assert found.looks[:, 0].tolist() == [3, 2]


def test_pages_must_tile_the_lines() -> None:
    """Pages that leave lines out are an error of the caller."""
    with pytest.raises(ValueError, match="tile"):
        scan(pa.array(["a", "b"]), np.array([0, 1]))
    with pytest.raises(ValueError, match="2 counts for 1"):
        features(pa.array(["a"]), np.array([0, 1]), Lexicon.empty(), np.zeros(2, np.int32))


def test_blank_lines_do_not_exist() -> None:
    """The neighbours of a line are the next ones with text."""
    with_blanks = of_page(["Home", "", PROSE, " \t", "More"])
    without = of_page(["Home", PROSE, "More"])
    assert with_blanks == without


def test_repeats_in_the_page_are_counted_with_numbers_folded() -> None:
    """Spaces do not matter; numbers do for one count and not for the other."""
    found = of_page(["Page 1", "Page  1", "Page 22", "Other"])
    assert found["repeats"] == [2, 2, 1, 1]
    assert found["folded_repeats"] == [3, 3, 3, 1]


def test_words_shared_with_the_prose_lift_the_headline() -> None:
    """A headline has the words of the text below it; a menu line has not."""
    found = of_page(["Small ads", "Council to mend old bridge", PROSE, PROSE + " Yes.", "Contact"])
    assert found["shared_words"][1] == 5
    assert found["shared_words"][0] == found["shared_words"][4] == 0
    assert found["shared_lead"][1] == 0 > found["shared_lead"][0]
    assert found["shared_rank"] == [1, 0, -1, -1, -1]
    assert found["zone"] == [0, 0, 1, 1, 0]


def test_neighbours_beyond_the_page_are_minus_one() -> None:
    """A page never sees the lines of the next one."""
    text = pa.array(["Home page", PROSE, "Next page here"])
    values = features(text, np.array([0, 2, 3]), Lexicon.empty()).values
    assert values[:, COLUMN["words_+1"]].tolist() == [len(key_words(PROSE)), -1, -1]
    assert values[:, COLUMN["words_-1"]].tolist() == [-1, 2, -1]
    assert values[:, COLUMN["page_lines"]].tolist() == [2, 2, 1]


@given(st.lists(st.lists(st.sampled_from(["Home", PROSE, "a, b", "1 2", "新闻", ""])), max_size=4))
def test_a_page_has_the_same_features_in_any_batch(pages: list[list[str]]) -> None:
    """Features depend on the page alone, not on what shares its batch."""
    lines = [line for page in pages for line in page]
    first = np.cumsum([0, *map(len, pages)])
    whole = features(pa.array(lines, pa.string()), first, Lexicon.empty()).values.tolist()
    alone = [
        row
        for page in pages
        for row in features(
            pa.array(page, pa.string()), np.array([0, len(page)]), Lexicon.empty()
        ).values.tolist()
    ]
    assert whole == alone


def test_the_lexicon_speaks_for_words_and_pairs() -> None:
    """Mean, highest and lowest value of the words that it knows."""
    text = pa.array(["read more", "more read"])
    words = scan(text, np.array([0, 2])).words
    line, hashes = ngrams(words)
    assert line.tolist() == [0, 0, 1, 1, 0, 1]
    lexicon = Lexicon(np.zeros(1 << 12, np.uint32), np.zeros(1 << 12, np.int16))
    for word, value in ((hashes[0], 500), (hashes[4], -2000)):
        slot = int(word >> np.uint64(52))
        lexicon.check[slot] = word & np.uint64(0xFFFFFFFF)
        lexicon.value[slot] = value
    found = features(text, np.array([0, 2]), lexicon)
    assert found.values[:, COLUMN["lexicon"]].tolist() == [-750, 500]
    assert found.values[:, COLUMN["lexicon_low"]].tolist() == [-2000, 0]
    again = with_lexicon(features(text, np.array([0, 2]), Lexicon.empty()), lexicon)
    assert (again.values == found.values).all()


def test_counts_that_are_hidden_look_unknown() -> None:
    """Hiding counts gives the features of a batch where nobody counted."""
    lines = ["Home", PROSE, "More"]
    counts = np.array([900, 0, 300], np.int32)
    text, first = pa.array(lines), np.array([0, 3])
    known = features(text, first, Lexicon.empty(), counts, counts, counts)
    assert known.values[:, COLUMN["repeats_host"]].tolist() == [900, 0, 300]
    hidden = with_unknown(known, repeats=np.ones(3, bool), rules=np.ones(3, bool))
    plain = features(text, first, Lexicon.empty(), rules=np.zeros(3, np.int32))
    assert (hidden.values == plain.values).all()


def test_a_page_of_one_endless_line_is_measured() -> None:
    """Values beyond what a feature holds count as its most."""
    found = of_page(["word, " * 50_000])
    assert found["words"] == [columns.MOST]
    assert found["commas"] == [columns.MOST]


def test_an_empty_batch_has_no_features() -> None:
    """No lines, no rows."""
    empty = features(pa.array([], pa.string()), np.array([0]), Lexicon.empty())
    assert empty.values.shape == (0, len(NAMES))
