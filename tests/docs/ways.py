"""How each command that a page shows is tried, where that is not "as it stands".

Nothing has to be entered here for a new command: whatever is not named is run as it stands, in the
folder of `workshop.py`, and so fails if it does not run there.
"""

from __future__ import annotations

from collections.abc import Mapping

from tests.docs.inventory import Shown, program, shown, words

PAGES_RUN: Mapping[tuple[str, str], str] = {
    ("README.md", "sh"): "tests/test_docs.py::test_commands_of_the_readme_run",
    ("README.md", "python"): "tests/test_docs.py::test_python_of_the_readme_runs",
    ("docs/incremental.md", "sh"): "tests/index/test_docs.py::test_the_commands_run",
    ("docs/noise.md", "sh"): "tests/test_docs_noise.py::test_commands_run",
    ("docs/notebook.md", "python"): "tests/docs/test_pages.py::test_the_notebook_runs",
    ("docs/notebook.md", "console"): "tests/docs/test_pages.py::test_the_notebook_runs",
    ("docs/output.md", "sh"): (
        "tests/engine/test_output_docs.py::test_the_commands_and_examples_run"
    ),
    ("docs/output.md", "python"): (
        "tests/engine/test_output_docs.py::test_the_commands_and_examples_run"
    ),
    ("docs/own-stage.md", "sh"): "tests/test_own_stage.py::test_the_page_runs",
    ("docs/own-stage.md", "python"): "tests/test_own_stage.py::test_the_page_runs",
    ("docs/pii.md", "sh"): "tests/pii/test_docs.py::test_commands_run",
    ("docs/promises.md", "console"): "tests/docs/test_pages.py::test_the_promises_are_shown",
    ("docs/quality.md", "sh"): "tests/quality/test_docs.py::test_commands_run",
    ("docs/shell-completion.md", "sh"): (
        "tests/cli/test_completion.py::test_the_line_of_the_page_gives_a_script"
    ),
    ("docs/tutorial.md", "console"): (
        "tests/docs/test_tutorial.py::test_the_tutorial_prints_what_it_shows"
    ),
    ("docs/use-the-corpus.md", "python"): "tests/test_use_the_corpus.py::test_the_example_runs",
    ("docs/web-archives.md", "sh"): "tests/io/test_warc.py::test_the_example_of_the_page_runs",
    ("docs/web-archives.md", "python"): "tests/io/test_warc.py::test_the_example_of_the_page_runs",
}
"""Page and form → the test that runs all of them as they stand; it fails if there is another."""

BY_TOOL = {"make", "pip", "pytest", "venv", "source", "pre-commit"}
"""Programs that are not run here: what they are asked for is looked at (`test_commands.py`)."""

