"""Write the labelled sentences of `cleaner eval pii`: seeds/gold/pii-dev.jsonl and pii-held.jsonl.

    python tools/make_pii_gold.py

Sentences and numbers are invented; where a range is reserved for examples it is used (RFC 2606 and
5737, Ofcom, ARCEP, the Bundesnetzagentur, 555-01xx), and published test numbers for cards and
accounts. The finder was made with the sentences of `pii-dev` at hand; `pii-held` is for the figure
alone. A third of the sentences hold numbers that are nobody's.
"""

from __future__ import annotations

import json
import random
import re
from collections.abc import Callable
from pathlib import Path

from cleaner.pii import national_id as ids
from cleaner.pii.check import luhn

HERE = Path(__file__).parents[1] / "seeds" / "gold"
TIMES = 4
_SLOT = re.compile(r"\{(\w+)\}")

CARDS = (
    "4111111111111111", "4012888888881881", "5555555555554444", "5105105105105100",
    "6011111111111117", "3530111333300000", "2223003122003222", "4242424242424242",
)  # fmt: skip
GROUPINGS: tuple[tuple[tuple[int, ...], str], ...] = (
    ((10,), ""), ((4, 3, 3), " "), ((4, 3, 3), "."), ((3, 3, 4), "-"), ((4, 6), "."),
    ((3, 4, 3), " "), ((4, 2, 2, 2), "."),
)  # fmt: skip
PREFIXES = ("090", "091", "098", "032", "035", "038", "070", "079", "081", "086", "056", "059")
IBANS = (
    "DE89370400440532013000", "GB29NWBK60161331926819", "FR1420041010050500013M02606",
    "ES9121000418450200051332", "PL61109010140000071219812874", "NL91ABNA0417164300",
    "IT60X0542811101000000123456", "BR1800360305000010009795493C1", "AT611904300234573201",
)  # fmt: skip
NAMES = (
    "an.nguyen", "le.minh", "tran_thu", "hoa.pham", "maria.lopez", "j.smith", "p.martin", "k.weber",
    "budi.s", "ana-lima",
)  # fmt: skip
HOSTS = (
    "example.com",
    "example.org",
    "example.net",
    "mail.example",
    "toasoan.example",
    "x.co.example",
)


def checked(draw: random.Random, form: str, country: str, name: str) -> str:
    """Digits of a form (# is any) that the id of a country can have."""
    test = next(f.check for f in ids.FORMS if (f.country, f.name) == (country, name))
    while True:
        found = "".join(str(draw.randrange(10)) if c == "#" else c for c in form)
        if test(re.sub(r"\D", "", found)):
            return found


def vn_mobile(draw: random.Random) -> str:
    """Ten digits in one of the usual groupings."""
    prefix = draw.choice(PREFIXES)
    digits = f"{prefix}12345{draw.randrange(100):02d}"
    sizes, gap = draw.choice(GROUPINGS)
    parts = []
    for size in sizes:
        parts.append(digits[:size])
        digits = digits[size:]
    return gap.join(parts)


def spaced(digits: str, size: int = 4) -> str:
    """In groups."""
    return " ".join(digits[i : i + size] for i in range(0, len(digits), size))


def key(draw: random.Random, size: int = 24) -> str:
    """What a token looks like."""
    letters = "abcdefghjkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789"
    return "ex4mpl3" + "".join(draw.choice(letters) for _ in range(size - 7))


def email(draw: random.Random) -> str:
    """An address at a domain for examples."""
    return f"{draw.choice(NAMES)}{draw.choice(['', '', '84', '.2'])}@{draw.choice(HOSTS)}"


def one_of(*starts: str, tail: int = 2) -> Callable[[random.Random], str]:
    """One of some beginnings, and so many digits."""
    return lambda draw: draw.choice(starts) + some(draw, tail)


def some(draw: random.Random, count: int) -> str:
    """So many digits."""
    return "".join(str(draw.randrange(10)) for _ in range(count))


def napas(draw: random.Random) -> str:
    """A card number of the Vietnamese network."""
    while True:
        found = "970400" + some(draw, 10)
        if luhn(found):
            return found


def nir(draw: random.Random) -> str:
    """A French number in its usual groups."""
    form = f"{draw.choice('12')} 85 0{draw.randrange(1, 10)} 78 ### ### ##"
    return checked(draw, form, "FR", "NIR")


