"""The noise stage: lines go with their reason, bylines and dates become columns."""

from __future__ import annotations

import dataclasses
import re
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pytest

from cleaner import batch as b
from cleaner.errors import ConfigError, InputError
from cleaner.noise.model import built_in, write_model
from cleaner.stages.noise import Noise
from cleaner.stages.repeats import COLUMNS
from cleaner.stages.tidy import Tidy
from cleaner.text.pieces import restore
from tests.noise.test_model import BODY as PARAGRAPHS
from tests.noise.test_model import HEADLINE, LINKS, MENU
from tests.noise.test_neighbour import BODY, TITLES

PAGE = ["December 29, 2014", "By Jane Example", *BODY, "Related articles", TITLES[0], "PV"]


def make(pages: list[list[str]], **docs: list[int]) -> b.Batch:
    """A batch of untouched pages, one line a passage."""
    text = pa.array(["".join(f"{line}\r\n" for line in page) for page in pages], pa.string())
    columns = {
        "ordinal": pa.array(range(len(pages)), pa.int64()),
        "raw_chars": pc.utf8_length(text).cast(pa.int64()),
        **{name: pa.array(values, pa.int64()) for name, values in docs.items()},
    }
    return b.new(pa.record_batch(columns), text, "line").for_stage("noise", 1)


def clean(batch: b.Batch, **fields: object) -> b.Batch:
    """The batch after the stage."""
    return Noise.model_validate({"use": "noise", **fields}).open()(batch)


def rows(batch: b.Batch) -> list[dict[str, Any]]:
    """The ledger so far."""
    return [row for table in batch.ledger for row in table.to_pylist()]


def test_lines_go_with_rule_score_and_evidence() -> None:
    """Each cut is a row that names a line, why it went, and how sure that is."""
    batch = clean(make([BODY, PAGE]))
    assert batch.text.to_pylist() == ["".join(f"{line}\r\n" for line in BODY)] * 2
    found = [(r["ordinal"], r["rule"], r["before"], r["score"]) for r in rows(batch)]
    assert found[2:4] == [
        (1, "en.related_head", "Related articles\r\n", 0.98),
        (1, "noise.after_head", f"{TITLES[0]}\r\n", 0.9),
    ]
    why, where, model = rows(batch)[3]["evidence"].split("; ")
    assert (why, where) == ("after 'Related articles'", "line 1 of 2")
    assert 0.3 < float(model.removeprefix("the model says ")) <= 1


def test_bylines_and_dates_become_columns() -> None:
    """What names the author, and the date, is cut from the text and kept beside it."""
    docs = clean(make([PAGE, BODY])).docs
    assert docs.column("byline").to_pylist() == ["By Jane Example | PV", None]
    assert docs.column("dateline").to_pylist() == ["December 29, 2014", None]
    kept = clean(make([PAGE]), bylines="keep", dates="keep")
    assert kept.docs.column("byline").to_pylist() == [None]
    assert "By Jane Example\r\n" in kept.text[0].as_py()


def test_what_went_can_be_put_back() -> None:
    """Undoing the rows gives the page."""
    batch = clean(make([PAGE]))
    book = [(r["start"], r["end"], r["step"], r["before"], r["after"]) for r in rows(batch)]
    assert len(book) == len(PAGE) - len(BODY)
    assert restore(batch.text[0].as_py(), book) == "".join(f"{line}\r\n" for line in PAGE)


def test_frequent_lines_go_where_repeats_ran() -> None:
    """Counts of the stage `repeats` are used, also on pages that look like plain text."""
    slogan = "The valley's own paper since 1871"
    batch = make([[*BODY, slogan], [*BODY, slogan]], host_documents=[40, 9])
    counts = pa.array([1, 1, 1, 30] * 2, pa.int64())
    for name in COLUMNS:
        batch = batch.annotate(name, counts, of="passages")
    ruled = rows(clean(batch, model=False))
    assert [(r["ordinal"], r["rule"]) for r in ruled] == [(0, "noise.repeated_line")]
    assert rows(clean(batch, model=False, off=["noise.repeated_line"])) == []
    assert rows(clean(batch))[0]["rule"] == "noise.repeated_line"


def test_a_page_of_links_loses_all_its_lines_and_is_dropped_by_tidy() -> None:
    """Nothing of it is text; the document goes with a reason that says so."""
    links = ["Home", "News", "Log in", "Most Read", *TITLES, "Privacy Policy", "© 2021 Example"]
    batch = clean(make([links, BODY]))
    assert batch.text.to_pylist()[0] == ""
    tidied = Tidy.model_validate({"use": "tidy"}).open()(batch.for_stage("tidy", 2))
    drops = [(r["ordinal"], r["rule"]) for r in rows(tidied) if r["action"] == "drop"]
    assert drops == [(0, "tidy.empty")]
    assert tidied.num_docs == 1


