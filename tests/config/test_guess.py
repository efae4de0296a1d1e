"""Which field of records is what: by its values first, by its name where several would do."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

import pytest

from cleaner.config.guess import MOST_FIELDS, Fields, Guess, guess

LONG = "A story of some length, with words enough to be told from a title. " * 5


def guessed(records: Sequence[Mapping[str, object]]) -> Guess | None:
    """The guess for these records."""
    fields = Fields()
    for record in records:
        fields.add(record)
    return guess(fields)


def record(number: int, **values: object) -> dict[str, object]:
    """A record of a crawl with a field of every kind."""
    return {
        "id": f"n-{number}",
        "title": "A title",
        "text": LONG,
        "url": f"https://a.example/{number}",
        "date": "2024-05-06",
        **values,
    }


def test_the_usual_names_are_found() -> None:
    """Text, id, URL and date under the names that the config has by default."""
    found = guessed([record(n) for n in range(5)])
    assert found == Guess("text", "id", "url", "date", ("title",), 5, 5, len(LONG))


def test_other_names_are_found_by_their_values() -> None:
    """The longest text, what begins with http, what looks like a date, what never comes twice."""
    records = [
        {"story": LONG, "site": "a", "at": f"http://b.example/{n}", "when": "6 May 2024",
         "page_id": n}
        for n in range(9)
    ]  # fmt: skip
    found = guessed(records)
    assert found is not None
    assert (found.text, found.id, found.url, found.date) == ("story", "page_id", "at", "when")
    assert found.others == ("site",)


def test_a_name_alone_is_not_enough() -> None:
    """A `text` of some letters is none beside real text; a `url` that is none is no URL."""
    records = [record(n, text="x", content=LONG, url="none", date="soon", id=1) for n in range(4)]
    found = guessed(records)
    assert found is not None
    assert (found.text, found.id, found.url, found.date) == ("content", None, None, None)


def test_a_telling_name_wins_over_a_somewhat_longer_field() -> None:
    """`html` beside `text` is longer, and not what is wanted."""
    found = guessed([record(n, html=LONG * 3) for n in range(3)])
    assert found is not None
    assert found.text == "text"


def test_records_of_others_may_lie_among_them() -> None:
    """Three of four are enough for URL and date; the text is counted where it is."""
    records = [record(n) for n in range(8)] + [{"other": 1, "date": 7, "url": None}]
    found = guessed(records)
    assert found is not None
    assert (found.url, found.date, found.id) == ("url", "date", None)
    assert (found.has_text, found.records) == (8, 9)


@pytest.mark.parametrize(
    ("value", "is_date"),
    [
        ("2024-05-06T07:08:09Z", True),
        ("2024/5/6", True),
        ("06.05.2024 07:08", True),
        ("20240506", True),
        ("20240506070809", True),
        ("Mon, 6 May 2024 07:08:09 GMT", True),
        (datetime(2024, 5, 6, tzinfo=UTC), True),
        ("2024", False),
        ("123456789012", False),
        ("1.2.3", False),
        ("call 06-05", False),
        (20240506, False),
    ],
)
def test_dates(value: object, is_date: bool) -> None:
    """Dates as crawlers write them; other numbers are none."""
    found = guessed([{"text": LONG, "d": value} for _ in range(3)])
    assert found is not None
    assert (found.date == "d") is is_date


def test_no_text_no_guess() -> None:
    """Numbers, URLs and nothing at all hold no text."""
    assert guessed([{"a": 1, "u": "https://a.example/"}, {}]) is None
    assert guessed([]) is None


def test_hostile_records_stay_small() -> None:
    """Names without end, numbers without end, and an empty name."""
    wide = {f"k{n}": "v" for n in range(10_000)} | {"": "v", "n": 10**5000, "t": True}
    fields = Fields()
    fields.add(wide)
    assert len(fields.by_name) == MOST_FIELDS
    assert guess(fields) is not None
