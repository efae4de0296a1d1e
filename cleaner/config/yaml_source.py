"""YAML as plain data that remembers where each value stood, read so that nothing is guessed.

Scalars follow the core schema of YAML 1.2 (chapter 10.3): `no`, `on`, `12:30` and `2024-01-01` are
text, `1e-1` is a number, `010` is ten. Repeated keys, tags, merge keys and keys that are not text
are faults. Anchors and aliases work, within bounds on what they unfold to.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple, TypeAlias, Union

import yaml
from yaml.composer import ComposerError
from yaml.error import Mark, MarkedYAMLError
from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode
from yaml.reader import ReaderError

from cleaner.errors import ConfigError, Fault

Value: TypeAlias = Union[bool, int, float, str, list["Value"], dict[str, "Value"], None]  # noqa: UP007  strings
"""What YAML can say here."""
KeyPath: TypeAlias = tuple[str | int, ...]
"""The way to a value: keys of mappings and 0-based places in lists."""

_PREFIX = "tag:yaml.org,2002:"
_NULL, _BOOL, _INT, _FLOAT, _STR = (_PREFIX + t for t in ("null", "bool", "int", "float", "str"))
_CORE = tuple(
    (tag, re.compile(pattern))
    for tag, pattern in (
        (_NULL, r"~|null|Null|NULL|"),
        (_BOOL, r"true|True|TRUE|false|False|FALSE"),
        (_INT, r"[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+"),
        (_FLOAT, r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?"),
        (_FLOAT, r"[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)"),
    )
)
_MAX_DIGITS = 400  # a double ends at 309; Python refuses to print integers of more than 4,300
_TAB = "found character '\\t' that cannot start any token"


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds on one file: bytes, nodes and characters after aliases unfold, levels of nesting."""

    max_bytes: int = 1 << 20
    max_nodes: int = 50_000
    max_chars: int = 4 << 20
    max_depth: int = 64


class Position(NamedTuple):
    """A place in a file; line and column count from 1, the column in code points."""

    line: int
    column: int


@dataclass(frozen=True, slots=True)
class Source:
    """The data of a file, and where each of its values and keys stood."""

    name: str
    data: Value
    values: Mapping[KeyPath, Position]
    keys: Mapping[KeyPath, Position]

    def position(self, path: KeyPath, *, of_key: bool = False) -> Position:
        """The place of a value or of its key; where it is not there, of the nearest around it."""
        if of_key and path in self.keys:
            return self.keys[path]
        while path and path not in self.values:
            path = path[:-1]
        return self.values.get(path, Position(1, 1))

    def where(self, path: KeyPath, *, of_key: bool = False) -> str:
        """The same as `file:line:column`."""
        return place(self.name, self.position(path, of_key=of_key))


def place(name: str, position: Position) -> str:
    """`file:line:column`; odd characters of the file's name are escaped."""
    shown = name if name.isprintable() else repr(name)[1:-1]
    return f"{shown}:{position.line}:{position.column}"


def load_with_positions(text: str | bytes, name: str, *, limits: Limits | None = None) -> Source:
    """Read one YAML document; `name` is what messages call the file.

    Raises ConfigError: the first fault of syntax or size, or else all repeated keys, odd keys and
    odd scalars.
    """
    limits = limits or Limits()
    decoded = _decode(text, name, limits.max_bytes)
    try:
        loader = _Loader(decoded, limits)
        try:
            root = loader.get_single_node()
        finally:
            loader.dispose()
    except ReaderError as error:
        start = _position_of(decoded, error.position)
        raise _fault(
            name, start, f"the character {_code(error.character)} is not allowed in YAML"
        ) from None
    except MarkedYAMLError as error:
        raise _from_yaml(name, error) from None
    if root is None:
        return Source(name, None, {}, {})
    return _Builder(name, limits).run(root)


def dump(data: Value) -> str:
    """YAML that readers of 1.1 and of 1.2 read back as `data`; keys keep their order."""
    return yaml.dump(
        data,
        Dumper=_Dumper,
        sort_keys=False,
        allow_unicode=True,
        default_flow_style=False,
        width=1 << 20,
    )


def core_tag(text: str) -> str:
    """The tag that the YAML 1.2 core schema gives to an unquoted scalar."""
    return next((tag for tag, pattern in _CORE if pattern.fullmatch(text)), _STR)


