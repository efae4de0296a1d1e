"""A deterministic corpus of news-like pages: several sites with their noise, copies and damage.

Document `i` is a function of (seed, i) alone, so a copy is made from the document that it copies,
in constant memory. Short pages, about 900 bytes in place of 2,600, have one paragraph and little
around it, for runs over millions. Words are drawn by frequency from `seeds/`, mixed with syllables
that are composed here: what two documents share is what was planted, and nothing else.
"""

from __future__ import annotations

import argparse
import json
import math
import re
import unicodedata
from bisect import bisect_right
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import accumulate, pairwise, product
from pathlib import Path
from random import Random

import pyarrow as pa
import pyarrow.parquet as pq

SEEDS = Path(__file__).parents[1] / "seeds"
TABLE = 1 << 14
"""Words are drawn from a table of so many, a frequent word standing in it more often."""
SCHEMA = pa.schema([(n, pa.string()) for n in ("id", "text", "url", "date", "section")])

PLANTED = (("exact", 0.04), ("edited", 0.12), ("shared", 0.10), ("mojibake", 0.01), ("nfd", 0.005),
           ("invisible", 0.01), ("entities", 0.01), ("broken", 0.0005))  # fmt: skip
"""Shares of documents: exact and edited copies, those with a paragraph of a common pool, damage."""


@dataclass(frozen=True, slots=True)
class Site:
    """A site: its host, its language, and the lines that it prints around every article."""

    host: str
    language: str
    head: tuple[str, ...]
    foot: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Page:
    """A record of the corpus; `kind` is what was planted, or "own"."""

    id: str
    kind: str
    text: str
    url: str
    date: str
    section: str


_SECTIONS = {
    "vi": "Thời sự,Kinh tế,Xã hội,Văn hóa,Thể thao,Pháp luật,Giáo dục,Sức khỏe,Du lịch,Công nghệ",
    "en": "News,Business,Politics,Culture,Sport,Opinion,Science,Health,Travel,Technology",
}
_HEAD = {
    "vi": ("Trang chủ", "Đăng nhập", "Chia sẻ", "Facebook", "Zalo", "A-", "A", "A+"),
    "en": ("Home", "Sign in", "Share this article", "Facebook", "Email", "Print"),
}
_MORE = {
    "vi": ("Tin liên quan", "Đọc thêm", "Xem thêm", "Có thể bạn quan tâm", "Tin mới nhất"),
    "en": ("Related articles", "Read more", "You may also like", "Most read", "Latest news"),
}
_INSIDE = {
    "vi": ("Đọc thêm: ", "Xem thêm: ", ">> ", "Video: "),
    "en": ("Read more: ", "See also: ", "Watch: "),
}
_FOOT = {
    "vi": (
        "Từ khóa: {tags}", "Bình luận", "Gửi bình luận", "Họ và tên", "Email",
        "Giấy phép số {n}/GP-BTTTT", "© Bản quyền thuộc về {host}", "Liên hệ quảng cáo: 0900 {n}",
    ),
    "en": (
        "Tags: {tags}", "Leave a comment", "Your name", "Your email", "Terms of use",
        "Subscribe to our newsletter", "© {host}. All rights reserved.", "Privacy policy",
    ),
}  # fmt: skip
_CAPTION = {"vi": "Ảnh: ", "en": "Photo: "}
_SAYS = {"vi": ("cho biết", "nói", "khẳng định", "chia sẻ"), "en": ("said", "told reporters")}


