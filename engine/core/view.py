"""What the author's expressions and templates may read, as it is at the instant it is read.

A step judges several guards, and each reads one or two names: the others are never made. What a
frame keeps for good (its slots, variables, inputs, results) lies in the view itself, which is a
`dict` for that reason: these are what nearly every guard reads, and no call is made to find them.
"""

from __future__ import annotations

import datetime
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from engine.core.frames import Frame

if TYPE_CHECKING:
    from engine.core.scene import Scene

_MADE: Mapping[str, Callable[[Scene, Frame], Any]] = {
    "result": lambda scene, frame: frame.memory.result,
    "answer": lambda scene, frame: frame.memory.answer,
    "corrections": lambda scene, frame: frame.memory.corrections,
    "changed": lambda scene, frame: frame.memory.changed,
    "event": lambda scene, frame: scene.event,
    "visits": lambda scene, frame: frame.visits.get(frame.visit.state, 0),
    "call": lambda scene, frame: {
        "channel": scene.channel,
        "from": scene.caller,
        "elapsed": datetime.timedelta(milliseconds=scene.at),
    },
    "agent": lambda scene, frame: {"state": scene.agent_state},
    "user": lambda scene, frame: {"state": scene.user_state},
    "turn": lambda scene, frame: scene.turn,
    "now": lambda scene, frame: scene.now,
}
"""What is made whenever it is read."""


class View(dict[str, Any]):
    """The names of one frame. Read with `[]`, `get` and `in`; the frame's own view is kept.

    Args:
        scene: the dialog.
        frame: whose slots, variables and results are meant.
        more: names that mean something here only: `value` in the `check` of a slot.
    """

    __slots__ = ("_frame", "_scene")

    def __init__(self, scene: Scene, frame: Frame, more: Mapping[str, Any]) -> None:
        memory = frame.memory
        super().__init__(
            slots=memory.slots,
            vars=memory.variables,
            inputs=memory.inputs,
            results=memory.results,
            tries=frame.tries,
        )
        self.update(more)
        self._scene = scene
        self._frame = frame

    def __missing__(self, name: str) -> Any:
        return _MADE[name](self._scene, self._frame)

    def __contains__(self, name: object) -> bool:
        return super().__contains__(name) or name in _MADE

    def get(self, name: str, default: Any = None) -> Any:
        """Return what a name means, or the default for one without a meaning."""
        try:
            return self[name]
        except KeyError:
            return default
