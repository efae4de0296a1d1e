"""Write the second gold set of personal data: `python tools/make_pii_second.py FILE.jsonl`.

The first set (`make_pii_gold.py`) is one on which the rules were worked out. This one was written
without a look at the rules, and was measured once before anything was mended (docs/pii.md). Each
paragraph below is written by hand; a name in braces is a value drawn from a seeded generator. A
name with a kind (`{email}`, `{phone:DE}`) becomes a label; the rest are things that look alike and
are nobody's. No value belongs to anyone on purpose: mail lives at reserved domains, telephone
numbers are of the ranges that regulators set aside for fiction where there are some, cards and
accounts only have right check digits. Numbers of public services and addresses of private nets are
no labels: the stage keeps them unless it is told otherwise.
"""

from __future__ import annotations

import json
import random
import re
import string
import sys
from collections.abc import Callable
from pathlib import Path

SEED = 20261122
DRAWS = 2  # documents of each paragraph, with other values

# Formats of telephone numbers: # is any digit, N one of 2 to 9; `|` parts alternatives.
PHONES = {
    "VN": "09## ### ###|09##.###.###|03########|(+84) 9## ### ###|+84 8# ### ## ##|07##-###-###"
    "|05## ## ## ##|+849########",
    "VN-fix": "(024) 3N## ####|024.3N##.####|028 3N## ####|0236 3N## ###|+84 28 3N## ####"
    "|(84-24) 3N## ####|0225.3N#####",
    "VN-old": "0168 ### ####|0122.###.####|04 3N## ####|(08) 3N## ####|(0511) 3N## ###|01698######"
    "|08.3N######",
    "US": "(212) 555-01##|415-555-01##|+1 312 555 01##|303.555.01##|1-617-555-01##"
    "|+1 (646) 555-01##",
    "GB": "020 7946 0###|07700 900###|01632 960###|+44 (0)20 7946 0###|+44 7700 900###"
    "|(0131) 496 0###",
    "AU": "0491 570 ###|(02) 5550 ####|+61 491 570 ###",
    "FR": "01 99 00 ## ##|06.39.98.##.##|+33 6 39 98 ## ##|0261910###|+33 (0)1 99 00 ## ##"
    "|07 ## ## ## ##",
    "DE": "030 23125 ###|0171 39200##|+49 (0)30 23125-###|089/99998-###|040 66969 ###"
    "|+49 176 040690##|(0221) 4710 ###|+49-69-90009###",
    "ES": "91N ### ###|6## ## ## ##|+34 6## ### ###|93 N## ## ##|+34 95N ## ## ##",
    "PT": "21N ### ###|91# ### ###|+351 96# ### ###|22N######",
    "BR": "(11) 9N###-####|(21) 3###-####|+55 11 9N###-####|(85) 9 8###-####|+55 (41) 3###-####",
    "IT": "06 69N# ####|02 7N######|347 ### ####|+39 333 ### ####|+39 06 6N######",
    "RU": "8 (495) N##-##-##|+7 916 ###-##-##|8-921-###-##-##|+7 (812) N##-##-##|8 903 ### ## ##",
    "PL": "22 N## ## ##|601 ### ###|+48 5## ### ###|(12) N## ## ##|+48 22 N## ## ##",
    "ID": "0812-####-####|(021) 5N# ####|+62 813-####-####|0857 #### ####|+62 21 5N## ####",
    "CN": "138 #### ####|139########|010-6### ####|+86 137 #### ####|(021) 5### ####|0755-8#######",
    "JP": "03-3###-####|090-####-####|+81 3-5###-####|06-6###-####|(075) 2##-####|080-####-####",
    "+": "+82 10-####-####|+91 98### #####|+31 6 ########|+46 8 ### ### ##|+41 44 N## ## ##"
    "|+43 1 N######|+90 532 ### ## ##|+380 67 ### ## ##|+52 55 N### ####|+65 9### ####"
    "|+66 8# ### ####|+971 50 ### ####|+420 60# ### ###|+855 12 ### ###|+64 21 ### ####",
}
PEOPLE = (
    "lan.nguyen",
    "minhtu87",
    "t.q.pham",
    "dungle_92",
    "j.whitfield",
    "mary-ann.osei",
    "o.petersen+news",
    "k_wrobel",
    "giulia.conti",
    "hr",
    "info",
    "tin-bai",
    "redaktion",
    "s.almeida",
    "yuki_tanaka",
    "wei.zhang01",
    "a.sokolova",
    "budi.santoso",
    "claire.dubois",
    "M.Ortega",
    "toasoan",
    "b2b.sales",
    "no-reply",
    "x",
    "d'arcy",
)
HOSTS = (
    "example.com",
    "example.org",
    "example.net",
    "mail.example.com",
    "khoa-su.example.org",
    "press.example.net",
    "dept.uni.example.org",
    "post.example",
    "co.example",
    "EXAMPLE.COM",
    "sub-1.example.net",
)
IBAN_BODIES = {  # after country and check digits: # a digit, A a letter
    "DE": "##################",
    "FR": "#######################",
    "GB": "AAAA##############",
    "ES": "####################",
    "IT": "A######################",
    "NL": "AAAA##########",
    "PL": "########################",
    "BE": "############",
    "CH": "#################",
    "AT": "################",
    "PT": "#####################",
    "AE": "###################",
}
GROUPED = 4


