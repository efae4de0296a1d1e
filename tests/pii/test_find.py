"""What is found, what is nobody's, and how the finder behaves on any text."""

from __future__ import annotations

import pickle
import time
from dataclasses import replace

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cleaner.pii.find import Finder, Options, covered, finder, plain
from cleaner.pii.hit import KINDS, VEIL

ALL = finder(Options())


def found(text: str, one: Finder = ALL, *, eager: bool = False) -> list[tuple[str, str]]:
    """(kind, value) of each find."""
    return [(hit.kind, text[hit.start : hit.end]) for hit in one.find(text, eager=eager)]


@pytest.mark.parametrize(
    ("text", "kind", "value"),
    [
        ("Gọi 0912345678 nhé", "phone", "0912345678"),
        ("điện thoại (84-24) 3496 0375", "phone", "(84-24) 3496 0375"),
        ("home 1-617-555-0141,", "phone", "1-617-555-0141"),
        ("Réservation au 01 99 00 09 52.", "phone", "01 99 00 09 52"),
        ("écrire ou 06.12.98.58.28.", "phone", "06.12.98.58.28"),
        ("Die Polizei ist unter 030 23125 284 da", "phone", "030 23125 284"),
        ("(075) 285-3668です", "phone", "(075) 285-3668"),
        ("Il server 113.234.217.233 ha risposto", "ip", "113.234.217.233"),
        (
            "元は2a02:8109:4487:65cd:42a8:7021:ed5:9ff4だ",
            "ip",
            "2a02:8109:4487:65cd:42a8:7021:ed5:9ff4",
        ),
        ("National Insurance number SR 57 14 75 A", "national_id", "SR 57 14 75 A"),
        (
            "https://x.example/?reset_token=5g7rdnx1i93NV0xuLX&a=1",
            "url_secret",
            "5g7rdnx1i93NV0xuLX",
        ),
        ("ĐT:0912.345.678.", "phone", "0912.345.678"),
        ("số 0168 123 4567 cũ", "phone", "0168 123 4567"),
        ("Tel (028) 3999 0123", "phone", "(028) 3999 0123"),
        ("điện thoại (04) 3999 0123", "phone", "(04) 3999 0123"),
        ("số điện thoại: (0241).3837223", "phone", "(0241).3837223"),
        ("SĐT 0942 770 996 2. Ủng hộ qua báo", "phone", "0942 770 996"),
        ("từ nước ngoài +84/981848484", "phone", "+84/981848484"),
        ("hoặc (+84) 28 3999 0123.", "phone", "(+84) 28 3999 0123"),
        ("or +44 (0)20 7946 0958", "phone", "+44 (0)20 7946 0958"),
        ("dial (202) 555-0143 now", "phone", "(202) 555-0143"),
        ("电话13800138000。", "phone", "13800138000"),
        ("gửi vềan.nguyen@mail.example.", "email", "an.nguyen@mail.example"),
        ("địa chỉ a@mail.example.Xin cảm ơn", "email", "a@mail.example"),
        ("メールはa@example.comを", "email", "a@example.com"),
        ("почта иван@почта.рф", "email", "иван@почта.рф"),
        ("a (at) example (dot) org", "email", "a (at) example (dot) org"),
        ("全角ａｎ a\uff20example.com", "email", "a\uff20example.com"),
        ("mailto:x+y@example.com", "email", "x+y@example.com"),
        ("IP 203.0.113.45.", "ip", "203.0.113.45"),
        ("at 198.51.100.32:80", "ip", "198.51.100.32"),
        ("to [2001:db8::ff00:42:8329]", "ip", "2001:db8::ff00:42:8329"),
        ("CCCD 001099012345", "national_id", "001099012345"),
        ("CMND số 168301068", "national_id", "168301068"),
        ("SSN 219-09-9999", "national_id", "219-09-9999"),
        ("DNI 12.345.678-Z", "national_id", "12.345.678-Z"),
        ("hộ chiếu B1234567", "national_id", "B1234567"),
        ("card 4111 1111 1111 1111", "bank_card", "4111 1111 1111 1111"),
        ("amex 3782 822463 10005", "bank_card", "3782 822463 10005"),
        ("IBAN DE89 3704 0044 0532 0130 00.", "iban", "DE89 3704 0044 0532 0130 00"),
        ("https://bob:hunter22@x.example/", "url_secret", "bob:hunter22"),
        ("?a=1&token=ab12cd34ef&b=2", "url_secret", "ab12cd34ef"),
        ("key AKIAIOSFODNN7EXAMPLE", "url_secret", "AKIAIOSFODNN7EXAMPLE"),
    ],
)
def test_what_has_its_form_is_found(text: str, kind: str, value: str) -> None:
    """The very characters of it, and nothing else in the text."""
    assert found(text) == [(kind, value)]