def ip6(draw: random.Random) -> str:
    """An address of the block for documentation."""
    first, second, third = (f"{draw.randrange(16, 4096):x}" for _ in range(3))
    return f"2001:db8:{first}::{second}:{third}"


def law(draw: random.Random) -> str:
    """The number of a Vietnamese law."""
    by = draw.choice(["TT-BTC", "NĐ-CP", "QĐ-UBND", "TT-BGDĐT"])
    return f"{draw.randrange(1, 400)}/20{draw.randrange(10, 25)}/{by}"


def id_of(form: str, country: str, name: str) -> Callable[[random.Random], str]:
    """An id of digits."""
    return lambda draw: checked(draw, form, country, name)


def spanish(first: str) -> Callable[[random.Random], str]:
    """A DNI or NIE that begins so."""

    def make(draw: random.Random) -> str:
        while True:
            found = first + some(draw, 7) + draw.choice("TRWAGMYFPDXBNJZSQVHLCKE")
            if ids.lettered_ids(found, {"ES"}):
                return found

    return make


def chinese(draw: random.Random) -> str:
    """A resident id."""
    while True:
        digits = "11010119900307" + some(draw, 3)
        for last in "0123456789X":
            if ids.is_chinese(digits + last):
                return digits + last


def written(values: tuple[str, ...]) -> Callable[[random.Random], str]:
    """One of some numbers, with or without spaces."""
    return lambda draw: draw.choice([str, spaced])(draw.choice(values))


def aws(draw: random.Random) -> str:
    """A key id that is none."""
    return "AKIA" + "".join(draw.choice("ABCDEFGHIJ234567") for _ in range(9)) + "EXAMPLE"


def any_of(*values: str) -> Callable[[random.Random], str]:
    """One of some values."""
    return lambda draw: draw.choice(values)


