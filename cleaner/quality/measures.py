"""What rules are about: counts of a batch of documents, each made when it is first asked for."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from cleaner.quality import tokens
from cleaner.quality.repetition import DUPLICATE, TOP, Repeated, ngrams, repeated
from cleaner.quality.tokens import Lines, lines_of
from cleaner.quality.words import distinct_stop_words
from cleaner.text.words import count_words

_MIX = np.uint64(0x9FB21C651E98DF25)


class Measures:
    """Counts of documents; arrays have a value a document unless a name ends in `_lines`.

    Args:
        text: the documents, without nulls.
        langs: the language of each, as ISO 639-1, or None where it is not known.
        punctuation: whether punctuation marks are tokens.
    """

    def __init__(
        self, text: pa.StringArray, langs: Sequence[str | None], *, punctuation: bool = True
    ) -> None:
        self.text = text
        self.langs = langs
        self._punctuation = punctuation
        self._found: dict[str, NDArray[np.bool_]] = {}

    def __len__(self) -> int:
        return len(self.text)

    @cached_property
    def lines(self) -> Lines:
        """Lines and tokens."""
        return lines_of(self.text, punctuation=self._punctuation)

    def column(self, number: int) -> NDArray[np.int64]:
        """A column of `tokens.COLUMNS`, a value a line."""
        return self.lines.looks[:, number].astype(np.int64)

    def total(self, number: int) -> NDArray[np.int64]:
        """A column of `tokens.COLUMNS`, summed up per document."""
        return self.lines.sums(self.lines.looks[:, number])

    @cached_property
    def n_chars(self) -> NDArray[np.int64]:
        """Code points."""
        return self.lines.size

    @cached_property
    def n_words(self) -> NDArray[np.int64]:
        """Words, as the column `n_words` of a corpus counts them."""
        return count_words(self.text)

    @cached_property
    def n_tokens(self) -> NDArray[np.int64]:
        """Words and, if they count, punctuation marks."""
        return np.diff(self.lines.starts)

    @cached_property
    def text_lines(self) -> NDArray[np.bool_]:
        """Lines that are not blank."""
        return self.lines.looks[:, tokens.CHARS] > 0

    @cached_property
    def n_lines(self) -> NDArray[np.int64]:
        """Lines that are not blank."""
        return self.lines.sums(self.text_lines)

    @cached_property
    def mean_word_length(self) -> NDArray[np.float64]:
        """Letters and digits a word; NaN where most words are characters without spaces."""
        alone = self.total(tokens.ALONES)
        spaced = self.n_words - alone
        return np.where(alone > spaced, np.nan, ratio(self.total(tokens.SPACED), spaced))

    @cached_property
    def stop_words(self) -> NDArray[np.float64]:
        """Different function words; NaN where the language has no list."""
        return distinct_stop_words(self.text, self.langs)

    @cached_property
    def ngrams(self) -> dict[int, NDArray[np.float64]]:
        """N → share of the document's characters in repeated n-grams, see `repetition.ngrams`."""
        found = ngrams(self.lines.tokens, self.lines.starts)
        shares = (ratio(found[:, at], self.n_chars) for at in range(found.shape[1]))
        return dict(zip((*TOP, *DUPLICATE), shares, strict=True))

    @cached_property
    def repeated_lines(self) -> Repeated:
        """Lines that their document had before; blank ones are no lines."""
        where = self.text_lines
        first = np.concatenate([[0], np.cumsum(where)])[self.lines.first]
        chars = self.column(tokens.CHARS)[where]
        return repeated(self.lines.keys[where], chars, first)

    @cached_property
    def repeated_paragraphs(self) -> Repeated:
        """Paragraphs, runs of lines between blank ones, that their document had before."""
        where = np.flatnonzero(self.text_lines)
        docs = np.searchsorted(self.lines.first, where, side="right") - 1
        begins = np.ones(len(where), bool)
        begins[1:] = (np.diff(where) > 1) | (np.diff(docs) > 0)
        heads = np.flatnonzero(begins)
        if not len(heads):
            nothing = np.zeros(len(self), np.int64)
            return Repeated(nothing, nothing, nothing)
        place = np.arange(len(where)) - np.repeat(heads, np.diff(np.append(heads, len(where))))
        salted = (self.lines.keys[where] ^ (place.astype(np.uint64) << np.uint64(40))) * _MIX
        keys = np.add.reduceat(salted ^ (salted >> np.uint64(32)), heads)
        chars = np.add.reduceat(self.column(tokens.CHARS)[where] + 1, heads) - 1
        first = np.searchsorted(docs[heads], np.arange(len(self) + 1))
        return repeated(keys, chars, first.astype(np.int64))

    def share_of_lines(self, hits: NDArray[np.bool_]) -> NDArray[np.float64]:
        """The share of the lines that are not blank; `hits` has a value a line."""
        return ratio(self.lines.sums(hits & self.text_lines), self.n_lines)

    def matches_lines(self, pattern: str) -> NDArray[np.bool_]:
        """Lines that an RE2 pattern finds, in either case; looked for once, read-only."""
        if pattern not in self._found:
            hits = pc.match_substring_regex(self.lines.text, pattern, ignore_case=True)
            found = np.asarray(hits.to_numpy(zero_copy_only=False), bool)
            found.flags.writeable = False
            self._found[pattern] = found
        return self._found[pattern]


def ratio(part: NDArray[np.int64], whole: NDArray[np.int64]) -> NDArray[np.float64]:
    """Part / whole; 0 where there is nothing."""
    return np.divide(part, whole, out=np.zeros(len(whole), np.float64), where=whole > 0)
