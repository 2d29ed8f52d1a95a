"""What answers the orders of a conversation: detectors, models, tools, transfers.

Each answers in time, late, wrongly, with an error, or never, as the case has it.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from engine.effects import (
    CallTool,
    CancelReply,
    CancelTool,
    CancelUnderstanding,
    CloseStretch,
    Effect,
    PredictEndOfTurn,
    StartReply,
    Summarize,
    Transfer,
    Understand,
)
from engine.events import (
    EndOfTurnPredicted,
    Event,
    ReplyDelta,
    ReplyFinished,
    ReplyReported,
    ReplyStarted,
    ReplyToolCalled,
    ServiceFailed,
    Summarized,
    ToolReturned,
    TranscriptReceived,
    TransferEnded,
    Understood,
)
from engine.machine.compiled import CompiledFlow, ToolSpec
from engine.testing.fuzz.values import of_schema, of_type

if TYPE_CHECKING:
    from engine.testing.fuzz.world import World

WORK = [*["good"] * 6, "slow", "late", "wrong", "fails", "never", "deaf"]
"""How a model or a tool does its work; `deaf`: it answers although it was cancelled."""

TRANSFERS = [*["good"] * 2, "fails", "breaks", "never", "late"]
DETECTORS = [*["good"] * 5, "late", "never", "fails"]
TALKS = [*["good"] * 6, "fails", "hangs", "stalls", "silent", "endless"]

_DELAYS = {"slow": 2_000, "late": 40_000}


class Services:
    """Everything that works for the agent, but its voice."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._cancelled: set[str] = set()
        self._orders: dict[type[Effect], Callable[[Any], None]] = {
            CallTool: self._tool,
            Understand: self._understand,
            StartReply: self._talk,
            Summarize: self._summarize,
            Transfer: self._transfer,
            PredictEndOfTurn: self._predict,
            CloseStretch: self._close_stretch,
            CancelTool: lambda effect: self._cancelled.add(effect.call),
            CancelReply: lambda effect: self._cancelled.add(effect.reply),
            CancelUnderstanding: lambda effect: self._cancelled.add(effect.turn),
        }

    def serve(self, effect: Effect) -> None:
        """Start the work an effect orders, if it orders any."""
        order = self._orders.get(type(effect))
        if order is not None:
            order(effect)

    def lose(self) -> None:
        """The process is gone, with everything it had begun."""
        self._cancelled.clear()

    # --- the orders ------------------------------------------------------------------------------

    def _tool(self, effect: CallTool) -> None:
        way, chance = self._world.fates.draw("tool", WORK)
        spec = find_tool(self._world.flow, effect.tool)
        returns = None if spec is None else spec.returns
        value = _nonsense(chance) if way == "wrong" else of_type(returns, chance)
        error = "it broke" if way == "fails" else None

        def answer() -> Event:
            return ToolReturned(at=self._world.now, call=effect.call, value=value, error=error)

        self._answer(effect.call, way, chance, answer)

    def _understand(self, effect: Understand) -> None:
        way, chance = self._world.fates.draw("understanding", WORK)
        report = _object(_nonsense(chance) if way == "wrong" else of_schema(effect.schema, chance))

        def answer() -> Event:
            now = self._world.now
            if way == "fails":
                return ServiceFailed(at=now, service="llm", message="gone", subject=effect.turn)
            return Understood(at=now, turn=effect.turn, report=report)

        self._answer(effect.turn, way, chance, answer)

    def _transfer(self, effect: Transfer) -> None:
        way, chance = self._world.fates.draw("transfer", TRANSFERS)

        def answer() -> Event:
            now = self._world.now
            if way == "breaks":
                return ServiceFailed(at=now, service="transfer", message="no line")
            return TransferEnded(at=now, error="nobody" if way == "fails" else None)

        self._answer("", way, chance, answer)

    def _predict(self, effect: PredictEndOfTurn) -> None:
        way, chance = self._world.fates.draw("detector", DETECTORS)
        probability = chance.choice([0.0, 0.4, 0.9, 1.0])

        def answer() -> Event:
            now = self._world.now
            if way == "fails":
                return ServiceFailed(at=now, service="turn_detector", message="gone")
            return EndOfTurnPredicted(
                at=now, turn=effect.turn, text=effect.text, probability=probability
            )

        if way != "never":
            after = 900 if way == "late" else chance.choice([5, 40, 90])
            self._world.later(after, lambda: self._tell(answer()))

    def _close_stretch(self, effect: CloseStretch) -> None:
        way, chance = self._world.fates.draw("stretch", DETECTORS)
        text = chance.choice(["", "so far", "yes"])

        def answer() -> Event:
            return TranscriptReceived(at=self._world.now, participant="c", text=text, final=True)

        if way not in ("never", "fails"):
            self._world.later(2_600 if way == "late" else 80, lambda: self._tell(answer()))

    def _answer(
        self, subject: str, way: str, chance: random.Random, answer: Callable[[], Event]
    ) -> None:
        def tell() -> None:
            if way == "deaf" or subject not in self._cancelled:
                self._tell(answer())

        if way != "never":
            self._world.later(_DELAYS.get(way, chance.choice([20, 300, 700])), tell)

    def _tell(self, event: Event) -> None:
        self._world.happens(event)

    def _summarize(self, effect: Summarize) -> None:
        way, chance = self._world.fates.draw("summary", WORK)
        name, text = effect.summary, "" if way == "wrong" else "It was about this and that."

        def answer() -> Event:
            now = self._world.now
            if way == "fails":
                return ServiceFailed(at=now, service="llm", message="gone", subject=name)
            return Summarized(at=now, summary=name, text=text)

        self._answer(name, way, chance, answer)

    # --- free talk -------------------------------------------------------------------------------

    def _talk(self, effect: StartReply) -> None:
        way, chance = self._world.fates.draw("talk", TALKS)
        if way == "silent":
            return
        after = chance.choice([50, 400, 3_000])
        for event in _reply(effect, way, chance):
            self._world.later(after, self._piece(effect.reply, event))
            after += 9_000 if way == "stalls" else chance.choice([10, 200, 2_000])

    def _piece(self, reply: str, event: Callable[[int], Event]) -> Callable[[], None]:
        def tell() -> None:
            if reply not in self._cancelled:
                self._tell(event(self._world.now))

        return tell


