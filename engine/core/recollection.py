"""What a model that talks is told of the call so far, and how the older part of it is summed up.

Where `history` is `summary`, the latest messages are told as they are, and in the place of the
older ones stands a summary. It is written by the model beside a reply, never before one: the order
goes out behind that of the reply, what comes back is taken into use behind that of a later one, so
a reply that was begun ahead of its turn is not made again for it. While it is written everything is
told as it is. If it fails or is late, an `error` says so and the latest messages are told, as with
`keep`; some turns later it is tried again.

Only what precedes a turn of the caller is summed up: those lines are over. What is personal is left
out of the summary wherever it is told.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from engine.core import prompting, recalling
from engine.core.consultations import Calls, Consultations
from engine.core.frames import Frame
from engine.core.history import HistoryItem
from engine.core.recalling import Recap
from engine.core.scene import Scene
from engine.effects import CancelReply, ReportError, Summarize
from engine.events import Millis, Summarized

AFTER = 24
"""Messages that are told as they are before the older ones are summed up: about twelve turns."""
KEPT = 8
"""The latest of them are never summed up: what a caller means by "that" must stand there."""
TIME_LIMIT: Millis = 30_000
"""For a summary; nobody waits for it, but the history grows meanwhile."""
LONGEST = 2_000
"""Characters of a summary; a longer one would cost what it is to save."""


class Recollection:
    """The memory behind the prompts of one call.

    Attributes:
        log: what models asked for, and what came of it.
    """

    def __init__(self, scene: Scene) -> None:
        self._scene = scene
        self.log = Consultations()
        self._recap = Recap()
        self._ready: Recap | None = None
        """It has come, and is used from the next reply on."""
        self._asked, self._first = "", ""
        """The summary that is being written, and the turn before which it ends."""
        self._count = 0
        self._patience = AFTER

    def told(self, frame: Frame) -> tuple[Mapping[str, Any], ...]:
        """Return what was said so far, as much of it as the state wants told."""
        scene, policy = self._scene, frame.state.history
        said: Sequence[HistoryItem] = scene.speaker.history
        calls: Calls = self.log.told
        hidden = prompting.hidden(scene, frame) if scene.personal.watches else ()
        if hidden:
            said, calls = recalling.without(hidden, said, calls)
        recap = self._recap if policy.summary else recalling.NONE
        whole = policy.summary and bool(self._asked)
        since = frame.visit.since
        return recalling.messages(said, calls, policy, since, recap, whole=whole)

    def review(self, frame: Frame) -> None:
        """A reply was ordered: sum up beside it what has become too long."""
        if not frame.state.history.summary:
            return
        if self._ready is not None:
            self._recap, self._ready = self._ready, None
        if not self._asked and not self._scene.asking.ahead:
            self._sum_up()

    def _sum_up(self) -> None:
        scene = self._scene
        said, calls = recalling.without(scene.personal.ids, scene.speaker.history, self.log.told)
        start = recalling.place(said, self._recap.first)
        if len(said) - start <= self._patience:
            return
        turns = (n for n in range(len(said) - KEPT, start, -1) if said[n].role == "user")
        end = next(turns, None)
        if end is None:
            return
        self._count += 1
        self._asked, self._first = f"s{self._count}", said[end].id
        history = recalling.messages(said[:end], calls, recap=self._recap, whole=True)
        order = Summarize(summary=self._asked, instructions=prompting.SUMMING_UP, history=history)
        scene.outbox.emit(order)
        scene.deadlines.set(f"summary:{self._asked}", scene.at + TIME_LIMIT)

    # --- what comes back -------------------------------------------------------------------------

    def summarized(self, event: Summarized) -> None:
        """Take a summary; one nobody waits for is dropped."""
        if event.summary != self._asked:
            self._scene.outbox.note("late", summary=event.summary)
            return
        text = event.text.strip()[:LONGEST]
        if not text:
            self.failed(event.summary, "the model has summed up nothing")
            return
        self._ready = Recap(first=self._first, text=text)
        self._patience = AFTER
        self._over()

    def failed(self, subject: str, message: str) -> bool:
        """The model failed. False: not at the summary that is being written."""
        if not subject or subject != self._asked:
            return False
        self._patience += KEPT
        self._over()
        error = ReportError(name="error.llm", message=f"summary: {message}", subject=subject)
        self._scene.outbox.emit(error)
        return True

    def late(self, subject: str) -> None:
        """The time for a summary is over."""
        self._scene.outbox.emit(CancelReply(reply=subject))
        self.failed(subject, "the model took too long")

    def lose(self) -> None:
        """Another process goes on with the call: nobody writes it any more; try again."""
        self._over()

    def _over(self) -> None:
        self._scene.deadlines.cancel(f"summary:{self._asked}")
        self._asked = self._first = ""

    # --- snapshot --------------------------------------------------------------------------------

    def to_dict(self) -> dict[str, Any]:
        """Return everything as JSON-like data."""
        return {
            "log": self.log.to_dict(),
            "recap": asdict(self._recap),
            "ready": None if self._ready is None else asdict(self._ready),
            "asked": [self._asked, self._first],
            "count": self._count,
            "patience": self._patience,
        }

    def from_dict(self, data: Mapping[str, Any]) -> None:
        """Restore what `to_dict` gave."""
        self.log.from_dict(data["log"])
        self._recap = Recap(**data["recap"])
        self._ready = None if data["ready"] is None else Recap(**data["ready"])
        self._asked, self._first = data["asked"]
        self._count, self._patience = data["count"], data["patience"]
