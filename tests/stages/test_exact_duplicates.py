"""Exact copies: one stays, by policy."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from cleaner.stages.exact_duplicates import VERDICTS, _choose, normal_url
from tests.engine.runs import STAGES, make_run, rows_of, write_records, write_texts
from tests.stages.copies import drops_of, families, records_of, run_on

EXACT = "exact_duplicates"


def test_one_of_each_text_stays(tmp: Path) -> None:
    """Every dropped text has the key of the one that stays; no two that stay share a key."""
    from cleaner.text.key import key_text

    texts = families(1)
    run = run_on(tmp, texts, EXACT)
    ids, drops = records_of(run), drops_of(run)
    kept = [r["record"] for r in rows_of(run, "corpus")]
    keys = [key_text(texts[r]) for r in kept if key_text(texts[r])]
    assert drops
    assert len(set(keys)) == len(keys)
    for record, row in drops.items():
        keeper = ids[row["kept_doc_id"]]
        assert keeper in kept
        assert key_text(texts[keeper]) == key_text(texts[record])
        assert (row["similarity"], row["kept_start"], row["kept_end"]) == (1, 0, len(texts[keeper]))
        assert row["rule"] == "exact_duplicates.text"
    sizes = {r["record"]: r["cluster_size"] for r in rows_of(run, "corpus")}
    assert sum(sizes.values()) == len(texts)
    clusters = {ids[r["cluster_id"]]: r["size"] for r in rows_of(run, "duplicates/clusters")}
    assert clusters == {r: n for r, n in sizes.items() if n > 1}


def test_case_space_and_punctuation_do_not_count(tmp: Path) -> None:
    """Letters, accents and numbers do; texts without words are no copies of each other."""
    texts = ["Hòa bình, 12!", "hoà  BÌNH 12", "hoa binh 12", "hòa bình 13", "", "", "!!!", "…"]
    run = run_on(tmp, texts, EXACT)
    assert {r: records_of(run)[row["kept_doc_id"]] for r, row in drops_of(run).items()} == {1: 0}


@pytest.mark.parametrize(
    ("keep", "kept"),
    [
        (["first"], 0),
        (["earliest", "first"], 2),
        (["longest", "first"], 1),
        (["cleanest", "first"], 2),
        (["longest", "earliest"], 1),
    ],
)
def test_the_keep_policy_decides(tmp: Path, keep: list[str], kept: int) -> None:
    """Preferences in order; a missing date comes last."""
    texts = ["MENU menu\nsame words", "MENU menu\nsame   words...", "same words"]
    stage = {"use": EXACT, "keep": keep}
    dates = [None, "2024-02-01", "2023-12-31"]
    run = run_on(tmp, texts, f"{STAGES}Mend", stage, date=dates)
    assert [r["record"] for r in rows_of(run, "corpus")] == [kept]


def test_a_source_of_higher_priority_stays(tmp: Path) -> None:
    """It is the first preference by default."""
    write_texts(tmp / "a", {"x.txt": "same words here"})
    write_texts(tmp / "b", {"x.txt": "same words"})
    write_texts(tmp / "b", {"y.txt": "same words here"})
    places = [{"path": str(tmp / "a")}, {"path": str(tmp / "b"), "priority": 5}]
    make_run(tmp, [EXACT], input=places)
    kept = [r["source"] for r in rows_of(tmp / "run", "corpus")]
    assert kept == ["b/x.txt", "b/y.txt"]


def test_urls_are_copies_by_policy(tmp: Path) -> None:
    """The texts may differ: the rule says so. Records without a URL stay."""
    urls = ["https://a.example/x?utm_source=q", "http://www.a.example/x/#top", None, None, "no url"]
    stage = {"use": EXACT, "by": "url", "keep": ["longest"]}
    run = run_on(tmp, ["short", "longer text", "x", "x", "y"], stage, url=urls)
    [(record, row)] = drops_of(run).items()
    assert (record, records_of(run)[row["kept_doc_id"]]) == (0, 1)
    assert row["rule"] == "exact_duplicates.url"


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("HTTPS://WWW.Example.ORG:443/a/b/", "example.org/a/b"),
        ("http://example.org/a?b=2&a=1&fbclid=x#f", "example.org/a?a=1&b=2"),
        ("http://example.org/?id=", "example.org?id="),
        ("http://example.org:8080/", "example.org:8080"),
        ("http://user@example.org/A", "example.org/A"),
        ("//example.org/x", "example.org/x"),
        ("/x", ""),
        ("http://[::1", ""),
        ("http://a.example:99999/", ""),
        ("", ""),
    ],
)
def test_what_does_not_tell_pages_apart(url: str, expected: str) -> None:
    """Scheme, default port, fragment, last slash, tracking; paths keep their case."""
    assert normal_url(url) == expected


def test_clusters_of_two_stages_add_up(tmp: Path) -> None:
    """A document stands for its copies, those of a later stage included."""
    long = " ".join(f"word{i}" for i in range(80))
    texts = [long, long, long + " and more", long + " and more", "alone"]
    run = run_on(tmp, texts, EXACT, "near_duplicates")
    sizes = {r["record"]: r["cluster_size"] for r in rows_of(run, "corpus")}
    assert sizes in ({2: 4, 4: 1}, {0: 4, 4: 1})


@pytest.mark.parametrize("size", [1, 2, 3, 100])
def test_a_key_may_span_batches(size: int) -> None:
    """The verdicts do not depend on how the sorted stream is cut."""
    rows: list[dict[str, Any]] = []
    for key, check, members in ((1, 1, 3), (1, 2, 2), (2, 1, 1), (3, 1, 1), (3, 9, 4), (4, 4, 1)):
        for member in range(members):
            ordinal = 100 * key + 10 * check + member
            rows.append({"key": key, "check": check, "ordinal": ordinal, "chars": 5, "size": 1})
    schema = pa.schema(
        [("key", pa.uint64()), ("check", pa.uint64())]
        + [(n, pa.int64()) for n in ("ordinal", "chars", "size")]
    )
    stream = pa.Table.from_pylist(rows, schema).to_batches(max_chunksize=size)
    found = pa.Table.from_batches(_choose(stream), VERDICTS).to_pylist()
    pairs = {(r["ordinal"], r["kept"]) for r in found}
    assert pairs == {
        *((110, 110), (111, 110), (112, 110), (120, 120), (121, 120)),
        *((390, 390), (391, 390), (392, 390), (393, 390)),
    }
    assert {r["ordinal"]: r["size"] for r in found if r["ordinal"] == r["kept"]} == {
        110: 3,
        120: 2,
        390: 4,
    }


def test_a_run_with_urls_of_one_host(tmp: Path) -> None:
    """Shards do not matter: copies far apart meet."""
    texts = [f"text {i % 7}" for i in range(40)]
    write_records(tmp / "in" / "a.jsonl", texts)
    make_run(tmp, [EXACT], engine={"kind": "inline", "shard_bytes": 150})
    assert [r["record"] for r in rows_of(tmp / "run", "corpus")] != []
    assert len(rows_of(tmp / "run", "corpus")) == 7
