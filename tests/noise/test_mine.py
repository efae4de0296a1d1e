"""Mining: exact counts per document and host, whatever the order; and what is held to be text."""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Sequence

import numpy as np
import pyarrow as pa
import pytest

from cleaner.noise.line import look
from cleaner.noise.mine import HOSTS, Counted, Miner, Place
from cleaner.noise.mined import SITE, Mined, Repeat, Stands, guard, rank
from cleaner.noise.pack import Packs, load_packs
from cleaner.text.key import key_text

Page = tuple[str, str | None]
NO_RULES = Packs(())
PARAGRAPH = (
    "The council met on {0} and spoke for hours about the bridge, its {0} piers and the cost "
)
PARAGRAPH += "of the paint, before it went home without a vote; the mayor, who had hoped for more, "
PARAGRAPH += "said to number {0} that she would try again in the spring, when the river is lower."


def counted(pages: Sequence[Page], at_least: int = 3, batch: int = 7, **limits: int) -> Counted:
    """Count some pages, a few at a time."""
    miner = Miner(sum(len(text) for text, _ in pages), at_least, **limits)
    parts = [pages[i : i + batch] for i in range(0, len(pages), batch)]
    columns = [
        (
            pa.array([text for text, _ in part], pa.string()),
            pa.array([host for _, host in part], pa.string()),
            Place(np.zeros(len(part), np.int64), np.arange(n * batch, n * batch + len(part))),
        )
        for n, part in enumerate(parts)
    ]
    for batch_ in columns:
        miner.count(*batch_)
    if not miner.holds_all:
        for batch_ in columns:
            miner.gather(*batch_)
    return miner.counted()


def mined(
    pages: Sequence[Page], at_least: int = 3, packs: Packs = NO_RULES, **limits: int
) -> Mined:
    """Count and rank some pages."""
    return rank(counted(pages, at_least, **limits), packs)


def by_text(found: Mined) -> dict[str, Repeat]:
    """The lines by their text."""
    return {one.text: one for one in found.lines}


def article(number: int, *frame: str) -> str:
    """A page of two paragraphs with a frame below."""
    return "\n".join([f"Title {key_name(number)}", "", PARAGRAPH.format(number), *frame])


def key_name(number: int) -> str:
    """A word for each number, without digits."""
    return "".join(chr(ord("a") + int(digit)) for digit in str(number)) * 2


def random_pages(seed: int, count: int = 160) -> list[Page]:
    """Pages of words, numbers and shared lines on some hosts."""
    rng = random.Random(seed)
    frame = [f"menu {key_name(n)}" for n in range(30)]
    pages: list[Page] = []
    for number in range(count):
        lines = rng.sample(frame, rng.randint(0, 12))
        lines += [f"Page {rng.randint(1, 4)} of {rng.randint(5, 900)}"]
        lines += [f"only here {key_name(number)}", "", "  ", *lines[:2]]
        rng.shuffle(lines)
        host = rng.choice([None, "a.example", "b.example", "c.example"])
        pages.append((rng.choice(["\n", "\r\n"]).join(lines), host))
    return pages


@pytest.mark.parametrize("seed", range(4))
def test_counts_are_those_of_a_dictionary(seed: int) -> None:
    """Documents with a line, and of each host, told by the reference keys of the words."""
    pages = random_pages(seed)
    documents: dict[str, set[int]] = defaultdict(set)
    of_host: dict[tuple[str, str], set[int]] = defaultdict(set)
    for number, (text, host) in enumerate(pages):
        for line in text.splitlines():
            for key in {key_text(line), key_text(line, fold_digits=True)}:
                if key:
                    documents[key].add(number)
                    of_host[key, host or ""].add(number)
    found = by_text(mined(pages))
    wanted = {key for key, pages_ in documents.items() if len(pages_) >= 3}
    assert {key_text(text, fold_digits=one.any_number) for text, one in found.items()} <= wanted
    plain = {key for key in wanted if not any(c.isdigit() for c in key)}
    assert plain <= {key_text(text) for text in found}
    for text, one in found.items():
        key = key_text(text, fold_digits=one.any_number)
        assert one.documents == len(documents[key])
        assert one.hosts == len({host for k, host in of_host if k == key and host})
        for share in one.by_host:
            assert share.documents == len(of_host[key, share.host])
            assert share.of == sum(host == share.host for _, host in pages)


