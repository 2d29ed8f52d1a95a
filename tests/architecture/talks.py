"""Rehearses a talk of a document: a script of lines against a flow, on the bare core.

    agent:    What is your name?         the agent says exactly this, and nothing in between
    user:     Ann                        the caller says (a whole turn, as text)
    keys:     12                         the caller presses keys
    silence:  6s                         nothing happens for so long; `wait` says the same
    event:    app.paid                   the world tells something
    tool:     find_table {size: 4}       the flow calls a tool, with at least these arguments ...
    returns:  {status: free}             ... and it answers; or `fails: MESSAGE`
    model:    {intent: asks_price}       what the language model reports about the last turn
    reply:    Let me see.                what it says in free talk; the agent says it then
    transfer: $FRONT_DESK                the caller is handed over; `connected` or `fails` follows
    at:       bye                        the dialog is in this state
    slots:    {name: Ann}                these slots hold these values
    log:      some line                  the flow left this line in the timeline
    ended:    hangup                     the call is over

Every line the agent says, every tool call and the end must stand in the talk. A line is played at
once and whole; what takes time on a real call is shown in documents by a script with instants.
"""

from __future__ import annotations

import re
from collections import deque
from typing import Any

from ruamel.yaml import YAML

from engine.core.conversation import Conversation
from engine.core.step import Step
from engine.core.values import to_json, unpack
from engine.effects import CallTool, Effect, HangUp, Say, StartReply, Transfer, Understand
from engine.events import (
    AppEventReceived,
    Event,
    KeyPressed,
    ParticipantJoined,
    PlayoutFinished,
    PlayoutStarted,
    ReplyDelta,
    ReplyFinished,
    ReplyReported,
    ReplyStarted,
    ServiceFailed,
    SessionStarted,
    SpeechPrepared,
    TextReceived,
    ToolReturned,
    TransferEnded,
    Understood,
)
from engine.flow.durations import parse_duration
from engine.machine.compiled import CompiledFlow

_LINE = re.compile(r"^(\w+):\s*(.*?)\s*$")
_INPUTS = (
    *("user", "keys", "silence", "wait", "event", "returns", "fails", "connected"),
    *("model", "reply"),
)
_OUTPUTS = ("agent", "tool", "transfer", "log", "ended")
_CALLER = "caller"
NOW = "2026-05-01T12:00:00+02:00"
"""A Friday."""


class TalkFailed(AssertionError):
    """The talk went otherwise than the document says."""


def rehearse(flow: CompiledFlow, talk: str) -> None:
    """Play a talk.

    Raises:
        TalkFailed: something else was said or done; the message holds the talk so far.
    """
    lines = [line for line in talk.splitlines() if line.strip() and not line.startswith("#")]
    _Rehearsal(flow, has_model="model:" in talk or "reply:" in talk).play(lines)


