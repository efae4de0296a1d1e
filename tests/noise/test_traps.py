"""Pages that look like noise and are not, each between the menus and footers of a site."""

import pyarrow as pa
import pytest

from cleaner import batch as b
from cleaner.stages.noise import Noise

RULES, MODEL = (Noise(use="noise", model=model).open() for model in (False, True))

MENU = ["Home", "News", "Sport", "Weather", "Log in"]
FOOTER = ["Share this", "Facebook", "Privacy Policy", "Contact Us", "© 2021 Example Post"]
PROSE = [
    (
        "The ferry to the islands ran for the last time on Friday, and half the town stood on the "
        "quay to see the lamps go out one after the other."
    ),
    (
        "For sixty years the boat had carried post, sheep, brides and a piano, said the captain, "
        "who kept the piano's bill of lading in his cap."
    ),
    (
        "The council has bought two smaller boats, which need no crew on the quay, and which the "
        "islanders have already given names that cannot be printed."
    ),
]

PAGES = {
    "lottery": """
Why the village stopped buying lottery tickets
The winning numbers were 4, 8, 15, 16, 23 and 42, and for an hour nobody in the bakery said a word.
Powerball players are not rational, the economist said on Friday, and her mother plays every week.
The winning ticket
The jackpot rose to 84 million before the draw, the lottery commission confirmed in its report.
What the numbers say
Of a thousand winners in the study, seven hundred went on working, most of them in the same job.
""",
    "lottery_vi": """
Người bán vé số trả lại tờ vé trúng độc đắc
Chiều 5/3, công ty xổ số miền Nam xác nhận tấm vé trúng giải đặc biệt 2 tỷ đồng đã có chủ.
Kết quả xổ số hôm ấy bà Tư nhớ như in, vì bà đã dò bốn lần trước khi gõ cửa nhà ông Hai.
Tờ vé trong ngăn kéo
Xổ số miền Nam mở thưởng lúc 16 giờ 15, còn bà Tư đến 19 giờ mới bán xong xấp vé cuối cùng.
""",
    "astrology": """
Why the young read the stars again
Horoscopes today reach more readers than the weather report, according to a survey of six papers.
Leo, Virgo and the algorithm
A Virgo, she says, would never sign such a contract, and so she did not, and the bank was furious.
The column was invented in August 1930, for the birth of a princess, and it never went away again.
""",
    "recipe": """
Plum dumplings as the ferryman made them
These dumplings want floury potatoes and plums that are nearly too ripe, he used to say in autumn.
Ingredients
1 kg potatoes
250 g flour
2 eggs
12 plums
Butter
Salt
Method
1. Boil the potatoes.
2. Mash them while they are hot.
3. Work in flour, eggs and salt.
4. Wrap each plum, and boil for ten minutes.
The dumplings are done when they rise, and they should be eaten before the next pot is on the fire.
""",
    "poem": """
The last boat
The lamp goes out
along the quay
and what is left
is only sea

The rope is wet
The rope is wet
The tide has not
forgotten yet
""",
    "table": """
Northbank stay on top after nine games
Northbank beat the Millers by a goal that the goalkeeper would rather not see again on any screen.
Results
Northbank 1-0 Millers
Southbank 2-2 Wanderers
Quay United 0-3 Ferry Town
Table
1 Northbank 9 6 2 1 20
2 Ferry Town 9 6 1 2 19
3 Southbank 9 4 4 1 16
4 Quay United 9 4 1 4 13
5 Wanderers 9 2 3 4 9
6 Millers 9 1 1 7 4
The next round is played on the first Saturday in May, weather and the state of the pitch allowing.
""",
    "list": """
What to take on the night boat
Whoever sails at night should pack as if the cabin were a tent, the old stewards used to tell us.
- A torch with a red filter
- Wool socks, two pairs
- Ginger
- A book that may get wet
- Patience
All of it fits into a bag of twenty litres, and the bag fits under the bunk if the bunk is yours.
""",
    "questions": """
Questions and answers about the new timetable
Will the boat stop at the mill?
Yes, on weekdays.
May I bring a dog?
Dogs sail free, but they must stay on deck.
What does it cost?
Two pounds.
Is there a discount for islanders?
There was never a plan for one.
""",
    "interview": """
"I never learnt to swim"
The captain of the last ferry about fog, brides and the one time he turned around for a lost hat.
What do you do on Saturday?
Sleep. Then nothing, slowly.
Will you miss it?
Ask me in November.
And the piano?
It arrived. That is all I say.
Do you agree with the council?
I agree.
What do you think?
I think that two boats are not a ferry, and that the council knows this as well as anyone here.
""",
    "ticker": """
The last crossing as it happened
All times are local, and the wind blew from the west all day, which pleased nobody but the gulls.
19:42
The lamps are out.
19:30
The band plays the wrong hymn, and everybody sings along.
19:05
First boat back
18:50
The mayor loses his hat
18:15
Fog
18:00
Boarding begins, and the queue already reaches the fish market on the other side of the square.
""",
    "code": """
How the timetable is made
The timetable is a short script that reads the tide tables and prints when there is enough water.
def crossing(tide):
    for hour in range(24):
        if tide[hour] > LIMIT:
            yield hour
print(list(crossing(load("tide.csv"))))
Run it once a year, after the harbour office has published its tables, and check leap years twice.
""",
    "sub-heads": """
The boats that stay
Two boats will sail from May, and the islanders have begun to argue about what the two can carry.
Discussion
Two boats cannot do what one ferry did, the islanders say, for a piano does not come in two halves.
Contact
The nearest doctor is forty minutes away in calm water, and nobody has counted the days without it.
Comments
Nobody in the council wished to speak for the record, which is in itself a kind of answer, alas.
More
The second hearing is set for the ninth of May, in the school, because the town hall has no heating.
""",
    "one paragraph": """
The quay will be closed on Monday because a crane must be taken down, the harbour office announced.
""",
    "two languages": """
Die letzte Fähre / The last ferry
Am Freitag fuhr die Fähre zum letzten Mal, und die halbe Stadt stand am Kai und sah ihr nach.
The ferry ran for the last time on Friday, and half the town stood on the quay to see her leave.
Zwei kleinere Boote
Der Rat hat zwei kleinere Boote gekauft, die ohne Leute am Kai auskommen, wie es heißt.
Two smaller boats
The council has bought two smaller boats, which need no crew on the quay, or so it is said here.
""",
}  # fmt: skip


