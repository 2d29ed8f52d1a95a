"""What an expression may contain: a small part of Python's expression syntax, with exact spans.

`ast` parses the text (so the syntax is one authors know, and offsets are exact), an allow-list
judges the tree. Anything not listed is refused: attributes of values, calls of anything but our
functions, lambdas, comprehensions, f-strings, powers. Length and bracket depth are judged before
`ast.parse`, which answers deep nesting with `RecursionError`.
"""

from __future__ import annotations

import ast
import functools
import io
import keyword
import re
import tokenize
import warnings
from dataclasses import dataclass

from engine.flow.expression_judge import MAX_DEPTH, Judge, attribute, span, too_deep
from engine.flow.problems import NameUse, Problem

MAX_LENGTH = 500

_STRING = r"\"(?:\\.|[^\"\\])*\"|'(?:\\.|[^'\\])*'"
_AFTER_DOT = re.compile(rf"{_STRING}|(?<=\.)(?:{'|'.join(keyword.kwlist)})\b")
_SLIPS = (
    (r"&&", "TW409", "`&&` is not an operator", "write `and`"),
    (r"\|\|", "TW409", "`||` is not an operator", "write `or`"),
    (r"!(?!=)", "TW409", "`!` is not an operator", "write `not`"),
    (r"===", "TW409", "`===` is not an operator", "write `==`"),
    (r"(?<![=!<>])=(?!=)", "TW409", "`=` does not compare", "write `==`"),
    (r"\?", "TW409", "`? :` cannot be used here", "use two entries with `when`"),
    (r"\$", "TW409", "environment variables cannot be used in expressions", ""),
)


@dataclass(frozen=True, slots=True)
class Syntax:
    """A parsed and accepted expression."""

    text: str
    tree: ast.expr
    names: tuple[NameUse, ...]
    offset: int
    """Code points before the first one that was parsed."""

    def span(self, node: ast.AST) -> tuple[int, int]:
        """Where `node` stands in the source, in code points."""
        return span(self.text, node, self.offset)

    def attribute(self, node: ast.Attribute) -> str:
        """The name after the dot as written: keywords of Python are ordinary names for us."""
        return attribute(self.text, node)


@functools.lru_cache(maxsize=2_048)
def read(source: str) -> tuple[Syntax | None, tuple[Problem, ...]]:
    """Parse and judge `source`. Never raises; the syntax is None when there are problems.

    Cached, because rules, type inference and the compiler read the same expressions.
    """
    text = re.sub(r"\s", " ", source).rstrip()
    offset = len(text) - len(text.lstrip())
    text = text[offset:]
    problem = _too_big(source, text, offset) or _comment(text, offset)
    if problem is not None:
        return None, (problem,)
    tree, problem = _parse(text, offset)
    if tree is None or problem is not None:
        return None, (problem,) if problem else ()
    judge = Judge(text, offset)
    judge.visit(tree, 1)
    if judge.problems:
        return None, tuple(sorted(judge.problems, key=lambda p: (p.start, p.end)))
    return Syntax(text, tree, tuple(sorted(judge.names, key=lambda n: n.start)), offset), ()


# --- before the tree -----------------------------------------------------------------------------


def _too_big(source: str, text: str, offset: int) -> Problem | None:
    end = offset + len(text)
    if not text:
        return Problem(0, len(source), "TW409", "an expression is missing here")
    if len(text) > MAX_LENGTH:
        message = f"the expression has {len(text)} characters; {MAX_LENGTH} are allowed"
        return Problem(offset, end, "TW410", message, "move a part of it into a tool or a variable")
    depth = 0
    for match in re.finditer(rf"{_STRING}|[()\[\]{{}}]", text):
        depth += {"(": 1, "[": 1, "{": 1, ")": -1, "]": -1, "}": -1}.get(match.group(), 0)
        if depth > MAX_DEPTH:
            return too_deep(offset + match.start(), offset + match.end())
    return _braces(text, offset)


