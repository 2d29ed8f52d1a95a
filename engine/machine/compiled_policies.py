"""What holds in a state besides its verb: who may interrupt, how it listens, who serves in it."""

from __future__ import annotations

from typing import Any, Literal

from engine.events import Millis
from engine.flow.templates import Template
from engine.records import record


@record
class InterruptionPolicy:
    """Who may interrupt the agent, and how. Effective for one state, or for one line."""

    allow: bool = True
    mode: Literal["vad", "stt", "hybrid"] = "hybrid"
    min_time: Millis = 500
    min_words: int = 2
    min_confidence: float = 0.0
    phrases: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    blocked: Literal["keep", "discard"] = "keep"
    false_alarm_pause: Millis = 2_000
    false_alarm_resume: bool = True
    fade: Millis = 0
    echo_guard: Millis = 0
    """For so long after the agent begins to speak voice alone does not count."""
    thinking: InterruptionPolicy | None = None
    """The profile while the reply is not yet audible; None: this one."""


@record
class ListenPolicy:
    """When a turn is over, and what silence and noise lead to. Effective for one state."""

    end_of_turn: Literal["fixed", "adaptive", "dynamic"] = "adaptive"
    min_wait: Millis = 500
    max_wait: Millis = 800
    threshold: float = 0.75
    silence: Millis = 6_000
    transcript_timeout: Millis = 2_000
    max_turn: Millis = 60_000
    no_input: tuple[Template, ...] = ()
    no_match: tuple[Template, ...] = ()
    accept: tuple[Literal["speech", "dtmf"], ...] = ("speech", "dtmf")
    preempt: Literal["none", "model"] = "model"
    """What is begun before a turn is surely over: nothing, or what a model must be asked."""


@record
class Component:
    """A provider that a state or group has of its own."""

    kind: str
    """`stt`, `llm` or `tts`."""
    options: Any
    """`{"use": NAME, ...}`, or a list of such in the order of fallback."""
