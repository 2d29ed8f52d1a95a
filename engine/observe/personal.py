"""What of a call may be shown: steps with everything personal masked.

The core notes what is personal (`engine.core.personal`); here it is left out of steps, in one
place, before anybody shows them: timelines, pages, consoles, captions. A masked step is for eyes
only: it is no step of the call any more, and replays to nothing.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import replace

from engine.core.step import Note, Step
from engine.effects import CallTool, Effect, PredictEndOfTurn, Say, Understand
from engine.events import (
    EndOfTurnPredicted,
    Event,
    KeyPressed,
    ReplyDelta,
    ReplyReported,
    TextReceived,
    TranscriptReceived,
    Understood,
)

MASK = "***"
"""Stands for what is personal."""

_WORDS = ("text", "partial", "transcript")
"""Fields of notes that hold what somebody said."""

_ENDS = frozenset({"turn", "no_turn"})
"""Notes that end what the caller says: these words were one turn, or none."""


class Redactor:
    """Masks the steps of one call, one after the other, as they come.

    Words of a turn that only turned out to be personal when it was understood have passed by then;
    `redacted` knows them beforehand.

    Args:
        known: numbers of steps that bring words of such a turn.
    """

    def __init__(self, known: Collection[int] = ()) -> None:
        self._known = known
        self._waits = False
        self._ids: set[str] = set()
        self._texts: set[str] = set()

    def step(self, step: Step) -> Step:
        """Return the next step as it may be shown; the very step if there is nothing to hide."""
        marks = [note.data for note in step.notes if note.kind == "personal"]
        told = any("turn" in mark for mark in marks)
        hide = self._waits or told or step.seq in self._known
        for mark in marks:
            self._ids |= {str(mark[kind]) for kind in ("turn", "utterance") if kind in mark}
            self._waits = bool(mark.get("waits", self._waits))
        if not (hide or self._ids or any(isinstance(e, CallTool) for e in step.effects)):
            return step
        effects = tuple(self._effect(effect, hide=hide) for effect in step.effects)
        notes = tuple(self._note(note, hide=hide) for note in step.notes)
        cause = step.cause
        if isinstance(cause, Event):
            cause = self._event(cause, hide=hide or any("utterance" in mark for mark in marks))
        return replace(step, cause=cause, notes=notes, effects=effects)

    def _event(self, event: Event, *, hide: bool) -> Event:
        match event:
            case TranscriptReceived(text=text) if hide and text:
                return replace(event, text=MASK, words=())
            case TextReceived() | ReplyDelta() if hide:
                return replace(event, text=MASK)
            case KeyPressed() if hide:
                return replace(event, key=MASK)
            case Understood() | ReplyReported() if hide:
                return replace(event, report=dict.fromkeys(event.report, MASK))
            case EndOfTurnPredicted(turn=turn) if hide or turn in self._ids:
                return replace(event, text=MASK)
            case _:
                return event

    def _note(self, note: Note, *, hide: bool) -> Note:
        data = note.data
        line = data.get("utterance")
        mine = line in self._ids if line is not None else hide or data.get("turn") in self._ids
        if not mine or not any(data.get(name) for name in _WORDS):
            return note
        return replace(note, data={k: MASK if k in _WORDS and v else v for k, v in data.items()})

    def _effect(self, effect: Effect, *, hide: bool) -> Effect:
        match effect:
            case Say(utterance=utterance, text=text) if utterance in self._ids:
                self._texts.add(text)
                return replace(effect, text=MASK)
            case CallTool(args=args, sensitive=sensitive) if sensitive:
                return replace(effect, args={**args, **dict.fromkeys(sensitive, MASK)})
            case PredictEndOfTurn(turn=turn) if hide or turn in self._ids:
                return replace(effect, text=MASK)
            case Understand(turn=turn, question=question) if hide or turn in self._ids:
                asked = MASK if question in self._texts else question
                return replace(effect, text=MASK, question=asked)
            case _:
                return effect


def redacted(steps: Iterable[Step]) -> Iterator[Step]:
    """Give the steps of a whole call as they may be shown."""
    kept = tuple(steps)
    redactor = Redactor(frozenset(_passed(kept)))
    return (redactor.step(step) for step in kept)


def _passed(steps: Sequence[Step]) -> Iterator[int]:
    """Give the numbers of the steps with words of turns that turned out to be personal."""
    stretch: list[int] = []
    words: dict[str, list[int]] = {}
    for step in steps:
        stretch.append(step.seq)
        for note in step.notes:
            if note.kind in _ENDS:
                words[note.data["turn"]], stretch = stretch, []
        for note in step.notes:
            if note.kind == "personal":
                yield from words.get(note.data.get("turn", ""), [])
