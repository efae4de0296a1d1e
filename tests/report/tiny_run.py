"""A small run for the tests of its page: copies, near-copies, repeats, markup, bad records."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from cleaner.config.load import parse
from cleaner.engine.driver import run

SCRIPT = "<script>document.title = 'owned'</script>"
STAGES: list[dict[str, Any]] = [
    {"use": "unicode"},
    {"use": "exact_duplicates"},
    {"use": "near_duplicates", "id": "near_documents", "threshold": 0.7, "measure_recall": True},
    {"use": "near_duplicates", "id": "near_passages", "unit": "passage"},
    {"use": "tidy"},
]

_HARBOUR = """\
The harbour master of Ostrey counted forty one boats on Monday, nine more than a year ago.
Most of them had come for the herring, which stays near the breakwater until the end of May.
Nobody was hurt when the old crane gave way; the town will replace it before the autumn storms.
"""
_MILL = """\
After thirty years the paper mill at Lower Brenning has a new wheel, cut from oak of the valley.
School classes may see it turn on the first Saturday of every month, rain or shine, without a fee.
"""
_NOTE = "This article may be printed in full by local papers that name the agency and its author.\n"
_PARK = {
    "north": "Two hundred cyclists rode to the lake, and all but three came home before dark.",
    "south": "The bakery on Mill Lane gives its bread away at six, if anything is left.",
    "east": "A choir of retired miners sings in the chapel again, now that the roof is mended.",
    "west": "Rangers counted eleven storks, more than anyone remembers from before the flood.",
}


def records() -> list[dict[str, str]]:
    """The documents, as JSONL records."""
    found = [
        {"text": _HARBOUR, "url": "https://ostrey.example/1"},
        {"text": _HARBOUR, "url": "https://mirror.example/1"},
        {"text": _HARBOUR.replace("forty one", "forty two"), "url": "https://ostrey.example/2"},
        {
            "text": "Fr\u00c3\u00a9d\u00c3\u00a9ric &amp; Z\u00c3\u00bcrich \u202egnp.exe\x00\r\n"
            + _MILL
        },
        {
            "text": f"{SCRIPT}\n<img src=x onerror=alert(1)>\n  \n\n\n\nAn honest line.",
            "url": 'https://"><b>.example/',
        },
        {"text": "   \n"},
    ]
    for name, line in _PARK.items():
        found.append({"text": f"{line}\n{_NOTE}", "url": f"https://park.example/{name}"})
    return found


def write_input(folder: Path) -> Path:
    """The input: a JSONL file with a bad line, and a text file."""
    folder.mkdir(parents=True)
    lines = [json.dumps(record) for record in records()]
    lines[2:2] = ['{"text": "<b>' + SCRIPT, '{"words": "\\u202e"}']
    (folder / "a.jsonl").write_text("\n".join(lines) + "\n", encoding="utf-8")
    (folder / "b.txt").write_text(_MILL.replace("oak", "ash"), encoding="utf-8")
    return folder


def make_run(folder: Path, stages: list[dict[str, Any]] = STAGES, **settings: Any) -> Path:
    """Run the stages on the input; the run's folder."""
    source = folder / "in"
    if not source.exists():
        write_input(source)
    values = {
        "name": "tiny",
        "input": [str(source)],
        "output": str(folder / settings.pop("to", "run")),
        "stages": stages,
        "engine": {"kind": "inline"},
        "max_bad": 1.0,
        **settings,
    }
    config = parse(json.dumps(values), "tiny.yaml")
    run(config)
    return Path(config.output)
