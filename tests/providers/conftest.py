"""Running coroutines: in virtual time for doubles, on a real loop for programs and sockets."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

import pytest

from engine.testing.loop import VirtualLoop

Run = Callable[[Coroutine[Any, Any, Any]], Any]


@pytest.fixture
def virtual() -> Run:
    """Run a coroutine in virtual time, from second 0."""

    def run(work: Coroutine[Any, Any, Any]) -> Any:
        with asyncio.Runner(loop_factory=lambda: VirtualLoop(start=0.0)) as runner:
            return runner.run(work)

    return run


@pytest.fixture
def real() -> Run:
    """Run a coroutine on a real event loop; for processes and sockets of this machine."""
    return asyncio.run
