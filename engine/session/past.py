"""What a running call remembers of its steps: the latest ones, and the figures of all.

A call may last for hours. Whoever wants every step takes them as they happen: the journal, a
keeper, `on_step`. So what a call weighs does not grow with what was done in it.
"""

from __future__ import annotations

import copy
from collections.abc import Iterable

from engine.core.step import Step
from engine.observe.metrics import CallMetrics, Figures


class Past:
    """The steps of one call, the latest of them for looking at.

    Args:
        kept: how many are remembered; None: all.
        steps: those of the process before, when the call goes on here.
    """

    def __init__(self, kept: int | None, steps: Iterable[Step] = ()) -> None:
        self._kept = kept
        self._latest: list[Step] = []
        self._forgotten = Figures()
        for step in steps:
            self.append(step)

    @property
    def steps(self) -> tuple[Step, ...]:
        """The remembered ones, oldest first."""
        return tuple(self._latest)

    @property
    def figures(self) -> CallMetrics:
        """What all of them come to."""
        figures = copy.deepcopy(self._forgotten)
        for step in self._latest:
            figures.take(step)
        return figures.result()

    def append(self, step: Step) -> None:
        """Take the next step; one that is forgotten for it has left its figures."""
        self._latest.append(step)
        if self._kept is not None and len(self._latest) > self._kept:
            self._forgotten.take(self._latest.pop(0))
