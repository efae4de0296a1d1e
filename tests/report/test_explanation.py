"""An explained document: every change marked, with and without colour, and nothing else lost."""

from __future__ import annotations

import io
import re
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len
from rich.console import Console

from cleaner.report.explain import Dropped, Explanation, KeptAt, Quarantined, Span
from cleaner.report.explanation import lines_of, print_explanation

ORIGINAL = (
    "Home\n"
    "\n"
    "The mayor\xa0said: caf\xc3\xa9\u200b &amp; tea.\r\n"
    "See also: ten things that nobody on the island would ever tell a stranger\n"
    "The mayor said: café & tea.\n"
    "\x1b[2J[red]end[/]\tof \u202eit  "
)


def span(before: str, rule: str, action: str = "cut", after: str = "", **facts: object) -> Span:
    """The change of the first place where `before` stands."""
    start = ORIGINAL.index(before)
    base = Span(start, start + len(before), 0, "s", rule, action, f"reason of {rule}", "",
                before, after, None, None)  # fmt: skip
    return replace(base, **facts)  # type: ignore[arg-type]


SPANS = (
    span("\xa0", "u.space", "rewrite", " "),
    span("\xc3\xa9", "u.mojibake", "rewrite", "\xe9"),
    span("\u200b", "u.hidden", "rewrite"),
    span("&amp;", "u.entity", "rewrite", "&"),
    span("\r", "u.line_end", "rewrite"),
    span("Home\n", "n.menu", step=1000, score=0.98, evidence="pattern"),
    span(
        "See also: ten things that nobody on the island would ever tell a stranger\n",
        "n.head",
        step=1000,
        score=0.9,
        evidence="a head, and what follows it",
    ),
    span(
        "The mayor said: café & tea.\n",
        "p.near",
        step=2000,
        score=1.0,
        kept=KeptAt("0123456789abcdef01234567", ORIGINAL.index("The"), ORIGINAL.index("See"), 1.0),
    ),
    replace(span("\n", "t.blank", step=3000), start=5, end=6),
    span("  ", "t.end", step=3000),
)
EXPLAINED = Explanation(
    source="pages/a.txt",
    record=0,
    doc_id="0123456789abcdef01234567",
    original=ORIGINAL,
    text="x" * 40,
    encoding="windows-1258",
    spans=SPANS,
    dropped=None,
    quarantined=None,
    annotations={"lang": "en", "lang_score": 0.987654, "byline": "A\x1b[1mB"},
)
PLAIN = r"""pages/a.txt  record 0  0123456789abcdef01234567
kept: 40 of 167 characters (24 %), 10 changes
lang en · lang_score 0.99 · byline A\x1b[1mB · encoding windows-1258

[-cut-]  [-before-]{+after+}

1 │ [-Home-]  ‹ n.menu pattern (0.98)
2 │ [-⏎-]  ‹ t.blank
3 │ The mayor[-\xa0-]{+·+}said: caf[-Ã©-]{+é+}[-\u200b-] [-&amp;-]{+&+} tea.
  │   ‹ u.space
  │   ‹ u.mojibake
  │   ‹ u.hidden
  │   ‹ u.entity
4 │ [-See also: ten things that nobody on the island would ever tell a
  │ stranger-]  ‹ n.head a head, and what follows it (0.90)
5 │ [-The mayor said: café & tea.-]  ‹ p.near (1.00) stays in line 3
6 │ \x1b[2J[red]end[/]  of \u202eit[-··-]  ‹ t.end

rule        times   chars  reason
u.space         1       ·  reason of u.space
u.mojibake      1       ·  reason of u.mojibake
u.hidden        1       1  reason of u.hidden
u.entity        1       ·  reason of u.entity
u.line_end      1       1  reason of u.line_end
n.menu          1       5  reason of n.menu
n.head          1      74  reason of n.head
p.near          1      28  reason of p.near
t.blank         1       1  reason of t.blank
t.end           1       2  reason of t.end
"""