def digits(rng: random.Random, form: str) -> str:
    """A form with its places filled: # any digit, N 2 to 9, A a capital letter."""
    draws = {"#": string.digits, "N": "23456789", "A": string.ascii_uppercase}
    return "".join(rng.choice(draws[one]) if one in draws else one for one in form)


def number(rng: random.Random, count: int) -> str:
    """So many digits, the first none of them 0."""
    return digits(rng, "N" + "#" * (count - 1))


def born(rng: random.Random) -> tuple[int, int, int]:
    """Year, month and day of birth of somebody grown up."""
    return rng.randint(1948, 2003), rng.randint(1, 12), rng.randint(1, 28)


def mod11(body: str, weights: list[int]) -> int:
    """The weighted sum of the digits, modulo 11."""
    return sum(int(one) * weight for one, weight in zip(body, weights, strict=True)) % 11


def luhn(body: str) -> str:
    """The body with its Luhn digit."""
    total = 0
    for place, one in enumerate(reversed(body)):
        value = int(one) * (2 if place % 2 == 0 else 1)
        total += value - 9 if value > 9 else value
    return body + str(-total % 10)


def id_vn(rng: random.Random) -> str:
    """Twelve digits: province, century and sex, year, a serial number."""
    year, _, _ = born(rng)
    sex = rng.randint(0, 1) + (2 if year >= 2000 else 0)
    province = rng.choice(("001", "079", "031", "048", "092", "038", "040", "052"))
    return f"{province}{sex}{year % 100:02d}{digits(rng, '######')}"


def id_vn_old(rng: random.Random) -> str:
    """Nine digits, as the cards before 2016 had."""
    return rng.choice(("012", "025", "024", "201", "272", "164")) + digits(rng, "######")


def id_us(rng: random.Random) -> str:
    """A social security number."""
    return f"{rng.randint(101, 665)}-{rng.randint(11, 99)}-{rng.randint(1000, 9999)}"


def id_gb(rng: random.Random) -> str:
    """A national insurance number."""
    bare = rng.choice(("AB", "JG", "PX", "SR", "WE")) + digits(rng, "######") + rng.choice("ABCD")
    spaced = f"{bare[:2]} {bare[2:4]} {bare[4:6]} {bare[6:8]} {bare[8]}"
    return rng.choice((bare, spaced))


def id_fr(rng: random.Random) -> str:
    """A social security number of fifteen digits, its key at the end."""
    year, month, _ = born(rng)
    body = f"{rng.randint(1, 2)}{year % 100:02d}{month:02d}{rng.randint(10, 19)}"
    body += digits(rng, "######")
    key = f"{97 - int(body) % 97:02d}"
    parts = (body[0], body[1:3], body[3:5], body[5:7], body[7:10], body[10:], key)
    return rng.choice((" ".join(parts), body + key))


def id_de(rng: random.Random) -> str:
    """A tax number (ISO 7064 MOD 11,10; one of its first ten digits stands twice)."""
    first = [str(one) for one in rng.sample(range(10), 9)]
    at = rng.randint(2, 8)
    first.insert(at, first[at - 2])
    if first[0] == "0":
        first[0], first[-1] = first[-1], first[0]
    product = 10
    for one in first:
        total = (int(one) + product) % 10 or 10
        product = total * 2 % 11
    body = "".join(first) + str((11 - product) % 10)
    return rng.choice((body, f"{body[:2]} {body[2:5]} {body[5:8]} {body[8:]}"))


def id_es(rng: random.Random) -> str:
    """A DNI, or the NIE of a foreigner."""
    letters = "TRWAGMYFPDXBNJZSQVHLCKE"
    if rng.random() < 0.3:
        lead = rng.randint(0, 2)
        body = digits(rng, "#######")
        return f"{'XYZ'[lead]}{body}{letters[int(str(lead) + body) % 23]}"
    body = number(rng, 8)
    return f"{body}{rng.choice(('', '-'))}{letters[int(body) % 23]}"


def id_it(rng: random.Random) -> str:
    """A codice fiscale with its check letter."""
    year, month, day = born(rng)
    body = rng.choice(("RSSMRA", "BNCLCU", "CNTGLI", "FRRNNA")) + f"{year % 100:02d}"
    body += (
        "ABCDEHLMPRST"[month - 1]
        + f"{day + rng.choice((0, 40)):02d}"
        + rng.choice(("H501", "F205", "L219"))
    )
    odd = (
        1,
        0,
        5,
        7,
        9,
        13,
        15,
        17,
        19,
        21,
        2,
        4,
        18,
        20,
        11,
        3,
        6,
        8,
        12,
        14,
        16,
        10,
        22,
        25,
        24,
        23,
    )
    total = 0
    for place, one in enumerate(body):
        value = int(one) if one.isdigit() else ord(one) - ord("A")
        total += odd[value] if place % 2 == 0 else value
    return body + chr(ord("A") + total % 26)


