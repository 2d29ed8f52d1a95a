"""Finds the edges of the caller's speech in the room's audio, in session milliseconds.

The detector runs inline: the embedded one takes about a millisecond per 32 ms of audio, and a hop
to a thread and back would cost more latency than it saves. Audio time is mapped to session time at
each block: the block that just arrived is the newest audio there is.
"""

from __future__ import annotations

from collections.abc import Callable

from engine.events import Millis, SpeechEnded, SpeechStarted
from engine.pipeline.stage import Post, SessionTime, Stage
from media.frames import Samples
from providers.base import VoiceActivityDetector, VoiceEdge

OnEdge = Callable[[VoiceEdge], None]
"""Told every edge right after its event was posted."""


class Detection(Stage):
    """Voice activity of one participant.

    Args:
        vad: the detector; broken once, it is not asked again.
        on_edge: who else needs the edges: the recogniser.
        post: the way into the mailbox.
        time: the session's time.
    """

    def __init__(
        self, vad: VoiceActivityDetector, on_edge: OnEdge, post: Post, time: SessionTime
    ) -> None:
        super().__init__("vad", post, time)
        self._vad = vad
        self._on_edge = on_edge
        self._speaking = False
        self._edge: Millis = 0
        self._broken = False

    def hear(self, participant: str, samples: Samples, start: float) -> None:
        """Take audio at the detector's rate.

        Args:
            participant: who is heard.
            samples: the next block.
            start: the clock's instant (seconds) of the participant's first sample, as far as this
                block tells.
        """
        if self._broken:
            return
        try:
            edges = self._vad.process(samples)
        except Exception as error:  # a broken detector must not take the room's callback with it
            self._break(participant, start, error)
            return
        for edge in edges:
            self._report(participant, edge, self.time.millis(start + edge.at))

    async def aclose(self) -> None:
        """Close the detector."""
        await super().aclose()
        self._vad.close()

    def _report(self, participant: str, edge: VoiceEdge, instant: Millis) -> None:
        now = self.time.now()
        # Network jitter moves the mapping by some milliseconds; the order of edges stays.
        self._edge = min(now, max(self._edge, instant))
        self._speaking = edge.kind == "start"
        if self._speaking:
            self.post(
                SpeechStarted(
                    at=now, participant=participant, edge=self._edge, confidence=edge.confidence
                )
            )
        else:
            self.post(SpeechEnded(at=now, participant=participant, edge=self._edge))
        self._on_edge(edge)

    def _break(self, participant: str, start: float, error: Exception) -> None:
        self._broken = True
        self.fail(error)
        if self._speaking:  # nobody would ever end this stretch otherwise
            now = self.time.now()
            end = VoiceEdge(kind="end", at=self.time.seconds(now) - start)
            self._report(participant, end, now)
