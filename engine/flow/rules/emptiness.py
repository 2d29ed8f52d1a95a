"""Computing with what may be empty (TW411): the result is empty then, and nobody is told.

Slots and variables are empty until something fills them; fields of results and inputs may be
declared so (`integer?`). A guard that asks first makes it safe, in the entry or in the same
expression: `slots.a != null and slots.a + 1 > 3`.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass

from engine.flow.diagnostics import Diagnostic, Path, Related
from engine.flow.expression_syntax import Syntax, read
from engine.flow.model import ValueType
from engine.flow.rules.book import Book
from engine.flow.rules.facts import Known
from engine.flow.rules.graph import Node, scope
from engine.flow.rules.implied import Facts, implied_names
from engine.flow.rules.parts import Way
from engine.flow.rules.texts import Text

_EMPTY_IN_EMPTY_OUT = ("min", "max", "round", "days", "hours", "minutes")
"""Functions of which an empty argument makes the result empty."""


def facts_at(
    book: Book, known: Known, text: Text, ways: dict[tuple[str | int, ...], Way]
) -> tuple[Node, Facts] | None:
    """Where a text is used, and what holds there; None where that is not clear."""
    path = text.path
    for length in range(len(path) - 1, 0, -1):
        way = ways.get(path[:length])
        if way is not None:
            facts = known.after(way)
            node = scope(way.scope) if way.event else way.scope
            return None if facts is None else (node, facts)
    place = book.places.get(text.scope)
    if place is None or place.is_group or "listen" in path or "exit" in path or "enter" in path:
        return None
    at = known.at(place.name)
    return None if at is None else (place.name, at)


def null_arithmetic(book: Book, known: Known) -> Iterator[Diagnostic]:
    """What is computed with and may be empty."""
    ways = {way.path: way for way in book.ways}
    for text in book.texts:
        if text.expression is None:
            continue
        guards = [way.transition.when for way in _around(text, ways) if way.transition.when]
        sure = Facts().union(*(_asked(guard) for guard in guards))
        at = facts_at(book, known, text, ways)
        for operand in _computed(text, sure):
            root = operand.name.partition(".")[0]
            if root in ("slots", "vars"):
                if at is not None:
                    yield from _unfilled(book, known, text, operand, *at)
            else:
                yield from _optional(book, text, operand)


def _around(text: Text, ways: dict[tuple[str | int, ...], Way]) -> Iterator[Way]:
    """The entry that an action or argument belongs to; its guard has held by then."""
    found = (ways.get(text.path[:length]) for length in range(len(text.path) - 1, 0, -1))
    way = next((way for way in found if way is not None), None)
    if way is not None and text.path != (*way.path, "when"):
        yield way


def _asked(guard: str) -> Facts:
    syntax, _ = read(guard)
    return Facts() if syntax is None else implied_names(syntax.tree, True)


def _unfilled(
    book: Book, known: Known, text: Text, operand: _Operand, node: Node, facts: Facts
) -> Iterator[Diagnostic]:
    """A slot or variable that some way leaves empty."""
    fact = operand.name
    root, _, name = fact.partition(".")
    path = known.without(fact, node) if fact not in facts else ()
    if path and name in getattr(book.flow, root):
        see = book.checked.see((root, name), "has no value at first")
        help_ = f"give it a `default`, or ask before: `when: {fact} != null`"
        yield _told(book, text, operand, help_, see, path)


def _optional(book: Book, text: Text, operand: _Operand) -> Iterator[Diagnostic]:
    """A field of a result, or an input, that is declared as one that may be empty."""
    root, *chain = operand.name.split(".")
    declared: ValueType | None = book.types_in(text).get(root)
    for part in chain:
        declared = declared.fields.get(part) if declared is not None else None
    if declared is None or not declared.optional:
        return
    given = book.flow.inputs.get(chain[0]) if root == "inputs" else None
    if given is not None and given.default is not None:
        return
    see = _declared(book, text, root, chain)
    help_ = f"ask before: `when: {operand.name} != null`"
    yield _told(book, text, operand, help_, see, ())


def _declared(book: Book, text: Text, root: str, chain: list[str]) -> Related | None:
    if root == "inputs":
        return book.checked.see(("inputs", chain[0]), "may be empty")
    state = text.after if root == "result" else chain[0]
    field = chain if root == "result" else chain[1:]
    place = book.places.get(state)
    tool = place.state.run if place is not None else None
    if tool is None or not field:
        return None
    path: Path = ("tools", tool, "returns", field[0])
    return book.checked.see(path, "may be empty")


def _told(
    book: Book,
    text: Text,
    operand: _Operand,
    help_: str,
    see: Related | None,
    path: tuple[str, ...],
) -> Diagnostic:
    return book.checked.find(
        "TW411", text.path, f"`{operand.name}` may be empty, and then the whole result is",
        span=book.source.inside(text.path, operand.start, operand.end),
        label="computed with here",
        help=help_,
        related=(see,) if see is not None else (),
        path=path,
    )  # fmt: skip


# --- expressions ----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Operand:
    """A name that is computed with, as far as the expression does not ask for it first."""

    name: str
    start: int
    end: int


def _computed(text: Text, sure: Facts) -> Iterator[_Operand]:
    syntax, _ = read(text.source)
    return iter(()) if syntax is None else _walk(syntax, syntax.tree, sure)


def _walk(syntax: Syntax, node: ast.expr, sure: Facts) -> Iterator[_Operand]:
    if isinstance(node, ast.BoolOp):
        # The right side is only looked at when the left did not decide.
        goes_on = isinstance(node.op, ast.And)
        for value in node.values:
            yield from _walk(syntax, value, sure)
            sure |= implied_names(value, goes_on)
        return
    for operand in _operands(node):
        start, end = syntax.span(operand)
        name = syntax.text[start - syntax.offset : end - syntax.offset]
        if isinstance(operand, ast.Attribute) and name.lower() not in sure:
            yield _Operand(name, start, end)
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.expr):
            yield from _walk(syntax, child, sure)


def _operands(node: ast.expr) -> list[ast.expr]:
    """What must have a value, or the result has none."""
    if isinstance(node, ast.BinOp):
        return [node.left, node.right]
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        return [node.operand]
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
        return list(node.args) if node.func.id in _EMPTY_IN_EMPTY_OUT else []
    return []
