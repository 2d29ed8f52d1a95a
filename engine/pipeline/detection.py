"""Finds the edges of a participant's speech in the room's audio, in session milliseconds.

The detector runs inline: the embedded one takes about a millisecond per 32 ms of audio, and a hop
to a thread and back would cost more latency than it saves. Audio time is mapped to session time at
each block: the block that just arrived is the newest audio there is.

Somebody who speaks must be admitted (`floor`). Who is not is asked for again at each block: once
the floor is free they have it, in the middle of what they say.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from engine.events import Millis, SpeechEnded, SpeechStarted
from engine.pipeline import answers
from engine.pipeline.stage import Post, SessionTime, Stage
from media.frames import Samples
from providers.base import VoiceActivityDetector, VoiceEdge
from providers.errors import ProviderAnswerError

OnEdge = Callable[[str, VoiceEdge, Millis], None]
"""(participant, edge, its instant): told every edge that counts, after its event was posted."""


class Admit(Protocol):
    """Says whether somebody who speaks since `at` is listened to; `again`: it was refused once."""

    def __call__(self, participant: str, at: Millis, *, again: bool) -> bool:
        """Decide."""
        ...


class Detection(Stage):
    """Voice activity in one stream of audio.

    Args:
        vad: the detector; broken once, it is not asked again.
        admit: whether whoever speaks has the floor.
        on_edge: who else needs the edges: the recogniser.
        post: the way into the mailbox.
        time: the session's time.
    """

    def __init__(
        self,
        vad: VoiceActivityDetector,
        admit: Admit,
        on_edge: OnEdge,
        post: Post,
        time: SessionTime,
    ) -> None:
        super().__init__("vad", post, time)
        self._vad = vad
        self._admit = admit
        self._on_edge = on_edge
        self._speaker: str | None = None
        """Whose voice is heard and counts."""
        self._refused = False
        self._edge: Millis = 0
        self._broken = False

    @property
    def sample_rate(self) -> int:
        """The detector's rate."""
        return self._vad.sample_rate

    def hear(self, participant: str, samples: Samples, start: float) -> None:
        """Take audio at the detector's rate.

        Args:
            participant: who is heard.
            samples: the next block.
            start: the clock's instant (seconds) of the stream's first sample, as far as this
                block tells.
        """
        if self._broken:
            return
        try:
            found = answers.each(self._vad.process(samples), VoiceEdge, "what a detector finds")
            edges = [(edge := checked(one), self.time.millis(start + edge.at)) for one in found]
        except Exception as error:  # a broken detector must not take the room's callback with it
            self._break(start, error)
            return
        for edge, instant in edges:
            self._take(participant, edge, instant)
        if self._refused:
            now = self.time.now()
            if self._admit(participant, now, again=True):
                at = self.time.seconds(now) - start
                self._started(participant, VoiceEdge(kind="start", at=at), now)

    def stop(self) -> None:
        """Whoever was heard is gone, perhaps in the middle of a word."""
        speaker, self._speaker, self._refused = self._speaker, None, False
        if speaker is not None:
            self._on_edge(speaker, VoiceEdge(kind="end", at=0.0), self.time.now())

    async def aclose(self) -> None:
        """Close the detector."""
        await super().aclose()
        self._vad.close()

    def _take(self, participant: str, edge: VoiceEdge, instant: Millis) -> None:
        # Network jitter moves the mapping by some milliseconds; the order of edges stays.
        self._edge = min(self.time.now(), max(self._edge, instant))
        if edge.kind == "end":
            self._refused = False
            self._ended(edge, self._edge)
        elif self._admit(participant, self._edge, again=False):
            self._started(participant, edge, self._edge)
        else:
            self._refused = True

    def _started(self, participant: str, edge: VoiceEdge, instant: Millis) -> None:
        self._speaker, self._refused = participant, False
        self.post(
            SpeechStarted(
                at=self.time.now(),
                participant=participant,
                edge=instant,
                confidence=edge.confidence,
            )
        )
        self._on_edge(participant, edge, instant)

    def _ended(self, edge: VoiceEdge, instant: Millis) -> None:
        speaker, self._speaker = self._speaker, None
        if speaker is not None:
            self.post(SpeechEnded(at=self.time.now(), participant=speaker, edge=instant))
            self._on_edge(speaker, edge, instant)

    def _break(self, start: float, error: Exception) -> None:
        self._broken = True
        self.fail(error)
        # nobody would ever end this stretch otherwise
        now = self.time.now()
        self._ended(VoiceEdge(kind="end", at=self.time.seconds(now) - start), now)


def checked(edge: VoiceEdge) -> VoiceEdge:
    """Return an edge with plain values.

    Raises:
        ProviderAnswerError: a part of it is of another type, or no number.
    """
    if edge.kind not in ("start", "end"):
        what = f"the kind of an edge must be start or end, and is {edge.kind!r:.40}"
        raise ProviderAnswerError(what)
    return VoiceEdge(
        kind=edge.kind,
        at=answers.number(edge.at, "the instant of an edge"),
        confidence=answers.number(edge.confidence, "the confidence of an edge"),
    )
