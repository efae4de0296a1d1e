"""The process that takes pages apart, so that a page that hangs or kills the parser costs itself.

Parsers are native code that no signal handler of Python can interrupt, and some pages of a few
kilobytes keep them busy for hours. So each page has a limit of processor time, kept by the kernel,
and all have a limit of memory. Started by `cleaner.io.html_text` as `python -m`; it reads pages
from stdin and writes texts to stdout until stdin ends.
"""

from __future__ import annotations

import importlib
import os
import re
import signal
import struct
import sys
from collections.abc import Callable
from typing import BinaryIO, TypeAlias

REQUEST = struct.Struct("<I")
"""Bytes of UTF-8 of the page that follow."""
REPLY = struct.Struct("<BII")
"""0 and the bytes of title and text that follow; 1 and those of an error, in place of the text."""
MEMORY = 3 << 30
"""Address space of the process in bytes; a page of `html_text.MAX_TAGS` takes a tenth of it."""
_TITLE_CHARS = 1000
_CELLS = re.compile(r"[ \t]*\t[ \t]*")

Extract: TypeAlias = Callable[[str], tuple[str, str]]


def main(arguments: list[str]) -> None:
    """Serve until stdin ends; arguments: extractor, 'main' or 'all', seconds of one page."""
    import resource

    name, content, seconds = arguments
    extract = load(name, main_content=content == "main")
    hard = resource.getrlimit(resource.RLIMIT_AS)[1]
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY if hard < 0 else min(MEMORY, hard), hard))
    signal.signal(signal.SIGPROF, signal.SIG_DFL)  # ends the process
    os.dup2(os.open(os.devnull, os.O_WRONLY), 2)  # nobody reads what libraries say from here on
    serve(sys.stdin.buffer, sys.stdout.buffer, extract, float(seconds))


def serve(pages: BinaryIO, texts: BinaryIO, extract: Extract, seconds: float) -> None:
    """Answer every page with its title and text."""
    texts.write(REPLY.pack(0, 0, 0))  # ready
    texts.flush()
    while len(head := pages.read(REQUEST.size)) == REQUEST.size:
        (size,) = REQUEST.unpack(head)
        page = pages.read(size).decode()
        signal.setitimer(signal.ITIMER_PROF, seconds)
        try:
            title, text = (part.encode("utf-8", "replace") for part in extract(page))
            reply = REPLY.pack(0, len(title), len(text)) + title + text
        except Exception as error:  # noqa: BLE001  whatever a parser raises is about this page
            words = f"{type(error).__name__}: {error}"[:500].encode("utf-8", "replace")
            reply = REPLY.pack(1, 0, len(words)) + words
        signal.setitimer(signal.ITIMER_PROF, 0)
        texts.write(reply)
        texts.flush()


def load(name: str, *, main_content: bool) -> Extract:
    """What gives title and text of a page; ImportError if it is not installed."""
    return _trafilatura() if name == "trafilatura" else _resiliparse(main_content=main_content)


def _resiliparse(*, main_content: bool) -> Extract:
    html2text = importlib.import_module("resiliparse.extract.html2text")
    parser = importlib.import_module("resiliparse.parse.html")

    def extract(page: str) -> tuple[str, str]:
        tree = parser.HTMLTree.parse(page)
        if tree.document is None:
            return "", ""
        for summary in tree.document.query_selector_all("summary"):
            summary.append_child(tree.create_element("br"))  # it is a block of its own
        text = html2text.extract_plain_text(
            tree,
            preserve_formatting=True,
            main_content=main_content,
            list_bullets=False,
            # captions go with the alternative texts, which nobody sees on the page
            alt_texts=True,
            skip_elements=["img", "area"],
            comments=False,
        )
        return one_line(tree.title or "")[:_TITLE_CHARS], tidy(text)

    return extract


def _trafilatura() -> Extract:
    trafilatura = importlib.import_module("trafilatura")

    def extract(page: str) -> tuple[str, str]:
        found = trafilatura.bare_extraction(page, include_comments=False, with_metadata=False)
        if found is None:
            return "", ""
        return one_line(found.title or "")[:_TITLE_CHARS], tidy(found.text or "")

    return extract


def tidy(text: str) -> str:
    r"""One block a line: no empty lines, no spaces around a line, one tab between cells."""
    lines = (_CELLS.sub("\t", line.strip()) for line in text.replace("\r", "\n").split("\n"))
    kept = [line for line in lines if line]
    return "\n".join(kept) + "\n" if kept else ""


def one_line(text: str) -> str:
    """White space of any kind and length as one space."""
    return " ".join(text.split())


if __name__ == "__main__":
    main(sys.argv[1:])
