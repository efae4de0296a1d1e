import sys

import pytest

from cleaner.noise import frame
from cleaner.noise.judge import Judge
from cleaner.noise.pack import load_packs
from tests.noise.test_neighbour import BODY, TITLES

JUDGE = Judge(load_packs())
MENU = ["Home", "News", "Sports", "River watch", "Weather", "Small ads", "Contact Us", "Log in"]
FOOTER = ["Privacy Policy", "Our valley", "Terms of Use", "Letters page", "© 2021 Example Post"]
STALLS = [
    "Plum cakes", "Beeswax candles", "Hazel baskets", "Goat cheese", "Used tools", "Old maps",
    "Pressed flowers", "Wool socks", "Bread ovens", "Tin soldiers", "River stones", "Hand bells",
    "Cherry juice", "Paper kites",
]  # fmt: skip


def cut(lines: list[str]) -> dict[str, str]:
    """Line → rule, of the lines that go."""
    verdicts = JUDGE.judge(lines)
    return {line: v.rule for line, v in zip(lines, verdicts, strict=True) if v is not None}


def test_menus_above_the_article_are_cut_and_the_headline_stays() -> None:
    """Unknown lines among known menu lines go; the headline over the text does not."""
    menu = [*MENU[:4], "Markets of the week", *MENU[4:]]
    rules = cut([*menu, TITLES[0], *BODY])
    assert set(rules) == set(menu)
    assert rules["Small ads"] == "noise.frame_head"


def test_footers_below_the_article_are_cut() -> None:
    """Unknown lines among known footer lines go."""
    rules = cut([*BODY, *FOOTER])
    assert set(rules) == set(FOOTER)
    assert rules["Letters page"] == "noise.frame_tail"


def test_lines_between_the_article_and_the_footer_stay() -> None:
    """What follows the text before the first known noise may be its end."""
    assert "Jane Example, Millbrook" not in cut([*BODY, "Jane Example, Millbrook", *FOOTER])


def test_prose_that_resumes_in_a_frame_stays() -> None:
    """Paragraphs between footer lines, and the line that heads them, are kept."""
    note = [
        "Readers often ask why the post prints the old names of the villages on its maps.",
        "We do so because the mill books use them, and the mill books are what we trust.",
    ]
    rules = cut([*BODY, *FOOTER, "A note on names", *note, *MENU])
    assert set(FOOTER) <= rules.keys()
    assert not rules.keys() & {"A note on names", *note}


def test_a_column_of_words_above_the_headline_is_cut_without_known_noise() -> None:
    """A menu in a language without a pack is seen by its shape."""
    rules = cut([*STALLS, TITLES[1], *BODY, *BODY])
    assert set(rules) == set(STALLS)
    assert set(rules.values()) == {"noise.menu_column"}
    for words in (
        ["Uutiset", "Urheilu", "Kulttuuri", "Sää", "Talous"],
        ["ዜና", "ስፖርት", "ባህል", "ጤና", "ጥበብ"],
    ):
        assert set(cut([*words, TITLES[1], *BODY])) == set(words)


@pytest.mark.parametrize(
    "column",
    [
        STALLS[:4],
        [*STALLS[:6], STALLS[2]],
        [*STALLS[:5], "12 stalls"],
        ["Plum cakes,", "and wine,", "and bread", "are gone", "the moon", "is up."],
    ],
)
def test_few_words_choruses_figures_and_verses_are_no_menu(column: list[str]) -> None:
    """Less than five words, words that come again, numbers and punctuation are left alone."""
    assert cut([*column, TITLES[1], *BODY]) == {}


def test_a_column_of_words_inside_the_page_or_without_an_article_stays() -> None:
    """Only what stands above a headline and its text is a menu."""
    assert cut([*BODY, *STALLS[:8], TITLES[1], *BODY]) == {}
    assert cut([*STALLS[:8], TITLES[1]]) == {}
    assert cut([*STALLS[:8], *BODY]) == {}


