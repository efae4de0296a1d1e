"""Conditions that a config writes: a small language over columns, read by Python's parser.

    n_words > 50 and lang in ['vi', 'en'] and not (mean_word_length > 10 or host is None)

Nothing is ever executed as code: only the kinds of syntax in `_Reader` are known, and each becomes
a call of `pyarrow.compute`. Unknown values (null) are neither true nor false, as in SQL: a
condition that comes out unknown is not met.
"""

from __future__ import annotations

import ast
import math
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

import pyarrow as pa
import pyarrow.compute as pc

MOST_CHARS, MOST_DEPTH = 2000, 24
"""Limits of a condition: its length, and how deep it nests."""

Columns: TypeAlias = "Callable[[str], pa.Array]"
_Node: TypeAlias = "Callable[[Columns], Any]"

_COMPARE: Final = {
    ast.Eq: pc.equal,
    ast.NotEq: pc.not_equal,
    ast.Lt: pc.less,
    ast.LtE: pc.less_equal,
    ast.Gt: pc.greater,
    ast.GtE: pc.greater_equal,
}
_ARITHMETIC: Final = {
    ast.Add: pc.add,
    ast.Sub: pc.subtract,
    ast.Mult: pc.multiply,
    ast.Div: pc.divide,
}
_KNOWN = (
    "known are names of columns, numbers, quoted text, True, False, < <= == != >= >, in [...],"
    " is None, + - * /, and, or, not, brackets"
)


class ExpressionError(ValueError):
    """A condition that cannot be read, or does not fit its columns; the text says where and why."""


@dataclass(frozen=True, slots=True)
class Condition:
    """A condition that was read: its text, and the columns that it names, sorted."""

    text: str
    names: tuple[str, ...]
    _node: _Node

    def holds(self, columns: Columns) -> pa.BooleanArray:
        """For each row whether it is met; `columns` gives the column of a name.

        Raises:
            ExpressionError: a column's type does not fit what is asked of it.
        """
        try:
            found = self._node(columns)
        except (pa.ArrowInvalid, pa.ArrowNotImplementedError, pa.ArrowTypeError) as error:
            kinds = ", ".join(f"{name} is {columns(name).type}" for name in self.names)
            first = str(error).partition("\n")[0]
            raise ExpressionError(
                f"{self.text!r} does not fit its columns ({kinds}): {first}"
            ) from (error)
        return pc.fill_null(_truth(found, self.text), False)


def parse(text: str) -> Condition:
    """Read a condition.

    Raises:
        ExpressionError: it is too long, no valid syntax, or uses what is not known here.
    """
    if len(text) > MOST_CHARS:
        raise ExpressionError(f"expected a condition of at most {MOST_CHARS} characters")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # a stray backslash in a text
            tree = ast.parse(text.strip(), mode="eval")
    except SyntaxError as error:
        place = f" at character {error.offset}" if error.offset else ""
        raise ExpressionError(f"expected a condition: {error.msg}{place} ({_KNOWN})") from None
    except (ValueError, RecursionError, MemoryError):
        raise ExpressionError(f"expected a condition ({_KNOWN})") from None
    reader = _Reader()
    node = reader.read(tree.body, 0)
    if not reader.names:
        raise ExpressionError(f"expected a condition that names a column ({_KNOWN})")
    return Condition(text, tuple(sorted(reader.names)), node)