SLOTS: dict[str, tuple[str, Callable[[random.Random], str]]] = {
    "email": ("email", email),
    "email_at": (
        "email",
        lambda d: email(d).replace("@", d.choice([" (at) ", "[at]", " [at] "])),
    ),
    "vn_mobile": ("phone", vn_mobile),
    "vn_land": ("phone", one_of("(028) 3999 01", "028.399901", "(0236) 3999 9", "024 3999 01")),
    "vn_plus": (
        "phone",
        one_of("+84 912 345 6", "+849123456", "(+84) 28 3999 01", "+84-91-234-56-"),
    ),
    "vn_2017": ("phone", one_of("(04) 3999 01", "04.399901", "0168 123 45", "0120.123.45")),
    "us_phone": ("phone", one_of("(202) 555-01", "212-555-01", "+1 303-555-01", "415.555.01")),
    "gb_phone": (
        "phone",
        one_of("020 7946 09", "0161 496 09", "+44 20 7946 09", "+44 (0)20 7946 09"),
    ),
    "fr_phone": ("phone", one_of("01 99 00 12 ", "02.61.91.34.", "+33 1 99 00 12 ")),
    "de_phone": ("phone", one_of("030 231250", "+49 30 231250", "0171 39200", "030/231250")),
    "es_phone": ("phone", one_of("612 34 56 ", "+34 612 345 6", "912 34 56 ", "6123456")),
    "br_phone": ("phone", one_of("(11) 91234-56", "(21) 2123-45", "+55 11 91234-56")),
    "id_phone": ("phone", one_of("0812-3456-78", "0812345678", "+62 812-3456-78")),
    "ru_phone": ("phone", one_of("8 (495) 123-45-", "+7 495 123-45-", "8-916-123-45-")),
    "cn_phone": ("phone", one_of("138001380", "138-0013-80", "+86 138 0013 80", "010-123456")),
    "jp_phone": ("phone", one_of("03-1234-56", "090-1234-56")),
    "kr_phone": ("phone", one_of("010-1234-56", "02-1234-56")),
    "ip": (
        "ip",
        lambda d: d.choice(["203.0.113.", "198.51.100.", "192.0.2."]) + str(d.randrange(33, 255)),
    ),
    "ip6": ("ip", ip6),
    "cccd": (
        "national_id",
        lambda d: checked(d, d.choice(["001", "079", "048", "092"]) + "#" * 9, "VN", "citizen id"),
    ),
    "cmnd": ("national_id", one_of("2", tail=8)),
    "ssn": ("national_id", id_of("###-##-####", "US", "SSN")),
    "dni": ("national_id", spanish("4")),
    "nie": ("national_id", spanish("X")),
    "cpf": ("national_id", id_of("###.###.###-##", "BR", "CPF")),
    "cpf_plain": ("national_id", id_of("###########", "BR", "CPF")),
    "nir": ("national_id", nir),
    "nik": ("national_id", id_of("317###1205######", "ID", "NIK")),
    "cn_id": ("national_id", chinese),
    "rrn": ("national_id", id_of("900101-1######", "KR", "RRN")),
    "pesel": ("national_id", id_of("85031######", "PL", "PESEL")),
    "snils": ("national_id", id_of("###-###-### ##", "RU", "SNILS")),
    "steuer": ("national_id", id_of("4##########", "DE", "tax id")),
    "aadhaar": ("national_id", lambda d: spaced(checked(d, "2###########", "IN", "Aadhaar"))),
    "mykad": ("national_id", id_of("850314-14-####", "MY", "MyKad")),
    "thai": ("national_id", id_of("1-####-#####-##-#", "TH", "citizen id")),
    "passport": ("national_id", one_of("B", "C", "P", tail=7)),
    "card": ("bank_card", written(CARDS)),
    "amex": ("bank_card", any_of("378282246310005", "3714 496353 98431")),
    "napas": ("bank_card", napas),
    "iban": ("iban", written(IBANS)),
    "token": ("url_secret", key),
    "aws": ("url_secret", aws),
    "github": ("url_secret", lambda d: "ghp_EXAMPLE" + key(d, 29)),
    "jwt": ("url_secret", lambda d: f"eyJhbGciOiJIUzI1NiJ9.eyJ{key(d, 20)}.{key(d, 30)}"),
    "login": ("url_secret", lambda d: f"bob:{key(d, 12)}"),
    # nobody's
    "date": ("", any_of("15/03/2024", "02.09.1945", "2024-03-15", "07-08/06/2017")),
    "amount": ("", any_of("1.500.000.000", "912 345 678", "3.650.000", "18,800,000")),
    "law": ("", law),
    "isbn": (
        "",
        any_of("978-3-16-148410-0", "978-604-1-00012-3", "9783161484100", "0-306-40615-2"),
    ),
    "hotline": ("", any_of("1900 1234", "1900.636.648", "1800 1091", "19001008")),
    "mst": ("", any_of("0312345678", "0301234567", "0101234567-001")),
    "order": (
        "",
        any_of("202403150912345", "0912345678901234", "1234567890123456", "4000123412341234"),
    ),
    "version": ("", any_of("10.0.1.2", "4.18.0.305", "1.2.3.4", "17.0.5.1")),
    "score": ("", any_of("2-1, 3-0, 1-1", "6-4 7-6 6-3", "25-21, 25-18, 25-23")),
    "years": ("", any_of("2010-2015-2020", "1999-2009", "2016 - 2017", "2011 2012 2013")),
    "lottery": ("", any_of("05-12-23-34-45-51", "03 25 33 34 45", "01-07-15-22-38")),
    "private": ("", any_of("192.168.1.1", "10.0.0.138", "127.0.0.1", "255.255.255.0")),
    "bigint": ("", one_of(*"123456789", tail=8)),
    "hex": ("", lambda d: "".join(d.choice("0123456789abcdef") for _ in range(32))),
    "file": ("", any_of("icon@2x.png", "anh@3x.jpg", "@tintuc", "user@localhost")),
    "coords": ("", any_of("10.762622, 106.660172", "-33.8688197,151.2092955")),
    "time": ("", any_of("10:30:45", "08:30 15/03/2017", "2017-06-13 19:08")),
}

