"""What the tests in a flow reach (TW902, TW903), as far as the file alone tells.

`turnwise test` plays them and knows better; this is what an editor can say at once.
"""

from __future__ import annotations

from collections.abc import Iterator

from engine.flow.diagnostics import Diagnostic, Path, listing
from engine.flow.model import FlowTest
from engine.flow.rules.book import Book
from engine.flow.rules.graph import Graph
from engine.flow.rules.parts import Place


def never_tested(book: Book) -> Iterator[Diagnostic]:
    """States with a verb that no test shows to be reached (TW902): one finding for all."""
    tests = book.flow.tests
    if not tests:
        return
    shown = {name for test in tests.values() for name in _shown(book, test)}
    left = [
        place.name
        for place in book.leaves
        if place.state.verb is not None and place.name not in shown
    ]
    if left:
        some = listing(left, join="and")
        yield book.checked.find(
            "TW902", ("tests",), f"no test shows that {some} {'is' if len(left) == 1 else 'are'} "
            "reached",
            span=book.checked.key(("tests",)),
            label="neither `at`, `called`, `slots`, `heard` nor `ended` tells of it",
            help=f"add `- at: {left[0]}`, or see what is played: `turnwise test --coverage`",
        )  # fmt: skip


def _shown(book: Book, test: FlowTest) -> Iterator[str]:
    tools, slots, ends = {*test.mock}, set[str](), set[str]()
    for step in test.talk:
        tools.update(step.called or ())
        slots.update(step.slots or ())
        slots.update(step.heard.slots if step.heard is not None else ())
        ends.update((step.ended,) if step.ended is not None else ())
        place = book.named(step.at) if step.at is not None else None
        if place is not None:
            yield place.name
    for place in book.leaves:
        state = place.state
        ended = state.end in ends or (state.transfer is not None and "transfer" in ends)
        if ended or {state.run, state.call} & tools or slots & {*(state.collect or ())}:
            yield place.name


def unmocked_writes(book: Book) -> Iterator[Diagnostic]:
    """A test that surely reaches a tool that changes the world, and does not mock it (TW903)."""
    writes = {name for name, tool in book.flow.tools.items() if tool.effect == "write"}
    if not book.flow.tests or not writes or book.graph.unclear:
        return
    reached: dict[frozenset[str], set[str]] = {}
    for name, test in book.flow.tests.items():
        real = frozenset(writes - {*test.mock})
        if not real:
            continue
        found = next(_evidence(book, name, test, real, reached), None)
        if found is not None:
            path, tool = found
            yield book.checked.find(
                "TW903", path, f"this test calls `{tool}`, which changes the world",
                span=book.checked.key(path) if path[-2] == "called" else None,
                label="here it has been called",
                help=f"mock it: `mock: {{{tool}: VALUE}}`",
                related=(book.checked.see(("tools", tool, "effect"), "it changes the world"),),
            )  # fmt: skip


def _evidence(
    book: Book,
    name: str,
    test: FlowTest,
    real: frozenset[str],
    reached: dict[frozenset[str], set[str]],
) -> Iterator[tuple[Path, str]]:
    for index, step in enumerate(test.talk):
        path: Path = ("tests", name, "talk", index)
        for tool in step.called or ():
            if tool in real:
                yield (*path, "called", tool), tool
        place = book.named(step.at) if step.at is not None else None
        if place is None or place.is_group:
            continue
        if place.state.run in real:
            yield (*path, "at"), place.state.run or ""
        free = reached.get(real)
        if free is None:
            free = reached[real] = _without(book, real)
        if place.name not in free and place.name in book.graph.parents:
            yield (*path, "at"), _on_the_way(book, place, real)


def _without(book: Book, real: frozenset[str]) -> set[str]:
    """What can be reached without any of these tools: an analysis of the graph without them."""
    graph: Graph = book.graph
    stop = {place.name for place in book.leaves if place.state.run in real}
    seen = {graph.start} if graph.start is not None else set()
    waiting = list(seen)
    while waiting:
        node = waiting.pop()
        if node in stop or node is None:
            continue
        for dest, _ in graph.edges.get(node, ()):
            if dest not in seen:
                seen.add(dest)
                waiting.append(dest)
    return {name for name in seen if name is not None}


def _on_the_way(book: Book, place: Place, real: frozenset[str]) -> str:
    states = (book.places[name].state for name in book.graph.path_to(place.name))
    return next(state.run for state in states if state.run in real)


PASSES = (never_tested, unmocked_writes)
