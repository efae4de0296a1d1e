"""Words beside a number that tell what it is, or what it is not."""

from __future__ import annotations

import re
from collections.abc import Iterable

from cleaner.pii.hit import after, before


def _words(*groups: Iterable[str]) -> re.Pattern[str]:
    """Any of the words, none as a part of another; longer ones first. `~` ends a stem.

    Words of scripts without spaces stand anywhere.
    """
    parts = []
    for word in sorted({w for group in groups for w in group}, key=lambda w: (-len(w), w)):
        stem = word.removesuffix("~")
        body = re.escape(stem.casefold()).replace(r"\ ", r"[ \u00a0]+")
        if stem[0] >= "\u0e00" and not "\u1e00" <= stem[0] <= "\u1fff":
            parts.append(body)
        else:
            # GD&ĐT and GD-ĐT are a ministry, not a phone
            parts.append(rf"(?<!\w)(?<!\w[&\-]){body}" + ("" if stem != word else r"(?!\w)"))
    return re.compile("|".join(parts))


PHONE = _words(
    ("phone", "phones", "telephone", "tel", "mobile", "mob", "cell", "call", "fax", "dial",
     "ring", "whatsapp", "viber", "telegram", "zalo", "sms", "contact", "hotline", "text me",
     "text us"),
    ("điện thoại", "đt", "đtdđ", "dđ", "sđt", "sdt", "dt", "liên hệ", "liên lạc", "gọi", "di động",
     "đường dây nóng", "số máy", "máy bàn", "alo", "số nóng"),
    ("teléfono", "telf", "tfno", "tlf", "móvil", "celular", "cel", "llame", "llamar", "llamando",
     "contacto"),
    ("telefone", "fone", "telemóvel", "contato", "ligue", "ligar"),
    ("téléphone", "tél", "portable", "appelez", "appeler", "joindre", "composez", "composer",
     "renseignements", "réservation~", "contactez"),
    ("telefon", "telefonisch", "handy", "mobil", "anrufen", "rufnummer", "telefono", "cellulare",
     "telefonare", "telefonate", "chiamare", "chiamate", "numerem", "zadzwoń", "dzwonić"),
    ("telepon", "telp", "ponsel", "hp", "no hp", "hubungi", "wa", "nomor"),
    ("тел", "телефон~", "моб", "звоните", "звонить", "факс"),
    ("电话", "電話", "手机", "手機", "联系", "聯絡", "致电", "热线", "传真", "拨打", "请拨",
     "有疑问拨", "携帯", "連絡先", "전화", "연락처", "휴대폰", "โทร", "☎", "📞", "✆", "📱"),
)  # fmt: skip
"""A phone number comes."""

OTHER_NUMBER = _words(
    ("mst", "mã số thuế", "mã số doanh nghiệp", "msdn", "đkkd", "đkdn", "gpkd", "cnđkkd",
     "giấy phép", "giấy chứng nhận", "tài khoản", "stk", "tk", "mã đơn", "vận đơn",
     "đơn hàng", "hóa đơn", "hoá đơn", "hợp đồng", "số seri", "seri", "mã vạch", "mã giao dịch",
     "quyết định số", "công văn số", "mã sản phẩm", "biển số", "số khung", "vé số"),
    ("tax", "vat", "tin", "ein", "invoice", "order", "tracking", "serial", "s/n", "sku", "barcode",
     "isbn", "issn", "doi", "pmid", "imei", "arxiv", "account", "a/c", "acct", "reference", "ref",
     "case", "docket", "part", "model", "patent", "ticket", "booking", "grid ref", "licence",
     "license", "cnpj", "siret", "siren", "upc", "ean", "gtin", "asin", "nif", "cif", "oclc", "id"),
    ("pedido", "factura", "fatura", "nota fiscal", "protocolo", "processo", "expediente", "cuenta"),
    ("commande", "facture", "numéro de série", "compte", "bestellnummer", "rechnung~", "konto~",
     "aktenzeichen", "seriennummer", "artikelnummer", "pesanan", "faktur", "resi", "rekening",
     "npwp", "инн", "огрн", "кпп", "бик", "р/с", "заказ~", "счет", "счёт", "артикул"),
    ("订单", "訂單", "编号", "編號", "账号", "帳號", "统一社会信用代码", "单号", "운송장", "注文"),
)  # fmt: skip
"""A number comes that is nobody's: of a company, an order, a book, an account."""

