"""The sheet of an audit, in and out of a spreadsheet, and what its verdicts add up to."""

from __future__ import annotations

import csv
import io
import json
import math
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cleaner.errors import InputError
from cleaner.report.audit import Row
from cleaner.report.audit_score import score, wilson
from cleaner.report.audit_sheet import COLUMNS, neutral, plain, read_sheet, write_sheet


def row(**changes: Any) -> Row:
    """A row of a sheet."""
    facts: dict[str, Any] = {
        "id": "x1", "run": "r1", "doc_id": "0e12", "source": "in/a.txt", "record": 3,
        "rule": "vi.nav", "action": "cut", "score": 0.5, "band": "at 0.500", "text": "a line",
        "before": "", "after": "", "stratum_size": 10, "weight": 2.5,
    }  # fmt: skip
    return Row(**{**facts, **changes})


HOSTILE = [
    "=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "'quoted", "''", "'", "a,b;c\"d\"", "two\nlines", " =2",
    "\uff1d1", "đ", "", "- a list", "0012",
]  # fmt: skip


@pytest.mark.parametrize("name", ["sheet.csv", "sheet.jsonl"])
def test_a_sheet_comes_back_as_it_was(tmp_path: Path, name: str) -> None:
    """Formulas, quotes, line ends and all."""
    rows = [
        row(id=f"x{n}", text=text, before=text, note=text, verdict="right", score=None)
        for n, text in enumerate(HOSTILE)
    ]
    write_sheet(tmp_path / name, rows)
    assert read_sheet(tmp_path / name) == rows


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_no_cell_is_a_formula(text: str) -> None:
    """Whatever a page holds; and it reads back."""
    cell = neutral(text)
    assert cell.lstrip()[:1] not in tuple("=+-@＝＋－＠")
    assert cell[:1] not in ("\t", "\r")
    assert plain(cell) == text


def test_a_sheet_is_inert_and_opens_in_a_spreadsheet(tmp_path: Path) -> None:
    """A byte order mark, no escape sequence, one row a line that is judged."""
    write_sheet(tmp_path / "a.csv", [row(text="\x1b[2J\u202e=cmd|' /C calc'!A0\nnext\tcell")])
    data = (tmp_path / "a.csv").read_bytes()
    assert data.startswith(b"\xef\xbb\xbf")
    assert b"\x1b" not in data
    cells = list(csv.DictReader(io.StringIO(data.decode("utf-8-sig"), newline="")))
    assert [tuple(one) for one in cells] == [COLUMNS]
    assert cells[0]["text"] == "\\x1b[2J\\u202e=cmd|' /C calc'!A0\nnext\tcell"


@pytest.mark.parametrize(
    ("delimiter", "code"), [(";", "utf-8"), ("\t", "utf-16"), (",", "utf-8-sig")]
)
def test_a_sheet_that_a_spreadsheet_saved_is_read(
    tmp_path: Path, delimiter: str, code: str
) -> None:
    """Other delimiters, UTF-16, columns moved or missing, verdicts in capitals, blank rows."""
    text = io.StringIO(newline="")
    writer = csv.writer(text, delimiter=delimiter)
    writer.writerow(["verdict", "id", "action", "rule", "band", "stratum_size", "weight", "text"])
    writer.writerow([" RIGHT ", "x1", "cut", "vi.nav", "none", "10", "2,5", "'=1"])
    writer.writerow(["", "", "", "", "", "", "", ""])
    (tmp_path / "a.csv").write_bytes(text.getvalue().encode(code))
    (found,) = read_sheet(tmp_path / "a.csv")
    assert (found.verdict, found.weight, found.text, found.run) == ("right", 2.5, "=1", "")


HEAD = "id,verdict,action,rule,band,stratum_size\n"


@pytest.mark.parametrize(
    ("name", "text", "words"),
    [
        ("a.csv", "", "has no column id, verdict"),
        ("a.csv", HEAD, "has no rows"),
        ("a.csv", f"{HEAD}x,rigth,cut,a,b,1\n", "a.csv:2: the verdict"),
        ("a.csv", f"{HEAD}x,,drop,a,b,1\n", "neither cut nor keep"),
        ("a.csv", f"{HEAD}x,,cut,a,b,0\n", "no positive whole number"),
        ("a.csv", f"{HEAD}x,,cut,a,b\n", "no positive whole number"),
        ("a.csv", f"{HEAD},,cut,a,b,1\n", "the id is missing"),
        ("a.csv", f"{HEAD}x,,cut,a,b,1\nx,,cut,a,b,1\n", "there twice"),
        ("a.csv", f'{HEAD}x,"' + "a" * 200_000, "is no CSV"),
        ("a.jsonl", "{", "is no JSON"),
        ("a.jsonl", "[1]", "is no JSON object"),
        ("a.jsonl", '{"id": 1}', "has no column verdict"),
        ("a.jsonl", "\ud800", "is no UTF-8"),
    ],
)  # fmt: skip
def test_a_broken_sheet_is_refused(tmp_path: Path, name: str, text: str, words: str) -> None:
    """With its place and what was expected."""
    (tmp_path / name).write_bytes(text.encode("utf-8", "surrogatepass"))
    with pytest.raises(InputError, match=words):
        read_sheet(tmp_path / name)


