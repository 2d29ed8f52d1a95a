"""Run to completion (S1 to S3): one external event, then internal ones until nothing is left.

Selection looks in the frame an event belongs to, innermost scope outward, and then in the frames
under it: a called flow that does not care about silence leaves it to its caller. Two kinds stay
inside: what is said about slots (they are per flow), and errors of the flow's own work, which reach
the caller as `error.flow`.

Limits (S14): after 100 microsteps `error.limit` is raised, once; a handler has 100 more to get the
dialog to rest.
"""

from __future__ import annotations

from engine.core.frames import Frame
from engine.core.ladders import understood
from engine.core.moving import Mover
from engine.core.scene import Scene, Signal
from engine.core.timers import Timers
from engine.core.tooling import Tools
from engine.core.unhandled import Unhandled
from engine.core.verbs import Verbs
from engine.machine.compiled import Transition

MAX_MICROSTEPS = 100


class Macrostep:
    """Drains the internal queue and settles the state on top, until both are at rest."""

    def __init__(
        self,
        scene: Scene,
        mover: Mover,
        verbs: Verbs,
        tools: Tools,
        timers: Timers,
        unhandled: Unhandled,
    ) -> None:
        self._scene = scene
        self._mover = mover
        self._verbs = verbs
        self._tools = tools
        self._timers = timers
        self._unhandled = unhandled

    def run(self) -> None:
        """Go on until the dialog waits, works or has ended."""
        scene, queue = self._scene, self._scene.queue
        scene.blamed.clear()
        steps, warned = 0, False
        while scene.ended is None and not scene.doomed:
            if queue:
                self._dispatch(queue.popleft())
            elif not self._verbs.settle():
                break
            steps += 1
            if steps > MAX_MICROSTEPS:
                steps = 0
                warned = self._overrun(warned)
        if scene.doomed:
            self._unhandled.fail()
        if scene.ended is not None:
            self._close()

    def _overrun(self, warned: bool) -> bool:
        """The dialog does not come to rest."""
        scene = self._scene
        frame = scene.stack.top
        if warned:
            scene.report("error.limit", "the dialog does not come to rest", frame)
            scene.doomed = True
        else:
            scene.queue.clear()
            scene.fail("error.limit", f"{MAX_MICROSTEPS} microsteps without rest", frame)
        return True

    def _dispatch(self, signal: Signal) -> None:
        scene = self._scene
        frame = scene.stack.find(signal.frame)
        if frame is None:
            return  # the flow it belongs to is gone, and with it everybody who could care
        scene.event = {"name": signal.name, **signal.data}
        scene.handling_error = is_error = signal.is_error()
        try:
            found = self._select(frame, signal)
            if found is None:
                self._unhandled.answer(frame, signal)
                return
            whose, transition = found
            if is_error and _leads_back(whose, transition):
                self._come_back(whose, transition)
            else:
                if signal.name.startswith("dtmf."):
                    understood(frame)
                self._mover.fire(whose, transition)
        finally:
            scene.handling_error = False

    def _come_back(self, frame: Frame, transition: Transition) -> None:
        """An error leads to the state it happened in.

        When that state's work has failed, it would only fail again. When it was something else
        (the recogniser, while the caller is handed over), the work goes on undisturbed.
        """
        if frame.visit.stage == "failed":
            self._scene.doomed = True
        else:
            self._mover.stay(frame, transition)

    def _select(self, frame: Frame, signal: Signal) -> tuple[Frame, Transition] | None:
        scene, event = self._scene, signal.name
        for candidate in scene.stack.down_from(frame):
            answers = candidate.moves.answers(candidate.state).to(event)
            transition = scene.first_enabled(answers, candidate)
            if transition is not None:
                return candidate, transition
            if signal.is_private():
                break
        return None

    def _close(self) -> None:
        """The dialog has ended: nothing of it may act any more."""
        scene = self._scene
        scene.queue.clear()
        scene.doomed = False
        self._timers.stop_all()
        for frame in scene.stack.frames:
            self._tools.leave_flow(frame)
        for kind in ("understand:", "first_token:", "token_gap:", "reply:", "transfer", "limit"):
            scene.deadlines.cancel_all(kind)


def _leads_back(frame: Frame, transition: Transition) -> bool:
    """Say whether a plain target is the state the frame is in."""
    target = transition.target
    return target.kind == "state" and target.state == frame.visit.state
