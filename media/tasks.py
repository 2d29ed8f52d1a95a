"""Tasks have owners: whoever starts one joins it, and an exception in one is never lost.

A task takes its first step when the loop comes round to it, behind everything that is ready and a
look at the sockets. Where somebody waits for what that step gives, `begin` takes it at once: much
of the work of a call has its answer there and then (a short line, a model in this process).

A task that is cancelled is expected to end. Much of what tasks run is the code of others, a tool, a
model, a voice, and some of that swallows its cancellation; it is left behind after a moment, and
its name is told: nothing that waits for its end waits for ever.
"""

from __future__ import annotations

import asyncio
import logging
from asyncio.tasks import _enter_task, _leave_task  # told of in "Extending asyncio"
from collections.abc import Callable, Coroutine, Iterable
from contextvars import Context, copy_context
from typing import Any, NoReturn

PATIENCE = 3.0
"""Seconds a task may take to end once it was cancelled."""

_PARTING = 0.1
"""Seconds for a task that is left behind to be over; it takes a round or two of the loop."""

_log = logging.getLogger("turnwise.tasks")


class TaskOwner:
    """Starts tasks, holds them, and ends them together.

    Args:
        on_error: told about every exception that escapes a task (cancellation is not one).
    """

    __slots__ = ("_fresh", "_on_error", "_tasks", "_works")

    def __init__(self, on_error: Callable[[BaseException], None]) -> None:
        self._on_error = on_error
        # a list: the tasks of one owner are few, and an empty set weighs four times as much
        self._tasks: list[asyncio.Task[Any]] = []
        self._works: list[_Work] = []
        """Of each task, in the same order."""
        self._fresh: list[_Work] = []

    def __len__(self) -> int:
        return len(self._tasks)

    def start(self, work: Coroutine[Any, Any, Any], name: str) -> asyncio.Task[Any]:
        """Start `work` as a task of this owner."""
        return self._own(_Work(work), name)

    def start_early(self, work: Coroutine[Any, Any, Any], name: str) -> asyncio.Task[Any]:
        """Start `work`; if `begin` is called before the loop comes to it, it begins there."""
        early = _Work(work)
        self._fresh.append(early)
        return self._own(early, name)

    def begin(self) -> bool:
        """Let what was started early take its first step, in the order of its start.

        Returns:
            Whether anything was started early since the last time.
        """
        if not self._fresh:
            return False
        while self._fresh:
            self._fresh.pop(0).begin()
        return True

    async def join(self) -> None:
        """Wait until everything that was started has ended by itself."""
        while tasks := [task for task in self._tasks if not task.done()]:
            await asyncio.wait(tasks)

    def cancel(self, task: asyncio.Task[Any], patience: float = PATIENCE) -> None:
        """Cancel a task of this owner; after `patience` seconds it is over whatever it does."""
        if task.done() or not task.cancel():
            return
        late = task.get_loop().call_later(patience, self._leave_behind, (task,), patience)
        task.add_done_callback(lambda _: late.cancel())

    async def aclose(self) -> None:
        """Cancel what still runs and wait until all of it has ended, or for `PATIENCE` seconds."""
        # A task that is done leaves the list by its callback, one turn of the loop later; waiting
        # for such tasks only does not wait at all, so asking for them again would spin for ever.
        loop = asyncio.get_running_loop()
        until = loop.time() + PATIENCE
        while tasks := self._running():
            if (left := until - loop.time()) <= 0:
                self._leave_behind(tasks, PATIENCE)
                await asyncio.wait(tasks, timeout=_PARTING)
                return
            for task in tasks:
                task.cancel()
            await asyncio.wait(tasks, timeout=left)

    def _running(self) -> list[asyncio.Task[Any]]:
        mine = asyncio.current_task()
        return [task for task in self._tasks if task is not mine and not task.done()]

    def _leave_behind(self, tasks: Iterable[asyncio.Task[Any]], patience: float) -> None:
        for task in tasks:
            _log.warning(
                "%r was cancelled and has not ended within %g s: it is left behind",
                task.get_name(),
                patience,
            )
            self._works[self._tasks.index(task)].left = True
            task.cancel()

    def _own(self, work: _Work, name: str) -> asyncio.Task[Any]:
        task = asyncio.get_running_loop().create_task(work, name=name, context=work.context)
        work.task = task
        self._tasks.append(task)
        self._works.append(work)
        task.add_done_callback(self._ended)
        return task

    def _ended(self, task: asyncio.Task[Any]) -> None:
        place = self._tasks.index(task)
        del self._tasks[place], self._works[place]
        if not task.cancelled() and (error := task.exception()) is not None:
            self._on_error(error)


