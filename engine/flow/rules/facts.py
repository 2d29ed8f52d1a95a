"""What surely holds where: which slots are filled, which results are there, whether consent is.

A forward analysis over the control graph: at a state holds what holds on every way to it. It begins
with everything and takes away until nothing changes. A result that is there proves more: what was
filled when its state was entered, and is never emptied anywhere, is filled still.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from engine.flow.model import Action
from engine.flow.rules.book import Book
from engine.flow.rules.graph import Node, scope
from engine.flow.rules.implied import Facts, implied
from engine.flow.rules.parts import Place, Way

_MAX_ASKED = 4
"""Results that are followed along a way; each may double the work."""


@dataclass(frozen=True, slots=True, eq=False)
class _Edge:
    source: Node
    dest: Node
    gained: Facts
    """Surely holds after it."""
    lost: Facts
    """May not hold any more, unless gained."""
    proves: tuple[str, ...] = ()
    """States whose result is known to be there."""


@dataclass(frozen=True, slots=True)
class _Step:
    """Being at a node, with what matters of the way there."""

    node: Node
    holds: bool
    passed: frozenset[str]
    """The states whose result some guard asks for, as far as they were passed."""


class Known:
    """The facts at each state and scope that can be reached."""

    def __init__(self, book: Book) -> None:
        self._book = book
        self._first = frozenset(_initial(book)) | self._begun()
        self._stable = frozenset(_all(book) - set(_emptied(book)))
        self._edges = [edge for place in book.leaves for edge in self._from_state(place)]
        for name, ways in book.reactions.items():
            self._edges += self._from_scope(name, ways)
        self._out: dict[Node, list[_Edge]] = {}
        for edge in self._edges:
            self._out.setdefault(edge.source, []).append(edge)
        asked = dict.fromkeys(name for edge in self._edges for name in edge.proves)
        self._asked = frozenset(list(asked)[:_MAX_ASKED])
        self._ways: dict[str, dict[_Step, _Step | None]] = {}
        self._first_lack: dict[str, dict[Node, _Step]] = {}
        self._at = self._solve()

    # --- answers ----------------------------------------------------------------------------------

    def at(self, node: Node) -> Facts | None:
        """What surely holds on entry; None for what cannot be reached."""
        return self._at.get(node)

    def after(self, way: Way) -> Facts | None:
        """What surely holds when the guard of a way has held, before its actions."""
        node = scope(way.scope) if way.event else way.scope
        at = self.at(node)
        if at is None:
            return None
        gained, proves = self._guards(way)
        return at | self._done(way) | gained | self._proved(proves)

    def without(self, fact: str, node: Node) -> tuple[str, ...]:
        """A shortest way to a node on which a fact does not hold there."""
        before = self._lacking(fact)
        here = self._first_lack[fact].get(node)
        states: list[str] = []
        while here is not None:
            if not here.node.startswith("@"):
                states.append(here.node)
            here = before[here]
        return tuple(reversed(states))

    def _lacking(self, fact: str) -> dict[_Step, _Step | None]:
        """Every step that ways can come to, with the one before it; shortest ways first."""
        known = self._ways.get(fact)
        if known is not None:
            return known
        start = self._book.graph.start or ""
        first = _Step(start, fact in self._first, frozenset())
        before: dict[_Step, _Step | None] = {first: None}
        waiting = deque([first])
        while waiting:
            here = waiting.popleft()
            for edge in self._out.get(here.node, ()):
                after = self._follow(here, edge, fact)
                if after is not None and after not in before:
                    before[after] = here
                    waiting.append(after)
        self._ways[fact] = before
        lacking = {step.node: step for step in reversed(before) if not step.holds}
        self._first_lack[fact] = lacking
        return before

    def _follow(self, here: _Step, edge: _Edge, fact: str) -> _Step | None:
        """Where an edge leads; None if it asks for a result that was not passed on this way."""
        asked = {name for name in edge.proves if name in self._asked}
        if not asked <= here.passed:
            return None
        holds = fact in edge.gained or (here.holds and fact not in edge.lost)
        passed = here.passed | ({edge.source} & self._asked)
        return _Step(edge.dest, holds, passed)

    # --- the graph --------------------------------------------------------------------------------

    def _from_state(self, place: Place) -> Iterator[_Edge]:
        state = place.state
        if not (state.verb is None and state.then) and state.verb != "end":
            # What only speaks and goes on, or is over, hears nothing.
            for name in place.scopes:
                yield _Edge(place.name, scope(name), frozenset(), frozenset())
        for way in self._book.thens.get(place.name, ()):
            yield from self._edge(place.name, way)
        for target, written in self._book.graph.edges[place.name]:
            if written is None and not target.startswith("@"):
                yield _Edge(place.name, target, _gained_by(self._book, place), frozenset())

    def _from_scope(self, name: str, ways: Iterable[Way]) -> Iterator[_Edge]:
        for way in ways:
            yield from self._edge(scope(name), way)

    def _edge(self, node: Node, way: Way) -> Iterator[_Edge]:
        target = way.transition.to
        actions: list[Action] = [way.transition, *(way.transition.do or ())]
        if target is None or target in ("STAY", "REPEAT", "RESUME"):
            yield from self._back_here(way, actions)
            return
        dest = self._book.leaf(target) if target not in ("BACK", "END") else None
        if dest is None:
            return
        gained, proves = self._guards(way)
        gained |= self._done(way)
        kept, emptied = _changes(self._book, [*actions, *self._entry(dest)], gained)
        yield _Edge(node, dest, kept, emptied, proves)

    def _back_here(self, way: Way, actions: Sequence[Action]) -> Iterator[_Edge]:
        """The conversation stays where it is, wherever that is, with something emptied."""
        kept, emptied = _changes(self._book, actions, frozenset())
        if emptied:
            for place in self._book.members[way.scope]:
                yield _Edge(place.name, place.name, kept, emptied)

    def _entry(self, name: str) -> list[Action]:
        place = self._book.places[name]
        owners = [self._book.places[group].state for group in place.groups]
        return [action for state in (*owners, place.state) for action in state.enter or ()]

    def _begun(self) -> Facts:
        """What entering the first state fills."""
        start = self._book.graph.start
        entered = self._entry(start) if start is not None else []
        return _changes(self._book, entered, frozenset())[0]

    def _done(self, way: Way) -> Facts:
        """What a state's verb has brought about when it is done."""
        return frozenset() if way.event else _gained_by(self._book, self._book.places[way.scope])

    def _guards(self, way: Way) -> tuple[Facts, tuple[str, ...]]:
        """What follows from the guards: this one held, those before it did not."""
        table = self._book.reactions if way.event else self._book.thens
        facts = implied(way.transition.when, True) if way.transition.when else frozenset()
        for earlier in table[way.scope]:
            if earlier.event == way.event and earlier.index < way.index and earlier.transition.when:
                facts |= implied(earlier.transition.when, False)
        proves = tuple(fact[8:] for fact in facts if fact.startswith("results."))
        return facts, proves

    # --- the solution -----------------------------------------------------------------------------

    def _solve(self) -> dict[Node, Facts]:
        start = self._book.graph.start
        self._at = {} if start is None else {start: self._first}
        if start is None:
            return self._at
        changed = True
        while changed:
            changed = False
            for node in self._order(start):
                here = self._at[node]
                for edge in self._out.get(node, ()):
                    after = (here - edge.lost) | edge.gained | self._proved(edge.proves)
                    old = self._at.get(edge.dest)
                    new = after if old is None else old & after
                    if new != old:
                        self._at[edge.dest] = new
                        changed = True
        return self._at

    def _order(self, start: Node) -> Iterator[Node]:
        """Breadth first, as far as facts have come."""
        seen = {start}
        waiting = deque([start])
        while waiting:
            node = waiting.popleft()
            yield node
            for edge in self._out.get(node, ()):
                if edge.dest not in seen:
                    seen.add(edge.dest)
                    waiting.append(edge.dest)

    def _proved(self, states: Iterable[str]) -> Facts:
        found: set[str] = set()
        for name in states:
            found |= self._at.get(name, self._stable) & self._stable
        return frozenset(found)


