"""What calls or tests have visited of a flow, to be shown on its drawing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class Overlay:
    """How often states were entered and transitions fired; what is missing was not."""

    states: Mapping[str, int] = field(default_factory=dict)
    transitions: Mapping[str, int] = field(default_factory=dict)
    """By the id of the transition: `check.then[1]`, `flow.handle.no_match[0]`."""
    title: str = ""
    """What was visited, in a few words."""