DEV = (
    ("vi", "Bạn đọc cần hỗ trợ xin gọi số {vn_mobile} gặp chị Hoa."),
    ("vi", "Liên hệ: {vn_mobile} - {vn_mobile}, email {email}."),
    ("vi", "Công ty A, số 12 phố B, ĐT: {vn_land}, Fax: {vn_land}."),
    ("vi", "Từ nước ngoài xin gọi {vn_plus}, ngày {date}."),
    ("vi", "Điện thoại: {vn_2017} (giờ hành chính)."),
    ("vi", "Anh Nam, {vn_mobile}, cho biết giá là {amount} đồng."),
    ("vi", "Bà Thu, CCCD số {cccd}, cấp ngày {date}."),
    ("vi", "Ông Minh, số CMND {cmnd}, trú tại phường 3."),
    ("vi", "Hộ chiếu số {passport} của ông Nam hết hạn ngày {date}."),
    ("vi", "Chị chuyển tiền vào thẻ {card} của một người lạ."),
    ("vi", "Truy cập từ địa chỉ IP {ip} vào lúc {time}."),
    ("vi", "Mọi ý kiến gửi về{email} hoặc tòa soạn."),
    ("vi", "Căn cứ Thông tư số {law} ngày {date}, tổng chi {amount} đồng."),
    ("vi", "Tổng đài {hotline} phục vụ 24/7; giai đoạn {years}."),
    ("vi", "Mã số thuế: {mst}. Giấy phép số {law}."),
    ("vi", "Kết quả xổ số: {lottery}. Tỉ số {score}."),
    ("vi", "Vào trang quản trị của modem ở {private}, bản {version}."),
    ("vi", "Mã đơn hàng {order}, giá {amount} VNĐ."),
    ("en", "Call us on {us_phone} or write to {email}."),
    ("en", "Contact: {gb_phone} (office hours), {email_at}."),
    ("en", "His SSN, {ssn}, was on the form dated {date}."),
    ("en", "Charge it to card {card}, please."),
    ("en", "The server at {ip} and {ip6} did not answer."),
    ("en", "See https://site.example/reset?token={token}&lang=en for details."),
    ("en", "The log had {aws} and {github} in it."),
    ("en", "Clone https://{login}@git.example/repo.git first."),
    ("en", "ISBN {isbn}, order {order}, {years}."),
    ("en", "Version {version} of the driver; file {file}; {coords}."),
    ("en", "The population is {bigint}, the hash {hex}."),
    ("en", "They won {score} on {date} before {bigint} viewers."),
    ("es", "Llame al {es_phone} o escriba a {email}."),
    ("es", "Con DNI {dni} y NIE {nie}, cuenta {iban}."),
    ("es", "El importe fue de {amount} euros, el {date}, expediente {order}."),
    ("pt", "Contato: {br_phone}; CPF {cpf}."),
    ("pt", "Processo {order}, de {date}: {amount} reais."),
    ("fr", "Téléphone : {fr_phone} ; courriel : {email}"),
    ("fr", "Numéro de sécurité sociale {nir}, IBAN {iban}."),
    ("fr", "Tirage du loto : {lottery}, le {date}."),
    ("de", "Telefon: {de_phone}, E-Mail: {email}"),
    ("de", "Steuer-ID {steuer}, Konto {iban}."),
    ("de", "Am {date} kostete es {amount} Euro, Rechnung {order}."),
    ("id", "Hubungi {id_phone} atau {email}."),
    ("id", "NIK {nik} atas nama Budi, tanggal {date}."),
    ("ru", "Телефон: {ru_phone}, почта {email}"),
    ("ru", "СНИЛС {snils}, дата {date}, сумма {amount} руб."),
    ("zh", "联系电话：{cn_phone}，邮箱：{email}。"),
    ("zh", "身份证号码{cn_id}，日期{date}，版本{version}。"),
    ("ko", "전화 {kr_phone}, 주민등록번호 {rrn}."),
    ("ja", "電話 {jp_phone}、メール {email}。"),
    ("pl", "PESEL {pesel}, data {date}."),
)  # fmt: skip
HELD = (
    ("vi", "Thông tin xin báo về đường dây nóng {vn_mobile} (gặp ông Tư)."),
    ("vi", "Mọi chi tiết: {vn_land}; di động {vn_mobile}; hộp thư {email}."),
    ("vi", "Nhà hảo tâm ủng hộ chị Lan, SĐT {vn_mobile}. Xin cảm ơn."),
    ("vi", "Zalo/Viber {vn_plus} hoặc {email}"),
    ("vi", "Trụ sở: 15 đường C, quận D. Tel {vn_2017}."),
    ("vi", "Số {vn_mobile} này gọi cho tôi lúc {time}."),
    ("vi", "Công dân có số định danh cá nhân {cccd}, sinh ngày {date}."),
    ("vi", "Chứng minh nhân dân: {cmnd}; điện thoại: {vn_mobile}."),
    ("vi", "Số thẻ {napas} và {card} bị lộ trên diễn đàn."),
    ("vi", "Máy chủ {ip} bị tấn công từ {ip6}."),
    ("vi", "Khoản vay {amount} đồng theo Nghị định {law}, hiệu lực từ {date}."),
    ("vi", "Gọi {hotline} để đặt vé; mã vận đơn {order}."),
    ("vi", "MST {mst}, GPKD số {bigint} do Sở cấp ngày {date}."),
    ("vi", "Vietlott mở thưởng kỳ {years}: {lottery}."),
    ("vi", "Mục {version} của tài liệu; tọa độ {coords}; ảnh {file}."),
    ("vi", "Bộ GD&ĐT, ngày {date}, công bố {bigint} thí sinh; tỉ số {score}."),
    ("en", "Phone {us_phone}, fax {us_phone}; mail {email}."),
    ("en", "You can reach Ann at {email_at} or {gb_phone}."),
    ("en", "Social security number {ssn} leaked with card {amex}."),
    ("en", "Aadhaar {aadhaar}, passport {passport}."),
    ("en", "MyKad {mykad} was used to open the account."),
    ("en", "Requests from {ip}:8080 carried Bearer {jwt}."),
    ("en", "Open https://cdn.example/v.mp4?sig={token}#t=10 within an hour."),
    ("en", "export AWS_KEY={aws}; curl ftp://{login}@files.example/"),
    ("en", "The book (ISBN {isbn}) sold {amount} copies in {years}."),
    ("en", "Ticket {order} was closed on {date}; build {version}."),
    ("en", "Commit {hex} touched {bigint} rows at {time}."),
    ("en", "Set by set: {score}; draw {lottery}; gateway {private}."),
    ("es", "Móvil {es_phone}. Correo: {email}."),
    ("es", "Titular con documento {dni}; tarjeta {card}; {iban}."),
    ("es", "Pedido {order} del {date}, {amount} pesos."),
    ("pt", "Ligue {br_phone} ou mande e-mail para {email}"),
    ("pt", "O CPF dele é {cpf_plain}; protocolo {order}."),
    ("fr", "Appelez le {fr_phone} avant le {date}."),
    ("fr", "Virement sur {iban}, NIR {nir}, facture {order}."),
    ("de", "Rufnummer {de_phone}; Ausgabe {isbn}."),
    ("de", "IdNr {steuer}; Überweisung an {iban} über {amount} Euro."),
    ("id", "WA {id_phone}, email {email}, harga Rp {amount}."),
    ("id", "Nomor KTP: {nik}; resi {order}."),
    ("ru", "Звоните: {ru_phone}; счет {order} от {date}."),
    ("ru", "Ее СНИЛС {snils}, версия {version}."),
    ("zh", "手机{cn_phone}，订单号{order}。"),
    ("zh", "公民身份号码：{cn_id}；IP地址 {ip}。"),
    ("ko", "연락처 {kr_phone}, 날짜 {date}, 주민번호 {rrn}"),
    ("ja", "携帯 {jp_phone}、注文番号 {order}。"),
    ("pl", "Numer PESEL {pesel}, konto {iban}."),
    ("th", "เลขประจำตัวประชาชน {thai} วันที่ {date}"),
)  # fmt: skip


def filled(draw: random.Random, lang: str, template: str) -> dict[str, object]:
    """A sentence, and the spans of what is somebody's in it."""
    text, spans, at = "", [], 0
    for slot in _SLOT.finditer(template):
        text += template[at : slot.start()]
        kind, make = SLOTS[slot.group(1)]
        value = make(draw)
        if kind:
            spans.append({"start": len(text), "end": len(text) + len(value), "kind": kind})
        text += value
        at = slot.end()
    return {"lang": lang, "text": text + template[at:], "spans": spans}


def rows_of_templates(name: str, templates: tuple[tuple[str, str], ...]) -> list[dict[str, object]]:
    """The sentences of a file: each template some times, with other numbers."""
    draw = random.Random(f"pii {name}")
    return [filled(draw, *template) for template in templates for _ in range(TIMES)]


def main() -> None:
    """Write both files."""
    for name, templates in (("dev", DEV), ("held", HELD)):
        rows = rows_of_templates(name, templates)
        lines = [json.dumps(row, ensure_ascii=False) + "\n" for row in rows]
        (HERE / f"pii-{name}.jsonl").write_text("".join(lines), "utf-8")


if __name__ == "__main__":
    main()
