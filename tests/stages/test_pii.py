"""The stage pii: what it masks and keeps, its books, its settings, and that nothing shows it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from cleaner.cli import main
from cleaner.config.load import parse
from cleaner.engine.driver import run
from cleaner.errors import ConfigError
from cleaner.io.restore import restore
from cleaner.io.verify import verify
from cleaner.stages.pii import KINDS, Pii
from tests.engine.runs import bytes_of, make_run, rows_of

PHONE, PHONE_DROPPED, PHONE_CUT = "0912 345 678", "0987 654 321", "(028) 3822 1234"
EMAIL, CARD, TOKEN = "an.nguyen@mail.example", "4111 1111 1111 1111", "s3cr3tT0ken9x7q"
SPLIT = "0913\u200b456789"
SECRETS = (PHONE, PHONE_DROPPED, PHONE_CUT, EMAIL, CARD, TOKEN, "0913456789", SPLIT, "456789")
BODY = (
    "Sáng 9/12, thành phố thông xe cây cầu qua sông, sau ba năm thi công với nhiều khó khăn.\n"
    "Người dân hai bên bờ cho biết việc đi lại thuận tiện hơn trước rất nhiều, nhất là mùa mưa.\n"
)
TEXTS = (
    f"{BODY}Bạn đọc gọi {PHONE} hoặc viết cho {EMAIL}; thẻ {CARD}.\n",
    f"{BODY}Xem https://site.example/a?token={TOKEN}&page=2 và số {SPLIT} của tòa soạn.\n",
    f"Mua bán nhà đất giá rẻ, liên hệ ngay {PHONE_DROPPED}.\n",
    f"{BODY}Tòa soạn không liên quan tới các quảng cáo này.\nLiên hệ quảng cáo: {PHONE_CUT}\n",
    f"{BODY}Quyết định số 12/2024/TT-BTC ngày 15/03/2024: chi 1.500.000.000 đồng.\n",
)
STAGES: list[dict[str, Any]] = [
    {"use": "unicode"},
    {"use": "tests.stages.adverts:CutAdverts"},
    {"use": "quality", "where": "n_words > 12"},
    {"use": "pii"},
    {"use": "tidy"},
]


def settings(folder: Path, stages: list[dict[str, Any]], **more: Any) -> Any:
    """A config over TEXTS."""
    source = folder / "in.jsonl"
    source.write_text("".join(json.dumps({"text": t}) + "\n" for t in TEXTS), "utf-8")
    return parse(
        json.dumps(
            {
                "name": "secrets",
                "input": [{"path": str(source), "label": "in"}],
                "output": str(folder / "out"),
                "stages": stages,
                "engine": {"kind": "inline", "workers": 1},
                **more,
            }
        ),
        "test",
    )


@pytest.fixture(scope="module")
def masked(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run that masks, after stages that cut and dropped other secrets."""
    folder = tmp_path_factory.mktemp("pii")
    run(settings(folder, STAGES))
    return folder / "out"


def test_secrets_are_replaced_and_all_else_stays(masked: Path) -> None:
    """Each by its kind; dates, numbers of laws and amounts are no secrets."""
    texts = [row["text"] for row in rows_of(masked, "corpus")]
    assert texts[0] == f"{BODY}Bạn đọc gọi [PHONE] hoặc viết cho [EMAIL]; thẻ [BANK_CARD].\n"
    assert texts[1] == (
        f"{BODY}Xem https://site.example/a?token=[URL_SECRET]&page=2 và số [PHONE] của tòa soạn.\n"
    )
    assert texts[-1] == TEXTS[-1]
    assert len(texts) == 4


def test_the_ledger_keeps_them_and_originals_come_back(masked: Path) -> None:
    """The run verifies, and restore gives the very bytes."""
    assert [fault for check in verify(masked) for fault in check.faults] == []
    rows = rows_of(masked, "ledger")
    masks = {row["before"] for row in rows if row["stage"] == "pii"}
    assert {PHONE, EMAIL, CARD, TOKEN} <= masks
    for row in rows_of(masked, "corpus"):
        assert restore(masked, row["doc_id"]).decode() == TEXTS[row["record"]]


def test_evidence_does_not_name_the_value(masked: Path) -> None:
    """The reason of a row says what speaks for it, not what it is."""
    for row in rows_of(masked, "ledger"):
        if row["stage"] == "pii":
            assert row["before"] not in row["reason"]


