"""`cleaner explain`."""

from __future__ import annotations

from pathlib import Path

import click

from cleaner.cli.frame import print_json, say
from cleaner.cli.options import Changes, changes_config

_EPILOG = """\b
Examples:
  cleaner explain configs/vi-news.yaml pages/ferry.txt
  cleaner explain configs/vi-news.yaml data/news.jsonl.zst:12 --json
  cleaner explain out/vi-news 978fd04bd322f38dfc38ba43"""


@click.command(epilog=_EPILOG)
@changes_config
@click.argument("file", metavar="FILE[:RECORD]")
@click.option("--json", "as_json", is_flag=True, help="Print the explanation as JSON.")
@click.option("--show-secrets", is_flag=True, help="Show what a stage masks as secret, too.")
def explain(config: str, changes: Changes, file: str, *, as_json: bool, show_secrets: bool) -> None:
    """Show what a run does to one document, and why.

    FILE is a file of any kind that a run reads; RECORD is its row, line or record number, from 0.
    The document is taken through the stages of CONFIG alone, without the rest of the corpus.

    CONFIG may be the folder of a finished run; then FILE is the id of a document, as the corpus,
    the ledger or the report has it, or its beginning. What the run did to it is shown as it stands
    in the run's folder, and word by word the document that it is a copy of.
    """
    if Path(config).is_dir():
        _in_run(Path(config), file, changes, as_json=as_json, secrets=show_secrets)
        return
    path, record = split_record(file)
    settings = changes.load(config)
    from cleaner.engine.compiled import COMPILES, is_compiled
    from cleaner.report.explain import explain as explain_document

    if not is_compiled():
        say(COMPILES)
    explanation = explain_document(settings, path, record, secrets=show_secrets)
    if as_json:
        print_json(explanation.to_json())
        return
    from cleaner.report.terminal import console, print_explanation

    print_explanation(explanation, console())


def _in_run(run: Path, doc_id: str, changes: Changes, *, as_json: bool, secrets: bool) -> None:
    if changes != Changes(no_plugins=changes.no_plugins):
        raise click.UsageError(
            "a finished run is shown as it is: leave out the options that change a config"
        )
    from cleaner.report.explain_run import explain_in_run, print_in_run, to_json

    explanation, copy = explain_in_run(run, doc_id, secrets=secrets)
    if as_json:
        print_json(to_json(explanation, copy))
        return
    from cleaner.report.terminal import console

    print_in_run(explanation, copy, console())


def split_record(text: str) -> tuple[Path, int | None]:
    """`news.jsonl:12` → the file and 12; a file that is really named so has no record."""
    name, colon, number = text.rpartition(":")
    is_number = number.isascii() and number.isdigit() and len(number) < 19
    if not (colon and name and is_number) or Path(text).exists():
        return Path(text), None
    return Path(name), int(number)
