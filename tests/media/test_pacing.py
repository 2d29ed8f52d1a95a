from __future__ import annotations

import asyncio
import datetime
from collections.abc import Callable, Coroutine
from typing import Any

import pytest

from media.clock import LoopClock
from media.pacing import Pacer


def test_beats_stay_on_an_absolute_grid(run_virtual: Callable[[Coroutine[Any, Any, Any]], Any]):
    async def beats() -> list[float]:
        clock = LoopClock()
        pacer, times = Pacer(clock), []
        for number in range(500):
            assert await pacer.wait() == 1
            times.append(clock.monotonic())
            await asyncio.sleep(0.003 * (number % 5))  # work that takes time must not shift them
        return times

    times = run_virtual(beats())

    assert times == pytest.approx([0.02 * number for number in range(500)])


def test_a_stall_skips_beats_and_tells_how_many(
    run_virtual: Callable[[Coroutine[Any, Any, Any]], Any],
):
    async def beats() -> list[tuple[float, int]]:
        clock = LoopClock()
        pacer = Pacer(clock)
        await pacer.wait()
        await asyncio.sleep(0.110)
        return [(await pacer.wait(), round(clock.monotonic(), 6)) for _ in range(3)]

    assert run_virtual(beats()) == [(5, 0.11), (1, 0.12), (1, 0.14)]


def test_a_busy_moment_is_made_good_and_a_long_stall_is_not(
    run_virtual: Callable[[Coroutine[Any, Any, Any]], Any],
):
    async def beats() -> list[tuple[int, float]]:
        clock = LoopClock()
        pacer, out = Pacer(clock, catch_up=2), []
        await pacer.wait()
        for stall in (0.065, 0.0, 0.0, 0.0, 0.09, 0.0):
            asyncio.get_running_loop().stall(stall)  # type: ignore[attr-defined]
            out.append((await pacer.wait(), round(clock.monotonic(), 6)))
        return out

    assert run_virtual(beats()) == [
        (1, 0.065),
        (1, 0.065),
        (1, 0.065),
        (1, 0.08),
        (4, 0.17),
        (1, 0.18),
    ]


class _Coarse:
    """A clock whose ticks are farther apart than the loop's."""

    def __init__(self) -> None:
        self._loop = LoopClock()

    def monotonic(self) -> float:
        return int(self._loop.monotonic() / 0.015) * 0.015

    def wall(self) -> datetime.datetime:
        return self._loop.wall()


def test_a_coarse_clock_loses_no_beat(run_virtual: Callable[[Coroutine[Any, Any, Any]], Any]):
    async def beats() -> tuple[int, float]:
        pacer, total = Pacer(_Coarse()), 0
        for _ in range(100):
            total += await pacer.wait()
        return total, LoopClock().monotonic()

    total, elapsed = run_virtual(beats())

    assert total == pytest.approx(elapsed / 0.02, abs=3)
