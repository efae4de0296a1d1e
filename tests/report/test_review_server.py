"""The server of a review: who is answered, who is not, and that a label is on the disk."""

from __future__ import annotations

import http.client
import json
import shutil
import socket
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from cleaner.config.load import parse
from cleaner.engine.driver import run as run_config
from cleaner.errors import InputError, IntegrityError
from cleaner.io.corpus import read_manifest
from cleaner.report.audit import run_id
from cleaner.report.review import pages, rows
from cleaner.report.review.labels import open_labels, path_of
from cleaner.report.review.server import ADDRESS, MOST_BODY, TOKEN_HEADER, Review, Server
from tests.report.browser import CHROMIUM, browser
from tests.report.tiny_run import SCRIPT

HOSTILE = f"{SCRIPT}<img src=x onerror=alert(1)> \u202egnp.exe \x1b[2J"


def write_pages(folder: Path) -> None:
    """Pages with a frame, and text that would act if it could, in every place."""
    folder.mkdir()
    frame = ["Trang chủ", "Thời sự"], ["Đọc thêm", "Email", "Gửi bình luận", "© 2024 Báo Bến Đá"]
    lines = []
    for number in range(12):
        words = f"Sáng ngày {number}, xã thông xe cây cầu số {number} qua sông sau ba năm thi công."
        text = "\n".join([*frame[0], words * 2, f"{HOSTILE} {number}", words * 3, *frame[1]])
        lines.append(json.dumps({"text": text, "url": f"https://bao.example/{number}"}))
    (folder / "a.jsonl").write_text("\n".join(lines) + "\n", encoding="utf-8")


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A finished run."""
    folder = tmp_path_factory.mktemp("served")
    write_pages(folder / "in")
    settings = {
        "name": "served",
        "input": [str(folder / "in")],
        "output": str(folder / "run"),
        "stages": [{"use": "repeats"}, {"use": "noise"}, {"use": "tidy"}],
        "engine": {"kind": "inline"},
    }
    run_config(parse(json.dumps(settings), "a.yaml"))
    return folder / "run"


@dataclass(frozen=True)
class Served:
    """A review that is served, and the run under review."""

    server: Server
    run: Path
    review: Review

    def ask(
        self, method: str, path: str, body: bytes | None = None, **headers: str | None
    ) -> tuple[int, bytes, http.client.HTTPMessage]:
        """A request as the page makes it, but for what is named; None leaves a header out."""
        host = f"{ADDRESS}:{self.server.port}"
        usual: dict[str, str | None] = {"Host": host, TOKEN_HEADER: self.server.token}
        if body is not None:
            usual |= {"Origin": f"http://{host}", "Content-Type": "application/json"}
            usual |= {"Content-Length": str(len(body))}
        usual |= {name.replace("_", "-"): value for name, value in headers.items()}
        connection = http.client.HTTPConnection(ADDRESS, self.server.port, timeout=20)
        connection.putrequest(method, path, skip_host=True, skip_accept_encoding=True)
        for name, value in usual.items():
            if value is not None:
                connection.putheader(name, value)
        connection.endheaders(body)
        answer = connection.getresponse()
        found = answer.status, answer.read(), answer.headers
        connection.close()
        return found

    def get(self, path: str, **headers: str | None) -> tuple[int, Any]:
        """A JSON answer."""
        status, body, _ = self.ask("GET", path, **headers)
        return status, json.loads(body)

    def post(self, path: str, value: object, **headers: str | None) -> tuple[int, Any]:
        """A JSON answer to JSON."""
        status, body, _ = self.ask("POST", path, json.dumps(value).encode(), **headers)
        return status, json.loads(body)

    @property
    def written(self) -> list[dict[str, Any]]:
        """The labels on the disk."""
        path = path_of(self.run, run_id(read_manifest(self.run)))
        return [json.loads(line) for line in path.read_bytes().splitlines()[1:]]


@pytest.fixture(params=["rows", "pages"])
def mode(request: pytest.FixtureRequest) -> str:
    """Both kinds of review."""
    return str(request.param)


@pytest.fixture
def served(finished: Path, tmp_path: Path, mode: str) -> Iterator[Served]:
    """A review of a copy of the run."""
    run = Path(shutil.copytree(finished, tmp_path / "run"))
    with open_labels(run, run_id(read_manifest(run))) as labels:
        review: Review
        if mode == "rows":
            review = rows.RowReview(run, rows.draw(run, per_rule=2), labels)
        else:
            review = pages.PageReview(run, pages.draw(run, 4), labels)
        with Server(review, "run") as server:
            thread = threading.Thread(target=server.serve_forever, args=(0.02,))
            thread.start()
            yield Served(server, run, review)
            server.shutdown()
            thread.join()


def test_it_answers_this_machine_alone(served: Served) -> None:
    """The socket is bound to the loopback address; a port in use is said, with a way out."""
    assert served.server.socket.getsockname()[0] == "127.0.0.1"
    with pytest.raises(InputError, match="name another --port"):
        Server(served.review, "run", served.server.port)


def test_the_address_opens_the_page(served: Served) -> None:
    """With a policy that lets nothing act but its own style and script, and no data in it."""
    address = urlsplit(served.server.url)
    status, body, headers = served.ask("GET", f"{address.path}?{address.query}")
    assert status == 200
    assert headers.get_content_type() == "text/html"
    policy = headers["Content-Security-Policy"]
    assert policy.startswith("default-src 'none'; base-uri 'none'; form-action 'none'; frame-anc")
    assert "connect-src 'self'; style-src 'sha256-" in policy
    assert "unsafe" not in policy
    assert headers["Referrer-Policy"] == "no-referrer"
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Cache-Control"] == "no-store"
    assert "Set-Cookie" not in headers
    assert served.server.token.encode() not in body
    assert b"owned" not in body


@pytest.mark.parametrize("token", ["", "x", "ế", None])
def test_nothing_without_the_token(served: Served, token: str | None) -> None:
    """Neither the page, nor a text, nor a label."""
    header = None if token is None else token.encode().decode("latin-1")
    assert served.get("/")[0] == 403
    assert served.get("/?token=wrong")[0] == 403
    assert served.get(f"/?token={served.server.token}x")[0] == 403
    for path in ("/api/overview", "/api/item?number=0"):
        status, found = served.get(path, **{TOKEN_HEADER: header})
        assert status == 403
        assert list(found) == ["error"]
        assert served.get(f"{path}?token={served.server.token}", **{TOKEN_HEADER: header})[0] == 403
    for path in ("/api/label", "/api/undo", "/api/finish"):
        assert served.post(path, {}, **{TOKEN_HEADER: header})[0] == 403
    assert served.written == []
    assert served.get("/api/overview")[0] == 200


@pytest.mark.parametrize("host", ["evil.example", "evil.example:{port}", "127.0.0.1", None, ""])
def test_another_name_for_this_host_is_not_served(served: Served, host: str | None) -> None:
    """A site whose name was made to lead here (DNS rebinding) gets nothing."""
    name = host and host.format(port=served.server.port)
    for path in (f"/?token={served.server.token}", "/api/overview"):
        assert served.get(path, Host=name)[0] == 421
    assert served.post("/api/undo", {}, Host=name)[0] == 421
    assert served.get("/api/overview", Host=f"localhost:{served.server.port}")[0] == 200


@pytest.mark.parametrize("origin", ["https://evil.example", "null", "http://127.0.0.1:1", None])
def test_no_other_origin_may_change_anything(served: Served, origin: str | None) -> None:
    """Not even with the token."""
    label = a_label(served)
    assert served.post("/api/label", label, Origin=origin)[0] == 403
    assert served.post("/api/finish", {}, Origin=origin)[0] == 403
    assert served.written == []


@pytest.mark.parametrize(
    ("headers", "body", "status"),
    [
        ({"Content_Type": "text/plain"}, b"{}", 415),
        ({"Content_Type": "application/x-www-form-urlencoded"}, b"a=1", 415),
        ({"Content_Length": None}, b"", 411),
        ({"Content_Length": "-1"}, b"", 411),
        ({"Content_Length": "\u00b2"}, b"", 411),
        ({"Transfer_Encoding": "chunked"}, b"2\r\n{}\r\n0\r\n\r\n", 411),
        ({"Content_Length": str(MOST_BODY + 1)}, b"", 413),
        ({"Content_Length": "9" * 400}, b"", 413),
        ({}, b"{", 400),
        ({}, b"[]", 400),
        ({}, b"\xff", 400),
        ({}, b'{"id": NaN}', 400),
        ({}, b"[" * 4000, 400),
        ({}, b'{"id": "a", "value": "right"}', 400),
        ({}, b'{"id": "../../x", "value": "right"}', 400),
        ({}, b'{"id": {"a": 1}, "value": "right"}', 400),
    ],
)
def test_a_body_that_is_no_label_is_refused(
    served: Served, headers: dict[str, str | None], body: bytes, status: int
) -> None:
    """With a sentence; nothing is written, and the next request is answered."""
    found, answer, _ = served.ask("POST", "/api/label", body, **headers)
    assert found == status
    assert json.loads(answer)["error"]
    assert served.written == []
    assert served.post("/api/label", a_label(served))[0] == 200


@pytest.mark.parametrize(
    "path",
    [
        "/../../../etc/passwd", "/..%2f..%2fetc/passwd", "//etc/passwd", "/manifest.json",
        "/api", "/api/", "/api/item/../../x", "/review.js", "/api/label",
    ],
)  # fmt: skip
def test_no_path_leads_to_a_file(served: Served, path: str) -> None:
    """What is not one of the few addresses is not there."""
    assert served.get(path)[0] == 404
    assert served.post(f"{path}x", {})[0] == 404


@pytest.mark.parametrize("number", ["", "-1", "99", "1.0", "x", "\u0662", "9" * 30])
def test_an_item_that_does_not_exist_is_said(served: Served, number: str) -> None:
    """Exit from a bad address is a sentence."""
    path = f"/api/item?number={number}".encode().decode("latin-1")
    status, found = served.get(path.replace("Ù¢", "%D9%A2"))
    assert status == 400
    assert found["error"]


def test_other_methods_are_not_known(served: Served) -> None:
    """Nor does one that says nothing hold a thread for ever."""
    for method in ("PUT", "DELETE", "OPTIONS", "TRACE"):
        assert served.ask(method, "/api/overview")[0] == 501
    with socket.create_connection((ADDRESS, served.server.port)) as silent:
        silent.sendall(b"GET / HTTP/1.1\r\n")
        assert served.get("/api/overview")[0] == 200


def a_label(served: Served) -> dict[str, Any]:
    """One that can be set."""
    own = served.review.overview()[0]["id"]
    return {"id": own, "value": "wrong" if served.review.mode == "rows" else "done"}


def test_a_label_is_saved_before_it_is_answered(served: Served) -> None:
    """Undo takes it back; the file has both."""
    label = a_label(served)
    status, found = served.post("/api/label", label)
    assert status == 200
    assert (found["number"], found["item"]["value"]) == (0, label["value"])
    assert [(w["id"], w["value"]) for w in served.written] == [(label["id"], label["value"])]
    _, found = served.post("/api/undo", {})
    assert found["item"]["value"] == ""
    assert served.written[-1]["undo"] is True
    assert served.post("/api/undo", {}) == (200, {"number": None, "item": None})


def test_text_of_documents_is_inert(served: Served) -> None:
    """Nothing that steers or hides reaches the page."""
    seen = json.dumps(
        [served.get(f"/api/item?number={n}")[1] for n in range(len(served.review.overview()))],
        ensure_ascii=False,
    )
    assert "owned" in seen
    assert "\u202e" not in seen
    assert r"\\u202e" in seen
    assert r"\\x1b" in seen


def test_finish_ends_the_server(served: Served) -> None:
    """After the answer."""
    done = threading.Event()
    served.server.shutdown_request, kept = (
        lambda request: (kept(request), done.set())[0],  # type: ignore[method-assign]
        served.server.shutdown_request,
    )
    assert served.post("/api/finish", {}) == (200, {"ended": True})
    assert done.wait(10)
    assert served.server.fault is None


def test_a_run_that_is_gone_is_said(served: Served) -> None:
    """What to do next."""
    for folder in ("corpus", "ledger"):
        shutil.rmtree(served.run / folder)
    status, found = served.get("/api/item?number=1")
    assert status == 400
    assert "is not there any more" in found["error"]


def test_a_damaged_run_ends_the_review_with_a_sentence(served: Served) -> None:
    """In the browser, and where the command was started."""
    part = served.run / "corpus" / "part-00000.parquet"
    part.write_bytes(b"PAR1" + b"x" * 500)
    status, found = served.get("/api/item?number=1")
    assert status == 500
    assert "cannot be read" in found["error"]
    assert "run the config again" in found["error"]
    assert isinstance(served.server.fault, IntegrityError)


@pytest.mark.slow
@pytest.mark.skipif(CHROMIUM is None, reason="needs Chromium (apt-get install chromium)")
def test_keys_label_in_a_browser(served: Served, tmp_path: Path) -> None:
    """Each key does what the help says; the file is right; text is inert; a phone has room."""
    with browser(tmp_path / "profile") as tab:
        ready = "document.body.dataset.state === 'ready'"

        def press(*keys: str) -> None:
            for key in keys:
                tab.press(key)
                tab.wait(ready)

        tab.visit(served.server.url)
        tab.wait(ready)
        assert tab.run("document.querySelectorAll('#lines li').length") > 5
        ids = [item["id"] for item in served.review.overview()]
        if served.review.mode == "rows":
            _rows_in_a_browser(served, ids, press)
        else:
            _pages_in_a_browser(served, ids, press)

        tab.press("?", "?")
        assert tab.run("document.getElementById('help').open") is True
        before = served.written
        press("r", "w", "n", "Enter", "z")
        assert served.written == before
        tab.press("?", "?")
        assert tab.run("document.getElementById('help').open") is False

        assert tab.run("document.title") == "run · review · cleaner"
        assert tab.run("document.scripts.length") == 1
        assert tab.run("document.images.length") == 0
        for number in range(len(ids)):
            press("s")
            assert "\u202e" not in tab.run("document.body.textContent"), number
        assert tab.errors == []
        assert {urlsplit(url).netloc for url in tab.requests} == {f"{ADDRESS}:{served.server.port}"}

        tab.visit(served.server.url, width=390)
        tab.wait(ready)
        assert tab.run("document.documentElement.scrollWidth <= innerWidth")
        assert tab.run(
            "[...document.querySelectorAll('.keys button')].every(b => b.offsetHeight >= 44)"
        )
        tab.run("document.querySelector('[data-do=finish]').click()")
        tab.wait("document.getElementById('end-title').textContent === 'Finished'")
        assert tab.errors == []


def _rows_in_a_browser(served: Served, ids: list[str], press: Any) -> None:
    actions = [item["action"] for item in served.review.overview()]
    is_cut = [action == "cut" for action in actions]
    press("r", "w", "u", "n", "k")
    wanted = ["right", "wrong", "unsure"]
    wanted += ["right" if is_cut[3] else "wrong", "wrong" if is_cut[4] else "right"]
    assert [item["value"] for item in served.review.overview()[:6]] == [*wanted, ""]
    press("b", "b", "2")  # back to row 4, then 3: now wrong
    press("z", "z")  # that, and row 4 itself
    press("g", "1")  # row 4 is shown; the next one without a label is row 5
    wanted[4] = ""
    assert [item["value"] for item in served.review.overview()[:6]] == [*wanted, "right"]
    said = {(w["id"], w["value"]) for w in served.written}
    assert {(ids[0], "right"), (ids[1], "wrong"), (ids[2], "unsure"), (ids[5], "right")} <= said


def _pages_in_a_browser(served: Served, ids: list[str], press: Any) -> None:
    own = [line["label"] for line in served.review.show(0)["lines"]]
    flipped = {"0": "1", "1": "0"}
    press("f", "ArrowDown", "n", "k", "ArrowUp", "f", "z")
    labels = [line["label"] for line in served.review.show(0)["lines"]]
    assert labels == [flipped[own[0]], "0", "1", *own[3:]]
    assert [item["value"] for item in served.review.overview()] == ["", "", "", ""]
    press("Enter", "s", "Enter")
    assert [item["value"] for item in served.review.overview()] == ["done", "", "done", ""]
    assert [w["id"] for w in served.written if w["kind"] == "page"] == [ids[0], ids[2]]
    press("z", "g")
    assert [item["value"] for item in served.review.overview()] == ["done", "", "", ""]
