"""The language stage: annotations, and what is dropped."""

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc
import pytest
from pydantic import ValidationError

from cleaner import batch as b
from cleaner.errors import ConfigError
from cleaner.stages.language import Language

VI = "Hôm nay trời mưa to nên nhiều tuyến phố trong trung tâm bị ngập sâu.\n"
EN = "The committee will meet again next week to decide about the new bridge.\n"


def make(texts: list[str]) -> b.Batch:
    """A batch of untouched documents."""
    column = pa.array(texts, pa.string())
    chars = pc.utf8_length(column).cast(pa.int64())
    docs = pa.record_batch({"ordinal": pa.array(range(len(texts)), pa.int64()), "raw_chars": chars})
    return b.new(docs, column).for_stage("language", 1)


@pytest.mark.parametrize("backend", ["blend", "py3langid", "langdetect"])
def test_documents_are_annotated(backend: str) -> None:
    """Without `keep` every document stays, with its language and score."""
    stage = Language(use="language", backend=backend)
    batch = stage.open()(make([VI, EN, "123", ""]))
    assert batch.docs.column("lang").to_pylist() == ["vi", "en", "und", "und"]
    scores = batch.docs.column("lang_score").to_pylist()
    assert min(scores[:2]) > 0.9
    assert scores[2:] == [0.0, 0.0]
    assert batch.ledger == ()
    assert "lang" not in batch.passages.schema.names


def test_passages_are_annotated_if_asked() -> None:
    """A passage has its own language, whatever its document's is."""
    batch = Language(use="language", passages=True).open()(make([VI + VI + EN, "\n"]))
    assert batch.docs.column("lang").to_pylist() == ["vi", "und"]
    assert batch.passages.column("lang").to_pylist() == ["vi", "vi", "en", "und"]
    assert len(batch.passages.column("lang_score")) == 4


def test_other_languages_are_dropped() -> None:
    """What is not to be kept goes, with language and score as evidence."""
    batch = Language(use="language", keep=["vi"]).open()(make([EN, VI, "123"]))
    assert batch.text.to_pylist() == [VI]
    assert batch.docs.column("lang").to_pylist() == ["vi"]
    (book,) = (table.to_pylist() for table in batch.ledger)
    assert [(r["ordinal"], r["rule"], r["evidence"]) for r in book] == [
        (0, "language.other", "lang=en 1.00"),
        (2, "language.other", "lang=und 0.00"),
    ]


def test_uncertain_documents_are_dropped() -> None:
    """A kept language below `min_score` is dropped under its own rule."""
    stage = Language(use="language", keep=["vi", "und"], min_score=0.5)
    batch = stage.open()(make([VI, "123"]))
    assert [r["rule"] for t in batch.ledger for r in t.to_pylist()] == ["language.low_score"]
    assert batch.text.to_pylist() == [VI]


@pytest.mark.parametrize(
    ("fields", "drops"),
    [
        ({}, False),
        ({"keep": ["vi"]}, True),
        ({"keep": ["vi"], "on_other": "annotate"}, False),
        ({"on_other": "drop"}, False),
        ({"min_score": 0.5, "on_other": "drop"}, True),
        ({"min_score": 0.5}, False),
    ],
)
def test_it_says_whether_it_can_drop(fields: dict[str, object], drops: bool) -> None:
    """The planner may rely on `can_drop`: where it is False, nothing is dropped."""
    stage = Language(use="language", **fields)
    assert stage.can_drop() is drops
    assert (stage.open()(make([EN, "1"])).num_docs < 2) is drops


def test_a_misspelt_language_is_an_error() -> None:
    """A code that the back end does not know stops the run, with the nearest one."""
    with pytest.raises(ConfigError, match="did you mean 'vi'"):
        Language(use="language", keep=["vie", "en"]).open()
    with pytest.raises(ValidationError):
        Language(use="language", keep=[])
    assert Language(use="language", keep=["nb", "zh-cn"]).open()(make([VI])).num_docs == 0


def test_what_it_says_of_itself() -> None:
    """Rules have reasons; the digest names library and version; the columns are declared."""
    stage = Language(use="language", backend="langdetect")
    assert set(stage.rules()) == {
        "language.other",
        "language.low_score",
        "language.foreign_passage",
    }
    assert stage.digest() == "langdetect-1.0.9/1"
    assert stage.adds == {"lang", "lang_score", "foreign"}


MIXED = [VI, VI, EN, VI, "OK.\n"]


def test_foreign_passages_are_cut() -> None:
    """A passage in another language than most of its document goes, with its language named."""
    stage = Language(use="language", foreign="cut")
    batch = stage.open()(make(["".join(MIXED), EN + EN]))
    assert batch.text.to_pylist() == [VI + VI + VI + "OK.\n", EN + EN]
    (book,) = (table.to_pylist() for table in batch.ledger)
    assert [(r["ordinal"], r["rule"], r["before"]) for r in book] == [
        (0, "language.foreign_passage", EN)
    ]
    assert book[0]["evidence"] == "lang=en 1.00, document vi"
    assert not stage.can_drop()


def test_foreign_passages_are_marked() -> None:
    """Marking changes no text and tells which passages they are."""
    batch = Language(use="language", foreign="mark").open()(make(["".join(MIXED), ""]))
    assert batch.passages.column("foreign").to_pylist() == [False, False, True, False, False]
    assert batch.text.to_pylist() == ["".join(MIXED), ""]
    assert batch.ledger == ()


def test_the_document_is_what_most_of_it_is() -> None:
    """A foreign first line does not decide; without the option it does."""
    text = EN * 2 + VI * 9
    stage = Language(use="language", foreign="cut", max_chars=100)
    batch = stage.open()(make([text]))
    assert batch.docs.column("lang").to_pylist() == ["vi"]
    assert batch.text.to_pylist() == [VI * 9]
    plain = Language(use="language", max_chars=100).open()(make([text]))
    assert plain.docs.column("lang").to_pylist() == ["en"]


def test_kept_and_short_passages_stay() -> None:
    """Languages to keep are never foreign; nor is what is too short or too uncertain to tell."""
    text = "".join(MIXED)
    for fields in ({"keep": ["vi", "en"]}, {"foreign_min_chars": 200}, {"foreign_min_score": 1.0}):
        stage = Language(use="language", foreign="cut", **fields)
        assert stage.open()(make([text])).text.to_pylist() == [text]
