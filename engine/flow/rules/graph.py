"""The control graph of a flow: leaf states and scopes, and what leads where.

Handlers are inherited, so a state has an edge to each of its scopes, and a scope to every target of
its handlers. That keeps the graph as small as the file: a handler of the flow is one edge and not
one for each state.
"""

from __future__ import annotations

import functools
import itertools
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import TypeAlias

from engine.flow.rules.parts import SPECIAL, Place, Way

_GO_ON = ("collect", "confirm", "run", "call")
"""Verbs after which a `then` is due."""

Node: TypeAlias = str
"""A leaf state by its name; a scope as `@NAME`, the flow as `@`."""


class Graph:
    """Edges, and walks along them. A target that is not clear counts as a way out."""

    def __init__(
        self,
        start: str | None,
        leaves: Sequence[Place],
        ways: Mapping[str, Iterable[Way]],
        reactions: Mapping[str, Iterable[Way]],
        leaf: Callable[[str], str | None],
    ) -> None:
        """Build it.

        Args:
            start: the first leaf state; None where that is not clear.
            leaves: the leaf states.
            ways: the entries of `then`, by state.
            reactions: the entries of handlers, by scope.
            leaf: target to the leaf state it leads to, or None.
        """
        self.start = start
        self.leaves = leaves
        self.unclear = start is None
        """Some target names no state and nothing near: then nobody is surely unreachable."""
        self.edges: dict[Node, list[tuple[Node, Way | None]]] = {}
        self.exits: set[Node] = set()
        """Nodes from which the flow can be left at once."""
        self._target = leaf
        for place in leaves:
            self.edges[place.name] = [(scope(name), None) for name in place.scopes]
            for name in place.scopes:
                self.edges.setdefault(scope(name), [])
            self._add(place.name, ways.get(place.name, ()))
            if place.state.verb in ("end", "transfer"):
                self.exits.add(place.name)
        self._guess_missing_ways(leaves)
        for name, entries in reactions.items():
            self.edges.setdefault(scope(name), [])
            self._add(scope(name), entries)

    def _guess_missing_ways(self, leaves: Sequence[Place]) -> None:
        """A `then` that was forgotten most probably leads to the state written next."""
        for place, following in itertools.pairwise(leaves):
            if place.state.verb in _GO_ON and not place.state.then:
                self.edges[place.name].append((following.name, None))
                self.exits.add(place.name)

    def _add(self, node: Node, ways: Iterable[Way]) -> None:
        for way in ways:
            target = way.transition.to
            if target == "END":
                self.exits.add(node)
            elif target is not None and target not in SPECIAL:
                dest = self._target(target)
                if dest is None:
                    self.unclear = True
                    self.exits.add(node)
                else:
                    self.edges[node].append((dest, way))

    @functools.cached_property
    def parents(self) -> dict[Node, Node]:
        """Each node that can be reached, with the one before it on a shortest way."""
        return self.walk([self.start] if self.start is not None else [])

    def walk(self, begin: Iterable[Node]) -> dict[Node, Node]:
        """Breadth first from some nodes: each found node with the one before it."""
        parents = dict.fromkeys(begin, "")
        waiting = deque(parents)
        while waiting:
            node = waiting.popleft()
            for dest, _ in self.edges.get(node, ()):
                if dest not in parents:
                    parents[dest] = node
                    waiting.append(dest)
        return parents

    def path_to(self, node: Node, parents: Mapping[Node, Node] | None = None) -> tuple[str, ...]:
        """The states on a way to a node."""
        parents = self.parents if parents is None else parents
        states: list[str] = []
        while node:
            if not node.startswith("@"):
                states.append(node)
            node = parents.get(node, "")
        return tuple(reversed(states))

    @functools.cached_property
    def leading_out(self) -> set[Node]:
        """Nodes from which some way leads to an exit."""
        backwards: dict[Node, list[Node]] = {}
        for node, edges in self.edges.items():
            for dest, _ in edges:
                backwards.setdefault(dest, []).append(node)
        found = set(self.exits)
        waiting = list(found)
        while waiting:
            for node in backwards.get(waiting.pop(), ()):
                if node not in found:
                    found.add(node)
                    waiting.append(node)
        return found

    @functools.cached_property
    def dominators(self) -> dict[Node, Node]:
        """For each node that can be reached, the last other node that every way there passes.

        By Cooper, Harvey and Kennedy: go over the nodes in reverse postorder, meet what is known of
        the nodes before each, until nothing changes; two or three rounds for what people write.
        """
        order = self._postorder()
        rank = {node: number for number, node in enumerate(order)}
        before: dict[Node, list[Node]] = {}
        for node in order:
            for dest, _ in self.edges.get(node, ()):
                before.setdefault(dest, []).append(node)
        last: dict[Node, Node] = {} if self.start is None else {self.start: self.start}
        changed = True
        while changed:
            changed = False
            for node in reversed(order[:-1]):
                known = [one for one in before[node] if one in last]
                new = functools.reduce(lambda a, b: _meet(a, b, last, rank), known)
                if last.get(node) != new:
                    last[node], changed = new, True
        return last

    def _postorder(self) -> list[Node]:
        """The nodes that can be reached, each after all that were first seen from it."""
        order: list[Node] = []
        seen = {self.start}
        work = [] if self.start is None else [(self.start, iter(self.edges.get(self.start, ())))]
        while work:
            node, following = work[-1]
            dest = next((dest for dest, _ in following if dest not in seen), None)
            if dest is None:
                order.append(work.pop()[0])
            else:
                seen.add(dest)
                work.append((dest, iter(self.edges.get(dest, ()))))
        return order

    def reached(self) -> list[str]:
        """The leaf states that can be reached, in the order of the file."""
        return [place.name for place in self.leaves if place.name in self.parents]


