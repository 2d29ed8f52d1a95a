"""An edit that takes a declaration out of its map."""

from __future__ import annotations

import re

from engine.flow.diagnostics import Edit, Fix, Path
from engine.flow.source import Source

_FILLED = re.compile(r"[^ \t\r\n]")


def removal(source: Source, path: Path) -> Fix | None:
    """Remove the key at `path` with its value; None where its map would be empty or unclear.

    It is a guess: the name may be misspelt where it is used, or its use is still to be written.
    """
    entry, owner = source.entry(path), source.node(path[:-1])
    if entry is None or owner is None or len(owner.entries) < 2 or entry.merged:
        return None
    # The value of an alias stands elsewhere, and so may the map itself.
    if not owner.start <= entry.key.start <= entry.value.start <= owner.end:
        return None
    start, end = entry.key.start, max(entry.value.end, entry.key.end + 1)
    following = owner.entries[1].key.start if entry is owner.entries[0] else 0
    if owner.style == "flow":
        start, end = _inside_braces(source.text, start, end)
    elif following > end and _behind_dash(source.text, start):
        end = following
    else:
        start, end = _lines(source.text, start, end)
    if end <= start or "#" in source.text[start:end] or "&" in source.text[start:end]:
        # A comment may be about something else, and an anchor may be used elsewhere.
        return None
    return Fix(f"remove `{entry.name}`", (Edit(source.at(start, end), ""),))


def _inside_braces(text: str, start: int, end: int) -> tuple[int, int]:
    """With the comma after it, or for the last entry the one before it."""
    after = _FILLED.search(text, end)
    if after is not None and after[0] == ",":
        following = _FILLED.search(text, after.end())
        return start, following.start() if following is not None else after.end()
    before = text.rfind(",", 0, start)
    return (before, end) if text[before + 1 : start].strip() == "" else (start, start)


def _behind_dash(text: str, start: int) -> bool:
    """`- a: 1`: the next key of the map moves up to the dash."""
    before = text[text.rfind("\n", 0, start) + 1 : start]
    return bool(before.strip()) and not before.replace("-", " ").strip()


def _lines(text: str, start: int, end: int) -> tuple[int, int]:
    """Whole lines; nothing where the key shares its line with something else (`- a: 1`)."""
    begin = text.rfind("\n", 0, start) + 1
    stop = text.find("\n", end)
    stop = len(text) if stop < 0 else stop + 1
    alone = not text[begin:start].strip() and not text[end:stop].strip()
    return (begin, stop) if alone else (start, start)
