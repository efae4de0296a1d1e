"""The sheet of an audit: CSV that a spreadsheet opens without acting on it, or JSON lines."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any

from cleaner.errors import InputError
from cleaner.io.store import write_bytes
from cleaner.report.audit import Row
from cleaner.report.inert import JOINERS, inert

VERDICTS = ("right", "wrong", "unsure")
COLUMNS = (
    "id", "action", "rule", "score", "band", "before", "text", "after", "verdict", "note",
    "doc_id", "source", "record", "stratum_size", "weight", "run",
)  # fmt: skip
"""Columns of the sheet: what is judged, the verdict, where it is from."""
_NEEDED = ("id", "verdict", "action", "rule", "band", "stratum_size")
"""Columns that scoring needs; the others may be taken out."""
_MARK = "'"
_FORMULA = frozenset("=+-@\uff1d\uff0b\uff0d\uff20" + _MARK)
"""What makes a spreadsheet take a cell for a formula (OWASP, "CSV injection"), and our own mark."""
_DELIMITERS = (",", ";", "\t")
_MOST_FAULTS = 8


def write_sheet(path: Path, rows: Iterable[Row]) -> None:
    """Write a sheet, by the end of its name as CSV (UTF-8 with a byte order mark) or JSON lines.

    What could steer a terminal or hide in a cell is spelled out; line ends and tabs stay.
    """
    plain = [{name: _shown(asdict(row)[name]) for name in COLUMNS} for row in rows]
    if path.suffix == ".jsonl":
        lines = [json.dumps(row, ensure_ascii=False) for row in plain]
        write_bytes(path, "".join(f"{line}\n" for line in lines).encode())
        return
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(COLUMNS)
    for row in plain:
        writer.writerow([neutral(_cell(row[name])) for name in COLUMNS])
    write_bytes(path, b"\xef\xbb\xbf" + text.getvalue().encode())


def neutral(text: str) -> str:
    """A cell that no spreadsheet takes for a formula: one that could be gets `'` in front."""
    return _MARK + text if _could_act(text) else text


def plain(text: str) -> str:
    """What `neutral` was given."""
    return text[1:] if text[:1] == _MARK and _could_act(text[1:]) else text


def _could_act(text: str) -> bool:
    """Whether a cell may be taken for a formula, also after white space."""
    return text[:1] in ("\t", "\r") or text.lstrip()[:1] in _FORMULA


def _shown(value: Any) -> Any:
    return inert(value, keep="\n\t" + JOINERS) if isinstance(value, str) else value


def _cell(value: Any) -> str:
    return "" if value is None else str(value)


def read_sheet(path: Path) -> list[Row]:
    """Read a sheet back, as it was written or as a spreadsheet saved it (`,`, `;` or tabs).

    Raises:
        InputError: it is no sheet, or a row of it is not what it should be; all faults at once.
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror})") from error
    text = _decoded(path, data)
    found = _json_rows(path, text) if path.suffix == ".jsonl" else _csv_rows(path, text)
    rows: list[Row] = []
    faults: list[str] = []
    seen: set[str] = set()
    for place, values in found:
        try:
            row = _row(values)
            if row.id in seen:
                raise ValueError(f"the id {row.id} is there twice")
        except ValueError as error:
            faults.append(f"{path}:{place}: {error}")
            continue
        seen.add(row.id)
        rows.append(row)
    if faults:
        more = f"\n… and {len(faults) - _MOST_FAULTS} more" if len(faults) > _MOST_FAULTS else ""
        raise InputError("\n".join(faults[:_MOST_FAULTS]) + more)
    if not rows:
        raise InputError(f"{path}: has no rows")
    return rows


def _decoded(path: Path, data: bytes) -> str:
    """UTF-8 with or without a mark, or the UTF-16 of a spreadsheet's "Unicode text"."""
    code = "utf-16" if data[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig"
    try:
        return data.decode(code)
    except UnicodeDecodeError as error:
        raise InputError(f"{path}: is no {code[:6].upper()} text ({error}); save it so") from error


def _csv_rows(path: Path, text: str) -> list[tuple[int, Mapping[str, Any]]]:
    """Rows with the numbers of their last lines."""
    head = text.partition("\n")[0]
    delimiter = max(_DELIMITERS, key=head.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    found: list[tuple[int, Mapping[str, Any]]] = []
    try:
        names = [name.strip() for name in next(reader, [])]
        _check_names(path, names)
        for cells in reader:
            if any(cell.strip() for cell in cells):
                pairs = zip(names, cells, strict=False)
                found.append((reader.line_num, {name: plain(cell) for name, cell in pairs}))
    except csv.Error as error:
        raise InputError(f"{path}:{reader.line_num}: is no CSV ({error})") from error
    return found


def _json_rows(path: Path, text: str) -> list[tuple[int, Mapping[str, Any]]]:
    found: list[tuple[int, Mapping[str, Any]]] = []
    for number, line in enumerate(text.split("\n"), start=1):
        if not line.strip():
            continue
        try:
            values = json.loads(line)
        except (ValueError, RecursionError) as error:
            raise InputError(f"{path}:{number}: is no JSON ({error})") from error
        if not isinstance(values, dict):
            raise InputError(f"{path}:{number}: is no JSON object")
        _check_names(path, list(values))
        found.append((number, values))
    return found


def _check_names(path: Path, names: Sequence[str]) -> None:
    missing = [name for name in _NEEDED if name not in names]
    if missing:
        raise InputError(
            f"{path}: has no column {', '.join(missing)}; a sheet comes from `cleaner audit RUN`"
        )


def _row(values: Mapping[str, Any]) -> Row:
    """One row; ValueError says what is wrong with it."""
    given = {f.name: values.get(f.name) for f in fields(Row)}
    verdict = str(given["verdict"] or "").strip().casefold()
    if verdict and verdict not in VERDICTS:
        raise ValueError(f"the verdict {inert(verdict[:40])!r} is none of {', '.join(VERDICTS)}")
    action = str(given["action"] or "")
    if action not in ("cut", "keep"):
        raise ValueError(f"the action {inert(action[:40])!r} is neither cut nor keep")
    size = str(given["stratum_size"] or "").strip()
    if not (size.isascii() and size.isdigit() and 0 < int(size[:19]) < 1 << 60):
        raise ValueError(f"the stratum_size {inert(size[:40])!r} is no positive whole number")
    if not given["id"]:
        raise ValueError("the id is missing")
    record, texts = str(given["record"] or ""), ("run", "doc_id", "source", "rule", "band")
    return Row(
        id=str(given["id"]),
        action="cut" if action == "cut" else "keep",
        record=int(record) if record.isascii() and record.isdigit() and len(record) < 19 else 0,
        score=_number(given["score"]),
        stratum_size=int(size),
        weight=_number(given["weight"]) or 0.0,
        verdict=verdict,
        **{name: str(given[name] or "") for name in (*texts, "text", "before", "after", "note")},
    )


def _number(value: Any) -> float | None:
    """A number, also with a decimal comma; None for none. Nothing is computed from it."""
    try:
        return float(str(value).replace(",", "."))
    except ValueError:
        return None
