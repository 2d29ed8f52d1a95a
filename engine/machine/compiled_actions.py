"""What transitions, entries and exits do; imported from `engine.machine.compiled`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from typing import Any, Literal, TypeAlias

from engine.flow.expressions import Expression
from engine.flow.templates import Template
from engine.records import record


@record
class PolicyChange:
    """What one line says about being interrupted; the rest is its state's."""

    keys: Mapping[str, Any] = field(default_factory=dict)
    """Fields of `InterruptionPolicy`."""
    thinking: Mapping[str, Any] = field(default_factory=dict)
    """Likewise, of its profile for the time before the line is audible."""


@record
class SayAction:
    """Speak a line."""

    text: Template
    change: PolicyChange | None = None


@record
class PlayAction:
    """Play an audio file."""

    file: str
    """Relative to the folder of the flow that is run, of whichever flow it stands in."""
    change: PolicyChange | None = None


@record
class SendKeysAction:
    """Press keys of the telephone."""

    keys: Template


@record
class SetAction:
    """Assign: `root` is `slots` or `vars`."""

    root: Literal["slots", "vars"]
    name: str
    value: Expression


@record
class ClearAction:
    """Empty these slots or variables."""

    names: tuple[str, ...]


@record
class EmitAction:
    """Raise an internal event, handled before any external one."""

    event: str


@record
class LogAction:
    """Leave a line in the timeline."""

    text: Template


Action: TypeAlias = (
    SayAction | PlayAction | SetAction | ClearAction | EmitAction | SendKeysAction | LogAction
)
