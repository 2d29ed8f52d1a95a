"""How a text with braces runs: one sandboxed Jinja environment for all lines of all flows.

Loaded with the first such text: Jinja takes a while, and many flows have none.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from typing import Any, ClassVar

import jinja2
from jinja2 import nodes
from jinja2.runtime import StrictUndefined, Undefined
from jinja2.sandbox import ImmutableSandboxedEnvironment
from jinja2.visitor import NodeTransformer

from engine.flow.expression_values import COMPARE, FUNCTIONS, add, divide, subtract
from engine.flow.expressions import EvaluationError
from engine.flow.spoken import spell, spoken, summary
from engine.flow.template_syntax import FILTERS, read

__all__ = ["MAX_ITEMS", "Program"]

MAX_ITEMS = 200
"""Items a `for` may walk: a voice never reads out more."""

_FAILURES = (TypeError, ValueError, ArithmeticError, LookupError, AttributeError, RecursionError)


class Program:
    """What a source with braces means. Jinja's code is made at the first rendering: milliseconds.

    Args:
        source: the text.
        longest: characters it may produce.
    """

    constant: str | None = None

    def __init__(self, source: str, longest: int) -> None:
        self.source = source
        self._longest = longest
        self._reading = read(_ENVIRONMENT, source)
        self.names, self.problems = self._reading.names, self._reading.problems
        self._roots = {name.chain[0] for name in self.names}

    @functools.cached_property
    def code(self) -> jinja2.Template:
        """The program Jinja makes of it; only of an accepted source."""
        assert self._reading.tree is not None  # only an accepted source is rendered
        return _ENVIRONMENT.from_string(_Lowering().visit(self._reading.tree))

    def render(self, names: Mapping[str, Any]) -> str:
        """Produce the text, its white space as it comes.

        Raises:
            EvaluationError: as `engine.flow.templates.Template.render`.
        """
        known: dict[str, Any] = {root: names[root] for root in self._roots if root in names}
        known["null"] = None
        for name in self._reading.functions:
            known[name] = _bound(FUNCTIONS[name], names)
        parts: list[str] = []
        size = 0
        try:
            for part in self.code.root_render_func(self.code.new_context(known)):
                size += len(part)
                if size > self._longest:
                    break
                parts.append(part)
        except (jinja2.TemplateError, *_FAILURES) as error:
            raise EvaluationError(f"`{_short(self.source)}`: {error}") from error
        if size > self._longest:
            message = f"`{_short(self.source)}`: it is longer than {self._longest} characters"
            raise EvaluationError(message)
        return "".join(parts)


def _short(source: str) -> str:
    return source if len(source) <= 60 else source[:57] + "..."


def _bound(function: Callable[..., Any], names: Mapping[str, Any]) -> Callable[..., Any]:
    return lambda *arguments: function(names, *[_plain(argument) for argument in arguments])


class _Lowering(NodeTransformer):
    """Gives Jinja's tree the meanings of guards: null in `<`, bounded `for`, `filled("slot")`."""

    _ORDER: ClassVar = {"lt": "Lt", "lteq": "LtE", "gt": "Gt", "gteq": "GtE"}

    def visit_Compare(self, node: nodes.Compare) -> nodes.Node:  # noqa: N802 (Jinja's naming)
        left = self.visit(node.expr)
        result: nodes.Expr | None = None
        for operand in node.ops:
            right = self.visit(operand.expr)
            one = self._one(left, operand.op, right)
            result = one if result is None else nodes.And(result, one)
            left = right
        return result if result is not None else node

    def _one(self, left: nodes.Expr, op: str, right: nodes.Expr) -> nodes.Expr:
        if op in self._ORDER:
            return nodes.Filter(left, f"_{op}", [right], [], None, None)
        return nodes.Compare(left, [nodes.Operand(op, right)])

    def visit_For(self, node: nodes.For) -> nodes.Node:  # noqa: N802
        self.generic_visit(node)
        node.iter = nodes.Filter(node.iter, "_items", [], [], None, None)
        return node

    def visit_Call(self, node: nodes.Call) -> nodes.Node:  # noqa: N802
        self.generic_visit(node)
        if isinstance(node.node, nodes.Name) and node.node.name == "filled":
            node.args = [self._slot(argument) for argument in node.args]
        return node

    def _slot(self, argument: nodes.Expr) -> nodes.Expr:
        if isinstance(argument, nodes.Const) and isinstance(argument.value, str):
            return nodes.Getitem(nodes.Name("slots", "load"), argument, "load")
        return argument


