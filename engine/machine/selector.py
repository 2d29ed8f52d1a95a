"""Which transition fires (S3 of the language): innermost scope, document order, first enabled.

Guards are judged in the order in which they are reached, and none is that an earlier transition
made superfluous.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, TypeAlias, TypeVar

from engine.flow.expressions import EvaluationError
from engine.machine.compiled import Handler, HandlerScope, Transition

_About = TypeVar("_About")

Blame: TypeAlias = Callable[[_About, Transition, EvaluationError], None]
"""Told of a guard that cannot be judged; it counts as false."""


class Answers:
    """Who may answer which event in one state: found when first asked, shared by all calls.

    A state lists its handlers scope by scope, as the author wrote them; a step wants the
    transitions that may fire for one event. There is one list for each event that somebody names,
    so however many kinds of events arrive, nothing more is kept.

    Args:
        scopes: the handlers, innermost scope first.
    """

    __slots__ = ("_by_event", "_scopes")

    def __init__(self, scopes: Sequence[HandlerScope]) -> None:
        self._scopes = scopes
        self._by_event: dict[str, tuple[Transition, ...]] | None = None

    def to(self, event: str) -> tuple[Transition, ...]:
        """Return what may fire for an event, in the order in which guards are judged.

        `error.timeout` is answered by handlers for `error.timeout` and for `error`: whatever else
        matches an event matches the longest name of it that anybody handles.
        """
        known = self._by_event
        if known is None:
            known = self._by_event = self._indexed()
        while (found := known.get(event)) is None:
            event = event.rpartition(".")[0]
            if not event:
                return ()
        return found

    def _indexed(self) -> dict[str, tuple[Transition, ...]]:
        named = [handler.event for scope in self._scopes for handler in scope.handlers]
        return {
            event: tuple(t for h in handlers_for(self._scopes, event) for t in h.transitions)
            for event in dict.fromkeys(named)
        }


def first_enabled(
    transitions: Sequence[Transition], names: Mapping[str, Any], blame: Blame[_About], about: _About
) -> Transition | None:
    """Return the first transition without a guard, or whose guard is true.

    Args:
        transitions: in the order in which they are judged.
        names: what guards may read.
        blame: is told of a guard that fails.
        about: what it is told of that beside the guard.

    A handler whose transitions are all disabled does not end the search for an answer: the next
    handler that matches is asked, and then the next scope outward.
    """
    for transition in transitions:
        guard = transition.when
        if guard is None:
            return transition
        try:
            if guard.evaluate(names) is True:
                return transition
        except EvaluationError as error:
            blame(about, transition, error)
    return None


def handlers_for(scopes: Sequence[HandlerScope], event: str) -> Iterator[Handler]:
    """Yield the handlers that match `event`: innermost scope first, then document order."""
    for scope in scopes:
        for handler in scope.handlers:
            if matches(handler.event, event):
                yield handler


def matches(pattern: str, event: str) -> bool:
    """Say whether a handler for `pattern` catches `event`: `error` catches `error.timeout`."""
    return event == pattern or (event.startswith(pattern) and event[len(pattern)] == ".")
