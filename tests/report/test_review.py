"""Reviews: what a label is, how it lasts, the lines of a page, the gold that comes of it."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest

from cleaner.config.load import parse
from cleaner.engine.driver import run as run_config
from cleaner.errors import InputError, IntegrityError, LockedError
from cleaner.io.corpus import read_manifest
from cleaner.io.verify import verify
from cleaner.noise.evaluate import gold_page
from cleaner.report import audit
from cleaner.report.audit import run_id
from cleaner.report.audit_score import score
from cleaner.report.review import gold, pages, rows
from cleaner.report.review.labels import Key, Labels, open_labels, path_of, read_labels
from cleaner.report.review.lines import COLUMNS, PageLine, page_lines
from cleaner.report.texts import Document, Texts
from cleaner.stages.veil import Veil
from tests.report.test_audit import make, write_pages


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A finished run whose rules cut lines."""
    folder = tmp_path_factory.mktemp("review")
    write_pages(folder / "in")
    return make(folder, "run")


@pytest.fixture
def own(run: Path, tmp_path: Path) -> Path:
    """A copy of it that a test may write to."""
    return Path(shutil.copytree(run, tmp_path / "run"))


@pytest.fixture
def labels(own: Path) -> Iterator[Labels]:
    """Its labels, open."""
    with open_labels(own, run_id(read_manifest(own))) as opened:
        yield opened


def a_row(start: int, end: int, before: str, after: str = "", **facts: object) -> dict[str, object]:
    """A row of the ledger."""
    found = {"start": start, "end": end, "step": 1, "before": before, "after": after}
    found |= {"action": "rewrite" if after else "cut", "rule": "a.rule", "reason": "why"}
    return found | {"score": None, "kept_doc_id": None, "similarity": None} | facts


def lines_of(text: str, *changes: dict[str, object]) -> list[PageLine]:
    """The lines of a document of the corpus."""
    return page_lines(Document("d", "s", 0, text, changes))


def test_labels_last_and_go_on(tmp_path: Path) -> None:
    """What was set stands at the next start; '' takes it away; the file only grows."""
    with open_labels(tmp_path, "r1") as labels:
        labels.set(Key("verdict", "a"), "right")
        labels.set(Key("verdict", "b"), "wrong")
        size = path_of(tmp_path, "r1").stat().st_size
        labels.set(Key("verdict", "b"), "wrong")
        assert path_of(tmp_path, "r1").stat().st_size == size
        labels.set(Key("verdict", "b"), "")
        labels.set(Key("line", "d", 3), "0")
    found = read_labels(tmp_path, "r1").values
    assert found == {Key("verdict", "a"): "right", Key("line", "d", 3): "0"}
    assert read_labels(tmp_path, "r2").values == {}


def test_undo_takes_back_what_was_said_before_a_restart(tmp_path: Path) -> None:
    """Step by step, only labels of the kinds asked for, and to what stood there before."""
    with open_labels(tmp_path, "r1") as labels:
        for value in ("right", "wrong"):
            labels.set(Key("verdict", "a"), value)
        labels.set(Key("page", "d"), "done")
    with open_labels(tmp_path, "r1") as labels:
        change = labels.undo(("verdict",))
        assert change is not None
        assert change.key == Key("verdict", "a")
        assert labels.get(Key("verdict", "a")) == "right"
    with open_labels(tmp_path, "r1") as labels:
        assert labels.values == {Key("verdict", "a"): "right", Key("page", "d"): "done"}
        assert labels.undo(("verdict",)) is not None
        assert labels.undo(("verdict",)) is None
        assert labels.values == {Key("page", "d"): "done"}


@pytest.mark.parametrize("cut", range(1, 60, 7))
def test_a_label_that_a_crash_cut_short_is_left_out(tmp_path: Path, cut: int) -> None:
    """The labels before it stand, and the next one begins on a line of its own."""
    with open_labels(tmp_path, "r1") as labels:
        labels.set(Key("verdict", "a"), "right")
        labels.set(Key("verdict", "b"), "wrong")
    path = path_of(tmp_path, "r1")
    path.write_bytes(path.read_bytes()[:-cut])
    assert read_labels(tmp_path, "r1").values == {Key("verdict", "a"): "right"}
    with open_labels(tmp_path, "r1") as labels:
        labels.set(Key("verdict", "c"), "unsure")
    found = read_labels(tmp_path, "r1").values
    assert found == {Key("verdict", "a"): "right", Key("verdict", "c"): "unsure"}


