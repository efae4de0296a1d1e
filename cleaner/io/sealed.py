"""Arrow IPC files whose batches are checked as they are read: what tasks hand to each other.

    an Arrow IPC file | bounds | seals | tail

`bounds` are where each batch begins in the file, and where the last one ends. A seal is the xxh3-64
of bytes: of all that is no batch, of each batch, and, in a file that is sealed by column, of the
buffers of each of its columns, so that a few columns can be read without looking at the others.
`tail` counts batches and columns, seals the trailer itself, and ends the file with its kind.
Nothing is given to Arrow's parsers, or to a caller, before its seal was looked at.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import xxhash
from numpy.typing import NDArray

from cleaner.errors import IntegrityError

_KIND = int.from_bytes(b"sealed 1", "little")
_TAIL = 4
"""Words at the end of a file: batches, columns, seal of the trailer up to here, kind."""
_WORD = np.dtype("<u8")


class SealedWriter:
    """Writes a file batch by batch; it counts only once it is closed."""

    def __init__(self, path: Path, schema: pa.Schema, *, by_column: bool = False) -> None:
        self._path = path
        self._columns = len(schema) if by_column else 0
        self._sink = pa.OSFile(str(path), "wb")
        self._writer = pa.ipc.new_file(self._sink, schema)
        self._bounds = [self._sink.tell()]

    def write_batch(self, batch: pa.RecordBatch) -> None:
        """Append a batch."""
        self._writer.write_batch(batch)
        self._bounds.append(self._sink.tell())

    def close(self) -> None:
        """Finish the file and seal it."""
        self._writer.close()
        self._sink.close()
        trailer = self._trailer()
        with self._path.open("ab") as file:
            file.write(trailer)

    def abandon(self) -> None:
        """Let go of the file as it is, unsealed."""
        self._sink.close()

    def _trailer(self) -> bytes:
        count = len(self._bounds) - 1
        seals = np.zeros((count, 1 + self._columns), _WORD)
        data = _mapped(self._path)
        for number in range(count):
            seals[number, 0] = _batch_seal(data, self._bounds, number)
        if self._columns:
            file = pa.ipc.open_file(data)
            for number in range(count):
                columns = file.get_batch(number).columns
                seals[number, 1:] = [_column_seal(column) for column in columns]
        frame = _frame_seal(data, self._bounds)
        words = [np.array(self._bounds, _WORD), np.array([frame], _WORD), seals.ravel()]
        head = np.concatenate([*words, np.array([count, self._columns], _WORD)]).tobytes()
        tail = np.array([xxhash.xxh3_64_intdigest(head), _KIND], _WORD)
        return head + tail.tobytes()


class Sealed:
    """An open file, mapped into memory. What it gives stays good after it is closed."""

    def __init__(self, path: Path) -> None:
        """Open a file.

        Raises:
            IntegrityError: it is missing, cut, of another kind, or its frame was changed.
        """
        self._path = path
        try:
            data = _mapped(path)
        except (OSError, pa.ArrowInvalid) as error:
            raise _damaged(path, str(error)) from None
        end, self._bounds, frame, self._seals = self._read_trailer(data)
        self._data = data.slice(0, end)
        self._looked_at: set[tuple[int, str]] = set()
        if _frame_seal(self._data, self._bounds) != frame:
            raise _damaged(path, "its schema or footer is not what was written")
        self._reader = pa.ipc.open_file(self._data)
        self.schema: pa.Schema = self._reader.schema
        self.num_record_batches: int = len(self._seals)

    def get_batch(self, number: int) -> pa.RecordBatch:
        """A batch.

        Raises:
            IntegrityError: it is not what was written.
        """
        if _batch_seal(self._data, self._bounds, number) != self._seals[number, 0]:
            raise _damaged(self._path, f"batch {number} is not what was written")
        return self._reader.get_batch(number)

    def get_columns(self, number: int, names: Sequence[str]) -> pa.RecordBatch:
        """Some columns of a batch of a file that is sealed by column.

        Raises:
            IntegrityError: they are not what was written.
        """
        try:
            batch: pa.RecordBatch = self._reader.get_batch(number).select(list(names))
        except (OSError, pa.ArrowException) as error:
            raise _damaged(self._path, f"batch {number}: {error}") from None
        for name, column in zip(names, batch.columns, strict=True):
            if (number, name) in self._looked_at:
                continue
            seal = self._seals[number, 1 + self.schema.get_field_index(name)]
            if _column_seal(column) != seal:
                raise _damaged(self._path, f"{name} of batch {number} is not what was written")
            self._looked_at.add((number, name))
        return batch

    def _read_trailer(self, data: pa.Buffer) -> tuple[int, list[int], int, NDArray[np.uint64]]:
        """Where the Arrow file ends; bounds; seal of the frame; seals, a row for each batch."""
        at = data.size - _TAIL * _WORD.itemsize
        tail = _words(data, at, _TAIL) if at >= 0 else np.zeros(_TAIL, _WORD)
        if tail[3] != _KIND:
            raise _damaged(self._path, "it is cut, or no file of this program")
        count, columns = int(tail[0]), int(tail[1])
        length = count + 2 + count * (1 + columns) + _TAIL
        end = data.size - length * _WORD.itemsize
        if end < 0 or columns > 1 << 20:
            raise _damaged(self._path, "its trailer is not what was written")
        head = data.slice(end, (length - 2) * _WORD.itemsize)
        if xxhash.xxh3_64_intdigest(head) != tail[2]:
            raise _damaged(self._path, "its trailer is not what was written")
        words = _words(data, end, length)
        seals = words[count + 2 : -_TAIL].reshape(count, 1 + columns)
        return end, words[: count + 1].tolist(), int(words[count + 1]), seals


@contextmanager
def sealed_writer(
    path: Path, schema: pa.Schema, *, by_column: bool = False
) -> Iterator[SealedWriter]:
    """A file to write; uncompressed, so that it is read without a copy."""
    writer = SealedWriter(path, schema, by_column=by_column)
    try:
        yield writer
    except BaseException:
        writer.abandon()
        raise
    writer.close()


def _mapped(path: Path) -> pa.Buffer:
    with pa.memory_map(str(path), "r") as file:
        return file.read_buffer()


def _words(data: pa.Buffer, start: int, count: int) -> NDArray[np.uint64]:
    return np.frombuffer(data.slice(start, count * _WORD.itemsize), _WORD)


def _frame_seal(data: pa.Buffer, bounds: Sequence[int]) -> int:
    """Of what comes before the first batch and after the last."""
    state = xxhash.xxh3_64(data.slice(0, bounds[0]))
    state.update(data.slice(bounds[-1]))
    return state.intdigest()


def _batch_seal(data: pa.Buffer, bounds: Sequence[int], number: int) -> int:
    """Of a batch as it lies in the file."""
    low, high = bounds[number], bounds[number + 1]
    return xxhash.xxh3_64_intdigest(data.slice(low, high - low))


def _column_seal(column: Any) -> int:
    """Of a column's length and buffers as they lie in the file."""
    state = xxhash.xxh3_64(len(column).to_bytes(8, "little"))
    for buffer in column.buffers():
        state.update(b"" if buffer is None else buffer)
        state.update((0 if buffer is None else buffer.size).to_bytes(8, "little"))
    return state.intdigest()


def _damaged(path: Path, what: str) -> IntegrityError:
    return IntegrityError(f"{path}: {what}; run the same command again to make it anew")
