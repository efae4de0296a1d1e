from collections.abc import Callable

import pytest

from cleaner.noise.judge import Judge, Verdict
from cleaner.noise.line import look
from cleaner.noise.neighbour import glue
from cleaner.noise.pack import load_packs

JUDGE = Judge(load_packs())

BODY = [
    (
        "The county council voted on Tuesday to repair the old stone bridge, ending a dispute that "
        "had split the valley for the better part of a decade."
    ),
    (
        "Residents who depend on the crossing said the decision came late, but they welcomed it, "
        "because the detour adds forty minutes to the school run."
    ),
    (
        "Engineers will begin by draining the mill pond, and they expect to find at least two "
        "broken piers under the silt, according to the survey."
    ),
]
TITLES = [
    "Harvest fair returns to the market square after four dry years",
    "Why the night train to the coast no longer stops at Millbrook",
    "Two teachers and a goat win the county's oddest photo prize",
]
TEASERS = [
    (
        "Stalls, a brass band and the oldest tractor of the valley are back, and so are the queues "
        "for hot plum cake."
    ),
    (
        "The railway says that the platform is too short; the village says that the train became "
        "too long."
    ),
    "The jury needed nine minutes to decide, and the goat needed two to eat the certificate.",
]


def cut(lines: list[str]) -> dict[str, str]:
    """Line → rule, of the lines that are cut."""
    verdicts = JUDGE.judge(lines)
    return {line: v.rule for line, v in zip(lines, verdicts, strict=True) if v is not None}


def triples(count: int) -> list[str]:
    """Groups of title, title, teaser."""
    return [
        line
        for title, teaser in list(zip(TITLES, TEASERS, strict=True))[:count]
        for line in (title, title, teaser)
    ]


def spaced(lines: list[str]) -> list[str]:
    """The lines with a blank one after each."""
    return [part for line in lines for part in (line, "")]


@pytest.mark.parametrize("layout", [list, spaced])
def test_runs_of_title_title_teaser_are_cut(layout: Callable[[list[str]], list[str]]) -> None:
    """Doubled titles with teasers are a link list, with blank lines between or without."""
    rules = cut(layout([*BODY, *triples(3)]))
    assert [line for line in TITLES if rules[line] != "noise.repeated_title"] == []
    assert [line for line in TEASERS if rules[line] != "noise.repeated_teaser"] == []
    assert not rules.keys() & set(BODY)


def test_a_run_of_triples_amid_the_article_is_cut() -> None:
    """Two groups in a row are a list also where the article goes on behind them."""
    rules = cut([*BODY[:2], *triples(2), BODY[2], BODY[0]])
    assert set(rules) == {*TITLES[:2], *TEASERS[:2]}


def test_one_triple_is_cut_at_the_end_only() -> None:
    """A title printed twice is noise after the end, but may be a caption in the article."""
    assert set(cut([*BODY, *triples(1)])) == {TITLES[0], TEASERS[0]}
    assert cut([BODY[0], TITLES[0], TITLES[0], BODY[1], BODY[2]]) == {}


def test_the_evidence_says_how_long_the_run_is() -> None:
    """The score grows with the run; the evidence names it."""
    two, three = (JUDGE.judge([*BODY, *triples(n)])[3] for n in (2, 3))
    assert two == Verdict("noise.repeated_title", 0.96, ("the same title twice", "run of 2"), "cut")
    assert three is not None
    assert three.score > two.score


def test_captions_printed_twice_stay() -> None:
    """A caption that ends like a sentence is not a title, also when it stands twice."""
    caption = "The old stone bridge as it was seen from the mill in the last dry summer."
    assert cut([BODY[0], caption, caption, BODY[1], "", caption, caption, BODY[2]]) == {}


def test_refrains_stay() -> None:
    """A song repeats its lines and has no teasers."""
    song = ["Oh carry me over the river", "Oh carry me over the river", "The night is long"]
    assert cut([*song, *song, "Row slowly home", "Row slowly home"]) == {}


@pytest.mark.parametrize("head", ["Read more", "Bài viết cùng chủ đề", "CÓ THỂ BẠN QUAN TÂM:"])
def test_links_after_a_head_are_cut_until_prose_resumes(head: str) -> None:
    """The head and the links under it go; the article goes on."""
    rules = cut([*BODY[:2], head, *TITLES[:2], BODY[2], BODY[0]])
    assert [rules.get(line) for line in TITLES[:2]] == ["noise.after_head"] * 2
    assert set(rules) == {head, *TITLES[:2]}


