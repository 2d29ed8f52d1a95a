"""A handle: what becomes of a request, for whoever waits for it and for whoever does not."""

from __future__ import annotations

import asyncio
import threading

import pytest

from engine.session.handle import Handle


def made(*, early: bool = False) -> tuple[Handle, list[bool]]:
    stopped: list[bool] = []
    return Handle("q1", None, stopped.append, early=early), stopped


def test_it_knows_nothing_before_it_is_over() -> None:
    handle, _ = made()
    assert (handle.id, handle.interruptible, handle.done()) == ("q1", None, False)
    assert (handle.heard_text, handle.interrupted, handle.error) == ("", False, None)
    assert repr(handle) == "<Handle q1: under way>"


@pytest.mark.parametrize(
    ("outcome", "shown"),
    [
        ({"heard": "Hello.", "interrupted": False, "error": ""}, "done"),
        ({"heard": "Hel", "interrupted": True, "error": ""}, "interrupted"),
        ({"heard": "", "interrupted": True, "error": "no voice"}, "no voice"),
    ],
)
def test_awaiting_it_never_raises_and_tells_what_became_of_it(
    outcome: dict[str, object], shown: str
) -> None:
    handle, _ = made()

    async def main() -> list[Handle]:
        asyncio.get_running_loop().call_soon(lambda: handle.finish(**outcome))  # type: ignore[arg-type]
        both = await asyncio.gather(_waited(handle), _waited(handle))
        return [*both, await handle]

    assert asyncio.run(main()) == [handle] * 3
    assert handle.done()
    assert handle.error == (outcome["error"] or None)
    assert (handle.heard_text, handle.interrupted) == (outcome["heard"], outcome["interrupted"])
    assert repr(handle) == f"<Handle q1: {shown}>"


async def _waited(handle: Handle) -> Handle:
    return await handle


def test_who_stops_waiting_stops_nothing() -> None:
    handle, stopped = made()

    async def main() -> None:
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(_waited(handle), 0)

    asyncio.run(main())
    assert stopped == []
    assert not handle.done()


def test_it_is_stopped_until_it_is_over() -> None:
    handle, stopped = made()
    handle.interrupt()
    handle.interrupt(force=True)
    handle.finish(heard="", interrupted=True, error="")
    handle.interrupt(force=True)
    assert stopped == [False, True]


def test_one_that_is_waited_for_until_it_is_written_may_still_be_stopped() -> None:
    handle, stopped = made(early=True)
    handle.written()
    assert handle.done()
    handle.interrupt()
    assert stopped == [False]
    handle.finish(heard="Hello.", interrupted=False, error="")
    assert handle.heard_text == "Hello."


def test_one_that_is_waited_for_until_it_was_heard_is_not_over_when_it_is_written() -> None:
    handle, _ = made()
    handle.written()
    assert not handle.done()


def test_a_thread_waits_for_it() -> None:
    handle, _ = made()
    assert not handle.wait(0)
    told: list[bool] = []
    thread = threading.Thread(target=lambda: told.append(handle.wait(10)))
    thread.start()
    handle.finish(heard="Hello.", interrupted=False, error="")
    thread.join(10)
    assert told == [True]
