"""The url stage: URLs in one spelling, and lists of hosts to keep or to drop."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal

from pydantic import Field

from cleaner.errors import ConfigError, Fault
from cleaner.stages.base import Apply, MapStage

if TYPE_CHECKING:
    from cleaner.batch import Batch

DENIED, NOT_ALLOWED, MISSING = "url.denied", "url.not_allowed", "url.missing"
MOST_LIST = 256 << 20
"""Bytes of a file of hosts."""
Texts = Annotated[tuple[str, ...], Field(strict=False)]


class Url(MapStage):
    """Annotates `url_normal` and `url_host`; drops documents by host."""

    version: ClassVar[int] = 1
    summary: ClassVar[str] = "spells URLs in one way; drops documents by lists of hosts"
    adds: ClassVar[frozenset[str]] = frozenset({"url_normal", "url_host"})

    use: Literal["url"] = "url"
    allow: Texts = Field(
        default=(),
        description="Hosts whose documents stay, with all hosts below them; all others go.",
    )
    allow_files: Texts = Field(
        default=(), description="Files of such hosts: one a line, `#` begins a comment."
    )
    deny: Texts = Field(
        default=(),
        description="Hosts whose documents go, with all hosts below them; they win over `allow`.",
    )
    deny_files: Texts = Field(default=(), description="Files of such hosts.")
    missing: Literal["keep", "drop"] = Field(
        default="keep", description="Documents without a URL, or with one that has no host."
    )

    def can_edit(self) -> bool:
        """It annotates and drops."""
        return False

    def can_drop(self) -> bool:
        """With a list, or if documents without a URL go."""
        lists = (self.allow, self.allow_files, self.deny, self.deny_files)
        return any(lists) or self.missing == "drop"

    def rules(self) -> dict[str, str]:
        """See `Stage.rules`."""
        return {
            DENIED: "the host, or a domain that it lies in, is on the list to drop",
            NOT_ALLOWED: "the host is on no list to keep",
            MISSING: "there is no URL with a host",
        }

    def publishes(self) -> Mapping[str, Any]:
        """See `Stage.publishes`."""
        import pyarrow as pa

        return {"url_normal": pa.string(), "url_host": pa.string()}

    def digest(self) -> str:
        """The lists in force."""
        allow, deny = self._lists()
        rows = [*(f"allow {h}" for h in sorted(allow)), *(f"deny {h}" for h in sorted(deny))]
        return hashlib.sha256("\n".join(rows).encode()).hexdigest()

    def open(self) -> Apply:
        """Read the lists.

        Raises:
            ConfigError: a file cannot be read, or an entry is no host.
        """
        allow, deny = self._lists()
        restricts = bool(self.allow or self.allow_files)
        return partial(_apply, allow if restricts else None, deny, self.missing == "drop")

    def _lists(self) -> tuple[frozenset[str], frozenset[str]]:
        faults: list[Fault] = []
        allow = self._hosts("allow", self.allow, self.allow_files, faults)
        deny = self._hosts("deny", self.deny, self.deny_files, faults)
        if faults:
            raise ConfigError(faults)
        return allow, deny

    def _hosts(
        self, key: str, inline: tuple[str, ...], files: tuple[str, ...], faults: list[Fault]
    ) -> frozenset[str]:
        """Hosts of a list and of files, in one spelling; what is wrong goes to `faults`."""
        entries = [(f"stage {self.name}", key, text) for text in inline]
        for path in files:
            try:
                if Path(path).stat().st_size > MOST_LIST:
                    raise ValueError(f"is longer than {MOST_LIST} bytes")
                lines = Path(path).read_text("utf-8-sig").splitlines()
            except (OSError, ValueError) as error:
                said = getattr(error, "strerror", None) or str(error)
                hint = "name a text file in UTF-8 with one host a line"
                faults.append(Fault(f"stage {self.name}", f"{key}_files", f"{path}: {said}", hint))
                continue
            entries += [(f"{path}:{number}", "", text) for number, text in enumerate(lines, 1)]
        found = set()
        for where, what, text in entries:
            entry = text.partition("#")[0].strip()
            host = _host(entry)
            if host:
                found.add(host)
            elif entry or what:
                shown = repr(text if len(text) <= 60 else text[:57] + "…")
                faults.append(Fault(where, what, f"{shown} is no host", "such as example.com"))
        return frozenset(found)


def _host(entry: str) -> str:
    """The host of an entry: `example.com`, `*.example.com`, `.example.com`, or a URL; else ""."""
    from cleaner.text.urls import host_of

    host = host_of(entry.removeprefix("*").removeprefix("."))
    is_host = bool(host) and not any(c.isspace() or c in "*?[]" for c in host)
    return host if is_host and all(host.split(".")) else ""


def _apply(
    allow: frozenset[str] | None, deny: frozenset[str], drop_missing: bool, batch: Batch
) -> Batch:
    """Annotate, and drop; each different URL is looked at once."""
    import pyarrow as pa

    from cleaner.batch import Drop
    from cleaner.text.urls import host_of, normal_url

    urls: list[str | None] = batch.docs.column("url").to_pylist()
    known = {url: (normal_url(url), host_of(url)) for url in set(urls) if url}
    found = [known.get(url or "", ("", "")) for url in urls]
    normal = pa.array([pair[0] or None for pair in found], pa.string())
    hosts = pa.array([pair[1] or None for pair in found], pa.string())
    verdicts = {
        host: _verdict(host, allow, deny) for host in {pair[1] for pair in found if pair[1]}
    }
    drops = []
    for doc, (_, host) in enumerate(found):
        rule, seen = verdicts[host] if host else (MISSING if drop_missing else "", "")
        if rule:
            drops.append(Drop(doc, rule, None, seen))
    batch = batch.annotate("url_normal", normal).annotate("url_host", hosts)
    return batch.drop(drops)


def _verdict(host: str, allow: frozenset[str] | None, deny: frozenset[str]) -> tuple[str, str]:
    """The rule that drops documents of a host, or "", and what was seen."""
    from cleaner.text.urls import suffixes

    domains = suffixes(host)
    by = next((domain for domain in domains if domain in deny), "")
    if by:
        return DENIED, f"host {host}, on the list as {by}"
    if allow is not None and not any(domain in allow for domain in domains):
        return NOT_ALLOWED, f"host {host}"
    return "", ""
