"""The page of the local room in a real browser, with a voice: heard, and hearing.

A WAV file is the browser's microphone, the embedded stack is at the other end. One call is played
and looked at by many tests.
"""

from __future__ import annotations

import asyncio
import wave
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from engine.core.step import Step
from engine.events import KeyPressed, SessionStarted, TranscriptReceived
from engine.observe.journal import read
from engine.testing.voice import speak
from media.frames import SAMPLE_RATE
from providers.errors import ProviderMissing
from tests.live.chromium import browse
from tests.live.page_kit import click, needs_chromium, reads, serving, status, until, write

pytestmark = needs_chromium

SENTENCE = "a table for four people tomorrow"
CALLER_VOICE = {"voice": "en-us+klatt", "speed": 150}
ASKED_BY = 10.0
"""Seconds after which the microphone speaks: the agent has greeted and asked."""
AGAIN_AFTER = 8.0
"""Seconds between two attempts of the caller, who says it up to three times, as people do."""
NOISE = 30.0
"""Every real microphone has a noise floor; int16 units."""

TAP = """(() => {
  const analyser = new AudioContext().createAnalyser();
  const samples = new Float32Array(analyser.fftSize);
  window.levels = [];
  setInterval(() => {
    const stream = $('voice').srcObject;
    if (!stream) return;
    if (!window.tapped) {
      window.tapped = true;
      analyser.context.createMediaStreamSource(stream).connect(analyser);
    }
    analyser.getFloatTimeDomainData(samples);
    const power = samples.reduce((sum, x) => sum + x * x, 0) / samples.length;
    levels.push([$('agent').dataset.state, Math.sqrt(power)]);
  }, 100);
})()"""
"""What the loudspeaker gets, as RMS of 1.0 full scale, beside what the agent is said to do."""


@dataclass
class Seen:
    """What was noticed on both sides of the spoken call."""

    states: dict[str, str] = field(default_factory=dict)
    transcript: list[tuple[str, str]] = field(default_factory=list)
    levels: list[tuple[str, float]] = field(default_factory=list)
    slots: dict[str, Any] = field(default_factory=dict)
    wide: bool = False
    status: str = ""
    complaints: list[str] = field(default_factory=list)
    steps: tuple[Step, ...] = ()
    journal: list[Step] = field(default_factory=list)

    def causes(self, kind: type) -> list[Any]:
        return [step.cause for step in self.steps if isinstance(step.cause, kind)]


@pytest.fixture(scope="module")
def seen(tmp_path_factory: pytest.TempPathFactory) -> Seen:
    folder = tmp_path_factory.mktemp("page")
    try:
        return asyncio.run(_play(folder))
    except ProviderMissing as missing:
        pytest.skip(f"no voice to speak with: {missing}")


async def _play(folder: Path) -> Seen:
    seen = Seen()
    microphone = await _microphone(folder / "microphone.wav")
    async with (
        serving(folder) as place,
        browse(place.rooms.server.url, microphone) as page,
    ):
        await page.evaluate(TAP)
        await click(page, "Join with microphone")
        await page.until("$('agent').dataset.state === 'SPEAKING'", 30)
        seen.states = await page.evaluate(
            "Object.fromEntries(['agent','user','dialog'].map((id) => [id, $(id).innerText]))"
        )
        await until(lambda: {"party_size", "date"} <= place.slots().keys(), 45)
        seen.slots = place.slots()
        await page.until(reads("At what time?"))
        await write(page, "at seven thirty")
        await page.until(reads("On what name?"))
        await click(page, "0")
        await page.until(status("The call has ended"), 30)
        seen.transcript = await page.evaluate(
            "[...document.querySelectorAll('li')].map((li) => [li.className, li.innerText])"
        )
        seen.levels = await page.evaluate("levels")
        seen.status = await page.evaluate("$('status').innerText")
        call = await place.over()
        seen.complaints = list(page.complaints)
    seen.steps = call.result.steps
    assert call.folder is not None
    seen.journal = list(read((call.folder / "journal.jsonl").read_text().splitlines())[1])
    return seen


async def _microphone(path: Path) -> Path:
    speech = await speak(SENTENCE, CALLER_VOICE)
    total = int((ASKED_BY + 3 * AGAIN_AFTER) * SAMPLE_RATE)
    samples = np.random.default_rng(0).normal(0, NOISE, total)
    for attempt in range(3):
        start = int((ASKED_BY + attempt * AGAIN_AFTER) * SAMPLE_RATE)
        samples[start : start + len(speech)] += speech
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(SAMPLE_RATE)
        file.writeframes(samples.clip(-32768, 32767).astype("<i2").tobytes())
    return path


def test_the_page_plays_the_agents_voice_while_the_agent_speaks(seen: Seen) -> None:
    speaking = [level for state, level in seen.levels if state == "SPEAKING"]

    assert len(speaking) > 30
    assert np.median(speaking) > 0.02  # -34 dBFS


def test_the_page_is_silent_while_the_agent_is_not_speaking(seen: Seen) -> None:
    window = 8  # 100 ms each: what was said has left the browser's buffers
    quiet = [
        seen.levels[n][1]
        for n in range(window, len(seen.levels))
        if all(state in ("IDLE", "LISTENING") for state, _ in seen.levels[n - window : n + 1])
    ]

    assert len(quiet) > 5
    assert max(quiet) < 0.001  # -60 dBFS


def test_the_agent_hears_and_understands_the_page(seen: Seen) -> None:
    assert seen.slots["party_size"] == 4
    (started,) = seen.causes(SessionStarted)
    assert seen.slots["date"] == str(
        np.datetime64(started.started_at[:10]) + np.timedelta64(1, "D")
    )


def test_the_words_of_both_are_shown_and_who_said_them(seen: Seen) -> None:
    assert ("agent", "For how many people?") in map(tuple, seen.transcript)
    assert ("user", "at seven thirty") in map(tuple, seen.transcript)
    heard = [final.text for final in seen.causes(TranscriptReceived) if final.final and final.text]
    assert heard
    for text in heard:
        assert ("user", text) in map(tuple, seen.transcript)


def test_the_three_states_are_shown(seen: Seen) -> None:
    assert seen.states == {"agent": "SPEAKING", "user": "LISTENING", "dialog": "details"}


def test_a_key_of_the_page_is_heard_once_and_leads_where_the_flow_says(seen: Seen) -> None:
    assert [cause.key for cause in seen.causes(KeyPressed)] == ["0"]
    assert ("agent", "I will connect you.") in map(tuple, seen.transcript)


def test_the_end_of_the_call_is_told(seen: Seen) -> None:
    assert seen.status == "The call has ended (flow)."


def test_the_journal_holds_the_whole_call(seen: Seen) -> None:
    assert tuple(seen.journal) == seen.steps


def test_the_browser_has_nothing_to_complain_about(seen: Seen) -> None:
    """No script error, no console warning, nothing refused by the page's security policy."""
    assert seen.complaints == []
