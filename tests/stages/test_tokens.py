"""Tokens: exact counts by the user's own tokenizer file, in the corpus, the report and the card."""

from __future__ import annotations

import hashlib
import json
from importlib.metadata import PackageNotFoundError
from pathlib import Path

import pytest
from click.testing import CliRunner

import cleaner.stages.tokens as module
from cleaner.cli import main
from cleaner.errors import CleanerError, ConfigError
from cleaner.io.verify import verify
from cleaner.report.lengths import token_classes
from cleaner.stages.base import Stage
from cleaner.stages.tokens import AT_ONCE, Tokens, _parts
from tests.engine.runs import bytes_of, make_config, make_run, rows_of, write_texts

tokenizers = pytest.importorskip("tokenizers")

TEXTS = {
    "a.txt": "The ferry leaves at eight. The ferry is never late.\n",
    "b.txt": "",
    "c.txt": "đò ngang đò dọc\n" * 300,
    "d.txt": "x" * 5000,
}


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small BPE tokenizer that would cut off at 16, pad to 8, and adds two special tokens."""
    tokenizer = tokenizers.Tokenizer(tokenizers.models.BPE(unk_token="[UNK]"))
    tokenizer.pre_tokenizer = tokenizers.pre_tokenizers.Whitespace()
    trainer = tokenizers.trainers.BpeTrainer(
        vocab_size=120, special_tokens=["[UNK]", "[CLS]", "[SEP]"], show_progress=False
    )
    tokenizer.train_from_iterator(TEXTS.values(), trainer)
    tokenizer.post_processor = tokenizers.processors.TemplateProcessing(
        single="[CLS] $A [SEP]", special_tokens=[("[CLS]", 1), ("[SEP]", 2)]
    )
    tokenizer.enable_truncation(16)
    tokenizer.enable_padding(length=8)
    path = tmp_path_factory.mktemp("tokenizer") / "tokenizer.json"
    tokenizer.save(str(path))
    return path


def expected(file: Path, text: str, *, special: bool = False) -> int:
    """The count by the library's plainest call, for one text."""
    tokenizer = tokenizers.Tokenizer.from_file(str(file))
    tokenizer.no_truncation()
    tokenizer.no_padding()
    return len(tokenizer.encode(text, add_special_tokens=special).ids)


def test_documents_are_counted_as_a_whole(tmp: Path, file: Path) -> None:
    """Whatever the file says of cutting off and padding; special tokens only if asked for."""
    write_texts(tmp / "in", TEXTS)
    make_run(tmp, [{"use": "tokens", "file": str(file)}])
    rows = {row["source"]: row["n_tokens"] for row in rows_of(tmp / "run", "corpus")}
    assert rows == {f"in/{name}": expected(file, text) for name, text in TEXTS.items()}
    assert rows["in/b.txt"] == 0
    assert rows["in/c.txt"] > 1000
    make_run(tmp, [{"use": "tokens", "file": str(file), "special_tokens": True}], "special")
    special = {row["source"]: row["n_tokens"] for row in rows_of(tmp / "special", "corpus")}
    assert special == {name: number + 2 for name, number in rows.items()}


def test_the_text_that_is_counted_is_that_of_the_corpus(tmp: Path, file: Path) -> None:
    """What stages before it have cut is not counted."""
    write_texts(tmp / "in", {"a.txt": "one  \n\n\n\ntwo\n"})
    make_run(tmp, ["tidy", {"use": "tokens", "file": str(file)}])
    (row,) = rows_of(tmp / "run", "corpus")
    assert row["n_tokens"] == expected(file, row["text"])


def test_the_report_the_card_and_the_manifest_tell_of_tokens(tmp: Path, file: Path) -> None:
    """Totals, by language, by class of length; and by which file, to the byte."""
    write_texts(tmp / "in", TEXTS)
    stages = ["language", {"use": "tokens", "file": str(file)}]
    report = make_run(tmp, stages, max_bad=1.0)
    rows = rows_of(tmp / "run", "corpus")
    corpus = json.loads((tmp / "run/reports/report.json").read_text())["corpus"]
    assert corpus == report.corpus
    assert corpus["tokens"] == sum(row["n_tokens"] for row in rows)
    by_lang: dict[str, int] = {}
    for row in rows:
        by_lang[row["lang"]] = by_lang.get(row["lang"], 0) + row["n_tokens"]
    assert corpus["lang_tokens"] == by_lang
    assert sum(corpus["token_lengths"].values()) == len(rows)
    assert corpus["token_lengths"]["0"] == 1
    digest = hashlib.sha256(file.read_bytes()).hexdigest()
    manifest = json.loads((tmp / "run/manifest.json").read_text())
    assert manifest["digests"]["tokens"].startswith(f"{digest} tokenizers ")
    card = (tmp / "run/README.md").read_text()
    assert f"{corpus['tokens']:,} tokens" in card
    assert f"sha256 `{digest}`, special tokens left out." in card
    for name, count in token_classes(corpus["token_lengths"]):
        assert f"| {name} | {count} | " in card
    page = (tmp / "run/reports/report.html").read_text()
    assert "1–127</th>" in page
    assert f"{corpus['tokens']:,} token" in page
    shown = CliRunner().invoke(main, ["report", str(tmp / "run")])
    assert f"{corpus['tokens']:,} tokens" in " ".join(shown.output.split())
    assert [fault for check in verify(tmp / "run") for fault in check.faults] == []


