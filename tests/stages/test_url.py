"""The url stage: one spelling of URLs, and lists of hosts."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from cleaner import batch as b
from cleaner.errors import ConfigError
from cleaner.stages.url import Url
from cleaner.text.urls import host_of, normal_host, normal_url, suffixes
from tests.engine.runs import make_config, make_run, rows_of, write_records

URLS = [
    "https://WWW.A.Example:443/x/?utm_source=1&b=2&a=1#top",
    "http://sub.bad.example/",
    "http://notbad.example/",
    "http://sub.bücher.example:8080/y/",
    "no url at all",
    None,
    "http://[broken/",
]


def run(tmp: Path, **fields: Any) -> tuple[dict[int, dict[str, Any]], dict[int, dict[str, Any]]]:
    """Corpus and drops of a run over `URLS`, by record."""
    write_records(tmp / "in" / "a.jsonl", [f"text {n}" for n in range(len(URLS))], url=URLS)
    make_run(tmp, [{"use": "url", **fields}])
    corpus = {row["record"]: row for row in rows_of(tmp / "run", "corpus")}
    drops = {row["record"]: row for row in rows_of(tmp / "run", "ledger")}
    assert sorted([*corpus, *drops]) == list(range(len(URLS)))
    return corpus, drops


def test_urls_are_annotated_in_one_spelling(tmp: Path) -> None:
    """Host in lower case and punycode; what tells no pages apart is gone; nothing is dropped."""
    corpus, drops = run(tmp)
    assert drops == {}
    assert [corpus[n]["url_normal"] for n in range(len(URLS))] == [
        "a.example/x?a=1&b=2",
        "sub.bad.example",
        "notbad.example",
        "sub.xn--bcher-kva.example:8080/y",
        *[None] * 3,
    ]
    hosts = [corpus[n]["url_host"] for n in range(len(URLS))]
    assert hosts[:2] == ["www.a.example", "sub.bad.example"]
    assert hosts[3] == "sub.xn--bcher-kva.example"
    assert hosts[5:] == [None, None]
    assert corpus[0]["url"] == URLS[0]


def test_hosts_are_denied_with_all_below_them(tmp: Path) -> None:
    """At the borders of labels only; the entry is named."""
    path = tmp / "hosts.txt"
    path.write_text("# a comment\n\n*.BÜCHER.example  # books\n", "utf-8")
    corpus, drops = run(tmp, deny=["bad.example"], deny_files=[str(path)])
    assert sorted(drops) == [1, 3]
    assert drops[1]["rule"] == "url.denied"
    assert drops[1]["reason"].endswith("host sub.bad.example, on the list as bad.example")
    assert drops[3]["reason"].endswith("on the list as xn--bcher-kva.example")
    assert 2 in corpus


def test_only_allowed_hosts_stay(tmp: Path) -> None:
    """Documents without a URL are a question of their own; `deny` wins."""
    corpus, drops = run(tmp, allow=["example"], deny=["bad.example"], missing="drop")
    assert sorted(corpus) == [0, 2, 3]
    rules = {n: row["rule"] for n, row in drops.items()}
    assert rules[1] == "url.denied"
    assert rules[5] == rules[6] == "url.missing"
    assert Url(use="url").can_drop() is False
    assert Url(use="url", missing="drop").can_drop() is True


def test_a_host_that_is_not_allowed_goes(tmp: Path) -> None:
    """Its host is the evidence."""
    corpus, drops = run(tmp, allow_files=[str(_list(tmp))])
    assert sorted(corpus) == [0, 4, 5, 6]
    assert drops[2]["rule"] == "url.not_allowed"
    assert drops[2]["reason"].endswith("host notbad.example")


def _list(tmp: Path) -> Path:
    path = tmp / "allow.txt"
    path.write_text("https://a.example/some/page\n")
    return path


def test_bad_lists_are_refused_with_their_place(tmp: Path) -> None:
    """Each wrong entry with file and line, all at once."""
    path = tmp / "hosts.txt"
    path.write_text("good.example\nno host here\n")
    stage = Url(use="url", deny=("*",), deny_files=(str(path), str(tmp / "none.txt")))
    with pytest.raises(ConfigError) as error:
        stage.open()
    said = str(error.value)
    assert "'*' is no host" in said
    assert f"{path}:2: 'no host here' is no host" in said
    assert "none.txt: No such file or directory" in said


def test_the_digest_follows_the_lists(tmp: Path) -> None:
    """A changed file is another stage: its phases are redone."""
    path = tmp / "hosts.txt"
    path.write_text("a.example\n")
    stage = Url(use="url", deny_files=(str(path),))
    before = stage.digest()
    path.write_text("b.example\n")
    assert stage.digest() != before


@pytest.mark.parametrize(
    ("url", "normal", "host"),
    [
        ("HTTP://User:pw@Ex.Example.:80/a/?fbclid=1", "ex.example/a", "ex.example"),
        ("ex.example/path", "", "ex.example"),
        ("//ex.example/path?q=%C3%A9", "ex.example/path?q=%C3%A9", "ex.example"),
        ("https://ex.example:99999/", "", "ex.example"),
        ("http://[::1]:8080/x", "::1:8080/x", "::1"),
        ("http://" + "a" * 70 + "é.example/", "a" * 70 + "é.example", "a" * 70 + "é.example"),
        ("mailto:x@y.example", "", "y.example"),
        ("http:///path", "", ""),
        ("", "", ""),
        ("x" * 10_000, "", ""),
    ],
)
def test_spelling(url: str, normal: str, host: str) -> None:
    """Odd and broken URLs never raise."""
    assert normal_url(url) == normal
    assert host_of(url) == host


def test_suffixes_end_at_labels() -> None:
    """The host itself comes first."""
    assert suffixes("a.b.c") == ["a.b.c", "b.c", "c"]
    assert normal_host(" EXAMPLE.com. ") == "example.com"


def test_a_condition_can_name_its_columns(tmp: Path) -> None:
    """`quality` after `url` reads `url_host`."""
    make_config(tmp, ["url", {"use": "quality", "where": "url_host != 'bad.example'"}])


def test_a_batch_without_documents_is_taken() -> None:
    """Every stage must take one."""
    docs = pa.record_batch(
        {"ordinal": pa.array([0]), "raw_chars": pa.array([1]), "url": pa.array(["http://a.b/"])}
    )
    batch = b.new(docs, pa.array(["a"])).take(np.zeros(0, np.int64)).for_stage("url", 1)
    assert Url(use="url", deny=("a.b",)).open()(batch).num_docs == 0
