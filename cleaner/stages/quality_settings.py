"""What a config says about the rules of the quality stage, and the rules that follow from it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, WithJsonSchema

from cleaner.batch import GIVEN
from cleaner.quality.catalogue import RULES, SETS
from cleaner.quality.rule import Rule
from cleaner.stages.expression import parse

if TYPE_CHECKING:
    from cleaner.quality.measures import Measures

Action: TypeAlias = Literal["off", "annotate", "drop", "cut"]
SetName: TypeAlias = Literal[
    "gopher", "gopher_quality", "gopher_repetition", "c4", "c4_lines", "fineweb", "refinedweb",
    "refinedweb_lines",
]  # fmt: skip
COUNTS = ("n_chars", "n_words", "n_tokens", "n_lines", "mean_word_length", "stop_words")
"""Measured values that a condition can name, besides those of the rules."""
INPUT_COLUMNS = GIVEN["documents"]
"""Columns of documents that every batch has."""
ANNOTATIONS = frozenset(
    {
        "byline",
        "cluster_kept",
        "cluster_size",
        "contamination",
        "dateline",
        "flags",
        "host_documents",
        "lang",
        "lang_score",
        "near_duplicates",
        "quality_where",
        "url_host",
        "url_normal",
    }
)
"""Columns of documents that other built-in stages add; a plugin may add more."""


def _rule_name(value: object) -> object:
    if isinstance(value, str) and value not in RULES:
        raise ValueError(f"expected the name of a rule{meant(value, RULES)}")
    return value


def meant(word: str, names: Iterable[str], cutoff: float = 0.6) -> str:
    """The name that was probably meant, as a hint; "" if none is near."""
    from difflib import get_close_matches

    close = get_close_matches(word, sorted(names), n=1, cutoff=cutoff)
    return f" (did you mean {close[0]!r}?)" if close else ""


def _setting(value: object) -> object:
    return {"action": value} if isinstance(value, str) else value


def known_names(value: str | None) -> str | None:
    """Read a condition, and refuse a name that is nearly one of a column.

    Raises:
        ValueError: it cannot be read, or names what was probably misspelt.
    """
    if value is not None:
        condition = parse(value)
        for name in condition.names:
            known = {*INPUT_COLUMNS, *COUNTS, *RULES, *ANNOTATIONS}
            near = meant(name, known, 0.8)  # a plugin's column may be near by chance
            if name not in known and near:
                raise ValueError(f"expected names of columns: there is no {name!r}{near}")
    return value


class RuleSetting(BaseModel):
    """What a rule does, and its bounds where they are not the published ones."""

    model_config = ConfigDict(frozen=True, strict=True, extra="forbid", allow_inf_nan=False)

    action: Action | None = Field(default=None, description="By default what `on_fail` says.")
    min: float | None = Field(default=None, description="A smaller value fails.")
    max: float | None = Field(default=None, description="A greater value fails.")
    size: int | None = Field(default=None, ge=0, description="What the measure itself takes.")


_NUMBER = {"type": "number"}
_SETTING_SCHEMA = {
    "anyOf": [
        {"enum": ["off", "annotate", "drop", "cut"]},
        {
            "type": "object",
            "additionalProperties": False,
            "properties": {
                "action": {"enum": ["off", "annotate", "drop", "cut"]},
                "min": _NUMBER,
                "max": _NUMBER,
                "size": {"type": "integer", "minimum": 0},
            },
        },
    ]
}


@dataclass(frozen=True, slots=True)
class Active:
    """A rule with what it does here."""

    rule: Rule
    action: Action
    low: float | None
    high: float | None
    size: int

    def values(self, measures: Measures) -> NDArray[np.float64]:
        """The measured value of each document; NaN where the rule does not apply."""
        return np.asarray(self.rule.value(measures, self.size), np.float64)


Settings: TypeAlias = dict[
    Annotated[str, BeforeValidator(_rule_name)],
    Annotated[RuleSetting, BeforeValidator(_setting), WithJsonSchema(_SETTING_SCHEMA)],
]
"""Rule → what a config says about it; one word stands for {action: …}."""


def check(settings: Mapping[str, RuleSetting]) -> None:
    """Refuse what a rule does not take.

    Raises:
        ValueError: a bound or size that the rule has not, or a cut by one that is not about lines.
    """
    for name, setting in settings.items():
        rule = RULES[name]
        for key in ("min", "max", "size"):
            if getattr(setting, key) is not None and getattr(rule, key) is None:
                known = [k for k in ("min", "max", "size") if getattr(rule, k) is not None]
                raise ValueError(f"expected of the rule {name} only: {', '.join(known)}")
        if setting.action == "cut" and rule.lines is None:
            raise ValueError(f"expected off, annotate or drop: {name} is not about lines")


def active_rules(
    sets: Iterable[SetName],
    settings: Mapping[str, RuleSetting],
    on_fail: Literal["drop", "annotate"],
) -> tuple[Active, ...]:
    """The rules that are on, in the order of the catalogue."""
    chosen = {rule.name for name in sets for rule in SETS[name]}
    active = []
    for name, rule in RULES.items():
        setting = settings.get(name)
        if setting is None and name not in chosen:
            continue
        setting = setting or RuleSetting()
        default: Action = "cut" if rule.lines and on_fail == "drop" else on_fail
        action = setting.action or default
        if action != "off":
            low = rule.min if setting.min is None else setting.min
            high = rule.max if setting.max is None else setting.max
            size = rule.size if setting.size is None else setting.size
            active.append(Active(rule, action, low, high, size or 0))
    return tuple(active)
