"""Calls on virtual time: the real session, the in-memory room, scripted providers."""

import asyncio
import datetime
import io
from dataclasses import dataclass
from typing import Any

import pytest
from ruamel.yaml import YAML

from engine.flow.model import Flow
from engine.machine.compiler import compile_flow
from engine.pipeline.pipeline import Services
from engine.session.options import CallResult, SessionOptions
from engine.session.session import Session
from engine.testing.loop import VirtualClock, run_virtual
from media.loopback import LoopbackRoom
from providers.scripted import (
    ScriptedRecognizer,
    ScriptedSynthesizer,
    ScriptedTurnDetector,
    ScriptedVad,
)

STARTED = datetime.datetime.fromisoformat("2026-05-01T12:00:00+02:00")
RATE = 48_000


@dataclass
class Call:
    """One call under test."""

    session: Session
    room: LoopbackRoom
    caller: Any
    journal: io.StringIO
    result: CallResult | None = None

    @property
    def names(self):
        """What happened and what was ordered, by name."""
        names = []
        for step in self.session.steps:
            names += [type(step.cause).__name__, *(type(e).__name__ for e in step.effects)]
        return names

    def causes(self, cls):
        return [step.cause for step in self.session.steps if isinstance(step.cause, cls)]

    def effects(self, cls):
        return [e for step in self.session.steps for e in step.effects if isinstance(e, cls)]

    def notes(self, kind):
        return [n.data for step in self.session.steps for n in step.notes if n.kind == kind]


@pytest.fixture
def compile_text():
    """Compile a flow written in a test."""

    def compile_it(text):
        return compile_flow(Flow.model_validate(YAML(typ="safe").load(text)))

    return compile_it


@pytest.fixture
def make_services():
    """Build scripted services; `heard` are (start, end, text) in seconds of the call."""

    def make(heard=(), **overrides):
        services = {
            "vad": ScriptedVad([(s + 0.02, e + 0.02) for s, e, _ in heard], sample_rate=RATE),
            "stt": ScriptedRecognizer([text for _, _, text in heard], sample_rate=RATE),
            "turn_detector": ScriptedTurnDetector(),
            "tts": ScriptedSynthesizer(sample_rate=RATE),
        }
        return Services(**(services | overrides))

    return make


@pytest.fixture
def run_call(make_services):
    """Run one call to its end and return it; no task may be left behind.

    `at` maps seconds to what happens then: a function of the call.
    """

    def run(flow, heard=(), *, services=None, at=None, join=True, room=None, tape=None, **options):
        async def main():
            clock = VirtualClock(STARTED)
            place = room or LoopbackRoom(clock)
            options.setdefault("started_at", STARTED.isoformat())
            journal = io.StringIO()
            session = Session(
                flow,
                place,
                services or make_services(heard),
                clock,
                SessionOptions(**options),
                journal=journal,
            )
            if tape is not None:
                session.record(tape)
            caller = place.join() if join else None
            call = Call(session=session, room=place, caller=caller, journal=journal)
            loop = asyncio.get_running_loop()
            for seconds, action in (at or {}).items():
                loop.call_later(seconds, action, call)
            call.result = await session.run()
            left = asyncio.all_tasks() - {asyncio.current_task()}
            assert not left, f"tasks leaked: {left}"
            return call

        return run_virtual(main(), limit=600)

    return run


@pytest.fixture
def virtual():
    """Run `main(clock)` on virtual time; no task may be left behind."""

    def run(main):
        async def guarded():
            result = await main(VirtualClock(STARTED))
            left = asyncio.all_tasks() - {asyncio.current_task()}
            assert not left, f"tasks leaked: {left}"
            return result

        return run_virtual(guarded(), limit=600)

    return run
