"""URLs and host names in one spelling: what tells no pages apart is left out."""

from __future__ import annotations

import re
from urllib.parse import parse_qsl, urlencode, urlsplit

MOST_URL = 8192
"""Characters; a longer text is no URL."""

_TRACKING = re.compile(
    r"^(utm_\w+|fbclid|gclid|yclid|mc_[ce]id|igshid|spm|ref|ref_src)$", re.IGNORECASE
)


def normal_url(url: str) -> str:
    """A URL without what does not tell pages apart; "" if it is none.

    Gone are scheme, "www.", user and password, the usual ports, fragment, trailing slash, and
    tracking parameters; the others are sorted. The host is as in `normal_host`, with its port.
    """
    try:
        parts = urlsplit(url.strip())
        host = normal_host(parts.hostname or "").removeprefix("www.")
        port = f":{parts.port}" if parts.port and parts.port not in (80, 443) else ""
        if not host:
            return ""
        pairs = sorted(
            (k, v)
            for k, v in parse_qsl(parts.query, keep_blank_values=True)
            if not _TRACKING.match(k)
        )
        query = f"?{urlencode(pairs)}" if pairs else ""
    except ValueError:  # brackets that do not close, a port that is no number, too many fields
        return ""
    return f"{host}{port}{parts.path.rstrip('/')}{query}"


def host_of(url: str) -> str:
    """The host of a URL, or of a host with a path, as in `normal_host`; "" if there is none."""
    text = url.strip()
    if len(text) > MOST_URL:
        return ""
    try:
        host = normal_host(urlsplit(text if "//" in text else f"//{text}").hostname or "")
    except ValueError:
        return ""
    return "" if any(map(str.isspace, host)) else host


def normal_host(host: str) -> str:
    """A host in lower case, in ASCII (punycode), without a final dot.

    One that IDNA cannot spell stays as it is, in lower case.
    """
    host = host.strip().rstrip(".").lower()
    if host.isascii():
        return host
    try:
        return host.encode("idna").decode("ascii")
    except UnicodeError:
        return host


def suffixes(host: str) -> list[str]:
    """A host and the domains that it lies in, the longest first: a.b.c, b.c, c."""
    labels = host.split(".")
    return [".".join(labels[at:]) for at in range(len(labels))]
