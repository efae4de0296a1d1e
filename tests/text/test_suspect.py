"""The first look: never misses a passage that repair would change, and flags little else."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest
from ftfy.badness import MOJIBAKE_CATEGORIES, is_bad
from hypothesis import example, given, settings
from hypothesis import strategies as st

from cleaner.text.legacy import ENCODINGS, Legacy, encode
from cleaner.text.repair import DEFAULT, RepairOptions, normal_form, repair
from cleaner.text.suspect import automaton, suspects
from cleaner.text.tame import CLOSING, HATTED, MILD, SHARP
from cleaner.text.vietnamese import has_sign

SIGNS = "".join(chars for chars in MOJIBAKE_CATEGORIES.values() if "-" not in chars)
TEXT = st.text(
    alphabet=st.one_of(
        st.characters(exclude_categories=["Cs"]),
        st.sampled_from(SIGNS),
        st.sampled_from(MILD + SHARP + HATTED + CLOSING),
        st.sampled_from(
            "ÃÂØÙà²œ Ã°\u00a0\u200b\u200c\u200dक़ी\u09c7\u09be한\u1161\u11a8ằ\u0323\u0301&#amp;\r\n"
        ),
    ),
    max_size=30,
)
CLEAN = (
    "Thủ tướng yêu cầu các bộ, ngành “khẩn trương” báo cáo trước ngày 30/4 – theo Quyết định 12.\n",
    "Đội tuyển Việt Nam thắng 2–1; huấn luyện viên nói: “Chúng tôi đã chơi tốt…”\n",
    "“Đã lâu rồi”, ông ấy đáp.\n",
    "The quick brown fox, at 5% of the price — R&D and Q&A included.\n",
    "L’été dernier, à Paris, où le café coûte 2 euros.\n",
    "Съешь же ещё этих мягких французских булок.\n",
    "夜来风雨声，花落知多少。\n",
    "ড় বাংলা ভাষায় লেখা\n".replace("\u09dc", "\u09a1\u09bc").replace("\u09df", "\u09af\u09bc"),
)


@settings(max_examples=600)
@given(st.lists(TEXT, max_size=6))
@example(["\u200cа", "a", "Ã "])
@example(["e\u0301", "ằ\u0323", "\U0002f800", "\U000e0041", "\U0001fffe", "\U0010ffff"])
def test_what_is_not_flagged_is_not_changed(texts: list[str]) -> None:
    """The one promise: False is certain, wherever the string lies in its buffer."""
    flags = suspects(pa.array(texts, pa.string()))
    for text, flag in zip(texts, flags.tolist(), strict=True):
        assert flag or repair(text).text == text


@given(st.text(alphabet=SIGNS + "aZ 1.ÃÂØÙà²œ°вЂ", min_size=1, max_size=6))
def test_ftfys_signs_are_all_known(text: str) -> None:
    """The automaton flags whatever ftfy calls bad."""
    assert suspects(pa.array([text]))[0] or not is_bad(text)


@given(st.text(alphabet=MILD + SHARP + HATTED + CLOSING + "aZ 1.,\t\n", max_size=80))
def test_the_glance_agrees_with_the_automaton(text: str) -> None:
    """Whether the fast path looked first makes no difference to what is flagged."""
    padded = pa.array([text, "x" * 80])  # the fast path needs room behind a string
    alone = pa.array([text])
    assert suspects(padded)[0] == suspects(alone)[0]


def test_tame_text_holds_no_sign() -> None:
    """The proof that lets the fast path run holds for ftfy's present signs, not for any."""
    assert automaton(DEFAULT).tame
    assert not automaton(RepairOptions(quotes=True)).tame
    assert not automaton(RepairOptions(tones="new")).tame


@pytest.mark.parametrize("text", CLEAN)
def test_healthy_text_is_not_flagged(text: str) -> None:
    """Healthy text in several scripts passes the first look."""
    assert repair(text).text == text
    assert not suspects(pa.array([text, "x" * 100]))[0]
    assert not suspects(pa.array([text]))[0]


def test_each_composing_mark_is_seen() -> None:
    """Every canonical pair of Unicode, apart, is flagged."""
    pairs = [
        first + second
        for second, firsts in normal_form().seconds.items()
        for first in sorted(firsts)[:20]
    ]
    assert len(pairs) > 1000
    flags = suspects(pa.array(pairs))
    assert [p for p, f in zip(pairs, flags, strict=True) if not f] == []


def test_slices_and_empty_columns() -> None:
    """Only the strings of the slice are judged; a column without strings has no flags."""
    column = pa.array(["a\0", "b", "c\u00a0", ""])
    assert suspects(column).tolist() == [True, False, True, False]
    assert suspects(column.slice(1, 2)).tolist() == [False, True]
    assert suspects(pa.array([], pa.string())).dtype == np.bool_
    assert suspects(pa.array(["", ""])).tolist() == [False, False]


def test_options_decide_what_is_flagged() -> None:
    """What is not repaired need not be flagged; what is in addition, must be."""
    column = pa.array(["“x”", "a&amp;b", "R&D", "a\u00a0b"])
    assert suspects(column).tolist() == [False, True, False, True]
    only = RepairOptions(quotes=True, entities=False, spaces="")
    assert suspects(column, only).tolist() == [True, False, False, False]


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_a_misread_document_is_flagged_somewhere(encoding: Legacy) -> None:
    """Without a flag a legacy encoding would never be looked for."""
    text = "học sinh cấp hai phải đi bộ để đến trường mới\n"
    if encoding == "windows-1258":
        text = "đa\u0303 no\u0301i đêm qua\n"
        garbled = text.encode("cp1258").decode("cp1252")
    else:
        garbled = encode(text, encoding).decode("latin-1")
    assert suspects(pa.array([garbled])).tolist() == [True]


@settings(max_examples=300)
@given(st.lists(TEXT, max_size=4))
def test_no_legacy_encoding_without_a_flag(passages: list[str]) -> None:
    """The signs for which a document is looked at are among those that flag its passages."""
    flags = suspects(pa.array(passages, pa.string())).tolist()
    for passage, flag in zip(passages, flags, strict=True):
        assert flag or not has_sign(passage)


@given(st.text("hòoaáàeẻuýyùkt nQUq.“ỳ", max_size=30), st.sampled_from(["old", "new"]))
def test_tones_to_move_are_seen(text: str, style: str) -> None:
    """With a style of tones, what it changes is flagged."""
    options = RepairOptions(tones=style)
    assert suspects(pa.array([text, "x" * 80]), options)[0] or repair(text, options).text == text
