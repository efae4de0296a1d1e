"""Rule packs: what noise looks like in one language, as data with reasons and examples.

pack: vi              # also the first part of each rule's id
language: vi          # or `any`
version: 1
rules:
  - id: vi.related_head
    kind: head
    severity: certain           # or `likely`: needs support from its neighbourhood
    reason: the head of a list of links to other articles
    phrases: [đọc thêm]         # whole lines: case, marks around, a count behind do not matter
    any: ['^bài viết .{0,20}']  # RE2, sees the line in lower case with single spaces
    all: []                     # each of these, too
    scope: {max_chars: 60, where: outside}
    examples: {match: [...], no_match: [...]}
"""

from __future__ import annotations

import hashlib
import json
import unicodedata
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from functools import lru_cache
from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, Self, TypeAlias

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from cleaner.errors import ConfigError, Fault
from cleaner.noise.line import SCAN_CHARS, Line, fold, look, phrase_key, unify_tones
from cleaner.text.patterns import PatternError, PatternSet, compile_pattern

if TYPE_CHECKING:
    from cleaner.config.yaml_source import Source

RuleKind: TypeAlias = Literal[
    "line", "head", "link", "form_field", "widget", "share", "nav", "footer", "teaser",
    "caption", "byline", "dateline",
]  # fmt: skip
Where: TypeAlias = Literal["anywhere", "outside", "head", "tail"]
Strings: TypeAlias = Annotated[tuple[str, ...], Field(strict=False)]

_BUTTONS = frozenset({"widget", "form_field"})
"""Kinds whose phrases have no full stop; with one they are something that a person says."""
_MENUS = frozenset({"nav", "footer", "widget", "share"})
MIN_EXAMPLES = 3
BUILTIN = (
    "any", "vi", "en", "ar", "de", "el", "es", "fr", "id", "ja", "ko", "pl", "pt", "ru", "th", "zh",
)  # fmt: skip
"""Names of the packs that come with the package, in the order in which they are asked."""


class _Model(BaseModel):
    model_config = ConfigDict(frozen=True, strict=True, extra="forbid")


class Scope(_Model):
    """Where a rule may act, and on lines of which size."""

    min_words: int = Field(default=0, ge=0)
    max_words: int = Field(default=30, ge=1, le=200)
    max_chars: int = Field(default=160, ge=1, le=SCAN_CHARS)
    where: Where = "anywhere"
    """`outside` the article's zone; `head` before its first paragraphs, `tail` after its end."""
    near_noise: bool = False
    """Only beside a line that other evidence has found to be noise."""


class Examples(_Model):
    """Lines that the rule must find, and lines that it must not."""

    match: Strings = Field(min_length=MIN_EXAMPLES)
    no_match: Strings = Field(min_length=MIN_EXAMPLES)


class Rule(_Model):
    """One rule of a pack; it finds a line by a phrase, or by patterns."""

    id: str = Field(pattern=r"^[a-z][a-z0-9_]{0,20}\.[a-z][a-z0-9_]{0,40}$")
    kind: RuleKind
    severity: Literal["certain", "likely"]
    reason: str = Field(min_length=8, max_length=200)
    phrases: Strings = ()
    any_: Strings = Field(default=(), alias="any")
    all_: Strings = Field(default=(), alias="all")
    scope: Scope = Scope()
    examples: Examples

    @field_validator("phrases")
    @classmethod
    def _are_words(cls, phrases: tuple[str, ...]) -> tuple[str, ...]:
        for phrase in phrases:
            if not phrase_key(fold(phrase)):
                raise ValueError(f"{phrase!r} has no letters or digits to compare")
            if len(phrase) > SCAN_CHARS:
                raise ValueError(f"{phrase[:40]!r}… is longer than {SCAN_CHARS} characters")
        return phrases

    @field_validator("any_", "all_")
    @classmethod
    def _compile(cls, patterns: tuple[str, ...]) -> tuple[str, ...]:
        for pattern in patterns:
            try:
                finds_empty = compile_pattern(pattern).span("") is not None
            except PatternError as error:
                raise ValueError(str(error)) from None
            if finds_empty:
                raise ValueError(f"pattern {pattern!r} matches the empty text, so any line")
        return patterns

    @model_validator(mode="after")
    def _finds_something(self) -> Self:
        if not (self.phrases or self.any_ or self.all_):
            raise ValueError("a rule needs `phrases`, `any` or `all`")
        return self


