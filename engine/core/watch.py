"""Two deadlines of the agent's line: `first_audio` until it is audible, `playout` until it is over.

The head of the queue is expected to become audible in time, an audible line to end about when its
length says, and a line that was stopped to report its end. Of a sound that is read as it plays, and
may have no end, word must come that it goes on. While the audio is held nothing of it is
due: what was left then is kept with the line.
"""

from __future__ import annotations

from engine.core.deadlines import Deadlines
from engine.core.heard import guessed_duration
from engine.core.outbox import Outbox
from engine.core.utterance import Utterance
from engine.events import Millis

FIRST_AUDIO = 10_000
"""How long the voice may take for the first sample of the line whose turn it is."""

PLAYOUT_MARGIN = 3_000
"""How much later than computed a line may end: network, jitter buffer, a loaded machine."""


class Watch:
    """Sets and cancels the deadlines of lines; decides nothing."""

    __slots__ = ("_deadlines", "_outbox")

    def __init__(self, outbox: Outbox, deadlines: Deadlines) -> None:
        self._outbox = outbox
        self._deadlines = deadlines

    def first_audio(self, line: Utterance) -> None:
        """The line is the next to be heard: that must happen in time."""
        self._deadlines.set_once(f"first_audio:{line.id}", self._outbox.at + FIRST_AUDIO)

    def audible(self, line: Utterance, paused_at: Millis | None) -> None:
        """The line is heard, or its length became known: it must end in time.

        Args:
            line: which has begun.
            paused_at: since when the audio is held; None: it is not.
        """
        self._deadlines.cancel(f"first_audio:{line.id}")
        length = line.duration
        if length is None:
            length = line.given + max(FIRST_AUDIO, guessed_duration(line.text))
        due = (line.started or 0) + line.silent + length + PLAYOUT_MARGIN
        if paused_at is not None:
            line.due_in = due - paused_at
        else:
            self._deadlines.set(f"playout:{line.id}", due)

    def hold(self, line: Utterance) -> None:
        """The audio is held."""
        self._deadlines.cancel(f"first_audio:{line.id}")
        due = self._deadlines.get(f"playout:{line.id}")
        if due is not None:
            line.due_in = due - self._outbox.at
            self._deadlines.cancel(f"playout:{line.id}")

    def go_on(self, line: Utterance) -> None:
        """The audio goes on."""
        if line.due_in is not None:
            self._deadlines.set(f"playout:{line.id}", self._outbox.at + line.due_in)
            line.due_in = None

    def stopped(self, line: Utterance) -> None:
        """The line was stopped: its end, with what was played of it, must be reported."""
        self.forget(line)
        self._deadlines.set(f"playout:{line.id}", self._outbox.at + PLAYOUT_MARGIN)

    def forget(self, line: Utterance) -> None:
        """The line is over."""
        self._deadlines.cancel(f"first_audio:{line.id}")
        self._deadlines.cancel(f"playout:{line.id}")
