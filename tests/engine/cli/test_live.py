"""The live view: a line for what a listener would notice, none for the rest, no secrets."""

from __future__ import annotations

from typing import Any

from engine.cli.live import HEADER, LiveView
from engine.core.step import Deadline, Move, Note, States, Step
from engine.effects import (
    CallTool,
    Effect,
    Expect,
    HangUp,
    PauseSpeech,
    ReportError,
    ResumeSpeech,
    Say,
    StopSpeech,
    Transfer,
)
from engine.events import (
    Event,
    KeyPressed,
    ParticipantJoined,
    ParticipantLeft,
    PlayoutStarted,
    TextReceived,
    ToolReturned,
    TranscriptReceived,
)


class Folding:
    """A view and the steps it is given."""

    def __init__(self) -> None:
        self.view = LiveView()

    def texts(self, cause: Event | Deadline, *effects: Effect, **step: Any) -> list[str]:
        """What the lines of one step say after the three states."""
        return [line[len(HEADER) :] for line in self.lines(cause, *effects, **step)]

    def lines(self, cause: Event | Deadline, *effects: Effect, **step: Any) -> list[str]:
        fields: dict[str, Any] = {
            "moves": (),
            "notes": (),
            "states": States(user="IDLE", agent="SPEAKING", dialog="ask"),
        }
        given = Step(seq=1, at=cause.at, cause=cause, effects=effects, **(fields | step))
        return list(self.view.lines(given))


NOTHING = Deadline(at=1234, name="silence")


def heard(text: str, **more: Any) -> TranscriptReceived:
    fields: dict[str, Any] = {"at": 5, "participant": "p", "final": True, "text": text} | more
    return TranscriptReceived(**fields)


def test_a_line_begins_with_the_instant_and_the_three_states() -> None:
    lines = Folding().lines(KeyPressed(at=61_234, participant="p", key="0"))

    assert lines == ["  61.234  IDLE      SPEAKING  ask         caller  key 0"]
    assert lines[0].index("caller") == len(HEADER)


def test_held_audio_shows_as_a_star() -> None:
    states = States(user="SPEAKING", agent="SPEAKING", dialog="ask", paused=True)

    (line,) = Folding().lines(NOTHING, PauseSpeech(), states=states)

    assert "SPEAKING* ask" in line


def test_what_the_caller_says_types_and_presses() -> None:
    view = Folding()

    assert view.texts(heard("two people")) == ['caller  "two people"']
    assert view.texts(heard("mumble", accepted=False)) == ['caller  "mumble"  (not sure)']
    assert view.texts(TextReceived(at=1, participant="p", text="hi")) == ['caller  "hi"  (typed)']
    assert view.texts(heard("two peo", final=False)) == []
    assert view.texts(heard("")) == []


def test_a_line_of_the_agent_shows_when_it_becomes_audible_not_when_it_is_ordered() -> None:
    view = Folding()

    assert view.texts(NOTHING, Say(utterance="a1", turn="t", text="Hello.")) == []
    assert view.texts(PlayoutStarted(at=9, utterance="a1")) == ['agent   "Hello."']
    assert view.texts(PlayoutStarted(at=9, utterance="unknown")) == []


def test_what_was_heard_of_a_cut_line() -> None:
    cut = Note(kind="heard", data={"text": "We are", "interrupted": True})
    whole = Note(kind="heard", data={"text": "We are open.", "interrupted": False})

    assert Folding().texts(NOTHING, StopSpeech(utterances=("a1",)), notes=(cut,)) == [
        'heard   "We are ..."',
        "agent   interrupted",
    ]
    assert Folding().texts(NOTHING, notes=(whole,)) == []


def test_a_resume_that_only_frees_the_track_is_not_shown() -> None:
    assert Folding().texts(NOTHING, ResumeSpeech()) == ["agent   goes on at the same sample"]
    assert Folding().texts(NOTHING, StopSpeech(utterances=("a1",)), ResumeSpeech()) == [
        "agent   interrupted"
    ]


def test_a_tool_call_and_what_came_back_with_secrets_masked() -> None:
    view = Folding()
    order = CallTool(
        call="c1",
        tool="book",
        use="python:x.book",
        args={"size": 4, "phone": "5551234"},
        idempotency_key="k",
        sensitive=("phone",),
    )

    assert view.texts(NOTHING, order) == ["tool    book(size=4, phone=***)"]
    assert view.texts(ToolReturned(at=3, call="c1", value={"id": 7})) == [
        "tool    book -> {'id': 7}"
    ]
    assert view.texts(ToolReturned(at=3, call="c1", error="it broke")) == [
        "tool    book -> it broke"
    ]


def test_the_room_and_how_it_ends() -> None:
    view = Folding()

    assert view.texts(ParticipantJoined(at=0, participant="ada")) == ["room    ada joined"]
    left = ParticipantLeft(at=0, participant="ada", reason="lost", last=True)
    assert view.texts(left, HangUp(reason="caller_lost")) == [
        "room    ada left (lost)",
        "room    the agent hangs up (caller_lost)",
    ]
    assert view.texts(NOTHING, Transfer(to="$DESK", kind="cold")) == ["agent   transfers to $DESK"]
    error = ReportError(name="error.stt", message="the worker died")
    assert view.texts(NOTHING, error) == ["error   error.stt: the worker died"]


def test_notes_a_listener_would_miss() -> None:
    notes = (
        Note(kind="slots", data={"size": 4, "day": "2026-05-02"}),
        Note(kind="no_match", data={}),
        Note(kind="early", data={"x": 1}),
    )

    assert Folding().texts(NOTHING, notes=notes) == [
        "slots   size=4, day=2026-05-02",
        "note    no match",
    ]


def test_a_step_with_nothing_but_moves_shows_them() -> None:
    move = Move(machine="agent", old="IDLE", new="LISTENING", because="x", at=0)
    expect = Expect(state="s", flow="f", grammar="g")

    assert Folding().texts(NOTHING, expect, moves=(move,)) == ["        agent IDLE -> LISTENING"]
    assert Folding().texts(NOTHING, expect) == []
