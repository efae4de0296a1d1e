"""National ids: what each country's looks like, its check digits, and whether it needs a word.

A number whose structure a random one meets in one case of a thousand or less stands for itself;
others are believed in their usual grouping, or beside a word that names them.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection
from dataclasses import dataclass

from cleaner.pii.check import is_day, is_day_of, luhn, mod_11_10, verhoeff, weighted
from cleaner.pii.cue import NATIONAL_ID, OTHER_NUMBER, last_says, says
from cleaner.pii.hit import Hit, stands_alone
from cleaner.pii.number import Number

COUNTRIES = (
    "VN", "US", "ES", "FR", "BR", "CN", "ID", "KR", "PL", "DE", "IN", "RU", "TH", "MY", "SE", "IT",
    "MX", "GB", "SG", "TW", "PT", "NL", "JP",
)  # fmt: skip
"""Countries whose ids are known, by ISO 3166; `passport` numbers belong to all of them."""


@dataclass(frozen=True, slots=True)
class Form:
    """An id of digits.

    Attributes:
        country: ISO 3166.
        name: what it is called there.
        size: digits.
        check: whether its digits can be one.
        grouped: (sizes of its runs, what stands between them): writing that stands for itself.
        alone: whether it needs neither a word nor that grouping.
    """

    country: str
    name: str
    size: int
    check: Callable[[str], bool]
    grouped: tuple[tuple[int, ...], str] | None = None
    alone: bool = False


_VN_PROVINCES = frozenset(
    {
        1, 2, 4, 6, 8, 10, 11, 12, 14, 15, 17, 19, 20, 22, 24, 25, 26, 27, 30, 31, 33, 34, 35, 36,
        37, 38, 40, 42, 44, 45, 46, 48, 49, 51, 52, 54, 56, 58, 60, 62, 64, 66, 67, 68, 70, 72, 74,
        75, 77, 79, 80, 82, 83, 84, 86, 87, 89, 91, 92, 93, 94, 95, 96,
    }
)  # fmt: skip
"""Circular 59/2021/TT-BCA, annex I."""
_CN_REGIONS = frozenset(
    {
        11, 12, 13, 14, 15, 21, 22, 23, 31, 32, 33, 34, 35, 36, 37, 41, 42, 43, 44, 45, 46, 50, 51,
        52, 53, 54, 61, 62, 63, 64, 65, 71, 81, 82, 83,
    }
)  # fmt: skip
"""GB/T 2260."""
_ID_PROVINCES = frozenset(
    {*range(11, 20), 21, *range(31, 37), 51, 52, 53, *range(61, 66), *range(71, 77), 81, 82}
    | {*range(91, 98)}
)
"""Codes of the ministry of the interior."""
_MY_PLACES = frozenset((*range(1, 17), *range(21, 60), 60, 61, 62, 63, 64, 65, 66, 67, 68, 71, 72))


def _vn(d: str) -> bool:
    """Province, century and sex, year of birth (to 2039), six of one's own (decree 137/2015)."""
    return int(d[:3]) in _VN_PROVINCES and (d[3] in "01" or (d[3] in "23" and int(d[4:6]) < 40))


def _vn_old(d: str) -> bool:
    return len(set(d)) > 2


def _us(d: str) -> bool:
    """Areas that are given out, group and serial not zero (SSA, since 2011)."""
    return d[:3] not in ("000", "666") and d[0] != "9" and d[3:5] != "00" and d[5:] != "0000"


def _br(d: str) -> bool:
    """Two check digits, mod 11; eleven equal digits are none."""
    if len(set(d)) == 1:
        return False
    first = weighted(d, range(10, 1, -1)) * 10 % 11 % 10
    second = weighted(d, range(11, 1, -1)) * 10 % 11 % 10
    return d[9:] == f"{first}{second}"


def _fr(d: str) -> bool:
    """Sex, year, month, place, number, and 97 minus the rest by 97."""
    month = int(d[3:5])
    return (
        d[0] in "12" and (1 <= month <= 12 or month >= 20) and 97 - int(d[:13]) % 97 == int(d[13:])
    )


