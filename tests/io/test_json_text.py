"""Texts taken straight from a line's bytes are what the parser would have given."""

from __future__ import annotations

import json

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from cleaner.io.json_record import BadJson, Fields, parse_bytes, parse_line
from cleaner.io.json_text import TextFinder
from cleaner.io.records import ReadOptions

OPTIONS = ReadOptions()
FINDER = TextFinder("text")
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3)
    ),
    max_leaves=5,
)
KEYS = st.sampled_from(["text", "texts", "tex", 'a"text', "", "url", "é"]) | st.text(max_size=6)


def whole(line: bytes) -> Fields | str:
    """What the plain way gives: fields, or the reason and detail of the fault."""
    try:
        return parse_line(line.decode(), OPTIONS)
    except (BadJson, UnicodeDecodeError) as error:
        return str(error)


def fast(line: bytes) -> Fields | str:
    """What the fast way gives."""
    try:
        return parse_bytes(line, OPTIONS, FINDER)
    except (BadJson, UnicodeDecodeError) as error:
        return str(error)


@given(st.dictionaries(KEYS, JSON, max_size=4), st.text(), st.booleans(), st.integers(0, 4))
def test_records_come_out_as_from_the_parser(
    rest: dict[str, object], text: str, escaped: bool, place: int
) -> None:
    """Whatever lies before and behind the text, escaped or not, the fields are the same."""
    pairs = [*rest.items()]
    pairs.insert(min(place, len(pairs)), ("text", text))
    line = json.dumps(dict(pairs), ensure_ascii=escaped).encode("utf-8", "surrogatepass")
    assert fast(line) == whole(line)


@given(st.text(), st.booleans())
def test_a_plain_record_takes_the_fast_way(text: str, escaped: bool) -> None:
    """A string under the key is found, unescaped and counted, without the parser."""
    line = json.dumps({"id": [{"text": 1}], "text": text}, ensure_ascii=escaped).encode()
    found = FINDER.find(line)
    assert found is not None
    assert found.utf8.decode() == text
    assert found.chars == len(text)
    assert json.loads(b'"' + line[found.start : found.end] + b'"') == text


SPOILT = st.sampled_from([*b'\\"{}[]:,u0D8c\n\t \x00\x1f\x80\xbf\xc0\xc2\xe0\xed\xf0\xf4\xf5\xff'])


@settings(max_examples=400)
@given(st.text(max_size=20), st.booleans(), st.data())
def test_spoilt_lines_have_the_parsers_fault(text: str, escaped: bool, data: st.DataObject) -> None:
    """A line with some bytes changed gives the very fault, or fields, that the parser gives."""
    line = bytearray(json.dumps({"a": "b", "text": text, "c": 1}, ensure_ascii=escaped).encode())
    for _ in range(data.draw(st.integers(1, 3))):
        line[data.draw(st.integers(0, len(line) - 1))] = data.draw(SPOILT)
    assert fast(bytes(line)) == whole(bytes(line))


@given(st.binary(max_size=40))
@example(b"\xf4\x90\x80\x80")
@example(b"\xed\xa0\x80")
@example(b"\xe0\x9f\xbf")
@example(b"\xf0\x8f\xbf\xbf")
@example(b"\xc1\xbf")
@example(b"aaaaaaa\xc3")
@example(b"\xc3\\n\xa9")
def test_only_utf_8_is_taken(data: bytes) -> None:
    """What Python does not decode is never found; what it decodes is found as it is."""
    line = b'{"text": "' + data + b'"}'
    found = FINDER.find(line)
    try:
        text = json.loads(line.decode())["text"]
        text.encode()
    except ValueError:
        assert found is None or fast(line) == whole(line)
    else:
        assert found is not None
        assert found.utf8.decode() == text


@pytest.mark.parametrize(
    "line",
    [
        b'{"text": "a", "text": "b"}',
        b'{"te\\u0078t": "a", "text": "b"}',
        b'{"a": "text", "text": "b"}',
        b'{"a": {"text": "x"}, "text": "y"}',
        b'[{"text": "x"}]',
        b'{"text": "x"',
        b'{"text": "x"}}',
        b'{"text" "x"}',
        b'{"text": "\\ud83d\\ude00"}',
        b'{"text": "\\ud83d"}',
        b'{"text": "\\ude00\\ud83d"}',
        b'{"text": "\\u12"}',
        b'{"text": "\\x41"}',
        b'{"text": "a\\',
        b'{"text": 5}',
        b'{"text": null}',
        b'{"text":\t"x" , "n": -0}',
        b'{"text": "x", "n": 1.0, "deep": ' + b"[" * 200 + b"]" * 200 + b"}",
        b'"text": "x"',
        b"{",
    ],
)
def test_odd_lines_are_left_to_the_parser(line: bytes) -> None:
    """Keys twice, keys escaped, nested keys, halves of pairs, broken lines: no difference."""
    assert fast(line) == whole(line)


def test_a_long_line_makes_the_buffer_grow() -> None:
    """A text longer than the buffer is found, and so is a short one after it."""
    finder = TextFinder("text")
    for text in ("x", "đ" * 200_000, "y"):
        found = finder.find(json.dumps({"text": text}, ensure_ascii=False).encode())
        assert found is not None
        assert found.utf8.decode() == text
