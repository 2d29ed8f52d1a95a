"""The detector finds every utterance and nothing else, and dates its edges."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt
import pytest

from providers.base import VoiceEdge
from providers.embedded.vad import EmbeddedVad, VadOptions

Floats = npt.NDArray[np.float64]
RATE = 16_000
LINES = ("yes please", "a table for four on friday evening", "my number is five five five one two")


def edges(audio: Floats, block: int = 320, **options: object) -> list[VoiceEdge]:
    vad = EmbeddedVad(VadOptions.model_validate(options))
    samples = np.clip(audio, -32768, 32767).astype(np.int16)
    found = []
    for start in range(0, len(samples), block):
        found += vad.process(samples[start : start + block])
    vad.close()
    return found


def clip(voices: list[Callable[[str], Floats]], rng: np.random.Generator) -> tuple[Floats, Floats]:
    """Two utterances of different level between pauses, and where speech is."""
    parts, speech = [np.zeros(int(rng.uniform(0.9, 1.5) * RATE))], []
    for _ in range(2):
        say = voices[int(rng.integers(len(voices)))]
        audio = say(LINES[int(rng.integers(len(LINES)))])
        start = sum(map(len, parts))
        speech.append((start / RATE, (start + len(audio)) / RATE))
        level = 16_000 * 10 ** (-rng.uniform(0, 10) / 20)
        parts += [audio * level, np.zeros(int(rng.uniform(0.9, 1.5) * RATE))]
    return np.concatenate(parts), np.array(speech)


def with_noise(audio: Floats, speech: Floats, snr_db: float, pink: bool, seed: int) -> Floats:
    rng = np.random.default_rng(seed)
    noise = rng.standard_normal(len(audio))
    if pink:
        spectrum = np.fft.rfft(noise)
        noise = np.fft.irfft(
            spectrum / np.sqrt(np.maximum(np.arange(len(spectrum)), 1)), len(audio)
        )
    power = np.mean([np.mean(audio[int(a * RATE) : int(b * RATE)] ** 2) for a, b in speech])
    return audio + noise * np.sqrt(power / np.mean(noise**2) / 10 ** (snr_db / 10))


@pytest.mark.parametrize(
    ("snr_db", "pink"), [(40.0, False), (20.0, False), (10.0, True), (5.0, False), (5.0, True)]
)
def test_no_utterance_is_missed_and_none_invented_down_to_5_db(
    voices: list[Callable[[str], Floats]], snr_db: float, pink: bool
) -> None:
    for seed in range(3):
        audio, speech = clip(voices, np.random.default_rng(seed))

        found = edges(with_noise(audio, speech, snr_db, pink, seed))

        starts = [edge.at for edge in found if edge.kind == "start"]
        ends = [edge.at for edge in found if edge.kind == "end"]
        stretches = list(zip(starts, ends, strict=True))
        for begin, end in speech:
            assert any(a < end and b > begin for a, b in stretches), (seed, speech, stretches)
        for a, b in stretches:
            assert any(a < end and b > begin for begin, end in speech), (seed, speech, stretches)


def test_edges_are_dated_where_speech_is(caller: Callable[[str], Floats]) -> None:
    speech = caller(LINES[1]) * 16_000
    audio = np.concatenate((np.zeros(RATE), speech, np.zeros(RATE)))
    audio += np.random.default_rng(0).normal(0, 30, len(audio))

    start, *_, end = edges(audio)

    assert start.at == pytest.approx(1.0, abs=0.12)
    assert end.at == pytest.approx(1.0 + len(speech) / RATE, abs=0.15)


def test_blocks_of_any_size_give_the_same_edges(caller: Callable[[str], Floats]) -> None:
    speech = caller(LINES[0]) * 16_000
    audio = np.concatenate((np.zeros(RATE // 2), speech, np.zeros(RATE)))

    assert edges(audio, block=320) == edges(audio, block=1999)


def test_a_longer_hangover_joins_what_a_pause_would_cut(caller: Callable[[str], Floats]) -> None:
    speech = caller(LINES[0]) * 16_000
    audio = np.concatenate((np.zeros(RATE), speech, np.zeros(6400), speech, np.zeros(RATE)))

    assert len(edges(audio, hangover="200ms")) == 4
    assert len(edges(audio, hangover="700ms")) == 2


@pytest.mark.parametrize("level", [0, 30, 1000])
def test_silence_and_noise_are_no_speech(level: int) -> None:
    assert edges(np.random.default_rng(1).normal(0, level, 3 * RATE)) == []
