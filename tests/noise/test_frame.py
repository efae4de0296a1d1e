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
    rules = cut([*MENU, TITLES[0], *BODY])
    assert set(rules) == set(MENU)
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


def test_long_runs_of_short_lines_are_cut_without_known_noise() -> None:
    """A menu in a language without a pack is seen by its length."""
    rules = cut([*STALLS, TITLES[1], *BODY, *BODY])
    assert set(rules) == set(STALLS)
    assert set(rules.values()) == {"noise.link_run"}


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