@pytest.mark.parametrize(
    "text",
    [
        "Thông tư số 12/2024/TT-BTC ngày 15/03/2024, lúc 10:30",
        "Bộ GD&ĐT, ngày 10.2.2017, công bố 852189814 thí sinh",
        "Bộ GD-ĐT công bố 764245888 bài thi",
        "tổng vốn 1.500.000.000 đồng, thu 912 345 678 euros",
        "giai đoạn 2010-2015-2020 và 1999-2009",
        "từ 07-08/06/2017 đến 12.06.2017 08.30",
        "kết quả 05-12-23-34-45-51 và 03 25 33 34 45",
        "tỉ số 25-21, 25-18, 25-23; 6-4 7-6 6-3",
        "MST: 0312345678; số tài khoản 0123456789012",
        "GPKD số 0312345678 do Sở cấp",
        "quyết định 0912345678/2017/QĐ-UBND",
        "mã vận đơn 0987654321, order 4000123412341234",
        "ISBN 978-3-16-148410-0, ISBN 0-306-40615-2",
        "hotline 1900 1234, 1900.636.648, call 1-800-322-1887",
        "WhatsApp on 0800 313 4630",
        "passé de 912 345 678 au 922 345 678, du 01.01.2020 au 31.12.2021",
        "BUNDY AL 100 555-1111, unter 1 234 567 890 Euro",
        "https://x.example/list?page_token=CAEQAA12bc34de56f&max=5",
        "phiên bản 10.0.1.2, Lucee 5.3.6.61, nginx/1.9.7.1, mục 1.2.3.4",
        "modem 192.168.1.1, 127.0.0.1, 10.0.0.138, 8.8.8.8, 255.255.255.0, ::1, fe80::1:2:3",
        "đặt giá 125.150.200.100 đồng",
        "std::vector 10:30:45 00:1A:2B:3C:4D:5E abc::def",
        "icon@2x.png @tintuc user@localhost git@github.com:a/b.git a@b",
        "10.762622, 106.660172 và 0.123456789",
        "d41d8cd98f00b204e9800998ecf8427e 550e8400-e29b-41d4-a716-446655440000",
        "418.50  (421.45), 668.50 (660.50), T 1405 1755(1430 1695) E 2200 2295(2190 2295)",
        "http://mobile.example.cn/269/2698586.html",
        "?page=2&session=2024&key=value&password=<password>&token=YOUR_TOKEN",
        "Q109563066, 00036734A",
        "1609459200000 ms, 20240315103000",
        "123-45-678, 000-12-3456, 666-12-3456, 912-34-5678",
    ],
)
def test_numbers_that_are_nobodys_stay(text: str) -> None:
    """Dates, amounts, laws, scores, orders, versions, public services."""
    assert found(text) == []


def test_the_nearest_word_decides() -> None:
    """The same digits are a phone number behind one word, and an order behind another."""
    assert found("điện thoại của tòa soạn, đơn hàng 0912345678") == []
    assert found("đơn hàng của tòa soạn, điện thoại 0912345678")
    assert found("number 6123 45678, in all") == []


def test_numbers_in_a_row_are_several() -> None:
    """A dash with spaces, a slash, or a comma parts them."""
    text = "Gọi 0912 345 678 - 0987.654.321/0905123456, 028 3999 0123"
    values = [value for _, value in found(text)]
    assert values == ["0912 345 678", "0987.654.321", "0905123456", "028 3999 0123"]


def test_a_find_does_not_go_over_a_line_end() -> None:
    """Nor does the word beside it."""
    assert found("gọi\n612345678 và") == []
    assert found("0912\n345678") == []


def test_eager_asks_for_no_word() -> None:
    """What is shown is hidden more readily than the text is masked."""
    text = "số 612345678 nào đó"
    assert found(text) == []
    assert [value for _, value in found(text, eager=True)] == ["612345678"]
    assert ALL.veiled(text) == f"số {VEIL * 9} nào đó"