def test_no_report_shows_them(masked: Path) -> None:
    """Neither the page, nor a JSON of a stage, nor the cards: also not in rows of other stages."""
    shown = [*masked.glob("reports/*"), masked / "README.md", masked / "croissant.json"]
    shown += [masked / "manifest.json", masked / "run.log"]
    assert len(shown) > 8
    for path in shown:
        text = path.read_text("utf-8")
        for secret in SECRETS:
            assert secret not in text, f"{secret} in {path.name}"
            assert json.dumps(secret)[1:-1] not in text, f"{secret} in {path.name}"
    page = (masked / "reports" / "report.html").read_text("utf-8")
    assert "•••" in page
    assert "[PHONE]" in page


@pytest.mark.parametrize(
    "command",
    [
        ["report", "{run}"],
        ["report", "{run}", "--json"],
        ["show", "{run}", "--table", "ledger", "--format", "json"],
        ["show", "{run}", "SELECT stage, before, after FROM ledger", "--format", "csv"],
        ["show", "{run}", "--table", "ledger"],
        ["explain", "{config}", "{input}:0"],
        ["explain", "{config}", "{input}:1", "--json"],
        ["explain", "{config}", "{input}:2"],
        ["explain", "{config}", "{input}:3"],
        ["audit", "{run}", "--out", "{sheet}", "--keeps", "50"],
    ],
    ids=" ".join,
)
def test_no_command_shows_them(masked: Path, tmp_path: Path, command: list[str]) -> None:
    """What is printed or written for people holds none, whatever stage had it in hand."""
    if command[0] == "show":
        pytest.importorskip("duckdb")
    places = {
        "run": masked,
        "config": masked / "config.yaml",
        "input": masked.parent / "in.jsonl",
        "sheet": tmp_path / "sheet.csv",
    }
    done = CliRunner().invoke(main, [word.format(**places) for word in command])
    assert done.exit_code == 0, done.output
    said = done.output
    if (tmp_path / "sheet.csv").exists():
        said += (tmp_path / "sheet.csv").read_text("utf-8")
    for secret in SECRETS:
        assert secret not in said
        assert json.dumps(secret)[1:-1] not in said


def test_a_diff_hides_what_only_one_run_masks(masked: Path, tmp_path: Path) -> None:
    """The other run's texts have it in clear; side by side they must not show it."""
    plain = [stage for stage in STAGES if stage["use"] != "pii"]
    run(settings(tmp_path, plain))
    page = tmp_path / "diff.html"
    for more in ([], ["--json"], ["--html", str(page)]):
        words = ["diff", str(tmp_path / "out"), str(masked), *more]
        done = CliRunner().invoke(main, words)
        assert done.exit_code == 0, done.output
        said = done.output + (page.read_text("utf-8") if page.exists() else "")
        assert not any(s in said or json.dumps(s)[1:-1] in said for s in SECRETS)


def test_secrets_are_shown_to_who_asks(masked: Path) -> None:
    """`--show-secrets` shows them, for those who check what was masked."""
    config, source = str(masked / "config.yaml"), f"{masked.parent / 'in.jsonl'}:0"
    done = CliRunner().invoke(main, ["explain", config, source, "--show-secrets"])
    assert PHONE in done.output
    pytest.importorskip("duckdb")
    words = ["show", str(masked), "SELECT before FROM ledger", "--show-secrets", "--format", "csv"]
    assert PHONE in CliRunner().invoke(main, words).output


def test_adding_the_stage_renews_examples_of_earlier_ones(tmp_path: Path) -> None:
    """A run that goes on from kept work under a config that now masks shows no old examples."""
    plain = [stage for stage in STAGES if stage["use"] != "pii"]
    run(settings(tmp_path, plain, keep_work=True))
    before = (tmp_path / "out/reports/report.json").read_text("utf-8")
    assert PHONE_DROPPED in before
    run(settings(tmp_path, STAGES, keep_work=True))
    after = (tmp_path / "out/reports/report.json").read_text("utf-8")
    assert PHONE_DROPPED not in after


def test_the_bytes_do_not_hang_on_how_the_run_is_cut(tmp_path: Path) -> None:
    """Many files, in one shard or each in its own: also the examples, of which few are kept."""
    (tmp_path / "in").mkdir()
    for number in range(12):
        text = TEXTS[number % len(TEXTS)].replace("345", f"3{number:02d}")
        (tmp_path / "in" / f"{number}.txt").write_text(text, "utf-8")
    found = []
    for name, size in (("one", 32 << 20), ("many", 1000)):
        make_run(tmp_path, STAGES, name, engine={"kind": "inline", "shard_bytes": size})
        found.append(bytes_of(tmp_path / name))
    assert found[0] == found[1]


