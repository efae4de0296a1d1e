"""What differs between two runs, found without holding them."""

from __future__ import annotations

import json
import random
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner, Result

from cleaner.cli import main
from cleaner.errors import InputError, IntegrityError
from cleaner.report.diff import EXAMPLES, PER_MOVE, RunDiff, compare
from cleaner.report.fates import Fate, endings, same_files
from tests.engine import runs
from tests.report.browser import CHROMIUM, browser
from tests.report.tiny_run import SCRIPT, STAGES, make_run, write_input

GOLDEN = Path(__file__).parent / "golden"
WITHOUT_COPIES = [s for s in STAGES if s["use"] != "exact_duplicates"]


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with two runs: `run`, and `other` without a stage and with other settings."""
    folder = tmp_path_factory.mktemp("diff")
    make_run(folder)
    stages = [dict(s) for s in WITHOUT_COPIES]
    stages[0]["entities"] = False
    stages[1]["threshold"] = 0.95
    make_run(folder, stages, to="other")
    return folder


@pytest.fixture
def found(tiny: Path, monkeypatch: pytest.MonkeyPatch) -> RunDiff:
    """Their difference, by relative names."""
    monkeypatch.chdir(tiny)
    return compare(Path("run"), Path("other"))


def changed(run: Path, keep: Callable[[dict[str, Any]], bool], folder: str) -> None:
    """Write the parts of a folder anew, with only some of their rows."""
    for path in (run / folder).glob("*.parquet"):
        table = pq.read_table(path)
        mask = [keep(row) for row in table.select(["doc_id"]).to_pylist()]
        pq.write_table(table.filter(mask), path)


def fates(run: Path) -> dict[str, tuple[str, str]]:
    """What became of each document, the slow way: doc id → fate, text."""
    kept = {r["doc_id"]: ("kept", r["text"]) for r in runs.rows_of(run, "corpus")}
    dropped = {
        r["doc_id"]: (f"dropped {r['rule']}", "")
        for r in runs.rows_of(run, "ledger")
        if r["action"] == "drop"
    }
    return kept | dropped


def test_a_run_is_the_same_as_itself(tiny: Path) -> None:
    """Nothing differs, and no file is read: both have the same hashes."""
    same = compare(tiny / "run", tiny / "run")
    assert same.is_same
    assert not same.is_disjoint
    docs = same.documents
    assert docs.same == len(runs.rows_of(tiny / "run", "corpus"))
    assert (docs.changed, docs.came, docs.went, docs.moves, docs.examples) == (0, 0, 0, [], [])
    dropped = [r for r in runs.rows_of(tiny / "run", "ledger") if r["action"] == "drop"]
    assert docs.gone == len(dropped) + len(runs.rows_of(tiny / "run", "quarantine"))
    assert [*same.settings, *same.versions, *same.rules, *same.languages] == []


def test_settings_are_named_by_stage(found: RunDiff) -> None:
    """A stage that is not there is one line, and does not shift the others."""
    settings = {s.path: (s.a, s.b) for s in found.settings}
    assert settings["stages.unicode.entities"] == ("true", "false")
    assert settings["stages.near_documents.threshold"] == ("0.7", "0.95")
    assert settings["stages.exact_duplicates"][1] is None
    assert "exact_duplicates" in json.loads(settings["order of stages"][0] or "")
    assert len(settings) == 4


def test_every_document_is_told(tiny: Path, found: RunDiff) -> None:
    """The counts are those of a comparison that holds both runs."""
    a, b = fates(tiny / "run"), fates(tiny / "other")
    assert a.keys() == b.keys()
    docs = found.documents
    both = [d for d in a if a[d][0] == b[d][0] == "kept"]
    assert docs.same == sum(a[d] == b[d] for d in both) > 0
    assert docs.changed == sum(a[d] != b[d] for d in both) > 0
    assert docs.came == sum(a[d][0] != "kept" == b[d][0] for d in a) > 0
    assert docs.went == sum(a[d][0] == "kept" != b[d][0] for d in a)
    more = [len(b[d][1]) - len(a[d][1]) for d in both]
    assert docs.chars_more == sum(n for n in more if n > 0)
    assert docs.chars_less == -sum(n for n in more if n < 0)
    moved = {(m.a, m.b): m.count for m in docs.moves}
    assert moved[Fate("dropped", "near_documents", "near_duplicates.document"), Fate("kept")] == 1
    assert sum(moved.values()) == sum(a[d][0] != b[d][0] for d in a)


def test_what_is_shown_is_what_stands_there(tiny: Path, found: RunDiff) -> None:
    """Examples have the text of the run that has more of it, and the rules that differ."""
    texts = {d: text for run in ("run", "other") for d, (_, text) in fates(tiny / run).items()}
    for move in found.documents.moves:
        for one in move.examples:
            assert texts[one.doc_id].startswith(one.text) or move.b.kind != "kept"
    one = next(e for e in found.documents.examples if e.rules)
    assert ("unicode.entity", 1, 0) in one.rules
    assert one.chars_b - one.chars_a == len("&amp;") - 1
    assert any("&amp;" in run.text for run in one.words.right if run.kind == "own")


def test_rules_and_figures_come_from_the_reports(found: RunDiff) -> None:
    """Those that differ, the largest difference first."""
    rules = {r.rule: r for r in found.rules}
    assert (rules["unicode.entity"].count_a, rules["unicode.entity"].count_b) == (1, 0)
    sizes = [abs(r.chars_a - r.chars_b) for r in found.rules]
    assert sizes == sorted(sizes, reverse=True)
    figures = {f.name: (f.a, f.b) for f in found.figures}
    assert figures["documents"][1] - figures["documents"][0] == (
        found.documents.came - found.documents.went
    )


def test_other_inputs_are_named(tmp_path: Path) -> None:
    """Files that one run lacks, files with other content, and documents that come and go by it."""
    first = make_run(tmp_path, [{"use": "tidy"}])
    (tmp_path / "in" / "b.txt").write_text("another story altogether\n")
    (tmp_path / "in" / "c.txt").write_text("a new one\n")
    second = make_run(tmp_path, [{"use": "tidy"}], to="second")
    (tmp_path / "in" / "a.jsonl").unlink()
    third = make_run(tmp_path, [{"use": "tidy"}], to="third")
    found = compare(first, second)
    assert found.inputs.only_b == ["in/c.txt"]
    assert found.inputs.changed == ["in/b.txt"]
    assert (found.documents.changed, found.documents.other_original) == (1, 1)
    assert [(m.a.kind, m.b.kind, m.count) for m in found.documents.moves] == [("absent", "kept", 1)]
    found = compare(second, third)
    assert (found.inputs.only_a, found.inputs.only_a_count) == (["in/a.jsonl"], 1)
    assert {(m.a.kind, m.b.kind) for m in found.documents.moves} == {
        ("kept", "absent"),
        ("dropped", "absent"),
        ("quarantined", "absent"),
    }
    assert found.documents.same == 2


@pytest.mark.slow
@pytest.mark.parametrize("per_part", [1, 3, 100])
def test_parts_and_order_do_not_matter(tmp_path: Path, per_part: int) -> None:
    """However the corpus is cut into parts, the same documents are the same."""
    write_input(tmp_path / "in")
    whole = make_run(tmp_path)
    cut = make_run(tmp_path, to="cut", write={"documents_per_part": per_part})
    found = compare(whole, cut)
    assert found.is_same
    assert not found.documents.moves
    assert found.documents.same == len(runs.rows_of(whole, "corpus"))
    ours, _ = same_files(*(json.loads((r / "manifest.json").read_bytes()) for r in (whole, cut)))
    assert bool(ours) == (per_part == 100)


def test_labels_are_compared_before_paths(tmp_path: Path) -> None:
    """Documents come in the order of (label, path), which is not that of `label/path`."""
    for number, name in enumerate(("a", "a!", "a b")):
        texts = {"x.txt": f"{number} boats\n", "y.txt": "two storks\n"}
        runs.write_texts(tmp_path / "in" / name, texts)
    places = [str(tmp_path / "in" / name) for name in ("a!", "a b", "a")]
    for name, stages in (("first", ["tidy"]), ("second", ["exact_duplicates"])):
        runs.make_run(tmp_path, stages, name, input=places)
    found = compare(tmp_path / "first", tmp_path / "second")
    assert (found.documents.same, found.documents.went) == (4, 2)


def test_other_labels_are_no_mystery(tmp_path: Path) -> None:
    """The same files under another folder's name have other ids; both outputs say so."""
    for folder in ("one", "two"):
        runs.write_texts(tmp_path / folder, {"a.txt": "boats\n", "b.txt": "storks\n"})
        runs.make_run(tmp_path, ["tidy"], f"run-{folder}", input=[str(tmp_path / folder)])
    a, b = tmp_path / "run-one", tmp_path / "run-two"
    found = compare(a, b)
    assert (found.documents.came, found.documents.went, found.is_disjoint) == (2, 2, True)
    assert "give the inputs the same `label`" in diff(str(a), str(b)).stdout
    diff(str(a), str(b), "--html", str(tmp_path / "d.html"))
    assert "give the inputs the same `label`" in (tmp_path / "d.html").read_text("utf-8")


