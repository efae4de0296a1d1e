"""What `index.json` says, and whether this program and these settings may use the index.

The file is the commit: a segment that it does not name is not there. It holds no times, so the same
runs in the same order give the same bytes.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from cleaner.dedup import band, minhash, shingle
from cleaner.errors import InputError, IntegrityError
from cleaner.io.store import fingerprint, write_json
from cleaner.text import words

FORMAT: Final = "cleaner-index-1"
SKETCH = "document-1"
"""Raised when texts too short for a shingle, or their numbers, are sketched in another way."""
NAME = "index.json"
_LIMIT = 64 << 20
"""Bytes of an `index.json` that are read at most; a run or a segment takes some 300."""

Count = Annotated[int, Field(ge=0, lt=1 << 62)]


class _Model(BaseModel):
    model_config = ConfigDict(frozen=True, strict=True, extra="forbid")


class Parameters(_Model):
    """How the texts were sketched; all but `threshold` must be those of who looks something up.

    Attributes:
        unit: what is indexed.
        threshold: Jaccard similarity that the bands were chosen for, and that a query asks for.
        ngram: words in a shingle.
        num_perm, seed: of the signature.
        bands, rows: of the signature.
        fold_digits: all numbers count as one.
        same_numbers: texts whose numbers differ are no copies.
    """

    unit: Literal["document"] = "document"
    threshold: float = Field(gt=0, le=1)
    ngram: int = Field(ge=1, le=32)
    num_perm: int = Field(ge=4, le=1024)
    bands: int = Field(ge=1, le=1024)
    rows: int = Field(ge=1, le=1024)
    seed: int = Field(ge=0, lt=1 << 32)
    fold_digits: bool
    same_numbers: bool

    @model_validator(mode="after")
    def _bands_fit(self) -> Parameters:
        if self.bands * self.rows > self.num_perm:
            raise ValueError("bands × rows is more than num_perm")
        return self

    def unlike(self, other: Parameters) -> list[str]:
        """What differs in a way that matters: `ngram is 5, here 3`."""
        own, others = self.model_dump(), other.model_dump()
        return [
            f"{name} is {others[name]}, here {own[name]}"
            for name in own
            if name != "threshold" and own[name] != others[name]
        ]


class IndexedRun(_Model):
    """A run whose documents are in the index; `digest` is that of its manifest."""

    name: str = Field(max_length=200)
    digest: str = Field(pattern=r"^[0-9a-f]{32}$")
    documents: Count


class IndexFile(_Model):
    """A file of a segment: name in the index's folder, size, xxh3-128."""

    name: str = Field(pattern=r"^[0-9]{5,9}\.(documents|keys)\.arrow$")
    bytes: Count
    xxh3: str = Field(pattern=r"^[0-9a-f]{32}$")


class SegmentEntry(_Model):
    """The files of one build or add, and what they hold."""

    number: Count
    documents: int = Field(ge=0, lt=1 << 32)
    shingles: Count
    keys: Count
    partitions: int = Field(ge=1, le=1 << 16)
    documents_file: IndexFile
    keys_file: IndexFile


class Description(_Model):
    """All of `index.json`."""

    format: Literal["cleaner-index-1"] = FORMAT
    algorithms: dict[str, str]
    parameters: Parameters
    runs: tuple[IndexedRun, ...] = Field(default=(), strict=False)
    segments: tuple[SegmentEntry, ...] = Field(default=(), strict=False)

    @property
    def documents(self) -> int:
        """How many the index holds."""
        return sum(s.documents for s in self.segments)

    def digest(self) -> str:
        """What decides every answer: parameters, versions, and the bytes of the segments."""
        files = [[s.documents_file.xxh3, s.keys_file.xxh3] for s in self.segments]
        return fingerprint([self.algorithms, self.parameters.model_dump(mode="json"), files])


def algorithms() -> dict[str, str]:
    """Names and versions of all that decides a sketch, as this program makes it."""
    return {
        "words": words.algorithm(),
        "shingle": shingle.ALGORITHM,
        "minhash": minhash.ALGORITHM,
        "band": band.ALGORITHM,
        "sketch": SKETCH,
    }


def read_description(index: Path) -> Description:
    """The description of an index that this program may use.

    Raises:
        InputError: there is no index, or it was made by another version of what it depends on.
        IntegrityError: `index.json` is damaged.
    """
    path = index / NAME
    try:
        with path.open("rb") as file:
            data = file.read(_LIMIT + 1)
    except OSError as error:
        why = f"no {NAME} in it" if isinstance(error, FileNotFoundError) else error.strerror
        raise InputError(
            f"{index} is not an index ({why}); "
            f"make one of finished runs with `cleaner index build {index} RUN…`"
        ) from None
    try:
        found = Description.model_validate_json(data)
    except ValidationError as error:
        fault = error.errors(include_url=False)[0]
        where = ".".join(map(str, fault["loc"]))
        what = f"{where}: {fault['msg']}" if where else fault["msg"]
        raise IntegrityError(
            f"{path} is damaged, or was made by another version of cleaner ({what}); {_anew(index)}"
        ) from None
    now = algorithms()
    for name in sorted(now.keys() | found.algorithms.keys()):
        made, here = found.algorithms.get(name, "none"), now.get(name, "none")
        if made != here:
            raise InputError(
                f"{index} cannot be used: it was made with {name} {made!r}, this program has "
                f"{here!r}, and texts that are alike would not be found; {_anew(index)}"
            )
    return found


def write_description(index: Path, description: Description) -> None:
    """Commit: from now on the index is what this says."""
    write_json(index / NAME, description.model_dump(mode="json"))


def _anew(index: Path) -> str:
    return f"make it anew with `cleaner index build --replace {index} RUN…`"
