"""What the program around a call asks for: lines, replies of the model, a transfer, the end.

Every request comes as an event (`engine.requests`) and ends with one note:

    request {request, heard, interrupted, error}

`heard` is what was played of it, `interrupted` whether something of it was not heard, `error` why
not, where nobody simply spoke over it.

- Lines stand in the one queue of lines, behind what is ordered. Before somebody is there they wait.
  Audio that cannot be played is an error of its request, and the flow is not told: the voice of the
  call is not broken.
- A reply is begun when nobody else is at work and the caller has not the floor, one at a time. It
  was asked for without knowing what the caller says next: one of which nothing was heard when the
  caller speaks is begun anew after the answer (`superseded`), and then knows those words. A
  protected one is ordered as one line, once it is written: nothing comes between its sentences.
- A transfer is ordered when everything was said, and the end likewise.
- A tool may ask for a reply or a transfer and wait for it. So neither waits for that tool, and such
  a reply is ordered as one line as well: the tool's result may come in the middle of it.

`around` puts the requests in front of the conversation's own handlers: what a model answers, and
how a transfer went, goes to whoever ordered it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, replace
from typing import Any

from engine.core.asked import Asked
from engine.core.deadlines import Deadlines
from engine.core.dialog import Dialog
from engine.core.exchange import Exchange
from engine.core.outbox import Outbox
from engine.core.step import Note
from engine.core.transfer import TIME_LIMIT
from engine.core.writing import LIMITS, Writing
from engine.effects import ReportError, SendKeys, Transfer
from engine.events import REPLY_EVENTS, Event, ServiceFailed, TransferEnded
from engine.machine.compiled import InterruptionPolicy
from engine.requests import (
    EndRequested,
    HandlerFailed,
    InterruptRequested,
    KeysRequested,
    ReplyRequested,
    SayRequested,
    TransferRequested,
)

ENDING = "the call is ending"

Handlers = dict[type[Event], Callable[[Any], None]]

_SHARED = (*REPLY_EVENTS, ServiceFailed, TransferEnded)


class Requests:
    """Keeps what was asked for until it is over."""

    def __init__(
        self, outbox: Outbox, deadlines: Deadlines, exchange: Exchange, dialog: Dialog
    ) -> None:
        self._outbox = outbox
        self._deadlines = deadlines
        self._exchange = exchange
        self._turns = exchange.turns
        self._dialog = dialog
        self._writing = Writing(outbox, deadlines, exchange.turns, dialog)
        self._asked: dict[str, Asked] = {}
        self.open = False
        """Whether anything was asked for that is not over: else there is nothing to review."""
        self._notes: list[Note] = []
        self._read = 0
        self._end: tuple[str, str] | None = None
        self._inner: Handlers = {}
        """Who else takes the events that may be about a request."""
        self.reason = ""
        """Why the call ends, where that was asked for here."""

    def around(self, inner: Handlers) -> Handlers:
        """Return these handlers with those of requests before them."""
        self._inner = {kind: inner[kind] for kind in _SHARED}
        return {
            **inner,
            SayRequested: self._ask,
            ReplyRequested: self._ask,
            TransferRequested: self._ask,
            InterruptRequested: self._interrupt,
            KeysRequested: self._keys_requested,
            EndRequested: self._end_requested,
            HandlerFailed: self._handler_failed,
            **dict.fromkeys(REPLY_EVENTS, self._replied),
            ServiceFailed: self._service_failed,
            TransferEnded: self._transfer_ended,
        }

    @property
    def busy(self) -> bool:
        """True while the model writes something that was asked for, or a transfer is under way."""
        return any(asked.stage == "running" for asked in self._asked.values())

    # --- what is asked ---------------------------------------------------------------------------

    def _ask(self, event: SayRequested | ReplyRequested | TransferRequested) -> None:
        self.open = True
        asked = self._asked[event.request] = Asked.of(event)
        if self._end is not None:
            asked.fail(ENDING)

    def _interrupt(self, event: InterruptRequested) -> None:
        everything = not event.request
        mine = [a for a in self._asked.values() if everything or a.id == event.request]
        lines = self._turns.queued if everything else [u for a in mine for u in a.lines]
        stopped = self._turns.withdraw(lines, force=event.force)
        if stopped:
            self._outbox.note("interrupted", utterances=list(stopped), because="request")
        for asked in mine:
            if asked.kind == "transfer":
                continue  # an order that was given stands
            if asked.protected and not event.force:
                self._outbox.note("blocked", request=asked.id, action="keep")
            else:
                self._cancel(asked)
        if everything:
            self._exchange.interruption.over()
            self._dialog.interrupted()

    def _keys_requested(self, event: KeysRequested) -> None:
        self._outbox.emit(SendKeys(keys=event.keys))

    def _end_requested(self, event: EndRequested) -> None:
        self.open = True
        self._end = self._end or (event.reason, event.kind)

    def _handler_failed(self, event: HandlerFailed) -> None:
        self._outbox.emit(
            ReportError(name="error.handler", message=event.message, subject=event.handler)
        )

    # --- bringing requests forward ---------------------------------------------------------------

    def review(self) -> None:
        """Begin what can begin, and end what is over; after everything that happened."""
        self._take_notes()
        for asked in list(self._asked.values()):
            if asked.stage == "waiting":
                self._begin(asked)
            if asked.resting and asked.stage == "running":
                self._go_on(asked)
            if asked.stage == "said" and not any(map(self._turns.progress, asked.lines)):
                self._finish(asked)
        if self._end is not None and not self.reason:
            self._end_when_written(*self._end)
        self._exchange.asked_for = self.busy
        self.open = bool(self._asked) or self._end is not None

    def _begin(self, asked: Asked) -> None:
        exchange = self._exchange
        if not exchange.opened or exchange.closing:
            return
        if self._dialog.ended is not None:
            asked.fail(ENDING)
        elif asked.kind == "say":
            self._say(asked)
        elif self.busy or self._others_work(asked) or exchange.hearing.turn is not None:
            return
        elif asked.kind == "reply":
            self._write(asked)
        elif not self._turns.speaking:
            order = {name: asked.order[name] for name in ("to", "kind", "brief")}
            self._outbox.emit(Transfer(**order))
            self._deadlines.set(f"transfer:{asked.id}", self._outbox.at + TIME_LIMIT)
            asked.stage = "running"

    def _others_work(self, asked: Asked) -> bool:
        """Say whether a model or tool is at work that has not asked for this itself."""
        return self._dialog.busy and not self._dialog.aside.asks(asked.within)

    def _write(self, asked: Asked) -> None:
        unknown = self._dialog.aside.unknown(asked.order["tools"])
        if unknown:
            asked.fail(f"there is no tool {unknown[0]!r} here")
        else:
            self._writing.begin(asked)

    def _go_on(self, asked: Asked) -> None:
        """The tools the model asked for have answered: let it go on, when nobody has the floor."""
        busy = self._others_work(asked) or self._exchange.hearing.turn is not None
        if not busy and not self._dialog.aside.under_way(asked.calls):
            self._writing.again(asked)

    def _say(self, asked: Asked) -> None:
        order, policy = asked.order, self._policy(asked)
        text, remember = order["text"], order["remember"]
        if order["audio"]:
            line = self._turns.play(order["audio"], policy=policy, text=text, remember=remember)
        else:
            line = self._turns.say(text, purpose="line", policy=policy, remember=remember)
        asked.lines.append(line)
        asked.stage = "said"

    def _policy(self, asked: Asked) -> InterruptionPolicy:
        policy, wanted = self._dialog.interruptions, asked.order["interruptible"]
        return policy if wanted is None else replace(policy, allow=wanted)

    def _end_when_written(self, reason: str, kind: str) -> None:
        """End the dialog, behind the replies that were asked for before."""
        opened = self._exchange.opened
        if opened and any(a.kind == "reply" and a.stage != "said" for a in self._asked.values()):
            return
        self.reason = reason
        if opened:
            self._dialog.raise_event("call.ended", {"reason": reason})
            self._dialog.end(kind)

    def _finish(self, asked: Asked) -> None:
        del self._asked[asked.id]
        heard = " ".join(filter(None, asked.heard))
        # a line that was cut within its first word was audible, and leaves no word of itself
        cut = asked.cut or len(asked.heard) < len(asked.lines)
        told = {"heard": heard, "interrupted": cut, "error": asked.error}
        self._outbox.note("request", request=asked.id, **told)

    # --- what becomes of lines -------------------------------------------------------------------

    def _take_notes(self) -> None:
        if self._notes is not self._outbox.notes:
            self._notes, self._read = self._outbox.notes, 0
        news, self._read = self._notes[self._read :], len(self._notes)
        turn = False
        for note in news:
            turn = turn or note.kind == "turn"
            owner = self._owner(note.data.get("utterance", ""))
            if owner is not None and note.kind == "heard":
                owner.heard.append(note.data["text"])
                owner.cut = owner.cut or not note.data["complete"]
                owner.begun = True
            elif owner is not None and note.kind == "dropped":
                owner.cut = True
        for asked in list(self._asked.values()):
            audible = any(self._turns.progress(line) == "audible" for line in asked.lines)
            asked.begun = asked.begun or audible
            if asked.kind == "reply" and asked.stage != "waiting" and (turn or asked.cut):
                self._caller_spoke(asked)

    def _caller_spoke(self, asked: Asked) -> None:
        """A turn of the caller, or their voice, has met a reply."""
        if asked.given_up or asked.protected:
            return
        if asked.begun:
            if asked.stage == "running":
                self._cancel(asked)
            return
        self._turns.withdraw(asked.lines)
        self._writing.stop(asked)
        self._outbox.note("superseded", request=asked.id)
        self._asked[asked.id] = asked.again()

    def _cancel(self, asked: Asked) -> None:
        """Nothing more is made of it; what is audible of it has been stopped."""
        self._writing.stop(asked)
        asked.stage, asked.cut, asked.given_up = "said", True, True

    def _owner(self, line: str) -> Asked | None:
        return next((a for a in self._asked.values() if line in a.lines), None) if line else None

    # --- replies ---------------------------------------------------------------------------------

    def _replied(self, event: Any) -> None:
        asked = self._written_now(event.reply)
        if asked is None:
            self._inner[type(event)](event)
        else:
            self._written(asked, event)

    def _written_now(self, name: str) -> Asked | None:
        asked = self._asked.get(name.partition(".")[0])
        running = asked is not None and asked.kind == "reply" and asked.stage == "running"
        return asked if running and asked is not None and asked.reply == name else None

    def _written(self, asked: Asked, event: Event) -> None:
        self._writing.take(asked, event, self._policy(asked))
        if asked.stage == "said" and not asked.lines:
            self._fail(asked, "llm", "the model said nothing")

    # --- failures --------------------------------------------------------------------------------

    def late(self, deadline: str) -> bool:
        """A deadline is due. Returns whether it was one of a request, and is dealt with."""
        if not self._asked:
            return False
        kind, _, subject = deadline.partition(":")
        if kind in ("first_audio", "playout"):
            return self._line_failed(subject, "it was not heard in time", stop=True)
        asked = self._asked.get(subject) if kind in (*LIMITS, "transfer") else None
        if asked is None:
            return False
        if kind == "transfer":
            self._fail(asked, "transfer", "nobody answered in time")
        else:
            self._writing.stop(asked)
            self._fail(asked, "llm", f"the model took too long ({kind})")
        return True

    def _service_failed(self, event: ServiceFailed) -> None:
        asked = self._written_now(event.subject) if event.service == "llm" else None
        if asked is not None:
            self._writing.forget(asked)
            self._fail(asked, "llm", event.message)
            return
        if event.service != "tts" or not self._line_failed(event.subject, event.message):
            self._inner[ServiceFailed](event)

    def _line_failed(self, line: str, message: str, *, stop: bool = False) -> bool:
        """A line of a request is lost; without a name it is the voice, and all of them are.

        Returns:
            Whether that is all there is to do: audio of the program's own is no affair of the flow.
        """
        for asked in self._asked.values():
            if line in asked.lines or (not line and asked.lines):
                asked.error, asked.cut = asked.error or message, True
        asked_for = self._owner(line)
        if asked_for is None or not asked_for.order.get("audio"):
            return False
        if self._turns.give_up(line, stop=stop) is not None:
            self._exchange.line_over()
            message = f"{line}: {message}"
            self._outbox.emit(ReportError(name="error.tts", message=message, subject=asked_for.id))
        return True

    def _fail(self, asked: Asked, service: str, message: str) -> None:
        asked.fail(message)
        self._outbox.emit(ReportError(name=f"error.{service}", message=message, subject=asked.id))

    # --- transfer --------------------------------------------------------------------------------

    def _transfer_ended(self, event: TransferEnded) -> None:
        under_way = (a for a in self._asked.values() if a.kind == "transfer")
        asked = next((a for a in under_way if a.stage == "running"), None)
        if asked is None:
            self._inner[TransferEnded](event)
            return
        self._deadlines.cancel(f"transfer:{asked.id}")
        if event.error is not None:
            self._fail(asked, "transfer", event.error)
        else:
            asked.stage = "said"
            self.reason = self.reason or "transferred"
            self._dialog.end("leave")

    # --- the end, and snapshots ------------------------------------------------------------------

    @property
    def end_kind(self) -> str:
        """`hangup` or `leave`, as whoever asked for the end wants it."""
        return "hangup" if self._end is None else self._end[1]

    def close(self) -> None:
        """The call is over: only what was played of lines is still told."""
        for asked in self._asked.values():
            unheard = asked.stage != "said" or any(map(self._turns.progress, asked.lines))
            if unheard and not asked.given_up:
                asked.fail("the call is over")

    def lose(self) -> None:
        """Another process goes on with the call: nobody waits for these any more."""
        for asked in list(self._asked.values()):
            self._writing.forget(asked)
            self._deadlines.cancel(f"transfer:{asked.id}")
            asked.fail("the process was killed")
            self._finish(asked)

    def to_dict(self) -> dict[str, Any]:
        """Return what must survive, as JSON-like data."""
        return {
            "asked": [asdict(asked) for asked in self._asked.values()],
            "end": None if self._end is None else list(self._end),
            "reason": self.reason,
        }

    def from_dict(self, data: Mapping[str, Any]) -> None:
        """Restore what `to_dict` gave."""
        self._asked = {asked["id"]: Asked(**asked) for asked in data["asked"]}
        self._end = None if data["end"] is None else (data["end"][0], data["end"][1])
        self.reason = data["reason"]
        self.open = bool(self._asked) or self._end is not None
        self._exchange.asked_for = self.busy
