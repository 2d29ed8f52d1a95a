"""What becomes of a failure: a service that broke, a line that was never heard.

The flow decides what a failure means (`error.tts`, `error.stt` ...). But a flow can only answer by
speaking, and the apology for a dead voice fails as well: so failures in a row are counted, and past
the limit the call ends instead of going round in circles. One success starts the count anew.

Before anybody is there, there is nobody to answer to, and that hearing failed is kept: whoever
comes would talk to deaf ears.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

from engine.core.dialog import Dialog
from engine.core.exchange import Exchange
from engine.core.outbox import Outbox
from engine.effects import ReportError
from engine.events import ServiceFailed, TransferEnded

LIMITS = {
    "tts": 2,  # the line, then the apology for it
    "stt": 3,  # each costs the caller a turn
}
"""Failures in a row that end the call, by service."""

_HEARING = ("stt", "vad")
"""Services without which no caller is heard."""

_LATE = {
    "first_audio": "no audio came in time",
    "playout": "its end was never reported",
}


class Failures:
    """Takes failures to the dialog, and knows when it is enough."""

    def __init__(self, outbox: Outbox, exchange: Exchange, dialog: Dialog) -> None:
        self._outbox = outbox
        self._exchange = exchange
        self._dialog = dialog
        self._count: dict[str, int] = {}
        self._subject: dict[str, str] = {}
        self._deaf: str | None = None
        """Why the caller, who is not there yet, will not be heard; None: nothing has failed."""
        self.too_many = ""
        """`error.tts` or `error.stt` once that service has failed too often, else empty."""

    def service_failed(self, event: ServiceFailed) -> None:
        """A provider or stage failed."""
        service = event.service
        if not self._exchange.opened or service == "turn_detector":
            # Nobody to tell yet; and without a detector every turn waits the policy's minimum.
            self._report(f"error.{service}", event.message, event.subject)
            if service in _HEARING and self._deaf is None:
                self._deaf = event.message
        elif service == "tts":
            self._voice_failed(event)
        elif service in _HEARING:
            self._exchange.deaf()
            self._count_failure("stt", event.subject, event.message)
        elif service == "llm" and self._dialog.recollection.failed(event.subject, event.message):
            pass  # told, and that is all: nobody waits for a summary
        elif service == "transfer":
            self._dialog.transfer_ended(TransferEnded(at=event.at, error=event.message))
        else:
            self._raise(f"error.{service}", event.message, event.subject)

    def somebody_came(self) -> None:
        """There is somebody to tell of what has failed before."""
        deaf, self._deaf = self._deaf, None
        if deaf is not None:
            self._count_failure("stt", "", deaf)

    def lose(self) -> None:
        """Another process goes on with the call, and with services of its own."""
        self._deaf = None

    def line_late(self, deadline: str, utterance: str) -> None:
        """A deadline of a line passed (`first_audio` or `playout`): it counts as not spoken."""
        self._line_failed(utterance, _LATE[deadline], stop=True)

    def worked(self, service: str) -> None:
        """The service did its work."""
        if self._count.pop(service, 0):
            self._subject.pop(service, None)

    def _voice_failed(self, event: ServiceFailed) -> None:
        if event.subject:
            self._line_failed(event.subject, event.message, stop=False)
            return
        lost = self._exchange.turns.give_up_all()
        self._exchange.line_over()
        self._count_failure("tts", "", f"{event.message} ({len(lost)} lines lost)")

    def _line_failed(self, name: str, message: str, *, stop: bool) -> None:
        """Go on with the queue; what is said about the failure belongs to a new turn."""
        utterance = self._exchange.turns.give_up(name, stop=stop)
        if utterance is None:
            if not stop:
                self._outbox.note("late", utterance=name)
            return
        self._exchange.line_over()
        self._count_failure("tts", utterance.turn, f"{name}: {message}")

    def _count_failure(self, service: str, subject: str, message: str) -> None:
        """Tell the dialog, once for all lines of one agent turn, unless it is one too many."""
        name = f"error.{service}"
        if subject and self._subject.get(service) == subject:
            self._outbox.note("error", name=name, message=message)
            return
        self._subject[service] = subject
        self._count[service] = self._count.get(service, 0) + 1
        if self._count[service] >= LIMITS[service]:
            self._report(name, message, subject)
            self.too_many = name
        else:
            self._raise(name, message, subject)

    def _raise(self, name: str, message: str, subject: str) -> None:
        if self._dialog.ended is None:
            data = {"message": message, "subject": subject}
            self._exchange.work(partial(self._dialog.raise_event, name, data))
        else:  # it has said its last word
            self._report(name, message, subject)

    def _report(self, name: str, message: str, subject: str) -> None:
        self._outbox.emit(ReportError(name=name, message=message, subject=subject))

    def to_dict(self) -> dict[str, Any]:
        """Return what must survive."""
        return {
            "count": dict(self._count),
            "subject": dict(self._subject),
            "deaf": self._deaf,
            "too_many": self.too_many,
        }

    def from_dict(self, data: Mapping[str, Any]) -> None:
        """Restore what `to_dict` gave."""
        self._count, self._subject = dict(data["count"]), dict(data["subject"])
        self.too_many, self._deaf = data["too_many"], data.get("deaf")
