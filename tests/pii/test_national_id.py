"""Ids by numbers that their countries, or textbooks, publish; one wrong digit makes them none."""

from __future__ import annotations

import pytest

from cleaner.pii import check
from cleaner.pii.bank import IBAN_LENGTHS, ibans
from cleaner.pii.find import Options, finder
from cleaner.pii.national_id import COUNTRIES, FORMS

ALL = finder(Options())
KNOWN = (
    ("VN", "CCCD 001099012345", "001099012345"),
    ("US", "SSN 078-05-1120", "078-05-1120"),
    ("ES", "12345678Z", "12345678Z"),
    ("ES", "X1234567L", "X1234567L"),
    ("FR", "NIR 2 55 08 14 168 025 38", "2 55 08 14 168 025 38"),
    ("BR", "529.982.247-25", "529.982.247-25"),
    ("CN", "11010519491231002X", "11010519491231002X"),
    ("KR", "주민등록번호 800101-1234560", "800101-1234560"),
    ("PL", "PESEL 44051401359", "44051401359"),
    ("DE", "Steuer-ID 86095742719", "86095742719"),
    ("IN", "Aadhaar 2341 2341 2346", "2341 2341 2346"),
    ("RU", "112-233-445 95", "112-233-445 95"),
    ("SE", "811218-9876", "811218-9876"),
    ("IT", "RSSMRA85T10A562S", "RSSMRA85T10A562S"),
    ("MX", "HEGG560427MVZRRL04", "HEGG560427MVZRRL04"),
    ("GB", "National Insurance AB123456C", "AB123456C"),
    ("SG", "S1234567D", "S1234567D"),
    ("TW", "身分證 A123456789", "A123456789"),
    ("ID", "NIK 3171234505850001", "3171234505850001"),
    ("MY", "850314-14-5678", "850314-14-5678"),
    ("PT", "NIF 107815109", "107815109"),
    ("NL", "BSN 111222333", "111222333"),
    ("JP", "マイナンバー736851373809", "736851373809"),
    ("RU", "ИНН 500100732259", "500100732259"),
    ("TH", "1-1016-00000-00-6", None),
)


@pytest.mark.parametrize(("country", "text", "value"), KNOWN)
def test_published_examples_are_found(country: str, text: str, value: str | None) -> None:
    """Each as the id of its country, and of no other."""
    hits = ALL.find(text)
    if value is None:
        assert not any(h.kind == "national_id" for h in hits) or "TH" in hits[0].evidence
        return
    assert [(h.kind, text[h.start : h.end]) for h in hits] == [("national_id", value)]
    assert hits[0].evidence.startswith(country)


CHECKED = [
    k
    for k in KNOWN
    if k[0] in {"FR", "BR", "CN", "PL", "DE", "IN", "RU", "SE", "SG", "ES", "PT", "NL", "JP"}
]


@pytest.mark.parametrize(("country", "text", "value"), CHECKED)
def test_one_wrong_digit_is_none(country: str, text: str, value: str) -> None:
    """Every check digit is checked: a wrong last but one digit spoils the number."""
    at = max(i for i, c in enumerate(value[:-1]) if c.isdigit())
    for digit in "0123456789":
        if digit != value[at]:
            spoilt = text.replace(value, value[:at] + digit + value[at + 1 :])
            hits = [h for h in ALL.find(spoilt) if h.kind == "national_id"]
            assert hits == [], spoilt


def test_thai_ids_have_a_check_digit() -> None:
    """Exactly one of ten is right."""
    right = [d for d in range(10) if ALL.find(f"1-1016-00000-00-{d}")]
    assert len(right) == 1


def test_every_country_has_a_form() -> None:
    """What the config offers is what can be found."""
    lettered = {"ES", "IT", "MX", "GB", "SG", "TW", "CN"}
    assert {form.country for form in FORMS} | lettered == set(COUNTRIES)


def test_check_digits_by_their_textbook_examples() -> None:
    """Luhn, Verhoeff, ISO 7064, ISO 13616."""
    assert check.luhn("79927398713")
    assert not check.luhn("79927398710")
    assert check.verhoeff("2363")
    assert not check.verhoeff("2364")
    assert check.mod_11_10("86095742719")
    assert check.mod_97("GB82WEST12345698765432")
    assert not check.mod_97("GB82WEST12345698765431")


@pytest.mark.parametrize(
    "account",
    [
        "GB82 WEST 1234 5698 7654 32",
        "FR1420041010050500013M02606",
        "BR1800360305000010009795493C1",
        "MT84MALT011000012345MTLCAST001S",
        "NO9386011117947",
    ],
)
def test_accounts_of_the_registry_are_found(account: str) -> None:
    """Whole, alone and in a sentence; cut short they are none."""
    text = f"trả vào {account}, cảm ơn"
    (hit,) = ibans(text)
    assert text[hit.start : hit.end] == account
    assert IBAN_LENGTHS[account[:2]] == len(account.replace(" ", ""))
    assert ibans(account[:-1]) == []
    assert ibans(account + "7") == []