def test_all_faults_of_a_sheet_are_told_at_once(tmp_path: Path) -> None:
    """Up to a number, then how many more."""
    rows = [asdict(row(id=f"x{n}", verdict="maybe")) for n in range(11)]
    (tmp_path / "a.jsonl").write_text("".join(json.dumps(one) + "\n" for one in rows))
    with pytest.raises(InputError) as refused:
        read_sheet(tmp_path / "a.jsonl")
    assert str(refused.value).count("is none of right, wrong, unsure") == 8
    assert str(refused.value).endswith("… and 3 more")


@pytest.mark.parametrize(
    ("share", "judged", "low", "high"),
    [(0.8, 10, 0.490162, 0.943318), (1.0, 5, 0.565518, 1.0), (0.0, 5, 0.0, 0.434482)],
)
def test_intervals_are_wilsons(share: float, judged: float, low: float, high: float) -> None:
    """Values of the formula worked out by hand."""
    assert wilson(share, judged) == pytest.approx((low, high), abs=1e-5)


def verdicts(size: int, right: int, wrong: int, **changes: Any) -> list[Row]:
    """Judged rows of one stratum."""
    said = ["right"] * right + ["wrong"] * wrong
    band = changes.setdefault("band", "none")
    return [
        row(id=f"{changes.get('rule', '')}{band}{n}", verdict=one, stratum_size=size, **changes)
        for n, one in enumerate(said)
    ]


def test_strata_count_by_their_size() -> None:
    """90 of 100 lines in a band that is right and 10 in one that is wrong are 90 %."""
    rows = [
        *verdicts(90, 3, 0, rule="a.x", band="high"),
        *verdicts(10, 0, 3, rule="a.x", band="low"),
        *verdicts(300, 1, 1, rule="a.y"),
        row(id="u", rule="a.y", band="none", stratum_size=300, verdict="unsure"),
        row(id="o", rule="a.z", band="none", stratum_size=100),
        *verdicts(1000, 9, 1, rule="", action="keep", band="other"),
        *verdicts(100, 1, 1, rule="a.x", action="keep", band="near"),
    ]
    found = score(rows)
    assert (found.rows, found.judged, found.unsure) == (22, 20, 1)
    first, second, third = found.rules
    assert first.precision is not None
    assert first.precision.value == pytest.approx(0.9)
    assert [band.share.value for band in first.bands] == [1.0, 0.0]
    effective = (90 + 10) ** 2 / (3 * 30**2 + 3 * (10 / 3) ** 2)
    assert (first.precision.low, first.precision.high) == wilson(0.9, effective)
    assert second.precision is not None
    assert (second.precision.value, second.precision.unsure) == (0.5, 1)
    assert third.precision is not None
    assert (third.precision.value, third.precision.covered) == (None, 0.0)
    assert found.precision is not None
    assert found.precision.value == pytest.approx((90 + 150) / 400)
    assert (found.precision.lines, found.precision.covered) == (500, 0.8)
    assert found.wrongly_kept is not None
    assert found.wrongly_kept.value == pytest.approx((100 + 50) / 1100, abs=1e-6)
    assert first.near is not None
    assert (first.near.value, found.near) == (0.5, first.near)
    assert found.other is not None
    assert found.other.value == pytest.approx(0.1)


def test_the_estimate_is_near_the_truth() -> None:
    """Of a made-up run with bands of known precision, over many samples."""
    rng = np.random.default_rng(3)
    strata = {"a": (5000, 0.99), "b": (400, 0.6), "c": (40, 0.1)}
    truth = sum(n * p for n, p in strata.values()) / sum(n for n, _ in strata.values())
    inside, values = 0, []
    for _ in range(300):
        rows: list[Row] = []
        for band, (size, precision) in strata.items():
            right = int(rng.binomial(20, precision))
            rows += verdicts(size, right, 20 - right, rule="a.x", band=band)
        found = score(rows).precision
        assert found is not None
        assert found.value is not None
        assert found.low is not None
        assert found.high is not None
        values.append(found.value)
        inside += found.low <= truth <= found.high
    assert math.isclose(sum(values) / 300, truth, abs_tol=0.004)
    assert inside > 0.93 * 300


def test_a_sheet_without_verdicts_or_of_two_runs_is_refused() -> None:
    """It says what to do."""
    with pytest.raises(InputError, match="fill the column `verdict`"):
        score([row()])
    with pytest.raises(InputError, match="of 2 runs: r1, r2"):
        score([row(verdict="right"), row(id="x2", run="r2")])
