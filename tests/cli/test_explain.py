"""One document explained, by the pipeline of the config itself."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from click.testing import CliRunner

import cleaner
from cleaner.cli import main
from cleaner.errors import InputError
from cleaner.report.explain import Explanation, explain
from tests.cli.conftest import PAGE


def explained(file: str | Path, record: int | None = None) -> Explanation:
    """A document of the small config."""
    return explain(cleaner.load_config("small.yaml"), file, record)


def listing(folder: Path) -> list[str]:
    """All that lies in a folder."""
    return sorted(str(p.relative_to(folder)) for p in folder.rglob("*"))


def test_a_page_with_all_that_was_done_to_it(small: Path) -> None:
    """Every change with place, rule, reason, evidence and score; no file is left behind."""
    before = listing(small)
    found = explained("pages/a.txt")
    assert (found.source, found.record, found.original) == ("pages/a.txt", 0, PAGE)
    assert found.text == "café one\n\nlast line\n"
    rows = [(s.rule, s.action, PAGE[s.start : s.end], s.after) for s in found.spans]
    assert rows == [
        ("unicode.mojibake", "rewrite", "Ã©", "é"),
        ("links.line", "cut", "link to there\n", ""),
        ("tidy.blank_lines", "cut", "\n", ""),
    ]
    link = found.spans[1]
    assert (link.stage, link.reason, link.evidence, link.score) == (
        "links",
        "a link",
        "begins with 'link'",
        0.75,
    )
    assert found.annotations == {"links": 1}
    assert (found.dropped, found.quarantined) == (None, None)
    assert listing(small) == before


def test_it_is_the_document_of_the_run(small: Path) -> None:
    """Id, source, record and text are those that a run of the config gives."""
    import pyarrow.parquet as pq

    cleaner.run("small.yaml", quiet=True)
    rows = pq.read_table("out/small/corpus").to_pylist()
    assert [(r["source"], r["record"]) for r in rows] == [
        ("pages/a.txt", 0),
        (f"{small.name}/records.jsonl.gz", 0),
        (f"{small.name}/records.jsonl.gz", 3),
        (f"{small.name}/rows.parquet", 0),
    ]
    for row in rows:
        file = row["source"].replace(f"{small.name}/", "")
        found = explained(file, row["record"])
        seen = (found.source, found.record, found.doc_id, found.text)
        assert seen == (row["source"], row["record"], row["doc_id"], row["text"])


@pytest.mark.parametrize("before", ["url", ""])
def test_a_draw_from_the_corpus_is_not_made_up(small: Path, before: str) -> None:
    """`sample` goes by id and label, which a document alone does not have: that is said."""
    stages = [*([{"use": before}] if before else []), {"use": "sample", "weights": {"pages": 0}}]
    config = {"name": "drawn", "input": ["pages"], "output": "out/drawn", "stages": stages}
    Path("drawn.yaml").write_text(json.dumps(config), "utf-8")
    found = explain(cleaner.load_config("drawn.yaml"), "pages/a.txt")
    assert (found.text, found.dropped, found.not_told) == (PAGE, None, ("sample",))
    assert "sample_repeats" not in found.annotations
    done = CliRunner().invoke(main, ["explain", "drawn.yaml", "pages/a.txt"])
    assert done.exit_code == 0, done.output
    assert "not told here: sample, which draws from the whole corpus" in done.output
    assert (
        "not told" not in CliRunner().invoke(main, ["explain", "small.yaml", "pages/a.txt"]).output
    )


def test_a_dropped_document_says_by_which_rule(small: Path) -> None:
    """The row held nothing but a link; it has its second row group's number."""
    found = explained("rows.parquet", 1)
    assert found.dropped is not None
    assert (found.dropped.rule, found.text) == ("tidy.empty", None)
    assert found.original == "link one"
    assert [s.rule for s in found.spans] == ["links.line"]


