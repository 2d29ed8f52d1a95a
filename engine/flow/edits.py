"""Edits by span: the text around them stays as it is, comments and layout included."""

from __future__ import annotations

from collections.abc import Iterable

from engine.flow.diagnostics import Edit
from engine.flow.source import Source


def apply_edits(source: Source, edits: Iterable[Edit]) -> str:
    """The text of a source with the edits made. Of two that overlap the first to begin wins."""
    text, at = source.text, 0
    pieces: list[str] = []
    for start, end, new in sorted((*source.offsets(edit.span), edit.text) for edit in edits):
        if start < at:
            continue
        pieces += [text[at:start], new]
        at = end
    return "".join([*pieces, text[at:]])
