"""The dataset card and the Croissant file of a run: valid, of the run's figures, the same bytes."""

from __future__ import annotations

import hashlib
import json
import re
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
import yaml
from click.testing import CliRunner

import cleaner
from cleaner.cli import main
from cleaner.config.load import parse
from cleaner.errors import CleanerError
from cleaner.io.schema import CORPUS
from cleaner.report.card import card, describe
from cleaner.report.card_front import size_category
from cleaner.report.croissant import croissant
from cleaner.report.licence import hub_licence
from tests.report.reports import HOSTILE, made_up
from tests.report.tiny_run import SCRIPT, make_run

GOLDEN = Path(__file__).parent / "golden"
STAGES = [
    {"use": "unicode"},
    {"use": "language", "backend": "py3langid"},
    {"use": "exact_duplicates"},
    {"use": "tidy"},
]


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run with bad records, copies and hostile text."""
    return make_run(tmp_path_factory.mktemp("card"), STAGES, name="tiny-card")


@pytest.fixture(scope="module")
def text(run: Path) -> str:
    """Its card."""
    return (run / "README.md").read_text("utf-8")


@pytest.fixture(scope="module")
def described(run: Path) -> dict[str, Any]:
    """Its Croissant file."""
    found: dict[str, Any] = json.loads((run / "croissant.json").read_bytes())
    return found


def front(text: str) -> dict[str, Any]:
    """The front matter."""
    _, found, _ = text.split("---\n", 2)
    loaded: dict[str, Any] = yaml.safe_load(found)
    return loaded


def check(name: str, found: str, request: pytest.FixtureRequest) -> None:
    """Compare with a golden file, or write it anew."""
    golden = GOLDEN / name
    if request.config.getoption("--golden", default=None) == "write":
        golden.write_text(found, encoding="utf-8")
    assert found == golden.read_text(encoding="utf-8")


def test_the_card_is_as_it_was(text: str, request: pytest.FixtureRequest) -> None:
    """A change of the card is seen before it is taken (`make golden` writes the file anew)."""
    check("card.md", text.replace(cleaner.__version__, "VERSION"), request)


def test_the_croissant_file_is_as_it_was(run: Path, request: pytest.FixtureRequest) -> None:
    """Likewise; hashes and sizes are those of other versions of the Parquet writer."""
    found = (run / "croissant.json").read_text("utf-8")
    found = re.sub(r"[0-9a-f]{64}", "SHA256", found)
    check("croissant.json", re.sub(r"\d+ B", "SIZE B", found), request)


def test_the_front_matter_is_what_the_hub_reads(text: str, run: Path) -> None:
    """Licence unknown, the languages that were told, the size, and where the data lies."""
    found = front(text)
    counts = pq.read_table(run / "corpus", columns=["lang"]).column("lang").value_counts()
    told = {str(item["values"]) for item in counts}
    assert found["license"] == "unknown"
    assert set(found["language"]) == told
    assert found["pretty_name"] == "tiny-card"
    assert found["size_categories"] == ["n<1K"]
    (config,) = found["configs"]
    (data,) = config["data_files"]
    assert [p.name for p in run.glob(data["path"])] == ["part-00000.parquet"]


@pytest.mark.parametrize(
    ("documents", "size"),
    [
        (0, "n<1K"),
        (999, "n<1K"),
        (1_000, "1K<n<10K"),
        (99_999, "10K<n<100K"),
        (10**6, "1M<n<10M"),
        (10**9, "1B<n<10B"),
        (10**12, "n>1T"),
    ],
)
def test_sizes_have_the_names_of_the_hub(documents: int, size: str) -> None:
    """Powers of ten; a limit belongs to the class above it."""
    assert size_category(documents) == size


def test_the_figures_are_those_of_the_report(text: str, run: Path) -> None:
    """Documents, what was removed, and what could not be used."""
    report = json.loads((run / "reports" / "report.json").read_bytes())
    corpus = report["corpus"]
    assert f"{corpus['documents']} documents of cleaned plain text" in text
    for stage in report["stages"]:
        assert re.search(rf"\| `{stage['name']}` \| \d* \| {stage['docs_in']} \| ", text)
    for reason, count in report["quarantine"].items():
        assert f"| `{reason}` | {count} |" in text
    assert "Near-duplicates were not looked for." in text
    assert "Languages are told by a model" in text


def test_every_column_is_described(described: dict[str, Any], run: Path) -> None:
    """Name, description and type of each column of the files, sub-fields of structs too."""
    (records,) = described["recordSet"]
    fields = {f["name"]: f for f in records["field"]}
    schema = pq.read_schema(run / "corpus" / "part-00000.parquet")
    assert list(fields) == schema.names
    for column in CORPUS:
        assert fields[column.name]["description"] == column.metadata[b"description"].decode()
    assert fields["doc_id"]["dataType"] == "sc:Text"
    assert fields["record"]["dataType"] == "sc:Integer"
    assert fields["lang_score"]["dataType"] == "sc:Float"
    assert fields["fixes"]["repeated"] is True
    parts = {f["name"]: f for f in fields["removed_by"]["subField"]}
    assert parts["chars"]["source"]["transform"] == {"jsonPath": "chars"}
    assert records["key"] == {"@id": fields["doc_id"]["@id"]}
    ids = [f["@id"] for f in fields.values()]
    assert len(set(ids)) == len(ids)


def test_every_file_is_named_with_its_hash(described: dict[str, Any], run: Path) -> None:
    """What `sha256sum` says; the file set takes the same files."""
    files = [d for d in described["distribution"] if d["@type"] == "cr:FileObject"]
    (together,) = (d for d in described["distribution"] if d["@type"] == "cr:FileSet")
    parts = sorted(run.glob(together["includes"]))
    assert [run / f["contentUrl"] for f in files] == parts
    for file, part in zip(files, parts, strict=True):
        assert file["sha256"] == hashlib.sha256(part.read_bytes()).hexdigest()
        assert file["contentSize"] == f"{part.stat().st_size} B"
    sources = {f["source"]["fileSet"]["@id"] for f in fields_of(described)}
    assert sources == {together["@id"]}


def fields_of(described: dict[str, Any]) -> list[dict[str, Any]]:
    """All fields with a source."""
    (records,) = described["recordSet"]
    return [part for f in records["field"] for part in f.get("subField", [f])]


@pytest.mark.filterwarnings("ignore")  # those of the libraries that it uses
def test_mlcroissant_reads_it(run: Path) -> None:
    """The reference implementation finds no error, and the documents."""
    mlcroissant = pytest.importorskip("mlcroissant")
    found = mlcroissant.Dataset(jsonld=str(run / "croissant.json"))
    assert not found.metadata.issues.errors
    ids = [row["documents/doc_id"].decode() for row in found.records("documents")]
    assert ids == pq.read_table(run / "corpus").column("doc_id").to_pylist()


def test_the_manifest_names_both_and_verify_agrees(run: Path) -> None:
    """They are part of what is checked: a change of the card is found."""
    manifest = json.loads((run / "manifest.json").read_bytes())
    for name in ("README.md", "croissant.json"):
        data = (run / name).read_bytes()
        facts = {"bytes": len(data), "sha256": hashlib.sha256(data).hexdigest()}
        assert manifest["files"][name] == facts
    assert CliRunner().invoke(main, ["verify", str(run)]).exit_code == 0


def test_a_changed_card_is_found_and_a_run_makes_it_anew(tmp_path: Path) -> None:
    """The same command gives the same bytes again."""
    run = make_run(tmp_path, [{"use": "tidy"}])
    before = (run / "README.md").read_bytes()
    (run / "README.md").write_bytes(before + b"mine\n")
    done = CliRunner().invoke(main, ["verify", str(run)])
    assert done.exit_code == 1
    assert "README.md was changed" in done.output
    make_run(tmp_path, [{"use": "tidy"}])
    assert (run / "README.md").read_bytes() == before


@pytest.mark.parametrize("name", ["README.md", "croissant.json"])
def test_a_readme_of_somebody_is_not_overwritten(tmp_path: Path, name: str) -> None:
    """A folder with such a file and no run in it is none of ours."""
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / name).write_text("mine")
    with pytest.raises(CleanerError, match=name):
        make_run(tmp_path, [{"use": "tidy"}])
    assert (tmp_path / "run" / name).read_text() == "mine"


def test_nothing_of_the_machine_or_the_clock_is_in_them(tmp_path: Path, run: Path) -> None:
    """Another folder, another shard size, other engine settings: the same bytes."""
    other = make_run(
        tmp_path, STAGES, name="tiny-card", engine={"kind": "inline", "shard_bytes": 64}
    )
    for name in ("README.md", "croissant.json"):
        assert (other / name).read_bytes() == (run / name).read_bytes()
        assert str(tmp_path) not in (other / name).read_text("utf-8")


def test_names_from_outside_are_no_markup(text: str) -> None:
    """Sources, rules and reasons cannot break a table, begin a tag or steer a terminal."""
    manifest = {"cleaner": "1", "inputs": [
        {"source": f"in/`|{HOSTILE}{SCRIPT}.txt", "bytes": 1, "documents": 1}
    ], "files": {"corpus/part-00000.parquet": {}}}  # fmt: skip
    report = made_up()
    report.stages[2].rules["links.more"]["reason"] = f"{HOSTILE}|{SCRIPT}`<b>[a](b)"
    stages = parse("input: a\nstages: [{use: unicode}, {use: tidy}]\n", "c.yaml").stages
    found = card(report, manifest, stages, CORPUS)
    assert "\x1b" not in found
    assert "\u202e" not in found
    line = next(line for line in found.splitlines() if line.startswith("| `links.more`"))
    assert "\\<script\\>" in line
    assert "\\[a\\](b)" in line
    assert len(re.findall(r"(?<!\\)\|", line)) == 6
    line = next(line for line in found.splitlines() if line.startswith("| `in/"))
    assert line.count("`") == 2
    assert len(re.findall(r"(?<!\\)\|", line)) == 5
    assert SCRIPT not in text


def test_an_empty_corpus_has_a_card(tmp_path: Path) -> None:
    """Every document was dropped: the files are valid all the same."""
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "a.txt").write_text(" \n")
    run = make_run(tmp_path, [{"use": "tidy"}])
    found = front((run / "README.md").read_text("utf-8"))
    assert found["size_categories"] == ["n<1K"]
    assert "language" not in found
    assert json.loads((run / "croissant.json").read_bytes())["recordSet"]
    assert CliRunner().invoke(main, ["verify", str(run)]).exit_code == 0


def test_the_description_says_what_it_is() -> None:
    """One sentence, with the figures."""
    assert describe(made_up()) == (
        "990 documents of cleaned plain text (4,008,000 characters, 700,123 words), "
        "from 1,003 records that were read."
    )
    manifest = {"config": {"name": "n"}, "files": {"corpus/part-00000.parquet": _FACTS}}
    assert croissant(manifest, CORPUS, "d")["description"] == "d"


@pytest.mark.parametrize(
    ("licence", "expected"),
    [
        (None, {"license": "unknown"}),
        ("CC-BY-SA-4.0", {"license": "cc-by-sa-4.0"}),
        ("ODC-By-1.0", {"license": "odc-by"}),
        ("Ours: research only", {"license": "other", "license_name": "ours-research-only"}),
        ("本", {"license": "other", "license_name": "other"}),
    ],
)
def test_licences_have_the_names_of_the_hub(licence: str | None, expected: dict[str, str]) -> None:
    """What the hub has no name for is `other`, with a name of its own."""
    assert hub_licence(licence) == expected


def test_the_licence_of_the_config_is_in_card_and_croissant(tmp_path: Path) -> None:
    """As text that is no markup; another licence makes both anew, and not the corpus."""
    run = make_run(tmp_path, [{"use": "tidy"}], license="CC-BY-4.0")
    text = (run / "README.md").read_text("utf-8")
    assert front(text)["license"] == "cc-by-4.0"
    assert "The licence is what the config names: CC-BY-4.0." in text
    assert json.loads((run / "croissant.json").read_bytes())["license"] == "CC-BY-4.0"
    before = (run / "corpus" / "part-00000.parquet").read_bytes()
    make_run(tmp_path, [{"use": "tidy"}], license="<b>[x](y): 'z'")
    text = (run / "README.md").read_text("utf-8")
    assert front(text)["license_name"] == "b-x-y-z"
    assert "\\<b\\>\\[x\\]" in text
    assert (run / "corpus" / "part-00000.parquet").read_bytes() == before
    assert CliRunner().invoke(main, ["verify", str(run)]).exit_code == 0


_FACTS = {"bytes": 5, "sha256": "0" * 64}
