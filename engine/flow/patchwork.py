"""A flow and the fragments it includes, merged to one document that still knows its files.

The texts stand one after the other, so that an offset tells the file as well as the place: every
finding about something included has its span in the fragment. What the flow says itself wins over
what it includes, and an earlier include over a later one:

- slots, variables, intents, tools and timers are added by name; a name that is there already hides
  the included one (TW212);
- policies are merged key by key;
- handlers come after the flow's own. Here, where rules read them, they stand in one map; what the
  machine runs are scopes, in `Flow.layers`.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator, Sequence
from typing import Any

from engine.flow.diagnostics import Diagnostic, Path, Related, Span
from engine.flow.nodes import Entry, Node
from engine.flow.source import Source

_NAMED = ("slots", "vars", "intents", "tools", "timers")
_NOUNS = {"slots": "slot", "vars": "variable", "intents": "intent", "tools": "tool"}
_NOUNS["timers"] = "timer"
_DEEP = ("interruptions", "listen")
_WHOLE = ("pipeline", "sound")


class Patchwork(Source):
    """A source made of several files."""

    __slots__ = ("_parts", "hidden")

    def __init__(self, main: Source, included: Sequence[Source]) -> None:
        text = "\n".join(part.text for part in (main, *included))
        super().__init__(main.file, text)
        self._parts: list[tuple[int, Source]] = []
        self.hidden: list[Diagnostic] = []
        """Findings: names that hide an included one."""
        offset = 0
        for part in (main, *included):
            self._parts.append((offset, part))
            offset += len(part.text) + 1
        self.data = copy.deepcopy(main.data)
        self.root = _shifted(main.root, 0, {}) if main.root is not None else None
        for start, part in self._parts[1:]:
            if isinstance(part.data, dict) and part.root is not None:
                self._add(copy.deepcopy(part.data), _shifted(part.root, start, {}))

    # --- places -----------------------------------------------------------------------------------

    def at(self, start: int, end: int | None = None) -> Span:
        """The span between two offsets, in the file where it begins."""
        base, part = next(
            (found for found in reversed(self._parts) if found[0] <= start), self._parts[0]
        )
        return part.at(start - base, None if end is None else end - base)

    def line(self, number: int) -> str:
        """The text of a line of the flow's own file."""
        return self._parts[0][1].line(number)

    def offsets(self, span: Span) -> tuple[int, int]:
        """Where a span of one of the files begins and ends in the whole text."""
        base, part = next(found for found in self._parts if found[1].file == span.file)
        start, end = part.offsets(span)
        return base + start, base + end

    # --- merging ----------------------------------------------------------------------------------

    def _add(self, data: dict[str, Any], root: Node) -> None:
        assert self.root is not None, "a flow without a document includes nothing"
        for key in (*_NAMED, *_WHOLE, *_DEEP):
            if isinstance(data.get(key), dict):
                self._merge((key,), self.data, self.root, data, root, deep=key in _DEEP)
        if isinstance(data.get("handle"), dict):
            self._merge(("handle",), self.data, self.root, data, root, deep=False)
        if "instructions" in data and "instructions" not in self.data:
            self.data["instructions"] = data["instructions"]
            self.root.entries = [*self.root.entries, _entry(root, "instructions")]

    def _merge(
        self,
        path: Path,
        own: dict[str, Any],
        own_node: Node,
        other: dict[str, Any],
        other_node: Node,
        *,
        deep: bool,
    ) -> None:
        """Merge the map at `path` of another document into ours."""
        key = str(path[-1])
        entry = _entry(other_node, key)
        if not isinstance(own.get(key), dict):
            if key not in own:
                own[key] = other[key]
                own_node.entries = [*own_node.entries, entry]
            return
        mine, theirs = own[key], other[key]
        my_node = _entry(own_node, key).value
        for name, value in theirs.items():
            if name not in mine:
                mine[name] = value
                my_node.entries = [*my_node.entries, _entry(entry.value, name)]
            elif deep and isinstance(value, dict):
                self._merge((*path, name), mine, my_node, theirs, entry.value, deep=True)
            elif key == "handle":
                self._after(name, mine, my_node, value, _entry(entry.value, name).value)
            elif key in _NAMED:
                self._hides((key, name), _entry(my_node, name), _entry(entry.value, name))

    def _after(self, event: str, mine: dict[str, Any], node: Node, value: Any, other: Node) -> None:
        """Further reactions to an event stand behind ours, unless ours leave nothing to them."""
        ours = _listed(mine[event])
        if not all(isinstance(way, dict) and "when" in way for way in ours):
            return
        entry = _entry(node, event)
        items = [*_items(entry.value), *_items(other)]
        mine[event] = [*ours, *_listed(value)]
        entry.value = Node("list", entry.value.start, entry.value.end, "block", items=items)

    def _hides(self, path: Path, own: Entry, other: Entry) -> None:
        noun, name = _NOUNS[str(path[0])], path[-1]
        included = self.at(other.key.start, other.key.end)
        self.hidden.append(
            Diagnostic(
                code="TW212",
                message=f"this {noun} `{name}` hides the included one",
                span=self.at(own.key.start, own.key.end),
                label="taken",
                help="rename one of them, or remove this one",
                related=(Related(included, "never used"),),
                where=path,
            )
        )


def _entry(node: Node, name: str) -> Entry:
    return next(entry for entry in node.entries if entry.name == name)


def _listed(value: Any) -> list[Any]:
    return list(value) if isinstance(value, list) else [value]


def _items(node: Node) -> Iterator[Node]:
    if node.kind == "list":
        yield from node.items
    else:
        yield node


def _shifted(node: Node, by: int, done: dict[int, Node]) -> Node:
    """A copy of a tree, its places moved; what aliases share stays shared."""
    if id(node) in done:
        return done[id(node)]
    moved = copy.copy(node)
    done[id(node)] = moved
    moved.start, moved.end = node.start + by, node.end + by
    moved.items = [_shifted(item, by, done) for item in node.items]
    moved.entries = [
        Entry(_shifted(e.key, by, done), _shifted(e.value, by, done), e.name, e.merged)
        for e in node.entries
    ]
    return moved
