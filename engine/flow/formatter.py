"""A flow's text with even spacing: comments, the order of keys and every value stay.

The text is not dumped again. Its tokens are written back as they stand, and only what is between
them changes: indentation (two columns a level), blanks around `:`, `,`, `-` and brackets, runs of
empty lines, blanks at line ends. A writer that dumps data moves or loses comments (ruamel's own
round trip drops those inside `{}`); here a comment is part of a gap and cannot be lost.

Quotes: speech inside `{}` and `[]`, and whatever other YAML tools would read differently, gets
double quotes; single quotes become double ones where nothing has to be escaped for it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from ruamel.yaml import YAML

from engine.flow.diagnostics import Diagnostic, Edit
from engine.flow.edits import apply_edits
from engine.flow.nodes import Node
from engine.flow.source import Source, read_source

INDENT = 2

SPEECH_KEYS = frozenset(
    ("say", "ask", "invalid", "confirm", "converse", "brief", "resume", "instructions", "prompt")
    + ("no_input", "no_match")
)
"""Keys whose values are spoken or read to a model."""

_COMMENT = re.compile(r"(?:^|(?<=[ \t\n]))#[^\r\n]*")
_OPENING = ("FlowMappingStart", "FlowSequenceStart")
_CLOSING = ("FlowMappingEnd", "FlowSequenceEnd")
_PROPERTIES = ("Anchor", "Tag")
_UNCOUNTED = ("StreamStart", "StreamEnd", "BlockEnd", "BlockMappingStart", "BlockSequenceStart")


class FormatError(Exception):
    """The text cannot be formatted. `findings` say what is wrong with it as YAML."""

    def __init__(self, message: str, findings: tuple[Diagnostic, ...] = ()) -> None:
        super().__init__(message)
        self.findings = findings


def format_text(text: str, file: str = "<text>") -> str:
    """The text, formatted. Formatting the result again gives the same text.

    A line break at the end of the file is part of the format, and so of a `|` text that ends there.

    Raises:
        FormatError: it is not YAML, or the result would not hold the same data and comments.
    """
    text = re.sub(r"\r\n?", "\n", text.removeprefix("\ufeff"))
    text += "" if text.endswith("\n") else "\n"
    source = _readable(text, file)
    quoted = apply_edits(source, _quotes(source))
    result = _Writer(quoted).write()
    if result == text:
        return text
    after = read_source(result, file)
    if repr(after.data) != repr(source.data) or _comments(result) != _comments(text):
        raise FormatError("its layout is too unusual to change without changing what it means")
    return result


def _readable(text: str, file: str) -> Source:
    source = read_source(text, file)
    errors = tuple(found for found in source.findings if found.is_error and found.code != "TW110")
    if errors:
        raise FormatError("it is not valid YAML", errors)
    return source


def comments(text: str) -> Iterator[tuple[int, int]]:
    """Where the comments of a YAML text begin and end, in order.

    One behind the `|` or `>` of a block text counts as part of that text.
    """
    for gap, token in _pieces(text):
        for found in _COMMENT.finditer(gap):
            start = token.start - len(gap)
            yield start + found.start(), start + found.end()


def _comments(text: str) -> list[str]:
    return [text[start:end].strip() for start, end in comments(text)]


# --- quotes ---------------------------------------------------------------------------------------


def _quotes(source: Source) -> list[Edit]:
    edits = [
        edit
        for found in source.findings
        if found.code == "TW005" and found.fix is not None
        for edit in found.fix.edits
    ]
    seen: set[int] = set()
    if source.root is not None:
        for node in _scalars(source.root, "", seen):
            span = source.at(node.start, node.end)
            edits.append(Edit(span, '"' + re.sub(r'(["\\])', r"\\\1", node.text) + '"'))
    return edits


def _scalars(node: Node, key: str, seen: set[int]) -> Iterator[Node]:
    """The plain scalars that are speech of more than one word inside `{}` or `[]`."""
    if id(node) in seen:
        return
    seen.add(id(node))
    for item in node.items:
        yield from _scalars(item, key, seen)
    for entry in node.entries:
        yield from _scalars(entry.value, entry.name, seen)
    plain = node.kind == "scalar" and node.style == "plain" and not node.tag
    if plain and node.in_flow and key in SPEECH_KEYS and re.fullmatch(r"[^\n]* [^\n]*", node.text):
        yield node


# --- tokens ---------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Token:
    kind: str
    start: int
    end: int
    text: str

    @property
    def counts(self) -> bool:
        """It has characters of its own in the file."""
        return self.end > self.start


def _tokens(text: str) -> Iterator[_Token]:
    for token in YAML(typ="safe", pure=True).scan(text):
        kind = type(token).__name__.removesuffix("Token")
        start, end = token.start_mark.index, token.end_mark.index
        if kind in _UNCOUNTED:
            end = start
        elif kind == "Scalar":
            end = _scalar_end(text, start, end, token)
        yield _Token(kind, start, end, text[start:end])


def _scalar_end(text: str, start: int, end: int, token: Any) -> int:
    """A block scalar's token runs to what follows; its text ends with its last line."""
    if token.style not in ("|", ">"):
        return end
    raw = text[start:end]
    if _keeps_breaks(raw):
        return end - 1 if raw.endswith("\n") else end
    return start + len(raw.rstrip(" \t\n"))


