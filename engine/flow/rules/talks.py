"""Names in the tests of a flow (TW901), and texts of theirs that have a form (TW103).

A test plays a call, and a call goes through sub-flows: a test names what stands in any of them. The
same is judged of tests in a flow, of tests in a file of their own, and before a test is played.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from engine.flow.diagnostics import Diagnostic, Edit, Fix, Path, listing, nearest
from engine.flow.model import Flow, FlowTest, Policies, State, TalkStep, Tool, ValueType
from engine.flow.model.tools import ModelReply, Spoken
from engine.flow.rules.book import Book
from engine.flow.rules.references import BUILT_IN_INTENTS, EVENTS
from engine.flow.source import Source

_OWN = ("intent", "invalid", "timer", "tool")
"""First parts of events that are called after something of the flow."""


class Names:
    """Everything a test may name.

    Args:
        flows: the flow under test, then those it calls, at any depth.
    """

    def __init__(self, flows: Sequence[Flow]) -> None:
        states = [pair for flow in flows for pair in _states(flow.states)]
        self.inputs = [*flows[0].inputs]
        self.states = [name for name, _ in states]
        self.slots = [name for flow in flows for name in flow.slots]
        self.intents = [*(name for flow in flows for name in flow.intents), *BUILT_IN_INTENTS]
        self.tools: dict[str, Tool] = {}
        for flow in reversed(flows):
            self.tools |= flow.tools
        self.mocked = [*self.tools, *(n for f in flows for n in f.flows), "transfer", "model"]
        scopes: list[Policies] = [*flows, *(state for _, state in states)]
        timers = [name for scope in scopes for name in scope.timers]
        handled = [event for scope in scopes for event in scope.handle]
        self.events = [
            *EVENTS,
            *(f"{first}.{rest}" for first, more in EVENTS.items() for rest in more or ()),
            *(f"timer.{name}" for name in timers),
            *(f"tool.{name}" for name in self.tools),
            *(f"intent.{name}" for name in self.intents),
            *(f"invalid.{name}" for name in self.slots),
            *handled,
        ]

    def events_like(self, event: str) -> list[str]:
        """The events of its kind; of a kind that is not known, all."""
        first = event.partition(".")[0]
        kind = [name for name in self.events if name.startswith(f"{first}.")]
        return kind or [*EVENTS, *_OWN] if event not in self.events else self.events


def _states(states: Mapping[str, State]) -> Iterator[tuple[str, State]]:
    for name, state in states.items():
        yield name, state
        yield from _states(state.states or {})


@dataclass(frozen=True, slots=True)
class _Judge:
    """Looks up names at places of one file."""

    source: Source

    def name(
        self,
        path: Path,
        noun: str,
        name: str,
        known: Iterable[str],
        *,
        key: bool = True,
        message: str = "",
    ) -> Iterator[Diagnostic]:
        """TW901 for a name that is not known; `key`: it is the key at this path, not the value."""
        names = list(dict.fromkeys(known))
        if name in names:
            return
        span = self.source.key_span(path) if key else self.source.span(path)
        meant = nearest(name, names)
        yield Diagnostic(
            code="TW901",
            message=message or f"no {noun} named `{name}`",
            span=span,
            label="in no flow this test goes through" if not message else "",
            help=f"did you mean `{meant}`?" if meant is not None else "",
            notes=(f"there are: {listing(names, join='and') or 'none'}",),
            where=path,
            fix=None if meant is None else Fix(f"write `{meant}`", (Edit(span, meant),)),
        )

    def form(self, path: Path, message: str, help_: str) -> Diagnostic:
        """TW103 for a text that is not what stands there."""
        span = self.source.span(path)
        return Diagnostic(code="TW103", message=message, span=span, help=help_, where=path)


def judge_talks(
    tests: Mapping[str, FlowTest], flows: Sequence[Flow], source: Source
) -> Iterator[Diagnostic]:
    """Names and texts of some tests.

    Args:
        tests: what stands under `tests` in `source`.
        flows: the flow they are for, then those it calls, at any depth.
        source: the file they stand in.
    """
    names, judge = Names(flows), _Judge(source)
    for name, test in tests.items():
        path: Path = ("tests", name)
        for other in test.mock:
            yield from judge.name((*path, "mock", other), "tool or sub-flow", other, names.mocked)
        for other in test.inputs:
            yield from judge.name((*path, "inputs", other), "input", other, names.inputs)
        yield from _mocks(judge, path, test, names.tools)
        if test.now is not None and not _is_moment(test.now):
            message = f"`now`: `{test.now}` is no date and time"
            yield judge.form((*path, "now"), message, 'write it like this: "2026-05-01T12:00"')
        for index, step in enumerate(test.talk):
            yield from _happens(judge, (*path, "talk", index), step, names)
            yield from _must_be(judge, (*path, "talk", index), step, names)


def _happens(judge: _Judge, path: Path, step: TalkStep, names: Names) -> Iterator[Diagnostic]:
    if step.emit is not None and step.emit.partition(".")[0] != "app":
        known = names.events_like(step.emit)
        yield from judge.name((*path, "emit"), "event", step.emit, known, key=False)
    for place, reply in _replies(step):
        for name in reply.calls:
            yield from judge.name((*path, *place, "calls", name), "tool", name, names.tools)
    if step.heard is not None:
        for name in step.heard.slots:
            yield from judge.name((*path, "heard", "slots", name), "slot", name, names.slots)
        if step.heard.intent is not None:
            where = (*path, "heard", "intent")
            yield from judge.name(where, "intent", step.heard.intent, names.intents, key=False)


def _must_be(judge: _Judge, path: Path, step: TalkStep, names: Names) -> Iterator[Diagnostic]:
    if step.at is not None:
        last = step.at.rpartition(".")[2]
        yield from judge.name((*path, "at"), "state", last, names.states, key=False)
    for name in step.slots or {}:
        yield from judge.name((*path, "slots", name), "slot", name, names.slots)
    for tool, args in (step.called or {}).items():
        where = (*path, "called", tool)
        yield from judge.name(where, "tool", tool, names.tools)
        for name in args if tool in names.tools else ():
            message = f"`{tool}` has no argument `{name}`"
            known = names.tools[tool].args
            yield from judge.name((*where, name), "argument", name, known, message=message)
    said = step.agent.says if isinstance(step.agent, Spoken) else step.agent
    problem = _problem(said) if said is not None else ""
    if problem:
        where = (*path, "agent", "says") if isinstance(step.agent, Spoken) else (*path, "agent")
        advice = "mend it, or leave the slashes out and write the words"
        yield judge.form(where, f"{said} is no regular expression: {problem}", advice)


def _replies(step: TalkStep) -> Iterator[tuple[Path, ModelReply]]:
    """The replies of a model that are more than a text."""
    if isinstance(step.model, ModelReply):
        yield ("model",), step.model
    elif isinstance(step.model, list):
        for number, reply in enumerate(step.model):
            if isinstance(reply, ModelReply):
                yield ("model", number), reply


def _mocks(
    judge: _Judge, path: Path, test: FlowTest, tools: Mapping[str, Tool]
) -> Iterator[Diagnostic]:
    """A mock answers what its tool can return, as far as names and enums tell."""
    for name, mock in test.mock.items():
        declared = tools[name].returns if name in tools else None
        if declared is None:
            continue
        several = isinstance(mock, list) and declared.kind != "list"
        for index, answer in enumerate(mock if several else [mock]):
            where = (*path, "mock", name, *([index] if several else []))
            if not (isinstance(answer, dict) and {*answer} == {"error"}):
                yield from _returned(judge, where, name, answer, declared)


def _returned(
    judge: _Judge, path: Path, tool: str, value: Any, declared: ValueType
) -> Iterator[Diagnostic]:
    if declared.kind == "map" and isinstance(value, dict):
        for name, inner in value.items():
            where = (*path, name)
            message = f"`{tool}` returns no `{name}`"
            yield from judge.name(where, "field", name, declared.fields, message=message)
            if name in declared.fields:
                yield from _returned(judge, where, tool, inner, declared.fields[name])
    elif declared.kind == "enum" and isinstance(value, str):
        message = f"`{tool}` never returns `{value}` here"
        known = declared.values
        yield from judge.name(path, "value", value, known, key=False, message=message)


def _is_moment(written: str) -> bool:
    try:
        datetime.fromisoformat(written)
    except ValueError:
        return False
    return True


def _problem(said: str) -> str:
    """What is wrong with a pattern between slashes; empty for everything else."""
    if len(said) < 2 or said[0] != "/" or said[-1] != "/":
        return ""
    try:
        re.compile(said[1:-1])
    except re.error as error:
        return str(error)
    return ""


def unknown_names(book: Book) -> Iterator[Diagnostic]:
    """The tests that stand in the flow itself."""
    flow, checked = book.flow, book.checked
    if flow.tests and flow.flows.keys() <= checked.subflows.keys():
        yield from judge_talks(flow.tests, (flow, *checked.within), book.source)


PASSES = (unknown_names,)