def id_pt(rng: random.Random) -> str:
    """A tax number (NIF)."""
    body = rng.choice("12") + digits(rng, "#######")
    rest = mod11(body, list(range(9, 1, -1)))
    return body + ("0" if rest < 2 else str(11 - rest))


def id_br(rng: random.Random) -> str:
    """A CPF with both check digits."""
    body = number(rng, 9)
    for _ in range(2):
        rest = mod11(body, list(range(len(body) + 1, 1, -1)))
        body += "0" if rest < 2 else str(11 - rest)
    return rng.choice((body, f"{body[:3]}.{body[3:6]}.{body[6:9]}-{body[9:]}"))


def id_ru(rng: random.Random) -> str:
    """A SNILS, or an INN of twelve digits."""
    if rng.random() < 0.5:
        body = "1" + digits(rng, "########")
        key = (
            sum(int(one) * weight for one, weight in zip(body, range(9, 0, -1), strict=True))
            % 101
            % 100
        )
        return f"{body[:3]}-{body[3:6]}-{body[6:]} {key:02d}"
    body = "77" + digits(rng, "########")
    body += str(mod11(body, [7, 2, 4, 10, 3, 5, 9, 4, 6, 8]) % 10)
    return body + str(mod11(body, [3, 7, 2, 4, 10, 3, 5, 9, 4, 6, 8]) % 10)


def id_pl(rng: random.Random) -> str:
    """A PESEL."""
    year, month, day = born(rng)
    body = (
        f"{year % 100:02d}{month + (20 if year >= 2000 else 0):02d}{day:02d}{digits(rng, '####')}"
    )
    weights = (1, 3, 7, 9, 1, 3, 7, 9, 1, 3)
    return body + str(
        -sum(int(one) * weight for one, weight in zip(body, weights, strict=True)) % 10
    )


def id_id(rng: random.Random) -> str:
    """A NIK: place, day of birth, serial number."""
    year, month, day = born(rng)
    place = rng.choice(("317305", "327308", "357801", "340406"))
    return f"{place}{day + rng.choice((0, 40)):02d}{month:02d}{year % 100:02d}00{number(rng, 2)}"


def id_cn(rng: random.Random) -> str:
    """A resident's number of eighteen places."""
    year, month, day = born(rng)
    body = (
        rng.choice(("110105", "310104", "440106", "330102"))
        + f"{year}{month:02d}{day:02d}{digits(rng, '###')}"
    )
    weights = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2]
    return body + "10X98765432"[mod11(body, weights)]


def id_jp(rng: random.Random) -> str:
    """A My Number of twelve digits."""
    body = number(rng, 11)
    rest = mod11(body, [6, 5, 4, 3, 2, 7, 6, 5, 4, 3, 2])
    whole = body + ("0" if rest < 2 else str(11 - rest))
    return rng.choice((whole, f"{whole[:4]} {whole[4:8]} {whole[8:]}"))


def id_nl(rng: random.Random) -> str:
    """A BSN (the eleven test)."""
    while True:
        body = number(rng, 8)
        last = mod11(body, [9, 8, 7, 6, 5, 4, 3, 2])
        if last < 10:
            return body + str(last)


def id_kr(rng: random.Random) -> str:
    """A resident's number of South Korea."""
    year, month, day = born(rng)
    sex = rng.randint(1, 2) + (2 if year >= 2000 else 0)
    body = f"{year % 100:02d}{month:02d}{day:02d}{sex}" + digits(rng, "#####")
    weights = (2, 3, 4, 5, 6, 7, 8, 9, 2, 3, 4, 5)
    total = sum(int(one) * weight for one, weight in zip(body, weights, strict=True))
    return f"{body[:6]}-{body[6:]}{(11 - total % 11) % 10}"


def id_se(rng: random.Random) -> str:
    """A Swedish personal number."""
    year, month, day = born(rng)
    body = luhn(f"{year % 100:02d}{month:02d}{day:02d}{digits(rng, '###')}")
    return f"{body[:6]}-{body[6:]}"


IDS: dict[str, Callable[[random.Random], str]] = {
    "VN": id_vn,
    "VN-old": id_vn_old,
    "US": id_us,
    "GB": id_gb,
    "FR": id_fr,
    "DE": id_de,
    "ES": id_es,
    "IT": id_it,
    "PT": id_pt,
    "BR": id_br,
    "RU": id_ru,
    "PL": id_pl,
    "ID": id_id,
    "CN": id_cn,
    "JP": id_jp,
    "NL": id_nl,
    "KR": id_kr,
    "SE": id_se,
}


def email(rng: random.Random, country: str) -> str:
    """A mailbox at a reserved domain; `at` writes it as people hide it from robots."""
    name, host = rng.choice(PEOPLE), rng.choice(HOSTS)
    if country == "at":
        return f"{name} {rng.choice(('[at]', '(at)'))} {host.lower()}"
    return f"{name}@{host}"


def phone(rng: random.Random, country: str) -> str:
    """A telephone number in one of the country's ways of writing."""
    return digits(rng, rng.choice(PHONES[country].split("|")))


