"""The local server of a review: it answers this machine alone, and who has the token.

What could reach it from outside is a page of some site in the reviewer's own browser. So a request
must name the very host and port (or a site could lead its own name here, "DNS rebinding"), carry
the token in a header that no other site may set, and, to change something, come from this origin.
No path of a request ever becomes a path of a file.
"""

from __future__ import annotations

import json
import secrets
import threading
from collections.abc import Callable, Mapping
from functools import cache
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Protocol
from urllib.parse import parse_qs, urlsplit

from cleaner.errors import CleanerError, InputError
from cleaner.report.html import asset, digest, environment
from cleaner.report.inert import inert

ADDRESS = "127.0.0.1"
MOST_BODY = 4096
"""Bytes of a request's body; a label needs some hundred."""
SECONDS = 20.0
"""How long a connection may say nothing."""
TOKEN_HEADER = "X-Cleaner-Token"  # noqa: S105  the name of a header
_HEADERS = {
    "Cache-Control": "no-store",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}
_NO_CONTENT = "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"


class Review(Protocol):
    """What is reviewed: rows or pages."""

    @property
    def mode(self) -> str:
        """`rows` or `pages`."""
        ...

    def overview(self) -> list[dict[str, Any]]:
        """All items, in order."""
        ...

    def show(self, number: int) -> dict[str, Any]:
        """One item."""
        ...

    def label(self, wanted: dict[str, Any]) -> int:
        """Set a label; the number of its item."""
        ...

    def undo(self) -> int | None:
        """Take the last label back; the number of its item."""
        ...


class Refused(Exception):  # noqa: N818  it is answered, not raised to anybody
    """A request that is not answered as asked."""

    def __init__(self, status: HTTPStatus, why: str) -> None:
        super().__init__(why)
        self.status = status


class Server(ThreadingHTTPServer):
    """Serves one review until `stop`; `serve_forever` runs it.

    Attributes:
        url: what the reviewer opens; holds the token.
        fault: why it came to an end by itself; None if it did not.
    """

    daemon_threads = True
    request_queue_size = 16

    def __init__(self, review: Review, name: str, port: int = 0) -> None:
        """`port` 0 takes any that is free.

        Raises:
            InputError: the port is taken, or not allowed.
        """
        try:
            super().__init__((ADDRESS, port), _Handler)
        except OSError as error:
            raise InputError(
                f"port {port} of {ADDRESS} cannot be used ({error.strerror}); "
                "name another --port, or none"
            ) from error
        self.review = review
        self.name = name
        self.token = secrets.token_urlsafe(24)
        self.guard = threading.Lock()  # a review is asked by one thread at a time
        self.fault: BaseException | None = None
        self.port: int = self.server_address[1]
        self.hosts = frozenset({f"{ADDRESS}:{self.port}", f"localhost:{self.port}"})
        self.url = f"http://{ADDRESS}:{self.port}/?token={self.token}"

    def stop(self, fault: BaseException | None = None) -> None:
        """Let `serve_forever` come to its end; may be called by a request."""
        self.fault = self.fault or fault
        threading.Thread(target=self.shutdown, daemon=True).start()

    def handle_error(self, request: object, client_address: object) -> None:
        """A connection that broke is nobody's business."""


