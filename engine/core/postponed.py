"""What must wait until the caller has finished: answers to a question he is just changing.

A model or a tool answers when it is ready. If the caller is speaking again by then, its answer is
not acted on as if he were silent: it waits for the end of his turn. If there were words in the
turn, they are taken first, in the state the caller knows; that may make the answer worthless (it is
noted as `late`), and a question nobody has heard yet is never answered by accident. If there were
none, it was only a noise, and the answer counts as if it came then.

A tool's result waits as well while a model is asked what a turn meant: a state is not left with the
caller's words in the air.

The time limits of what waits stand still with it: a model that was late would otherwise be
apologised for in the middle of the caller's sentence.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from engine.core.awaited import Awaited
from engine.core.deadlines import Deadlines
from engine.core.exchange import Exchange
from engine.core.outbox import Outbox
from engine.events import (
    EVENT_TYPES,
    REPLY_EVENTS,
    Event,
    Millis,
    ReplyDelta,
    ReplyFinished,
    ReplyReported,
    ReplyStarted,
    ReplyToolCalled,
    ServiceFailed,
    ToolReturned,
    Understood,
)

LONGEST: Millis = 60_000
"""Until a time limit that stands still is looked at again; nobody's turn is longer."""

_STAND_STILL = frozenset({"understand", "first_token", "token_gap", "reply", "tool"})

ANSWERS = frozenset({Understood, ToolReturned, *REPLY_EVENTS, ServiceFailed})
"""What may be an answer to a request; nothing else waits."""


class Postponed:
    """Keeps answers and time limits until nobody is in the middle of a turn."""

    def __init__(
        self, outbox: Outbox, deadlines: Deadlines, exchange: Exchange, awaited: Awaited
    ) -> None:
        self._outbox = outbox
        self._deadlines = deadlines
        self._exchange = exchange
        self._awaited = awaited
        self._events: list[Event] = []
        self._limits: list[str] = []

    def premise(self) -> object:
        """Return everything the answer to the open turn depends on but its words."""
        return self._exchange.premise(), len(self._events)

    def must_wait(self, event: Event) -> bool:
        """Say whether this is an answer the dialog waits for, at a bad moment."""
        subject = subject_of(event)
        return bool(subject) and subject in self._awaited and self._busy(event)

    def keep(self, event: Event) -> None:
        """Let an answer wait."""
        self._events.append(event)
        self._awaited.came_early(subject_of(event))
        self._outbox.note("held", event=type(event).__name__, subject=subject_of(event))

    def limit(self, name: str) -> bool:
        """A deadline is due; True: it stands still for now."""
        kind, _, subject = name.partition(":")
        answered = any(subject_of(event) == subject for event in self._events)
        if kind not in _STAND_STILL or not (answered or self._exchange.hearing.holding):
            return False
        self._deadlines.set(name, self._outbox.at + LONGEST)
        self._outbox.note("held", deadline=name)
        if name not in self._limits:
            self._limits.append(name)
        return True

    def next(self) -> Event | None:
        """Take out the first answer that need not wait any longer.

        When there is none left, time limits that stood still and are not over are due now.
        """
        if not (self._events or self._limits):
            return None  # as after most events
        for place, event in enumerate(self._events):
            if not self._busy(event):
                return self._events.pop(place)
        if self._limits and not self._events and not self._exchange.hearing.holding:
            for name in self._limits:
                if self._deadlines.get(name) is not None:
                    self._deadlines.set(name, self._outbox.at)
            self._limits.clear()
        return None

    def close(self) -> None:
        """The call is over: nobody waits for these."""
        for event in self._events:
            self._outbox.note("late", event=type(event).__name__, subject=subject_of(event))
        self._events.clear()
        self._limits.clear()

    def _busy(self, event: Event) -> bool:
        if self._exchange.hearing.holding:
            return True
        return isinstance(event, ToolReturned) and self._awaited.meaning

    def to_dict(self) -> dict[str, Any]:
        """Return everything as JSON-like data."""
        events = [{"type": type(event).__name__, **asdict(event)} for event in self._events]
        return {"events": events, "limits": list(self._limits)}

    def from_dict(self, data: Mapping[str, Any]) -> None:
        """Restore what `to_dict` gave."""
        self._limits = list(data["limits"])
        self._events = [
            EVENT_TYPES[stored["type"]](**{k: v for k, v in stored.items() if k != "type"})
            for stored in data["events"]
        ]


def subject_of(event: Event) -> str:
    """Return the request or call an answer is to; empty: the event is no answer."""
    match event:
        case Understood(turn=name) | ToolReturned(call=name):
            return name
        case (
            ReplyStarted(reply=name)
            | ReplyDelta(reply=name)
            | ReplyReported(reply=name)
            | ReplyToolCalled(reply=name)
            | ReplyFinished(reply=name)
        ):
            return name
        case ServiceFailed(service="llm" | "tool", subject=name):
            return name
    return ""
