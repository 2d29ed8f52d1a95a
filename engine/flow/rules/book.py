"""The book of a flow: every state, every way and every text, with its path in the file.

Made once for all passes. What is inherited (handlers, timers) is not copied into the states; each
state knows the groups around it, and scopes are looked up by name, so the book grows with the file.
"""

from __future__ import annotations

import functools
from collections.abc import Iterator, Mapping

from engine.flow.diagnostics import Path, nearest
from engine.flow.expression_types import ANY, Types
from engine.flow.model import Action, Flow, Policies, State, ValueType
from engine.flow.rules.checked import Checked
from engine.flow.rules.graph import Graph
from engine.flow.rules.parts import FLOW, Place, Way
from engine.flow.rules.texts import Text, texts_of
from engine.flow.rules.typing import flow_types, result_of


class Book:
    """Everything the passes look up."""

    def __init__(self, checked: Checked) -> None:
        self.checked = checked
        self.flow: Flow = checked.flow
        self.source = checked.source
        self.places: dict[str, Place] = {}
        """States and groups by name, in the order of the file; ids are unique."""
        for place in _places(self.flow.states, ("states",), ()):
            self.places[place.name] = place
        self.leaves = [place for place in self.places.values() if not place.is_group]
        self.ways: list[Way] = [way for scope in self.scopes for way in self._ways(*scope)]
        self.thens: dict[str, list[Way]] = {}
        self.reactions: dict[str, list[Way]] = {}
        for way in self.ways:
            table = self.reactions if way.event else self.thens
            table.setdefault(way.scope, []).append(way)

    # --- scopes -----------------------------------------------------------------------------------

    @functools.cached_property
    def scopes(self) -> list[tuple[str, Path, Policies]]:
        """The flow, then every group and state: name, path, model."""
        inner = [(place.name, place.path, place.state) for place in self.places.values()]
        return [(FLOW, (), self.flow), *inner]

    def _ways(self, name: str, path: Path, scope: Policies) -> Iterator[Way]:
        lists = [(event, (*path, "handle", event), ways) for event, ways in scope.handle.items()]
        if isinstance(scope, State) and scope.then:
            lists.insert(0, ("", (*path, "then"), scope.then))
        for event, where, ways in lists:
            data = self.checked.data(where)
            for index, way in enumerate(ways):
                own: Path = (*where, index) if isinstance(data, list) else where
                key = "to" if way.to is not None else "call"
                target = own if isinstance(data, str) else (*own, key)
                yield Way(name, event, index, own, target, way)

    # --- states -----------------------------------------------------------------------------------

    def named(self, target: str) -> Place | None:
        """The state that a target names, or None: no such state, or a wrong path to it."""
        *outer, last = target.split(".")
        place = self.places.get(last)
        if place is None:
            return None
        around = place.groups[len(place.groups) - len(outer) :]
        return place if list(around) == outer else None

    def leaf(self, target: str) -> str | None:
        """The leaf state that going to `target` leads to; None where that is not clear.

        A name that is misspelt counts as the state that was probably meant: its finding is
        enough.
        """
        place = self.named(target) or self.places.get(
            nearest(target.rpartition(".")[2], self.places) or ""
        )
        for _ in range(len(self.places) + 1):
            if place is None or place.state.states is None:
                return None if place is None else place.name
            start = place.state.start or next(iter(place.state.states))
            inner = self.named(start)
            place = inner if inner is not None and place.name in inner.groups else None
        return None

    @functools.cached_property
    def actions(self) -> list[tuple[Path, Action]]:
        """Every map of actions with its path; those of ways first."""
        found: list[tuple[Path, Action]] = []
        for way in self.ways:
            found.append((way.path, way.transition))
            found += [((*way.path, "do", n), a) for n, a in enumerate(way.transition.do or ())]
        for place in self.places.values():
            for key, listed in (("enter", place.state.enter), ("exit", place.state.exit)):
                found += [((*place.path, key, n), a) for n, a in enumerate(listed or ())]
        return found

    @functools.cached_property
    def graph(self) -> Graph:
        """What leads where."""
        start = self.leaf(self.flow.start)
        return Graph(start, self.leaves, self.thens, self.reactions, self.leaf)

    @functools.cached_property
    def members(self) -> dict[str, list[Place]]:
        """For each scope, the leaf states inside it."""
        found: dict[str, list[Place]] = {name: [] for name in (FLOW, *self.places)}
        for place in self.leaves:
            for name in place.scopes:
                found[name].append(place)
        return found

    @functools.cached_property
    def is_subflow(self) -> bool:
        """It is called by another flow, whose handlers answer what this one leaves unhandled."""
        returns = any(place.state.end == "return" for place in self.leaves)
        return self.checked.called or returns

    # --- texts and types --------------------------------------------------------------------------

    @functools.cached_property
    def texts(self) -> list[Text]:
        """Every expression and every speech of the flow, read."""
        return list(texts_of(self.checked, self.scopes, self.ways, self.working))

    @functools.cached_property
    def working(self) -> frozenset[str]:
        """The states that give a result: they run a tool or call a sub-flow."""
        states = ((place.name, place.state) for place in self.leaves)
        return frozenset(name for name, s in states if s.run is not None or s.call is not None)

    @functools.cached_property
    def types(self) -> dict[str, ValueType]:
        """The types of all names that mean the same everywhere in the flow."""
        return flow_types(self.flow, self.checked.subflows)

    def types_in(self, text: Text) -> Types:
        """The types of the names in one text."""
        more: dict[str, ValueType] = {}
        if text.value is not None:
            more["value"] = text.value
        if text.after:
            state = self.places[text.after].state
            more["result"] = result_of(state, self.flow, self.checked.subflows)
        return {**self.types, **more} if more else self.types

    def result_type(self, state: str) -> ValueType:
        """What `results.STATE` is."""
        return self.types["results"].fields.get(state, ANY)


def _places(states: Mapping[str, State], path: Path, groups: tuple[str, ...]) -> Iterator[Place]:
    for name, state in states.items():
        yield Place(name, (*path, name), state, groups)
        if state.states is not None:
            yield from _places(state.states, (*path, name, "states"), (*groups, name))
