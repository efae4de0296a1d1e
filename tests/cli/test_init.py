"""`cleaner init`: a config that a run takes as it is, from a look at the texts."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner, Result

from cleaner.cli import main
from cleaner.config.guess import guess
from cleaner.config.load import load, parse
from cleaner.config.propose import propose
from cleaner.io.inputs import survey
from cleaner.report.draw import DOCUMENTS, MOST_BYTES, Sample, draw
from cleaner.report.look import look

VI = "Sáng nay thành phố thông xe cây cầu qua sông sau ba năm thi công với nhiều khó khăn {n}.\n"
EN = "The harbour master counted {n} boats this morning, nine more than there were a year ago.\n"


def init(*args: str) -> Result:
    """Run the command in this process."""
    return CliRunner().invoke(main, ["init", *args])


@pytest.fixture
def pages(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a folder `pages`: texts, records plain and compressed, rows, damage."""
    folder = tmp_path / "pages"
    folder.mkdir()
    for n in range(6):
        (folder / f"{n}.txt").write_text(VI.format(n=n) * 2, encoding="utf-8")
    (folder / "old.txt").write_bytes("Tiếng Việt cũ nằm ở đây.\n".encode("utf-16"))
    broken = "Fr\u00c3\u00a9d\u00c3\u00a9ric &amp; Z\u00c3\u00bcrich\n"
    lines = [
        {"nr": n, "story": EN.format(n=n) + broken, "page": f"https://a.example/{n // 2}",
         "day": "2024-05-06", "title": "Boats"}
        for n in range(8)
    ]  # fmt: skip
    text = "\n".join(json.dumps(line) for line in lines)
    (folder / "a.jsonl").write_text("\ufeff" + text + "\n{broken\n", encoding="utf-8")
    (folder / "b.jsonl.gz").write_bytes(gzip.compress((text + "\n").replace("ago", "now").encode()))
    table = pa.table({"story": [EN.format(n=99)] * 3, "page": ["http://b.example/"] * 3})
    pq.write_table(table, folder / "c.parquet")
    (folder / "picture.png").write_bytes(b"\x89PNG")
    monkeypatch.chdir(tmp_path)
    return folder


@pytest.mark.slow
def test_a_run_takes_it_as_it_is(pages: Path) -> None:
    """Plan and run accept the file; the run reads every record by the fields that were guessed."""
    done = init("pages")
    assert done.exit_code == 0
    assert done.stdout == "config.yaml: next, cleaner plan config.yaml\n"
    config = load("config.yaml")
    assert (config.name, [i.path for i in config.input]) == ("pages", ["pages"])
    read = config.read
    assert (read.text_column, read.id_column) == ("story", None)
    assert (read.url_column, read.date_column) == ("page", "day")
    assert CliRunner().invoke(main, ["plan", "config.yaml"]).exit_code == 0
    ran = CliRunner().invoke(main, ["run", "config.yaml", "--json", "--set", "engine.kind=inline"])
    assert ran.exit_code == 0, ran.stderr
    report = json.loads(ran.stdout)
    assert report["quarantine"] == {"bad_json": 1}
    assert report["stages"][0]["docs_out"] == 7 + 8 + 8 + 3


@pytest.mark.slow
def test_what_was_measured_stands_beside_it(pages: Path) -> None:
    """Files, languages, encodings, hosts, damage and copies, as figures in comments."""
    text = init("pages", "--out", "-").stdout
    comments = [line.partition("#")[2].strip() for line in text.splitlines() if "#" in line]
    assert "10 files, " in text
    assert ": 7 txt, 1 jsonl, 1 jsonl.gzip, 1 parquet" in text
    assert "passed over: 1 extension" in comments
    assert any(c.startswith("Looked into 26 documents (") for c in comments)
    assert "could not be used: 1 bad_json" in comments
    assert any(c.startswith("languages: ") and "% en" in c and "% vi" in c for c in comments)
    assert any(c.startswith("encodings: ") and "% utf-16-le" in c for c in comments)
    assert any(c.startswith("2 hosts, most: ") and "% a.example" in c for c in comments)
    assert any("unicode.mojibake" in c for c in comments)
    assert any("keep: [" in c for c in comments)
    assert "kept in meta: nr, title" in comments
    assert "text in 100 % of the records" in text
    near = next(c for c in comments if c.startswith("one text under several names"))
    assert near == "one text under several names; 8 % of the documents"  # two of 26 rows


