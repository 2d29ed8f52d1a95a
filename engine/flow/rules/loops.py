"""Circles: without a pause (TW304), and through a tool without an end (TW305)."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator

from engine.flow.diagnostics import Diagnostic, Path
from engine.flow.expressions import parse_expression
from engine.flow.model import Action
from engine.flow.rules.book import Book
from engine.flow.rules.graph import cycles, round_trip
from engine.flow.rules.parts import Place, Way

_MOVING = ("visits", "tries", "vars", "call", "event", "turn")
"""What may change from one round to the next: a guard that reads it may end the circle."""

_EMPTY = re.compile(r"""not filled\(["'](\w+)["']\)|slots\.(\w+) == null""")
"""A guard, or a part of one joined by `and`, that holds while a slot is empty."""


def spin_loops(book: Book) -> Iterator[Diagnostic]:
    """A circle of states of which none waits, for a caller, a tool or time (TW304).

    A form waits only while a slot is empty: a circle through forms that empties nothing spins.
    """
    edges = _edges(book, _goes_on, lambda way: not _asks_what_is_empty(book, way))
    for part in cycles(edges):
        if any(_changes_values(book, name, part) for name in part):
            continue
        order = [name for name in book.places if name in part]
        trip = round_trip(part, edges, order[0])
        if len(part) == 1 and _by_name(book, part[0]):
            continue  # which of STAY and REPEAT is meant comes first (TW317)
        if any(book.places[name].state.collect for name in trip):
            yield _filled_forms(book, trip)
        else:
            yield _spin(book, trip)
    yield from _stuck(book)


def endless_retries(book: Book) -> Iterator[Diagnostic]:
    """A circle through a tool in which nobody counts and no caller is asked (TW305)."""
    edges = _edges(book, _goes_on_or_works, lambda way: True)
    for place in book.leaves:
        if place.name in edges:
            failed = [w for w in book.reactions.get(place.name, ()) if w.event.startswith("error")]
            edges[place.name] += [dest for dest in _dests(book, failed) if dest in edges]
    for part in cycles(edges):
        runs = [name for name in book.places if name in part and book.places[name].state.run]
        if not runs or any(_counts(book, name) for name in part):
            continue
        first = book.places[runs[0]]
        trip = round_trip(part, edges, first.name)
        if any(book.places[name].state.collect for name in trip):
            continue
        yield book.checked.find(
            "TW305", first.path, f"`{first.state.run}` may be called again and again, without end",
            span=book.source.span((*first.path, "run")),
            label="a way leads back here, and nothing counts the rounds",
            help="count them: `when: visits < 3`, and give up after that",
            path=tuple(trip),
        )  # fmt: skip


# --- the states that go on -----------------------------------------------------------------------


def _goes_on(place: Place) -> bool:
    """The state goes on at once, or as soon as its slots are filled, and the same way each time."""
    state = place.state
    if (state.verb is not None and state.collect is None) or not state.then:
        return False
    return not any(_moves(way.when) for way in state.then)


def _goes_on_or_works(place: Place) -> bool:
    return place.state.run is not None or _goes_on(place)


def _moves(guard: str | None) -> bool:
    if guard is None:
        return False
    expression, _ = parse_expression(guard)
    if expression is None or "now(" in guard:
        return True
    return any(name.chain[0] in _MOVING for name in expression.names)


def _asks_what_is_empty(book: Book, way: Way) -> bool:
    """Whether it goes to a form only while a slot of it is empty: the form will wait there."""
    guard, target = way.transition.when, way.transition.to
    if guard is None or target is None or " or " in guard or book.named(target) is None:
        return False
    form = book.places.get(book.leaf(target) or "")
    asked = (form.state.collect if form is not None else None) or ()
    parts = (_EMPTY.fullmatch(part.strip()) for part in guard.split(" and "))
    return any(part is not None and (part[1] or part[2]) in asked for part in parts)


def _counts(book: Book, name: str) -> bool:
    ways = [*book.thens.get(name, ()), *book.reactions.get(name, ())]
    return any(_moves(way.transition.when) for way in ways)


def _edges(
    book: Book, among: Callable[[Place], bool], along: Callable[[Way], bool]
) -> dict[str, list[str]]:
    names = {place.name for place in book.leaves if among(place)}
    return {
        place.name: [
            dest
            for dest in _dests(book, filter(along, book.thens.get(place.name, ())))
            if dest in names
        ]
        for place in book.leaves
        if place.name in names
    }


def _dests(book: Book, ways: Iterable[Way]) -> Iterator[str]:
    for way in ways:
        target = way.transition.to
        stays = target in ("STAY", "RESUME") and not way.event
        if target == "REPEAT" or (stays and book.places[way.scope].state.run is None):
            yield way.scope
        elif target is not None and book.named(target) is not None:
            yield book.leaf(target) or ""


def _changes_values(book: Book, name: str, part: list[str]) -> bool:
    """Whether something is set or emptied on the way through a state to another of its circle."""
    place = book.places[name]
    actions: list[Action] = [*(place.state.enter or ()), *(place.state.exit or ())]
    for way in book.thens.get(name, ()):
        if any(dest in part for dest in _dests(book, [way])):
            actions += [way.transition, *(way.transition.do or ())]
    return any(action.set or action.clear for action in actions)


# --- findings ------------------------------------------------------------------------------------


def _spin(book: Book, trip: list[str]) -> Diagnostic:
    first = book.places[trip[0]]
    round_ = "it leads to itself" if len(trip) == 2 else f"a circle of {len(trip) - 1} states"
    return book.checked.find(
        "TW304", first.path, f"`{trip[0]}` goes round for ever: {round_}, and nothing waits in it",
        span=book.source.span(_entry(book, first, trip[1])),
        label="goes on at once, without the caller, a tool or a timer",
        help="let one of them wait (`collect`, `confirm`, `run`), or count with `when: visits < 3`",
        path=tuple(trip),
    )  # fmt: skip


def _filled_forms(book: Book, trip: list[str]) -> Diagnostic:
    """The circle is entered through a form; the way back to it is what the author must look at."""
    at = next(index for index, name in enumerate(trip) if book.places[name].state.collect)
    trip = [*trip[at:-1], *trip[:at], trip[at]]
    last, form = book.places[trip[-2]], book.places[trip[-1]]
    slots = form.state.collect or []
    return book.checked.find(
        "TW304", last.path, f"back in `{form.name}` nothing is asked: its slots are filled already",
        span=book.source.span(_entry(book, last, form.name)),
        label="from here it goes round for ever",
        help=f"empty what shall be asked again: `clear: [{slots[0]}]`",
        related=(book.checked.see((*form.path, "collect"), "asks only for empty slots"),),
        path=tuple(trip),
    )  # fmt: skip


def _entry(book: Book, place: Place, dest: str) -> Path:
    """Where the way from a state to another is written."""
    for way in book.thens[place.name]:
        if dest in _dests(book, [way]):
            return way.to_path
    return place.path


def _by_name(book: Book, name: str) -> bool:
    """Whether a state leads to itself by its own name."""
    targets = (way.transition.to for way in book.thens.get(name, ()))
    named = (book.named(target) for target in targets if target is not None)
    return any(place is not None and place.name == name for place in named)


def _stuck(book: Book) -> Iterator[Diagnostic]:
    """STAY and RESUME in `then`: what was waited for is done, so staying is done at once again."""
    for name, ways in book.thens.items():
        verb = book.places[name].state.verb
        if verb is None or verb == "collect":
            continue
        for way in ways:
            if way.transition.to in ("STAY", "RESUME"):
                yield book.checked.find(
                    "TW304", way.to_path,
                    f"`{way.transition.to}` in `then` goes round for ever: `{verb}` is done here",
                    label="there is nothing left to wait for",
                    help="write `REPEAT` to do it again, or name another state",
                    path=(name, name),
                )  # fmt: skip


PASSES = (spin_loops, endless_retries)
