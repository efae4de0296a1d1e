"""Texts to plant duplicates in: the user's own, recombined where they are few, or generated."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path
from random import Random

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

_PIECE = re.compile(r"[^.!?;\n]+[.!?;]*")
_PIECE_WORDS = 24
"""Words of a piece at most: two texts that share one or two pieces stay far from being copies."""
_LINE_PIECES = 3

_VOWELS = "aàáảãạeêioôơuưyầấệịọốờợủứ"
_ONSETS = ("", *"bcdđghklmnprstvx", "ch", "gh", "kh", "ng", "nh", "ph", "th", "tr")
_CODAS = ("", "", *"cimnotu", "ch", "ng", "nh")
_MOST_SYLLABLES = 3


def read_texts(paths: Sequence[Path], field: str = "text") -> list[str]:
    """The texts of JSONL files, plain or compressed, in order; records without text are left out.

    Raises:
        OSError, ValueError: a file cannot be read, or a line is no JSON object.
    """
    texts = []
    for path in paths:
        with pa.input_stream(str(path), compression="detect") as raw:
            for line in io.TextIOWrapper(raw, encoding="utf-8"):
                text = json.loads(line).get(field)
                if isinstance(text, str) and text.strip():
                    texts.append(text)
    return texts


def generated(documents: int, short: bool, seed: int) -> Iterator[str]:
    """Texts of made-up words, drawn by a Zipf law: seven of ten look Vietnamese, three English.

    Two of them share next to nothing. Lengths are spread like those of news articles (a median of
    about 420 words), or of short posts (110).
    """
    vocabularies = [_vocabulary(seed, 0), _vocabulary(seed, 1)]
    # NumPy promises that RandomState gives these numbers for ever (NEP 19).
    random = np.random.RandomState(seed)
    median, least = (110.0, 60) if short else (420.0, 120)
    for _ in range(documents):
        size = int(np.clip(median * np.exp(0.55 * random.standard_normal()), least, 20 * median))
        vocabulary, shares = vocabularies[random.random_sample() < 0.3]
        words = vocabulary[np.searchsorted(shares, random.random_sample(size))]
        ends = np.cumsum(random.randint(6, 26, size // 6 + 1))
        marks = np.where(random.random_sample(len(ends)) < 0.3, ".\n", ". ")
        lines = np.split(words, ends[ends < size])
        yield "".join(" ".join(line) + mark for line, mark in zip(lines, marks, strict=False))


def recombined(texts: Sequence[str], documents: int, short: bool, seed: int) -> Iterator[str]:
    """Texts put together from sentences of the given ones, each about as often as any other.

    Raises:
        ValueError: the texts have no words.
    """
    pieces = [piece for text in texts for piece in _pieces(text)]
    if not pieces:
        raise ValueError("the texts have no words")
    random = Random(f"recombined:{seed}")
    low, high = (350, 900) if short else (800, 4600)
    stack: list[int] = []
    for _ in range(documents):
        wanted = low + int(random.random() * (high - low))
        parts: list[str] = []
        size = 0
        while size < wanted:
            if not stack:
                stack = list(range(len(pieces)))
                random.shuffle(stack)
            piece = pieces[stack.pop()]
            parts.append(piece + ("\n" if len(parts) % _LINE_PIECES == _LINE_PIECES - 1 else " "))
            size += len(piece.encode()) + 1
        yield "".join(parts).strip()


def _pieces(text: str) -> Iterator[str]:
    """Sentences of a text that have words; long ones are cut."""
    for match in _PIECE.finditer(text):
        words = match[0].split() if any(map(str.isalnum, match[0])) else []
        for low in range(0, len(words), _PIECE_WORDS):
            yield " ".join(words[low : low + _PIECE_WORDS])


def _vocabulary(seed: int, language: int) -> tuple[NDArray[np.str_], NDArray[np.float64]]:
    """Distinct words of language 0 (Vietnamese to look at) or 1; running sum of their shares."""
    random = np.random.RandomState(seed + 7919 * (language + 1))
    onsets, vowels = np.array(_ONSETS), np.array(list(_VOWELS))
    if language:
        onsets, vowels = onsets[onsets != "đ"], np.array(list("aeiou"))
    count = 60_000 if language else 6_000
    columns = [
        part[random.randint(0, len(part), (count, _MOST_SYLLABLES))].tolist()
        for part in (onsets, vowels, np.array(_CODAS))
    ]
    words = [
        "".join(o + v + c for o, v, c in islice(zip(*rows, strict=True), length))
        for rows, length in zip(
            zip(*columns, strict=True),
            (random.randint(0, _MOST_SYLLABLES, count) * language + 1).tolist(),
            strict=True,
        )
    ]
    distinct = np.array(sorted(set(words)))
    random.shuffle(distinct)
    shares = np.cumsum(1.0 / (np.arange(len(distinct)) + 20.0))
    return distinct, shares / shares[-1]
