"""The site builds without a broken link, and fetches nothing from elsewhere when it is read."""

from __future__ import annotations

import importlib.util
import os
import re
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path

import pytest
import yaml

from tests.docs.pages import ROOT
from tests.report.browser import CHROMIUM, browser

_LOADING = {"script", "link", "img", "iframe", "source", "audio", "video", "embed", "object", "use"}
_FOREIGN = re.compile(r"^\s*(?:[a-z][a-z0-9+.-]*:)?//", re.IGNORECASE)
_CSS = re.compile(r"""(?:url\(\s*['"]?|@import\s+['"])\s*(?:https?:)?//""", re.IGNORECASE)


class Loads(HTMLParser):
    """Collects what a browser loads for a page, and the classes of its elements."""

    def __init__(self) -> None:
        super().__init__()
        self.places: list[str] = []
        self.classes: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note `src`, `href`, … of elements that load; a link in the text loads nothing."""
        for name, value in attrs:
            if name == "class":
                self.classes.update((value or "").split())
            if name in ("src", "srcset", "poster", "data") or (name == "href" and tag in _LOADING):
                self.places.append(value or "")
            if name == "style" and _CSS.search(value or ""):
                self.places.append("https://in.style")


def loads(html: str) -> Loads:
    """What a page loads."""
    parser = Loads()
    parser.feed(html)
    return parser


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The built site."""
    if importlib.util.find_spec("material") is None:
        pytest.skip("needs cleaner[docs]")
    place = tmp_path_factory.mktemp("site")
    done = subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "--strict", "--quiet", "--site-dir", str(place)],
        cwd=ROOT,
        env={**os.environ, "NO_MKDOCS_2_WARNING": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return place


@pytest.mark.slow
def test_every_page_is_there(site: Path) -> None:
    """One HTML file a page, the reference included."""
    pages = {p.relative_to(ROOT / "docs").with_suffix("") for p in (ROOT / "docs").rglob("*.md")}
    built = {p.relative_to(site).with_suffix("") for p in site.rglob("*.html")}
    assert built == pages | {Path("404")}


@pytest.mark.slow
def test_nothing_is_fetched_from_elsewhere(site: Path) -> None:
    """No script, style, font or picture of another host; nothing for which the theme would load."""
    for page in site.rglob("*.html"):
        found = loads(page.read_text("utf-8"))
        assert [p for p in found.places if _FOREIGN.match(p)] == [], page
        assert "mermaid" not in found.classes, page  # the theme fetches its program for diagrams
        assert 'data-md-component="source"' not in page.read_text("utf-8")  # asks GitHub for stars
    for sheet in site.rglob("*.css"):
        assert not _CSS.search(sheet.read_text("utf-8")), sheet


@pytest.mark.slow
@pytest.mark.skipif(CHROMIUM is None, reason="needs Chromium (apt-get install chromium)")
def test_a_browser_asks_nobody_else(site: Path, tmp_path: Path) -> None:
    """Pages that are opened from the folder ask for files of the folder alone."""
    with browser(tmp_path / "profile") as tab:
        for name in ("index.html", "tutorial.html", "reference/commands.html"):
            tab.open(site / name)
            assert tab.run("document.querySelectorAll('h1').length") == 1
        assert len(tab.requests) > 6
        inside = (site.resolve().as_uri(), "data:", "blob:")
        assert [place for place in tab.requests if not place.startswith(inside)] == []


def test_a_page_that_fetches_would_be_noticed() -> None:
    """The check above sees what it is there for, and lets links in the text be."""
    bad = [
        '<script src="https://a.example/x.js"></script>',
        '<link rel="stylesheet" href="//a.example/x.css">',
        '<img src="HTTP://a.example/x.png">',
        "<p style=\"background: url('https://a.example/x.png')\">",
    ]
    for html in bad:
        assert any(_FOREIGN.match(p) for p in loads(html).places), html
    assert loads('<a href="https://a.example">x</a>').places == []
    assert not _FOREIGN.match("assets/x.css")
    assert _CSS.search("@import 'https://a.example/x.css'")
    assert _CSS.search("src: url(//a.example/font.woff2)")


def test_the_navigation_names_pages_that_are_there() -> None:
    """Every entry is a file, named once."""
    config = yaml.safe_load((ROOT / "mkdocs.yml").read_text("utf-8"))
    named = list(_leaves(config["nav"]))
    assert len(named) == len(set(named))
    assert all((ROOT / "docs" / name).is_file() for name in named)
    assert {"tutorial.md", "promises.md", "comparison.md", "limits.md"} <= set(named)


def _leaves(nav: object) -> list[str]:
    if isinstance(nav, str):
        return [nav]
    parts = nav.values() if isinstance(nav, dict) else nav
    assert isinstance(parts, list) or hasattr(parts, "__iter__")
    return [leaf for part in parts for leaf in _leaves(part)]