def test_long_runs_of_short_lines_are_cut_among_known_noise() -> None:
    """A list of links below the article is seen by its length and by lines that packs know."""
    links = [f"{line} and how they came to be sold here" for line in STALLS]
    rules = cut(
        [
            *BODY,
            *BODY,
            *links,
            "Privacy Policy",
            *links[:6],
            "Terms of Use",
            "Contact Us",
            "Facebook",
        ]
    )
    assert set(rules) == {*links, "Privacy Policy", "Terms of Use", "Contact Us", "Facebook"}


def test_long_runs_without_known_noise_stay() -> None:
    """Lists of tools, casts of plays and glossaries are long runs, too."""
    text = [*BODY, *BODY]
    assert cut([*text, *(f"{line}, the maker of them all" for line in STALLS)]) == {}


@pytest.mark.parametrize(
    ("line", "rule"),
    [
        ("Trang chủ | Quảng cáo | Bạn đọc viết | RSS", "noise.joined_links"),
        ("Contact us | Advertise | Corrections | Modern village news", "noise.joined_links"),
        ("Trang nhất / Chính trị / Chính sách mới", "noise.joined_links"),
        ("Главная · Новости · Спорт", "noise.joined_links"),
        ("Trang chủ > Văn hóa", "noise.breadcrumb"),
        ("Thể thao › Bóng đá trong nước", "noise.breadcrumb"),
        ("Sport → Rowing", "noise.breadcrumb"),
    ],
)
def test_joined_names_of_menus_are_cut_outside_the_article(line: str, rule: str) -> None:
    """A menu or a path on one line is known by its cells."""
    hit = [hit.rule for hit in JUDGE.look(line)[1]]
    assert rule in hit
    assert line in cut([line, TITLES[0], *BODY])
    assert cut([*BODY, line, *BODY]) == {}


@pytest.mark.parametrize(
    "line",
    [
        "Milk > Butter",
        "Northbank | 14 | 9 | 30",
        "Health - Education",
        "5 > 3",
        "Ferry / boat",
        "The sport of kings | An essay",
    ],
)
def test_other_cells_are_no_menu(line: str) -> None:
    """Tables, comparisons and titles have bars and arrows, too."""
    assert not {hit.rule for hit in JUDGE.look(line)[1]} & {
        "noise.joined_links",
        "noise.breadcrumb",
    }


def test_footnotes_and_broken_sentences_are_no_frame() -> None:
    """Lines that end in a mark back to the text, and pieces of sentences, stay among anchors."""
    notes = [f"See the mill book of 189{n}, folio {n} ↩" for n in range(5)]
    pieces = ["The stalls of", "Millbrook", ", and those of", "Northbank", "are open. On", "Friday"]
    for lines in (notes, pieces):
        assert not cut([*BODY, "Share this", *lines, *FOOTER]).keys() & set(lines)


def test_short_runs_lists_and_tables_stay() -> None:
    """Few lines, numbered lines, and lines with figures are no menus."""
    text = [*BODY, *BODY]
    assert cut([*text, *STALLS[:8]]) == {}
    assert cut([*text, *(f"{n}. {line}" for n, line in enumerate(STALLS, 1))]) == {}
    assert cut([*text, *(f"{line} 3 : {n}" for n, line in enumerate(STALLS))]) == {}
    assert cut([*text, *(f"- {line}" for line in STALLS)]) == {}


def test_long_lists_stay_where_there_is_little_article() -> None:
    """A page that is a list has no frame to cut."""
    assert cut(STALLS) == {}
    assert cut([*STALLS, "They were all sold by noon, said the mayor of the town."]) == {}


def test_code_in_a_frame_stays() -> None:
    """Program lines are not menu lines, also when known noise stands around them."""
    code = ["def main() -> int:", "value = read(path)", "return value[0]", 'print("done")']
    assert not cut([*BODY, "Share this", *code, *FOOTER]).keys() & set(code)


def test_every_digit_is_seen() -> None:
    """The quick look at a line misses none of what counts as a digit."""
    digits = [chr(point) for point in range(sys.maxunicode + 1) if chr(point).isdigit()]
    assert len(digits) > 600
    assert all(frame._has_digit(f"a{digit}b") for digit in digits)
    assert not frame._has_digit("Ⅻ a ½ b ㊿")