def _reply(effect: StartReply, way: str, chance: random.Random) -> Iterator[Callable[[int], Event]]:
    """Say, report and ask for things in any order; end well, end badly, or just stop."""
    reply = effect.reply
    yield lambda at: ReplyStarted(at=at, reply=reply)
    if way == "endless":
        for _ in range(40):
            yield lambda at: ReplyDelta(at=at, reply=reply, text="And another thing. " * 6)
    for _ in range(chance.randint(0, 4)):
        yield _said(effect, chance)
    if way == "fails":
        yield lambda at: ServiceFailed(at=at, service="llm", message="gone", subject=reply)
    elif way != "hangs":
        yield lambda at: ReplyFinished(at=at, reply=reply)


def _said(effect: StartReply, chance: random.Random) -> Callable[[int], Event]:
    reply, kind = effect.reply, chance.choice(["text", "text", "report", "tool"])
    if kind == "report":
        report = _object(of_schema(effect.report, chance))
        return lambda at: ReplyReported(at=at, reply=reply, report=report)
    if kind == "tool" and effect.tools:
        tool = chance.choice(effect.tools)
        args = _object(of_schema(tool["parameters"], chance))
        return lambda at: ReplyToolCalled(
            at=at, reply=reply, id="c", tool=str(tool["name"]), args=args
        )
    return lambda at: ReplyDelta(at=at, reply=reply, text="Let me tell you something.")


def find_tool(flow: CompiledFlow, name: str) -> ToolSpec | None:
    """Return a tool of a flow, or of the flows it calls."""
    if name in flow.tools:
        return flow.tools[name]
    found = (find_tool(called, name) for called in flow.flows.values())
    return next((spec for spec in found if spec is not None), None)


def _nonsense(chance: random.Random) -> Any:
    values: list[Any] = [None, 3, "x" * 5_000, [], {"slots": 7}, {"intent": ["a"]}, {"a": {}}, True]
    return chance.choice(values)


def _object(value: Any) -> dict[str, Any]:
    """What is no object never leaves the pipeline; what stands in one is anything."""
    return value if isinstance(value, dict) else {"slots": value, "size": value, "intent": value}
