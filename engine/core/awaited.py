"""What answers a dialog waits for, whichever of its parts asked."""

from __future__ import annotations

from engine.core.listening import Listening
from engine.core.talking import Talking
from engine.core.tooling import Tools


class Awaited:
    """Questions, replies and tool calls that are under way."""

    def __init__(self, listening: Listening, talking: Talking, tools: Tools) -> None:
        self._listening = listening
        self._talking = talking
        self._tools = tools

    def __contains__(self, subject: str) -> bool:
        """Say whether the answer to this question, reply or tool call is waited for."""
        return (
            self._talking.awaits(subject)
            or self._listening.awaits(subject)
            or self._tools.awaits(subject)
        )

    @property
    def meaning(self) -> bool:
        """True while a model is asked what a turn meant."""
        return self._listening.thinking()

    def came_early(self, subject: str) -> None:
        """The answer to this is there, and cannot be acted on yet."""
        self._tools.answered_early(subject)
