"""A recorded call becomes a test: what the caller said, what the world answered, what was said.

Timing is not kept: a test is a conversation in turns. Where the caller spoke while a tool was at
work the test may go another way than the call, and is then to be corrected by hand.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Iterator
from typing import Any

from engine.core.step import Deadline, Step
from engine.effects import CallTool, HangUp, Say
from engine.events import (
    AppEventReceived,
    KeyPressed,
    SessionStarted,
    ToolReturned,
    TransferEnded,
    Understood,
)
from engine.machine.compiled import CompiledFlow, End
from engine.observe.journal import read
from engine.testing.flow_tests.coverage import find_state, waits
from engine.testing.flow_tests.staged import event_name
from engine.testing.flow_tests.writing import Stub, Written, duration, write

_SPOKEN = ("line", "question", "ladder")


def recorded_test(flow: CompiledFlow, lines: Iterable[str]) -> str:
    """Return a file of tests with the one that repeats the call.

    Args:
        flow: what the call ran on.
        lines: its journal.

    Raises:
        JournalError: it is no journal.
    """
    header, steps = read(lines)
    recording = _Recording(flow, list(steps))
    name = f"call_{datetime.datetime.fromisoformat(header.started_at):%Y_%m_%d_%H%M%S}"
    stub = recording.stub(name)
    stub.comment = (
        f"Recorded on {header.flow} {header.version}. It holds what the caller said: replace what\n"
        "is private before you keep it."
    )
    if header.fingerprint != flow.fingerprint:
        stub.comment += "\nThe flow has changed since: not every step may still be true."
    return f"turnwise: 1\ntests:\n{write([stub])}"


class _Recording:
    def __init__(self, flow: CompiledFlow, steps: list[Step]) -> None:
        self._flow = flow
        self._steps = steps
        self._reports = {
            s.cause.turn: s.cause.report for s in steps if isinstance(s.cause, Understood)
        }
        self._state = ""
        self._said = False
        """Whether anything happened since the place was last noted."""

    def stub(self, name: str) -> Stub:
        stub = Stub(name=name, mocks=self._mocks())
        for step in self._steps:
            cause = step.cause
            if isinstance(cause, SessionStarted):
                moment = datetime.datetime.fromisoformat(cause.started_at)
                stub.now = moment.strftime("%Y-%m-%dT%H:%M:%S")
                stub.inputs = dict(cause.inputs)
            happened = list(self._happened(step))
            if happened:
                stub.talk += self._place()
                self._said = True
            _append(stub.talk, happened)
            stub.talk += self._came(step)
            self._state = step.states.dialog
        return stub

    def _place(self) -> Iterator[Written]:
        """Where the conversation stood before the next thing happened."""
        _, state = find_state(self._flow, self._state)
        if self._said and state is not None and waits(state):
            yield Written("at", state.id)

    # --- what happened ---------------------------------------------------------------------------

    def _happened(self, step: Step) -> Iterator[Written]:
        match step.cause:
            case KeyPressed(key=key):
                yield Written("dtmf", key)
            case AppEventReceived():
                yield Written("emit", event_name(step.cause))
            case Deadline(name="silence"):
                _, state = find_state(self._flow, self._state)
                length = state.listen.silence if state is not None else 6_000
                yield Written("silence", duration(length))
            case Deadline(name=name) if name.startswith("timer:"):
                yield Written("emit", f"timer.{name.rpartition(':')[2]}")
        cut = any(note.kind == "interrupted" for note in step.notes)
        for note in step.notes:
            if note.kind == "turn":
                yield self._turn(note.data, cut=cut)

    def _turn(self, data: dict[str, Any], *, cut: bool) -> Written:
        report = self._reports.get(data["turn"])
        heard: dict[str, Any] | None = None
        if report is not None:
            slots = {n: v for n, v in dict(report.get("slots") or {}).items() if v is not None}
            heard = {"slots": slots} if slots else {}
            if report.get("intent") not in (None, "none"):
                heard["intent"] = report["intent"]
            if report.get("answer") is not None:
                heard["answer"] = report["answer"]
        elif not data.get("trusted", True):
            heard = {}  # words the recogniser did not trust are not understood
        return Written("user", data["text"], "cut the agent" if cut else "", heard)

    # --- what came of it -------------------------------------------------------------------------

    def _came(self, step: Step) -> Iterator[Written]:
        for effect in step.effects:
            match effect:
                case Say(text=text, purpose=purpose) if purpose in _SPOKEN:
                    yield Written("agent", text)
                case CallTool(tool=tool, args=args, sensitive=hidden):
                    yield Written(
                        "called", {tool: {n: v for n, v in args.items() if n not in hidden}}
                    )
                case HangUp(reason="flow"):
                    yield Written("ended", self._ending(step))

    def _ending(self, step: Step) -> str:
        if any(isinstance(s.cause, TransferEnded) and s.cause.error is None for s in self._steps):
            return "transfer"
        _, state = find_state(self._flow, step.states.dialog)
        return state.verb.kind if state is not None and isinstance(state.verb, End) else "hangup"

    def _mocks(self) -> dict[str, list[Any]]:
        returned = {s.cause.call: s.cause for s in self._steps if isinstance(s.cause, ToolReturned)}
        mocks: dict[str, list[Any]] = {}
        for step in self._steps:
            for effect in step.effects:
                if isinstance(effect, CallTool):
                    mocks.setdefault(effect.tool, []).append(_answer(returned.get(effect.call)))
            if isinstance(step.cause, TransferEnded) and step.cause.error is not None:
                mocks.setdefault("transfer", []).append({"error": step.cause.error})
        return mocks


def _answer(returned: ToolReturned | None) -> Any:
    if returned is None:
        return {"error": "timeout"}
    return returned.value if returned.error is None else {"error": returned.error}


def _append(talk: list[Written], happened: list[Written]) -> None:
    """Join keys that follow each other into one step."""
    for step in happened:
        if step.key == "dtmf" and talk and talk[-1].key == "dtmf":
            talk[-1] = Written("dtmf", talk[-1].value + step.value)
        else:
            talk.append(step)
