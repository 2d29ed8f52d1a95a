"""One recogniser process per flow and event loop, shared by all its calls.

The process ends with the last call that uses it. Where it dies by itself, the calls whose caller
was speaking are told, and it is started again once; when the new one dies as well before it has
heard anything, every call is told and the process is given up.
"""

from __future__ import annotations

import asyncio
import json
import logging
import weakref
from collections.abc import Mapping
from typing import Any, Final, Protocol

from media.tasks import TaskOwner
from providers.embedded.process import WorkerProcess, within
from providers.errors import ProviderConfigurationError, ProviderError, ProviderUnavailable

_log = logging.getLogger(__name__)

READY_SECONDS: Final = 20.0
"""It takes 0.5 s on a quiet machine; a machine that needs 20 s cannot hold a call."""


class Listener(Protocol):
    """One call."""

    def partial(self, text: str) -> None:
        """Words so far of the stretch under way."""
        ...

    def heard(self, result: Mapping[str, Any]) -> None:
        """The final transcript of a stretch."""
        ...

    def broke(self, error: ProviderError, *, for_good: bool) -> None:
        """The process died; the stretch under way is lost."""
        ...


class SharedRecognizer:
    """The process of one flow; made and found by `join`."""

    def __init__(self, settings: bytes, pool: dict[bytes, SharedRecognizer]) -> None:
        self._settings = settings
        self._pool = pool
        self._listeners: dict[int, Listener] = {}
        self._next_channel = 1
        self._restarts = 0
        self._process: WorkerProcess | None = None
        self._starting: asyncio.Task[None] | None = None
        self._ready: asyncio.Future[bytes] | None = None
        self._tasks = TaskOwner(self._lost_error)

    @property
    def pid(self) -> int:
        """The id of the process, 0 while there is none."""
        return self._process.pid if self._process else 0

    def send(self, kind: bytes, channel: int, payload: bytes = b"") -> bool:
        """Hand on one frame; False while the process starts again and nobody can take it."""
        if self._process is None:
            return False
        self._process.send(kind, channel, payload)
        return True

    async def add(self, listener: Listener) -> int:
        """Take a call in and return its channel, when the process is ready."""
        channel, self._next_channel = self._next_channel, self._next_channel % 65_000 + 1
        self._listeners[channel] = listener
        try:
            if self._starting is None:
                self._starting = self._tasks.start(self._start(), "start the recogniser")
            # Shielded: one call that hangs up must not stop the start the others wait for.
            await asyncio.shield(self._starting)
        except BaseException:
            await self.remove(channel)
            raise
        return channel

    async def remove(self, channel: int) -> None:
        """Let a call go; the last one ends the process."""
        self._listeners.pop(channel, None)
        self.send(b"X", channel)
        if not self._listeners:
            self._forget()
            await self._tasks.aclose()
            if self._process is not None:
                process, self._process = self._process, None
                await process.aclose()

    async def _start(self) -> None:
        process = WorkerProcess("providers.embedded.stt_worker", self._frame, self._exited)
        await process.start()
        self._process = process
        self._ready = asyncio.get_running_loop().create_future()
        process.send(b"I", 0, self._settings)
        try:
            dropped = json.loads(await within(READY_SECONDS, self._ready, "starting to listen"))
        except BaseException:
            self._process = None
            await process.aclose(patience=0.0)
            raise
        for grammar, words in dropped.items():
            _log.warning("grammar %s: nobody knows how to pronounce %s", grammar, ", ".join(words))

    def _frame(self, kind: bytes, channel: int, payload: bytes) -> None:
        if self._ready is not None and not self._ready.done():
            if kind == b"R":
                self._ready.set_result(payload)
            elif kind == b"!":
                self._ready.set_exception(ProviderConfigurationError(payload.decode()))
            return
        listener = self._listeners.get(channel)
        if listener is None:
            return
        if kind == b"P":
            listener.partial(payload.decode())
        elif kind == b"T":
            self._restarts = 0
            listener.heard(json.loads(payload))

    def _exited(self, reason: str) -> None:
        error = ProviderUnavailable(reason)
        self._process = None
        if self._ready is not None and not self._ready.done():
            self._ready.set_exception(error)
            return
        for_good = self._restarts > 0
        _log.warning("%s%s", reason, "" if for_good else "; starting it again")
        if for_good:
            self._give_up(error)
            return
        self._restarts += 1
        for listener in list(self._listeners.values()):
            listener.broke(error, for_good=False)
        self._starting = self._tasks.start(self._start(), "restart the recogniser")

    def _lost_error(self, error: BaseException) -> None:
        """The first start is awaited by its callers; a failed restart is told to everybody."""
        if self._restarts:
            self._give_up(error)

    def _give_up(self, why: BaseException) -> None:
        self._forget()
        error = ProviderError(f"the recogniser died twice: {why}")
        for listener in list(self._listeners.values()):
            listener.broke(error, for_good=True)

    def _forget(self) -> None:
        if self._pool.get(self._settings) is self:
            del self._pool[self._settings]


_pools: weakref.WeakKeyDictionary[asyncio.AbstractEventLoop, dict[bytes, SharedRecognizer]] = (
    weakref.WeakKeyDictionary()
)


async def join(settings: Mapping[str, Any], listener: Listener) -> tuple[SharedRecognizer, int]:
    """Return the process that hears this flow, started if need be, and the call's channel.

    Raises:
        ProviderError: it cannot be started, or cannot read the grammars.
    """
    pool = _pools.setdefault(asyncio.get_running_loop(), {})
    key = json.dumps(settings, sort_keys=True).encode()
    shared = pool.setdefault(key, SharedRecognizer(key, pool))
    return shared, await shared.add(listener)
