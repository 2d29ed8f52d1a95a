"""Nodes to plain data. Finds duplicate keys, bare braces, foreign tags and odd characters."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from engine.flow.diagnostics import Diagnostic, Edit, Fix, Path, Related
from engine.flow.nodes import Entry, Node
from engine.flow.places import Places
from engine.flow.scalars import CORE_TAGS, read_plain
from engine.flow.yaml_traps import find_odd_characters, find_trap

_SURROGATE = re.compile("[\ud800-\udfff]")
_ODD = re.compile("[\u00a0\u200b-\u200f\u2018\u2019\u201c\u201d\u2060\ufeff]")


class Builder:
    """Builds the data of one document and collects what is wrong with it."""

    def __init__(self, places: Places) -> None:
        self._places = places
        self.findings: list[Diagnostic] = []
        self._judged: set[int] = set()
        """Nodes already judged: an alias shows its anchor's value again, not its findings."""

    def value(self, node: Node, path: Path) -> Any:
        """The data of a node."""
        first = id(node) not in self._judged
        self._judged.add(id(node))
        if first and node.tag and node.tag not in CORE_TAGS:
            self._refuse_tag(node, path)
        if node.kind == "map":
            return self._map(node, path)
        if node.kind == "list":
            return [self.value(item, (*path, index)) for index, item in enumerate(node.items)]
        if first:
            self._judge_scalar(node, path, is_key=False)
        return self._scalar(node, path)

    # --- scalars ----------------------------------------------------------------------------------

    def _scalar(self, node: Node, path: Path) -> Any:
        if _SURROGATE.search(node.text):
            self._join_surrogates(node, path)
        core = CORE_TAGS.get(node.tag)
        if core == "text" or (node.style != "plain" and core is None):
            return node.text
        value = read_plain(node.text)
        if core is not None and _words(value) != core:
            self._report(
                "TW103", node, path, f"`{node.text}` is not {core}, as its tag says",
                help="remove the tag",
            )  # fmt: skip
        return value

    def _judge_scalar(self, node: Node, path: Path, *, is_key: bool) -> None:
        for found in (
            find_odd_characters(node, self._places, is_key=is_key),
            find_trap(node, self._places, is_key=is_key),
        ):
            if found is not None:
                self.findings.append(replace(found, where=path))

    def _join_surrogates(self, node: Node, path: Path) -> None:
        """JSON writes some characters as two escapes; half of one is no text at all."""
        whole = node.text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
        if whole.count("\ufffd") > node.text.count("\ufffd"):
            self._report(
                "TW001", node, path, "an escape in this text is half of a character",
                help="write the character itself, or both halves",
            )  # fmt: skip
        node.text = whole

    def _refuse_tag(self, node: Node, path: Path) -> None:
        tag = node.tag.replace("tag:yaml.org,2002:", "!!")
        self._report(
            "TW001", node, path, f"the tag `{tag}` has no meaning in a flow",
            help="remove it; text that begins with `!` is quoted, and a condition says `not`",
        )  # fmt: skip

    # --- maps -------------------------------------------------------------------------------------

    def _map(self, node: Node, path: Path) -> Any:
        if _is_bare_braces(node):
            return self._bare_braces(node, path)
        node.entries = self._merged(node, path)
        data: dict[str, Any] = {}
        seen: dict[str, Entry] = {}
        for entry in node.entries:
            self._name(entry, path)
            earlier = seen.get(entry.name)
            if earlier is not None and not earlier.merged and not entry.merged:
                self._duplicate(entry, earlier, path)
                continue
            if earlier is not None and entry.merged:
                continue
            seen[entry.name] = entry
            data[entry.name] = self.value(entry.value, (*path, entry.name))
        node.entries = list(seen.values())
        return data

    def _name(self, entry: Entry, path: Path) -> None:
        key = entry.key
        if key.kind != "scalar":
            what = "a map" if key.kind == "map" else "a list"
            self._report("TW103", key, path, f"a key must be text, and this is {what}")
            entry.name = self._places.text[key.start : key.end]
            return
        if _SURROGATE.search(key.text):
            self._join_surrogates(key, path)
        entry.name = _ODD.sub("", key.text).strip()
        if id(key) not in self._judged:
            self._judged.add(id(key))
            self._judge_scalar(key, (*path, entry.name), is_key=True)

    def _duplicate(self, entry: Entry, earlier: Entry, path: Path) -> None:
        first = self._places.at(earlier.key.start, earlier.key.end)
        self._report(
            "TW002", entry.key, (*path, entry.name),
            f"the key `{entry.name}` stands twice in one map",
            label="again here",
            help="remove one; the second one does not add to the first",
            related=(Related(first, "first here"),),
        )  # fmt: skip

    def _merged(self, node: Node, path: Path) -> Sequence[Entry]:
        """The entries with `<<` replaced by what it brings; own keys win."""
        if not any(_is_merge(entry) for entry in node.entries):
            return node.entries
        own = {entry.key.text for entry in node.entries if not _is_merge(entry)}
        result: list[Entry] = []
        for entry in node.entries:
            if not _is_merge(entry):
                result.append(entry)
                continue
            value = entry.value
            for source in value.items if value.kind == "list" else [value]:
                if source.kind != "map":
                    self._report("TW103", entry.value, path, "`<<` takes a map or a list of maps")
                    continue
                brought = self._merged(source, path)
                result += [
                    Entry(inner.key, inner.value, inner.name, merged=True)
                    for inner in brought
                    if inner.key.text not in own
                ]
        return result

    def _bare_braces(self, node: Node, path: Path) -> str:
        raw = self._places.text[node.start : node.end]
        span = self._places.at(node.start, node.end)
        quoted = '"' + raw.replace("\\", "\\\\").replace('"', '\\"') + '"'
        self._report(
            "TW004", node, path, "`{{ }}` without quotes is a map to YAML, not text",
            label="read as a map inside a map",
            help=f"put quotes around the whole text: {quoted}",
            fix=Fix("quote the text", (Edit(span, quoted),), safe=True),
        )  # fmt: skip
        # From here on it is the text the author meant, so nothing else is said about it.
        node.kind, node.text, node.entries, node.style = "scalar", raw, [], "plain"
        return raw

    def _report(self, code: str, node: Node, path: Path, message: str, **more: Any) -> None:
        span = self._places.at(node.start, node.end)
        self.findings.append(Diagnostic(code=code, message=message, span=span, where=path, **more))


def _is_merge(entry: Entry) -> bool:
    return entry.key.kind == "scalar" and entry.key.style == "plain" and entry.key.text == "<<"


def _is_bare_braces(node: Node) -> bool:
    """`{{ x }}` is a flow map whose only key is a flow map."""
    if node.style != "flow" or len(node.entries) != 1:
        return False
    key = node.entries[0].key
    return key.kind == "map" and key.style == "flow" and key.start == node.start + 1


def _words(value: Any) -> str:
    if value is None:
        return "nothing"
    if isinstance(value, bool):
        return "true or false"
    return "a number" if isinstance(value, int | float) else "text"
