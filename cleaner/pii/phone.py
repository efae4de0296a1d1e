"""Phone numbers: by numbering plan, and by how they are written.

Numbers with a plus are believed if the plan of their country has them. National ones are looked up
in the plans of the regions that are asked for, and need a word beside them unless their grouping
or, in Vietnam, their first digits can be nothing else.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache
from typing import Final

from cleaner.pii.cue import OTHER_NUMBER, PHONE, is_measured, is_told_to, last_says
from cleaner.pii.hit import Hit, is_word
from cleaner.pii.number import Number

REGIONS: Final = (
    "VN", "US", "GB", "FR", "DE", "ES", "IT", "BR", "PT", "MX", "ID", "RU", "CN", "JP", "KR", "IN",
    "TH", "PL", "NL",
)  # fmt: skip
"""Regions whose national numbers are looked for, unless a config names others: ISO 3166."""

_VN_MOBILE = re.compile(r"0(?:3[2-9]|5[25689]|7[06-9]|8[1-9]|9[0-9])[0-9]{7}")
_VN_MOBILE_UNTIL_2018 = re.compile(r"01(?:2[0-9]|6[2-9]|8[68]|99)[0-9]{7}")
_VN_LAND = re.compile(r"02[0-9]{9}")
_VN_LAND_UNTIL_2017 = re.compile(
    r"0(?:[48][2-7][0-9]{7}|(?:[2367][0-9]{1,2}|5[0-9]{1,2})[3-7][0-9]{6})"
)
_VN_SERVICE = re.compile(r"1[89]00(?:[0-9]{4}|[0-9]{6})")
_DATE_BEHIND = re.compile(r"/(?:19|20)[0-9]{2}(?![0-9.])")
_TOO_ALIKE = 2
_FREE = re.compile(r"(?:1?8(?:00|33|44|55|66|77|88)|080[08]|0?900)")
"""How numbers of services begin in many countries."""
_WITH_ZERO = frozenset({"VN", "GB", "FR", "DE", "ID", "JP", "KR", "TH", "NL"})
"""Countries whose national numbers are written with a zero in front."""


def phone(
    text: str,
    number: Number,
    regions: Sequence[str],
    *,
    hotlines: bool = False,
    told: bool = False,
    eager: bool = False,
) -> Hit | None:
    """The phone number that a number is, with its plus or bracket, or None.

    Args:
        text: where it stands.
        number: as it is written there.
        regions: whose national numbers count.
        hotlines: whether numbers of public services count, too (1900 1234, 0800 …).
        told: another phone number stands right before it.
        eager: ask for no word.
    """
    start, end = number.start, number.end
    plus = _plus_before(text, start)
    start = _bracket_before(text, start, number) if plus is None else plus
    if (start and is_word(text[start - 1])) or (end < len(text) and is_word(text[end])):
        return None
    if is_measured(text, start, end) or number.has_date or len(set(number.digits)) < _TOO_ALIKE:
        return None
    if plus is not None:
        region = _abroad(f"+{text[number.start : end]}", hotlines=hotlines)
        return Hit(start, end, "phone", region) if region else None
    if not 8 <= len(number.digits) <= 15 or number.sizes[-1] < 2 or _DATE_BEHIND.match(text, end):
        return None
    if start and text[start - 1] in "$€£¥#_=":
        return None
    said = last_says(PHONE, OTHER_NUMBER, text, start)
    if said is False:
        return None
    sure = said or told or eager or (not number.is_amount and is_told_to(text, start))
    if "VN" in regions:
        if _VN_SERVICE.fullmatch(number.digits) and not hotlines:
            return None
        kind = _vietnamese(text, number, start, sure=sure)
        if kind:
            return Hit(start, end, "phone", kind)
    if number.is_amount and not sure:
        return None
    if _is_in_url(text, start):
        return None
    for region in regions:
        believed = sure or (region != "VN" and _is_typical(text, number, start, region))
        if believed and not (region in _WITH_ZERO and number.digits[0] != "0"):
            is_number, is_service = _in_plan(text[start:end], region)
            if is_service and not hotlines and _FREE.match(number.digits):
                return None  # 0800 of one country could be somebody's in another
            if is_number and (hotlines or not is_service):
                return Hit(start, end, "phone", region)
    if (said or told) and number.digits.startswith("00"):
        region = _abroad(f"+{number.digits[2:]}", hotlines=hotlines)
        return Hit(start, end, "phone", region) if region else None
    return None


def _plus_before(text: str, start: int) -> int | None:
    """Where a number begins that has a plus, maybe in a bracket: (+84) 912…; None without one."""
    if not start or text[start - 1] not in "+\uff0b":
        return None
    at = start - 1
    if at and text[at - 1].isdigit():
        return None
    return at - 1 if at and text[at - 1] == "(" else at


def _bracket_before(text: str, start: int, number: Number) -> int:
    """The bracket of an area code belongs to the number: (028) 3822 1234."""
    closes = next((gap for gap in number.gaps if "(" in gap or ")" in gap), "").startswith(")")
    return start - 1 if start and text[start - 1] == "(" and closes else start


def _vietnamese(text: str, number: Number, start: int, *, sure: bool) -> str:
    """What a number is in the Vietnamese plan, also in the plans until 2018; '' if nothing."""
    digits, sizes = number.digits, number.sizes
    if _VN_SERVICE.fullmatch(digits):
        return "VN service" if sizes[0] >= 4 else ""
    if digits.startswith("84") and sure and sizes[0] in (2, 11, 12):
        national = "0" + digits[2:]
        is_one = _VN_MOBILE.fullmatch(national) or _VN_LAND.fullmatch(national)
        return "VN" if is_one else ""
    in_bracket = text[start] == "("
    if sizes[0] < 2 or (len(sizes) > 1 and min(sizes) < 2) or not digits.startswith("0"):
        return ""
    in_pairs = max(sizes) == 2 or (len(sizes) > 3 and max(sizes) <= 2)
    if _VN_MOBILE.fullmatch(digits) or _VN_MOBILE_UNTIL_2018.fullmatch(digits):
        return "VN mobile" if sure or not in_pairs else ""
    if _VN_LAND.fullmatch(digits):
        return "VN" if sure or not in_pairs else ""
    if _VN_LAND_UNTIL_2017.fullmatch(digits) and (sure or in_bracket):
        return "VN until 2017"
    return ""


def _is_typical(text: str, number: Number, start: int, region: str) -> bool:
    """Whether a number is written in a way that in this region only phone numbers are."""
    sizes, gaps = number.sizes, number.gaps
    in_bracket = text[start] == "("
    if region == "US":
        if sizes[:1] == (1,) and number.digits[0] == "1":  # 1-617-555-0141
            return sizes[1:] == (3, 3, 4) and set(gaps) in ({"-"}, {"."})
        dashes = set(gaps) in ({"-"}, {"."})
        return sizes == (3, 3, 4) and (dashes or (in_bracket and gaps[1] in ("-", " ", ".")))
    if region == "FR":
        return sizes == (2, 2, 2, 2, 2) and number.digits[0] == "0" and set(gaps) == {"."}
    if region == "BR":
        return in_bracket and sizes in ((2, 5, 4), (2, 4, 4)) and gaps[1] == "-"
    if region == "RU":
        return sizes == (1, 3, 3, 2, 2) and number.digits[0] == "8" and gaps[0] in (" (", "(", "-")
    if region == "GB":
        return in_bracket and sizes[0] in (3, 4, 5) and number.digits[0] == "0"
    if region == "CN":
        return sizes == (3, 4, 4) and number.digits[0] == "1" and set(gaps) in ({"-"}, {" "})
    if region == "ID":
        return sizes in ((4, 4, 4), (4, 4, 3)) and number.digits.startswith("08")
    if region == "JP":
        if in_bracket and number.digits[0] == "0":
            return len(sizes) == 3 and gaps[1] == "-"
        return sizes in ((3, 4, 4), (2, 4, 4)) and number.digits[0] == "0" and set(gaps) == {"-"}
    if region == "KR":
        return sizes in ((3, 4, 4), (2, 4, 4)) and number.digits[0] == "0" and set(gaps) == {"-"}
    return False


def _is_in_url(text: str, start: int) -> bool:
    """Whether a number is a part of a path: site.example/269/2698586.html."""
    line = text[max(0, start - 200) : start]
    word = "" if not line or line[-1].isspace() else line.split()[-1]
    return "/" in word and "." in word


@lru_cache(maxsize=4096)
def _in_plan(written: str, region: str) -> tuple[bool, bool]:
    """Whether the plan of a region has a national number, and whether that is of a service."""
    import phonenumbers

    try:
        found = phonenumbers.parse(written, region)
    except phonenumbers.NumberParseException:
        return False, False
    if not phonenumbers.is_valid_number_for_region(found, region):
        return False, False
    return True, _is_service(found)


@lru_cache(maxsize=4096)
def _abroad(written: str, *, hotlines: bool) -> str:
    """The region of a number with a plus; '' if no plan has it. Old Vietnamese ones count."""
    import phonenumbers

    try:
        found = phonenumbers.parse(written, None)
    except phonenumbers.NumberParseException:
        return ""
    if found.country_code == 84:
        national = f"0{found.national_number}"
        if _VN_MOBILE_UNTIL_2018.fullmatch(national) or _VN_LAND_UNTIL_2017.fullmatch(national):
            return "VN until 2018"
    if not phonenumbers.is_valid_number(found) or (not hotlines and _is_service(found)):
        return ""
    return phonenumbers.region_code_for_number(found) or "international"


def _is_service(found: object) -> bool:
    """Whether a number belongs to a public service: free, shared cost, premium, of a company."""
    import phonenumbers
    from phonenumbers import PhoneNumberType

    return phonenumbers.number_type(found) in (  # type: ignore[arg-type]
        PhoneNumberType.TOLL_FREE,
        PhoneNumberType.SHARED_COST,
        PhoneNumberType.PREMIUM_RATE,
        PhoneNumberType.UAN,
    )
