"""The parts of a flow's control structure: states, groups, and the ways between them."""

from __future__ import annotations

from dataclasses import dataclass

from engine.flow.diagnostics import Path
from engine.flow.model import State, Transition

FLOW = ""
"""The name of the outermost scope."""

SPECIAL = ("STAY", "REPEAT", "RESUME", "BACK", "END")
"""Targets that are no states."""


@dataclass(frozen=True, slots=True, eq=False)
class Place:
    """A state or a group."""

    name: str
    path: Path
    state: State
    groups: tuple[str, ...]
    """The groups around it, outermost first."""

    @property
    def is_group(self) -> bool:
        """It holds states, and is never where a conversation is."""
        return self.state.states is not None

    @property
    def scopes(self) -> tuple[str, ...]:
        """Whose handlers apply, innermost first; the flow last."""
        return (self.name, *reversed(self.groups), FLOW)


@dataclass(frozen=True, slots=True, eq=False)
class Way:
    """One transition and where it is written."""

    scope: str
    """The state or group it belongs to; `FLOW` for the flow's handlers."""
    event: str
    """The event of the handler; empty for an entry of `then`."""
    index: int
    path: Path
    """Of the map, or of the bare id."""
    to_path: Path
    """Of the target."""
    transition: Transition
