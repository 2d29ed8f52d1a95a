"""What a model is given, and may do, that says something for the program around the call.

It speaks beside the flow's own talk: with the persona of the state and all that was said, and with
the tools the state's talk may use, or those the program names. A tool it asks for belongs to the
visit of the state like any other; its result is told to the model, never to the flow.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from engine.core import prompting
from engine.core.consulting import consult
from engine.core.listening import Listening
from engine.core.scene import Scene
from engine.core.talking import Talking
from engine.core.tooling import Tools
from engine.events import ReplyToolCalled
from engine.machine.compiled import Converse


@dataclass(frozen=True, slots=True, kw_only=True)
class Briefing:
    """What a model is given."""

    instructions: str
    history: tuple[Mapping[str, Any], ...]
    tools: tuple[Mapping[str, Any], ...] = ()
    """As `StartReply` has them."""


class Aside:
    """The half of a dialog that replies for the program use."""

    def __init__(self, scene: Scene, tools: Tools, listening: Listening, talking: Talking) -> None:
        self._scene = scene
        self._tools = tools
        self._listening = listening
        self._talking = talking
        self._recollection = talking.recollection

    def asks(self, call: str) -> bool:
        """Say whether this tool is at work, and no model: somebody it asks need not wait for it."""
        at_work = bool(call) and self._tools.awaits(call)
        return at_work and not (self._listening.thinking() or self._talking.writing)

    def unknown(self, names: Sequence[str] | None) -> tuple[str, ...]:
        """Return which of these are no tools of the flow the call is in."""
        known = self._scene.stack.top.flow.tools
        return tuple(name for name in names or () if name not in known)

    def briefing(self, task: str, names: Sequence[str] | None = ()) -> Briefing:
        """Return what a model is given to do this here.

        Args:
            task: in the words of the program.
            names: the tools it may use; None: those of the state's own talk.
        """
        top = self._scene.stack.top
        return Briefing(
            instructions=prompting.aside(self._scene, top, task),
            history=self._recollection.told(top),
            tools=prompting.offers(top.flow.tools, self._allowed(names)),
        )

    def call(self, event: ReplyToolCalled, offered: Collection[str]) -> str:
        """Let the model use a tool; return the name of the call."""
        top, log = self._scene.stack.top, self._recollection.log
        allowed = [name for name in offered if name in top.flow.tools]
        return consult(
            self._scene, self._tools, log, top, event.tool, event.args, allowed=allowed, aside=True
        )

    def under_way(self, calls: Collection[str]) -> bool:
        """Say whether any of these calls is at work."""
        return self._tools.asked_aside(calls)

    def drop(self, calls: Collection[str]) -> None:
        """Nobody waits for these any more; what changes the world goes on."""
        self._tools.drop_aside(calls)

    def _allowed(self, names: Sequence[str] | None) -> Sequence[str]:
        top = self._scene.stack.top
        if names is not None:  # the call may have come into another flow since they were asked for
            return [name for name in names if name in top.flow.tools]
        verb = top.state.verb
        return verb.tools if isinstance(verb, Converse) else ()
