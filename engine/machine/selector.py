"""Which transition fires (S3 of the language): innermost scope, document order, first enabled.

Pure: guards are judged by a function the caller gives, in the order in which they are reached, and
no guard is judged that an earlier transition made superfluous.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TypeAlias

from engine.machine.compiled import Handler, HandlerScope, Transition

Enabled: TypeAlias = Callable[[Transition], bool]
"""Says whether a transition's guard holds now."""


def select(scopes: Iterable[HandlerScope], event: str, enabled: Enabled) -> Transition | None:
    """Return the one transition that answers `event`, or None when nobody answers it.

    A handler whose transitions are all disabled does not end the search: the next handler that
    matches is asked, and then the next scope outward.
    """
    for handler in handlers_for(scopes, event):
        transition = first_enabled(handler.transitions, enabled)
        if transition is not None:
            return transition
    return None


def first_enabled(transitions: Sequence[Transition], enabled: Enabled) -> Transition | None:
    """Return the first transition whose guard holds, in document order."""
    for transition in transitions:
        if transition.when is None or enabled(transition):
            return transition
    return None


def handlers_for(scopes: Iterable[HandlerScope], event: str) -> Iterator[Handler]:
    """Yield the handlers that match `event`: innermost scope first, then document order."""
    for scope in scopes:
        for handler in scope.handlers:
            if matches(handler.event, event):
                yield handler


def matches(pattern: str, event: str) -> bool:
    """Say whether a handler for `pattern` catches `event`: `error` catches `error.timeout`."""
    return event == pattern or (event.startswith(pattern) and event[len(pattern)] == ".")