def _braces(text: str, offset: int) -> Problem | None:
    """`{{ x }}` is valid Python (a set of a set), so it is found before the tree."""
    found = re.search(r"\{\{.*\}\}|\{\{", re.sub(_STRING, lambda m: "s" * len(m[0]), text))
    if found is None:
        return None
    inner = text[found.start() + 2 : found.end()].removesuffix("}}").partition("|")[0].strip()
    start, end = offset + found.start(), offset + found.end()
    help_text = f"write `{inner}`" if inner else "write the expression without them"
    return Problem(start, end, "TW407", "`{{ }}` belongs to speech, not to expressions", help_text)


def _comment(text: str, offset: int) -> Problem | None:
    """Refuse `#`: in a folded YAML scalar it would silently swallow the lines that follow."""
    if "#" not in text:
        return None
    try:
        for token in tokenize.generate_tokens(io.StringIO(text).readline):
            if token.type == tokenize.COMMENT:
                start = offset + token.start[1]
                return Problem(start, offset + len(text), "TW409", "a comment cannot stand here")
    except (tokenize.TokenError, SyntaxError):
        return None  # ast.parse will say what is wrong
    return None


def _parse(text: str, offset: int) -> tuple[ast.expr | None, Problem | None]:
    # Python's keywords are ordinary names after a dot (`call.from`): hidden in capitals from
    # `ast`, at the same length, and read back from the text by `attribute`.
    hidden = _AFTER_DOT.sub(lambda m: m[0] if m[0][0] in "\"'" else m[0].upper(), text)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # "\d" is a fine pattern
            return ast.parse(hidden, mode="eval").body, None
    except SyntaxError as error:
        return None, _syntax_problem(text, offset, error)
    except (ValueError, RecursionError, MemoryError) as error:
        return None, Problem(offset, offset + len(text), "TW409", f"not an expression: {error}")


def _syntax_problem(text: str, offset: int, error: SyntaxError) -> Problem:
    bare = re.sub(_STRING, lambda m: "s" * len(m[0]), text)
    for pattern, code, message, help_text in _SLIPS:
        slip = re.search(pattern, bare)
        if slip:
            return Problem(offset + slip.start(), offset + slip.end(), code, message, help_text)
    unpaired = _brackets(bare, offset)
    if unpaired is not None:
        return unpaired
    if not error.offset or (error.lineno or 1) > 1:  # where ast runs out of text
        start, end = offset + len(text) - 1, offset + len(text)
        return Problem(start, end, "TW409", "not an expression: something is missing after this")
    start = min(max(error.offset - 1, 0), len(text) - 1)
    if "unterminated string" in (error.msg or ""):
        end = offset + len(text)
        return Problem(offset + start, end, "TW409", "this quote is never closed", "close it")
    word = re.compile(r"\w+|\S|$").match(text, start)
    end = max(word.end() if word else 0, start + 1)
    found = text[start:end].strip() or "a blank"
    help_text = "between two values stands an operator: == != < > and or not in + - * /"
    message = f"not an expression: `{found}` cannot stand here"
    return Problem(offset + start, offset + end, "TW409", message, help_text)


_CLOSING = {"(": ")", "[": "]", "{": "}"}


def _brackets(bare: str, offset: int) -> Problem | None:
    """A bracket that is never closed, or closes nothing, or another one."""
    opened: list[re.Match[str]] = []
    for bracket in re.finditer(r"[()\[\]{}]", bare):
        place = offset + bracket.start(), offset + bracket.end()
        if bracket[0] in _CLOSING:
            opened.append(bracket)
        elif not opened:
            return Problem(*place, "TW409", f"this `{bracket[0]}` closes nothing", "remove it")
        elif _CLOSING[opened[-1][0]] != bracket[0]:
            due = _CLOSING[opened[-1][0]]
            message = f"`{bracket[0]}` cannot close a `{opened[-1][0]}`"
            return Problem(*place, "TW409", message, f"write `{due}`")
        else:
            opened.pop()
    if not opened:
        return None
    last = opened[-1]
    message, help_text = f"this `{last[0]}` is never closed", f"close it with `{_CLOSING[last[0]]}`"
    return Problem(offset + last.start(), offset + last.end(), "TW409", message, help_text)
