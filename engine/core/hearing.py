"""What comes from the caller: voice, stretches of speech, words, and the one open turn.

A *stretch* lies between two edges of voice. A *turn* is one or more stretches, and every sign of
life of the caller belongs to exactly one turn: it opens with voice or words, and closes by being
committed (handed to the dialog) or dropped (there were no words in it, or none that count).

The recogniser answers a stretch with one or more final transcripts, sometimes before the voice
activity noticed its end and sometimes when the next stretch has begun already; some never answer
a cough. So a final is `owed` while a stretch is over without one; the next final pays that before
it counts for a stretch that is still going on. A watchdog bounds the waiting.

While the agent has lines under way the turn is an `overlap`: its words are judged before they
count (`interruption`). It becomes an ordinary turn when the agent is interrupted or done.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from engine.core.outbox import Outbox
from engine.events import Millis, SpeechEnded, SpeechStarted, TranscriptReceived

BREATH: Millis = 500
"""Two stretches no further apart are one effort to say something."""

_BY_WORDS = "(words)"
"""Who speaks when words arrive although no voice activity was reported."""


@dataclass(slots=True)
class UserTurn:
    """One hold of the floor by the caller."""

    id: str
    last_speech: Millis
    """The last instant at which the caller is known to have spoken."""
    overlap: bool
    """The agent has the floor; the words are judged before they count."""
    texts: list[str] = field(default_factory=list)
    """The final transcripts that count, in order."""
    trusted: bool = False
    """At least one of them is accepted by the recogniser."""
    partial: str = ""
    """What was heard after the last final."""
    partial_trusted: bool = True
    """The recogniser accepts that."""
    whole: bool = False
    """... and takes it for all the caller wants to say."""
    began: Millis | None = None
    """When the latest stretch began."""
    effort: Millis = 0
    """When the first of the stretches began that lie no more than a breath apart ..."""
    earlier: Millis = 0
    """... and how much voice was in those before the latest one."""
    opened: Millis | None = None
    """Since when it is the caller's turn and nothing else."""
    pause: Millis | None = None
    """How long the caller was silent before the latest stretch, until its words came."""
    resumed: bool = False
    """It goes on with a turn that was taken for over."""
    owed: bool = False
    """A stretch is over and its final transcript is not here."""
    settled: bool = False
    """The latest stretch has a final, and nothing was heard after it."""
    speaker: str = ""
    """Whose voice it is ..."""
    left: bool = False
    """... who is gone: what another says is another turn."""

    @property
    def text(self) -> str:
        """The words that count so far."""
        return " ".join(self.texts)

    @property
    def expected(self) -> str:
        """All that was heard, if none of it is in the making; empty: words are still coming."""
        if self.partial and not (self.whole and self.partial_trusted):
            return ""
        if not (self.partial or self.trusted):
            return ""
        return " ".join(part for part in (self.text, self.partial.strip()) if part)

    def stretch(self, edge: Millis) -> None:
        """A stretch begins; it goes on with those just before it."""
        if self.began is not None:
            self.pause = edge - self.last_speech
        near = self.began is not None and edge - self.last_speech <= BREATH
        if self.began is not None and near:
            self.earlier += max(0, self.last_speech - self.began)
        else:
            self.effort, self.earlier = edge, 0
        self.began, self.last_speech = edge, edge
        self.settled = False

    def voiced(self, until: Millis, after: Millis = 0) -> Millis:
        """Return how much voice there was, in all, between two instants."""
        if self.began is None:
            return 0
        counted = self.earlier if self.effort >= after else 0
        return counted + max(0, until - max(self.began, after))

    def voiced_for(self, enough: Millis, after: Millis = 0) -> Millis:
        """Return when there will have been so much voice, if the stretch goes on."""
        counted = self.earlier if self.effort >= after else 0
        return max(self.began or 0, after) + enough - counted


