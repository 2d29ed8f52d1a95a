"""Requests: what the program around a call asks of it. Events like any other, in one order.

A program that calls `session.say(...)` changes nothing by itself: its request enters the
conversation as an event, is journalled, and is replayed as it was. The conversation decides
(`engine.core.requests`) and answers with a note `request`, once, when a request is over.

A request whose outcome somebody may wait for carries an id (`q3`), given by whoever posts it.
"""

from __future__ import annotations

from typing import Literal

from engine.events import Event
from engine.records import record


@record
class SayRequested(Event):
    """Say a line behind everything that is ordered. Before somebody joined it waits for them."""

    request: str
    text: str = ""
    """What is said; with `audio`: what is heard in it, as far as history and screens care."""
    audio: str = ""
    """A file to play instead of speaking; `memory:ID`: audio the session holds under that name."""
    interruptible: bool | None = None
    """None: as the state says."""
    remember: bool = True
    """False: neither history nor any model is told of it."""


@record
class ReplyRequested(Event):
    """Let the language model say something, as soon as nobody else has the floor."""

    request: str
    instructions: str
    interruptible: bool | None = None
    """None: as the state says."""
    tools: tuple[str, ...] | None = None
    """What the model may use; None: what the talk of the state may."""
    pictures: tuple[str, ...] = ()
    """What the model is shown: `memory:ID.1` ..., names under which the session holds them."""
    within: str = ""
    """The tool call that asks: it may wait for the reply, so the reply must not wait for it."""


@record
class InterruptRequested(Event):
    """Stop what is said, and what is about to be."""

    request: str = ""
    """Only what belongs to this request; empty: everything."""
    force: bool = False
    """Protected lines as well."""


@record
class KeysRequested(Event):
    """Press telephone keys on our side of the line."""

    keys: str


@record
class TransferRequested(Event):
    """Hand the caller over, after what is ordered was said."""

    request: str
    to: str
    kind: Literal["cold", "warm", "agent"] = "cold"
    brief: str = ""
    within: str = ""
    """As in `ReplyRequested`."""


@record
class EndRequested(Event):
    """End the call after what is ordered was said; `CloseRequested` ends it now."""

    reason: str
    kind: Literal["hangup", "leave"] = "hangup"


@record
class HandlerFailed(Event):
    """The program's own handler of an event raised. Told, and nothing else: the call goes on."""

    handler: str
    message: str
    """For the journal and the author."""


REQUEST_TYPES: dict[str, type[Event]] = {
    cls.__name__: cls
    for cls in (
        EndRequested,
        HandlerFailed,
        InterruptRequested,
        KeysRequested,
        ReplyRequested,
        SayRequested,
        TransferRequested,
    )
}
"""Every one by name: the journal reads itself back with this table and `EVENT_TYPES`."""
