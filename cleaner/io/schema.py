"""Every Arrow schema that reaches a disk, with its columns described; all of one version."""

from __future__ import annotations

from collections.abc import Iterable

import pyarrow as pa

SCHEMA_VERSION = 1


def _schema(fields: Iterable[tuple[str, pa.DataType, str]], name: str) -> pa.Schema:
    return pa.schema(
        [pa.field(n, t, metadata={"description": d}) for n, t, d in fields],
        metadata={"cleaner.schema": name, "cleaner.schema_version": str(SCHEMA_VERSION)},
    )


ORIGINALS = _schema(
    [
        ("file", pa.int32(), "index of the source in the sorted list of inputs"),
        ("record", pa.int64(), "row, line or record number within the chunk that was read; from 0"),
        ("text", pa.string(), "the decoded original, not a character changed"),
        ("encoding", pa.string(), "the encoding that gives the bytes back; 'utf-8' for records"),
        ("evidence", pa.string(), "why this encoding, where it is not plain UTF-8; else null"),
        (
            "bad_bytes",
            pa.list_(pa.int32()),
            "code point offsets of undecodable bytes, kept as latin-1 characters",
        ),
        ("raw_bytes", pa.int64(), "bytes of the original"),
        ("raw_chars", pa.int64(), "code points of the decoded original"),
        (
            "sha256",
            pa.binary(32),
            "of the original bytes (a file), or of the UTF-8 text (a record)",
        ),
        ("url", pa.string(), "as the input gives it, or null"),
        ("date", pa.string(), "as the input gives it, or null"),
        ("source_id", pa.string(), "the record's own id, or null"),
        ("meta", pa.string(), "the input's other fields as one JSON object, or null"),
    ],
    "originals",
)

QUARANTINE = _schema(
    [
        ("source", pa.string(), "label/path of the input"),
        (
            "record",
            pa.int64(),
            "row, line or record number; null where no record could be told apart",
        ),
        ("start", pa.int64(), "first byte in the (decompressed) source, or null"),
        ("end", pa.int64(), "end byte in the (decompressed) source, or null"),
        ("stage", pa.string(), "'read', or the stage that failed on it"),
        (
            "reason",
            pa.string(),
            "short, countable: 'bad_json', 'truncated', 'too_large', 'stage_error', …",
        ),
        ("detail", pa.string(), "what exactly was wrong"),
        ("raw", pa.binary(), "the raw bytes, up to a limit; null above it"),
        ("raw_bytes", pa.int64(), "bytes of the record"),
        ("raw_chars", pa.int64(), "code points, where it could be decoded; else null"),
    ],
    "quarantine",
)

_PASSAGE = pa.struct(
    [("raw_start", pa.int32()), ("raw_end", pa.int32()), ("start", pa.int32()), ("end", pa.int32())]
)
_REMOVED = pa.struct([("rule", pa.string()), ("chars", pa.int64())])
_NEAR = pa.struct(
    [
        ("start", pa.int32()),
        ("end", pa.int32()),
        ("doc_id", pa.string()),
        ("other_start", pa.int32()),
        ("other_end", pa.int32()),
        ("similarity", pa.float64()),
    ]
)

