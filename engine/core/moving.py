"""Entering and leaving: what one transition does, in the order of S4.

Guard (already judged), exit actions inner to outer, the transition's actions, entry actions outer
to inner, then the state's line. What the state's verb does is not begun here: that is work, and
work starts only at a stable point (S1).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

from engine.core import transfer
from engine.core.actions import perform
from engine.core.frames import Frame, Visit
from engine.core.memory import Memory
from engine.core.scene import Scene
from engine.core.timers import Timers
from engine.core.tooling import Tools
from engine.core.values import ShapeError, to_json
from engine.flow.expressions import EvaluationError, Expression
from engine.machine.compiled import (
    Collect,
    CompiledState,
    Confirm,
    Converse,
    Rest,
    SayAction,
    TransferTo,
    Transition,
)
from engine.records import maker

_visit = maker(Visit)

MAX_VISITS = 50
"""Visits of one state (S14)."""

_OF_THE_CALLER = frozenset({"corrected", "dtmf", "intent", "invalid", "no_input", "no_match"})
"""First parts of events that come from what the caller says, or does not say."""

Fired: TypeAlias = Callable[[str, str], None]
"""Told the id of the flow and the id of the transition, each time one fires."""


class Mover:
    """Moves the dialog from state to state and from flow to flow."""

    def __init__(
        self, scene: Scene, tools: Tools, timers: Timers, fired: Fired | None = None
    ) -> None:
        self._scene = scene
        self._fired = fired
        self._tools = tools
        self._timers = timers

    # --- flows -----------------------------------------------------------------------------------

    def begin(self) -> None:
        """Enter the first flow."""
        scene = self._scene
        memory = Memory(scene.flow)
        problem = _hand_in(memory, scene.inputs)
        frame = Frame(
            number=scene.number(),
            name="",
            flow=scene.flow,
            role="root",
            memory=memory,
            visit=Visit(number=0, state=""),
        )
        self._push(frame, "begin")
        if problem:
            scene.fail("error.flow", problem, frame)

    def call(self, frame: Frame, name: str, args: Mapping[str, Expression], step: bool) -> None:
        """Call a sub-flow of `frame`'s flow: as a state's step, or as a digression (S9)."""
        scene = self._scene
        if scene.stack.full:
            scene.fail("error.limit", f"calling {name}: too many flows inside each other", frame)
            return
        memory = Memory(frame.flow.flows[name])
        try:
            values = {key: to_json(scene.evaluate(e, frame)) for key, e in args.items()}
        except EvaluationError as error:
            scene.fail("error.flow", f"arguments of flow {name}: {error}", frame)
            return
        problem = _hand_in(memory, values)
        if problem:
            scene.fail("error.flow", f"calling flow {name}: {problem}", frame)
            return
        called = Frame(
            number=scene.number(),
            name=name,
            flow=memory.flow,
            role="step" if step else "digression",
            memory=memory,
            visit=Visit(number=0, state=""),
            parent=frame.number,
        )
        self._push(called, f"call {name}")

    def finish(self, frame: Frame, transition: Transition | None = None) -> None:
        """The flow of the top frame is done: return to its caller, or end the call."""
        scene = self._scene
        self._exit(frame)
        self._act(frame, transition)
        caller = scene.stack.caller_of(frame)
        if caller is None:
            scene.ended = "hangup"
            return
        outputs: dict[str, Any] = {}
        for name, expression in frame.flow.outputs.items():
            try:
                outputs[name] = scene.evaluate(expression, frame)
            except EvaluationError as error:
                outputs[name] = None
                scene.fail("error.flow", f"output {name} of {frame.flow.id}: {error}", caller)
        self._pop(frame, "return")
        if frame.role == "step":
            caller.visit.stage = "done"
            caller.memory.result = outputs
            caller.memory.results[caller.visit.state] = outputs
            value = to_json(outputs)
            scene.outbox.note("result", state=caller.visit.state, flow=frame.name, value=value)
        elif caller.state.resume is not None:
            line = scene.render(caller.state.resume, caller, f"resume of {caller.visit.state}")
            scene.say(line, caller)
        caller.visit.asks = True

    def abandon(self, frame: Frame) -> None:
        """Drop every frame above this one: exit actions run, nothing is returned."""
        stack = self._scene.stack
        while (top := stack.top) is not frame:
            self._exit(top)
            self._pop(top, "abandoned")

    def _push(self, frame: Frame, because: str) -> None:
        scene = self._scene
        old = scene.stack.where
        scene.stack.push(frame)
        self._timers.start(frame, "", frame.flow.timers)
        self._arrive(frame, frame.flow.states[frame.flow.start], 0, old, because)

    def _pop(self, frame: Frame, because: str) -> None:
        scene = self._scene
        old = scene.stack.where
        self._tools.leave_flow(frame)
        self._timers.stop(frame)
        scene.stack.pop()
        scene.outbox.moved("dialog", old, scene.stack.note_place(), because)

    # --- transitions -----------------------------------------------------------------------------

    def fire(self, frame: Frame, transition: Transition) -> None:
        """Carry out a transition of this frame; frames above it stay only if it stays."""
        target = transition.target
        if self._fired is not None:
            self._fired(frame.flow.id, transition.id)
        match target.kind:
            case "state" | "repeat":
                if self._scene.stack.top is not frame:
                    self.abandon(frame)
                dest = frame.moves.chart.step(frame.visit.state, transition.id)
                self._move(frame, dest, transition, transition.id)
            case "stay" | "resume":
                self.stay(frame, transition)
            case "call":
                self._act(frame, transition)
                self.call(frame, target.flow, target.args, step=False)
            case "end":
                self.abandon(frame)
                self.finish(frame, transition)
            case "back":
                self.abandon(frame)
                self._back(frame, transition)

    def stay(self, frame: Frame, transition: Transition) -> None:
        """Carry out the actions only; put the question again if the caller needs it."""
        self._act(frame, transition)
        if transition.target.kind == "resume" or self._heard(transition):
            self._scene.stack.top.visit.asks = True

    def repeat(self, frame: Frame) -> None:
        """Leave the state and enter it again (what the caller asked for, not the author)."""
        self._move(frame, frame.visit.state, None, "repeat_please")

    def back(self, frame: Frame) -> None:
        """Go to the waiting state before this one (likewise)."""
        self._back(frame, None)

    def _back(self, frame: Frame, transition: Transition | None) -> None:
        """Go back; the value that was asked for last there is asked for again."""
        because = transition.id if transition is not None else "go_back"
        if not frame.history:
            self._move(frame, frame.visit.state, transition, because)
            return
        dest = frame.history[-1]
        depth = len(frame.history) - 1
        self._move(frame, dest, transition, because)
        del frame.history[depth:]
        verb = frame.state.verb
        if isinstance(verb, Collect):
            said = [name for name in frame.memory.order if name in verb.slots]
            for name in said[-1:]:
                frame.memory.clear(name)
            self._scene.note_slots(frame, said[-1:])

    def _heard(self, transition: Transition) -> bool:
        """Say whether the caller spoke, or heard something: else nobody needs the question again.

        A timer that only counts must not make the agent repeat itself.
        """
        by_caller = self._scene.event["name"].partition(".")[0] in _OF_THE_CALLER
        return by_caller or any(isinstance(a, SayAction) for a in transition.actions)

    def _act(self, frame: Frame, transition: Transition | None) -> None:
        if transition is not None and transition.actions:
            policy = frame.state.interruptions
            perform(self._scene, frame, transition.actions, policy, transition.id)

    # --- states ----------------------------------------------------------------------------------

    def _move(self, frame: Frame, dest: str, transition: Transition | None, because: str) -> None:
        old, source, target = self._scene.stack.where, frame.state, frame.flow.states[dest]
        shared = _shared(source.groups, target.groups) if source.groups else 0
        if frame.waiting and target is not source:
            frame.remember(source.id)
        self._exit(frame, shared)
        self._act(frame, transition)
        self._arrive(frame, target, shared, old, because)

    def _exit(self, frame: Frame, staying: int = 0) -> None:
        """Leave the state and its groups, inner to outer, but for that many of the outermost."""
        scene, state = self._scene, frame.state
        if isinstance(state.verb, TransferTo):
            transfer.left(scene)
        self._tools.leave(frame, frame.visit)
        self._timers.stop(frame, state.id)
        if state.exit:
            perform(scene, frame, state.exit, state.interruptions, f"exit of {state.id}")
        if len(state.groups) > staying:
            self._exit_groups(frame, state, staying)

    def _exit_groups(self, frame: Frame, state: CompiledState, staying: int) -> None:
        policy = state.interruptions
        for name in reversed(state.groups[staying:]):
            self._timers.stop(frame, name)
            perform(self._scene, frame, frame.flow.groups[name].exit, policy, f"exit of {name}")

    def _arrive(
        self, frame: Frame, state: CompiledState, inside: int, old: str, because: str
    ) -> None:
        """Enter a state and its groups, outer to inner, but for that many of the outermost."""
        scene, name = self._scene, state.id
        visit = _visit(number=scene.number(), state=name)
        frame.enter(visit, state)
        if state.history.fresh:
            said = (item.id for item in reversed(scene.speaker.history) if item.role == "user")
            visit.since = next(said, "")
        visits = frame.visits[name] = frame.visits.get(name, 0) + 1
        scene.outbox.moved("dialog", old, scene.stack.note_place(), because)
        if visits > MAX_VISITS:
            visit.stage = "failed"
            scene.fail("error.limit", f"state {name} was entered {visits} times", frame)
            return
        if len(state.groups) > inside:
            self._enter_groups(frame, state, inside)
        if state.timers:
            self._timers.start(frame, name, state.timers)
        if state.enter:
            perform(scene, frame, state.enter, state.interruptions, f"enter of {name}")
        resting = isinstance(state.verb, Rest)
        visit.asks = not resting and _asks(frame)
        if state.say is not None:
            line = scene.render(state.say, frame, f"say of {name}")
            visit.asked = line if resting else ""
            scene.say(line, frame, "question" if resting else "line")

    def _enter_groups(self, frame: Frame, state: CompiledState, inside: int) -> None:
        for name in state.groups[inside:]:
            group = frame.flow.groups[name]
            self._timers.start(frame, name, group.timers)
            perform(self._scene, frame, group.enter, state.interruptions, f"enter of {name}")


def _asks(frame: Frame) -> bool:
    """Say whether something is still to be asked; a yes/no question begins without an answer.

    A line that was said is the question in free talk: the model speaks first only without one.
    """
    verb = frame.state.verb
    if isinstance(verb, Confirm):
        frame.memory.answer = None
    return not isinstance(verb, Converse) or frame.state.say is None


def _shared(old: tuple[str, ...], new: tuple[str, ...]) -> int:
    """Count the groups, from outside, that both states are in."""
    count = 0
    for left, right in zip(old, new, strict=False):
        if left != right:
            break
        count += 1
    return count


def _hand_in(memory: Memory, values: Mapping[str, Any]) -> str:
    """Give a flow its inputs; returns what is wrong, or an empty text."""
    try:
        memory.take_inputs(values)
    except ShapeError as error:
        return str(error)
    return ""
