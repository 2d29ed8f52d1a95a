"""A timeline shows what matters, in columns, once."""

import pytest

from engine.core.step import Deadline, Note, States, Step
from engine.effects import CallTool, PauseSpeech, Say
from engine.events import (
    PlayoutFinished,
    ServiceFailed,
    SessionStarted,
    SpeechStarted,
    TranscriptReceived,
    Word,
)
from engine.observe.timeline import render


def make_step(cause, *, notes=(), effects=(), states=("IDLE", "IDLE", "greet"), paused=False):
    user, agent, dialog = states
    return Step(
        seq=0,
        at=cause.at,
        cause=cause,
        moves=(),
        notes=tuple(notes),
        effects=tuple(effects),
        states=States(user=user, agent=agent, dialog=dialog, paused=paused),
    )


def test_a_call_is_a_table_of_lines():
    say = Say(utterance="a1.1", turn="a1", text="Hello, this is Luigi's.", interruptible=False)
    tool = CallTool(call="t1", tool="find", use="python:x", args={"size": 4}, idempotency_key="k")
    words = (Word(text="four", start=0, end=300), Word(text="people", start=300, end=700))
    heard = TranscriptReceived(
        at=3100, participant="caller1", text="four", final=True, confidence=0.9, words=words
    )
    speaking = ("SPEAKING", "SPEAKING", "greet")
    steps = [
        make_step(SessionStarted(at=0, seed=7, started_at="2026-05-01T12:00")),
        make_step(
            SpeechStarted(at=1260, participant="caller1", edge=1200),
            effects=[PauseSpeech(), say],
            states=speaking,
            paused=True,
        ),
        make_step(heard, states=speaking),
        make_step(
            Deadline(name="end_of_turn:u1", at=3200),
            notes=[Note(kind="turn", data={"turn": "u1", "text": "four people"})],
            effects=[tool],
            states=("IDLE", "THINKING", "check"),
        ),
        make_step(
            PlayoutFinished(at=4000, utterance="a1.1", played=2740, complete=False),
            states=("IDLE", "THINKING", "check"),
        ),
        make_step(
            ServiceFailed(at=4100, service="tts", message="Gone: no voice", subject="a1.1"),
            states=("IDLE", "THINKING", "check"),
        ),
    ]

    # Trailing states are compared apart: their column is 88, however long the text before it.
    lines = render(steps).splitlines()
    assert [line[:88].rstrip() for line in lines] == [
        "    0.000  >  SessionStarted        seed=7",
        "    1.260  >  SpeechStarted         caller1 edge=1.200",
        "           <  PauseSpeech",
        '           <  Say                   a1.1 "Hello, this is Luigi\'s." interruptible=false',
        '    3.100  >  TranscriptReceived    caller1 "four" final=true confidence=0.9 words=2',
        "    3.200  @  end_of_turn:u1",
        '           *  turn                  u1 "four people"',
        '           <  CallTool              t1 tool=find args={"size":4}',
        "    4.000  >  PlayoutFinished       a1.1 played=2.740 complete=false",
        '    4.100  >  ServiceFailed         tts message="Gone: no voice" subject=a1.1',
    ]
    assert [line[90:] for line in lines if line[90:]] == [
        "idle/idle/greet",
        "speaking/speaking!/greet",
        "speaking/speaking/greet",
        "idle/thinking/check",
    ]


def test_sensitive_arguments_of_a_tool_are_masked():
    call = CallTool(
        call="t1",
        tool="book",
        use="x",
        args={"phone": "0301234567", "size": 4},
        idempotency_key="k",
        sensitive=("phone",),
    )

    text = render([make_step(Deadline(name="silence", at=1), effects=[call])])

    assert 'args={"phone":"***","size":4}' in text
    assert "0301234567" not in text
    assert call.args["phone"] == "0301234567"


def test_long_text_is_shortened_and_line_breaks_stay_inside_a_line():
    note = Note(kind="error", data={"message": "a\nb", "text": "x" * 500})

    text = render([make_step(Deadline(name="close", at=1), notes=[note])])

    assert len(text.splitlines()) == 2
    assert all(len(line) < 200 for line in text.splitlines())


@pytest.mark.parametrize("width", [60, 80, 120])
def test_a_narrow_reader_gets_lines_that_are_folded_under_their_fields(width):
    long = "a story that is told at length and with many words " * 2
    move = make_step(
        Deadline(name="silence", at=1_000),
        notes=[Note(kind="log", data={"text": long})],
        states=("SPEAKING", "LISTENING", "a_state_with_a_long_name"),
    )

    lines = render([move], width=width).splitlines()

    assert max(map(len, lines)) <= width
    assert lines[0].endswith("speaking/listening/a_state_with_a_long_name") or lines[1].endswith(
        "speaking/listening/a_state_with_a_long_name"
    )
    folded = [line for line in lines if line.startswith(" " * 36)]
    assert folded
    assert " ".join(" ".join(lines).split()).count("many words") == 2


def test_a_reader_narrower_than_the_columns_gets_the_narrowest_there_are():
    text = render([make_step(Deadline(name="silence", at=1))], width=3)

    assert "silence" in text
