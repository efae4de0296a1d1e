"""Which field of JSONL and Parquet records is the text, the id, the URL and the date."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

TEXTS = ("text", "content", "raw_content", "body", "maintext", "article", "document")
URLS = ("url", "link", "uri", "source_url", "page_url", "target_uri", "permalink")
DATES = ("date", "date_publish", "published", "published_at", "pub_date", "timestamp", "created_at")
IDS = ("id", "doc_id", "_id", "uuid", "guid", "article_id", "document_id", "warc_record_id")
MOST_FIELDS = 300
"""Fields that are looked at; those that come first."""
_MOST_VALUES = 4096
_URL = re.compile(r"(?i)https?://[^\s/]")
_DATE = re.compile(
    r"\d{4}([-/.])\d{1,2}\1\d{1,2}(?!\d)|\d{1,2}([-/.])\d{1,2}\2\d{4}(?!\d)"
    r"|(?:19|20)\d\d[01]\d[0-3]\d(?:\d{6})?$|(?:\w{3,9}, )?\d{1,2} \w{3,9} \d{4}\b"
)


@dataclass(slots=True)
class Field:
    """What the values of a field look like; counts of records."""

    name: str
    present: int = 0
    texts: int = 0
    chars: int = 0
    urls: int = 0
    dates: int = 0
    names: int = 0
    """Values that can be an id: text of some characters, or a whole number."""
    values: set[str] = field(default_factory=set)
    """The first of these, to see whether any comes twice."""

    def add(self, value: object) -> None:
        """Count one value; null counts for nothing."""
        if value is None:
            return
        self.present += 1
        if isinstance(value, str):
            self.texts += 1
            self.chars += len(value)
            self.urls += bool(_URL.match(value))
            self.dates += bool(_DATE.match(value.strip()))
        self.dates += isinstance(value, date)
        if isinstance(value, str | int) and not isinstance(value, bool):
            shown = str(value) if isinstance(value, str) or abs(value) < 1 << 128 else ""
            if 0 < len(shown) <= 200:
                self.names += 1
                if len(self.values) < _MOST_VALUES:
                    self.values.add(shown)


@dataclass(slots=True)
class Fields:
    """The fields of some records."""

    records: int = 0
    by_name: dict[str, Field] = field(default_factory=dict)

    def add(self, record: Mapping[str, object]) -> None:
        """Look at one record."""
        self.records += 1
        for name, value in record.items():
            if name and (name in self.by_name or len(self.by_name) < MOST_FIELDS):
                self.by_name.setdefault(name, Field(name)).add(value)


@dataclass(frozen=True, slots=True)
class Guess:
    """The fields to read, by name; None where there is none. `others` are all the rest.

    `has_text`: records whose text field is text, of `records`.
    """

    text: str
    id: str | None
    url: str | None
    date: str | None
    others: tuple[str, ...]
    has_text: int
    records: int
    mean_chars: int


def guess(fields: Fields) -> Guess | None:
    """The fields that records of this kind are read by; None if no field holds text.

    A field goes by what it holds; its name decides where several would do.
    """
    found = list(fields.by_name.values())
    text = _text(found)
    if text is None:
        return None
    rest = [f for f in found if f is not text]
    url = _named([f for f in rest if _most(f.urls, f.present)], URLS)
    day = _named([f for f in rest if _most(f.dates, f.present)], DATES)
    own = [f for f in rest if f.present == fields.records == f.names and _is_distinct(f)]
    own = [f for f in own if f.name.lower() in IDS or f.name.lower().endswith("_id")]
    identity = _named([f for f in own if f not in (url, day)], IDS)
    used = {text.name, *(f.name for f in (url, day, identity) if f)}
    return Guess(
        text=text.name,
        id=identity.name if identity else None,
        url=url.name if url else None,
        date=day.name if day else None,
        others=tuple(f.name for f in found if f.name not in used),
        has_text=text.texts,
        records=fields.records,
        mean_chars=text.chars // max(1, text.texts),
    )


def _text(fields: list[Field]) -> Field | None:
    """The field with most characters; one with a telling name, if it has a fifth of them."""
    candidates = [f for f in fields if f.chars and not _most(f.urls, f.present)]
    if not candidates:
        return None
    most = max(f.chars for f in candidates)
    large = [f for f in candidates if f.chars * 5 >= most]
    named = [f for f in large if f.name.lower() in TEXTS]
    if named:
        return min(named, key=lambda f: TEXTS.index(f.name.lower()))
    return max(candidates, key=lambda f: (f.chars, f.name))


def _named(fields: list[Field], names: tuple[str, ...]) -> Field | None:
    """The field whose name says most; among others the one that most records have."""
    if not fields:
        return None
    ranks = {name: rank for rank, name in enumerate(names)}
    return min(fields, key=lambda f: (ranks.get(f.name.lower(), len(names)), -f.present, f.name))


def _most(count: int, of: int) -> bool:
    """Three of four: records of other makers may lie among them."""
    return of > 0 and count * 4 >= of * 3


def _is_distinct(field_: Field) -> bool:
    return len(field_.values) == min(field_.names, _MOST_VALUES)
