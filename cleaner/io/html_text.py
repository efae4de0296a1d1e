"""HTML to plain text, a block a line; no page can hang or end the run."""

from __future__ import annotations

import importlib.util
import os
import re
import select
import signal
import subprocess
import sys
from collections.abc import Iterable
from contextlib import suppress
from typing import NamedTuple

from cleaner.errors import CleanerError, InputError
from cleaner.io.html_worker import REPLY, REQUEST
from cleaner.io.inputs import InputFile
from cleaner.io.records import ReadOptions
from cleaner.text.decode import Decoded, Undecodable, decode

MAX_TAGS = 400_000
"""A page of more is quarantined: each takes about 600 bytes of memory, and real pages have 100 to
20,000."""
WALL_FACTOR = 30
"""A page may take so many times its processor time on a busy machine."""
_START_SECONDS = 120.0
_END_SECONDS = 10.0
_HEAD = 4096  # bytes in which a page says its charset; browsers look at 1024
_ATTEMPTS = 2  # a process may have been ended by accident, once

_META = re.compile(
    rb"<meta[^>]{0,400}?charset\s{0,8}=\s{0,8}[\"']?\s{0,8}([\w.:+-]{1,40})", re.IGNORECASE
)
_XML = re.compile(rb"<\?xml[^>]{0,200}?encoding\s{0,8}=\s{0,8}[\"']([\w.:+-]{1,40})")
_LOOKS_HTML = re.compile(
    rb"(?:\xef\xbb\xbf)?(?:\s|<!--.{0,2000}?-->|<\?xml[^>]{0,200}>)*+"
    rb"<(?:!doctype\s+html|html|head|body)\b",
    re.IGNORECASE | re.DOTALL,
)
_WIDER = {
    **dict.fromkeys(
        ("iso-8859-1", "iso8859-1", "latin1", "latin-1", "us-ascii", "ascii"), "cp1252"
    ),
    **dict.fromkeys(("gb2312", "gb-2312", "gbk", "x-gbk"), "gb18030"),
    **dict.fromkeys(("shift_jis", "shift-jis", "sjis", "x-sjis"), "cp932"),
    **dict.fromkeys(("ks_c_5601-1987", "euc-kr", "ksc5601"), "cp949"),
    **dict.fromkeys(("tis-620", "iso-8859-11"), "cp874"),
    **dict.fromkeys(("big5", "x-x-big5"), "big5hkscs"),
    **dict.fromkeys(("iso-8859-9", "latin5"), "cp1254"),
}
"""What a page means that names a charset: the one that browsers read (WHATWG Encoding, section
4.2), which has more characters."""


class Pathological(ValueError):  # noqa: N818  what the page is
    """A page that cannot be taken apart; `reason` is short and countable, `detail` says why."""

    def __init__(self, reason: str, detail: str) -> None:
        self.reason = reason
        self.detail = detail
        super().__init__(f"{reason}: {detail}")


class Page(NamedTuple):
    """What a page says, and how it was decoded."""

    title: str
    text: str
    decoded: Decoded


def require_extractor(files: Iterable[InputFile], extractor: str) -> None:
    """Raise InputError if there is HTML among these files and no extractor to read it with.

    Files of extracted text (.wet) need none.
    """
    needs = [f for f in files if f.format == "html" or (f.format == "warc" and not _is_wet(f))]
    if needs and importlib.util.find_spec(extractor) is None:
        raise _missing(extractor, f"{needs[0].source} and {len(needs) - 1} more files hold HTML")


def _is_wet(file: InputFile) -> bool:
    return ".wet" in file.path.lower().rpartition("/")[2]


def _missing(extractor: str, why: str) -> InputError:
    package = "cleaner[html]" if extractor == "resiliparse" else extractor
    return InputError(
        f"{why}; to read it: pip install '{package}', or name the inputs by a glob that leaves"
        " it out, such as 'crawl/**/*.txt'"
    )


def is_html(data: bytes) -> bool:
    """Whether data begins as an HTML page does."""
    return _LOOKS_HTML.match(data[:_HEAD]) is not None


def decode_page(data: bytes, declared: str | None, max_bad_bytes_ratio: float) -> Decoded:
    """A page's characters: by `declared` (of its HTTP header), its own word, or what they show.

    UTF-8 that is valid needs no word, a byte order mark comes before all others.

    Raises:
        Undecodable: the data is binary, or no encoding fits.
    """
    head = data[:_HEAD]
    own = _META.search(head) or _XML.search(head)
    named = [declared, own[1].decode("ascii", "replace") if own else None]
    last: Decoded | Undecodable | None = None
    for name in dict.fromkeys(n for n in named if n):
        wider = _WIDER.get(name.strip().strip("\"'").lower(), name.strip().strip("\"'"))
        try:
            found = decode(data, declared=wider, max_bad_bytes_ratio=max_bad_bytes_ratio)
        except Undecodable as error:
            last = error
            continue
        if found.encoding == "utf-8" or found.evidence.startswith(("declared", "byte order")):
            return found
        last = found
    if last is None:
        return decode(data, max_bad_bytes_ratio=max_bad_bytes_ratio)
    if isinstance(last, Undecodable):
        raise last
    return last


