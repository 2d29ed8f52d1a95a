"""What a template may contain: an allow-list over Jinja's tree, and exact places of names.

Jinja's tree knows only line numbers, so names, filters and functions are found in its token
stream, whose tokens are placed in the source one after the other. What the tree must not contain
(macros, imports, `set`, multiplication ...) is reported for the braces it stands in.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from jinja2 import Environment, TemplateSyntaxError, nodes

from engine.flow.expression_judge import ARITY, CONSTANTS, ROOTS, arity_problem, known_root
from engine.flow.problems import NameUse, Problem, suggest

MAX_LENGTH = 10_000
MAX_DEPTH = 20
MAX_LOOPS = 2
"""`for` inside `for` is allowed once: with `MAX_ITEMS` this bounds what a template can cost."""

# fmt: off
FILTERS = (
    "spoken", "spell", "summary", "upper", "lower", "title", "default", "join", "length", "first",
    "last", "round",
)

_KEYWORDS = frozenset((
    "and", "or", "not", "in", "is", "if", "else", "elif", "endif", "for", "endfor", "true", "false",
    "none", "True", "False", "None", "null", "raw", "endraw", "recursive",
))
# fmt: on
_ALLOWED = (
    nodes.Template,
    nodes.Output,
    nodes.TemplateData,
    nodes.If,
    nodes.For,
    nodes.Name,
    nodes.Const,
    nodes.List,
    nodes.Tuple,
    nodes.Getattr,
    nodes.Getitem,
    nodes.Filter,
    nodes.Call,
    nodes.Keyword,
    nodes.Compare,
    nodes.Operand,
    nodes.And,
    nodes.Or,
    nodes.Not,
    nodes.Add,
    nodes.Sub,
    nodes.Div,
    nodes.Neg,
    nodes.Concat,
    nodes.CondExpr,
)
_WORDS: dict[type[nodes.Node], str] = {
    nodes.Mul: "`*`",
    nodes.Pow: "`**`",
    nodes.Mod: "`%`",
    nodes.FloorDiv: "`//`",
    nodes.Slice: "`[a:b]`",
    nodes.Test: "`is`",
    nodes.Dict: "a map",
    nodes.Assign: "`set`",
    nodes.Include: "`include`",
    nodes.Extends: "`extends`",
    nodes.Macro: "`macro`",
}


@dataclass(frozen=True, slots=True)
class _Token:
    type: str
    text: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Reading:
    """A template that was read; `tree` is None when there are problems."""

    tree: nodes.Template | None
    names: tuple[NameUse, ...] = ()
    functions: frozenset[str] = frozenset()
    problems: tuple[Problem, ...] = ()


def read(environment: Environment, source: str) -> Reading:
    """Parse and judge `source`. Never raises."""
    if len(source) > MAX_LENGTH:
        message = f"the text has {len(source)} characters; {MAX_LENGTH} are allowed"
        return Reading(None, problems=(Problem(0, len(source), "TW410", message),))
    text = source.replace("\r", " ")
    try:
        tokens = list(_tokens(environment, text))
        tree = environment.parse(text)
    except TemplateSyntaxError as error:
        return Reading(None, problems=(_syntax_problem(text, error),))
    except (RecursionError, ValueError, MemoryError):
        message = "the text in braces cannot be read: it is nested too deep, or a number is too big"
        return Reading(None, problems=(Problem(0, len(source), "TW410", message),))
    words = _Words(tokens)
    words.judge()
    problems = [*words.problems, *_tree_problems(tree, text)]
    problems.sort(key=lambda p: (p.start, p.end))
    if problems:
        return Reading(None, problems=tuple(problems))
    for node in tree.find_all(nodes.Name):
        node.name = known_root(node.name)
    return Reading(tree, tuple(words.names), frozenset(words.functions))


# --- tokens --------------------------------------------------------------------------------------


def _tokens(environment: Environment, text: str) -> Iterator[_Token]:
    position = 0
    for _, kind, value in environment.lex(text):
        # `{%-` eats white space in front of it, which then is in no token: look further on.
        start = text.find(value, position)
        start = position if start < 0 else start
        position = start + len(value)
        if kind != "whitespace":
            yield _Token(kind, value, start, position)


class _Words:
    """Finds names, functions and filters in the tokens, with their exact places."""

    def __init__(self, tokens: list[_Token]) -> None:
        self._tokens = tokens
        self._end = _Token("end", "", 0, 0)
        self._locals = {
            tokens[i + 1].text for i, token in enumerate(tokens[:-1]) if token.text == "for"
        }
        if self._locals:
            self._locals.add("loop")
        self.names: list[NameUse] = []
        self.functions: set[str] = set()
        self.problems: list[Problem] = []

    def judge(self) -> None:
        position = 0
        while position < len(self._tokens):
            token = self._tokens[position]
            position = self._word(position) if token.type == "name" else position + 1

    def _at(self, position: int) -> _Token:
        return self._tokens[position] if 0 <= position < len(self._tokens) else self._end

    def _word(self, position: int) -> int:
        """Judge the name at `position`, and say where to go on."""
        token, before, after = (self._at(position + n) for n in (0, -1, 1))
        word = token.text
        if before.text == "|":
            if word not in FILTERS:
                self._unknown(token, "filter", word, FILTERS)
        elif after.text == "=" or before.type == "block_begin" or word in _KEYWORDS:
            return position + 1
        elif before.text == "for" or before.text == "is":
            if known_root(word) in ROOTS:
                self._report(token, f"`{word}` is taken", "choose another name")
        elif after.text == "(":
            self._function(position)
        elif before.text == ".":  # after `[0]`; what may have parts is judged on the tree
            if word.startswith("_"):
                self._report(token, f"`{word}` cannot be read", "names start with a letter")
        else:
            return self._name(position)
        return position + 1

    def _function(self, position: int) -> None:
        token = self._at(position)
        if token.text not in ARITY:
            self._unknown(token, "function", token.text, tuple(ARITY))
        self.functions.add(token.text)
        if token.text in ("changed", "filled"):
            self._slots_in_quotes(position + 2)

    def _name(self, position: int) -> int:
        first = last = self._at(position)
        chain = [known_root(first.text)]
        while self._at(position + 1).text == "." and self._at(position + 2).type == "name":
            position += 2
            last = self._at(position)
            chain.append(last.text)
            if last.text.startswith("_"):
                self._report(last, f"`{last.text}` cannot be read", "names start with a letter")
        if chain[0] in ROOTS:
            self.names.append(NameUse(tuple(chain), first.start, last.end))
        elif chain[0] not in self._locals and chain[0] not in CONSTANTS:
            self._unknown(first, "name", chain[0], ROOTS)
        return position + 1

    def _slots_in_quotes(self, position: int) -> None:
        """`changed("date")` and `filled("date")` read `slots.date`."""
        while self._at(position).text not in (")", ""):
            token = self._at(position)
            if token.type == "string":
                self.names.append(NameUse(("slots", token.text[1:-1]), token.start, token.end))
            position += 1

    def _unknown(self, token: _Token, what: str, word: str, known: tuple[str, ...]) -> None:
        help_text = suggest(word, known) or f"{what}s are: {', '.join(known)}"
        message = f"no {what} `{word}` in speech"
        self.problems.append(Problem(token.start, token.end, "TW203", message, help_text))

    def _report(self, token: _Token, message: str, help_text: str) -> None:
        self.problems.append(Problem(token.start, token.end, "TW409", message, help_text))


# --- the tree ------------------------------------------------------------------------------------


def _tree_problems(tree: nodes.Template, text: str) -> Iterator[Problem]:
    stack: list[tuple[nodes.Node, int, int]] = [(tree, 0, 0)]
    while stack:
        node, depth, loops = stack.pop()
        loops += isinstance(node, nodes.For)
        reason = _refusal(node, depth, loops)
        if reason is not None:
            code, message = reason
            yield Problem(*_braces_on_line(text, node.lineno or 1), code, message)
            continue
        # A statement list is flat: only what stands inside an expression or a block is deeper.
        stack.extend((child, depth + 1, loops) for child in node.iter_child_nodes())


def _refusal(node: nodes.Node, depth: int, loops: int) -> tuple[str, str] | None:
    if depth > MAX_DEPTH:
        return "TW410", f"the text in braces is nested deeper than {MAX_DEPTH}"
    if loops > MAX_LOOPS:
        return "TW409", f"`for` may stand inside `for` once, not {loops - 1} times"
    if not isinstance(node, _ALLOWED):
        word = _WORDS.get(type(node), f"`{type(node).__name__.lower()}`")
        return "TW409", f"{word} cannot be used in speech"
    if isinstance(node, nodes.Call):
        return _call_refusal(node)
    if isinstance(node, nodes.Filter) and (node.node is None or node.dyn_args or node.dyn_kwargs):
        return "TW409", "`filter` blocks cannot be used in speech"
    if isinstance(node, nodes.For) and (node.recursive or not isinstance(node.target, nodes.Name)):
        return "TW409", "write `for` with one name: `{% for item in result.items %}`"
    if isinstance(node, (nodes.Getattr, nodes.Getitem)):
        return _part_refusal(node)
    return None


def _part_refusal(node: nodes.Getattr | nodes.Getitem) -> tuple[str, str] | None:
    if isinstance(node, nodes.Getitem):
        index = node.arg.node if isinstance(node.arg, nodes.Neg) else node.arg
        if not isinstance(index, nodes.Const):
            return "TW409", "only a fixed number or text may stand in `[ ]`"
    if not isinstance(node.node, (nodes.Name, nodes.Getattr, nodes.Getitem)):
        return "TW409", "only names such as `slots.x` have parts"
    return None


def _call_refusal(node: nodes.Call) -> tuple[str, str] | None:
    if not isinstance(node.node, nodes.Name):
        return "TW409", "values have no functions to call"
    if node.dyn_args or node.dyn_kwargs or node.kwargs:
        return "TW409", "functions take their arguments without names"
    message = arity_problem(node.node.name, len(node.args))
    return ("TW409", message) if message else None


def _braces_on_line(text: str, line: int) -> tuple[int, int]:
    """The first braces that touch the line (1-based), or the line itself."""
    start = sum(len(part) + 1 for part in text.split("\n")[: line - 1])
    end = text.find("\n", start)
    end = len(text) if end < 0 else end
    for match in re.finditer(r"\{\{.*?\}\}|\{%.*?%\}", text, re.DOTALL):
        if match.end() > start and match.start() < end:
            return match.start(), match.end()
    return start, end


def _syntax_problem(text: str, error: TemplateSyntaxError) -> Problem:
    message = (error.message or "bad text").rstrip(".")
    if "unexpected char" in message or "end of" in message or "unexpected end" in message:
        opened = max(text.rfind("{{"), text.rfind("{%"), 0)
        if "}}" not in text[opened:] and "%}" not in text[opened:]:
            return Problem(opened, len(text), "TW409", "these braces are never closed", "add `}}`")
    start, end = _braces_on_line(text, error.lineno)
    return Problem(
        start, end, "TW409", f"not readable as speech: {message[0].lower()}{message[1:]}"
    )
