"""What the current state's verb does when nothing else is pending.

`settle` is asked whenever the internal queue is empty. Either it makes one microstep (a completed
state moves on, a sub-flow is entered, a flow returns) and is asked again, or it begins the work of
a stable point (the question, the tool, the transfer) and the macrostep is over (S1). So completion
always comes after the findings of the same turn (S5).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from engine.core import form, transfer
from engine.core.frames import Frame
from engine.core.moving import Mover
from engine.core.scene import Scene
from engine.core.talking import Talking
from engine.core.tooling import Tools
from engine.machine.compiled import (
    CallFlow,
    Collect,
    Confirm,
    Converse,
    End,
    PassOn,
    Rest,
    Run,
    TransferTo,
)


class Verbs:
    """Runs the verb of the state on top."""

    __slots__ = ("_mover", "_scene", "_talking", "_tools")

    def __init__(self, scene: Scene, mover: Mover, tools: Tools, talking: Talking) -> None:
        self._scene = scene
        self._mover = mover
        self._tools = tools
        self._talking = talking

    def settle(self) -> bool:
        """Do what the top state asks for; True when that was a microstep."""
        frame = self._scene.stack.top
        visit, verb = frame.visit, frame.state.verb
        if visit.stage == "failed":
            return self._failed(frame)
        if visit.stage == "done":
            return self._complete(frame)
        return _SETTLERS[type(verb)](self, frame, verb)

    # --- one per verb ----------------------------------------------------------------------------

    def _rest(self, frame: Frame, verb: Rest) -> bool:
        if frame.visit.asks:
            form.ask(self._scene, frame)
        return len(self._scene.queue) > 0

    def _question(self, frame: Frame, verb: Collect | Confirm) -> bool:
        if not form.open_question(frame):
            return self._complete(frame)
        if frame.visit.asks:
            form.ask(self._scene, frame)
        # a question that could not be rendered has raised an error
        return len(self._scene.queue) > 0

    def _talk(self, frame: Frame, verb: Converse) -> bool:
        if self._talking.settle(frame, verb):
            return self._complete(frame)
        return len(self._scene.queue) > 0

    def _pass_on(self, frame: Frame, verb: PassOn) -> bool:
        return self._complete(frame)

    def _run(self, frame: Frame, verb: Run) -> bool:
        if frame.visit.stage == "fresh":
            self._tools.start(frame, verb)
        return len(self._scene.queue) > 0

    def _call(self, frame: Frame, verb: CallFlow) -> bool:
        frame.visit.stage = "working"
        self._mover.call(frame, verb.flow, verb.args, step=True)
        if self._scene.stack.top is frame:
            frame.visit.stage = "failed"  # it could not be entered, and has raised an error
        return True

    def _transfer(self, frame: Frame, verb: TransferTo) -> bool:
        if frame.visit.stage == "fresh":
            frame.visit.stage = "working"
        transfer.order_when_silent(self._scene, frame)
        return len(self._scene.queue) > 0

    def _end(self, frame: Frame, verb: End) -> bool:
        if verb.kind == "return":
            self._mover.finish(frame)
        else:
            self._scene.ended = verb.kind
        return True

    # --- what they share -------------------------------------------------------------------------

    def _complete(self, frame: Frame) -> bool:
        """Take the first branch of `then` that holds."""
        scene, state = self._scene, frame.state
        transition = scene.first_enabled(state.then, frame)
        if transition is not None:
            self._mover.fire(frame, transition)
        else:
            frame.visit.stage = "failed"
            scene.fail("error.flow", f"no branch of {state.id} holds", frame)
        return True

    def _failed(self, frame: Frame) -> bool:
        """The state's work failed: raise what waited for this moment, else nothing can go on."""
        scene, failure = self._scene, frame.visit.failure
        if failure is None:
            scene.doomed = True
        else:
            frame.visit.failure = None
            scene.fail(failure["name"], failure["message"], frame, tool=failure["tool"])
        return True


_SETTLERS: Mapping[type, Callable[[Verbs, Frame, Any], bool]] = {
    CallFlow: Verbs._call,
    Collect: Verbs._question,
    Confirm: Verbs._question,
    Converse: Verbs._talk,
    End: Verbs._end,
    PassOn: Verbs._pass_on,
    Rest: Verbs._rest,
    Run: Verbs._run,
    TransferTo: Verbs._transfer,
}
"""One table for all calls."""