def test_examples_are_few_and_do_not_depend_on_order(tmp_path: Path) -> None:
    """Of many documents those of the smallest ids are shown."""
    draw = random.Random(5)
    texts = {f"{n:03d}.txt": f"{runs.article(draw)}&amp;\n" for n in range(60)}
    runs.write_texts(tmp_path / "in", texts)
    for name, stages in (("a", [{"use": "unicode"}]), ("b", [])):
        runs.make_run(tmp_path, stages, name)
    runs.write_texts(tmp_path / "in", dict.fromkeys(list(texts)[:20], ""))
    runs.make_run(tmp_path, ["tidy"], "c")
    ids = sorted(r["doc_id"] for r in runs.rows_of(tmp_path / "a", "corpus"))
    found = compare(tmp_path / "a", tmp_path / "b")
    assert found.documents.changed == 60
    assert [e.doc_id for e in found.documents.examples] == ids[:EXAMPLES]
    (move,) = compare(tmp_path / "b", tmp_path / "c").documents.moves
    assert (move.count, len(move.examples)) == (20, PER_MOVE)
    gone = {f.doc_id for f in endings(tmp_path / "c") if f.fate.kind == "dropped"}
    assert [m.doc_id for m in move.examples] == sorted(gone)[:PER_MOVE]


