"""What may stand at the cursor: names in scope, keys of the language, words of a key.

A file that is being typed is often no YAML at all, so the place of the cursor is found from
indentation and the text of its line; names come from the last text that could be read.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal, TypeAlias

from engine.flow.diagnostics import Path
from engine.flow.expression_types import BUILT_IN
from engine.flow.expression_values import FUNCTIONS
from engine.flow.hover import summary
from engine.flow.rules.parts import SPECIAL
from engine.flow.rules.references import EVENTS
from engine.flow.schema_paths import keys_at, words_at
from engine.flow.symbols import ROOTS, Kind, Symbols

ItemKind: TypeAlias = Literal["key", "word", "event", "function", "root"] | Kind

_DOTTED = re.compile(r"(?<![\w.])(slots|vars|inputs|results)\.(\w*)$")
_OPEN_BRACES = re.compile(r"\{\{(?:(?!\}\}).)*$")
_LINE = re.compile(r"^(?P<indent>[ ]*)(?P<dashes>(?:-[ ]+)*)(?P<key>[\w.*#-]+)\s*:(?=\s|$)")
_KEY_BEGUN = re.compile(r"^[ ]*(?:-[ ]+)*(\w[\w.]*)?$")
_IN_BRACES = re.compile(r"[{,]\s*(\w[\w.]*)?$")
_VALUE = re.compile(r"(?:^|[{,\s])(?P<key>[\w.]+)\s*:\s+(?P<value>\S*)$")
_LISTED = re.compile(r"(?:^|[{,\s])(?P<key>[\w.]+)\s*:\s*\[(?:[^\]]*,)?\s*(?P<value>[\w.]*)$")

_NAMED: dict[str, Kind] = {
    "to": "state",
    "then": "state",
    "start": "state",
    "at": "state",
    "run": "tool",
    "tools": "tool",
    "call": "flow",
    "collect": "slot",
    "clear": "slot",
    "fills": "slot",
    "resets": "slot",
    "intent": "intent",
    "intents": "intent",
}
"""Keys whose value is a name, and of what kind."""

_COMPUTED = frozenset(("when", "until", "check", "args", "set", "outputs"))
_TYPES = ("text", "integer", "number", "boolean", "date", "time", "datetime", "duration", "phone",
          "email", "digits", "list(text)")  # fmt: skip


@dataclass(frozen=True, slots=True)
class Item:
    """One suggestion."""

    text: str
    kind: ItemKind
    detail: str = ""
    """One line: the type of a name, what a key is for."""
    insert: str = ""
    """What is written, where it is more than `text`."""


def complete(text: str, line: int, column: int, symbols: Symbols) -> list[Item]:
    """Suggestions for a 1-based place.

    Args:
        text: the file as it is now.
        line: of the cursor.
        column: of the cursor.
        symbols: of this text, or of the last one that could be read.
    """
    lines = text.splitlines()
    row = lines[line - 1] if line <= len(lines) else ""
    before = row[: column - 1]
    if re.search(r"(^|\s)#", before):
        return []
    around = _around(lines[: line - 1], before)
    dotted = _DOTTED.search(before)
    if dotted is not None:
        return list(_dotted(dotted[1], symbols))
    if _OPEN_BRACES.search(before):
        return list(_roots())
    listed = _LISTED.search(before)
    if listed is not None:
        return list(_values(_braced(around, before), listed["key"], symbols))
    value = _VALUE.search(before)
    if value is not None:
        return list(_values(_braced(around, before), value["key"], symbols))
    if _KEY_BEGUN.match(before) or _IN_BRACES.search(before):
        return list(_keys(around, before, symbols))
    return list(_roots()) if _computed_line(around, before) else []


def _around(lines: list[str], before: str) -> Path:
    """The path of the map around the cursor, from indentation."""
    indent = len(before) - len(before.lstrip(" -")) if before.strip(" -") else len(before)
    dashed = re.match(r"^ *-", before) is not None
    path: list[str | int] = []
    limit = indent
    if dashed:
        path.append(0)
        limit = before.index("-") + 1
    for row in reversed(lines):
        found = _LINE.match(row)
        if found is None:
            continue
        column = found.start("key")
        if column >= limit:
            continue
        path.insert(0, found["key"])
        limit = column
        if found["dashes"]:
            path.insert(0, 0)
            limit = len(found["indent"]) + 1
    return tuple(path)


def _dotted(root: str, symbols: Symbols) -> Iterator[Item]:
    kind = ROOTS[root]
    working = _working(symbols) if root == "results" else None
    for item in _names(kind, symbols):
        if working is None or item.text in working:
            yield item


def _working(symbols: Symbols) -> set[str]:
    """The states that have a result."""
    return {
        str(mention.path[-2])
        for mention in symbols.mentions
        if mention.path[-1] in ("run", "call") and "states" in mention.path[:1]
    }


def _roots() -> Iterator[Item]:
    for root in dict.fromkeys([*ROOTS, *BUILT_IN]):
        yield Item(root, "root")
    for name in sorted(FUNCTIONS):
        yield Item(name, "function", insert=f"{name}(")


def _names(kind: Kind, symbols: Symbols) -> Iterator[Item]:
    for name in symbols.names(kind):
        declared = symbols.declaration(kind, name)
        yield Item(name, kind, summary(symbols, declared) if declared is not None else "")


def _values(around: Path, key: str, symbols: Symbols) -> Iterator[Item]:
    """What may be the value of a key, or an item of its list."""
    kind = _NAMED.get(key)
    words = words_at((*around, key))
    if kind is not None and not words:
        yield from _names(kind, symbols)
        if key in ("to", "then"):
            yield from (Item(word, "word") for word in SPECIAL)
    elif key == "type" or around[-1:] in (("slots",), ("vars",), ("inputs",)):
        yield from (Item(word, "word") for word in _TYPES)
    elif words:
        yield from (Item(word, "word") for word in words)
    elif key in _COMPUTED or _COMPUTED & set(map(str, around[-1:])):
        yield from _roots()


def _keys(around: Path, before: str, symbols: Symbols) -> Iterator[Item]:
    inner = _braced(around, before)
    if inner[-1:] == ("handle",):
        yield from _events(symbols)
        return
    if inner[-2:-1] in (("collect",), ("clear",), ("fills",), ("resets",), ("tools",)):
        yield from _names(_NAMED[str(inner[-2])], symbols)
        return
    for key, schema in keys_at(inner).items():
        if not schema.get("doNotSuggest"):
            yield Item(key, "key", str(schema.get("description", "")), insert=f"{key}: ")


def _braced(around: Path, before: str) -> Path:
    """The path with the keys of braces that are open on this line."""
    opened: list[str] = []
    plain = re.sub(r"\"[^\"]*\"|'[^']*'|\{\{.*?\}\}", "", before)
    for sign in re.finditer(r"(?:([\w.*#]+)\s*:\s*)?\{|\}", plain):
        if sign[0] != "}":
            opened.append(sign[1] or "")
        elif opened:
            opened.pop()
    return (*around, *filter(None, opened))


def _events(symbols: Symbols) -> Iterator[Item]:
    for name, parts in EVENTS.items():
        yield Item(name, "event", insert=f"{name}: ")
        # Keys of a telephone are many and obvious.
        for part in parts or () if name != "dtmf" else ():
            yield Item(f"{name}.{part}", "event", insert=f"{name}.{part}: ")
    for kind in ("intent", "timer", "tool"):
        for name in symbols.names(kind):
            yield Item(f"{kind}.{name}", "event", insert=f"{kind}.{name}: ")
    for name in symbols.names("slot"):
        yield Item(f"invalid.{name}", "event", insert=f"invalid.{name}: ")


def _computed_line(around: Path, before: str) -> bool:
    key = re.match(r"^\s*(?:- +)*([\w.]+)\s*:\s", before)
    return key is not None and (key[1] in _COMPUTED or bool(_COMPUTED & set(map(str, around[-1:]))))
