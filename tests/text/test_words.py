import sys
import unicodedata

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cleaner.text import codepoints, key
from cleaner.text.mix import mix64, splitmix
from cleaner.text.words import (
    EMPTY_KEY,
    algorithm,
    count_words,
    key_hash,
    key_hash128,
    word_hashes,
)

ALPHABET = (
    "aoeuyhqtAOUY ,.–“_0123٣๑\u0300\u0301\u0302\u0303\u0309\u0323\u0344\u0345ạấđờßﬁŉİΐᾳΣ"
    "漢〇かガｶﾞกเ็ກຳខ្មែမြ한각ᄀ\u200b\u200d\u00ad\ufe0f\U000e0100\U000e0001😀𝒜𐐀\U0002f800\U00031350"
)
TEXT = st.text(
    st.one_of(st.sampled_from(ALPHABET), st.characters(exclude_categories=["Cs"])), max_size=60
)
TEXTS = st.lists(TEXT, max_size=12)
PINNED_WORDS = [0x8BDDD310B151EF3C, 0xD3C62D26F9BD4241, 0x6165E8B519135E64]
PINNED_KEY = [0xC6F529AFC6E6A895, 0x09ECAAF8A108CDA8]


def hashes(texts: list[str], **options: bool) -> list[list[int]]:
    """Word hashes as lists."""
    return [row.tolist() for row in word_hashes(pa.array(texts, pa.string()), **options)]


@settings(deadline=None)  # the first call compiles
@given(TEXTS, st.booleans())
def test_same_words_have_same_hashes(texts: list[str], fold_digits: bool) -> None:
    """The words are those of the reference; equal words, and only they, have equal hashes."""
    meaning: dict[int, str] = {}
    value: dict[str, int] = {}
    rows = hashes(texts, fold_digits=fold_digits)
    for text, row in zip(texts, rows, strict=True):
        expected = key.words(text, fold_digits=fold_digits)
        assert len(expected) == len(row)
        for word, number in zip(expected, row, strict=True):
            assert meaning.setdefault(number, word) == word
            assert value.setdefault(word, number) == number


@settings(deadline=None)  # the first call compiles
@given(TEXT)
def test_spelling_does_not_matter(text: str) -> None:
    """Normalisation forms, and the key itself, hash as the text does."""
    spelled = [text, unicodedata.normalize("NFC", text), unicodedata.normalize("NFD", text)]
    rows = hashes([*spelled, key.key_text(text)])
    assert all(row == rows[0] for row in rows)
    assert hashes([text], fold_digits=True) == hashes([key.key_text(text, fold_digits=True)])


@pytest.mark.slow
def test_every_code_point_agrees_with_the_reference() -> None:
    """Each code point, between two letters, gives the reference's words."""
    for start in range(0, sys.maxunicode + 1, 0x2000):
        if 0x22000 <= start < 0x2E000 or 0x32000 <= start < 0xE0000 or start >= 0xE2000:
            continue  # nothing but ideographs, or nothing
        points = [p for p in range(start, start + 0x2000) if not 0xD800 <= p < 0xE000]
        texts = [f"x{chr(p)}y" for p in points]
        expected = [key.words(t) for t in texts]
        counts = count_words(pa.array(texts))
        assert counts.tolist() == [len(w) for w in expected]
        spelled = word_hashes(pa.array([" ".join(w) for w in expected]))
        assert word_hashes(pa.array(texts)).values.tolist() == spelled.values.tolist()


def test_tables_know_every_kind() -> None:
    """The kinds that were looked up in bulk are those of the reference."""
    kinds = codepoints.kinds()
    assert all(
        kinds[p] == key.kind(chr(p)) for p in range(codepoints.LIMIT) if not 0xD800 <= p < 0xE000
    )
    low, high = codepoints.ABSENT_PLANE
    beyond = range(codepoints.LIMIT, sys.maxunicode + 1, 7)
    assert all((key.kind(chr(p)) == key.ABSENT) == (low <= p < high) for p in beyond)


@settings(deadline=None)  # the first call compiles
@given(TEXTS, st.integers(0, 4), st.integers(0, 4), st.booleans())
def test_slices_hash_as_wholes_do(texts: list[str], skip: int, drop: int, large: bool) -> None:
    """A slice of an array, of 32- or 64-bit offsets, gives the same rows."""
    array = pa.array(texts, pa.large_string() if large else pa.string())
    part = array.slice(skip, max(0, len(texts) - skip - drop))
    assert [row.tolist() for row in word_hashes(part)] == hashes(part.to_pylist())
    assert key_hash(part).tolist() == key_hash(pa.array(part.to_pylist(), pa.string())).tolist()


def test_null_has_no_words() -> None:
    """A null is like an empty text, also inside a slice."""
    array = pa.array(["ab", None, "c d", None]).slice(1)
    assert count_words(array).tolist() == [0, 2, 0]
    assert word_hashes(array).counts.tolist() == [0, 2, 0]
    assert (key_hash(array) == EMPTY_KEY).tolist() == [True, False, True]


def test_empty_array_gives_empty_result() -> None:
    """No texts, or texts without bytes, are no special case."""
    assert len(word_hashes(pa.array([], pa.string()))) == 0
    assert key_hash128(pa.array([], pa.large_string())).shape == (0, 2)
    assert word_hashes(pa.array(["", ""])).counts.tolist() == [0, 0]


