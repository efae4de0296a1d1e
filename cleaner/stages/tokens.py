"""The tokens stage: how many tokens a document has, by a tokenizer file that the user gives."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator, Mapping, Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from pydantic import Field

from cleaner.errors import ConfigError, Fault
from cleaner.stages.base import Apply, MapStage

if TYPE_CHECKING:
    from cleaner.batch import Batch

COLUMN = "n_tokens"
LIBRARY = "tokenizers"
MOST_FILE = 512 << 20
"""Bytes of a tokenizer file; those of large vocabularies have some 30 MB."""
AT_ONCE = 1 << 18
"""Characters that are given to the tokenizer at once: what it makes of one takes some 100 bytes."""


class Tokens(MapStage):
    """Annotates `n_tokens`: each document is tokenized as a whole, nothing is cut off or padded."""

    version: ClassVar[int] = 1
    summary: ClassVar[str] = "counts tokens by a tokenizer file"
    adds: ClassVar[frozenset[str]] = frozenset({COLUMN})
    measures: ClassVar[bool] = True

    use: Literal["tokens"] = "tokens"
    file: str | None = Field(
        default=None,
        description="The tokenizer: a `tokenizer.json` of the library tokenizers. Nothing is ever"
        " downloaded.",
    )
    special_tokens: bool = Field(
        default=False,
        description="Count the special tokens, too, that the tokenizer puts around every text.",
    )

    def can_edit(self) -> bool:
        """It annotates."""
        return False

    def publishes(self) -> Mapping[str, Any]:
        """See `Stage.publishes`."""
        import pyarrow as pa

        return {COLUMN: pa.int64()}

    def digest(self) -> str:
        """The file's sha256, and the version of the library.

        Raises:
            ConfigError: see `open`.
        """
        return f"{hashlib.sha256(self._data()).hexdigest()} {LIBRARY} {self._library()}"

    def open(self) -> Apply:
        """Load the tokenizer.

        Raises:
            ConfigError: the library is not installed, or the file is no tokenizer.
        """
        count = self._counter()

        def apply(batch: Batch) -> Batch:
            import pyarrow as pa

            texts: list[str] = batch.text.to_pylist()
            counts = [number for part in _parts(texts) for number in count(part)]
            return batch.annotate(COLUMN, pa.array(counts, pa.int64()))

        return apply

    def _counter(self) -> Any:
        """The function from texts to their numbers of tokens."""
        self._library()
        # the run has its own workers; asked for where the library's threads would be started
        os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
        from tokenizers import Tokenizer

        try:
            tokenizer = Tokenizer.from_buffer(self._data())
            tokenizer.no_truncation()
            tokenizer.no_padding()
            tokenizer.encode_batch_fast(["a"], add_special_tokens=self.special_tokens)
        except BaseException as error:
            if _is_ours(error):
                raise
            why = f"{self.file} is no tokenizer: {' '.join(str(error).split())[:200]}"
            hint = "a tokenizer.json, such as Tokenizer.save of the library tokenizers writes"
            raise self._fault(why, hint) from error

        def count(texts: Sequence[str]) -> list[int]:
            try:
                found = tokenizer.encode_batch_fast(texts, add_special_tokens=self.special_tokens)
            except BaseException as error:
                if _is_ours(error):
                    raise
                raise ValueError(f"the tokenizer fails: {error}") from error
            return [len(encoding) for encoding in found]

        return count

    def _data(self) -> bytes:
        if self.file is None:
            raise self._fault("expected a tokenizer file", "such as `file: tokenizer.json`")
        path = Path(self.file)
        try:
            if not path.is_file():
                what = "is not a file" if path.exists() else "does not exist"
                raise self._fault(f"{self.file} {what}", "relative to the folder of the command")
            with path.open("rb") as stream:
                data = stream.read(MOST_FILE + 1)
        except (OSError, ValueError) as error:
            raise self._fault(f"{self.file} cannot be read: {error}") from error
        if len(data) > MOST_FILE:
            raise self._fault(f"{self.file} has more than {MOST_FILE >> 20} MiB")
        return data

    def _library(self) -> str:
        """The version of the library that is installed."""
        try:
            return version(LIBRARY)
        except PackageNotFoundError:
            expected = f"the library {LIBRARY} is not installed"
            raise self._fault(expected, "pip install 'cleaner[tokens]'") from None

    def _fault(self, expected: str, hint: str = "") -> ConfigError:
        return ConfigError([Fault(f"stage {self.name}", "file", expected, hint)])


def _is_ours(error: BaseException) -> bool:
    """Whether it is not the tokenizer's: that raises `Exception`, or a panic, which is none."""
    return not isinstance(error, Exception) and type(error).__name__ != "PanicException"


def _parts(texts: Sequence[str]) -> Iterator[Sequence[str]]:
    """Texts in their order, about `AT_ONCE` characters at a time; a longer one by itself."""
    start = size = 0
    for number, text in enumerate(texts):
        if number > start and size + len(text) > AT_ONCE:
            yield texts[start:number]
            start, size = number, 0
        size += len(text)
    if start < len(texts):
        yield texts[start:]
