"""YAML text to a tree of nodes with exact places.

The tree is built from parser events and not with a ready composer, because an author needs to know
where things end as well as where they begin, both places of a duplicate key, and a limit on what
aliases expand to: a chain of nine aliases, nine wide, is 400 bytes and half a million nodes.

The parser is exact and takes a millisecond for ten lines. So what a flow is mostly made of is read
by `quick_composer`, which makes the same tree of it, or says that it is not sure.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Literal

from ruamel.yaml import YAML
from ruamel.yaml.events import (
    AliasEvent,
    DocumentStartEvent,
    Event,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
    StreamEndEvent,
)

from engine.flow.nodes import MAX_DEPTH, MAX_EXPANSION, Entry, Node, Style, TreeError
from engine.flow.quick_composer import Unsure, compose_quickly


def compose(text: str) -> Node | None:
    """Build the tree of the only document in the text; None when there is none.

    Raises:
        TreeError: too deep, too much behind aliases, a second document, a foreign tag.
        ruamel.yaml.error.YAMLError: the text is not YAML.
    """
    try:
        return compose_quickly(text)
    except Unsure:
        return compose_exactly(text)


def compose_exactly(text: str) -> Node | None:
    """The same, always by the parser of the YAML library."""
    return _Composer(text).document()


class _Composer:
    def __init__(self, text: str) -> None:
        self._text = text
        self._anchors: dict[str, Node] = {}
        self._open: set[str] = set()
        self._expanded = 0
        self._events: Iterator[Event] = iter(YAML(typ="safe", pure=True).parse(text))

    def document(self) -> Node | None:
        root: Node | None = None
        for event in self._events:
            if isinstance(event, StreamEndEvent):
                break
            if isinstance(event, DocumentStartEvent):
                self._judge_document(event, first=root is None)
            elif isinstance(
                event, ScalarEvent | SequenceStartEvent | MappingStartEvent | AliasEvent
            ):
                root = self._node(event, depth=1, in_flow=False)
        return root

    def _judge_document(self, event: Any, *, first: bool) -> None:
        start = event.start_mark.index
        if not first:
            message = "a second document begins here"
            help_ = "one file is one flow: move what follows to a file of its own, or remove it"
            raise TreeError("TW001", message, start, start + 3, help=help_)
        if event.version not in (None, (1, 2)):
            written = ".".join(str(part) for part in event.version)
            message = f"the flow language is YAML 1.2, and this file says {written}"
            raise TreeError("TW001", message, start, start + 5, help="remove the `%YAML` line")

    def _node(self, event: Any, depth: int, in_flow: bool) -> Node:
        start, end = event.start_mark.index, event.end_mark.index
        if isinstance(event, AliasEvent):
            return self._alias(event.anchor, start, end)
        if depth > MAX_DEPTH:
            message = f"this is nested more than {MAX_DEPTH} deep"
            raise TreeError("TW003", message, start, start + 1)
        node = self._begin(event, start, end, in_flow)
        if event.anchor is not None:
            self._anchors[event.anchor] = node
            self._open.add(event.anchor)
        if node.kind == "list":
            self._fill_list(node, depth)
        elif node.kind == "map":
            self._fill_map(node, depth)
        self._open.discard(event.anchor)
        return node

    def _begin(self, event: Any, start: int, end: int, in_flow: bool) -> Node:
        tag = str(event.ctag) if event.ctag is not None else ""
        # The mark of an event begins at its anchor or tag; the value is what the author means.
        if isinstance(event, ScalarEvent):
            style: Style = {None: "plain", "": "plain", "'": "quoted", '"': "quoted"}.get(
                event.style, "block"
            )  # type: ignore[assignment]
            end = self._trimmed(start, end) if style == "block" else end
            return Node("scalar", start, end, style, event.value, tag, in_flow)
        kind: Literal["list", "map"] = "list" if isinstance(event, SequenceStartEvent) else "map"
        return Node(kind, start, end, "flow" if event.flow_style else "block", "", tag, in_flow)

    def _fill_list(self, node: Node, depth: int) -> None:
        inside = node.in_flow or node.style == "flow"
        node.items = items = list[Node]()
        for event in self._events:
            if isinstance(event, SequenceEndEvent):
                break
            item = self._node(event, depth + 1, inside)
            items.append(item)
            node.size += item.size
        self._close(node, event)

    def _fill_map(self, node: Node, depth: int) -> None:
        inside = node.in_flow or node.style == "flow"
        node.entries = entries = list[Entry]()
        for event in self._events:
            if isinstance(event, MappingEndEvent):
                break
            key = self._node(event, depth + 1, inside)
            value = self._node(next(self._events), depth + 1, inside)
            if value.start == value.end:
                self._place_nothing(key, value)
            entries.append(Entry(key, value, key.text))
            node.size += key.size + value.size
        self._close(node, event)

    def _place_nothing(self, key: Node, value: Node) -> None:
        """An empty value stands behind its colon; the parser's mark is the next key."""
        colon = self._text.find(":", key.end, value.start)
        if colon >= 0:
            value.start = value.end = colon + 1

    def _close(self, node: Node, event: Any) -> None:
        if node.style == "flow":
            node.end = event.end_mark.index
            return
        # A block ends where its last value ends; the parser's mark is the start of what follows.
        last = node.items[-1] if node.items else node.entries[-1].value if node.entries else None
        node.end = max(node.start, self._trimmed(node.start, event.start_mark.index))
        if last is not None and last.start >= node.start:
            node.end = max(last.end, node.entries[-1].key.end if node.entries else last.end)

    def _alias(self, anchor: str, start: int, end: int) -> Node:
        target = self._anchors.get(anchor)
        if target is None:
            message = f"`*{anchor}` is an alias, and no `&{anchor}` stands before it"
            help_ = "text that begins with `*` stands in quotes"
            raise TreeError("TW001", message, start, end, help=help_)
        if anchor in self._open:
            message = f"`*{anchor}` stands inside the value it repeats"
            raise TreeError("TW003", message, start, end, label="this would never end")
        self._expanded += target.size
        if self._expanded > MAX_EXPANSION:
            message = f"the aliases of this file stand for more than {MAX_EXPANSION:,} values"
            raise TreeError("TW003", message, start, end, label="the limit is passed here")
        return target

    def _trimmed(self, start: int, end: int) -> int:
        """The end without trailing blanks and line breaks."""
        return start + len(self._text[start:end].rstrip())