class _Loader(yaml.SafeLoader):
    """PyYAML's scanner and parser, with our scalars and bounds; its constructors are not used."""

    def __init__(self, text: str, limits: Limits) -> None:
        super().__init__(text)
        self._limits = limits
        self._nodes = 0
        self._depth = 0

    def resolve(
        self, kind: type[Node], value: str | None, implicit: tuple[bool, bool] | bool
    ) -> str:
        if kind is ScalarNode:
            plain = implicit[0] if isinstance(implicit, tuple) else implicit
            return core_tag(value or "") if plain else _STR
        tag: str = super().resolve(kind, value, implicit)  # type: ignore[no-untyped-call]  # PyYAML
        return tag

    def compose_node(self, parent: Node | None, index: Any) -> Node | None:
        event = self.peek_event()  # type: ignore[no-untyped-call]  # PyYAML
        mark = event.start_mark
        self._nodes += 1
        if self._nodes > self._limits.max_nodes:
            raise _refusal(f"more than {self._limits.max_nodes:,} values", mark)
        if self._depth >= self._limits.max_depth:
            raise _refusal(f"nested more than {self._limits.max_depth} levels deep", mark)
        if getattr(event, "tag", None) is not None:
            raise _refusal(
                f"the tag {event.tag!r} is not allowed here; write the plain value", mark
            )
        self._depth += 1
        try:
            node: Node | None = super().compose_node(parent, index)
        finally:
            self._depth -= 1
        return node


class _Dumper(yaml.SafeDumper):
    """Quotes every text that YAML 1.1 or 1.2 would take for something else; writes no anchors."""

    def resolve(
        self, kind: type[Node], value: str | None, implicit: tuple[bool, bool] | bool
    ) -> str:
        if kind is ScalarNode and isinstance(implicit, tuple) and implicit[0]:
            core = core_tag(value or "")
            if core != _STR:
                return core
        tag: str = super().resolve(kind, value, implicit)  # type: ignore[no-untyped-call]  # PyYAML
        return tag

    def ignore_aliases(self, data: object) -> bool:  # noqa: ARG002  the base's signature
        return True


def _represent_text(dumper: _Dumper, text: str) -> ScalarNode:
    """PyYAML loses U+0085 and its like in single quotes; in double quotes they are escaped."""
    node: ScalarNode = dumper.represent_scalar(_STR, text, None if text.isprintable() else '"')
    return node


_Dumper.add_representer(str, _represent_text)


class _Builder:
    """Nodes to plain data; collects the faults that do not stop it."""

    def __init__(self, name: str, limits: Limits) -> None:
        self._name = name
        self._limits = limits
        self._values: dict[KeyPath, Position] = {}
        self._keys: dict[KeyPath, Position] = {}
        self._faults: dict[Fault, Position] = {}
        self._open: set[int] = set()
        self._nodes = 0
        self._chars = 0

    def run(self, root: Node) -> Source:
        data = self._build(root, ())
        if self._faults:
            raise ConfigError(sorted(self._faults, key=self._faults.__getitem__))
        return Source(self._name, data, self._values, self._keys)

    def _build(self, node: Node, path: KeyPath) -> Value:
        self._count(node)
        self._values[path] = _start(node.start_mark)
        if isinstance(node, ScalarNode):
            return self._scalar(node, path)
        if id(node) in self._open:
            raise _fault(self._name, _start(node.start_mark), "an anchor holds an alias of itself")
        if len(path) >= self._limits.max_depth:
            text = f"nested more than {self._limits.max_depth} levels deep"
            raise _fault(self._name, _start(node.start_mark), text)
        self._open.add(id(node))
        try:
            if isinstance(node, SequenceNode):
                return [self._build(item, (*path, i)) for i, item in enumerate(node.value)]
            return {key: self._build(value, (*path, key)) for key, value in self._pairs(node, path)}
        finally:
            self._open.discard(id(node))

    def _pairs(self, node: Node, path: KeyPath) -> Iterator[tuple[str, Node]]:
        seen: dict[str, Position] = {}
        for key_node, value_node in node.value:
            key, position = self._key(key_node, path), _start(key_node.start_mark)
            if key is None:
                continue
            if key in seen:
                first = seen[key]
                text = f"this key is there twice; first at line {first.line}, column {first.column}"
                self._note(key_node, (*path, key), text)
                continue
            seen[key] = position
            self._keys[*path, key] = position
            yield key, value_node

    def _key(self, node: Node, path: KeyPath) -> str | None:
        if not isinstance(node, ScalarNode):
            kind = "a mapping" if isinstance(node, MappingNode) else "a list"
            self._note(node, path, f"a key must be text, not {kind}")
            return None
        if node.tag != _STR:
            self._note(
                node,
                path,
                f"a key must be text; put {node.value!r} in quotes if it is meant as text",
            )
            return None
        if node.value == "<<" and node.style is None:
            self._note(
                node,
                path,
                "merge keys ('<<') are not YAML 1.2; write the keys out, or alias whole values",
            )
            return None
        self._count(node)
        return str(self._scalar(node, path))

    def _scalar(self, node: ScalarNode, path: KeyPath) -> Value:
        text: str = node.value
        if node.tag == _STR:
            if not _is_encodable(text):
                self._note(
                    node,
                    path,
                    "half a surrogate pair; write the character itself, or as \\U0001F600",
                )
            return text
        if node.tag == _NULL:
            return None
        if node.tag == _BOOL:
            return text[0] in "tT"
        if len(text) > _MAX_DIGITS:
            self._note(node, path, f"a number of {len(text)} characters; at most {_MAX_DIGITS}")
            return 0
        return _integer(text) if node.tag == _INT else _float(text)

    def _count(self, node: Node) -> None:
        self._nodes += 1
        self._chars += len(node.value) if isinstance(node, ScalarNode) else 0
        if self._nodes > 2 * self._limits.max_nodes or self._chars > self._limits.max_chars:
            raise _fault(
                self._name, _start(node.start_mark), "aliases unfold to more than a config may hold"
            )

    def _note(self, node: Node, path: KeyPath, expected: str) -> None:
        position = _start(node.start_mark)
        fault = Fault(place(self._name, position), dotted(path), expected)
        self._faults[fault] = position


