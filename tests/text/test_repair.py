"""Repairs of one passage."""

from __future__ import annotations

import time
import unicodedata
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cleaner.text.align import Fix, apply
from cleaner.text.legacy import encode
from cleaner.text.repair import DEFAULT, RULES, RepairOptions, repair, repair_document

VIETNAMESE = "Thời tiết hôm nay ở Đà Nẵng rất đẹp, nhiều người ra biển từ sớm.\n"
GARBLED = st.text(
    alphabet=st.one_of(
        st.characters(exclude_categories=["Cs"]),
        st.sampled_from(
            "Ã´áº»¡Äâ€™\u00a0\u200b\u200d\ufeff\u0301\u0323&;#x1amplt\x85\x1b[0m\r\n\0峄"
        ),
    ),
    max_size=40,
)


@given(GARBLED)
def test_fixes_are_edits_of_the_passage(passage: str) -> None:
    """The fixes alone turn the passage into the repaired text; each has a known rule."""
    repaired = repair(passage)
    assert apply(passage, repaired.fixes) == repaired.text
    assert all(a.end <= b.start for a, b in pairwise(repaired.fixes))
    for fix in repaired.fixes:
        assert fix.rule in RULES
        assert passage[fix.start : fix.end] != fix.text
        assert fix.start < fix.end


@given(GARBLED)
def test_repaired_text_can_be_stored_and_is_normal(passage: str) -> None:
    """The result is NFC, has no control characters but tab and line feed, and encodes as UTF-8."""
    text = repair(passage).text
    text.encode("utf-8")
    assert unicodedata.is_normalized("NFC", text)
    assert not [c for c in text if unicodedata.category(c) == "Cc" and c not in "\t\n"]


@pytest.mark.parametrize(
    "text",
    [
        VIETNAMESE,
        "“Đẹp quá!” – cô ấy nói… «Très bien» 50 €/kg, 5 × 3 = 15, 20 °C, § 4, ½\n",
        "ĐẠI HỘI ĐẢNG BỘ TỈNH: “ĐỔI MỚI” – PHÁT TRIỂN\n",
        "ﬁne ligatures, ＬＯＵＤ text, it’s ‘curly’, a\tb\n",
        "R&D, AT&T, a && b; x&y; tom &jerry;\n",
        "می\u200cخواهم بروم \u200f(۲۰۲۴)\u200f\n",
        "क्\u200dष और क्ष, हिंदी में ड़ और ढ़\n",
        "👩\u200d👩\u200d👧\u200d👦 ❤️\n",
        "🏴\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f\n",
        "ภาษา\u200bไทย\n",
        "全角　スペース、カタカナ。\n",
        "",
    ],
)
def test_healthy_text_is_not_changed(text: str) -> None:
    """Text in NFC without odd characters comes out unchanged to the character."""
    assert repair(text).text == text
    assert repair(text).fixes == ()


@pytest.mark.parametrize("codec", ["latin-1", "cp1252", "cp1258", "mac-roman"])
def test_vietnamese_read_in_the_wrong_encoding(codec: str) -> None:
    """UTF-8 that was read in a single-byte encoding is read again; undefined bytes are C1."""
    read = "".join(
        bytes([b]).decode(codec, "ignore") or chr(b) for b in VIETNAMESE.rstrip().encode("utf-8")
    )
    repaired = repair(read)
    assert repaired.text == VIETNAMESE.rstrip()
    assert {f.rule for f in repaired.fixes} == {"unicode.mojibake"}


def test_mojibake_on_mojibake() -> None:
    """Text that went wrong twice is repaired twice."""
    once = VIETNAMESE.encode("utf-8").decode("latin-1")
    twice = once.encode("utf-8").decode("latin-1")
    assert repair(twice).text == VIETNAMESE


def test_utf8_read_as_gb18030_without_loss() -> None:
    """Chinese characters within Latin words are read again; those of Chinese text are not."""
    damaged = "một nền".encode().decode("gb18030")
    assert damaged != "một nền"
    assert repair(damaged).text == "một nền"
    assert repair("我来自峄城区。").text == "我来自峄城区。"


