"""Makes speech out of ordered lines: sentence by sentence, one utterance ahead of the audible one.

Utterances are made in the order in which they were ordered, one at a time. While one plays the next
is prepared, so that no gap is heard between two lines; a third waits, because the caller may well
interrupt before it is needed.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterable, AsyncIterator, Iterable
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np

from engine.events import Millis, PlayoutFinished, PlayoutStarted, SpeechPrepared, Word
from engine.pipeline import answers, sentences, word_times
from engine.pipeline.others import MakeComponent, Others
from engine.pipeline.pieces import Pieces
from engine.pipeline.playout import Playout
from engine.pipeline.stage import Post, SessionTime, Stage
from media.frames import SAMPLE_RATE, Samples, to_millis
from media.tasks import being_cancelled
from providers.base import Synthesizer, WordTiming
from providers.errors import ProviderAnswerError

Sound: TypeAlias = Path | Samples | AsyncIterable[Samples]
"""A file, or int16 mono samples at 48 kHz: all of them, or piece by piece."""

_AHEAD = 2
"""Utterances that are made and not over: the audible one and the next."""

_READ_AHEAD = SAMPLE_RATE
"""Samples that are taken of a sound before they are played, and a piece: a second."""

_TELL_EVERY = 5 * SAMPLE_RATE
"""Samples after which a sound that is read as it plays is said to go on."""

_PATIENCE = 1.0
"""Seconds the voice of a dropped line may take to end; the next line waits for that."""


class Synthesis(Stage):
    """The voice of the agent: a queue in front of a synthesizer, a playout behind it.

    Args:
        tts: the voice of the flow.
        playout: what makes it audible.
        post: the way into the mailbox.
        time: the session's time.
        others: makes the voices that states have of their own.
    """

    def __init__(
        self,
        tts: Synthesizer,
        playout: Playout,
        post: Post,
        time: SessionTime,
        others: MakeComponent | None = None,
    ) -> None:
        super().__init__("tts", post, time)
        self._tts = tts
        self._voices = Others(tts, others)
        self._playout = playout
        self._queue: list[tuple[str, str | Sound, str]] = []
        self._made: set[str] = set()
        self._current = ""
        self._pieces: Pieces | None = None
        """Of the sentence being made, and kept for the next one."""
        self._task: asyncio.Task[None] | None = None
        playout.on_over = self._over

    async def open(self) -> None:
        """Open the synthesizer."""
        await self._tts.open()

    async def aclose(self) -> None:
        """Stop making speech and close the synthesizer."""
        self._queue.clear()
        await super().aclose()
        await self._voices.aclose()
        await self._tts.aclose()

    def say(self, utterance: str, text: str, voice: str = "") -> None:
        """Queue a line behind those ordered before; never blocks. `voice`: another than the own."""
        self._add(utterance, text, voice)

    def play(self, utterance: str, sound: Sound) -> None:
        """Queue audio likewise; what cannot be read fails as a line does."""
        self._add(utterance, sound)

    def _add(self, utterance: str, what: str | Sound, voice: str = "") -> None:
        self._playout.open(utterance)
        self._queue.append((utterance, what, voice))
        self._next()

    def remake(self, others: MakeComponent | None) -> None:
        """The flow is another: what its states have of their own is made by this from now on."""
        self._voices.remake(others)

    def stop(self, utterances: Iterable[str], fade: Millis = 0) -> None:
        """Drop these utterances wherever they are: waiting, being made, or audible."""
        dropped = tuple(utterances)
        self._queue = [item for item in self._queue if item[0] not in dropped]
        if self._task is not None and self._current in dropped:
            self.tasks.cancel(self._task, _PATIENCE)
        self._playout.stop(dropped, fade)

    def pause(self, fade: Millis = 0) -> None:
        """Hold the audible utterance at this very sample."""
        self._playout.pause(fade)

    def resume(self) -> None:
        """Go on at that sample."""
        self._playout.resume()

    def _next(self) -> None:
        if self._task is not None or not self._queue or len(self._made) >= _AHEAD:
            return
        self._current, what, voice = self._queue.pop(0)
        making = self._make(self._current, what, voice)
        self._task = self.tasks.start_early(making, f"say {self._current}")
        self._task.add_done_callback(self._ended)

    def _ended(self, _: asyncio.Task[None]) -> None:
        self._task, self._current = None, ""
        self._next()

    def _over(self, utterance: str) -> None:
        self._made.discard(utterance)
        self._next()

    async def _make(self, utterance: str, what: str | Sound, voice: str) -> None:
        try:
            if isinstance(what, str):
                await self._speak(utterance, what, await self._voices.get(voice))
            elif isinstance(what, AsyncIterable):
                await self._pass_on(utterance, what)
            else:
                await self._read(utterance, what)
        except Exception as error:  # a voice that breaks costs this line; the flow decides the rest
            if not being_cancelled():  # else nobody wants the line any more
                self.fail(error, utterance)
                self._playout.stop((utterance,))

    async def _speak(self, utterance: str, text: str, tts: Synthesizer) -> None:
        samples = 0
        words: list[Word] = []
        parts = sentences.split(sentences.speakable(text))
        for sentence in parts:
            base = to_millis(samples)
            count, told = await self._sentence(utterance, sentence, tts)
            samples += count
            if (end := to_millis(samples)) > base:
                words += word_times.told(told, base, end) or word_times.shared_out(
                    sentence, base, end
                )
        if parts and not samples:  # nothing to speak (only an emoji) is no failure
            raise ProviderAnswerError(f"the voice made no audio of {text!r}")
        self._finish(utterance, samples, words)

    async def _sentence(
        self, utterance: str, sentence: str, tts: Synthesizer
    ) -> tuple[int, list[WordTiming]]:
        """Make one sentence audible; return its samples, and what the voice tells of its words."""
        count, told = 0, list[WordTiming]()
        pieces = self._pieces
        if pieces is None or pieces.rate != tts.sample_rate:
            pieces = self._pieces = Pieces(tts.sample_rate)
        chunks = tts.synthesize(sentence)
        try:
            async for chunk in chunks:
                told += answers.timings(chunk.words, "a voice")
                for piece in pieces.of(chunk.samples):
                    count += await self._push(utterance, piece)
            count += await self._push(utterance, pieces.rest())
        finally:
            pieces.reset()
            await _closed(chunks)
        return count, told

    async def _push(self, utterance: str, piece: Samples) -> int:
        """Hand a piece over and let others work: not every voice is as slow as real time."""
        self._playout.push(utterance, piece)
        await asyncio.sleep(0)
        return len(piece)

    async def _pass_on(self, utterance: str, pieces: AsyncIterable[Samples]) -> None:
        """Hand over audio as it comes, a little ahead of what is played; it may have no end."""
        samples, told = 0, 0
        source = aiter(pieces)
        try:
            async for piece in source:
                samples += await self._push(utterance, checked(piece))
                if samples - told >= _TELL_EVERY:
                    told = samples
                    self._prepared(utterance, samples, more=True)
                if not await self._playout.has_room(utterance, _READ_AHEAD):
                    return
        finally:
            await _closed(source)
        self._finish(utterance, samples, ())

    async def _read(self, utterance: str, sound: Path | Samples) -> None:
        """Hand audio over in pieces of a second; a file is decoded beside the loop."""
        if isinstance(sound, Path):
            from media.audio_file import read_audio  # codecs are loaded by calls that need them

            samples = await asyncio.to_thread(read_audio, sound)
        else:
            samples = checked(sound)
        for start in range(0, len(samples), SAMPLE_RATE):
            self._playout.push(utterance, samples[start : start + SAMPLE_RATE])
            await asyncio.sleep(0)
        self._finish(utterance, len(samples), ())

    def _finish(self, utterance: str, samples: int, words: Iterable[Word]) -> None:
        if being_cancelled():
            return  # the line was dropped, and its voice went on
        self._made.add(utterance)
        self._playout.finish(utterance)
        self._prepared(utterance, samples, words)

    def _prepared(
        self, utterance: str, samples: int, words: Iterable[Word] = (), *, more: bool = False
    ) -> None:
        event = SpeechPrepared(
            at=self.time.now(),
            utterance=utterance,
            duration=to_millis(samples),
            words=tuple(words),
            more=more,
        )
        self.post(event)


class TextVoice:
    """The voice of a call without audio: a line is over the moment it is said."""

    def __init__(self, post: Post, time: SessionTime) -> None:
        self._post = post
        self._time = time

    def say(self, utterance: str, text: str, voice: str = "") -> None:
        """Report the line as spoken; the room shows its text."""
        at = self._time.now()
        self._post(PlayoutStarted(at=at, utterance=utterance))
        self._post(PlayoutFinished(at=at, utterance=utterance, played=0, complete=True))

    def play(self, utterance: str, sound: Sound) -> None:
        """Report the sound as played; nobody hears it here."""
        self.say(utterance, "")

    def remake(self, others: MakeComponent | None) -> None:
        """Nobody speaks here."""

    def stop(self, utterances: Iterable[str], fade: Millis = 0) -> None:
        """Nothing to stop: whatever was said is over."""

    def pause(self, fade: Millis = 0) -> None:
        """Nothing to hold."""

    def resume(self) -> None:
        """Nothing to go on with."""


async def _closed(source: AsyncIterator[Any]) -> None:
    """Close what was iterated, if it can be: not every iterator is a generator."""
    close = getattr(source, "aclose", None)
    if close is not None:
        await close()


def checked(samples: Samples) -> Samples:
    """Return samples that the room can play.

    Raises:
        ValueError: they are none: not int16, or more than one channel.
    """
    kind, shape = getattr(samples, "dtype", None), getattr(samples, "shape", ())
    if kind != np.int16 or len(shape) != 1:
        raise ValueError(f"audio is int16 samples of one channel, not {kind} of shape {shape}")
    return samples
