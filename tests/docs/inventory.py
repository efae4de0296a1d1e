"""What the pages show: every command and every Python example, wherever it stands on a page.

Commands stand in `sh` and `console` blocks, in blocks that are indented by four columns, in back
quotes within the text or within a comment of a block, and in the examples of the commands' help.
"""

from __future__ import annotations

import re
import shlex
from dataclasses import dataclass
from pathlib import Path

from tests.docs.pages import ROOT, blocks, steps

PAGES = (
    *("README.md", "CONTRIBUTING.md", "seeds/README.md", "cleaner/noise/model/README.md"),
    *sorted(str(p.relative_to(ROOT)) for p in (ROOT / "docs").rglob("*.md")),
    *sorted(str(p.relative_to(ROOT)) for p in (ROOT / "benchmarks").rglob("*.md")),
    *sorted(str(p.relative_to(ROOT)) for p in (ROOT / "examples").rglob("*.md")),
)
LANGUAGES = {"sh", "console", "python", "yaml", "toml", "text", ""}
"""Of fenced blocks. Another one would hide commands from the tests."""
_FENCE = re.compile(r"^```([^\n]*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_PROGRAM = re.compile(
    r"(?:[A-Z_]+=(?:'[^']*'|\S+) )*(?:\.venv/bin/)?"
    r"(?:cleaner|python3?|pip|pytest|make|pre-commit)(?= \S)"
)
_COMMENT = re.compile(r"(?:^|\s)#(?:\s|$).*")


@dataclass(frozen=True, slots=True)
class Shown:
    """A command or a Python example, the page that it stands on, and in which form."""

    page: str
    form: str
    """sh, console, python: fenced; indented; inline: in back quotes."""
    text: str

    @property
    def name(self) -> str:
        """For the list of tests."""
        return f"{self.page}: {' '.join(self.text.split())[:90]}"


def is_command(line: str) -> bool:
    """Whether a line begins with a program of ours and has something behind it."""
    return _PROGRAM.match(line) is not None


def words(command: str) -> list[str]:
    """A command's words, without the variables set before it."""
    found = shlex.split(command, comments=True)
    while found and re.match(r"[A-Z_]+=", found[0]):
        del found[0]
    return found


def program(command: str) -> str:
    """The program of a command, such as `cleaner` or `python`; `pytest` of `python -m pytest`."""
    first, *rest = words(command)
    name = Path(first).name.removesuffix("3")
    if name == "python" and rest[:1] == ["-m"] and rest[1] in ("pytest", "venv", "pip"):
        return rest[1]
    return name


def commands_of(page: str, text: str) -> list[Shown]:
    """All commands and Python examples of a page, each form in its order, none twice."""
    found = []
    for block in blocks(text, "sh"):
        lines = block.text.replace("\\\n", "").splitlines()
        found += [Shown(page, "sh", line) for raw in lines if (line := _bare(raw))]
    for block in blocks(text, "console"):
        found += [Shown(page, "console", step.command) for step in steps(block.text)]
    found += [Shown(page, "python", block.text) for block in blocks(text, "python")]
    indented = text if "reference/" in page else _FENCE.sub("\n", text)
    lines = [line.strip() for line in indented.splitlines() if line.startswith("    ")]
    found += [Shown(page, "indented", _bare(line)) for line in lines if is_command(line)]
    spans = re.findall(r"`([^`\n]+)`", _FENCE.sub(_comments, text))
    found += [Shown(page, "inline", span) for span in spans if is_command(span)]
    return list(dict.fromkeys(found))


def shown() -> list[Shown]:
    """What all pages show."""
    return [s for page in PAGES for s in commands_of(page, (ROOT / page).read_text("utf-8"))]


def strange_blocks(text: str) -> list[str]:
    """Fenced blocks in which a command would not be found: what is wrong with each."""
    found = []
    for language, body in _FENCE.findall(text):
        name = language.partition(" ")[0]
        if name not in LANGUAGES:
            found.append(f"a block of {language!r}: write sh, console or python")
        elif not name and any(is_command(line.strip()) for line in body.splitlines()):
            found.append(f"a command in a block without a language: {body.splitlines()[0]}")
    return found


def _bare(line: str) -> str:
    """A line without its comment."""
    return _COMMENT.sub("", line).strip()


def _comments(fence: re.Match[str]) -> str:
    """The comments of a block of commands; nothing of any other block."""
    lines = fence[2].splitlines() if fence[1] == "sh" else []
    return "\n" + "\n".join(line.partition(" # ")[2] for line in lines) + "\n"
