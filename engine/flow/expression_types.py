"""Types of expressions, inferred before anything runs: wrong comparisons become findings.

What is not known is `any`, and `any` is silent: a finding here is always a mistake. A text literal
has the type of an enum with one value, so comparing it with an enum is a matter of sets. Every
value may be empty, hence `null` fits everywhere.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator, Mapping
from typing import TypeAlias

from engine.flow.expression_judge import CONSTANTS, literal_index
from engine.flow.expression_syntax import Syntax, read
from engine.flow.expressions import Expression
from engine.flow.model.slots import ValueType
from engine.flow.problems import Problem, suggest

__all__ = ["ANY", "Types", "infer", "judge_guard", "judge_value"]

Types: TypeAlias = Mapping[str, ValueType]
"""Root name to its type; `slots` is a map with a field for each slot. Missing: anything."""

ANY = ValueType(kind="any")
_NULL = ValueType(kind="null")
_BOOLEAN = ValueType(kind="boolean")
_INTEGER = ValueType(kind="integer")
_NUMBER = ValueType(kind="number")
_DURATION = ValueType(kind="duration")
_TEXT = ValueType(kind="text")

_SILENT = frozenset({"any", "null"})
_TEXTS = frozenset({"text", "enum", "phone", "email", "digits"})
_NUMBERS = frozenset({"integer", "number"})
_INSTANTS = frozenset({"date", "time", "datetime"})
_ORDERED = _NUMBERS | _TEXTS | _INSTANTS | {"duration"}

BUILT_IN: Types = {
    "answer": _BOOLEAN,
    "visits": _INTEGER,
    "tries": ValueType(
        kind="map", fields=dict.fromkeys(("no_input", "no_match", "turns"), _INTEGER)
    ),
    "call": ValueType(kind="map", fields={"channel": _TEXT, "from": _TEXT, "elapsed": _DURATION}),
    "agent": ValueType(kind="map", fields={"state": _TEXT}),
    "user": ValueType(kind="map", fields={"state": _TEXT}),
}
"""Roots that mean the same in every flow."""


def infer(expression: Expression, types: Types) -> tuple[ValueType, list[Problem]]:
    """The type of the value, and what is wrong inside (TW401, TW402)."""
    inference = _Inference(expression, types)
    return inference.root(), inference.findings()


def judge_guard(expression: Expression, types: Types) -> list[Problem]:
    """What is wrong with a `when`, `until` or `check`: as `infer`, and TW403 where no yes or no."""
    inference = _Inference(expression, types)
    inference.root()
    inference.guard(inference.tree)
    return inference.findings()


def judge_value(
    expression: Expression, target: ValueType, types: Types, code: str = "TW406"
) -> list[Problem]:
    """What is wrong with giving the value to a `target`: as `infer`, and `code` if it cannot fit.

    Args:
        expression: the value of `set`, `args` or `outputs`.
        target: the declared type.
        types: the names in scope.
        code: TW406 for assignments, TW602 for arguments.
    """
    inference = _Inference(expression, types)
    inference.root()
    inference.value(inference.tree, target, code)
    return inference.findings()


def _fits(given: ValueType, target: ValueType) -> bool:
    """Whether a value of type `given` may stand where `target` is declared."""
    if given.kind in _SILENT or target.kind in _SILENT:
        return True
    if given.kind == "list" and target.kind == "list":
        return _fits(given.item or ANY, target.item or ANY)
    if given.kind in _TEXTS and target.kind in _TEXTS:
        both = given.kind == target.kind == "enum"
        return not both or set(given.values) <= set(target.values)
    return given.kind == target.kind or (given.kind, target.kind) == ("integer", "number")


def _comparable(left: ValueType, right: ValueType) -> bool:
    pair = {left.kind, right.kind}
    return bool(pair & _SILENT) or len(pair) == 1 or pair <= _NUMBERS or pair <= _TEXTS


class _Inference:
    def __init__(self, expression: Expression, types: Types) -> None:
        syntax, _ = read(expression.source)
        assert syntax is not None  # an Expression was accepted once
        self._syntax: Syntax = syntax
        self.tree = syntax.tree
        self._types = types
        self.problems: list[Problem] = []

    def root(self) -> ValueType:
        return self.of(self.tree)

    def of(self, node: ast.expr) -> ValueType:
        rule: Callable[[ast.expr], ValueType] = getattr(self, f"_{type(node).__name__.lower()}")
        return rule(node)

    def findings(self) -> list[Problem]:
        """Each problem once: the middle of `a < b < c` is judged with both neighbours."""
        return list(dict.fromkeys(self.problems))

    def quiet(self, node: ast.expr) -> ValueType:
        """The type of a node that was judged before: without reporting it twice."""
        before = len(self.problems)
        found = self.of(node)
        del self.problems[before:]
        return found

    def report(self, node: ast.AST, code: str, message: str, help_text: str = "") -> None:
        self.problems.append(Problem(*self._syntax.span(node), code, message, help_text))

    # --- what the place demands ---

    def guard(self, node: ast.expr) -> None:
        if isinstance(node, ast.BoolOp):
            for value in node.values:
                self.guard(value)
            return
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
            self.guard(node.operand)
            return
        found = self.quiet(node)
        if found.kind not in _SILENT and found.kind != "boolean":
            text = ast.get_source_segment(self._syntax.text, node) or ""
            help_text = f"say `{text} != null`" if isinstance(node, ast.Attribute) else ""
            self.report(
                node, "TW403", f"a guard is true or false, this is {_say(found)}", help_text
            )

    def value(self, node: ast.expr, target: ValueType, code: str) -> None:
        found = self.quiet(node)
        if _fits(found, target):
            return
        if found.kind == target.kind == "enum" and isinstance(node, ast.Constant):
            self._unknown_value(node, found.values[0], target)
            return
        self.report(node, code, f"{_say(target)} is expected here, this is {_say(found)}")

    def _unknown_value(self, node: ast.AST, value: str, enum: ValueType) -> None:
        help_text = suggest(value, enum.values) or f"values are: {', '.join(enum.values)}"
        self.report(node, "TW402", f"`{value}` is not one of its values", help_text)

    # --- literals and names ---

    def _constant(self, node: ast.Constant) -> ValueType:
        if isinstance(node.value, str):
            return ValueType(kind="enum", values=(node.value,))
        return _INTEGER if isinstance(node.value, int) else _NUMBER

    def _name(self, node: ast.Name) -> ValueType:
        if node.id in CONSTANTS:
            return _NULL if CONSTANTS[node.id] is None else _BOOLEAN
        return self._types.get(node.id) or BUILT_IN.get(node.id, ANY)

    def _attribute(self, node: ast.Attribute) -> ValueType:
        whole = self.of(node.value)
        if whole.kind == "map":
            return whole.fields.get(self._syntax.attribute(node), ANY)
        if whole.kind not in _SILENT:
            self.report(
                node, "TW401", f"{_say(whole)} has no part `{self._syntax.attribute(node)}`"
            )
        return ANY

    def _subscript(self, node: ast.Subscript) -> ValueType:
        whole = self.of(node.value)
        index = literal_index(node.slice)
        if whole.kind == "list" and isinstance(index, int):
            return whole.item or ANY
        if whole.kind == "map" and isinstance(index, str):
            return whole.fields.get(index, ANY)
        if whole.kind not in _SILENT:
            self.report(node, "TW401", f"{_say(whole)} has no part `{index}`")
        return ANY

    def _list(self, node: ast.List | ast.Tuple) -> ValueType:
        items = [self.of(item) for item in node.elts]
        return ValueType(kind="list", item=_common(items))

    _tuple = _list

    # --- operators ---

    def _boolop(self, node: ast.BoolOp) -> ValueType:
        return _common([self.of(value) for value in node.values])

    def _unaryop(self, node: ast.UnaryOp) -> ValueType:
        operand = self.of(node.operand)
        if isinstance(node.op, ast.Not):
            return _BOOLEAN
        if operand.kind not in _SILENT | _NUMBERS | {"duration"}:
            self.report(node, "TW401", f"{_say(operand)} has no opposite")
            return ANY
        return operand

    def _binop(self, node: ast.BinOp) -> ValueType:
        left, right = self.of(node.left), self.of(node.right)
        if left.kind in _SILENT or right.kind in _SILENT:
            return ANY
        symbol = {"Add": "+", "Sub": "-", "Mult": "*", "Div": "/"}[type(node.op).__name__]
        result = _arithmetic(left, symbol, right)
        if result is None:
            message = f"`{symbol}` does not join {_say(left)} and {_say(right)}"
            self.report(node, "TW401", message)
            return ANY
        return result

    def _compare(self, node: ast.Compare) -> ValueType:
        left = node.left
        for op, right in zip(node.ops, node.comparators, strict=True):
            if isinstance(op, (ast.In, ast.NotIn)):
                self._membership(left, right)
            else:
                self._comparison(left, op, right)
            left = right
        return _BOOLEAN

    def _comparison(self, left: ast.expr, op: ast.cmpop, right: ast.expr) -> None:
        types = self.of(left), self.of(right)
        if not _comparable(*types):
            message = f"{_say(types[0])} is compared with {_say(types[1])}"
            self.report(right, "TW401", message, _comparison_help(*types))
        elif not isinstance(op, (ast.Eq, ast.NotEq)):
            wrong = next((t for t in types if t.kind not in _ORDERED | _SILENT), None)
            if wrong is not None:
                self.report(left, "TW401", f"{_say(wrong)} is neither more nor less than another")
        else:
            self._enum_pair(left, types[0], right, types[1])
            self._enum_pair(right, types[1], left, types[0])

    def _enum_pair(
        self, node: ast.expr, found: ValueType, literal: ast.expr, value: ValueType
    ) -> None:
        declared = found.kind == "enum" and not isinstance(node, ast.Constant)
        text = value.values[0] if isinstance(literal, ast.Constant) and value.values else None
        if declared and text is not None and text not in found.values:
            self._unknown_value(literal, text, found)

    def _membership(self, item: ast.expr, whole: ast.expr) -> None:
        item_type, whole_type = self.of(item), self.of(whole)
        if isinstance(whole, (ast.List, ast.Tuple)):
            for element in whole.elts:
                element_type = self.quiet(element)
                if not _comparable(item_type, element_type):
                    message = f"{_say(item_type)} is looked for among {_say(element_type)}"
                    self.report(element, "TW401", message)
                else:
                    self._enum_pair(item, item_type, element, element_type)
        elif whole_type.kind == "list":
            if not _comparable(item_type, whole_type.item or ANY):
                message = f"{_say(item_type)} is looked for in {_say(whole_type)}"
                self.report(item, "TW401", message)
            else:
                self._enum_pair(whole, whole_type.item or ANY, item, item_type)
        elif whole_type.kind in _TEXTS and item_type.kind not in _TEXTS | _SILENT:
            message = f"{_say(item_type)} is looked for in {_say(whole_type)}"
            self.report(item, "TW401", message)
        elif whole_type.kind not in _TEXTS | _SILENT | {"map"}:
            self.report(whole, "TW401", f"nothing can be `in` {_say(whole_type)}")

    # --- functions ---

    def _call(self, node: ast.Call) -> ValueType:
        name = node.func.id if isinstance(node.func, ast.Name) else ""
        given = [self.of(argument) for argument in node.args]
        for argument, found, wanted in zip(node.args, given, _wanted(name), strict=False):
            if found.kind not in wanted | _SILENT:
                self.report(argument, "TW401", f"`{name}` does not take {_say(found)}")
        if name == "contains" and len(given) == 2 and given[0].kind == "list":
            self._enum_pair(node.args[0], given[0].item or ANY, node.args[1], given[1])
        if name in ("min", "max"):
            only_list = len(given) == 1 and given[0].kind == "list"
            return given[0].item or ANY if only_list else _common(given)
        if name == "round":
            return _NUMBER if len(given) == 2 else _INTEGER
        return _RESULTS.get(name, ANY)


_RESULTS: Types = {
    "today": ValueType(kind="date"),
    "now": ValueType(kind="datetime"),
    "len": _INTEGER,
    "lower": _TEXT,
    **dict.fromkeys(("days", "hours", "minutes"), _DURATION),
    **dict.fromkeys(("contains", "matches", "changed", "filled"), _BOOLEAN),
}


def _wanted(function: str) -> Iterator[frozenset[str]]:
    """The kinds a function takes, argument by argument."""
    match function:
        case "days" | "hours" | "minutes":
            yield _NUMBERS
        case "round":
            yield from (_NUMBERS, frozenset({"integer"}))
        case "lower":
            yield _TEXTS
        case "matches":
            yield from (_TEXTS, _TEXTS)
        case "len" | "contains":
            yield _TEXTS | {"list", "map"}


def _arithmetic(left: ValueType, symbol: str, right: ValueType) -> ValueType | None:
    """The type of `left symbol right`, or None where it has no meaning."""
    pair = {left.kind, right.kind}
    if pair <= _NUMBERS:
        return _INTEGER if pair == {"integer"} and symbol != "/" else _NUMBER
    if symbol == "+" and pair <= _TEXTS:
        return _TEXT
    if symbol == "+" and pair == {"list"}:
        return left
    if symbol in "+-" and right.kind == "duration" and left.kind in _INSTANTS | {"duration"}:
        return left
    if symbol == "+" and left.kind == "duration" and right.kind in _INSTANTS:
        return right
    if symbol == "-" and len(pair) == 1 and pair <= _INSTANTS:
        return _DURATION
    return _duration_scaled(left, symbol, right)


def _duration_scaled(left: ValueType, symbol: str, right: ValueType) -> ValueType | None:
    if symbol == "/" and left.kind == right.kind == "duration":
        return _NUMBER
    if symbol in "*/" and left.kind == "duration" and right.kind in _NUMBERS:
        return _DURATION
    if symbol == "*" and right.kind == "duration" and left.kind in _NUMBERS:
        return _DURATION
    return None


def _common(types: list[ValueType]) -> ValueType:
    """One type for several values: the same, a wider one of numbers or texts, else any."""
    kinds = {found.kind for found in types} - {"null"}
    if kinds and kinds <= _NUMBERS:
        return _NUMBER if "number" in kinds else _INTEGER
    if kinds == {"enum"}:
        values = dict.fromkeys(value for found in types for value in found.values)
        return ValueType(kind="enum", values=tuple(values))
    if kinds and kinds <= _TEXTS:
        return _TEXT
    distinct = [found for found in types if found.kind != "null"]
    return distinct[0] if distinct and all(found == distinct[0] for found in distinct) else ANY


def _say(found: ValueType) -> str:
    if found.kind == "enum":
        return f'the text "{found.values[0]}"' if len(found.values) == 1 else f"one of {found}"
    names = {"boolean": "true or false", "map": "a map", "list": f"a {found}"}
    article = "an" if found.kind[0] in "aeiou" else "a"
    return names.get(found.kind, f"{article} {found.kind}")


def _comparison_help(left: ValueType, right: ValueType) -> str:
    literal = next((t for t in (left, right) if t.kind == "enum" and len(t.values) == 1), None)
    if literal is not None and {left.kind, right.kind} & _NUMBERS and literal.values[0].isdigit():
        return f"write the number without quotes: `{literal.values[0]}`"
    if literal is not None:
        kinds = {left.kind, right.kind} - {"enum"}
        return _MOMENTS.get(kinds.pop(), "") if len(kinds) == 1 else ""
    return ""


_MOMENTS = {
    "date": "dates are counted from today: `today() + days(1)`; a fixed one is a `min` or `max`",
    "datetime": "moments are counted from now: `now() + hours(1)`; a fixed one is a `min` or `max`",
    "time": "times are compared with other slots; a fixed one is a `min` or `max` of the slot",
    "duration": "lengths are written `minutes(90)`, `hours(2)`, `days(1)`",
}
"""What is compared with a value that no text is compared with."""
