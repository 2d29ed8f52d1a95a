"""Whatever a caller does, core, session and replay of the journal agree step by step."""

import io
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.core.conversation import Conversation
from engine.events import Event, TranscriptReceived
from engine.observe.journal import Header, JournalWriter, read
from engine.observe.timeline import render
from engine.testing.golden import load_flow, run_session
from engine.testing.script import VAD_END, Script
from engine.testing.simulator import Simulator

HERE = Path(__file__).parent
FLOW = load_flow(HERE.parents[1] / "flows" / "book_table.yaml")
HEADER = Header(
    flow=FLOW.id,
    version=FLOW.version,
    fingerprint=FLOW.fingerprint,
    started_at="2026-05-01T12:00:00+02:00",
    seed=0,
    turnwise="0",
)

WORDS = st.sampled_from(
    ["four people", "tomorrow at seven", "my name is ann", "yes", "no", "what time do you close"]
    + ["zero three zero one two three four five six seven", "uh-huh", "stop", "never mind"]
    + ["make it five people", "blah blah", "is there parking", "a real person", ""]
)
LENGTHS = st.integers(80, 2_500)

speech = st.fixed_dictionaries(
    {
        "user": WORDS,
        "lasts": LENGTHS,
        "stt_delay": st.sampled_from([5, 45, 333, 1505, None]),
        "done": st.sampled_from([1.0, 0.5, 0.1]),
        "accepted": st.booleans(),
        "partials": st.dictionaries(st.integers(1, 2_000), WORDS, max_size=1),
    }
)
happenings = (
    speech
    | st.fixed_dictionaries({"noise": LENGTHS})
    | st.fixed_dictionaries({"key": st.sampled_from("01#")})
    | st.fixed_dictionaries({"types": WORDS.filter(bool)})
    | st.fixed_dictionaries({"leaves": st.sampled_from(["left", "lost"])})
)


def answers(value):
    """Build what a tool does: it answers, fails, or never comes back."""
    given_back = st.fixed_dictionaries(
        {"returns": st.just(value), "after": st.sampled_from([1, 210, 910, 2_310])}
    )
    failing = st.just({"error": "down"}) | st.just({"never": True})
    return st.lists(given_back | failing, min_size=1, max_size=3)


SENTENCES = st.sampled_from(
    ["Hello, this is Luigi's.", "I can book you a table.", "For how many people?", "On what name?"]
    + ["And your phone number?", "Sorry, I did not get that.", "Are you still there?"]
)
BROKEN = (
    st.fixed_dictionaries({"error": st.just("gone"), "after": st.sampled_from([0, 230])})
    | st.just({"never": True})
    | st.fixed_dictionaries({"lasts": st.sampled_from([40, 4_000])})
)


def laid_out(draw):
    """Lay happenings out in time, speech far enough apart to be told apart."""
    at, laid = 0, []
    for happening in draw(st.lists(happenings, max_size=10)):
        at += draw(st.integers(100, 6_000))
        laid.append({"at": at, **happening})
        at += happening.get("lasts", happening.get("noise", 0)) + VAD_END
    return laid


@st.composite
def scripts(draw):
    """A caller, and services that work, are slow, fail, or never answer."""
    laid = laid_out(draw)
    return Script.model_validate(
        {
            "flow": "book_table.yaml",
            "script": laid,
            "tools": {
                "find_table": draw(answers({"status": "free", "others": []})),
                "book_table": draw(answers({"booking_id": "B17"})),
            },
            "voice": {
                "first_audio": draw(st.sampled_from([11, 53, 253, 1_003])),
                "lines": draw(st.dictionaries(SENTENCES, BROKEN, max_size=2)),
            },
            "transfer": draw(st.sampled_from([None, {"error": "nobody"}, {}])),
        }
    )


@settings(max_examples=40, deadline=None)
@given(scripts())
def test_both_worlds_agree_on_any_script(script):
    bare = Simulator(FLOW, script).run()
    real = run_session(FLOW, script)

    assert render(bare, personal=True) == render(real, personal=True)
    assert bare == real
    assert replayed(real) == real


def replayed(steps):
    """Write the steps to a journal, read it, and give its events to a fresh conversation."""
    journal = io.StringIO()
    writer = JournalWriter(journal, HEADER)
    for step in steps:
        writer.append(step)
    _, recorded = read(journal.getvalue().splitlines())
    conversation = Conversation(FLOW)
    again = []
    for step in recorded:
        if isinstance(step.cause, Event):
            again += conversation.receive(step.cause)
        else:
            again += conversation.advance(step.at)
    return again


def test_every_stored_timeline_has_its_conversation():
    stored = {path.name.removesuffix(".timeline") for path in HERE.rglob("*.timeline")}
    written = {path.name.removesuffix(".conversation.yaml") for path in HERE.rglob("*.y*ml")}

    assert stored <= written


def test_a_script_runs_twice_to_the_same_steps():
    script = Script.model_validate(
        {"flow": "x", "script": [{"at": 7_000, "user": "four people", "lasts": 900}]}
    )

    assert run_session(FLOW, script) == run_session(FLOW, script)


@pytest.mark.parametrize("seconds", [0.5, 3.1, 5.0])
def test_hanging_up_in_the_middle_is_the_same_in_both_worlds(seconds):
    script = Script.model_validate(
        {"flow": "x", "script": [{"at": round(seconds * 1000), "close": "Ctrl-C"}]}
    )

    assert Simulator(FLOW, script).run() == run_session(FLOW, script)


def test_words_that_come_when_the_next_stretch_has_begun_are_those_of_their_own():
    said = [{"user": "four people", "stt_delay": 505}, {"user": "tomorrow", "stt_delay": 5}]
    laid = [{"at": 9_000 + 800 * n, "lasts": 300, **words} for n, words in enumerate(said)]
    script = Script.model_validate({"flow": "x", "script": laid})
    bare = Simulator(FLOW, script).run()

    heard = [s.cause.text for s in bare if isinstance(s.cause, TranscriptReceived)]
    assert heard == ["four people", "tomorrow"]
    assert bare == run_session(FLOW, script)


def test_words_of_two_stretches_that_come_at_one_instant_come_in_their_order():
    laid = [
        {"at": 9_509, "user": "four people", "lasts": 522, "stt_delay": 1_505},
        {"at": 10_932, "noise": 566, "stt_delay": 45},
    ]
    script = Script.model_validate({"flow": "x", "script": laid})
    bare = Simulator(FLOW, script).run()

    heard = [s for s in bare if isinstance(s.cause, TranscriptReceived)]
    assert [(s.at, s.cause.text) for s in heard] == [(11_745, "four people"), (11_745, "")]
    assert bare == run_session(FLOW, script)


@pytest.mark.parametrize("at", [126, 9_126, 9_146, 9_226, 10_146])
def test_partial_words_that_are_due_with_the_end_of_their_stretch_come_too_late(at):
    said = {"at": at, "user": "never mind", "lasts": 548, "stt_delay": 5}
    script = Script.model_validate(
        {"flow": "x", "script": [{**said, "partials": {680: "what time do you close"}}]}
    )
    bare = Simulator(FLOW, script).run()

    heard = [s.cause.text for s in bare if isinstance(s.cause, TranscriptReceived)]
    assert heard == ["never mind"]
    assert bare == run_session(FLOW, script)