def _id(d: str) -> bool:
    """Province, district, day of birth (40 more for women), serial number."""
    day = int(d[6:8])
    birth = f"{d[10:12]}{d[8:10]}{day - 40 if day > 40 else day:02d}"
    return int(d[:2]) in _ID_PROVINCES and d[12:] != "0000" and is_day_of(birth)


def _kr(d: str) -> bool:
    """Day of birth, sex and century."""
    return d[6] in "12345678" and is_day_of(d[:6])


def _kr_checked(d: str) -> bool:
    """The same, with the check digit that numbers before October 2020 have."""
    total = weighted(d[:12], (2, 3, 4, 5, 6, 7, 8, 9, 2, 3, 4, 5))
    return _kr(d) and (11 - total % 11) % 10 == int(d[12])


def _pl(d: str) -> bool:
    """Day of birth with the century in the month, and a check digit."""
    month = int(d[2:4])
    year = {0: 1900, 1: 2000, 2: 2100, 3: 2200, 4: 1800}.get(month // 20)
    if year is None or not is_day(year + int(d[:2]), month % 20, int(d[4:6])):
        return False
    return (10 - weighted(d, (1, 3, 7, 9, 1, 3, 7, 9, 1, 3)) % 10) % 10 == int(d[10])


def _de(d: str) -> bool:
    """One of the first ten digits occurs twice or thrice; a check digit."""
    return d[0] != "0" and len(set(d[:10])) in (8, 9) and mod_11_10(d)


def _in(d: str) -> bool:
    return d[0] not in "01" and verhoeff(d)


def _ru(d: str) -> bool:
    """The insurance number (SNILS) with its two check digits."""
    total = weighted(d, range(9, 0, -1)) % 101
    return len(set(d[:9])) > 1 and total % 100 == int(d[9:])


def _ru_tax(d: str) -> bool:
    """The tax number of a person (INN) with its two check digits."""
    first = weighted(d, (7, 2, 4, 10, 3, 5, 9, 4, 6, 8)) % 11 % 10
    second = weighted(d, (3, 7, 2, 4, 10, 3, 5, 9, 4, 6, 8)) % 11 % 10
    return d[10:] == f"{first}{second}" and len(set(d)) > 2


def _pt(d: str) -> bool:
    """The tax number of a person: begins with 1, 2 or 3; a check digit, mod 11."""
    rest = weighted(d, range(9, 1, -1)) % 11
    return d[0] in "123" and int(d[8]) == (0 if rest < 2 else 11 - rest)


def _nl(d: str) -> bool:
    """The eleven test, the last digit counted negative."""
    return len(set(d)) > 2 and (weighted(d[:8], range(9, 1, -1)) - int(d[8])) % 11 == 0


def _jp(d: str) -> bool:
    """A check digit, mod 11 (ordinance 85 of 2014 of the ministry of internal affairs)."""
    rest = weighted(d, (6, 5, 4, 3, 2, 7, 6, 5, 4, 3, 2)) % 11
    return int(d[11]) == (0 if rest < 2 else 11 - rest)


def _th(d: str) -> bool:
    return d[0] not in "09" and (11 - weighted(d, range(13, 1, -1)) % 11) % 10 == int(d[12])


def _my(d: str) -> bool:
    return is_day_of(d[:6]) and int(d[6:8]) in _MY_PLACES


def _se(d: str) -> bool:
    """Day of birth (60 more for coordination numbers), and Luhn."""
    day = int(d[4:6])
    return is_day_of(f"{d[:4]}{day - 60 if day > 60 else day:02d}") and luhn(d)


FORMS = (
    Form("VN", "citizen id", 12, _vn, alone=True),
    Form("VN", "old id card", 9, _vn_old),
    Form("US", "SSN", 9, _us, ((3, 2, 4), "-")),
    Form("BR", "CPF", 11, _br, ((3, 3, 3, 2), ".-")),
    Form("FR", "NIR", 15, _fr, alone=True),
    Form("ID", "NIK", 16, _id),
    Form("KR", "RRN", 13, _kr_checked, ((6, 7), "-")),
    Form("KR", "RRN", 13, _kr),
    Form("PL", "PESEL", 11, _pl),
    Form("DE", "tax id", 11, _de),
    Form("IN", "Aadhaar", 12, _in),
    Form("RU", "SNILS", 11, _ru, ((3, 3, 3, 2), "- ")),
    Form("RU", "INN", 12, _ru_tax),
    Form("PT", "NIF", 9, _pt),
    Form("NL", "BSN", 9, _nl),
    Form("JP", "My Number", 12, _jp),
    Form("TH", "citizen id", 13, _th, ((1, 4, 5, 2, 1), "-")),
    Form("MY", "MyKad", 12, _my, ((6, 2, 4), "-")),
    Form("SE", "personnummer", 10, _se, ((6, 4), "-+")),
)
_BY_SIZE = {size: [f for f in FORMS if f.size == size] for size in {f.size for f in FORMS}}


def national_id(
    text: str, number: Number, countries: Collection[str], *, eager: bool = False
) -> Hit | None:
    """The id that a number is, or None.

    Args:
        text: where it stands.
        number: as it is written there.
        countries: whose ids count.
        eager: ask for no word.
    """
    digits, end = number.digits, number.end
    if len(digits) == 17 and text[end : end + 1] in ("X", "x"):
        digits, end = digits + "X", end + 1
    if not stands_alone(text, number.start, end):
        return None
    if len(digits) == 18 and "CN" in countries and is_chinese(digits):
        return Hit(number.start, end, "national_id", "CN resident id")
    for form in _BY_SIZE.get(len(digits), ()):
        if form.country not in countries or not form.check(digits):
            continue
        said = (
            last_says(NATIONAL_ID[form.country], OTHER_NUMBER, text, number.start)
            if (form.country in NATIONAL_ID)
            else None
        )
        alone = (form.alone and len(number.sizes) == 1) or _is_grouped(number, form)
        alone = alone or (form.country == "FR" and form.alone and not number.is_amount)
        if said or (alone and said is None) or (eager and said is None):
            return Hit(number.start, end, "national_id", f"{form.country} {form.name}")
    return None


def _is_grouped(number: Number, form: Form) -> bool:
    """Whether written in the way that no other number is."""
    if form.grouped is None or number.sizes != form.grouped[0]:
        return False
    marks = form.grouped[1]
    if form.country in ("BR", "RU"):  # 123.456.789-09; 112-233-445 95
        return set(number.gaps[:-1]) == {marks[0]} and number.gaps[-1] == marks[1]
    return all(len(gap) == 1 and gap in marks for gap in number.gaps)


def is_chinese(digits: str) -> bool:
    """Whether a Chinese resident id: region, day of birth, serial number, and ISO 7064 MOD 11-2."""
    year, month, day = int(digits[6:10]), int(digits[10:12]), int(digits[12:14])
    if (
        int(digits[:2]) not in _CN_REGIONS
        or not 1850 <= year <= 2100
        or not is_day(year, month, day)
    ):
        return False
    total = weighted(digits[:17], (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2))
    return "10X98765432"[total % 11] == digits[17].upper()


_WORD = re.compile(r"[A-Z]{2} [0-9]{2} [0-9]{2} [0-9]{2} [A-D]|[0-9A-Z](?:[.\-]?[0-9A-Z]){6,17}")


def lettered_ids(text: str, countries: Collection[str], *, eager: bool = False) -> list[Hit]:
    """Ids of capitals and digits, and passport numbers beside their word."""
    found = []
    for match in _WORD.finditer(text):
        start, end = match.span()
        goes_on = text[end : end + 1] in ("-", ".") and text[end + 1 : end + 2].isalnum()
        if goes_on or not stands_alone(text, start, end):
            continue
        word = match.group()
        compact = word.replace(".", "").replace("-", "")
        for country, name, form, check, alone in _LETTERED:
            if country != "passport" and country not in countries:
                continue
            if not form.fullmatch(word) or not check(compact):
                continue
            cue = NATIONAL_ID.get(country)
            if alone or (cue and says(cue, text, start)) or (eager and country != "passport"):
                found.append(
                    Hit(start, end, "national_id", f"{country} {name}".removeprefix("passport "))
                )
                break
    return found


def _es(word: str) -> bool:
    if word.startswith("000"):
        return False  # counted up from zero: hardly anybody alive has one, many lists do
    number = {"X": "0", "Y": "1", "Z": "2"}.get(word[0], word[0]) + word[1:8]
    return "TRWAGMYFPDXBNJZSQVHLCKE"[int(number) % 23] == word[-1]


_IT_ODD = dict(
    zip(
        "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ",
        (
            1, 0, 5, 7, 9, 13, 15, 17, 19, 21, 1, 0, 5, 7, 9, 13, 15, 17, 19, 21, 2, 4, 18, 20, 11,
            3, 6, 8, 12, 14, 16, 10, 22, 25, 24, 23,
        ),
        strict=True,
    )
)  # fmt: skip


def _it(word: str) -> bool:
    total = sum(_IT_ODD[c] for c in word[:15:2])
    total += sum(int(c) if c.isdigit() else ord(c) - 65 for c in word[1:15:2])
    return chr(65 + total % 26) == word[15]


_MX_ORDER = "0123456789ABCDEFGHIJKLMNÑOPQRSTUVWXYZ"


def _mx(word: str) -> bool:
    total = sum(_MX_ORDER.index(c) * (18 - i) for i, c in enumerate(word[:17]))
    return is_day_of(word[4:10]) and (10 - total % 10) % 10 == int(word[17])


def _sg(word: str) -> bool:
    total = weighted(word[1:8], (2, 7, 6, 5, 4, 3, 2)) + {"T": 4, "G": 4, "M": 3}.get(word[0], 0)
    if word[0] == "M":
        return "KLJNPQRTUWX"[10 - total % 11] == word[8]
    return ("JZIHGFEDCBA" if word[0] in "ST" else "XWUTRQPNMLK")[total % 11] == word[8]


_TW_ORDER = "ABCDEFGHJKLMNPQRSTUVXYWZIO"


def _tw(word: str) -> bool:
    first = 10 + _TW_ORDER.index(word[0])
    total = first // 10 + first % 10 * 9 + weighted(word[1:], (8, 7, 6, 5, 4, 3, 2, 1, 1))
    return total % 10 == 0


def _any(_word: str) -> bool:
    return True


_LETTERED: tuple[tuple[str, str, re.Pattern[str], Callable[[str], bool], bool], ...] = (
    ("ES", "DNI", re.compile(r"(?:[0-9]{8}|[0-9]{2}\.[0-9]{3}\.[0-9]{3})-?[A-Z]"), _es, True),
    ("ES", "NIE", re.compile(r"[XYZ]-?[0-9]{7}-?[A-Z]"), _es, True),
    (
        "IT",
        "codice fiscale",
        re.compile(r"[A-Z]{6}[0-9]{2}[ABCDEHLMPRST][0-9]{2}[A-Z][0-9]{3}[A-Z]"),
        _it,
        True,
    ),
    ("MX", "CURP", re.compile(r"[A-Z]{4}[0-9]{6}[HMX][A-Z]{5}[0-9A-Z][0-9]"), _mx, True),
    ("SG", "NRIC", re.compile(r"[STFGM][0-9]{7}[A-Z]"), _sg, True),
    ("TW", "id", re.compile(r"[A-Z][12][0-9]{8}"), _tw, False),
    (
        "GB",
        "NINO",
        re.compile(r"[A-CEGHJ-PR-TW-Z][A-CEGHJ-NPR-TW-Z](?:[0-9]{6}| ?(?:[0-9]{2} ){3})[A-D]"),
        _any,
        False,
    ),
    (
        "passport",
        "passport",
        re.compile(r"[A-Z]{1,2}[0-9]{6,8}|[0-9]{2}[A-Z]{2}[0-9]{5}"),
        _any,
        False,
    ),
)
