"""A provider that answers with something of another type is a service that failed, and no more."""

from __future__ import annotations

import asyncio

import numpy as np
import pytest

from engine.core.conversation import Conversation
from engine.effects import ReportError, Say
from engine.events import EndOfTurnPredicted, ServiceFailed, SpeechStarted, TranscriptReceived
from engine.observe.journal import entries
from engine.observe.replay import replay
from providers.base import (
    ReplyReport,
    ReplyText,
    ReplyToolCall,
    SpeechChunk,
    Transcript,
    VoiceEdge,
    WordTiming,
)
from providers.errors import ProviderUnavailable
from providers.scripted import ScriptedRecognizer, ScriptedSynthesizer, ScriptedVad
from providers.scripted_model import ScriptedModel

RATE = 48_000
TALK = """\
turnwise: 1
flow: talk
start: talk
pipeline: {llm: {use: scripted}}
handle: {error: {say: "Sorry.", to: END}}
states: {talk: {say: Hello., converse: Have a chat., max_turns: 9, then: END}}
"""
FORM = """\
turnwise: 1
flow: form
start: ask
pipeline: {llm: {use: scripted}}
slots: {size: {type: "[small, large]", ask: "Which size?"}}
handle: {error: {say: "Sorry.", to: END}, no_match: {to: END}}
states: {ask: {collect: [size], then: END}}
"""


class Detector:
    def __init__(self, answer):
        self.answer = answer

    async def predict(self, text, kinds):
        return self.answer

    async def aclose(self):
        """Nothing to release."""


class Recognizer(ScriptedRecognizer):
    """Says its lines with other values in them."""

    def __init__(self, make):
        super().__init__(["hi there"] * 2, sample_rate=RATE)
        self._make = make

    async def transcripts(self):
        async for heard in super().transcripts():
            yield self._make(heard.text)


class Model(ScriptedModel):
    def __init__(self, piece=None, report=None):
        super().__init__()
        self._piece, self._report = piece, report

    async def report(self, request):
        return self._report

    async def converse(self, request):
        yield ReplyText(text="Well. ")
        yield self._piece


class Vad(ScriptedVad):
    """Finds its edges with another value in them."""

    def __init__(self, change):
        super().__init__([(3.02, 4.02)], sample_rate=RATE)
        self._change = change

    def process(self, samples):
        return [self._change(edge) for edge in super().process(samples)]


class Voice(ScriptedSynthesizer):
    async def synthesize(self, text):
        async for chunk in super().synthesize(text):
            words = (WordTiming(text="x", start=0.0, end=None),) if text == "Hello." else ()
            yield SpeechChunk(samples=chunk.samples, words=words)


def said_by(text="hi there", **values):
    return Transcript(**{"text": text, "final": True, **values})


@pytest.fixture
def talk(run_call, compile_text, make_services):
    """Have a call with one provider of another kind; its journal must give the same call again."""

    def run(text=TALK, **services):
        flow = compile_text(text)
        heard = [(3.0, 4.0, "hi there")]
        given = {"llm": ScriptedModel([{}] * 9, replies=["Okay."] * 9), **services}
        call = run_call(
            flow,
            heard,
            services=make_services(heard, **given),
            at={12: lambda c: c.caller.leave()},
        )
        _, recorded = entries(call.journal.getvalue().splitlines())
        assert replay(Conversation(flow), recorded).difference is None
        return call

    return run


@pytest.mark.parametrize(
    ("service", "provider", "message"),
    [
        ("stt", Recognizer(lambda text: text), "must be of type Transcript, and is of type str"),
        (
            "stt",
            Recognizer(lambda _: said_by(text=None)),
            "text of a transcript must be a text",
        ),
        ("stt", Recognizer(lambda _: said_by(confidence=None)), "confidence of a transcript must"),
        ("stt", Recognizer(lambda _: said_by(final="yes")), "`final` of a transcript must be True"),
        (
            "stt",
            Recognizer(lambda _: said_by(words=None)),
            "words of a transcript must be a list",
        ),
        ("vad", Vad(lambda _: None), "must be of type VoiceEdge, and is None"),
        ("vad", Vad(lambda _: VoiceEdge(kind="start", at=float("nan"))), "the instant of an edge"),
        ("vad", Vad(lambda _: VoiceEdge(kind="start", at=1e308)), "OverflowError"),
        ("vad", Vad(lambda _: VoiceEdge(kind="on", at=1.0)), "must be start or end, and is 'on'"),
        ("llm", Model(ReplyReport(report=None)), "report must be a map, and is None"),
        ("llm", Model(ReplyToolCall(id="c", name="x", args=None)), "args must be a map"),
        (
            "llm",
            Model(ReplyToolCall(id=None, name="x", args={})),
            "id of a call must be a text",
        ),
        ("llm", Model(ReplyText(text=None)), "the text of a reply must be a text, and is None"),
        ("llm", Model(None), "a piece of a reply must be of type ReplyToolCall, and is None"),
        ("tts", Voice(sample_rate=RATE), "the end of a word of a voice must be a finite number"),
    ],
)
def test_what_is_unusable_is_the_failure_of_its_service(talk, service, provider, message):
    call = talk(**{service: provider})

    failed = call.causes(ServiceFailed)[0]
    assert failed.service == service
    assert message in failed.message
    assert "Sorry." in [effect.text for effect in call.effects(Say)]


@pytest.mark.parametrize("after", [0.0, 1.0])
def test_nobody_talks_to_a_recogniser_that_is_dead(talk, after):
    """Whether it died in the call, or before anybody was there to be told."""

    class Dead(ScriptedRecognizer):
        async def transcripts(self):
            await asyncio.sleep(after)
            raise ProviderUnavailable("connection refused")
            yield

    call = talk(stt=Dead(sample_rate=RATE))

    assert [effect.text for effect in call.effects(Say)] == ["Hello.", "Sorry."]
    assert call.result.reason == "flow"
    assert call.result.steps[-1].at < 4_000


@pytest.mark.parametrize("report", [None, [], "small"])
def test_a_report_that_is_none_is_the_failure_of_the_model(talk, report):
    call = talk(FORM, llm=Model(report=report))

    failures = call.causes(ServiceFailed)
    assert {failed.service for failed in failures} == {"llm"}
    assert all(" must be a map" in failed.message for failed in failures)


def test_a_turn_detector_that_gives_no_number_is_told_of_and_missed_by_nobody(talk):
    call = talk(turn_detector=Detector("x"))

    (error,) = call.effects(ReportError)
    assert error.name == "error.turn_detector"
    assert "must be a finite number, and is of type str" in error.message
    assert "Okay." in [effect.text for effect in call.effects(Say)]


@pytest.mark.parametrize(
    ("service", "provider", "event", "field"),
    [
        ("turn_detector", Detector(np.float32(0.5)), EndOfTurnPredicted, "probability"),
        (
            "stt",
            Recognizer(lambda _: said_by(confidence=np.float32(0.5))),
            TranscriptReceived,
            "confidence",
        ),
        (
            "vad",
            Vad(lambda e: VoiceEdge(kind=e.kind, at=e.at, confidence=np.float32(0.5))),
            SpeechStarted,
            "confidence",
        ),
    ],
)
def test_numbers_of_numpy_are_plain_ones_in_the_call(talk, service, provider, event, field):
    call = talk(**{service: provider})

    value = getattr(call.causes(event)[0], field)
    assert (value, type(value)) == (0.5, float)
    assert call.causes(ServiceFailed) == []
