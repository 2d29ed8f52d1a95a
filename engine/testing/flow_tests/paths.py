"""The conversations that are missing: for each transition no test reaches, the shortest way there.

A stub is a test that runs as far as the graph tells: values for which the guards hold are looked
for among likely ones (`solving`); the rest stands in comments for the author to complete. What is
not written is told with its reason.
"""

from __future__ import annotations

import datetime
import heapq
import itertools
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from engine.machine.compiled import (
    Collect,
    CompiledFlow,
    CompiledState,
    Confirm,
    End,
    Run,
    SlotType,
    TransferTo,
    Transition,
)
from engine.testing.flow_tests.coverage import Coverage, waits
from engine.testing.flow_tests.samples import TODO, of_type, other, sample, too_much
from engine.testing.flow_tests.solving import Question, Solution, solve
from engine.testing.flow_tests.writing import Stub, Written, duration, write

NOW = "2026-05-01T12:00"
"""The day of the calls that are written: the samples below lie after it."""
_DETOUR = 3
"""A handler on the way counts as so many steps: it is not how the author meant the talk to go. So
does a guard that only a person can meet."""
_OF_TOOLS = ("error.timeout", "error.tool")
_PLAIN = re.compile(r"(not )?answer|result\.\w+ == \"[^\"]*\"|len\(result\.\w+\) > 0")


@dataclass(frozen=True, slots=True)
class _Edge:
    """One transition, fired in one state."""

    state: str
    transition: Transition
    event: str
    """What its handler is for; empty for `then`."""
    collects: bool = False
    """A form is filled before it fires."""

    @property
    def dest(self) -> str:
        target = self.transition.target
        return target.state if target.kind == "state" else self.state


def stubs(flow: CompiledFlow, coverage: Coverage) -> str:
    """Return tests for what no test reaches, as entries of a `tests:` block; empty: all is reached.

    Only the flow itself is looked at: its sub-flows have tests of their own. What cannot be reached
    is told in comments behind them.
    """
    edges = {name: list(_edges(state)) for name, state in flow.states.items()}
    ways = _shortest(flow.start, edges)
    wanted = {
        item.name
        for item in coverage.missing()
        if item.flow == flow.id and item.kind in ("transitions", "handlers")
    }
    found = {name: _way_to(name, edges, ways) for name in sorted(wanted)}
    chosen = [way for way in found.values() if way is not None]
    written: list[Stub] = []
    # the longest first: what lies on its way needs no conversation of its own
    for way in sorted(chosen, key=lambda way: (-len(way), way[-1].transition.id)):
        if way[-1].transition.id in wanted:
            wanted -= {edge.transition.id for edge in way}
            written.append(_stub(flow, way))
    lost = [f"  # not written: {n}: {_why(n, edges, ways)}" for n, way in found.items() if not way]
    return write(written) + "".join(f"{line}\n" for line in lost)


def _why(name: str, edges: dict[str, list[_Edge]], ways: dict[str, tuple[_Edge, ...]]) -> str:
    """Why there is no way to a transition."""
    owners = [
        state for state, there in edges.items() if any(e.transition.id == name for e in there)
    ]
    if not owners:
        return "its event cannot come where it is handled"
    if not any(state in ways for state in owners):
        return f"nothing leads to {' or '.join(owners)}"
    return "nothing is known on the way that a caller could correct"


def _edges(state: CompiledState) -> Iterator[_Edge]:
    for transition in state.then:
        yield _Edge(state.id, transition, "", isinstance(state.verb, Collect))
    for scope in state.scopes:
        for handler in scope.handlers:
            if _can_happen(state, handler.event):
                for transition in handler.transitions:
                    yield _Edge(state.id, transition, handler.event)


def _can_happen(state: CompiledState, event: str) -> bool:
    """Whether an event can reach this state: what passes on at once hears nobody."""
    if event.split(".")[0] != "error":
        return waits(state)
    if event == "error.transfer":
        return isinstance(state.verb, TransferTo)
    return isinstance(state.verb, Run) or (waits(state) and event not in _OF_TOOLS)