def _meet(a: Node, b: Node, last: Mapping[Node, Node], rank: Mapping[Node, int]) -> Node:
    """The last node that the ways to both pass."""
    while a != b:
        while rank[a] < rank[b]:
            a = last[a]
        while rank[b] < rank[a]:
            b = last[b]
    return a


def scope(name: str) -> Node:
    """The node of a scope."""
    return f"@{name}"


def cycles(edges: Mapping[str, Iterable[str]]) -> Iterator[list[str]]:
    """The strongly connected parts of a graph that hold a cycle (Tarjan, without recursion)."""
    index: dict[str, int] = {}
    low: dict[str, int] = {}
    stack: list[str] = []
    on_stack: set[str] = set()
    for root in edges:
        if root in index:
            continue
        work: list[tuple[str, Iterator[str]]] = []
        _open(root, index, low, stack, on_stack)
        work.append((root, iter(edges[root])))
        while work:
            node, following = work[-1]
            dest = next(following, None)
            if dest is None:
                work.pop()
                if work:
                    low[work[-1][0]] = min(low[work[-1][0]], low[node])
                if low[node] == index[node]:
                    yield from _part(node, edges, stack, on_stack)
            elif dest not in index and dest in edges:
                _open(dest, index, low, stack, on_stack)
                work.append((dest, iter(edges[dest])))
            elif dest in on_stack:
                low[node] = min(low[node], index[dest])


def _open(
    node: str, index: dict[str, int], low: dict[str, int], stack: list[str], on_stack: set[str]
) -> None:
    index[node] = low[node] = len(index)
    stack.append(node)
    on_stack.add(node)


def _part(
    node: str, edges: Mapping[str, Iterable[str]], stack: list[str], on_stack: set[str]
) -> Iterator[list[str]]:
    at = stack.index(node)
    part = stack[at:]
    del stack[at:]
    on_stack.difference_update(part)
    if len(part) > 1 or node in edges[node]:
        yield part


def round_trip(part: Iterable[str], edges: Mapping[str, Iterable[str]], start: str) -> list[str]:
    """A shortest cycle from `start` to itself inside a strongly connected part."""
    inside = set(part)
    parents: dict[str, str] = {}
    waiting = deque([start])
    while waiting:
        node = waiting.popleft()
        for dest in edges[node]:
            if dest == start:
                trip = [node, start]
                while trip[0] != start:
                    trip.insert(0, parents[trip[0]])
                return trip if node != start else [start, start]
            if dest in inside and dest not in parents:
                parents[dest] = node
                waiting.append(dest)
    return [start]
