"""What a program may look at in its call, at any moment."""

from __future__ import annotations

from engine.core.context import Context
from engine.core.conversation import Conversation
from engine.core.step import Step
from engine.observe.metrics import CallMetrics
from engine.session.gathering import gathered
from engine.session.past import Past


class Insight:
    """The half of a session that only tells."""

    _conversation: Conversation
    _past: Past

    @property
    def steps(self) -> tuple[Step, ...]:
        """The latest steps, as many as `SessionOptions.steps_kept` says."""
        return self._past.steps

    @property
    def opened(self) -> bool:
        """Whether anybody has joined."""
        return self._conversation.opened

    @property
    def away(self) -> bool:
        """Whether the caller's connection was lost, and they may still come back."""
        return "gone" in self._conversation.pending

    def history(self) -> Context:
        """Return what was said and heard so far, and what models asked for, in order."""
        call = self._conversation
        return gathered(call.history, call.calls, self._past.handoffs)

    def stats(self) -> CallMetrics:
        """Return what can be counted and measured so far."""
        return self._past.figures
