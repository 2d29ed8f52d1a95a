"""libespeak-ng in a process of its own, shared by all calls of an event loop."""

from __future__ import annotations

import asyncio
import itertools
import json
import weakref

import numpy as np

from media.tasks import TaskOwner
from providers.embedded.process import WorkerProcess, within
from providers.embedded.tts_engine import SENTENCE_SECONDS, Spoken
from providers.errors import (
    ProviderConfigurationError,
    ProviderError,
    ProviderMissing,
    ProviderTimeout,
    ProviderUnavailable,
)


class LibraryEngine:
    """The library as an engine; every call has its own voice, speed and pitch."""

    sample_rate = 22_050

    def __init__(self, voice: str, speed: int, pitch: int) -> None:
        self._settings = {"voice": voice, "speed": speed, "pitch": pitch}
        self._shared: _SharedLibrary | None = None

    async def start(self) -> None:
        """Join the process, start it if need be, and try the voice."""
        loop = asyncio.get_running_loop()
        if self._shared is None:
            self._shared = _libraries.setdefault(loop, _SharedLibrary())
            self._shared.users += 1
        self.sample_rate = await self._shared.ready()
        await self.speak("a")

    async def speak(self, sentence: str) -> Spoken:
        """Return the whole sentence."""
        if self._shared is None:
            raise ProviderUnavailable("the voice is closed")
        return await self._shared.speak({"text": sentence, **self._settings})

    async def aclose(self) -> None:
        """Leave the process; the last one ends it."""
        if self._shared is not None:
            shared, self._shared = self._shared, None
            shared.users -= 1
            if shared.users == 0:
                await shared.aclose()


class _SharedLibrary:
    """The process; started when it is needed, and again when it has died."""

    def __init__(self) -> None:
        self.users = 0
        self._process: WorkerProcess | None = None
        self._starting: asyncio.Task[None] | None = None
        self._rate: asyncio.Future[bytes] | None = None
        self._numbers = itertools.cycle(range(1, 65_000))
        self._waiting: dict[int, asyncio.Future[Spoken]] = {}
        self._audio: dict[int, bytes] = {}
        # A failed start is awaited, and raised, by whoever wanted it.
        self._tasks = TaskOwner(lambda error: None)

    @property
    def pid(self) -> int:
        """The id of the process, 0 while there is none."""
        return self._process.pid if self._process else 0

    async def ready(self) -> int:
        """Return the rate, when the process runs."""
        if self._process is None and (self._starting is None or self._starting.done()):
            self._starting = self._tasks.start(self._start(), "start the voice")
        if self._starting is not None:
            await asyncio.shield(self._starting)
        assert self._rate is not None
        return int(json.loads(self._rate.result()))

    async def speak(self, request: dict[str, object]) -> Spoken:
        await self.ready()
        assert self._process is not None
        number = next(self._numbers)
        self._waiting[number] = asyncio.get_running_loop().create_future()
        try:
            self._process.send(b"S", number, json.dumps(request).encode())
            return await asyncio.wait_for(self._waiting[number], SENTENCE_SECONDS)
        except TimeoutError as error:
            raise ProviderTimeout(f"espeak-ng took more than {SENTENCE_SECONDS:g} s") from error
        finally:
            self._waiting.pop(number, None)
            self._audio.pop(number, None)

    async def aclose(self) -> None:
        _forget(self)
        await self._tasks.aclose()
        if self._process is not None:
            process, self._process = self._process, None
            await process.aclose()

    async def _start(self) -> None:
        self._rate = asyncio.get_running_loop().create_future()
        process = WorkerProcess("providers.embedded.tts_worker", self._frame, self._exited)
        await process.start()
        try:
            await within(SENTENCE_SECONDS, self._rate, "starting the voice")
        except BaseException:
            await process.aclose(patience=0.0)
            raise
        self._process = process

    def _frame(self, kind: bytes, number: int, payload: bytes) -> None:
        if number == 0:
            if self._rate is not None and not self._rate.done():
                if kind == b"R":
                    self._rate.set_result(payload)
                else:
                    self._rate.set_exception(ProviderMissing(payload.decode()))
            return
        waiting = self._waiting.get(number)
        if waiting is None or waiting.done():
            return  # its caller was interrupted
        if kind == b"A":
            self._audio[number] = payload
        elif kind == b"E":
            waiting.set_exception(ProviderConfigurationError(payload.decode()))
        else:
            samples = np.frombuffer(self._audio.pop(number, b""), "<i2")
            waiting.set_result(Spoken(samples=samples, marks=json.loads(payload)))

    def _exited(self, reason: str) -> None:
        self._process = None
        error: ProviderError = ProviderUnavailable(reason)
        if self._rate is not None and not self._rate.done():
            self._rate.set_exception(error)
        for waiting in self._waiting.values():
            if not waiting.done():
                waiting.set_exception(error)


_libraries: weakref.WeakKeyDictionary[asyncio.AbstractEventLoop, _SharedLibrary] = (
    weakref.WeakKeyDictionary()
)


def _forget(shared: _SharedLibrary) -> None:
    loop = asyncio.get_running_loop()
    if _libraries.get(loop) is shared:
        del _libraries[loop]
