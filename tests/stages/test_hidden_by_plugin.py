"""What a stage that is not built in takes out as secret is shown nowhere, as with `pii`."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner

from cleaner.cli import main
from cleaner.config.load import parse
from cleaner.engine.driver import run
from cleaner.io.corpus import read_manifest
from cleaner.io.restore import restore
from cleaner.report import secrecy
from cleaner.report.audit import run_id
from cleaner.report.review.labels import open_labels
from cleaner.report.review.pages import PageReview
from cleaner.report.review.pages import draw as draw_pages
from cleaner.report.review.rows import RowReview
from cleaner.report.review.rows import draw as draw_rows
from cleaner.report.secrecy import hider

PLATE, TWICE, CUT, DROPPED = "29A-12345", "30F-67890", "51G-11111", "43B-22222"
SECRETS = (PLATE, TWICE, CUT, DROPPED)
MASKED = (PLATE, TWICE)
BODY = (
    "The council opened the bridge on Tuesday after three years of work on both of its banks.\n"
    "People of the two villages said that the way to school is shorter now than it ever was.\n"
)
TEXTS = (
    f"{BODY}The van {PLATE} was the first to cross, and {TWICE} was the second of that day.\n",
    f"{BODY}Witnesses saw {TWICE} again at noon, going the other way with its lamps still on.\n",
    f"{BODY}No car is named here.\nLiên hệ quảng cáo: {CUT} và {TWICE}\n",
    f"Cheap van {DROPPED} to sell.\n",
)
STAGES: list[dict[str, Any]] = [
    {"use": "unicode"},
    {"use": "tests.stages.adverts:CutAdverts"},
    {"use": "quality", "where": "n_words > 12"},
    {"use": "tests.stages.number_plates:HidePlates"},
    {"use": "tidy"},
]


def made(folder: Path, stages: list[dict[str, Any]], **more: Any) -> Path:
    """A run over TEXTS; each has its plates in a field beside the text, too."""
    rows = [{"text": text, "title": f"About {TWICE}"} for text in TEXTS]
    source = folder / "in.jsonl"
    source.write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")
    config = {
        "name": "plates",
        "input": [{"path": str(source), "label": "in"}],
        "output": str(folder / "out"),
        "stages": stages,
        "engine": {"kind": "inline", "workers": 1},
        **more,
    }
    run(parse(json.dumps(config), "test"))
    return folder / "out"


@pytest.fixture(scope="module")
def masked(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run that hides plates, after stages that cut and dropped others."""
    return made(tmp_path_factory.mktemp("plates"), STAGES)


def test_the_run_names_the_stage_and_gives_originals_back(masked: Path) -> None:
    """For those who show it without the stage's code."""
    manifest = json.loads((masked / "manifest.json").read_bytes())
    assert manifest["hiding_stages"] == ["HidePlates"]
    rows = pq.read_table(masked / "corpus").to_pylist()
    assert [row["text"].count("[PLATE]") for row in rows] == [2, 1, 0]
    assert all(restore(masked, row["doc_id"]).decode() == TEXTS[row["record"]] for row in rows)


def test_no_report_shows_them(masked: Path) -> None:
    """Neither the page, nor a JSON of a stage, nor the cards."""
    shown = [*masked.glob("reports/*"), masked / "README.md", masked / "croissant.json"]
    for path in [*shown, masked / "manifest.json", masked / "run.log"]:
        text = path.read_text("utf-8")
        assert not [secret for secret in SECRETS if secret in text], path.name
    assert "•••" in (masked / "reports" / "report.html").read_text("utf-8")


def test_the_card_says_that_the_stage_masked(masked: Path) -> None:
    """What it takes for secret is its own affair; that nothing was looked for would be wrong."""
    card = (masked / "README.md").read_text("utf-8")
    plugin = "`tests.stages.number_plates:HidePlates`"
    assert f"What {plugin} takes for secret was masked" in card
    assert "Personal data was not looked for" not in card


def test_the_card_tells_counted_from_masked(tmp_path: Path) -> None:
    """`pii` that only counts leaves its finds in the texts, whatever another stage masks."""
    counting = {"use": "pii", "action": "annotate"}
    run = made(tmp_path, [{"use": "unicode"}, counting, STAGES[3], {"use": "tidy"}])
    card = (run / "README.md").read_text("utf-8")
    assert "takes for secret was masked" in card
    assert "counted, and left in the texts" in card


COMMANDS = [
    ["report", "{run}"],
    ["report", "{run}", "--json"],
    ["show", "{run}", "--table", "ledger", "--format", "json"],
    ["show", "{run}", "SELECT before, reason FROM ledger", "--format", "csv"],
    ["explain", "{config}", "{input}:0"],
    ["explain", "{config}", "{input}:1", "--json"],
    ["explain", "{config}", "{input}:2"],
    ["explain", "{config}", "{input}:3"],
    ["audit", "{run}", "--out", "{sheet}", "--keeps", "50"],
]


