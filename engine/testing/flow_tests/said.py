"""What is kept of a call for those who look at it: the lines of the agent, the calls of tools."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from engine.events import Millis


@dataclass(slots=True)
class Line:
    """A line of the agent."""

    utterance: str
    text: str
    at: Millis
    purpose: str
    whole: bool | None = None
    """Whether it was played to its end; None: it is not over."""


@dataclass(frozen=True, slots=True)
class Called:
    """A tool call."""

    tool: str
    args: Mapping[str, Any]
    at: Millis
