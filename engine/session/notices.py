"""What a program is told of its call, by name: `session.on(name, handler)`. Folded from steps.

Each notice has `name`, and `at`: session milliseconds at which the fact happened (the edge of
speech, for the states of the user).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, ClassVar, Literal

from engine.core.step import Move, Note, Step
from engine.effects import CallTool, CancelTool, HangUp, ReportError, Say
from engine.events import (
    KeyPressed,
    Millis,
    ParticipantJoined,
    ParticipantLeft,
    PlayoutFinished,
    PlayoutStarted,
    TextReceived,
    ToolReturned,
    TranscriptReceived,
)
from engine.records import record


@record
class Notice:
    """The root of all notices."""

    at: Millis
    name: str


@record
class StateChanged(Notice):
    """`agent_state_changed`, `user_state_changed`, `dialog_state_changed`."""

    old: str
    new: str
    cause: str


@record
class Transcript(Notice):
    """`transcript`: words of the caller so far, or all of a stretch of speech."""

    name: str = "transcript"
    speaker: str
    """The participant's id."""
    text: str
    final: bool
    confidence: float = 1.0


@record
class TurnTaken(Notice):
    """`turn`: the caller has said, or typed, a whole turn; the dialog was given it."""

    name: str = "turn"
    turn: str
    text: str
    speaker: str = ""
    """The participant's id, where there have been several."""


@record
class UtteranceNews(Notice):
    """`utterance`: a line of the agent became audible, or is over."""

    name: str = "utterance"
    utterance: str
    state: Literal["started", "finished", "dropped"]
    """`dropped`: nobody will hear it."""
    text: str
    """The line; when it is finished: what was heard of it."""
    interrupted: bool = False
    cause: str = ""
    """Why it was dropped."""


@record
class ToolNews(Notice):
    """`tool`: a tool was called, answered, failed, or nobody waits for it any more."""

    name: str = "tool"
    call: str
    tool: str
    state: Literal["called", "returned", "failed", "cancelled"]
    value: Any = None
    error: str | None = None


@record
class Interruption(Notice):
    """`interruption`: lines were cut, or words over them were taken for no interruption."""

    name: str = "interruption"
    state: Literal["interrupted", "paused", "resumed", "blocked", "backchannel"]
    cause: str = ""
    text: str = ""
    utterances: tuple[str, ...] = ()


@record
class ErrorTold(Notice):
    """`error`: something failed. Never spoken, never shown to a model."""

    name: str = "error"
    error: str
    """`error.llm`, `error.tts`, `error.tool`, `error.handler` ..."""
    message: str
    subject: str = ""


@record
class Key(Notice):
    """`key`: the caller pressed a telephone key."""

    name: str = "key"
    speaker: str
    key: str


@record
class Presence(Notice):
    """`participant`: somebody joined or left."""

    name: str = "participant"
    participant: str
    state: Literal["joined", "left"]
    reason: str = ""
    last: bool = False


@record
class Ended(Notice):
    """`ended`: the call is over."""

    name: str = "ended"
    reason: str
    kind: Literal["hangup", "leave"]


NAMES = (
    "agent_state_changed",
    "user_state_changed",
    "dialog_state_changed",
    "transcript",
    "turn",
    "utterance",
    "tool",
    "interruption",
    "error",
    "key",
    "participant",
    "ended",
)
"""Everything one can be told of."""