CORPUS = _schema(
    [
        (
            "doc_id",
            pa.string(),
            "hash of the source and the record; the same in every run over the same files",
        ),
        ("text", pa.string(), "the cleaned text"),
        ("source", pa.string(), "label/path of the file that it was read from"),
        ("record", pa.int64(), "row, line or record number in the source, from 0"),
        ("source_id", pa.string(), "the record's own id, or null"),
        ("url", pa.string(), "as the input gives it, or null"),
        ("host", pa.string(), "host name of the url, or null"),
        (
            "date",
            pa.string(),
            "as the input gives it, or the date line that was cut from the text, or null",
        ),
        ("byline", pa.string(), "the author's line that was cut from the text, or null"),
        (
            "content_hash",
            pa.string(),
            "sha256 of the original's bytes (of the text as UTF-8 for records), hex",
        ),
        ("raw_chars", pa.int64(), "code points of the decoded original"),
        ("raw_bytes", pa.int64(), "bytes of the original"),
        ("encoding", pa.string(), "the encoding that the original was decoded from"),
        (
            "encoding_evidence",
            pa.string(),
            "why this encoding, where it is not plain UTF-8; else null",
        ),
        (
            "bad_bytes",
            pa.list_(pa.int32()),
            "code point offsets in the original of bytes that could not be decoded",
        ),
        ("n_chars", pa.int64(), "code points of `text`"),
        ("n_words", pa.int64(), "words of `text`; each character counts in scripts without spaces"),
        ("lang", pa.string(), "language of `text` (ISO 639), or null where no language stage ran"),
        ("lang_score", pa.float64(), "how sure the identifier was, 0 to 1"),
        (
            "passages",
            pa.list_(_PASSAGE),
            "where each passage of `text` stands in the original and in `text`; code points",
        ),
        ("fixes", pa.list_(pa.string()), "rules that rewrote something"),
        ("removed_chars", pa.int64(), "code points of the original that were cut"),
        ("removed_by", pa.list_(_REMOVED), "the same by rule"),
        (
            "cluster_id",
            pa.string(),
            "doc_id of the kept document of its near-duplicate cluster: its own, or null if alone",
        ),
        ("cluster_size", pa.int64(), "documents of that cluster, the dropped ones included"),
        (
            "near_duplicates",
            pa.list_(_NEAR),
            "passages that other documents have, too; spans in both originals",
        ),
        ("meta", pa.string(), "the input's other fields, unchanged, as one JSON object; or null"),
    ],
    "corpus",
)

LEDGER = _schema(
    [
        ("doc_id", pa.string(), "the document"),
        ("source", pa.string(), "label/path of the file that it was read from"),
        ("record", pa.int64(), "row, line or record number in the source"),
        ("step", pa.int32(), "order of application; a later step may span rows of earlier ones"),
        ("stage", pa.string(), "the stage that did it"),
        ("rule", pa.string(), "the rule's id"),
        ("action", pa.string(), "rewrite, cut (a span) or drop (the document)"),
        ("reason", pa.string(), "the rule in words, and what was seen"),
        ("start", pa.int64(), "first code point of the original"),
        ("end", pa.int64(), "end, exclusive"),
        ("before", pa.string(), "what stood there before this step"),
        ("after", pa.string(), "what stands there after it; empty if removed"),
        (
            "cut_chars",
            pa.int64(),
            "code points of the original that this row, and none before it, removed",
        ),
        (
            "score",
            pa.float64(),
            "how sure the rule was, 0 to 1; of `quality` and `decontaminate` what was measured",
        ),
        ("kept_doc_id", pa.string(), "the document that stays, of a duplicate"),
        ("kept_start", pa.int64(), "where the kept passage starts in its original"),
        ("kept_end", pa.int64(), "where it ends"),
        (
            "similarity",
            pa.float64(),
            "with the kept document or passage, by the measure that the stage names",
        ),
        ("content_hash", pa.string(), "of a dropped document: sha256 of its original, hex"),
        ("encoding", pa.string(), "of a dropped document"),
        ("bad_bytes", pa.list_(pa.int32()), "of a dropped document"),
        ("meta", pa.string(), "of a dropped document"),
    ],
    "ledger",
)

PAIRS = _schema(
    [
        ("unit", pa.string(), "document or passage"),
        ("stage", pa.string(), "the stage that found it"),
        (
            "action",
            pa.string(),
            "drop, cut, mark (both stay), pair (offered by bands, verified), contain (both stay)",
        ),
        ("doc_id", pa.string(), "the copy; of a `pair` the later document"),
        ("start", pa.int64(), "span in the original of the copy"),
        ("end", pa.int64(), "its end"),
        ("kept_doc_id", pa.string(), "the one that stays; of a `pair` the earlier document"),
        ("kept_start", pa.int64(), "span in the original of the one that stays"),
        ("kept_end", pa.int64(), "its end"),
        (
            "similarity",
            pa.float64(),
            "verified, by the stage's measure; of `contain` the share of the copy in the other",
        ),
    ],
    "pairs",
)

CLUSTERS = _schema(
    [
        ("cluster_id", pa.string(), "doc_id of the kept document"),
        ("size", pa.int64(), "documents of the cluster, the kept one included"),
        ("source", pa.string(), "of the kept document"),
        ("record", pa.int64(), "of the kept document"),
    ],
    "clusters",
)