class Extractor:
    """Takes pages apart in a process of its own, which is started for the first one.

    Use it as a context manager.
    """

    def __init__(self, settings: ReadOptions) -> None:
        self._settings = settings
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Extractor:
        return self

    def __exit__(self, *_: object) -> None:
        self._stop()

    def read(self, data: bytes, declared: str | None = None) -> Page:
        """Title and text of a page.

        Raises:
            Undecodable: it has no characters.
            Pathological: 'too_many_tags', 'timeout', 'crash', 'bad_html'.
            InputError: the extractor is not installed.
        """
        decoded = decode_page(data, declared, self._settings.max_bad_bytes_ratio)
        page = decoded.text.removeprefix("\ufeff")
        tags = page.count("<")
        if tags > MAX_TAGS:
            raise Pathological("too_many_tags", f"{tags} tags, above {MAX_TAGS}")
        title, text = self._extract(page.encode())
        return Page(title, text, decoded)

    def _extract(self, page: bytes) -> tuple[str, str]:
        for attempt in range(1, _ATTEMPTS + 1):
            process = self._process or self._start()
            try:
                return self._ask(process, page)
            except (OSError, EOFError) as error:
                self._stop()
                if process.returncode == -signal.SIGPROF or isinstance(error, TimeoutError):
                    limit = self._settings.html_seconds
                    detail = f"took longer than read.html_seconds ({limit:g})"
                    raise Pathological("timeout", detail) from None
                if attempt == _ATTEMPTS:
                    detail = f"the extractor ended ({process.returncode}), {_ATTEMPTS} times"
                    raise Pathological("crash", detail) from None
        raise AssertionError("the last attempt returns or raises")

    def _ask(self, process: subprocess.Popen[bytes], page: bytes) -> tuple[str, str]:
        assert process.stdin is not None
        left = memoryview(REQUEST.pack(len(page)) + page)
        while left:
            left = left[process.stdin.write(left) :]
        seconds = self._settings.html_seconds * WALL_FACTOR
        state, titles, size = REPLY.unpack(_receive(process, REPLY.size, seconds))
        title = _receive(process, titles, seconds).decode()
        text = _receive(process, size, seconds).decode()
        if state:
            raise Pathological("bad_html", text)
        return title, text

    def _start(self) -> subprocess.Popen[bytes]:
        """A process that is ready."""
        options = self._settings
        name = options.html_extractor
        if importlib.util.find_spec(name) is None:
            raise _missing(name, "the input holds HTML")
        content = "main" if options.main_content else "all"
        command = [sys.executable, "-P", "-m", "cleaner.io.html_worker", name, content]
        paths = os.pathsep.join(path or os.getcwd() for path in sys.path)  # noqa: PTH109
        process = subprocess.Popen(  # noqa: S603  our own program, with our own words
            [*command, str(options.html_seconds)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            bufsize=0,
            env=os.environ | {"PYTHONPATH": paths},
        )
        self._process = process
        try:
            _receive(process, REPLY.size, _START_SECONDS)
        except (OSError, EOFError) as error:
            process.kill()
            assert process.stderr is not None
            words = process.stderr.read()[-300:].decode("utf-8", "replace").strip()
            self._stop()
            raise CleanerError(
                f"the extractor {name} does not start: {words.rpartition(chr(10))[2] or error};"
                f" try `{sys.executable} -c 'import {name}'`"
            ) from None
        return process

    def _stop(self) -> None:
        """End the process, if there is one."""
        process, self._process = self._process, None
        if process is None:
            return
        for pipe in (process.stdin, process.stdout, process.stderr):
            assert pipe is not None
            pipe.close()
        if process.poll() is None:
            process.kill()
        process.wait()


def _receive(process: subprocess.Popen[bytes], size: int, seconds: float) -> bytes:
    """So many bytes of a process's answer; EOFError if it ends, TimeoutError if it is silent."""
    assert process.stdout is not None
    data = bytearray()
    while len(data) < size:
        ready = select.poll()
        ready.register(process.stdout, select.POLLIN)
        if not ready.poll(seconds * 1000):
            raise TimeoutError(f"no answer for {seconds:g} seconds")
        more = process.stdout.read(min(size - len(data), 1 << 20))
        if not more:
            with suppress(subprocess.TimeoutExpired):
                process.wait(_END_SECONDS)  # so that its own end is known, not ours
            raise EOFError("it ended")
        data += more
    return bytes(data)
