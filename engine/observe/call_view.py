"""What a drawing of a call shows: lanes of states, what was said and heard, work, marks.

A fold over steps like the text timeline: give it masked ones (`engine.observe.personal`), or what
is personal is shown. Instants are milliseconds of the session.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal

from engine.core.step import Deadline, Note, Step
from engine.effects import (
    CallTool,
    CancelReply,
    CancelTool,
    CancelUnderstanding,
    HangUp,
    Say,
    StartReply,
    Summarize,
    Understand,
)
from engine.events import (
    Event,
    KeyPressed,
    Millis,
    PlayoutFinished,
    PlayoutStarted,
    ReplyFinished,
    ServiceFailed,
    SpeechEnded,
    SpeechStarted,
    Summarized,
    TextReceived,
    ToolReturned,
    TranscriptReceived,
    Understood,
)
from engine.observe.latency import Response, responses
from engine.observe.timeline import shown_args

Machine = Literal["user", "agent", "dialog"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """A state, from its beginning to its end."""

    start: Millis
    end: Millis
    state: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """Words of the caller: one stretch of speech, a typed turn, or a key."""

    start: Millis
    end: Millis
    text: str
    how: Literal["voice", "text", "key"]
    trusted: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One utterance of the agent, as it was ordered and as it was heard."""

    utterance: str
    ordered: Millis
    start: Millis | None
    """First sample; None: no sample of it was ever played."""
    end: Millis
    heard: str
    unheard: str
    purpose: str
    protected: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """Something the conversation waited for: a tool, or a model."""

    start: Millis
    end: Millis
    name: str
    detail: str
    kind: Literal["tool", "model"]
    outcome: Literal["done", "failed", "dropped"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """Something that happened at one instant."""

    at: Millis
    kind: str
    """Of a note; `deadline`; `hangup`."""
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CallView:
    """Everything a drawing needs."""

    duration: Millis
    lanes: Mapping[Machine, tuple[Span, ...]]
    held: tuple[Span, ...]
    """When the agent's audio was held at a sample."""
    said: tuple[Said, ...]
    lines: tuple[Line, ...]
    work: tuple[Work, ...]
    marks: tuple[Mark, ...]
    responses: tuple[Response, ...]
    reason: str
    """Why the call ended; empty: it did not."""


_MARKED = frozenset(
    {"interrupted", "resumed", "backchannel", "blocked", "no_match", "no_input", "no_transcript"}
    | {"error", "left", "dropped"}
)
"""Notes that are worth a mark; the others are in the lanes, or only in the text timeline."""


def view(steps: Iterable[Step]) -> CallView:
    """Fold a call's steps into what a drawing of it shows."""
    kept = tuple(steps)
    end = kept[-1].at if kept else 0
    lanes, words, speech, work = _Lanes(), _Words(), _Speech(), _Work()
    marks: list[Mark] = []
    reason = ""
    for step in kept:
        for fold in (lanes, words, speech, work):
            fold.take(step)
        marks += _marks(step)
        reason = next((e.reason for e in step.effects if isinstance(e, HangUp)), reason)
    return CallView(
        duration=end,
        lanes=lanes.close(end),
        held=tuple(lanes.held),
        said=words.close(end),
        lines=speech.close(end),
        work=work.close(end),
        marks=tuple(marks),
        responses=responses(kept),
        reason=reason,
    )


def _marks(step: Step) -> Iterable[Mark]:
    if isinstance(step.cause, Deadline):
        yield Mark(at=step.at, kind="deadline", text=step.cause.name)
    for note in step.notes:
        if note.kind in _MARKED:
            yield Mark(at=step.at, kind=note.kind, text=_told(note))


_IDS = frozenset({"turn", "utterance", "utterances", "reply"})
"""Of notes; they tell a reader nothing."""


def _told(note: Note) -> str:
    values = (v for k, v in note.data.items() if k not in _IDS and v not in ("", None))
    return ", ".join(v if isinstance(v, str) else json.dumps(v, ensure_ascii=False) for v in values)


# --- folds ---------------------------------------------------------------------------------------


class _Lanes:
    """States from move to move."""

    def __init__(self) -> None:
        self.held: list[Span] = []
        self._spans: dict[Machine, list[Span]] = {"user": [], "agent": [], "dialog": []}
        self._now: dict[Machine, tuple[Millis, str]] = {}
        self._paused: Millis | None = None

    def take(self, step: Step) -> None:
        if not self._now:
            states = step.states
            self._now = {
                "user": (0, states.user),
                "agent": (0, states.agent),
                "dialog": (0, states.dialog),
            }
        for move in step.moves:
            start, state = self._now[move.machine]
            at = max(move.at, start)  # an edge of speech may be older than what was told before
            self._end(move.machine, start, at, state)
            self._now[move.machine] = (at, move.new)
        if step.states.paused and self._paused is None:
            self._paused = step.at
        elif not step.states.paused and self._paused is not None:
            self.held.append(Span(start=self._paused, end=step.at, state="held"))
            self._paused = None

    def close(self, end: Millis) -> dict[Machine, tuple[Span, ...]]:
        for machine, (start, state) in self._now.items():
            self._end(machine, start, end, state)
        if self._paused is not None:
            self.held.append(Span(start=self._paused, end=end, state="held"))
        return {machine: tuple(spans) for machine, spans in self._spans.items()}

    def _end(self, machine: Machine, start: Millis, end: Millis, state: str) -> None:
        if end > start and state:
            self._spans[machine].append(Span(start=start, end=end, state=state))


class _Words:
    """Stretches of the caller's speech with the final words that were recognised in them."""

    def __init__(self) -> None:
        self._said: list[Said] = []
        self._start: Millis | None = None
        self._end: Millis | None = None

    def take(self, step: Step) -> None:
        match step.cause:
            case SpeechStarted(edge=edge):
                self._start, self._end = edge, None
            case SpeechEnded(edge=edge):
                self._end = edge
            case TranscriptReceived(final=True, text=text, at=at, accepted=accepted) if text:
                end = at if self._end is None else self._end
                start = end if self._start is None else min(self._start, end)
                self._add(start, end, text, "voice", accepted)
                self._start = None if self._end is not None else at
            case TextReceived(text=text, at=at):
                self._add(at, at, text, "text", True)
            case KeyPressed(key=key, at=at):
                self._add(at, at, key, "key", True)
            case _:
                pass

    def close(self, end: Millis) -> tuple[Said, ...]:
        return tuple(self._said)

    def _add(
        self,
        start: Millis,
        end: Millis,
        text: str,
        how: Literal["voice", "text", "key"],
        trusted: bool,
    ) -> None:
        self._said.append(Said(start=start, end=end, text=text, how=how, trusted=trusted))


class _Speech:
    """The agent's lines: ordered, started, over, and how much of each was heard."""

    def __init__(self) -> None:
        self._lines: dict[str, Line] = {}
        self._open: set[str] = set()

    def take(self, step: Step) -> None:
        match step.cause:
            case PlayoutStarted(utterance=utterance, at=at) if utterance in self._lines:
                self._change(utterance, start=at, end=at)
            case PlayoutFinished(utterance=utterance, at=at) if utterance in self._lines:
                self._over(utterance, at)
            case _:
                pass
        for effect in step.effects:
            if isinstance(effect, Say):
                self._order(effect, step.at)
        for note in step.notes:
            if note.kind == "heard":
                self._heard(note)
                self._over(note.data["utterance"], step.at)

    def close(self, end: Millis) -> tuple[Line, ...]:
        for utterance in self._open:  # the journal ends while they are spoken or wait
            self._change(utterance, end=end)
        return tuple(self._lines.values())

    def _order(self, say: Say, at: Millis) -> None:
        self._open.add(say.utterance)
        self._lines[say.utterance] = Line(
            utterance=say.utterance,
            ordered=at,
            start=None,
            end=at,
            heard="",
            unheard=say.text,
            purpose=say.purpose,
            protected=not say.interruptible,
        )

    def _heard(self, note: Note) -> None:
        line = self._lines.get(note.data["utterance"])
        if line is not None:
            text, heard = line.heard + line.unheard, note.data["text"]
            self._change(line.utterance, heard=heard, unheard=text.removeprefix(heard))

    def _over(self, utterance: str, at: Millis) -> None:
        if utterance in self._open:
            self._open.discard(utterance)
            self._change(utterance, end=at)

    def _change(self, utterance: str, **values: Any) -> None:
        self._lines[utterance] = replace(self._lines[utterance], **values)


class _Work:
    """Tools and models, from the order to the answer."""

    def __init__(self) -> None:
        self._open: dict[str, Work] = {}
        self._over: list[Work] = []

    def take(self, step: Step) -> None:
        cause = step.cause
        if isinstance(cause, Event):
            self._answered(cause)
        for effect in step.effects:
            match effect:
                case CallTool(call=call, tool=tool):
                    args = ", ".join(f"{k}={v}" for k, v in shown_args(effect).items())
                    self._begin(call, step.at, tool, args, "tool")
                case Understand(turn=turn, text=text):
                    self._begin(turn, step.at, "understand", text, "model")
                case StartReply(reply=reply):
                    self._begin(reply, step.at, "reply", "", "model")
                case Summarize(summary=summary):
                    self._begin(summary, step.at, "summary", "", "model")
                case CancelTool(call=subject) | CancelReply(reply=subject):
                    self._end(subject, step.at, "dropped")
                case CancelUnderstanding(turn=subject):
                    self._end(subject, step.at, "dropped")
                case _:
                    pass

    def close(self, end: Millis) -> tuple[Work, ...]:
        for subject in [*self._open]:
            self._end(subject, end, "dropped")
        return tuple(sorted(self._over, key=lambda work: work.start))

    def _answered(self, cause: Event) -> None:
        match cause:
            case ToolReturned(call=subject, error=error):
                self._end(subject, cause.at, "done" if error is None else "failed")
            case (
                Understood(turn=subject)
                | ReplyFinished(reply=subject)
                | Summarized(summary=subject)
            ):
                self._end(subject, cause.at, "done")
            case ServiceFailed(subject=subject):
                self._end(subject, cause.at, "failed")
            case _:
                pass

    def _begin(
        self, subject: str, at: Millis, name: str, detail: str, kind: Literal["tool", "model"]
    ) -> None:
        self._open[subject] = Work(
            start=at, end=at, name=name, detail=detail, kind=kind, outcome="done"
        )

    def _end(self, subject: str, at: Millis, outcome: Literal["done", "failed", "dropped"]) -> None:
        work = self._open.pop(subject, None)
        if work is not None:
            self._over.append(replace(work, end=at, outcome=outcome))
