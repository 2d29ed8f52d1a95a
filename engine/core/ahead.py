"""Thinking ahead (T2): a model is asked while the turn may still go on.

Between the last word of a caller and the certainty that it was the last lies half a second and
more. Where everything heard of the open turn is final (or the recogniser takes it for the whole
turn), the turn is *rehearsed*: a copy of the conversation is told that it is over. Of what the copy
then orders nothing is carried out but its requests to a model; it calls no tool, says nothing,
moves nothing. What the model answers is kept, and told to the copy, which may ask on.

When the turn is really over it is taken by the conversation itself, as if nothing had happened. A
request it makes that is already under way is not made again (`asking`), and its answers so far
are handed over in the same step. So a rehearsal is never *believed*: what it got wrong, because the
words changed or something happened meanwhile, is simply not asked for, and is cancelled.

A rehearsal is over without a trace when the caller goes on, when anything changes in the dialog or
in what was heard, and when the model fails; then the turn is answered as if there had been none.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict
from typing import Any, Protocol, TypeAlias

from engine.core.asking import Asking, Request, plain
from engine.core.outbox import Outbox
from engine.effects import CancelReply, CancelUnderstanding, Effect, StartReply, Understand
from engine.events import (
    EVENT_TYPES,
    Event,
    ReplyDelta,
    ReplyFinished,
    ReplyReported,
    ReplyStarted,
    ReplyToolCalled,
    ServiceFailed,
    Understood,
)

Answer: TypeAlias = (
    Understood | ReplyStarted | ReplyDelta | ReplyReported | ReplyToolCalled | ReplyFinished
)
Handlers: TypeAlias = Mapping[type[Event], Callable[[Any], None]]


MOST = 4
"""Rehearsals of one turn; who changes his mind more often is answered when he is done."""
_REMEMBERED = 32
"""Requests that were cancelled and may still answer."""


class Rehearsal(Protocol):
    """A copy of the conversation that takes the turn for over."""

    def told(self, answer: Answer) -> Sequence[Effect]:
        """Take an answer of the model; return what is ordered then."""
        ...

    def dismantle(self) -> None:
        """It is not needed any more."""
        ...

    def to_dict(self) -> dict[str, Any]:
        """Return it as JSON-like data."""
        ...


class Stage(Protocol):
    """Makes rehearsals."""

    def rehearse(self, text: str) -> tuple[Rehearsal, Sequence[Effect]]:
        """Copy the conversation, end its open turn with this text; return what is ordered then."""
        ...

    def revive(self, data: Mapping[str, Any]) -> Rehearsal:
        """Build what `Rehearsal.to_dict` gave."""
        ...


class Ahead:
    """Holds at most one rehearsal, and the requests and answers that belong to it.

    Args:
        outbox: the call's.
        asking: its way to a model.
        stage: makes the copies.
        depends_on: everything the answer to a turn depends on but its words.
    """

    def __init__(
        self, outbox: Outbox, asking: Asking, stage: Stage, depends_on: Callable[[], object]
    ) -> None:
        self._outbox = outbox
        self._asking = asking
        self._stage = stage
        self._depends_on = depends_on
        self._turn = self._text = ""
        self._premise: object = None
        self._copy: Rehearsal | None = None
        self._orders: dict[str, Request] = {}
        self._answers: list[Answer] = []
        self._tries = ("", 0)
        self._cancelled: dict[str, None] = {}

    # --- beginning and ending --------------------------------------------------------------------

    def review(self, turn: str, text: str) -> None:
        """Rehearse the turn as it is heard now, unless that is done already.

        Args:
            turn: the open turn; empty: there is none, or it is not to be rehearsed.
            text: everything heard of it; empty: more is coming.
        """
        if not (turn and text):
            if self._turn:
                self._end("the caller goes on")
            return
        premise = self._depends_on()
        if (turn, plain(text), premise) == (self._turn, plain(self._text), self._premise):
            return
        self._end("something changed")
        self._turn, self._text, self._premise = turn, text, premise
        tries = self._tries[1] if self._tries[0] == turn else 0
        self._tries = turn, tries + 1
        if tries >= MOST:
            return
        copy, effects = self._stage.rehearse(text)
        self._order(effects)
        if self._orders:  # else no model is needed, and nothing can be won
            self._copy = copy
            self._outbox.note("ahead", turn=turn, text=text, asks=list(self._orders))
        else:
            copy.dismantle()

    def _end(self, because: str) -> None:
        if self._orders:
            self._cancel(self._orders)
            self._outbox.note("ahead_dropped", asks=list(self._orders), because=because)
        self.forget()

    def forget(self) -> None:
        """Nothing of a rehearsal is left; what it asked for is not cancelled."""
        if self._copy is not None:
            self._copy.dismantle()
        self._turn = self._text = ""
        self._premise = self._copy = None
        self._orders, self._answers = {}, []

    # --- what the model answers ------------------------------------------------------------------

    def owns(self, event: Event) -> bool:
        """Say whether this is an answer to a request of a rehearsal, or its failure."""
        if not (self._orders or self._cancelled):
            return False
        name = _subject(event)
        return name in self._orders or name in self._cancelled

    def take(self, event: Answer | ServiceFailed) -> None:
        """Keep an answer for the end of the turn; the rehearsal may go on with it."""
        name = _subject(event)
        if name in self._cancelled:
            self._outbox.note("late", request=name)
            return
        if isinstance(event, ServiceFailed):
            self._fail(event)
            return
        self._answers.append(event)
        if self._copy is not None:
            self._order(self._copy.told(event))

    def _fail(self, event: ServiceFailed) -> None:
        """Go on without; the same words are not tried again before the turn is over."""
        turn, text, premise = self._turn, self._text, self._premise
        del self._orders[event.subject]
        self._outbox.note("ahead_failed", ask=event.subject, message=event.message)
        self._end("the model failed")
        self._turn, self._text, self._premise = turn, text, premise

    def commit(self, act: Callable[[], None], handlers: Handlers) -> None:
        """Let the turn end: what is asked for again is not asked again.

        Args:
            act: takes the turn.
            handlers: take, by its type, an answer that has come already.
        """
        orders, answers = self._orders, self._answers
        self.forget()
        if not orders:  # nobody was asked ahead
            act()
            return
        self._asking.offer(orders)
        act()
        for answer in answers:
            name = _subject(answer)
            if name in orders and name not in self._asking.open:
                handlers[type(answer)](answer)
        left = self._asking.left()
        self._cancel({name: orders[name] for name in left})
        taken = [name for name in orders if name not in left]
        self._outbox.note("ahead_taken", asks=taken, left=list(left))

    # --- inside ----------------------------------------------------------------------------------

    def _order(self, effects: Iterable[Effect]) -> None:
        """Pass on what is asked of a model; all else that is ordered is not carried out.

        Nor is a request cancelled because the copy has heard enough of it: when the turn is over
        the conversation asks for the same, and stops it itself.
        """
        for effect in effects:
            match effect:
                case StartReply(reply=name) | Understand(turn=name):
                    self._orders[name] = effect
                    self._outbox.emit(effect)

    def _cancel(self, orders: Mapping[str, Request]) -> None:
        for name, order in orders.items():
            self._cancelled[name] = None
            if isinstance(order, StartReply):
                self._outbox.emit(CancelReply(reply=name))
            else:
                self._outbox.emit(CancelUnderstanding(turn=name))
        while len(self._cancelled) > _REMEMBERED:
            del self._cancelled[next(iter(self._cancelled))]

    # --- snapshot --------------------------------------------------------------------------------

    def to_dict(self) -> dict[str, Any]:
        """Return everything as JSON-like data."""
        return {
            "turn": self._turn,
            "text": self._text,
            "copy": None if self._copy is None else self._copy.to_dict(),
            "orders": [_plain(order) for order in self._orders.values()],
            "answers": [_plain(answer) for answer in self._answers],
            "tries": list(self._tries),
            "cancelled": list(self._cancelled),
        }

    def from_dict(self, data: Mapping[str, Any]) -> None:
        """Restore what `to_dict` gave, when all else is restored."""
        self.forget()
        if self._asking.foresees:  # a copy rehearses nothing
            self._turn, self._text = data["turn"], data["text"]
        self._tries = data["tries"][0], data["tries"][1]
        self._cancelled = dict.fromkeys(data["cancelled"])
        if self._turn:
            self._premise = self._depends_on()
        if data["copy"] is not None:
            self._copy = self._stage.revive(data["copy"])
        for stored in data["orders"]:
            order = _REQUESTS[stored["type"]](**_fields(stored))
            self._orders[order.reply if isinstance(order, StartReply) else order.turn] = order
        self._answers = [EVENT_TYPES[s["type"]](**_fields(s)) for s in data["answers"]]  # type: ignore[misc]


_REQUESTS: Mapping[str, type[StartReply | Understand]] = {
    "StartReply": StartReply,
    "Understand": Understand,
}


def _subject(event: Event) -> str:
    """The request an event is about; empty: none."""
    match event:
        case Understood(turn=name) | ServiceFailed(service="llm", subject=name):
            return name
        case (
            ReplyStarted(reply=name)
            | ReplyDelta(reply=name)
            | ReplyReported(reply=name)
            | ReplyToolCalled(reply=name)
            | ReplyFinished(reply=name)
        ):
            return name
    return ""


def _plain(item: Request | Answer) -> dict[str, Any]:
    return {"type": type(item).__name__, **asdict(item)}


def _fields(stored: Mapping[str, Any]) -> dict[str, Any]:
    """The fields of what was stored; lists were tuples."""
    tuples = ("history", "tools")
    return {
        name: tuple(value) if name in tuples else value
        for name, value in stored.items()
        if name != "type"
    }
