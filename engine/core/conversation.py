"""One call: the owner of everything in it. Events in, steps out; no clock, no I/O, no randomness.

    steps = conversation.receive(event)      an event happened
    steps = conversation.advance(now)        nothing happened until now
    when  = conversation.next_deadline       call `advance` then, at the latest

Each event, and each deadline that became due before or through it, is one step with its own instant
(run to completion: everything it leads to is in the same step). Within a step the three machines
are considered in the order user, agent, dialog.

The life of a call: the session starts (STARTING), the first participant opens the call and the flow
is entered, the flow or the outside ends it (`HangUp`, once, the last effect; CLOSING). What arrives
later is noted as `late` and changes nothing but the measure of what was heard.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import Any, TypeAlias

from engine.core.ahead import Ahead
from engine.core.asking import Asking
from engine.core.deadlines import Deadlines
from engine.core.dialog import Dialog
from engine.core.due import Due
from engine.core.exchange import Exchange
from engine.core.failures import Failures
from engine.core.history import History, HistoryItem
from engine.core.outbox import Outbox
from engine.core.postponed import Postponed
from engine.core.presence import Presence
from engine.core.reception import Reception
from engine.core.rehearsing import Rehearsing
from engine.core.requests import Requests
from engine.core.speaker import Speaker
from engine.core.standing import Standing
from engine.core.step import Deadline, States, Step
from engine.core.turns import Turns
from engine.effects import HangUp
from engine.events import (
    REPLY_EVENTS,
    AppEventReceived,
    CallNewsReceived,
    CloseRequested,
    EndOfTurnPredicted,
    Event,
    FloorDenied,
    FlowReplaced,
    KeyPressed,
    Millis,
    ParticipantJoined,
    ParticipantLeft,
    PlayoutFinished,
    PlayoutStarted,
    ReplyStarted,
    ServiceFailed,
    SessionResumed,
    SessionStarted,
    SpeechEnded,
    SpeechPrepared,
    SpeechStarted,
    Summarized,
    TextReceived,
    ToolReturned,
    TranscriptReceived,
    TransferEnded,
    Understood,
)
from engine.machine.compiled import CompiledFlow
from engine.records import maker

CLOSE_TIMEOUT = 5_000
"""How long the room may take to let go after `HangUp` before that is noted."""

DEADLINES_AT_ONCE = 1_000
"""More deadlines than this in a row, without time passing, are a loop and not a plan."""

_NOTHING_FOLLOWS = frozenset({SpeechPrepared, EndOfTurnPredicted, ReplyStarted})
"""What changes nothing but a deadline, which is set at once."""

_step = maker(Step)

DialogFactory: TypeAlias = Callable[[CompiledFlow, Outbox, Deadlines, Speaker], Dialog]


class Conversation:
    """One call on one compiled flow.

    Args:
        flow: shared by every call of it.
        make_dialog: builds the dialog machine; tests put a simpler one in its place.
        copied: the requests of the conversation this one is a copy of (`ahead`); None: of none.
    """

    def __init__(
        self, flow: CompiledFlow, make_dialog: DialogFactory = Dialog, copied: Asking | None = None
    ) -> None:
        self.flow = flow
        self._outbox = Outbox()
        self._deadlines = Deadlines()
        self._history = History()
        turns = Turns(self._outbox, self._deadlines, self._history)
        self._dialog = make_dialog(flow, self._outbox, self._deadlines, turns)
        self._exchange = Exchange(self._outbox, self._deadlines, turns, self._history, self._dialog)
        self._failures = Failures(self._outbox, self._exchange, self._dialog)
        self._turns = turns
        self._now: Millis = 0
        self._seq = 0
        self._calm = False
        """Nothing follows from what has happened in this step."""
        self._standing = Standing(self._exchange, self._dialog)
        self._presence = Presence(
            self._outbox, self._deadlines, self._exchange, self._dialog, self._hang_up
        )
        self._requests = Requests(self._outbox, self._deadlines, self._exchange, self._dialog)
        self._asking = asking = self._dialog.asking.following(copied)
        copies = Rehearsing(self, partial(Conversation, flow, make_dialog, asking))
        awaited = self._dialog.awaited
        self._postponed = Postponed(self._outbox, self._deadlines, self._exchange, awaited)
        self._ahead = Ahead(self._outbox, asking, copies, self._postponed.premise)
        handlers = self._requests.around(self._handlers())
        self._reception = Reception(
            self._outbox, self._exchange, self._ahead, self._postponed, handlers
        )
        self._due = Due(
            self._outbox,
            self._exchange,
            self._dialog,
            self._failures,
            self._presence,
            self._requests,
            self._postponed,
            self._ahead,
            self._reception.answers,
        )

    # --- what the outside reads ------------------------------------------------------------------

    @property
    def now(self) -> Millis:
        """The instant of the last step, or the last `advance`."""
        return self._now

    @property
    def next_deadline(self) -> Millis | None:
        """When `advance` must be called at the latest; None: only an event can change anything."""
        return self._deadlines.earliest

    @property
    def pending(self) -> tuple[str, ...]:
        """Names of the deadlines that are set: what the conversation waits for, and until when."""
        return tuple(self._deadlines.as_dict())

    @property
    def history(self) -> tuple[HistoryItem, ...]:
        """What was said and heard so far, in the order of the floor."""
        return self._history.items

    @property
    def calls(self) -> Iterable[Mapping[str, Any]]:
        """The latest tools and reports a model asked for; see `engine.core.consultations`."""
        return self._dialog.recollection.log

    @property
    def states(self) -> States:
        """The three states, and what stands beside them."""
        return self._standing.now()

    @property
    def opened(self) -> bool:
        """Whether anybody has joined."""
        return self._exchange.opened

    @property
    def closed(self) -> bool:
        """Whether `HangUp` was given."""
        return self._exchange.closing

    # --- what happens ----------------------------------------------------------------------------

    def receive(self, event: Event) -> list[Step]:
        """Take one event; deadlines due until then fire first, each as its own step.

        An event that claims to be older than the last step happened when it arrived: now.

        Raises:
            KeyError: the event is of no kind this conversation knows.
        """
        at, deadlines = event.at, self._deadlines
        if at < self._now:
            at = self._now
        due = deadlines.earliest
        steps = self.advance(at) if due is not None and due <= at else []
        steps.append(self._step(at, event, self._reception.handler(type(event)), event))
        due = deadlines.earliest
        if due is not None and due <= at:
            steps += self.advance(at)
        return steps

    def advance(self, now: Millis) -> list[Step]:
        """Let time pass until `now`; return a step for each deadline that was due."""
        steps: list[Step] = []
        while (due := self._deadlines.pop_due(now)) is not None:
            at = max(due.at, self._now)
            steps.append(self._step(at, due, self._due.ring, due))
            if len(steps) > DEADLINES_AT_ONCE and steps[-DEADLINES_AT_ONCE].at == at:
                raise RuntimeError(f"deadline {due.name!r} is set again and again for {at} ms")
        self._now = max(self._now, now)
        return steps

    def end_turn(self, text: str) -> list[Step]:
        """Take the open turn for over, with this text; told to copies only (`ahead`)."""
        cause = Deadline(name="end_of_turn", at=self._now)
        return [self._step(self._now, cause, self._exchange.end_turn, text)]

    def dismantle(self) -> None:
        """Take the parts apart, so that all of them are freed now; told to copies only (`ahead`).

        They know each other in circles, which only a collection of garbage would find, and every
        spoken turn makes copies. The conversation takes nothing and tells nothing after that.
        """
        self._reception.dismantle()
        self._dialog.dismantle()
        vars(self).clear()

    def _step(
        self, at: Millis, cause: Event | Deadline, act: Callable[[Any], None], what: object
    ) -> Step:
        outbox = self._outbox
        self._now = at
        outbox.begin(at)
        self._calm = type(cause) in _NOTHING_FOLLOWS
        act(what)
        if not self._calm:
            self._complete()
        self._seq += 1
        return _step(
            seq=self._seq,
            at=at,
            cause=cause,
            moves=tuple(outbox.moves),
            notes=tuple(outbox.notes),
            effects=tuple(outbox.effects),
            states=self._standing.now(),
        )

    def _complete(self) -> None:
        """Run the step to completion: until nothing follows from it any more."""
        exchange = self._exchange
        while not exchange.closing:
            exchange.review()
            if self._requests.open:
                self._requests.review()
            exchange.settle()
            if (answer := self._postponed.next()) is not None:
                self._reception.answers[type(answer)](answer)
            elif self._turns.drained() and exchange.opened and self._dialog.speech_over():
                continue
            elif self._failures.too_many:
                self._hang_up(self._failures.too_many)
            elif (self._dialog.ended or self._requests.reason) and self._over():
                kind = self._dialog.ended or self._requests.end_kind
                self._hang_up(self._requests.reason or self._dialog.failed or "flow", kind)
            else:
                exchange.review_silence()
                if self._asking.foresees:
                    self._ahead.review(*exchange.expected_turn)
                return
        self._requests.review()
        exchange.settle()

    def _over(self) -> bool:
        """Say whether the flow, or the program around the call, has ended it and all was said."""
        if not self._exchange.opened:
            return bool(self._requests.reason)
        if self._dialog.ended is None or self._turns.speaking:
            return False
        return bool(self._requests.reason) or not self._presence.waits()

    def _hang_up(self, reason: str, kind: str = "hangup") -> None:
        self._deadlines.cancel_all("")
        self._ahead.review("", "")
        self._postponed.close()
        self._requests.close()
        self._exchange.close()
        self._deadlines.set("close", self._outbox.at + CLOSE_TIMEOUT)
        self._outbox.emit(HangUp(reason=reason, kind="leave" if kind == "leave" else "hangup"))

    # --- events ----------------------------------------------------------------------------------

    def _handlers(self) -> dict[type[Event], Callable[[Any], None]]:
        """Who takes which event while the call is open."""
        exchange, dialog, turns = self._exchange, self._dialog, self._turns
        return {
            SessionStarted: dialog.start,
            SessionResumed: self._resumed,
            ParticipantJoined: self._joined,
            ParticipantLeft: self._presence.left,
            CloseRequested: self._presence.close_requested,
            ServiceFailed: self._service_failed,
            AppEventReceived: self._app_event,
            CallNewsReceived: self._news,
            FlowReplaced: self._flow_replaced,
            SpeechStarted: exchange.speech_started,
            SpeechEnded: exchange.speech_ended,
            TranscriptReceived: self._transcript,
            EndOfTurnPredicted: exchange.predicted,
            FloorDenied: self._presence.denied,
            TextReceived: exchange.typed,
            KeyPressed: exchange.key,
            Understood: dialog.understood,
            **dict.fromkeys(REPLY_EVENTS, dialog.replied),
            Summarized: dialog.recollection.summarized,
            ToolReturned: dialog.tool_returned,
            TransferEnded: dialog.transfer_ended,
            SpeechPrepared: turns.prepared,
            PlayoutStarted: turns.started,
            PlayoutFinished: self._playout_finished,
        }

    # --- the life of the call --------------------------------------------------------------------

    def _resumed(self, event: SessionResumed) -> None:
        self._ahead.forget()
        self._presence.resumed(event)
        self._requests.lose()
        self._failures.lose()
        self._dialog.recollection.lose()

    def _joined(self, event: ParticipantJoined) -> None:
        self._presence.joined(event)
        self._failures.somebody_came()

    def _service_failed(self, event: ServiceFailed) -> None:
        if event.service == "room":
            self._hang_up("error.room")
        else:
            self._failures.service_failed(event)

    def _app_event(self, event: AppEventReceived) -> None:
        self._dialog.raise_event(f"app.{event.name}", event.data)

    def _news(self, event: CallNewsReceived) -> None:
        self._dialog.raise_event(event.name, event.data)

    def _flow_replaced(self, event: FlowReplaced) -> None:
        """Come to rest in the new version: what is gone from a question is asked anew."""
        self._dialog.lose()
        self._outbox.note("flow", version=event.version, fingerprint=event.fingerprint)
        self._dialog.settle()

    # --- playout ---------------------------------------------------------------------------------

    def _playout_finished(self, event: PlayoutFinished) -> None:
        if self._exchange.line_finished(event) is not None and event.complete:
            self._failures.worked("tts")

    def _transcript(self, event: TranscriptReceived) -> None:
        self._failures.worked("stt")
        self._calm = self._exchange.transcript(event)
        if self._calm and self._asking.foresees:
            self._ahead.review(*self._exchange.expected_turn)

    # --- snapshot --------------------------------------------------------------------------------

    def to_dict(self) -> dict[str, Any]:
        """Return the whole conversation as JSON-like data; see `engine.core.snapshot`."""
        exchange = self._exchange
        return {
            "seq": self._seq,
            "now": self._now,
            "opened": exchange.opened,
            "closing": exchange.closing,
            "deadlines": self._deadlines.as_dict(),
            **{name: part.to_dict() for name, part in self._parts().items()},
        }

    def from_dict(self, data: Mapping[str, Any]) -> None:
        """Restore what `to_dict` gave, on the same flow."""
        self._seq, self._now = data["seq"], data["now"]
        self._exchange.opened, self._exchange.closing = data["opened"], data["closing"]
        self._deadlines.restore(data["deadlines"])
        for name, part in self._parts().items():
            part.from_dict(data[name])
        self._outbox.begin(self._now)

    def _parts(self) -> dict[str, Any]:
        return {
            **self._exchange.parts,
            "turns": self._turns,
            "history": self._history,
            "failures": self._failures,
            "dialog": self._dialog,
            "presence": self._presence,
            "requests": self._requests,
            "postponed": self._postponed,
            "ahead": self._ahead,  # the last: it depends on all the others
        }