def test_a_lost_byte_with_one_answer_is_put_back() -> None:
    """Ä and a lost byte are Đ in Vietnamese; â€ and a lost byte are a closing quote."""
    assert repair("Ä\ufffdÃ¢y lÃ\xa0 kinh táº¿").text == "Đây là kinh tế"
    assert repair("â€œlossyâ€\ufffd").text == "“lossy\ufffd"
    assert repair("kinh táº¿ â€œmá»›iâ€\ufffd nÃ³i").text == "kinh tế “mới” nói"


def test_a_mixed_line_keeps_its_healthy_part() -> None:
    """Healthy Vietnamese beside a garbled word stays as it is."""
    assert repair("Tiếng Việt: Ä‘á»‹nh hÆ°á»›ng\n").text == "Tiếng Việt: định hướng\n"


@pytest.mark.parametrize(
    ("before", "after", "rule"),
    [
        ("a\0b", "ab", "unicode.null"),
        ("a\x07b", "ab", "unicode.control"),
        ("a\x0cb", "a b", "unicode.control"),
        ("\x1b[31mred\x1b[0m", "red", "unicode.control"),
        ("a\ufff9b", "ab", "unicode.control"),
        ("\ufeffabc", "abc", "unicode.bom"),
        ("a\ufeffbc", "abc", "unicode.zero_width"),
        ("a\u200bb\u00adc\u2060d", "abcd", "unicode.zero_width"),
        ("a\u200db\u200cc", "abc", "unicode.zero_width"),
        ("a\u202eb", "ab", "unicode.zero_width"),
        ("hi\U000e0041\U000e0042", "hi", "unicode.zero_width"),
        ("abc\u200e", "abc", "unicode.zero_width"),
        ("a\u00a0b\u2009c", "a b c", "unicode.no_break_space"),
        ("vie\u0323\u0302t", "việt", "unicode.nfc"),
        ("\u212bngström", "Ångström", "unicode.nfc"),
        ("a\r\n", "a\n", "unicode.line_end"),
        ("a\r", "a\n", "unicode.line_end"),
        ("a\u2028", "a\n", "unicode.line_end"),
        ("a\x85", "a\n", "unicode.line_end"),
        ("it\x92s", "it’s", "unicode.mojibake"),
        ("A &amp; B &lt; C", "A & B < C", "unicode.entity"),
        ("a&nbsp;b", "a b", "unicode.entity"),
        ("&amp;amp;lt;b&amp;#38;c", "<b&c", "unicode.entity"),
        ("&#55357;&#56832;", "😀", "unicode.entity"),
        ("it&#146;s", "it’s", "unicode.entity"),
        ("a&#13;\n", "a\n", "unicode.entity"),
        ("a&#10;b", "a b", "unicode.entity"),
        ("P&EACUTE;REZ", "PÉREZ", "unicode.entity"),
        ("\ud83d\ude00", "😀", "unicode.surrogate"),
        ("a\ud83d", "a\ufffd", "unicode.surrogate"),
    ],
)
def test_each_fix_and_its_rule(before: str, after: str, rule: str) -> None:
    """One example of each repair; the ledger's rule says what was wrong in the original."""
    repaired = repair(before)
    assert (repaired.text, {f.rule for f in repaired.fixes}) == (after, {rule})


@pytest.mark.parametrize(
    "text",
    ["<p>a &amp; b</p>", "&unknown; &#0; &#99999999;", "&amp and &copy 2020", "&;&#;&#x;"],
)
def test_what_is_no_entity_stays(text: str) -> None:
    """Markup, unknown names, impossible numbers, and names without a semicolon are left alone."""
    assert repair(text).text == text


def test_a_less_than_sign_does_not_stop_entities() -> None:
    """Only something that looks like a tag makes a passage markup."""
    assert repair("1 < 2 &amp; 3").text == "1 < 2 & 3"


def test_direction_marks_stay_in_right_to_left_text() -> None:
    """The same marks that go from Latin text stay beside Hebrew."""
    assert repair("\u2067שלום\u2069 \u200e").text == "\u2067שלום\u2069 \u200e"
    assert repair("\u2067hello\u2069").text == "hello"


def test_a_fix_is_as_small_as_can_be() -> None:
    """Only the characters that change are claimed."""
    assert repair("xin chÃ\xa0o bạn\r\n").fixes == (
        Fix(6, 8, "à", "unicode.mojibake"),
        Fix(13, 14, "", "unicode.line_end"),
    )


