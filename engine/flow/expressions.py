"""Guards and computed values: text to a closure that is cheap to run.

`ast` parses, an allow-list judges (`expression_syntax`, `expression_judge`), and this module turns
the accepted tree into nested closures once, at load. Nothing of Python is reachable from an
expression but what `expression_values` lists.

Names are a plain mapping with the roots of the flow language (`slots`, `vars`, `inputs`,
`results`, ...), plus `now`, the caller's local `datetime`, and `changed`, the names of the slots
that changed in this turn. A missing part of a name is null; a missing root is an error.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from engine.flow.expression_judge import CONSTANTS, literal_index, literal_text
from engine.flow.expression_syntax import Syntax, read
from engine.flow.expression_values import (
    COMPARE,
    COMPUTE,
    FUNCTIONS,
    Names,
    Operation,
    negate,
    part,
)
from engine.flow.problems import NameUse, Problem

__all__ = ["EvaluationError", "Expression", "NameUse", "Problem", "parse_expression"]

Closure: TypeAlias = Callable[[Names], Any]

_FAILURES = (TypeError, ValueError, ArithmeticError, LookupError, AttributeError, RecursionError)


class EvaluationError(Exception):
    """An expression or template has no value for these names; the text says why.

    It never leaves the engine: the dialog counts it as false and raises `error.flow`.
    """


@dataclass(frozen=True, slots=True)
class Expression:
    """An accepted expression. Equal and hashed by its source; shared by all calls of a flow.

    Raises:
        ValueError: for a source that is not accepted; `parse_expression` says what is wrong.
    """

    source: str
    names: tuple[NameUse, ...] = field(init=False, compare=False, repr=False)
    """The names it reads, in the order of the text, with their offsets."""
    _run: Closure = field(init=False, compare=False, repr=False)

    def __post_init__(self) -> None:
        syntax, problems = read(self.source)
        if syntax is None:
            raise ValueError(f"not an expression: {self.source!r}: {problems[0].message}")
        object.__setattr__(self, "names", syntax.names)
        object.__setattr__(self, "_run", _Lowering(syntax).lower(syntax.tree))

    def evaluate(self, names: Mapping[str, Any]) -> Any:
        """Compute the value.

        Raises:
            EvaluationError: when the values do not fit (text plus number, division by zero).
        """
        run = self._run
        try:
            return run(names)
        except KeyError as error:
            message = f"`{self.source}`: {error} has no meaning here"
            raise EvaluationError(message) from error
        except _FAILURES as error:
            raise EvaluationError(f"`{self.source}`: {error}") from error

    def holds(self, names: Mapping[str, Any]) -> bool:
        """Evaluate as a guard: null counts as false.

        Raises:
            EvaluationError: as `evaluate`.
        """
        return bool(self.evaluate(names))

    def __reduce__(self) -> tuple[type[Expression], tuple[str]]:
        return Expression, (self.source,)


def parse_expression(source: str) -> tuple[Expression | None, list[Problem]]:
    """Compile `source`. Never raises: either an expression, or problems in text order."""
    _, problems = read(source)
    return (None, list(problems)) if problems else (Expression(source), [])


# --- lowering ------------------------------------------------------------------------------------


class _Lowering:
    """Accepted tree to closures."""

    def __init__(self, syntax: Syntax) -> None:
        self._syntax = syntax

    def lower(self, node: ast.expr) -> Closure:
        return getattr(self, f"_{type(node).__name__.lower()}")(node)  # type: ignore[no-any-return]

    def _constant(self, node: ast.Constant) -> Closure:
        value = node.value
        return lambda names: value

    def _name(self, node: ast.Name) -> Closure:
        name = node.id
        if name in CONSTANTS:
            value = CONSTANTS[name]
            return lambda names: value
        return lambda names: names[name]

    def _attribute(self, node: ast.Attribute | ast.Subscript) -> Closure:
        root, key = _root_of(node), self._key(node)
        return _part_of(self.lower(node.value), key) if root is None else _part_of_root(root, key)

    _subscript = _attribute

    def _key(self, node: ast.Attribute | ast.Subscript) -> str | int:
        if isinstance(node, ast.Attribute):
            return self._syntax.attribute(node)
        index = literal_index(node.slice)
        return index if index is not None else ""

    def _list(self, node: ast.List | ast.Tuple) -> Closure:
        items = [self.lower(item) for item in node.elts]
        return lambda names: [item(names) for item in items]

    _tuple = _list

    def _boolop(self, node: ast.BoolOp) -> Closure:
        first, *rest = (self.lower(value) for value in node.values)
        make = _both if isinstance(node.op, ast.And) else _either
        for operand in rest:
            first = make(first, operand)
        return first

    def _unaryop(self, node: ast.UnaryOp) -> Closure:
        operand = self.lower(node.operand)
        if isinstance(node.op, ast.Not):
            return lambda names: not operand(names)
        return lambda names: negate(operand(names))

    def _binop(self, node: ast.BinOp) -> Closure:
        return self._apply(COMPUTE[type(node.op).__name__], node.left, node.right)

    def _compare(self, node: ast.Compare) -> Closure:
        operations = [COMPARE[type(op).__name__] for op in node.ops]
        if len(operations) == 1:
            return self._apply(operations[0], node.left, node.comparators[0])
        operands = [self.lower(value) for value in (node.left, *node.comparators)]
        return _compare_chain(operations, operands)

    def _apply(self, operation: Operation, left: ast.expr, right: ast.expr) -> Closure:
        """Apply it; in one go where a part of a root meets a literal, as in `vars.count > 3`."""
        if not isinstance(right, ast.Constant):
            return _apply(operation, self.lower(left), self.lower(right))
        root = _root_of(left)
        if root is None or not isinstance(left, ast.Attribute | ast.Subscript):
            return _apply_to(operation, self.lower(left), right.value)
        return _apply_part_to(operation, root, self._key(left), right.value)

    def _call(self, node: ast.Call) -> Closure:
        assert isinstance(node.func, ast.Name)  # the judge let nothing else pass
        name = node.func.id
        function = FUNCTIONS[name]
        arguments = [self._argument(name, argument) for argument in node.args]
        if len(arguments) == 1:
            only = arguments[0]
            return lambda names: function(names, only(names))
        return lambda names: function(names, *[argument(names) for argument in arguments])

    def _argument(self, function: str, node: ast.expr) -> Closure:
        slot = literal_text(node)
        if function == "filled" and slot is not None:  # filled("name") is filled(slots.name)
            return _part_of_root("slots", slot)
        return self.lower(node)


def _root_of(node: ast.expr) -> str | None:
    """The root this is a part of, as in `slots.name`; None: it is something else."""
    whole = node.value if isinstance(node, ast.Attribute | ast.Subscript) else None
    return whole.id if isinstance(whole, ast.Name) and whole.id not in CONSTANTS else None


def _part_of_root(root: str, key: str | int) -> Closure:
    def run(names: Names) -> Any:
        whole = names[root]
        return whole.get(key) if type(whole) is dict else part(whole, key)

    return run


def _part_of(whole: Closure, key: str | int) -> Closure:
    return lambda names: part(whole(names), key)


def _apply(operation: Operation, left: Closure, right: Closure) -> Closure:
    return lambda names: operation(left(names), right(names))


def _apply_to(operation: Operation, left: Closure, right: Any) -> Closure:
    return lambda names: operation(left(names), right)


def _apply_part_to(operation: Operation, root: str, key: str | int, right: Any) -> Closure:
    def run(names: Names) -> Any:
        whole = names[root]
        return operation(whole.get(key) if type(whole) is dict else part(whole, key), right)

    return run


def _both(left: Closure, right: Closure) -> Closure:
    return lambda names: left(names) and right(names)


def _either(left: Closure, right: Closure) -> Closure:
    return lambda names: left(names) or right(names)


def _compare_chain(operations: list[Operation], operands: list[Closure]) -> Closure:
    def run(names: Names) -> Any:
        left = operands[0](names)
        for operation, operand in zip(operations, operands[1:], strict=True):
            right = operand(names)
            if not operation(left, right):
                return False
            left = right
        return True

    return run
