"""Components that states have of their own, made and opened when a call first comes there.

The flow's own of each kind serves everywhere else. A voice, a model or a recogniser that only one
state names costs nothing until a call comes there. From then on it stays open, for the call may
well come there again, and is closed with the call.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any, Generic, TypeAlias, TypeVar

from engine.errors import ConfigurationError
from media.tasks import TaskOwner

T = TypeVar("T")

MakeComponent: TypeAlias = Callable[[str], Any]
"""Makes the component of a name, not opened yet; raises what its provider raises."""


class Others(Generic[T]):
    """Components of one kind, by name.

    Args:
        main: the flow's own, which serves where a state names none; somebody else opens and closes
            it. None: the flow has none.
        make: makes the others; None: there are none.
    """

    def __init__(self, main: T | None, make: MakeComponent | None) -> None:
        self._main = main
        self._make = make
        self._opened: dict[str, asyncio.Task[T]] = {}
        self._owner: TaskOwner | None = None

    def known(self, name: str) -> bool:
        """Whether there is anybody of this name, as far as can be told without asking."""
        return self._make is not None if name else self._main is not None

    async def get(self, name: str) -> T:
        """Return the component of this name, open.

        Raises:
            ConfigurationError: there is none of this name.
            Exception: whatever it raises when it is made or opened; it is tried again next time.
        """
        if not name:
            if self._main is None:
                raise ConfigurationError("the flow names no such component")
            return self._main
        opening = self._opened.get(name)
        if opening is None or (opening.done() and opening.exception() is not None):
            if self._owner is None:  # most calls never come here
                self._owner = TaskOwner(_told_to_whoever_waits)
            opening = self._opened[name] = self._owner.start(self._open(name), f"open {name}")
        # Whoever waits may be cancelled; the others still want it.
        return await asyncio.shield(opening)

    def remake(self, make: MakeComponent | None) -> None:
        """Make those that are not open yet by this."""
        self._make = make

    async def aclose(self) -> None:
        """Close all of them; the flow's own is not theirs to close."""
        opened, self._opened, self._make = self._opened, {}, None
        if self._owner is not None:
            await self._owner.aclose()
        over = [task for task in opened.values() if task.done() and not task.cancelled()]
        ready: list[Any] = [task.result() for task in over if task.exception() is None]
        await asyncio.gather(*(one.aclose() for one in ready))

    async def _open(self, name: str) -> T:
        if self._make is None:
            raise ConfigurationError(f"nobody makes `{name}` in this call")
        made = self._make(name)
        try:
            if hasattr(made, "open"):  # a model has nothing to open
                await made.open()
        except BaseException:
            await made.aclose()
            raise
        opened: T = made
        return opened


def _told_to_whoever_waits(error: BaseException) -> None:
    """Whoever asked for the component has the error; if they were cancelled, nobody needs it."""