@dataclass(slots=True)
class Fold:
    """Turns steps into notices; remembers lines and tools by their ids."""

    lines: dict[str, str] = field(default_factory=dict)
    tools: dict[str, str] = field(default_factory=dict)

    _OVER_A_LINE: ClassVar[tuple[str, ...]] = (
        "interrupted",
        "paused",
        "resumed",
        "blocked",
        "backchannel",
    )

    def of(self, step: Step) -> list[Notice]:
        """Return what the next step of the call means, in order."""
        return [
            *self._cause(step),
            *(_moved(move) for move in step.moves),
            *self._notes(step),
            *self._effects(step),
        ]

    def skip(self, step: Step) -> None:
        """Take a step nobody is told of: only lines and tools that later ones may speak of."""
        if isinstance(step.cause, PlayoutFinished):
            self.lines.pop(step.cause.utterance, None)
        elif isinstance(step.cause, ToolReturned):
            self.tools.pop(step.cause.call, None)
        for effect in step.effects:
            if isinstance(effect, Say):
                self.lines[effect.utterance] = effect.text
            elif isinstance(effect, CallTool):
                self.tools[effect.call] = effect.tool
            elif isinstance(effect, CancelTool):
                self.tools.pop(effect.call, None)

    def _cause(self, step: Step) -> Iterator[Notice]:
        at = step.at
        match step.cause:
            case TranscriptReceived(participant=who, text=text, final=final, confidence=sure):
                yield Transcript(at=at, speaker=who, text=text, final=final, confidence=sure)
            case TextReceived(participant=who, text=text):
                yield Transcript(at=at, speaker=who, text=text, final=True)
            case KeyPressed(participant=who, key=key):
                yield Key(at=at, speaker=who, key=key)
            case ParticipantJoined(participant=who):
                yield Presence(at=at, participant=who, state="joined")
            case ParticipantLeft(participant=who, reason=reason, last=last):
                yield Presence(at=at, participant=who, state="left", reason=reason, last=last)
            case PlayoutStarted(utterance=line) if line in self.lines:
                yield UtteranceNews(at=at, utterance=line, state="started", text=self.lines[line])
            case PlayoutFinished(utterance=line):
                self.lines.pop(line, None)  # its news, if there is any, is in the notes
            case ToolReturned(call=call, value=value, error=error) if call in self.tools:
                state: Literal["returned", "failed"] = "returned" if error is None else "failed"
                tool = self.tools.pop(call)
                yield ToolNews(at=at, call=call, tool=tool, state=state, value=value, error=error)

    def _notes(self, step: Step) -> Iterator[Notice]:
        for note in step.notes:
            data = note.data
            if note.kind == "turn":
                who = str(data.get("speaker", ""))
                yield TurnTaken(at=step.at, turn=data["turn"], text=data["text"], speaker=who)
            elif note.kind in ("heard", "dropped"):
                yield self._line_over(step.at, note)
            elif note.kind in self._OVER_A_LINE:
                yield Interruption(
                    at=step.at,
                    state=note.kind,  # type: ignore[arg-type]  # one of them: see the test above
                    cause=str(data.get("because", data.get("action", ""))),
                    text=str(data.get("text", "")),
                    utterances=tuple(data.get("utterances", ())),
                )

    def _line_over(self, at: Millis, note: Note) -> Notice:
        line, text = note.data["utterance"], note.data["text"]
        self.lines.pop(line, None)
        if note.kind == "dropped":
            return UtteranceNews(
                at=at,
                utterance=line,
                state="dropped",
                text=text,
                interrupted=True,
                cause=str(note.data["because"]),
            )
        cut = not note.data["complete"]
        return UtteranceNews(at=at, utterance=line, state="finished", text=text, interrupted=cut)

    def _effects(self, step: Step) -> Iterator[Notice]:
        at = step.at
        for effect in step.effects:
            match effect:
                case Say():
                    self.lines[effect.utterance] = effect.text
                case CallTool():
                    self.tools[effect.call] = effect.tool
                    yield ToolNews(at=at, call=effect.call, tool=effect.tool, state="called")
                case CancelTool(call=call) if call in self.tools:
                    tool = self.tools.pop(call)
                    yield ToolNews(at=at, call=call, tool=tool, state="cancelled")
                case ReportError():
                    yield ErrorTold(
                        at=at, error=effect.name, message=effect.message, subject=effect.subject
                    )
                case HangUp():
                    yield Ended(at=at, reason=effect.reason, kind=effect.kind)


def _moved(move: Move) -> Notice:
    return StateChanged(
        at=move.at,
        name=f"{move.machine}_state_changed",
        old=move.old,
        new=move.new,
        cause=move.because,
    )