def test_where_kinds_overlap_one_wins() -> None:
    """One's own pattern before all; a secret before the address that it is in."""
    text = "https://bob:pa55word@mail.example/ và NV0912345678"
    assert found(text) == [("url_secret", "bob:pa55word")]
    own = Finder(Options(patterns=(("staff", "NV[0-9]{10}"), ("any", "pa55"))))
    assert found(text, own) == [("any", "pa55"), ("staff", "NV0912345678")]


def test_options_choose() -> None:
    """Kinds, services, private nets, domains and values that stay."""
    text = "a@x.example, b@y.example, 1900 1234, 192.168.1.1, 0912 345 678"
    none = replace(Options(), kinds=frozenset({"iban"}))
    assert found(text, Finder(none)) == []
    kept = Options(
        hotlines=True,
        private_ips=True,
        keep_domains=frozenset({"x.example"}),
        keep=frozenset({plain("0912-345-678")}),
    )
    values = [value for _, value in found(text, Finder(kept))]
    assert values == ["b@y.example", "1900 1234", "192.168.1.1"]
    assert pickle.loads(pickle.dumps(kept)) == kept


def test_regions_and_countries_choose() -> None:
    """A national number is one only where it is looked for."""
    text = "call 212-555-0143, CPF 529.982.247-25"
    assert len(found(text)) == 2
    some = Finder(Options(regions=("VN",), countries=frozenset({"VN"})))
    assert found(text, some) == []


ALPHABET = st.sampled_from([*"0123456789 .-()/+@:=_?&#\nabcXYZđô，\u00a0\u2013\U0001f600", "ĐT "])
TEXT = st.lists(ALPHABET, max_size=60).map("".join)


@settings(max_examples=300, deadline=None)
@given(TEXT)
def test_finds_are_disjoint_and_the_veil_keeps_lengths(text: str) -> None:
    """Whatever the text: spans in order, of known kinds, inside of one line."""
    end = 0
    for hit in ALL.find(text, eager=True):
        assert end <= hit.start < hit.end <= len(text)
        assert hit.kind in KINDS
        assert "\n" not in text[hit.start : hit.end]
        end = hit.end
    veiled = ALL.veiled(text)
    assert len(veiled) == len(text)
    assert [i for i, c in enumerate(text) if c == "\n"] == [
        i for i, c in enumerate(veiled) if c == "\n"
    ]


@settings(max_examples=300, deadline=None)
@given(TEXT)
def test_the_first_look_misses_nothing(text: str) -> None:
    """What is found with all flags is found with those of the glance."""
    assert ALL.find(text) == ALL.find(text, 63)


@settings(max_examples=100, deadline=None)
@given(st.lists(TEXT, max_size=5))
def test_flags_of_a_text_do_not_hang_on_its_neighbours(texts: list[str]) -> None:
    """In a column, in a slice of it, or alone."""
    column = pa.array(["x@y", *texts, "0912345678"], pa.string())
    flags = ALL.flags(column)
    assert np.array_equal(ALL.flags(column.slice(1, len(texts))), flags[1:-1])
    for text, flag in zip(texts, flags[1:-1].tolist(), strict=True):
        assert ALL.flags(pa.array([text], pa.string())).tolist() == [flag]


@pytest.mark.slow
@pytest.mark.parametrize(
    "text",
    [
        "1 " * 50_000,
        "12345678901 " * 8_000,
        "a@" * 50_000,
        "a." * 50_000 + "@b",
        "a@b." * 25_000 + "c",
        "ạa" * 50_000 + "@x.example",
        "DE89" * 25_000,
        "://a:" * 20_000 + "@",
        "?token=" * 15_000,
        ":1" * 50_000,
        "1." * 50_000,
        "A1" * 50_000,
        "(" * 100_000 + "0912345678",
        "gọi " * 25_000 + "0912345678",
    ],
    ids=range(14),
)
def test_hostile_texts_take_no_long_time(text: str) -> None:
    """About 100 kB of what makes patterns slow, in seconds at the most."""
    ALL.find("gọi 0912345678, a@b.example")
    started = time.process_time()
    ALL.find(text)
    ALL.find(text, eager=True)
    assert time.process_time() - started < 8


def test_covered_hides_all_but_line_ends() -> None:
    """As long as before."""
    assert covered("ab\ncd", [(1, 4)]) == f"a{VEIL}\n{VEIL}d"
    assert covered("", []) == ""