def test_packs_can_be_chosen_and_rules_switched_off() -> None:
    """Only the packs that are named act; unknown ids are refused."""
    lines = [*BODY, "Related articles", "Tin liên quan"]
    vietnamese = clean(make([lines]), packs=["any", "vi"], model=False)
    assert [r["rule"] for r in rows(vietnamese)] == ["vi.related_head"]
    off = ["vi.related_head", "noise.model"]
    none = clean(make([lines]), packs=["any", "vi"], off=off)
    assert rows(none) == []
    with pytest.raises(ConfigError, match=r"did you mean 'vi\.related_head'"):
        Noise(use="noise", off=["vi.related_hed"]).open()


def test_an_empty_batch_is_left_alone() -> None:
    """No documents, no rows, and still the columns."""
    batch = clean(make([]))
    assert batch.num_docs == 0
    assert {"byline", "dateline"} <= set(batch.docs.schema.names)


def test_the_model_cuts_what_no_rule_names() -> None:
    """Its rows have the score and three reasons in words; without it the line stays."""
    batch = make([[*MENU, HEADLINE, *PARAGRAPHS, *LINKS]])
    found = [r for r in rows(clean(batch, packs=["de"])) if r["rule"] == "noise.model"]
    assert found
    for row in found:
        assert row["before"].rstrip("\r\n") in {*MENU, *LINKS}
        assert built_in().limit / 1000 < row["score"] <= 1
        reasons = row["evidence"].split("; ")
        assert 1 <= len(reasons) <= 3
        assert all(re.fullmatch(r"\D.* -?\d+", reason) for reason in reasons)
    alone = rows(clean(batch, packs=["de"], model=False))
    assert {r["before"] for r in found}.isdisjoint(r["before"] for r in alone)
    strict = rows(clean(batch, packs=["de"], limit=1.0))
    assert [r for r in strict if r["rule"] == "noise.model"] == []
    assert "noise.model" in Noise(use="noise").rules()


def test_counts_of_repeats_reach_the_model() -> None:
    """A line that many pages of the site have has another score than one of this page alone."""
    page = [*MENU, HEADLINE, *PARAGRAPHS, *LINKS]
    scores = []
    for count in (0, 30):
        batch = make([page], host_documents=[40])
        counts = [count if line in {*MENU, *LINKS} else 0 for line in page]
        for name in COLUMNS:
            batch = batch.annotate(name, pa.array(counts, pa.int32()), of="passages")
        found = rows(clean(batch, packs=["de"], off=["noise.repeated_line"]))
        scores.append({r["before"]: r["score"] for r in found if r["rule"] == "noise.model"})
    both = scores[0].keys() & scores[1].keys()
    assert sum(scores[1][line] for line in both) > sum(scores[0][line] for line in both)


def test_ones_own_model_is_read_from_its_path(tmp_path: Path) -> None:
    """Its limit counts; the fingerprint tells models apart; what is no model is refused."""
    path = tmp_path / "mine.npz"
    with pytest.raises(InputError, match=r"mine\.npz: the noise model cannot be read"):
        Noise(use="noise", model=str(path)).digest()
    path.write_bytes(write_model(dataclasses.replace(built_in(), limit=1000)))
    own = Noise(use="noise", model=str(path))
    digests = {
        stage.digest() for stage in (own, Noise(use="noise"), Noise(use="noise", model=False))
    }
    assert len(digests) == 3
    page = [*MENU, HEADLINE, *PARAGRAPHS, *LINKS]
    assert rows(own.open()(make([page]))) == rows(clean(make([page]), limit=1.0))
    path.write_bytes(b"no model")
    with pytest.raises(InputError, match=r"mine\.npz: is no model file"):
        own.digest()


def test_captions_that_are_to_be_kept_are_safe_from_the_model() -> None:
    """Among links the model would cut it; a caption stays unless it is not wanted."""
    caption = "Photo: Jane Example"
    page = [BODY[0], caption, *BODY[1:]]
    judged = clean(make([page]), captions="cut")
    assert [row["before"] for row in rows(judged)] == [f"{caption}\r\n"]
    among = clean(make([[*MENU, HEADLINE, *PARAGRAPHS, caption, *LINKS]]))
    assert among.text[0].as_py().endswith(f"{PARAGRAPHS[-1]}\r\n{caption}\r\n")
