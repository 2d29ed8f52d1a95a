"""What the author's expressions and templates may read, each name looked up when it is read.

A step judges several guards, and each reads one or two names: the other fifteen are never made.
"""

from __future__ import annotations

import datetime
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from engine.core.frames import Frame

if TYPE_CHECKING:
    from engine.core.scene import Scene

_NAMES: Mapping[str, Callable[[Scene, Frame], Any]] = {
    "slots": lambda scene, frame: frame.memory.slots,
    "vars": lambda scene, frame: frame.memory.variables,
    "inputs": lambda scene, frame: frame.memory.inputs,
    "results": lambda scene, frame: frame.memory.results,
    "result": lambda scene, frame: frame.memory.result,
    "answer": lambda scene, frame: frame.memory.answer,
    "corrections": lambda scene, frame: frame.memory.corrections,
    "changed": lambda scene, frame: frame.memory.changed,
    "event": lambda scene, frame: scene.event,
    "visits": lambda scene, frame: frame.visits.get(frame.visit.state, 0),
    "tries": lambda scene, frame: frame.tries,
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
"""Every name that has a meaning everywhere."""


class View(Mapping[str, Any]):
    """The names of one frame, as they are at this instant.

    Args:
        scene: the dialog.
        frame: whose slots, variables and results are meant.
        more: names that mean something here only: `value` in the `check` of a slot.
    """

    __slots__ = ("_frame", "_more", "_scene")

    def __init__(self, scene: Scene, frame: Frame, more: Mapping[str, Any]) -> None:
        self._scene = scene
        self._frame = frame
        self._more = more

    def __getitem__(self, name: str) -> Any:
        if name in self._more:
            return self._more[name]
        return _NAMES[name](self._scene, self._frame)

    def __contains__(self, name: object) -> bool:
        return name in _NAMES or name in self._more

    def __iter__(self) -> Iterator[str]:
        return iter({**_NAMES, **self._more})

    def __len__(self) -> int:
        return len({**_NAMES, **self._more})
