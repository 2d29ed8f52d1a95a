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

from collections.abc import Callable
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
        self._dialog = dialog
        self._requests = requests
        self._postponed = postponed
        note, end = outbox.note, exchange.turn_over
        late = "the room does not let go"
        self._acts: dict[str, Callable[[str], object]] = {
            "close": lambda _: note("error", name="error.room", message=late),
            "gone": lambda _: presence.gone(),
            "interrupt": lambda _: exchange.voice_insists(),
            "false_alarm": lambda _: exchange.false_alarm(),
            "transcript": exchange.transcript_missing,
            "long_turn": exchange.turn_too_long,
            "end_of_turn": lambda turn: ahead.commit(partial(end, turn), handlers),
            "silence": lambda _: dialog.no_input(),
            "first_audio": partial(failures.line_late, "first_audio"),
            "playout": partial(failures.line_late, "playout"),
            "summary": dialog.recollection.late,
        }

    def ring(self, deadline: Deadline) -> None:
        """Do what this deadline was set for."""
        name = deadline.name
        if self._requests.late(name):
            return
        kind, _, subject = name.partition(":")
        act = self._acts.get(kind)
        if act is not None:
            act(subject)
        elif not self._postponed.limit(name):
            self._dialog.deadline(name)
