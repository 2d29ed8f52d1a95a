"""Several people in one room: who is heard, whose words they are, and who comes back."""

import asyncio
import io
import json

import numpy as np
import pytest

from engine.core.conversation import Conversation
from engine.events import (
    FloorDenied,
    ParticipantJoined,
    SpeechEnded,
    SpeechStarted,
    TranscriptReceived,
)
from engine.observe.journal import entries
from engine.observe.replay import replay
from engine.observe.timeline import render
from engine.pipeline.pipeline import Services
from engine.session.options import SessionOptions
from engine.session.session import Session
from media.loopback import LoopbackRoom
from providers.base import VoiceEdge
from providers.scripted import Heard, ScriptedRecognizer, ScriptedSynthesizer, ScriptedVad

RATE = 48_000
FLOW = """
turnwise: 1
flow: desk
start: ask
slots: {size: {type: integer, ask: "How many?"}}
listen: {silence: 60s, no_input: [Hello?], no_match: [Sorry?]}
handle: {no_input: {to: END}, no_match: {to: END}}
states:
  ask: {collect: [size], resume: "There you are again.", then: more}
  more: {confirm: "{{ slots.size }}, is that right?", then: END}
"""


class LoudnessVad:
    """Loud is speech; a fifth of a second of silence ends it: for real audio of two people."""

    sample_rate = RATE

    def __init__(self):
        self.heard, self.last_loud = 0, None
        self.blocks = []

    def process(self, samples):
        edges, began = [], self.heard
        self.heard += len(samples)
        self.blocks.append(samples)
        if np.abs(samples).max(initial=0) > 1_000:
            if self.last_loud is None:
                edges.append(VoiceEdge(kind="start", at=began / RATE))
            self.last_loud = self.heard
        elif self.last_loud is not None and self.heard - self.last_loud > RATE // 5:
            edges.append(VoiceEdge(kind="end", at=self.last_loud / RATE))
            self.last_loud = None
        return edges

    def close(self): ...


class KeepingRecognizer(ScriptedRecognizer):
    """Remembers the audio of each stretch."""

    def __init__(self, script):
        super().__init__(script, sample_rate=RATE)
        self.stretches = []

    def start_speech(self):
        self.stretches.append([])
        super().start_speech()

    def push(self, samples):
        self.stretches[-1].append(samples)
        super().push(samples)


def voice(value, seconds):
    """Somebody's speech: a constant by which their samples are known."""
    return np.full(int(seconds * RATE), value, np.int16)


@pytest.fixture
def flow(compile_text):
    return compile_text(FLOW)


@pytest.fixture
def meeting(virtual, flow):
    """Run a call of two people; `plan` maps seconds to what happens then."""

    def run(plan, said, *, joins=2, vads=None, told=None, **options):
        journal, told = io.StringIO(), [] if told is None else told

        async def main(clock):
            room = LoopbackRoom(clock)
            people = [room.join() for _ in range(joins)]
            stt = KeepingRecognizer([Heard(text=text, delay=0.1) for text in said])
            made = []

            def another():
                made.append(LoudnessVad())
                return made[-1]

            services = Services(
                vad=another(),
                another_vad=another if vads is None else None,
                stt=stt,
                tts=ScriptedSynthesizer(sample_rate=RATE),
            )
            session = Session(
                flow, room, services, clock, SessionOptions(**options), journal=journal
            )
            session.on("turn", told.append)
            loop = asyncio.get_running_loop()
            for seconds, act in plan.items():
                loop.call_later(seconds, act, room, people)
            loop.call_later(40, session.close, "enough")
            result = await session.run()
            return session, result, stt, made

        session, result, stt, made = virtual(main)
        lines = journal.getvalue().split("\n")[:-1]
        assert replay(Conversation(flow), entries(lines)[1]).difference is None
        return session, result, stt, made

    return run


def causes(session, cls):
    return [s.cause for s in session.steps if isinstance(s.cause, cls)]


def notes(session, kind):
    return [n.data for s in session.steps for n in s.notes if n.kind == kind]


def says(who, value, seconds):
    return lambda room, people: people[who].speak(voice(value, seconds))


