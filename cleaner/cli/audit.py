"""`cleaner audit`."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import TYPE_CHECKING

import click

from cleaner.cli.frame import print_json, readable
from cleaner.cli.options import drawn_lines

if TYPE_CHECKING:
    from cleaner.report.audit_score import AuditScore, Share

_ENDINGS = (".csv", ".jsonl")
_EXAMPLES = """\b
Examples:
  cleaner audit out/vi-news --out sheet.csv
  cleaner audit out/vi-news --per-rule 50 --seed 2 --out sheet.jsonl
  cleaner audit score sheet.csv --run out/vi-news"""


class _Audit(click.Group):
    """A group whose first command is meant where none is named: `cleaner audit RUN`."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """As click does; what is neither a command nor a call for help is for `draw`."""
        if args and args[0] not in {*self.commands, *ctx.help_option_names}:
            args = ["draw", *args]
        return super().parse_args(ctx, args)


@click.group(cls=_Audit, epilog=_EXAMPLES)
def audit() -> None:
    """Draw lines of a run to judge, and score the sheet.

    `cleaner audit RUN --out SHEET` draws lines that were cut, by rule and score, and lines that
    were kept, beside cuts and elsewhere. Fill the column `verdict` with right, wrong or unsure; of
    a kept line, right means that it was right to keep it. `cleaner audit score SHEET` says how
    often each rule is right, and how much was wrongly kept, with intervals.
    """


@audit.command()
@click.argument("run", type=click.Path(exists=True, file_okay=False, path_type=Path))
@drawn_lines("Another seed draws other lines; the same draws the same on any machine.")
@click.option(
    "--out",
    type=click.Path(dir_okay=False, path_type=Path),
    required=True,
    metavar="SHEET",
    help="A .csv or .jsonl file, which must not exist yet.",
)
def draw(run: Path, *, per_rule: int, keeps: int | None, seed: int, out: Path) -> None:
    """Draw lines of a finished run to judge.

    RUN is its folder. Example: cleaner audit out/vi-news --out sheet.csv
    """
    if out.suffix not in _ENDINGS:
        raise click.UsageError(f"--out {out}: the name of a sheet ends in .csv or .jsonl")
    if out.exists():
        raise click.UsageError(
            f"--out {out}: is there already, perhaps with verdicts; name another"
        )
    if not out.parent.is_dir():
        raise click.UsageError(f"--out {out}: there is no folder {out.parent}")
    from cleaner.report.audit import draw as draw_rows
    from cleaner.report.audit_sheet import write_sheet

    rows = draw_rows(run, per_rule=per_rule, keeps=keeps, seed=seed)
    write_sheet(out, rows)
    cuts = sum(row.action == "cut" for row in rows)
    rules = len({row.rule for row in rows if row.action == "cut"})
    click.echo(
        readable(
            f"{out}: {cuts:,} cuts of {rules:,} rules and {len(rows) - cuts:,} kept lines; "
            "fill the column verdict with right, wrong or unsure, then:\n"
            f"cleaner audit score {shlex.quote(str(out))} --run {shlex.quote(str(run))}"
        )
    )


@audit.command()
@click.argument("sheet", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option(
    "--run",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="The run's folder: puts the result into its report.",
)
@click.option("--json", "as_json", is_flag=True, help="Print the figures as JSON.")
def score(sheet: Path, *, run: Path | None, as_json: bool) -> None:
    """Say how often each rule is right, and how much was wrongly kept.

    SHEET is what `cleaner audit RUN --out SHEET` wrote, with verdicts. Intervals are Wilson's of
    95 %; strata count by their size in the run. Example: cleaner audit score sheet.csv
    """
    from dataclasses import asdict

    from cleaner.report.audit_score import save
    from cleaner.report.audit_score import score as score_rows
    from cleaner.report.audit_sheet import read_sheet

    result = score_rows(read_sheet(sheet))
    page = None
    if run is not None:
        from cleaner.report.html import write_page

        save(run, result)
        page = write_page(run)
    if as_json:
        print_json(asdict(result))
        return
    print_score(result)
    if page is not None:
        click.echo(readable(f"in the report: {page}#audit"))


def print_score(result: AuditScore) -> None:
    """Print what an audit found as tables."""
    from rich.table import Table

    from cleaner.report.inert import inert
    from cleaner.report.terminal import console

    to = console()
    to.print(
        f"{result.judged:,} of {result.rows:,} lines judged, {result.unsure:,} unsure; "
        "intervals of 95 %"
    )
    table = Table(box=None, pad_edge=False, header_style="bold", padding=(0, 2, 0, 0))
    for name in ("", "lines", "judged", "share", "interval"):
        table.add_column(name, justify="left" if not name else "right", overflow="fold")
    table.add_row("cuts that are right", *_cells(result.precision))
    for rule in result.rules:
        if rule.precision is None:
            continue
        table.add_row(f"  {inert(rule.rule)}", *_cells(rule.precision))
        if len(rule.bands) > 1:
            for band in rule.bands:
                table.add_row(f"    score {inert(band.name)}", *_cells(band.share))
    table.add_row("kept lines that are wrong", *_cells(result.wrongly_kept))
    table.add_row("  beside cuts", *_cells(result.near))
    for rule in result.rules:
        if rule.near is not None and (rule.near.wrong or rule.near.right):
            table.add_row(f"    of {inert(rule.rule)}", *_cells(rule.near))
    table.add_row("  elsewhere", *_cells(result.other))
    to.print(table)
    for name, share in (("cuts", result.precision), ("kept lines", result.wrongly_kept)):
        if share is not None and 0 < share.covered < 1:
            to.print(
                f"{100 * (1 - share.covered):.1f} % of the {name} lie in strata not judged yet"
            )


def _cells(share: Share | None) -> tuple[str, str, str, str]:
    from cleaner.report.figures import short

    if share is None:
        return "–", "–", "–", "–"
    judged = f"{share.right + share.wrong:,}"
    if share.value is None or share.low is None or share.high is None:
        return short(share.lines), judged, "–", "–"
    interval = f"{100 * share.low:.1f} – {100 * share.high:.1f} %"
    return short(share.lines), judged, f"{100 * share.value:.1f} %", interval
