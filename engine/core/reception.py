"""Who takes an event, by its type: before somebody is there, while the call is open, after its end.

Early is what needs a caller, late is whatever comes after `HangUp`: both are noted, and change
nothing but the measure of what was heard. In between an answer of a model or a tool goes to the
rehearsal that asked for it (`ahead`), waits while the caller is in the middle of a turn
(`postponed`), or is taken like every other event.

Who takes what is settled when the call is made, so that an event costs one look into a table.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from engine.core.ahead import Ahead, Handlers
from engine.core.exchange import Exchange
from engine.core.outbox import Outbox
from engine.core.postponed import ANSWERS, Postponed
from engine.events import (
    CloseRequested,
    Event,
    FlowReplaced,
    ParticipantJoined,
    ParticipantLeft,
    PlayoutFinished,
    PlayoutStarted,
    ServiceFailed,
    SessionResumed,
    SessionStarted,
    SpeechPrepared,
)
from engine.requests import REQUEST_TYPES

_BEFORE_THE_CALL = frozenset(
    {
        SessionStarted,
        SessionResumed,
        FlowReplaced,
        ParticipantJoined,
        ParticipantLeft,
        CloseRequested,
        ServiceFailed,
        *REQUEST_TYPES.values(),
    }
)
"""What may happen before anybody is there."""


class Reception:
    """Knows the handler of every event of one conversation.

    Attributes:
        answers: who takes an answer, by its type, that need not wait and was asked for by no
            rehearsal.

    Args:
        outbox: the call's.
        exchange: knows whether the call is open.
        ahead: takes what its rehearsal asked for.
        postponed: keeps what must wait.
        handlers: of every type of event, answers included.
    """

    __slots__ = ("_ahead", "_exchange", "_handlers", "_outbox", "_postponed", "answers")

    def __init__(
        self,
        outbox: Outbox,
        exchange: Exchange,
        ahead: Ahead,
        postponed: Postponed,
        handlers: Handlers,
    ) -> None:
        self._outbox = outbox
        self._exchange = exchange
        self._ahead = ahead
        self._postponed = postponed
        self.answers: Handlers = {kind: handlers[kind] for kind in ANSWERS}
        self._handlers: Handlers = {**handlers, **dict.fromkeys(ANSWERS, self._answer)}

    def handler(self, kind: type[Event]) -> Callable[[Any], None]:
        """Return who takes an event of this type now. Raises `KeyError`: nobody ever does."""
        if self._exchange.closing:
            return self._too_late
        if not self._exchange.opened and kind not in _BEFORE_THE_CALL:
            return self._too_early
        return self._handlers[kind]

    def dismantle(self) -> None:
        """Let go of everybody; nobody takes anything any more."""
        self.answers = self._handlers = {}

    def _answer(self, event: Any) -> None:
        if self._ahead.owns(event):
            self._ahead.take(event)
        elif self._postponed.must_wait(event):
            self._postponed.keep(event)
        else:
            self.answers[type(event)](event)

    def _too_early(self, event: Event) -> None:
        self._outbox.note("early", event=type(event).__name__)

    def _too_late(self, event: Event) -> None:
        if isinstance(event, PlayoutFinished):
            self._exchange.turns.finished(event)
        elif not isinstance(event, PlayoutStarted | SpeechPrepared):
            self._outbox.note("late", event=type(event).__name__)
