"""Replay: a journal's events and deadlines go into a fresh conversation; each step is compared.

A conversation is a function of what happened to it, so its journal is enough to live the call once
more. Each step is written as the journal writes it and compared byte by byte with the line that was
recorded; the first that differs ends the replay.
"""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from engine.core.conversation import Conversation
from engine.core.step import Deadline, Step
from engine.errors import JournalError
from engine.events import FlowReplaced
from engine.observe.journal import Entry, encode, line_of

_MISSING = object()


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """The first step that did not come out as it was recorded."""

    recorded: Entry
    replayed: Step | None
    """None: the conversation has no step for this line."""
    waiting: tuple[str, ...] = ()
    """Deadlines that are set in the replay when there is no step."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Replay:
    """What came of a replay."""

    steps: tuple[Step, ...]
    """Those that came out byte for byte as recorded, in order."""
    difference: Difference | None
    """None: every line of the journal did."""
    closed: bool
    """Whether the call is over at the end of the journal; False: it was cut short."""


Successor = Callable[[Conversation, str], Conversation]
"""Gives the conversation that goes on with the version of its flow that has this fingerprint."""


def _no_other_version(_: Conversation, fingerprint: str) -> Conversation:
    raise JournalError(f"the call went on with another version of its flow: {fingerprint[:12]}")


def replay(
    conversation: Conversation,
    recorded: Iterable[Entry],
    successor: Successor = _no_other_version,
) -> Replay:
    """Live a call once more.

    Args:
        conversation: a fresh one, of the flow the journal belongs to.
        recorded: the journal's steps; reading stops at the first difference.
        successor: asked where the flow was edited while the call went on.

    Raises:
        JournalError: raised by the iterator for a line that is no step, and by `successor` when the
            version is not found, or not one the call could go on with; a step cannot be lived.
    """
    equal: list[Step] = []
    ahead: deque[Step] = deque()
    for entry in recorded:
        if not ahead:
            if isinstance(entry.step.cause, FlowReplaced):
                conversation = successor(conversation, entry.step.cause.fingerprint)
            ahead.extend(_relive(conversation, entry))
        step = ahead.popleft() if ahead else None
        if step is None or line_of(encode(step)) != entry.text:
            waiting = conversation.pending if step is None else ()
            difference = Difference(recorded=entry, replayed=step, waiting=waiting)
            return Replay(steps=tuple(equal), difference=difference, closed=False)
        equal.append(step)
    return Replay(steps=tuple(equal), difference=None, closed=conversation.closed)


def _relive(conversation: Conversation, entry: Entry) -> list[Step]:
    """Do to the conversation what the recorded step says was done to it."""
    step = entry.step
    try:
        # The instant of the step, not of its event: the session's clock may have been further.
        steps = conversation.advance(step.at)
        if not isinstance(step.cause, Deadline):
            steps += conversation.receive(step.cause)
    except Exception as error:  # whatever an edited line makes of a conversation
        what = f"{type(error).__name__}: {error}"
        raise JournalError(f"this step cannot be lived: {what}", entry.line) from error
    return steps


def differing_fields(difference: Difference) -> list[tuple[str, str, str]]:
    """Return (path, recorded, replayed) of every field that differs, as JSON text.

    Empty when both lines hold the same data and only their bytes differ.
    """
    if difference.replayed is None:
        return []
    recorded, replayed = json.loads(difference.recorded.text), encode(difference.replayed)
    return [(path, _json(a), _json(b)) for path, a, b in _differing("", recorded, replayed)]


def differing_steps(recorded: Step, replayed: Step) -> list[tuple[str, str, str]]:
    """Return (path, recorded, replayed) of every field in which two steps differ."""
    found = _differing("", encode(recorded), encode(replayed))
    return [(path, _json(a), _json(b)) for path, a, b in found]


def _differing(path: str, one: Any, other: Any) -> Iterator[tuple[str, Any, Any]]:
    if isinstance(one, dict) and isinstance(other, dict):
        for name in [*one, *(name for name in other if name not in one)]:
            inner = f"{path}.{name}" if path else str(name)
            yield from _differing(inner, one.get(name, _MISSING), other.get(name, _MISSING))
    elif isinstance(one, list) and isinstance(other, list):
        for n in range(max(len(one), len(other))):
            pair = [items[n] if n < len(items) else _MISSING for items in (one, other)]
            yield from _differing(f"{path}[{n}]", *pair)
    elif type(one) is not type(other) or one != other:
        yield path, one, other


def _json(value: Any) -> str:
    return "nothing" if value is _MISSING else json.dumps(value, ensure_ascii=False)