class TestFirstSpeaker:
    def test_whoever_speaks_second_waits_for_the_floor(self, meeting):
        session, _, stt, _ = meeting(
            {3.0: says(0, 5_000, 2), 4.0: says(1, 9_000, 0.5)}, ["four", "nobody hears this"]
        )

        assert [e.participant for e in causes(session, SpeechStarted)] == ["caller1"]
        (denied,) = causes(session, FloorDenied)
        assert (denied.participant, denied.holder) == ("caller2", "caller1")
        assert notes(session, "blocked") == [
            {"speaker": "caller2", "holder": "caller1", "action": "discard"}
        ]
        assert len(stt.stretches) == 1

    def test_frames_of_two_are_never_in_one_stretch(self, meeting):
        _, _, stt, _ = meeting({3.0: says(0, 5_000, 2), 4.0: says(1, 9_000, 6)}, ["four", "five"])
        kinds = [set(np.unique(np.concatenate(blocks))) - {0} for blocks in stt.stretches]
        assert kinds == [{5_000}, {9_000}]

    def test_who_still_speaks_when_it_is_free_has_it(self, meeting):
        session, _, _, _ = meeting(
            {3.0: says(0, 5_000, 1), 3.5: says(1, 9_000, 6)}, ["four", "yes"]
        )
        starts = [(e.participant, e.edge) for e in causes(session, SpeechStarted)]
        ends = [(e.participant, e.edge) for e in causes(session, SpeechEnded)]
        assert [who for who, _ in starts] == ["caller1", "caller2"]
        released = ends[0][1] + 1_500
        assert released <= starts[1][1] <= released + 40

    def test_words_carry_the_label_of_who_said_them(self, meeting):
        notices = []
        session, result, _, _ = meeting(
            {3.0: says(0, 5_000, 1), 9.0: says(1, 9_000, 1)}, ["four", "yes"], told=notices
        )

        assert [(notice.speaker, notice.text) for notice in notices] == [
            ("caller1", "four"),
            ("caller2", "yes"),
        ]
        finals = [(e.participant, e.text) for e in causes(session, TranscriptReceived) if e.final]
        assert finals == [("caller1", "four"), ("caller2", "yes")]
        turns = [(d["speaker"], d["text"]) for d in notes(session, "turn")]
        assert turns == finals
        told = [(i.speaker, i.text) for i in result.history.messages if i.role == "user"]
        assert told == finals
        assert 'u2 "yes"' in render(session.steps)
        assert "speaker=caller2" in render(session.steps)

    @pytest.mark.parametrize(
        ("lasts", "left", "after"),
        [
            pytest.param(2.0, 4.0, 4.05, id="before the words of who left are here"),
            pytest.param(2.0, 4.0, 4.3, id="while it is open whether they were all"),
            pytest.param(2.0, 4.0, 5.5, id="when the turn is over"),
            pytest.param(0.6, 3.85, 4.0, id="who left between two words"),
        ],
    )
    def test_who_speaks_after_somebody_left_says_something_else(self, meeting, lasts, left, after):
        session, result, stt, _ = meeting(
            {
                3.0: says(0, 5_000, lasts),
                left: lambda room, people: people[0].leave(),
                after: says(1, 9_000, 1),
            },
            ["four", "yes"],
        )

        said = [("caller1", "four"), ("caller2", "yes")]
        assert [(turn["speaker"], turn["text"]) for turn in notes(session, "turn")] == said
        assert [(i.speaker, i.text) for i in result.history.messages if i.role == "user"] == said
        assert len(stt.stretches) == 2

    def test_with_one_caller_nothing_is_labelled(self, meeting):
        session, result, _, _ = meeting({3.0: says(0, 5_000, 1)}, ["four"], joins=1)
        assert ["speaker" in data for data in notes(session, "turn")] == [False]
        assert {item.speaker for item in result.history.messages} == {""}

    def test_where_no_second_detector_can_be_made_the_first_is_heard(self, meeting):
        session, _, stt, made = meeting(
            {3.0: says(1, 9_000, 1), 6.0: says(0, 5_000, 1)}, ["four"], vads=1
        )
        assert len(made) == 1
        assert [e.participant for e in causes(session, SpeechStarted)] == ["caller1"]

    def test_who_joins_in_place_of_another_has_their_ear(self, meeting):
        session, _, _, made = meeting(
            {
                2.5: lambda room, people: people[0].leave(),
                3.0: lambda room, people: people.append(room.join()),
                4.0: says(2, 9_000, 1),
            },
            ["four"],
        )
        assert len(made) == 2
        assert [e.participant for e in causes(session, SpeechStarted)] == ["caller3"]

    def test_who_leaves_in_the_middle_of_a_word_gives_the_floor_back(self, meeting):
        session, _, stt, _ = meeting(
            {
                3.0: says(0, 5_000, 9),
                4.0: lambda room, people: people[0].leave(),
                4.5: says(1, 9_000, 1),
            },
            ["half", "four"],
        )
        assert [e.participant for e in causes(session, SpeechStarted)] == ["caller1", "caller2"]
        assert len(stt.stretches) == 2


