"""What means something in a flow: words for callers, names of events from outside."""

from __future__ import annotations

from collections.abc import Iterator

from engine.machine.compiled import CompiledFlow


def vocabulary(flow: CompiledFlow) -> Iterator[str]:
    """Give the phrases that mean something in a flow and in those it calls."""
    for intent in flow.intents.values():
        yield from intent.words
        yield from intent.examples
    for slot in flow.slots.values():
        yield from (phrase for phrases in slot.words.values() for phrase in phrases)
        yield from slot.type.values
    for called in flow.flows.values():
        yield from vocabulary(called)


def events(flow: CompiledFlow) -> Iterator[str]:
    """Give the names of the events from outside that a flow handles."""
    for state in flow.states.values():
        for scope in state.scopes:
            for handler in scope.handlers:
                if handler.event.startswith("app."):
                    yield handler.event.removeprefix("app.")