def test_files_that_were_changed_are_no_difference(tiny: Path, tmp_path: Path) -> None:
    """Rows out of order, a column that is missing, a file that is none: an error that says so."""
    run = make_run(tmp_path)
    (part,) = (run / "corpus").glob("*.parquet")
    table = pq.read_table(part)
    pq.write_table(table.take(list(range(table.num_rows))[::-1]), part)
    with pytest.raises(IntegrityError, match="out of order"):
        compare(tiny / "other", run)
    pq.write_table(table.drop_columns(["n_chars"]), part)
    with pytest.raises(IntegrityError, match="no column 'n_chars'"):
        compare(tiny / "other", run)
    part.write_bytes(b"PAR1")
    with pytest.raises(IntegrityError, match="cleaner verify"):
        compare(tiny / "other", run)
    with pytest.raises(InputError, match="not a finished run"):
        compare(tiny, run)


def test_the_page_is_the_golden_one(found: RunDiff, request: pytest.FixtureRequest) -> None:
    """A change of the page is seen before it is taken (`make golden` writes the file anew)."""
    from cleaner.report.diff_html import render

    page = render(found).split("<main", 1)[1].split("</main>")[0]
    page = re.sub(r"<code>\{.*?\}</code>", "<code>{…}</code>", page) + "\n"  # a stage's defaults
    golden = GOLDEN / "diff.html"
    if request.config.getoption("--golden", default=None) == "write":
        golden.write_text(page, encoding="utf-8")
    assert page == golden.read_text(encoding="utf-8")


def test_the_page_shows_and_obeys_nothing(found: RunDiff) -> None:
    """Markup of documents is text, invisible characters are spelled out, no link leads out."""
    from cleaner.report.diff_html import render

    page = render(found)
    assert SCRIPT not in page
    assert "\u202e" not in page
    assert "<script" not in page
    assert "http://" not in page.replace("http-equiv", "")


@pytest.mark.slow
@pytest.mark.skipif(CHROMIUM is None, reason="needs Chromium")
def test_a_browser_shows_the_page(tiny: Path, found: RunDiff, tmp_path: Path) -> None:
    """It loads nothing, breaks no rule of its own policy, and does not scroll sideways."""
    from cleaner.report.diff_html import render

    path = tmp_path / "diff.html"
    path.write_text(render(found), encoding="utf-8")
    with browser(tmp_path / "profile") as page:
        for width in (1280, 390):
            page.open(path, width)
            assert page.run("document.documentElement.scrollWidth <= innerWidth")
        assert not page.errors
        assert page.run("document.title") == "run and other · cleaner"


def diff(*args: str) -> Result:
    """Run the command in this process."""
    return CliRunner().invoke(main, ["diff", *args])


def test_the_command_prints_text(tiny: Path, found: RunDiff) -> None:
    """In words, without colour, and nothing steers the terminal."""
    done = diff("run", "other")
    assert done.exit_code == 0
    assert done.stdout.isprintable() or "\n" in done.stdout
    assert "\x1b" not in done.stdout
    assert "\u202e" not in done.stdout
    lines = done.stdout.splitlines()
    docs = found.documents
    assert lines[:2] == ["A  run", "B  other"]
    assert lines[3].startswith(
        f"{docs.same} documents the same, {docs.changed} with another text (+4 -0 characters), "
    )
    assert "           stages.near_documents.threshold  0.7 → 0.95" in lines
    assert any("unicode.entity  1 → 0 (-1) times" in line for line in lines)
    assert any("dropped by exact_duplicates: exact_duplicates.text → " in line for line in lines)
    assert any(line.startswith("B ") and "{+&amp; +}" in line for line in lines)
    assert diff("run", "run").stdout.splitlines()[3].startswith("The corpus is the same")


def test_the_command_gives_json_and_a_page(tiny: Path, found: RunDiff, tmp_path: Path) -> None:
    """Both hold what was found."""
    from cleaner.report.diff_html import render

    assert json.loads(diff("run", "other", "--json").stdout) == json.loads(
        json.dumps(found.to_json())
    )
    path = tmp_path / "d.html"
    assert diff("run", "other", "--html", str(path)).exit_code == 0
    assert path.read_text("utf-8") == render(found)


def test_wrong_arguments_are_told(tiny: Path, found: RunDiff, tmp_path: Path) -> None:
    """No traceback, exit code 2."""
    for args, words in (
        (("run", "nowhere"), "does not exist"),
        (("run", str(tmp_path)), "is not a finished run"),
        (("run", "other", "--json", "--html", "a"), "give one of them"),
        (("run",), "Missing argument"),
    ):
        done = diff(*args)
        assert done.exit_code == 2, args
        assert words in done.stderr
