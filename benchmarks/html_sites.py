"""Invented sites in HTML around the articles of `seeds/`: what is text on a page is known.

Four kinds of site, each with menus, boxes of related articles (title, title, teaser), share bars,
comment forms, a cookie bar and a footer, in the article's language: `semantic` (article, nav,
aside), `soup` (nested divs without a meaning), `tables` (a layout of tables, lines ended by br),
`lists` (nearly everything in lists, and related articles in the midst of the text, be that between
two paragraphs or between two verses, or rows of a table). The pages can be served on loopback and
recorded to a web archive, byte for byte.
"""

from __future__ import annotations

import base64
import gzip
import hashlib
import html
import json
import socket
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

SEEDS = Path(__file__).parents[1] / "seeds"
LEAST_LINES = 3
"""Articles of fewer lines are no pages of their own; they are teasers."""
_COPIES = {"news-vn-21-tap-huan-copy.txt"}
_DATE = "2024-05-06T07:08:09Z"


@dataclass(frozen=True, slots=True)
class Article:
    """A text of the seeds: its title, the lines after it, and its language (ISO 639-1)."""

    name: str
    lang: str
    title: str
    lines: tuple[str, ...]

    @property
    def gold(self) -> str:
        """The text that is to come out."""
        return "\n".join([self.title, *self.lines])


@dataclass(frozen=True, slots=True)
class Page:
    """A page of a site, and the article that it is about."""

    site: str
    url: str
    html: str
    article: Article


@dataclass(frozen=True, slots=True)
class Frame:
    """What sites of a language say around an article."""

    menu: tuple[str, ...]
    related: str
    most_read: str
    share: tuple[str, ...]
    comments: str
    form: tuple[str, ...]
    cookies: str
    accept: str
    newsletter: str
    footer: tuple[str, ...]


