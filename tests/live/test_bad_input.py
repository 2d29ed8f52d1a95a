"""Whole calls on the embedded stack that go wrong: noise, and a recogniser that is killed.

The room is in memory and paced by the wall clock; voice, ears and their processes are real.
"""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from engine.core.step import Step
from engine.effects import ReportError, Say
from engine.events import ServiceFailed, TranscriptReceived
from engine.testing.voice import speak
from engine.worker.flows import load_flow, shipped
from engine.worker.host import Call, CallHost
from engine.worker.services import make_services
from media.clock import LoopClock
from media.frames import SAMPLE_RATE, Samples
from media.loopback import LoopbackRoom
from providers import registry

pytestmark = [
    pytest.mark.live,
    pytest.mark.skipif(
        any(row.name == "embedded" and row.state != "ready" for row in registry.status()),
        reason="the embedded stack cannot run here: see `turnwise providers`",
    ),
]

SENTENCE = "a table for four people tomorrow"
CALLER_VOICE = {"voice": "en-us+klatt", "speed": 150}
NOISE_FLOOR = 30.0


class Talk:
    """One call of the booking flow, watched from the caller's side."""

    def __init__(self) -> None:
        flow = load_flow(shipped("book_table.yaml"))
        clock = LoopClock()
        self.steps: list[Step] = []
        self.room = LoopbackRoom(clock)
        self.caller = self.room.join()
        self.host = CallHost(
            flow,
            lambda: make_services(flow),
            clock,
            on_step=lambda number, step: self.steps.append(step),
        )

    def causes(self, kind: type) -> list[Any]:
        return [step.cause for step in self.steps if isinstance(step.cause, kind)]

    @property
    def said(self) -> list[str]:
        return [e.text for step in self.steps for e in step.effects if isinstance(e, Say)]

    @property
    def errors(self) -> list[str]:
        return [e.name for step in self.steps for e in step.effects if isinstance(e, ReportError)]

    @property
    def slots(self) -> dict[str, Any]:
        known: dict[str, Any] = {}
        for step in self.steps:
            for note in step.notes:
                if note.kind == "slots":
                    known |= note.data
        return known

    async def until(self, condition: Callable[[], object], seconds: float = 20.0) -> None:
        async with asyncio.timeout(seconds):
            while not condition():
                await asyncio.sleep(0.02)

    async def asked(self) -> None:
        """Wait until the agent has asked its question and listens."""
        await self.until(lambda: self.steps and self.steps[-1].states.agent == "SPEAKING")
        await self.until(lambda: self.steps[-1].states.agent == "IDLE")


def play(script: Callable[[Talk], Coroutine[Any, Any, None]]) -> tuple[Talk, Call]:
    """Play a call: the agent, and beside it the caller's script, after which the caller leaves."""

    async def work() -> tuple[Talk, Call]:
        talk = Talk()

        async def caller() -> None:
            await talk.asked()
            await script(talk)
            await talk.host.aclose("the script is over")

        call, _ = await asyncio.gather(talk.host.take(talk.room), caller())
        return talk, call

    return asyncio.run(work())


def white_noise(seconds: float, rms: float) -> Samples:
    values = np.random.default_rng(7).normal(0, rms, int(seconds * SAMPLE_RATE))
    return values.clip(-32768, 32767).astype(np.int16)


async def sentence(text: str = SENTENCE) -> Samples:
    """The sentence on the noise floor of a microphone, with a second of it around."""
    speech = (await speak(text, CALLER_VOICE)).astype(float)
    padded = np.concatenate([np.zeros(SAMPLE_RATE // 2), speech, np.zeros(SAMPLE_RATE)])
    padded += np.random.default_rng(3).normal(0, NOISE_FLOOR, len(padded))
    return padded.clip(-32768, 32767).astype(np.int16)


def recogniser() -> int:
    """The process id of this program's recogniser."""
    for status in Path("/proc").glob("[0-9]*/cmdline"):
        pid = int(status.parent.name)
        try:
            if b"stt_worker" in status.read_bytes() and _parent(pid) == os.getpid():
                return pid
        except (FileNotFoundError, ProcessLookupError):
            continue
    raise AssertionError("no recogniser runs")


def _parent(pid: int) -> int:
    return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])


def test_noise_is_no_answer_and_the_call_goes_on() -> None:
    """A hiss, loud bursts as of a bad line, and a roar; then the caller types."""
    hiss, burst, roar = white_noise(3.0, 300), white_noise(0.3, 3000), white_noise(3.0, 3000)
    bursts = np.tile(np.concatenate([burst, np.zeros(len(burst), np.int16)]), 8)

    async def script(talk: Talk) -> None:
        talk.caller.speak(np.concatenate([hiss, bursts, roar]))
        await talk.until(lambda: not talk.caller.speaking)
        talk.caller.type("four people")
        await talk.until(lambda: "For which day?" in talk.said)

    talk, call = play(script)

    assert talk.slots == {"party_size": 4}
    assert not [final for final in talk.causes(TranscriptReceived) if final.text and final.accepted]
    assert talk.errors == []
    assert call.result.reason == "the script is over"


def test_a_recogniser_that_is_killed_between_two_turns_is_not_noticed() -> None:
    async def script(talk: Talk) -> None:
        os.kill(recogniser(), signal.SIGKILL)
        await asyncio.sleep(1.5)  # a caller thinks at least as long, and it starts again
        talk.caller.speak(await sentence())
        await talk.until(lambda: "party_size" in talk.slots)

    talk, _ = play(script)

    assert talk.slots["party_size"] == 4
    assert talk.errors == []


def test_a_recogniser_that_is_killed_under_the_callers_words_leads_to_a_spoken_end() -> None:
    async def script(talk: Talk) -> None:
        talk.caller.speak(await sentence())
        await talk.until(lambda: talk.steps[-1].states.user == "SPEAKING")
        os.kill(recogniser(), signal.SIGKILL)
        await talk.until(lambda: talk.steps[-1].states.agent == "CLOSING")

    talk, call = play(script)

    assert [failed.service for failed in talk.causes(ServiceFailed)] == ["stt"]
    assert talk.errors == ["error.stt", "error.transfer"]  # nobody to hand the call to in this room
    assert "I am sorry, something went wrong on my side." in talk.said
    assert talk.said[-1] == "Goodbye."
    assert call.result.reason == "flow"
