"""What the author calls sensitive is shown nowhere: where a call is told, drawn, or compared."""

from __future__ import annotations

import io
import json
from dataclasses import replace
from pathlib import Path

import pytest

from engine.cli.live import LiveView
from engine.cli.timeline_page import page
from engine.core.conversation import Conversation
from engine.core.step import Note
from engine.effects import Say, StartReply
from engine.events import (
    KeyPressed,
    ParticipantJoined,
    SessionStarted,
    TextReceived,
    TranscriptReceived,
    Understood,
)
from engine.flow.loader import check_text
from engine.machine.compiler import compile_loaded
from engine.observe.journal import Entry, Header, JournalWriter, encode, line_of, read
from engine.observe.personal import MASK, Redactor, redacted
from engine.observe.replay import replay
from engine.observe.timeline import render
from engine.session.captions import Captions
from engine.testing.golden import load_flow
from engine.testing.script import read_script
from engine.testing.simulator import Simulator

GOLDEN = Path(__file__).parents[2] / "golden" / "password_reset" / "a_new_pin.conversation.yaml"
SECRETS = ("559158", "five five nine", "1234", "three four", "7293", "seven two", "two nine")


@pytest.fixture(scope="module")
def steps():
    script = read_script(GOLDEN)
    return tuple(Simulator(load_flow(GOLDEN.parent / script.flow), script).run())


def assert_no_secret(text):
    assert [secret for secret in SECRETS if secret in text] == []
    assert "10044" in text or "double zero" in text  # the customer number is no secret here


def header(flow):
    return Header(
        flow=flow.id,
        version=flow.version,
        fingerprint=flow.fingerprint,
        started_at="2026-05-01T12:00:00+02:00",
        seed=0,
        turnwise="0",
    )


def test_the_timeline_shows_no_secret_unless_asked(steps):
    assert_no_secret(render(steps))
    assert "seven two nine three" in render(steps, personal=True)


def test_keys_are_masked_one_by_one(steps):
    pressed = [s.cause.key for s in redacted(steps) if isinstance(s.cause, KeyPressed)]

    assert pressed == [MASK] * 4


def test_the_page_shows_no_secret(steps):
    flow = load_flow(GOLDEN.parent / read_script(GOLDEN).flow)
    html = page(header(flow), list(redacted(steps)), None)

    assert_no_secret(html)
    assert "KeyPressed            caller1 7" not in html


def test_the_console_shows_no_secret_while_the_call_goes_on(steps):
    view = LiveView()

    assert_no_secret("\n".join(line for step in steps for line in view.lines(step)))


def test_the_screens_of_the_room_show_no_secret(steps):
    captions = Captions("password_reset", "1")
    told = [captions.of(step) for step in steps]

    assert_no_secret(json.dumps(told))


def test_the_journal_holds_everything_and_replays_byte_for_byte(steps):
    flow = load_flow(GOLDEN.parent / read_script(GOLDEN).flow)
    stream = io.StringIO()
    writer = JournalWriter(stream, header(flow))
    for step in steps:
        writer.append(step)
    assert "seven two nine three" in stream.getvalue()

    entries = [Entry(line=n, text=line_of(encode(s)), step=s) for n, s in enumerate(steps, 2)]
    assert replay(Conversation(flow), entries).difference is None
    assert tuple(read(stream.getvalue().splitlines())[1]) == steps


# --- what is personal ----------------------------------------------------------------------------

FLOW = """\
turnwise: 1
flow: secrets
start: ask
slots:
  pin: {type: digits, ask: Your PIN?, readback: true, sensitive: true, check: len(value) == 4,
        invalid: "{{ value }} is no PIN."}
  name: {type: text, ask: Your name?}
vars: {copy: "text?"}
listen: {no_match: [Pardon?]}
handle: {no_match: {to: END}, no_input: {to: END}}
states:
  ask: {collect: [pin], then: next}
  next: {enter: [{set: {vars.copy: slots.pin}}], then: name}
  name: {collect: [name], then: bye}
  bye: {say: "Goodbye {{ slots.name }}, you said {{ vars.copy | spell }}.", end: hangup}
"""


class Typed:
    """A call by keyboard on a flow given as text."""

    def __init__(self, text):
        self.conversation = Conversation(compile_loaded(check_text(text)))
        self.steps = []
        self.at = 0
        self.take(SessionStarted, seed=1, started_at="2026-05-01T12:00:00+02:00")
        self.take(ParticipantJoined, participant="c")

    def take(self, kind, **values):
        self.steps += self.conversation.receive(kind(at=self.at, **values))

    def types(self, text):
        self.at += 1_000
        self.take(TextReceived, participant="c", text=text)

    def shown(self):
        return render(self.steps)


def test_a_readback_and_a_copy_of_the_value_are_masked():
    call = Typed(FLOW)
    call.types("four eight two one")
    call.types("yes")
    call.types("ann")

    assert "4 8 2 1" not in call.shown()
    assert "Your name?" in call.shown()
    assert '"ann"' in call.shown()
    assert render(call.steps, personal=True).count("4 8 2 1") > 1


def test_a_value_that_is_refused_is_masked():
    call = Typed(FLOW)
    call.types("four eight two one seven")

    assert "is no PIN" not in call.shown()
    assert "is no PIN" in render(call.steps, personal=True)


def test_a_correction_of_a_secret_is_masked_and_not_said():
    call = Typed(FLOW)
    call.types("four eight two one")
    call.types("yes")
    call.types("no the pin is five five one seven")

    assert "five five one seven" not in call.shown()
    assert "5 5 1 7" not in call.shown()
    said = [e.text for s in call.steps for e in s.effects if isinstance(e, Say)]
    assert "Okay." in said
    assert "Okay, pin" not in " ".join(said)


def test_words_that_turn_out_to_be_a_secret_later_are_masked_in_a_whole_call(steps):
    """A model may tell what a turn meant a second after it was heard."""
    heard = next(s for s in steps if isinstance(s.cause, TranscriptReceived))
    turn = next(s for s in steps if any(note.kind == "turn" for note in s.notes))
    mark = Note(kind="personal", data={"turn": "u1"})
    told = replace(turn, seq=turn.seq + 1, notes=(mark,))

    shown = list(redacted([heard, turn, told]))

    assert shown[0].cause.text == MASK
    assert [n.data["text"] for n in shown[1].notes if n.kind == "turn"] == [MASK]
    assert list(redacted([heard, turn])) == [heard, turn]


def test_what_a_model_reports_is_masked():
    redactor, step = Redactor(), Typed(FLOW).steps[-1]
    redactor.step(step)
    event = Understood(at=0, turn="u1", report={"slots": {"pin": "4821"}})

    shown = redactor.step(replace(step, seq=9, cause=event, notes=(), effects=()))

    assert shown.cause.report == {"slots": MASK}


# --- prompts -------------------------------------------------------------------------------------

TALK = """\
turnwise: 1
flow: talk
start: ask
slots:
  pin: {type: digits, ask: Your PIN?, sensitive: true}
pipeline: {llm: {use: openai_compatible, model: any}}
listen: {no_match: [Pardon?]}
handle: {no_match: {to: END}, no_input: {to: END}}
states:
  ask: {collect: [pin], then: talk}
  talk: {converse: Be nice., max_turns: 3, until: answer, then: END}
"""


def test_a_prompt_of_another_state_leaves_out_what_is_personal():
    call = Typed(TALK)
    call.types("four eight two one")

    reply = next(e for s in call.steps for e in s.effects if isinstance(e, StartReply))
    assert {"role": "user", "text": MASK} in reply.history
    assert "four eight" not in json.dumps(reply.history)
