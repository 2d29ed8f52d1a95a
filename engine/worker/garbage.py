"""Keeps the cyclic garbage collector out of the calls of a process.

Python frees most things the moment nobody holds them. What holds itself in a circle is looked for
by a collector that stops the whole process: a full collection walks through all that is loaded and
every call that goes on, 30 to 170 ms with forty calls, and every caller hears that.

So a process that takes calls sets aside what it has loaded (`gc.freeze`: later collections pass
over it), lets automatic full collections be rare, and makes up for them while no call goes on and
nobody can hear it. The young collections, of a few milliseconds at most, go on as they are; they
free the circles a call makes by the way.
"""

from __future__ import annotations

import gc
from types import TracebackType
from typing import Self

RARER = 3
"""So many times rarer are automatic full collections, a safety net for a process never at rest:
calls of ten turns that are over leave some 30 MB to the next one."""


class QuietCollector:
    """A context in which collections do not get into calls; it is the whole process's.

    Enter it when the flow is compiled and everything is imported, before the first call, and call
    `rest` whenever the last call has ended::

        with QuietCollector() as collector:
            ...
    """

    def __init__(self) -> None:
        self._before = gc.get_threshold()

    def __enter__(self) -> Self:
        """Set aside what is loaded, and make full collections rare."""
        self._before = gc.get_threshold()
        young, middle, old = self._before
        gc.set_threshold(young, middle, old * RARER)
        self.rest()
        return self

    def rest(self) -> None:
        """Collect all there is, and set aside the rest; takes about 0.1 s in which nothing runs.

        What was set aside before is looked at anew: a circle that was alive then and is not now
        would otherwise never be freed.
        """
        gc.unfreeze()
        gc.collect()
        gc.freeze()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Leave the collector as it was."""
        gc.set_threshold(*self._before)
        gc.unfreeze()
