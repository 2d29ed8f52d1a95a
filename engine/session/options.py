"""What a session is given beside its flow, its room and its providers, and what comes of it."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from engine.core.context import Context
from engine.core.step import Step
from engine.observe.metrics import CallMetrics
from engine.pipeline.data import plain_map
from engine.pipeline.floor import FloorPolicy
from engine.session.dispatch import TransferDesk
from engine.session.given import instant, text_of, whole

JOIN_TIMEOUT = 90.0
"""Seconds an empty room waits for its first participant: a browser that asks for the microphone
takes some, a page that was closed in between never comes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionOptions:
    """What a call may be given beside its flow, its room and its providers.

    Raises:
        ValueError: what the journal must hold (`seed`, `started_at`, `caller`, `inputs`, `source`)
            cannot be written down; says which part, and why.
    """

    seed: int = 0
    started_at: str | None = None
    """Wall time of instant 0, ISO 8601 with offset; None: the clock's, when the call begins."""
    caller: str = ""
    inputs: Mapping[str, Any] = field(default_factory=dict)
    """What the flow is handed in: anything a tool may return, taken as what it is in JSON."""
    functions: Mapping[str, Callable[..., Any]] = field(default_factory=dict)
    """Tools by their `use` string; they win over the import path."""
    desk: TransferDesk | None = None
    """Carries out transfers; None: this room has no way to transfer a call."""
    environment: Mapping[str, str] = field(default_factory=lambda: os.environ)
    """Where a transfer target written as `$NAME` finds its value."""
    join_timeout: float = JOIN_TIMEOUT
    reconnect_grace: float = 0.0
    """Seconds a caller whose connection was lost may take to come back; 0: the call is over."""
    floor: FloorPolicy = "first_speaker"
    """Who of several participants is listened to: whoever speaks first, or all of them mixed."""
    source: str = ""
    """Path of the flow file; the journal names it, so that a replay finds the flow."""
    steps_kept: int | None = 300
    """The latest steps a session remembers, some thirty turns; None: all. The journal, a keeper and
    `on_step` get every one."""

    def __post_init__(self) -> None:
        """Take what is journalled as the journal has it: a replay is given no more than that."""
        taken = {
            "seed": whole(self.seed, "seed"),
            "started_at": None if self.started_at is None else instant(self.started_at),
            "caller": text_of(self.caller, "caller"),
            "inputs": plain_map(self.inputs, "inputs"),
            "source": text_of(self.source, "source"),
        }
        for name, value in taken.items():
            object.__setattr__(self, name, value)


@dataclass(frozen=True, slots=True, kw_only=True)
class CallResult:
    """How a call went."""

    reason: str
    """Why it ended."""
    kind: Literal["hangup", "leave"]
    steps: tuple[Step, ...]
    """The latest `SessionOptions.steps_kept`; the figures in `metrics` are those of all."""
    history: Context
    """What was said and heard, and what models asked for, in order."""
    metrics: CallMetrics
    failure: str | None = None
    """Set when the call could not even begin: a provider or the room did not open."""