class TestMix:
    def test_all_are_heard_as_one_voice_named_after_the_loudest(self, meeting):
        session, _, stt, made = meeting(
            {3.0: says(0, 2_000, 2), 3.5: says(1, 9_000, 1.2)}, ["four"], floor="mix"
        )
        assert len(made) == 1
        (stretch,) = stt.stretches
        assert set(np.unique(np.concatenate(stretch))) == {0, 2_000, 9_000, 11_000} - {9_000}
        finals = [e for e in causes(session, TranscriptReceived) if e.final]
        assert [(e.participant, e.text) for e in finals] == [("caller2", "four")]
        assert causes(session, FloorDenied) == []


class TestComingBack:
    def test_who_was_lost_goes_on_in_the_same_call(self, meeting):
        session, result, _, _ = meeting(
            {
                3.0: lambda room, people: people[0].leave("lost"),
                7.0: lambda room, people: people.append(room.join()),
                11.0: says(1, 9_000, 1),
            },
            ["four"],
            joins=1,
            reconnect_grace=10.0,
        )
        heard = [i.text for i in result.history]
        assert heard == [
            "How many?",
            "There you are again.",
            "How many?",
            "four",
            "4, is that right?",
        ]
        joined = [event.participant for event in causes(session, ParticipantJoined)]
        assert joined == ["caller1", "caller2"]

    def test_who_left_on_purpose_is_not_waited_for(self, meeting):
        session, result, _, _ = meeting(
            {3.0: lambda room, people: people[0].leave()}, [], joins=1, reconnect_grace=10.0
        )
        assert result.reason == "caller_left"
        assert session.steps[-1].at < 3_100

    def test_after_the_grace_the_call_is_over(self, meeting):
        session, result, _, _ = meeting(
            {3.0: lambda room, people: people[0].leave("lost")}, [], joins=1, reconnect_grace=10.0
        )
        assert result.reason == "caller_left"
        assert 12_900 < session.steps[-1].at < 13_100


def test_the_journal_keeps_the_label(meeting):
    """Read back from the lines alone."""
    session, _, _, _ = meeting({3.0: says(0, 5_000, 1)}, ["four"])
    from engine.observe.journal import encode

    turns = [
        note["data"]
        for step in session.steps
        for note in json.loads(json.dumps(encode(step)))["notes"]
        if note["kind"] == "turn"
    ]
    assert [turn["speaker"] for turn in turns] == ["caller1"]


def test_a_detector_that_cannot_be_made_is_told_and_ends_nothing(virtual, flow):
    def broken():
        raise RuntimeError("no more of them")

    async def main(clock):
        room = LoopbackRoom(clock)
        people = [room.join(), room.join()]
        services = Services(
            vad=ScriptedVad(sample_rate=RATE),
            another_vad=broken,
            tts=ScriptedSynthesizer(sample_rate=RATE),
        )
        session = Session(flow, room, services, clock)
        asyncio.get_running_loop().call_later(5, session.close, "enough")
        result = await session.run()
        assert people
        return session, result

    session, result = virtual(main)
    denied = [s.cause.participant for s in session.steps if isinstance(s.cause, FloorDenied)]
    assert result.reason == "enough"
    assert denied == ["caller2"]
    assert not [e for s in session.steps for e in s.effects if type(e).__name__ == "ReportError"]
