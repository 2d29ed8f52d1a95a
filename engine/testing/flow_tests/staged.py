"""A dialog in which any event can be made to happen from outside: `emit: timer.long_call`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from engine.core.dialog import Dialog
from engine.events import AppEventReceived, Millis

_STAGED = "staged:"


class StagedDialog(Dialog):
    """Takes an app event that `staged` made as the event it stands for."""

    def raise_event(self, name: str, data: Mapping[str, Any] | None = None) -> None:
        """Raise the event itself."""
        super().raise_event(name.removeprefix(f"app.{_STAGED}"), data)


def staged(event: str, at: Millis) -> AppEventReceived:
    """The app event that stands for any event."""
    return AppEventReceived(at=at, name=_STAGED + event)


def event_name(event: AppEventReceived) -> str:
    """What the flow sees."""
    staged_name = event.name.removeprefix(_STAGED)
    return staged_name if staged_name != event.name else f"app.{event.name}"
