"""Who waits at a gate goes on when it is opened, whoever else gave up."""

from __future__ import annotations

import asyncio

import pytest

from engine.session.gate import Gate
from engine.testing.loop import run_virtual
from media.tasks import TaskOwner


def test_everybody_who_waits_goes_on_when_it_is_opened() -> None:
    async def main() -> list[str]:
        gate, passed = Gate(), list[str]()

        async def wait(name: str) -> None:
            await gate.passed()
            passed.append(name)

        waiting = asyncio.gather(wait("ann"), wait("ben"))
        await asyncio.sleep(1)
        assert passed == []
        gate.open()
        await waiting
        return passed

    assert run_virtual(main()) == ["ann", "ben"]


def test_an_open_gate_stays_open() -> None:
    async def main() -> None:
        gate = Gate()
        gate.open()
        gate.open()
        await gate.passed()
        await gate.passed()

    run_virtual(main())


def test_who_gives_up_does_not_give_up_for_the_others() -> None:
    async def main() -> None:
        gate = Gate()
        owner = TaskOwner(lambda error: None)
        waiting = owner.start(gate.passed(), "waits")
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(1):
                await gate.passed()
        assert not waiting.done()
        gate.open()
        await waiting

    run_virtual(main())