def _pieces(text: str) -> Iterator[tuple[str, _Token]]:
    """Each token that has characters, with the gap before it; the last has none."""
    at = 0
    for token in _tokens(text):
        if token.counts:
            yield text[at : token.start], token
            at = token.end
    yield text[at:], _Token("End", len(text), len(text), "")


# --- writing --------------------------------------------------------------------------------------


@dataclass(slots=True)
class _Level:
    """A block map or list: the column of its keys or dashes, before and after."""

    kind: str
    old: int
    new: int
    implied: bool = False
    """A list whose dashes stand under the key it belongs to; the scanner does not announce it."""


@dataclass(slots=True)
class _Writer:
    text: str
    out: list[str] = field(default_factory=list)
    levels: list[_Level] = field(default_factory=list)
    before: list[_Level] = field(default_factory=list)
    """The levels that were open at the last token."""
    last: _Token | None = None
    at: int = 0
    depth: int = 0
    """Of `{}` and `[]`."""
    structural: bool = False
    """The next token is a key, a dash or the like: it stands at the column of its level."""
    after_dash: bool = False

    def write(self) -> str:
        for token in _tokens(self.text):
            self._enter(token)
            if token.counts:
                self._put(token)
        self._end()
        return "".join(self.out)

    # --- levels -----------------------------------------------------------------------------------

    def _enter(self, token: _Token) -> None:
        column = token.start - (self.text.rfind("\n", 0, token.start) + 1)
        kind = token.kind
        if kind in ("BlockMappingStart", "BlockSequenceStart"):
            self._push(kind, column, implied=False)
        elif kind == "BlockEnd":
            self._leave_implied()
            if self.levels:
                self.levels.pop()
        elif kind == "BlockEntry" and not (self.levels and self._top_is_list()):
            self._push("BlockSequenceStart", column, implied=True)
        elif kind == "Key" and self.depth == 0:
            self._leave_implied()
        if kind in ("Key", "BlockEntry") and self.depth == 0:
            self.structural = True

    def _top_is_list(self) -> bool:
        return self.levels[-1].kind == "BlockSequenceStart"

    def _push(self, kind: str, column: int, *, implied: bool) -> None:
        new = self.levels[-1].new + INDENT if self.levels else 0
        self.levels.append(_Level(kind, column, new, implied))

    def _leave_implied(self) -> None:
        if self.levels and self.levels[-1].implied:
            self.levels.pop()

    # --- tokens -----------------------------------------------------------------------------------

    def _put(self, token: _Token) -> None:
        gap = self.text[self.at : token.start]
        if token.kind in _CLOSING:
            self.depth -= 1
        if "\n" in gap or self.last is None:
            self._break(gap, self._column(token))
        elif self.last is not None:
            self.out.append(_blank(self.last, token, gap))
        self.out.append(self._written(token))
        if token.kind in _OPENING:
            self.depth += 1
        self.structural = False
        self.last, self.at = token, token.end
        self.before = list(self.levels)

    def _column(self, token: _Token) -> int:
        """The new column of a token that begins a line."""
        if not self.levels or token.kind in ("DocumentStart", "DocumentEnd", "Directive"):
            return 0 if self.depth == 0 else self._column_of(token.start)
        level = self.levels[-1]
        if self.depth > 0 or token.kind in _CLOSING:
            least = level.new if token.kind in _CLOSING else level.new + INDENT
            return max(self._column_of(token.start) + level.new - level.old, least)
        return level.new if self.structural or token.kind == "Value" else level.new + INDENT

    def _column_of(self, offset: int) -> int:
        return offset - (self.text.rfind("\n", 0, offset) + 1)

    def _written(self, token: _Token) -> str:
        if token.kind != "Scalar":
            return token.text
        if token.text[0] in "|>" and self.depth == 0:
            return self._block(token.text)
        text = token.text
        if re.fullmatch(r"'[^'\"\\\n]*'", text):
            text = f'"{text[1:-1]}"'
        return self._continued(text)

    def _continued(self, text: str) -> str:
        """The lines after the first of a plain or quoted text, moved with their level."""
        first, *others = text.split("\n")
        least = self.levels[-1].new + INDENT if self.levels else 0
        move = self.levels[-1].new - self.levels[-1].old if self.levels else 0
        lines = [first.rstrip() if others else first]
        for index, line in enumerate(others):
            body = line.lstrip(" \t")
            kept = body if index == len(others) - 1 else body.rstrip(" \t")
            column = max(len(line) - len(body) + move, least)
            lines.append(" " * column + kept if body else "")
        return "\n".join(lines)

    def _block(self, text: str) -> str:
        """A `|` or `>` text, its lines two columns inside their level."""
        head, *lines = text.split("\n")
        level = self.levels[-1] if self.levels else _Level("", 0, 0)
        filled = [len(line) - len(line.lstrip(" ")) for line in lines if line.strip(" ")]
        explicit = re.match(r"[|>][-+]?\d", head)
        if explicit:
            move = level.new - level.old
        else:
            least = level.new + INDENT if self.levels else 0
            move = least - (filled[0] if filled else 0)
        moved = [_shifted(line, move) for line in lines]
        return "\n".join([head.rstrip(), *moved])

    # --- line breaks ------------------------------------------------------------------------------

    def _break(self, gap: str, column: int) -> None:
        """What stands between two lines of values: comments and at most one empty line each."""
        first, *rest = gap.split("\n")
        lines = [line.strip(" \t") for line in rest[:-1]]
        if self.last is None:
            lines.insert(0, first.strip(" \t"))
            first = ""
            rest = [gap.split("\n")[0], *rest]
        if "#" in first:
            blanks = len(first) - len(first.lstrip(" \t"))
            self.out.append(" " * max(blanks, 2) + first.strip(" \t"))
        started = self.last is not None
        if started:
            self.out.append("\n")
        empty = False
        for index, line in enumerate(lines):
            if not line:
                empty = started
                continue
            own = self._comment_column(rest[index], column)
            self.out.append("\n" * empty + " " * own + line + "\n")
            empty, started = False, True
        self.out.append("\n" * empty + " " * column)

    def _comment_column(self, line: str, column: int) -> int:
        """A comment moves with the level it stood at, else with the line that follows it."""
        old = len(line) - len(line.lstrip(" "))
        if self.depth:
            level = self.levels[-1] if self.levels else _Level("", 0, 0)
            return max(old + level.new - level.old, 0)
        for level in [*reversed(self.levels), *reversed(self.before)]:
            if level.old == old:
                return level.new
        return column

    def _end(self) -> None:
        body = "".join(self.out)
        self.out = []
        self._break(self.text[self.at :] + "\n", 0)
        tail = "".join(self.out).rstrip("\n ")
        if self.last is None or not _keeps_breaks(self.last.text):
            body = body.rstrip("\n ")
        self.out = [body, tail, "\n"] if body or tail else []


def _keeps_breaks(text: str) -> bool:
    """A block text with `+`: the empty lines after it belong to it."""
    return text[:1] in "|>" and "+" in text.partition("\n")[0].partition("#")[0]


def _shifted(line: str, move: int) -> str:
    if not line.strip(" "):
        # Blanks beyond the text's own indentation belong to the text.
        return " " * max(len(line) + move, 0) if line else ""
    if move >= 0:
        return " " * move + line
    return line[min(-move, len(line) - len(line.lstrip(" "))) :]


def _blank(last: _Token, token: _Token, gap: str) -> str:
    """What stands between two tokens on one line."""
    if token.kind == "Value":
        return " " if last.kind in ("Alias", "Value", *_PROPERTIES) or last.text in "?-" else ""
    if token.kind == "FlowEntry" or token.kind in _CLOSING:
        # `{a: }` would be the text `a:` without the blank.
        return " " if last.kind in ("Value", *_PROPERTIES) else ""
    if last.kind in _OPENING:
        return ""
    return " "