@pytest.mark.parametrize(
    "line",
    [
        "{",
        "[]",
        '{"kind": "x", "id": "a", "line": 0, "value": ""}',
        '{"kind": "line", "id": "a", "line": -1, "value": "0"}',
        '{"kind": "line", "id": "a", "line": true, "value": "0"}',
        '{"kind": "page", "id": 7, "line": 0, "value": "done"}',
        '{"kind": "page", "id": "a", "line": 0, "value": "", "undo": true}',
        "\udcff",
    ],
)
def test_a_damaged_file_is_not_guessed_at(tmp_path: Path, line: str) -> None:
    """The message names the line and says what to do; nothing is written."""
    with open_labels(tmp_path, "r1") as labels:
        labels.set(Key("verdict", "a"), "right")
    path = path_of(tmp_path, "r1")
    damaged = path.read_bytes() + line.encode("utf-8", "surrogateescape") + b"\n"
    path.write_bytes(damaged)
    with pytest.raises(IntegrityError, match=r"line 3: is no label .* move the file away"):
        read_labels(tmp_path, "r1")
    with pytest.raises(IntegrityError), open_labels(tmp_path, "r1"):
        pass
    assert path.read_bytes() == damaged


def test_one_reviewer_at_a_time(tmp_path: Path) -> None:
    """The second is told who the first is; afterwards there is room."""
    with open_labels(tmp_path, "r1"):
        with (
            pytest.raises(LockedError, match=r"is being reviewed by process \d+: open the address"),
            open_labels(tmp_path, "r1"),
        ):
            pass
        assert read_labels(tmp_path, "r1").values == {}
    with open_labels(tmp_path, "r1") as labels:
        labels.set(Key("verdict", "a"), "right")


def test_lines_are_as_the_stages_saw_them() -> None:
    """Repaired, before they were cut; a line is cut if most of it was; blank ones are left out."""
    original = "Menu\r\nCafe\u0301 &amp; bar\u200b\n \nPrice: 9 or less\n"
    at = original.index
    found = lines_of(
        "Café & bar\nPrice\n",
        a_row(0, 6, "Menu\r\n", score=0.9),
        a_row(at("e\u0301"), at("&"), "e\u0301 ", "é "),
        a_row(at("&"), at(" bar"), "&amp;", "&"),
        a_row(at("\u200b"), at("\u200b") + 1, "\u200b"),
        a_row(at(" \n"), at("Price"), " \n", rule="tidy.blank"),
        a_row(at(":"), len(original) - 1, ": 9 or less", rule="b.tail"),
    )
    shown = [(line.text, line.state, line.rule) for line in found]
    assert shown == [
        ("Menu", "cut", "a.rule"), ("Café & bar", "keep", ""), ("Price: 9 or less", "cut", "b.tail")
    ]  # fmt: skip
    assert [original[line.start : line.end].strip() for line in found] == [
        "Menu", "Cafe\u0301 &amp; bar\u200b", "Price: 9 or less"
    ]  # fmt: skip
    assert found[0].score == 0.9


def test_a_copy_is_no_noise() -> None:
    """What went because it stands elsewhere is text to begin with."""
    found = lines_of("", a_row(0, 2, "A\n", kept_doc_id="k"), a_row(2, 3, "B", similarity=0.9))
    assert [(line.text, line.state) for line in found] == [("A", "copy"), ("B", "copy")]
    assert pages.labels_of("d", found, Labels("r")) == "11"


def test_lines_of_a_run_are_those_of_its_originals(run: Path) -> None:
    """Kept and cut lines of each document, in order; the kept ones are its text."""
    texts = Texts(run, Veil(), COLUMNS)
    kept = pq.read_table(run / "corpus" / "part-00000.parquet").to_pylist()
    for row in kept:
        document = texts.find("part-00000.parquet", row["doc_id"])
        assert document is not None
        found = page_lines(document)
        assert document.original is not None
        assert [line.text for line in found] == [x for x in document.original.split("\n") if x]
        text = [line.text for line in found if line.state == "keep"]
        assert text == [x for x in row["text"].split("\n") if x]
        for line in found:
            assert document.original[line.start : line.end].strip() == line.text
    assert len(kept) == 40


