"""Makes a broken case short: turns and failures are left out as long as it stays broken."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import TypeVar

from engine.testing.fuzz.cases import Case, Turn

_T = TypeVar("_T")


def shrink(case: Case, broken: Callable[[Case], bool]) -> Case:
    """Return the shortest case like `case` that is broken in the same way.

    Args:
        case: a broken case that tells what its services do.
        broken: plays a case and says whether it breaks the same promise.
    """
    while True:
        smaller = _turns(_services(case, broken), broken)
        if smaller == case:
            return case
        case = smaller


def _turns(case: Case, broken: Callable[[Case], bool]) -> Case:
    for turns in _shorter(case.turns):
        candidate = replace(case, turns=tuple(turns))
        if broken(candidate):
            return _turns(candidate, broken)
    for number, turn in enumerate(case.turns):
        for simpler in _simpler(turn):
            turns = [*case.turns[:number], simpler, *case.turns[number + 1 :]]
            candidate = replace(case, turns=tuple(turns))
            if broken(candidate):
                return _turns(candidate, broken)
    return case


def _services(case: Case, broken: Callable[[Case], bool]) -> Case:
    for names in _shorter(sorted(case.services or {})):
        services = {name: way for name, way in (case.services or {}).items() if name in names}
        candidate = replace(case, services=services)
        if broken(candidate):
            return _services(candidate, broken)
    return case


def _shorter(items: Sequence[_T]) -> Iterator[Sequence[_T]]:
    """Give the list without its halves, then its quarters ... then each of its items."""
    size = len(items)
    while size >= 1:
        for start in range(0, len(items), size):
            rest = [*items[:start], *items[start + size :]]
            if len(rest) < len(items):
                yield rest
        size //= 2


def _simpler(turn: Turn) -> Iterator[Turn]:
    if turn.after:
        yield replace(turn, after=0)
    if " " in turn.text:
        yield replace(turn, text=turn.text.split(" ")[0])
    if turn.do == "speaks" and turn.how not in ("", "final"):
        yield replace(turn, how="final")
