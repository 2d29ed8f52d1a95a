"""Plays one test: the steps of its talk, in order, on one `TextCall`.

A step is something that happens, or something that must be so.

- `user`, `silence` and `dtmf` wait until the agent has said everything. `interrupt` does not: it
  cuts into what is audible, or into the next line. `wait` and `emit` come at once.
- `agent` and `called` look at what was said and called since the last thing that happened, each
  after the one before; if it is not there yet, the call goes on until it is, or until only the
  caller can go on. `at`, `slots` and `ended` let the call go on in the same way.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from engine.core.findings import Findings, Scope
from engine.core.understanding import judge_report, understand
from engine.core.values import ShapeError, from_json, to_json
from engine.errors import TurnwiseError
from engine.flow.model.tools import Heard, Interrupt, ModelReply, Spoken, TalkStep
from engine.machine.compiled import End
from engine.testing.flow_tests.call import TextCall
from engine.testing.flow_tests.coverage import find_state, flows_of
from engine.testing.flow_tests.replies import Replies
from engine.testing.flow_tests.said import Called, Line
from engine.testing.flow_tests.view import pairs

_LOOK = 100
"""How often, in ms, it is looked whether the agent still speaks."""


class StepFailedError(TurnwiseError):
    """A step did not come true."""

    def __init__(self, expected: str, found: str, help: str = "") -> None:
        super().__init__(f"expected {expected}, found {found}")
        self.expected = expected
        self.found = found
        self.help = help


@dataclass(slots=True)
class Reader:
    """Understands turns: what the test says was heard, else words and parsers."""

    heard: Heard | None = None
    dropped: tuple[str, ...] = ()
    """What was declared as heard, and is not in scope or not of its type."""

    def __call__(self, text: str, scope: Scope) -> Findings:
        """Find what a turn says. No model is ever asked, so everything is settled."""
        if self.heard is None:
            return dataclasses.replace(understand(text, scope), settled=True)
        heard, self.heard = self.heard, None
        report = {"slots": heard.slots, "intent": heard.intent, "answer": heard.answer}
        found = judge_report(report, scope)
        lost = [f"slots.{name}" for name in heard.slots if name not in found.slots]
        lost += ["intent"] if heard.intent != found.intent else []
        lost += ["answer"] if heard.answer != found.answer else []
        self.dropped = tuple(lost)
        return dataclasses.replace(found, settled=True)


class Talk:
    """The steps of a test, played on a call."""

    def __init__(self, call: TextCall, reader: Reader, replies: Replies) -> None:
        self._call = call
        self._reader = reader
        self._replies = replies
        self._number = 0
        self.marks: list[tuple[int, int]] = []
        """For each step that lets something happen, counted from 1: how many steps of the call had
        been when it did."""
        self._unhandled = ""
        """The last event that was raised, where nothing came of it."""
        self._written: str | ModelReply | list[str | ModelReply] | None = None
        self._lines = 0
        """What the agent said before this does not count."""
        self._calls = 0

    def play(self, step: TalkStep) -> None:
        """Carry out one step.

        Raises:
            StepFailedError: it did not come true.
            NeverAtRestError, UnmockedWriteError: it cannot.
        """
        self._number += 1
        for key, act in self._actions().items():
            value = getattr(step, key)
            if value is not None:
                if key == "user":
                    self._reader.heard = step.heard
                    self._written = step.model
                act(value)
                return

    def finish(self) -> None:
        """The talk is over. Raises `StepFailedError`: what was written for a model is unsaid."""
        if self._replies.unsaid:
            self._call.rest()
            self._all_said()

    def _actions(self) -> dict[str, Callable[[Any], None]]:
        return {
            "user": self._user,
            "silence": self._silence,
            "dtmf": self._dtmf,
            "interrupt": self._interrupt,
            "emit": self._emit,
            "wait": self._wait,
            "agent": self._agent,
            "at": self._at,
            "called": self._called,
            "slots": self._slots,
            "ended": self._ended,
        }

    # --- what happens ----------------------------------------------------------------------------

    def _quiet(self, what: str) -> None:
        """The agent is heard out; what it said before no longer counts."""
        self._call.rest()
        self._all_said()
        if self._call.over is not None:
            found = f"the call is over: {self._ending()}"
            raise StepFailedError(what, found)
        self._lines, self._calls = len(self._call.said), len(self._call.calls)
        self._unhandled = ""
        self._mark()

    def _mark(self) -> None:
        self.marks.append((self._number, len(self._call.steps)))

    def _user(self, text: str) -> None:
        declared, written = self._reader.heard, self._written
        self._quiet("the caller to be able to speak")
        self._replies.answer([] if written is None else _list(written))
        self._call.types(text)
        if declared is not None and self._reader.heard is not None:
            self._reader.heard = None
            found = f"nobody listens in `{self._call.state}`"
            raise StepFailedError("somebody to understand the turn", found)
        dropped, self._reader.dropped = self._reader.dropped, ()
        if dropped:
            where = f"in `{self._call.state}`"
            found = f"{', '.join(dropped)}, which is not in scope {where}, or not of its type"
            help_ = "only what is asked there, filled slots, and handled intents can be heard"
            raise StepFailedError("something that can be heard", found, help_)

    def _all_said(self) -> None:
        """Every reply that was written for the last turn was asked for."""
        count = self._replies.unsaid
        if not count:
            return
        self._replies.answer([])
        several = "the model's reply" if count == 1 else f"{count} more replies of the model"
        found = f"no model is asked for it; the conversation is at `{self._call.state}`"
        help_ = "a model replies in a `converse` state, unless words or `heard` lead out of it"
        raise StepFailedError(several, found, help_)

    def _silence(self, length: int) -> None:
        self._quiet("the caller to be silent for a while")
        self._call.pass_time(length)

    def _dtmf(self, keys: str) -> None:
        self._quiet("keys to be pressed")
        self._call.presses(keys)

    def _interrupt(self, interrupt: Interrupt) -> None:
        call = self._call
        if not call.go_on(lambda: self._audible() is not None):
            found = "the agent says nothing more here"
            raise StepFailedError("a line to interrupt", found)
        line = self._audible()
        assert line is not None
        self._lines, self._calls = call.said.index(line), len(call.calls)
        end = line.at + interrupt.at
        while call.now < end and not call.quiet:
            call.pass_time(min(_LOOK, end - call.now))
        if self._audible() is None:
            found = f"the agent stops after {(call.now - line.at) / 1000:g} s"
            raise StepFailedError(f"speech that lasts {interrupt.at / 1000:g} s", found)
        self._mark()
        call.speaks(interrupt.user)

    def _wait(self, length: int) -> None:
        self._mark()
        self._call.pass_time(length)

    def _audible(self) -> Line | None:
        return next((line for line in self._call.said if line.whole is None), None)

    def _emit(self, event: str) -> None:
        self._lines, self._calls = len(self._call.said), len(self._call.calls)
        self._mark()
        before, where = len(self._call.steps), self._call.state
        self._call.happens(event)
        followed = any(step.moves or step.effects for step in self._call.steps[before:])
        self._unhandled = "" if followed else f"nothing came of `{event}` in `{where}`"

    # --- what must be so -------------------------------------------------------------------------

    def _agent(self, wanted: str | Spoken) -> None:
        text = wanted.says if isinstance(wanted, Spoken) else wanted
        if not self._call.go_on(lambda: self._line(text) is not None) and not self._line(text):
            raise StepFailedError(
                f"the agent to say {_quoted(text)}", self._said(), self._hint(text)
            )
        line = self._line(text)
        assert line is not None
        if isinstance(wanted, Spoken) and wanted.whole:
            self._call.go_on(lambda: line.whole is not None)
            if line.whole is False:
                raise StepFailedError(f"the whole of {_quoted(text)}", f'"{line.text}" was cut')
        self._lines = self._call.said.index(line) + 1

    def _line(self, text: str) -> Line | None:
        lines = self._call.said[self._lines :]
        return next((line for line in lines if _matches(text, line.text)), None)

    def _said(self) -> str:
        lines = self._call.said[self._lines :]
        if not lines:
            return f"nothing was said since, in `{self._call.state}`"
        return "; ".join(f'"{line.text}"' for line in lines)

    def _hint(self, text: str) -> str:
        if any(text in line.text for line in self._call.said[self._lines :]):
            return f"a part of a line stands between slashes: /{re.escape(text)}/"
        if any(_matches(text, line.text) for line in self._call.said[: self._lines]):
            return "it was said earlier, before the last thing that happened"
        return self._unhandled

    def _at(self, target: str) -> None:
        call = self._call
        call.go_on(lambda: call.over is not None or call.listens)
        if not self._is_at(target) and not call.go_on(lambda: self._is_at(target)):
            if self._is_at(target):
                return
            raise StepFailedError(f"the conversation to be at `{target}`", self._where())

    def _is_at(self, target: str) -> bool:
        _, state = find_state(self._call.flow, self._call.state)
        return state is not None and target.rpartition(".")[2] in (state.id, *state.groups)

    def _where(self) -> str:
        moves = [m for step in self._call.steps for m in step.moves if m.machine == "dialog"]
        since = f" since {moves[-1].at / 1000:.3f} s ({moves[-1].because})" if moves else ""
        return f"it is at `{self._call.state}`{since}"

    def _called(self, wanted: Mapping[str, Mapping[str, Any]]) -> None:
        for tool, args in wanted.items():
            position = self._calls

            def found(tool: str = tool, args: Mapping[str, Any] = args) -> int | None:
                return self._call_of(tool, args)

            if not self._call.go_on(lambda: found() is not None) and found() is None:
                told = [c for c in self._call.calls[position:] if c.tool == tool]
                shown = "; ".join(f"{c.tool}({pairs(c.args)})" for c in told)
                missing = shown or f"no call of `{tool}` since the last thing that happened"
                raise StepFailedError(f"a call of `{tool}` with {pairs(args) or 'any'}", missing)
            index = found()
            assert index is not None
            self._calls = index + 1

    def _call_of(self, tool: str, args: Mapping[str, Any]) -> int | None:
        for index in range(self._calls, len(self._call.calls)):
            if self._is_call(self._call.calls[index], tool, args):
                return index
        return None

    def _is_call(self, call: Called, tool: str, args: Mapping[str, Any]) -> bool:
        types = next((f.tools[tool].args for f in flows_of(self._call.flow) if tool in f.tools), {})
        return call.tool == tool and all(
            name in call.args and _same(call.args[name], value, types.get(name))
            for name, value in args.items()
        )

    def _slots(self, wanted: Mapping[str, Any]) -> None:
        call = self._call
        call.go_on(lambda: call.over is not None or call.listens)
        slots = call.slots()
        specs = {n: s for f in flows_of(call.flow) for n, s in f.slots.items()}
        wrong = [
            name
            for name, value in wanted.items()
            if not _same(to_json(slots.get(name)), value, specs[name].type)
        ]
        if wrong:
            expected = pairs({name: wanted[name] for name in wrong})
            found = {name: to_json(slots.get(name)) for name in wrong}
            shown = pairs({n: "empty" if v is None else v for n, v in found.items()})
            raise StepFailedError(f"the slots {expected}", shown)

    def _ended(self, how: str) -> None:
        self._call.rest()
        if self._call.over is None:
            raise StepFailedError(f"the call to be over ({how})", self._where())
        if how not in self._endings():
            raise StepFailedError(f"the call to end with {how}", self._ending())

    def _endings(self) -> tuple[str, ...]:
        call = self._call
        if call.over is None:
            return ()
        if call.over.reason != "flow":
            return (call.over.reason,)
        if call.transferred:
            return ("transfer",)
        _, state = find_state(call.flow, call.state)
        if state is not None and isinstance(state.verb, End):
            return (state.verb.kind,)
        return ("hangup", "return")  # `to: END` is whichever the flow was begun for

    def _ending(self) -> str:
        return f"it ended with {' or '.join(self._endings())} in `{self._call.state}`"


def _list(replies: str | ModelReply | list[str | ModelReply]) -> list[str | ModelReply]:
    return replies if isinstance(replies, list) else [replies]


# --- comparing ------------------------------------------------------------------------------------


def _matches(pattern: str, text: str) -> bool:
    if len(pattern) > 1 and pattern.startswith("/") and pattern.endswith("/"):
        return re.search(pattern[1:-1], text) is not None
    return " ".join(pattern.split()) == " ".join(text.split())


def _quoted(text: str) -> str:
    return text if text.startswith("/") and text.endswith("/") else f'"{text}"'


def _same(found: Any, wanted: Any, type_: Any) -> bool:
    """Compare JSON values, the wanted one read as the declared type: "7:00" is "07:00"."""
    if wanted is None or found is None or type_ is None:
        return bool(found == wanted)
    try:
        return bool(found == to_json(from_json(wanted, type_)))
    except ShapeError:
        return False
