"""Documents in another order, other folders, other files: the same documents, whatever the run."""

from __future__ import annotations

import json
import signal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.dataset as ds
import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner

from cleaner.cli import main
from cleaner.config.load import resolved_yaml
from cleaner.engine.driver import run
from cleaner.errors import CleanerError, IntegrityError
from cleaner.index.corpus import COLUMNS, open_corpus, texts_of
from cleaner.io.corpus import corpus_files, in_order
from cleaner.io.restore import restore, restore_all
from cleaner.io.verify import verify
from tests.engine.runs import (
    STAGES,
    article,
    bytes_of,
    make_config,
    make_corpus,
    make_run,
    rows_of,
    start,
    write_records,
)

MEND = f"{STAGES}Mend"
STAGE_LIST: list[Any] = [
    MEND,
    "exact_duplicates",
    {"use": "near_duplicates", "id": "near_passages", "unit": "passage"},
]
LAYOUTS: dict[str, dict[str, Any]] = {
    "shuffled": {"shuffle": True},
    "split": {"split": {"validation": 0.2, "test": 0.1}},
    "by host": {"partition_by": "host"},
    "small parts": {"part_size": "20KB"},
    "hub": {
        "layout": "huggingface",
        "split": {"validation": 0.3},
        "partition_by": "source",
        "shuffle": True,
    },
    "lines": {"format": "jsonl", "split": {"test": 0.3}, "partition_by": ["host", "split"]},
    "small lines": {"format": "jsonl", "part_size": "2KB", "shuffle": True},
}


def write_of(layout: str) -> dict[str, Any]:
    """The settings of a layout, with small parts."""
    return {"documents_per_part": 7, "row_group_documents": 3, **LAYOUTS[layout]}


def documents_of(output: Path) -> list[dict[str, Any]]:
    """All rows of a corpus, in the order of its files."""
    return [row for batch in corpus_files(output).all_rows() for row in batch.to_pylist()]


