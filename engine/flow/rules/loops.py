"""Circles without a pause (TW304)."""

from __future__ import annotations

from collections.abc import Iterator

from engine.flow.diagnostics import Diagnostic, Path
from engine.flow.expressions import parse_expression
from engine.flow.rules.book import Book
from engine.flow.rules.graph import cycles, round_trip
from engine.flow.rules.parts import Place

_MOVING = ("visits", "tries", "vars", "call", "event", "turn")
"""What may change from one round to the next: a guard that reads it may end the circle."""


def spin_loops(book: Book) -> Iterator[Diagnostic]:
    """A circle of states of which none waits, for a caller, a tool or time (TW304)."""
    edges = {place.name: _edges(book, place) for place in book.leaves if _hurries(book, place)}
    edges = {name: [dest for dest in dests if dest in edges] for name, dests in edges.items()}
    for part in cycles(edges):
        order = [name for name in book.places if name in part]
        trip = round_trip(part, edges, order[0])
        yield _finding(book, trip)
    yield from _stuck(book)


def _hurries(book: Book, place: Place) -> bool:
    """The state goes on at once, and the same way each time."""
    if place.state.verb is not None or not place.state.then:
        return False
    return not any(_moves(way.when) for way in place.state.then)


def _moves(guard: str | None) -> bool:
    if guard is None:
        return False
    expression, _ = parse_expression(guard)
    if expression is None or "now(" in guard or "slots" in guard:
        return True
    return any(name.chain[0] in _MOVING for name in expression.names)


def _edges(book: Book, place: Place) -> list[str]:
    found: list[str] = []
    for way in book.thens.get(place.name, ()):
        target = way.transition.to
        if target in ("REPEAT", "STAY", "RESUME"):
            found.append(place.name)
        elif target is not None and book.named(target) is not None:
            found.append(book.leaf(target) or "")
    return found


def _finding(book: Book, trip: list[str]) -> Diagnostic:
    first = book.places[trip[0]]
    path = _entry(book, first, trip[1])
    round_ = "it leads to itself" if len(trip) == 2 else f"a circle of {len(trip) - 1} states"
    return book.checked.find(
        "TW304", first.path, f"`{trip[0]}` goes round for ever: {round_}, and nothing waits in it",
        span=book.source.span(path),
        label="goes on at once, without the caller, a tool or a timer",
        help="let one of them wait (`collect`, `confirm`, `run`), or count with `when: visits < 3`",
        path=tuple(trip),
    )  # fmt: skip


def _entry(book: Book, place: Place, dest: str) -> Path:
    for way in book.thens[place.name]:
        target = way.transition.to or ""
        if target in ("REPEAT", "STAY", "RESUME") or book.leaf(target) == dest:
            return way.to_path
    return place.path


def _stuck(book: Book) -> Iterator[Diagnostic]:
    """STAY and RESUME in `then`: what was waited for is done, so staying is done at once again."""
    for name, ways in book.thens.items():
        verb = book.places[name].state.verb
        if verb is None:
            continue
        for way in ways:
            changes = any(key in ("set", "clear") for key, _ in way.transition.ordered())
            if way.transition.to in ("STAY", "RESUME") and not changes:
                yield book.checked.find(
                    "TW304", way.to_path,
                    f"`{way.transition.to}` in `then` goes round for ever: `{verb}` is done here",
                    label="there is nothing left to wait for",
                    help="write `REPEAT` to do it again, or name another state",
                    path=(name, name),
                )  # fmt: skip


PASSES = (spin_loops,)
