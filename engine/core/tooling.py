"""Tool calls: started once per visit, limited in time, retried, filled with words, and checked.

A call belongs to the visit that started it (S10). When the visit is over, a reading call is
cancelled; a writing call always finishes, but nobody waits for it any more, and what it returns is
dropped with a `late` note; a call with `keep` lives on as long as its flow, and its result arrives
as `tool.NAME`.

Every attempt is a call with an id of its own, so the answer of an attempt that timed out is never
taken for that of the next; all attempts of one visit share their idempotency key.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import asdict, dataclass
from typing import Any, TypeAlias

from engine.core.frames import Frame, Visit
from engine.core.scene import Scene
from engine.core.values import ShapeError, from_json, to_json
from engine.effects import CallTool, CancelTool
from engine.events import Millis, ToolReturned
from engine.flow.expressions import EvaluationError
from engine.machine.compiled import CompiledFlow, Run, ToolSpec

Answered: TypeAlias = Callable[[Frame, str, Any, str | None, bool], None]

_LOOK_AGAIN: Millis = 250
"""Until a filler that found somebody speaking tries again; less would only be more steps."""


@dataclass(slots=True)
class _Call:
    """One tool call that is under way, or waits for its next attempt."""

    id: str
    tool: str
    frame: int
    visit: int
    state: str
    args: dict[str, Any]
    key: str
    sensitive: list[str]
    attempt: int = 1
    fillers: int = 0
    """Filler lines said so far."""
    talk: str = ""
    """A model asked for it, under this name: the result is told to the model."""
    aside: bool = False
    """... one that speaks for the program around the call, not for the state."""
    resting: bool = False
    """Between two attempts: an answer now is one to a call that was given up."""
    answered: bool = False
    """It has returned; what it returned waits until it may be acted on."""


class Tools:
    """The tool calls of a dialog."""

    def __init__(self, scene: Scene) -> None:
        self.answered: Answered | None = None
        """Told of a call a model asked for: the frame, the name, value or error, whether aside."""
        self._scene = scene
        self._calls: dict[str, _Call] = {}
        self._count = 0

    # --- starting and stopping -------------------------------------------------------------------

    def start(self, frame: Frame, run: Run) -> None:
        """Call the tool of a `run` state; arguments are computed here, once."""
        scene, visit = self._scene, frame.visit
        try:
            args = {name: to_json(scene.evaluate(e, frame)) for name, e in run.args.items()}
        except EvaluationError as error:
            visit.stage = "failed"
            scene.fail("error.flow", f"arguments of {run.tool}: {error}", frame, tool=run.tool)
            return
        visit.stage = "working"
        self._count += 1
        call = _Call(
            id=f"t{self._count}",
            tool=run.tool,
            frame=frame.number,
            visit=visit.number,
            state=visit.state,
            args=args,
            key=f"{scene.session}/{visit.number}",
            sensitive=_sensitive(run, frame.flow),
        )
        self._begin(call, frame.flow.tools[run.tool])

    def start_for(
        self, frame: Frame, tool: str, args: Mapping[str, Any], talk: str, *, aside: bool = False
    ) -> None:
        """Call a tool a model asked for.

        Args:
            frame: whose state lists the tool.
            tool: its name.
            args: typed values.
            talk: the name under which the result is told.
            aside: it asked beside the state's own talk, which does not go on for the result.
        """
        values = frame.memory.filled.items()
        private = [value for name, value in values if frame.flow.slots[name].sensitive]
        self._count += 1
        call = _Call(
            id=f"t{self._count}",
            tool=tool,
            frame=frame.number,
            visit=frame.visit.number,
            state=frame.visit.state,
            args={name: to_json(value) for name, value in args.items()},
            key=f"{self._scene.session}/{frame.visit.number}/{talk}",
            sensitive=[name for name, value in args.items() if value in private],
            talk=talk,
            aside=aside,
        )
        self._begin(call, frame.flow.tools[tool])

    def awaits(self, name: str) -> bool:
        """Say whether this call is under way and its state still waits for it."""
        call = self._calls.get(name)
        return call is not None and not call.resting and self._awaited(call)

    def answered_early(self, name: str) -> None:
        """A call has returned at a bad moment: there is nothing left of it to cancel."""
        if name in self._calls:
            self._calls[name].answered = True

    def asked_for(self, frame: Frame) -> int:
        """Count the calls under way that the talk of this visit asked for."""
        visit = frame.visit.number
        return sum(
            bool(call.talk) and not call.aside and call.visit == visit
            for call in self._calls.values()
        )

    def asked_aside(self, talks: Collection[str]) -> bool:
        """Say whether a call of one of these names, asked for aside, is under way."""
        return any(call.aside and call.talk in talks for call in self._calls.values())

    def drop_aside(self, talks: Collection[str]) -> None:
        """Nobody waits for these: what only reads is cancelled."""
        for call in list(self._calls.values()):
            if call.aside and call.talk in talks and self._spec(call).effect == "read":
                self._forget(call, cancel=True)

    def leave(self, frame: Frame, visit: Visit) -> None:
        """The visit is over: cancel what can be cancelled."""
        if not self._calls:
            return  # as nearly always
        for call in list(self._calls.values()):
            if call.frame != frame.number or call.visit != visit.number:
                continue
            spec = frame.flow.tools[call.tool]
            self._scene.deadlines.cancel(f"filler:{call.id}")
            if not spec.keep:
                self._forget(call, cancel=spec.effect == "read")

    def leave_flow(self, frame: Frame) -> None:
        """The frame is popped: `keep` survives its state, not its flow."""
        for call in list(self._calls.values()):
            if call.frame == frame.number:
                self._forget(call, cancel=self._spec(call).effect == "read")

    def writing(self, frame: Frame) -> bool:
        """Say whether a tool that changes the world is at work for this frame's visit."""
        return any(
            call.visit == frame.visit.number and self._spec(call).effect == "write"
            for call in self._calls.values()
        )

    # --- what comes back -------------------------------------------------------------------------

    def returned(self, event: ToolReturned) -> None:
        """Take the result of a call, or drop it when nobody waits for it."""
        call = self._calls.get(event.call)
        if call is None or call.resting:
            self._scene.outbox.note("late", call=event.call, error=event.error)
            return
        if event.error is not None:
            self._failed(call, "error.tool", event.error)
            return
        spec = self._spec(call)
        try:
            value = event.value
            if spec.returns is not None:
                value = from_json(value, spec.returns, f"{call.tool} returned")
        except ShapeError as error:
            # not retried: the tool works, it only keeps no promise
            self._give_up(call, "error.tool", str(error))
            return
        self._forget(call)
        self._succeeded(call, value)

    def timed_out(self, id_: str) -> None:
        """The time of a call is over."""
        call = self._calls[id_]
        spec = self._spec(call)
        if spec.effect == "read":
            self._scene.outbox.emit(CancelTool(call=call.id))
        self._failed(call, "error.timeout", f"{call.tool} took longer than {spec.timeout} ms")

    def retry(self, id_: str) -> None:
        """Call again, under a new id."""
        call = self._calls.pop(id_)
        filler = self._scene.deadlines.get(f"filler:{id_}")
        self._count += 1
        call.id, call.resting, call.attempt = f"t{self._count}", False, call.attempt + 1
        if filler is not None:
            self._scene.deadlines.cancel(f"filler:{id_}")
            self._scene.deadlines.set(f"filler:{call.id}", filler)
        self._order(call, self._spec(call))

    def fill(self, id_: str) -> None:
        """Say that we are still working, unless something is being said anyway."""
        call, scene = self._calls[id_], self._scene
        filler, frame = self._spec(call).filler, self._frame(call)
        assert filler is not None, "the deadline is set for tools with a filler only"
        if scene.speaker.speaking or frame is not scene.stack.top:
            scene.deadlines.set(f"filler:{id_}", scene.at + max(filler.after, _LOOK_AGAIN))
            return
        line = filler.say[call.fillers % len(filler.say)]
        call.fillers += 1
        scene.say(scene.render(line, frame, f"filler of {call.tool}"), frame, "filler")
        if filler.every is not None:
            scene.deadlines.set(f"filler:{id_}", scene.at + filler.every)

    # --- inside ----------------------------------------------------------------------------------

    def _begin(self, call: _Call, spec: ToolSpec) -> None:
        self._order(call, spec)
        if spec.filler is not None and spec.filler.say:
            after = self._scene.at + spec.filler.after
            self._scene.deadlines.set(f"filler:{call.id}", after)

    def _order(self, call: _Call, spec: ToolSpec) -> None:
        scene = self._scene
        self._calls[call.id] = call
        scene.outbox.emit(
            CallTool(
                call=call.id,
                tool=call.tool,
                use=spec.use,
                args=call.args,
                idempotency_key=call.key,
                sensitive=tuple(call.sensitive),
            )
        )
        scene.deadlines.set(f"tool:{call.id}", scene.at + spec.timeout)

    def _failed(self, call: _Call, name: str, message: str) -> None:
        spec = self._spec(call)
        harmless = spec.effect == "read" or spec.idempotent
        if not harmless or call.attempt > spec.retry_times:
            self._give_up(call, name, message)
            return
        call.resting = True
        self._scene.deadlines.cancel(f"tool:{call.id}")
        self._scene.deadlines.set(f"retry:{call.id}", self._scene.at + spec.retry_after)

    def _give_up(self, call: _Call, name: str, message: str) -> None:
        scene, frame = self._scene, self._frame(call)
        self._forget(call)
        if call.talk:
            scene.report(name, message, frame)
            self._tell(call, None, name)
            return
        if not self._awaited(call):
            scene.fail(name, message, frame, tool=call.tool)
            return
        frame.visit.stage = "failed"
        if frame is scene.stack.top:
            scene.fail(name, message, frame, tool=call.tool)
        else:  # a digression is on top: the error waits until the caller is back
            frame.visit.failure = {"name": name, "message": message, "tool": call.tool}

    def _succeeded(self, call: _Call, value: Any) -> None:
        scene, frame = self._scene, self._frame(call)
        scene.outbox.note("result", state=call.state, tool=call.tool, value=to_json(value))
        if call.talk:
            self._tell(call, to_json(value), None)
            return
        frame.memory.results[call.state] = value
        if self._awaited(call):
            frame.memory.result = value
            frame.visit.stage = "done"
        else:
            data = {"value": value, "tool": call.tool}
            scene.raise_signal(f"tool.{call.tool}", frame, data)

    def _tell(self, call: _Call, value: Any, error: str | None) -> None:
        """Tell the model that asked, if its talk still goes on."""
        if self.answered is not None and self._awaited(call):
            self.answered(self._frame(call), call.talk, value, error, call.aside)

    def _forget(self, call: _Call, cancel: bool = False) -> None:
        for kind in ("tool", "retry", "filler"):
            self._scene.deadlines.cancel(f"{kind}:{call.id}")
        del self._calls[call.id]
        if cancel and not (call.resting or call.answered):
            self._scene.outbox.emit(CancelTool(call=call.id))

    def _frame(self, call: _Call) -> Frame:
        return self._scene.stack.alive(call.frame)

    def _awaited(self, call: _Call) -> bool:
        return self._scene.stack.visited(call.frame, call.visit) is not None

    def _spec(self, call: _Call) -> ToolSpec:
        return self._frame(call).flow.tools[call.tool]

    # --- snapshot --------------------------------------------------------------------------------

    def to_dict(self) -> dict[str, Any]:
        """Return the calls under way as JSON-like data."""
        return {"count": self._count, "calls": [asdict(call) for call in self._calls.values()]}

    def from_dict(self, data: Mapping[str, Any]) -> None:
        """Restore what `to_dict` gave."""
        self._count = data["count"]
        self._calls = {call["id"]: _Call(**call) for call in data["calls"]}


def _sensitive(run: Run, flow: CompiledFlow) -> list[str]:
    """The arguments that are computed from a sensitive slot."""
    private = {("slots", name) for name, slot in flow.slots.items() if slot.sensitive}
    return [
        name
        for name, value in run.args.items()
        if any(use.chain[:2] in private for use in value.names)
    ]
