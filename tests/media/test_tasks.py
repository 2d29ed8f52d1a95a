"""Tasks have owners."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable

import pytest

from engine.testing.loop import run_virtual
from media.tasks import TaskOwner


def test_closing_an_owner_whose_tasks_have_just_ended_returns():
    """Done tasks leave the list a turn of the loop later; waiting for them must not spin."""

    async def main() -> int:
        owner = TaskOwner(lambda error: None)
        task = owner.start(asyncio.sleep(0), "short")
        # both ready at once: the task ends, and the owner is closed before its callback ran
        await asyncio.wait([task])
        owner._tasks.append(task)
        task.add_done_callback(owner._tasks.remove)
        await owner.aclose()
        return 1

    assert asyncio.run(main()) == 1


async def stubborn(log: list[str]) -> None:
    """Work that takes no notice of being cancelled."""
    try:
        while True:
            with contextlib.suppress(asyncio.CancelledError):
                await asyncio.sleep(0.5)
            log.append("on and on")
    finally:
        log.append("out")


def on_virtual_time(scene: Callable[[TaskOwner, list[str]], Awaitable[None]]) -> list[str]:
    """Play a scene; return what was noted in it, and when it was over."""
    log: list[str] = []

    async def main() -> None:
        loop = asyncio.get_running_loop()
        start = loop.time()
        owner = TaskOwner(lambda error: log.append(f"error: {error}"))
        await scene(owner, log)
        log.append(f"over at {loop.time() - start:g}")
        await asyncio.sleep(5)
        assert asyncio.all_tasks() == {asyncio.current_task()}

    run_virtual(main())
    return log


def test_a_task_that_swallows_its_cancellation_is_left_behind_and_named(caplog):
    async def scene(owner: TaskOwner, log: list[str]) -> None:
        owner.start(stubborn(log), "tool t1")
        owner.start(asyncio.sleep(60), "docile")
        await asyncio.sleep(0.2)
        await owner.aclose()
        assert len(owner) == 0

    log = on_virtual_time(scene)

    assert log == [*["on and on"] * 6, "out", "over at 3.2"]
    assert [record.getMessage() for record in caplog.records] == [
        "'tool t1' was cancelled and has not ended within 3 s: it is left behind"
    ]


def test_a_task_that_needs_a_moment_to_tidy_up_has_it(caplog):
    async def scene(owner: TaskOwner, log: list[str]) -> None:
        async def tidy() -> None:
            try:
                await asyncio.sleep(60)
            finally:
                await asyncio.sleep(2)
                log.append("tidy")

        owner.start(tidy(), "tidy")
        await asyncio.sleep(0.5)
        await owner.aclose()

    assert on_virtual_time(scene) == ["tidy", "over at 2.5"]
    assert caplog.records == []


def test_closing_can_be_cancelled_while_a_task_does_not_end():
    async def scene(owner: TaskOwner, log: list[str]) -> None:
        owner.start(stubborn(log), "tool t1")
        await asyncio.sleep(0)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(1):
                await owner.aclose()
        log.append("at 1")
        await owner.aclose()

    log = on_virtual_time(scene)

    assert log.index("at 1") <= 3
    assert log[-2:] == ["out", "over at 4"]


@pytest.mark.parametrize("early", [False, True])
def test_a_cancelled_task_is_over_in_the_time_it_is_given(early, caplog):
    async def scene(owner: TaskOwner, log: list[str]) -> None:
        start = owner.start_early if early else owner.start
        task, docile = start(stubborn(log), "voice"), start(asyncio.sleep(60), "docile")
        owner.begin()
        await asyncio.sleep(0)
        owner.cancel(task, 1)
        owner.cancel(docile, 1)
        await asyncio.wait([task, docile])
        assert task.cancelled()
        owner.cancel(task)

    log = on_virtual_time(scene)

    assert log[-2:] == ["out", "over at 1"]
    assert len(caplog.records) == 1


def test_what_is_left_behind_and_cannot_tidy_up_is_no_error():
    async def scene(owner: TaskOwner, log: list[str]) -> None:
        async def breaks() -> None:
            try:
                await stubborn(log)
            finally:
                raise ValueError("cannot tidy up")

        owner.start(breaks(), "tool t1")
        await asyncio.sleep(0)
        await owner.aclose()

    assert on_virtual_time(scene)[-2:] == ["out", "over at 3"]