def dotted(path: KeyPath) -> str:
    """A path as messages write it: `stages.1.threshold`; odd characters are escaped."""
    parts = (str(part) for part in path)
    return ".".join(part if part.isprintable() else repr(part)[1:-1] for part in parts)


def _integer(text: str) -> int:
    return int(text, 0 if text.startswith(("0x", "0o")) else 10)


def _float(text: str) -> float:
    return float(text.lower().replace(".inf", "inf").replace(".nan", "nan"))


def _is_encodable(text: str) -> bool:
    return text.isascii() or not any("\ud800" <= char <= "\udfff" for char in text)


def _decode(text: str | bytes, name: str, max_bytes: int) -> str:
    """The text without a byte order mark; faults say where the first bad byte stands."""
    if len(text) > max_bytes:
        raise _fault(
            name, Position(1, 1), f"{len(text):,} bytes; a config has at most {max_bytes:,}"
        )
    if isinstance(text, str):
        return text.removeprefix("\ufeff")
    try:
        return text.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        body = text.removeprefix(b"\xef\xbb\xbf")
        start = error.start
        position = _position_of(body[:start].decode("utf-8", "replace"), start)
        expected = f"the byte 0x{body[start]:02x} is not UTF-8; save the file as UTF-8"
        raise _fault(name, position, expected) from None


def _position_of(text: str, offset: int) -> Position:
    before = text[:offset].replace("\r\n", "\n").replace("\r", "\n")
    return Position(before.count("\n") + 1, len(before) - before.rfind("\n"))


def _from_yaml(name: str, error: MarkedYAMLError) -> ConfigError:
    mark = error.problem_mark or error.context_mark
    problem = error.problem or "cannot be read"
    text = (
        "a tab may not stand here; indent with spaces"
        if problem == _TAB
        else f"not YAML: {problem}"
    )
    if isinstance(error, _RefusalError):
        text = problem
    elif error.context and error.context_mark:
        text += f", {error.context} that begins at line {error.context_mark.line + 1}"
    return _fault(name, _start(mark), text)


class _RefusalError(ComposerError):
    """Valid YAML that we do not take."""


def _refusal(problem: str, mark: Mark) -> _RefusalError:
    return _RefusalError(None, None, problem, mark)


def _start(mark: Mark | None) -> Position:
    return Position(mark.line + 1, mark.column + 1) if mark else Position(1, 1)


def _code(character: str | int) -> str:
    return f"U+{ord(character) if isinstance(character, str) else character:04X}"


def _fault(name: str, position: Position, expected: str) -> ConfigError:
    return ConfigError([Fault(place(name, position), "", expected)])
