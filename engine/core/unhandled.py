"""What happens when no handler of the flow answers an event. Never silence (S15)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import ClassVar

from engine.core import form, ladders, lines
from engine.core.findings import Findings
from engine.core.frames import Frame
from engine.core.moving import Mover
from engine.core.scene import Scene, Signal
from engine.core.tooling import Tools
from engine.machine.compiled import Converse

MAX_FAILURES = 3
"""Replies of a model that may fail in a row, if no handler does anything about it, before the call
ends: a caller who is told "sorry" three times has hung up."""


class Unhandled:
    """The defaults of the language, by the first part of the event's name."""

    __slots__ = ("_mover", "_read_key", "_scene", "_tools")

    def __init__(
        self,
        scene: Scene,
        mover: Mover,
        tools: Tools,
        read_key: Callable[[Frame, str], Findings],
    ) -> None:
        self._scene = scene
        self._mover = mover
        self._tools = tools
        self._read_key = read_key

    def answer(self, frame: Frame, signal: Signal) -> None:
        """Do what the language does about an event of this frame; most events mean nothing."""
        default = self._DEFAULTS.get(signal.name.split(".", 1)[0])
        if default is not None:
            default(self, frame, signal)

    def fail(self) -> None:
        """Say that something went wrong, and end the call (S15)."""
        self._scene.failed = self._scene.error or "error"
        self._goodbye(self._scene.stack.top, lines.FAILURE)

    # --- errors ----------------------------------------------------------------------------------

    def _error(self, frame: Frame, signal: Signal) -> None:
        """Of a called flow's own work: the caller's `error.flow`. Else it ends the call."""
        scene, caller = self._scene, self._scene.stack.caller_of(frame)
        visit = frame.visit
        if "reply" in signal.data and visit.failures < MAX_FAILURES:
            scene.say(lines.REPLY_FAILED if visit.turns else lines.REPLY_NOT_OPENED, frame, "error")
            return
        if caller is None or not signal.is_own_error():
            scene.doomed = True
            return
        self._mover.abandon(caller)
        if frame.role == "step":
            caller.visit.stage = "failed"
        caller.visit.asks = True
        message = f"flow {frame.name}: {signal.name}: {signal.data.get('message', '')}"
        scene.raise_signal(
            "error.flow",
            caller,
            {"message": message, "cause": signal.name, "state": caller.visit.state},
        )

    # --- the caller ------------------------------------------------------------------------------

    def _corrected(self, frame: Frame, signal: Signal) -> None:
        if isinstance(frame.state.verb, Converse):
            return  # the model answers
        changed = frame.memory.corrections.items()
        told = {n: value for n, value in changed if not frame.flow.slots[n].sensitive}
        line = self._scene.render(lines.CORRECTED, frame, "corrected", corrections=told)
        self._scene.say(line if told else lines.CORRECTED_SECRET, frame)
        frame.visit.asks = True

    def _invalid(self, frame: Frame, signal: Signal) -> None:
        spec = frame.flow.slots.get(signal.name.partition(".")[2])
        line = lines.INVALID
        if spec is not None and spec.invalid is not None:
            value = signal.data.get("value")
            line = self._scene.render(spec.invalid, frame, f"invalid of {spec.name}", value=value)
        self._scene.say(line or lines.INVALID, frame)
        frame.visit.asks = True

    def _intent(self, frame: Frame, signal: Signal) -> None:
        name = signal.name.partition(".")[2]
        idle = frame.waiting or not self._tools.writing(frame)
        if name == "repeat_please" and isinstance(frame.state.verb, Converse):
            frame.visit.asks = True  # the model knows best what it said
        elif name == "repeat_please" and not frame.waiting:
            self._scene.say(self._scene.speaker.last_spoken or lines.WORKING, frame)
        elif name == "repeat_please":
            self._mover.repeat(frame)
        elif name == "go_back" and idle:
            self._mover.back(frame)
        elif signal.data.get("alone"):
            ladders.misunderstood(self._scene, frame)

    def _key(self, frame: Frame, signal: Signal) -> None:
        """Nobody handles the key itself: it may be an answer, or stand for an intent."""
        findings = self._read_key(frame, signal.name.partition(".")[2])
        if findings.empty:
            ladders.misunderstood(self._scene, frame)
        else:
            form.apply(self._scene, frame, findings)

    # --- the end of the ladders ------------------------------------------------------------------

    def _no_input(self, frame: Frame, signal: Signal) -> None:
        self._goodbye(frame, lines.NO_INPUT)

    def _no_match(self, frame: Frame, signal: Signal) -> None:
        self._goodbye(frame, lines.NO_MATCH)

    def _goodbye(self, frame: Frame, line: str) -> None:
        self._scene.say(line, frame, "error")
        self._scene.ended = "hangup"

    _DEFAULTS: ClassVar[Mapping[str, Callable[[Unhandled, Frame, Signal], None]]] = {
        "corrected": _corrected,
        "dtmf": _key,
        "error": _error,
        "intent": _intent,
        "invalid": _invalid,
        "no_input": _no_input,
        "no_match": _no_match,
    }
    """One table for all calls; by the first part of an event's name."""
