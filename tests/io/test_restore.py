"""The way back: any document of a run, from its folder alone."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cleaner import batch as b
from cleaner.errors import CleanerError, InputError, IntegrityError
from cleaner.io.restore import Restored, find, rebuild, restore
from cleaner.text.decode import decode
from tests.property.strategies import changes
from tests.test_batch import make

KEPT_ID, DROPPED_ID, QUARANTINED_ID = "aa11", "aa22", "bb33"


def row(**values: Any) -> dict[str, Any]:
    """A ledger row."""
    defaults = {
        "doc_id": DROPPED_ID, "start": 0, "end": 0, "step": 0, "before": "", "after": "",
        "action": "cut", "source": "in/a.txt", "record": 0, "encoding": None, "bad_bytes": None,
        "content_hash": None,
    }  # fmt: skip
    return defaults | values


def kept(text: str, data: bytes, **values: Any) -> dict[str, Any]:
    """A corpus row."""
    digest = hashlib.sha256(data).hexdigest()
    return row(doc_id=KEPT_ID, text=text, encoding="utf-8", content_hash=digest, **values)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A finished run with a kept, a dropped and a quarantined document, over two parts."""
    digest = hashlib.sha256(b"dropped").hexdigest()
    drop = {"action": "drop", "end": 7, "encoding": "utf-8", "content_hash": digest}
    corpus = [kept("is kept", b"this is kept")]
    ledger = [
        [row(doc_id=KEPT_ID, end=5, before="this "), row(doc_id=QUARANTINED_ID, end=1, before="x")],
        [row(**drop, before="dropped")],
    ]
    lists = pa.field("bad_bytes", pa.list_(pa.int32()))
    for name, parts in (("corpus", [corpus]), ("ledger", ledger)):
        (tmp_path / name).mkdir()
        for number, rows in enumerate(parts):
            columns = {k: [r[k] for r in rows] for k in rows[0]}
            kinds = {"encoding": pa.string(), "content_hash": pa.string(), "bad_bytes": lists.type}
            table = pa.table({k: pa.array(v, kinds.get(k)) for k, v in columns.items()})
            pq.write_table(table, tmp_path / name / f"part-{number:05d}.parquet")
    files = {"corpus/part-00000.parquet": {}}
    (tmp_path / "manifest.json").write_text(json.dumps({"files": files}))
    return tmp_path


def test_kept_and_dropped_documents_come_back(folder: Path) -> None:
    """Also by the beginning of an id, where that is enough."""
    assert restore(folder, KEPT_ID) == b"this is kept"
    assert restore(folder, DROPPED_ID) == b"dropped"
    assert find(folder, "aa1") == Restored(KEPT_ID, "in/a.txt", 0, b"this is kept")


@pytest.mark.parametrize(
    ("doc_id", "error", "message"),
    [
        ("aa", InputError, "short for 2 documents: aa11, aa22"),
        ("cc", InputError, "holds no document cc"),
        ("", InputError, "is not a document id"),
        ("../x", InputError, "is not a document id"),
        (QUARANTINED_ID, CleanerError, "was quarantined"),
    ],
)
def test_what_cannot_be_restored(
    folder: Path, doc_id: str, error: type[CleanerError], message: str
) -> None:
    """Each with a sentence of its own."""
    with pytest.raises(error, match=message):
        restore(folder, doc_id)


def test_a_run_that_is_not_finished(folder: Path) -> None:
    """Nothing is restored from half a run."""
    (folder / "manifest.json").unlink()
    with pytest.raises(InputError, match="not a finished run"):
        restore(folder, KEPT_ID)


def test_a_changed_run_is_noticed() -> None:
    """What comes out is checked against the hash of what was read."""
    with pytest.raises(IntegrityError, match="sha256 differs"):
        rebuild(kept("is Kept", b"is kept"), [])


@pytest.mark.parametrize(
    ("data", "declared"),
    [
        (b"a\r\nb\rc\n", None),
        (b"\xef\xbb\xbfabc", None),
        ("é".encode("utf-16"), None),
        (b"good text, long enough for one bad byte " * 4 + b"\xff\xfe" + b" and more", None),
        ("Ti\u00ea\u0301ng Vi\u00ea\u0323t\r\n".encode("cp1258"), "cp1258"),
        (b"", None),
    ],
)
@given(draw=st.data())
def test_bytes_come_back_from_text_and_rows(
    draw: st.DataObject, data: bytes, declared: str | None
) -> None:
    """Any encoding, any bad bytes, any edits, kept or dropped."""
    decoded = decode(data, declared=declared, max_bad_bytes_ratio=0.05)
    batch = make([decoded.text])
    for _ in range(2):
        edits = []
        for p, text in enumerate(batch.passage_text.to_pylist()):
            spans = draw.draw(changes(len(text)))
            edits += [b.Edit(p, low, high, "r", new) for low, high, new in spans]
        batch = batch.rewrite(edits)
    text = batch.text[0].as_py()
    facts = {
        "encoding": decoded.encoding,
        "bad_bytes": list(decoded.bad_bytes),
        "content_hash": hashlib.sha256(data).hexdigest(),
    }
    rows = [row(**r) for t in batch.ledger for r in t.to_pylist()]
    assert rebuild(row(text=text, **facts), rows).data == data
    batch = batch.drop([b.Drop(0, "r.d")])
    rows = [row(**r) for t in batch.ledger for r in t.to_pylist()]
    rows[-1] |= facts
    assert rebuild(None, rows).data == data