def _shortest(start: str, edges: dict[str, list[_Edge]]) -> dict[str, tuple[_Edge, ...]]:
    """The plainest way to every state that can be reached: few steps, `then` before handlers."""
    ways: dict[str, tuple[_Edge, ...]] = {}
    waiting: list[tuple[int, int, str, tuple[_Edge, ...]]] = [(0, 0, start, ())]
    count = 0
    while waiting:
        cost, _, state, way = heapq.heappop(waiting)
        if state in ways:
            continue
        ways[state] = way
        for edge in edges[state]:
            if edge.event != "corrected" and edge.dest not in ways:
                count += 1
                price = cost + (_DETOUR if edge.event or not _is_plain(edge) else 1)
                heapq.heappush(waiting, (price, count, edge.dest, (*way, edge)))
    return ways


def _is_plain(edge: _Edge) -> bool:
    """Whether a stub can meet the guard by itself."""
    when = edge.transition.when
    return when is None or _PLAIN.fullmatch(when.source) is not None


def _way_to(
    name: str, edges: dict[str, list[_Edge]], ways: dict[str, tuple[_Edge, ...]]
) -> tuple[_Edge, ...] | None:
    found = [
        (*ways[state], edge)
        for state, there in edges.items()
        if state in ways
        for edge in there
        if edge.transition.id == name and (edge.event != "corrected" or _fills(ways[state]))
    ]
    return min(found, key=len, default=None)


def _fills(way: tuple[_Edge, ...]) -> bool:
    """Whether anything is known on the way that could be corrected."""
    return any(edge.collects for edge in way)


# --- one conversation -----------------------------------------------------------------------------


def _stub(flow: CompiledFlow, way: tuple[_Edge, ...]) -> Stub:
    last = way[-1]
    name = re.sub(r"\W+", "_", last.transition.id).strip("_").lower()
    states = [edge.state for edge in way] + [last.dest]
    stub = Stub(name=f"reaches_{name}", comment=" -> ".join(states), now=NOW)
    filled: dict[str, Any] = {}
    plans, gave = _plans(flow, way)
    solved = [plan for plan in plans if isinstance(plan, Solution)]
    wanted = {name: value for plan in solved for name, value in plan.slots.items()}
    for edge, plan in zip(way, plans, strict=True):
        _take(flow, edge, stub, filled, plan, wanted, gave.get(edge.state, {}))
        dest = flow.states.get(edge.dest)
        if dest is not None and waits(dest) and edge.dest != edge.state:
            stub.talk.append(Written("at", edge.dest))
    if not stub.talk or stub.talk[-1].key != "at":
        stub.talk.append(_last(flow.states.get(last.dest), stub))
    return stub


_Gave: TypeAlias = dict[str, dict[str, Any]]
"""By state, the fields of what its tool answers that are settled."""


def _plans(flow: CompiledFlow, way: tuple[_Edge, ...]) -> tuple[list[Solution | str], _Gave]:
    """For each transition of a way, what lets it fire, or why that cannot be told."""
    known: dict[str, Any] = {}
    gave: _Gave = {}
    plans: list[Solution | str] = []
    for edge in way:
        solution = solve(_question(flow, edge, known, gave))
        plans.append(solution)
        if isinstance(solution, Solution):
            known |= {name: value for name, value in solution.slots.items() if value is not None}
            for state, fields in solution.results.items():
                gave[state] |= fields
        if isinstance(flow.states[edge.state].verb, Run) and not edge.event:
            found = solution.result if isinstance(solution, Solution) else None
            gave[edge.state] = dict(found) if isinstance(found, Mapping) else {}
    return plans, gave


def _question(flow: CompiledFlow, edge: _Edge, known: dict[str, Any], gave: _Gave) -> Question:
    state = flow.states[edge.state]
    entries = state.then
    if edge.event:
        handlers = [h for scope in state.scopes for h in scope.handlers if h.event == edge.event]
        entries = tuple(t for handler in handlers for t in handler.transitions)
    above = itertools.takewhile(lambda entry: entry.id != edge.transition.id, entries)
    return Question(
        flow=flow,
        before=tuple(entry.when for entry in above if entry.when is not None),
        guard=edge.transition.when,
        returns=_returns(flow, edge.state),
        known=known,
        gave={name: (_returns(flow, name), fields) for name, fields in gave.items()},
        now=datetime.datetime.fromisoformat(NOW),
    )


def _returns(flow: CompiledFlow, state: str) -> SlotType | None:
    verb = flow.states[state].verb
    return flow.tools[verb.tool].returns if isinstance(verb, Run) else None