class Hearing:
    """Keeps the caller's voice and the open turn. Decides nothing."""

    def __init__(self, outbox: Outbox) -> None:
        self._outbox = outbox
        self._speakers: set[str] = set()
        self.voice = False
        """Whether anybody is heard right now."""
        self._count = 0
        self._late = False
        self.turn: UserTurn | None = None
        """The open turn, if any."""
        self.last: tuple[str, str] = ("", "")
        """Id and words of the last turn the dialog was given."""
        self.edge: Millis = 0
        """When the voice last began or ended."""

    @property
    def by_words(self) -> bool:
        """Whether words are the only sign of that voice; only words, or none for long, end it."""
        return _BY_WORDS in self._speakers

    @property
    def holding(self) -> bool:
        """Whether the caller has the floor."""
        return self.turn is not None and not self.turn.overlap

    def next_id(self) -> str:
        """Return the id of a new turn."""
        self._count += 1
        return f"u{self._count}"

    def voiced(self, at: Millis, after: Millis = 0) -> Millis:
        """Return how much voice there was by now, after an instant, breaths not counted."""
        turn = self.turn
        if turn is None:
            return 0
        return turn.voiced(at if self.voice else min(at, turn.last_speech), after)

    def started(self, event: SpeechStarted, *, overlap: bool) -> UserTurn:
        """The voice begins; opens a turn if none is open."""
        return self._begin(event.participant, min(event.edge, self._outbox.at), overlap=overlap)

    def ended(self, event: SpeechEnded) -> UserTurn | None:
        """The voice ends; None when nobody was heard."""
        return self._end(event.participant, min(event.edge, self._outbox.at))

    def left(self, participant: str) -> UserTurn | None:
        """Somebody left, perhaps in the middle of a word."""
        if self.turn is not None and self.turn.speaker == participant:
            self.turn.left = True
        return self._end(participant, self._outbox.at)

    def deaf(self) -> UserTurn | None:
        """Nothing can be heard any more."""
        turn = self.turn if self._speakers else None
        for participant in sorted(self._speakers):
            self._end(participant, self._outbox.at)
        return turn

    def partial(self, event: TranscriptReceived, *, overlap: bool) -> UserTurn:
        """Words in the making; where no voice was reported they are the voice."""
        if not self.voice and not (self.turn and self.turn.owed):
            self._begin(_BY_WORDS, self._outbox.at, overlap=overlap)
        turn = self._open(overlap=overlap)
        turn.partial, turn.partial_trusted, turn.settled = event.text, event.accepted, False
        turn.whole = event.eager
        if self.voice:
            turn.last_speech = self._outbox.at
        return turn

    def final(self, event: TranscriptReceived, *, overlap: bool) -> UserTurn | None:
        """A stretch has its words; None when they were given up long ago.

        The words are *not* added to the turn: they are judged first, see `take`.
        """
        if self.turn is None and self._late:
            self._late = False
            return None
        if self.by_words:
            self._end(_BY_WORDS, self._outbox.at)
        fresh = not self.voice and not (self.turn and self.turn.owed)
        if fresh and not event.text.strip() and self.turn is None:
            return None
        turn = self._open(overlap=overlap)
        if fresh and event.text.strip():
            turn.last_speech = self._outbox.at
        turn.partial = ""
        turn.settled = turn.settled or not turn.owed
        turn.owed = False
        return turn

    def take(self, text: str, *, trusted: bool) -> None:
        """Let these words count."""
        if self.turn is not None and text.strip():
            self.turn.texts.append(text.strip())
            self.turn.trusted = self.turn.trusted or trusted

    def give_up(self) -> str:
        """Wait no longer for the final of the last stretch; return what was heard of it.

        A final that comes after the turn was closed is then late; one that comes before is not.
        """
        assert self.turn is not None, "only an open turn is owed anything"
        self._silent(_BY_WORDS)
        heard, self.turn.partial = self.turn.partial, ""
        self.turn.owed, self.turn.settled = False, True
        self._late = bool(heard)
        return heard

    def committed(self, turn: str, words: str, before: str) -> str:
        """Remember what the dialog is given: the words, after those they continue."""
        text = " ".join(part for part in (before, words) if part)
        self.last = (turn, text)
        return text

    def close(self) -> UserTurn | None:
        """Close the open turn and return it."""
        turn, self.turn = self.turn, None
        return turn

    def part(self, speaker: str = "") -> UserTurn | None:
        """Close the turn of somebody who is gone, when all of it is here and another speaks.

        Args:
            speaker: who is about to speak; empty: whoever is heard, and that begins another turn.

        Returns:
            The turn that was closed; None: what is said belongs to the open one, if there is any.
        """
        former = self.turn
        if former is None or not former.left or former.speaker == speaker:
            return None
        if former.owed or former.overlap or not former.texts or not (speaker or self.voice):
            return None
        self.turn = None
        if self.voice:
            turn = self._open(overlap=False)
            turn.stretch(self.edge)
            turn.speaker = min(self._speakers)
        return former

    def hush(self) -> None:
        """Forget everything that is heard (the call is over)."""
        self._speakers.clear()
        self.voice = False
        self.turn = None

    def _open(self, *, overlap: bool) -> UserTurn:
        if self.turn is None:
            self.turn = UserTurn(
                id=self.next_id(), last_speech=self._outbox.at, overlap=overlap, settled=True
            )
        return self.turn

    def _begin(self, participant: str, edge: Millis, *, overlap: bool) -> UserTurn:
        self._late = False
        turn = self._open(overlap=overlap)
        if not self._speakers:
            self.edge = edge
            turn.stretch(edge)
        self._speakers.discard(_BY_WORDS)  # a voice activity detector knows better
        self._speakers.add(participant)
        if not turn.left or participant == turn.speaker:
            turn.speaker, turn.left = participant, False
        self.voice = True
        return turn

    def _end(self, participant: str, edge: Millis) -> UserTurn | None:
        if participant not in self._speakers:
            return None
        self._silent(participant)
        turn = self.turn
        if not self.voice and turn is not None:
            self.edge = turn.last_speech = max(edge, turn.began or 0)
            turn.owed = turn.owed or not turn.settled
        return turn

    def _silent(self, participant: str) -> None:
        self._speakers.discard(participant)
        self.voice = bool(self._speakers)

    def to_dict(self) -> dict[str, Any]:
        """Return what must survive, as JSON-like data."""
        turn = self.turn
        return {
            "speakers": sorted(self._speakers),
            "count": self._count,
            "late": self._late,
            "last": list(self.last),
            "edge": self.edge,
            "turn": None if turn is None else asdict(turn),
        }

    def from_dict(self, data: Mapping[str, Any]) -> None:
        """Restore what `to_dict` gave."""
        self._speakers = set(data["speakers"])
        self.voice = bool(self._speakers)
        self._count, self._late, self.edge = data["count"], data["late"], data["edge"]
        self.last = (data["last"][0], data["last"][1])
        turn = data["turn"]
        self.turn = None if turn is None else UserTurn(**{**turn, "texts": list(turn["texts"])})
