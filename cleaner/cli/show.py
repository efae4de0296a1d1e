"""`cleaner show`."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import click

from cleaner.cli.frame import say

if TYPE_CHECKING:
    from rich.console import RenderableType

    from cleaner.report.query import Answer

_TABLES = ("corpus", "ledger", "quarantine", "pairs", "clusters")
_IDS = ("doc_id", "kept_doc_id", "cluster_id")
"""Columns whose cells are never cut: they are there to be copied."""
_LEAST = 12
"""Columns of the terminal that other text gets at least."""
_LONGEST = 80
"""Characters of a cell that are shown."""

_EPILOG = """\b
Examples:
  cleaner show out/vi-news "SELECT rule, sum(cut_chars) FROM ledger GROUP BY rule"
  cleaner show out/vi-news --where "n_chars < 200" --limit 50
  cleaner show out/vi-news --table ledger --where "rule LIKE 'vi.%'" --format json"""


@click.command(epilog=_EPILOG)
@click.argument("run", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.argument("sql", required=False)
@click.option("--where", metavar="FILTER", help="Only rows that meet this SQL condition.")
@click.option("--table", type=click.Choice(_TABLES), help="The table to show.  [default: corpus]")
@click.option(
    "--limit",
    type=click.IntRange(min=0),
    default=20,
    show_default=True,
    metavar="N",
    help="So many rows at most; 0: all.",
)
@click.option(
    "--format",
    "style",
    type=click.Choice(["table", "json", "csv"]),
    default="table",
    show_default=True,
    help="For people, or for programs. Without SQL, a table has the main columns only.",
)
@click.option("--show-secrets", is_flag=True, help="Show what a stage masked as secret, too.")
def show(
    run: Path,
    sql: str | None,
    where: str | None,
    table: str | None,
    limit: int,
    style: str,
    *,
    show_secrets: bool,
) -> None:
    """Look into a run with SQL.

    RUN is the folder of a run; SQL is one SELECT over its tables corpus, ledger, quarantine, pairs
    and clusters. It can read these, and nothing else on the machine. Needs DuckDB:
    pip install 'cleaner[show]'.
    """
    if sql is not None and (where is not None or table is not None):
        raise click.UsageError("give SQL, or --table and --where, not both")
    from cleaner.report.query import query, select

    asked = sql or select(table or "corpus", where, brief=style == "table")
    answer = query(  # one more tells whether there is
        run, asked, limit + 1 if limit else None, secrets=show_secrets
    )
    _PRINTERS[style](answer, limit)


def _as_table(answer: Answer, limit: int) -> None:
    """Rows with columns side by side, or one below the other where they do not fit.

    Long cells are cut, and nothing in them can steer the terminal.
    """
    from rich.text import Text

    from cleaner.report.terminal import console

    rows = list(answer.rows)
    shown = rows[:limit] if limit else rows
    cells = [[_cell(value) for value in row] for row in shown]
    is_figure = [
        all(isinstance(row[at], int | float | None) for row in shown)
        for at in range(len(answer.columns))
    ]
    terminal = console()
    names = [_cell(name) for name in answer.columns]
    for part in _laid_out(names, cells, is_figure, terminal.width):
        terminal.print(part, soft_wrap=isinstance(part, Text))
    more = f"; there are more, --limit {10 * limit:,} shows them" if len(rows) > len(shown) else ""
    terminal.print(Text(f"{len(shown):,} {'row' if len(shown) == 1 else 'rows'}{more}", "dim"))


def _laid_out(
    names: list[str], rows: list[list[str]], is_figure: list[bool], width: int
) -> Iterator[RenderableType]:
    """The rows as a table, or as one block a row."""
    from rich.cells import cell_len
    from rich.table import Table
    from rich.text import Text

    longest = [max(map(cell_len, column)) for column in zip(names, *rows, strict=True)]
    least = [
        size if figure or name in _IDS else min(size, _LEAST)
        for name, size, figure in zip(names, longest, is_figure, strict=True)
    ]
    if sum(least) + 2 * len(least) <= width:
        table = Table(box=None, pad_edge=False, header_style="bold", show_edge=False)
        widths = _widths(least, longest, width - 2 * len(least))
        for name, size, figure in zip(names, widths, is_figure, strict=True):
            justify: Literal["left", "right"] = "right" if figure and rows else "left"
            table.add_column(
                Text(name), justify=justify, no_wrap=True, width=size, overflow="ellipsis"
            )
        for row in rows:
            table.add_row(*map(Text, row))
        yield table
        return
    size = max(map(cell_len, names), default=0)
    for row in rows:
        for name, cell in zip(names, row, strict=True):
            yield Text(name.ljust(size), style="bold").append(f"  {cell}", "not bold")
        yield Text()


def _widths(least: list[int], longest: list[int], room: int) -> list[int]:
    """The room shared out: a column that needs little gets it, the others as much as is left."""
    widths = list(least)
    wanting = sorted(range(len(least)), key=lambda at: longest[at] - least[at])
    for done, at in enumerate(wanting):
        share = (room - sum(widths)) // (len(wanting) - done)
        widths[at] += max(0, min(longest[at] - widths[at], share))
    return widths


def _as_json(answer: Answer, limit: int) -> None:
    """One array of objects, in ASCII, a row a line."""
    import json

    from cleaner.report.query import plain

    write = sys.stdout.write
    write("[")
    for number, row in enumerate(_cut(answer, limit)):
        record = dict(zip(answer.columns, map(plain, row), strict=True))
        write(("," if number else "") + "\n" + json.dumps(record, allow_nan=False))
    write("\n]\n")


def _as_csv(answer: Answer, limit: int) -> None:
    """As RFC 4180 has it; on a terminal, control characters are escaped."""
    import csv
    import io
    import json

    from cleaner.report.inert import inert
    from cleaner.report.query import plain

    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(encoding="utf-8")  # a file of data, whatever the locale
    is_terminal = sys.stdout.isatty()

    def cell(value: Any) -> str:
        value = plain(value)
        text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
        if value is None:
            return ""
        return inert(text) if is_terminal else text

    writer = csv.writer(sys.stdout, lineterminator="\n")
    writer.writerow(map(cell, answer.columns))
    writer.writerows([cell(value) for value in row] for row in _cut(answer, limit))


def _cut(answer: Answer, limit: int) -> Iterator[tuple[Any, ...]]:
    """The rows up to the limit; that there are more is said on stderr."""
    for number, row in enumerate(answer.rows, start=1):
        if limit and number > limit:
            say(f"the first {limit:,} rows; there are more, --limit 0 gives all")
            return
        yield row


def _cell(value: Any) -> str:
    """At most `_LONGEST` characters, on one line."""
    import json

    from cleaner.report.inert import inert
    from cleaner.report.query import plain

    value = plain(value)
    if value is None:
        return "·"
    if not isinstance(value, str):
        value = json.dumps(value, ensure_ascii=False)
    return inert(value if len(value) <= _LONGEST else value[: _LONGEST - 1] + "…")


_PRINTERS: dict[str, Callable[[Answer, int], None]] = {
    "table": _as_table,
    "json": _as_json,
    "csv": _as_csv,
}
