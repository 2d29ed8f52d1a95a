"""Names and constructs inside expressions and speech (TW202, TW203, TW407, TW409, TW410, TW603)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any

from engine.flow.diagnostics import Diagnostic, listing
from engine.flow.expression_types import BUILT_IN
from engine.flow.expressions import NameUse, Problem
from engine.flow.model import ValueType
from engine.flow.rules.book import Book
from engine.flow.rules.repairs import repair
from engine.flow.rules.texts import Text

_WORD = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_DECLARED = {"slots": "slot", "vars": "variable", "inputs": "input"}


def unreadable(book: Book) -> Iterator[Diagnostic]:
    """What is no expression or speech of the language."""
    for text in book.texts:
        for problem in text.problems:
            yield placed(book, text, problem)


def placed(book: Book, text: Text, problem: Problem, **more: Any) -> Diagnostic:
    """A problem inside a text, as a finding in the file."""
    span = book.source.inside(text.path, problem.start, problem.end)
    fix = repair(book, text, problem, span)
    return book.checked.find(
        problem.code, text.path, problem.message, span=span, help=problem.help, fix=fix, **more
    )


def undefined_names(book: Book) -> Iterator[Diagnostic]:
    """What is read is declared."""
    for text in book.texts:
        for use in text.names:
            yield from _judge(book, text, use)


def _judge(book: Book, text: Text, use: NameUse) -> Iterator[Diagnostic]:
    root, *parts = use.chain
    if root == "value" and text.value is None:
        yield _finding(
            book, text, use, 0, "TW203", "`value` has a meaning only in `check` and `invalid`",
            help="read the slot itself: `slots.NAME`",
        )  # fmt: skip
    elif not parts:
        return
    elif root in _DECLARED:
        if parts[0] not in getattr(book.flow, root):
            yield _undeclared(book, text, use, root, parts[0])
    elif root == "results":
        yield from _result(book, text, use, parts)
    elif root == "result":
        yield from _fields(book, text, use, book.types_in(text).get("result"), 1)
    elif root in ("tries", "call", "agent", "user") and parts[0] not in BUILT_IN[root].fields:
        known = list(BUILT_IN[root].fields)
        yield _finding(
            book, text, use, 1, "TW203", f"`{root}` has no part `{parts[0]}`",
            known=known,
            notes=(f"parts of `{root}`: {listing(known, join='and')}",),
        )  # fmt: skip


def _undeclared(book: Book, text: Text, use: NameUse, root: str, name: str) -> Diagnostic:
    noun = _DECLARED[root]
    code = "TW202" if root == "slots" else "TW203"
    known = list(getattr(book.flow, root))
    listed = f"{noun}s of this flow: {listing(known, join='and') or 'none'}"
    elsewhere = [r for r in _DECLARED if r != root and name in getattr(book.flow, r)]
    help_ = ""
    if elsewhere:
        help_ = f"`{name}` is declared in `{elsewhere[0]}`: write `{elsewhere[0]}.{name}`"
    return _finding(
        book, text, use, 1, code, f"no {noun} named `{name}`",
        known=() if elsewhere else known,
        help=help_,
        label=f"not {'an' if root == 'inputs' else 'a'} {noun} of this flow",
        notes=() if elsewhere else (listed,),
    )  # fmt: skip


def _result(book: Book, text: Text, use: NameUse, parts: list[str]) -> Iterator[Diagnostic]:
    name = parts[0]
    if name in book.working:
        yield from _fields(book, text, use, book.result_type(name), 2)
        return
    place = book.places.get(name)
    if place is not None:
        message = f"`{name}` gives no result: it neither runs a tool nor calls a sub-flow"
        related = book.checked.see(place.path, "this state")
    else:
        message, related = f"no state named `{name}`", None
    ran = [p.name for p in book.leaves if p.state.run == name or p.state.call == name]
    yield _finding(
        book, text, use, 1, "TW203", message,
        known=(ran[:1] if ran else book.working),
        help=f"results are kept by state: write `results.{ran[0]}`" if ran else "",
        notes=(f"states with a result: {listing(sorted(book.working), join='and') or 'none'}",),
        related=(related,) if related is not None else (),
    )  # fmt: skip


def _fields(
    book: Book, text: Text, use: NameUse, whole: ValueType | None, at: int
) -> Iterator[Diagnostic]:
    """The parts of a result, from the `at`-th word of the chain on."""
    while whole is not None and whole.kind == "map" and at < len(use.chain):
        name = use.chain[at]
        if name not in whole.fields:
            owner = ".".join(use.chain[:at])
            known = list(whole.fields)
            yield _finding(
                book, text, use, at, "TW603", f"`{owner}` has no field `{name}`",
                known=known,
                label="not in what comes back",
                notes=(f"fields of `{owner}`: {listing(known, join='and') or 'none'}",),
            )  # fmt: skip
            return
        whole = whole.fields[name]
        at += 1


def _finding(
    book: Book,
    text: Text,
    use: NameUse,
    at: int,
    code: str,
    message: str,
    *,
    known: Iterable[str] = (),
    help: str = "",
    **more: Any,
) -> Diagnostic:
    """A finding about the `at`-th word of a chain."""
    words = list(_WORD.finditer(text.source, use.start, use.end))
    quoted = text.source[use.start : use.start + 1] in "\"'"
    index = 0 if quoted else min(at, len(words) - 1)
    start, end = words[index].span() if words else (use.start, use.end)
    span = book.source.inside(text.path, start, end)
    advice = {"help": help} if help else book.checked.meant(use.chain[at], known, span)
    return book.checked.find(code, text.path, message, span=span, **{**more, **advice})


PASSES = (unreadable, undefined_names)