def _all(book: Book) -> set[str]:
    return {*(f"slots.{name}" for name in book.flow.slots), *(f"vars.{n}" for n in book.flow.vars)}


def _initial(book: Book) -> Iterator[str]:
    for root in ("slots", "vars"):
        for name, declared in getattr(book.flow, root).items():
            if declared.default is not None:
                yield f"{root}.{name}"


def _emptied(book: Book) -> Iterator[str]:
    """Everything that is emptied somewhere."""
    for slot in book.flow.slots.values():
        yield from (f"slots.{name}" for name in slot.resets)
    for _, action in book.actions:
        yield from _changes(book, [action], frozenset())[1]


def _gained_by(book: Book, place: Place) -> Facts:
    """What holds when a state's verb is done."""
    slots, state = book.flow.slots, place.state
    # free talk without an `until` of its own goes on until it is filled like a form
    wanted = state.collect or (state.fills if state.until is None else None) or ()
    found = {f"slots.{name}" for name in wanted if name in slots and not slots[name].type.optional}
    if state.until is not None:
        found |= implied(state.until, True)
    if place.name in book.working:
        found.add(f"results.{place.name}")
    return frozenset(found)


def _changes(book: Book, actions: Sequence[Action], known: Facts) -> tuple[Facts, Facts]:
    """What is filled for sure, and what may be empty, after some actions."""
    filled, emptied = set(known), set[str]()
    for action in actions:
        for written, source in (action.set or {}).items():
            fact = _fact(book, written)
            if source.strip() == "null":
                emptied.add(fact)
                filled.discard(fact)
            else:
                filled.add(fact)
        for written in action.clear or ():
            emptied.add(_fact(book, written))
            filled.discard(_fact(book, written))
    return frozenset(filled), frozenset(emptied - filled)


def _fact(book: Book, written: str) -> str:
    root, _, name = written.rpartition(".")
    return f"{root or ('slots' if name in book.flow.slots else 'vars')}.{name}"
