"""Secrets in URLs and beside them: credentials, tokens, signatures, keys of known services."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache

from cleaner.pii.hit import Hit, is_word
from cleaner.text.patterns import Pattern, compile_pattern

_SURE = (
    "access_token", "refresh_token", "id_token", "auth_token", "authtoken", "csrf_token",
    "csrfmiddlewaretoken", "token", "jwt", "api_key", "api-key", "apikey", "x-api-key",
    "client_secret", "client-secret", "secret", "secret_key", "private_key", "signature",
    "x-amz-signature", "x-amz-credential", "x-amz-security-token", "x-goog-signature",
    "x-goog-credential", "awsaccesskeyid", "password", "passwd", "pwd", "phpsessid", "jsessionid",
    "aspsessionid", "sessionid", "session_id", "session_token", "bearer", "otp", "resetkey",
)  # fmt: skip
"""Keys whose value is a secret, if it is no plain word."""
_OFTEN = (
    "key", "sig", "sid", "session", "sess", "pass", "auth", "authorization", "code", "hmac",
    "invite", "reset", "confirm", "verification", "unsubscribe", "s_token", "hash",
)  # fmt: skip
"""Keys whose value is one only if it looks like it."""
_ENDS = r"(?:token|secret|password|api_?key|signature)"
"""What the key of a secret ends with: reset_token, client-secret."""
_PLACES = frozenset({"page", "next", "continuation", "pagination", "sync", "prev"})
"""page_token: a place in a list, no secret."""
_SERVICES = (
    r"(?:AKIA|ASIA)[0-9A-Z]{16}",
    r"gh[pousr]_[0-9A-Za-z]{36,251}",
    r"github_pat_[0-9A-Za-z_]{22,255}",
    r"glpat-[0-9A-Za-z_\-]{20,}",
    r"xox[abeprs]-[0-9A-Za-z\-]{10,}",
    r"[rs]k_(?:live|test)_[0-9A-Za-z]{16,}",
    r"sk-(?:proj-|ant-)?[0-9A-Za-z_\-]{20,}",
    r"AIza[0-9A-Za-z_\-]{35}",
    r"ya29\.[0-9A-Za-z_\-]{20,}",
    r"npm_[0-9A-Za-z]{36}",
    r"pypi-[0-9A-Za-z_\-]{50,}",
    r"hf_[0-9A-Za-z]{34}",
    r"dop_v1_[0-9a-f]{64}",
    r"shpat_[0-9a-f]{32}",
    r"SG\.[0-9A-Za-z_\-]{16,}\.[0-9A-Za-z_\-]{16,}",
    r"eyJ[0-9A-Za-z_\-]{8,}\.eyJ[0-9A-Za-z_\-]{8,}\.[0-9A-Za-z_\-]{8,}",
)
"""Keys that tell by their beginning what they are, as their services publish it."""
_LEAST_VALUE = 4
_PLAIN = re.compile(r"[A-Za-z]{1,12}|[0-9]{1,5}|[<{\[$%].*|[.*xX…]+|(?i:your|my|the)[\w\-]*")
"""A value that stands for one: password=secret, key=YOUR_KEY, token=<token>."""


@lru_cache(maxsize=1)
def _patterns() -> tuple[Pattern, Pattern, Pattern]:
    """Credentials before a host, values of keys, keys of services."""
    keys = "|".join(map(re.escape, (*_SURE, *_OFTEN)))
    value = r"[^\s&#;\"'<>()\[\]{}|,\\`]+"
    user = r"[a-z][a-z0-9+.\-]{1,20}://[^\s/@:\"'<>]+:[^\s/@\"'<>]+@[\p{L}\p{N}\[]"
    return (
        compile_pattern(user),
        compile_pattern(rf"[?&;#](?:amp;)?(?:{keys}|[a-z0-9.\-]{{1,32}}[_\-]{_ENDS})={value}"),
        compile_pattern("|".join(_SERVICES), any_case=False),
    )


def secrets(text: str) -> Iterator[Hit]:
    """Secrets; of a URL only what is secret in it, so that the rest can stay."""
    users, values, services = _patterns()
    if "://" in text:
        for start, end in users.spans(text):
            begin = text.index("://", start) + 3
            if not _PLAIN.fullmatch(text[text.index(":", begin) + 1 : end - 2]) or (
                text[begin : text.index(":", begin)] not in ("user", "username", "name")
            ):
                yield Hit(begin, end - 2, "url_secret", "user and password")
    if "=" in text:
        for start, end in values.spans(text):
            begin = text.index("=", start) + 1
            value = text[begin:end].rstrip(".,:!?…")
            key = text[start:begin].strip("?&;#=").casefold().removeprefix("amp;")
            if _is_secret(key, value):
                yield Hit(begin, begin + len(value), "url_secret", f"value of {key}")
    for start, end in services.spans(text):
        found = text[start:end]
        is_key = not found.startswith("sk-") or _varies(found)  # sk- begins words, too
        if is_key and not (start and is_word(text[start - 1])):
            yield Hit(start, end, "url_secret", "key of a service")


def _is_secret(key: str, value: str) -> bool:
    """Whether a value is no plain word, and for doubtful keys, whether it looks random."""
    if len(value) < _LEAST_VALUE or _PLAIN.fullmatch(value):
        return False
    if key in _SURE:
        return True
    if re.fullmatch(rf"[^=]+[_\-]{_ENDS}", key):
        return re.split(r"[_\-]", key)[-2] not in _PLACES
    return len(value) >= 12 and _varies(value)


def _varies(value: str) -> bool:
    """Whether letters and digits are mixed, as in what was drawn by chance."""
    letters = sum(c.isalpha() for c in value)
    digits = sum(c.isdigit() for c in value)
    return (digits >= 2 and letters >= 2 and len(set(value)) >= 6) or (
        len(value) >= 34 and letters > 20 and len(set(value)) >= 12
    )
