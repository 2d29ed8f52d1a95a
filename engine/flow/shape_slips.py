"""Slips of punctuation that YAML reads as keys: a blank, a colon or quotes are missing (TW101)."""

from __future__ import annotations

import re
from dataclasses import dataclass

from engine.flow.diagnostics import Diagnostic, Edit, Fix, Path, Related
from engine.flow.nodes import Entry
from engine.flow.shape_words import place
from engine.flow.source import Source
from engine.flow.yaml_tokens import quoted

_LISTS = ("collect", "fills", "tools", "intents", "clear", "resets", "phrases", "ignore", "words")
_NAMES = ("to", "then", "start", "run", "call", "end", "type", "use", "at")
"""Keys whose value is one word: nothing was cut off there."""


@dataclass(frozen=True, slots=True)
class CutOff:
    """A text that a comma cut into keys."""

    finding: Diagnostic
    keys: tuple[str, ...]
    """All that were cut off; one finding tells of them."""


def cut_off(source: Source, path: Path) -> CutOff | None:
    """`{say: Hello, my friend, to: bye}`: inside braces, a comma ends an unquoted text."""
    owner = source.node(path[:-1])
    entries = [] if owner is None or owner.style != "flow" else owner.entries
    at = next((n for n, entry in enumerate(entries) if entry.name == path[-1]), 0)
    if not at or not _bare(entries[at]) or not _is_plain_text(entries[at - 1]):
        return None
    whole, last = entries[at - 1], at
    if whole.name in _NAMES:
        return None
    while last + 1 < len(entries) and _bare(entries[last + 1]):
        last += 1
    start, end = whole.value.start, entries[last].key.end
    listed = whole.name in _LISTS
    text = f"[{source.text[start:end]}]" if listed else quoted(source.text[start:end])
    title = "write a list" if listed else "put the whole text in quotes"
    return CutOff(
        Diagnostic(
            code="TW101",
            message=f"`{path[-1]}` is read as a key in {place(path[:-1], source.data)}: "
            f"inside `{{}}`, a `,` ends the {'value' if listed else 'text'} before it",
            span=source.at(entries[at].key.start, end),
            label=f"meant to be part of `{whole.name}`",
            help=f"{title}: {text}",
            related=(
                Related(
                    source.at(start, whole.value.end),
                    f"the {'value' if listed else 'text'} ends here",
                ),
            ),
            where=path,
            fix=Fix(title, (Edit(source.at(start, end), text),)),
        ),
        tuple(entry.name for entry in entries[at : last + 1]),
    )


def is_cut(source: Source, path: Path) -> bool:
    """Whether the value at a path is what a comma left of it; `cut_off` tells of it then."""
    owner = source.node(path[:-1]) if path else None
    entries = [] if owner is None or owner.style != "flow" else owner.entries
    after = next((n for n, entry in enumerate(entries, 1) if entry.name == path[-1]), 0)
    return (
        0 < after < len(entries) and cut_off(source, (*path[:-1], entries[after].name)) is not None
    )


def _bare(entry: Entry) -> bool:
    """A key without a colon."""
    return entry.key.style == "plain" and entry.value.start == entry.value.end


def _is_plain_text(entry: Entry) -> bool:
    value = entry.value
    return value.kind == "scalar" and value.style == "plain" and value.end > value.start


def glued(source: Source, path: Path, known: list[str]) -> Diagnostic | None:
    """`{say:hello}`, `{say "hello"}`: a key and its value that YAML reads as one text."""
    key = str(path[-1])
    found = re.match(r"([A-Za-z_]+)(?::|:?\s+)(\S.*)", key, re.DOTALL)
    if found is None or found[1] not in known or not _is_nothing(source, path):
        return None
    span = source.key_span(path)
    written = f"{found[1]}: {found[2]}"
    return Diagnostic(
        code="TW101",
        message=f"unknown key `{key}` in {place(path[:-1], source.data)}: it is no `{found[1]}`",
        span=span,
        label="expected a blank after the `:`" if key[len(found[1])] == ":"
        else f"expected `:` after `{found[1]}`",
        help=f"write `{written}`",
        where=path,
        fix=Fix(f"write `{written}`", (Edit(span, written),)),
    )  # fmt: skip


def _is_nothing(source: Source, path: Path) -> bool:
    node = source.node(path)
    return node is not None and node.kind == "scalar" and node.start == node.end
