"""Text to speech without a network: espeak-ng or flite, sentence by sentence.

`engine: auto` takes the best that is there: the espeak-ng library in a process of its own, which
tells when each word sounds; the espeak-ng program; flite. The programs tell nothing about words, so
their times are estimated from the lengths of the words.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable
from typing import Final, Literal

import numpy as np
from pydantic import Field

from providers.base import RecognitionContext, Samples, SpeechChunk, WordTiming
from providers.embedded.tts_engine import Engine, EngineName, available
from providers.embedded.tts_library import LibraryEngine
from providers.embedded.tts_program import ProgramEngine
from providers.embedded.word_times import sentences, voiced, word_times
from providers.errors import ProviderMissing
from providers.info import Need, Options, ProviderInfo

_CHUNK_SECONDS: Final = 0.2
_LEAD: Final = 0.01
_SENTENCE_PAUSE: Final = 0.25
_LAST_PAUSE: Final = 0.05
"""Seconds of silence before a sentence, between two, and after the last."""
_HELP: Final = "pip install 'turnwise[espeak]', or install the program espeak-ng or flite"


class VoiceOptions(Options):
    """Options of the embedded voice."""

    engine: Literal["auto", "espeak_library", "espeak_program", "flite"] = Field(
        default="auto", description="What speaks; auto takes the best that is installed."
    )
    voice: str | None = Field(
        default=None,
        pattern=r"^[A-Za-z0-9][\w+.-]*$",
        description="Voice of the engine; default en-us for espeak-ng, slt for flite.",
    )
    speed: int = Field(default=165, ge=80, le=450, description="Words per minute.")
    pitch: int = Field(default=50, ge=0, le=99, description="Pitch (espeak-ng only).")


class EmbeddedVoice:
    """The voice of one call; a `Synthesizer`. Its rate is that of the engine, known after `open`.

    Args:
        engine: what speaks one sentence.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self.sample_rate = engine.sample_rate

    async def open(self) -> None:
        """Start the engine and try the voice.

        Raises:
            ProviderError: it does not start, or has no such voice.
        """
        await self._engine.start()
        self.sample_rate = self._engine.sample_rate

    async def synthesize(self, text: str) -> AsyncIterator[SpeechChunk]:
        """Speak a text; the first chunk comes when its first sentence is ready (about 10 ms).

        Raises:
            ProviderError: the engine fails.
        """
        offset = 0.0
        pieces = sentences(text)
        for number, sentence in enumerate(pieces, 1):
            spoken = await self._engine.speak(sentence)
            pause = _LAST_PAUSE if number == len(pieces) else _SENTENCE_PAUSE
            samples, cut = self._trimmed(spoken.samples, pause)
            marks = [(place, second - cut) for place, second in spoken.marks]
            words = word_times(sentence, *voiced(samples, self.sample_rate), marks)
            for chunk in self._chunks(samples, words, offset):
                yield chunk
            offset += len(samples) / self.sample_rate

    async def aclose(self) -> None:
        """Release the engine."""
        await self._engine.aclose()

    def _trimmed(self, samples: Samples, pause: float) -> tuple[Samples, float]:
        """Return the sound with a short lead and this pause, and the seconds cut from the front.

        Engines put 0 to 200 ms before a sentence and up to 350 ms after it; the caller would wait
        for the first and the agent's turn would last for the second.
        """
        start, end = voiced(samples, self.sample_rate)
        first = max(0, round((start - _LEAD) * self.sample_rate))
        last = round((end + pause) * self.sample_rate)
        missing = max(0, last - len(samples))
        return np.pad(samples[first:last], (0, missing)), first / self.sample_rate

    def _chunks(
        self, samples: Samples, words: Iterable[WordTiming], offset: float
    ) -> Iterable[SpeechChunk]:
        size = round(_CHUNK_SECONDS * self.sample_rate)
        for first in range(0, len(samples), size):
            start, end = first / self.sample_rate, (first + size) / self.sample_rate
            inside = tuple(
                WordTiming(text=word.text, start=offset + word.start, end=offset + word.end)
                for word in words
                if start <= word.start < end
            )
            yield SpeechChunk(samples=samples[first : first + size], words=inside)


def _make(options: VoiceOptions, _context: RecognitionContext) -> EmbeddedVoice:
    there = available()
    name: EngineName
    if options.engine != "auto":
        name = options.engine
        if name not in there:
            raise ProviderMissing(f"tts embedded: {name} is not on this machine: {_HELP}")
    elif there:
        name = there[0]
    else:
        raise ProviderMissing(f"tts embedded: nothing here can speak: {_HELP}")
    voice = options.voice or ("slt" if name == "flite" else "en-us")
    if name == "espeak_library":
        return EmbeddedVoice(LibraryEngine(voice, options.speed, options.pitch))
    return EmbeddedVoice(ProgramEngine(name, voice, options.speed, options.pitch))


INFO = ProviderInfo(
    kind="tts",
    name="embedded",
    summary="espeak-ng (library or program) or flite, whichever is installed",
    options=VoiceOptions,
    make=_make,
    capabilities=frozenset({"word_times"}),
    needs=(
        (
            Need("program", "espeak-ng", _HELP),
            Need("package", "espeakng_loader", _HELP),
            Need("program", "flite", _HELP),
        ),
    ),
)
