"""`cleaner curve`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from cleaner.cli.frame import print_json, readable
from cleaner.cli.options import Changes, changes_config

if TYPE_CHECKING:
    from cleaner.stages.near_duplicates import NearDuplicates

_SHOWN = tuple(x / 100 for x in range(50, 100, 5))
_PAIRS = 10_000
_NONE = "The config has no near_duplicates stage: no pair is looked for."


_EPILOG = """\b
Example:
  cleaner curve configs/vi-news.yaml"""


@click.command(epilog=_EPILOG)
@changes_config
@click.option("--json", "as_json", is_flag=True, help="Print the curves as JSON.")
def curve(config: str, changes: Changes, as_json: bool) -> None:
    """Show what near_duplicates catches and misses.

    For each such stage of CONFIG: the bands in force, and the chance that a pair of a given
    similarity is compared at all. Nothing is run.
    """
    from cleaner.stages.near_duplicates import NearDuplicates

    stages = [s for s in changes.load(config).stages if isinstance(s, NearDuplicates)]
    if as_json:
        print_json([_as_json(stage) for stage in stages])
    else:
        click.echo(readable("\n\n".join(map(_as_text, stages)) or _NONE))


def _as_json(stage: NearDuplicates) -> dict[str, Any]:
    from cleaner.dedup.curve import catch

    bands, rows = stage.shape
    return {
        "stage": stage.name,
        "unit": stage.unit,
        "threshold": stage.threshold,
        "ngram": stage.words,
        "num_perm": stage.permutations,
        "bands": bands,
        "rows": rows,
        "caught_at_threshold": catch(stage.threshold, bands, rows),
        "curve": [{"similarity": j, "caught": catch(j, bands, rows)} for j in _SHOWN],
    }


def _as_text(stage: NearDuplicates) -> str:
    from cleaner.dedup.curve import describe

    head = (
        f"{stage.name}: {stage.unit}s, threshold {stage.threshold:g}, shingles of {stage.words} "
        f"{'word' if stage.words == 1 else 'words'}, {stage.permutations} permutations"
    )
    return f"{head}\n{describe(*stage.shape)}\n{_in_words(stage)}"


def _in_words(stage: NearDuplicates) -> str:
    """What is missed from the threshold on, up to where it is next to nothing."""
    from cleaner.dedup.curve import catch

    parts = []
    for j in (stage.threshold, *(j for j in _SHOWN if j > stage.threshold + 0.02)):
        missed = _PAIRS * (1 - catch(j, *stage.shape))
        few = missed < 0.5
        parts.append(f"{'fewer than 1' if few and missed else f'{missed:,.0f}'} at {j:g}")
        if few:
            break
    return (
        f"Of {_PAIRS:,} pairs, so many share no band and are not compared with each other: "
        f"{', '.join(parts)}.\n"
        f"A pair that is caught is compared exactly; below {stage.threshold:g} both stay."
    )