def being_cancelled() -> bool:
    """Say whether somebody wants this task to end.

    A `CancelledError` tells that as well, but foreign code may raise one by itself: it has waited
    for something else that was cancelled.
    """
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0


class _Work(Coroutine[Any, Any, Any]):
    """A coroutine whose first step may be taken before its task takes it, and that can be left.

    What that step gave, a future to wait for or an outcome, is kept and given to the task when that
    asks for its first step. So the task goes on from there, and to all who look at it, it waits or
    is over a round of the loop later than it really does. (`asyncio.eager_task_factory`, which
    there is from Python 3.12 on, does so for all tasks of a loop.)

    Work that is left behind is over for its task when that comes to it again, wherever it is.
    """

    __slots__ = ("_asked", "_outcome", "_taken", "_waits_for", "_work", "context", "left", "task")

    def __init__(self, work: Coroutine[Any, Any, Any]) -> None:
        self.context: Context = copy_context()
        """That of the task."""
        self.left = False
        """It was cancelled, goes on all the same, and is not asked any more."""
        self.task: asyncio.Task[Any] | None = None
        self._work = work
        self._asked = False
        """Its task has begun."""
        self._taken = False
        """The first step was taken before, and its task has not been told."""
        self._waits_for: Any = None
        self._outcome: BaseException | None = None

    def begin(self) -> None:
        """Take the first step now, as the task; nothing if it began, or was cancelled."""
        task = self.task
        if task is None or self._asked or task.cancelling():
            return
        loop = task.get_loop()
        outer = asyncio.current_task(loop)
        if outer is not None:
            _leave_task(loop, outer)
        _enter_task(loop, task)
        self._taken = True
        try:
            self._waits_for = self.context.run(self._work.send, None)
        except BaseException as outcome:  # its end as well; whatever it is, its task raises it
            self._outcome = outcome
        finally:
            _leave_task(loop, task)
            if outer is not None:
                _enter_task(loop, outer)

    def send(self, value: Any) -> Any:
        """Go on, or tell what the first step gave."""
        if self.left:
            self._part()
        self._asked = True
        if not self._taken:
            return self._work.send(value)
        self._taken = False
        waits_for, self._waits_for = self._waits_for, None
        self._raise()
        return waits_for

    def throw(self, *error: Any) -> Any:
        """Go on with an exception; what is over is over."""
        if self.left:
            self._part()
        self._asked = True
        if not self._taken:
            return self._work.throw(*error)
        self._taken = False
        waits_for, self._waits_for = self._waits_for, None
        self._raise()
        # Cancelled before the task knew what it waits for: as a task does, cancel that, and learn
        # of it from there. A cancelled gathering, say, has to cancel what it gathers.
        cancelled = isinstance(error[0], asyncio.CancelledError) and waits_for is not None
        if cancelled and waits_for.cancel(*error[0].args):
            return waits_for
        return self._work.throw(*error)

    def close(self) -> None:
        """End it where it is."""
        self._work.close()

    def __await__(self) -> Any:
        """A task drives it; nobody awaits it."""
        raise TypeError("work that was started early is driven by its task")

    def _part(self) -> NoReturn:
        """End the task; what is left of the work may tidy up, but waits for nothing any more."""
        try:
            self._work.close()
        except Exception as error:  # it would wait again, or cannot tidy up: it was told of before
            _log.debug("what was left behind did not close: %s", error)
        raise asyncio.CancelledError

    def _raise(self) -> None:
        outcome, self._outcome = self._outcome, None
        if outcome is not None:
            raise outcome
