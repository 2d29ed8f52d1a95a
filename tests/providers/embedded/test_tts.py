"""Every engine of this machine speaks, times its words, stops at once and says what it lacks."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Callable, Coroutine
from typing import Any

import numpy as np
import pytest

from providers.base import SpeechChunk, Synthesizer, WordTiming
from providers.embedded import tts_engine, tts_library
from providers.embedded.tts import EmbeddedVoice
from providers.embedded.tts_engine import EngineName, Spoken, available
from providers.embedded.tts_program import read_wav
from providers.errors import (
    ProviderAnswerError,
    ProviderConfigurationError,
    ProviderMissing,
    ProviderUnavailable,
)
from providers.registry import check, make

Run = Callable[[Coroutine[Any, Any, Any]], Any]
LINE = "Great, I have a table for 4 at 7:30. What name should I use?"


@pytest.fixture(params=["espeak_library", "espeak_program", "flite"])
def engine(request: pytest.FixtureRequest) -> EngineName:
    name: EngineName = request.param
    if name not in available():
        pytest.skip(f"{name} is not on this machine")
    return name


async def spoken(voice: Synthesizer, text: str) -> tuple[list[SpeechChunk], list[WordTiming]]:
    chunks = [chunk async for chunk in voice.synthesize(text)]
    return chunks, [word for chunk in chunks for word in chunk.words]


def test_speaks_a_line_and_times_its_words(real: Run, engine: EngineName) -> None:
    async def call() -> None:
        voice = make("tts", {"engine": engine})
        await voice.open()
        try:
            chunks, words = await spoken(voice, LINE)
        finally:
            await voice.aclose()
        audio = np.concatenate([chunk.samples for chunk in chunks])
        seconds = len(audio) / voice.sample_rate
        assert 3 < seconds < 8
        assert audio.dtype == np.int16
        assert np.abs(audio[: voice.sample_rate // 20].astype(int)).max() > 200, "sound at once"
        assert " ".join(word.text for word in words) == LINE
        times = [t for word in words for t in (word.start, word.end)]
        assert times == sorted(times)
        assert times[-1] <= seconds

    real(call())


def test_words_come_in_the_chunk_where_they_begin(real: Run, engine: EngineName) -> None:
    async def call() -> None:
        voice = make("tts", {"engine": engine})
        await voice.open()
        chunks, _ = await spoken(voice, LINE)
        await voice.aclose()
        start = 0.0
        for chunk in chunks:
            end = start + len(chunk.samples) / voice.sample_rate
            assert all(start - 1e-6 <= word.start <= end for word in chunk.words)
            start = end

    real(call())


def test_stopping_ends_at_once_and_the_voice_goes_on_with_the_next_line(
    real: Run, engine: EngineName
) -> None:
    async def call() -> None:
        voice = make("tts", {"engine": engine})
        await voice.open()
        speech = voice.synthesize("One sentence. " * 40)
        await anext(speech)
        await asyncio.wait_for(speech.aclose(), 0.5)  # type: ignore[attr-defined]
        chunks, _ = await spoken(voice, "Yes.")
        await voice.aclose()
        assert chunks

    real(call())


def test_faster_is_shorter(real: Run, engine: EngineName) -> None:
    async def length(speed: int) -> int:
        voice = make("tts", {"engine": engine, "speed": speed})
        await voice.open()
        chunks, _ = await spoken(voice, LINE)
        await voice.aclose()
        return sum(len(chunk.samples) for chunk in chunks)

    assert real(length(240)) < 0.85 * real(length(140))


def test_an_unknown_voice_is_told_at_open(real: Run, engine: EngineName) -> None:
    async def call() -> None:
        voice = make("tts", {"engine": engine, "voice": "xx-none"})
        try:
            with pytest.raises(ProviderConfigurationError, match="voice"):
                await voice.open()
        finally:
            await voice.aclose()

    real(call())


def test_text_is_never_taken_for_options_or_phonemes(real: Run, engine: EngineName) -> None:
    async def call() -> None:
        voice = make("tts", {"engine": engine})
        await voice.open()
        chunks, _ = await spoken(voice, "--version [[ <b> & $HOME café")
        silence, _ = await spoken(voice, "  ")
        await voice.aclose()
        assert sum(len(chunk.samples) for chunk in chunks) > voice.sample_rate
        assert silence == []

    real(call())


def test_calls_share_one_library_process_and_it_comes_back_after_a_crash(real: Run) -> None:
    if "espeak_library" not in available():
        pytest.skip("neither espeakng-loader nor libespeak-ng on this machine")

    async def call() -> None:
        one, two = make("tts", {"speed": 140}), make("tts", {"speed": 200})
        await asyncio.gather(one.open(), two.open())
        shared = tts_library._libraries[asyncio.get_running_loop()]
        assert shared.users == 2
        os.kill(shared.pid, signal.SIGKILL)
        with pytest.raises(ProviderUnavailable):
            await spoken(one, "Hello.")
        chunks, _ = await spoken(two, "Hello.")
        assert chunks
        await asyncio.gather(one.aclose(), two.aclose())
        assert asyncio.get_running_loop() not in tts_library._libraries

    real(call())


def test_nothing_to_speak_with_is_told_with_the_remedy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("providers.embedded.tts.available", lambda: ())

    for engine in ("auto", "flite"):
        with pytest.raises(ProviderMissing, match="turnwise\\[espeak\\]"):
            make("tts", {"engine": engine})


def test_options_are_checked() -> None:
    assert check("tts", {"voice": "../../etc/passwd"})
    assert check("tts", {"speed": 5000})
    assert check("tts", {"engine": "flite", "voice": "slt"}) == ()


class _Silent:
    """An engine that has nothing to say."""

    sample_rate = 8000

    async def start(self) -> None: ...

    async def speak(self, sentence: str) -> Spoken:
        return Spoken(samples=np.zeros(0, np.int16))

    async def aclose(self) -> None: ...


def test_an_engine_without_sound_gives_no_words_out_of_order(real: Run) -> None:
    engine: tts_engine.Engine = _Silent()

    chunks, _ = real(spoken(EmbeddedVoice(engine), "Hello there."))

    assert sum(len(chunk.samples) for chunk in chunks) <= 0.06 * 8000


def test_a_wav_of_unknown_length_is_read_to_its_end() -> None:
    head = b"RIFF\xff\xff\xff\xffWAVEfmt \x10\x00\x00\x00\x01\x00\x01\x00" + bytes(
        [0x22, 0x56, 0, 0]
    )
    data = head + bytes(8) + b"data\xff\xff\xff\x7f" + b"\x01\x00\x02\x00\x03"

    rate, samples = read_wav(data)

    assert rate == 22_050
    assert samples.tolist() == [1, 2]
    with pytest.raises(ProviderAnswerError):
        read_wav(b"not a wav")
