"""Deterministic doubles of every kind of provider but the language model's (`scripted_model`).

They wait on the running loop's clock only: under a virtual clock they answer at exact instants.
Each records what it was asked, for assertions.
"""

from __future__ import annotations

import asyncio
import heapq
import itertools
import math
from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from providers.base import (
    RecognitionContext,
    Samples,
    SpeechChunk,
    Transcript,
    VoiceEdge,
    WordTiming,
)
from providers.errors import ProviderError

# --- voice activity ------------------------------------------------------------------------------


class ScriptedVad:
    """Reports speech where the script says it is, whatever the audio holds.

    Args:
        speech: (start, end) of each stretch in seconds of audio processed, in order.
        start_delay: seconds of audio from the start of speech until it is reported.
        end_delay: seconds of audio from the end of speech until it is reported.
        sample_rate: Hz it asks for.
    """

    def __init__(
        self,
        speech: Iterable[tuple[float, float]] = (),
        *,
        start_delay: float = 0.06,
        end_delay: float = 0.2,
        sample_rate: int = 16_000,
    ) -> None:
        self.sample_rate = sample_rate
        self.closed = False
        self._delays = {"start": start_delay, "end": end_delay}
        self._samples = 0
        self._pending: list[tuple[float, VoiceEdge]] = []
        for start, end in speech:
            self.speak(start, end)

    @property
    def position(self) -> float:
        """Seconds of audio processed so far."""
        return self._samples / self.sample_rate

    def speak(self, start: float, end: float) -> None:
        """Add a stretch of speech, in seconds of audio; later than those already given."""
        for edge in (VoiceEdge(kind="start", at=start), VoiceEdge(kind="end", at=end)):
            self._pending.append((edge.at + self._delays[edge.kind], edge))
        self._pending.sort(key=lambda item: item[0])

    def process(self, samples: Samples) -> Sequence[VoiceEdge]:
        """Count the samples; return the edges whose instant of report they reached."""
        self._samples += len(samples)
        # Half a sample: 0.06 s of 16 kHz must be "reached" by exactly 960 samples.
        reached = self.position + 0.5 / self.sample_rate
        due = [edge for at, edge in self._pending if at <= reached]
        del self._pending[: len(due)]
        return due

    def close(self) -> None:
        """Remember that it was closed."""
        self.closed = True


# --- recognition ---------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """What the recogniser makes of one stretch of speech."""

    text: str
    delay: float | None = 0.04
    """Seconds from `end_speech` to the final transcript; None: it never comes."""
    at: float | None = None
    """Instead, seconds from `start_speech`: whether or not the end was noticed by then."""
    partials: tuple[tuple[float, str], ...] = ()
    """(seconds after `start_speech`, text); those after the end of the stretch are not sent."""
    confidence: float = 1.0
    accepted: bool = True
    words: tuple[WordTiming, ...] = ()
    error: ProviderError | None = None
    """Raised by `transcripts()` instead of the final transcript."""


class ScriptedRecognizer:
    """Hears the n-th line of its script in the n-th stretch of speech; nothing after the last.

    What two stretches bring at one instant comes in the order of the stretches.

    Attributes:
        expected: every grammar named by `expect`, in order.
        pushed: seconds of audio per stretch.
    """

    def __init__(
        self,
        script: Iterable[Heard | str] = (),
        *,
        context: RecognitionContext | None = None,
        open_error: ProviderError | None = None,
        sample_rate: int = 16_000,
    ) -> None:
        self.sample_rate = sample_rate
        self.context = context or RecognitionContext()
        self.expected: list[str] = []
        self.pushed: list[float] = []
        self.opened = self.closed = False
        self._script: list[Heard] = []
        for line in script:
            self.hear(line)
        self._open_error = open_error
        self._queue: asyncio.Queue[Transcript | ProviderError | None] = asyncio.Queue()
        self._coming: list[tuple[int, int, int, Transcript | ProviderError]] = []
        """Microseconds of the loop, number of the stretch and of the transcript, and that."""
        self._count = itertools.count()
        self._current: Heard | None = None

    def hear(self, line: Heard | str) -> None:
        """Add a line to the script."""
        self._script.append(Heard(text=line) if isinstance(line, str) else line)

    async def open(self) -> None:
        """Open, or raise the scripted error."""
        if self._open_error is not None:
            raise self._open_error
        self.opened = True

    def expect(self, grammar: str) -> None:
        """Record the grammar."""
        self.expected.append(grammar)

    def start_speech(self) -> None:
        """Begin the next line of the script and schedule its partial transcripts."""
        number = len(self.pushed)
        self.pushed.append(0.0)
        self._current = self._script[number] if number < len(self._script) else Heard(text="")
        if self._current.at is not None:
            self._later(self._current.at, _final(self._current))
        for after, text in self._current.partials:
            self._later(after, Transcript(text=text, final=False))

    def push(self, samples: Samples) -> None:
        """Count the audio."""
        self.pushed[-1] += len(samples) / self.sample_rate

    def end_speech(self) -> None:
        """Drop partials that are still to come and schedule the final transcript."""
        heard, self._current = self._current, None
        if heard is None:
            return
        self._coming = [c for c in self._coming if not isinstance(c[3], Transcript) or c[3].final]
        heapq.heapify(self._coming)
        if heard.delay is not None and heard.at is None:
            self._later(heard.delay, _final(heard))

    def _later(self, delay: float, what: Transcript | ProviderError) -> None:
        loop = asyncio.get_running_loop()
        at = loop.time() + delay
        due = round(at * 1e6)  # two sums of seconds that are one instant differ in their last bits
        heapq.heappush(self._coming, (due, len(self.pushed), next(self._count), what))
        loop.call_at(at, self._arrive, due)

    def _arrive(self, due: int) -> None:
        while self._coming and self._coming[0][0] <= due:
            self._queue.put_nowait(heapq.heappop(self._coming)[3])

    async def transcripts(self) -> AsyncIterator[Transcript]:
        """Yield transcripts at their instants, until closed."""
        while (item := await self._queue.get()) is not None:
            if isinstance(item, ProviderError):
                raise item
            yield item

    async def aclose(self) -> None:
        """End `transcripts()`."""
        self.closed = True
        self._coming.clear()
        self._queue.put_nowait(None)