class Pack(_Model):
    """A rule pack as its file gives it."""

    pack: str = Field(pattern=r"^[a-z][a-z0-9_]{0,20}$")
    language: str = Field(pattern=r"^(any|[a-z]{2,3}(-[A-Za-z0-9]{2,8})*)$")
    version: int = Field(ge=1)
    rules: Annotated[tuple[Rule, ...], Field(strict=False)]

    @model_validator(mode="after")
    def _ids_fit(self) -> Self:
        if not self.rules:
            raise ValueError("a pack needs at least one rule")
        seen: set[str] = set()
        for rule in self.rules:
            if not rule.id.startswith(f"{self.pack}."):
                raise ValueError(f"rule {rule.id!r} must begin with '{self.pack}.'")
            if rule.id in seen:
                raise ValueError(f"rule {rule.id!r} is defined twice")
            seen.add(rule.id)
        return self


@dataclass(frozen=True)
class Packs:
    """The rules in force, compiled; `find` gives indices into `rules`."""

    packs: tuple[Pack, ...]
    off: frozenset[str] = frozenset()
    rules: tuple[Rule, ...] = field(init=False)
    _phrases: dict[str, tuple[int, ...]] = field(init=False, repr=False)
    _set: PatternSet = field(init=False, repr=False)
    _owners: tuple[tuple[int, bool], ...] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        known = [rule.id for pack in self.packs for rule in pack.rules]
        _check_off(self.off, known)
        rules = tuple(r for pack in self.packs for r in pack.rules if r.id not in self.off)
        patterns: list[str] = []
        owners: list[tuple[int, bool]] = []
        phrases: dict[str, tuple[int, ...]] = {}
        for index, rule in enumerate(rules):
            for phrase in rule.phrases:
                key = phrase_key(fold(phrase))
                if index not in phrases.get(key, ()):
                    phrases[key] = (*phrases.get(key, ()), index)
            for group, needed in ((rule.any_, False), (rule.all_, True)):
                patterns.extend(_as_folded(pattern) for pattern in group)
                owners.extend((index, needed) for _ in group)
        object.__setattr__(self, "rules", rules)
        object.__setattr__(self, "_phrases", phrases)
        object.__setattr__(self, "_set", PatternSet(patterns))
        object.__setattr__(self, "_owners", tuple(owners))

    def find(self, line: Line) -> tuple[int, ...]:
        """Indices of the rules whose text and size fit the line, ascending; not its place."""
        if not line.folded:
            return ()
        named = self._phrases.get(line.key, ())
        if named and line.text.endswith((".", "。")) and not line.is_cut_off:
            named = tuple(index for index in named if self.rules[index].kind not in _BUTTONS)
        matched = self._set.matches(line.folded, is_folded=True)
        if not (named or matched):
            return ()
        found = {*named, *self._by_patterns(matched)}
        return tuple(index for index in sorted(found) if _fits(self.rules[index].scope, line))

    def is_menu_name(self, key: str) -> bool:
        """Whether a phrase (as `phrase_key` gives it) names a section, a button or a site link."""
        return any(self.rules[index].kind in _MENUS for index in self._phrases.get(key, ()))

    def _by_patterns(self, matched: Sequence[int]) -> Iterable[int]:
        """Rules of which one `any` and every `all` matched."""
        some: set[int] = set()
        needed: dict[int, int] = {}
        for pattern in matched:
            index, is_needed = self._owners[pattern]
            if is_needed:
                needed[index] = needed.get(index, 0) + 1
            else:
                some.add(index)
        for index in some | needed.keys():
            rule = self.rules[index]
            if (index in some or not rule.any_) and needed.get(index, 0) == len(rule.all_):
                yield index

    def all_rules(self) -> tuple[Rule, ...]:
        """Every rule of the packs, also those that are switched off."""
        return tuple(rule for pack in self.packs for rule in pack.rules)

    def check_examples(self) -> list[str]:
        """Examples that fail, one a line; empty when all rules do what their examples say."""
        failures: list[str] = []
        for index, rule in enumerate(self.rules):
            for wanted, texts in ((True, rule.examples.match), (False, rule.examples.no_match)):
                verb = "does not match" if wanted else "matches"
                failures.extend(
                    f"{rule.id}: {verb} {text!r}"
                    for text in texts
                    if (index in self.find(look(text))) is not wanted
                )
        return failures

    def digest(self) -> str:
        """SHA-256 (hex) of all that decides what the rules find; for fingerprints."""
        data = {
            "packs": [pack.model_dump(mode="json", by_alias=True) for pack in self.packs],
            "off": sorted(self.off),
        }
        text = json.dumps(data, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(text.encode()).hexdigest()


def load_packs(names: Sequence[str | Path] = BUILTIN, *, off: Collection[str] = ()) -> Packs:
    """Read packs by built-in name (`vi`) or by path (`my/rules.yaml`); rules in `off` do not act.

    Raises:
        ConfigError: a pack is unknown or wrong; all faults at once, each with file:line:column.
    """
    packs: list[Pack] = []
    faults: list[Fault] = []
    for name in names:
        try:
            packs.append(_read_pack(name))
        except ConfigError as error:
            faults.extend(error.faults)
    seen: set[str] = set()
    for pack, name in zip(packs, names, strict=False):
        if pack.pack in seen:
            faults.append(Fault(str(name), "pack", f"pack {pack.pack!r} is given twice"))
        seen.add(pack.pack)
    if faults:
        raise ConfigError(faults)
    return Packs(tuple(packs), frozenset(off))


def _read_pack(name: str | Path) -> Pack:
    """Read and validate one pack."""
    return _parsed(_find(name).read_bytes(), str(name))


@lru_cache(maxsize=64)
def _parsed(data: bytes, name: str) -> Pack:
    """A pack from its file; a run asks for each several times."""
    from cleaner.config.yaml_source import load_with_positions

    source = load_with_positions(data, name)
    try:
        return Pack.model_validate(source.data)
    except ValidationError as error:
        raise ConfigError([_fault(item, source) for item in error.errors()]) from None


def _find(name: str | Path) -> Path | Traversable:
    """The file of a pack; a text with a dot or a slash in it is a path."""
    text = str(name)
    if isinstance(name, Path) or "/" in text or text.endswith((".yaml", ".yml")):
        path = Path(name)
        if not path.is_file():
            raise ConfigError([Fault(text, "", "there is no such rule pack file")])
        return path
    if text not in BUILTIN:
        near = get_close_matches(text, BUILTIN, 1)
        hint = f"did you mean {near[0]!r}?" if near else f"there are {', '.join(BUILTIN)}"
        raise ConfigError([Fault("packs", text, "a built-in rule pack, or a path", hint)])
    return resources.files("cleaner") / "rules" / f"{text}.yaml"


def _fault(item: Any, source: Source) -> Fault:
    """One of pydantic's errors as a fault with its place in the file."""
    location = tuple(part for part in item["loc"] if isinstance(part, str | int))
    message, hint = str(item["msg"]).removeprefix("Value error, "), ""
    is_unknown = item["type"] == "extra_forbidden"
    if is_unknown:
        known = {key for model in (Pack, Rule, Scope, Examples) for key in _keys(model)}
        near = get_close_matches(str(location[-1]), sorted(known), 1)
        message, hint = "unknown key", f"did you mean {near[0]!r}?" if near else ""
    elif item["type"] == "too_short":
        message = (
            f"at least {item['ctx']['min_length']} entries, not {item['ctx']['actual_length']}"
        )
    where = source.where(location, of_key=is_unknown)
    return Fault(where, ".".join(map(str, location)), message, hint)


def _keys(model: type[BaseModel]) -> tuple[str, ...]:
    """A model's keys as YAML has them."""
    return tuple(info.alias or name for name, info in model.model_fields.items())


def _check_off(off: frozenset[str], known: Sequence[str]) -> None:
    """Refuse to switch off what does not exist."""
    faults = []
    for rule_id in sorted(off):
        if rule_id not in known:
            near = get_close_matches(rule_id, known, 1)
            hint = f"did you mean {near[0]!r}?" if near else ""
            faults.append(Fault("off", rule_id, "the id of a rule in the packs", hint))
    if faults:
        raise ConfigError(faults)


def _fits(scope: Scope, line: Line) -> bool:
    """Whether the line's size is within the scope."""
    return line.chars <= scope.max_chars and scope.min_words <= line.words <= scope.max_words


def _as_folded(pattern: str) -> str:
    """The pattern with tone marks, ß and final sigma spelled as `fold` spells them in lines."""
    normal = unify_tones(unicodedata.normalize("NFC", pattern))
    return normal.replace("ß", "ss").replace("ς", "σ")