@settings(deadline=None)  # the first call compiles
@given(TEXTS, st.booleans())
def test_key_hash_is_a_function_of_the_key(texts: list[str], fold_digits: bool) -> None:
    """Two texts have one key hash if and only if their keys are equal; empty keys are known."""
    keys = [key.key_text(t, fold_digits=fold_digits) for t in texts]
    long = key_hash128(pa.array(texts, pa.string()), fold_digits=fold_digits)
    short = key_hash(pa.array(texts, pa.string()), fold_digits=fold_digits)
    assert short.tolist() == long[:, 0].tolist()
    assert len(set(short.tolist())) == len(set(map(tuple, long.tolist()))) == len(set(keys))
    assert (short == EMPTY_KEY).tolist() == [k == "" for k in keys]
    assert count_words(pa.array(texts, pa.string())).tolist() == [len(key.words(t)) for t in texts]


def test_order_of_words_counts() -> None:
    """A key is a sequence of words, not a bag; cutting a word differently changes it."""
    found = key_hash(pa.array(["a b", "b a", "ab", "a a b", "a b b"]))
    assert len(set(found.tolist())) == 5


@pytest.mark.parametrize("length", [1, 7, 8, 9, 15, 16, 17, 63, 64, 65, 127, 128, 129, 1000])
@pytest.mark.parametrize("letter", ["k", "ế", "漢", "é"])
def test_words_of_any_length_at_any_place(length: int, letter: str) -> None:
    """Blocks of 64 bytes and short pieces that are remembered leave no seams."""
    word = letter * length
    for lead in (0, 1, 47, 48, 55, 56, 62, 63, 64):
        text = "." * lead + word + " end"
        (row,) = hashes([text])
        assert row == [h for w in key.words(text) for h in hashes([w])[0]]


def test_many_words_of_one_letter_fit() -> None:
    """The result grows when the first guess at its size is too small."""
    found = word_hashes(pa.array(["a b " * 5000, "", "漢" * 3000, "c"]))
    assert found.counts.tolist() == [10000, 0, 3000, 1]
    assert len(set(found.values.tolist())) == 4


def test_long_repetitions_differ() -> None:
    """Words of one letter, repeated, all differ: there is no period in the hash."""
    assert len({hashes(["a" * n])[0][0] for n in range(1, 400)}) == 399


@settings(deadline=None)  # the first call compiles
@given(st.lists(st.binary(max_size=40), min_size=1, max_size=6))
def test_bytes_that_are_not_utf8_stay_inside_their_row(rows: list[bytes]) -> None:
    """Damaged bytes give some words, but those of a row depend on that row alone."""
    offsets = np.cumsum([0, *map(len, rows)]).astype(np.int32)

    def array(data: bytes, ends: np.ndarray) -> pa.Array:
        buffers = [None, pa.py_buffer(ends.tobytes()), pa.py_buffer(data)]
        return pa.Array.from_buffers(pa.string(), len(ends) - 1, buffers)

    together = word_hashes(array(b"".join(rows), offsets))
    for row, found in zip(rows, together, strict=True):
        alone = word_hashes(array(row, np.array([0, len(row)], dtype=np.int32)))
        assert alone.values.tolist() == found.tolist()


def test_damaged_offsets_are_refused() -> None:
    """Offsets outside the bytes end in an error, not in foreign memory."""
    ends = np.array([0, 900, 3], dtype=np.int32)
    buffers = [None, pa.py_buffer(ends.tobytes()), pa.py_buffer(b"abc")]
    with pytest.raises(ValueError, match="offsets"):
        word_hashes(pa.Array.from_buffers(pa.string(), 2, buffers))


@pytest.mark.parametrize(
    "wrong", [pa.array([1]), pa.array([b"a"]), ["a"], pa.chunked_array([["a"]])]
)
def test_other_types_are_refused(wrong: object) -> None:
    """Only arrays of strings are hashed."""
    with pytest.raises(TypeError, match="string"):
        word_hashes(wrong)


def test_values_are_pinned() -> None:
    """Hashes that were written once are never another: `algorithm` must change with them."""
    assert mix64(np.uint64(1)) == 0x5692161D100B05E5
    assert splitmix(np.array([0, 1], dtype=np.uint64)).tolist() == [
        0xE220A8397B1DCDAF,
        0x910A2DEC89025CC1,
    ]
    assert algorithm() == f"words-1 unicode-{unicodedata.unidata_version}"
    assert hashes(["Hòa ﬁ 漢"]) == [PINNED_WORDS]
    assert key_hash128(pa.array(["Hòa ﬁ 漢"])).tolist() == [PINNED_KEY]


@given(
    st.lists(
        st.text(
            st.sampled_from("aZ09_ .-\néđạộ×÷“’\u0301\u200b\u00adßΩж中あ한ﬁ😀"),
            max_size=300,
        )
    )
)
def test_counting_agrees_with_hashing(texts: list[str]) -> None:
    """`count_words` looks closely at few characters, and counts what `word_hashes` hashes."""
    column = pa.array(texts, pa.string())
    assert count_words(column).tolist() == word_hashes(column).counts.tolist()


def test_what_is_counted_without_a_look_is_letters() -> None:
    """The characters that `beyond_latin` passes over are letters, each one word."""
    points = [*range(0xC0, 0x250), *range(0x1E80, 0x1F00)]
    texts = pa.array([f"{chr(p) * 70} {chr(p)}" for p in points])
    assert count_words(texts).tolist() == word_hashes(texts).counts.tolist()


def test_the_tables_are_built_once() -> None:
    """However they are asked for: building takes as long as hashing megabytes."""
    for fold in (False, True):
        assert codepoints.code_points(fold) is codepoints.code_points(fold_digits=fold)
    assert codepoints.code_points() is codepoints.code_points(fold_digits=False)