def lines_of(text: str) -> list[str]:
    """The lines of a text."""
    return text.strip("\n").split("\n")


def lost(lines: list[str]) -> list[str]:
    """Lines that the stage cuts, in order: by rules alone and with the model."""
    found = []
    for apply in (RULES, MODEL):
        text = "\n".join(lines)
        docs = {"ordinal": pa.array([0], pa.int64()), "raw_chars": pa.array([len(text)])}
        batch = b.new(pa.record_batch(docs), pa.array([text])).for_stage("noise", 1)
        ledger = apply(batch).ledger
        found.append([row["before"].strip("\n") for part in ledger for row in part.to_pylist()])
    assert found[0] == found[1]
    return found[1]


@pytest.mark.parametrize("name", PAGES)
def test_the_page_survives_alone(name: str) -> None:
    """Nothing is cut from a page that has no frame."""
    assert lost(lines_of(PAGES[name])) == []


@pytest.mark.parametrize("name", PAGES)
def test_the_page_survives_in_its_frame(name: str) -> None:
    """Menus above and footers below go, and nothing else."""
    assert lost([*MENU, "", *lines_of(PAGES[name]), "", *FOOTER]) == [*MENU, *FOOTER]


@pytest.mark.parametrize("name", sorted(PAGES.keys() - {"one paragraph"}))
def test_the_text_survives_inside_an_article(name: str) -> None:
    """Between paragraphs everything is the article's."""
    assert lost([*PROSE, *lines_of(PAGES[name]), *PROSE]) == []


def test_a_page_of_links_loses_every_line() -> None:
    """Where nothing but known links stands, nothing stays."""
    page = [*MENU, "Most Read", "The ferry stops", "Piano arrives", "Read more", *FOOTER]
    assert lost(page) == page


VIETNAMESE = {
    "a dialogue": """
- Bác có tiếc không?
- Có chứ.
- Thế sao bác bán?
- Tôi đồng ý bán vì con.
- Rồi sao nữa?
- Hết.
""",
    "a recipe": """
Nguyên liệu
1 kg cá lóc
3 quả khế
200 g thịt ba chỉ
Hành, tỏi, ớt
Cách làm
Bước 1: Rửa sạch cá.
Bước 2: Ướp cá ba mươi phút.
Bước 3: Kho lửa nhỏ.
""",
    "verses": """
Con đò nằm lại bến xưa
Mái chèo gác mỏi đợi mưa đầu mùa
Ai về qua ngõ nhà chùa
Nhắn giùm bến cũ còn mua trăng về
""",
    "rates": """
USD 25.160 25.460
EUR 27.010 28.190
JPY 162 171
GBP 31.200 32.500
""",
    "temperatures": """
Hà Duyên 24°C - 31°C
Hòn Mác 25°C - 29°C
Bến Đá 22°C - 30°C
""",
}


@pytest.mark.parametrize("name", VIETNAMESE)
def test_vietnamese_short_lines_inside_an_article_survive(name: str) -> None:
    """Dialogues, recipes, verses and tables of rates or weather are an article's when inside it."""
    body = [
        "Sáng qua, bến đò đóng cửa sau sáu mươi năm, và nửa thị trấn ra đứng trên bờ kè để tiễn.",
        "Ông lái đò kể rằng con thuyền từng chở thư, chở trâu, chở cô dâu, một lần chở đàn.",
    ]  # fmt: skip
    assert lost([*body, *lines_of(VIETNAMESE[name]), *body]) == []
