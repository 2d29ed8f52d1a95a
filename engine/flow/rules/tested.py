"""What the tests of a flow reach (TW902, TW903), as far as the files alone tell.

`turnwise test` plays them and knows better; this is what an editor can say at once. Tests stand in
the flow or in a file of their own: the same is said of both, in the file they stand in.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from engine.flow.diagnostics import Diagnostic, Path, Span, listing
from engine.flow.model import FlowTest
from engine.flow.rules.book import Book
from engine.flow.rules.graph import Graph
from engine.flow.rules.parts import Place
from engine.flow.source import Source


@dataclass(frozen=True, slots=True, eq=False)
class Tests:
    """Tests of a flow, and the file they stand in under the key `tests`."""

    book: Book
    """Of the flow."""
    tests: Mapping[str, FlowTest]
    source: Source
    others: Mapping[str, FlowTest]
    """Tests of the same flow in other files: they count, and are not judged."""

    def key(self, path: Path) -> Span:
        """Where a key of the tests stands."""
        return self.source.key_span(path)

    def find(self, code: str, where: Path, message: str, **more: Any) -> Diagnostic:
        """A finding about the tests."""
        span = more.pop("span", None) or self.source.span(where)
        return Diagnostic(code=code, message=message, span=span, where=where, **more)


def judge_tests(tests: Tests) -> Iterator[Diagnostic]:
    """Everything about some tests of a flow that has no errors."""
    yield from _never_tested(tests)
    yield from _unmocked_writes(tests)


def tests_inside(book: Book) -> Iterator[Diagnostic]:
    """The tests that stand in the flow itself."""
    if book.flow.tests:
        others = book.checked.catalogue.tests.get(book.source.file, {})
        yield from judge_tests(Tests(book, book.flow.tests, book.source, others))


def _never_tested(tests: Tests) -> Iterator[Diagnostic]:
    """States with a verb that no test shows to be reached (TW902): one finding for all."""
    book = tests.book
    every = [*tests.tests.values(), *tests.others.values()]
    shown = {name for test in every for name in _shown(book, test)}
    shown |= _passed(book, shown)
    left = [
        place.name
        for place in book.leaves
        if place.state.verb is not None and place.name not in shown
    ]
    if left:
        some = listing(left, join="and")
        yield tests.find(
            "TW902", ("tests",), f"no test shows that {some} {'is' if len(left) == 1 else 'are'} "
            "reached",
            span=tests.key(("tests",)),
            label="neither `at`, `called`, `slots`, `heard` nor `ended` tells of it",
            help=f"add `- at: {left[0]}`, or see what is played: `turnwise test --coverage`",
        )  # fmt: skip


def _passed(book: Book, shown: set[str]) -> set[str]:
    """The states that every way to one of those shown to be reached passes."""
    before = book.graph.dominators
    found: set[str] = set()
    for node in shown & before.keys():
        while node not in found:
            found.add(node)
            node = before[node]
    return found


_PIECES = re.compile(r"\.[*+]\??|[\\^$()|?\[\]{}*+/]+")


def _said(book: Book, test: FlowTest) -> Iterator[str]:
    """The states that say what the agent must have said."""
    for step in test.talk:
        said = step.agent if isinstance(step.agent, str) or step.agent is None else step.agent.says
        pattern = said is not None and len(said) > 1 and said[0] == said[-1] == "/"
        pieces = _PIECES.split(said) if pattern and said is not None else [said or ""]
        pieces = [" ".join(piece.lower().split()) for piece in pieces]
        if any(len(piece) > 3 for piece in pieces):
            yield from (
                name for name, text in _lines(book) if all(piece in text for piece in pieces)
            )


def _lines(book: Book) -> Iterator[tuple[str, str]]:
    """Each line that one state alone says, with the state."""
    asking: dict[str, list[str]] = {}
    for place in book.leaves:
        for slot in place.state.collect or ():
            asking.setdefault(slot, []).append(place.name)
    for text in book.texts:
        owners = [text.scope] if text.kind == "speech" and text.scope in book.places else []
        if text.path[:1] == ("slots",):
            owners = asking.get(str(text.path[1]), [])
        if len(owners) == 1:
            yield owners[0], " ".join(text.source.lower().split())


def _shown(book: Book, test: FlowTest) -> Iterator[str]:
    yield from _said(book, test)
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


def _unmocked_writes(tests: Tests) -> Iterator[Diagnostic]:
    """A test that surely reaches a tool that changes the world, and does not mock it (TW903)."""
    book = tests.book
    writes = {name for name, tool in book.flow.tools.items() if tool.effect == "write"}
    if not writes or book.graph.unclear:
        return
    reached: dict[frozenset[str], set[str]] = {}
    for name, test in tests.tests.items():
        real = frozenset(writes - {*test.mock})
        if not real:
            continue
        found = next(_evidence(book, name, test, real, reached), None)
        if found is not None:
            path, tool = found
            yield tests.find(
                "TW903", path, f"this test calls `{tool}`, which changes the world",
                span=tests.key(path) if path[-2] == "called" else None,
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
            free = reached[real] = _avoiding(book, real)
        if place.name not in free and place.name in book.graph.parents:
            yield (*path, "at"), _on_the_way(book, place, real)


def _avoiding(book: Book, real: frozenset[str]) -> set[str]:
    """What can be reached without any of these tools; their own states included."""
    return _without(book, {place.name for place in book.leaves if place.state.run in real})


def _without(book: Book, stop: set[str]) -> set[str]:
    """What can be reached on ways that end in these states; they themselves included."""
    graph: Graph = book.graph
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


PASSES = (tests_inside,)
