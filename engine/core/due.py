"""Takes a deadline that is due to the part that set it. The dialog has a table of its own for its.

    close                              nobody: it is noted that the room does not let go
    gone                               the caller does not come back
    interrupt, false_alarm, transcript, long_turn, end_of_turn      turn-taking
    silence                            the dialog: the caller says nothing
    first_audio, playout               a line failed
    summary                            what was to be summed up is told as it is
    all others                         whoever asked for it, else the dialog

A limit of the dialog's work stands still while the caller is in the middle of a turn (`postponed`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial

from engine.core.ahead import Ahead, Handlers
from engine.core.dialog import Dialog
from engine.core.exchange import Exchange
from engine.core.failures import Failures
from engine.core.outbox import Outbox
from engine.core.postponed import Postponed
from engine.core.presence import Presence
from engine.core.requests import Requests
from engine.core.step import Deadline


class Due:
    """The parts of one conversation, by the deadlines they set."""

    __slots__ = (
        "_postponed",
        "_requests",
        "ahead",
        "dialog",
        "exchange",
        "failures",
        "handlers",
        "outbox",
        "presence",
    )

    def __init__(
        self,
        outbox: Outbox,
        exchange: Exchange,
        dialog: Dialog,
        failures: Failures,
        presence: Presence,
        requests: Requests,
        postponed: Postponed,
        ahead: Ahead,
        handlers: Handlers,
    ) -> None:
        self.outbox = outbox
        self.exchange = exchange
        self.dialog = dialog
        self.failures = failures
        self.presence = presence
        self.ahead = ahead
        self.handlers = handlers
        self._requests = requests
        self._postponed = postponed

    def ring(self, deadline: Deadline) -> None:
        """Do what this deadline was set for."""
        name = deadline.name
        if self._requests.late(name):
            return
        kind, _, subject = name.partition(":")
        act = _ACTS.get(kind)
        if act is not None:
            act(self, subject)
        elif not self._postponed.limit(name):
            self.dialog.deadline(name)

    def room_stays(self) -> None:
        """The call is over, and nobody has let go."""
        self.outbox.note("error", name="error.room", message="the room does not let go")


_ACTS: Mapping[str, Callable[[Due, str], object]] = {
    "close": lambda due, _: due.room_stays(),
    "gone": lambda due, _: due.presence.gone(),
    "interrupt": lambda due, _: due.exchange.voice_insists(),
    "false_alarm": lambda due, _: due.exchange.false_alarm(),
    "transcript": lambda due, turn: due.exchange.transcript_missing(turn),
    "long_turn": lambda due, turn: due.exchange.turn_too_long(turn),
    "end_of_turn": lambda due, turn: due.ahead.commit(
        partial(due.exchange.turn_over, turn), due.handlers
    ),
    "silence": lambda due, _: due.dialog.no_input(),
    "first_audio": lambda due, line: due.failures.line_late("first_audio", line),
    "playout": lambda due, line: due.failures.line_late("playout", line),
    "summary": lambda due, name: due.dialog.recollection.late(name),
}
"""One table for all calls: what is bound to a call would weigh 2 kB in each."""
