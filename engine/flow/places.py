"""What the readers of a tree need of a source: its text, and spans for offsets."""

from __future__ import annotations

from typing import Protocol

from engine.flow.diagnostics import Span


class Places(Protocol):
    """A text whose offsets have spans."""

    text: str

    def at(self, start: int, end: int | None = None) -> Span:
        """The span between two offsets."""
        ...
