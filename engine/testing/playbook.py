"""A play for one conversation: what happens, and what must follow, read from top to bottom.

    play = (
        Playbook(conversation, only=(Say, StopSpeech))
        .at(500, SpeechStarted)
        .at(2_500, TranscriptReceived, text="four people", final=True)
        .at(3_000, SpeechEnded, edge=2_500)
        .expect(3_000, Say(utterance="a1.1", turn="a1", text=ANY))
    )
    play.run()

Instants are milliseconds, and exact. A play that differs from what happened fails with a line diff
of the whole; one that was never run fails as well, because it proves nothing.
"""

from __future__ import annotations

import difflib
import warnings
from collections.abc import Iterator
from dataclasses import dataclass, fields, is_dataclass
from typing import Any

from engine.core.conversation import Conversation
from engine.core.step import Step
from engine.effects import Effect
from engine.events import Event, Millis


class Anything:
    """Equal to everything: for a field that is not the point of the play."""

    def __eq__(self, other: object) -> bool:
        return True

    def __hash__(self) -> int:
        return 0

    def __repr__(self) -> str:
        return "..."


ANY: Any = Anything()
"""Stands for any value."""


class Placeholder:
    """Stands for a value born inside (an id): takes the first one it meets, and insists on it."""

    def __init__(self) -> None:
        self.value: Any = ANY

    def __eq__(self, other: object) -> bool:
        if self.value is ANY:
            self.value = other
        return bool(self.value == other)

    def __hash__(self) -> int:
        return 0

    def __repr__(self) -> str:
        return repr(self.value)


class PlaybookFailed(AssertionError):
    """What happened is not what stands in the play."""


@dataclass(frozen=True, slots=True)
class _Line:
    at: Millis
    what: Event | Effect | None
    """An event goes in, an effect comes out; None: time passes."""


class Playbook:
    """Collects a play and runs it against one conversation.

    Args:
        conversation: a fresh one, or one that has been brought into the situation of the play.
        only: compare effects of these kinds and ignore all others; empty: every effect counts.
        participant: who speaks, where an event needs somebody and none is given.
    """

    def __init__(
        self,
        conversation: Conversation,
        *,
        only: tuple[type[Effect], ...] = (),
        participant: str = "caller",
    ) -> None:
        self._conversation = conversation
        self._only = only
        self._participant = participant
        self._script: list[_Line] = []
        self._ran = False
        self.steps: list[Step] = []
        """Every step of the conversation, once the play was run."""

    def __del__(self) -> None:
        if not self._ran:
            warnings.warn("a playbook was written but never run", RuntimeWarning, stacklevel=1)

    # --- writing ---------------------------------------------------------------------------------

    def at(self, at: Millis, event: Event | type[Event], **values: Any) -> Playbook:
        """Let an event happen: an instance, or a class and its fields.

        `participant` is the play's, and `edge` is `at`, unless they are given.
        """
        if isinstance(event, type):
            known = {field.name for field in fields(event)}
            defaults = {"participant": self._participant, "edge": at}
            filled = {name: value for name, value in defaults.items() if name in known}
            event = event(**{"at": at, **filled, **values})
        elif values or event.at != at:
            raise ValueError("give a class and its fields, or an event that happens then")
        self._script.append(_Line(at, event))
        return self

    def expect(self, at: Millis, *effects: Effect) -> Playbook:
        """Say what must come out at this very instant, in this order; nothing given: nothing."""
        self._script += [_Line(at, effect) for effect in effects]
        return self if effects else self.until(at)

    def until(self, at: Millis) -> Playbook:
        """Let time pass; deadlines fire."""
        self._script.append(_Line(at, None))
        return self

    # --- running ---------------------------------------------------------------------------------

    def run(self) -> None:
        """Play it.

        Raises:
            PlaybookFailed: with a diff, when the effects or their instants differ.
        """
        self._ran = True
        for line in self._script:
            if isinstance(line.what, Event):
                self.steps += self._conversation.receive(line.what)
            else:
                self.steps += self._conversation.advance(line.at)
        expected = [line for line in self._script if line.what is not None]
        happened = list(self._happened())
        if [(e.at, e.what) for e in expected] != [(h.at, h.what) for h in happened]:
            raise PlaybookFailed(_diff(expected, happened))

    def _happened(self) -> Iterator[_Line]:
        for step in self.steps:
            if isinstance(step.cause, Event):
                yield _Line(step.cause.at, step.cause)
            for effect in step.effects:
                if not self._only or isinstance(effect, self._only):
                    yield _Line(step.at, effect)


def _diff(expected: list[_Line], happened: list[_Line]) -> str:
    """Return both plays as one text, `-` for what was expected and `+` for what happened."""
    mine, theirs = list(map(_text, expected)), list(map(_text, happened))
    for index, (one, other) in enumerate(zip(expected, happened, strict=False)):
        if (one.at, one.what) == (other.at, other.what):
            mine[index] = theirs[index]  # a placeholder is no difference
    return "\n".join(["the play differs:", *difflib.ndiff(mine, theirs)])


def _text(line: _Line) -> str:
    arrow = ">>" if isinstance(line.what, Event) else "<<"
    assert is_dataclass(line.what), "events and effects are dataclasses"
    shown = [
        f"{field.name}={getattr(line.what, field.name)!r}"
        for field in fields(line.what)
        if field.name != "at" and getattr(line.what, field.name) != field.default
    ]
    return f"{line.at / 1000:9.3f} {arrow} {type(line.what).__name__} {' '.join(shown)}".rstrip()