VERSES = [
    "The lamp goes round, the water nods",
    "Ten seconds on it asks again",
    "Who is awake upon the bay",
    "You see my light, I see your rain",
    "My wife sends leaves of calendars",
    "The other side is white as snow",
    "I write a line and scratch it out",
    "The waves would laugh if they should know",
]
RESULTS = [
    "Quay United 2-1 Salt Hollow",
    "Port Carrow 0-0 River Side",
    "Railway Stone 3-2 Forest Five",
    "East Marsh Coal 1-4 Loom Town",
    "Saint Issey 2-2 Trewarren",
]
ITEMS = ["1 kg of carp in slices", "4 sour carambolas", "200 g of bacon", "5 dried chillies"]


@pytest.mark.parametrize("rows", [VERSES, RESULTS, ITEMS], ids=["poem", "results", "recipe"])
@pytest.mark.parametrize("links", [0, 2])
def test_a_box_amid_short_lines_ends_where_they_go_on(rows: list[str], links: int) -> None:
    """The head and its links go; verses, rows and items that go on behind them stay."""
    titles = [
        "Council approves new bus lanes on the northern ring road after a long debate",
        "Teachers ask for smaller classes in schools along the whole of the river valley",
    ][:links]
    for at in range(2, len(rows) - 1):
        lines = [*BODY[:2], *rows[:at], "Related articles", *titles, *rows[at:], BODY[2], BODY[0]]
        rules = cut(lines)
        followers = {line for line, rule in rules.items() if rule == "noise.after_head"}
        assert "Related articles" in rules
        assert followers == set(titles), at


def test_a_table_goes_on_below_a_box_though_no_paragraph_follows() -> None:
    """Its figures stand as in the two rows above the box; where they do not the list goes on."""
    links = ["Council approves new bus lanes on the northern ring road after a long debate"]
    head, tail = [*BODY, "Sunday's results"], ["Share", "Facebook", "WhatsApp"]
    lines = [*head, *RESULTS[:2], "Related articles", *links, *RESULTS[2:], *tail]
    rules = cut(lines)
    followers = {line for line, rule in rules.items() if rule == "noise.after_head"}
    assert followers == set(links)
    assert not followers & set(RESULTS)
    other = [f"{line} on day 7" for line in RESULTS[2:]]
    rules = cut([*head, *RESULTS[:2], "Related articles", *links, *other, *tail])
    assert {rules.get(line) for line in other} == {"noise.after_head"}


def test_a_box_above_a_list_of_items_ends_there() -> None:
    """Links that are no items, then items: the second are the text's, and so is their head."""
    lines = [*BODY[:2], "Related articles", *TITLES[:2], "Ingredients", *ITEMS, BODY[2], BODY[0]]
    assert set(cut(lines)) == {"Related articles", *TITLES[:2]}


def test_numbered_links_after_a_head_go() -> None:
    """A list of links may be numbered from its first line on."""
    links = [f"{number}. {title[:48]}" for number, title in enumerate(TITLES, 1)]
    lines = [*BODY[:2], "Most read", *links, BODY[2], BODY[0]]
    assert set(cut(lines)) == {"Most read", *links}


def test_a_line_that_introduces_what_follows_is_no_link() -> None:
    """It ends in a colon."""
    lines = [*BODY[:2], "Related articles", *TITLES[:2], "The main points are these:", *BODY]
    assert set(cut(lines)) == {"Related articles", *TITLES[:2]}


def test_the_last_paragraph_after_several_links_stays() -> None:
    """No link above it had a teaser, so it is none."""
    last = (
        "The two sides will meet again in December, "
        + "and the brooms will come along, " * 5
        + "too."
    )
    assert last not in cut([*BODY, BODY[0], "Related articles", *TITLES[:3], last])
    assert last in cut([*BODY, BODY[0], "Related articles", TITLES[0], last])


def test_a_subhead_behind_a_link_list_stays() -> None:
    """Where prose resumes under a much shorter line, that line is its sub-head."""
    rules = cut([*BODY[:2], "Related articles", *TITLES, "What now", BODY[2], BODY[0]])
    assert "What now" not in rules
    assert set(TITLES) <= rules.keys()


def test_teasers_under_links_after_a_head_are_cut_at_the_end() -> None:
    """After the article, a head takes titles and their teasers."""
    tail = [line for pair in zip(TITLES, TEASERS, strict=True) for line in pair]
    assert set(cut([*BODY, "Most read", *tail])) == {"Most read", *tail}


def test_a_head_at_the_top_does_not_take_the_headline() -> None:
    """A list of top stories above the article ends before the headline."""
    page = ["Top stories", "Sunny spells", TITLES[1], *BODY]
    assert TITLES[1] not in cut(page)
    assert "Sunny spells" in cut(page)