NATIONAL_ID = {
    "VN": _words(
        ("cccd", "cmnd", "cmtnd", "cmt", "căn cước", "căn cước công dân", "chứng minh nhân dân",
         "chứng minh thư", "chứng minh", "số định danh", "định danh cá nhân", "id card")),
    "US": _words(("ssn", "social security", "itin")),
    "ES": _words(("dni", "nie", "nif", "documento")),
    "FR": _words(("nir", "sécurité sociale", "sécu", "insee", "numéro de sécurité")),
    "BR": _words(("cpf",)),
    "CN": _words(("身份证", "身分證", "公民身份号码", "id card", "identity")),
    "ID": _words(("nik", "ktp", "e-ktp", "induk kependudukan", "kartu tanda penduduk")),
    "KR": _words(("주민등록번호", "주민번호", "rrn", "resident registration")),
    "PL": _words(("pesel",)),
    "DE": _words(
        ("steuer-id", "steuerid", "steueridentifikationsnummer", "idnr", "steuer-idnr",
         "steuer-identifikationsnummer", "identifikationsnummer",
         "steuerliche identifikationsnummer", "tax id")),
    "IN": _words(("aadhaar", "aadhar", "uidai", "आधार")),
    "RU": _words(("снилс", "snils", "инн")),
    "PT": _words(("nif", "contribuinte", "número fiscal", "identificação fiscal")),
    "NL": _words(("bsn", "burgerservicenummer", "sofinummer")),
    "JP": _words(("マイナンバー", "個人番号")),
    "TH": _words(("บัตรประชาชน", "เลขประจำตัวประชาชน", "thai id", "id card")),
    "MY": _words(("mykad", "nric", "no. kp", "kad pengenalan", "i/c", "ic")),
    "TW": _words(("身分證", "身份證", "national id")),
    "GB": _words(("national insurance", "nino", "ni number", "ni no")),
    "passport": _words(
        ("passport", "hộ chiếu", "pasaporte", "passaporte", "passeport", "reisepass", "paspor",
         "паспорт~", "护照", "護照")),
}  # fmt: skip
"""The number of that country's id comes; `passport` of any."""

CARD = _words(
    ("card", "credit", "debit", "visa", "mastercard", "amex", "napas", "thẻ", "số thẻ", "atm",
     "tarjeta", "cartão", "carte", "kreditkarte", "kartennummer", "kartu", "карт~", "卡号",
     "银行卡", "信用卡")
)  # fmt: skip
"""A card number comes."""

ADDRESS = _words(
    ("ip", "ipv4", "ipv6", "ping", "server", "host", "dns", "gateway", "địa chỉ", "máy chủ",
     "address", "subnet", "proxy", "vpn", "firewall", "adresse", "dirección", "endereço", "адрес~",
     "router", "sever", "地址", "服务器")
)  # fmt: skip
"""An IP address comes."""

VERSION = _words(
    ("version", "versions", "ver", "v", "phiên bản", "bản", "build", "firmware", "driver",
     "ios", "android", "windows", "chrome", "firefox", "safari", "opera", "kernel", "update",
     "cập nhật", "patch", "sdk", "section", "sec", "chapter", "clause", "điều", "khoản", "mục",
     "chương", "phần", "điểm", "hình", "bảng", "figure", "fig", "table", "article", "appendix",
     "phụ lục", "versión", "versão", "sección", "seção", "abschnitt", "kapitel", "versi", "версия",
     "версии", "раздел", "пункт", "版本", "第")
)  # fmt: skip
"""The number of a version or a section comes."""

_UNIT = re.compile(
    r"[ \u00a0]?(?:%|[€$£¥₫₽元円원]|(?:đồng|đ|vnđ|vnd|usd|eur|euros?|dollars?|dólares|reais|pesos|"
    r"rp|rupiah|yen|triệu|tỷ|tỉ|nghìn|ngàn|tr|million|billion|người|km|km2|m|m2|m3|ha|kg|tấn|lượt|"
    r"views?|"
    r"cổ phiếu|cp|sản phẩm|people|shares|руб\w*|чел\w*|orang|personas|pessoas)(?!\w))"
)
_MONEY = re.compile(r"(?:[$€£¥₫₽]|(?<!\w)(?:usd|eur|vnd|vnđ|rp|r\$|us\$|rm))[. \u00a0]?$")


_TO = re.compile(
    r"(?:[Uu]nter (?:der )?|(?<!\w)(?:au|al|aux|pelo|pod nr) )$",
)


def is_told_to(text: str, start: int) -> bool:
    """Whether a word that leads to a number stands right before: unter 030 …, au 01 …."""
    return _TO.search(text[max(0, start - 16) : start]) is not None


def says(cue: re.Pattern[str], text: str, start: int) -> bool:
    """Whether such a word stands before a place."""
    return cue.search(before(text, start)) is not None


def last_says(cue: re.Pattern[str], other: re.Pattern[str], text: str, start: int) -> bool | None:
    """Which of two kinds of words stands nearer: True the first, False the other, None neither."""
    line = before(text, start)
    mine = max((m.end() for m in cue.finditer(line)), default=-1)
    theirs = max((m.end() for m in other.finditer(line)), default=-1)
    return None if mine == theirs == -1 else mine >= theirs


def is_measured(text: str, start: int, end: int) -> bool:
    """Whether a unit follows or a currency precedes: an amount, whatever its digits."""
    behind = after(text, end)
    goes_on = len(behind) > 1 and behind[0] == "," and behind[1].isdigit()
    return (
        goes_on
        or _UNIT.match(behind) is not None
        or _MONEY.search(before(text, start, 6)) is not None
    )
