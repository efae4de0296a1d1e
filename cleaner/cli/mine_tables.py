"""What `cleaner mine` shows on a terminal."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from rich.console import Console
from rich.table import Table

from cleaner.noise.mined import SITE, HostShare, Mined, Repeat
from cleaner.report.figures import short
from cleaner.report.inert import inert
from cleaner.report.terminal import console

_ENDS = 12
"""Ends of pages that are shown."""
_HOSTS, _HOST_LINES = 40, 12
"""Hosts that are shown, those with most documents, and lines of each."""
_LONGEST = 160
_GUARDS = {
    "sentence": "a sentence",
    "inside": "inside articles",
    "copies": "on copies",
    "title": "a title",
    "name": "a name",
    "numbers": "no letters",
    "unprintable": "unseen characters",
}


def print_mined(found: Mined, *, top: int, by_host: bool, out: Console | None = None) -> None:
    """Print the tables: lines, then ends of pages; with `by_host` what each host repeats."""
    to = out or console()
    to.print(f"{found.documents:,} documents; lines that at least {found.at_least:,} of them have")
    if not found.lines:
        to.print("no line comes so often; lower --min-documents or --min-share")
        return
    if by_host:
        _print_hosts(found, to)
        return
    to.print(_lines_table(found.lines[: top or None]))
    left = len(found.lines) - (top or len(found.lines))
    if left > 0:
        to.print(f"… and {left:,} more lines; --top 0 shows all")
    if found.tails:
        to.print(_ends_table(found.tails[:_ENDS]))


def _lines_table(lines: Sequence[Repeat]) -> Table:
    """One row a line."""
    table = _table("documents", "share", "hosts", "place", "rule, or what speaks for text")
    for one in lines:
        table.add_row(*_figures(one), _place(one), inert(_why(one)), _cell(one))
    return table


def _ends_table(tails: Sequence[Repeat]) -> Table:
    """One row an end of pages, its lines with ⏎ between."""
    table = _table("documents", "share", "hosts", "rule, or what speaks for text", last="ends")
    for one in tails:
        table.add_row(*_figures(one), inert(_why(one)), _cell(one))
    return table


def _table(*columns: str, last: str = "line") -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold", padding=(0, 2, 0, 0))
    for name in columns:
        is_number = name in ("documents", "share", "hosts")
        table.add_column(name, justify="right" if is_number else "left", no_wrap=is_number)
    table.add_column(last, ratio=1, overflow="fold")
    return table


def _figures(one: Repeat) -> tuple[str, str, str]:
    hosts = f"{'' if one.hosts_exact else '~'}{short(one.hosts)}" if one.hosts else "–"
    return short(one.documents), percent(one.share), hosts


def percent(share: float) -> str:
    """One decimal below ten percent."""
    return f"{100 * share:.1f} %" if share < 0.0995 else f"{100 * share:.0f} %"


def _place(one: Repeat) -> str:
    if one.is_head:
        return "head"
    return "end" if one.is_tail else ""


def _why(one: Repeat) -> str:
    return one.rule or _GUARDS.get(one.guard, "")


def _cell(one: Repeat) -> str:
    """The line; of one with any number a second spelling, too."""
    texts = [inert(" ".join(text.split())) for text in one.lines]
    shown = " ⏎ ".join(texts)
    shown = shown if len(shown) <= _LONGEST else f"{shown[: _LONGEST - 1]}…"
    if one.any_number and len(one.samples) > 1:
        other = inert(" ".join(one.samples[1].text.split()))
        shown += f"  (also: {other[:60]})"
    return shown


def _print_hosts(found: Mined, to: Console) -> None:
    hosts = by_hosts(found.lines)
    if not hosts:
        to.print("no host has enough documents with a line; hosts come from the column of URLs")
        return
    for host, documents, rows in hosts[:_HOSTS]:
        few = "" if documents >= SITE else "; too few to judge by the share"
        to.print(f"\n{inert(host)}: {documents:,} documents{few}")
        table = _table("documents", "share", "place", "rule, or what speaks for text")
        for one, of_host in rows[:_HOST_LINES]:
            figures = short(of_host.documents), percent(of_host.share)
            table.add_row(*figures, _place(one), inert(_why(one)), _cell(one))
        to.print(table)
        if len(rows) > _HOST_LINES:
            to.print(f"… and {len(rows) - _HOST_LINES:,} more lines")
    if len(hosts) > _HOSTS:
        to.print(f"\n… and {len(hosts) - _HOSTS:,} more hosts; --hosts HOST, or --json --by-host")


def by_hosts(
    lines: Iterable[Repeat],
) -> list[tuple[str, int, list[tuple[Repeat, HostShare]]]]:
    """Hosts with their documents and lines; those with most documents, and most frequent, first."""
    found: dict[tuple[str, int], list[tuple[Repeat, HostShare]]] = {}
    for one, host in _pairs(lines):
        found.setdefault((host.host, host.of), []).append((one, host))
    ranked = sorted(found.items(), key=lambda item: (-item[0][1], item[0][0]))
    return [
        (host, of, sorted(rows, key=lambda r: (-r[1].documents, r[0].lines)))
        for (host, of), rows in ranked
    ]


def _pairs(lines: Iterable[Repeat]) -> Iterator[tuple[Repeat, HostShare]]:
    for one in lines:
        for host in one.by_host:
            if host.documents > 1:
                yield one, host
