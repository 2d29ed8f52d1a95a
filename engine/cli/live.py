"""A call as it happens, one line per thing a listener would notice. A fold over steps, masked."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from engine.core.step import Move, Note, Step
from engine.effects import (
    CallTool,
    Effect,
    HangUp,
    PauseSpeech,
    ReportError,
    ResumeSpeech,
    Say,
    StopSpeech,
    Transfer,
)
from engine.events import (
    KeyPressed,
    ParticipantJoined,
    ParticipantLeft,
    PlayoutStarted,
    TextReceived,
    ToolReturned,
    TranscriptReceived,
)
from engine.observe.personal import Redactor

HEADER = f"{'seconds':>8}  {'user':<10}{'agent':<10}{'dialog':<12}"


class LiveView:
    """Turns steps into lines: instant, the three states, and what happened."""

    def __init__(self) -> None:
        self._redactor = Redactor()
        self._lines: dict[str, str] = {}
        self._calls: dict[str, str] = {}

    def lines(self, step: Step) -> Iterator[str]:
        """Give the lines of one step; none for what nobody would notice."""
        step = self._redactor.step(step)
        happened = [*self._event(step), *self._notes(step.notes), *self._effects(step.effects)]
        if not happened and step.moves:
            happened = [_moved(step.moves)]
        states = step.states
        agent = f"{states.agent}{'*' if states.paused else ''}"
        for text in happened:
            yield (f"{step.at / 1000:8.3f}  {states.user:<10}{agent:<10}{states.dialog:<12}{text}")

    def _event(self, step: Step) -> Iterator[str]:
        match step.cause:
            case TranscriptReceived(final=True, text=text, accepted=accepted) if text:
                yield f'caller  "{text}"' + ("" if accepted else "  (not sure)")
            case TextReceived(text=text):
                yield f'caller  "{text}"  (typed)'
            case KeyPressed(key=key):
                yield f"caller  key {key}"
            case PlayoutStarted(utterance=utterance) if utterance in self._lines:
                yield f'agent   "{self._lines[utterance]}"'
            case ToolReturned(call=call, value=value, error=error):
                yield f"tool    {self._calls.get(call, call)} -> {error or value}"
            case ParticipantJoined(participant=who):
                yield f"room    {who} joined"
            case ParticipantLeft(participant=who, reason=reason):
                yield f"room    {who} left ({reason})"

    def _notes(self, notes: tuple[Note, ...]) -> Iterator[str]:
        for note in notes:
            match note.kind:
                case "slots":
                    yield f"slots   {_pairs(note.data)}"
                case "heard" if note.data.get("interrupted"):
                    yield f'heard   "{note.data.get("text", "")} ..."'
                case "backchannel" | "blocked" | "no_match" | "no_input":
                    yield f"note    {note.kind.replace('_', ' ')} {_pairs(note.data)}".rstrip()

    def _effects(self, effects: tuple[Effect, ...]) -> Iterator[str]:
        stopped = any(isinstance(effect, StopSpeech) for effect in effects)
        for effect in effects:
            match effect:
                case Say(utterance=utterance, text=text):
                    self._lines[utterance] = text
                case CallTool(call=call, tool=tool, args=args):
                    self._calls[call] = tool
                    yield f"tool    {tool}({_pairs(args)})"
                case PauseSpeech():
                    yield "agent   pauses: the caller speaks"
                case ResumeSpeech() if not stopped:  # else it only frees the track for what follows
                    yield "agent   goes on at the same sample"
                case StopSpeech():
                    yield "agent   interrupted"
                case Transfer(to=to):
                    yield f"agent   transfers to {to}"
                case HangUp(reason=reason):
                    yield f"room    the agent hangs up ({reason})"
                case ReportError(name=name, message=message):
                    yield f"error   {name}: {message}"


def _moved(moves: tuple[Move, ...]) -> str:
    return "        " + ", ".join(f"{m.machine} {m.old} -> {m.new}" for m in moves)


def _pairs(data: Any) -> str:
    return ", ".join(f"{name}={value}" for name, value in dict(data).items())