FRAMES: Mapping[str, Frame] = {
    "en": Frame(
        ("Home", "News", "Sport", "Business", "Culture", "Travel", "Weather", "Opinion"),
        "Related stories",
        "Most read",
        ("Share", "Facebook", "X", "WhatsApp", "Email", "Print", "Copy link"),
        "Comments (3)",
        ("Leave a reply", "Your name", "Your email", "Post comment"),
        "We use cookies to make this site work and to measure how it is used.",
        "Accept all",
        "Get the morning briefing in your inbox",
        ("About us", "Contact", "Privacy policy", "Terms of use", "© 2024 Harbour Post Ltd"),
    ),
    "vi": Frame(
        ("Trang chủ", "Thời sự", "Thế giới", "Kinh doanh", "Thể thao", "Giải trí", "Sức khỏe"),
        "Tin liên quan",
        "Đọc nhiều",
        ("Chia sẻ", "Facebook", "Zalo", "Sao chép liên kết", "In bài viết", "Lưu bài"),
        "Ý kiến (3)",
        ("Gửi bình luận", "Họ và tên", "Email của bạn", "Hủy"),
        "Trang này dùng cookie để hoạt động tốt hơn và để đo lượng truy cập.",
        "Đồng ý",
        "Đăng ký nhận bản tin buổi sáng",
        ("Giới thiệu", "Liên hệ", "Quảng cáo", "Chính sách bảo mật", "© 2024 Báo Bến Sông"),
    ),
    "de": Frame(
        ("Startseite", "Politik", "Wirtschaft", "Sport", "Kultur", "Reisen", "Wetter"),
        "Mehr zum Thema",
        "Meistgelesen",
        ("Teilen", "Facebook", "WhatsApp", "E-Mail", "Drucken", "Link kopieren"),
        "Kommentare (3)",
        ("Kommentar schreiben", "Ihr Name", "Ihre E-Mail-Adresse", "Absenden"),
        "Wir verwenden Cookies, damit diese Seite funktioniert und um ihre Nutzung zu messen.",
        "Alle akzeptieren",
        "Den Newsletter am Morgen bestellen",
        ("Über uns", "Kontakt", "Impressum", "Datenschutz", "© 2024 Talbote Verlag"),
    ),
    "fr": Frame(
        ("Accueil", "Politique", "Économie", "Sport", "Culture", "Voyages", "Météo"),
        "Sur le même sujet",
        "Les plus lus",
        ("Partager", "Facebook", "WhatsApp", "E-mail", "Imprimer", "Copier le lien"),
        "Commentaires (3)",
        ("Laisser un commentaire", "Votre nom", "Votre adresse e-mail", "Publier"),
        "Ce site utilise des cookies pour fonctionner et pour mesurer son audience.",
        "Tout accepter",
        "Recevez la lettre du matin",
        ("Qui sommes-nous", "Contact", "Mentions légales", "Confidentialité", "© 2024 Le Vallon"),
    ),
    "es": Frame(
        ("Inicio", "Política", "Economía", "Deportes", "Cultura", "Viajes", "El tiempo"),
        "Noticias relacionadas",
        "Lo más leído",
        ("Compartir", "Facebook", "WhatsApp", "Correo", "Imprimir", "Copiar enlace"),
        "Comentarios (3)",
        ("Deja un comentario", "Tu nombre", "Tu correo electrónico", "Publicar"),
        "Usamos cookies para que este sitio funcione y para medir su uso.",
        "Aceptar todo",
        "Recibe el boletín de la mañana",
        ("Quiénes somos", "Contacto", "Aviso legal", "Privacidad", "© 2024 El Cabo"),
    ),
    "pt": Frame(
        ("Início", "Política", "Economia", "Esportes", "Cultura", "Viagem", "Tempo"),
        "Leia também",
        "Mais lidas",
        ("Compartilhar", "Facebook", "WhatsApp", "E-mail", "Imprimir", "Copiar link"),
        "Comentários (3)",
        ("Deixe um comentário", "Seu nome", "Seu e-mail", "Publicar"),
        "Usamos cookies para que este site funcione e para medir o seu uso.",
        "Aceitar tudo",
        "Receba o boletim da manhã",
        ("Quem somos", "Contato", "Termos de uso", "Privacidade", "© 2024 Folha do Cais"),
    ),
    "id": Frame(
        ("Beranda", "Berita", "Ekonomi", "Olahraga", "Budaya", "Wisata", "Cuaca"),
        "Berita terkait",
        "Terpopuler",
        ("Bagikan", "Facebook", "WhatsApp", "Email", "Cetak", "Salin tautan"),
        "Komentar (3)",
        ("Tulis komentar", "Nama Anda", "Email Anda", "Kirim"),
        "Situs ini memakai kuki agar berfungsi dan untuk mengukur pemakaiannya.",
        "Terima semua",
        "Dapatkan buletin pagi",
        ("Tentang kami", "Kontak", "Pedoman media", "Privasi", "© 2024 Harian Muara"),
    ),
    "ru": Frame(
        ("Главная", "Политика", "Экономика", "Спорт", "Культура", "Путешествия", "Погода"),
        "Читайте также",
        "Самое читаемое",
        ("Поделиться", "ВКонтакте", "Телеграм", "Почта", "Печать", "Скопировать ссылку"),
        "Комментарии (3)",
        ("Оставить комментарий", "Ваше имя", "Ваш e-mail", "Отправить"),
        "Сайт использует файлы cookie, чтобы работать и измерять посещаемость.",
        "Принять все",
        "Подпишитесь на утреннюю рассылку",
        ("О нас", "Контакты", "Реклама", "Конфиденциальность", "© 2024 Речная газета"),
    ),
    "ja": Frame(
        ("ホーム", "ニュース", "経済", "スポーツ", "文化", "旅行", "天気"),
        "関連記事",
        "よく読まれている記事",
        ("シェア", "Facebook", "LINE", "メール", "印刷", "リンクをコピー"),
        "コメント (3)",
        ("コメントを書く", "お名前", "メールアドレス", "送信"),
        "このサイトは動作と利用状況の測定のためにクッキーを使用しています。",
        "すべて許可",
        "朝のニュースレターを受け取る",
        ("会社概要", "お問い合わせ", "利用規約", "プライバシー", "© 2024 港新聞社"),
    ),
}


