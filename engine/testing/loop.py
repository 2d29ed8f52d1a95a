"""An event loop on virtual time: waiting costs nothing, and a deadlock fails loudly.

The loop never blocks. When no callback is ready it jumps to the next timer; when there is no timer
either, nothing can ever happen again, and it raises `DeadlockError` instead of hanging. So an hour
of 20 ms blocks takes about a second, and two runs of the same program agree to the nanosecond.

Work given to an executor (`loop.run_in_executor`, `asyncio.to_thread`) runs inline, at once: a
thread would make the order of events depend on the machine. Sockets and subprocesses have no place
here, because nothing waits for them.

Use it as the factory of a runner::

    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        runner.run(main())

or through `run_virtual(main())`.
"""

from __future__ import annotations

import asyncio
import datetime
import selectors
from collections.abc import Callable, Coroutine, Mapping
from typing import Any, TypeVar, TypeVarTuple

T = TypeVar("T")
Ts = TypeVarTuple("Ts")

START = 1_000.0
"""Loop time at the start, seconds. Not zero, so that mixing up loop time and session time shows."""

LIMIT = 3_600.0
"""Seconds of virtual time after which a program counts as stuck (a paced room ticks for ever)."""


class DeadlockError(RuntimeError):
    """Nothing is ready and nothing is scheduled: the program would wait for ever."""


class VirtualTimeoutError(RuntimeError):
    """Virtual time ran past its limit: something ticks, but the program does not end."""


class VirtualLoop(asyncio.SelectorEventLoop):
    """An asyncio event loop whose clock jumps.

    Args:
        start: loop time of the first instant, seconds.
        limit: seconds of virtual time the program may take.
    """

    def __init__(self, start: float = START, limit: float = LIMIT) -> None:
        self._now = start
        self._end = start + limit
        super().__init__(_JumpingSelector(self._jump))

    def time(self) -> float:
        """Return virtual time in seconds."""
        return self._now

    def run_in_executor(
        self, executor: object, func: Callable[[*Ts], T], *args: *Ts
    ) -> asyncio.Future[T]:
        """Run `func` here and now, and return its outcome as a done future."""
        future: asyncio.Future[T] = self.create_future()
        try:
            future.set_result(func(*args))
        except Exception as error:
            future.set_exception(error)
        return future

    def _jump(self, seconds: float | None) -> None:
        if seconds is None:
            raise DeadlockError(f"nothing is scheduled at {self._now:.3f} s: deadlock")
        # Whole nanoseconds: sums of floats never drift away from the instants people write.
        self._now = round(self._now + seconds, 9)
        if self._now > self._end:
            raise VirtualTimeoutError(f"still running at {self._now:.3f} s of virtual time")


class _JumpingSelector(selectors.SelectSelector):
    """Never waits: tells how long it would have waited, and returns what is there."""

    def __init__(self, jump: Callable[[float | None], None]) -> None:
        super().__init__()
        self._jump = jump

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        """Return what is ready; else let time jump by `timeout` seconds."""
        ready = super().select(0)
        if not ready and (timeout is None or timeout > 0):
            self._jump(timeout)
        return ready


class VirtualClock:
    """The clock of a virtual loop: `media.clock.Clock` with a wall time that is part of the test.

    Args:
        started_at: wall time of the loop's first instant; local time with offset.
        loop: the loop; None: the running one.
    """

    def __init__(
        self, started_at: datetime.datetime, loop: asyncio.AbstractEventLoop | None = None
    ) -> None:
        self._loop = loop or asyncio.get_running_loop()
        self._origin = self._loop.time()
        self._started_at = started_at

    def monotonic(self) -> float:
        """Seconds, as `loop.time()` counts them."""
        return self._loop.time()

    def wall(self) -> datetime.datetime:
        """Wall time with offset: the given start plus virtual time since then."""
        return self._started_at + datetime.timedelta(seconds=self._loop.time() - self._origin)


def run_virtual(main: Coroutine[Any, Any, T], *, limit: float = LIMIT) -> T:
    """Run a coroutine on a fresh virtual loop and return its result.

    An exception that a task or callback lost (asyncio would only log it) is raised as well.

    Raises:
        DeadlockError: nothing was ready and nothing scheduled.
        VirtualTimeoutError: it took more than `limit` seconds of virtual time.
    """
    lost: list[BaseException] = []
    with asyncio.Runner(loop_factory=lambda: VirtualLoop(limit=limit)) as runner:
        runner.get_loop().set_exception_handler(_collector(lost))
        result = runner.run(main)
    if lost:
        raise lost[0]
    return result


def _collector(
    lost: list[BaseException],
) -> Callable[[asyncio.AbstractEventLoop, Mapping[str, Any]], None]:
    def collect(_: asyncio.AbstractEventLoop, context: Mapping[str, Any]) -> None:
        lost.append(context.get("exception") or RuntimeError(str(context.get("message"))))

    return collect
