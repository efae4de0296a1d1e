"""How well text is repaired and languages are told, against gold."""

from __future__ import annotations

import re
import time
import unicodedata
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from itertools import groupby
from typing import Any

from cleaner.text.language import Identifier, iso
from cleaner.text.repair import DEFAULT, RepairOptions, repair_document

_WORD = re.compile(r"[^\W\d_]+")
_LINE = re.compile("[^\n]*\n|[^\n]+")
_LETTERS_ONLY = RepairOptions(spaces="", controls=False, zero_width=False)


@dataclass(slots=True)
class TextScore:
    """Repair of one kind of damage.

    Attributes:
        texts: how many there were.
        exact: of them, those that came out as their gold, in NFC.
        words: words of the results; for texts whose gold is laid out otherwise.
        right_words: of them, those that the gold has, too (as bags).
        wrong_case: words that the gold has in another case.
        healthy_changed: gold texts that the repair itself changes, but for spaces and controls.
    """

    texts: int = 0
    exact: int = 0
    words: int = 0
    right_words: int = 0
    wrong_case: int = 0
    healthy_changed: int = 0


@dataclass(slots=True)
class CaseScore:
    """Test cases of ftfy, against ftfy with the same settings; curly quotes count as straight."""

    cases: int = 0
    both: int = 0
    ours_only: int = 0
    theirs_only: int = 0
    neither: int = 0
    differences: list[dict[str, str]] = field(default_factory=list)


@dataclass(slots=True)
class LanguageScore:
    """Languages told of one kind of text.

    Attributes:
        texts, right: how many, and how many were told right; close codes (nb, nn) count as one.
        known_texts, known_right: the same, of languages that the back end knows.
        seconds: time for all of them.
        by_language: language → (texts, right).
        by_score: for each tenth of the probability, from 0 on: (texts, right).
        confusions: commonest pairs of gold and answer, with their number.
    """

    texts: int = 0
    right: int = 0
    known_texts: int = 0
    known_right: int = 0
    seconds: float = 0.0
    by_language: dict[str, tuple[int, int]] = field(default_factory=dict)
    by_score: list[tuple[int, int]] = field(default_factory=list)
    confusions: list[tuple[str, str, int]] = field(default_factory=list)


def evaluate_text(rows: Iterable[Mapping[str, Any]]) -> tuple[dict[str, TextScore], CaseScore]:
    """Score repairs; each row has one of these sets of fields.

    `mechanism, noisy_text, gold_text`: a line and what was done to it. `encoding, legacy_text,
    gold_text`: a document in a legacy encoding that was read as windows-1252. `original, fixed`:
    a test case of ftfy.
    """
    scores: dict[str, TextScore] = {}
    cases = CaseScore()
    for row in rows:
        if "original" in row:
            _score_case(cases, row)
            continue
        kind = str(row.get("mechanism") or row.get("encoding") or "")
        damaged = row["noisy_text"] if "noisy_text" in row else row["legacy_text"]
        _score_text(scores.setdefault(kind, TextScore()), damaged, row["gold_text"])
    return scores, cases


def _score_text(score: TextScore, damaged: str, gold: str) -> None:
    gold = unicodedata.normalize("NFC", gold)
    found = repaired(damaged)
    words, wanted = Counter(_WORD.findall(found)), Counter(_WORD.findall(gold))
    folded = Counter(_WORD.findall(found.lower())) & Counter(_WORD.findall(gold.lower()))
    right = (words & wanted).total()
    score.texts += 1
    score.exact += found == gold
    score.words += words.total()
    score.right_words += right
    score.wrong_case += folded.total() - right
    score.healthy_changed += repaired(gold, _LETTERS_ONLY) != gold


def repaired(text: str, options: RepairOptions = DEFAULT) -> str:
    """A document with all its lines repaired."""
    return "".join(part.text for part in repair_document(_LINE.findall(text), options))


def _score_case(score: CaseScore, row: Mapping[str, Any]) -> None:
    """What is no matter of encodings is switched off on both sides."""
    from ftfy import TextFixerConfig, fix_text
    from ftfy.fixes import uncurl_quotes

    theirs_config = TextFixerConfig(
        fix_latin_ligatures=False,
        fix_character_width=False,
        uncurl_quotes=False,
        remove_control_chars=False,
        explain=False,
    )
    ours = repair_document([row["original"]], _LETTERS_ONLY)[0].text
    theirs = fix_text(row["original"], theirs_config)
    gold = uncurl_quotes(unicodedata.normalize("NFC", row["fixed"]))
    is_ours, is_theirs = uncurl_quotes(ours) == gold, uncurl_quotes(theirs) == gold
    score.cases += 1
    score.both += is_ours and is_theirs
    score.ours_only += is_ours and not is_theirs
    score.theirs_only += is_theirs and not is_ours
    score.neither += not (is_ours or is_theirs)
    if ours != theirs:
        score.differences.append(
            {"case": str(row.get("label", "")), "original": row["original"], "ours": ours}
            | {"ftfy": theirs, "gold": row["fixed"]}
        )


def evaluate_language(
    rows: Iterable[Mapping[str, Any]], model: Identifier
) -> dict[str, LanguageScore]:
    """Score a back end on rows of `kind, lang, text`; kind → score."""
    ordered = sorted(rows, key=lambda r: str(r.get("kind", "")))
    return {
        kind: _score_language(list(group), model)
        for kind, group in groupby(ordered, key=lambda r: str(r.get("kind", "")))
    }


def _score_language(rows: Sequence[Mapping[str, Any]], model: Identifier) -> LanguageScore:
    model.identify_many([rows[0]["text"]])  # what is compiled at the first call is not counted
    start = time.perf_counter()
    found = model.identify_many([row["text"] for row in rows])
    seconds = time.perf_counter() - start
    known = {_folded(code) for code in model.languages}
    score = LanguageScore(texts=len(rows), seconds=seconds)
    confusions: Counter[tuple[str, str]] = Counter()
    tenths = [(0, 0)] * 10
    for row, guess in zip(rows, found, strict=True):
        gold, answer = _folded(row["lang"]), _folded(guess.lang)
        texts, right = score.by_language.get(gold, (0, 0))
        score.by_language[gold] = texts + 1, right + (gold == answer)
        tenth = min(int(guess.score * 10), 9)
        tenths[tenth] = tenths[tenth][0] + 1, tenths[tenth][1] + (gold == answer)
        if gold != answer:
            confusions[gold, answer] += 1
    for code, (texts, right) in score.by_language.items():
        score.right += right
        if code in known:
            score.known_texts += texts
            score.known_right += right
    score.by_score = tenths
    score.by_language = dict(sorted(score.by_language.items()))
    ranked = sorted(confusions.items(), key=lambda item: (-item[1], item[0]))
    score.confusions = [(gold, answer, n) for (gold, answer), n in ranked[:20]]
    return score


def _folded(code: str) -> str:
    """Both written forms of Norwegian are one."""
    code = iso(code)
    return "no" if code == "nn" else code


def as_dict(score: TextScore | CaseScore | LanguageScore) -> dict[str, Any]:
    """Plain data for JSON."""
    return asdict(score)
