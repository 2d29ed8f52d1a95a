"""The recogniser hears what the state expects, says when it does not, and survives its process."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Callable, Coroutine
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from providers.base import RecognitionContext, Recognizer, Samples, Transcript
from providers.embedded.stt import EmbeddedRecognizer, RecognizerOptions
from providers.errors import ProviderConfigurationError, ProviderError, ProviderUnavailable
from providers.registry import check, make

Run = Callable[[Coroutine[Any, Any, Any]], Any]
Say = Callable[[str], npt.NDArray[np.float64]]

CONTEXT = RecognitionContext(
    grammars={
        "size": """#JSGF V1.0; grammar size;
            public <size> = [a table] for <n> [people] | <n> people | xyzzyplugh;
            <n> = two | three | four | five | six;""",
        "agree": """#JSGF V1.0; grammar agree;
            public <a> = yes [please] | no [thank you] | that is (wrong | correct);""",
        "day": """#JSGF V1.0; grammar day;
            public <d> = [on] (monday | tuesday | friday) [evening] | tomorrow [morning];""",
    },
    keyterms=("goodbye",),
)


def heard_as(audio: npt.NDArray[np.float64]) -> Samples:
    silence = np.zeros(4800)
    return np.concatenate((silence, audio * 16_000, silence)).astype(np.int16)


async def listen(recognizer: Recognizer, audio: Samples) -> None:
    recognizer.start_speech()
    for start in range(0, len(audio), 320):
        recognizer.push(audio[start : start + 320])
        await asyncio.sleep(0)
    recognizer.end_speech()


async def final(transcripts: AsyncIterator[Transcript]) -> tuple[Transcript, list[str]]:
    partials = []
    async for transcript in transcripts:
        if transcript.final:
            return transcript, partials
        partials.append(transcript.text)
    raise AssertionError("closed before the final transcript")


async def restarted(recognizer: EmbeddedRecognizer) -> None:
    assert recognizer._shared is not None
    assert recognizer._shared._starting is not None
    await recognizer._shared._starting


def opened(work: Callable[[EmbeddedRecognizer], Coroutine[Any, Any, None]]) -> Any:
    async def call() -> None:
        recognizer = EmbeddedRecognizer(RecognizerOptions(), CONTEXT)
        await recognizer.open()
        try:
            await work(recognizer)
        finally:
            await recognizer.aclose()

    return call()


def test_hears_what_the_state_expects_with_partials_and_word_times(real: Run, caller: Say) -> None:
    async def work(recognizer: EmbeddedRecognizer) -> None:
        recognizer.expect("size")
        audio = heard_as(caller("a table for four people"))
        await listen(recognizer, audio)
        transcript, partials = await final(recognizer.transcripts())
        assert transcript.text == "a table for four people"
        assert transcript.accepted
        assert transcript.confidence > 0.6
        assert partials
        assert partials[-1].startswith("a table")
        assert [word.text for word in transcript.words] == transcript.text.split()
        times = [t for word in transcript.words for t in (word.start, word.end)]
        assert times == sorted(times)
        assert times[0] == pytest.approx(0.3, abs=0.2)
        assert times[-1] <= len(audio) / 16_000

    real(opened(work))


def test_words_of_another_state_are_not_accepted(real: Run, caller: Say) -> None:
    async def work(recognizer: EmbeddedRecognizer) -> None:
        transcripts = recognizer.transcripts()
        for grammar, accepted in (("day", True), ("agree", False), ("", True)):
            recognizer.expect(grammar)
            await listen(recognizer, heard_as(caller("on friday evening")))
            transcript, _ = await final(transcripts)
            assert (grammar, transcript.accepted) == (grammar, accepted)
            assert "friday" in transcript.text

    real(opened(work))


def test_silence_is_an_empty_final_transcript(real: Run) -> None:
    async def work(recognizer: EmbeddedRecognizer) -> None:
        recognizer.expect("agree")
        recognizer.start_speech()
        recognizer.end_speech()
        recognizer.end_speech()
        transcript, _ = await final(recognizer.transcripts())
        assert transcript.text == ""

    real(opened(work))


def test_calls_of_one_flow_share_a_process_and_do_not_mix(real: Run, caller: Say) -> None:
    async def call() -> None:
        calls = [EmbeddedRecognizer(RecognizerOptions(), CONTEXT) for _ in range(2)]
        await asyncio.gather(*(one.open() for one in calls))
        assert calls[0].process_id == calls[1].process_id
        calls[0].expect("day")
        calls[1].expect("agree")
        await asyncio.gather(
            listen(calls[0], heard_as(caller("tomorrow morning"))),
            listen(calls[1], heard_as(caller("no thank you"))),
        )
        texts = [(await final(one.transcripts()))[0].text for one in calls]
        assert texts == ["tomorrow morning", "no thank you"]
        pid = calls[0].process_id
        await calls[0].aclose()
        assert calls[1].process_id == pid
        await calls[1].aclose()
        with pytest.raises(ProcessLookupError):
            os.kill(pid, 0)

    real(call())


def test_a_dead_process_costs_one_stretch_and_is_started_again_once(real: Run, caller: Say) -> None:
    async def work(recognizer: EmbeddedRecognizer) -> None:
        recognizer.expect("agree")
        recognizer.start_speech()
        first = recognizer.process_id
        os.kill(first, signal.SIGKILL)
        with pytest.raises(ProviderUnavailable) as raised:
            await final(recognizer.transcripts())
        assert raised.value.retryable
        transcripts = recognizer.transcripts()
        recognizer.start_speech()  # while nobody listens: an empty final, not none at all
        recognizer.push(np.zeros(320, np.int16))
        recognizer.end_speech()
        assert (await final(transcripts))[0].text == ""
        recognizer.start_speech()  # begins before the process is there, ends when it is
        await restarted(recognizer)
        recognizer.end_speech()
        assert (await final(transcripts))[0].text == ""
        await listen(recognizer, heard_as(caller("yes please")))
        transcript, _ = await final(transcripts)
        assert transcript.text == "yes please"
        assert recognizer.process_id != first

    real(opened(work))


def test_a_process_that_dies_again_is_given_up(real: Run) -> None:
    async def work(recognizer: EmbeddedRecognizer) -> None:
        recognizer.start_speech()
        os.kill(recognizer.process_id, signal.SIGKILL)
        with pytest.raises(ProviderUnavailable):
            await final(recognizer.transcripts())
        await restarted(recognizer)
        os.kill(recognizer.process_id, signal.SIGKILL)
        for _ in range(2):
            with pytest.raises(ProviderError) as raised:
                await final(recognizer.transcripts())
            assert not raised.value.retryable
        recognizer.start_speech()
        recognizer.push(np.zeros(320, np.int16))
        recognizer.end_speech()

    real(opened(work))


def test_words_nobody_can_pronounce_are_told(real: Run, caplog: pytest.LogCaptureFixture) -> None:
    async def work(recognizer: EmbeddedRecognizer) -> None:
        assert "xyzzyplugh" in caplog.text

    real(opened(work))


def test_a_grammar_that_cannot_be_read_is_told_at_open(real: Run) -> None:
    async def call() -> None:
        context = RecognitionContext(grammars={"a": "#JSGF V1.0; grammar a; public <a> = <b>;"})
        recognizer = make("stt", {}, context)
        try:
            with pytest.raises(ProviderConfigurationError, match="never defined"):
                await recognizer.open()
        finally:
            await recognizer.aclose()

    real(call())


def test_another_language_is_refused(real: Run) -> None:
    recognizer = make("stt", {}, RecognitionContext(language="de-DE"))

    with pytest.raises(ProviderConfigurationError, match="English only"):
        real(recognizer.open())


def test_options_are_checked() -> None:
    assert check("stt", {"tolerance": 2}) != ()
    assert check("stt", {"partials": "100ms"}) == ()
