"""Pages of the documentation as sessions: the files and commands that they show, and what comes.

A fenced block of the language `console` holds commands (`$ …`) and what they print; a line `[…]`
stands for any number of lines that are left out. A block with `title="NAME"` is a file. Figures
that no two machines share (seconds, speeds, free disk, workers) are masked on both sides.
"""

from __future__ import annotations

import difflib
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
CUT = "[…]"
_FENCE = re.compile(r'^```(\w+)(?: title="([^"\n]+)")?\n(.*?)^```$', re.MULTILINE | re.DOTALL)
_MASKS = (
    (re.compile(r"\b[0-9.,]+ (?:min [0-9]+ )?s\b"), "N s"),
    (re.compile(r"\b[0-9.,]+ MB/s"), "N MB/s"),
    (re.compile(r"\b[0-9.,]+ [kMGT]?B are free"), "N are free"),
    (re.compile(r"run (?:by [0-9,]+ worker processes|in this process)"), "run by N"),
    (re.compile(r"(?<=text\)  )\w+ [0-9]+%, .*"), "N"),
    (re.compile(r"[ \t]+$"), ""),
)


@dataclass(frozen=True)
class Block:
    """A fenced block: its language, its file's name or '', its text, and where that begins."""

    language: str
    title: str
    text: str
    start: int


@dataclass(frozen=True)
class Step:
    """A command of a page and the lines that it is said to print."""

    command: str
    shown: tuple[str, ...]


def blocks(page: str, *languages: str) -> list[Block]:
    """The fenced blocks of a page, those of some languages or all, in their order."""
    return [
        Block(m[1], m[2] or "", m[3], m.start(3))
        for m in _FENCE.finditer(page)
        if not languages or m[1] in languages
    ]


def steps(text: str) -> list[Step]:
    """The commands of a `console` block; a command goes on after a backslash at a line's end."""
    found: list[Step] = []
    lines = iter(text.splitlines())
    for line in lines:
        if line.startswith("$ "):
            command = line[2:]
            while command.endswith("\\"):
                command += "\n" + next(lines)
            found.append(Step(command, ()))
        elif found:
            found[-1] = Step(found[-1].command, (*found[-1].shown, line))
        else:
            raise AssertionError(f"output before the first command: {line!r}")
    return found


def masked(line: str) -> str:
    """A line without what differs from machine to machine."""
    for pattern, instead in _MASKS:
        line = pattern.sub(instead, line)
    return line


def fits(shown: Sequence[str], printed: Sequence[str]) -> bool:
    """Whether a page shows what was printed, but for lines that it leaves out."""
    parts: list[list[str]] = [[]]
    for line in map(masked, shown):
        parts[-1].append(line) if line != CUT else parts.append([])
    lines = [masked(line) for line in printed]
    first, *others = parts
    if lines[: len(first)] != first:
        return False
    place = len(first)
    for number, part in enumerate(others, start=1):
        is_last = number == len(others)
        starts = [len(lines) - len(part)] if is_last and part else range(place, len(lines) + 1)
        start = next((s for s in starts if s >= place and lines[s : s + len(part)] == part), None)
        if start is None:
            return False
        place = start + len(part)
    return bool(others) or place == len(lines)


def renewed(shown: Sequence[str], printed: Sequence[str]) -> list[str]:
    """What a page should show: as many lines as before, those most like them, in their order."""
    parts: list[list[str]] = [[]]
    for line in shown:
        parts[-1].append(line) if line != CUT else parts.append([])
    if len(parts) == 1:
        return list(printed)
    result: list[str] = []
    place = 0
    for number, part in enumerate(parts):
        result += [CUT] if number else []
        if number == len(parts) - 1:
            place = max(place, len(printed) - len(part))
        elif number:
            place = _most_like(part, printed, place)
        result += printed[place : place + len(part)]
        place += len(part)
    return result


def _most_like(part: Sequence[str], lines: Sequence[str], least: int) -> int:
    """Where the run of lines begins that is most like the part."""
    wanted = "\n".join(map(masked, part))

    def likeness(start: int) -> float:
        run = "\n".join(map(masked, lines[start : start + len(part)]))
        return difflib.SequenceMatcher(None, wanted, run).ratio()

    return max(range(least, max(least + 1, len(lines) - len(part) + 1)), key=likeness)


def shell(command: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """Run a command as a reader does, with the `cleaner` and the `python` of these tests."""
    return subprocess.run(
        ["/bin/bash", "-eu", "-c", command],
        cwd=folder,
        env={**os.environ, "PATH": f"{_programs(folder)}{os.pathsep}{os.environ['PATH']}"}
        | {"PYTHONPATH": str(ROOT), "COLUMNS": "80", "NO_COLOR": "1"},
        capture_output=True,
        text=True,
        check=False,
    )


def run_all(page: str, folder: Path) -> dict[str, str]:
    """Run every line of a page's `sh` blocks by a shell, in their order: line → what it printed."""
    said = {}
    for block in blocks(page, "sh"):
        for line in block.text.splitlines():
            done = shell(line, folder)
            assert done.returncode == 0, f"{line}\n{done.stdout}\n{done.stderr}"
            said[line] = done.stdout
    return said


def _programs(folder: Path) -> Path:
    """A folder with `cleaner` and `python`; beside the working folder, not in it."""
    programs = folder.parent / f"{folder.name}-bin"
    if not programs.is_dir():
        programs.mkdir()
        for name, words in {"cleaner": " -m cleaner", "python": ""}.items():
            file = programs / name
            file.write_text(f'#!/bin/sh\nexec "{sys.executable}"{words} "$@"\n')
            file.chmod(0o755)
    return programs


def working_folder(place: Path) -> Path:
    """A folder with `configs/` and `seeds/`, as a fresh clone has them."""
    folder = place / "work"
    folder.mkdir()
    for name in ("configs", "seeds"):
        shutil.copytree(ROOT / name, folder / name)
    return folder
