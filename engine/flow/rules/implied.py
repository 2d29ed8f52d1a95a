"""What a guard tells: the facts that surely hold when it was true, and when it was false.

Facts are texts: `slots.date` and `vars.count` have a value, `results.check` is there, `consent` the
caller said yes.
"""

from __future__ import annotations

import ast
import functools
from collections.abc import Callable

from engine.flow.expression_judge import literal_text
from engine.flow.expression_syntax import read

CONSENT = "consent"

Facts = frozenset[str]
_NONE: Facts = frozenset()


@functools.lru_cache(maxsize=2_048)
def implied(guard: str, holds: bool) -> Facts:
    """The facts that follow from a guard being true (or false).

    A guard that cannot be read has a finding of its own: whether it asks for consent is not known,
    and not told besides.
    """
    syntax, _ = read(guard)
    found = Facts({CONSENT}) if syntax is None else implied_names(syntax.tree, holds)
    # what holds of a field (`result.count`) does not outlive the guard
    return frozenset(fact for fact in found if fact == CONSENT or _lasts(fact.split(".")))


def implied_names(node: ast.expr, holds: bool) -> Facts:
    """The same of a part of an expression, and for every name: `result.count`, `inputs.size`."""
    return _of(node, holds)


def _lasts(chain: list[str]) -> bool:
    return len(chain) == 2 and chain[0] in ("slots", "vars", "results")


def _of(node: ast.expr, holds: bool) -> Facts:
    rule = _RULES.get(type(node))
    return rule(node, holds) if rule is not None else _NONE


def _boolop(node: ast.BoolOp, holds: bool) -> Facts:
    parts = [_of(value, holds) for value in node.values]
    # of a true `and` and a false `or` every part is known, of the others one of them
    if isinstance(node.op, ast.And) == holds:
        return frozenset().union(*parts)
    return functools.reduce(Facts.intersection, parts)


def _unary(node: ast.UnaryOp, holds: bool) -> Facts:
    return _of(node.operand, not holds) if isinstance(node.op, ast.Not) else _NONE


def _name(node: ast.expr, holds: bool) -> Facts:
    if isinstance(node, ast.Name):
        return frozenset({CONSENT}) if node.id == "answer" and holds else _NONE
    return _read(node) if holds else _NONE


def _compare(node: ast.Compare, holds: bool) -> Facts:
    operands = [node.left, *node.comparators]
    null = [isinstance(operand, ast.Name) and operand.id == "null" for operand in operands]
    if len(operands) == 2 and any(null):
        other = operands[null.index(False)] if not all(null) else operands[0]
        differs = isinstance(node.ops[0], ast.NotEq)
        return _read(other) if differs == holds else _NONE
    if len(operands) == 2 and _is_answer(node.left) and isinstance(operands[1], ast.Name):
        if operands[1].id not in ("true", "false"):
            return frozenset({CONSENT})  # no name of the language: has a finding of its own
        positive = (operands[1].id == "true") == isinstance(node.ops[0], ast.Eq)
        return frozenset({CONSENT}) if positive == holds else _NONE
    if not holds or any(isinstance(op, ast.NotEq | ast.NotIn) for op in node.ops):
        return _NONE
    # comparing an empty value gives false, so in a true comparison with a value all have one
    return frozenset().union(*(_read(operand) for operand in operands))


def _is_answer(node: ast.expr) -> bool:
    return isinstance(node, ast.Name) and node.id == "answer"


def _call(node: ast.Call, holds: bool) -> Facts:
    name = node.func.id if isinstance(node.func, ast.Name) else ""
    if not holds or name not in ("filled", "contains", "matches"):
        return _NONE
    texts = {literal_text(argument) for argument in node.args} if name == "filled" else set()
    read_ = frozenset().union(*(_read(argument) for argument in node.args))
    return read_ | {f"slots.{text}" for text in texts if text is not None}


def _read(node: ast.expr) -> Facts:
    """The names that have a value if an operand has one; of `results.check.status` also the result.

    Computing with an empty value gives an empty one, so of a sum all parts have a value.
    """
    if isinstance(node, ast.BinOp):
        return _read(node.left) | _read(node.right)
    if isinstance(node, ast.UnaryOp):
        return _read(node.operand)
    chain: list[str] = []
    while isinstance(node, ast.Attribute):
        chain.insert(0, node.attr.lower())  # keywords are hidden in capitals
        node = node.value
    if not isinstance(node, ast.Name) or not chain:
        return _NONE
    return frozenset({f"{node.id}.{chain[0]}", ".".join((node.id, *chain))})


_RULES: dict[type[ast.expr], Callable[..., Facts]] = {
    ast.Attribute: _name,
    ast.BoolOp: _boolop,
    ast.Call: _call,
    ast.Compare: _compare,
    ast.Name: _name,
    ast.UnaryOp: _unary,
}
