"""Learn which letter a lost byte most likely was: writes `cleaner/text/lost_letters.tsv`.

    python tools/learn_lost_letters.py TEXTS.jsonl.zst ... > cleaner/text/lost_letters.tsv

TEXTS are JSON lines with a field `text` of correct Vietnamese; 20,000 news texts are enough. For
each set of letters that a lost byte leaves (`cleaner.text.lost`) and each frame (a syllable with a
gap) it counts the letters, and the words beside them. Only what decides is written: frames with
two letters to choose from, and neighbours that turn the choice. Of the texts no sentence remains.
"""

from __future__ import annotations

import json
import math
import re
import sys
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from typing import NamedTuple

import pyarrow as pa

from cleaner.text.lost import GAP, LETTERS, UNIT
from cleaner.text.syllable import is_syllable

MIN_COUNT = dict(zip(LETTERS, (6, 100, 100), strict=True))
"""A neighbour seen less often is not written; capitals are rare, and need the common ones only."""
WORST = -8 * UNIT

_TOKEN = re.compile(r"[^\W\d_]+|[.!?]")


class Seen(NamedTuple):
    """A frame of one set of letters and, with a side, a word before (`<`) or behind (`>`) it."""

    letters: str
    frame: str
    side: str = ""
    word: str = ""


def texts(paths: Iterable[str]) -> Iterator[str]:
    """The `text` of each line."""
    for path in paths:
        with pa.input_stream(path, compression="detect") as stream:
            for line in stream.read().splitlines():
                yield json.loads(line)["text"]


def count(documents: Iterable[str]) -> dict[Seen, Counter[str]]:
    """Letters in each frame, alone and beside each word."""
    found: dict[Seen, Counter[str]] = defaultdict(Counter)
    places = [(letters, re.compile(f"[{letters}]")) for letters in LETTERS]
    for text in documents:
        words = [".", *(w.lower() for w in _TOKEN.findall(text)), "."]
        for at in range(1, len(words) - 1):
            for letters, pattern in places:
                match = pattern.search(words[at])
                if match is None or not is_syllable(words[at]):
                    continue
                frame = words[at][: match.start()] + GAP + words[at][match.end() :]
                found[Seen(letters, frame)][match.group()] += 1
                found[Seen(letters, frame, "<", words[at - 1])][match.group()] += 1
                found[Seen(letters, frame, ">", words[at + 1])][match.group()] += 1
    return found


def weights(found: dict[Seen, Counter[str]]) -> Iterator[tuple[Seen, dict[str, int]]]:
    """Logarithms of frequency, of frames and of the neighbours that turn a choice."""
    frames = {
        seen: {c: counts[c] for c in seen.letters if is_syllable(seen.frame.replace(GAP, c))}
        for seen, counts in found.items()
        if not seen.side
    }
    for seen, counts in found.items():
        base = frames[Seen(seen.letters, seen.frame)]
        if len(base) < 2:
            continue
        prior = {c: round(UNIT * math.log(n + 0.5)) for c, n in base.items()}
        if not seen.side:
            yield seen, prior
        elif counts.total() >= MIN_COUNT[seen.letters]:
            total = sum(base.values())
            rise = {c: math.log(counts[c] / (n + 0.5) + 0.2 / total) for c, n in base.items()}
            top = max(rise.values())
            shift = {c: max(WORST, round(UNIT * (r - top))) for c, r in rise.items()}
            best = max(base, key=lambda c: prior[c] + shift[c])
            if best != max(base, key=lambda c: prior[c]):
                yield seen, shift


def main() -> None:
    """Read, count, write."""
    for seen, row in sorted(weights(count(texts(sys.argv[1:])))):
        values = " ".join(f"{c}{n}" for c, n in sorted(row.items()))
        print(seen.letters, seen.frame, seen.side + seen.word, values, sep="\t")


if __name__ == "__main__":
    main()