def _last(state: CompiledState | None, stub: Stub) -> Written:
    """What must come of it, as far as the state tells."""
    if state is not None and isinstance(state.verb, End):
        return Written("ended", state.verb.kind)
    if state is not None and isinstance(state.verb, TransferTo) and "transfer" not in stub.mocks:
        return Written("ended", "transfer")
    return Written("agent", "/./", "TODO: what must be said")


def _take(
    flow: CompiledFlow,
    edge: _Edge,
    stub: Stub,
    filled: dict[str, Any],
    plan: Solution | str,
    wanted: Mapping[str, Any],
    settled: Mapping[str, Any],
) -> None:
    """Write what makes this transition fire."""
    verb = flow.states[edge.state].verb
    if isinstance(plan, str) and edge.transition.when is not None:
        source = edge.transition.when.source
        stub.comment += f"\nTODO: make this true in {edge.state}: {source} ({plan})"
    if isinstance(verb, Run):
        stub.mocks.setdefault(verb.tool, []).append(_result(flow, verb, edge, plan, settled))
    if edge.event:
        stub.talk += _event(flow, edge, stub, filled)
    elif isinstance(verb, Collect):
        stub.talk += _form(flow, verb, filled, wanted)
    elif isinstance(verb, Confirm):
        guarded = edge.transition.when is not None
        yes = guarded if isinstance(plan, str) else bool(plan.answer)
        stub.talk.append(Written("user", TODO, _when(edge), {"answer": yes}))


def _when(edge: _Edge) -> str:
    when = edge.transition.when
    return "" if when is None else f"when: {when.source}"


def _form(
    flow: CompiledFlow, verb: Collect, filled: dict[str, Any], wanted: Mapping[str, Any]
) -> Iterator[Written]:
    values = {
        name: sample(flow.slots[name]) if wanted.get(name) is None else wanted[name]
        for name in verb.slots
        if name not in filled
    }
    if values:
        filled |= values
        yield Written("user", TODO, "", {"slots": values})
    for name in values:
        if flow.slots[name].readback:
            yield Written("user", TODO, f"{name} was read back", {"answer": True})


def _event(
    flow: CompiledFlow, edge: _Edge, stub: Stub, filled: dict[str, Any]
) -> Iterator[Written]:
    state = flow.states[edge.state]
    head, _, name = edge.event.partition(".")
    match head:
        case "intent":
            yield Written("user", TODO, "", {"intent": name or TODO})
        case "dtmf":
            yield Written("dtmf", name or "1")
        case "corrected" if filled:
            slot = next(reversed(filled))
            yield Written("user", TODO, _when(edge), {"slots": {slot: other(flow.slots[slot])}})
        case "invalid" if name in flow.slots:
            value = too_much(flow.slots[name])
            yield Written("user", TODO, "a value that is not valid", {"slots": {name: value}})
        case _:
            yield from _circumstance(state, edge, stub)


def _circumstance(state: CompiledState, edge: _Edge, stub: Stub) -> Iterator[Written]:
    """What is not a matter of what the caller says."""
    head, _, name = edge.event.partition(".")
    match head:
        case "no_input":
            for _ in range(len(state.listen.no_input) + 1):
                yield Written("silence", duration(state.listen.silence))
        case "no_match":
            for _ in range(len(state.listen.no_match) + 1):
                yield Written("user", TODO, "", {})
        case "error" if name == "transfer":
            stub.mocks.setdefault("transfer", []).append({"error": "nobody answers"})
        case "error" if isinstance(state.verb, Run):
            pass  # the mock of the tool fails
        case _:
            yield Written("emit", edge.event, _when(edge))


def _result(
    flow: CompiledFlow,
    verb: Run,
    edge: _Edge,
    plan: Solution | str,
    settled: Mapping[str, Any],
) -> Any:
    """What the tool must answer for this transition, and for those that read it later."""
    if edge.event == "error.timeout":
        return {"error": "timeout"}
    if edge.event.split(".")[0] == "error":
        return {"error": TODO}
    value = of_type(flow.tools[verb.tool].returns)
    if isinstance(value, dict):
        value |= settled
    if isinstance(plan, str) or plan.result is None:
        return value
    if isinstance(value, dict) and isinstance(plan.result, Mapping):
        return {**value, **plan.result}
    return plan.result
