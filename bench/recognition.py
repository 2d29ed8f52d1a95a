"""How well the embedded recogniser hears 24 lines of callers who book a table.

Each line is spoken by synthetic voices with a noise floor (sigma 30, about -60 dBFS: synthetic
speech is cleaner than any telephone, and the acoustic model has never heard digital silence), cut
by the embedded voice activity detector, heard with the grammar of the state it belongs to in
`flows/book_table.yaml`, and understood by the engine. Printed: word error rate, lines understood
right, and the time from the end of speech to the final transcript.

Synthetic speech says nothing about people; the figures are for noticing regressions.
Usage: python bench/recognition.py [--voice NAME]... [--snr DB] [--speed X] [--verbose]
"""

from __future__ import annotations

import argparse
import asyncio
import dataclasses
import datetime
import json
import shutil
import statistics
import subprocess
import sys
import time
from collections.abc import Sequence
from typing import Any

import numpy as np

from engine.core.findings import Scope
from engine.core.understanding import understand
from engine.flow.loader import load
from engine.machine.compiled import Collect, CompiledFlow
from engine.machine.compiler import compile_loaded
from engine.session.grammars import grammar_key, recognition_context
from media.resample import Resampler
from providers.base import Recognizer, Samples, Transcript
from providers.embedded.tts_program import read_wav
from providers.registry import make

RATE = 16_000
NOW = datetime.datetime(2026, 5, 1, 12, 0)  # a Friday
NOISE_FLOOR = 30.0
PRE_ROLL = 0.3


@dataclasses.dataclass(frozen=True)
class Line:
    """What a caller says in a state, and what must be understood."""

    state: str
    text: str
    slots: dict[str, str]
    open_slot: str | None = None
    intent: str | None = None
    answer: bool | None = None


def details(open_slot: str, text: str, **slots: str) -> Line:
    return Line("details", text, slots, open_slot)


def contact(open_slot: str, text: str, **slots: str) -> Line:
    return Line("contact", text, slots, open_slot)


LINES = (
    details("party_size", "i would like to book a table for four", party_size="4"),
    details(
        "party_size",
        "a table for two tomorrow at seven",
        party_size="2",
        date="2026-05-02",
        time="19:00",
    ),
    details("party_size", "four", party_size="4"),
    details("party_size", "there will be five of us", party_size="5"),
    details("party_size", "six people please", party_size="6"),
    details("party_size", "two adults and two children", party_size="4"),
    details("date", "tomorrow", date="2026-05-02"),
    details("date", "on saturday", date="2026-05-02"),
    details("date", "next friday", date="2026-05-08"),
    details("date", "the twenty first of may", date="2026-05-21"),
    details("date", "june third", date="2026-06-03"),
    details("time", "at seven", time="19:00"),
    details("time", "half past eight", time="20:30"),
    details("time", "seven thirty p m", time="19:30"),
    details("time", "a quarter to nine", time="20:45"),
    Line("details", "what time do you close", {}, "time", intent="asks_hours"),
    contact("name", "my name is john smith", name="John Smith"),
    contact("name", "mary johnson", name="Mary Johnson"),
    contact("phone", "five five five one two three four five six seven", phone="5551234567"),
    contact(
        "phone", "my number is zero seven nine one two six eight four three", phone="079126843"
    ),
    Line("contact", "can i speak to a person", {}, "name", intent="wants_person"),
    Line("agree", "yes please", {}, answer=True),
    Line("agree", "no", {}, answer=False),
    Line("agree", "no make it five people", {"party_size": "5"}, answer=None),
)


def speak(voice: str, text: str) -> np.ndarray[Any, np.dtype[np.float64]]:
    """Return speech at 16 kHz, its peak at half of full scale, without silence at its ends."""
    if voice.startswith("flite:"):
        command = ["flite", "-voice", voice.removeprefix("flite:"), "-t", text, "-o", "/dev/stdout"]
    else:
        command = ["espeak-ng", "--stdout", "-v", voice, "-s", "160", text]
    rate, samples = read_wav(subprocess.run(command, check=True, capture_output=True).stdout)
    audio = samples if rate == RATE else Resampler(rate, RATE).feed(samples)
    loud = np.flatnonzero(np.abs(audio.astype(int)) > 200)
    speech = audio[loud[0] : loud[-1]].astype(float)
    return speech / np.abs(speech).max() * 16_384


def on_the_line(
    speech: np.ndarray[Any, np.dtype[np.float64]], snr_db: float | None, seed: int
) -> Samples:
    """Return the speech between pauses, with the noise floor and, if asked for, more noise."""
    audio = np.concatenate((np.zeros(int(0.8 * RATE)), speech, np.zeros(int(0.8 * RATE))))
    rng = np.random.default_rng(seed)
    audio += rng.normal(0.0, NOISE_FLOOR, len(audio))
    if snr_db is not None:
        power = float(np.mean(speech**2)) / 10 ** (snr_db / 10)
        audio += rng.normal(0.0, np.sqrt(power), len(audio))
    return np.clip(audio, -32768, 32767).astype(np.int16)


