"""A mailbox that notes what stages post, on virtual time."""

import asyncio
import datetime
from dataclasses import dataclass, field

import pytest

from engine.events import Event
from engine.pipeline.stage import SessionTime
from engine.testing.loop import VirtualClock, run_virtual


@dataclass
class Bench:
    """What a stage needs, and what it posted."""

    time: SessionTime
    events: list[Event] = field(default_factory=list)

    def post(self, event):
        self.events.append(event)

    def of(self, cls):
        return [event for event in self.events if isinstance(event, cls)]


@pytest.fixture
def on_bench():
    """Run an async test body with a fresh bench on a virtual loop; no task may be left over."""

    def run(body):
        async def main():
            clock = VirtualClock(datetime.datetime.fromisoformat("2026-05-01T12:00:00+02:00"))
            result = await body(Bench(time=SessionTime(clock)))
            left = asyncio.all_tasks() - {asyncio.current_task()}
            assert not left, f"tasks leaked: {left}"
            return result

        return run_virtual(main(), limit=120)

    return run
