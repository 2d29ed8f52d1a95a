"""Which expressions are accepted: the allow-list over the tree, and the names in scope.

Anything not listed here is refused: attributes of values, calls of anything but our functions,
lambdas, comprehensions, f-strings, powers, names that start with an underscore.
"""

from __future__ import annotations

import ast
import keyword
import math
from collections.abc import Callable, Iterator

from engine.flow.patterns import PatternError, compile_pattern
from engine.flow.problems import NameUse, Problem, suggest

MAX_DEPTH = 20
MAX_INTEGER = 10**15
"""Largest integer literal: far above any amount or phone number, far below an allocation bomb."""

# fmt: off
ROOTS = (
    "slots", "vars", "inputs", "results", "result", "answer", "event", "visits",
    "tries", "call", "agent", "user", "value", "corrections", "turn",
)
# fmt: on
CONSTANTS = {"null": None, "true": True, "false": False}
_ELSEWHERE = {"yes": "true", "on": "true", "no": "false", "off": "false", "none": "null"}
"""Words that mean the same in other languages."""
ARITY: dict[str, tuple[int, int]] = {
    "today": (0, 0),
    "now": (0, 0),
    "days": (1, 1),
    "hours": (1, 1),
    "minutes": (1, 1),
    "len": (1, 1),
    "lower": (1, 1),
    "contains": (2, 2),
    "matches": (2, 2),
    "changed": (0, 20),
    "filled": (1, 20),
    "min": (1, 20),
    "max": (1, 20),
    "round": (1, 2),
}
"""Function name to the least and the largest number of arguments."""

_OPERATORS = (ast.Add, ast.Sub, ast.Mult, ast.Div)
_COMPARISONS = (ast.Eq, ast.NotEq, ast.Lt, ast.LtE, ast.Gt, ast.GtE, ast.In, ast.NotIn)
_REFUSED: dict[type[ast.AST], tuple[str, str]] = {
    ast.Lambda: ("functions cannot be written here", ""),
    ast.IfExp: ("`if ... else` cannot be used here", "use two entries with `when`"),
    ast.JoinedStr: ("f-strings cannot be used here", "use `+`, or `{{ }}` in speech"),
    ast.Dict: ("maps cannot be written here", ""),
    ast.Set: ("sets cannot be written here", "write a list: `[a, b]`"),
    ast.ListComp: ("loops cannot be used here", "let a tool compute it"),
    ast.SetComp: ("loops cannot be used here", "let a tool compute it"),
    ast.DictComp: ("loops cannot be used here", "let a tool compute it"),
    ast.GeneratorExp: ("loops cannot be used here", "let a tool compute it"),
    ast.NamedExpr: ("`:=` cannot be used here", "use `set`"),
    ast.Starred: ("`*` cannot be used before a value", ""),
    ast.Slice: ("slices cannot be used here", ""),
    ast.Await: ("`await` cannot be used here", ""),
    ast.Yield: ("`yield` cannot be used here", ""),
    ast.YieldFrom: ("`yield` cannot be used here", ""),
}


def too_deep(start: int, end: int) -> Problem:
    """The finding for nesting beyond `MAX_DEPTH`."""
    message = f"the expression is nested deeper than {MAX_DEPTH}"
    return Problem(start, end, "TW410", message, "set a part of it into a variable first")


def span(text: str, node: ast.AST, offset: int) -> tuple[int, int]:
    """Where `node` stands in the source, in code points; `text` was parsed from `offset` on."""
    start = getattr(node, "col_offset", 0)
    end = getattr(node, "end_col_offset", None) or start
    if not text.isascii():  # ast counts UTF-8 bytes
        raw = text.encode("utf-8")
        start, end = (len(raw[:n].decode("utf-8", "ignore")) for n in (start, end))
    return offset + start, offset + end


def attribute(text: str, node: ast.Attribute) -> str:
    """The name after the dot as written (the reader hides Python's keywords in capitals)."""
    end = span(text, node, 0)[1]
    written = text[end - len(node.attr) : end]
    return written if keyword.iskeyword(written) else node.attr


