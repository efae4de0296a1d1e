import pickle
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cleaner.text.patterns import PatternError, PatternSet, compile_pattern


@pytest.mark.parametrize("pattern", ["(?=a)b", "(?!a)b", "(?<=a)b", "(?<!a)b"])
def test_look_around_is_refused_in_words(pattern: str) -> None:
    """RE2 has no look-around; the message says so instead of naming a syntax error."""
    with pytest.raises(PatternError, match="look-around is not supported"):
        compile_pattern(pattern)


@pytest.mark.parametrize("pattern", [r"(a)\1", "(?P<x>a)(?P=x)"])
def test_back_references_are_refused_in_words(pattern: str) -> None:
    """RE2 has no back-references; the message says so."""
    with pytest.raises(PatternError, match="back-references are not supported"):
        compile_pattern(pattern)


@pytest.mark.parametrize("pattern", ["[a", "a**", "(", "a{2,1}", "\ud800", "x" * 5000])
def test_what_is_no_pattern_is_refused(pattern: str) -> None:
    """Anything that RE2 cannot compile is a PatternError that keeps the pattern."""
    with pytest.raises(PatternError) as caught:
        compile_pattern(pattern)
    assert caught.value.pattern == pattern
    assert len(str(caught.value)) < 300


def test_huge_programs_are_refused() -> None:
    """A pattern that would need much memory is refused, not compiled."""
    with pytest.raises(PatternError):
        compile_pattern(r"((\pL{100}){100}){10}")


def test_no_pattern_hangs() -> None:
    """The classic exponential pattern takes linear time."""
    patterns = PatternSet(["(a+)+$", "(a|aa)*c", "(.*)*x"])
    start = time.process_time()
    assert patterns.matches("a" * 50_000 + "b") == []
    assert time.process_time() - start < 2


def test_matches_any_case_of_any_script() -> None:
    """Case does not matter, also beyond ASCII, and NFD patterns find NFC text."""
    patterns = PatternSet(["đọc thêm", "ЧИТАЙТЕ", "xe\u0301t"])
    assert patterns.matches("ĐỌC THÊM") == [0]
    assert patterns.matches("читайте также") == [1]
    assert patterns.matches("XÉT") == [2]


def test_matches_names_all_that_match_in_order() -> None:
    """The answer holds each pattern that occurs, ascending; an empty set finds nothing."""
    assert PatternSet(["b", "^a", "zz", "c$"]).matches("abc") == [0, 1, 3]
    assert PatternSet([]).matches("abc") == []
    assert len(PatternSet(["a", "b"])) == 2


def test_spans_are_code_points() -> None:
    """Spans count code points, whatever the bytes."""
    pattern = compile_pattern("mưa")
    assert pattern.span("🌧 trời MƯA to") == (7, 10)
    assert list(pattern.spans("mưa, mưa")) == [(0, 3), (5, 8)]
    assert pattern.span("mưa mưa", 1) == (4, 7)
    assert pattern.span("nắng") is None


def test_lone_surrogates_do_no_harm() -> None:
    """Half a surrogate pair in a text neither fails nor moves the spans."""
    assert compile_pattern("b").span("\ud800b") == (1, 2)
    assert PatternSet(["b"]).matches("\udfffb") == [0]


def test_sets_that_are_too_large_for_one_are_split(monkeypatch: pytest.MonkeyPatch) -> None:
    """Many patterns work together even where one automaton cannot hold them; indices stay."""
    monkeypatch.setattr("cleaner.text.patterns.MAX_SET_BYTES", 4 << 20)
    patterns = PatternSet([rf"^{n}[\pL ]{{2,30}}!$" for n in range(12)])
    assert len(patterns._parts) > 1
    assert patterns.matches("7 đường!") == [7]
    assert patterns.matches("11 năm!") == [11]


def test_a_set_is_its_patterns() -> None:
    """A set that was pickled finds the same."""
    copy = pickle.loads(pickle.dumps(PatternSet(["x", "y"])))
    assert copy.patterns == ("x", "y")
    assert copy.matches("zy") == [1]


@given(st.text(max_size=30), st.text(max_size=60))
def test_any_input_gives_a_set_or_an_error(pattern: str, text: str) -> None:
    """No pattern and no text raise anything but PatternError; set and single pattern agree."""
    try:
        single = compile_pattern(pattern)
    except PatternError:
        with pytest.raises(PatternError):
            PatternSet([pattern])
        return
    assert bool(PatternSet([pattern]).matches(text)) == (single.span(text) is not None)


WAYS = [
    "^share", "^(a|b)c", "^a|bc", "^(a)|b", r"^\|x|y", "^[a|b]z", "^[]|]q|r", "^[^a]b",
    "^.{0,5}end", "end$", "all rights", "(cookie|keks)s?", r"\d{1,2}°", "^$|x", "", "^",
    "[ab]", "x.{2,4}y", "straße", "ΤΈΛΟΣ", "τέλος", "ſet", "K", "İ", "ẞ", "đường", "(?i:Z)",
    "(?m)^line", r"\Qa|b\E", r"^\Qa|b\E|c", "^a\nb|c",
]  # fmt: skip
TEXTS = [
    "share it", "no share", "ac", "bc", "b", "|x", "y", "|z", "]q", "r", "xb", "the end",
    "the long end", "All Rights Reserved", "KEKSE", "12°", "x", "", "ab", "x12y", "STRASSE",
    "straße", "STRAẞE", "τέλοσ", "ΤΈΛΟΣ", "set", "SET", "ſet", "k", "K", "\u212a", "i", "İ",
    "i\u0307", "ss", "ß", "ĐƯỜNG", "z", "a\nline", "a|b", "c", "a\nb", "\ud800c",
]  # fmt: skip


@pytest.mark.parametrize("text", TEXTS)
def test_the_way_of_a_pattern_does_not_change_the_answer(text: str) -> None:
    """Tied to the start, with literals or without: a set says what each pattern alone says."""
    alone = [index for index, p in enumerate(WAYS) if compile_pattern(p).span(text) is not None]
    assert PatternSet(WAYS).matches(text) == alone
    folded = text.casefold()
    alone = [index for index, p in enumerate(WAYS) if compile_pattern(p).span(folded) is not None]
    assert PatternSet(WAYS).matches(folded, is_folded=True) == alone


@given(
    st.lists(st.text(st.sampled_from("^$a|b(c)[x]{1,2}.*\\ßΣſé "), max_size=9), max_size=12),
    st.lists(st.text(st.sampled_from("abcxßΣσςſsé |\n"), max_size=9), max_size=5),
)
def test_sets_agree_with_their_patterns(patterns: list[str], texts: list[str]) -> None:
    """Any patterns together say what each says alone."""
    singles = []
    for pattern in patterns:
        try:
            singles.append(compile_pattern(pattern))
        except PatternError:
            continue
    together = PatternSet([single.source for single in singles])
    for text in texts:
        alone = [index for index, single in enumerate(singles) if single.span(text) is not None]
        assert together.matches(text) == alone