@pytest.mark.slow
def test_it_is_the_same_each_time_and_the_seed_decides(pages: Path) -> None:
    """No clock, no temporary name, no order of folders in it."""
    first, again = init("pages", "--out", "-").stdout, init("pages", "--out", "-").stdout
    assert first == again
    other = init("pages", "--out", "-", "--seed", "7").stdout
    assert load_text(other).seed == 7
    assert "cleaner-init-" not in first + other


def load_text(text: str) -> Any:
    """The config of a text."""
    return parse(text, "config.yaml")


@pytest.mark.slow
def test_a_file_is_not_overwritten(pages: Path) -> None:
    """Unless it is asked for; and what cannot be written is told before any work."""
    Path("config.yaml").write_text("mine")
    done = init("pages")
    assert done.exit_code == 1
    assert done.stderr == (
        "Error: config.yaml is there already; --force replaces it, --out names another\n"
    )
    assert Path("config.yaml").read_text() == "mine"
    assert init("pages", "--force").exit_code == 0
    assert load("config.yaml").name == "pages"
    done = init("pages", "--out", "nowhere/config.yaml")
    assert done.exit_code == 1
    assert done.stderr.startswith("Error: there is no folder nowhere")
    done = init("pages", "--out", "pages", "--force")
    assert done.stderr == "Error: pages is a folder; name a file with --out\n"


@pytest.mark.slow
def test_editors_find_the_schema(pages: Path) -> None:
    """The first line names it from the config's own folder; without one it is not there."""
    Path("configs").mkdir()
    CliRunner().invoke(main, ["schema", "--out", "cleaner.schema.json"])
    out = "configs/pages.yaml"
    assert init("pages", "--out", out, "--schema", "cleaner.schema.json").exit_code == 0
    lines = Path(out).read_text("utf-8").splitlines()
    assert lines[0] == "# yaml-language-server: $schema=../cleaner.schema.json"
    assert load(out).name == "pages"
    assert "yaml-language-server" not in init("pages", "--out", "-").stdout


@pytest.mark.parametrize(
    ("files", "words"),
    [
        ({}, "holds no file that can be read"),
        ({"a.png": b""}, "1 other files were passed over"),
        ({"a.jsonl": b""}, "none of the files has a document to look at (all are empty)"),
        ({"a.jsonl": b'{"n": 1}\n{"n": 2}\n'}, "no field of the records holds text; their f"),
        ({"a.jsonl": b"{\n[\n"}, "no record of a sample can be used"),
        ({"a.jsonl.gz": b"\x1f\x8b\x08"}, "none of the files has a document to look at (1 "),
        ({"a.parquet": b"PAR1"}, "(1 corrupt)"),
        ({"a.txt": b"x" * (MOST_BYTES + 1)}, "(all are too long)"),
    ],
)  # fmt: skip
def test_nothing_to_look_at_is_an_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, files: dict[str, bytes], words: str
) -> None:
    """Exit code 2, one sentence that says why, and no file."""
    monkeypatch.chdir(tmp_path)
    Path("in").mkdir()
    for name, data in files.items():
        Path("in", name).write_bytes(data)
    done = init("in")
    assert done.exit_code == 2
    assert words in done.stderr
    assert "Traceback" not in done.output
    assert not Path("config.yaml").exists()


def test_a_missing_folder_is_an_error(tmp_path: Path) -> None:
    """With the place that was looked at."""
    done = init(str(tmp_path / "nowhere"), "--out", "-")
    assert done.exit_code == 2
    assert "does not exist" in done.stderr


@pytest.mark.slow
def test_odd_names_make_a_good_config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Names that YAML or a terminal could misread are quoted or escaped, wherever they stand."""
    monkeypatch.chdir(tmp_path)
    name = "a: [b] # \x1b[2J\u202e'\"\n- c\ufffe"
    Path(name).mkdir()
    odd = {"te: xt # \x1b\n\ufffe": EN, "yes": "https://\x1b.example/", "- x": "\u2028"}
    Path(name, "a.jsonl").write_text(json.dumps(odd) + "\n")
    done = init(name)
    assert done.exit_code == 0, done.stderr
    assert "\x1b" not in done.output
    config = load("config.yaml")
    assert config.input[0].path == name
    assert (config.read.text_column, config.read.url_column) == ("te: xt # \x1b\n\ufffe", "yes")
    text = Path("config.yaml").read_text("utf-8")
    assert all(line.isprintable() for line in text.splitlines())


def test_a_name_that_is_not_utf8_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A config cannot hold it."""
    monkeypatch.chdir(tmp_path)
    done = init("\udcff", "--out", "-")
    assert done.exit_code == 2
    assert "rename the folder" in done.stderr