def test_titles_and_teasers_after_the_end_are_cut_without_a_head() -> None:
    """Title, teaser, title, teaser to the end of the page are other articles."""
    tail = [line for pair in zip(TITLES, TEASERS, strict=True) for line in pair]
    assert set(cut([*BODY, *tail])) == set(tail)
    assert cut([*BODY, *tail])[TITLES[0]] == "noise.tail_teaser"


def test_subheads_with_one_paragraph_each_stay() -> None:
    """An article whose parts are one paragraph under a head each is no list of teasers."""
    page = [line for pair in zip(TITLES, BODY, strict=True) for line in pair]
    assert cut([*page, *page]) == {}


def test_teasers_without_an_end_mark_are_teasers() -> None:
    """A long line under a title is a teaser, whether it ends in a full stop or not."""
    teasers = [teaser.rstrip(".") for teaser in TEASERS[:2]]
    long = [f"{teaser}, as the old men on the bench have said since spring" for teaser in teasers]
    tail = [line for pair in zip(TITLES[:2], long, strict=True) for line in pair]
    assert set(cut([*BODY, *tail])) == set(tail)


def test_a_teaser_may_begin_with_a_number() -> None:
    """A number that counts something is no list mark; one with a mark behind it is."""
    teasers = ["4 stalls, a brass band and the oldest tractor of the valley are back.", TEASERS[1]]
    tail = [line for pair in zip(TITLES[:2], teasers, strict=True) for line in pair]
    assert set(cut([*BODY, *tail])) == set(tail)
    listed = [f"{n}、{teaser}" for n, teaser in enumerate(TEASERS[:2], start=1)]
    assert (
        cut([*BODY, *(line for pair in zip(TITLES, listed, strict=False) for line in pair)]) == {}
    )


def test_captions_do_not_make_a_page_one_of_subheads() -> None:
    """Long lines without an end mark over paragraphs are captions; teasers at the end still go."""
    caption = "Villagers look at the bridge over the mill pond on the morning after the long vote"
    page = [BODY[0], caption, BODY[1], caption + " of the council", BODY[2], BODY[0], BODY[1]]
    tail = [line for pair in zip(TITLES, TEASERS, strict=True) for line in pair]
    assert set(cut([*page, *tail])) == set(tail)


def test_questions_and_answers_at_the_end_stay() -> None:
    """Questions are not titles of other articles."""
    questions = [
        "How long will the bridge be closed to all kinds of traffic?",
        "Who pays for the buses that take the longer way round?",
    ]
    answers = [
        "Until the end of May, if the river allows the divers to work through March and April.",
        "The county does, for the first year; after that the villages have to share the costs.",
    ]
    page = [line for pair in zip(questions, answers, strict=True) for line in pair]
    assert cut([*BODY, *page]) == {}


def test_title_and_teaser_without_a_space_between_are_cut_at_the_end() -> None:
    """A last paragraph with a joint like "…yearsStalls" is a teaser."""
    glued = TITLES[0] + TEASERS[0]
    assert cut([*BODY, BODY[0], glued]) == {glued: "noise.glued_teaser"}
    assert cut([glued, *BODY]) == {}


def test_glue_is_not_seen_in_names() -> None:
    """Names with a capital inside are not joints."""
    text = "The firm moved its JavaScript and YouTube teams from McAllister House to the iPhone lab"
    assert glue(look(f"{text} in the spring, and nobody noticed for a month.")) == 0
    assert glue(look(TITLES[0] + TEASERS[0])) == len(TITLES[0])


@pytest.mark.parametrize(
    ("title", "sentence"),
    [
        ("Đò chiều thôi chở khách qua bến sông Lãng ở xã Mỹ", "Người lái đò nói ông đã già."),
        ("Cây gạo ba trăm tuổi đầu làng lại nở hoa đỏ rực", "HÀ NAM - Cả làng kéo nhau ra xem."),
        ("Chuyện chưa kể về ngôi đình cổ của dòng họ Lãng Vân", "Ngày hội làng năm nay mưa to."),
    ],
)
def test_glue_is_seen_after_names_and_before_places(title: str, sentence: str) -> None:
    """A title may end in a name, and a sentence begin with a place in capitals."""
    assert glue(look(f"{title}{sentence} Mưa vẫn chưa ngớt.")) == len(title)


def test_separators_between_noise_are_cut() -> None:
    """A slash alone goes with the noise around it, and stays in an article."""
    rules = cut(["Share this article", "/", "Print this page", "|"])
    assert rules["/"] == "noise.separator"
    assert rules["|"] == "noise.separator"
    assert cut([BODY[0], "/", BODY[1], BODY[2]]) == {}
