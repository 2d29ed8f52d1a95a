"""Two people in one call, each by a WebRTC connection of their own on this machine."""

from __future__ import annotations

import asyncio

import numpy as np
import pytest
from ruamel.yaml import YAML

from engine.events import FloorDenied, SpeechStarted, TranscriptReceived
from engine.flow.model import Flow
from engine.machine.compiler import compile_flow
from engine.pipeline.pipeline import Services
from engine.session.session import Session
from media.frames import Samples
from media.meeting import MeetingRoom
from media.webrtc import WebRtcRoom
from media.webrtc_caller import WebRtcCaller
from providers.scripted import ScriptedRecognizer, ScriptedSynthesizer
from tests.shell.test_participants import LoudnessVad

pytestmark = pytest.mark.live

FLOW = """
turnwise: 1
flow: desk
start: ask
slots: {size: {type: integer, ask: "How many?"}}
listen: {silence: 60s}
states:
  ask: {collect: [size], then: more}
  more: {confirm: "{{ slots.size }}, is that right?", then: bye}
  bye: {say: "Goodbye.", end: hangup}
"""


def tone(hertz: float, seconds: float) -> Samples:
    """Speech enough for a detector of loudness."""
    time = np.arange(int(48_000 * seconds)) / 48_000
    return (12_000 * np.sin(2 * np.pi * hertz * time)).astype(np.int16)


class Person:
    """A caller, and how much of the agent they heard."""

    def __init__(self, name: str) -> None:
        self.room = WebRtcRoom(caller=name)
        self.loud = 0
        self.caller = WebRtcCaller(on_heard=self._heard)

    def _heard(self, samples: Samples, at: float) -> None:
        self.loud += int((np.abs(samples) > 500).sum())

    async def connect(self) -> None:
        await self.caller.accept(await self.room.answer(await self.caller.offer()))
        await self.caller.wait_connected()


async def call() -> tuple[Session, list[Person]]:
    people = [Person("ann"), Person("ben")]
    services = Services(
        vad=LoudnessVad(),
        another_vad=LoudnessVad,
        stt=ScriptedRecognizer(["four", "yes"], sample_rate=48_000),
        tts=ScriptedSynthesizer(sample_rate=48_000),
    )
    flow = compile_flow(Flow.model_validate(YAML(typ="safe").load(FLOW)))
    session = Session(flow, MeetingRoom(*(person.room for person in people)), services)
    async with asyncio.timeout(40):
        await session.start()
        await asyncio.gather(*(person.connect() for person in people))
        await asyncio.sleep(2)
        people[0].caller.speak(tone(300, 1.5))
        await asyncio.sleep(0.7)
        people[1].caller.speak(tone(700, 0.4))  # while Ann has the floor
        await asyncio.sleep(5)
        people[1].caller.speak(tone(700, 1))
        await session.wait_closed()
    for person in people:
        await person.caller.hang_up()
    return session, people


def test_one_has_the_floor_and_each_turn_its_speaker() -> None:
    session, people = asyncio.run(call())

    causes = [step.cause for step in session.steps]
    finals = [e for e in causes if isinstance(e, TranscriptReceived) and e.final]
    assert [(e.participant, e.text) for e in finals] == [("ann", "four"), ("ben", "yes")]
    assert [e.participant for e in causes if isinstance(e, SpeechStarted)] == ["ann", "ben"]
    assert {e.participant for e in causes if isinstance(e, FloorDenied)} == {"ben"}
    told = [(item.speaker, item.text) for item in session.history().messages if item.role == "user"]
    assert told == [("ann", "four"), ("ben", "yes")]
    assert all(person.loud > 48_000 / 2 for person in people), "both heard the agent"
