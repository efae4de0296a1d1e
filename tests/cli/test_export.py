"""`cleaner export`: what is copied, what stays behind and why, and what is refused."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
import yaml
from click.testing import CliRunner, Result

from cleaner.cli import main
from cleaner.config.load import parse
from cleaner.engine.driver import run
from cleaner.io.schema import CORPUS
from cleaner.report.export import ABOUT_ORIGINALS

SECRETS = ("0912 345 678", "an.nguyen@mail.example", "0987654321")
ROWS = (
    {"text": "Bạn đọc gọi 0912 345 678 để được hỗ trợ trong hôm nay.\n", "id": "a"},
    {"text": "Bài này không có gì phải giấu, chỉ có năm 2024.\n", "id": "b"},
    {"text": "Thư gửi an.nguyen@mail.example, cảm ơn bạn đọc.\n", "id": "c"},
    {"text": "Dòng này bị bỏ: 0987654321.\n", "id": "d"},
)


def make_run(folder: Path, stages: list[dict[str, Any]], rows: Any = ROWS) -> Path:
    """A finished run over some records."""
    source = folder / "in.jsonl"
    source.write_text("".join(json.dumps(row) + "\n" for row in rows) + "{broken\n", "utf-8")
    settings = {
        "name": "export-test",
        "input": [{"path": str(source), "label": "in"}],
        "output": str(folder / "out"),
        "stages": stages,
        "engine": {"kind": "inline", "workers": 1},
        "max_bad": 1.0,
        "on_bad_record": "quarantine",
    }
    run(parse(json.dumps(settings), "test"))
    return folder / "out"


MASKS: list[dict[str, Any]] = [{"use": "quality", "where": "n_words > 6"}, {"use": "pii"}]


@pytest.fixture(scope="module")
def masked(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run that masks."""
    return make_run(tmp_path_factory.mktemp("masked"), MASKS)


def call(*words: object) -> Result:
    """The command."""
    return CliRunner().invoke(main, ["export", *map(str, words)])


def names(folder: Path) -> set[str]:
    """All files below a folder."""
    return {p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file()}


def test_only_what_may_be_shared_is_there(masked: Path, tmp_path: Path) -> None:
    """Corpus, card, description, counts and a manifest; no secret in any of them."""
    done = call(masked, tmp_path / "shared")
    assert done.exit_code == 0, done.output
    folder = tmp_path / "shared"
    found = names(folder)
    assert found == {
        "corpus/part-00000.parquet",
        "reports/report.json",
        "README.md",
        "croissant.json",
        "manifest.json",
    }
    for name in found - {"corpus/part-00000.parquet"}:
        text = (folder / name).read_text("utf-8")
        assert not any(secret in text for secret in SECRETS), name
        assert str(tmp_path) not in text
        assert str(masked.parent) not in text
    rows = pq.read_table(folder / "corpus").to_pylist()
    assert len(rows) == 3
    assert "[PHONE]" in rows[0]["text"]
    assert not any(secret in repr(rows) for secret in SECRETS)
    assert [p.name for p in tmp_path.iterdir()] == ["shared"]


@pytest.mark.parametrize(
    ("command", "whole"), [("restore", False), ("restore", True), ("explain", False)]
)
def test_what_needs_the_ledger_says_that_it_was_left_out(
    masked: Path, tmp_path: Path, command: str, whole: bool
) -> None:
    """In words, with what to do."""
    shared = tmp_path / "shared"
    call(masked, shared)
    [first, *_] = pq.read_table(masked / "corpus").column("doc_id").to_pylist()
    words = ["--all", tmp_path / "all", shared] if whole else [shared, first]
    done = CliRunner().invoke(main, [command, *map(str, words)])
    assert done.exit_code == 2
    assert "has no ledger, as a run that was exported; ask the run itself" in done.output


def test_columns_that_tell_of_originals_stay_behind(masked: Path, tmp_path: Path) -> None:
    """With a hash of the original a masked value could be found by trying; unless it is named."""
    call(masked, tmp_path / "one")
    schema = pq.read_schema(tmp_path / "one/corpus/part-00000.parquet")
    assert set(ABOUT_ORIGINALS) <= set(CORPUS.names)
    assert set(CORPUS.names) - set(schema.names) == set(ABOUT_ORIGINALS)
    assert schema.field("text").metadata == CORPUS.field("text").metadata
    said = json.loads((tmp_path / "one/manifest.json").read_bytes())
    left = {item["what"]: item["why"] for item in said["left_out"]}
    assert "by trying" in left["content_hash"]
    assert "ledger/" in left
    call(masked, tmp_path / "two", "--columns", "text,content_hash,doc_id")
    schema = pq.read_schema(tmp_path / "two/corpus/part-00000.parquet")
    assert schema.names == ["doc_id", "text", "content_hash"]


def test_the_manifest_names_every_file_and_verify_checks_it(masked: Path, tmp_path: Path) -> None:
    """Sizes and hashes are those of the files; a change is found."""
    folder = tmp_path / "shared"
    call(masked, folder)
    manifest = json.loads((folder / "manifest.json").read_bytes())
    assert set(manifest["files"]) == names(folder) - {"manifest.json"}
    for name, facts in manifest["files"].items():
        data = (folder / name).read_bytes()
        assert facts == {"bytes": len(data), "sha256": hashlib.sha256(data).hexdigest()}
    done = CliRunner().invoke(main, ["verify", str(folder)])
    assert (done.exit_code, done.output.split()[:2]) == (0, ["checksums", "ok"])
    (folder / "README.md").write_text("changed")
    assert CliRunner().invoke(main, ["verify", str(folder)]).exit_code == 1


