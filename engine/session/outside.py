"""What a program may tell a call: events of its own, and news of the line."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, get_args

from engine.events import AppEventReceived, CallNews, CallNewsReceived, Event, Millis
from engine.pipeline.data import plain_map
from engine.wording import writable

APP = "app."
NEWS: tuple[CallNews, ...] = get_args(CallNews)
"""Events that only the world around a call can raise."""


def outside_event(name: str, data: Mapping[str, Any] | None, at: Millis) -> Event:
    """Return the event a flow sees as `name`.

    Args:
        name: `app.NAME`, or one of `NEWS`.
        data: as a tool may return it; `event.KEY` in the flow.
        at: when it was told.

    Raises:
        ValueError: the conversation raises this event itself, or nothing does; there is something
            in `data` that is no data.
    """
    given = plain_map(data, "event")
    if name.startswith(APP) and len(name) > len(APP):
        return AppEventReceived(at=at, name=writable(name.removeprefix(APP)), data=given)
    for news in NEWS:
        if name == news:
            return CallNewsReceived(at=at, name=news, data=given)
    expected = ", ".join(["app.NAME", *NEWS])
    raise ValueError(f"{name!r} cannot be raised from outside; expected one of {expected}")
