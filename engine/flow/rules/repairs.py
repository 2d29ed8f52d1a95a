"""Repairs inside expressions and speech: what a problem's advice says, as an edit of the file."""

from __future__ import annotations

import re

from engine.flow.diagnostics import Edit, Fix, Path, Span
from engine.flow.problems import Problem
from engine.flow.rules.book import Book
from engine.flow.rules.texts import Text

_SUGGESTED = re.compile(r"did you mean `([^`]+)`\?$")
_WRITE = re.compile(r"write `([^`]+)`$")
_WORD = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_LITERAL = re.compile(r"(['\"])[^'\"\\]*\1")
_PLAIN = re.compile(r"[A-Za-z_(][^\[\]{},#:?&*!|%@`\n]*[^\[\]{},#:?&*!|%@`\n ]")


def repair(book: Book, text: Text, problem: Problem, span: Span) -> Fix | None:
    """The repair of one problem, or None where the author has to decide.

    Args:
        book: the flow.
        text: the expression or speech.
        problem: what is wrong in it.
        span: where that stands in the file.
    """
    if problem.code == "TW407":
        return _rewritten(book, text, problem)
    suggested = _SUGGESTED.search(problem.help)
    raw = text.source[problem.start : problem.end]
    if suggested is None:
        return None
    if _WORD.fullmatch(raw):
        return Fix(f"write `{suggested[1]}`", (Edit(span, suggested[1]),))
    if _LITERAL.fullmatch(raw) and book.source.cut(span) == raw:
        new = raw[0] + suggested[1] + raw[0]
        return Fix(f"write `{suggested[1]}`", (Edit(span, new),))
    return None


def _rewritten(book: Book, text: Text, problem: Problem) -> Fix | None:
    """A whole value that is text where an expression is due."""
    source = text.source
    whole = problem.start == 0 and problem.end == len(source)
    if not whole or not _is_scalar(book, text.path):
        return None
    written = _WRITE.search(problem.help)
    if written is not None:
        # A filter of speech has no meaning in an expression, and leaving it out may be wrong.
        same = source == "{{ " + written[1] + " }}" or source == "{{" + written[1] + "}}"
        return _whole(book, text.path, written[1], "write it without braces") if same else None
    flow = book.flow
    if source in flow.slots or source in flow.vars or source in flow.inputs:
        # The value of that name may be meant.
        return None
    if "quote it" not in problem.help:
        return None
    return _whole(book, text.path, f'"{source}"', "quote the text")


def _is_scalar(book: Book, path: Path) -> bool:
    node = book.source.node(path)
    return node is not None and node.kind == "scalar" and node.style != "block" and not node.tag


def _whole(book: Book, path: Path, expression: str, title: str) -> Fix:
    """Another expression in place of a whole value, in the quotes that YAML wants around it."""
    if _PLAIN.fullmatch(expression):
        written = expression
    elif "'" not in expression:
        written = f"'{expression}'"
    else:
        written = '"' + expression.replace("\\", "\\\\").replace('"', '\\"') + '"'
    return Fix(title, (Edit(book.source.span(path), written),), safe=True)
