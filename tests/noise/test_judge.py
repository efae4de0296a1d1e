import pickle

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cleaner.errors import ConfigError
from cleaner.noise.judge import Judge, NoiseOptions, Repeats, Verdict
from cleaner.noise.pack import load_packs
from tests.noise.test_neighbour import BODY, TITLES

PACKS = load_packs()
JUDGE = Judge(PACKS)

XA = [
    (
        "Sáng nay, người dân xã Ví Dụ đã tập trung tại nhà văn hóa để nghe lãnh đạo huyện trả lời "
        "về dự án cầu mới, dự kiến khởi công vào cuối năm sau."
    ),
    (
        "Theo ông Trần Văn Mẫu, chủ tịch xã, dự án sẽ rút ngắn quãng đường đến trường của hơn ba "
        "trăm học sinh ở hai thôn bên kia sông, vốn phải đi đò quanh năm."
    ),
    (
        "Nhiều hộ dân cho biết họ sẵn sàng hiến đất để làm đường dẫn, miễn là việc đền bù hoa màu "
        "được công khai và đúng thời hạn đã hứa."
    ),
]


def page(text: str) -> list[str]:
    """The lines of a text."""
    return text.strip("\n").split("\n")


def cut(lines: list[str], judge: Judge = JUDGE) -> dict[str, str]:
    """Line → rule, of the lines that go."""
    verdicts = judge.judge(lines)
    return {line: v.rule for line, v in zip(lines, verdicts, strict=True) if v is not None}


def test_one_entry_per_line_and_none_for_blank_ones() -> None:
    """The answer is as long as the page; blank lines and prose are kept."""
    lines = ["", *BODY, " \u00a0", "Share this article", "\u200b"]
    verdicts = JUDGE.judge(lines)
    assert [v is not None for v in verdicts] == [False] * 5 + [True, False]
    assert verdicts[5] == Verdict("en.share_bar", 0.98, ("pattern",), "cut")
    assert JUDGE.judge([]) == []


def test_a_whole_vietnamese_page() -> None:
    """Menu, date, related links, share bar, form, teasers and footer go; the article stays."""
    head = ["Trang chủ", "Thời sự", "Thể thao", "Đăng nhập"]
    tail = [
        "Tin liên quan",
        "Lũ lớn cuốn trôi bè nuôi cá của mười hộ dân",
        "Chia sẻ",
        "Ý kiến bạn đọc (3)",
        "Họ và tên",
        "Email",
        "/",
        "Xác thực",
        "Tử vi hôm nay 3/4/2024 của 12 con giáp: Tuổi Ngọ gặp may",
        "XSMB 3/4, kết quả xổ số miền Bắc hôm nay",
        "Những tin cũ hơn",
        "© 2024 Báo Ví Dụ",
    ]
    body = [
        XA[0],
        "Cầu tạm hiện nay chỉ cho xe máy qua. Ảnh: Minh Họa",
        XA[1],
        "- Hoàn thành đường dẫn trước mùa mưa",
        "- Công khai tiền đền bù",
        XA[2],
    ]
    rules = cut([*head, "Cầu mới nối hai bờ sông", *body, *tail])
    assert set(rules) == {*head, *tail}
    assert rules["XSMB 3/4, kết quả xổ số miền Bắc hôm nay"] == "vi.lottery_teaser"


def test_a_report_about_the_lottery_survives() -> None:
    """Prose, a headline and a sub-head about lottery results are an article's, not a teaser's."""
    lines = [
        "Trúng độc đắc 84 tỷ đồng, người bán vé số trả lại vé cho khách",
        XA[0],
        "XSMB là kết quả mà ông chờ mỗi chiều, ông kể với hàng xóm như vậy.",
        "Ngày 5/3, công ty xổ số miền Nam xác nhận tấm vé trúng giải đặc biệt.",
        "Kết quả xổ số miền Nam hôm nay 5/3/2024",
        XA[1],
        "The winning numbers were 4, 8 and 15, and the winner was a retired plumber.",
        XA[2],
    ]
    assert cut(lines) == {}


def test_a_page_of_results_keeps_its_headline() -> None:
    """A page whose own subject is the day's lottery or horoscope is headed like a teaser."""
    results = page("""
XSMB 5/3 - Kết quả xổ số miền Bắc hôm nay 5/3/2024
Xổ số miền Bắc hôm nay 5/3/2024
Giải đặc biệt: 12345
Giải nhất: 54321
Giải nhì: 11111 - 22222
""")
    assert cut([*results, *XA]) == {}
    assert cut(["Tử vi hôm nay 5/3: vì sao người trẻ quay lại với bói toán?", *XA]) == {}