_SCALED = {
    "python benchmarks/kills.py --rounds 20": "python benchmarks/kills.py --rounds 1",
    "python benchmarks/kills.py --rounds 60": "python benchmarks/kills.py --rounds 1",
    "python benchmarks/kills.py --rounds 90": "python benchmarks/kills.py --rounds 1",
    "python benchmarks/pipeline.py --documents 20000": (
        "python benchmarks/pipeline.py --documents 40"
    ),
    "python benchmarks/pipeline.py --documents 200000": (
        "python benchmarks/pipeline.py --documents 40"
    ),
    "python benchmarks/report.py --documents 200000": (
        "python benchmarks/report.py --times 1 --documents 40"
    ),
    "python benchmarks/scale.py --documents 200000": "python benchmarks/scale.py --documents 40",
    "python benchmarks/scale.py --documents 100000 500000 2000000 --corpus DIR/corpus.jsonl": (
        "python benchmarks/scale.py --documents 20 40 --corpus CORPUS/corpus.jsonl"
    ),
    "python benchmarks/scale.py --short --documents 100000 500000": (
        "python benchmarks/scale.py --short --documents 20 40"
    ),
    "python benchmarks/straight.py FILE.jsonl.zst --documents 20000": (
        "python benchmarks/straight.py FILE.jsonl.zst --repeat 1 --documents 20"
    ),
    "python benchmarks/straight.py corpus.jsonl.zst": (
        "python benchmarks/straight.py FILE.jsonl.zst --repeat 1 --documents 20"
    ),
    "python benchmarks/text.py": "python benchmarks/text.py --documents 20",
    "python benchmarks/corpus.py corpus.jsonl.zst --documents 50000": (
        "python benchmarks/corpus.py made.jsonl.zst --documents 50"
    ),
    "python -m benchmarks.html_noise": "python -m benchmarks.html_noise --articles 3 --set lists",
    "python -m benchmarks.dedup.corpus --out DIR --documents 500000": (
        "python -m benchmarks.dedup.corpus --out DIR --documents 200"
    ),
    "python -m benchmarks.dedup.corpus --out DIR": (
        "python -m benchmarks.dedup.corpus --out DIR --documents 200"
    ),
    "python -m benchmarks.dedup.webpairs PAIRS.jsonl.zst": (
        "python -m benchmarks.dedup.webpairs PAIRS.jsonl.zst --thresholds 0.8"
    ),
    "python -m benchmarks.decontaminate DOCS.jsonl": (
        "python -m benchmarks.decontaminate DOCS.jsonl --records 12"
    ),
    "python -m benchmarks.decontaminate DOCS.jsonl.zst": (
        "python -m benchmarks.decontaminate DOCS.jsonl --records 12"
    ),
    "python -m benchmarks.exchange DIR/corpus.parquet --measure 100000 500000": (
        "python -m benchmarks.exchange CORPUS/corpus.parquet --documents 1000000 --measure 100 200"
    ),
    "python tools/train_noise.py GOLD.jsonl.zst … --folds 3": (
        "python tools/train_noise.py PAGES.jsonl.zst --folds 3"
    ),
    "python tools/train_noise.py GOLD.jsonl.zst … --out FOLDER": (
        "python tools/train_noise.py PAGES.jsonl.zst --out FOLDER"
    ),
    "python tools/plain_trial.py GOLD.jsonl.zst … --folds 3": (
        "python tools/plain_trial.py PAGES.jsonl.zst --folds 3"
    ),
}
"""Beginnings of commands: the same program and options, on less."""

_LANGUAGES = "python benchmarks/languages.py GOLD.jsonl.zst"
_NAMED = {
    "cleaner restore RUN DOC_ID": "cleaner restore out/vi-news c34ee783520a2ea91c34d22c",
    "cleaner restore out/vi-news DOC_ID": "cleaner restore out/vi-news c34ee783520a2ea91c34d22c",
    "cleaner verify RUN": "cleaner verify out/vi-news",
    "cleaner show RUN": "cleaner show out/vi-news",
    'cleaner show out/vi-news "SELECT …"': 'cleaner show out/vi-news "SELECT doc_id FROM corpus"',
    "cleaner curve CONFIG": "cleaner curve configs/vi-news.yaml",
    "cleaner plan CONFIG": "cleaner plan configs/vi-news.yaml",
    "cleaner rules ID": "cleaner rules vi.related_head",
    "cleaner stages NAME": "cleaner stages noise",
    "cleaner init DIR": "cleaner init pages",
    "cleaner init data/pages --out pages.yaml": "cleaner init data/pages --out new.yaml",
    "cleaner mine data --min-documents 20 --min-share 0.01 --out my-rules.yaml": (
        "cleaner mine data --known --min-documents 9 --min-share 0.01 --out new-rules.yaml"
    ),
    "cleaner schema --out cleaner.schema.json": "cleaner schema --out new.schema.json",
    "cleaner push out/vi-news /mnt/share/vi-news": "cleaner push out/vi-news share/vi-news",
    "cleaner audit out/vi-news --out sheet.csv": "cleaner audit out/vi-news --out new.csv",
    "cleaner review out/own --port 8137": "cleaner review out/own --port 0",
    "cleaner review out/own --sheet sheet.csv": "cleaner review out/own --sheet new.csv",
    "cleaner review out/vi-news --sheet sheet.jsonl": (
        "cleaner review out/vi-news --sheet new.jsonl"
    ),
    "python -m benchmarks.dedup.score run CORPUS RUN": (
        "python -m benchmarks.dedup.score run CORPUS out/corpus"
    ),
    "python -m benchmarks.dedup.score run PAIRS.tsv.zst RUN": (
        "python -m benchmarks.dedup.score run PAIRS.tsv.zst out/texts"
    ),
    f"{_LANGUAGES} --every 6 --backend blend --backend langdetect …": (
        f"{_LANGUAGES} --every 6 --backend blend --backend langdetect"
    ),
    "python benchmarks/workers.py --input BIG.parquet --config benchmarks/near_duplicates.yaml": (
        "python benchmarks/workers.py --input CORPUS/corpus.parquet"
        " --config configs/dedup-only.yaml"
    ),
    "python benchmarks/workers.py --input BIG.parquet": (
        "python benchmarks/workers.py --input CORPUS/corpus.parquet"
    ),
    "python benchmarks/pipeline.py --input BIG.parquet --config benchmarks/near_duplicates.yaml": (
        "python benchmarks/pipeline.py --input CORPUS/corpus.parquet"
        " --config configs/dedup-only.yaml"
    ),
    "python -m benchmarks.dedup.tile CORPUS/corpus.parquet BIG.parquet --times 4": (
        "python -m benchmarks.dedup.tile CORPUS/corpus.parquet TILED.parquet --times 2"
    ),
    "python benchmarks/pipeline.py --input BIG.parquet": (
        "python benchmarks/pipeline.py --input CORPUS/corpus.parquet"
    ),
    "python benchmarks/html_extract.py GOLD.jsonl": "python benchmarks/html_extract.py HTML.jsonl",
}
"""Beginnings of commands whose words in capitals, or names of theirs, stand for something here."""