def test_rows_are_those_of_an_audit_in_rounds(run: Path) -> None:
    """The same rows for the same seed; the first of every stratum come before any second."""
    drawn = rows.draw(run, per_rule=4, seed=3)
    sheet = audit.draw(run, per_rule=4, seed=3)
    assert {one.row for one in drawn} == set(sheet)
    strata = [(one.row.action, one.row.rule, one.row.band) for one in drawn]
    first = len(set(strata))
    assert len(set(strata[:first])) == first < len(strata)


def test_a_row_is_shown_in_its_page(own: Path, labels: Labels) -> None:
    """With the lines around it, its rule in words; kept and cut lines are told apart."""
    drawn = rows.draw(own, per_rule=3)
    review = rows.RowReview(own, drawn, labels)
    for number, one in enumerate(drawn):
        item = review.show(number)
        (target,) = [line for line in item["lines"] if line["target"]]
        assert target["text"] == one.row.text == item["text"]
        assert target["state"] == one.row.action
        assert {line["state"] for line in item["lines"]} == {"cut", "keep"}
        assert item["reason"]
        assert one.row.source in item["place"]
    overview = review.overview()
    assert [item["id"] for item in overview] == [one.row.id for one in drawn]


def test_verdicts_become_a_sheet_that_can_be_scored(own: Path, labels: Labels) -> None:
    """The rows with their verdicts are those that `audit score` takes."""
    drawn = rows.draw(own, per_rule=3)
    review = rows.RowReview(own, drawn, labels)
    for one in drawn[:5]:
        review.label({"id": one.row.id, "value": "wrong" if one.row.action == "cut" else "right"})
    assert review.undo() == 4
    assert review.show(4)["value"] == ""
    assert review.show(3)["value"] != ""
    result = score(rows.judged(drawn, labels))
    assert (result.judged, result.rows) == (4, len(drawn))
    with pytest.raises(InputError, match="a verdict is"):
        review.label({"id": drawn[0].row.id, "value": "maybe"})
    with pytest.raises(InputError, match="there is no row"):
        review.show(len(drawn))


def test_pages_are_drawn_by_seed_and_in_order(run: Path) -> None:
    """More pages are the same ones and others; every page once."""
    few, more = (pages.draw(run, n, seed=1) for n in (5, 100))
    assert more[:5] == few
    assert len({place.doc_id for place in more}) == len(more) == 40
    assert pages.draw(run, 5, seed=2) != few
    found = pages.find(run, [place.doc_id for place in few] + ["0" * 24])
    assert sorted(place.doc_id for place in found) == sorted(place.doc_id for place in few)


