"""What is written and shown of steps: the journal, the store, the screens.

None of it may keep a caller waiting, so it is done when the effects of a step, and what they lead
to at once, are under way. It stays in the order of the call, and before the conversation takes
anything else: the snapshot in the store is that after the last step written with it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, TextIO

from engine.core.step import Step
from engine.machine.compiled import CompiledFlow
from engine.observe.journal import Header
from engine.session.captions import Captions
from engine.session.chronicle import Chronicle
from engine.session.store import Keeper

MOST = 16
"""Steps that may wait; a call in which there is always something to do is written all the same."""


class Records:
    """The records of one call.

    Args:
        flow: what the call begins with.
        journal: gets the journal, line by line; None: nobody wants one.
        keeper: writes the call into a store; None: nobody does.
        snapshot: gives the conversation as it is now.
        publish: shows something on the screens: topic and data.
    """

    def __init__(
        self,
        flow: CompiledFlow,
        journal: TextIO | None,
        keeper: Keeper | None,
        snapshot: Callable[[], Mapping[str, Any]],
        publish: Callable[[str, Mapping[str, Any]], None],
    ) -> None:
        self._chronicle = Chronicle(journal)
        self._captions = Captions(flow.id, flow.version)
        self._keeper = keeper
        self._snapshot = snapshot
        self._publish = publish
        self._steps: list[Step] = []

    @property
    def waiting(self) -> bool:
        """Whether there are steps that are not written yet."""
        return bool(self._steps)

    def open(self, header: Header, before: Iterable[Step], *, resumed: bool) -> None:
        """Begin the journal, and the call in the store if it did not begin elsewhere."""
        if self._keeper is not None and not resumed:
            self._keeper.begin(header)
        self._chronicle.open(header, before)

    def add(self, steps: list[Step]) -> bool:
        """Take the next steps of the call; they are written at the next `settle`.

        Returns:
            Whether so many are waiting that they must not wait any longer.
        """
        self._steps += steps
        return len(self._steps) >= MOST

    def settle(self) -> None:
        """Write and show all steps so far. Does not wait for the store."""
        if not self._steps:
            return
        steps, self._steps = self._steps, []
        self.write(steps)
        for step in steps:
            for topic, data in self._captions.of(step):
                self._publish(topic, data)

    def write(self, steps: list[Step]) -> None:
        """Write steps that no screen is told of any more."""
        if self._keeper is not None:
            self._keeper.keep(steps, self._snapshot())
        for step in steps:
            self._chronicle.append(step)

    def end(self, reason: str) -> None:
        """The call is over."""
        if self._keeper is not None:
            self._keeper.end(reason)