class _Missing(StrictUndefined):
    """A name without a value: equals null and is false, as in guards, but does not print."""

    __slots__ = ()

    # The base declares these as never returning; here they do.
    def __eq__(self, other: object) -> bool:  # type: ignore[override]
        return other is None or isinstance(other, Undefined)

    def __ne__(self, other: object) -> bool:  # type: ignore[override]
        return not self == other

    def __bool__(self) -> bool:  # type: ignore[override]
        return False

    def __hash__(self) -> int:  # type: ignore[override]
        return hash(None)


class _Environment(ImmutableSandboxedEnvironment):
    """The sandbox, with our names and arithmetic."""

    intercepted_binops = frozenset({"+", "-", "/"})
    _binops: ClassVar[dict[str, Callable[[Any, Any], Any]]] = {
        "+": add,
        "-": subtract,
        "/": divide,
    }

    def call_binop(self, context: Any, operator: str, left: Any, right: Any) -> Any:
        return self._binops[operator](_plain(left), _plain(right))

    def getattr(self, obj: Any, attribute: str) -> Any:
        # Only entries of maps, never attributes: a slot may be called `items`.
        return self.getitem(obj, attribute)

    def getitem(self, obj: Any, argument: Any) -> Any:
        if obj is None or isinstance(obj, Undefined):
            return obj
        if isinstance(obj, Mapping) or (isinstance(obj, list) and isinstance(argument, int)):
            try:
                return obj[argument]
            except LookupError:
                return self.undefined(hint=f"there is no `{argument}`")
        if isinstance(obj, jinja2.runtime.LoopContext) and argument in ("index", "first", "last"):
            return getattr(obj, argument)
        raise TypeError(f"a {type(obj).__name__} has no part `{argument}`")


# --- filters -------------------------------------------------------------------------------------


def _plain(value: Any) -> Any:
    return None if isinstance(value, Undefined) else value


def _speakable(value: Any) -> str:
    """What `{{ value }}` prints."""
    if isinstance(value, Undefined):
        return str(value)  # raises, and names what is missing
    return value if isinstance(value, str) else spoken(value)


def _text(change: Callable[[str], str]) -> Callable[[Any], str]:
    return lambda value: change(_speakable(value))


def _default(value: Any, fallback: Any = "") -> Any:
    return fallback if _plain(value) is None else value


def _join(values: Any, separator: str = "") -> str:
    return separator.join(_speakable(value) for value in _items(values))


def _items(values: Any) -> list[Any]:
    if _plain(values) is None:
        return []
    if isinstance(values, str) or not isinstance(values, (list, tuple, Mapping)):
        raise TypeError(f"a {type(values).__name__} is not a list")
    if len(values) > MAX_ITEMS:
        raise ValueError(f"a list of {len(values)} items is too long for speech")
    return list(values)


def _order(compare: Callable[[Any, Any], Any]) -> Callable[[Any, Any], Any]:
    return lambda left, right: compare(_plain(left), _plain(right))


def _make_environment() -> _Environment:
    environment = _Environment(undefined=_Missing, finalize=_speakable, keep_trailing_newline=True)
    environment.globals.clear()
    environment.tests.clear()
    environment.filters.clear()
    functions: dict[str, Callable[..., Any]] = {
        "spoken": lambda value: spoken(value) if not isinstance(value, Undefined) else str(value),
        "spell": lambda value: spell(value) if not isinstance(value, Undefined) else str(value),
        "summary": summary,
        "upper": _text(str.upper),
        "lower": _text(str.lower),
        "title": _text(str.title),
        "default": _default,
        "join": _join,
        "length": lambda value: FUNCTIONS["len"]({}, _plain(value)),
        "first": lambda values: next(iter(_items(values)), None),
        "last": lambda values: next(reversed(_items(values)), None),
        "round": lambda value, digits=0: FUNCTIONS["round"]({}, _plain(value), digits),
    }
    assert set(functions) == set(FILTERS)
    environment.filters.update(functions)
    environment.filters["_items"] = _items
    for word, operation in (("lt", "Lt"), ("lteq", "LtE"), ("gt", "Gt"), ("gteq", "GtE")):
        environment.filters[f"_{word}"] = _order(COMPARE[operation])
    return environment


_ENVIRONMENT = _make_environment()
