"""Subtitle files (.srt): the cues of a film as the lines of one document."""

from __future__ import annotations

import re
from typing import BinaryIO

from cleaner.reader import Reader, Record, Records, Settings, Unusable, read_text

_TIME = r"\d{1,3}:\d\d:\d\d[,.]\d{1,3}"
_CUE = re.compile(rf"\s*({_TIME})\s+-->\s+({_TIME})\b.*")
_TAG = re.compile(r"</?[biu]>|</?font[^<>]{0,100}>|\{\\an?\d\}", re.IGNORECASE)


def read_srt(stream: BinaryIO, settings: Settings) -> Records:
    """One record a file: what is said, a line of a cue a line; `meta` counts the cues.

    Raises:
        Unusable: the file is no text, too long, or has no cue.
    """
    lines = read_text(stream, settings).splitlines()
    starts = [number for number, line in enumerate(lines) if _CUE.fullmatch(line)]
    if not starts:
        raise Unusable("no_cues", "there is no line such as 00:00:01,000 --> 00:00:02,500")
    spoken: list[str] = []
    for start, following in zip(starts, [*starts[1:], len(lines) + 1], strict=True):
        cue = lines[start + 1 : following]
        if following <= len(lines):  # the number of the next cue is no speech
            cue = cue[:-1] if cue and cue[-1].strip().isdigit() else cue
        spoken += [text for line in cue if (text := _TAG.sub("", line).strip())]
    last = _CUE.fullmatch(lines[starts[-1]])
    end = last[2] if last else ""
    meta = {"cues": len(starts), "ends_at": end}
    yield Record("".join(f"{line}\n" for line in spoken), meta=meta)


READER = Reader(suffixes=(".srt",), read=read_srt)
