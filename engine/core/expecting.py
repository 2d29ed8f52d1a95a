"""What the recogniser is told to expect, whenever that has changed: state, grammar, kinds."""

from __future__ import annotations

from typing import Any

from engine.core import form
from engine.core.scene import Scene
from engine.effects import Expect
from engine.records import maker

_expect = maker(Expect)


class Expecting:
    """Remembers what was told, so that nothing is told twice."""

    def __init__(self, scene: Scene) -> None:
        self._scene = scene
        self._told: tuple[str, tuple[str, ...]] | None = None

    def lose(self) -> None:
        """Another recogniser listens from now on; it was told nothing yet."""
        self._told = None

    def check(self) -> None:
        """Tell it what comes next, at the end of a macrostep."""
        scene = self._scene
        if scene.ended is not None:
            return
        top, state = scene.stack.top, scene.stack.where
        kinds = form.kinds(top) if top.waiting else ()
        if self._told is None or self._told[0] != state or self._told[1] != kinds:
            self._told = (state, kinds)
            grammar = top.state.grammar if top.waiting else ""
            order = _expect(
                state=state,
                grammar=grammar,
                flow=top.flow.id,
                kinds=kinds,
                recogniser=top.state.components.get("stt", ""),
            )
            scene.outbox.emit(order)

    def to_dict(self) -> list[Any] | None:
        """Return what was told, as JSON-like data."""
        return None if self._told is None else [self._told[0], list(self._told[1])]

    def from_dict(self, data: list[Any] | None) -> None:
        """Restore what `to_dict` gave: the same recogniser still listens."""
        self._told = None if data is None else (data[0], tuple(data[1]))
