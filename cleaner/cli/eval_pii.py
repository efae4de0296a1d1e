"""`cleaner eval pii`."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from cleaner.cli.frame import print_json, readable
from cleaner.cli.gold import gold_files, rows_of

if TYPE_CHECKING:
    from cleaner.pii.evaluate import Score, Scores

_EPILOG = """\b
Example:
  cleaner eval pii seeds/gold/pii-held.jsonl --show"""


@click.command(epilog=_EPILOG)
@gold_files
@click.option("--show", is_flag=True, help="Show some labels that were missed, and wrong finds.")
@click.option("--json", "as_json", is_flag=True, help="Print the figures as JSON.")
def pii(files: Sequence[Path], *, show: bool, as_json: bool) -> None:
    """Measure how personal data is found.

    A row of FILES has the fields `text` and `spans`: a list of {start, end, kind}, in code points
    of the text; and `lang` where it is known. Precision, recall and F1 count a find that overlaps a
    label of its kind as right; `exact` is the share of these that begin and end where the label
    does.
    """
    from cleaner.errors import InputError
    from cleaner.pii.evaluate import as_dict, evaluate
    from cleaner.pii.find import Options, finder

    results = {}
    for file in files:
        try:
            results[file.name] = evaluate(rows_of([file], {"text", "spans"}), finder(Options()))
        except (ValueError, TypeError) as error:
            raise InputError(f"{file}: {error}") from error
    if as_json:
        print_json({name: as_dict(scores) for name, scores in results.items()})
        return
    for name, scores in results.items():
        click.echo(readable(f"{name}: {scores.texts:,} texts"))
        click.echo("\n".join(map(readable, _lines(scores, show=show))))


def _lines(scores: Scores, *, show: bool) -> list[str]:
    head = f"  {'':<14}{'labels':>7}{'found':>7}  {'P':<6} {'R':<6} {'F1':<6} exact"
    lines = [head, *(_line(kind, score) for kind, score in scores.kinds.items())]
    if len(scores.langs) > 1:
        lines += ["", *(_line(lang, score) for lang, score in scores.langs.items())]
    lines.append(f"  texts without a label: {scores.clean:,}; with a find: {scores.clean_hit:,}")
    if show:
        lines += [f"  missed {kind}: {value}" for kind, value in scores.missed]
        lines += [f"  wrong {kind}: {value}" for kind, value in scores.wrong]
    return lines


def _line(name: str, score: Score) -> str:
    exact = score.exact / score.right if score.right else None
    shares = (score.precision, score.recall, score.f1, exact)
    return f"  {name:<14}{score.gold:>7,}{score.found:>7,}  " + " ".join(
        f"{'–' if value is None else f'{value:.3f}':<6}" for value in shares
    )
