"""A run opens no connection and looks no name up."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
CODE = """
import sys

def refuse(event, arguments):
    if event in REFUSED:
        raise SystemExit(f"{event}: {arguments!r}")

REFUSED = {
    "socket.connect", "socket.bind", "socket.sendto", "socket.getaddrinfo", "socket.gethostbyname",
    "urllib.Request", "http.client.connect",
}
sys.addaudithook(refuse)
from cleaner.cli import main
main(sys.argv[1:])
"""


def test_a_run_opens_no_connection(tmp_path: Path) -> None:
    """`run` with every built-in kind of work, in a process where each attempt ends it."""
    config = tmp_path / "c.yaml"
    config.write_text(
        f"input: ['{ROOT}/seeds/news-vn-0[1-3]*', '{ROOT}/seeds/records.*']\n"
        "max_bad: 1.0\n"
        "stages: [{use: unicode}, {use: repeats}, {use: noise}, {use: language}, {use: quality},\n"
        " {use: url}, {use: exact_duplicates}, {use: near_duplicates}, {use: tidy}]\n"
    )
    done = _python(CODE, "run", str(config), "--output", str(tmp_path / "out"), "--engine=inline")
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "out" / "manifest.json").is_file()


def test_an_attempt_would_be_seen() -> None:
    """The guard does what the test above relies on."""
    open_one = "import socket; socket.create_connection(('127.0.0.1', 9), timeout=1)"
    done = _python(CODE.partition("from cleaner")[0] + open_one)
    assert done.returncode != 0
    assert "socket." in done.stderr


def _python(code: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", code, *arguments], capture_output=True, text=True, check=False
    )