def printed(explanation: Explanation, *, colour: bool = False, no_color: bool = False) -> str:
    """An explanation as it is printed at 80 columns."""
    file = io.StringIO()
    environment = {"TERM": "xterm"} if colour else {}
    console = Console(
        file=file, width=80, force_terminal=colour, no_color=no_color, markup=False,
        highlight=False, emoji=False, _environ=environment,
    )  # fmt: skip
    print_explanation(explanation, console)
    return file.getvalue()


def test_it_reads_like_this_without_colour() -> None:
    """Cuts and rewrites in marks; the rule at the end of the line, or below it where it is long."""
    assert printed(EXPLAINED) == PLAIN


def test_with_colour_cuts_are_red_and_struck_through() -> None:
    """Rewrites are before→after; there are no marks; escapes are the terminal's own."""
    text = printed(EXPLAINED, colour=True)
    assert "\x1b[9;31mHome\x1b[0m" in text
    assert "\x1b[9;33mÃ©\x1b[0m\x1b[2m→\x1b[0m\x1b[1;33mé\x1b[0m" in text
    assert "[-" not in text
    plain = re.sub(r"\x1b\[[0-9;]*m", "", text)
    assert "3 │ The mayor\\xa0→·said: cafÃ©→é\\u200b &amp;→& tea." in plain
    assert "\x1b" not in plain


def test_no_color_on_a_terminal_gets_marks() -> None:
    """NO_COLOR takes the colours away, not the meaning."""
    text = printed(EXPLAINED, colour=True, no_color=True)
    assert "[-Home-]" in text
    assert "\x1b[31m" not in text


def test_no_line_is_wider_than_the_terminal() -> None:
    """Also with characters of two cells."""
    wide = replace(EXPLAINED, original="東京" * 100 + "\n" + "e" * 300, spans=())
    assert max(map(cell_len, printed(wide).splitlines())) <= 80


@pytest.mark.parametrize(
    ("change", "line"),
    [
        (
            {
                "dropped": Dropped(
                    "lang", "lang.other", "not a language to keep", "lang=fr", 0.5, None
                )
            },
            "dropped by lang: lang.other  not a language to keep  lang=fr (0.50)",
        ),
        (
            {
                "quarantined": Quarantined("read", "bad_json", "no \x07 value"),
                "original": "",
                "spans": (),
            },
            "quarantined by read: bad_json: no \\x07 value",
        ),
    ],
)
def test_what_is_not_in_the_corpus_says_why(change: dict[str, object], line: str) -> None:
    """In the second line."""
    explanation = replace(EXPLAINED, text=None, **change)  # type: ignore[arg-type]
    assert printed(explanation).splitlines()[1] == line


@given(st.text(st.sampled_from("ab \n\r\u2028"), max_size=40), st.data())
def test_the_lines_hold_the_whole_original(original: str, data: st.DataObject) -> None:
    """Kept and cut parts, joined, are the original without its line ends, in as many lines."""
    spans, at = [], 0
    while at < len(original) and data.draw(st.booleans()):
        start = data.draw(st.integers(at, len(original) - 1))
        at = data.draw(st.integers(start + 1, len(original)))
        part = original[start:at]
        spans.append(Span(start, at, 0, "s", "r", "cut", "", "", part, "", None, None))
    lines = lines_of(original, spans)
    shown = "".join(p.text for line in lines for p in line.parts)
    assert _bare(shown) == _bare(original)
    assert [s for line in lines for s in line.spans] == spans


def _bare(text: str) -> str:
    return re.sub(r"[\n\r\u2028]", "", text)


def test_a_repaired_line_end_is_no_change_in_the_text() -> None:
    """A lone carriage return that became a line feed still ends a line; CRLF ends one, not two."""
    text = "one\rtwo\r\nthree\r\n"
    rows = [
        Span(3, 4, 0, "s", "r", "rewrite", "", "", "\r", "\n", None, None),
        Span(7, 8, 0, "s", "r", "rewrite", "", "", "\r", "", None, None),
        Span(14, 16, 0, "s", "r", "rewrite", "", "", "\r\n", "\n", None, None),
    ]
    lines = lines_of(text, rows)
    assert [(line.start, [(p.kind, p.text) for p in line.parts]) for line in lines] == [
        (0, [("keep", "one")]),
        (4, [("keep", "two")]),
        (9, [("keep", "three")]),
    ]