@pytest.mark.parametrize(
    "teaser",
    [
        "XSMN 9/7, trực tiếp kết quả xổ số miền Nam hôm nay 9/7",
        "Xem tử vi 9/7 - tử vi 12 con giáp hôm nay: Tý, Sửu, Dần ...",
        "Giá vàng hôm nay 9/7: SJC đứng yên",
        "Powerball winning numbers for Saturday, July 9",
        "Your daily horoscope for July 9",
    ],
)
def test_teasers_go_at_the_end_and_beside_noise(teaser: str) -> None:
    """A bulletin's teaser is noise after the article and beside known noise, not inside."""
    assert teaser in cut([*XA, teaser])
    assert teaser in cut([*XA[:2], "Đọc thêm", teaser, XA[2], XA[0]])
    assert cut([XA[0], teaser, XA[1], XA[2]]) == {}


def test_a_recipe_survives_in_its_frame() -> None:
    """Ingredients and steps are short lines, but not links."""
    recipe = page("""
Grandmother's leek soup
This soup was served in our house every Sunday between October and the first warm day of spring.
Ingredients
3 leeks
200 g potatoes
Salt and pepper
Method
1. Slice the leeks and wash them twice.
2. Melt the butter and sweat the leeks for ten minutes.
3. Add the potatoes and simmer until soft.
""")
    frame = ["You may also like", "Roast pumpkin with sage", "© 2020 Example Kitchen"]
    assert cut(recipe) == {}
    assert set(cut([*recipe, *frame])) == set(frame)


def test_a_poem_survives_in_its_frame() -> None:
    """Verses are short lines without full stops."""
    poem = page("""
Evening at the ford
The heron stands where water bends
And does not care what water sends
A leaf, a boat, a paper hat
The heron stands and that is that

And evening, with its quiet hands
Has put the river in its bed
""")
    head, tail = ["Home", "News", "Contact Us"], ["Share this", "Facebook", "© 2020 Example"]
    assert cut(poem) == {}
    assert set(cut([*head, *poem, *tail])) == {*head, *tail}


@pytest.mark.parametrize(
    "text",
    [
        # an interview
        """
How long have you worked here?
Since I was a boy.
And what did the river teach you?
Patience, mostly.
Would you do it again?
""",
        # a table
        """
Final table
Team Played Points
Northbank 10 24
Southbank 10 21
Millers 10 19
Wanderers 10 9
""",
        # a ticker
        """
10:45
Nước sông lên mức báo động hai
10:20
Hai chuyến tàu phải dừng ở ga Ví Dụ
09:50
Học sinh được nghỉ học
""",
        # a list
        """
Các nhiệm vụ chính:
- Hoàn thành đường dẫn trước mùa mưa
- Bàn giao mặt bằng cho nhà thầu
- Lắp đèn chiếu sáng hai đầu cầu
""",
        # a program
        """
with open(path, encoding="utf-8") as handle:
    for line in handle:
        print(line.strip())
>>> main()
if __name__ == "__main__":
    main()
""",
    ],
)
def test_short_lines_inside_an_article_survive(text: str) -> None:
    """Interviews, tables, tickers, lists, programs and sub-heads are content."""
    assert cut([*BODY[:2], *page(text), *BODY[1:]]) == {}
    assert cut([*XA, *page(text), *XA]) == {}


@pytest.mark.parametrize("word", ["Discussion", "Menu", "Thảo luận", "Comments", "Phản hồi"])
def test_words_on_buttons_are_subheads_inside_an_article(word: str) -> None:
    """A word that heads a comment box elsewhere stays where prose stands on both sides."""
    assert cut([*BODY[:2], word, BODY[2], BODY[0]]) == {}
    assert word in cut([*BODY, word])


def test_one_paragraph_pages_and_dialogue_survive() -> None:
    """A page of one paragraph, and paragraphs that begin with a guillemet, are left alone."""
    assert cut([XA[0]]) == {}
    assert cut(["»Ich gehe jetzt«, sagte er.", "»Dann geh«, sagte sie.", *BODY]) == {}


def test_a_control_that_repeats_in_a_ticker_takes_nothing_with_it() -> None:
    """A "show less" after each entry goes alone: it is no frame."""
    entries = [
        part for n, text in enumerate([*TITLES, *TITLES], 1) for part in (f"{n}'", text, "Thu gọn")
    ]
    assert set(cut([*XA, *entries, *XA])) == {"Thu gọn"}


def test_forms_need_company() -> None:
    """A label of a form is noise beside other noise; alone in a text it is a line."""
    form = ["Leave a reply", "Name *", "Email *", "Website", "Post comment"]
    assert set(cut([*BODY, *form])) == set(form)
    assert cut([BODY[0], "Name", BODY[1], BODY[2]]) == {}


def test_bylines_and_dates_have_their_own_action() -> None:
    """They are named as such, and options keep them."""
    lines = ["December 29, 2014", "By Jane Example", *BODY, "PV"]
    actions = [v.action for v in JUDGE.judge(lines) if v is not None]
    assert actions == ["date", "byline", "byline"]
    keeping = Judge(PACKS, NoiseOptions(bylines="keep", dates="keep"))
    assert cut(lines, keeping) == {}


