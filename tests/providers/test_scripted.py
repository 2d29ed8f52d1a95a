"""The doubles answer at exact instants of the loop's clock and record what they were asked."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

import numpy as np
import pytest

from providers.base import ReportRequest, Transcript, VoiceEdge
from providers.errors import ProviderError, ProviderTimeout
from providers.scripted import (
    Heard,
    ScriptedRecognizer,
    ScriptedSynthesizer,
    ScriptedTurnDetector,
    ScriptedVad,
    Voicing,
)
from providers.scripted_model import Answer, ScriptedModel

Run = Callable[[Coroutine[Any, Any, Any]], Any]
REQUEST = ReportRequest(text="four", question="How many?", schema={}, hints={})


def now() -> float:
    return round(asyncio.get_running_loop().time(), 6)


def test_vad_reports_edges_when_the_audio_reaches_their_decision() -> None:
    vad = ScriptedVad([(0.10, 0.50)], start_delay=0.06, end_delay=0.2)
    reported: list[tuple[float, VoiceEdge]] = []

    for _ in range(50):
        for edge in vad.process(np.zeros(320, np.int16)):
            reported.append((round(vad.position, 3), edge))

    assert reported == [
        (0.16, VoiceEdge(kind="start", at=0.10)),
        (0.70, VoiceEdge(kind="end", at=0.50)),
    ]


def test_vad_takes_speech_while_it_runs() -> None:
    vad = ScriptedVad(start_delay=0.0, end_delay=0.0)

    vad.process(np.zeros(1600, np.int16))
    vad.speak(0.1, 0.2)

    assert [e.kind for e in vad.process(np.zeros(1600, np.int16))] == ["start", "end"]


async def _collect(recognizer: ScriptedRecognizer, into: list[Any]) -> None:
    try:
        async for transcript in recognizer.transcripts():
            into.append((now(), transcript))
    except ProviderError as error:
        into.append((now(), error))


def test_recogniser_gives_partials_then_one_final_after_its_delay(virtual: Run) -> None:
    async def call() -> list[Any]:
        recognizer = ScriptedRecognizer(
            [Heard(text="for two", delay=0.05, partials=((0.2, "for"), (0.9, "never sent")))]
        )
        got: list[Any] = []
        reader = asyncio.get_running_loop().create_task(_collect(recognizer, got))  # noqa: TID251
        recognizer.expect("size")
        recognizer.start_speech()
        await asyncio.sleep(0.5)
        recognizer.push(np.zeros(8000, np.int16))
        recognizer.end_speech()
        await asyncio.sleep(1)
        await recognizer.aclose()
        await reader
        assert recognizer.expected == ["size"]
        assert recognizer.pushed == [0.5]
        return got

    assert virtual(call()) == [
        (0.2, Transcript(text="for", final=False)),
        (0.55, Transcript(text="for two", final=True)),
    ]


def test_recogniser_hears_nothing_after_its_script_and_can_break(virtual: Run) -> None:
    async def call() -> list[Any]:
        recognizer = ScriptedRecognizer()
        got: list[Any] = []
        reader = asyncio.get_running_loop().create_task(_collect(recognizer, got))  # noqa: TID251
        for _ in range(2):
            recognizer.start_speech()
            recognizer.end_speech()
            await asyncio.sleep(1)
            recognizer.hear("unused")
            recognizer.hear(Heard(text="", error=ProviderTimeout("no answer")))
        await reader
        return [item if isinstance(item, Transcript) else str(item) for _, item in got]

    assert virtual(call()) == [Transcript(text="", final=True), "no answer"]


def test_turn_detector_answers_by_text_after_its_delay(virtual: Run) -> None:
    async def call() -> list[Any]:
        detector = ScriptedTurnDetector({"my name is": 0.1}, default=0.9, delay=0.03)
        return [
            await detector.predict("my name is", ["text"]),
            await detector.predict("a", []),
            now(),
        ]

    assert virtual(call()) == [0.1, 0.9, 0.06]


def test_model_reports_fails_and_never_answers(virtual: Run) -> None:
    async def call() -> list[Any]:
        model = ScriptedModel([{"slots": {"size": 4}}, ProviderTimeout("late"), Answer()])
        got: list[Any] = [await model.report(REQUEST), now()]
        with pytest.raises(ProviderTimeout, match="late"):
            await model.report(REQUEST)
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(model.report(REQUEST), 5)
        with pytest.raises(ProviderError, match="no answer number 4"):
            await model.report(REQUEST)
        return [*got, len(model.requests), model.cancelled]

    assert virtual(call()) == [{"slots": {"size": 4}}, 0.3, 4, 1]


def test_voice_takes_the_time_its_words_take(virtual: Run) -> None:
    async def call() -> None:
        voice = ScriptedSynthesizer(first_audio=0.05, words_per_minute=120)
        chunks = []
        async for chunk in voice.synthesize("a table for four"):
            chunks.append((now(), chunk))

        assert chunks[0][0] == 0.05
        assert sum(len(chunk.samples) for _, chunk in chunks) == 2 * voice.sample_rate
        words = [word for _, chunk in chunks for word in chunk.words]
        assert [(w.text, w.start, w.end) for w in words] == [
            ("a", 0.0, 0.5),
            ("table", 0.5, 1.0),
            ("for", 1.0, 1.5),
            ("four", 1.5, 2.0),
        ]
        assert voice.stopped == []

    virtual(call())


def test_voice_breaks_stays_silent_and_stops_when_told(virtual: Run) -> None:
    async def call() -> None:
        voice = ScriptedSynthesizer(
            lines={
                "broken": Voicing(duration=1, error=ProviderTimeout("gone"), error_after=0.2),
                "mute": Voicing(duration=0),
            }
        )
        speech = voice.synthesize("broken")
        heard = [len((await anext(speech)).samples) for _ in range(2)]
        with pytest.raises(ProviderTimeout):
            await anext(speech)
        assert sum(heard) == 0.2 * voice.sample_rate
        assert [chunk async for chunk in voice.synthesize("mute")] == []
        speech = voice.synthesize("one two three four five")
        await anext(speech)
        await speech.aclose()  # type: ignore[attr-defined]
        assert voice.stopped == ["one two three four five"]

    virtual(call())
