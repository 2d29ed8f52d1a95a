"""Tasks have owners: whoever starts one joins it, and an exception in one is never lost."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any


class TaskOwner:
    """Starts tasks, holds them, and ends them together.

    Args:
        on_error: told about every exception that escapes a task (cancellation is not one).
    """

    __slots__ = ("_on_error", "_tasks")

    def __init__(self, on_error: Callable[[BaseException], None]) -> None:
        self._on_error = on_error
        # a list: the tasks of one owner are few, and an empty set weighs four times as much
        self._tasks: list[asyncio.Task[Any]] = []

    def __len__(self) -> int:
        return len(self._tasks)

    def start(self, work: Coroutine[Any, Any, Any], name: str) -> asyncio.Task[Any]:
        """Start `work` as a task of this owner."""
        task = asyncio.get_running_loop().create_task(work, name=name)
        self._tasks.append(task)
        task.add_done_callback(self._ended)
        return task

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

    def _ended(self, task: asyncio.Task[Any]) -> None:
        self._tasks.remove(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            self._on_error(error)