def test_captions_are_kept_unless_asked() -> None:
    """The credit of a picture is cut only with `captions: cut`, and then named a caption."""
    lines = [BODY[0], "Photo: Jane Example", BODY[1], BODY[2]]
    assert cut(lines) == {}
    verdict = Judge(PACKS, NoiseOptions(captions="cut")).judge(lines)[1]
    assert verdict is not None
    assert (verdict.rule, verdict.action) == ("en.photo_credit", "caption")


def test_rules_can_be_switched_off() -> None:
    """A rule that is off neither cuts nor supports others; unknown ids are refused."""
    lines = [*BODY, "Related articles", TITLES[0], TITLES[1]]
    off = Judge(PACKS, NoiseOptions(off=frozenset({"noise.after_head"})))
    assert set(cut(lines, off)) == {"Related articles"}
    gone = Judge(PACKS, NoiseOptions(off=frozenset({"en.related_head"})))
    assert cut(lines, gone) == {}
    with pytest.raises(ConfigError, match=r"did you mean 'noise\.after_head'"):
        Judge(PACKS, NoiseOptions(off=frozenset({"noise.after_hed"})))


def test_every_verdict_names_a_known_rule() -> None:
    """The ids and reasons that a report needs are all there."""
    rules = JUDGE.rules()
    assert {"noise.repeated_title", "noise.repeated_line", "vi.lottery_teaser"} <= rules.keys()
    assert all(len(reason) >= 8 for reason in rules.values())


def repeats(lines: list[str], counts: dict[str, int], total: int = 100) -> Repeats:
    """Counts for the lines of a page; 1 where none is given."""
    counted = [counts.get(line, 1) for line in lines]
    return Repeats(counted, counted, total)


def test_lines_of_many_pages_are_cut_outside_the_article() -> None:
    """What a third of a site's pages have around their articles is frame."""
    slogan = "The valley's own paper since 1871"
    lines = [*BODY, slogan]
    assert cut(lines) == {}
    verdict = JUDGE.judge(lines, repeats=repeats(lines, {slogan: 30}))[-1]
    assert verdict is not None
    assert verdict.rule == "noise.repeated_line"
    assert verdict.evidence == ("on 30 of 100 pages of the site",)
    assert verdict.score == 0.86


def test_what_articles_repeat_is_guarded() -> None:
    """Sub-heads that many articles share stay; so does everything on a small site."""
    lines = [BODY[0], "Ingredients", BODY[1], BODY[2]]
    assert not any(JUDGE.judge(lines, repeats=repeats(lines, {"Ingredients": 60})))
    tail = [*BODY, "Jane Example"]
    assert not any(JUDGE.judge(tail, repeats=repeats(tail, {"Jane Example": 12})))
    assert not any(JUDGE.judge(tail, repeats=repeats(tail, {"Jane Example": 9}, total=9)))


def test_repeats_must_fit_the_page() -> None:
    """Counts of another page are refused."""
    with pytest.raises(ValueError, match="one count per line"):
        JUDGE.judge(["a", "b"], repeats=Repeats([1], [1, 1], 10))


def test_a_judge_is_a_value() -> None:
    """A judge that went to another process says the same; so does one that has seen other pages."""
    lines = ["Home", "News", *BODY, "Related articles", *TITLES, "© 2021 Example"]
    copy = pickle.loads(pickle.dumps(JUDGE))
    assert copy.judge(lines) == JUDGE.judge(lines) == Judge(PACKS).judge(lines)


def test_hostile_pages_take_linear_time() -> None:
    """Long pages, long lines and pages of doubled titles do not hang."""
    doubled = [f"A title of four words {n // 2}" for n in range(8_000)]
    heads = ["Read more"] * 2_000
    odd = ["\ud800\x00", "x" * 300_000, "a. " * 100_000, "(" * 100_000, "»" * 240]
    for lines in (doubled, heads, odd, [*BODY, *doubled], ["Share", "a b c d"] * 2_000):
        assert len(JUDGE.judge(lines)) == len(lines)


LINES = st.one_of(
    st.sampled_from([*BODY, *TITLES, "Read more", "Name", "Home", "/", "", "12:30", "PV", "Menu"]),
    st.text(max_size=60),
)


@settings(deadline=None)
@given(st.lists(LINES, max_size=30))
def test_any_page_gets_quantised_verdicts(lines: list[str]) -> None:
    """No page fails; paragraphs of the article are never cut; scores are thousandths."""
    verdicts = JUDGE.judge(lines)
    assert len(verdicts) == len(lines)
    rules = JUDGE.rules()
    for line, verdict in zip(lines, verdicts, strict=True):
        if verdict is not None:
            assert line.strip()
            assert verdict.rule in rules
            assert verdict.score * 1000 == round(verdict.score * 1000)
            assert 0 < verdict.score < 1
            assert verdict.evidence
