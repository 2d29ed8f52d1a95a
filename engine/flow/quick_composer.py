"""The part of YAML that flows are written in, read in one pass of regular expressions.

Everything this module accepts, the parser of the YAML library accepts, and makes the same tree of
it; a property test compares the two on thousands of documents. Everything else (texts over several
lines, tags, anchors, tabs, errors of any kind) raises `Unsure`, and is left to that parser. So
being careful costs time and never an answer: where two readings are thinkable, be unsure.

What is read: maps and lists by indentation with spaces, `{}` and `[]`, plain and quoted texts on
one line, blocks of text after `|` and `>`, comments.
"""

from __future__ import annotations

import re

from engine.flow.nodes import MAX_DEPTH, Entry, Node, Style


class Unsure(Exception):
    """The text holds something that is not read here."""


def compose_quickly(text: str) -> Node:
    """Build the tree of a text.

    Raises:
        Unsure: it has to be read exactly.
    """
    if "\r" in text:
        # A blank before a line break means nothing, except in a block of text.
        if _OTHER_BREAKS.search(text):
            raise Unsure
        text = text.replace("\r", " ")
    if _FOREIGN.search(text):
        raise Unsure
    return _Quick(text).document()


_FOREIGN = re.compile(
    "[^\n\x20-\x7e\xa1-\u1fff\u2010-\u2027\u2030-\u205e\u2070-\ud7ff\uf900-\ufdff\U00010000-\U0010ffff]"
    r"|^(?:---|\.\.\.|%)",
    re.MULTILINE,
)
"""Tabs, other line breaks and blanks than the usual, controls; documents and directives."""

_OTHER_BREAKS = re.compile(r"\r(?!\n)|[:-] +[|>][-+0-9]*[ \r]*(?:#[^\n]*)?\n")
"""A CR without LF; or perhaps the head of a block of text, whose lines keep what ends them."""

_GAP = re.compile(r"(?:[ ]*(?:#[^\n]*)?\n)*([ ]*)(?:#[^\n]*\Z)?")
"""Empty lines and comments before a line that holds something."""
_LINE_END = re.compile(r"(?: +#[^\n]*| *)(?:\n|\Z)")
_FLOW_GAP = re.compile(r"(?:[ \n]|(?<=[ \n])#[^\n]*(?=\n))*")
_DASH = re.compile(r"-(?: +|(?=\n)|\Z)")

_QUOTED = r"\"(?:[^\"\\\n]|\\[\"\\n/])*\"|'(?:[^'\n]|'')*'"
_FIRST = r"[^\s\-?:,\[\]{}#&*!|>'\"%@`]"
_KEY = re.compile(
    rf"({_QUOTED}|{_FIRST}(?:[^\n: ]| +(?=[^\n:# ])|:(?=[A-Za-z0-9_/]))*):(?=[ \n]|\Z)"
)
_PLAIN = re.compile(rf"(?:{_FIRST}|-(?=[^\s\-]))(?:[^\n:#]|:(?=[^\s])|(?<=[^\s])#)*")
_FLOW_KEY = re.compile(
    rf"({_QUOTED}|{_FIRST}(?:[^\n:,\[\]{{}} ]| +(?=[^\n:#,\[\]{{}} ])|:(?=[A-Za-z0-9_/]))*)"
    r":(?=[ \n])"
)
_FLOW_PLAIN = re.compile(
    rf"(?:{_FIRST}|-(?=[A-Za-z0-9.]))(?:[^\n:#,\[\]{{}}]|:(?=[A-Za-z0-9_/])|(?<=[^\s])#)*"
)
_QUOTED_TEXT = re.compile(_QUOTED)
_BLOCK_HEAD = re.compile(r"[|>]([+-]?) *\n")
_ESCAPE = re.compile(r"\\(.)")
_ESCAPES = {'"': '"', "\\": "\\", "n": "\n", "/": "/"}

_LONGEST_KEY = 1_000
"""YAML itself ends at 1024."""


