"""Several guards on one name: which of them hold at once, and what none of them covers.

TW309, TW404, and TW405 where two parts of one guard exclude each other. Only comparisons of one
name with fixed values are judged: there both what holds and what is missed is certain.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass

from engine.flow.diagnostics import Diagnostic, Related, listing
from engine.flow.expression_judge import literal_text
from engine.flow.expression_syntax import Syntax, read
from engine.flow.expression_types import ANY, Types
from engine.flow.model import ValueType
from engine.flow.rules.book import Book
from engine.flow.rules.parts import Way


@dataclass(frozen=True, slots=True)
class _Range:
    """Numbers from `low` to `high`, each end included or not."""

    low: float = float("-inf")
    high: float = float("inf")
    above: bool = False
    """`low` itself is not in it."""
    below: bool = False
    """`high` itself is not in it."""

    @property
    def empty(self) -> bool:
        return self.low > self.high or (self.low == self.high and (self.above or self.below))

    def __and__(self, other: _Range) -> _Range:
        low, above = max((self.low, self.above), (other.low, other.above))
        high, inside = min((self.high, not self.below), (other.high, not other.below))
        return _Range(low, high, above, not inside)


@dataclass(frozen=True, slots=True)
class _Guard:
    """All that a guard says: one name, and the values for which it holds."""

    name: str
    values: frozenset[str] | None = None
    """Texts; None: it is about numbers."""
    numbers: _Range = _Range()

    def meet(self, other: _Guard) -> _Guard | None:
        """What holds in both; None if nothing does."""
        if self.values is not None and other.values is not None:
            both = self.values & other.values
            return _Guard(self.name, both) if both else None
        if self.values is not None or other.values is not None:
            return None
        numbers = self.numbers & other.numbers
        return None if numbers.empty else _Guard(self.name, None, numbers)


def overlapping_guards(book: Book) -> Iterator[Diagnostic]:
    """Of two guards on one name both can hold (TW309); not where the narrower one comes first."""
    for ways in _lists(book):
        read_ = [(way, guard) for way in ways if (guard := _guard(way.transition.when))]
        for number, (later, guard) in enumerate(read_):
            for earlier, first in read_[:number]:
                both = first.meet(guard) if first.name == guard.name else None
                if both is None or both == first:
                    continue
                yield _overlap(book, earlier, later, guard, inside=both == guard)
                break


def _overlap(book: Book, earlier: Way, later: Way, guard: _Guard, *, inside: bool) -> Diagnostic:
    span = book.source.span((*earlier.path, "when"))
    said = "holds whenever this one does" if inside else "may hold at the same time"
    return book.checked.find(
        "TW309", (*later.path, "when"), f"two conditions on `{guard.name}` overlap: the first wins",
        label="never decides anything" if inside else "only for what the other one leaves",
        help="put the narrower one first" if inside else "if that is not meant, part them",
        related=(Related(span, said),),
    )  # fmt: skip


def missing_values(book: Book) -> Iterator[Diagnostic]:
    """Reactions to an event that decide by an enum and forget a value (TW404).

    In a `then` without an entry for the rest, that rest is missing in any case (TW306).
    """
    for ways in _lists(book):
        if not ways[0].event or len(ways) < 2:
            continue
        guards = [_guard(way.transition.when) for way in ways]
        first = guards[0]
        if first is None or first.values is None:
            continue
        covered = set[str]()
        for guard in guards:
            if guard is None or guard.name != first.name or guard.values is None:
                break
            covered |= guard.values
        else:
            declared = _type_of(first.name, book.types)
            missed = [value for value in declared.values if value not in covered]
            if declared.kind == "enum" and missed:
                yield _not_exhaustive(book, ways, first.name, missed)


def _not_exhaustive(book: Book, ways: list[Way], name: str, missed: list[str]) -> Diagnostic:
    what = listing(missed, join="and")
    return book.checked.find(
        "TW404", (*ways[-1].path, "when"), f"nothing is said for {what} of `{name}`",
        label="the last condition; after it the event goes on to outer handlers",
        help="add an entry for it, or a last one without `when`",
        related=(book.checked.see(ways[0].path[:-1], "decides by it"),),
    )  # fmt: skip


def contradictions(book: Book) -> Iterator[Diagnostic]:
    """Two parts of one guard that never hold together (TW405)."""
    for text in book.texts:
        syntax = read(text.source)[0] if text.kind == "guard" and text.expression else None
        if syntax is None or not isinstance(syntax.tree, ast.BoolOp):
            continue
        for node in ast.walk(syntax.tree):
            if isinstance(node, ast.BoolOp) and isinstance(node.op, ast.And):
                name = _torn(syntax, node)
                if name:
                    yield book.checked.find(
                        "TW405", text.path, f"this never holds: no `{name}` is both",
                        span=book.source.inside(text.path, *syntax.span(node)),
                        label="never true",
                        help="one of the two is enough with `or`; else change one of them",
                    )  # fmt: skip


def _torn(syntax: Syntax, node: ast.BoolOp) -> str:
    """The name of which the parts of an `and` ask what no value can be; mostly none."""
    asked: dict[str, _Guard] = {}
    for part in node.values:
        guard = _of(syntax, part)
        if guard is None:
            continue
        both = asked[guard.name].meet(guard) if guard.name in asked else guard
        if both is None:
            # of a text and a number the types have spoken
            same = (asked[guard.name].values is None) == (guard.values is None)
            return guard.name if same else ""
        asked[guard.name] = both
    return ""


def _lists(book: Book) -> Iterator[list[Way]]:
    lists: dict[tuple[str, str], list[Way]] = {}
    for way in book.ways:
        lists.setdefault((way.scope, way.event), []).append(way)
    return (ways for ways in lists.values() if len(ways) > 1)


def _type_of(name: str, types: Types) -> ValueType:
    root, *parts = name.split(".")
    found = types.get(root, ANY)
    for part in parts:
        found = found.fields.get(part, ANY)
    return found


# --- reading -------------------------------------------------------------------------------------


def _guard(source: str | None) -> _Guard | None:
    """What a guard says, if it is about one name and fixed values only."""
    syntax = read(source)[0] if source is not None else None
    return None if syntax is None else _of(syntax, syntax.tree)


def _of(syntax: Syntax, node: ast.expr) -> _Guard | None:
    if isinstance(node, ast.Compare) and len(node.ops) == 1:
        return _comparison(syntax, node)
    if not isinstance(node, ast.BoolOp) or not isinstance(node.op, ast.And):
        return None
    parts = [_of(syntax, value) for value in node.values]
    found = parts[0]
    for part in parts[1:]:
        if found is None or part is None or part.name != found.name:
            return None
        found = found.meet(part)
    return found


def _comparison(syntax: Syntax, node: ast.Compare) -> _Guard | None:
    left, right, kind = node.left, node.comparators[0], type(node.ops[0])
    if not isinstance(left, ast.Attribute | ast.Name):
        return None
    name = syntax.text[slice(*(at - syntax.offset for at in syntax.span(left)))]
    if kind is ast.In and isinstance(right, ast.List | ast.Tuple):
        texts = [literal_text(item) for item in right.elts]
        known = [text for text in texts if text is not None]
        return _Guard(name, frozenset(known)) if known and len(known) == len(texts) else None
    text = literal_text(right)
    if text is not None:
        return _Guard(name, frozenset({text})) if kind is ast.Eq else None
    number = right.value if isinstance(right, ast.Constant) else None
    if not isinstance(number, int | float):
        return None
    ranges = {
        ast.Eq: _Range(number, number),
        ast.Lt: _Range(high=number, below=True),
        ast.LtE: _Range(high=number),
        ast.Gt: _Range(low=number, above=True),
        ast.GtE: _Range(low=number),
    }
    return _Guard(name, None, ranges[kind]) if kind in ranges else None


PASSES = (overlapping_guards, missing_values, contradictions)