def test_pages_too_long_to_label_are_not_drawn(run: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """If all are, a sentence says so."""
    monkeypatch.setattr(pages, "LONGEST", 10)
    with pytest.raises(InputError, match="no document of at most 10 characters"):
        pages.draw(run, 5)


def test_gold_has_full_pages_only(own: Path, labels: Labels) -> None:
    """A page is gold when it is done; then it has the run's labels but for those turned round."""
    places = pages.draw(own, 4)
    review = pages.PageReview(own, places, labels)
    item = review.show(0)
    flipped = "0" if item["lines"][0]["label"] == "1" else "1"
    review.label({"id": places[0].doc_id, "line": 0, "value": flipped})
    assert gold.collect(own, labels).records == ()
    review.label({"id": places[0].doc_id, "value": "done"})
    review.label({"id": places[2].doc_id, "value": "done"})
    review.label({"id": places[3].doc_id, "line": 1, "value": "0"})
    found = gold.collect(own, labels)
    by_id = {record["id"]: record for record in found.records}
    assert set(by_id) == {places[0].doc_id, places[2].doc_id}
    record = by_id[places[0].doc_id]
    wanted = flipped + "".join(line["label"] for line in item["lines"][1:])
    assert record["line_labels"] == wanted
    page = gold_page(record, "own", 0)
    assert page.host == "bao.example"
    kept = [x for x, label in zip(page.lines, page.labels, strict=True) if label]
    assert "\n".join(kept) == record["gold_text"]
    assert list(page.lines) == [line["text"] for line in item["lines"]]
    lines = sum(len(record["line_labels"]) for record in found.records)
    assert sum(found.counts.values()) == lines
    assert found.counts["cut_text"] + found.counts["kept_noise"] == 1


@pytest.mark.parametrize(
    "wanted",
    [
        {},
        {"id": None, "value": "done"},
        {"id": ["a"], "value": "done"},
        {"id": "no such", "value": "done"},
        {"id": 0, "line": 99, "value": "0"},
        {"id": 0, "line": -1, "value": "0"},
        {"id": 0, "line": True, "value": "0"},
        {"id": 0, "line": 0, "value": "2"},
        {"id": 0, "line": 0, "value": "0", "more": 1},
        {"id": 0, "value": ["done"]},
    ],
)
def test_what_is_no_label_of_a_page_is_refused(
    own: Path, labels: Labels, wanted: dict[str, object]
) -> None:
    """Nothing is written."""
    places = pages.draw(own, 2)
    review = pages.PageReview(own, places, labels)
    if wanted.get("id") == 0:
        wanted = wanted | {"id": places[0].doc_id}
    before = path_of(own, labels.run).read_bytes()
    with pytest.raises(InputError):
        review.label(wanted)
    assert path_of(own, labels.run).read_bytes() == before


def test_gold_is_the_same_whatever_the_order_of_the_labels(run: Path, tmp_path: Path) -> None:
    """It follows the corpus."""
    found = []
    for name, order in (("a", 1), ("b", -1)):
        own = Path(shutil.copytree(run, tmp_path / name))
        with open_labels(own, run_id(read_manifest(own))) as labels:
            for place in pages.draw(own, 6)[::order]:
                labels.set(Key("page", place.doc_id), "done")
            path = tmp_path / f"{name}.jsonl"
            gold.write_gold(path, gold.collect(own, labels))
            found.append(path.read_bytes())
    assert found[0] == found[1]
    assert len(found[0].splitlines()) == 6


def test_a_reviewed_run_is_still_sound_and_up_to_date(run: Path, tmp_path: Path) -> None:
    """`verify` finds nothing wrong; a run into the same folder leaves the labels alone."""
    shutil.copytree(run.parent / "in", tmp_path / "in", copy_function=shutil.copy2)
    own = make(tmp_path, "run")
    name = run_id(read_manifest(own))
    with open_labels(own, name) as labels:
        labels.set(Key("verdict", "a"), "right")
    assert [fault for check in verify(own) for fault in check.faults] == []
    settings = {
        "name": "audited",
        "input": [str(tmp_path / "in")],
        "output": str(own),
        "stages": [{"use": "unicode"}, {"use": "tidy"}],
        "engine": {"kind": "inline"},
    }
    run_config(parse(json.dumps(settings), "a.yaml"))
    other = run_id(read_manifest(own))
    assert other != name
    assert read_labels(own, other).values == {}
    assert read_labels(own, name).values == {Key("verdict", "a"): "right"}
    assert [fault for check in verify(own) for fault in check.faults] == []


def test_the_sample_does_not_depend_on_parts(run: Path, tmp_path: Path) -> None:
    """The same pages, and the same order, for one part or many."""
    shutil.copytree(run.parent / "in", tmp_path / "in", copy_function=shutil.copy2)
    settings = {
        "name": "audited",
        "input": [str(tmp_path / "in")],
        "output": str(tmp_path / "many"),
        "stages": [{"use": "unicode"}, {"use": "repeats"}, {"use": "noise"}, {"use": "tidy"}],
        "engine": {"kind": "inline"},
        "write": {"documents_per_part": 7},
    }
    run_config(parse(json.dumps(settings), "a.yaml"))
    many = tmp_path / "many"
    assert len(list((many / "corpus").iterdir())) > 3
    ids = [[place.doc_id for place in pages.draw(r, 40, seed=5)] for r in (run, many)]
    assert ids[0] == ids[1]
    assert len(np.unique(ids[0])) == 40
