"""The least an asyncio program can do for a turn: a queue, two tasks, a list for the room to pull.

No conversation, no states, no history, no failures, no resampling, nothing to look at afterwards.
It answers every text with the same stubs, through the same room, and is what the engine's figures
are divided by.
"""

from __future__ import annotations

import asyncio
from collections import deque

from stubs import CALLER, BenchRoom, Gauge, InstantModel, InstantVoice

from media.frames import FRAME_SAMPLES, Samples, silence
from media.room import Participant
from media.tasks import TaskOwner
from providers.base import ReplyRequest, ReplyText


class FloorAgent:
    """A loop around a model and a voice; its own room listener and audio source."""

    def __init__(self, voice: InstantVoice) -> None:
        self.gauge = Gauge()
        self.room = BenchRoom(self.gauge)
        self._model, self._voice = InstantModel(), voice
        self._texts: asyncio.Queue[str] = asyncio.Queue()
        self._blocks: deque[Samples] = deque()
        self._tasks = TaskOwner(self._failed)

    async def start(self) -> None:
        self._tasks.start(self._run(), "floor")
        await self.room.open(self, self)
        self.text_received(CALLER, "")

    async def aclose(self) -> None:
        await self.room.close("measured")
        await self._tasks.aclose()

    async def _run(self) -> None:
        while True:
            text = await self._texts.get()
            self._tasks.start(self._answer(text), "answer")

    async def _answer(self, text: str) -> None:
        request = ReplyRequest(instructions="", history=({"role": "user", "text": text},))
        async for chunk in self._model.converse(request):
            if isinstance(chunk, ReplyText):
                await self._tasks.start(self._speak(chunk.text), "speak")

    async def _speak(self, text: str) -> None:
        async for chunk in self._voice.synthesize(text):
            self.gauge.push()
            for start in range(0, len(chunk.samples), FRAME_SAMPLES):
                self._blocks.append(chunk.samples[start : start + FRAME_SAMPLES])

    def interrupt(self) -> None:
        self._blocks.clear()

    def pull(self) -> Samples:
        return self._blocks.popleft() if self._blocks else silence()

    def participant_joined(self, participant: Participant) -> None:
        pass

    def participant_left(self, participant: Participant, reason: str, last: bool) -> None:
        pass

    def audio_received(self, participant: Participant, samples: Samples, at: float) -> None:
        pass

    def key_pressed(self, participant: Participant, key: str) -> None:
        pass

    def text_received(self, participant: Participant, text: str) -> None:
        self._texts.put_nowait(text)

    def room_failed(self, message: str) -> None:
        raise RuntimeError(message)

    def _failed(self, error: BaseException) -> None:
        raise error
