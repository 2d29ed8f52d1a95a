"""What a caller was asked on the way to a state: the slots that may be put right there.

A slot counts for a state when some way leads from the start over a state that asks for it to this
one, without having passed this one before. Ways are those of `then` and of the own handlers of a
resting state, which has no other; a state that only handlers lead to is reached from wherever these
handlers are in scope.

In terms of the graph: O counts for X when O reaches X and X does not *dominate* O (not every way to
O passes X). If O reaches X and X does not reach O, X cannot dominate it. Within a circle of states
all that ask for one slot reach all others, so X loses the slot only when it dominates every one of
them, and the states that do are the same for the whole circle. So two sets for each state are
enough, its ancestors and its dominators; both are whole numbers with a bit per state, computed to a
fixed point in the order of a walk through the flow, which takes a pass or two.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import reduce
from operator import and_, or_
from typing import TypeAlias

from engine.machine.compiled import (
    Collect,
    CompiledFlow,
    CompiledState,
    Converse,
    Rest,
    Transition,
)

Bits: TypeAlias = int
"""A set of states; bit n is the n-th state of the walk."""


def form_of(state: CompiledState) -> tuple[str, ...]:
    """Return the slots a state fills: its form, or what a model may find out."""
    verb = state.verb
    if isinstance(verb, Converse):
        return verb.fills
    return verb.slots if isinstance(verb, Collect) else ()


def asked_before(flow: CompiledFlow) -> Mapping[str, tuple[str, ...]]:
    """Return, for each state, the slots asked for on a way there, in the order of the flow."""
    walk = _Walk(flow)
    asked = {name: walk.slots_before(name) for name in walk.order}
    return {
        name: tuple(slot for slot in flow.slots if slot in asked.get(name, ()))
        for name in flow.states
    }


class _Walk:
    """The states that can be reached from the start, each with its ancestors and dominators."""

    def __init__(self, flow: CompiledFlow) -> None:
        states = _sources(flow)
        self.order = _walked(flow.start, _turned(states))
        self._place = {name: n for n, name in enumerate(self.order)}
        sources = [
            [self._place[other] for other in states[name] if other in self._place]
            for name in self.order
        ]
        own = [1 << place for place in range(len(self.order))]
        everything = (1 << len(own)) - 1
        self._ancestors = _settled(own, sources, or_)
        # the start is reached without any other
        self._dominators = _settled(
            [own[0], *[everything] * (len(own) - 1)], [[], *sources[1:]], and_
        )
        self._circles: dict[Bits, Bits] = {}
        for bit, ancestors in zip(own, self._ancestors, strict=True):
            # those that have the same ancestors, themselves included, reach each other
            self._circles[ancestors] = self._circles.get(ancestors, 0) | bit
        self._askers: dict[str, Bits] = {}
        for bit, name in zip(own, self.order, strict=True):
            for slot in form_of(flow.states[name]):
                self._askers[slot] = self._askers.get(slot, 0) | bit
        self._passed: dict[Bits, Bits] = {}

    def slots_before(self, name: str) -> set[str]:
        """Return the slots asked for on a way to this state."""
        place = self._place[name]
        circle = self._circles[self._ancestors[place]]
        earlier = self._ancestors[place] & ~circle
        return {
            slot
            for slot, askers in self._askers.items()
            if askers & earlier or not (self._always_passed(askers & circle) >> place) & 1
        }

    def _always_passed(self, askers: Bits) -> Bits:
        """Return the states that every way to every one of these passes; of none: all states."""
        if askers not in self._passed:
            self._passed[askers] = reduce(
                and_, (self._dominators[place] for place in _places(askers)), -1
            )
        return self._passed[askers]


def _settled(
    first: list[Bits], sources: list[list[int]], join: Callable[[Bits, Bits], Bits]
) -> list[Bits]:
    """Return the fixed point of: a state's own bit, and what its sources have, joined."""
    found = list(first)
    changed = True
    while changed:
        changed = False
        for place, others in enumerate(sources):
            if not others:
                continue
            new = reduce(join, [found[other] for other in others]) | 1 << place
            if new != found[place]:
                found[place], changed = new, True
    return found


def _places(bits: Bits) -> Iterator[int]:
    while bits:
        lowest = bits & -bits
        yield lowest.bit_length() - 1
        bits ^= lowest


def _walked(start: str, nexts: Mapping[str, Iterable[str]]) -> list[str]:
    """Return what can be reached from `start`, sources before their targets but for circles."""
    order: list[str] = []
    seen = {start}
    path = [(start, iter(nexts[start]))]
    while path:
        name, others = path[-1]
        fresh = next((other for other in others if other not in seen), None)
        if fresh is None:
            order.append(path.pop()[0])
        else:
            seen.add(fresh)
            path.append((fresh, iter(nexts[fresh])))
    order.reverse()
    return order


def _turned(sources: Mapping[str, Iterable[str]]) -> Mapping[str, list[str]]:
    turned: dict[str, list[str]] = {name: [] for name in sources}
    for name, others in sources.items():
        for other in others:
            turned[other].append(name)
    return turned


def _sources(flow: CompiledFlow) -> Mapping[str, tuple[str, ...]]:
    """Return the states from which each state is reached."""
    direct: dict[str, dict[str, None]] = {name: {} for name in flow.states}
    handled: dict[str, dict[str, None]] = {name: {} for name in flow.states}
    for state in flow.states.values():
        for scope in state.scopes:
            resting = isinstance(state.verb, Rest) and scope.owner == state.id
            for handler in scope.handlers:
                _lead(state.id, handler.transitions, direct if resting else handled)
        _lead(state.id, state.then, direct)
    return {name: tuple(direct[name] or handled[name]) for name in flow.states}


def _lead(
    source: str, transitions: Iterable[Transition], into: Mapping[str, dict[str, None]]
) -> None:
    for transition in transitions:
        if transition.target.kind == "state":
            into[transition.target.state][source] = None