def by_id(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Rows in order of the ids."""
    return sorted(rows, key=lambda row: str(row["doc_id"]))


@pytest.mark.parametrize("layout", LAYOUTS)
def test_every_layout_holds_the_same_documents(tmp: Path, layout: str) -> None:
    """No row is lost, doubled or changed; every check of the run passes; originals come back."""
    make_corpus(tmp / "in", 40)
    make_run(tmp, STAGE_LIST, name="plain")
    make_run(tmp, STAGE_LIST, write=write_of(layout))
    assert by_id(documents_of(tmp / "run")) == by_id(documents_of(tmp / "plain"))
    assert {c.name: c.faults for c in verify(tmp / "run")} == dict.fromkeys(
        ("checksums", "schemas", "balance", "copies", "restore"), ()
    )
    assert rows_of(tmp / "run", "ledger") == rows_of(tmp / "plain", "ledger")
    one = documents_of(tmp / "run")[-1]["doc_id"]
    assert restore(tmp / "run", one) == restore(tmp / "plain", one)
    assert restore_all(tmp / "run", tmp / "a") == restore_all(tmp / "plain", tmp / "b")
    assert not (tmp / "run" / "work").exists()


@pytest.mark.parametrize("layout", LAYOUTS)
def test_bytes_do_not_depend_on_how_the_run_was_cut(tmp: Path, layout: str) -> None:
    """Other shards and less memory to sort in give the same files."""
    make_corpus(tmp / "in", 40)
    make_run(tmp, STAGE_LIST, write=write_of(layout))
    engine = {"kind": "inline", "shard_bytes": "5KB", "memory_budget": "1MB"}
    make_run(tmp, STAGE_LIST, name="other", write=write_of(layout), engine=engine)
    assert bytes_of(tmp / "run") == bytes_of(tmp / "other")


@pytest.mark.slow
def test_bytes_do_not_depend_on_the_workers(tmp: Path) -> None:
    """Nor on processes beside each other."""
    make_corpus(tmp / "in", 40)
    make_run(tmp, STAGE_LIST, write=write_of("hub"))
    engine = {"kind": "local", "workers": 2, "shard_bytes": "5KB"}
    make_run(tmp, STAGE_LIST, name="other", write=write_of("hub"), engine=engine)
    assert bytes_of(tmp / "run") == bytes_of(tmp / "other")


def test_rows_that_do_not_fit_the_memory_are_sorted_in_runs(
    tmp: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A file is put together from many small runs to the same bytes."""
    make_corpus(tmp / "in", 40)
    write = {**write_of("hub"), "documents_per_part": 1000}
    make_run(tmp, STAGE_LIST, write=write)
    monkeypatch.setattr("cleaner.engine.memory.sort_bytes", lambda _: 4000)
    make_run(
        tmp, STAGE_LIST, name="other", write=write, engine={"kind": "inline", "shard_bytes": "5KB"}
    )
    assert bytes_of(tmp / "run") == bytes_of(tmp / "other")


@pytest.mark.parametrize(("point", "number"), [("manifest", 9), ("manifest", 14), ("publish", 2)])
def test_a_kill_while_documents_are_placed_costs_nothing(
    tmp: Path, point: str, number: int
) -> None:
    """The same command goes on to the same bytes."""
    make_corpus(tmp / "in", 16)
    config = make_config(
        tmp, [MEND], write=write_of("hub"), engine={"kind": "inline", "shard_bytes": "6KB"}
    )
    (tmp / "config.yaml").write_text(resolved_yaml(config))
    process = start("tests.engine.kill_at", point, str(number), str(tmp / "config.yaml"))
    output, _ = process.communicate(timeout=300)
    assert process.returncode == -signal.SIGKILL, output
    run(config)
    make_run(tmp, [MEND], name="peace", write=write_of("hub"))
    assert bytes_of(tmp / "run") == bytes_of(tmp / "peace")


def test_a_layout_takes_the_place_of_another(tmp: Path) -> None:
    """A run into the folder of an earlier one leaves nothing of that."""
    make_corpus(tmp / "in", 16)
    for layout in ("hub", "lines"):
        make_run(tmp, [MEND], write=write_of(layout))
    assert not (tmp / "run" / "data").exists()
    make_run(tmp, [MEND], name="peace", write=write_of("lines"))
    assert bytes_of(tmp / "run") == bytes_of(tmp / "peace")


def test_a_shuffle_is_drawn_by_the_seed(tmp: Path) -> None:
    """The order is another for another seed, far from that of the input, and not that of a part."""
    write_records(tmp / "in" / "a.jsonl", [f"text {n}" for n in range(200)])
    orders = []
    for seed in (0, 1):
        write = {"shuffle": True, "documents_per_part": 50}
        make_run(tmp, [], name=f"run{seed}", write=write, seed=seed)
        orders.append([row["record"] for row in documents_of(tmp / f"run{seed}")])
    assert sorted(orders[0]) == sorted(orders[1]) == list(range(200))
    assert orders[0] != orders[1]
    steps = [abs(a - b) for a, b in zip(orders[0], orders[0][1:], strict=False)]
    assert sum(steps) / len(steps) > 40  # a third of 200 is expected; in order it is 1


def sides_of(output: Path) -> dict[str, str]:
    """The split of each document."""
    files = corpus_files(output)
    return {
        row["doc_id"]: name.split("split=")[1].split("/")[0]
        for name in files.names
        for batch in files.rows(name)
        for row in batch.to_pylist()
    }


def test_a_side_does_not_depend_on_other_documents(tmp: Path) -> None:
    """A document stays on its side when others come; a larger share holds a smaller one."""
    texts = [f"text {n}" for n in range(400)]
    write_records(tmp / "in" / "a.jsonl", texts[:200])
    make_run(tmp, [], name="few", write={"split": {"test": 0.1}})
    write_records(tmp / "in" / "a.jsonl", texts)
    make_run(tmp, [], name="more", write={"split": {"test": 0.2}})
    make_run(tmp, [], name="seed", write={"split": {"test": 0.2}}, seed=7)
    few, more, other = (sides_of(tmp / name) for name in ("few", "more", "seed"))
    small = {d for d, side in few.items() if side == "test"}
    large = {d for d, side in more.items() if side == "test"}
    assert small <= large
    assert 8 <= len(small) <= 35
    assert 50 <= len(large) <= 115
    assert large != {d for d, side in other.items() if side == "test"}


def test_what_two_documents_share_is_on_one_side(tmp: Path) -> None:
    """Documents with marked passages are all in `train`, so that none leaks."""
    make_corpus(tmp / "in", 60)
    make_run(tmp, STAGE_LIST, write={"split": {"validation": 0.6}})
    sides = sides_of(tmp / "run")
    marked = [row for row in documents_of(tmp / "run") if row["near_duplicates"]]
    assert marked
    assert {sides[row["doc_id"]] for row in marked} == {"train"}
    for row in marked:
        assert {sides[near["doc_id"]] for near in row["near_duplicates"]} == {"train"}
    assert "validation" in sides.values()


@pytest.mark.parametrize(("by", "column"), [("host", "host"), ("source", "source")])
def test_a_split_by_host_or_file_keeps_it_together(tmp: Path, by: str, column: str) -> None:
    """All documents of a host, or of a file, are on one side; both sides have some."""
    for number in range(12):
        urls = [f"https://site{(number + n) % 7}.example/{n}" for n in range(9)]
        texts = [f"text {number} {n}" for n in range(9)]
        write_records(tmp / "in" / f"{number}.jsonl", texts, url=urls)
    make_run(tmp, [], write={"split": {"test": 0.5}, "split_by": by})
    sides = sides_of(tmp / "run")
    groups: dict[str, set[str]] = {}
    for row in documents_of(tmp / "run"):
        groups.setdefault(row[column], set()).add(sides[row["doc_id"]])
    assert all(len(side) == 1 for side in groups.values())
    assert len(set(sides.values())) == 2


HOSTS = [
    "a.example",
    "..",
    "a%2Fb",
    "x" * 300 + ".example",
    "điện.example",
    "__HIVE_DEFAULT_PARTITION__",
    None,
]


def test_hostile_hosts_make_safe_folders(tmp: Path) -> None:
    """No value leads out of the folder; readers of Hive folders give short ones back."""
    urls = [None if host is None else f"https://{host}/" for host in HOSTS]
    write_records(tmp / "in" / "a.jsonl", [f"text {n}" for n in range(len(HOSTS))], url=urls)
    make_run(tmp, [], write={"partition_by": ["host"]})
    folders = sorted(p.name for p in (tmp / "run" / "corpus").iterdir())
    assert len(folders) == len(HOSTS)
    assert all(f.isascii() and len(f) < 200 and f.startswith("site=") for f in folders)
    table = ds.dataset(
        tmp / "run" / "corpus",
        partitioning=ds.HivePartitioning(
            pa.schema([("site", pa.string())]), null_fallback="__HIVE_DEFAULT_PARTITION__"
        ),
    ).to_table(columns=["host", "site"])
    for row in table.to_pylist():
        if row["host"] is None or len(row["host"]) < 100:
            assert row["site"] == (row["host"] or "unknown")
    assert pq.read_table(tmp / "run" / "corpus").num_rows == len(HOSTS)


def test_labels_that_differ_in_case_do_not_meet(tmp: Path) -> None:
    """On a file system that sees no case the two have folders of their own."""
    write_records(tmp / "in" / "a.jsonl", ["one"])
    write_records(tmp / "on" / "a.jsonl", ["two"])
    inputs = [
        {"path": str(tmp / "in"), "label": "News"},
        {"path": str(tmp / "on"), "label": "news"},
    ]
    make_run(tmp, [], write={"partition_by": "source"}, input=inputs)
    folders = {p.name for p in (tmp / "run" / "corpus").iterdir()}
    assert folders == {"label=%4Eews", "label=news"}


def test_too_many_folders_stop_the_run_which_goes_on(tmp: Path) -> None:
    """The message names the keys; with a larger limit the same command goes on."""
    urls = [f"https://site{n}.example/" for n in range(8)]
    write_records(tmp / "in" / "a.jsonl", [f"text {n}" for n in range(8)], url=urls)
    write = {"partition_by": "host", "documents_per_part": 2, "max_folders": 3}
    with pytest.raises(CleanerError, match=r"more than 3 folders .*write\.max_folders"):
        make_run(tmp, [], write=write)
    make_run(tmp, [], write={**write, "max_folders": 8})
    assert len(list((tmp / "run" / "corpus").iterdir())) == 8


@pytest.mark.parametrize("form", ["parquet", "jsonl"])
def test_files_have_about_the_size_that_was_asked_for(tmp: Path, form: str) -> None:
    """Within a third of it, but for the last; parts of the run do not show."""
    import random

    draw = random.Random(3)
    write_records(tmp / "in" / "a.jsonl", [article(draw, 40) for _ in range(300)])
    write = {"part_size": "100KB", "documents_per_part": 90, "format": form}
    make_run(tmp, [], write=write)
    sizes = [p.stat().st_size for p in corpus_files(tmp / "run").paths]
    assert len(sizes) >= 3
    assert all(66_000 < size < 134_000 for size in sizes[:-1]), sizes
    assert [r["record"] for r in documents_of(tmp / "run")] == list(range(300))


def test_the_layout_of_the_hub(tmp: Path) -> None:
    """Files are named by split and number; the card names them by split, and each folder."""
    make_corpus(tmp / "in", 40)
    make_run(tmp, [MEND], write=write_of("hub"))
    names = corpus_files(tmp / "run").names
    train = [n for n in names if "/train-" in n]
    assert train == [
        f"data/label=in/train-{i:05d}-of-{len(train):05d}.parquet" for i in range(len(train))
    ]
    assert not (tmp / "run" / "corpus").exists()
    from cleaner.config.yaml_source import load_with_positions

    text = (tmp / "run" / "README.md").read_text()
    front: Any = load_with_positions(text.split("---\n")[1], "README.md").data
    assert front["configs"] == [
        {
            "config_name": name,
            "data_files": [
                {"split": "train", "path": f"data/label={label}/train-*.parquet"},
                {"split": "validation", "path": f"data/label={label}/validation-*.parquet"},
            ],
        }
        for name, label in (("default", "*"), ("in", "in"))
    ]
    croissant = json.loads((tmp / "run" / "croissant.json").read_bytes())
    found = [f for f in croissant["distribution"] if f["@type"] == "cr:FileObject"]
    assert sorted(f["name"] for f in found) == sorted(names)
    splits = json.loads((tmp / "run" / "reports" / "report.json").read_bytes())["corpus"]["splits"]
    assert sum(splits.values()) == len(documents_of(tmp / "run"))


@pytest.mark.parametrize("layout", ["hub", "lines"])
def test_commands_read_every_layout(tmp: Path, layout: str) -> None:
    """`show`, `diff`, `audit`, `report --html` and `explain` work as on a plain run."""
    make_corpus(tmp / "in", 40)
    config = make_config(tmp, STAGE_LIST, write=write_of(layout))
    run(config)
    (tmp / "config.yaml").write_text(resolved_yaml(config))
    make_run(tmp, STAGE_LIST, name="plain")
    output, page = str(tmp / "run"), tmp / "run" / "reports" / "report.html"
    count = len(documents_of(tmp / "run"))

    def call(*words: str) -> str:
        result = CliRunner().invoke(main, list(words))
        assert result.exit_code == 0, result.output
        return result.output

    pytest.importorskip("duckdb")
    sql = "SELECT count(*) AS n FROM corpus JOIN corpus AS other USING (doc_id)"
    assert json.loads(call("show", output, sql, "--format", "json")) == [{"n": count}]
    diff = json.loads(call("diff", str(tmp / "plain"), output, "--json"))
    assert diff["documents"]["same"] == count
    assert diff["documents"]["came"] == diff["documents"]["went"] == 0
    call("audit", output, "--out", str(tmp / "sheet.csv"))
    before = page.read_bytes()
    call("report", output, "--html")
    assert page.read_bytes() == before
    call("explain", str(tmp / "config.yaml"), str(tmp / "in" / "t000.txt"))
    assert f"{count}" in call("show", output, "SELECT count(*) FROM corpus")


@pytest.mark.parametrize("layout", ["hub", "lines"])
def test_an_index_takes_every_layout(tmp: Path, layout: str) -> None:
    """Every document with its text; a file that was changed is refused."""
    make_corpus(tmp / "in", 40)
    make_run(tmp, STAGE_LIST, write=write_of(layout))
    corpus = open_corpus(tmp / "run")
    found = [row for batch in texts_of(corpus) for row in batch.to_pylist()]
    assert by_id(found) == [
        {name: row[name] for name in COLUMNS} for row in by_id(documents_of(tmp / "run"))
    ]
    path = tmp / "run" / corpus.parts[0][0]
    path.write_bytes(path.read_bytes()[:-1] + b"?")
    with pytest.raises(IntegrityError, match=r"was changed \(sha256 differs\)"):
        list(texts_of(corpus))


def test_a_view_of_a_run_is_its_plain_corpus(tmp: Path) -> None:
    """Part for part, row for row."""
    make_corpus(tmp / "in", 40)
    make_run(tmp, STAGE_LIST, name="plain", write={"documents_per_part": 7})
    make_run(tmp, STAGE_LIST, write=write_of("small lines"))
    with in_order(tmp / "run") as view:
        for path in sorted((tmp / "plain" / "corpus").iterdir()):
            assert pq.read_table(view / "corpus" / path.name).equals(pq.read_table(path))
        kept = view
    assert not kept.exists()


def test_a_corpus_without_documents_is_one_file(tmp: Path) -> None:
    """Readers find the columns."""
    write_records(tmp / "in" / "a.jsonl", ["SPAM one"])
    make_run(tmp, [MEND], write=write_of("hub"))
    assert [p.name for p in corpus_files(tmp / "run").paths] == ["train-00000-of-00001.parquet"]
    assert pq.read_table(corpus_files(tmp / "run").paths[0]).num_rows == 0


def test_a_folder_of_somebody_is_not_taken_for_a_corpus(tmp: Path) -> None:
    """`data` is a name that people use: neither a new run nor one of another layout clears it."""
    write_records(tmp / "in" / "a.jsonl", ["one"])
    (tmp / "run" / "data").mkdir(parents=True)
    (tmp / "run" / "data" / "mine.txt").write_text("mine")
    with pytest.raises(CleanerError, match=r"files that are not of a run \(data\)"):
        make_run(tmp, [], write=write_of("hub"))
    make_run(tmp, [], name="plain")
    (tmp / "run" / "data").rename(tmp / "plain" / "data")
    with pytest.raises(CleanerError, match=r"files that are not of a run \(data\)"):
        make_run(tmp, [], name="plain", write=write_of("hub"))
    assert (tmp / "plain" / "data" / "mine.txt").read_text() == "mine"


def test_a_column_may_not_have_the_name_of_a_folder(tmp: Path) -> None:
    """Readers of folders would meet it twice; without folders it may."""
    write_records(tmp / "in" / "a.jsonl", ["one"])
    stage = {"use": f"{STAGES}FirstWords", "annotation": "site"}
    with pytest.raises(CleanerError, match="'site' to the corpus, which is the key of a folder"):
        make_run(tmp, [stage], write={"partition_by": "lang"})
    make_run(tmp, [stage], write={"shuffle": True})