class _Rehearsal:
    def __init__(self, flow: CompiledFlow, *, has_model: bool) -> None:
        self._conversation = Conversation(flow)
        self._has_model = has_model
        self._outputs: deque[tuple[str, Any]] = deque()
        self._events: deque[Event] = deque()
        self._done: list[str] = []
        self._call = self._turn = self._reply = ""
        self._transferring = False
        self._give(SessionStarted(at=0, seed=7, started_at=NOW))
        self._give(ParticipantJoined(at=0, participant=_CALLER))

    def play(self, lines: list[str]) -> None:
        for line in lines:
            match = _LINE.match(line)
            if match is None:
                raise self._failure(f"not a line of a talk: {line}")
            kind, text = match.groups()
            if kind in _OUTPUTS:
                self._expect(kind, text)
            elif kind in _INPUTS:
                self._nothing_else()
                self._act(kind, text)
            elif kind == "at":
                self._compare(line, self._conversation.states.dialog, text)
            elif kind == "slots":
                self._compare_slots(line, _value(text))
            else:
                raise self._failure(f"not a line of a talk: {line}")
            self._done.append(line)
        self._nothing_else()

    # --- what happens ----------------------------------------------------------------------------

    def _act(self, kind: str, text: str) -> None:
        now = self._conversation.now
        if kind in ("silence", "wait"):
            self._pass(now + parse_duration(text))
        elif kind == "keys":
            for key in text:
                self._give(KeyPressed(at=now, participant=_CALLER, key=key))
        elif kind == "reply":
            reply, self._reply = self._reply, ""
            self._give(ReplyStarted(at=now, reply=reply))
            self._give(ReplyDelta(at=now, reply=reply, text=text))
            self._give(ReplyFinished(at=now, reply=reply))
        else:
            self._give(self._event(kind, text, now))

    def _event(self, kind: str, text: str, now: int) -> Event:
        match kind:
            case "user":
                return TextReceived(at=now, participant=_CALLER, text=text)
            case "event":
                return AppEventReceived(at=now, name=text.removeprefix("app."))
            case "model" if self._reply:
                return ReplyReported(at=now, reply=self._reply, report=_value(text))
            case "model":
                return Understood(at=now, turn=self._turn, report=_value(text))
            case "connected":
                return TransferEnded(at=now)
            case "fails" if self._transferring:
                return TransferEnded(at=now, error=text)
            case "fails":
                return ToolReturned(at=now, call=self._call, error=text)
            case _:
                return ToolReturned(at=now, call=self._call, value=_value(text))

    def _pass(self, until: int) -> None:
        while (due := self._conversation.next_deadline) is not None and due <= until:
            self._take(self._conversation.advance(due))
        self._take(self._conversation.advance(until))

    def _give(self, event: Event) -> None:
        self._events.append(event)
        while self._events:
            self._take(self._conversation.receive(self._events.popleft()))

    def _take(self, steps: list[Step]) -> None:
        for step in steps:
            self._outputs += [("log", n.data["text"]) for n in step.notes if n.kind == "log"]
            for effect in step.effects:
                self._carry_out(effect, step.at)
        if steps and self._events:
            self._give(self._events.popleft())

    def _carry_out(self, effect: Effect, at: int) -> None:
        match effect:
            case Say(utterance=line, text=text):
                self._outputs.append(("agent", text))
                self._events += [
                    SpeechPrepared(at=at, utterance=line, duration=0),
                    PlayoutStarted(at=at, utterance=line),
                    PlayoutFinished(at=at, utterance=line, played=0, complete=True),
                ]
            case CallTool(call=call, tool=tool, args=args):
                self._call = call
                self._outputs.append(("tool", (tool, args)))
            case Transfer(to=to):
                self._transferring = True
                self._outputs.append(("transfer", to))
            case Understand(turn=turn) if self._has_model:
                self._turn = turn
            case StartReply(reply=reply) if self._has_model:
                self._reply = reply
            case Understand(turn=subject) | StartReply(reply=subject):
                missing = "no language model is configured"
                failed = ServiceFailed(at=at, service="llm", message=missing, subject=subject)
                self._events.append(failed)
            case HangUp(kind=kind):
                self._outputs.append(("ended", kind))

    # --- what must be so -------------------------------------------------------------------------

    def _expect(self, kind: str, text: str) -> None:
        if not self._outputs:
            raise self._failure(f"nothing happened, where the document says {kind}: {text}")
        found, value = self._outputs.popleft()
        if found == "tool":
            name, _, args = text.partition(" ")
            wanted = _texts(_value(args or "{}"))
            tool, given = value
            value = f"{tool} {given}"
            if tool == name and wanted.items() <= _texts(given).items():
                value = text
        if (found, value) != (kind, text):
            raise self._failure(f"expected {kind}: {text}\nhappened {found}: {value}")

    def _nothing_else(self) -> None:
        if self._outputs:
            kind, value = self._outputs[0]
            raise self._failure(f"this stands in no line of the document: {kind}: {value}")

    def _compare(self, line: str, found: object, wanted: object) -> None:
        if found != wanted:
            raise self._failure(f"{line}: it is {found}")

    def _compare_slots(self, line: str, wanted: dict[str, Any]) -> None:
        frames = self._conversation.to_dict()["dialog"]["scene"]["frames"]
        held = unpack(frames[-1]["memory"]["slots"])
        found = {name: to_json(held[name]) for name in wanted}
        self._compare(f"{line} {found}", _texts(found), _texts(wanted))

    def _failure(self, message: str) -> TalkFailed:
        return TalkFailed("\n".join(["the talk so far:", *self._done, "", message]))


def _value(text: str) -> Any:
    return YAML(typ="safe").load(text)


def _texts(values: dict[str, Any]) -> dict[str, str]:
    """YAML reads a bare date as one; the engine hands out JSON."""
    return {key: str(value) for key, value in values.items()}