def ip(rng: random.Random, version: str) -> str:
    """A public address: 4 or 6."""
    if version == "6":
        net = rng.choice(("2a02:8109", "2001:ee0", "2600:1f18", "2405:4802"))
        tail = [f"{rng.randint(1, 0xFFFF):x}" for _ in range(6)]
        return f"{net}:{tail[0]}::{tail[1]}" if rng.random() < 0.5 else ":".join([net, *tail])
    first = rng.choice((14, 27, 41, 58, 81, 93, 113, 118, 171, 189, 201, 217))
    return ".".join(str(one) for one in (first, *(rng.randint(2, 250) for _ in range(3))))


def card(rng: random.Random, _: str) -> str:
    """A card number of a test range, in groups, with hyphens or bare."""
    lead, length = rng.choice(
        (("411111", 16), ("555555", 16), ("378282", 15), ("601111", 16), ("353011", 16))
    )
    bare = luhn(lead + digits(rng, "#" * (length - 1 - len(lead))))
    mark = rng.choice((" ", "-", ""))
    if length == 15:
        return mark.join((bare[:4], bare[4:10], bare[10:]))
    return mark.join(bare[at : at + GROUPED] for at in range(0, length, GROUPED))


def iban(rng: random.Random, country: str) -> str:
    """An account number with right check digits, in groups or bare."""
    body = digits(rng, IBAN_BODIES[country])
    spelled = "".join(str(int(one, 36)) for one in body + country + "00")
    bare = f"{country}{98 - int(spelled) % 97:02d}{body}"
    return rng.choice(
        (bare, " ".join(bare[at : at + GROUPED] for at in range(0, len(bare), GROUPED)))
    )


def secret(rng: random.Random, kind: str) -> str:
    """What must not be read in a link: a key, a password, a signed token."""
    if kind == "word":
        return rng.choice(("Tr4ng-Nguyen", "hunter2!9", "pa55w0rd", "S0mmer2024")) + digits(
            rng, "##"
        )
    if kind == "jwt":
        parts = ("".join(rng.choice(string.ascii_letters) for _ in range(n)) for n in (20, 40, 30))
        return "eyJ" + ".".join(parts)
    alphabet = string.hexdigits[:16] if kind == "hex" else string.ascii_letters + string.digits
    return "".join(rng.choice(alphabet) for _ in range(32 if kind == "hex" else 24))


KINDS: dict[str, tuple[str, Callable[[random.Random, str], str]]] = {
    "email": ("email", email),
    "phone": ("phone", phone),
    "ip": ("ip", ip),
    "card": ("bank_card", card),
    "iban": ("iban", iban),
    "secret": ("url_secret", secret),
    "id": ("national_id", lambda rng, country: IDS[country](rng)),
}


def isbn(rng: random.Random) -> str:
    """An ISBN-13 with its check digit."""
    body = "978" + digits(rng, "#########")
    total = sum(int(one) * (1, 3)[place % 2] for place, one in enumerate(body))
    return rng.choice(("{0}{1}", "{0}-{1}")).format(body[:3], body[3:] + str(-total % 10))


LOOKALIKES: dict[str, Callable[[random.Random], str]] = {
    "isbn": isbn,
    "ean": lambda rng: "893" + digits(rng, "##########"),
    "order": lambda rng: rng.choice(("#", "DH-", "ORD-", "")) + number(rng, rng.choice((8, 9, 10))),
    "serial": lambda rng: digits(
        rng, rng.choice(("SN AAA#####A##", "A#AA-####-####", "##A########"))
    ),
    "version": lambda rng: digits(
        rng, rng.choice(("N.#.1#", "10.0.19###.N#", "v1.N.#.#", "2.N.#-rc1"))
    ),
    "doi": lambda rng: digits(rng, "10.1###/j.jss.20N#.11####"),
    "coord": lambda rng: digits(
        rng, rng.choice(("21.02####, 105.8#####", "48.85####, 2.35####", "-6.2######,106.8######"))
    ),
    "vnd": lambda rng: digits(
        rng, rng.choice(("N.###.000 đồng", "N##.###.###đ", "N#.###.000.000 đồng"))
    ),
    "eur": lambda rng: digits(rng, rng.choice(("N.###,## EUR", "€N##.###,##", "N# ### ###,## €"))),
    "usd": lambda rng: digits(rng, rng.choice(("$N,###,###.##", "US$N##,###", "$N#,###"))),
    "people": lambda rng: digits(rng, rng.choice(("N# ### ###", "N#,###,###", "N#.###.###"))),
    "date": lambda rng: digits(
        rng, rng.choice(("20N#-0N-1#", "1#/0N/20N#", "1#.0N.20N#", "1#-0N-198#"))
    ),
    "stamp": lambda rng: digits(rng, "16########"),
    "uuid": lambda rng: "-".join(
        "".join(rng.choice("0123456789abcdef") for _ in range(n)) for n in (8, 4, 4, 4, 12)
    ),
    "sha": lambda rng: "".join(rng.choice("0123456789abcdef") for _ in range(40)),
    "parcel": lambda rng: digits(
        rng, rng.choice(("1Z###AA#0N########", "EA#########VN", "00340##############"))
    ),
}

