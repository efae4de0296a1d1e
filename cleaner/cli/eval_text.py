"""`cleaner eval text`."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from cleaner.cli.frame import print_json, readable
from cleaner.cli.gold import gold_files, rows_of

if TYPE_CHECKING:
    from cleaner.text.evaluate import CaseScore, TextScore


@click.command()
@gold_files
@click.option("--json", "as_json", is_flag=True, help="Print the figures as JSON.")
def text(files: Sequence[Path], as_json: bool) -> None:
    """Measure the repair of text.

    A row of FILES has the fields `mechanism, noisy_text, gold_text`, or `encoding, legacy_text,
    gold_text`, or `original, fixed` (a test case of ftfy).
    """
    from cleaner.text.evaluate import as_dict, evaluate_text

    needed = ({"noisy_text", "gold_text"}, {"legacy_text", "gold_text"}, {"original", "fixed"})
    scores, cases = evaluate_text(rows_of(files, *needed))
    if as_json:
        kinds = {kind: as_dict(score) for kind, score in scores.items()}
        print_json({"kinds": kinds, "ftfy": as_dict(cases)})
        return
    if scores:
        click.echo("damage                texts    exact    words   but case  healthy changed")
    for kind, score in scores.items():
        click.echo(readable(_line(kind, score)))
    if cases.cases:
        click.echo("\n".join(_lines(cases)))


def _line(kind: str, score: TextScore) -> str:
    words = score.right_words / max(1, score.words)
    folded = (score.right_words + score.wrong_case) / max(1, score.words)
    exact = score.exact / score.texts
    return (
        f"{kind:<20} {score.texts:>6,} {exact:>8.4f} {words:>8.4f} {folded:>10.4f}"
        f" {score.healthy_changed:>16,}"
    )


def _lines(score: CaseScore) -> list[str]:
    head = (
        f"cases of ftfy: {score.cases:,}; right in both {score.both:,}, here only "
        f"{score.ours_only:,}, in ftfy only {score.theirs_only:,}, in neither {score.neither:,}"
    )
    lines = [head]
    for case in score.differences:
        lines += ["", *(f"{name:<8} {case[name]!a}" for name in case)]
    return lines
