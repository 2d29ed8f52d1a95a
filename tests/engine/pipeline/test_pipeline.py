"""What the room hears becomes edges and words at the right instants; what breaks becomes events."""

import asyncio
import contextlib

import numpy as np
import pytest

from engine.errors import ConfigurationError
from engine.events import (
    EndOfTurnPredicted,
    FloorDenied,
    ServiceFailed,
    SpeechEnded,
    SpeechStarted,
    TranscriptReceived,
    Understood,
)
from engine.pipeline.pipeline import Pipeline, Services
from media.frames import silence
from providers.base import ReportRequest, WordTiming
from providers.errors import ProviderError, ProviderMissing, ProviderUnavailable
from providers.scripted import (
    Heard,
    ScriptedRecognizer,
    ScriptedSynthesizer,
    ScriptedTurnDetector,
    ScriptedVad,
)
from providers.scripted_model import Answer, ScriptedModel


def make(bench, **services):
    return Pipeline(Services(**services), {}, bench.post, bench.time)


async def hear(pipeline, bench, seconds, who="caller1"):
    """Deliver blocks as a room does: each at the instant of its end."""
    for _ in range(round(seconds / 0.02)):
        await asyncio.sleep(0.02)
        pipeline.hear(who, silence(), bench.time.seconds(bench.time.now()))


def test_edges_carry_the_instant_of_the_fact_and_of_its_discovery(on_bench):
    async def body(bench):
        pipeline = make(bench, vad=ScriptedVad([(1.0, 2.0)], sample_rate=48_000))
        await hear(pipeline, bench, 4)
        await pipeline.aclose()
        assert bench.events == [
            SpeechStarted(at=1060, participant="caller1", edge=1000),
            SpeechEnded(at=2200, participant="caller1", edge=2000),
        ]

    on_bench(body)


def test_a_participant_who_joins_late_is_mapped_to_the_same_clock(on_bench):
    async def body(bench):
        pipeline = make(bench, vad=ScriptedVad([(1.0, 2.0)]))
        await asyncio.sleep(5)
        await hear(pipeline, bench, 4)
        await pipeline.aclose()
        assert bench.of(SpeechStarted)[0].edge == 6000

    on_bench(body)


def test_a_stretch_begins_before_its_edge_and_its_words_count_from_the_edge(on_bench):
    async def body(bench):
        words = (WordTiming(text="hello", start=0.35, end=0.8),)
        stt = ScriptedRecognizer([Heard(text="hello", words=words)])
        pipeline = make(bench, vad=ScriptedVad([(1.0, 2.0)]), stt=stt)
        await pipeline.open()
        await hear(pipeline, bench, 4)
        await pipeline.aclose()
        (heard,) = bench.of(TranscriptReceived)
        assert (heard.text, heard.final, heard.participant) == ("hello", True, "caller1")
        assert abs(heard.words[0].start - 50) <= 1
        assert stt.pushed == [pytest.approx(1.5, abs=0.021)]  # 0.3 before, 1 of speech, 0.2 after

    on_bench(body)


def test_a_second_stretch_does_not_hear_the_first_again(on_bench):
    async def body(bench):
        stt = ScriptedRecognizer(["one", "two"])
        pipeline = make(bench, vad=ScriptedVad([(1.0, 2.0), (2.25, 3.0)]), stt=stt)
        await pipeline.open()
        await hear(pipeline, bench, 4)
        await pipeline.aclose()
        assert [e.text for e in bench.of(TranscriptReceived)] == ["one", "two"]
        assert stt.pushed[1] < 1.06  # the ring holds only what followed the first stretch

    on_bench(body)


def test_without_further_detectors_only_the_first_participant_is_listened_to(on_bench):
    async def body(bench):
        pipeline = make(bench, vad=ScriptedVad([(0.1, 0.3)]))
        await hear(pipeline, bench, 0.04)
        await hear(pipeline, bench, 1, who="caller2")
        await pipeline.aclose()
        assert bench.events == [FloorDenied(at=60, participant="caller2", holder="", edge=60)]

    on_bench(body)


def test_a_recogniser_that_dies_is_reported_once_and_left_alone(on_bench):
    async def body(bench):
        stt = ScriptedRecognizer([Heard(text="", error=ProviderUnavailable("gone"))])
        pipeline = make(bench, vad=ScriptedVad([(0.1, 0.5), (1.0, 1.5)]), stt=stt)
        await pipeline.open()
        await hear(pipeline, bench, 3)
        await pipeline.aclose()
        assert [e.service for e in bench.of(ServiceFailed)] == ["stt"]
        assert len(stt.pushed) == 1
        assert len(bench.of(SpeechEnded)) == 2

    on_bench(body)


class _BreakingVad(ScriptedVad):
    def process(self, samples):
        if self.position > 0.5:
            raise ProviderError("broken")
        return super().process(samples)


def test_a_detector_that_dies_ends_the_speech_it_had_begun(on_bench):
    async def body(bench):
        pipeline = make(bench, vad=_BreakingVad([(0.1, 5.0)], sample_rate=48_000))
        await hear(pipeline, bench, 2)
        await pipeline.aclose()
        assert [type(e) for e in bench.events] == [SpeechStarted, ServiceFailed, SpeechEnded]
        assert bench.events[2].edge == bench.events[2].at == 540

    on_bench(body)


