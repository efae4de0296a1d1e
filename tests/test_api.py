"""`clean` one text and `run` a config from Python."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import ClassVar

import pytest
from hypothesis import given
from hypothesis import strategies as st

import cleaner
from cleaner.api import DEFAULT_STAGES, Cleaned, Fix, Removed, clean
from cleaner.errors import CleanerError, ConfigError
from cleaner.stages.base import Apply, MapStage

LINKS = "tests.cli.links:Links"
MENU = "Home | News | Sport | Weather | Contact us\n"
PAGE = f"""Caf\xc3\xa9 owners meet on the island\r
{MENU}
The owners of nine cafes met on the island on Tuesday to talk about the price of beans, \
which has doubled in a year, and about the ferry that brings them.  \r


"We have to raise our prices, and we do not like it," said the oldest of them, who has \
poured coffee at the harbour since the first ferry came.\r
© 2024 Island Paper. All rights reserved.
"""


class Counted(MapStage):
    """Counts how often it is opened."""

    opened: ClassVar[list[str]] = []
    note: str = ""

    def open(self) -> Apply:
        """Remember it."""
        self.opened.append(self.note)
        return lambda batch: batch


def rebuilt(original: str, cleaned: Cleaned) -> str:
    """The original without what was removed and with what was fixed."""
    pieces: list[tuple[int, int, str]] = [(r.start, r.end, "") for r in cleaned.removed]
    pieces += [(f.start, f.end, f.after) for f in cleaned.fixes]
    at, out = 0, []
    for start, end, text in sorted(pieces):
        assert start >= at
        out += [original[at:start], text]
        at = end
    return "".join([*out, original[at:]])


def test_a_page_is_cleaned_with_all_reasons() -> None:
    """Spans are those of the original; together they explain the text."""
    found = clean(PAGE)
    assert found.text.startswith("Café owners meet on the island\n")
    assert "Home | News" not in found.text
    assert "All rights reserved" not in found.text
    assert "\r" not in found.text
    assert "which has doubled in a year, and about the ferry that brings them.\n" in found.text
    menu = next(r for r in found.removed if r.text == MENU)
    assert PAGE[menu.start : menu.end] == MENU
    assert menu.reason
    assert menu.score is not None
    assert Fix(3, 5, "unicode.mojibake", "\xc3\xa9", "é") in found.fixes
    assert rebuilt(PAGE, found) == found.text
    assert (found.language, found.dropped) == (None, None)


@given(st.lists(st.sampled_from([*PAGE.splitlines(True), "\xa0\n", "\n", "x"]), max_size=12))
def test_spans_explain_the_text_whatever_it_is(lines: list[str]) -> None:
    """Disjoint, of the original, and complete."""
    original = "".join(lines)
    found = clean(original)
    if found.dropped is None:
        assert rebuilt(original, found) == found.text
    else:
        assert (found.text, found.dropped) == ("", "tidy.empty")
    assert all(original[r.start : r.end] == r.text for r in found.removed)
    assert all(original[f.start : f.end] == f.before for f in found.fixes)


def test_a_fixed_piece_that_is_then_cut_is_removed() -> None:
    """One entry for a piece, the last; its text is that of the original."""
    text = "stay\nlink caf\xc3\xa9\n"
    found = clean(text, stages=["unicode", LINKS])
    assert found.text == "stay\n"
    reason = "a link: begins with 'link'"
    assert found.removed == (Removed(5, 16, "links.line", reason, 0.75, "link caf\xc3\xa9\n"),)
    assert found.fixes == ()


def test_stages_and_options_are_those_of_a_config() -> None:
    """In the order given, with the keys that a config has."""
    assert clean("a \n\n\nb", stages=["tidy"]).text == "a\n\nb"
    options = {"tidy": {"trailing_space": False}, LINKS: {"word": "b"}}
    assert clean("a \nb\n", stages=[LINKS, "tidy"], options=options).text == "a \n"
    assert clean(" \n", stages=[]).text == " \n"
    assert DEFAULT_STAGES[0] == "unicode"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"stages": ["near_duplicates"]}, "'near_duplicates' needs the whole corpus"),
        ({"stages": ["tidyy"]}, "did you mean 'tidy'?"),
        ({"options": {"nose": {}}}, "did you mean 'noise'?"),
        ({"stages": ["tidy"], "options": {"tidy": {"blank_line": True}}}, "blank_line"),
        ({"stages": ["tidy"], "options": {"tidy": {"id": object()}}}, "cannot be written as JSON"),
        ({"stages": ["tidy", "tidy"]}, "is named 'tidy', too"),
    ],
)
def test_wrong_settings_are_refused_in_words(arguments: dict[str, object], message: str) -> None:
    """With the nearest name, or what to do instead; the same errors as of a config."""
    with pytest.raises(ConfigError) as error:
        clean("a", **arguments)  # type: ignore[arg-type]
    assert message in str(error.value)


def test_half_a_surrogate_pair_is_a_value_error() -> None:
    """It says where it is and what to do."""
    with pytest.raises(
        ValueError, match=r"half a surrogate pair, '\\ud83d', at character 2 .*decode"
    ):
        clean("ab\ud83d")
    with pytest.raises(TypeError, match="takes text, not bytes"):
        clean(b"ab")  # type: ignore[arg-type]


def test_stages_are_opened_once() -> None:
    """A loop over many texts loads nothing again; other settings are opened on their own."""
    use = "tests.test_api:Counted"
    for text in ("a", "b", "c"):
        assert clean(text, stages=[use], options={use: {"note": "one"}}).text == text
    clean("d", stages=[use], options={use: {"note": "two"}})
    assert Counted.opened.count("one") == 1
    assert Counted.opened.count("two") == 1


def test_the_language_chooses_the_noise_rules() -> None:
    """Rules of other languages are not asked; those of no language are. Unknown ones have none."""
    text = "The council met on Monday to talk about the harbour wall and its repair.\nĐọc thêm\n"
    assert [r.rule for r in clean(text).removed] == ["vi.related_head"]
    assert [r.rule for r in clean(text, language="vi-VN").removed] == ["vi.related_head"]
    for language in ("en", "xx"):
        found = clean(text, language=language)
        assert (found.removed, found.language) == ((), language)
    packs = {"noise": {"packs": ["vi"]}}
    assert clean(text, language="en", options=packs).removed


def test_a_language_stage_tells_the_language() -> None:
    """What was found goes before what was said."""
    text = "Le conseil s'est réuni lundi pour parler du mur du port et de sa réparation.\n"
    assert clean(text, language="en", stages=["language"]).language == "fr"


def test_many_threads_get_what_one_gets() -> None:
    """No state is shared between calls."""
    texts = [f"{PAGE}{'line ' * n}\n" for n in range(24)]
    alone = [clean(t) for t in texts]
    barrier = threading.Barrier(6)

    def work(start: int) -> list[Cleaned]:
        barrier.wait()
        return [clean(t) for t in texts[start:] + texts[:start]]

    with ThreadPoolExecutor(6) as pool:
        for start, found in enumerate(pool.map(work, range(6))):
            assert found == alone[start:] + alone[:start]


def test_a_config_is_run_with_changes(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A path or a loaded config; what is given replaces what it says."""
    pages = tmp_path / "pages"
    pages.mkdir()
    for n in range(3):
        (pages / f"{n}.txt").write_text(f"page number {n}  \n")
    config = tmp_path / "a.yaml"
    config.write_text("input: nowhere\nstages: [{use: tidy}]\nengine: inline\n")
    output = tmp_path / "out"
    report = cleaner.run(config, input=pages, output=output, workers=1, quiet=True)
    assert report.output == output
    assert report.corpus["documents"] == 3
    assert capsys.readouterr() == ("", "")
    loaded = cleaner.load_config(config)
    again = cleaner.run(loaded, input=[pages], output=str(output), workers=1)
    assert again.up_to_date
    assert "up to date" in capsys.readouterr().err
    first = cleaner.run(loaded, input=pages, output=output, limit=2, quiet=True)
    assert first.corpus["documents"] == 2
    assert first.output == tmp_path / "out-limit-2"
    with pytest.raises(CleanerError, match="nowhere"):
        cleaner.run(loaded, output=output, quiet=True)
    with pytest.raises(ConfigError, match="workers"):
        cleaner.run(config, workers=0, quiet=True)


def test_a_text_of_noise_alone_tells_what_was_cut() -> None:
    """What was removed before the document was dropped is still told."""
    head = "Đọc thêm\n"
    found = clean(head + "XSMB 9/12 - Trực tiếp kết quả xổ số miền Bắc hôm nay 9/12 - KQXSMB\n")
    assert (found.text, found.dropped) == ("", "tidy.empty")
    assert [r.rule for r in found.removed] == ["vi.related_head", "vi.lottery_teaser"]
    assert found.removed[0].text == head