async def hear(
    stt: Recognizer, heard: Any, audio: Samples, speed: float
) -> tuple[list[Transcript], list[float]]:
    """Feed one line as the pipeline does; return the final transcripts and their latencies."""
    vad = make("vad", {})
    finals: list[Transcript] = []
    latencies: list[float] = []
    began = time.perf_counter()
    speaking = False
    for end in range(320, len(audio) + 1, 320):
        block = audio[end - 320 : end]
        edges = vad.process(block)
        if speaking:
            stt.push(block)
        for edge in edges:
            if edge.kind == "start":
                speaking = True
                stt.start_speech()
                stt.push(audio[max(0, round((edge.at - PRE_ROLL) * RATE)) : end])
            else:
                speaking = False
                stt.end_speech()
                asked = time.perf_counter()
                finals.append(await final(heard))
                latencies.append(time.perf_counter() - asked)
                began += latencies[-1]
        await asyncio.sleep(max(0.0, began + end / RATE / speed - time.perf_counter()))
    vad.close()
    return finals, latencies


async def final(heard: Any) -> Transcript:
    async for transcript in heard:
        if transcript.final:
            return transcript
    raise RuntimeError("the recogniser was closed")


def understood(flow: CompiledFlow, line: Line, text: str) -> bool:
    """Tell whether the engine finds in `text` exactly what the line means."""
    state = flow.states[line.state]
    form = state.verb.slots if isinstance(state.verb, Collect) else ()
    order = sorted(flow.slots, key=lambda name: (name != line.open_slot, name not in form))
    handled = {
        handler.event.removeprefix("intent.")
        for scope in state.scopes
        for handler in scope.handlers
    }
    filled = {} if form else {"party_size": 2, "date": NOW.date(), "time": NOW.time()}
    scope = Scope(
        slots=tuple(flow.slots[name] for name in order if name in form or name in filled),
        filled=filled,
        open_slot=line.open_slot,
        yes_no=line.state == "agree",
        intents=tuple(intent for name, intent in flow.intents.items() if name in handled),
        today=NOW.date(),
        now=NOW,
    )
    found = understand(text, scope)
    slots = {name: plain(value) for name, value in found.slots.items()}
    answer = found.answer if line.answer is not None else None
    return (slots, found.intent, answer) == (line.slots, line.intent, line.answer)


def plain(value: Any) -> str:
    if isinstance(value, datetime.time):
        return value.strftime("%H:%M")
    return value.isoformat() if isinstance(value, datetime.date) else str(value)


def word_errors(said: Sequence[str], heard: Sequence[str]) -> int:
    """Count the words to insert, delete or replace."""
    row = list(range(len(heard) + 1))
    for i, word in enumerate(said, 1):
        diagonal, row[0] = row[0], i
        for j, other in enumerate(heard, 1):
            diagonal, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, diagonal + (word != other))
    return row[-1]


@dataclasses.dataclass
class Score:
    """What one voice came to."""

    words: int = 0
    errors: int = 0
    right: int = 0
    latencies: list[float] = dataclasses.field(default_factory=list)


async def run_voice(flow: CompiledFlow, voice: str, arguments: argparse.Namespace) -> Score:
    """One call: every line by one voice, with the recogniser adapting as it does in a call."""
    stt = make("stt", {}, recognition_context(flow))
    await stt.open()
    heard = stt.transcripts()
    score = Score()
    for number, line in enumerate(LINES):
        stt.expect(grammar_key(flow.id, flow.states[line.state].grammar))
        audio = on_the_line(speak(voice, line.text), arguments.snr, number)
        finals, latencies = await hear(stt, heard, audio, arguments.speed)
        text = " ".join(item.text for item in finals if item.accepted and item.text)
        right = understood(flow, line, text)
        wrong = word_errors(line.text.split(), text.split())
        score.words += len(line.text.split())
        score.errors += wrong
        score.right += right
        score.latencies += latencies
        if arguments.verbose and (wrong or not right):
            refused = [item.text for item in finals if not item.accepted]
            print(f"  {'ok' if right else 'NO'} {line.text!r}: {text!r} {refused or ''}")
    await stt.aclose()
    return score


async def main(arguments: argparse.Namespace) -> int:
    loaded = load("flows/book_table.yaml")
    flow = compile_loaded(loaded)
    voices = arguments.voice or ["flite:slt", "flite:rms", "en-us+klatt"]
    needed = {"flite" if voice.startswith("flite:") else "espeak-ng" for voice in voices}
    if missing := sorted(name for name in needed if shutil.which(name) is None):
        print(f"not on this machine: {', '.join(missing)}", file=sys.stderr)
        return 2
    total = Score()
    for voice in voices:
        score = await run_voice(flow, voice, arguments)
        print(
            f"{voice:14} words wrong {score.errors / score.words:6.1%}, "
            f"lines right {score.right} of {len(LINES)}, "
            f"final after {statistics.median(score.latencies) * 1000:.0f} ms (median)"
        )
        total.words += score.words
        total.errors += score.errors
        total.right += score.right
        total.latencies += score.latencies
    latencies = sorted(total.latencies)
    print(
        json.dumps(
            {
                "word_error_rate": round(total.errors / total.words, 4),
                "lines_right": total.right,
                "lines": len(LINES) * len(voices),
                "final_ms_p50": round(statistics.median(latencies) * 1000, 1),
                "final_ms_p95": round(latencies[int(len(latencies) * 0.95)] * 1000, 1),
            }
        )
    )
    return 0


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--voice", action="append", help="flite:NAME or an espeak-ng voice")
    parser.add_argument("--snr", type=float, help="white noise at this many dB below the speech")
    parser.add_argument(
        "--speed", type=float, default=2, help="times real time; 1 for true latencies"
    )
    parser.add_argument("--verbose", action="store_true", help="print every line heard wrong")
    sys.exit(asyncio.run(main(parser.parse_args())))