def test_annotate_leaves_the_text_and_tells_where(tmp_path: Path) -> None:
    """Counts by kind, and spans in the original, also behind what an earlier stage changed."""
    stages = [{"use": "unicode"}, {"use": "pii", "action": "annotate"}]
    run(settings(tmp_path, stages))
    rows = rows_of(tmp_path / "out", "corpus")
    assert rows[0]["text"] == TEXTS[0]
    assert rows[0]["pii_counts"] == [
        {"kind": "bank_card", "count": 1},
        {"kind": "email", "count": 1},
        {"kind": "phone", "count": 1},
    ]
    found = {s["kind"]: TEXTS[0][s["start"] : s["end"]] for s in rows[0]["pii_spans"]}
    assert found == {"phone": PHONE, "email": EMAIL, "bank_card": CARD}
    split = {s["kind"]: TEXTS[1][s["start"] : s["end"]] for s in rows[1]["pii_spans"]}
    assert split == {"url_secret": TOKEN, "phone": SPLIT}
    assert rows[4]["pii_counts"] == rows[4]["pii_spans"] == []
    assert (tmp_path / "out/reports/report.html").read_text("utf-8").count("•") == 0


def masks(text: str, **options: Any) -> str:
    """A text through the stage."""
    from tests.stages.test_quality import make

    batch = make([text])
    stage = Pii.model_validate_json(json.dumps({"use": "pii", **options}))
    found: str = stage.open()(batch.for_stage("pii", 1)).text[0].as_py()
    return found


def test_settings_choose_kinds_texts_and_what_stays() -> None:
    """Each option does what its description says."""
    text = "Gọi 0912 345 678, 1900 1234, thư a@mail.example và b@gov.example; IP 10.0.0.7."
    assert masks(text) == "Gọi [PHONE], 1900 1234, thư [EMAIL] và [EMAIL]; IP 10.0.0.7."
    assert masks(text, kinds=["phone"]).count("[") == 1
    assert "<tel>" in masks(text, replacements={"phone": "<tel>"})
    assert "b@gov.example" in masks(text, keep_domains=["gov.example"])
    assert "0912 345 678" in masks(text, keep=["0912.345.678"])
    assert masks(text, hotlines="mask").count("[PHONE]") == 2
    assert "[IP]" in masks(text, private_ips="mask")
    assert masks("NV-123456 nghỉ", patterns={"staff": "NV-[0-9]{6}"}) == "[STAFF] nghỉ"


def test_lines_that_became_columns_are_masked() -> None:
    """An author's line that `noise` cut holds an address as often as the text."""
    from tests.stages.test_quality import make

    batch = make(["a\n", "b\n"], byline=["An, an@mail.example", None], dateline=[None, None])
    after = Pii(use="pii").open()(batch)
    assert after.docs.column("byline").to_pylist() == ["An, [EMAIL]", None]
    assert after.docs.column("dateline").to_pylist() == [None, None]


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"kinds": ["emails"]}, "email"),
        ({"patterns": {"x": "(a"}}, "patterns.x: pattern '(a'"),
        ({"patterns": {"x": "(?=a)"}}, "look-around is not supported"),
        ({"patterns": {"x": "a*"}}, "matches the empty text"),
        ({"patterns": {"email": "a"}}, "is no name for a pattern"),
        ({"replacements": {"phones": "x"}}, "neither a kind nor one of `patterns`"),
        ({"replacements": {"phone": ""}}, "expected 1 to 100 printable characters"),
        ({"replacements": {"phone": "a\nb"}}, "expected 1 to 100 printable characters"),
        ({"keep_domains": ["me@x.org"]}, "is no domain"),
        ({"phone_regions": ["vn"]}, "is no code of a country"),
        ({"phone_regions": ["ZZ"]}, "no numbering plan is known for ZZ"),
        ({"id_countries": ["AQ"]}, "no ids are known of AQ; known: BR"),
        ({"kinds": []}, "there is nothing to look for"),
    ],
)
def test_wrong_settings_are_told_before_the_run(options: dict[str, Any], said: str) -> None:
    """Each with what is wrong and what is right."""
    text = json.dumps({"input": ["x"], "stages": [{"use": "pii", **options}]})
    with pytest.raises(ConfigError) as error:
        parse(text, "c.yaml")
    assert said in str(error.value)


def test_the_kinds_of_the_stage_are_those_of_the_finder() -> None:
    """The list is written twice, for `--help` must be quick."""
    from cleaner.pii.hit import KINDS as FOUND

    assert KINDS == FOUND
    assert set(Pii(use="pii").rules()) == {f"pii.{kind}" for kind in KINDS}
