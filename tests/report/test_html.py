"""The page of a run: what it shows, that it stays the same, and that no document can act in it."""

from __future__ import annotations

import base64
import hashlib
import json
import re
import shutil
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner

import cleaner
from cleaner.cli import main
from cleaner.errors import InputError, IntegrityError
from cleaner.report.collect import collect
from cleaner.report.html import RULES_FIRST, render, without_timings, write_page
from tests.report.browser import CHROMIUM, browser
from tests.report.tiny_run import SCRIPT, make_run

GOLDEN = Path(__file__).parent / "golden" / "report.html"
SECTIONS = [
    "summary",
    "flow",
    "rules",
    "content",
    "lengths",
    "duplicates",
    "quarantine",
    "config",
    "timings",
]


class Elements(HTMLParser):
    """Every element of a page with its attributes, and the text outside of them."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.text: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note an element."""
        self.found.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        """Note text."""
        self.text.append(data)


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A finished run."""
    return make_run(tmp_path_factory.mktemp("html"))


@pytest.fixture(scope="module")
def page(run: Path) -> str:
    """The page that the run wrote."""
    return (run / "reports" / "report.html").read_text(encoding="utf-8")


def main_part(page: str) -> str:
    """What is the same for every run of equal output, but for the version and the settings."""
    body = without_timings(page).split("<main", 1)[1].split("</main>")[0]
    body = re.sub(r"<pre>name: tiny.*?</pre>", "<pre>…</pre>", body, flags=re.DOTALL)
    return body.replace(cleaner.__version__, "VERSION") + "\n"


def test_the_page_is_as_it_was(page: str, request: pytest.FixtureRequest) -> None:
    """A change of the page is seen before it is taken (`make golden` writes the file anew)."""
    found = main_part(page)
    if request.config.getoption("--golden", default=None) == "write":
        GOLDEN.parent.mkdir(exist_ok=True)
        GOLDEN.write_text(found, encoding="utf-8")
    assert found == GOLDEN.read_text(encoding="utf-8")


def test_every_section_is_there_and_linked(page: str) -> None:
    """The sections stand in their order, and the links of the head lead to them."""
    found = Elements(page).found
    assert [a["id"] for tag, a in found if tag == "section"] == SECTIONS
    links = {a["href"] for tag, a in found if tag == "a"}
    assert {f"#{name}" for name in SECTIONS[1:]} <= links
    ids = [a["id"] for _, a in found if "id" in a]
    assert len(ids) == len(set(ids))


def test_the_figures_add_up(page: str) -> None:
    """Documents in = in the corpus + dropped + quarantined; a sentence says so with the figures."""
    match = re.search(
        r"(\d+) documents = (\d+) in the corpus \+ (\d+) dropped \+ (\d+) quarantined", page
    )
    assert match
    total, kept, dropped, bad = map(int, match.groups())
    assert (total, kept, dropped, bad) == (13, 8, 3, 2)
    assert total == kept + dropped + bad
    assert "The books balance." in page


def test_only_the_times_differ_between_two_runs(run: Path, page: str, tmp_path: Path) -> None:
    """Another shard size, the same output: the page is the same but for one section."""
    shutil.copytree(run.parent / "in", tmp_path / "in", copy_function=shutil.copy2)
    other = make_run(tmp_path, engine={"kind": "inline", "shard_bytes": "64KiB"})
    text = (other / "reports" / "report.html").read_text(encoding="utf-8")
    assert without_timings(text) == without_timings(page)
    assert len(without_timings(text)) < len(text)
    assert 'id="timings"' not in without_timings(text)


def test_the_page_comes_from_the_folder_alone(run: Path, page: str, tmp_path: Path) -> None:
    """Elsewhere, without its page, a run gives the very same page."""
    copy = tmp_path / "moved"
    shutil.copytree(run, copy)
    (copy / "reports" / "report.html").unlink()
    result = CliRunner().invoke(main, ["report", str(copy), "--html"])
    assert result.exit_code == 0, result.output
    assert result.output == f"{copy / 'reports' / 'report.html'}\n"
    assert (copy / "reports" / "report.html").read_text(encoding="utf-8") == page


def test_the_manifest_does_not_name_the_page(run: Path) -> None:
    """It holds times, so no checksum can stand for it."""
    files = json.loads((run / "manifest.json").read_bytes())["files"]
    assert "reports/report.json" in files
    assert "reports/report.html" not in files


def test_text_of_documents_is_only_text(page: str) -> None:
    """Markup of documents, URLs and bad records makes no element, no attribute, no script."""
    parsed = Elements(page)
    tags = [tag for tag, _ in parsed.found]
    assert tags.count("script") == 1
    assert "img" not in tags
    assert not [a for _, a in parsed.found if any(name.startswith("on") for name in a)]
    places = [a.get(name) for _, a in parsed.found for name in ("href", "src", "action")]
    assert all(place is None or place.startswith("#") for place in places)
    assert any(SCRIPT in text for text in parsed.text)
    assert "&lt;script&gt;document.title" in page


def test_control_and_bidi_characters_are_spelled_out(page: str) -> None:
    """Nothing in the page can turn the direction of the text around it, or hide."""
    assert not re.search("[\u202a-\u202e\u2066-\u2069\u0000-\u0008\u000b-\u001f\u200b\ufeff]", page)
    assert r"\u202e" in page
    assert r"\x00" in page


def test_only_our_style_and_script_may_act(page: str) -> None:
    """The policy names the hashes of the one style and the one script, and nothing else."""
    policy = re.search(r'Content-Security-Policy" content="([^"]*)"', page)
    assert policy
    for tag in ("style", "script"):
        body = re.search(rf"<{tag}>(.*?)</{tag}>", page, re.DOTALL)
        assert body
        digest = base64.b64encode(hashlib.sha256(body[1].encode()).digest()).decode()
        assert f"{tag}-src &#39;sha256-{digest}&#39;" in policy[1]
    assert policy[1].startswith("default-src &#39;none&#39;")
    assert 'style="' not in page


def test_a_page_of_many_rules_stays_small(run: Path) -> None:
    """3,000 rules with long examples in two-byte letters: below 3 MB."""
    findings = collect(run)
    example = replace(
        findings.rules[0].examples[0], before="ế" * 240, left="đ" * 90, right="ữ" * 90
    )
    rule = replace(findings.rules[0], action="cut", examples=(example,) * 5, reason="r" * 90)
    many = tuple(replace(rule, rule=f"site.rule_{i}") for i in range(3000))
    text = render(replace(findings, rules=many))
    assert "site.rule_399" in text
    assert "and 2,600 more" in text
    assert len(text.encode()) < 3_000_000


def test_an_unfinished_or_damaged_folder_is_refused(run: Path, tmp_path: Path) -> None:
    """The message says what to do; no half page is left."""
    with pytest.raises(InputError, match="not a finished run"):
        write_page(tmp_path)
    copy = tmp_path / "damaged"
    shutil.copytree(run, copy)
    page = (copy / "reports" / "report.html").read_bytes()
    part = copy / "ledger" / "part-00000.parquet"
    part.write_bytes(part.read_bytes()[:-100])
    with pytest.raises(IntegrityError, match="run the config again"):
        write_page(copy)
    assert (copy / "reports" / "report.html").read_bytes() == page


def test_json_and_html_are_not_given_together(run: Path) -> None:
    """Exit code 2: one of them would go unseen."""
    result = CliRunner().invoke(main, ["report", str(run), "--html", "--json"])
    assert result.exit_code == 2


def test_an_empty_corpus_has_a_page(tmp_path: Path) -> None:
    """All documents dropped: no chart of nothing, no division by nothing; a warning says so."""
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "a.txt").write_text("  \n")
    run = make_run(tmp_path, [{"use": "tidy"}])
    assert pq.read_table(run / "corpus" / "part-00000.parquet").num_rows == 0
    page = (run / "reports" / "report.html").read_text(encoding="utf-8")
    assert "the corpus is empty" in page
    assert "<b>0</b> of 1 document stay" in page


@pytest.mark.slow
@pytest.mark.skipif(CHROMIUM is None, reason="needs Chromium (apt-get install chromium)")
def test_the_page_in_a_browser(run: Path, tmp_path: Path) -> None:
    """No error, no request but the page; search, filters, order and keys work; text is inert."""
    with browser(tmp_path / "profile") as tab:
        tab.open(run / "reports" / "report.html")
        assert tab.run("document.title") == "tiny · cleaner"
        assert tab.requests == [(run / "reports" / "report.html").resolve().as_uri()]
        shown = "[...document.querySelectorAll('.rule:not([hidden])')].map(r => r.dataset.name)"
        everything = tab.run(shown)
        assert len(everything) >= 8

        tab.press("/", "/")
        assert tab.run("document.activeElement.id") == "q"
        tab.call("Input.insertText", text="MOJIBAKE")
        assert tab.run(shown) == ["unicode.mojibake"]
        assert tab.run("getComputedStyle(document.getElementById('flow')).display") == "none"
        tab.press("Escape")
        assert tab.run(shown) == everything

        choose = "(id, value) => { const s = document.getElementById(id); s.value = value;"
        choose = f"({choose} s.dispatchEvent(new Event('change')); }})"
        tab.run(f"{choose}('action', 'drop')")
        drops = tab.run(shown)
        assert set(drops) == {"exact_duplicates.text", "near_duplicates.document", "tidy.empty"}
        tab.run(f"{choose}('action', '')")
        tab.run(f"{choose}('order', 'name')")
        assert tab.run(shown) == sorted(everything)
        tab.run("document.getElementById('unfold').click()")
        assert tab.run("document.querySelectorAll('.rule[open]').length") == len(everything)

        assert tab.run("document.body.textContent.includes(\"document.title = 'owned'\")")
        assert tab.run("document.scripts.length") == 1
        assert tab.errors == []

        for width in (390, 1280):
            tab.open(run / "reports" / "report.html", width)
            tab.run("document.querySelectorAll('details').forEach(d => { d.open = true; })")
            assert tab.run("innerWidth") == width
            assert tab.run("document.documentElement.scrollWidth <= innerWidth")
        assert tab.errors == []


@pytest.mark.slow
@pytest.mark.skipif(CHROMIUM is None, reason="needs Chromium (apt-get install chromium)")
def test_a_long_list_of_rules_is_folded(run: Path, tmp_path: Path) -> None:
    """The first ones are seen until more are asked for; search, filters and paper have all."""
    findings = collect(run)
    rule = replace(findings.rules[0], action="cut", chars=7)
    many = tuple(replace(rule, rule=f"site.rule_{i}", count=i + 1) for i in range(50))
    page = tmp_path / "page.html"
    page.write_text(render(replace(findings, rules=many)), "utf-8")
    seen = "[...document.querySelectorAll('.rule')].filter(r => r.offsetHeight > 0).length"
    told = "document.getElementById('shown').textContent"
    further = "document.getElementById('further')"
    with browser(tmp_path / "profile") as tab:
        tab.open(page)
        assert tab.run(seen) == RULES_FIRST
        assert tab.run(told) == f"{RULES_FIRST} of 50 rules"
        tab.run("document.getElementById('q').value = 'rule_4'")
        tab.run("document.getElementById('q').dispatchEvent(new Event('input'))")
        assert tab.run(seen) == 11
        assert tab.run(f"{further}.hidden")
        tab.run("document.getElementById('q').value = ''")
        tab.run("document.getElementById('q').dispatchEvent(new Event('input'))")
        assert tab.run(seen) == RULES_FIRST
        tab.call("Emulation.setEmulatedMedia", media="print")
        assert tab.run(seen) == 50
        tab.call("Emulation.setEmulatedMedia", media="screen")
        tab.run(f"{further}.click()")
        assert tab.run(seen) == 50
        assert tab.run(told) == "50 of 50 rules"
        assert tab.errors == []