@pytest.mark.parametrize(
    ("file", "record", "stage", "reason"),
    [
        ("records.jsonl.gz", 1, "read", "bad_json"),
        ("records.jsonl.gz", 4, "links", "stage_error"),
        ("rows.parquet", 2, "read", "null_text"),
    ],
)
def test_a_quarantined_record_says_why(
    small: Path, file: str, record: int, stage: str, reason: str
) -> None:
    """In reading or in a stage: the reason is the one of a run's quarantine."""
    found = explained(file, record)
    assert found.quarantined is not None
    assert (found.quarantined.stage, found.quarantined.reason) == (stage, reason)
    assert (found.record, found.text, found.dropped) == (record, None, None)
    assert found.original == ("boom" if stage == "links" else "")


@pytest.mark.parametrize(
    ("file", "record", "message"),
    [
        ("none.txt", None, "none.txt: does not exist"),
        ("pages", None, "pages: is not a file"),
        ("pages/a.txt", 1, "is one document; it has no record 1"),
        ("records.jsonl.gz", None, "holds several records; name one, such as records.jsonl.gz:0"),
        ("records.jsonl.gz", 5, "has no record 5; its last line is 4"),
        ("records.jsonl.gz", 2, "record 2 is a blank line"),
        ("rows.parquet", None, "holds several records"),
        ("rows.parquet", 3, "has no record 3; its last row is 2"),
        ("rows.parquet", -1, "numbered from 0"),
        ("small.yaml", None, "cannot be read by its name"),
    ],
)
def test_what_is_no_record_is_refused(
    small: Path, file: str, record: int | None, message: str
) -> None:
    """In words, with what to name instead."""
    with pytest.raises(InputError) as error:
        explained(file, record)
    assert message in str(error.value)


def test_a_single_record_needs_no_number(small: Path) -> None:
    """Blank lines around it are none; its number is that of its line."""
    (small / "one.jsonl").write_text('\n\n{"text": "alone"}\n\n')
    found = explained("one.jsonl")
    assert (found.record, found.text) == (2, "alone")


def test_a_line_above_the_limit_is_quarantined_as_in_a_run(small: Path) -> None:
    """It is not copied to be found too large again."""
    (small / "long.jsonl").write_text('{"text": "a"}\n{"text": "' + "b" * 3000 + '"}\n')
    config = cleaner.load_config("small.yaml")
    read = config.read.model_copy(update={"max_document_bytes": 1000})
    found = explain(config.model_copy(update={"read": read}), "long.jsonl", 1)
    assert found.quarantined is not None
    assert found.quarantined.reason == "too_large"


def test_files_with_names_that_no_config_can_hold(small: Path) -> None:
    """Bytes that are not UTF-8, glob characters, line breaks."""
    for name in (b"pages/\xff[1].txt", b"pages/a\nb*.txt"):
        path = Path(os.fsdecode(name))
        path.write_text("hello\nlink\n")
        found = explained(path)
        assert found.text == "hello\n"
        assert found.source.encode().startswith(b"pages/")


def test_the_command_prints_text_and_json(small: Path) -> None:
    """Marks without a terminal; --json has every field; a wrong record is exit code 2."""
    done = CliRunner().invoke(main, ["explain", "small.yaml", "pages/a.txt"])
    assert done.exit_code == 0
    assert "4 │ [-link to there-]  ‹ links.line begins with 'link' (0.75)\n" in done.stdout
    done = CliRunner().invoke(main, ["explain", "small.yaml", "records.jsonl.gz:3", "--json"])
    found = json.loads(done.stdout)
    assert found["text"] == "three\n"
    assert found["spans"][0]["before"] == "link three\n"
    done = CliRunner().invoke(main, ["explain", "small.yaml", "records.jsonl.gz:9"])
    assert done.exit_code == 2
    assert "has no record 9" in done.stderr


def test_options_change_what_is_explained(small: Path) -> None:
    """As in a run: --set reaches the stages."""
    args = ["explain", "small.yaml", "pages/a.txt", "--set", "stages.links.word=last", "--json"]
    done = CliRunner().invoke(main, args)
    assert json.loads(done.stdout)["text"] == "café one\n\nlink to there\n"