def test_the_same_run_gives_the_same_bytes(masked: Path, tmp_path: Path) -> None:
    """Nothing in it hangs on the clock or on the folder."""
    for name in ("one", "two"):
        assert call(masked, tmp_path / name).exit_code == 0
    for name in names(tmp_path / "one"):
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes()


def test_the_card_describes_the_export(masked: Path, tmp_path: Path) -> None:
    """Its front matter is valid; it promises no ledger, and says what was kept back."""
    call(masked, tmp_path / "shared", "--drop-columns", "source")
    text = (tmp_path / "shared/README.md").read_text("utf-8")
    assert yaml.safe_load(text.split("---\n")[1])["pretty_name"] == "export-test"
    assert "What the owner has kept" in text
    assert "cleaner restore" not in text
    assert "in.jsonl" not in text
    described = json.loads((tmp_path / "shared/croissant.json").read_bytes())
    fields = [field["name"] for field in described["recordSet"][0]["field"]]
    assert "source" not in fields
    assert "text" in fields


def test_a_run_without_secrets_is_copied_as_it_is(tmp_path: Path) -> None:
    """The parts are byte for byte those of the run."""
    made = make_run(tmp_path, [{"use": "tidy"}])
    done = call(made, tmp_path / "shared", "--json")
    assert json.loads(done.output)["is_same"] is True
    part = "corpus/part-00000.parquet"
    assert (made / part).read_bytes() == (tmp_path / "shared" / part).read_bytes()


def test_personal_data_in_other_columns_stops_the_export(tmp_path: Path) -> None:
    """Found in `meta` and `url`: nothing is written, the message counts and names no value."""
    rows = [
        {"text": ROWS[0]["text"], "url": "https://a.example/?u=an.nguyen@mail.example", "id": "1"},
        {"text": ROWS[1]["text"], "phone": "0987654321"},
    ]
    made = make_run(tmp_path, [{"use": "pii"}], rows)
    done = call(made, tmp_path / "shared")
    assert done.exit_code == 1
    assert "url: 1 email" in done.output
    assert "meta: 1 phone" in done.output
    assert not any(secret in done.output for secret in SECRETS)
    assert not (tmp_path / "shared").exists()
    assert call(made, tmp_path / "shared", "--drop-columns", "url,meta").exit_code == 0
    allowed = call(made, tmp_path / "all", "--allow-found")
    assert allowed.exit_code == 0
    assert "still in column url: 1 email" in allowed.output
    found = json.loads((tmp_path / "all/manifest.json").read_bytes())["found"]
    assert found == {"meta": {"phone": 1}, "url": {"email": 1}}


def test_what_is_wrong_is_refused_in_a_sentence(masked: Path, tmp_path: Path) -> None:
    """A full folder, a folder inside of the run, no run, an unknown column, an export."""
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "x").touch()
    (tmp_path / "file").touch()
    cases = [
        ((masked, tmp_path / "full"), "is not an empty folder", 1),
        ((masked, tmp_path / "file"), "is not an empty folder", 1),
        ((masked, masked / "shared"), "lies inside of the run", 1),
        ((tmp_path / "full", tmp_path / "new"), "is not a finished run", 2),
        ((tmp_path / "none", tmp_path / "new"), "does not exist", 2),
        ((masked, tmp_path / "new", "--columns", "txt"), "did you mean 'text'?", 2),
        ((masked, tmp_path / "new", "--columns", "text,,"), "names with commas", 2),
        ((masked, tmp_path / "new", "--columns", "text", "--drop-columns", "text"), "no column", 2),
    ]
    for words, said, code in cases:
        done = call(*words)
        assert (done.exit_code, "Traceback" in done.output) == (code, False), done.output
        assert said in done.output
    assert not (tmp_path / "new").exists()
    call(masked, tmp_path / "shared")
    again = call(tmp_path / "shared", tmp_path / "new")
    assert "is an export already" in again.output


def test_a_run_that_does_not_verify_is_refused(tmp_path: Path) -> None:
    """A changed byte of the ledger is enough."""
    made = make_run(tmp_path, MASKS)
    (made / "README.md").write_text("changed", "utf-8")
    done = call(made, tmp_path / "shared")
    assert done.exit_code == 1
    assert "README.md was changed" in done.output
    assert not (tmp_path / "shared").exists()


def test_a_failure_leaves_nothing_behind(
    masked: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither the folder nor the one that it is made in."""

    def fail(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "rename", fail)
    done = call(masked, tmp_path / "shared")
    assert done.exit_code == 1
    assert "No space left" in done.output
    assert list(tmp_path.iterdir()) == []


def test_an_empty_folder_is_filled(masked: Path, tmp_path: Path) -> None:
    """One that was made before is no obstacle, and can be read as its umask says."""
    (tmp_path / "shared").mkdir()
    assert call(masked, tmp_path / "shared").exit_code == 0
    assert (tmp_path / "shared").stat().st_mode & 0o500 == 0o500
