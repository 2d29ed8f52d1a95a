"""One line of the agent on its way to the caller. Data only; `turns` moves it.

held      ordered while the caller has the floor: not yet handed to the voice
ordered   handed to the voice (`Say`), not audible yet
audible   from `PlayoutStarted`
ending    stopped or failed; only its `PlayoutFinished`, with what was played, is still due
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal

from engine.core.heard import heard_text
from engine.core.speaker import Purpose
from engine.events import Millis, SpeechPrepared, Word
from engine.machine.compiled import InterruptionPolicy


@dataclass(slots=True)
class Utterance:
    """One line under way."""

    id: str
    turn: str
    text: str
    purpose: Purpose
    policy: InterruptionPolicy
    state: Literal["held", "ordered", "audible", "ending"]
    started: Millis | None = None
    stopped: Millis | None = None
    silent: Millis = 0
    """Milliseconds of pauses since it started."""
    duration: Millis | None = None
    given: Millis = 0
    """The length of what there is, while it is read and played at the same time."""
    words: tuple[Word, ...] = ()
    file: str = ""
    """The audio file to play; empty: the text is spoken."""
    voice: str = ""
    """The component that speaks it; empty: the flow's own."""
    remember: bool = True
    """It belongs to the history."""
    due_in: Millis | None = None
    """What was left of its `playout` deadline when it was paused."""

    def prepared(self, event: SpeechPrepared) -> None:
        """Learn how long it is, or how long what there is of it."""
        if event.more:
            self.given = event.duration
        else:
            self.duration, self.words = event.duration, event.words

    def played_by(self, now: Millis) -> Millis:
        """Return about how much of it has been played; the measured figure comes with its end."""
        if self.started is None:
            return 0
        until = now if self.stopped is None else min(now, self.stopped)
        played = max(0, until - self.started - self.silent)
        return played if self.duration is None else min(played, self.duration)

    def heard(self, played: Millis, *, complete: bool) -> str:
        """Return its words that were heard when so much of it was played."""
        return heard_text(
            self.text,
            played=played,
            complete=complete,
            duration=self.duration,
            words=self.words,
        )

    def to_dict(self) -> dict[str, Any]:
        """Return it as JSON-like data."""
        return asdict(self)

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Utterance:
        """Build what `to_dict` gave."""
        words = tuple(Word(**word) for word in data["words"])
        return cls(**{**data, "policy": _policy(data["policy"]), "words": words})


def _policy(data: Mapping[str, Any]) -> InterruptionPolicy:
    thinking = data["thinking"]
    return InterruptionPolicy(
        **{
            **data,
            "phrases": tuple(data["phrases"]),
            "ignore": tuple(data["ignore"]),
            "thinking": None if thinking is None else _policy(thinking),
        }
    )
