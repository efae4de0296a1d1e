"""Card numbers and international account numbers, with their check digits."""

from __future__ import annotations

import re
from types import MappingProxyType

from cleaner.pii.check import luhn, mod_97
from cleaner.pii.cue import CARD, OTHER_NUMBER, last_says
from cleaner.pii.hit import Hit, stands_alone
from cleaner.pii.number import Number

_ISSUERS: tuple[tuple[str, int, int, frozenset[int]], ...] = (
    ("Visa", 4, 4, frozenset({16, 19})),
    ("Mastercard", 51, 55, frozenset({16})),
    ("Mastercard", 2221, 2720, frozenset({16})),
    ("American Express", 34, 34, frozenset({15})),
    ("American Express", 37, 37, frozenset({15})),
    ("Mir", 2200, 2204, frozenset({16, 17, 18, 19})),
    ("JCB", 3528, 3589, frozenset({16, 17, 18, 19})),
    ("Diners Club", 300, 305, frozenset({14, 16, 19})),
    ("Diners Club", 36, 36, frozenset({14, 16, 19})),
    ("Diners Club", 38, 39, frozenset({14, 16, 19})),
    ("Discover", 6011, 6011, frozenset({16, 19})),
    ("Discover", 644, 659, frozenset({16, 19})),
    ("UnionPay", 62, 62, frozenset({16, 17, 18, 19})),
    ("RuPay", 60, 60, frozenset({16})),
    ("Napas", 9704, 9704, frozenset({16, 19})),
)
"""Issuer, first and last prefix, lengths: ISO/IEC 7812 numbers as their networks publish them."""
_GROUPED = frozenset(
    {(4, 4, 4, 4), (4, 6, 5), (4, 6, 4), (4, 4, 4, 4, 3), (4, 4, 4, 4, 2), (4, 4, 4, 4, 1), (6, 13)}
)

IBAN_LENGTHS = MappingProxyType(
    {
        "AD": 24, "AE": 23, "AL": 28, "AT": 20, "AZ": 28, "BA": 20, "BE": 16, "BG": 22, "BH": 22,
        "BI": 27, "BR": 29, "BY": 28, "CH": 21, "CR": 22, "CY": 28, "CZ": 24, "DE": 22, "DJ": 27,
        "DK": 18, "DO": 28, "EE": 20, "EG": 29, "ES": 24, "FI": 18, "FK": 18, "FO": 18, "FR": 27,
        "GB": 22, "GE": 22, "GI": 23, "GL": 18, "GR": 27, "GT": 28, "HN": 28, "HR": 21, "HU": 28,
        "IE": 22, "IL": 23, "IQ": 23, "IS": 26, "IT": 27, "JO": 30, "KW": 30, "KZ": 20, "LB": 28,
        "LC": 32, "LI": 21, "LT": 20, "LU": 20, "LV": 21, "LY": 25, "MC": 27, "MD": 24, "ME": 22,
        "MK": 19, "MN": 20, "MR": 27, "MT": 31, "MU": 30, "NI": 28, "NL": 18, "NO": 15, "OM": 23,
        "PK": 24, "PL": 28, "PS": 29, "PT": 25, "QA": 29, "RO": 24, "RS": 22, "RU": 33, "SA": 24,
        "SC": 31, "SD": 18, "SE": 24, "SI": 19, "SK": 24, "SM": 27, "SO": 23, "ST": 25, "SV": 28,
        "TL": 23, "TN": 24, "TR": 26, "UA": 29, "VA": 22, "VG": 24, "XK": 20, "YE": 30,
    }
)  # fmt: skip
"""Country → characters of an account number (SWIFT, IBAN Registry)."""
_IBAN = re.compile(r"[A-Z]{2}[0-9]{2}(?:[ \u00a0\-]?[0-9A-Z]){11,29}")
_SPACES = str.maketrans("", "", " \u00a0-")


def bank_card(text: str, number: Number, *, eager: bool = False) -> Hit | None:
    """The card number that a number is, or None: an issuer's prefix and length, and Luhn."""
    digits = number.digits
    if not 14 <= len(digits) <= 19 or len(set(digits)) < 2:
        return None
    if not stands_alone(text, number.start, number.end):
        return None
    issuer = _issuer(digits)
    if not issuer or not luhn(digits) or number.is_amount:
        return None
    if len(number.sizes) > 1 and (
        number.sizes not in _GROUPED or any(len(gap) > 1 for gap in number.gaps)
    ):
        return None
    if last_says(CARD, OTHER_NUMBER, text, number.start) is False and not eager:
        return None
    return Hit(number.start, number.end, "bank_card", issuer)


def _issuer(digits: str) -> str:
    for name, low, high, sizes in _ISSUERS:
        if len(digits) in sizes and low <= int(digits[: len(str(low))]) <= high:
            return name
    return ""


def ibans(text: str) -> list[Hit]:
    """Account numbers of a known country, of its length, whose rest by 97 is 1."""
    found = []
    at = 0
    while match := _IBAN.search(text, at):
        start = match.start()
        end = _end_of(text, start, IBAN_LENGTHS.get(match.group()[:2], 0))
        at = start + 2
        if end and stands_alone(text, start, end):
            account = text[start:end].translate(_SPACES)
            if mod_97(account):
                found.append(Hit(start, end, "iban", account[:2]))
                at = end
    return found


def _end_of(text: str, start: int, length: int) -> int:
    """Where so many letters and digits end; 0 if there are fewer."""
    at, left = start, length
    while left and at < len(text):
        character = text[at]
        if character.isascii() and character.isalnum():
            left -= 1
        elif character not in " \u00a0-":
            return 0
        at += 1
    return at if length and not left else 0
