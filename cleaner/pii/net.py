"""E-mail and IP addresses."""

from __future__ import annotations

import ipaddress
import re
from functools import lru_cache

from cleaner.pii.cue import ADDRESS, VERSION, is_measured, last_says
from cleaner.pii.hit import Hit, after, is_word
from cleaner.text.patterns import Pattern, compile_pattern

_FILES = frozenset(
    {"png", "jpg", "jpeg", "gif", "svg", "webp", "bmp", "ico", "css", "html", "json"}
)
"""What is no top-level domain: icon@2x.png."""
_OWN = (
    "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12",
    "192.168.0.0/16", "224.0.0.0/3", "::/128", "::1/128", "fc00::/7", "fe80::/10", "ff00::/8",
)  # fmt: skip
"""Addresses that are no one's in the public net (RFC 6890); blocks for examples are not here."""
_RESOLVERS = frozenset({"1.1.1.1", "1.0.0.1", "8.8.8.8", "8.8.4.4", "9.9.9.9", "208.67.222.222"})
"""Public services that half the net names."""
_MOST = 64
"""Characters before the at-sign (RFC 5321, section 4.5.3.1.1)."""
_SIGN = re.compile(r"[@\uff20]|[ \t]?[(\[][ \t]?at[ \t]?[)\]][ \t]?", re.IGNORECASE)
_DOT = re.compile(r"\.|[ \t]?[(\[][ \t]?dot[ \t]?[)\]][ \t]?", re.IGNORECASE)
_LETTERS = re.compile(r"[A-Za-z]+")
_V4 = re.compile(r"(?:[0-9]{1,3}\.){3}[0-9]{1,3}")
_V6 = re.compile(r"[0-9A-Fa-f]{0,4}(?::[0-9A-Fa-f]{0,4}){2,7}(?:[0-9]{1,3}(?:\.[0-9]{1,3}){3})?")


@lru_cache(maxsize=1)
def _pattern() -> Pattern:
    """What stands around an at-sign, or around what is written for one."""
    at = r"(?:@|\x{FF20}|[ \t]?[(\[][ \t]?at[ \t]?[)\]][ \t]?)"
    dot = r"(?:\.|[ \t]?[(\[][ \t]?dot[ \t]?[)\]][ \t]?)"
    label = r"[\p{L}\p{N}](?:[\p{L}\p{N}\-]*[\p{L}\p{N}])?"
    return compile_pattern(rf"[\p{{L}}\p{{M}}\p{{N}}._%+\-]+{at}{label}(?:{dot}{label})+")


def emails(text: str) -> list[Hit]:
    """E-mail addresses, also those written with (at) and (dot)."""
    found = []
    for start, end in _pattern().spans(text):
        hit = _email(text, start, end)
        if hit:
            found.append(hit)
    return found


def _email(text: str, start: int, end: int) -> Hit | None:
    """The address in a span: without what was glued to it on either side."""
    whole = text[start:end]
    sign = _SIGN.search(whole)
    assert sign is not None
    local, domain = whole[max(0, sign.start() - _MOST) : sign.start()], whole[sign.end() :]
    own = re.search(r"[!-~]*$", local)  # an address in ASCII may be glued to a word that is not
    if own and own.group() and local[-1].isascii():
        local = own.group()
    local = local.lstrip(".-_%+")
    if not local or local.endswith(".") or ".." in local:
        return None
    start = start + sign.start() - len(local)
    if (
        start
        and text[start - 1] in "@/\\"
        and not text[max(0, start - 7) : start].endswith("mailto:")
    ):
        return None
    size, labels = _domain(domain)
    top = labels[-1].casefold()
    if len(labels) < 2 or len(top) < 2 or not top.isalpha() or top in _FILES:
        return None
    if local.casefold() == "git":
        return None
    return Hit(start, start + len(local) + len(sign.group()) + size, "email")


def _domain(text: str) -> tuple[int, list[str]]:
    """Characters and labels of the domain that a text begins with.

    A sentence may begin right behind its last dot (gmail.com.Xin…), and a word of a script without
    spaces right behind its last letter.
    """
    labels: list[str] = []
    at = size = 0
    for dot in [*_DOT.finditer(text), None]:
        label = text[at : dot.start() if dot else len(text)]
        is_ascii = all(map(str.isascii, labels))
        if len(labels) > 1 and is_ascii and _begins_sentence(label, labels[-1]):
            break
        if labels and is_ascii and not label.isascii():
            own = _LETTERS.match(label)
            if own:
                labels.append(own.group())
                size = at + own.end()
            break
        labels.append(label)
        size = at + len(label)
        at = dot.end() if dot else at
    return size, labels


def _begins_sentence(label: str, last: str) -> bool:
    return not label.isascii() or (label[0].isupper() and last.islower())


def ips(text: str, *, own: bool = False, eager: bool = False) -> list[Hit]:
    """IP addresses; those of private and reserved nets, and of public resolvers, if `own`."""
    found = [hit for m in _V4.finditer(text) if (hit := _v4(text, *m.span(), own=own, eager=eager))]
    return found + [hit for m in _V6.finditer(text) if (hit := _v6(text, *m.span(), own=own))]


def _v4(text: str, start: int, end: int, *, own: bool, eager: bool) -> Hit | None:
    parts = text[start:end].split(".")
    if any(int(p) > 255 or (len(p) > 1 and p[0] == "0") for p in parts) or parts[0] == "0":
        return None
    if start and (is_word(text[start - 1]) or text[start - 1] in ".-"):
        return None
    if start > 1 and text[start - 1] == "/" and is_word(text[start - 2]):
        return None  # nginx/1.9.7.1
    behind = text[end : end + 2]
    if behind and (is_word(behind[0]) or (behind[0] in ".-," and behind[1:].isdigit())):
        return None
    if not own and _is_own(text[start:end]):
        return None
    said = last_says(ADDRESS, VERSION, text, start)
    if not said and is_measured(text, start, end):  # said: "il server 203.0.113.7 ha …"
        return None
    if said is False and not eager:
        return None
    small = sum(int(part) < 32 for part in parts)
    if small > 2 and not said and not behind.startswith(":") and not eager:
        return None  # 1.2.3.4, 5.3.6.61: a section, or a version
    return Hit(start, end, "ip", "v4")


def _v6(text: str, start: int, end: int, *, own: bool) -> Hit | None:
    while end > start and text[end - 1] == ":" and not text[start:end].endswith("::"):
        end -= 1
    found = text[start:end]
    try:
        ipaddress.IPv6Address(found)
    except ValueError:
        return None
    is_apart = not (start and (is_word(text[start - 1]) or text[start - 1] in ":."))
    if not is_apart or is_word(after(text, end, 1) or " "):
        return None
    if len([part for part in found.split(":") if part]) < 3 or not any(c.isdigit() for c in found):
        return None
    return Hit(start, end, "ip", "v6") if own or not _is_own(found) else None


@lru_cache(maxsize=1)
def _nets() -> tuple[ipaddress.IPv4Network | ipaddress.IPv6Network, ...]:
    return tuple(map(ipaddress.ip_network, _OWN))


def _is_own(text: str) -> bool:
    address = ipaddress.ip_address(text)
    return text in _RESOLVERS or any(
        address in net for net in _nets() if net.version == address.version
    )