class _Reader:
    """Turns syntax into calls; collects the names."""

    def __init__(self) -> None:
        self.names: set[str] = set()

    def read(self, node: ast.expr, depth: int) -> _Node:
        """One piece of syntax."""
        if depth > MOST_DEPTH:
            raise ExpressionError(f"expected a condition that nests at most {MOST_DEPTH} deep")
        if isinstance(node, ast.Name):
            name = node.id
            self.names.add(name)
            return lambda columns: columns(name)
        if isinstance(node, ast.Constant):
            value = _constant(node)
            return lambda _: value
        if isinstance(node, ast.BoolOp):
            return self._junction(node, depth)
        if isinstance(node, ast.UnaryOp):
            return self._unary(node, depth)
        if isinstance(node, ast.BinOp):
            return self._arithmetic(node, depth)
        if isinstance(node, ast.Compare):
            return self._comparisons(node, depth)
        raise _unknown(node)

    def _junction(self, node: ast.BoolOp, depth: int) -> _Node:
        join = pc.and_kleene if isinstance(node.op, ast.And) else pc.or_kleene
        parts = [(self.read(value, depth + 1), ast.unparse(value)) for value in node.values]

        def run(columns: Columns) -> Any:
            first, *rest = (_truth(part(columns), said) for part, said in parts)
            for other in rest:
                first = join(first, other)
            return first

        return run

    def _unary(self, node: ast.UnaryOp, depth: int) -> _Node:
        inner, said = self.read(node.operand, depth + 1), ast.unparse(node.operand)
        if isinstance(node.op, ast.Not):
            return lambda columns: pc.invert(_truth(inner(columns), said))
        if isinstance(node.op, ast.USub):
            return lambda columns: pc.negate(_number(inner(columns), said))
        raise _unknown(node)

    def _arithmetic(self, node: ast.BinOp, depth: int) -> _Node:
        call = _ARITHMETIC.get(type(node.op))
        if call is None:
            raise _unknown(node)
        left, right = self.read(node.left, depth + 1), self.read(node.right, depth + 1)
        said = ast.unparse(node.left), ast.unparse(node.right)
        return lambda columns: call(
            _number(left(columns), said[0]), _number(right(columns), said[1])
        )

    def _comparisons(self, node: ast.Compare, depth: int) -> _Node:
        """`a < b < c` is `a < b and b < c`."""
        terms = [node.left, *node.comparators]
        parts = [
            self._comparison(left, op, right, depth + 1)
            for left, op, right in zip(terms, node.ops, node.comparators, strict=False)
        ]

        def run(columns: Columns) -> Any:
            first, *rest = (part(columns) for part in parts)
            for other in rest:
                first = pc.and_kleene(first, other)
            return first

        return run

    def _comparison(self, left: ast.expr, op: ast.cmpop, right: ast.expr, depth: int) -> _Node:
        inner = self.read(left, depth)
        if isinstance(op, ast.Is | ast.IsNot):
            if not isinstance(right, ast.Constant) or right.value is not None:
                raise ExpressionError("expected None after `is`; compare values with ==")
            call = pc.is_null if isinstance(op, ast.Is) else pc.is_valid
            return lambda columns: call(inner(columns))
        if isinstance(op, ast.In | ast.NotIn):
            found = self._membership(left, inner, right, depth)
            if isinstance(op, ast.In):
                return found
            return lambda columns: pc.invert(found(columns))
        outer, compare = self.read(right, depth), _COMPARE[type(op)]
        return lambda columns: compare(inner(columns), outer(columns))

    def _membership(self, left: ast.expr, inner: _Node, right: ast.expr, depth: int) -> _Node:
        """`lang in ['vi', 'en']`, or `'forum' in host`, a part of a text."""
        if isinstance(right, ast.List | ast.Tuple | ast.Set):
            if not all(isinstance(item, ast.Constant) for item in right.elts) or not right.elts:
                raise ExpressionError("expected numbers or quoted texts in the brackets after `in`")
            items = [_constant(item) for item in right.elts if isinstance(item, ast.Constant)]

            def is_one_of(columns: Columns) -> Any:
                value = inner(columns)
                options = [pc.equal(value, item) for item in items]
                first = options[0]
                for other in options[1:]:
                    first = pc.or_kleene(first, other)
                return first

            return is_one_of
        if isinstance(left, ast.Constant) and isinstance(left.value, str):
            part, outer = left.value, self.read(right, depth)
            return lambda columns: pc.match_substring(outer(columns), part)
        raise ExpressionError("expected [...] after `in`, or a quoted text before it")


def _constant(node: ast.Constant) -> pa.Scalar:
    """A number, a text, True or False."""
    value = node.value
    if isinstance(value, bool | str):
        return pa.scalar(value)
    if isinstance(value, int) and -(2**63) <= value < 2**63:
        return pa.scalar(value, pa.int64())
    if isinstance(value, float) and math.isfinite(value):
        return pa.scalar(value, pa.float64())
    raise ExpressionError(f"{ast.unparse(node)[:40]} is not known here ({_KNOWN})")


def _unknown(node: ast.expr) -> ExpressionError:
    text = ast.unparse(node)
    shown = text if len(text) <= 40 else text[:37] + "…"
    return ExpressionError(
        f"character {node.col_offset + 1}: {shown!r} is not known here ({_KNOWN})"
    )


def _truth(value: Any, said: str) -> Any:
    """A condition, or an error."""
    if value.type != pa.bool_():
        raise ExpressionError(
            f"{said!r} is {value.type}, not true or false; compare it with a value"
        )
    return value


def _number(value: Any, said: str) -> Any:
    """A number as float64, in which nothing wraps around."""
    kind = value.type
    if not (pa.types.is_integer(kind) or pa.types.is_floating(kind)):
        raise ExpressionError(f"{said!r} is {kind}, not a number")
    return pc.cast(value, pa.float64(), safe=False)
