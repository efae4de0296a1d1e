"""`against:` of near_duplicates: what an index of earlier runs holds is known, not new."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from cleaner.config.load import resolved_yaml
from cleaner.engine import context, tasks
from cleaner.engine.driver import run
from cleaner.engine.plan import describe
from cleaner.errors import CleanerError, ConfigError
from cleaner.index.lookup import Index
from cleaner.io.restore import restore
from cleaner.io.verify import verify
from cleaner.report.explain import explain
from cleaner.stages.near_duplicates import NearDuplicates
from tests.engine.runs import bytes_of, make_config, make_run, rows_of, write_records
from tests.index.corpora import add, build, write_run
from tests.stages.copies import drops_of, families, jaccard

STAGE = NearDuplicates(threshold=0.6, ngram=3)
KNOWN = "near_duplicates.known"


def near(*indexes: Path, **settings: Any) -> dict[str, Any]:
    """The stage with these indexes."""
    paths = [str(index) for index in indexes]
    return {"use": "near_duplicates", "threshold": 0.6, "ngram": 3, "against": paths, **settings}


def index_of(tmp: Path, texts: list[str], name: str = "known") -> Path:
    """An index of a run with these texts."""
    build(tmp / name, STAGE, write_run(tmp / f"{name}-run", texts))
    return tmp / name


def is_sound(output: Path) -> bool:
    """Whether `cleaner verify` finds nothing wrong."""
    faults = [fault for check in verify(output) for fault in check.faults]
    assert faults == []
    return True


def unlike(seed: int) -> list[str]:
    """Texts that have nothing in common."""
    return [" ".join(f"s{seed}d{d}w{w}" for w in range(30)) for d in range(20)]


def test_known_documents_go_with_a_reason(tmp: Path) -> None:
    """Each was verified: true similarity, the name and source of the copy; the books balance."""
    known = families(1)
    new = families(1)[:40] + unlike(1) + families(2)
    index = index_of(tmp, known)
    write_records(tmp / "in" / "a.jsonl", new)
    report = make_run(tmp, [near(index)])
    drops = {n: row for n, row in drops_of(tmp / "run").items() if row["rule"] == KNOWN}
    copies = {n for n in range(40) if re.search(r"\w", new[n])}
    assert copies <= drops.keys() <= {*range(40), *range(60, len(new))}
    ids = {row["doc_id"]: row["record"] for row in known_rows(tmp)}
    for number, row in drops.items():
        match = re.search(
            r": duplicate of (\w+) \(known-run/a\.jsonl\) in index known, similarity (\d\.\d\d)$",
            row["reason"],
        )
        assert match
        true = jaccard(new[number], known[ids[match[1]]], 3)
        assert row["similarity"] == pytest.approx(true, abs=1e-9)
        assert true >= 0.6
        assert match[2] == f"{true:.2f}"
        assert row["score"] == round(true, 4)
        assert (row["kept_doc_id"], row["kept_start"], row["kept_end"]) == (None, None, None)
    for number in sorted(drops)[:3]:
        assert restore(tmp / "run", drops[number]["doc_id"]) == new[number].encode()
    assert report.stages[-1].rules[KNOWN]["count"] == len(drops)
    assert report.stages[-1].counts["docs_in"] == len(new)
    assert is_sound(tmp / "run")


def known_rows(tmp: Path) -> list[dict[str, Any]]:
    """The documents of the run that is in the index."""
    return rows_of(tmp / "known-run", "corpus")


@pytest.mark.parametrize("texts", [[], unlike(7)])
def test_an_index_of_other_texts_changes_nothing(tmp: Path, texts: list[str]) -> None:
    """Corpus, ledger and pairs are those of a run without it, whatever else is set."""
    index = index_of(tmp, texts)
    write_records(tmp / "in" / "a.jsonl", families(3))
    for number, settings in enumerate(({}, {"pairs": "all"})):
        plain = near(**settings)
        make_run(tmp, ["exact_duplicates", plain], f"without{number}")
        make_run(tmp, ["exact_duplicates", near(index, **settings)], f"with{number}")
        for folder in ("corpus", "ledger", "duplicates/pairs", "duplicates/clusters"):
            rows = rows_of(tmp / f"without{number}", folder)
            assert rows_of(tmp / f"with{number}", folder) == rows
            assert rows


def test_marked_documents_stay(tmp: Path) -> None:
    """The column `known` names the copy; all else is as without."""
    index = index_of(tmp, families(4))
    new = families(4)[:30] + unlike(4)
    write_records(tmp / "in" / "a.jsonl", new)
    make_run(tmp, [near()], "without")
    make_run(tmp, [near(index, against_action="mark")])
    rows = rows_of(tmp / "run", "corpus")
    for row in rows:
        known = row.pop("known")
        if row["record"] >= 30 or not re.search(r"\w", new[row["record"]]):
            assert known is None
        else:
            assert known["index"] == "known"
            assert known["source"] == "known-run/a.jsonl"
            assert known["similarity"] == 1.0
    assert rows == rows_of(tmp / "without", "corpus")
    assert rows_of(tmp / "run", "ledger") == rows_of(tmp / "without", "ledger")
    assert is_sound(tmp / "run")


def test_short_texts_are_known_as_a_whole(tmp: Path) -> None:
    """Fewer words than a shingle has: the same words are a copy, none are none."""
    index = index_of(tmp, ["two words", "", "..."])
    write_records(tmp / "in" / "a.jsonl", ["Two, words!", "two", "", "?", "words two"])
    make_run(tmp, [near(index)])
    assert drops_of(tmp / "run").keys() == {0}
    assert drops_of(tmp / "run")[0]["similarity"] == 1.0


def test_texts_with_other_numbers_are_new_where_that_matters(tmp: Path) -> None:
    """`same_numbers` holds for known documents, too."""
    text = " ".join(f"w{'abcdefghij'[i % 10] * (i // 10 + 1)}" for i in range(60))
    write_records(tmp / "in" / "a.jsonl", [f"{text} 12", f"{text} 13"])
    for guard, gone in ((False, {0, 1}), (True, {0})):
        stage = NearDuplicates(threshold=0.6, ngram=3, same_numbers=guard)
        folder = tmp / f"known{guard}"
        build(folder, stage, write_run(tmp / f"run{guard}", [f"{text} 12"]))
        make_run(tmp, [near(folder, same_numbers=guard)], f"out{guard}")
        assert drops_of(tmp / f"out{guard}").keys() == gone


def test_of_several_indexes_the_most_similar_copy_is_named(tmp: Path) -> None:
    """Of equal ones that of the index named first."""
    text = unlike(1)[0]
    near_copy = f"{text} and more"
    indexes = [
        index_of(tmp, [near_copy], "a"),
        index_of(tmp, [text], "b"),
        index_of(tmp, [text], "c"),
    ]
    write_records(tmp / "in" / "a.jsonl", [text])
    make_run(tmp, [near(*indexes)])
    assert "in index b, similarity 1.00" in drops_of(tmp / "run")[0]["reason"]


@pytest.mark.parametrize("action", ["drop", "mark"])
@pytest.mark.parametrize(
    "engine",
    [
        {"kind": "inline", "shard_bytes": 2000},
        pytest.param({"kind": "local", "workers": 2, "shard_bytes": 4000}, marks=pytest.mark.slow),
    ],
    ids=["shards", "workers"],
)
def test_the_same_bytes_however_the_work_is_cut(
    tmp: Path, action: str, engine: dict[str, Any]
) -> None:
    """For any size of shard, and any number of workers."""
    index = index_of(tmp, families(5, count=4))
    write_records(tmp / "in" / "a.jsonl", families(5, count=4)[::2] + families(6, count=4))
    stages = ["exact_duplicates", near(index, against_action=action), "tidy"]
    make_run(tmp, stages, "one")
    make_run(tmp, stages, "two", engine=engine)
    assert bytes_of(tmp / "two") == bytes_of(tmp / "one")


def test_copies_of_a_known_document_lead_to_the_index(tmp: Path) -> None:
    """An exact copy of one that is then known: verify follows the way, and finds no fault."""
    text = unlike(2)[0]
    index = index_of(tmp, [text])
    write_records(tmp / "in" / "a.jsonl", [text, text, f"{text} more"])
    make_run(tmp, ["exact_duplicates", near(index)])
    rules = {n: row["rule"] for n, row in drops_of(tmp / "run").items()}
    assert sorted(rules.values()) == ["exact_duplicates.text", KNOWN, KNOWN]
    assert rows_of(tmp / "run", "corpus") == []
    assert is_sound(tmp / "run")


def test_explain_says_that_a_document_is_known(tmp: Path) -> None:
    """With rule and evidence; nothing is kept here."""
    text = unlike(3)[0]
    index = index_of(tmp, [text])
    path = write_records(tmp / "in" / "a.jsonl", [text])
    found = explain(make_config(tmp, [near(index)]), path, 0)
    assert found.dropped is not None
    assert (found.dropped.rule, found.dropped.kept) == (KNOWN, None)
    assert found.dropped.evidence.endswith("in index known, similarity 1.00")


def test_a_run_is_redone_when_the_index_has_grown(tmp: Path) -> None:
    """What it holds is part of the run's identity; one that is as it was is not looked into."""
    texts = unlike(5)
    index = index_of(tmp, texts[:5])
    write_records(tmp / "in" / "a.jsonl", texts)
    config = make_config(tmp, [near(index)])
    run(config)
    assert len(rows_of(tmp / "run", "corpus")) == 15
    config = make_config(tmp, [near(index)])
    assert run(config).up_to_date
    assert describe(config).output.state == "up_to_date"
    add(index, STAGE, write_run(tmp / "more", texts[5:9]))
    config = make_config(tmp, [near(index)])
    assert describe(config).output.state == "outdated"
    run(config)
    assert len(rows_of(tmp / "run", "corpus")) == 11


