"""Screens are told what changed, once."""

import pytest

from engine.core.step import Note, States, Step
from engine.effects import CallTool, HangUp, ReportError, Say
from engine.events import (
    ParticipantJoined,
    ParticipantLeft,
    PlayoutFinished,
    PlayoutStarted,
    TextReceived,
    ToolReturned,
    TranscriptReceived,
)
from engine.session.captions import Captions

IDLE = States(user="IDLE", agent="IDLE", dialog="ask")


def make_step(cause, *effects, states=IDLE):
    return Step(seq=0, at=cause.at, cause=cause, moves=(), notes=(), effects=effects, states=states)


@pytest.fixture
def captions():
    captions = Captions("book_table", "1.0.0")
    captions.of(make_step(TextReceived(at=0, participant="c", text="")))
    return captions


def heard(text, *, final):
    return make_step(TranscriptReceived(at=0, participant="c", text=text, final=final))


def test_words_are_shown_as_they_come_and_nothing_for_no_words(captions):
    assert captions.of(heard("fo", final=False)) == [
        ("transcript", {"id": "said1", "who": "user", "text": "fo", "final": False})
    ]
    assert captions.of(heard("four", final=True)) == [
        ("transcript", {"id": "said1", "who": "user", "text": "four", "final": True})
    ]
    assert captions.of(heard("fi", final=False))[0][1]["id"] == "said2"
    assert captions.of(heard("", final=True)) == []


def test_words_have_their_speaker_from_when_there_are_several(captions):
    def speaker(name, text, *, final=True):
        said = TranscriptReceived(at=0, participant=name, text=text, final=final)
        return [data.get("speaker") for _, data in captions.of(make_step(said))]

    captions.of(make_step(ParticipantJoined(at=0, participant="ann")))
    assert speaker("ann", "four") == [None]
    captions.of(make_step(ParticipantJoined(at=0, participant="ben")))
    assert speaker("ann", "fi", final=False) == ["ann"]
    assert speaker("ann", "five") == ["ann"]
    assert speaker("ben", "no, six") == ["ben"]


def test_who_comes_back_by_another_connection_is_still_one_person(captions):
    for event in (
        ParticipantJoined(at=0, participant="caller1"),
        ParticipantLeft(at=1, participant="caller1", reason="lost", grace=5_000),
        ParticipantJoined(at=2, participant="caller2"),
    ):
        captions.of(make_step(event))
    said = TranscriptReceived(at=3, participant="caller2", text="four", final=True)

    ((_, data),) = captions.of(make_step(said))
    assert "speaker" not in data


def test_a_line_is_shown_when_it_becomes_audible_and_not_before(captions):
    say = Say(utterance="a1.1", turn="a1", text="Hello.")

    assert captions.of(make_step(TextReceived(at=0, participant="c", text="hi"), say)) == [
        ("transcript", {"id": "said1", "who": "user", "text": "hi", "final": True})
    ]
    started = make_step(PlayoutStarted(at=1, utterance="a1.1"))
    assert captions.of(started) == [
        ("transcript", {"id": "a1.1", "who": "agent", "text": "Hello.", "final": True})
    ]
    assert captions.of(started) == []


@pytest.mark.parametrize(("error", "state"), [(None, "returned"), ("down", "failed")])
def test_a_tool_is_shown_when_it_is_called_and_when_it_is_over(captions, error, state):
    call = CallTool(call="t1", tool="find", use="x", args={"secret": 1}, idempotency_key="k")

    called = captions.of(make_step(PlayoutStarted(at=0, utterance="a9"), call))
    assert called == [("tool", {"call": "t1", "tool": "find", "state": "called"})]
    returned = captions.of(make_step(ToolReturned(at=1, call="t1", error=error)))
    assert returned == [("tool", {"call": "t1", "tool": "find", "state": state})]


def test_states_are_told_when_they_change(captions):
    speaking = States(user="LISTENING", agent="SPEAKING", dialog="ask", paused=True)
    step = make_step(PlayoutStarted(at=0, utterance="a1"), states=speaking)
    told = {"user": "LISTENING", "agent": "SPEAKING", "dialog": "ask", "paused": True}

    assert captions.of(step) == [("states", told)]
    assert captions.of(step) == []


def test_who_joins_is_told_the_flow_and_at_the_end_that_it_is_over(captions):
    joined = make_step(ParticipantJoined(at=0, participant="c"))
    assert captions.of(joined) == [("flow", {"id": "book_table", "version": "1.0.0"})]

    failed = ReportError(name="error.tool", message="secret")
    over = make_step(joined.cause, failed, HangUp(reason="flow"))
    assert captions.of(over)[1:] == [
        ("error", {"name": "error.tool"}),
        ("ended", {"reason": "flow"}),
    ]


def test_what_was_heard_of_a_line_is_told_when_it_was_cut(captions):
    cut = PlayoutFinished(at=0, utterance="a1.1", played=500, complete=False)
    data = {"utterance": "a1.1", "text": "We are", "complete": False}
    note = Note(kind="heard", data=data)
    step = Step(seq=0, at=0, cause=cut, moves=(), notes=(note,), effects=(), states=IDLE)

    assert captions.of(step) == [("heard", {"id": "a1.1", "text": "We are"})]