def test_a_newer_prediction_replaces_the_older(on_bench):
    async def body(bench):
        detector = ScriptedTurnDetector({"a": 0.1, "a b": 0.9}, delay=0.1)
        pipeline = make(bench, turn_detector=detector)
        pipeline.predict("u1", "a", ())
        await asyncio.sleep(0.05)
        pipeline.predict("u1", "a b", ())
        await asyncio.sleep(1)
        await pipeline.aclose()
        assert bench.events == [EndOfTurnPredicted(at=150, turn="u1", text="a b", probability=0.9)]

    on_bench(body)


REQUEST = ReportRequest(text="x", question="q", schema={}, hints={})


def test_reports_and_failures_carry_their_turn_and_a_forgotten_question_stays_silent(on_bench):
    async def body(bench):
        model = ScriptedModel([{"intent": "a"}, ProviderUnavailable("down"), Answer()])
        pipeline = make(bench, llm=model)
        for turn in ("u1", "u2", "u3"):
            pipeline.understanding.ask(turn, REQUEST)
            await asyncio.sleep(0)
        pipeline.understanding.forget("u3")
        await asyncio.sleep(1)
        await pipeline.aclose()
        assert bench.of(Understood) == [Understood(at=300, turn="u1", report={"intent": "a"})]
        assert [e.subject for e in bench.of(ServiceFailed)] == ["u2"]
        assert model.closed

    on_bench(body)


def test_a_question_without_a_model_fails_at_once(on_bench):
    async def body(bench):
        pipeline = make(bench)
        pipeline.understanding.ask("u1", REQUEST)
        await pipeline.aclose()
        assert [(e.service, e.subject, e.at) for e in bench.of(ServiceFailed)] == [("llm", "u1", 0)]

    on_bench(body)


def test_a_provider_that_cannot_open_is_named(on_bench):
    async def body(bench):
        tts = ScriptedSynthesizer(open_error=ProviderMissing("espeak-ng is not installed"))
        stt = ScriptedRecognizer()
        pipeline = make(bench, tts=tts, stt=stt)
        with pytest.raises(ConfigurationError, match=r"tts cannot start: .*espeak-ng"):
            await pipeline.open()
        await pipeline.aclose()
        assert tts.closed
        assert stt.closed

    on_bench(body)


def test_a_provider_that_never_opens_is_given_up(on_bench):
    class Never(ScriptedSynthesizer):
        async def open(self):
            await asyncio.sleep(1_000)

    async def body(bench):
        pipeline = make(bench, tts=Never())
        with pytest.raises(ConfigurationError, match="not ready after 30 s"):
            await pipeline.open()
        await pipeline.aclose()

    on_bench(body)


async def sleepless():
    """Go on for ever, whoever cancels it."""
    while True:
        with contextlib.suppress(asyncio.CancelledError):
            await asyncio.sleep(1)


def test_a_provider_that_opens_for_ever_and_cannot_be_cancelled_is_given_up(on_bench, caplog):
    class Never(ScriptedSynthesizer):
        async def open(self):
            await sleepless()

    async def body(bench):
        pipeline = make(bench, tts=Never())
        with pytest.raises(ConfigurationError, match="not ready after 30 s"):
            await pipeline.open()
        assert bench.time.now() == 33_000
        await pipeline.aclose()

    on_bench(body)
    assert "'open tts' was cancelled and has not ended within 3 s" in caplog.text


def test_a_stage_that_fails_to_close_does_not_keep_the_others_open(on_bench, caplog):
    class Stubborn(ScriptedSynthesizer):
        async def aclose(self):
            raise ProviderError("no")

    async def body(bench):
        stt = ScriptedRecognizer()
        pipeline = make(bench, tts=Stubborn(), stt=stt)
        await pipeline.open()
        await pipeline.aclose()
        assert stt.closed
        assert "tts did not close cleanly" in caplog.text

    on_bench(body)


def test_a_provider_that_closes_for_ever_and_cannot_be_cancelled_is_given_up(on_bench, caplog):
    class Stubborn(ScriptedSynthesizer):
        async def aclose(self):
            await sleepless()

    async def body(bench):
        stt = ScriptedRecognizer()
        pipeline = make(bench, tts=Stubborn(), stt=stt)
        await pipeline.open()
        await pipeline.aclose()
        assert stt.closed
        assert bench.time.now() == 13_000

    on_bench(body)
    assert "tts did not close cleanly: it still closes after 10 s" in caplog.text
    assert "'close tts' was cancelled and has not ended within 3 s" in caplog.text


def test_blocks_reach_the_recogniser_as_int16(on_bench):
    class Checking(ScriptedRecognizer):
        def push(self, samples):
            assert samples.dtype == np.int16
            super().push(samples)

    async def body(bench):
        stt = Checking(["x"])
        pipeline = make(bench, vad=ScriptedVad([(0.5, 1.0)]), stt=stt)
        await pipeline.open()
        await hear(pipeline, bench, 2)
        await pipeline.aclose()
        assert not bench.of(ServiceFailed)

    on_bench(body)