def test_an_index_that_grows_meanwhile_does_not_mix(tmp: Path) -> None:
    """A worker that would see another index than the run began with stops it."""
    index = index_of(tmp, unlike(1))
    write_records(tmp / "in" / "a.jsonl", unlike(1))
    make_run(tmp, [near(index)], keep_work=True)
    path = tmp / "run" / "work" / "context.json"
    saved = json.loads(path.read_text())
    assert saved["digests"] == [Index(index).description.digest()]
    add(index, STAGE, write_run(tmp / "more", unlike(2)))
    context.load_context.cache_clear()
    tasks._open_phase.cache_clear()
    with pytest.raises(CleanerError, match=r"near_duplicates reads .* was changed while the run"):
        tasks._open_phase(str(path), "anything", 1)


def test_a_missing_or_unfit_index_stops_the_run_before_any_work(tmp: Path) -> None:
    """All faults at once, with what to do; plan says the same; nothing is written."""
    index = index_of(tmp, unlike(1))
    write_records(tmp / "in" / "a.jsonl", unlike(1))
    config = make_config(tmp, [near(tmp / "nothing", index, ngram=4, seed=9)])
    for command in (run, describe):
        with pytest.raises(ConfigError) as error:
            command(config)
        missing, unfit = error.value.faults
        assert missing.where == unfit.where == "near_duplicates.against"
        assert "is not an index (no index.json in it); make one of finished runs" in str(missing)
        assert "was made with other settings: ngram is 3, here 4; seed is 1, here 9" in str(unfit)
        assert "cleaner index build --replace" in unfit.hint
    assert not (tmp / "run").exists()


def test_the_config_takes_a_path_or_a_list(tmp: Path) -> None:
    """It is written out as a list; passages have no index; a path is not empty."""
    config = make_config(tmp, [near() | {"against": "one"}])
    (stage,) = config.stages
    assert isinstance(stage, NearDuplicates)
    assert stage.against == ("one",)
    assert "against:\n  - one\n" in resolved_yaml(config)
    with pytest.raises(ConfigError, match="against is for documents, not for passages"):
        make_config(tmp, [{"use": "near_duplicates", "unit": "passage", "against": "one"}])
    with pytest.raises(ConfigError, match="expected the folder of an index, not empty text"):
        make_config(tmp, [near() | {"against": ["one", " "]}])
    with pytest.raises(ConfigError, match="against"):
        make_config(tmp, [near() | {"against": [3]}])