def articles(gold: Path = SEEDS / "gold") -> list[Article]:
    """The main text of the samples that have several lines of it, in the order of their names."""
    langs = {_key(row): row["language"] for row in _rows(gold / "documents.jsonl")}
    lines: dict[tuple[str, int | None], list[str]] = {}
    for row in _rows(gold / "labels.jsonl"):
        if row["label"] == "keep" and row["file"] not in _COPIES:
            lines.setdefault(_key(row), []).append(" ".join(row["text"].split()))
    return [
        Article(f"{file}-{record or 0}", langs[file, record], found[0], tuple(found[1:]))
        for (file, record), found in lines.items()
        if len(found) >= LEAST_LINES
    ]


def _rows(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()]


def _key(row: Mapping[str, Any]) -> tuple[str, int | None]:
    return row["file"], row.get("record")


def _e(text: str) -> str:
    return html.escape(text)


def _others(article: Article, every: Sequence[Article], count: int) -> list[Article]:
    """Articles that the page of one links to: of its language, or of any; those that follow it."""
    place = every.index(article)
    ring = [*every[place + 1 :], *every[:place]]
    same = [other for other in ring if other.lang == article.lang]
    return (same + [other for other in ring if other.lang != article.lang])[:count]


def _teaser(article: Article) -> str:
    """The beginning of an article, as a box has it."""
    text = article.lines[0]
    return text if len(text) <= 120 else f"{text[:117].rstrip()}…"


def _is_item(line: str) -> bool:
    return line.startswith(("- ", "• ", "* ", "– "))


def _links(words: Sequence[str]) -> list[str]:
    return [f'<a href="/{number}">{_e(word)}</a>' for number, word in enumerate(words)]


def _head(article: Article, site: str) -> str:
    return (
        f'<!doctype html><html lang="{article.lang}"><head><meta charset="utf-8">'
        f"<title>{_e(article.title)} | {site}</title><style>body{{margin:0}}</style>"
        f"<script>var page={{}};</script></head>"
    )


def semantic(article: Article, others: Sequence[Article], frame: Frame) -> str:
    """Elements that say what they are."""
    menu = "".join(f"<li>{link}</li>" for link in _links(frame.menu))
    share = "".join(f"<li>{link}</li>" for link in _links(frame.share))
    body: list[str] = []
    items: list[str] = []
    for line in (*article.lines, ""):
        if _is_item(line):
            items.append(f"<li>{_e(line)}</li>")
            continue
        if items:
            body.append(f"<ul>{''.join(items)}</ul>")
            items = []
        if line:
            body.append(f"<p>{_e(line)}</p>")
    boxes = "".join(
        f'<article><h3><a href="/{n}">{_e(o.title)}</a></h3><a href="/{n}">{_e(o.title)}</a>'
        f"<p>{_e(_teaser(o))}</p></article>"
        for n, o in enumerate(others[:4])
    )
    fields = "".join(f"<label>{_e(word)}</label><input>" for word in frame.form[1:-1])
    return (
        f'{_head(article, "semantic")}<body><div role="dialog"><p>{_e(frame.cookies)}</p>'
        f"<button>{_e(frame.accept)}</button></div><header><nav><ul>{menu}</ul></nav></header>"
        f"<main><article><h1>{_e(article.title)}</h1><ul>{share}</ul>{''.join(body)}"
        "</article>"
        f"<section><h2>{_e(frame.related)}</h2>{boxes}</section>"
        f"<section><h2>{_e(frame.comments)}</h2><form><h3>{_e(frame.form[0])}</h3>{fields}"
        f"<button>{_e(frame.form[-1])}</button></form></section></main>"
        f"<aside><h2>{_e(frame.most_read)}</h2><ol>"
        + "".join(f"<li>{_e(o.title)}</li>" for o in others[4:9])
        + f"</ol><p>{_e(frame.newsletter)}</p></aside><footer>"
        + " ".join(_links(frame.footer[:-1]))
        + f"<p>{_e(frame.footer[-1])}</p></footer></body></html>"
    )


