"""What a running call remembers of its steps: the latest ones, and what all of them come to.

A call may last for hours. Whoever wants every step takes them as they happen: the journal, a
keeper, `on_step`. So what a call weighs does not grow with what was done in it.

A caller waits while steps are taken, so to take one is to append it; what it comes to is found out
when somebody asks, or when it is forgotten.
"""

from __future__ import annotations

import copy
from collections.abc import Iterable

from engine.core.context import Handoff
from engine.core.step import Step
from engine.observe.metrics import CallMetrics, Figures
from engine.session.gathering import Handoffs


class Past:
    """The steps of one call, the latest of them for looking at.

    Args:
        kept: how many are remembered; None: all.
        steps: those of the process before, when the call goes on here.
    """

    def __init__(self, kept: int | None, steps: Iterable[Step] = ()) -> None:
        self._kept = kept
        self._latest: list[Step] = []
        self._figures = Figures()
        self._handoffs = Handoffs()
        for step in steps:
            self.append(step)

    @property
    def steps(self) -> tuple[Step, ...]:
        """The remembered ones, oldest first."""
        return tuple(self._latest[self._left_over :])

    @property
    def figures(self) -> CallMetrics:
        """What all of them come to."""
        figures = copy.deepcopy(self._figures)
        for step in self._latest:
            figures.take(step)
        return figures.result()

    @property
    def handoffs(self) -> list[Handoff]:
        """To whom the caller was handed over in all of them."""
        handoffs = copy.deepcopy(self._handoffs)
        for step in self._latest:
            handoffs.saw(step)
        return handoffs.found

    def append(self, step: Step) -> None:
        """Take the next step."""
        self._latest.append(step)

    def forget(self) -> None:
        """Let go of the steps that are too many; they have left what they come to."""
        if not self._left_over:
            return
        old, self._latest = self._latest[: self._left_over], self._latest[self._left_over :]
        for step in old:
            self._figures.take(step)
            self._handoffs.saw(step)

    @property
    def _left_over(self) -> int:
        return 0 if self._kept is None else max(0, len(self._latest) - self._kept)
