"""Tasks have owners: whoever starts one joins it, and an exception in one is never lost.

A task takes its first step when the loop comes round to it, behind everything that is ready and a
look at the sockets. Where somebody waits for what that step gives, `begin` takes it at once: much
of the work of a call has its answer there and then (a short line, a model in this process).
"""

from __future__ import annotations

import asyncio
from asyncio.tasks import _enter_task, _leave_task  # told of in "Extending asyncio"
from collections.abc import Callable, Coroutine
from contextvars import Context, copy_context
from typing import Any


class TaskOwner:
    """Starts tasks, holds them, and ends them together.

    Args:
        on_error: told about every exception that escapes a task (cancellation is not one).
    """

    __slots__ = ("_fresh", "_on_error", "_tasks")

    def __init__(self, on_error: Callable[[BaseException], None]) -> None:
        self._on_error = on_error
        # a list: the tasks of one owner are few, and an empty set weighs four times as much
        self._tasks: list[asyncio.Task[Any]] = []
        self._fresh: list[_Early] = []

    def __len__(self) -> int:
        return len(self._tasks)

    def start(self, work: Coroutine[Any, Any, Any], name: str) -> asyncio.Task[Any]:
        """Start `work` as a task of this owner."""
        return self._own(asyncio.get_running_loop().create_task(work, name=name))

    def start_early(self, work: Coroutine[Any, Any, Any], name: str) -> asyncio.Task[Any]:
        """Start `work`; if `begin` is called before the loop comes to it, it begins there."""
        early = _Early(work)
        task = asyncio.get_running_loop().create_task(early, name=name, context=early.context)
        early.task = task
        self._fresh.append(early)
        return self._own(task)

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

    async def aclose(self) -> None:
        """Cancel what still runs and wait until all of it has ended."""
        # A task that is done leaves the list by its callback, one turn of the loop later; gathering
        # only such tasks does not wait at all, so asking for them again would spin for ever.
        while tasks := [
            task for task in self._tasks if task is not asyncio.current_task() and not task.done()
        ]:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    def _own(self, task: asyncio.Task[Any]) -> asyncio.Task[Any]:
        self._tasks.append(task)
        task.add_done_callback(self._ended)
        return task

    def _ended(self, task: asyncio.Task[Any]) -> None:
        self._tasks.remove(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            self._on_error(error)


def being_cancelled() -> bool:
    """Say whether somebody wants this task to end.

    A `CancelledError` tells that as well, but foreign code may raise one by itself: it has waited
    for something else that was cancelled.
    """
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0


class _Early(Coroutine[Any, Any, Any]):
    """A coroutine whose first step may be taken before its task takes it.

    What that step gave, a future to wait for or an outcome, is kept and given to the task when that
    asks for its first step. So the task goes on from there, and to all who look at it, it waits or
    is over a round of the loop later than it really does. (`asyncio.eager_task_factory`, which
    there is from Python 3.12 on, does so for all tasks of a loop.)
    """

    __slots__ = ("_asked", "_outcome", "_taken", "_waits_for", "_work", "context", "task")

    def __init__(self, work: Coroutine[Any, Any, Any]) -> None:
        self.context: Context = copy_context()
        """That of the task."""
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
        self._asked = True
        if not self._taken:
            return self._work.send(value)
        self._taken = False
        waits_for, self._waits_for = self._waits_for, None
        self._raise()
        return waits_for

    def throw(self, *error: Any) -> Any:
        """Go on with an exception; what is over is over."""
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

    def _raise(self) -> None:
        outcome, self._outcome = self._outcome, None
        if outcome is not None:
            raise outcome
