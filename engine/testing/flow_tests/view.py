"""What happened, as people read it: one line for each thing a listener would notice."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from engine.core.step import Deadline, Note, Step
from engine.effects import (
    CallTool,
    Effect,
    HangUp,
    PlayFile,
    ReportError,
    Say,
    StopSpeech,
    Transfer,
)
from engine.events import (
    AppEventReceived,
    Event,
    KeyPressed,
    ServiceFailed,
    SpeechStarted,
    TextReceived,
    ToolReturned,
    TranscriptReceived,
    TransferEnded,
)
from engine.testing.flow_tests.staged import event_name


def lines_of(step: Step) -> Iterator[str]:
    """Give the lines of one step: instant in seconds, who, what."""
    told = [*_cause(step.cause), *_notes(step.notes), *_moves(step), *_effects(step.effects)]
    for who, what in told:
        yield f"{step.at / 1000:9.3f}  {who:<7}{what}"


def _cause(cause: Event | Deadline) -> Iterator[tuple[str, str]]:
    match cause:
        case Deadline(name=name):
            kind, _, subject = name.partition(":")
            if kind in ("silence", "timer", "tool", "transfer", "limit"):
                told = {"silence": "nobody speaks", "tool": f"{subject} took too long"}
                yield "time", told.get(kind, name)
        case TextReceived(text=text) | TranscriptReceived(text=text, final=True):
            yield "caller", f'"{text}"'
        case SpeechStarted():
            yield "caller", "begins to speak"
        case KeyPressed(key=key):
            yield "caller", f"key {key}"
        case AppEventReceived():
            yield "event", event_name(cause)
        case ServiceFailed(service=service, message=message):
            yield "event", f"error.{service}: {message}"
        case ToolReturned(call=call, value=value, error=error):
            yield "tool", f"{call} -> {value if error is None else f'error: {error}'}"
        case TransferEnded(error=error):
            yield "tool", "transferred" if error is None else f"transfer failed: {error}"


def _notes(notes: tuple[Note, ...]) -> Iterator[tuple[str, str]]:
    for note in notes:
        if note.kind == "slots":
            yield "heard", pairs(note.data)
        elif note.kind in ("no_match", "no_input"):
            yield "heard", f"{note.kind}, {note.data.get('count')} in {note.data.get('state')}"
        elif note.kind in ("blocked", "backchannel", "interrupted"):
            yield "note", note.kind


def _moves(step: Step) -> Iterator[tuple[str, str]]:
    for move in step.moves:
        if move.machine == "dialog":
            way = f"{move.old} -> {move.new}" if move.old else move.new
            yield "state", f"{way}  ({move.because})"


def _effects(effects: tuple[Effect, ...]) -> Iterator[tuple[str, str]]:
    for effect in effects:
        match effect:
            case PlayFile(file=file):
                yield "agent", f"plays {file}"
            case Say(text=text):
                yield "agent", f'"{text}"'
            case StopSpeech():
                yield "agent", "is cut"
            case CallTool(call=call, tool=tool, args=args, sensitive=hidden):
                shown = {name: "***" if name in hidden else value for name, value in args.items()}
                yield "tool", f"{call} {tool}({pairs(shown)})"
            case Transfer(to=to):
                yield "agent", f"transfers to {to}"
            case HangUp(reason=reason):
                yield "agent", f"hangs up ({reason})"
            case ReportError(name=name, message=message):
                yield "error", f"{name}: {message}"


def pairs(data: Mapping[str, Any]) -> str:
    """`size=4, date=2026-05-02`."""
    return ", ".join(f"{name}={value}" for name, value in data.items())
