"""How a session is run: in one go, beside a program, or as all that a program does."""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from types import TracebackType
from typing import Self

from engine.errors import ConfigurationError, TurnwiseError
from engine.session.gate import Gate
from engine.session.options import CallResult
from engine.session.stopping import stopped_by_signals
from engine.session.subscriptions import HANDLING, Subscriptions
from media.tasks import TaskOwner


class Running(ABC):
    """The life of a session, as the program sees it that runs it."""

    _subscriptions: Subscriptions

    def __init__(self) -> None:
        self._owner = TaskOwner(lambda _: None)  # what `run` raises is raised to who waits for it
        self._task: asyncio.Task[CallResult] | None = None
        self._begun, self._joined, self._ended = Gate(), Gate(), Gate()
        self._settled = Gate()
        self._result: CallResult | None = None
        """How the call went, as soon as that is settled: only handlers may still be at work."""
        self._failure: str | None = None
        """Why the call could not begin."""

    @abstractmethod
    async def run(self) -> CallResult:
        """Run the call to its end and return how it went. Call it once."""

    @abstractmethod
    def close(self, reason: str = "closed") -> None:
        """Ask for the end of the call."""

    @property
    @abstractmethod
    def opened(self) -> bool:
        """Whether anybody has joined."""

    async def start(self, *, wait_for_participant: bool = False) -> None:
        """Begin the call; it goes on by itself. Returns when the room is open.

        Args:
            wait_for_participant: return when somebody is there.

        Raises:
            ConfigurationError: a provider or the room did not open; says which.
            TimeoutError: the call has ended and nobody ever came (`join_timeout`).
        """
        if self._task is None:
            self._task = self._owner.start(self.run(), "session")
            # one that is cancelled before its first step never comes to its end
            self._task.add_done_callback(lambda _: self._no_longer_awaited())
        await self._begun.passed()
        if self._failure is not None:
            await self.wait_closed()
            raise ConfigurationError(self._failure)
        if wait_for_participant:
            await self._joined.passed()
            if not self.opened:
                result = await self.wait_closed()
                raise TimeoutError(f"nobody joined the call: {result.reason}")

    async def wait_closed(self) -> CallResult:
        """Wait for the end of a call that was started, and return how it went.

        In a handler: until everything else is closed, for the end waits for handlers.
        """
        if self._task is None:
            raise RuntimeError("the session was not started")
        if self._in_handler():
            await self._settled.passed()
            if self._result is None:
                raise TurnwiseError("the session broke")
            return self._result
        return await asyncio.shield(self._task)

    async def until_over(self) -> None:
        """Wait for the end of the call, whoever runs it; in a handler as `wait_closed`."""
        await (self._settled if self._in_handler() else self._ended).passed()

    async def run_until_closed(self) -> CallResult:
        """Run the call to its end; SIGINT and SIGTERM end it, a second one at once.

        Raises:
            ConfigurationError: as `start`.
        """
        with stopped_by_signals(self.close, self._cancel):
            await self.start()
            return await self.wait_closed()

    async def __aenter__(self) -> Self:
        """Start the call."""
        await self.start()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """End the call, if it has not ended, and wait until everything is closed."""
        self.close("the program is done" if error is None else f"the program broke: {error!r}")
        await self.wait_closed()

    def _conclude(self, result: CallResult | None) -> None:
        """Everything but the handlers is over: those of them that wait for the end go on."""
        self._result = result
        for gate in (self._begun, self._joined, self._settled):
            gate.open()

    def _no_longer_awaited(self) -> None:
        """The call is over: nothing more is waited for."""
        for gate in (self._begun, self._joined, self._settled, self._ended):
            gate.open()

    def _in_handler(self) -> bool:
        return HANDLING.get(None) is self._subscriptions

    def _cancel(self) -> None:
        if self._task is not None:
            self._task.cancel()