def soup(article: Article, others: Sequence[Article], frame: Frame) -> str:
    """Divs in divs, with classes that mean nothing."""

    def div(*parts: str) -> str:
        return f'<div class="x{len(parts)}">{"".join(parts)}</div>'

    menu = div(*(div(link) for link in _links(frame.menu)))
    share = div(*(f"<span>{link}</span> " for link in _links(frame.share)))
    body = div(*(div(_e(line)) for line in article.lines))
    boxes = [
        div(
            div(f'<a href="/{n}">{_e(o.title)}</a>'),
            div(f'<a href="/{n}">{_e(o.title)}</a>'),
            div(_e(_teaser(o))),
        )
        for n, o in enumerate(others[:5])
    ]
    form = div(*(div(_e(word)) for word in frame.form))
    return (
        f"{_head(article, 'soup')}<body>"
        + div(
            div(div(menu), div(div(_e(frame.menu[0])), div(_e(frame.menu[1])))),
            div(div(_e(article.title)), share, body, share),
            div(div(_e(frame.related)), *boxes),
            div(div(_e(frame.comments)), form),
            div(div(_e(frame.most_read)), *(div(_e(o.title)) for o in others[5:10])),
            div(div(_e(frame.newsletter))),
            div(div(" | ".join(map(_e, frame.footer[:-1]))), div(_e(frame.footer[-1]))),
            div(div(_e(frame.cookies)), div(_e(frame.accept))),
        )
        + "</body></html>"
    )


def tables(article: Article, others: Sequence[Article], frame: Frame) -> str:
    """A layout of tables; the text is one cell, its lines are ended by br."""
    menu = "".join(f"<tr><td>{link}</td></tr>" for link in _links(frame.menu))
    text = "<br><br>".join(map(_e, article.lines))
    boxes = "".join(
        f"<tr><td><b>{_e(o.title)}</b></td></tr><tr><td>{_e(o.title)}<br>{_e(_teaser(o))}</td></tr>"
        for o in others[:4]
    )
    form = "".join(f"<tr><td>{_e(word)}</td><td>&nbsp;</td></tr>" for word in frame.form)
    return (
        f"{_head(article, 'tables')}<body>"
        '<table><tr><td colspan="3"><b>tables.example</b></td></tr>'
        f'<tr><td valign="top"><table>{menu}</table></td><td valign="top">'
        f'<font size="5">{_e(article.title)}</font><br><br>{text}<br><br>'
        f"{' - '.join(_links(frame.share))}"
        f"<table><tr><td><b>{_e(frame.related)}</b></td></tr>{boxes}</table>"
        f"<table><tr><td><b>{_e(frame.comments)}</b></td></tr>{form}</table></td>"
        f'<td valign="top"><table><tr><td><b>{_e(frame.most_read)}</b></td></tr>'
        + "".join(f"<tr><td>{_e(o.title)}</td></tr>" for o in others[4:9])
        + f"<tr><td>{_e(frame.newsletter)}</td></tr></table></td></tr>"
        f'<tr><td colspan="3">{" &middot; ".join(_links(frame.footer[:-1]))}<br>'
        f"{_e(frame.footer[-1])}<br>{_e(frame.cookies)}</td></tr></table></body></html>"
    )


