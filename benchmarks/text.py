"""Repair of text and identification of languages: throughput as a ratio to their peers, in one run.

    python benchmarks/text.py
    python benchmarks/text.py --vietnamese news.jsonl.zst --english newswire.jsonl.zst

Files are JSON lines with a field `text`; without them texts are composed of syllables and words.
`unicode` is the stage as a run calls it, on one batch of healthy documents; its peer is
`ftfy.fix_text` with the options that the stage has by default, called for each document. Languages:
each back end on the same documents; the peer is `langdetect.detect` as its users call it. Of
several rounds the fastest counts.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from random import Random

import ftfy
import langdetect
import pyarrow as pa
import pyarrow.compute as pc

from cleaner import batch as batches
from cleaner.batch import Batch
from cleaner.stages.unicode import Unicode
from cleaner.text.identifier import identifier
from cleaner.text.language import excerpts
from cleaner.text.suspect import suspects
from cleaner.text.syllable import syllables

BARS = {"vietnamese": 20.0, "english": 10.0, "language": 40.0}
"""Ratios that must be reached."""
ROUNDS = 5
FTFY_DOCUMENTS = 200
LANGDETECT_DOCUMENTS = 40

FTFY = ftfy.TextFixerConfig(
    fix_latin_ligatures=False, fix_character_width=False, uncurl_quotes=False, explain=False
)


def composed(language: str, documents: int) -> list[str]:
    """Healthy texts of about 2,500 characters, the same in every run."""
    draw = Random(7)
    if language == "vietnamese":
        words = sorted(syllables())
    else:
        letters = "etaoinshrdlucmfwypvbgk"
        words = ["".join(draw.choices(letters, k=draw.randint(2, 9))) for _ in range(5000)]
    texts = []
    for _ in range(documents):
        lines = []
        for _ in range(draw.randint(8, 16)):
            line = " ".join(draw.choices(words, k=draw.randint(20, 50)))
            lines.append(
                f"{line.capitalize()}, “{draw.choice(words)}” – {draw.randint(1, 2000)}.\n"
            )
        texts.append("".join(lines))
    return texts


def read(path: Path, documents: int) -> list[str]:
    """The first texts of a file."""
    compression = {".zst": "zstd", ".gz": "gzip"}.get(path.suffix)
    texts: list[str] = []
    with pa.input_stream(str(path), compression=compression) as stream:
        rest = b""
        while len(texts) < documents and (block := stream.read(1 << 22)):
            *lines, rest = (rest + block).split(b"\n")
            texts += [json.loads(line)["text"] for line in lines]
    return texts[:documents]


def batch_of(texts: Sequence[str]) -> Batch:
    """A batch as the stage gets it."""
    column = pa.array(texts, pa.string())
    chars = pc.utf8_length(column).cast(pa.int64())
    docs = pa.record_batch({"ordinal": pa.array(range(len(texts)), pa.int64()), "raw_chars": chars})
    return batches.new(docs, column).for_stage("unicode", 1)


def seconds(work: Callable[[], object], rounds: int = ROUNDS) -> float:
    """The fastest of some rounds."""
    times = []
    for _ in range(rounds):
        start = time.perf_counter()
        work()
        times.append(time.perf_counter() - start)
    return min(times)


def measure_unicode(name: str, texts: Sequence[str]) -> None:
    """The stage and its first look against ftfy."""
    apply = Unicode.model_validate({"use": "unicode"}).open()
    batch = batch_of(texts)
    apply(batch)
    some = texts[:FTFY_DOCUMENTS]
    theirs = seconds(lambda: [ftfy.fix_text(text, FTFY) for text in some], 3) / len(some)
    ours = seconds(lambda: apply(batch)) / len(texts)
    look = seconds(lambda: suspects(batch.passage_text))
    size = sum(len(text.encode()) for text in texts)
    flagged = int(suspects(batch.passage_text).sum())
    print(
        f"unicode {name}: {len(texts):,} documents, {size / 1e6:.1f} MB, {flagged:,} of "
        f"{batch.num_passages:,} passages looked at closely\n"
        f"  stage {ours * 1e6:.1f} µs a document, first look {size / look / 1e6:,.0f} MB/s, "
        f"ftfy {theirs * 1e6:,.0f} µs a document: {_verdict(theirs / ours, BARS[name])}"
    )


def measure_language(texts: Sequence[str]) -> None:
    """Each back end against langdetect."""
    some = [text for text in texts[:LANGDETECT_DOCUMENTS] if text.strip()]
    langdetect.DetectorFactory.seed = 0
    langdetect.detect("to load the profiles")
    theirs = seconds(lambda: [langdetect.detect(text) for text in some], 2) / len(some)
    print(f"language: langdetect {theirs * 1e6:,.0f} µs a document")
    column = pa.array(texts, pa.string())
    for backend in ("blend", "py3langid"):
        model = identifier(backend)
        model.identify_many([texts[0]])
        ours = seconds(lambda: model.identify_many(excerpts(column, 400))) / len(texts)  # noqa: B023
        print(f"  {backend} {ours * 1e6:.1f} µs: {_verdict(theirs / ours, BARS['language'])}")


def _verdict(ratio: float, bar: float) -> str:
    return f"{ratio:,.0f} times ({'at least' if ratio >= bar else 'BELOW'} {bar:g})"


def main() -> None:
    """Read or compose, measure, print."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--vietnamese", type=Path, help="JSON lines of healthy Vietnamese")
    parser.add_argument("--english", type=Path, help="JSON lines of healthy English")
    parser.add_argument("--documents", type=int, default=2000)
    args = parser.parse_args()
    texts = {}
    for name in ("vietnamese", "english"):
        path = getattr(args, name)
        texts[name] = read(path, args.documents) if path else composed(name, args.documents)
        measure_unicode(name, texts[name])
    measure_language(texts["vietnamese"])


if __name__ == "__main__":
    main()