def _final(heard: Heard) -> Transcript | ProviderError:
    if heard.error is not None:
        return heard.error
    return Transcript(
        text=heard.text,
        final=True,
        confidence=heard.confidence,
        words=heard.words,
        accepted=heard.accepted,
    )


# --- end of turn ---------------------------------------------------------------------------------


class ScriptedTurnDetector:
    """Knows the probability of each text.

    Args:
        probabilities: by exact text, or a function of (text, kinds).
        default: for a text that is not in the mapping.
        delay: seconds until it answers.
    """

    def __init__(
        self,
        probabilities: Mapping[str, float] | Callable[[str, Sequence[str]], float] | None = None,
        *,
        default: float = 1.0,
        delay: float = 0.0,
    ) -> None:
        self.asked: list[tuple[str, tuple[str, ...]]] = []
        self.closed = False
        self._probabilities = probabilities or {}
        self._default = default
        self._delay = delay

    async def predict(self, text: str, kinds: Sequence[str]) -> float:
        """Return the scripted probability after the delay."""
        self.asked.append((text, tuple(kinds)))
        if self._delay:
            await asyncio.sleep(self._delay)
        if callable(self._probabilities):
            return self._probabilities(text, kinds)
        return self._probabilities.get(text, self._default)

    async def aclose(self) -> None:
        """Remember that it was closed."""
        self.closed = True


# --- speech --------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Voicing:
    """How one line is spoken, where the rule of the synthesizer does not fit."""

    duration: float | None = None
    """Seconds of audio; None: by words per minute; 0: no audio at all."""
    first_audio: float | None = None
    """Seconds until the first chunk; None: as for every line."""
    error: ProviderError | None = None
    error_after: float = 0.0
    """Seconds of audio given before the error is raised."""
    never: bool = False
    """No audio comes, and no error either."""


class ScriptedSynthesizer:
    """Speaks a tone (or silence) whose length follows from the text.

    Args:
        first_audio: seconds from the request to the first chunk.
        words_per_minute: sets the duration of a line; every word takes the same time.
        lines: exceptions by exact text.
        tone: Hz; None speaks digital silence.
        chunk: seconds of audio per chunk.
        chunk_delay: seconds between two chunks; less than `chunk` is faster than real time.
        sample_rate: Hz of its audio.

    Attributes:
        spoken: every text, in order.
        stopped: texts whose iterator was closed before their end.
    """

    def __init__(
        self,
        *,
        first_audio: float = 0.05,
        words_per_minute: float = 150.0,
        lines: Mapping[str, Voicing] | None = None,
        tone: float | None = 440.0,
        chunk: float = 0.1,
        chunk_delay: float = 0.0,
        open_error: ProviderError | None = None,
        sample_rate: int = 16_000,
    ) -> None:
        self.sample_rate = sample_rate
        self.spoken: list[str] = []
        self.stopped: list[str] = []
        self.opened = self.closed = False
        self._first_audio = first_audio
        self._words_per_minute = words_per_minute
        self._lines = dict(lines or {})
        self._tone = tone
        self._chunk = round(chunk * sample_rate)
        self._chunk_delay = chunk_delay
        self._open_error = open_error

    async def open(self) -> None:
        """Open, or raise the scripted error."""
        if self._open_error is not None:
            raise self._open_error
        self.opened = True

    def duration(self, text: str) -> float:
        """Return the seconds of audio this text takes."""
        scripted = self._lines.get(text, Voicing()).duration
        return len(text.split()) * 60 / self._words_per_minute if scripted is None else scripted

    async def synthesize(self, text: str) -> AsyncIterator[SpeechChunk]:
        """Speak `text` at the scripted instants."""
        self.spoken.append(text)
        voicing = self._lines.get(text, Voicing())
        finished = False
        try:
            first = voicing.first_audio
            await asyncio.sleep(self._first_audio if first is None else first)
            if voicing.never:
                await asyncio.get_running_loop().create_future()
            for chunk in self._chunks(text, voicing):
                yield chunk
                await asyncio.sleep(self._chunk_delay)
            finished = True
            if voicing.error is not None:
                raise voicing.error
        finally:
            if not finished:
                self.stopped.append(text)

    def _chunks(self, text: str, voicing: Voicing) -> Iterable[SpeechChunk]:
        rate = self.sample_rate
        seconds = self.duration(text)
        words = text.split()
        length = seconds / len(words) if words else 0.0
        timings = [
            WordTiming(text=word, start=number * length, end=(number + 1) * length)
            for number, word in enumerate(words)
        ]
        spoken = min(seconds, voicing.error_after) if voicing.error else seconds
        total = round(spoken * rate)
        for start in range(0, total, self._chunk):
            end = min(start + self._chunk, total)
            inside = tuple(w for w in timings if start <= round(w.start * rate) < end)
            yield SpeechChunk(samples=self._audio(start, end), words=inside)

    def _audio(self, start: int, end: int) -> Samples:
        if self._tone is None:
            return np.zeros(end - start, np.int16)
        phase = 2 * math.pi * self._tone / self.sample_rate * np.arange(start, end)
        audio: Samples = (8000 * np.sin(phase)).astype(np.int16)
        return audio

    async def aclose(self) -> None:
        """Remember that it was closed."""
        self.closed = True
