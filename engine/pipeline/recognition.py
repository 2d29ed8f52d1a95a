"""Gives each stretch of speech to the recogniser, with a little audio from before its edge.

The detector reports an edge some 60 to 100 ms after it happened, and the first sound of a word is
often softer than what trips it. So the last second of audio is kept, and a stretch begins 300 ms
before its edge: our measurements lost leading consonants with less.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

import numpy as np

from engine.events import TranscriptReceived, Word
from engine.pipeline.stage import Post, SessionTime, Stage
from media.frames import Samples
from providers.base import Recognizer, Transcript, VoiceEdge
from providers.errors import ProviderUnavailable

PRE_ROLL = 0.3
"""Seconds of audio before the edge that belong to the stretch."""

_KEPT = 1.0
"""Seconds of audio kept; longer than pre-roll plus the slowest decision of a detector."""


class Recognition(Stage):
    """Speech to text of one participant."""

    def __init__(self, stt: Recognizer, post: Post, time: SessionTime) -> None:
        super().__init__("stt", post, time)
        self._stt = stt
        self._participant = ""
        self._ring: deque[Samples] = deque()
        self._kept = 0
        self._heard = 0
        self._speaking = False
        self._pre_roll = 0.0
        self._broken = False

    async def open(self) -> None:
        """Open the recogniser and begin to read its transcripts."""
        await self._stt.open()
        self.tasks.start(self._read(), "transcripts")

    async def aclose(self) -> None:
        """Stop listening and close the recogniser."""
        self._broken = True
        await super().aclose()
        await self._stt.aclose()

    def expect(self, grammar: str) -> None:
        """Prefer this grammar from the next stretch on."""
        self._call(lambda: self._stt.expect(grammar))

    def hear(self, participant: str, samples: Samples) -> None:
        """Take audio at the recogniser's rate, before the edges found in it."""
        self._participant = participant
        self._heard += len(samples)
        if self._speaking:
            self._call(lambda: self._stt.push(samples))
            return
        self._ring.append(samples)
        self._kept += len(samples)
        while self._kept - len(self._ring[0]) >= _KEPT * self._stt.sample_rate:
            self._kept -= len(self._ring.popleft())

    def edge(self, edge: VoiceEdge) -> None:
        """Begin a stretch at a start edge, close it at an end edge."""
        if edge.kind == "start" and not self._speaking:
            self._begin(edge.at)
        elif edge.kind == "end" and self._speaking:
            self._speaking = False
            self._call(self._stt.end_speech)

    def _begin(self, at: float) -> None:
        since = self._heard / self._stt.sample_rate - at
        wanted = round((since + PRE_ROLL) * self._stt.sample_rate)
        audio = np.concatenate(self._ring) if self._ring else np.zeros(0, np.int16)
        audio = audio[max(0, len(audio) - wanted) :]
        self._pre_roll = len(audio) / self._stt.sample_rate - since
        self._ring.clear()
        self._kept = 0
        self._speaking = True
        self._call(self._stt.start_speech)
        self._call(lambda: self._stt.push(audio))

    def _call(self, work: Callable[[], None]) -> None:
        if self._broken:
            return
        try:
            work()
        except Exception as error:  # a dead recogniser must not take the room's callback with it
            self._break(error)

    async def _read(self) -> None:
        try:
            async for transcript in self._stt.transcripts():
                self._report(transcript)
        except Exception as error:  # whatever an SDK raises, the flow decides
            self._break(error)
        else:
            self._break(ProviderUnavailable("the recogniser stopped giving transcripts"))

    def _break(self, error: Exception) -> None:
        if not self._broken:
            self._broken = True
            self.fail(error)

    def _report(self, transcript: Transcript) -> None:
        self.post(
            TranscriptReceived(
                at=self.time.now(),
                participant=self._participant,
                text=transcript.text,
                final=transcript.final,
                confidence=transcript.confidence,
                words=tuple(self._word(w.text, w.start, w.end) for w in transcript.words),
                accepted=transcript.accepted,
            )
        )

    def _word(self, text: str, start: float, end: float) -> Word:
        """Count word times from the edge, as the event promises, not from the pre-roll."""
        return Word(text=text, start=self._offset(start), end=self._offset(end))

    def _offset(self, seconds: float) -> int:
        return max(0, round((seconds - self._pre_roll) * 1000))