def test_no_tokens_are_told_of_where_none_were_counted(tmp: Path) -> None:
    """Neither the report nor the card has an empty table."""
    write_texts(tmp / "in", {"a.txt": "some words\n"})
    report = make_run(tmp, ["tidy"])
    assert not {"tokens", "token_lengths", "lang_tokens"} & set(report.corpus)
    assert "oken" not in (tmp / "run/README.md").read_text()
    assert "Tokens" not in (tmp / "run/reports/report.html").read_text()


def test_processes_and_shards_change_no_byte(tmp: Path, file: Path) -> None:
    """How documents are put together for the tokenizer does not show."""
    write_texts(tmp / "in", {f"{n:03d}.txt": f"{TEXTS['a.txt']}{n}\n" * n for n in range(30)})
    stages = [{"use": "tokens", "file": str(file)}]
    make_run(tmp, stages)
    engine = {"kind": "local", "workers": 2, "shard_bytes": 2000}
    make_run(tmp, stages, "two", engine=engine)
    assert bytes_of(tmp / "run") == bytes_of(tmp / "two")


def test_another_file_is_another_run(tmp: Path, file: Path) -> None:
    """The bytes count, not the name."""
    write_texts(tmp / "in", TEXTS)
    mine = tmp / "tokenizer.json"
    mine.write_bytes(file.read_bytes())
    stages = [{"use": "tokens", "file": str(mine)}]
    make_run(tmp, stages)
    assert make_run(tmp, stages).up_to_date
    mine.write_bytes(file.read_bytes() + b"\n")
    assert not make_run(tmp, stages).up_to_date


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "is no tokenizer"),
        (b"not json \x1b[31m", "is no tokenizer"),
        (b"[1, 2]", "is no tokenizer"),
        (b'{"model": {"type": "BPE", "vocab": {}, "merges": ["a b"]}}', "is no tokenizer"),
        (b"\xff\xfe" * 1000, "is no tokenizer"),
        (b'{"version": "1.0"}', "is no tokenizer"),
        (b"[" * 100_000, "is no tokenizer"),
    ],
)
def test_a_file_that_is_no_tokenizer_is_a_fault_of_the_config(
    tmp: Path, content: bytes, message: str
) -> None:
    """Said before anything is read, with what to give instead; no traceback."""
    write_texts(tmp / "in", TEXTS)
    (tmp / "t.json").write_bytes(content)
    config = {
        "name": "t",
        "input": [str(tmp / "in")],
        "output": str(tmp / "run"),
        "stages": [{"use": "tokens", "file": str(tmp / "t.json")}],
        "engine": "inline",
    }
    (tmp / "t.yaml").write_text(json.dumps(config))
    done = CliRunner().invoke(main, ["run", str(tmp / "t.yaml")])
    assert done.exit_code == 2, done.output
    assert message in done.output
    assert "stage tokens: file: " in done.output
    assert "\x1b[31m" not in done.output
    assert not (tmp / "run" / "corpus").exists()


def test_what_cannot_be_read_is_a_fault_of_the_config(tmp: Path) -> None:
    """A folder, a device, a file that is missing, none at all."""
    for file, message in (
        (str(tmp), "is not a file"),
        ("/dev/zero", "is not a file"),
        (str(tmp / "none"), "does not exist"),
        ("a\0b", "does not exist"),
        (None, "expected a tokenizer file"),
    ):
        with pytest.raises(ConfigError, match=message):
            Tokens(file=file).open()
        with pytest.raises(ConfigError, match=message):
            Tokens(file=file).digest()