def test_the_order_and_the_cut_into_batches_change_nothing() -> None:
    """Not the counts, nor, where there are too many lines, where the threshold comes to lie."""
    pages = random_pages(9)
    shuffled = random.Random(1).sample(pages, len(pages))
    one = counted(pages, 2, batch=160, keys=25, pairs=40)
    other = counted(shuffled, 2, batch=11, keys=25, pairs=40)
    assert one.at_least == other.at_least > 2
    assert len(one.keys) <= 25
    assert one.keys.tolist() == other.keys.tolist()
    assert one.sums[:, 0].tolist() == other.sums[:, 0].tolist()
    assert one.pairs.tolist() == other.pairs.tolist()
    assert one.pair_documents.tolist() == other.pair_documents.tolist()
    exact = dict(zip(*columns_of(counted(pages, 2)), strict=True))
    assert all(exact[k] == n for k, n in zip(*columns_of(one), strict=True))
    kept = dict(zip(*columns_of(one), strict=True))
    assert all(k in kept for k, n in exact.items() if n >= one.at_least)


def test_what_is_held_is_what_would_be_read_again() -> None:
    """A corpus that fits the memory and one that does not give the same."""
    pages = random_pages(3)
    held, again = counted(pages), counted(pages, held_bytes=10_000)
    assert held.keys.tolist() == again.keys.tolist()
    assert held.sums.tolist() == again.sums.tolist()
    assert held.pair_documents.tolist() == again.pair_documents.tolist()
    assert held.samples.equals(again.samples)
    assert held.stay == again.stay


def columns_of(found: Counted) -> tuple[list[int], list[int]]:
    """Keys and their documents."""
    return found.keys.tolist(), found.sums[:, 0].tolist()


def test_numbers_are_folded_unless_nearly_all_are_the_same() -> None:
    """`Page 3 of 9` on each page is one line with any number; a telephone number is its own."""
    pages = [(article(n, f"Page {n} of 40", "Call 0299 000 118"), "a.example") for n in range(12)]
    found = by_text(mined(pages))
    (pager,) = [one for one in found.values() if one.text.startswith("Page")]
    assert (pager.any_number, pager.documents) == (True, 12)
    assert len({sample.text for sample in pager.samples}) == 3
    assert not found["Call 0299 000 118"].any_number
    assert not any("Call" in text and one.any_number for text, one in found.items())


def test_heads_of_lists_of_links_are_told() -> None:
    """What follows them differs from page to page; the lines of a menu follow each other."""
    menu = ["Home page", "World affairs", "Local sports", "Local weather", "About the paper"]
    pages = [
        (
            article(n, "Read more here", *(f"link {key_name(n * 9 + i)}" for i in range(4)), *menu),
            "x",
        )
        for n in range(1, 30)
    ]
    found = by_text(mined(pages))
    assert found["Read more here"].is_head
    assert not any(found[line].is_head for line in menu)
    assert all(found[line].is_tail for line in menu)


def test_ends_of_pages_are_told_once_and_whole() -> None:
    """The longest end that most pages share; the place of its lines is the end."""
    foot = ["About the paper", "Terms of use", "All rights reserved"]
    pages = [(article(n, f"more {key_name(n)}", *foot), "a.example") for n in range(1, 25)]
    pages += [(article(n, "Terms of use", "All rights reserved"), None) for n in range(30, 80)]
    found = mined(pages)
    assert [one.lines for one in found.tails] == [
        ("Terms of use", "All rights reserved"),
        tuple(foot),
    ]
    assert [one.documents for one in found.tails] == [74, 24]
    assert by_text(found)["All rights reserved"].is_tail


def test_a_line_on_very_many_hosts_is_estimated() -> None:
    """Its documents are exact; the number of hosts comes from the lowest hashes."""
    pages = [(article(n, "Privacy policy"), f"h{n}.example") for n in range(1500)]
    one = by_text(mined(pages))["Privacy policy"]
    assert one.documents == 1500
    assert not one.hosts_exact
    assert 1500 * 0.8 < one.hosts <= 1500
    assert len(one.by_host) <= HOSTS


