"""Gives each stretch of speech to the recogniser, with a little audio from before its edge.

The detector reports an edge some 60 to 100 ms after it happened, and the first sound of a word is
often softer than what trips it. So the latest 0.4 seconds of audio are kept, and a stretch begins
300 ms before its edge: our measurements lost leading consonants with less. A detector that needs
longer to be sure has longer kept from then on.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any, Protocol

import numpy as np

from engine.events import TranscriptReceived, Word
from engine.pipeline import answers
from engine.pipeline.others import MakeComponent, Others
from engine.pipeline.stage import Post, SessionTime, Stage, describe
from media.frames import Samples
from providers.base import Recognizer, Transcript, VoiceEdge
from providers.errors import ProviderUnavailable

PRE_ROLL = 0.3
"""Seconds of audio before the edge that belong to the stretch."""

LONGEST_DECISION = 1.0
"""Seconds; what is reported later than that finds no audio before its edge."""

DECISION = 0.1
"""Seconds until a detector is sure of an edge, at first; as long as the embedded one needs."""

_log = logging.getLogger("turnwise.pipeline")


class Ring:
    """The latest moment of one stream of audio, and how much of it there has been.

    One array of just the size, the latest at its end: what grows and is cut off at its front holds
    room in reserve, in every idle call.
    """

    __slots__ = ("_audio", "_kept", "heard")

    def __init__(self) -> None:
        self._audio = np.zeros(0, dtype=np.int16)
        self._kept = 0
        self.heard = 0

    def keep(self, samples: Samples, limit: float) -> None:
        """Keep these samples behind those before, no more than `limit` of all."""
        size = round(limit)
        if size != len(self._audio):
            before = self.take(size)
            self._audio = np.zeros(size, dtype=np.int16)
            self._append(before)
        self._append(samples)

    def take(self, wanted: int) -> Samples:
        """Return the latest samples, as many of these as there are, and keep none."""
        latest = self._audio[len(self._audio) - min(wanted, self._kept) :].copy()
        self._kept = 0
        return latest

    def restart(self, factor: float) -> None:
        """From now on audio has another rate, so many times the one before."""
        self.heard, self._kept = round(self.heard * factor), 0

    def _append(self, samples: Samples) -> None:
        size = len(self._audio)
        new = samples[max(0, len(samples) - size) :]
        start = size - len(new)
        self._audio[:start] = self._audio[len(new) :]
        self._audio[start:] = new
        self._kept = min(size, self._kept + len(new))


class _Closing(Protocol):
    async def aclose(self) -> None: ...


class Recognition(Stage):
    """Speech to text: of one stretch at a time, whoever speaks it.

    Audio comes in one or several streams (`ears`), a stretch from one of them.

    Args:
        stt: the recogniser of the flow.
        post: the way into the mailbox.
        time: the session's time.
        others: makes the recognisers that states have of their own.
    """

    def __init__(
        self,
        stt: Recognizer,
        post: Post,
        time: SessionTime,
        others: MakeComponent | None = None,
    ) -> None:
        super().__init__("stt", post, time)
        self._stt = self._main = stt
        self._others: Others[Recognizer] = Others(stt, others)
        self._wanted = ""
        """The name of the one that shall hear; empty: the flow's own."""
        self._read_from: set[int] = set()
        """The recognisers whose transcripts are read."""
        self._retired: list[_Closing] = []
        """What is closed as soon as another recogniser hears."""
        self._rings: dict[int, Ring] = {}
        self._stream = 0
        """The one the stretch in progress is in, or the latest was."""
        self._speakers: list[str] = []
        """Whose the stretches are that have no final transcript, the oldest first."""
        self._speaker = ""
        """Whose the latest transcript was, or will be."""
        self._speaking = False
        self._answered = False
        """The stretch that goes on has its final transcript already."""
        self._pre_roll = 0.0
        self._decision = DECISION
        """Seconds by which an edge is reported late, as far as is known."""
        self._broken = False
        self._expected = ""
        self._next: Recognizer | None = None
        """Open, and waits until the one that hears owes no transcript."""
        self._owed = 0
        """Stretches that are over and have no final transcript yet."""

    async def open(self) -> None:
        """Open the recogniser and begin to read its transcripts."""
        await self._stt.open()
        self._begin_reading()

    async def aclose(self) -> None:
        """Stop listening and close the recogniser."""
        self._broken = True
        await super().aclose()
        for one in (*self._retired, self._others, self._main):
            await one.aclose()

    def remake(self, others: MakeComponent | None) -> None:
        """The flow is another: what its states have of their own is made by this from now on."""
        self._others.remake(others)

    def renew(self, stt: Recognizer, others: MakeComponent | None = None) -> None:
        """Open another recogniser, and hear with it from the next silence on.

        One that cannot start is let go: the old one still hears, as well as it can.

        Args:
            stt: the recogniser of the flow as it is now.
            others: makes those that its states have of their own.
        """
        self.tasks.start(self._renew(stt, others), "next recogniser")

    async def _renew(self, stt: Recognizer, others: MakeComponent | None) -> None:
        fresh: Others[Recognizer] = Others(stt, others)
        try:
            await stt.open()
            hears = await fresh.get(self._wanted)
        except Exception as error:  # whatever an SDK raises, the call goes on with what it has
            _log.warning("the recogniser does not learn the edited flow: %s", describe(error))
            await fresh.aclose()
            await stt.aclose()
            return
        self._retired += (self._others, self._main)
        self._main, self._others, self._next = stt, fresh, hears
        self._take_over()

    async def _change(self, name: str) -> None:
        """Hear with another recogniser, open, as soon as that is possible."""
        others = self._others
        try:
            hears = await others.get(name)
        except Exception as error:  # whatever an SDK raises, the flow decides; the old one hears
            self.fail(error)
            return
        if others is self._others and name == self._wanted:
            self._next = hears if hears is not self._stt else None
            self._take_over()

    def _take_over(self) -> None:
        """Let the next recogniser hear, where the old one is in no word and owes none."""
        if self._next is None or self._speaking or self._owed:
            return
        before = self._stt.sample_rate
        self._stt, self._next = self._next, None
        if self._stt.sample_rate != before:
            for ring in self._rings.values():
                ring.restart(self._stt.sample_rate / before)
        self._broken = False
        self._call(lambda: self._stt.expect(self._expected))
        self._begin_reading()
        for one in self._retired:
            self.tasks.start(one.aclose(), "former recogniser")
        self._retired.clear()

    def _begin_reading(self) -> None:
        if id(self._stt) not in self._read_from:
            self._read_from.add(id(self._stt))
            self.tasks.start(self._read(self._stt), "transcripts")

    def expect(self, grammar: str, recogniser: str = "") -> None:
        """Prefer this grammar from the next stretch on, heard by this recogniser."""
        self._expected = grammar
        self._call(lambda: self._stt.expect(grammar))
        if recogniser != self._wanted:
            self._wanted = recogniser
            self.tasks.start(self._change(recogniser), "recogniser of a state")

    @property
    def sample_rate(self) -> int:
        """The recogniser's rate; known once it is open."""
        return self._stt.sample_rate

    def hear(self, participant: str, samples: Samples, stream: int = 0) -> None:
        """Take audio of a stream at the recogniser's rate, before the edges found in it."""
        ring = self._rings.get(stream)
        if ring is None:
            ring = self._rings[stream] = Ring()
            self._speaker = self._speaker or participant
        ring.heard += len(samples)
        if self._speaking and stream == self._stream:
            self._call(lambda: self._stt.push(samples))
        else:
            ring.keep(samples, (PRE_ROLL + self._decision) * self._stt.sample_rate)

    def edge(self, edge: VoiceEdge, stream: int = 0, participant: str = "") -> None:
        """Begin a stretch at a start edge, close it at an end edge.

        Args:
            edge: the edge.
            stream: where it was found.
            participant: whose voice it is; known better at the end than at the start of a mix.
        """
        if edge.kind == "start" and not self._speaking:
            self._stream = stream
            self._speakers.append(participant)
            self._begin(edge.at)
        elif edge.kind == "end" and self._speaking and stream == self._stream:
            self._speaking = False
            if self._speakers:
                self._speakers[-1] = participant or self._speakers[-1]
            self._owed += not self._answered
            self._call(self._stt.end_speech)

    def split(self) -> None:
        """Close the stretch in progress, although the voice goes on, and begin the next one."""
        if self._speaking:
            self._owed += not self._answered
            self._answered = False
            self._speakers.extend(self._speakers[-1:])  # the same voice goes on
            self._call(self._stt.end_speech)
            self._pre_roll = 0.0
            self._call(self._stt.start_speech)

    def _begin(self, at: float) -> None:
        ring = self._rings.setdefault(self._stream, Ring())
        since = ring.heard / self._stt.sample_rate - at
        self._decision = max(self._decision, min(since, LONGEST_DECISION))
        audio = ring.take(round((since + PRE_ROLL) * self._stt.sample_rate))
        self._pre_roll = len(audio) / self._stt.sample_rate - since
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
                self._report(checked(transcript))
        except Exception as error:  # whatever an SDK raises, the flow decides
            self._lost(stt, error)
        else:
            self._lost(stt, ProviderUnavailable("the recogniser stopped giving transcripts"))

    def _lost(self, stt: Recognizer, error: Exception) -> None:
        """A recogniser gives no more; one that was replaced has nothing to give."""
        if stt is self._stt:
            self._break(error)
            self._owed = 0
            self._speakers.clear()
            self._take_over()

    def _break(self, error: Exception) -> None:
        if not self._broken:
            self._broken = True
            self.fail(error)

    def _report(self, transcript: Transcript) -> None:
        if self._speakers:
            self._speaker = self._speakers[0] or self._speaker
        if transcript.final and self._speakers:
            self._speakers.pop(0)
        self.post(
            TranscriptReceived(
                at=self.time.now(),
                participant=self._speaker,
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


def checked(transcript: Any) -> Transcript:
    """Return a transcript with plain values.

    Raises:
        ProviderAnswerError: it is none, or a part of it is of another type.
    """
    heard = answers.one(transcript, Transcript, "what a recogniser gives")
    return Transcript(
        text=answers.text(heard.text, "the text of a transcript"),
        final=answers.flag(heard.final, "`final` of a transcript"),
        confidence=answers.number(heard.confidence, "the confidence of a transcript"),
        words=tuple(answers.timings(heard.words, "a transcript")),
        accepted=answers.flag(heard.accepted, "`accepted` of a transcript"),
        eager=answers.flag(heard.eager, "`eager` of a transcript"),
    )
