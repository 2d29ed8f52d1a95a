"""A task may take its first step before the loop comes to it, and is a task like any other."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from contextvars import ContextVar
from typing import Any

import pytest

from engine.testing.loop import run_virtual
from media.tasks import TaskOwner

NAME: ContextVar[str] = ContextVar("name", default="")


class Bench:
    """An owner, and what happened."""

    def __init__(self) -> None:
        self.seen: list[Any] = []
        self.owner = TaskOwner(self.seen.append)

    def start(self, work: Coroutine[Any, Any, Any]) -> asyncio.Task[Any]:
        return self.owner.start_early(work, "work")


def played(scene: Callable[[Bench], Coroutine[Any, Any, None]]) -> list[Any]:
    """Run a scene on virtual time; return what was seen in it."""
    bench = Bench()
    run_virtual(scene(bench))
    return bench.seen


def test_first_steps_are_taken_at_once_in_the_order_of_the_start():
    async def scene(bench: Bench) -> None:
        async def work(name: str) -> None:
            bench.seen.append(name)
            await asyncio.sleep(1)
            bench.seen.append(name + " goes on")

        tasks = [bench.start(work(name)) for name in "ab"]
        bench.owner.begin()
        bench.seen.append("begun")
        await asyncio.wait(tasks)

    assert played(scene) == ["a", "b", "begun", "a goes on", "b goes on"]


def test_work_nobody_lets_begin_begins_by_itself():
    async def scene(bench: Bench) -> None:
        async def work() -> str:
            bench.seen.append("work")
            return "done"

        task = bench.start(work())
        bench.seen.append("started")
        bench.seen.append(await task)
        bench.owner.begin()  # too late for it: nothing happens twice

    assert played(scene) == ["started", "work", "done"]


def test_a_result_of_the_first_step_is_that_of_the_task():
    async def scene(bench: Bench) -> None:
        async def work() -> int:
            return 7

        task = bench.start(work())
        bench.owner.begin()
        bench.seen.append((task.done(), len(bench.owner)))
        bench.seen.append(await task)
        await asyncio.sleep(0)
        bench.seen.append(len(bench.owner))

    assert played(scene) == [(False, 1), 7, 0]


def test_an_exception_of_the_first_step_is_told_to_the_owner_once():
    error = ValueError("no")

    async def scene(bench: Bench) -> None:
        async def work() -> None:
            raise error

        task = bench.start(work())
        bench.owner.begin()
        await asyncio.wait([task])
        await asyncio.sleep(0)

    assert played(scene) == [error]


def test_the_first_step_is_that_of_its_own_task():
    async def scene(bench: Bench) -> None:
        async def work() -> None:
            bench.seen.append(asyncio.current_task())
            await asyncio.sleep(0)
            bench.seen.append(asyncio.current_task())

        me = asyncio.current_task()
        task = bench.start(work())
        bench.owner.begin()
        assert asyncio.current_task() is me
        await task
        bench.seen = [seen is task for seen in bench.seen]

    assert played(scene) == [True, True]


def test_a_plain_callback_may_let_it_begin():
    async def scene(bench: Bench) -> None:
        async def work() -> None:
            bench.seen.append(asyncio.current_task() is task)

        def callback() -> None:
            bench.owner.begin()
            bench.seen.append(asyncio.current_task())

        asyncio.get_running_loop().call_soon(callback)
        task = bench.start(work())
        await task

    assert played(scene) == [True, None]


def test_a_limit_set_in_the_first_step_ends_this_work_and_no_other():
    async def scene(bench: Bench) -> None:
        async def work() -> None:
            try:
                async with asyncio.timeout(2):
                    await asyncio.sleep(10)
            except TimeoutError:
                bench.seen.append(asyncio.get_running_loop().time() - began)

        began = asyncio.get_running_loop().time()
        bench.start(work())
        bench.owner.begin()
        await asyncio.sleep(5)
        bench.seen.append("slept")

    assert played(scene) == [2, "slept"]


def test_variables_of_the_context_are_those_of_the_start_and_stay_inside():
    async def scene(bench: Bench) -> None:
        async def work() -> None:
            bench.seen.append(NAME.get())
            NAME.set("inside")
            await asyncio.sleep(0)
            bench.seen.append(NAME.get())

        NAME.set("start")
        task = bench.start(work())
        NAME.set("later")
        bench.owner.begin()
        bench.seen.append(NAME.get())
        await task
        NAME.set("")

    assert played(scene) == ["start", "later", "inside"]


def test_what_was_cancelled_before_it_began_never_begins():
    async def scene(bench: Bench) -> None:
        async def work() -> None:
            bench.seen.append("work")

        task = bench.start(work())
        task.cancel()
        bench.owner.begin()
        await asyncio.wait([task])
        bench.seen.append(task.cancelled())

    assert played(scene) == [True]


@pytest.mark.parametrize("rounds", [0, 1, 2, 3])
def test_cancelled_while_it_waits_it_cancels_what_it_waits_for(rounds: int):
    """As a task does, whether it knew already that it waits or not."""

    async def scene(bench: Bench) -> None:
        async def part(name: str) -> None:
            try:
                await asyncio.sleep(1)
            except asyncio.CancelledError:
                bench.seen.append(name)
                raise

        async def work() -> None:
            try:
                await asyncio.gather(
                    bench.owner.start(part("a"), "a"), bench.owner.start(part("b"), "b")
                )
            finally:
                await asyncio.sleep(2)  # cleaning up may wait
                bench.seen.append("over")

        task = bench.start(work())
        bench.owner.begin()
        await asyncio.sleep(0)  # the parts begin
        bench.owner.begin()
        for _ in range(rounds):
            await asyncio.sleep(0)
        task.cancel()
        await asyncio.wait([task])
        bench.seen.append(task.cancelled())

    assert played(scene) == ["a", "b", "over", True]


def test_cancelled_before_its_task_knows_that_it_waits_it_cancels_what_it_waits_for():
    async def scene(bench: Bench) -> None:
        awaited: asyncio.Future[None] = asyncio.get_running_loop().create_future()

        async def work() -> None:
            try:
                await awaited
            finally:
                bench.seen.append(awaited.cancelled())

        task = bench.start(work())
        bench.owner.begin()
        task.cancel()
        await asyncio.wait([task])
        bench.seen.append(task.cancelled())

    assert played(scene) == [True, True]


def test_cancelled_when_what_it_waits_for_is_there_it_is_cancelled_all_the_same():
    async def scene(bench: Bench) -> None:
        awaited: asyncio.Future[str] = asyncio.get_running_loop().create_future()

        async def work() -> None:
            bench.seen.append(await awaited)

        task = bench.start(work())
        bench.owner.begin()
        awaited.set_result("there")
        task.cancel()
        await asyncio.wait([task])
        bench.seen.append(task.cancelled())

    assert played(scene) == [True]


def test_cancelled_in_a_pause_of_no_time_it_is_told_so():
    async def scene(bench: Bench) -> None:
        async def work() -> None:
            try:
                await asyncio.sleep(0)
            except asyncio.CancelledError:
                bench.seen.append("told")
                raise

        task = bench.start(work())
        bench.owner.begin()
        task.cancel()
        await asyncio.wait([task])
        bench.seen.append(task.cancelled())

    assert played(scene) == ["told", True]


def test_cancelled_when_it_was_over_it_stays_what_it_was():
    async def scene(bench: Bench) -> None:
        async def work() -> str:
            return "done"

        task = bench.start(work())
        bench.owner.begin()
        task.cancel()
        bench.seen.append(await task)

    assert played(scene) == ["done"]


def test_an_owner_that_closes_ends_what_has_begun():
    async def scene(bench: Bench) -> None:
        async def work() -> None:
            try:
                await asyncio.sleep(60)
            finally:
                bench.seen.append("ended")

        for _ in range(2):
            bench.start(work())
        bench.owner.begin()
        await bench.owner.aclose()
        bench.seen.append(len(bench.owner))

    assert played(scene) == ["ended", "ended", 0]