class _Handler(BaseHTTPRequestHandler):
    """One request; see the module."""

    server: Server
    timeout = SECONDS
    server_version, sys_version = "cleaner", ""
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        """The page, or a JSON answer that changes nothing."""
        self._answer(self._get)

    def do_POST(self) -> None:
        """A label, an undo, the end."""
        self._answer(self._post)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
        """Nothing is logged: addresses of requests hold the token."""

    def _answer(self, ask: Callable[[], None]) -> None:
        """Let `ask` answer; what it refuses or fails at is said as JSON."""
        try:
            if self.headers.get_all("Host", []) not in [[host] for host in self.server.hosts]:
                raise Refused(HTTPStatus.MISDIRECTED_REQUEST, "this is not the host you named")
            ask()
        except Refused as why:
            self.close_connection = True  # what is left of its body is not read
            self._send_json({"error": str(why)}, why.status)
        except InputError as error:
            self._send_json({"error": inert(str(error))}, HTTPStatus.BAD_REQUEST)
        except (ConnectionError, TimeoutError):
            self.close_connection = True
        except Exception as error:  # noqa: BLE001  raised again where the command was started
            self.server.stop(error)
            said = str(error) if isinstance(error, CleanerError) else "this is a fault of cleaner"
            self._send_json({"error": inert(said)}, HTTPStatus.INTERNAL_SERVER_ERROR)

    def _get(self) -> None:
        address = urlsplit(self.path)
        if address.path == "/":
            given = parse_qs(address.query, max_num_fields=8).get("token", [""])
            self._check_token(given[0])
            page, policy = _page(self.server.review.mode, self.server.name)
            self._send(page, "text/html; charset=utf-8", HTTPStatus.OK, policy)
            return
        if address.path not in ("/api/overview", "/api/item"):
            raise Refused(HTTPStatus.NOT_FOUND, "there is nothing here")
        self._check_token(self.headers.get(TOKEN_HEADER, ""))
        review = self.server.review
        with self.server.guard:
            if address.path == "/api/overview":
                self._send_json({"mode": review.mode, "items": review.overview()})
                return
            number = parse_qs(address.query, max_num_fields=8).get("number", [""])[0]
            if not (number.isascii() and number.isdigit() and len(number) < 10):
                raise Refused(HTTPStatus.BAD_REQUEST, "number must be a whole number")
            self._send_json(review.show(int(number)))

    def _post(self) -> None:
        path = urlsplit(self.path).path
        if path not in ("/api/label", "/api/undo", "/api/finish"):
            raise Refused(HTTPStatus.NOT_FOUND, "there is nothing here")
        self._check_token(self.headers.get(TOKEN_HEADER, ""))
        origins = {f"http://{host}" for host in self.server.hosts}
        if self.headers.get("Origin") not in origins:
            raise Refused(HTTPStatus.FORBIDDEN, "only the page of this review may change labels")
        body = self._body()
        if path == "/api/finish":
            self._send_json({"ended": True})
            self.server.stop()
            return
        with self.server.guard:
            review = self.server.review
            number = review.label(body) if path == "/api/label" else review.undo()
            item = None if number is None else review.show(number)
        self._send_json({"number": number, "item": item})

    def _check_token(self, given: str) -> None:
        """Compare in constant time."""
        ours = self.server.token.encode()
        if not secrets.compare_digest(given.encode("utf-8", "replace"), ours):
            raise Refused(
                HTTPStatus.FORBIDDEN,
                "open the address that `cleaner review` printed, token and all",
            )

    def _body(self) -> dict[str, Any]:
        """The request's body: a JSON object of at most `MOST_BODY` bytes."""
        if self.headers.get_content_type() != "application/json":
            raise Refused(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "send application/json")
        size = self.headers.get("Content-Length", "")
        if "Transfer-Encoding" in self.headers or not (size.isascii() and size.isdigit()):
            raise Refused(HTTPStatus.LENGTH_REQUIRED, "say how long the body is")
        if len(size) > 9 or int(size) > MOST_BODY:
            raise Refused(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, f"at most {MOST_BODY} bytes")
        try:
            found = json.loads(self.rfile.read(int(size)).decode())
        except (ValueError, RecursionError):
            raise Refused(HTTPStatus.BAD_REQUEST, "the body is no JSON") from None
        if not isinstance(found, dict):
            raise Refused(HTTPStatus.BAD_REQUEST, "the body is no JSON object")
        return found

    def _send_json(self, value: Mapping[str, Any], status: HTTPStatus = HTTPStatus.OK) -> None:
        body = json.dumps(value).encode()
        self._send(body, "application/json", status, _NO_CONTENT)

    def _send(self, body: bytes, kind: str, status: HTTPStatus, policy: str) -> None:
        self.send_response(status)
        headers = {"Content-Type": kind, "Content-Length": str(len(body))}
        if self.close_connection:
            headers["Connection"] = "close"
        for name, value in (_HEADERS | headers | {"Content-Security-Policy": policy}).items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)


@cache
def _page(mode: str, name: str) -> tuple[bytes, str]:
    """The page, and the policy under which it may act: its own style and script, this server."""
    style, script = asset("report.css") + asset("review.css"), asset("review.js")
    text = (
        environment()
        .get_template("review.html")
        .render(mode=mode, name=name, style=style, script=script)
    )
    policy = (
        f"{_NO_CONTENT}; connect-src 'self'; style-src '{digest(style)}'; "
        f"script-src '{digest(script)}'"
    )
    return text.encode(), policy