class _Quick:
    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0
        """Where reading goes on: at a line's first sign or behind a value, as each method says."""

    def document(self) -> Node:
        column = self._next_line()
        if column != 0 or not self.text[self.at :]:
            raise Unsure
        if _KEY.match(self.text, self.at) is None:
            raise Unsure
        root = self._map(0, 1)
        if self.at < len(self.text):
            raise Unsure
        return root

    # --- lines ------------------------------------------------------------------------------------

    def _next_line(self) -> int:
        """Go to the first sign of the next line that holds something; its column, -1 at the end."""
        found = _GAP.match(self.text, self.at)
        assert found is not None
        self.at = found.end()
        return found.end(1) - found.start(1) if self.at < len(self.text) else -1

    def _end_line(self) -> None:
        found = _LINE_END.match(self.text, self.at)
        if found is None:
            raise Unsure
        self.at = found.end()

    # --- blocks -----------------------------------------------------------------------------------

    def _map(self, column: int, depth: int) -> Node:
        """A map whose first key stands here; ends at the first sign of the line after it."""
        node = Node("map", self.at, self.at, "block")
        node.entries = entries = list[Entry]()
        self._deeper(depth)
        here = column
        while here == column:
            key = self._key(_KEY, in_flow=False)
            if key is None:
                break
            value, here = self._value(column, depth + 1, listed=column)
            entries.append(Entry(key, value, key.text))
            node.size += key.size + value.size
        if here > column or not node.entries:
            raise Unsure
        last = node.entries[-1]
        node.end = max(last.key.end, last.value.end)
        return node

    def _list(self, column: int, depth: int) -> Node:
        """A list whose first dash stands here; ends at the first sign of the line after it."""
        node = Node("list", self.at, self.at, "block")
        node.items = items = list[Node]()
        self._deeper(depth)
        here = column
        while here == column:
            dash = _DASH.match(self.text, self.at)
            if dash is None:
                break
            inner = column + dash.end() - self.at
            end = self.at + 1
            self.at = dash.end()
            if self.text[self.at : self.at + 1] == "-" and _DASH.match(self.text, self.at):
                item, here = self._list(inner, depth + 1), self._column()
            elif _KEY.match(self.text, self.at):
                item, here = self._map(inner, depth + 1), self._column()
            else:
                self.at = end
                item, here = self._value(column, depth + 1, listed=column + 1)
            items.append(item)
            node.size += item.size
        if here > column:
            raise Unsure
        node.end = node.items[-1].end
        return node

    def _column(self) -> int:
        """The column of the place, at the first sign of a line; -1 at the end."""
        if self.at >= len(self.text):
            return -1
        return self.at - self.text.rfind("\n", 0, self.at) - 1

    def _value(self, column: int, depth: int, listed: int) -> tuple[Node, int]:
        """What stands behind a colon or dash, and the column of the line after it.

        `listed` is the least column that a list on the following lines may have.
        """
        self._deeper(depth)
        if _LINE_END.match(self.text, self.at) is not None:
            return self._below(column, depth, listed)
        while self.text[self.at] == " ":
            self.at += 1
        sign = self.text[self.at]
        if sign in "|>":
            return self._text_block(column), self._column()
        if sign in "[{":
            node = self._flow(depth)
        elif sign in "\"'":
            node = self._quoted(_QUOTED_TEXT, in_flow=False)
        else:
            node = self._plain(_PLAIN, in_flow=False)
        self._end_line()
        here = self._next_line()
        if here > column:
            raise Unsure  # the text goes on, or an error
        return node, here

    def _below(self, column: int, depth: int, listed: int) -> tuple[Node, int]:
        """A value on the lines below; nothing, where the next line is not deeper."""
        start = self.at
        self._end_line()
        here = self._next_line()
        if here >= listed and _DASH.match(self.text, self.at):
            return self._list(here, depth), self._column()
        if here > column:
            if _KEY.match(self.text, self.at) is None:
                raise Unsure
            return self._map(here, depth), self._column()
        return Node("scalar", start, start, "plain"), here

    # --- texts ------------------------------------------------------------------------------------

    def _key(self, pattern: re.Pattern[str], *, in_flow: bool) -> Node | None:
        """The key here, and the place behind its colon; None where none stands."""
        found = pattern.match(self.text, self.at)
        if found is None:
            return None
        start, end = found.span(1)
        if end - start > _LONGEST_KEY:
            raise Unsure
        self.at = found.end()
        raw = found[1]
        style: Style = "quoted" if raw[0] in "\"'" else "plain"
        read = _unquoted(raw) if style == "quoted" else raw
        return Node("scalar", start, end, style, read, "", in_flow)

    def _plain(self, pattern: re.Pattern[str], *, in_flow: bool) -> Node:
        found = pattern.match(self.text, self.at)
        if found is None:
            raise Unsure
        raw = found[0].rstrip(" ")
        start = self.at
        self.at += len(raw)
        return Node("scalar", start, self.at, "plain", raw, "", in_flow)

    def _quoted(self, pattern: re.Pattern[str], *, in_flow: bool) -> Node:
        found = pattern.match(self.text, self.at)
        if found is None:
            raise Unsure
        start, self.at = found.span()
        return Node("scalar", start, self.at, "quoted", _unquoted(found[0]), "", in_flow)

    def _text_block(self, column: int) -> Node:
        """`|` or `>` and the deeper lines below it; ends at the first sign of the line after."""
        start = self.at
        head = _BLOCK_HEAD.match(self.text, start)
        if head is None or self.text[-1] != "\n":
            raise Unsure
        self.at = head.end()
        lines: list[str] = []
        indent = 0
        while self.at < len(self.text):
            stop = self.text.index("\n", self.at)
            line = self.text[self.at : stop]
            deep = len(line) - len(line.lstrip(" "))
            if not lines:
                indent = deep
            if deep == len(line):
                raise Unsure  # an empty line: what it means depends on those around it
            if deep < indent or indent <= column:
                break
            lines.append(line[indent:])
            self.at = stop + 1
        folded = self.text[start] == ">"
        if not lines or head[1] == "+" or (folded and any(line[0] == " " for line in lines)):
            raise Unsure
        read = (" " if folded else "\n").join(lines) + ("" if head[1] else "\n")
        end = start + len(self.text[start : self.at].rstrip())
        if self._next_line() > column:
            raise Unsure
        return Node("scalar", start, end, "block", read)

    # --- braces -----------------------------------------------------------------------------------

    def _flow(self, depth: int) -> Node:
        """`{...}` or `[...]`; ends behind it."""
        opening = self.text[self.at]
        node = Node("map" if opening == "{" else "list", self.at, self.at, "flow")
        closing = "}" if opening == "{" else "]"
        items, entries = list[Node](), list[Entry]()
        node.items, node.entries = items, entries
        self._deeper(depth)
        self.at += 1
        while self._flow_gap() != closing:
            if opening == "{":
                entries.append(self._flow_entry(node, depth + 1))
            else:
                item = self._flow_item(depth + 1)
                items.append(item)
                node.size += item.size
            sign = self._flow_gap()
            if sign == ",":
                self.at += 1
            elif sign != closing:
                raise Unsure
        self.at += 1
        node.end = self.at
        return node

    def _flow_entry(self, node: Node, depth: int) -> Entry:
        key = self._key(_FLOW_KEY, in_flow=True)
        if key is None:
            raise Unsure
        self._flow_gap()
        value = self._flow_value(depth)
        node.size += key.size + value.size
        return Entry(key, value, key.text)

    def _flow_item(self, depth: int) -> Node:
        """An item of `[...]`; `[user: Hello]` holds a map of one entry."""
        if _FLOW_KEY.match(self.text, self.at) is None:
            return self._flow_value(depth)
        node = Node("map", self.at, self.at, "flow", in_flow=True)
        node.entries = [self._flow_entry(node, depth + 1)]
        self._flow_gap()
        node.end = self.at
        return node

    def _flow_value(self, depth: int) -> Node:
        self._deeper(depth)
        sign = self.text[self.at : self.at + 1]
        if sign and sign in "[{":
            node = self._flow(depth)
            node.in_flow = True
            return node
        if sign and sign in "\"'":
            return self._quoted(_QUOTED_TEXT, in_flow=True)
        return self._plain(_FLOW_PLAIN, in_flow=True)

    def _flow_gap(self) -> str:
        """Go over blanks, line breaks and comments; the sign there."""
        found = _FLOW_GAP.match(self.text, self.at)
        assert found is not None
        self.at = found.end()
        return self.text[self.at : self.at + 1]

    def _deeper(self, depth: int) -> None:
        if depth >= MAX_DEPTH:
            raise Unsure


def _unquoted(raw: str) -> str:
    inner = raw[1:-1]
    if raw[0] == "'":
        return inner.replace("''", "'")
    return _ESCAPE.sub(lambda found: _ESCAPES[found[1]], inner) if "\\" in inner else inner
