"""Gives each stretch of speech to the recogniser, with a little audio from before its edge.

The detector reports an edge some 60 to 100 ms after it happened, and the first sound of a word is
often softer than what trips it. So 0.6 seconds of audio are kept, and a stretch begins 300 ms
before its edge: our measurements lost leading consonants with less.
"""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Callable

import numpy as np

from engine.events import TranscriptReceived, Word
from engine.pipeline.stage import Post, SessionTime, Stage, describe
from media.frames import Samples
from providers.base import Recognizer, Transcript, VoiceEdge
from providers.errors import ProviderUnavailable

PRE_ROLL = 0.3
"""Seconds of audio before the edge that belong to the stretch."""

_KEPT = 0.6
"""Seconds of audio kept; longer than pre-roll plus the slowest decision of a detector."""

_log = logging.getLogger("turnwise.pipeline")


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
        self._answered = False
        """The stretch that goes on has its final transcript already."""
        self._pre_roll = 0.0
        self._broken = False
        self._expected = ""
        self._next: Recognizer | None = None
        """Open, and waits until the one that hears owes no transcript."""
        self._owed = 0
        """Stretches that are over and have no final transcript yet."""

    async def open(self) -> None:
        """Open the recogniser and begin to read its transcripts."""
        await self._stt.open()
        self.tasks.start(self._read(self._stt), "transcripts")

    async def aclose(self) -> None:
        """Stop listening and close the recogniser."""
        self._broken = True
        await super().aclose()
        if self._next is not None:
            await self._next.aclose()
        await self._stt.aclose()

    def renew(self, stt: Recognizer) -> None:
        """Open another recogniser of the same rate, and hear with it from the next silence on.

        One that cannot start is let go: the old one still hears, as well as it can.
        """
        self.tasks.start(self._renew(stt), "next recogniser")

    async def _renew(self, stt: Recognizer) -> None:
        try:
            await stt.open()
        except Exception as error:  # whatever an SDK raises, the call goes on with what it has
            _log.warning("the recogniser does not learn the edited flow: %s", describe(error))
            await stt.aclose()
            return
        replaced, self._next = self._next, stt
        if replaced is not None:
            await replaced.aclose()
        self._take_over()

    def _take_over(self) -> None:
        """Let the next recogniser hear, where the old one is in no word and owes none."""
        if self._next is None or self._speaking or self._owed:
            return
        old, self._stt, self._next = self._stt, self._next, None
        self._broken = False
        self._call(lambda: self._stt.expect(self._expected))
        self.tasks.start(self._read(self._stt), "transcripts")
        self.tasks.start(old.aclose(), "former recogniser")

    def expect(self, grammar: str) -> None:
        """Prefer this grammar from the next stretch on."""
        self._expected = grammar
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
            self._owed += not self._answered
            self._call(self._stt.end_speech)

    def split(self) -> None:
        """Close the stretch in progress, although the voice goes on, and begin the next one."""
        if self._speaking:
            self._owed += 1
            self._call(self._stt.end_speech)
            self._pre_roll = 0.0
            self._call(self._stt.start_speech)

    def _begin(self, at: float) -> None:
        since = self._heard / self._stt.sample_rate - at
        wanted = round((since + PRE_ROLL) * self._stt.sample_rate)
        audio = np.concatenate(self._ring) if self._ring else np.zeros(0, np.int16)
        audio = audio[max(0, len(audio) - wanted) :]
        self._pre_roll = len(audio) / self._stt.sample_rate - since
        self._ring.clear()
        self._kept = 0
        self._speaking, self._answered = True, False
        self._call(self._stt.start_speech)
        self._call(lambda: self._stt.push(audio))

    def _call(self, work: Callable[[], None]) -> None:
        if self._broken:
            return
        try:
            work()
        except Exception as error:  # a dead recogniser must not take the room's callback with it
            self._break(error)

    async def _read(self, stt: Recognizer) -> None:
        try:
            async for transcript in stt.transcripts():
                self._report(transcript)
        except Exception as error:  # whatever an SDK raises, the flow decides
            self._lost(stt, error)
        else:
            self._lost(stt, ProviderUnavailable("the recogniser stopped giving transcripts"))

    def _lost(self, stt: Recognizer, error: Exception) -> None:
        """A recogniser gives no more; one that was replaced has nothing to give."""
        if stt is self._stt:
            self._break(error)
            self._owed = 0
            self._take_over()

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
                eager=transcript.eager,
            )
        )
        if transcript.final:
            if not self._owed:  # a recogniser that notices the end of speech before we do
                self._answered = self._speaking
            self._owed = max(0, self._owed - 1)
            self._take_over()

    def _word(self, text: str, start: float, end: float) -> Word:
        """Count word times from the edge, as the event promises, not from the pre-roll."""
        return Word(text=text, start=self._offset(start), end=self._offset(end))

    def _offset(self, seconds: float) -> int:
        return max(0, round((seconds - self._pre_roll) * 1000))
