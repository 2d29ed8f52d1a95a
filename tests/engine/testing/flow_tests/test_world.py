"""What mocks and tools answer."""

from __future__ import annotations

import sys
import threading
from types import ModuleType

import pytest

from engine.effects import CallTool
from engine.flow.loader import check_text
from engine.machine.compiler import compile_loaded
from engine.testing.flow_tests.world import (
    Answer,
    AtOnce,
    Functions,
    Mocks,
    Never,
    UnmockedWriteError,
)

FLOW = """\
turnwise: 1
flow: desk
start: look
tools:
  find: {use: "python:world_tools.find", args: {size: integer}}
  book: {use: "python:world_tools.book", effect: write}
handle: {error: {to: bye}}
states:
  look: {run: find, args: {size: 3}, then: book}
  book: {run: book, then: bye}
  bye: {say: Goodbye., end: hangup}
"""


def call(tool: str, **args: object) -> CallTool:
    return CallTool(
        call="t1", tool=tool, use=f"python:world_tools.{tool}", args=args, idempotency_key="k"
    )


@pytest.fixture
def flow():
    return compile_loaded(check_text(FLOW))


@pytest.fixture
def hanging(monkeypatch: pytest.MonkeyPatch):
    """Tools of their own; `book` hangs until the event is set."""
    tools, released = ModuleType("world_tools"), threading.Event()

    async def find(size: int) -> dict[str, int]:
        if size > 9:
            raise RuntimeError("too many")
        return {"size": size}

    def book() -> str:
        released.wait(10)
        return "done"

    tools.find, tools.book = find, book  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "world_tools", tools)
    yield released
    released.set()


def test_successive_answers_come_one_after_the_other_and_the_last_stays(flow) -> None:
    mocks = Mocks(flow, {"find": [1, {"error": "down"}, {"error": "timeout"}]})

    replies = [mocks.call(call("find")) for _ in range(4)]

    assert [reply.wait(0) for reply in replies[:2]] == [
        (0, Answer(value=1)),
        (0, Answer(error="down")),
    ]
    assert all(isinstance(reply, Never) for reply in replies[2:])


def test_a_value_with_more_than_an_error_is_a_value(flow) -> None:
    value = {"error": "none", "status": "free"}

    assert Mocks(flow, {"find": value}).call(call("find")).wait(0) == (0, Answer(value=value))


def test_a_transfer_succeeds_unless_the_test_says_otherwise(flow) -> None:
    assert Mocks(flow, {}).transfer().wait(0) == (0, Answer())
    busy = Mocks(flow, {"transfer": {"error": "busy"}}).transfer()
    assert busy.wait(0) == (0, Answer(error="busy"))


def test_a_tool_that_changes_the_world_needs_a_mock(flow) -> None:
    with pytest.raises(UnmockedWriteError, match="`book`, which changes the world"):
        Mocks(flow, {}).call(call("book"))


def test_a_tool_that_reads_really_runs_and_takes_no_virtual_time(flow, hanging) -> None:
    assert Mocks(flow, {}).call(call("find", size=3)).wait(0) == (0, Answer(value={"size": 3}))


def test_what_a_tool_raises_is_its_answer(flow, hanging) -> None:
    found = Mocks(flow, {}).call(call("find", size=10)).wait(0)

    assert found == (0, Answer(error="RuntimeError: too many"))


def test_a_tool_that_does_not_exist_fails(flow) -> None:
    found = Mocks(flow, {}).call(call("find", size=3)).wait(0)

    assert found is not None
    assert "cannot be imported" in str(found[1].error)


def test_a_hanging_tool_hangs_nobody(hanging) -> None:
    """Within its limit there is no answer; later there is."""
    reply = Functions().call(call("book"))

    assert reply.wait(20) is None
    hanging.set()
    assert reply.wait(5_000) is not None


def test_a_running_tool_takes_the_time_it_takes(hanging) -> None:
    instants = iter([1.0, 1.25])
    reply = Functions(clock=lambda: next(instants)).call(call("find", size=3))

    assert reply.wait(5_000) == (250, Answer(value={"size": 3}))


def test_a_test_gives_a_hanging_tool_up_once(hanging, monkeypatch) -> None:
    monkeypatch.setattr("engine.testing.flow_tests.world.LONGEST", 10)
    reply = AtOnce(Functions()).call(call("book"))

    assert reply.wait(0) is None
    hanging.set()
    assert reply.wait(0) is None
