"""Tools are called with typed arguments, and answer with data or an error, once."""

import asyncio
import datetime
import enum
from dataclasses import dataclass
from decimal import Decimal

import pytest
from pydantic import BaseModel

from engine.errors import ConfigurationError
from engine.events import ToolReturned
from engine.pipeline.tools import Tools


@pytest.fixture
def returned(on_bench):
    """Call one function as a tool and give back what was posted."""

    def run(function, **args):
        async def body(bench):
            tools = Tools({"f": function}, bench.post, bench.time)
            tools.call("t1", "f", args, "k1")
            await asyncio.sleep(30)
            await tools.aclose()
            (event,) = bench.events
            return event

        return on_bench(body)

    return run


def test_arguments_are_converted_by_the_type_hints(returned):
    def tool(day: datetime.date, at: datetime.time, size: int):
        return [type(day).__name__, type(at).__name__, size + 1]

    assert returned(tool, day="2026-05-02", at="19:00", size=4).value == ["date", "time", 5]


def test_an_async_tool_is_awaited(returned):
    async def tool(n: int):
        await asyncio.sleep(2)
        return {"n": n}

    event = returned(tool, n=3)
    assert (event.at, event.value, event.error) == (2000, {"n": 3}, None)


def test_an_exception_becomes_an_error(returned):
    def tool():
        raise ValueError("the book is\nfull")

    assert returned(tool) == ToolReturned(
        at=0, call="t1", value=None, error="ValueError: the book is full"
    )


@pytest.mark.parametrize("kind", ["sync", "async"])
def test_a_tool_whose_own_work_was_cancelled_answers_with_that(returned, kind):
    def tool():
        raise asyncio.CancelledError("the query")

    async def tool_async():
        future = asyncio.get_running_loop().create_future()
        future.cancel("the query")
        await future

    event = returned(tool if kind == "sync" else tool_async)
    assert event.error.startswith("CancelledError")


def test_a_wrong_argument_is_an_error_and_the_tool_does_not_run(returned):
    def tool(size: int):
        pytest.fail("must not run")

    assert "ValidationError" in returned(tool, size="many").error


def test_a_result_that_is_no_data_is_an_error(returned):
    assert "`result` is an object, which is no data" in returned(lambda: object()).error


def test_the_idempotency_key_is_given_to_who_asks(returned):
    def tool(idempotency_key: str):
        return idempotency_key

    assert returned(tool).value == "k1"


def test_a_cancelled_tool_never_answers(on_bench):
    async def body(bench):
        async def tool():
            await asyncio.sleep(5)

        tools = Tools({"f": tool}, bench.post, bench.time)
        tools.call("t1", "f", {}, "k1")
        await asyncio.sleep(1)
        tools.cancel("t1")
        await asyncio.sleep(10)
        await tools.aclose()
        assert bench.events == []

    on_bench(body)


def test_closing_lets_a_running_tool_finish_but_not_for_ever(on_bench):
    async def body(bench):
        async def quick():
            await asyncio.sleep(2)

        async def endless():
            await asyncio.sleep(1_000)

        tools = Tools({"quick": quick, "endless": endless}, bench.post, bench.time)
        tools.call("t1", "quick", {}, "k1")
        tools.call("t2", "endless", {}, "k2")
        await asyncio.sleep(0)
        await tools.aclose()
        assert [event.call for event in bench.events] == ["t1"]
        assert bench.time.now() == 3000

    on_bench(body)


def test_a_hanging_thread_does_not_hold_up_the_process():
    """On a real loop: closing returns although the sync tool never does."""
    import threading

    from engine.pipeline.stage import SessionTime
    from engine.pipeline.tools import _DaemonThreads
    from media.clock import LoopClock

    gate = threading.Event()

    async def body():
        events = []
        tools = Tools({"f": gate.wait}, events.append, SessionTime(LoopClock()))
        future = asyncio.get_running_loop().run_in_executor(_DaemonThreads(), lambda: 7)
        assert await future == 7
        tools.call("t1", "f", {}, "k1")
        await asyncio.sleep(0)
        tools.cancel("t1")
        await tools.aclose()
        return events

    try:
        assert asyncio.run(body()) == []
    finally:
        gate.set()


def test_a_tool_nothing_here_can_call_is_no_reason_not_to_start_and_fails_when_called(on_bench):
    async def body(bench):
        tools = Tools({}, bench.post, bench.time)
        tools.resolve(["http:booking.create"])
        tools.call("t1", "http:booking.create", {}, "k1")
        await asyncio.sleep(1)
        await tools.aclose()
        (event,) = bench.events
        assert "nothing here calls tools of `http:` (http:booking.create)" in event.error

    on_bench(body)


def test_a_function_that_was_given_is_called_for_a_tool_of_any_scheme(on_bench):
    async def body(bench):
        tools = Tools({"http:booking.create": lambda: "B17"}, bench.post, bench.time)
        tools.resolve(["http:booking.create"])
        tools.call("t1", "http:booking.create", {}, "k1")
        await asyncio.sleep(1)
        await tools.aclose()
        assert [event.value for event in bench.events] == ["B17"]

    on_bench(body)


@pytest.mark.parametrize(
    ("use", "message"),
    [
        ("python:no.such.module.f", "cannot be imported: ModuleNotFoundError"),
        ("python:json.no_such", "cannot be imported: AttributeError"),
        ("python:json.__name__", "is not a function"),
    ],
)
def test_a_tool_that_cannot_be_found_is_refused_before_the_call(on_bench, use, message):
    async def body(bench):
        with pytest.raises(ConfigurationError, match=message):
            Tools({}, bench.post, bench.time).resolve([use])

    on_bench(body)


class _Colour(enum.Enum):
    RED = "red"


@dataclass
class _Table:
    at: datetime.time
    price: Decimal


class _Reply(BaseModel):
    table: _Table
    colour: _Colour


def test_results_are_told_as_data(returned):
    value = {
        "reply": _Reply(table=_Table(datetime.time(19), Decimal("2.5")), colour=_Colour.RED),
        "day": datetime.date(2026, 5, 2),
        "moment": datetime.datetime(2026, 5, 2, 19, 30),
        "length": datetime.timedelta(minutes=2),
        1: (True, None, 1.5),
    }

    assert returned(lambda: value).value == {
        "reply": {"table": {"at": "19:00", "price": 2.5}, "colour": "red"},
        "day": "2026-05-02",
        "moment": "2026-05-02T19:30:00",
        "length": 120.0,
        "1": [True, None, 1.5],
    }
