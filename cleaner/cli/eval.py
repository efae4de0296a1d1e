"""`cleaner eval`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from cleaner.cli.eval_language import language
from cleaner.cli.eval_pii import pii
from cleaner.cli.eval_text import text
from cleaner.cli.frame import print_json, readable

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from cleaner.noise.evaluate import GoldPage, GoldPages, Measured
    from cleaner.noise.judge import Verdict

_OURS = "cleaner"
_ALL = "all"
_LEAST_PAGES = 5
"""A language or kind of page with fewer pages gets no line of its own."""


@click.group(name="eval")
def evaluate() -> None:
    """Measure a part of cleaner against labelled data."""


evaluate.add_command(language)
evaluate.add_command(pii)
evaluate.add_command(text)


@evaluate.command()
@click.argument(
    "gold", nargs=-1, required=True, type=click.Path(exists=True, dir_okay=False, path_type=Path)
)
@click.option(
    "--repeats/--no-repeats",
    default=True,
    show_default=True,
    help="Count what the pages of each file repeat, as the stage `repeats` does in a run.",
)
@click.option("--samples", default=1000, show_default=True, type=click.IntRange(10, 100_000))
@click.option("--seed", default=0, show_default=True, type=click.IntRange(0))
@click.option("--json", "as_json", is_flag=True, help="Print the figures as JSON.")
def noise(gold: tuple[Path, ...], repeats: bool, samples: int, seed: int, as_json: bool) -> None:
    """Measure how well noise is cut from pages with a label for each line.

    GOLD is JSON lines, plain, .gz or .zst, with `noisy_text`, `gold_text` and `line_labels` (one
    character a line of noisy_text, 1 for main text), and, where known, `id`, `url`, `lang`,
    `title`, `page_type`.

    Prints word precision, recall and F1 (bags of words, the mean over pages, with the interval of
    95 % of a bootstrap over sites), the same by lines weighted by their words, and the share of
    headlines kept: for cleaner, for its rules and its model alone, and for the line rules of C4,
    jusText and RefinedWeb. Then cleaner by language, by kind of page, and by rule.
    """
    results = [_measure(path, repeats, samples, seed) for path in gold]
    if as_json:
        print_json(results)
        return
    for result in results:
        _print(result)


def _measure(path: Path, with_repeats: bool, samples: int, seed: int) -> dict[str, Any]:
    """All figures of one file."""
    import numpy as np

    from cleaner.noise.baselines import BASELINES
    from cleaner.noise.evaluate import GoldPages, kept_by, measure

    pages = GoldPages.of(read_gold(path))
    kept = {name: kept_by(pages, rule) for name, rule in BASELINES.items()}
    verdicts = _ours(pages, with_repeats, kept)
    whole = {_ALL: np.ones(len(pages.pages), bool)}
    methods = {
        name: measure(pages, keep, whole, samples=samples, seed=seed)[_ALL]
        for name, keep in kept.items()
    }
    groups = {}
    for title, names in (
        ("language", [p.lang for p in pages.pages]),
        ("page_type", [p.page_type for p in pages.pages]),
    ):
        found = measure(pages, kept[_OURS], _groups(names), samples=samples, seed=seed)
        groups[title] = {name: _plain(figures) for name, figures in found.items()}
    return {
        "file": path.name,
        "repeats": with_repeats,
        "methods": {name: _plain(figures) for name, figures in methods.items()},
        "by": groups,
        "rules": _by_rule(pages, verdicts),
    }


def read_gold(path: Path) -> list[GoldPage]:
    """The pages of a gold file.

    Raises:
        InputError: it cannot be read, or a record is not what it should be.
    """
    import json

    import pyarrow as pa

    from cleaner.errors import InputError
    from cleaner.noise.evaluate import gold_page

    name = path.name.split(".")[0].removeprefix("noise_")
    try:
        with pa.input_stream(str(path), compression="detect") as stream:
            text = stream.read().decode()
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{path}: cannot be read as UTF-8 text ({error})") from error
    pages = []
    for number, row in enumerate(text.split("\n")):
        if not row.strip():
            continue
        try:
            record = json.loads(row)
        except (ValueError, RecursionError) as error:
            raise InputError(f"{path}, line {number + 1}: is no JSON ({error})") from error
        if not isinstance(record, dict):
            raise InputError(f"{path}, line {number + 1}: is no JSON object")
        pages.append(gold_page(record, name, number))
    if not pages:
        raise InputError(f"{path}: has no pages")
    return pages


def _ours(
    pages: GoldPages, with_repeats: bool, kept: dict[str, NDArray[np.bool_]]
) -> dict[int, Verdict]:
    """The verdicts of cleaner by line; what it, its rules and its model keep goes to `kept`."""
    import numpy as np

    from cleaner.noise.decision import decide
    from cleaner.noise.evaluate import counts
    from cleaner.noise.judge import asking_judge
    from cleaner.noise.model import built_in
    from cleaner.noise.pack import load_packs

    judge, model = asking_judge(load_packs()), built_in()
    seen = counts(pages) if with_repeats else None
    ruled = decide(pages.text, pages.first, judge, None, keep={"caption"}, counts=seen)
    kept["rules"] = np.ones(len(pages.text), bool)
    kept["rules"][list(ruled)] = False
    scores = model.score(
        pages.text,
        pages.first,
        host=seen.host_share() if seen else None,
        corpus=seen.other_pages() if seen else None,
        rules=np.zeros(len(pages.text), np.int32),
    )
    kept["model"] = np.ones(len(pages.text), bool)
    kept["model"][scores.where] = scores.noise <= model.limit
    verdicts = decide(pages.text, pages.first, judge, model, keep={"caption"}, counts=seen)
    kept[_OURS] = np.ones(len(pages.text), bool)
    kept[_OURS][list(verdicts)] = False
    return verdicts


def _groups(names: list[str]) -> dict[str, NDArray[np.bool_]]:
    """Pages of each name that enough of them have; none where all have one name."""
    import numpy as np

    column = np.array(names)
    values, counts = np.unique(column, return_counts=True)
    if len(values) < 2:
        return {}
    big = values[counts >= _LEAST_PAGES]
    return {str(v): column == v for v in big if v}


def _by_rule(pages: GoldPages, verdicts: dict[int, Verdict]) -> dict[str, dict[str, Any]]:
    """Lines and words that each rule cuts, and the share of the words that is noise."""
    found: dict[str, list[int]] = {}
    for at, verdict in verdicts.items():
        size = int(pages.words.counts[at])
        row = found.setdefault(verdict.rule, [0, 0, 0])
        row[0] += 1
        row[1] += size
        row[2] += 0 if pages.labels[at] else size
    return {
        rule: {"lines": n, "words": size, "precision": right / size if size else None}
        for rule, (n, size, right) in sorted(found.items(), key=lambda item: (-item[1][1], item[0]))
    }


def _plain(measured: Measured) -> dict[str, Any]:
    """The figures as JSON has them."""
    from dataclasses import asdict

    return asdict(measured)


def _print(result: dict[str, Any]) -> None:
    """The tables of one file."""
    state = "repeats counted" if result["repeats"] else "repeats not counted"
    click.echo(readable(f"{result['file']}: {state}"))
    _print_rows(result["methods"])
    for title, rows in result["by"].items():
        if rows:
            click.echo(f"\n  {_OURS} by {title}")
            _print_rows(rows)
    if result["rules"]:
        click.echo(f"\n  {'rule':<40}{'lines':>8}{'words':>9}  precision")
        for rule, row in result["rules"].items():
            share = "–" if row["precision"] is None else f"{row['precision']:.3f}"
            click.echo(readable(f"  {rule:<40}{row['lines']:>8}{row['words']:>9}  {share}"))
    click.echo()


def _print_rows(rows: dict[str, dict[str, Any]]) -> None:
    """One line a method or group."""
    click.echo(
        f"  {'':<16}{'pages':>6}  word P   R     F1    95 %            "
        "line P   R     F1    headlines"
    )
    for name, row in rows.items():
        f1 = row["f1"]
        head = "–" if row["headlines_kept"] is None else f"{row['headlines_kept']:.3f}"
        click.echo(
            readable(
                f"  {name:<16}{row['pages']:>6}  {row['precision']:.3f}  {row['recall']:.3f} "
                f"{f1['value']:.3f} [{f1['low']:.3f}, {f1['high']:.3f}]  "
                f"{row['line_precision']:.3f}  {row['line_recall']:.3f} {row['line_f1']:.3f} "
                f"{head:>6} of {row['headlines']}"
            )
        )