def test_the_sample_is_bounded(tmp_path: Path) -> None:
    """Some hundred documents of any number, none of them long, drawn from all over the files."""
    source, target = tmp_path / "in", tmp_path / "out"
    source.mkdir()
    target.mkdir()
    with (source / "a.jsonl").open("w") as file:
        for n in range(80_000):
            file.write(json.dumps({"text": EN.format(n=n)}) + "\n")
        file.write(json.dumps({"text": "x" * MOST_BYTES}) + "\n")
    texts = pa.table({"text": [f"{n} " + EN for n in range(20_000)]})
    pq.write_table(texts, source / "b.parquet", row_group_size=1000)
    for n in range(300):
        (source / f"{n}.txt").write_text(EN)
    files = survey([str(source)], base=tmp_path).files
    sample = draw(files, target, 3)
    assert DOCUMENTS * 0.7 <= sample.documents <= DOCUMENTS
    assert sample.size < DOCUMENTS * 200
    lines = (target / "records.jsonl").read_text().splitlines()
    numbers = [json.loads(line)["text"] for line in lines]
    assert len(set(numbers)) == len(numbers) > 50
    counted = [int(text.split()[4]) for text in numbers]
    assert max(counted) - min(counted) > 10_000
    assert len(list(target.glob("*.txt"))) == DOCUMENTS // 3


def test_too_long_and_broken_things_are_counted(tmp_path: Path) -> None:
    """They are passed over, and the rest is drawn."""
    source, target = tmp_path / "in", tmp_path / "out"
    source.mkdir()
    target.mkdir()
    long = json.dumps({"text": "x" * (2 * MOST_BYTES)})
    (source / "a.jsonl").write_text(f'{long}\n{{"text": "short"}}\n')
    packed = gzip.compress((json.dumps({"text": EN}) + "\n").encode() * 50)
    (source / "b.jsonl.gz").write_bytes(packed[:-9])
    (source / "c.parquet").write_bytes(b"nothing")
    book = (b"A line of a long book.\n" * (MOST_BYTES // 20))[: MOST_BYTES + 100]
    (source / "d.txt").write_bytes(book)
    (source / "e.txt").write_bytes(b"x" * (MOST_BYTES + 1))
    sample: Sample = draw(survey([str(source)], base=tmp_path).files, target, 0)
    assert sample.long == 2
    assert sample.faults == {"truncated": 1, "corrupt": 1}
    assert sample.documents == 52
    (begin,) = (path.read_bytes() for path in target.glob("*.txt"))
    assert book.startswith(begin)
    assert begin.endswith(b"\n")
    assert MOST_BYTES - 100 < len(begin) <= MOST_BYTES


def test_columns_of_bytes_are_text_too(tmp_path: Path) -> None:
    """As a run reads them; a file with one name twice is counted, and read by neither."""
    source, target = tmp_path / "in", tmp_path / "out"
    source.mkdir()
    target.mkdir()
    texts = pa.array([EN.encode()] * 3 + [b"\xff"], pa.binary())
    table = pa.table({"body": texts.dictionary_encode(), "n": [0.5] * 4, "l": [[1]] * 4})
    pq.write_table(table, source / "a.parquet")
    twice = pa.Table.from_arrays([pa.array(["a"])] * 2, names=["text", "text"])
    pq.write_table(twice, source / "b.parquet")
    sample = draw(survey([str(source)], base=tmp_path).files, target, 0)
    assert sample.faults == {"duplicate_column": 1}
    found = guess(sample.fields)
    assert found is not None
    assert (found.text, found.others, found.records) == ("body", ("n",), 4)


@pytest.mark.slow
def test_a_schema_path_cannot_end_the_comment(pages: Path) -> None:
    """A line break in a name stays in the comment."""
    text = propose(look("pages"), schema="a\nstages: []")
    assert text.splitlines()[0] == "# yaml-language-server: $schema=a\\nstages: []"
    assert load_text(text).name == "pages"
