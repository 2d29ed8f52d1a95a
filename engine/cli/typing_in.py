"""A conversation somebody types: what `turnwise chat` does with each line. No terminal in here."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from engine.core.conversation import DialogFactory
from engine.core.reload import ReloadRefusedError, UnderWayError
from engine.core.values import to_json
from engine.errors import TurnwiseError
from engine.flow.durations import parse_duration
from engine.machine.compiled import CompiledFlow, Transition
from engine.testing.flow_tests.call import TextCall
from engine.testing.flow_tests.coverage import find_state
from engine.testing.flow_tests.models import Model
from engine.testing.flow_tests.staged import StagedDialog
from engine.testing.flow_tests.talk import Reader
from engine.testing.flow_tests.view import lines_of
from engine.testing.flow_tests.world import Functions, Mocks
from engine.worker.reload import FlowWatch

HELP = """\
Type what the caller says. Commands:
  /silence 6s     the caller is silent for so long
  /dtmf 12#       the caller presses keys
  /emit EVENT     something happens: app.paid, voicemail, timer.NAME
  /state          where the conversation is, and what leads on from there
  /states         all states; the current one is marked
  /slots          what is known
  /trace          show what happens inside, or stop showing it
  /undo           take the last turn back
  /restart        begin again
  /quit           leave"""


@dataclass(frozen=True, slots=True)
class Told:
    """One line to show."""

    who: str
    """agent, note, or trace."""
    text: str


@dataclass(frozen=True, slots=True)
class _Before:
    """How things stood before a turn."""

    call: Mapping[str, Any]
    flow: CompiledFlow
    counts: dict[str, int]
    said: int
    steps: int


class Chat:
    """One typed conversation.

    Args:
        flow: what it runs.
        now: the caller's local time at the start, ISO 8601.
        mocks: what tools answer; the others really run.
        inputs: of the flow.
        watch: the file of the flow, to take up edits.
        trace: show what happens inside.
        model: the language model, where the flow has one that can be asked; else words decide.
    """

    def __init__(
        self,
        flow: CompiledFlow,
        *,
        now: str,
        mocks: Mapping[str, Any] | None = None,
        inputs: Mapping[str, Any] | None = None,
        watch: FlowWatch | None = None,
        trace: bool = False,
        model: Model | None = None,
    ) -> None:
        self._flow = flow
        self._now = now
        self._given = dict(mocks or {})
        self._inputs = dict(inputs or {})
        self._watch = watch
        self._trace = trace
        self._model = model
        self._make_dialog: DialogFactory = (
            partial(StagedDialog, read=Reader()) if model is None else StagedDialog
        )
        self.quitting = False

    @property
    def over(self) -> bool:
        """Whether the call has ended."""
        return self._call.over is not None

    def snapshot(self) -> dict[str, Any]:
        """Return the conversation as data."""
        return self._call.snapshot()

    def begin(self) -> Iterator[Told]:
        """Start the call from the beginning."""
        self._mocks = Mocks(self._flow, self._given, Functions(), writes=True)
        self._call = TextCall(
            self._flow,
            self._mocks,
            now=self._now,
            inputs=self._inputs,
            make_dialog=self._make_dialog,
            model=self._model,
        )
        self._shown_lines = self._shown_steps = 0
        self._undo: list[_Before] = []
        self._waits = False  # for a stable point, to go on with an edited flow
        self._call.start()
        yield from self._settle()

    def take(self, line: str) -> Iterator[Told]:
        """Take one line of input."""
        line = line.strip()
        if not line:
            return
        yield from self.reload()
        if line.startswith("/"):
            name, _, rest = line[1:].partition(" ")
            command = self._commands().get(name)
            if command is None:
                yield Told("note", f"no command /{name}; /help lists them")
            else:
                yield from command(rest.strip())
        else:
            yield from self._act(lambda: self._call.types(line))

    def _commands(self) -> dict[str, Callable[[str], Iterator[Told]]]:
        return {
            "silence": self._silence,
            "dtmf": self._dtmf,
            "emit": self._emit,
            "state": self._state,
            "states": self._states,
            "slots": self._slots,
            "trace": self._switch_trace,
            "undo": self._take_back,
            "restart": lambda _: self.begin(),
            "help": lambda _: iter([Told("note", HELP)]),
            "quit": self._quit,
        }

    # --- what happens ----------------------------------------------------------------------------

    def _act(self, act: Callable[[], None]) -> Iterator[Told]:
        if self.over:
            yield Told("note", "the call is over; /undo takes the last turn back, /restart begins")
            return
        call = self._call
        before = _Before(
            call.snapshot(), call.flow, dict(self._mocks.counts), len(call.said), len(call.steps)
        )
        self._undo.append(before)
        act()
        yield from self._settle()

    def _settle(self) -> Iterator[Told]:
        """Let the agent speak to its end, and show what came."""
        call = self._call
        try:
            call.rest()
        except TurnwiseError as error:
            yield Told("note", str(error))
        for step in call.steps[self._shown_steps :]:
            if self._trace:
                yield from (Told("trace", line) for line in lines_of(step))
        if not self._trace:
            for line in call.said[self._shown_lines :]:
                yield Told("agent", line.text if line.whole is not False else f"{line.text} ...")
        self._shown_lines, self._shown_steps = len(call.said), len(call.steps)
        if call.over is not None:
            how = "handed over" if call.transferred else call.over.kind
            yield Told("note", f"the call is over ({how})")

    def _silence(self, text: str) -> Iterator[Told]:
        try:
            length = parse_duration(text)
        except ValueError:
            return iter([Told("note", "/silence takes a duration, like 6s or 500ms")])
        return self._act(lambda: self._call.pass_time(length))

    def _dtmf(self, text: str) -> Iterator[Told]:
        if not text or set(text) - set("0123456789*#ABCD"):
            return iter([Told("note", "/dtmf takes keys: 0-9, *, #, A-D")])
        return self._act(lambda: self._call.presses(text))

    def _emit(self, text: str) -> Iterator[Told]:
        if not text:
            return iter([Told("note", "/emit takes an event, like app.paid or timer.NAME")])
        return self._raised(text)

    def _raised(self, event: str) -> Iterator[Told]:
        before = len(self._call.steps)
        yield from self._act(lambda: self._call.happens(event))
        steps = self._call.steps[before:]
        if steps and not any(step.moves or step.effects for step in steps):
            yield Told("note", f"nothing comes of {event} in {self._call.state}")

    def _take_back(self, _: str) -> Iterator[Told]:
        if not self._undo:
            yield Told("note", "nothing to take back")
            return
        before = self._undo.pop()
        call = self._call
        call.flow = before.flow
        call.restore(before.call)
        self._mocks.counts = before.counts
        del call.said[before.said :], call.steps[before.steps :]
        self._shown_lines, self._shown_steps = len(call.said), len(call.steps)
        yield Told("note", f"back at {call.state}")
        if call.said:
            yield Told("agent", call.said[-1].text)

    def _quit(self, _: str) -> Iterator[Told]:
        self.quitting = True
        return iter(())

    # --- what is asked ---------------------------------------------------------------------------

    def _state(self, _rest: str) -> Iterator[Told]:
        call = self._call
        _, state = find_state(call.flow, call.state)
        if state is None:
            yield Told("note", call.state or "the call has not begun")
            return
        yield Told("note", f"{call.state} ({type(state.verb).__name__.lower()})")
        for transition in state.then:
            yield Told("note", f"  then {_way(transition)}")
        told: set[str] = set()
        for scope in state.scopes:
            for handler in scope.handlers:
                if handler.event not in told:
                    told.add(handler.event)
                    ways = "; ".join(_way(t) for t in handler.transitions)
                    yield Told("note", f"  on {handler.event}: {ways}")

    def _states(self, _rest: str) -> Iterator[Told]:
        inner, current = find_state(self._call.flow, self._call.state)
        visits = self._call.frames[-1]["visits"] if self._call.frames else {}
        for name, state in inner.states.items():
            mark = "*" if state is current else " "
            times = f"  {visits[name]}x" if name in visits else ""
            yield Told("note", f"{mark} {'.'.join((*state.groups, name))}{times}")

    def _slots(self, _: str) -> Iterator[Told]:
        slots = self._call.slots()
        if not slots:
            yield Told("note", "this flow has no slots")
        for name, value in slots.items():
            yield Told("note", f"{name}: {'(empty)' if value is None else to_json(value)}")

    def _switch_trace(self, _: str) -> Iterator[Told]:
        self._trace = not self._trace
        yield Told("note", f"trace {'on' if self._trace else 'off'}")

    # --- hot reload ------------------------------------------------------------------------------

    def reload(self) -> Iterator[Told]:
        """Take up an edited flow, or say why not."""
        change = self._watch.changed() if self._watch is not None else None
        if change is not None and change.flow is None:
            yield Told("note", f"not reloaded: {change.problem}")
        elif change is not None and self.over:
            self._flow = change.flow or self._flow
            yield Told("note", "reloaded; /restart begins with the new version")
        elif change is not None:
            self._flow = change.flow or self._flow
            yield from self._go_on_with(self._flow)
        elif self._waits:
            yield from self._go_on_with(self._flow)

    def _go_on_with(self, flow: CompiledFlow) -> Iterator[Told]:
        waited, self._waits = self._waits, False
        try:
            self._call.go_on_with(flow)
        except UnderWayError as error:
            self._waits = True
            if not waited:
                yield Told("note", f"reloaded, not at a stable point yet: {error}")
        except ReloadRefusedError as error:
            yield Told("note", f"reloaded for the next call; this one stays as it is: {error}")
        else:
            self._mocks.take_flow(flow)
            yield Told("note", f"reloaded {flow.id} {flow.version}")
            yield from self._settle()


def _way(transition: Transition) -> str:
    target = transition.target
    where = {"state": target.state, "call": f"call {target.flow}"}.get(
        target.kind, target.kind.upper()
    )
    return where if transition.when is None else f"{where} when {transition.when.source}"