# Paragraphs by language, apart by an empty line; lines are joined by a space, or by nothing where
# the script has none; ⏎ is a line break of the text.
PARAGRAPHS = {
    "vi": """
Ai biết thông tin xin báo cho chị Lan theo số {phone:VN} hoặc gửi thư về {email}. Gia đình xin hậu
tạ
{vnd}.

Cần bán gấp căn hộ 68 m2 tầng 12, giá {vnd}, sổ hồng chính chủ. LH: {phone:VN} (anh Tuấn), miễn
môi giới.

Công an quận đang tạm giữ Nguyễn Văn A., số CCCD {id:VN}, để điều tra hành vi lừa đảo chiếm đoạt
{vnd}.

Người làm đơn: Trần Thị B.⏎CMND số: {id:VN-old} cấp ngày {date}⏎Điện thoại liên hệ: {phone:VN-fix}

Tòa soạn: 12 phố Hàng Trống. ĐT: {phone:VN-fix} - Fax: {phone:VN-fix}. Email: {email}. Giấy phép số
{n:3}/GP-BTTTT.

Mọi chi tiết xin liên hệ: Phòng Tuyển sinh, điện thoại {phone:VN-old}, di động {phone:VN-old}.

Kết quả xổ số miền Bắc: giải đặc biệt {n:5}, giải nhất {n:5}, giải nhì {n:5} - {n:5}. Người trúng
lĩnh
{vnd} trong vòng 30 ngày.

Theo Nghị định {n:3}/2020/NĐ-CP và Thông tư {n:2}/2019/TT-BYT, mức phạt từ {vnd} đến {vnd}. Đường
dây nóng
1900 6068 trực 24/7.

Dân số toàn tỉnh là {people} người, diện tích 5.{n:3},{n:1} km2, mật độ {n:3} người/km2. Tọa độ:
{coord}.

Đơn hàng {order} của bạn đã giao cho bưu tá, mã vận đơn {parcel}. Giá trị thu hộ {vnd}.

VN-Index tăng {n:1},{n:2} điểm lên 1.{n:3},{n:2} điểm, mã HPG khớp {people} cổ phiếu. Khối ngoại
mua ròng
{vnd}.

Nhấn vào https://id.example.com/xac-nhan?token={secret:mix}&lang=vi để đổi mật khẩu. Nếu không
phải bạn, gọi
{phone:VN}.

Máy chủ ghi nhận đăng nhập lạ từ {ip:4} lúc 03:12:45 ngày {date}; cổng nội bộ 192.168.1.{n:2} vẫn
đóng.

Chủ tài khoản chuyển {vnd} bằng thẻ {card} rồi báo mất.

Chị H. (SN 1987, trú xã Bình Minh) kể: "Họ gọi từ số {phone:VN}, xưng là nhân viên bưu điện, đọc
đúng số căn
cước {id:VN} của tôi."

Điện thoại hỗ trợ bạn đọc ở nước ngoài: {phone:+}; trong nước gọi 1800 1234 (miễn phí). Thư:
{email:at}.

Sách "Sông nước miền Tây", {isbn}, khổ 14 x 20,5 cm, in 1.500 bản, giá bìa {n:3}.000đ. Mã vạch
{ean}.

Chuyến bay VN{n:3} cất cánh lúc 14h35, hạ cánh 16:50, chậm 2 giờ 10 phút. Hotline hãng: 19001100.

Trong hai năm 2019-2020, xã trồng {people} cây keo trên {n:3},{n:1} ha; giai đoạn 2021-2025 sẽ là
{people} cây.

Zalo/Viber {phone:VN} gặp cô Mười, nhận đặt bánh tét từ mùng {n:1} đến 28 tháng chạp. Giá từ
{n:2}.000đ/đòn.
""",
    "en": """
For further details call Mary on {phone:GB} or write to {email}. Tickets cost £12.50 on the door.

The applicant, National Insurance number {id:GB}, was told to ring {phone:GB} before 17:30 on
{date}.

Press contact: Jonas Whitfield, {phone:US}, {email}. Shares (NYSE: ACME) closed at $14{n:1}.{n:2}.

According to the filing her social security number was {id:US}, and the refund of {usd} was paid
to a card
ending 4242.

Please charge my card {card}, expiry 09/27, for order {order}.

Failed password for root from {ip:4} port {n:5} ssh2; see also {ip:6} and the loopback ::1.

Reset link (valid for an hour): https://accounts.example.org/reset?user=jw&token={secret:mix}

curl "https://api.example.com/v2/items?limit=50&api_key={secret:hex}"

git clone https://deploy:{secret:word}@code.example.net/team/site.git

Upgrade from {version} to {version} first; the installer checks sha1 {sha}. The gateway at
10.0.0.{n:1} needs no
change.

Cite as: A. Author, J. Stat. Soft. {n:2}({n:1}), {n:3}-{n:3}, doi:{doi}. {isbn}.

The census counted {people} residents, {n:2}.{n:1} per cent more than in 1990-1991; the county
lies at {coord}.

City won 3-1 (1-0) before {people} spectators; the aggregate was 5-4. Next: 21 March, 20:45.

Your parcel {parcel} left the depot at 06:12. Order {order}, total {usd}, two items at 2 x 19.99.

Send IBAN {iban:GB} to {email} and we shall pay within 30 days.

I'm at {email:at} most days, or text me, {phone:AU}, not after nine.

Unit {serial}, firmware {version}, request id {uuid}, unix time {stamp}.

Lost dog, answers to Biscuit. Home {phone:US}, cell {phone:US}. Reward $500. No questions asked.

In 2019 the fund held {usd}, in 2020 {usd}, in 2021 {usd}; the auditor's reference is
2021/{n:4}/{n:2}.

Visit https://shop.example.com/p/{n:6}?utm_source=mail&utm_medium=x&page=2 or call free on 0800
123 4567.

Our Dublin desk is on {phone:+}; London {phone:GB}. Fax numbers were switched off in 2019.

Add "react": "18.2.0" and install left-pad@1.3.0; then @alice and @bob review the change on
channel #{n:4}.

Download the recording:
https://media.example.com/v/clip.mp4?X-Amz-Expires=900&X-Amz-Signature={secret:hex}
""",
    "fr": """
Renseignements et inscriptions : Mme Dubois, tél. {phone:FR}, courriel {email}. Participation :
8,50 €.

Le numéro de sécurité sociale {id:FR} figure sur l'attestation remise le {date} au service du
personnel.

Appelez le {phone:FR} entre 9 h et 12 h 30 ou le 3939 en cas d'urgence ; le 15 et le 112 restent
gratuits.

Merci de verser la caution sur le compte {iban:FR} au nom de l'association, en rappelant la
facture {order}.

La commune compte {people} habitants pour {n:2},{n:2} km² ; le budget 2021-2022 s'élève à {eur}.

Le ticket portait les numéros 07 12 23 34 45 et le complémentaire 09 ; le gain dépasse {eur}.

Ouvrage collectif, {isbn}, 312 pages, 24 x 16 cm, 29,90 €. Dépôt légal : mars 20{n:2}.

Connexion refusée depuis {ip:4} (proxy 172.16.{n:1}.{n:2}). Version {version} du serveur.

Lien de partage : https://docs.example.org/d/rapport?access_token={secret:mix}

Carte {card} refusée à 18:42:07, transaction {order}, montant {eur}.

Écrire à {email:at} ou au siège, 12 rue de la République, 69002 Lyon, Cedex 02. SIRET 552 100 554
00013.

Depuis l'étranger composez le {phone:FR} ; bureau de Bruxelles : {phone:+}.

Coordonnées du gîte : {coord}, altitude 1 {n:3} m. Réservation au {phone:FR}.
""",
    "de": """
Anmeldung bei Frau Petersen, Tel. {phone:DE}, oder per E-Mail an {email}. Kosten: 15,00 Euro.

Die Steuer-Identifikationsnummer {id:DE} steht auf dem Bescheid vom {date}; der Betrag von {eur}
ist fällig.

Hinweise nimmt die Polizei unter {phone:DE} entgegen. Notruf 110, Feuerwehr 112.

Bitte überweisen Sie auf das Konto {iban:DE}, Verwendungszweck Rechnung {order}.

Rund {people} Einwohner, {n:3},{n:2} km², Postleitzahl 24{n:3}, Vorwahl 04{n:3}. Der Haushalt:
{eur}.

Az. 3 K {n:4}/19 und 12 O {n:3}/20; BGBl. I S. {n:4}. Urteil vom {date}.

Handy {phone:DE}, dienstlich {phone:DE} (nur vormittags).

Der Rechner {ip:6} antwortete, {ip:4} nicht. Das Netz 192.168.178.0/24 ist privat.

Buch: {isbn}, 220 Seiten, 18,90 EUR. Seriennummer des Geräts: {serial}.

Endstand 2:1 (0:1), {people} Zuschauer; Sätze 25:21, 19:25, 25:23, 15:12.

Passwort vergessen? https://konto.example.com/neu?reset_token={secret:mix}&sprache=de

Unser Büro in Wien erreichen Sie unter {phone:+}, die Redaktion unter {email}.

Kreditkarte {card}, gültig bis 11/28, Prüfziffer auf der Rückseite.
""",
    "es": """
Para más información llame al {phone:ES} o escriba a {email}. Entrada: 6,50 euros.

El detenido, con DNI {id:ES}, vecino de Lugo, reclamaba {eur} a la aseguradora.

Se vende bicicleta, poco uso, 180 €. Tel. {phone:ES}, preguntar por Marta. También WhatsApp
{phone:ES}.

Haga el ingreso en la cuenta {iban:ES} antes del {date}, concepto: matrícula {order}.

La población pasó de {people} a {people} habitantes entre 1990-2000; la densidad es de {n:2},{n:1}
hab./km².

Real Decreto {n:3}/2019, de 29 de marzo; BOE núm. {n:3}, págs. {n:5}-{n:5}.

El número premiado fue el {n:5}, con {eur} al décimo; reintegros: 2, 5 y 9.

El ataque vino de {ip:4} y de {ip:4}; el cortafuegos 10.{n:2}.0.1 no registró nada.

Pulse https://tramites.example.org/cita?id={n:6}&clave=abc para ver el horario; emergencias, 112.

Desde México marque {phone:+}. Correo alternativo: {email:at}.

Pagó con la tarjeta {card} y firmó con su NIE {id:ES}.

Referencia catastral y coordenadas {coord}; lote {serial}; código de barras 84{n:6}{n:5}.
""",
    "pt": """
Informações: telefone {phone:PT} ou {email}. O bilhete custa 7,50 €.

O contribuinte, NIF {id:PT}, pagou {eur} em {date}.

Vendo apartamento de 2 quartos, R$ 450.000,00. Tratar com Sônia, {phone:BR} (WhatsApp {phone:BR}).

O suspeito, portador do CPF {id:BR}, foi preso na sexta-feira com R$ 12.350,00.

Faça o depósito no IBAN {iban:PT} e envie o comprovativo para {email}.

Lei n.º {n:2}/2019, de 12 de março; processo 0001234-56.2020.8.26.0100; DOU de {date}.

O município tem {people} habitantes e fica a {coord}. Ligue 190 ou 193 em emergências; SAC 0800
722 1234.

Resultado: dezenas 04 - 15 - 23 - 38 - 42 - 59, prêmio de R$ 12.345.678,90.

Acesso negado para {ip:4} às 12:45:09; versão {version}, pedido {uuid}.

Cartão {card}, validade 03/29. Pedido {order}.

O link https://nuvem.example.net/partilha?sig={secret:mix}&exp={stamp} expira amanhã.

Escritório em Lisboa {phone:PT}; em São Paulo {phone:BR}; em Luanda {phone:+}.
""",
    "it": """
Per informazioni telefonare al {phone:IT} o scrivere a {email}. Ingresso 5,00 euro.

La signora, codice fiscale {id:IT}, ha chiesto il rimborso di {eur}.

Vendesi cucina usata, 300 € trattabili. Cell. {phone:IT}, ore pasti.

Bonifico su {iban:IT}, causale: quota {order}. Scadenza {date}.

Il comune ha {people} abitanti; CAP 50{n:3}; l'altitudine è di {n:3} m, le coordinate {coord}.

Finisce 2-1 (1-1): reti al 12', 45'+2' e 88'; spettatori {people}. Volume {isbn}.

Il server {ip:4} ha risposto, il router 192.168.0.1 no. Aggiornare a {version}.

La carta {card} risulta bloccata dal {date}.

Dall'estero {phone:+}; numero verde 800 123 456; emergenze 112. PEC: {email}.

D.Lgs. {n:2}/2017, art. 5; sentenza n. {n:5}/2018; G.U. n. {n:3}.
""",
    "ru": """
Справки по телефону {phone:RU}, почта {email}. Вход 300 руб.

У задержанного нашли паспорт, СНИЛС или ИНН {id:RU} и {people} рублей наличными.

Продам дачу, 6 соток, {people} руб. Звонить {phone:RU}, Анна Сергеевна.

Население посёлка — {people} человек (2010), площадь {n:2},{n:1} км². Координаты: {coord}.

Федеральный закон от 27.07.2006 № 152-ФЗ; дело № А40-{n:5}/2019; протокол № {n:3}-{n:2}.

Счёт матча 3:2 (1:0, 1:2, 1:0), зрителей {people}. Билеты от {n:3} до 2 500 руб.

Вход выполнен с адреса {ip:4} в 23:14:55, раньше был {ip:4}.

Пишите на {email:at} или звоните {phone:RU}; горячая линия 8 800 555-35-35 бесплатна.

Карта {card} заблокирована {date}.

Книга: {isbn}, тираж 3000 экз. Заказ {order}. Экстренные службы: 112.

Ссылка https://lk.example.org/vhod?session_id={secret:hex} действует до {date}. Киев: {phone:+}.
""",
    "pl": """
Zapisy pod numerem {phone:PL} lub mailowo: {email}. Wstęp 20 zł.

Podejrzany, PESEL {id:PL}, przyznał się do kradzieży 12 500,00 zł.

Sprzedam rower, 450 zł, tel. {phone:PL}, wieczorem {phone:PL}.

Wpłaty na konto {iban:PL}, tytuł: składka {order}, do {date}.

Gmina liczy {people} mieszkańców; Dz.U. 2019 poz. {n:4}; kod pocztowy 00-{n:3}; NIP 525-22-48-481.

Mecz skończył się 3:2 (25:23, 19:25, 25:20), widzów {people}. Alarmowy 112.

Logowanie z {ip:4}; router 192.168.1.1; wersja {version}.

Karta {card} wygasła. Książka {isbn}, 39,90 zł.

Biuro w Pradze: {phone:+}. Piszcie: {email:at}.
""",
    "id": """
Hubungi Budi di {phone:ID} atau surel {email}. Tiket Rp 50.000.

Tersangka dengan NIK {id:ID} ditangkap bersama uang Rp 12.500.000.

Dijual tanah 200 m2, Rp 350.000.000, nego. WA {phone:ID} (tanpa perantara).

Penduduk kabupaten {people} jiwa; luas 1.{n:3},{n:2} km2; koordinat {coord}.

Undang-Undang Nomor {n:2} Tahun 2019; Perkara Nomor {n:3}/Pid.B/2020/PN Jkt; halaman {n:3}-{n:3}.

Kantor pusat {phone:ID}, cabang Singapura {phone:+}. Darurat 112, polisi 110.

Akses dari {ip:4} ditolak pada 07:15:33; pesanan {order}; resi {parcel}.

Kartu {card} diblokir. Kirim bukti ke {email:at}.

Skor akhir 2-1, penonton {people}. Buku {isbn}, Rp 85.000.

Buka https://akun.example.com/verifikasi?kode={n:6}&auth_token={secret:mix} sebelum {date}.
""",
    "zh": """
联系人：王女士，电话{phone:CN}，邮箱{email}。门票30元。

犯罪嫌疑人李某，身份证号{id:CN}，涉案金额{people}元。

出售二手房，建筑面积89平方米，总价320万元，电话：{phone:CN}。

全县人口{people}人，面积{n:4}平方公里，坐标{coord}。邮编310{n:3}。

双色球开奖号码：02、08、15、21、27、33，蓝球{n:1}，奖池{people}元。

服务器{ip:4}无响应，内网地址192.168.31.{n:2}正常，版本{version}。

客服热线400-810-{n:4}，订单号{order}，报警请拨110。东京办事处：{phone:JP}。

信用卡{card}已挂失，请发邮件至{email}确认。

图书信息：{isbn}，定价58.00元，2019年3月第1版。国标GB/T 7714-2015。

请打开 https://pan.example.com/s/file?token={secret:mix}&page=1 下载，有疑问拨{phone:CN}。
""",
    "ja": """
お問い合わせは田中（電話 {phone:JP}）またはメール {email} まで。参加費500円。

マイナンバー{id:JP}が記載された書類を紛失したと市が{date}に発表した。

中古自転車を8,000円で譲ります。連絡先は{phone:JP}です。

市の人口は{people}人、面積は{n:3}.{n:2}平方キロ。郵便番号〒604-{n:4}。座標{coord}。

試合は3対2で終わり、観客は{people}人。次は4月12日19時開始。

アクセス元は{ip:4}と{ip:6}だった。ルーターは192.168.11.1のまま。

書籍：{isbn}、定価1,980円、全320ページ。注文番号{order}。

カード番号{card}が不正に使われた。警察は110番、フリーダイヤルは0120-123-{n:3}。

ソウル支店は{phone:+}、東京本社は{phone:JP}。

再設定は https://id.example.com/reset?key={secret:mix} からどうぞ。
""",
    "nl": """
Bel {phone:+} of mail {email}. Toegang € 7,50.

De verdachte, burgerservicenummer {id:NL}, ontving {eur} op rekening {iban:NL}.

De gemeente telt {people} inwoners; postcode 1017 AB; dossier 2019/{n:4}. Noodnummer 112, info
0800-1234.

Inloggen mislukt vanaf {ip:4}; versie {version}; kaart {card} geweigerd.
""",
    "ko": """
문의: {phone:+}, 이메일 {email}. 입장료 5,000원.

피의자의 주민등록번호 {id:KR} 가 문서에 그대로 남아 있었다. 금액은 {people}원.

경기는 3대2로 끝났고 관중은 {people}명이었다. 신고는 112, 주문번호 {order}, {isbn}.

접속 주소 {ip:4} 에서 {date} 로그인 시도가 있었다. 카드 {card} 정지.
""",
    "sv": """
Ring {phone:+} eller mejla {email}. Inträde 80 kr.

Mannen, personnummer {id:SE}, dömdes att betala {people} kronor.

Kommunen har {people} invånare; postnummer 114 {n:2}; SFS 2018:{n:3}; mål nr T {n:4}-19. Nödnummer
112.

Inloggning från {ip:6}; kort {card} spärrat {date}; version {version}.
""",
}
UNSPACED = ("zh", "ja")
SLOT = re.compile(r"\{(\w+)(?::([\w+-]+))?\}")


