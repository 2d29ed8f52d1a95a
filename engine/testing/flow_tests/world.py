"""What the world answers: mocks of a test, or the tools themselves.

A call is answered by a `Reply`. Virtual time stands still while a mock answers; a real tool of a
conversation somebody types takes the time it takes, so that fillers and time limits come true.
"""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from concurrent.futures import TimeoutError as NotYet
from dataclasses import dataclass
from typing import Any, Protocol

from engine.effects import CallTool
from engine.errors import TurnwiseError
from engine.events import Millis
from engine.machine.compiled import CompiledFlow, ToolSpec
from engine.pipeline.data import plain
from engine.pipeline.stage import describe
from engine.pipeline.tools import imported, invoke

TIMEOUT = "timeout"
"""`{error: timeout}`: the tool never answers, and its time limit passes."""
LONGEST: Millis = 10_000
"""Real time a tool without a mock may take in a test."""


class UnmockedWriteError(TurnwiseError):
    """A test reached a tool that changes the world, and has no mock for it (TW903)."""

    def __init__(self, tool: str) -> None:
        super().__init__(f"the test reaches `{tool}`, which changes the world, without a mock")
        self.tool = tool


@dataclass(frozen=True, slots=True)
class Answer:
    """What a tool or a transfer gave."""

    value: Any = None
    error: str | None = None


class Reply(Protocol):
    """An answer that is due."""

    def wait(self, limit: Millis) -> tuple[Millis, Answer] | None:
        """Wait at most `limit` ms.

        Returns:
            After how many milliseconds the answer came, and the answer; None: not in this time.
        """
        ...


class World(Protocol):
    """Carries out what a conversation orders."""

    def call(self, effect: CallTool) -> Reply:
        """Start a tool."""
        ...

    def transfer(self) -> Reply:
        """Hand the caller over."""
        ...


@dataclass(frozen=True, slots=True)
class Ready:
    """An answer that is there at once."""

    answer: Answer

    def wait(self, limit: Millis) -> tuple[Millis, Answer] | None:
        """Give it."""
        return 0, self.answer


class Never:
    """No answer will come."""

    def wait(self, limit: Millis) -> None:
        """Say so, without waiting."""


class Mocks:
    """The answers a test declares; tools without one really run, unless they change the world.

    A mock is a value, `{error: TEXT}`, `{error: timeout}`, or a list of such: the n-th call gets
    the n-th, and the last one stays.

    Args:
        flow: whose tools they are.
        mocks: by the name of the tool.
        real: runs the others; virtual time stands still meanwhile by default.
        writes: tools that change the world may run without a mock, too.
    """

    def __init__(
        self,
        flow: CompiledFlow,
        mocks: Mapping[str, Any],
        real: World | None = None,
        *,
        writes: bool = False,
    ) -> None:
        self._writes = writes
        self._mocks = {name: _in_turn(value) for name, value in mocks.items()}
        self._tools = tools_of(flow)
        self._real = real if real is not None else AtOnce(Functions())
        self.counts: dict[str, int] = {}
        """How often each mock was asked; whoever takes a turn back sets it back."""

    def call(self, effect: CallTool) -> Reply:
        """Answer a tool.

        Raises:
            UnmockedWriteError: it has no mock and changes the world.
        """
        if effect.tool in self._mocks:
            return self._next(effect.tool)
        if not self._writes and self._tools[effect.use].effect == "write":
            raise UnmockedWriteError(effect.tool)
        return self._real.call(effect)

    def transfer(self) -> Reply:
        """Answer a transfer; without a mock named `transfer` it is carried out."""
        return self._next("transfer") if "transfer" in self._mocks else Ready(Answer())

    def take_flow(self, flow: CompiledFlow) -> None:
        """Go on with the tools of another version of the flow."""
        self._tools = tools_of(flow)

    def _next(self, name: str) -> Reply:
        answers = self._mocks[name]
        number = self.counts.get(name, 0)
        self.counts[name] = number + 1
        value = answers[min(number, len(answers) - 1)]
        if isinstance(value, Mapping) and value.keys() == {"error"}:
            error = str(value["error"])
            return Never() if error == TIMEOUT else Ready(Answer(error=error))
        return Ready(Answer(value=value))


def _in_turn(value: Any) -> list[Any]:
    return value if isinstance(value, list) and value else [value]


def tools_of(flow: CompiledFlow) -> dict[str, ToolSpec]:
    """Every tool of a flow and its sub-flows, by its `use`; writing ones win over reading ones."""
    found: dict[str, ToolSpec] = {}
    for inner in flow.flows.values():
        found.update(tools_of(inner))
    for spec in flow.tools.values():
        known = found.get(spec.use)
        if known is None or known.effect == "read":
            found[spec.use] = spec
    return found


# --- tools that really run ------------------------------------------------------------------------


class Functions:
    """The tools themselves, each call in a thread of its own: a hanging one hangs nobody."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock

    def call(self, effect: CallTool) -> Reply:
        """Start the function."""
        return in_thread(lambda: _run(effect), f"tool {effect.call}", self._clock)

    def transfer(self) -> Reply:
        """Say that it was done: there is nobody to hand over to, and no call."""
        return Ready(Answer())


class AtOnce:
    """Real tools for tests: they may take time, and virtual time stands still meanwhile."""

    def __init__(self, inner: World) -> None:
        self._inner = inner

    def call(self, effect: CallTool) -> Reply:
        """Start the function."""
        return _Instant(self._inner.call(effect))

    def transfer(self) -> Reply:
        """Hand over."""
        return self._inner.transfer()


class _Instant:
    def __init__(self, reply: Reply) -> None:
        self._reply = reply
        self._given_up = False

    def wait(self, limit: Millis) -> tuple[Millis, Answer] | None:
        """Wait as long as any tool may take; after that the tool's own time limit passes."""
        if self._given_up:
            return None
        found = self._reply.wait(LONGEST)
        self._given_up = found is None
        return None if found is None else (0, found[1])


def in_thread(
    work: Callable[[], Answer], name: str, clock: Callable[[], float] = time.monotonic
) -> Reply:
    """Do something in a thread of its own; the answer takes the time it takes."""
    future: Future[Answer] = Future()
    threading.Thread(target=lambda: future.set_result(work()), name=name, daemon=True).start()
    return _Running(future, clock)


class _Running:
    def __init__(self, future: Future[Answer], clock: Callable[[], float]) -> None:
        self._future = future
        self._clock = clock

    def wait(self, limit: Millis) -> tuple[Millis, Answer] | None:
        began = self._clock()
        try:
            answer = self._future.result(timeout=limit / 1000)
        except NotYet:
            return None
        return min(limit, round((self._clock() - began) * 1000)), answer


def _run(effect: CallTool) -> Answer:
    try:
        function = imported(effect.use)
        value = asyncio.run(invoke(function, effect.args, effect.idempotency_key))
        return Answer(value=plain(value, "result"))
    except Exception as problem:  # a tool may raise anything; the flow decides
        return Answer(error=describe(problem))
