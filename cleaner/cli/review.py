"""`cleaner review`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from cleaner.cli.frame import readable
from cleaner.cli.options import drawn_lines

if TYPE_CHECKING:
    from cleaner.report.audit import Drawn
    from cleaner.report.review.gold import Gold
    from cleaner.report.review.labels import Labels
    from cleaner.report.review.server import Review

_EXAMPLES = """\b
Examples:
  cleaner review out/vi-news                        # lines, drawn as `cleaner audit` draws them
  cleaner review out/vi-news --sheet sheet.jsonl    # the verdicts, for `cleaner audit score`
  cleaner review out/vi-news --pages 50             # whole pages, each line text or noise
  cleaner review out/vi-news --gold my-gold.jsonl   # the pages done, for `cleaner eval noise`"""


@click.command(epilog=_EXAMPLES)
@click.argument("run", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option(
    "--pages",
    type=click.IntRange(1, 100_000),
    metavar="N",
    help="Review so many whole pages, line by line, instead of single lines.",
)
@drawn_lines("Another seed draws other lines and pages.")
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    default=0,
    metavar="N",
    help="Of the page's address.  [default: any that is free]",
)
@click.option(
    "--gold",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE.jsonl",
    help="Write the pages that are done as a gold file, and serve nothing; must not exist yet.",
)
@click.option(
    "--sheet",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="SHEET",
    help="Write the lines with their verdicts as a sheet of `cleaner audit` (.csv or .jsonl), and"
    " serve nothing; must not exist yet.",
)
def review(
    run: Path,
    *,
    pages: int | None,
    per_rule: int,
    keeps: int | None,
    seed: int,
    port: int,
    gold: Path | None,
    sheet: Path | None,
) -> None:
    """Label lines or pages of a run in a browser.

    RUN is its folder. A page on this machine alone shows one line after the other in the text
    around it; one key says right, wrong or unsure. With --pages it shows whole documents: one key
    turns a line from text to noise or back. Every label is saved at once in RUN/review, and the
    next start goes on. At the end it prints how often each rule was right, and writes the pages
    that are done to RUN/review/gold.jsonl.
    """
    for name, path in (("--gold", gold), ("--sheet", sheet)):
        if path is not None:
            _check_new(name, path)
    if sheet is not None and sheet.suffix not in (".csv", ".jsonl"):
        raise click.UsageError(f"--sheet {sheet}: the name of a sheet ends in .csv or .jsonl")
    if gold is not None or sheet is not None:
        _export(run, gold, sheet, per_rule, keeps, seed)
    elif pages is None:
        _review_rows(run, per_rule, keeps, seed, port)
    else:
        _review_pages(run, pages, seed, port)


def _check_new(name: str, path: Path) -> None:
    """Refuse what would write over something, or cannot be written."""
    if path.exists():
        raise click.UsageError(f"{name} {path}: is there already; name another")
    if not path.parent.is_dir():
        raise click.UsageError(f"{name} {path}: there is no folder {path.parent}")


def _export(
    run: Path, gold: Path | None, sheet: Path | None, per_rule: int, keeps: int | None, seed: int
) -> None:
    """Write files from the labels as they are."""
    from cleaner.errors import InputError
    from cleaner.io.corpus import in_order, read_manifest
    from cleaner.report.audit import run_id
    from cleaner.report.audit_sheet import write_sheet
    from cleaner.report.review.gold import collect, write_gold
    from cleaner.report.review.labels import read_labels
    from cleaner.report.review.rows import draw, judged

    labels = read_labels(run, run_id(read_manifest(run)))
    if gold is not None:
        with in_order(run) as view:
            found = collect(view, labels)
        if not found.records:
            raise InputError(
                f"{run} has no page that is done; label some with: cleaner review {run} --pages 20"
            )
        write_gold(gold, found)
        _print_gold(found, gold)
    if sheet is not None:
        rows = judged(draw(run, per_rule=per_rule, keeps=keeps, seed=seed), labels)
        write_sheet(sheet, rows)
        count = sum(bool(row.verdict) for row in rows)
        click.echo(readable(f"{sheet}: {count:,} of {len(rows):,} lines have a verdict"))


def _review_rows(run: Path, per_rule: int, keeps: int | None, seed: int, port: int) -> None:
    from cleaner.io.corpus import in_order, read_manifest
    from cleaner.report.audit import run_id
    from cleaner.report.review.labels import open_labels
    from cleaner.report.review.rows import RowReview, draw

    name = run_id(read_manifest(run))
    with open_labels(run, name) as labels, in_order(run) as view:
        drawn = draw(view, per_rule=per_rule, keeps=keeps, seed=seed)
        _serve(run, RowReview(view, drawn, labels), port, f"{len(drawn):,} lines to judge")
        _print_verdicts(drawn, labels)


def _review_pages(run: Path, number: int, seed: int, port: int) -> None:
    from cleaner.io.corpus import in_order, read_manifest
    from cleaner.report.audit import run_id
    from cleaner.report.review.gold import collect, path_of, write_gold
    from cleaner.report.review.labels import open_labels
    from cleaner.report.review.pages import PageReview, draw

    name = run_id(read_manifest(run))
    with open_labels(run, name) as labels, in_order(run) as view:
        places = draw(view, number, seed=seed)
        _serve(run, PageReview(view, places, labels), port, f"{len(places):,} pages to label")
        found = collect(view, labels)
        if not found.records:
            click.echo("no page is done yet")
            return
        write_gold(path_of(run), found)
        _print_gold(found, path_of(run))


def _serve(run: Path, review: Review, port: int, what: str) -> None:
    """Serve until the reviewer ends it, in the browser or by Ctrl-C."""
    from cleaner.report.review.server import Server

    with Server(review, run.resolve().name, port) as server:
        try:  # from the first word on: who was told that Ctrl-C ends it may press it at once
            click.echo(readable(f"{what}; open this address (it works on this machine alone):"))
            click.echo(server.url)
            click.echo("labels are saved at once; Ctrl-C here, or “Finish” there, ends it")
            server.serve_forever(poll_interval=0.1)
        except KeyboardInterrupt:
            click.echo()
        if server.fault is not None:
            raise server.fault


def _print_verdicts(drawn: list[Drawn], labels: Labels) -> None:
    """How often each rule was right, as far as it is known."""
    from dataclasses import replace

    from cleaner.cli.audit import print_score
    from cleaner.report.audit_score import score
    from cleaner.report.review.rows import judged

    rows = judged(drawn, labels)
    if not any(row.verdict for row in rows):
        click.echo("no line has a verdict yet")
        return
    result = score(rows)
    seen = [r for r in result.rules if any(s and s.right + s.wrong for s in (r.precision, r.near))]
    print_score(replace(result, rules=tuple(seen)))


def _print_gold(found: Gold, path: Path) -> None:
    """How often the run was right on the pages that are done."""
    n = found.counts
    cut, kept = n["cut_noise"] + n["cut_text"], n["kept_text"] + n["kept_noise"]
    count = len(found.records)
    click.echo(readable(f"{path}: {count:,} {'page' if count == 1 else 'pages'} done"))
    click.echo(f"of {cut:,} lines cut as noise {n['cut_text']:,} are text; "
               f"of {kept:,} others {n['kept_noise']:,} are noise")  # fmt: skip
    click.echo(readable(f"measure with: cleaner eval noise {path}"))