def document(rng: random.Random, form: str, lang: str) -> dict[str, object]:
    """A row of the set: the text of a paragraph with its slots filled, and its labels."""
    text, spans, done = "", [], 0
    for slot in SLOT.finditer(form):
        text += form[done : slot.start()]
        done = slot.end()
        name, detail = slot[1], slot[2] or ""
        if name in KINDS:
            kind, draw = KINDS[name]
            value = draw(rng, detail)
            spans.append({"start": len(text), "end": len(text) + len(value), "kind": kind})
        else:
            value = number(rng, int(detail)) if name == "n" else LOOKALIKES[name](rng)
        text += value
    return {"text": text + form[done:], "spans": spans, "lang": lang}


def documents(seed: int = SEED) -> list[dict[str, object]]:
    """All rows, in order: the same for the same seed."""
    rng = random.Random(seed)
    rows = []
    for lang, block in PARAGRAPHS.items():
        join = "" if lang in UNSPACED else " "
        for paragraph in block.strip().split("\n\n"):
            form = join.join(paragraph.split("\n")).replace("⏎", "\n")
            rows += [document(rng, form, lang) for _ in range(DRAWS)]
    return rows


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("usage: python tools/make_pii_second.py FILE.jsonl")
    lines = (json.dumps(row, ensure_ascii=False) + "\n" for row in documents())
    Path(sys.argv[1]).write_text("".join(lines), encoding="utf-8")
