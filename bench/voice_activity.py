"""How the embedded voice activity detector does on two-utterance clips, from clean to 5 dB.

Utterances of several synthetic voices, their level spread over 14 dB, pauses of 0.9 to 1.8 s;
truth is where the synthesiser put sound. Printed per condition: utterances missed, invented and
split, how far the edges are off, when the end is known, and how often the net had to run.
Usage: python bench/voice_activity.py [--clips N] [--hangover SECONDS]
"""

from __future__ import annotations

import argparse
import shutil
import sys
import time
from typing import Any

import numpy as np
from recognition import LINES, RATE, speak

from providers.embedded.vad import EmbeddedVad, VadOptions

Floats = np.ndarray[Any, np.dtype[np.float64]]
CONDITIONS = (
    ("clean", None),
    ("white", 20),
    ("white", 10),
    ("pink", 10),
    ("white", 5),
    ("pink", 5),
)
VOICES = ("flite:slt", "flite:rms", "en-us", "en-us+f3", "en-gb")


def clip(rng: np.random.Generator) -> tuple[Floats, list[tuple[float, float]]]:
    parts = [np.zeros(int(rng.uniform(0.9, 1.8) * RATE))]
    speech = []
    for _ in range(2):
        voice, line = VOICES[rng.integers(len(VOICES))], LINES[rng.integers(len(LINES))]
        audio = speak(voice, line.text) * 10 ** (-rng.uniform(0, 14) / 20)
        start = sum(map(len, parts))
        speech.append((start / RATE, (start + len(audio)) / RATE))
        parts += [audio, np.zeros(int(rng.uniform(0.9, 1.8) * RATE))]
    return np.concatenate(parts), speech


def noisy(
    audio: Floats, speech: list[tuple[float, float]], kind: str, snr: float | None, seed: int
) -> Floats:
    rng = np.random.default_rng(seed)
    noise = rng.standard_normal(len(audio))
    if snr is None:
        return audio + 30 * noise
    if kind == "pink":
        spectrum = np.fft.rfft(noise)
        noise = np.fft.irfft(
            spectrum / np.sqrt(np.maximum(np.arange(len(spectrum)), 1)), len(audio)
        )
    power = np.mean(np.concatenate([audio[int(a * RATE) : int(b * RATE)] for a, b in speech]) ** 2)
    return audio + noise * np.sqrt(power / np.mean(noise**2) / 10 ** (snr / 10))


def stretches(audio: Floats, hangover: float) -> tuple[list[tuple[float, float, float]], int]:
    """Return (start, end, instant the end was known) of each stretch, and the runs of the net."""
    vad = EmbeddedVad(VadOptions(hangover=hangover))
    runs = 0
    judge = vad._probability

    def counted(chunk: Any) -> float:
        nonlocal runs
        runs += 1
        return judge(chunk)

    vad._probability = counted  # type: ignore[method-assign]
    samples = np.clip(audio, -32768, 32767).astype(np.int16)
    found, start = [], 0.0
    for end in range(320, len(samples) + 1, 320):
        for edge in vad.process(samples[end - 320 : end]):
            if edge.kind == "start":
                start = edge.at
            else:
                found.append((start, edge.at, end / RATE))
    return found, runs


def measure(kind: str, snr: float | None, clips: int, hangover: float) -> None:
    missed = invented = split = runs = 0
    starts: list[float] = []
    ends: list[float] = []
    known: list[float] = []
    seconds = cost = 0.0
    for seed in range(clips):
        audio, speech = clip(np.random.default_rng(seed))
        audio = noisy(audio, speech, kind, snr, seed)
        began = time.process_time()
        found, ran = stretches(audio, hangover)
        cost += time.process_time() - began
        runs += ran
        seconds += len(audio) / RATE
        for begin, over in speech:
            hits = [hit for hit in found if hit[0] < over and hit[1] > begin]
            missed += not hits
            split += len(hits) > 1
            if hits:
                starts.append(hits[0][0] - begin)
                ends.append(hits[-1][1] - over)
                known.append(hits[-1][2] - over)
        invented += sum(
            not any(a < over and b > begin for begin, over in speech) for a, b, _ in found
        )
    print(
        f"{kind:6}{snr if snr is not None else '-':>4} dB  missed {missed} of {2 * clips}, "
        f"invented {invented}, split {split}; start off {spread(starts)}, end off {spread(ends)}, "
        f"end known after {spread(known)} ms (p50/p90); "
        f"net ran on {runs * 512 / RATE / seconds:.0%}, {cost / seconds:.1%} of a core",
        flush=True,
    )


def spread(seconds: list[float]) -> str:
    middle, most = np.percentile(np.array(seconds) * 1000, [50, 90])
    return f"{middle:+.0f}/{most:+.0f}"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--clips", type=int, default=36)
    parser.add_argument("--hangover", type=float, default=0.25)
    arguments = parser.parse_args()
    if missing := [name for name in ("flite", "espeak-ng") if shutil.which(name) is None]:
        print(f"not on this machine: {', '.join(missing)}", file=sys.stderr)
        return 2
    for kind, snr in CONDITIONS:
        measure(kind, snr, arguments.clips, arguments.hangover)
    return 0


if __name__ == "__main__":
    sys.exit(main())
