"""The names a test uses must exist in its flow: a misspelt state would only read as a failure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from engine.flow.diagnostics import Path, did_you_mean
from engine.flow.model import FlowTest, TalkStep
from engine.flow.model.tools import ModelReply, Spoken
from engine.machine.compiled import CompiledFlow
from engine.machine.declarations import BUILT_IN_INTENTS
from engine.testing.flow_tests.coverage import flows_of
from engine.testing.flow_tests.replies import MODEL

TRANSFER = "transfer"
"""The name under which a test says how a transfer ends."""


class Names:
    """Everything a test may name, over a flow and its sub-flows."""

    def __init__(self, flow: CompiledFlow) -> None:
        flows = list(flows_of(flow))
        self.states = {name for one in flows for name in (*one.states, *one.groups)}
        self.slots = {name for one in flows for name in one.slots}
        self.intents = {name for one in flows for name in one.intents} | set(BUILT_IN_INTENTS)
        self.tools = {name for one in flows for name in one.tools}
        self.called = {name for one in flows for name in one.flows}
        self.inputs = set(flow.inputs)


def unknown_names(test: FlowTest, flow: CompiledFlow) -> Iterator[tuple[Path, str, str]]:
    """Yield the place in the test, what is wrong, and what to do."""
    names = Names(flow)
    mockable = names.tools | names.called | {TRANSFER, MODEL}
    yield from _unknown(test.mock, mockable, "tool or sub-flow", ("mock",))
    yield from _unknown(test.inputs, names.inputs, "input", ("inputs",))
    for index, step in enumerate(test.talk):
        yield from _in_step(step, names, ("talk", index))


def _in_step(step: TalkStep, names: Names, path: Path) -> Iterator[tuple[Path, str, str]]:
    if step.at is not None:
        yield from _unknown([step.at.rpartition(".")[2]], names.states, "state", (*path, "at"))
    spoken = step.agent.says if isinstance(step.agent, Spoken) else step.agent
    if spoken is not None and len(spoken) > 1 and spoken[0] == spoken[-1] == "/":
        where = ("agent", "says") if isinstance(step.agent, Spoken) else ("agent",)
        yield from _bad_pattern(spoken[1:-1], (*path, *where))
    yield from _unknown(step.called or {}, names.tools, "tool", (*path, "called"))
    yield from _unknown(step.slots or {}, names.slots, "slot", (*path, "slots"))
    replies = step.model if isinstance(step.model, list) else [step.model]
    for number, reply in enumerate(replies):
        if isinstance(reply, ModelReply):
            inner = (number,) if isinstance(step.model, list) else ()
            yield from _unknown(reply.calls, names.tools, "tool", (*path, "model", *inner, "calls"))
    if step.heard is not None:
        heard = (*path, "heard")
        yield from _unknown(step.heard.slots, names.slots, "slot", (*heard, "slots"))
        meant = [step.heard.intent] if step.heard.intent is not None else []
        yield from _unknown(meant, names.intents, "intent", (*heard, "intent"))


def _unknown(
    given: Iterable[str] | Mapping[str, Any], known: set[str], what: str, path: Path
) -> Iterator[tuple[Path, str, str]]:
    for name in given:
        if name not in known:
            where = (*path, name) if isinstance(given, Mapping) else path
            yield where, f"no {what} named `{name}`", did_you_mean(name, known)


def _bad_pattern(pattern: str, path: Path) -> Iterator[tuple[Path, str, str]]:
    try:
        re.compile(pattern)
    except re.error as error:
        yield path, f"/{pattern}/ is no regular expression: {error}", ""
