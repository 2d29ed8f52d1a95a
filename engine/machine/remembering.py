"""How much of the call a model that talks is told: `history` of flow, groups and state."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from engine.flow.model import HistoryLimit, Pipeline


@dataclass(frozen=True, slots=True, kw_only=True)
class HistoryPolicy:
    """What is older is left out. Without limits the engine's own holds."""

    fresh: bool = False
    """Only what was said since the caller's turn that led into the state."""
    summary: bool = False
    """What is older than the latest messages is summed up by the model."""
    max_items: int | None = None
    """Messages and tool calls."""
    max_tokens: int | None = None
    """About so many; the latest message always stays."""


def history_policy(pipelines: Iterable[Pipeline | None]) -> HistoryPolicy:
    """Return the innermost `history` of these, outermost first, as a whole: it is one choice."""
    chosen = HistoryPolicy()
    for pipeline in pipelines:
        written = pipeline.history if pipeline is not None else None
        if isinstance(written, HistoryLimit):
            chosen = HistoryPolicy(max_items=written.max_items, max_tokens=written.max_tokens)
        elif written is not None:
            chosen = HistoryPolicy(fresh=written == "fresh", summary=written == "summary")
    return chosen
