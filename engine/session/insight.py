"""What a program may look at in its call, at any moment."""

from __future__ import annotations

from engine.core.context import Context
from engine.core.conversation import Conversation
from engine.core.step import Step
from engine.effects import HangUp
from engine.observe.metrics import CallMetrics
from engine.session.gathering import gathered
from engine.session.options import CallResult
from engine.session.past import Past


class Insight:
    """The half of a session that only tells."""

    _conversation: Conversation
    _past: Past
    _over: HangUp | None
    _failure: str | None

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

    def _outcome(self) -> CallResult | None:
        """Return how the call went; None: it has not come to its end."""
        if self._over is None:
            return None
        return CallResult(
            reason=self._over.reason,
            kind=self._over.kind,
            steps=self.steps,
            history=self.history(),
            metrics=self._past.figures,
            failure=self._failure,
        )
