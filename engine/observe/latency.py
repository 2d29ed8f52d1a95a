"""Where the time between the caller's last sound and the agent's first one went, turn by turn.

The interval is cut at the instants of the steps in it; each piece belongs to what the call waited
for during it. So the stages of a turn sum to its response latency, to the millisecond, and those
latencies are the ones of `metrics`.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal, TypeAlias

from engine.core.step import Note, Step
from engine.effects import (
    CallTool,
    CancelReply,
    CancelUnderstanding,
    Say,
    StartReply,
    Understand,
)
from engine.events import (
    Event,
    Millis,
    PlayoutStarted,
    ReplyFinished,
    ServiceFailed,
    SpeechEnded,
    SpeechStarted,
    TextReceived,
    ToolReturned,
    TranscriptReceived,
    Understood,
)

Stage: TypeAlias = Literal[
    "silence", "recognition", "end of turn", "understanding", "model", "tool", "voice", "playout"
]

STAGES: dict[Stage, str] = {
    "silence": "until the end of speech was certain",
    "recognition": "until the recogniser gave its final words",
    "end of turn": "until the turn was taken to be over",
    "understanding": "until the conversation had decided",
    "model": "waiting for the language model",
    "tool": "waiting for a tool",
    "voice": "until the voice gave its first sound",
    "playout": "until that sound went out",
}
"""What each stage waits for, in the order in which they follow each other."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Response:
    """How long the agent took to answer one turn of the caller."""

    turn: str
    text: str
    spoke: Millis
    """Instant of the caller's last sound, or of the typed turn."""
    heard: Millis
    """Instant of the first sample of the answer."""
    utterance: str
    stages: tuple[tuple[Stage, Millis], ...]
    """Those that took time, in their order; they sum to `total`."""

    @property
    def total(self) -> Millis:
        """From the caller's last sound to the agent's first."""
        return self.heard - self.spoke


def responses(steps: Iterable[Step]) -> tuple[Response, ...]:
    """Fold a call's steps into its response latencies; turns without an answer have none."""
    fold = _Fold()
    for step in steps:
        fold.take(step)
    return tuple(fold.found)


class _Clock:
    """Runs from the end of one stretch of speech; remembers what each piece was spent on."""

    def __init__(self, spoke: Millis, *, recognised: bool) -> None:
        self.spoke = self._reached = spoke
        self.recognised = recognised
        self.turn: Note | None = None
        self.replies: set[str] = set()
        self._pieces: dict[Stage, Millis] = {}

    def until(self, at: Millis, stage: Stage) -> None:
        if at > self._reached:
            self._pieces[stage] = self._pieces.get(stage, 0) + at - self._reached
            self._reached = at

    def stages(self) -> tuple[tuple[Stage, Millis], ...]:
        return tuple((stage, self._pieces[stage]) for stage in STAGES if stage in self._pieces)


class _Fold:
    """Keeps two clocks: of speech that is no turn yet, and of the turn that waits for its answer.

    Both may run: a caller who says "uh-huh" while the answer is made does not start it anew.
    """

    def __init__(self) -> None:
        self.found: list[Response] = []
        self._open: _Clock | None = None
        self._taken: _Clock | None = None
        self._tools: set[str] = set()
        self._models: set[str] = set()
        self._recognised = False
        """The words of the latest stretch came before its end was certain."""

    def take(self, step: Step) -> None:
        cause = step.cause
        if isinstance(cause, PlayoutStarted):
            self._audible(cause)
        for clock in (self._open, self._taken):
            if clock is not None:
                clock.until(step.at, self._waiting_for(clock))
        if isinstance(cause, Event):
            self._heard(cause)
        for note in step.notes:
            if note.kind == "turn" and self._open is not None:
                self._taken, self._open = self._open, None
                self._taken.turn = note
        self._orders(step)

    def _waiting_for(self, clock: _Clock) -> Stage:
        if clock.turn is None:
            return "end of turn" if clock.recognised else "recognition"
        if clock.replies:
            return "voice"
        if self._tools:
            return "tool"
        return "model" if self._models else "understanding"

    def _heard(self, cause: Event) -> None:
        match cause:
            case SpeechStarted():
                self._recognised = False
            case SpeechEnded(edge=edge, at=at):
                self._open = _Clock(edge, recognised=self._recognised)
                self._open.until(at, "silence")
            case TextReceived(at=at):
                self._open = _Clock(at, recognised=True)
            case TranscriptReceived(final=True):
                self._recognised = True
                if self._open is not None:
                    self._open.recognised = True
            case ToolReturned(call=call):
                self._tools.discard(call)
            case Understood(turn=subject) | ReplyFinished(reply=subject):
                self._models.discard(subject)
            case ServiceFailed(subject=subject):
                self._models.discard(subject)
            case _:
                pass

    def _orders(self, step: Step) -> None:
        for effect in step.effects:
            match effect:
                case Say(utterance=utterance) if self._taken is not None:
                    self._taken.replies.add(utterance)
                case CallTool(call=call):
                    self._tools.add(call)
                case Understand(turn=subject) | StartReply(reply=subject):
                    self._models.add(subject)
                case CancelUnderstanding(turn=subject) | CancelReply(reply=subject):
                    self._models.discard(subject)
                case _:
                    pass

    def _audible(self, event: PlayoutStarted) -> None:
        clock = self._taken
        if clock is None or clock.turn is None or event.utterance not in clock.replies:
            return
        if event.ready is not None:
            clock.until(event.ready, "voice")
            clock.until(event.at, "playout")
        clock.until(event.at, "voice")
        response = Response(
            turn=str(clock.turn.data["turn"]),
            text=str(clock.turn.data["text"]),
            spoke=clock.spoke,
            heard=event.at,
            utterance=event.utterance,
            stages=clock.stages(),
        )
        self.found.append(response)
        self._taken = None