def test_lines_of_copied_articles_are_guarded() -> None:
    """What only copies of one article repeat is its text."""
    body = "\n".join(
        f"It was the {key_name(n)} day of the fair and the rain held." for n in range(8)
    )
    pages = [(f"A fair in the rain\nby the river\n{body}\nThe end of the fair", None)] * 4
    pages += [(article(n, "Terms of use"), None) for n in range(20)]
    found = by_text(mined(pages))
    assert found["The end of the fair"].guard == "copies"
    assert found["Terms of use"].guard == ""


@pytest.mark.parametrize(
    ("text", "share", "hosts", "stands", "wanted"),
    [
        ("Terms of use", 0.01, 1, Stands(), ""),
        ("He said that he would not come.", 0.1, 9, Stands(), "sentence"),
        ("He said that he would not come.", 0.1, 400, Stands(), "sentence"),
        ("We use cookies on this page.", 0.6, 1, Stands(), ""),
        ("Conclusion", 0.01, 50, Stands(inner=0.9), "inside"),
        ("Match report", 0.01, 1, Stands(first=0.8), "title"),
        ("Skip to content", 0.01, 40, Stands(first=0.8), ""),
        ("Nguyễn Thị Minh", 0.01, 1, Stands(), "name"),
        ("Privacy Policy", 0.01, 40, Stands(), ""),
        ("12/03/2024 10:20", 0.9, 40, Stands(), "numbers"),
        ("menu\u202e", 0.9, 40, Stands(), "unprintable"),
        ("Terms\u00a0of use", 0.01, 1, Stands(), ""),
    ],
)
def test_what_speaks_for_text(
    text: str, share: float, hosts: int, stands: Stands, wanted: str
) -> None:
    """A quarter of a site's pages, or many hosts, outweigh some of it."""
    assert guard(look(text), share, hosts, stands) == wanted


def test_shares_of_small_hosts_say_nothing() -> None:
    """Three of three pages are no frame; of `SITE` pages they are a share."""
    small = [(article(n, "Order Status"), "small.example") for n in range(4)]
    large = [(article(n, "Gift Cards"), "large.example") for n in range(SITE)]
    others = [(article(n), "other.example") for n in range(200, 300)]
    found = by_text(mined(small + large + others))
    assert found["Order Status"].guard == "name"
    assert found["Order Status"].share == pytest.approx(4 / 124)
    assert found["Gift Cards"].guard == ""
    assert found["Gift Cards"].share == 1.0
    least = rank(counted(small + large + others), NO_RULES, min_share=0.5)
    assert set(by_text(least)) == {"Gift Cards"}


def test_rules_that_find_a_line_are_named() -> None:
    """So that only what is new is proposed."""
    pages = [(article(n, "Đọc thêm", "Nhịp Đời hôm nay"), None) for n in range(9)]
    found = by_text(mined(pages, packs=load_packs()))
    assert found["Đọc thêm"].rule == "vi.related_head"
    assert found["Nhịp Đời hôm nay"].rule == ""


@pytest.mark.parametrize(
    "pages",
    [
        [("", None)],
        [("\n \n", "a.example"), ("", None)],
        [("***\n---", None)] * 5,
        [("word " * 400, None)] * 5,
    ],
)
def test_pages_without_lines_give_nothing(pages: list[Page]) -> None:
    """Empty pages, blank and marks alone, and nothing but long paragraphs."""
    found = mined(pages)
    assert (found.lines, found.tails, found.documents) == ((), (), len(pages))


def test_rare_lines_inside_articles_stay_for_comparison() -> None:
    """Not those of the frame, nor those that come often."""
    pages = [
        (
            f"Title\nAt {key_name(n)} the rain began to fall again.\n{PARAGRAPH.format(n)}\nmenu",
            None,
        )
        for n in range(1, 40)
    ]
    found = mined(pages)
    assert "At bbbb the rain began to fall again." in found.stay
    assert "menu" not in found.stay