def said_by(command: list[str], masked: Path, folder: Path) -> str:
    """What a command prints, and writes for people."""
    if command[0] == "show":
        pytest.importorskip("duckdb")
    sheet = folder / "sheet.csv"
    places = {
        "run": masked,
        "config": masked / "config.yaml",
        "input": masked.parent / "in.jsonl",
        "sheet": sheet,
    }
    done = CliRunner().invoke(main, [word.format(**places) for word in command])
    assert done.exit_code == 0, done.output
    return done.output + (sheet.read_text("utf-8") if sheet.exists() else "")


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_no_command_shows_them(masked: Path, tmp_path: Path, command: list[str]) -> None:
    """Whatever stage had them in hand."""
    said = said_by(command, masked, tmp_path)
    assert not [secret for secret in SECRETS if secret in said]


@pytest.mark.parametrize("command", [c for c in COMMANDS if c[0] != "explain"], ids=" ".join)
def test_without_its_code_what_it_took_out_is_hidden(
    masked: Path, tmp_path: Path, command: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The ledger knows the values: also in the rows of other stages."""
    monkeypatch.setenv("CLEANER_NO_PLUGINS", "1")
    said = said_by(command, masked, tmp_path)
    assert not [secret for secret in MASKED if secret in said]


def test_code_that_changed_since_is_not_run(
    masked: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The manifest has the hash of its file; a run folder cannot make others run modules."""
    manifest = json.loads((masked / "manifest.json").read_bytes())
    for plugin in manifest["plugins"]:
        plugin["source_sha256"] = "0" * 64
    monkeypatch.setattr(secrecy, "stage_class", _never)
    veil = secrecy.veil_of_plugins(masked, manifest)
    assert veil.text(f"{PLATE} {CUT}") == f"{'•' * len(PLATE)} {CUT}"


def _never(use: str, *, allow_plugins: bool = True) -> Any:
    raise AssertionError(f"{use} was imported ({allow_plugins})")


def test_a_diff_hides_what_only_one_run_masks(masked: Path, tmp_path: Path) -> None:
    """The other run's texts have it in clear."""
    other = made(tmp_path, [s for s in STAGES if "plates" not in s["use"]])
    page = tmp_path / "diff.html"
    for more in ([], ["--json"], ["--html", str(page)]):
        done = CliRunner().invoke(main, ["diff", str(other), str(masked), *more])
        assert done.exit_code == 0, done.output
        said = done.output + (page.read_text("utf-8") if page.exists() else "")
        assert not [secret for secret in SECRETS if secret in said]


@pytest.mark.parametrize("mode", ["rows", "pages"])
def test_the_review_shows_none(masked: Path, mode: str) -> None:
    """Neither pages, with their lines, nor rows; nor does the gold that it writes."""
    with open_labels(masked, run_id(read_manifest(masked))) as labels:
        review: PageReview | RowReview
        if mode == "rows":
            review = RowReview(masked, draw_rows(masked, per_rule=9), labels)
        else:
            review = PageReview(masked, draw_pages(masked, 4), labels)
        shown = [review.show(number) for number in range(len(review.overview()))]
    assert shown
    said = json.dumps([shown, review.overview()], ensure_ascii=False)
    assert "•••" in said
    assert not [secret for secret in SECRETS if secret in said]


def test_an_export_leaves_out_what_tells_of_them_and_finds_the_rest(
    masked: Path, tmp_path: Path
) -> None:
    """As with `pii`: hashes of originals stay behind; a field that has one stops it."""
    words = ["export", str(masked), str(tmp_path / "shared")]
    done = CliRunner().invoke(main, words)
    assert done.exit_code != 0
    assert "meta" in done.output
    assert not [secret for secret in SECRETS if secret in done.output]
    done = CliRunner().invoke(main, [*words, "--drop-columns", "meta,source"])
    assert done.exit_code == 0, done.output
    shared = [p for p in (tmp_path / "shared").rglob("*") if p.is_file()]
    assert not [p for p in shared for s in SECRETS if s.encode() in p.read_bytes()]
    manifest = json.loads((tmp_path / "shared" / "manifest.json").read_bytes())
    assert "content_hash" not in manifest["columns"]


def test_values_are_hidden_wherever_they_stand() -> None:
    """The longest first; short ones are left, for they would hide half the text."""
    hide = hider(iter(["29A-12345", "29A-12345-67", " 30F-67890\n51G", "abc", ""]))
    assert hide("x29A-12345-67, 29A-12345; 30F-67890 abc 51G") == (
        f"x{'•' * 12}, {'•' * 9}; {'•' * 9} abc 51G"
    )
    assert hide("") == ""
    assert hide("29A") == "29A"


def test_a_sheet_is_still_a_table(masked: Path, tmp_path: Path) -> None:
    """Hiding changes no structure."""
    said_by(COMMANDS[-1], masked, tmp_path)
    with (tmp_path / "sheet.csv").open(encoding="utf-8", newline="") as file:
        assert len({len(row) for row in csv.reader(file)}) == 1