class Corpus:
    """Documents by number."""

    def __init__(
        self, documents: int, seed: int = 1, sites: int = 60, *, short: bool = False
    ) -> None:
        self._documents = documents
        self._seed = seed
        self._short = short
        self._sites = [_site(number, seed) for number in range(sites)]
        if short:
            self._sites = [replace(s, head=s.head[:3], foot=s.foot[:2]) for s in self._sites]
        self._kinds = [kind for kind, _ in PLANTED]
        self._bounds = list(accumulate(share for _, share in PLANTED))

    def __len__(self) -> int:
        return self._documents

    def __iter__(self) -> Iterator[Page]:
        return (self.page(number) for number in range(self._documents))

    def page(self, number: int) -> Page:
        """Document `number`, from 0."""
        draw = _draw(self._seed, number)
        kind = self._kind(number)
        if kind in ("exact", "edited") and number:
            origin = _pick(draw, number)
            site = self._site_of(number)
            body = self._body(origin)
            if kind == "edited":
                body = _edited(body, self._site_of(origin).language, draw)
        else:
            site = self._site_of(number)
            body = self._body(number)
        if kind == "shared":
            pool = max(8, self._documents // 2000)
            pick = _draw(self._seed ^ 0x5A5A, _pick(draw, pool))
            body.insert(1 + _pick(draw, len(body)), _paragraph(site.language, pick))
        if kind == "broken":
            return Page(str(number), kind, "", "", "", "")
        text = _damaged(_framed(body, site, draw, short=self._short), kind)
        sections = _SECTIONS[site.language].split(",")
        section = sections[_pick(draw, len(sections))]
        date = f"2024-{1 + number % 12:02d}-{1 + number // 12 % 28:02d}"
        url = f"https://{site.host}/{_slug(body[0])}-{number}.html"
        return Page(str(number), kind, text, url, date, section)

    def _kind(self, number: int) -> str:
        share = _draw(self._seed ^ 0xC0FFEE, number).random()
        at = bisect_right(self._bounds, share)
        return self._kinds[at] if at < len(self._kinds) else "own"

    def _site_of(self, number: int) -> Site:
        return self._sites[_pick(_draw(self._seed ^ 0x517E, number), len(self._sites))]

    def _body(self, number: int) -> list[str]:
        """Title, standfirst and paragraphs of document `number` itself, whatever its kind."""
        draw = _draw(self._seed ^ 0xB0D1, number)
        language = self._site_of(number).language
        count = 1
        if not self._short:
            count += int(-1.35 * math.log(math.prod(1 - draw.random() for _ in range(3))))
        title, lead = _sentence(language, draw, 8, 14)[:-1], _sentence(language, draw, 22, 38)
        return [title, lead, *(_paragraph(language, draw) for _ in range(count))]


def _draw(seed: int, number: int) -> Random:
    """Random numbers of one document; those of `Random.random` are the same in every Python."""
    return Random((seed << 40) + number)


def _pick(draw: Random, count: int) -> int:
    """A number from 0 to count - 1."""
    return int(draw.random() * count)


def _some(language: str, draw: Random, count: int) -> list[str]:
    """So many words, drawn by their frequency."""
    table, random = _words(language), draw.random
    return [table[int(random() * TABLE)] for _ in range(count)]


@lru_cache(maxsize=2)
def _words(language: str) -> list[str]:
    """The table that words are drawn from, of length TABLE."""
    pattern = "news-vn-0*.txt" if language == "vi" else "*-en-*.txt"
    files = sorted(SEEDS.glob(pattern))
    found = Counter(
        w for f in files for w in re.findall(r"[^\W\d_]+", f.read_text("utf-8").lower())
    )
    common = [w for w, n in sorted(found.items(), key=lambda i: (-i[1], i[0])) for _ in range(n)]
    composed = _syllables() if language == "vi" else _english(sorted(found))
    half = TABLE * 3 // 5
    table = [common[i * len(common) // half] for i in range(half)]
    table += [composed[i % len(composed)] for i in range(TABLE - half)]
    return table


def _syllables() -> list[str]:
    """Vietnamese syllables: onset, rime, tone."""
    onsets = "b c ch d đ g gi h kh l m n ng nh ph s t th tr v x".split()  # noqa: SIM905  shorter
    rimes = [
        *("a", "an", "anh", "ao", "ay", "ăm", "ăng", "âm", "ân", "âu", "e", "eo", "ê", "ên", "i"),
        *("in", "inh", "iê", "o", "oi", "om", "ong", "ô", "ôi", "ông", "ơ", "ơi", "u", "un"),
        *("ung", "ư", "ưng", "ươi", "ương"),
    ]
    tones = ["", "\u0300", "\u0301", "\u0309", "\u0323"]
    made = []
    for onset, rime, tone in list(product(onsets, rimes, tones))[::3]:
        at = max((rime.rfind(c) for c in "ăâêôơ"), default=-1)
        at = at if at >= 0 else next(i for i, c in enumerate(rime) if c in "aeiouư")
        made.append(unicodedata.normalize("NFC", f"{onset}{rime[: at + 1]}{tone}{rime[at + 1 :]}"))
    return made


def _english(stems: Sequence[str]) -> list[str]:
    """English-looking words: known stems with common endings."""
    long = [w for w in stems if len(w) > 4]
    return [w + ending for w, ending in product(long, ("", "s", "ed", "ing", "er", "ly", "ness"))]


def _sentence(language: str, draw: Random, low: int, high: int) -> str:
    """One sentence of `low` to `high` words, with a figure or a name in most."""
    words = _some(language, draw, low + _pick(draw, high + 1 - low))
    what = _pick(draw, 6)
    at = 1 + _pick(draw, len(words) - 1 - 1)
    if what < 2:
        words[at] = str(2 + _pick(draw, 9000 - 2))
    elif what < 4:
        words[at] = f"{words[at].capitalize()} {words[at - 1].capitalize()}"
    elif what == 4:
        words[at] += ","
    words[0] = words[0].capitalize()
    return " ".join(words) + "."


def _paragraph(language: str, draw: Random) -> str:
    sentences = [_sentence(language, draw, 9, 30) for _ in range(1 + _pick(draw, 5 - 1))]
    if _pick(draw, 5) == 0:
        says = _SAYS[language]
        sentences[-1] = (
            f'"{sentences[-1][:-1]}", {_name(language, draw)} {says[_pick(draw, len(says))]}.'
        )
    return " ".join(sentences)


def _name(language: str, draw: Random) -> str:
    return " ".join(w.capitalize() for w in _some(language, draw, 2))


def _edited(body: list[str], language: str, draw: Random) -> list[str]:
    """The body with some words changed in every third paragraph, sometimes a paragraph less."""
    made = list(body)
    for at in range(_pick(draw, 3), len(made), 3):
        words = made[at].split(" ")
        low = _pick(draw, len(words))
        new = _some(language, draw, 1 + _pick(draw, 5))
        made[at] = " ".join([*words[:low], *new, *words[low + len(new) :]])
    if len(made) > 6 and _pick(draw, 4) == 0:
        del made[2 + _pick(draw, len(made) - 2)]
    return made


def _framed(body: list[str], site: Site, draw: Random, *, short: bool) -> str:
    """The page: the site's lines around the body, links to other pages, captions twice."""
    language = site.language
    lines = [
        *site.head,
        "",
        body[0],
        f"{_pick(draw, 24):02d}:{_pick(draw, 60):02d}",
        "",
        body[1],
    ]
    for number, paragraph in enumerate(body[2:]):
        lines += [paragraph, ""]
        roll = _pick(draw, 40)
        if roll == 0:
            inside = _INSIDE[language]
            lines.append(inside[_pick(draw, len(inside))] + _sentence(language, draw, 7, 12)[:-1])
        elif roll == 1 and number:
            credit = _CAPTION[language] + _name(language, draw)
            caption = f"{_sentence(language, draw, 10, 16)} {credit}"
            lines += [caption, caption]
    heading = _MORE[language]
    lines += [_name(language, draw), heading[_pick(draw, len(heading))]]
    for _ in range(1 if short else 2 + _pick(draw, 6 - 2)):
        title = _sentence(language, draw, 7, 13)[:-1]
        lines += [title, title, _sentence(language, draw, 12, 20)] if _pick(draw, 2) else [title]
    tags = ", ".join(_some(language, draw, 4))
    lines += [line.format(tags=tags, host=site.host, n=100 + len(site.host)) for line in site.foot]
    return "\n".join(lines) + "\n"


def _damaged(text: str, kind: str) -> str:
    if kind == "mojibake":
        return text.encode("utf-8").decode("latin-1")
    if kind == "nfd":
        return unicodedata.normalize("NFD", text)
    if kind == "invisible":
        return text.replace(" ", "\u00a0", 40).replace(",", "\u200b,", 5).replace("\n", "\r\n")
    return text.replace('"', "&quot;").replace(" - ", " &ndash; ") if kind == "entities" else text


def _site(number: int, seed: int) -> Site:
    draw = _draw(seed ^ 0x517E5, number)
    language = "en" if number % 4 == 3 else "vi"
    sections = _SECTIONS[language].split(",")
    keep = 4 + _pick(draw, 8)
    head, foot = _HEAD[language], _FOOT[language]
    lines = (*head[:1], *sections[:keep], *head[1:])
    slogan = _sentence(language, draw, 5, 9)
    name = _slug(_name("en", draw))
    return Site(f"{name}{number}.example", language, (slogan, *lines), foot[: 4 + _pick(draw, 5)])


def _slug(text: str) -> str:
    plain = unicodedata.normalize("NFD", text.lower().replace("đ", "d"))
    return "-".join(re.findall(r"[a-z0-9]+", plain.encode("ascii", "ignore").decode()))[:80]


def write(corpus: Corpus, path: Path) -> int:
    """Write the corpus as `.jsonl`, `.jsonl.zst` or `.parquet`; the bytes of all texts."""
    if path.suffix == ".parquet":
        return _write_parquet(corpus, path)
    compression = "zstd" if path.suffix == ".zst" else None
    size = 0
    with pa.output_stream(path, compression=compression) as out:
        for page in corpus:
            size += len(page.text.encode())
            fields = {name: getattr(page, name) for name in SCHEMA.names}
            line = json.dumps(fields, ensure_ascii=False)
            out.write((line[: len(line) // 2] if page.kind == "broken" else line).encode() + b"\n")
    return size


def _write_parquet(corpus: Corpus, path: Path) -> int:
    size = 0
    bounds = [*range(0, len(corpus), 5000), len(corpus)]
    with pq.ParquetWriter(path, SCHEMA, compression="zstd") as out:
        for low, high in pairwise(bounds):
            pages = [corpus.page(number) for number in range(low, high)]
            size += sum(len(p.text.encode()) for p in pages)
            out.write_table(
                pa.table({n: [getattr(p, n) for p in pages] for n in SCHEMA.names}, schema=SCHEMA)
            )
    return size


def main() -> None:
    """Write a corpus to a file."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("path", type=Path, help=".jsonl, .jsonl.zst or .parquet")
    parser.add_argument("--documents", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--short", action="store_true", help="pages of about 900 bytes")
    args = parser.parse_args()
    size = write(Corpus(args.documents, args.seed, short=args.short), args.path)
    print(f"{args.documents:,} documents, {size / 1e6:.1f} MB of text in {args.path}")


if __name__ == "__main__":
    main()
