"""Figures of a call, folded from its steps.

Response latency is what the caller feels: from the end of their speech (its edge, not the instant
it was found) to the first sample of the reply. Interruption latency is from the start of the
caller's speech to the order that silences the agent, for speech that turned out to interrupt.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from engine.core.step import Deadline, Step
from engine.effects import CallTool, PauseSpeech, ReportError, Say, StopSpeech
from engine.events import (
    Event,
    KeyPressed,
    Millis,
    PlayoutFinished,
    PlayoutStarted,
    SpeechEnded,
    SpeechStarted,
    TextReceived,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Latency:
    """A set of measured latencies, in milliseconds, in the order of the call."""

    values: tuple[Millis, ...] = ()

    @property
    def p50(self) -> Millis | None:
        """The median; None when nothing was measured."""
        return percentile(self.values, 50)

    @property
    def p95(self) -> Millis | None:
        """The value that 95 of 100 do not exceed; None when nothing was measured."""
        return percentile(self.values, 95)


@dataclass(frozen=True, slots=True, kw_only=True)
class CallMetrics:
    """The figures of one call."""

    duration: Millis
    """Instant of the last step."""
    user_turns: int
    agent_turns: int
    interruptions: int
    false_alarms: int
    """Pauses of the agent that turned out to be no interruption."""
    no_match: int
    no_input: int
    tool_calls: int
    errors: int
    response: Latency
    interruption: Latency


def percentile(values: Sequence[Millis], percent: int) -> Millis | None:
    """Return the nearest-rank percentile: always a value that was really measured."""
    if not values:
        return None
    return sorted(values)[max(0, math.ceil(len(values) * percent / 100) - 1)]


def measure(steps: Iterable[Step]) -> CallMetrics:
    """Fold a call's steps into its figures."""
    figures = Figures()
    for step in steps:
        figures.take(step)
    return figures.result()


class Figures:
    """The figures of a call while it goes on."""

    def __init__(self) -> None:
        self._last: Millis = 0
        self._notes: dict[str, int] = {}
        self._agent_turns = 0
        self._agent_turn = ""
        self._tools = 0
        self._errors = 0
        self._response = _ResponseClock()
        self._interruption = _InterruptionClock()

    def take(self, step: Step) -> None:
        """Take the next step of the call."""
        self._last = step.at
        for note in step.notes:
            self._notes[note.kind] = self._notes.get(note.kind, 0) + 1
        for effect in step.effects:
            if isinstance(effect, Say) and effect.turn != self._agent_turn:
                self._agent_turn = effect.turn  # its lines come one after the other
                self._agent_turns += 1
            self._tools += isinstance(effect, CallTool)
            self._errors += isinstance(effect, ReportError)
        self._response.take(step)
        self._interruption.take(step)

    def result(self) -> CallMetrics:
        """Return what the steps so far come to."""
        count = self._notes.get
        return CallMetrics(
            duration=self._last,
            user_turns=count("turn", 0),
            agent_turns=self._agent_turns,
            interruptions=count("interrupted", 0),
            false_alarms=count("resumed", 0),
            no_match=count("no_match", 0),
            no_input=count("no_input", 0),
            tool_calls=self._tools,
            errors=self._errors,
            response=Latency(values=tuple(self._response.values)),
            interruption=Latency(values=tuple(self._interruption.values)),
        )


class _ResponseClock:
    """Runs from the end of a user's speech to the first sample of what was said in reply."""

    def __init__(self) -> None:
        self.values: list[Millis] = []
        self._spoke: Millis | None = None
        self._since: Millis | None = None
        self._replies: set[str] = set()

    def take(self, step: Step) -> None:
        cause = step.cause
        if isinstance(cause, SpeechEnded):
            self._spoke = cause.edge
        elif isinstance(cause, TextReceived):
            self._spoke = cause.at
        elif isinstance(cause, PlayoutStarted):
            self._started(cause)
        if any(note.kind == "turn" for note in step.notes) and self._spoke is not None:
            self._since, self._replies = self._spoke, set()
        if self._since is not None:
            self._replies |= {e.utterance for e in step.effects if isinstance(e, Say)}

    def _started(self, event: PlayoutStarted) -> None:
        if self._since is not None and event.utterance in self._replies:
            self.values.append(event.at - self._since)
            self._since = None


class _InterruptionClock:
    """Runs from the start of a user's speech to the order that holds or stops the agent."""

    def __init__(self) -> None:
        self.values: list[Millis] = []
        self._audible: str | None = None
        self._edge: Millis | None = None
        self._held: Millis | None = None

    def take(self, step: Step) -> None:
        self._event(step.cause)
        kinds = {note.kind for note in step.notes}
        if self._held is None and self._edge is not None and self._silenced(step):
            self._held = step.at - self._edge
        if "interrupted" in kinds and self._held is not None:
            self.values.append(self._held)
        if kinds & {"interrupted", "resumed", "turn", "no_turn"}:
            self._edge = self._held = None

    def _event(self, cause: Event | Deadline) -> None:
        if isinstance(cause, SpeechStarted):
            self._edge, self._held = cause.edge, None
        elif isinstance(cause, TextReceived | KeyPressed):
            self._edge = self._held = None  # it is not the voice that interrupts now
        elif isinstance(cause, PlayoutStarted):
            self._audible = cause.utterance
        elif isinstance(cause, PlayoutFinished):
            self._audible = None

    def _silenced(self, step: Step) -> bool:
        """Tell whether this step takes an audible line away from the caller's ears."""
        if self._audible is None:
            return False
        return any(
            isinstance(effect, PauseSpeech)
            or (isinstance(effect, StopSpeech) and self._audible in effect.utterances)
            for effect in step.effects
        )
