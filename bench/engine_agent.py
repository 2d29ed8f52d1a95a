"""One call of the engine with stubs all around: what the programs here measure."""

from __future__ import annotations

import asyncio
import time
from typing import Any

from stubs import BenchRoom, DeafRecognizer, Ears, Gauge, InstantModel, InstantVoice, until

from engine.core.step import Step
from engine.effects import PauseSpeech, StopSpeech
from engine.machine.compiled import CompiledFlow
from engine.pipeline.pipeline import Services
from engine.session.options import CallResult
from engine.session.session import Session
from media.clock import LoopClock


class EngineAgent:
    """A session, its room, and a gauge on the agent's way out.

    Args:
        flow: what it runs.
        voice: says its lines.
        watched: whether `decided` is wanted; else nobody looks at the steps.
    """

    def __init__(self, flow: CompiledFlow, voice: InstantVoice, *, watched: bool = False) -> None:
        self.gauge = Gauge()
        self.room = BenchRoom(self.gauge)
        self.ears = Ears()
        self.decided: float | None = None
        """When it was last decided that the agent falls silent, seconds of `perf_counter`."""
        services = Services(vad=self.ears, stt=DeafRecognizer(), tts=voice, llm=InstantModel())
        self.session = Session(
            flow, self.room, services, LoopClock(), on_step=self._noted if watched else None
        )
        track = self.session.pipeline.playout.track
        push = track.push

        def gauged(utterance: str, samples: Any) -> None:
            push(utterance, samples)
            self.gauge.push()

        track.push = gauged  # type: ignore[method-assign]
        self._call: asyncio.Task[CallResult] | None = None

    async def start(self) -> None:
        self._call = asyncio.get_running_loop().create_task(self.session.run())
        await until(lambda: self.gauge.sent is not None)  # the greeting

    async def aclose(self) -> None:
        assert self._call is not None
        self.session.close("measured")
        result = await self._call
        assert result.reason == "measured", result.reason

    def _noted(self, step: Step) -> None:
        if any(isinstance(effect, StopSpeech | PauseSpeech) for effect in step.effects):
            self.decided = time.perf_counter()