class Judge:
    """Walks the tree once, collecting problems and the names that are read."""

    def __init__(self, text: str, offset: int) -> None:
        self.text = text
        self.offset = offset
        self.problems: list[Problem] = []
        self.names: list[NameUse] = []
        self._rules: dict[type[ast.AST], Callable[[ast.AST], Iterator[ast.AST]]] = {
            ast.Constant: self._constant,
            ast.Name: self._name,
            ast.Attribute: self._chain,
            ast.Subscript: self._chain,
            ast.Call: self._call,
            ast.BoolOp: ast.iter_child_nodes,
            ast.List: ast.iter_child_nodes,
            ast.Tuple: ast.iter_child_nodes,
            ast.UnaryOp: self._unary,
            ast.BinOp: self._binary,
            ast.Compare: self._compare,
        }

    def visit(self, node: ast.AST, depth: int) -> None:
        """Judge `node` and everything below it."""
        if isinstance(node, (ast.expr_context, ast.boolop, ast.operator, ast.unaryop, ast.cmpop)):
            return
        if depth > MAX_DEPTH:
            self.problems.append(too_deep(*span(self.text, node, self.offset)))
            return
        rule = self._rules.get(type(node))
        if rule is None:
            message, help_text = _REFUSED.get(type(node), ("this cannot be used here", ""))
            self.refuse(node, message, help_text)
            return
        for child in rule(node):
            self.visit(child, depth + 1)

    def refuse(self, node: ast.AST, message: str, help_text: str = "", code: str = "TW409") -> None:
        """Report `node`."""
        start, end = span(self.text, node, self.offset)
        self.problems.append(Problem(start, end, code, message, help_text))

    def _constant(self, node: ast.AST) -> Iterator[ast.AST]:
        value = node.value if isinstance(node, ast.Constant) else None
        if value is None or isinstance(value, bool):
            word = "null" if value is None else str(value).lower()
            self.refuse(node, f"`{value}` is not a name here", f"write `{word}`", "TW203")
        elif isinstance(value, int) and abs(value) > MAX_INTEGER:
            self.refuse(node, "this number is too large", f"at most {MAX_INTEGER}", "TW410")
        elif isinstance(value, float) and not math.isfinite(value):
            self.refuse(node, "this number is too large", "", "TW410")
        elif not isinstance(value, (int, float, str)):
            self.refuse(node, f"a {type(value).__name__} cannot be written here")
        return iter(())

    def _name(self, node: ast.AST) -> Iterator[ast.AST]:
        assert isinstance(node, ast.Name)
        node.id = name = known_root(node.id)
        if name in ROOTS:
            self._used((name,), node)
        elif name not in CONSTANTS:
            self._unknown_name(name, node)
        return iter(())

    def _unknown_name(self, name: str, node: ast.AST) -> None:
        if name in ARITY:
            self.refuse(node, f"`{name}` is a function", f"write `{name}(...)`", "TW203")
        elif name.lower() in _ELSEWHERE and name != self.text:
            meant = f"write `{_ELSEWHERE[name.lower()]}`; a text stands in quotes"
            self.refuse(node, f"no name `{name}` in expressions", meant, "TW203")
        elif near := suggest(name, [*ROOTS, *CONSTANTS]):
            self.refuse(node, f"no name `{name}` in expressions", near, "TW203")
        elif name == self.text:
            help_text = f"quote it: '\"{name}\"'"
            self.refuse(node, f"`{name}` is text, not an expression", help_text, "TW407")
        else:
            roots = ", ".join(ROOTS)
            self.refuse(node, f"no name `{name}` in expressions", f"names are: {roots}", "TW203")

    def _used(self, chain: tuple[str, ...], node: ast.AST) -> None:
        self.names.append(NameUse(chain, *span(self.text, node, self.offset)))

    def _chain(self, node: ast.AST) -> Iterator[ast.AST]:
        """`root.name[0].name`: judged as a whole, so that its name is one entry of `names`."""
        parts: list[ast.Attribute | ast.Subscript] = []
        base = node
        while isinstance(base, (ast.Attribute, ast.Subscript)):
            parts.append(base)
            base = base.value
        if not isinstance(base, ast.Name):
            self.refuse(node, "only names such as `slots.x` have parts", "")
            return iter(())
        base.id = known_root(base.id)
        if base.id not in ROOTS:
            self._unknown_name(base.id, base)
            return iter(())
        if len(parts) >= MAX_DEPTH:
            self.problems.append(too_deep(*span(self.text, node, self.offset)))
            return iter(())
        for part in parts:
            self._part(part)
        self._used_chain(base, list(reversed(parts)))
        return iter(())

    def _part(self, part: ast.Attribute | ast.Subscript) -> None:
        if isinstance(part, ast.Attribute):
            if part.attr.startswith("_"):
                self.refuse(part, f"`{part.attr}` cannot be read", "names start with a letter")
            return
        if literal_index(part.slice) is None:
            self.refuse(part.slice, "only a fixed number or text may stand in `[ ]`")

    def _used_chain(self, base: ast.Name, parts: list[ast.Attribute | ast.Subscript]) -> None:
        chain: list[str] = [base.id]
        last: ast.AST = base
        for part in parts:
            if not isinstance(part, ast.Attribute):
                break
            chain.append(attribute(self.text, part))
            last = part
        self._used(tuple(chain), last)

    def _call(self, node: ast.AST) -> Iterator[ast.AST]:
        assert isinstance(node, ast.Call)
        if not isinstance(node.func, ast.Name):
            self.refuse(node, "values have no functions to call", f"functions are: {_functions()}")
            return iter(())
        name = node.func.id
        if name not in ARITY:
            near = suggest(name, list(ARITY)) or f"functions are: {_functions()}"
            self.refuse(node.func, f"no function `{name}`", near, "TW203")
            return iter(())
        if node.keywords:
            self.refuse(node, f"`{name}` takes its arguments without names")
        if message := arity_problem(name, len(node.args)):
            self.refuse(node, message)
        self._call_details(name, node)
        return iter(node.args)

    def _call_details(self, name: str, node: ast.Call) -> None:
        for argument in node.args:
            text = literal_text(argument)
            if name in ("changed", "filled") and text is not None:
                self._used(("slots", text), argument)
            elif name == "changed":
                self.refuse(argument, "`changed` takes names of slots", 'write `changed("name")`')
        if name == "matches" and len(node.args) == 2:
            self._pattern(node.args[1])

    def _pattern(self, argument: ast.expr) -> None:
        pattern = literal_text(argument)
        if pattern is None:
            self.refuse(argument, "the pattern must be a fixed text")
            return
        try:
            compile_pattern(pattern)
        except PatternError as error:
            self.refuse(argument, f"bad pattern: {error}")

    def _unary(self, node: ast.AST) -> Iterator[ast.AST]:
        assert isinstance(node, ast.UnaryOp)
        if not isinstance(node.op, (ast.Not, ast.USub)):
            self.refuse(node, "this operator cannot be used", "operators are: not and or - + * /")
        return iter((node.operand,))

    def _binary(self, node: ast.AST) -> Iterator[ast.AST]:
        assert isinstance(node, ast.BinOp)
        if not isinstance(node.op, _OPERATORS):
            self.refuse(node, "this operator cannot be used", "operators are: + - * / and or not")
        return iter((node.left, node.right))

    def _compare(self, node: ast.AST) -> Iterator[ast.AST]:
        assert isinstance(node, ast.Compare)
        for op in node.ops:
            if not isinstance(op, _COMPARISONS):
                word = "==" if isinstance(op, ast.Is) else "!="
                self.refuse(node, "`is` cannot be used here", f"write `{word}`")
        return iter((node.left, *node.comparators))


def arity_problem(function: str, given: int) -> str:
    """What is wrong with this number of arguments; empty when nothing is, or it is unknown."""
    least, most = ARITY.get(function, (given, given))
    if least <= given <= most:
        return ""
    wanted = str(least) if least == most else f"{least} to {most}"
    plural = "" if wanted == "1" else "s"
    return f"`{function}` takes {wanted} argument{plural}, not {given}"


def known_root(name: str) -> str:
    """`Slots` is read as `slots` (and told as TW213); any other name stays as it is."""
    lower = name.lower()
    return lower if lower in ROOTS else name


def _functions() -> str:
    return ", ".join(ARITY)


def literal_text(node: ast.AST) -> str | None:
    """The text of a string literal, else None."""
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else None


def literal_index(node: ast.AST) -> int | str | None:
    """The value of a subscript that is a fixed number or text, else None."""
    sign = 1
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        node, sign = node.operand, -1
    if not isinstance(node, ast.Constant) or isinstance(node.value, bool):
        return None
    if isinstance(node.value, int) and node.value <= MAX_INTEGER:
        return sign * node.value
    return node.value if isinstance(node.value, str) and sign == 1 else None