def lists(article: Article, others: Sequence[Article], frame: Frame) -> str:
    """Lists of lists, and related articles in the midst of the text."""
    inner = "".join(f"<li>{link}</li>" for link in _links(frame.footer[:-1]))
    menu = "".join(f"<li>{link}<ul>{inner}</ul></li>" for link in _links(frame.menu))
    between = "".join(
        f'<li><a href="/{n}">{_e(o.title)}</a></li>' for n, o in enumerate(others[:2])
    )
    body = [f"<p>{_e(line)}</p>" for line in article.lines]
    body.insert(len(body) // 2, f"<div><p><b>{_e(frame.related)}</b></p><ul>{between}</ul></div>")
    boxes = "".join(
        f'<li><a href="/{n}">{_e(o.title)}</a><ul><li>{_e(o.title)}</li>'
        f"<li>{_e(_teaser(o))}</li></ul></li>"
        for n, o in enumerate(others[2:7])
    )
    share = "".join(f"<li>{link}</li>" for link in _links(frame.share))
    form = "".join(f"<li>{_e(word)}</li>" for word in frame.form)
    return (
        f'{_head(article, "lists")}<body><ul class="menu">{menu}</ul><div id="content">'
        f"<h1>{_e(article.title)}</h1>{''.join(body)}<ul>{share}</ul></div>"
        f"<h4>{_e(frame.most_read)}</h4><ul>{boxes}</ul><h4>{_e(frame.comments)}</h4>"
        f"<ul>{form}</ul><ul><li>{_e(frame.newsletter)}</li><li>{_e(frame.cookies)}</li>"
        f"<li>{_e(frame.accept)}</li><li>{_e(frame.footer[-1])}</li></ul></body></html>"
    )


SITES: Mapping[str, Callable[[Article, Sequence[Article], Frame], str]] = {
    "semantic": semantic,
    "soup": soup,
    "tables": tables,
    "lists": lists,
}


def pages(site: str, every: Sequence[Article] | None = None) -> list[Page]:
    """The pages of one kind of site: one for each article, with links to others."""
    known = articles() if every is None else every
    return [
        Page(
            site,
            f"http://{site}.example/{number}",
            SITES[site](article, _others(article, known, 10), FRAMES[article.lang]),
            article,
        )
        for number, article in enumerate(known)
    ]


@contextmanager
def served(found: Sequence[Page]) -> Iterator[int]:
    """Serve pages on loopback by host and path; the port."""
    known = {page.url: page.html.encode() for page in found}

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = known.get(f"http://{self.headers['Host']}{self.path}")
            self.send_response(404 if body is None else 200)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            self.send_header("Content-Length", str(len(body or b"")))
            self.end_headers()
            self.wfile.write(body or b"")

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield server.server_address[1]
        finally:
            server.shutdown()
            thread.join()


def fetch(port: int, url: str) -> bytes:
    """The response to a GET, as it came over the wire."""
    host, _, path = url.removeprefix("http://").partition("/")
    request = f"GET /{path} HTTP/1.0\r\nHost: {host}\r\n\r\n"
    with socket.create_connection(("127.0.0.1", port), timeout=30) as connection:
        connection.sendall(request.encode())
        parts = []
        while part := connection.recv(1 << 16):
            parts.append(part)
    return b"".join(parts)


def record(url: str, response: bytes) -> bytes:
    """A response as a record of a web archive (WARC 1.1), without the empty lines after it."""
    block = base64.b32encode(hashlib.sha1(response, usedforsecurity=False).digest()).decode()
    head = (
        f"WARC/1.1\r\nWARC-Type: response\r\nWARC-Date: {_DATE}\r\nWARC-Target-URI: {url}\r\n"
        f"WARC-Record-ID: <urn:uuid:{hashlib.sha256(url.encode()).hexdigest()[:32]}>\r\n"
        f"WARC-Block-Digest: sha1:{block}\r\n"
        f"Content-Type: application/http; msgtype=response\r\nContent-Length: {len(response)}\r\n"
    )
    return head.encode() + b"\r\n" + response


def crawl(found: Sequence[Page], path: Path) -> dict[str, bytes]:
    """Serve pages, fetch them, and write a `.warc.gz`; URL → the bytes of its record."""
    with served(found) as port:
        records = {page.url: record(page.url, fetch(port, page.url)) for page in found}
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as file:
        for data in records.values():
            file.write(gzip.compress(data + b"\r\n\r\n", mtime=0))
    return records
