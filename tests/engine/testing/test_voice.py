"""A voice that was wanted is let go of, however its start ends."""

from __future__ import annotations

import asyncio

import pytest

from engine.testing.voice import speak
from providers import registry


class Slow:
    """Never gets ready."""

    sample_rate = 16_000
    closed = False

    async def open(self) -> None:
        await asyncio.Event().wait()

    async def aclose(self) -> None:
        self.closed = True


def test_a_start_that_is_cancelled_leaves_no_process(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ctrl-C while the voice starts: what it had begun must not outlive it."""
    slow = Slow()
    monkeypatch.setattr(registry, "make", lambda *_: slow)

    async def work() -> None:
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(speak("hello"), 0.01)

    asyncio.run(work())
    assert slow.closed