@pytest.mark.parametrize(
    ("options", "before", "after"),
    [
        (RepairOptions(mojibake=False), "chÃ©", "chÃ©"),
        (RepairOptions(entities=False), "&amp;", "&amp;"),
        (RepairOptions(controls=False), "a\x07b", "a\x07b"),
        (RepairOptions(zero_width=False), "a\u200bb", "a\u200bb"),
        (RepairOptions(nfc=False), "e\u0301", "e\u0301"),
        (RepairOptions(line_ends=False), "a\r\n", "a\r\n"),
        (RepairOptions(spaces="\u2009"), "a\u00a0b\u2009c", "a\u00a0b c"),
        (RepairOptions(quotes=True), "“it’s”", '"it\'s"'),
        (RepairOptions(ligatures=True), "ﬁne", "fine"),
        (RepairOptions(widths=True), "ＬＯＵＤ", "LOUD"),
    ],
)
def test_options_switch_repairs(options: RepairOptions, before: str, after: str) -> None:
    """Each option does what it says, and no other."""
    assert repair(before, options).text == after


@pytest.mark.parametrize("text", ["«Dobrá»… řekl", "Il dit: «voilá»… et «cá»…", "SÃO PAULO", "Ã"])
def test_a_chance_sequence_is_left(text: str) -> None:
    """What could be one garbled letter, in otherwise healthy text, is not read again."""
    assert repair(text).text == text


@pytest.mark.parametrize("unit", ["Ã", "&amp;", "\x1b[", "a\u0301", "á»", "\u200b", "&#", "Ã© "])
def test_time_stays_in_proportion_to_length(unit: str) -> None:
    """Of a hostile passage four times as much takes about four times the processor time.

    Work that grows with the square would take sixteen times as much. The least of four is taken,
    for the collector and the neighbours of a busy machine count as processor time, too.
    """

    def seconds(characters: int) -> float:
        taken = []
        for _ in range(4):
            started = time.process_time()
            repair(unit * (characters // len(unit)))
            taken.append(time.process_time() - started)
        return min(taken)

    assert seconds(80_000) < 10 * seconds(20_000) + 0.05


def test_the_default_options_are_the_documented_ones() -> None:
    """Nothing that changes healthy typography is on."""
    assert [DEFAULT.quotes, DEFAULT.ligatures, DEFAULT.widths] == [False] * 3
    assert "\u3000" not in DEFAULT.spaces


def test_a_second_byte_that_was_taken_for_a_quote() -> None:
    """Somebody straightened the closing quote in UTF-8 that was read as latin-1."""
    read = "Nối lại tuyến đường mới ở Biển Đông".encode().decode("latin-1").replace("»", '"')
    assert repair(read).text == "Nối lại tuyến đường mới ở Biển Đông"
    assert repair('Xin "má" và "khá"').fixes == ()


def test_a_garbled_replacement_character_is_one() -> None:
    """U+FFFD that was itself misread is better as U+FFFD."""
    assert repair("left ï¿½ right\n").text == "left \ufffd right\n"


def test_a_document_shows_what_a_passage_does_not() -> None:
    """Lines too short to tell are read again where the document as a whole is in TCVN3."""
    text = "Sáng nay trời mưa, bà vẫn dọn hàng bún ở đầu ngõ\nSố: 12\nxã\nplain\n"
    lines = encode(text, "tcvn3").decode("cp1252").splitlines(keepends=True)
    repaired = repair_document(lines)
    assert "".join(r.text for r in repaired) == text
    assert {f.rule for r in repaired for f in r.fixes} == {"unicode.legacy"}
    assert [r.fixes for r in repair_document(lines, RepairOptions(legacy=False))][1] == ()
    assert repair(lines[1]).fixes == ()


@given(st.lists(GARBLED, max_size=4))
def test_fixes_of_a_document_are_those_of_its_passages(passages: list[str]) -> None:
    """Each passage's fixes alone turn it into its repaired text."""
    for passage, repaired in zip(passages, repair_document(passages), strict=True):
        assert apply(passage, repaired.fixes) == repaired.text
