"""How well personal data is found, against labelled texts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from cleaner.pii.find import Finder
from cleaner.pii.hit import Hit

ALL = "all"
MOST_SHOWN = 20


@dataclass(slots=True)
class Score:
    """Finds of one kind, or in texts of one language.

    Attributes:
        gold: spans that are labelled.
        found: spans that were found.
        right: of them, those that overlap a label of their kind; each label counts once.
        exact: of these, those that begin and end where the label does.
    """

    gold: int = 0
    found: int = 0
    right: int = 0
    exact: int = 0

    @property
    def precision(self) -> float | None:
        """Share of the finds that are right; None without finds."""
        return self.right / self.found if self.found else None

    @property
    def recall(self) -> float | None:
        """Share of the labels that were found; None without labels."""
        return self.right / self.gold if self.gold else None

    @property
    def f1(self) -> float | None:
        """The harmonic mean of both; None where one is not known."""
        if not (self.found and self.gold):
            return None
        return 2 * self.right / (self.found + self.gold)


@dataclass(slots=True)
class Scores:
    """All figures of some texts.

    Attributes:
        texts: how many there were.
        clean: of them, those without a label; `clean_hit`: of these, those in which one was found.
        kinds: kind → score, and `ALL`.
        langs: language → score of all kinds.
        missed, wrong: some labels that were not found, and finds that are none: (kind, value).
    """

    texts: int = 0
    clean: int = 0
    clean_hit: int = 0
    kinds: dict[str, Score] = field(default_factory=dict)
    langs: dict[str, Score] = field(default_factory=dict)
    missed: list[tuple[str, str]] = field(default_factory=list)
    wrong: list[tuple[str, str]] = field(default_factory=list)


def evaluate(rows: Iterable[Mapping[str, Any]], finder: Finder) -> Scores:
    """Score a finder on rows of `text, spans` (start, end, kind), and `lang` where it is known.

    Kinds that the finder does not look for are left out.

    Raises:
        ValueError: a span lies outside of its text, or has no kind.
    """
    scores = Scores(kinds={ALL: Score()})
    kinds = finder.options.kinds | {name for name, _ in finder.options.patterns}
    for row in rows:
        text = row["text"]
        gold = [hit for hit in _labels(text, row["spans"]) if hit.kind in kinds]
        found = finder.find(text)
        scores.texts += 1
        scores.clean += not gold
        scores.clean_hit += bool(found) and not gold
        _count(scores, text, str(row.get("lang") or ""), gold, found)
    scores.kinds = dict(sorted(scores.kinds.items(), key=lambda item: (item[0] == ALL, item[0])))
    scores.langs = dict(sorted(scores.langs.items()))
    return scores


def _labels(text: str, spans: Sequence[Mapping[str, Any]]) -> list[Hit]:
    found = []
    for span in spans:
        try:
            hit = Hit(int(span["start"]), int(span["end"]), str(span["kind"]))
        except (KeyError, TypeError) as error:
            raise ValueError("a span needs start, end and kind") from error
        if not 0 <= hit.start < hit.end <= len(text):
            raise ValueError(f"span {hit.start}:{hit.end} lies outside of the text")
        found.append(hit)
    return found


def _count(scores: Scores, text: str, lang: str, gold: Sequence[Hit], found: Sequence[Hit]) -> None:
    """Match the finds of a text with its labels."""
    open_ = list(gold)
    for hit in found:
        label = next((g for g in open_ if g.kind == hit.kind and _overlap(g, hit)), None)
        for score in _scores(scores, hit.kind, lang):
            score.found += 1
            score.right += label is not None
            score.exact += label is not None and label[:2] == hit[:2]
        if label is not None:
            open_.remove(label)
        elif len(scores.wrong) < MOST_SHOWN:
            scores.wrong.append((hit.kind, text[hit.start : hit.end]))
    for label in gold:
        for score in _scores(scores, label.kind, lang):
            score.gold += 1
    room = MOST_SHOWN - len(scores.missed)
    scores.missed += [(g.kind, text[g.start : g.end]) for g in open_][:room]


def _scores(scores: Scores, kind: str, lang: str) -> list[Score]:
    mine = [scores.kinds.setdefault(kind, Score()), scores.kinds[ALL]]
    return [*mine, scores.langs.setdefault(lang, Score())] if lang else mine


def _overlap(one: Hit, other: Hit) -> bool:
    return one.start < other.end and other.start < one.end


def as_dict(scores: Scores) -> dict[str, Any]:
    """Plain data for JSON."""

    def plain(score: Score) -> dict[str, Any]:
        counts = {name: getattr(score, name) for name in ("gold", "found", "right", "exact")}
        return {
            **counts,
            "precision": score.precision,
            "recall": score.recall,
            "f1": score.f1,
        }

    return {
        "texts": scores.texts,
        "clean": scores.clean,
        "clean_hit": scores.clean_hit,
        "kinds": {name: plain(score) for name, score in scores.kinds.items()},
        "langs": {name: plain(score) for name, score in scores.langs.items()},
        "missed": [list(pair) for pair in scores.missed],
        "wrong": [list(pair) for pair in scores.wrong],
    }