ELSEWHERE: Mapping[str, str] = {
    "cleaner review out/vi-news --gold my-gold.jsonl": (
        "tests/cli/test_review.py::test_pages_that_are_done_become_gold"
    ),
    "cleaner push out/vi-news s3://bucket/corpora/vi-news --all": (
        "tests/io/test_push_remote.py::test_a_run_arrives_and_later_ones_replace_it"
    ),
}
"""Commands that are run, with other names, by a test that has what they need."""

PARSED: Mapping[str, str] = {
    "python benchmarks/kills.py --rounds 55 --engine ray": (
        "starts Ray four times; the same is run on the pool, and kills on Ray in"
        " tests/engine/test_ray.py"
    ),
    "python -m tests.faults.fuzz --cpu-seconds 3600": (
        "does for longer what tests/faults/test_fuzz.py does"
    ),
    "cleaner push out/vi-news hf://datasets/owner/vi-news": "writes to a service of others",
    "python benchmarks/quality.py DOCS.parquet": "installs datatrove from the package index",
    "python -m benchmarks.dedup.run": (
        "installs other programs from the package index; what it does with them is tried in"
        " tests/benchmarks/test_dedup_run.py"
    ),
}
"""Beginnings of commands that are not run, and why: their argument parser has to take them."""


def way(one: Shown) -> tuple[str, str]:
    """How a command is tried, and what is tried: the command, its stand-in, a test, or a reason.

    The first is one of `page`, `tool`, `elsewhere`, `parsed`, `ray`, `run`.
    """
    if one.form == "python":
        name = PAGES_RUN.get((one.page, one.form))
        return ("page", name) if name else ("run", one.text)
    if one.form != "console" and program(one.text) in BY_TOOL:
        return "tool", one.text
    if name := PAGES_RUN.get((one.page, one.form)):
        return "page", name
    if name := ELSEWHERE.get(one.text):
        return "elsewhere", name
    for start, why in PARSED.items():
        if starts(one.text, start):
            return "parsed", why
    if "--engine ray" in one.text and program(one.text) == "cleaner":
        return "ray", one.text
    return "run", stand_in(one.text)


def stand_in(command: str) -> str:
    """The command on less, or with names for its words in capitals; else as it stands."""
    for start, instead in sorted({**_SCALED, **_NAMED}.items(), key=lambda item: -len(item[0])):
        if starts(command, start):
            return instead + command.removeprefix(start)
    return command


def starts(command: str, start: str) -> bool:
    """Whether a command begins with these words, as whole words."""
    return command == start or command.startswith(f"{start} ")


def options(command: str) -> list[str]:
    """The options of a command, without their values, sorted."""
    return sorted(w.partition("=")[0] for w in words(command) if w.startswith("-") and w != "-")


def stale() -> list[str]:
    """Entries of these tables that no page needs any more."""
    every = shown()
    texts = [one.text for one in every]
    there = {(one.page, one.form) for one in every}
    named = (*_SCALED, *_NAMED, *ELSEWHERE, *PARSED)
    gone = [start for start in named if not any(starts(text, start) for text in texts)]
    return [*gone, *(f"{page}, {form}" for page, form in set(PAGES_RUN) - there)]
