"""The virtual loop jumps, agrees with itself, and never hangs."""

import asyncio
import datetime

import pytest

from engine.testing.loop import (
    START,
    DeadlockError,
    VirtualClock,
    VirtualLoop,
    VirtualTimeoutError,
    run_virtual,
)


def test_sleeping_an_hour_takes_no_time_and_ends_at_the_exact_instant():
    async def main():
        await asyncio.sleep(3_599.5)
        return asyncio.get_running_loop().time()

    assert run_virtual(main()) == START + 3_599.5


def test_many_small_sleeps_do_not_drift():
    async def main():
        for _ in range(5_000):
            await asyncio.sleep(0.02)
        return asyncio.get_running_loop().time()

    assert run_virtual(main()) == START + 100


def test_tasks_wake_in_the_order_of_their_timers():
    async def main():
        woken = []

        async def wake(name, seconds):
            await asyncio.sleep(seconds)
            woken.append(name)

        await asyncio.gather(wake("late", 2), wake("early", 0.3), wake("middle", 1))
        return woken

    assert run_virtual(main()) == ["early", "middle", "late"]


def test_waiting_for_nothing_is_a_deadlock():
    async def main():
        await asyncio.Event().wait()

    with pytest.raises(DeadlockError, match="nothing is scheduled"):
        run_virtual(main())


def test_ticking_for_ever_ends_at_the_limit():
    async def main():
        while True:  # noqa: ASYNC110  (the point of the test)
            await asyncio.sleep(1)

    with pytest.raises(VirtualTimeoutError):
        run_virtual(main(), limit=60)


def test_timeouts_obey_virtual_time():
    async def main():
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(5):
                await asyncio.sleep(10)
        return asyncio.get_running_loop().time()

    assert run_virtual(main()) == START + 5


def test_executor_work_runs_inline_and_keeps_its_outcome():
    def fail():
        raise ValueError("no")

    async def main():
        with pytest.raises(ValueError, match="no"):
            await asyncio.to_thread(fail)
        return await asyncio.to_thread(lambda: 42)

    assert run_virtual(main()) == 42


def test_an_exception_lost_in_a_callback_is_raised():
    def fail():
        raise ValueError("lost")

    async def main():
        asyncio.get_running_loop().call_later(1, fail)
        await asyncio.sleep(2)

    with pytest.raises(ValueError, match="lost"):
        run_virtual(main())


def test_it_is_a_loop_factory():
    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        runner.run(asyncio.sleep(1_000))


def test_the_wall_clock_starts_where_the_test_says():
    started = datetime.datetime.fromisoformat("2026-05-01T12:00:00+02:00")

    async def main():
        clock = VirtualClock(started)
        await asyncio.sleep(90)
        return clock.wall(), clock.monotonic()

    assert run_virtual(main()) == (started + datetime.timedelta(seconds=90), START + 90)
