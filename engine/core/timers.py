"""The author's timers: they start with their owner (flow, group or state) and stop with it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from engine.core.frames import Frame
from engine.core.scene import Scene
from engine.events import Millis
from engine.machine.compiled import TimerSpec


@dataclass(frozen=True, slots=True)
class _Running:
    """A timer that was started."""

    name: str
    frame: int
    owner: str
    every: Millis | None


class Timers:
    """Starts and stops the timers of a dialog. Owners are told apart by frame and name."""

    def __init__(self, scene: Scene) -> None:
        self._scene = scene
        self._running: dict[str, _Running] = {}

    def start(self, frame: Frame, owner: str, timers: Iterable[TimerSpec]) -> None:
        """Start the timers of an owner: a state or group id, or an empty text for the flow."""
        for timer in timers:
            deadline = _deadline(frame, owner, timer.name)
            self._running[deadline] = _Running(timer.name, frame.number, owner, timer.every)
            self._scene.deadlines.set(deadline, self._scene.at + timer.after)

    def stop(self, frame: Frame, owner: str | None = None) -> None:
        """Stop the timers of an owner, or all timers of a frame."""
        if not self._running:
            return  # as in most flows
        for deadline, timer in list(self._running.items()):
            if timer.frame == frame.number and owner in (None, timer.owner):
                self._scene.deadlines.cancel(deadline)
                del self._running[deadline]

    def stop_all(self) -> None:
        """Stop every timer of the call."""
        for deadline in self._running:
            self._scene.deadlines.cancel(deadline)
        self._running.clear()

    def fired(self, deadline: str) -> None:
        """Raise `timer.NAME`, and start over when the timer repeats."""
        timer = self._running[deadline]
        if timer.every is None:
            del self._running[deadline]
        else:
            self._scene.deadlines.set(deadline, self._scene.at + max(timer.every, 1))
        self._scene.raise_signal(f"timer.{timer.name}", self._scene.stack.alive(timer.frame))

    def to_dict(self) -> dict[str, Any]:
        """Return the running timers as JSON-like data; when they are due is a deadline's."""
        return {deadline: asdict(timer) for deadline, timer in self._running.items()}

    def from_dict(self, data: Mapping[str, Any]) -> None:
        """Restore what `to_dict` gave."""
        self._running = {deadline: _Running(**timer) for deadline, timer in data.items()}


def _deadline(frame: Frame, owner: str, name: str) -> str:
    """Name a deadline: `timer:long_call` in the first flow, `timer:2/greet.hurry` below it."""
    depth = "" if frame.role == "root" else f"{frame.number}/"
    return f"timer:{depth}{owner}.{name}" if owner else f"timer:{depth}{name}"