def test_a_missing_library_is_said_so(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With the command that installs it."""

    def missing(name: str) -> str:
        raise PackageNotFoundError(name)

    monkeypatch.setattr(module, "version", missing)
    with pytest.raises(ConfigError, match=r"pip install 'cleaner\[tokens\]'"):
        Tokens(file=str(file)).digest()


def test_a_stage_that_edits_may_not_follow(tmp: Path, file: Path) -> None:
    """Or the numbers would be wrong; what only drops, marks or annotates may."""
    tokens = {"use": "tokens", "file": str(file)}
    with pytest.raises(ConfigError) as error:
        make_config(tmp, [tokens, "exact_duplicates", "tidy"])
    assert "stages.0: 'tokens' measures the text, but 'tidy', which can change it" in str(
        error.value
    )
    assert "move it behind 'tidy'" in str(error.value)
    foreign = {"use": "language", "foreign": "cut"}
    with pytest.raises(ConfigError, match="'language', which can change it"):
        make_config(tmp, [tokens, foreign])
    passages = {"use": "near_duplicates", "unit": "passage", "action": "cut"}
    with pytest.raises(ConfigError, match="'near_duplicates', which can change it"):
        make_config(tmp, [tokens, passages])
    again = {"use": "tokens", "file": str(file), "id": "again"}
    drawn = [{"use": "sample", "weights": {"in": 0.5}}]
    for later in (["language"], ["near_duplicates"], ["url", "repeats"], ["tidy", again], drawn):
        assert make_config(tmp, [tokens, *later]).stages


def test_stages_that_say_that_they_do_not_edit_do_not(tmp: Path) -> None:
    """The built-in ones that may follow leave every text as it was."""
    text = "Menu\nA line of some length that is in English, as one can see.\nMenu\n"
    write_texts(tmp / "in", {f"{n}.txt": f"{text}{n}\n" for n in range(4)})
    names = ["url", "repeats", "language", "quality", "exact_duplicates", "near_duplicates"]
    names.append("sample")
    stages: list[object] = [
        {"use": n, "on_fail": "annotate"} if n == "quality" else n for n in names
    ]
    config = make_config(tmp, stages)
    assert not any(stage.can_edit() for stage in config.stages if isinstance(stage, Stage))
    make_run(tmp, stages)
    actions = {row["action"] for row in rows_of(tmp / "run", "ledger")}
    assert actions <= {"drop"}


def test_documents_are_drawn_by_their_tokens(tmp: Path, file: Path) -> None:
    """`sample` stands behind `tokens` then; where it draws by something else, on either side."""
    write_texts(tmp / "in", {"long.txt": "a line of text\n" * 40, "short.txt": "a line of text\n"})
    tokens: dict[str, object] = {"use": "tokens", "file": str(file)}
    drawn: dict[str, object] = {"use": "sample", "by": "n_tokens", "weights": {"100+": 0}}
    make_run(tmp, [tokens, drawn])
    (row,) = rows_of(tmp / "run", "corpus")
    assert row["source"].endswith("short.txt")
    assert row["n_tokens"] < 100
    (gone,) = rows_of(tmp / "run", "ledger")
    assert gone["rule"] == "sample.weight"
    with pytest.raises(ConfigError, match="move 'tokens' before it"):
        make_config(tmp, [drawn, tokens])
    assert make_config(tmp, [{"use": "sample", "weights": {"in": 0.5}}, tokens]).stages


def test_texts_are_given_in_parts_of_bounded_size() -> None:
    """In their order, each once; one that is too long goes by itself."""
    texts = ["a" * n for n in (10, AT_ONCE, 0, 5, AT_ONCE - 4, AT_ONCE * 2, 3)]
    parts = [list(part) for part in _parts(texts)]
    assert [text for part in parts for text in part] == texts
    assert all(sum(map(len, part)) <= AT_ONCE or len(part) == 1 for part in parts)
    assert list(_parts([])) == []


@pytest.mark.slow
def test_a_document_that_takes_too_long_is_put_aside(tmp: Path, file: Path) -> None:
    """The library does not hear the clock: the worker is ended, and the run goes on."""
    write_texts(tmp / "in", {"a.txt": TEXTS["a.txt"], "b.txt": "xy" * 12_000_000})
    engine = {"kind": "local", "workers": 2, "document_seconds": 0.5, "shard_bytes": 1 << 20}
    try:
        make_run(tmp, [{"use": "tokens", "file": str(file)}], engine=engine)
    except CleanerError as error:
        pytest.fail(str(error))
    assert [row["source"] for row in rows_of(tmp / "run", "corpus")] == ["in/a.txt"]
    (row,) = rows_of(tmp / "run", "quarantine")
    assert (row["source"], row["reason"]) == ("in/b.txt", "timeout")
