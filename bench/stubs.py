"""Providers that answer at once, and a room that notes when sound goes out.

What remains between a fact and the sound that answers it is the engine. The stubs do what any
provider must (asynchronous iterators, audio at the rate they declare) and nothing that takes time.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Mapping, Sequence
from typing import Any, Literal

import numpy as np

from media.clock import LoopClock
from media.frames import Samples, silence
from media.pacing import Pacer
from media.room import AudioSource, Participant, RoomListener
from media.tasks import TaskOwner
from providers.base import (
    ReplyChunk,
    ReplyRequest,
    ReplyText,
    ReportRequest,
    SpeechChunk,
    Transcript,
    VoiceEdge,
)

TTS_RATE = 24_000
EAR_RATE = 16_000
CALLER = Participant(id="caller")
_SILENCE = silence()


def hum(seconds: float, rate: int = TTS_RATE) -> Samples:
    """A tone: no sample of it is silence for longer than half a millisecond."""
    phase = np.arange(round(seconds * rate)) * (2 * np.pi * 440 / rate)
    return (8_000 * np.sin(phase)).astype(np.int16)


class InstantModel:
    """Says one sentence, at once, in one piece."""

    async def report(self, request: ReportRequest) -> Mapping[str, Any]:
        return {}

    async def converse(self, request: ReplyRequest) -> AsyncGenerator[ReplyChunk, None]:
        yield ReplyText(text="Very well, go on.")

    async def aclose(self) -> None:
        pass


class InstantVoice:
    """Gives a whole line at once.

    Args:
        seconds: of sound.
        lead: seconds of silence before it.
        rate: Hz; what is not the room's own is converted by the engine, like that of any voice.
    """

    def __init__(self, seconds: float, lead: float = 0.0, rate: int = TTS_RATE) -> None:
        self.sample_rate = rate
        before = np.zeros(round(lead * rate), dtype=np.int16)
        self._sound = np.concatenate([before, hum(seconds, rate)])

    async def open(self) -> None:
        pass

    async def synthesize(self, text: str) -> AsyncIterator[SpeechChunk]:
        yield SpeechChunk(samples=self._sound)

    async def aclose(self) -> None:
        pass


class Ears:
    """Hears what it is told to have heard: the edges of a voice, never a word of its own."""

    sample_rate = EAR_RATE

    def __init__(self) -> None:
        self._heard = 0
        self._edges: list[VoiceEdge] = []

    def hear(self, kind: Literal["start", "end"]) -> None:
        self._edges.append(VoiceEdge(kind=kind, at=self._heard / EAR_RATE))

    def process(self, samples: Samples) -> Sequence[VoiceEdge]:
        self._heard += len(samples)
        edges, self._edges = self._edges, []
        return edges

    def close(self) -> None:
        pass


class DeafRecognizer:
    """Takes audio and never hears a word in it."""

    sample_rate = EAR_RATE

    def __init__(self) -> None:
        self._owed = 0
        self._more: asyncio.Future[None] | None = None

    async def open(self) -> None:
        pass

    def expect(self, grammar: str) -> None:
        pass

    def start_speech(self) -> None:
        pass

    def push(self, samples: Samples) -> None:
        pass

    def end_speech(self) -> None:
        self._owed += 1
        if self._more is not None and not self._more.done():
            self._more.set_result(None)

    async def transcripts(self) -> AsyncIterator[Transcript]:
        while True:
            while self._owed:
                self._owed -= 1
                yield Transcript(text="", final=True)
            self._more = asyncio.get_running_loop().create_future()
            await self._more

    async def aclose(self) -> None:
        pass


class Gauge:
    """Stands in an agent's way out and notes instants, in seconds of `perf_counter`."""

    def __init__(self) -> None:
        self.pushed: float | None = None
        """First audio the engine handed over since `arm`."""
        self.sent: float | None = None
        """First block with sound the room pulled since `arm`."""
        self.last: float = 0.0
        """Last block with sound the room pulled."""

    def arm(self) -> None:
        self.pushed = self.sent = None

    def push(self) -> None:
        if self.pushed is None:
            self.pushed = time.perf_counter()

    def pull(self, samples: Samples) -> None:
        if samples.any():
            self.last = time.perf_counter()
            if self.sent is None:
                self.sent = self.last


class BenchRoom:
    """One caller, who is silent; 20 ms blocks both ways on an absolute schedule."""

    channel = "bench"

    def __init__(self, gauge: Gauge) -> None:
        self.gauge = gauge
        self.listener: RoomListener | None = None
        self._source: AudioSource | None = None
        self._tasks = TaskOwner(self._failed)

    async def open(self, listener: RoomListener, source: AudioSource) -> None:
        self.listener, self._source = listener, source
        listener.participant_joined(CALLER)
        self._tasks.start(self._pace(), "room")

    def publish(self, topic: str, data: Mapping[str, Any]) -> None:
        pass

    async def close(self, reason: str) -> None:
        await self._tasks.aclose()

    async def _pace(self) -> None:
        assert self.listener is not None
        assert self._source is not None
        clock = LoopClock()
        pacer = Pacer(clock)
        while True:
            await pacer.wait()
            self.listener.audio_received(CALLER, _SILENCE, clock.monotonic())
            self.gauge.pull(self._source.pull())

    def _failed(self, error: BaseException) -> None:
        raise error


async def until(holds: Callable[[], bool]) -> None:
    """Look every 5 ms whether something has happened: the measured program is not to be woken."""
    while not holds():  # noqa: ASYNC110
        await asyncio.sleep(0.005)
