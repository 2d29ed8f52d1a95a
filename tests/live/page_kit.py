"""The booking flow in the local room, and a browser's page in it: for the tests of the page."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from engine.core.step import Step
from engine.pipeline.pipeline import Services
from engine.session.options import SessionOptions
from engine.worker.flows import load_flow, shipped
from engine.worker.host import Call, CallHost
from engine.worker.local import LocalRooms
from engine.worker.services import make_services
from media.clock import LoopClock
from providers.scripted import ScriptedSynthesizer
from tests.live.chromium import PROGRAM, Page, browse

needs_chromium = [
    pytest.mark.live,
    pytest.mark.chromium,
    pytest.mark.skipif(PROGRAM is None, reason="no Chromium found: install chromium to run this"),
]


class Place:
    """A served flow, its steps and the calls that are over."""

    def __init__(
        self,
        runs: Path | None,
        services: Callable[[], Services] | None,
        options: SessionOptions | None,
    ) -> None:
        flow = load_flow(shipped("book_table.yaml"))
        clock = LoopClock()
        self.steps: dict[int, list[Step]] = {}
        host = CallHost(
            flow,
            services or (lambda: make_services(flow)),
            clock,
            runs=runs,
            options=options,
            on_step=lambda number, step: self.steps.setdefault(number, []).append(step),
        )
        self.rooms = LocalRooms(host, clock)

    def slots(self, number: int = 1) -> dict[str, Any]:
        """What the flow knows in one call."""
        known: dict[str, Any] = {}
        for step in self.steps.get(number, ()):
            for note in step.notes:
                if note.kind == "slots":
                    known |= note.data
        return known

    async def over(self) -> Call:
        async with asyncio.timeout(20):
            return await self.rooms.finished.get()


@asynccontextmanager
async def serving(
    runs: Path | None = None,
    services: Callable[[], Services] | None = None,
    options: SessionOptions | None = None,
) -> AsyncIterator[Place]:
    place = Place(runs, services, options)
    await place.rooms.start()
    try:
        yield place
    finally:
        await place.rooms.close("the test is over")


def tones() -> Services:
    """An agent that can be heard and read, and cannot hear."""
    return Services(tts=ScriptedSynthesizer())


def typed(*actions: Callable[[Place, Page], Coroutine[Any, Any, None]], **browser: Any) -> None:
    """Serve the flow, open the page, do the actions."""

    async def work() -> None:
        async with serving(services=tones) as place, browse(place.rooms.server.url, **browser) as p:
            for action in actions:
                await action(place, p)

    asyncio.run(work())


async def click(page: Page, button: str) -> None:
    """Click the button with this text, if a person could."""
    await page.evaluate(
        f"""(() => {{
          const found = [...document.querySelectorAll('button')]
            .find((b) => b.textContent === '{button}' && !b.disabled && b.offsetParent);
          if (!found) throw new Error('no such button can be clicked: {button}');
          found.click();
        }})()"""
    )


async def write(page: Page, text: str) -> None:
    await page.evaluate(f"$('text').value = '{text}'; $('form').requestSubmit()")


def reads(text: str) -> str:
    return f"$('transcript').innerText.includes({text!r})"


def status(text: str) -> str:
    return f"$('status').innerText.includes({text!r})"


async def until(condition: Callable[[], bool], seconds: float) -> None:
    """Wait for something that is about to happen."""
    async with asyncio.timeout(seconds):
        while not condition():
            await asyncio.sleep(0.05)
