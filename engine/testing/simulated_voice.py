"""The agent's voice in the simulator: makes lines by rule, plays them by the room's beat."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

import numpy as np

from engine.events import (
    Event,
    Millis,
    PlayoutFinished,
    PlayoutStarted,
    ServiceFailed,
    SpeechPrepared,
    Word,
)
from engine.pipeline.sentences import speakable, split
from engine.testing.script import Spoken, Voice
from media.frames import SAMPLE_RATE, Samples, to_millis
from media.tracks import OutgoingTrack

_AHEAD = 2
_FAILED = "ProviderUnavailable: "


@dataclass(frozen=True, slots=True, kw_only=True)
class Sentence:
    """One sentence as the script's rules speak it."""

    text: str
    samples: int
    """Of audio that comes, at 48 kHz."""
    words: tuple[tuple[str, float, float], ...]
    """Text, start and end in seconds; only words whose beginning is in the audio."""
    error: str | None
    never: bool = False


class SimulatedVoice:
    """What a perfect voice pipeline reports about the lines it is given.

    Args:
        voice: the rules of the script.
        post: where events go.
        at: the current instant in session milliseconds.
        later: calls an action after so many microseconds.
    """

    def __init__(
        self,
        voice: Voice,
        post: Callable[[Event], None],
        at: Callable[[], Millis],
        later: Callable[[int, Callable[[], None]], None],
    ) -> None:
        self._voice = voice
        self._post = post
        self._at = at
        self._later = later
        self._track = OutgoingTrack(self._started, self._finished)
        self._queue: deque[tuple[str, str]] = deque()
        self._made: set[str] = set()
        self._ready: dict[str, Millis] = {}
        self._current: str | None = None
        self._attempt = 0

    # --- orders ----------------------------------------------------------------------------------

    def say(self, utterance: str, text: str) -> None:
        """Queue a line."""
        self._track.open(utterance)
        self._queue.append((utterance, text))
        self._next()

    def stop(self, utterances: Iterable[str], fade: Millis) -> None:
        """Drop lines."""
        dropped = tuple(utterances)
        self._queue = deque(item for item in self._queue if item[0] not in dropped)
        if self._current in dropped:
            self._end_making()
        self._drop(dropped, fade)

    def pause(self) -> None:
        """Hold the audible line."""
        self._track.pause()

    def resume(self) -> None:
        """Go on with it."""
        self._track.resume()

    def beat(self) -> None:
        """Let the room take a block."""
        self._track.pull()

    def silence(self) -> None:
        """End everything: the call is over."""
        self._queue.clear()
        self._attempt += 1
        self._drop(self._track.utterances, 0)

    # --- making ----------------------------------------------------------------------------------

    def _next(self) -> None:
        if self._current is not None or not self._queue or len(self._made) >= _AHEAD:
            return
        self._current, text = self._queue.popleft()
        sentences = [speak(sentence, self._voice) for sentence in split(speakable(text))]
        self._make(self._current, text if sentences else "", iter(sentences), 0, [])

    def _make(
        self,
        utterance: str,
        text: str,
        rest: Iterator[Sentence],
        samples: int,
        words: list[Word],
    ) -> None:
        """Make the next sentence, and after the last one report the whole line."""
        sentence = next(rest, None)
        if sentence is None:
            self._made_all(utterance, text, samples, words)
            return
        attempt = self._attempt

        def arrive() -> None:
            if attempt != self._attempt:
                return  # the line was dropped while it was made
            self._ready.setdefault(utterance, self._at())
            self._track.push(utterance, _tone(sentence.samples))
            base = to_millis(samples)
            words.extend(
                Word(text=t, start=base + round(s * 1000), end=base + round(e * 1000))
                for t, s, e in sentence.words
            )
            if sentence.error is not None:
                self._failed(utterance, _FAILED + sentence.error)
            else:
                self._make(utterance, text, rest, samples + sentence.samples, words)

        if not sentence.never:
            self._later(self._voice.first_audio * 1000, arrive)

    def _made_all(self, utterance: str, text: str, samples: int, words: list[Word]) -> None:
        if text and not samples:
            self._failed(utterance, f"ProviderAnswerError: the voice made no audio of {text!r}")
            return
        self._made.add(utterance)
        self._track.finish(utterance)
        self._post(
            SpeechPrepared(
                at=self._at(),
                utterance=utterance,
                duration=to_millis(samples),
                words=tuple(words),
            )
        )
        self._end_making()

    def _failed(self, utterance: str, message: str) -> None:
        at = self._at()
        self._post(ServiceFailed(at=at, service="tts", message=message, subject=utterance))
        self._drop((utterance,), 0)
        self._end_making()

    def _end_making(self) -> None:
        self._attempt += 1
        self._current = None
        # The real stage takes its next line one turn of the loop later, within the same instant.
        self._later(0, self._next)

    # --- playing ---------------------------------------------------------------------------------

    def _drop(self, utterances: Iterable[str], fade: Millis) -> None:
        known = set(self._track.utterances)
        self._track.drop([u for u in utterances if u in known], fade * SAMPLE_RATE // 1000)

    def _started(self, utterance: str) -> None:
        ready = self._ready.get(utterance)
        self._post(PlayoutStarted(at=self._at(), utterance=utterance, ready=ready))

    def _finished(self, utterance: str, samples: int, complete: bool) -> None:
        self._ready.pop(utterance, None)
        self._post(
            PlayoutFinished(
                at=self._at(), utterance=utterance, played=to_millis(samples), complete=complete
            )
        )
        self._made.discard(utterance)
        self._next()


def speak(sentence: str, voice: Voice) -> Sentence:
    """Apply the rules of a script to one sentence."""
    spoken = voice.lines.get(sentence, Spoken())
    words = sentence.split()
    seconds = (
        len(words) * 60 / voice.words_per_minute if spoken.lasts is None else spoken.lasts / 1000
    )
    audible = min(seconds, spoken.after / 1000) if spoken.error is not None else seconds
    samples = round(audible * SAMPLE_RATE)
    length = seconds / len(words) if words else 0.0
    timings = [(word, n * length, (n + 1) * length) for n, word in enumerate(words)]
    begun = tuple(w for w in timings if round(w[1] * SAMPLE_RATE) < samples)
    return Sentence(
        text=sentence, samples=samples, words=begun, error=spoken.error, never=spoken.never
    )


def _tone(samples: int) -> Samples:
    return np.full(samples, 1000, dtype=np.int16)
