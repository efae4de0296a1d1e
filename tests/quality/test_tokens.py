"""Tokens and line features."""

from __future__ import annotations

import unicodedata

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cleaner.quality import tokens
from cleaner.quality.tokens import ALONE_BIT, COLUMNS, LENGTH_BITS, lines_of

TEXTS = st.lists(
    st.text(
        alphabet=st.sampled_from(
            "aZé9 .,'’-/:=<>\n\r…#{}@$_•()\"!?漢字。ที่한à\u0301\u200c\U0001f600"
        ),
        max_size=60,
    ),
    max_size=5,
)


def spelt(text: str, *, punctuation: bool = True) -> list[str]:
    """The tokens of a text of one line; lengths cut its characters."""
    lines = lines_of(pa.array([text], pa.string()), punctuation=punctuation)
    rest, found = "".join(text.split()), []
    for size in (lines.tokens & np.uint64(LENGTH_BITS)).tolist():
        found.append(rest[:size])
        rest = rest[size:]
    return found


def look(line: str) -> dict[str, int]:
    """The features of a line."""
    lines = lines_of(pa.array([line], pa.string()))
    return dict(zip(COLUMNS, lines.looks[0].tolist(), strict=True))


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("It's a well-known fact.", ["It", "'s", "a", "well", "-", "known", "fact", "."]),
        ("O’Brien doesn’t", ["O’Brien", "doesn", "’t"]),
        ("1,234.5 at 10:30, 1/2/87", ["1,234.5", "at", "10:30", ",", "1/2/87"]),
        ("see example.com, a@b.c", ["see", "example.com", ",", "a@b.c"]),
        ("(https://a.b/c?d=e#f) x", ["(", "https://a.b/c?d=e#f)", "x"]),
        ("Mr. B. Ray of the U.S. said", ["Mr.", "B.", "Ray", "of", "the", "U.S.", "said"]),
        ("end.Next foo/bar and/", ["end", ".", "Next", "foo", "/", "bar", "and/"]),
        ("wait... no -- yes!!", ["wait", "...", "no", "--", "yes", "!", "!"]),
        ("@name -v +44 $5 #tag", ["@name", "-v", "+44", "$", "5", "#", "tag"]),
        ("15–$70 then…life", ["15–$70", "then", "…", "life"]),
        ("漢字。abc", ["漢", "字", "。", "abc"]),
        ("2019年x", ["2019", "年", "x"]),
        ("", []),
        ("  \t ", []),
    ],
)
def test_tokens(text: str, found: list[str]) -> None:
    """Marks stand alone but where they are a part of a number, a name, or an abbreviation."""
    assert spelt(text) == found


def test_marks_can_be_left_out() -> None:
    """Then tokens are words."""
    text = "It's so: 10 % of A.B., wait..."
    lines = lines_of(pa.array([text]), punctuation=False)
    sizes = (lines.tokens & np.uint64(LENGTH_BITS)).tolist()
    assert sizes == [len(t) for t in ("It", "'s", "so", "10", "of", "A.B.", "wait")]


def test_equal_tokens_have_equal_hashes_and_others_do_not() -> None:
    """Case and spelling count; the place does not."""
    lines = lines_of(pa.array(["ab Ab ab ba ab. 漢 漢"]))
    values = lines.tokens.tolist()
    assert values[0] == values[2] == values[4]
    assert len(set(values)) == 5
    assert values[-1] == values[-2]
    assert values[-1] & ALONE_BIT
    assert not values[0] & ALONE_BIT


def test_features_of_a_line() -> None:
    """Each column counts what its description says."""
    line = "• Mr. Ray paid $5. Is that {all}? #1 … and... ĐẸP"
    found = look(f"  {line}\r\n")
    assert found["chars"] == len(line)
    assert found["words"] == 12
    assert found["longest"] == 6
    assert found["first"] == ord("•")
    assert found["last"] == tokens.UPPER
    assert (found["hashes"], found["braces"], found["ellipses"], found["ends"]) == (1, 1, 2, 1)
    assert found["sentences"] == 3
    assert (found["upper"], found["digits"], found["letters"]) == (6, 2, 24)
    assert look("the end...")["dots"] == 3
    assert look("Is it? Yes! It is. Ok")["sentences"] == 4
    assert look("vào lúc 3.5 giờ")["sentences"] == 1
    assert look("これは本です。はい。")["sentences"] == 2
    assert look("漢字が x")["alone"] == 3
    assert look("漢字が x")["words"] == 4


@given(TEXTS)
def test_every_visible_character_is_in_one_token(texts: list[str]) -> None:
    """Lengths add up to the characters that are neither space nor format; none is lost."""
    clean = ["".join(c for c in t if unicodedata.category(c)[0] != "M") for t in texts]
    lines = lines_of(pa.array(clean, pa.string()))
    sizes = (lines.tokens & np.uint64(LENGTH_BITS)).astype(np.int64)
    for doc, text in enumerate(clean):
        seen = [c for c in text if not c.isspace() and c != "\u200c"]
        low, high = lines.starts[doc], lines.starts[doc + 1]
        assert sizes[low:high].sum() == len(seen)
        assert lines.size[doc] == len(text)


@given(TEXTS)
def test_a_document_alone_looks_as_in_a_batch(texts: list[str]) -> None:
    """No value depends on the neighbours."""
    whole = lines_of(pa.array(texts, pa.string()))
    for doc, text in enumerate(texts):
        alone = lines_of(pa.array(["x", text], pa.string())[1:])
        rows = slice(whole.first[doc], whole.first[doc + 1])
        assert np.array_equal(whole.looks[rows], alone.looks)
        assert np.array_equal(whole.keys[rows], alone.keys)
        mine = whole.tokens[whole.starts[doc] : whole.starts[doc + 1]]
        assert np.array_equal(mine, alone.tokens)


def test_hostile_documents_are_counted() -> None:
    """A word of a million letters, and a heap of marks, take one pass."""
    lines = lines_of(pa.array(["a" * 1_000_000, "!" * 200_000 + "x", "a." * 100_000]))
    assert lines.looks[0, tokens.LONGEST] == 1_000_000
    assert (lines.tokens[0] & np.uint64(LENGTH_BITS)) == LENGTH_BITS
    assert lines.looks[1, tokens.TOKENS] == 200_001
    assert lines.looks[2, tokens.LONGEST] == 200_000
