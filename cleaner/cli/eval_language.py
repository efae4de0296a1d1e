"""`cleaner eval language`."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import click

from cleaner.cli.frame import print_json, readable
from cleaner.cli.gold import gold_files, rows_of

if TYPE_CHECKING:
    from cleaner.text.evaluate import LanguageScore


@click.command()
@gold_files
@click.option(
    "--backend",
    type=click.Choice(["blend", "py3langid", "langdetect"]),
    default="blend",
    show_default=True,
    help="What tells the language.",
)
@click.option("--every", type=click.IntRange(min=1), default=1, help="Take every n-th row only.")
@click.option("--max-chars", type=click.IntRange(min=1), default=400, help="Characters looked at.")
@click.option("--json", "as_json", is_flag=True, help="Print the figures as JSON.")
def language(
    files: Sequence[Path],
    backend: Literal["blend", "py3langid", "langdetect"],
    every: int,
    max_chars: int,
    as_json: bool,
) -> None:
    """Measure how languages are told.

    A row of FILES has the fields `lang, text`, and `kind` if there are several. Accuracy is the
    share of texts told right, of all and of those in a language that the back end knows.
    """
    from cleaner.text.evaluate import as_dict, evaluate_language
    from cleaner.text.identifier import identifier

    rows = list(rows_of(files, {"lang", "text"}))[::every]
    scores = evaluate_language(rows, identifier(backend, max_chars))
    if as_json:
        kinds = {kind: as_dict(score) for kind, score in scores.items()}
        print_json({"backend": backend, "kinds": kinds})
        return
    click.echo("kind                  texts  languages  right  of known ones  µs a text")
    for kind, score in scores.items():
        click.echo(readable(_line(kind, score)))
        pairs = (f"{gold} as {answer} {n}" for gold, answer, n in score.confusions[:8])
        click.echo(readable(f"  most often wrong: {', '.join(pairs) or 'none'}"))
        click.echo(f"  right by probability: {_by_score(score)}")


def _by_score(score: LanguageScore) -> str:
    """From the highest tenth on: its lower end, the share that is right, and of how many."""
    tenths = enumerate(score.by_score)
    parts = [f".{i} {right / texts:.2f} of {texts:,}" for i, (texts, right) in tenths if texts]
    return ", ".join(reversed(parts))


def _line(kind: str, score: LanguageScore) -> str:
    right = score.right / score.texts
    known = score.known_right / max(1, score.known_texts)
    return (
        f"{kind:<20} {score.texts:>6,} {len(score.by_language):>10,} {right:>6.4f} {known:>14.4f}"
        f" {score.seconds / score.texts * 1e6:>10.1f}"
    )
