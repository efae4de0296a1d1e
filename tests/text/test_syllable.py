"""Vietnamese syllables from onset, rhyme and tone."""

from __future__ import annotations

import re
import unicodedata

import pytest

from cleaner.text.syllable import is_syllable, syllables

SWAP = {"\u0301": "\u0323", "\u0323": "\u0301"}


@pytest.mark.parametrize(
    "word",
    [
        *"nghiêng giếng gì giữa quyển quý quốc khuỷu khuya thuở uống yêu ý ỷ ít iềm".split()[:-1],  # noqa: SIM905
        *"hoà hòa thuỷ thủy khoẻ khỏe được người trường rượu bưởi xoong boóc ruột".split(),  # noqa: SIM905
        *"Đảng ĐƯỜNG Việt NAM ừ à Ở".split(),  # noqa: SIM905
    ],
)
def test_syllables_in_any_case_and_either_style(word: str) -> None:
    """What Vietnamese writes is one, however the tone is placed and whatever the case."""
    assert is_syllable(word)


@pytest.mark.parametrize(
    "word",
    [
        *"kà cề gê nge ngà2 qá bàc hột̀ pàt tich̃ wà jó fé straße niño façade".split(),  # noqa: SIM905
        "",
        "ngh",
        "hoàà",
        "đđi",
        "iên",
        "việt nam",
    ],
)
def test_what_breaks_a_rule_is_none(word: str) -> None:
    """Wrong onsets before front vowels, stops with level tones, foreign letters, two words."""
    assert not is_syllable(word)


def test_the_set_is_closed_under_its_rules() -> None:
    """Lower case, NFC; a syllable that ends in a stop has sắc or nặng, and so has its twin."""
    known = syllables()
    assert 15_000 < len(known) < 25_000
    for word in known:
        assert word == unicodedata.normalize("NFC", word.lower())
        marks = unicodedata.normalize("NFD", word)
        if word.endswith(("c", "p", "t", "ch")):
            assert "\u0301" in marks or "\u0323" in marks
            swapped = re.sub(
                "([\u0301\u0323])([\u0302\u0306]?)|([\u0302\u0306])([\u0301\u0323])",
                lambda m: (m[2] or m[3] or "") + SWAP[m[1] or m[4]],
                marks,
            )
            assert unicodedata.normalize("NFC", swapped) in known
