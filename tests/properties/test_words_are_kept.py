"""What a caller says is never lost: every final transcript has one fate, and the timeline tells it.

It is answered (as an interruption, or after the line it was said over), it was a back-channel, or
it was dropped by an event that says why. Every word here is said once, so no fate can be mistaken
for that of another. Partial words are other words than the final ones: a recogniser that does not
come to an end is taken by its partial, and the final that comes all the same is late.
"""

from __future__ import annotations

from collections import Counter

from hypothesis import given, settings
from hypothesis import strategies as st

from engine.events import TranscriptReceived
from engine.flow.loader import load_text
from engine.machine.compiler import compile_loaded
from engine.testing.script import VAD_END, Script
from engine.testing.simulator import Simulator

IGNORED = tuple(f"okay{number}" for number in range(12))

FLOW = """
turnwise: 1
flow: talkative
start: tell
interruptions: {{allow: {allow}, mode: {mode}, min_words: {min_words}, min_time: {min_time}ms,
  blocked: {blocked}, ignore: [{ignore}], phrases: [stop], echo_guard: {guard}ms,
  min_confidence: 0.3, false_alarm: {{pause: 1s, resume: {resume}}}}}
slots: {{day: {{type: date, ask: "For which day shall I go on with my story about the king?"}}}}
listen: {{silence: 5s, max_turn: {longest}s, accept: [{accept}], end_of_turn: {{mode: {end}}}}}
handle:
  no_match: {{say: "That was not a day but it does not matter at all to the king.", to: STAY}}
  no_input: {{to: END}}
states:
  tell:
    enter: [{{say: "This call is recorded for your safety.", interruptions: {{allow: false}}}}]
    say: Once upon a time there was a king who had a castle and a garden full of roses.
    collect: [day]
    then: END
"""


@st.composite
def flows(draw):
    choose = {
        "allow": ["true", "true", "false"],
        "mode": ["vad", "stt", "hybrid"],
        "min_words": [0, 1, 2, 3],
        "min_time": [60, 500],
        "blocked": ["keep", "discard"],
        "guard": [0, 0, 2_000],
        "resume": ["true", "false"],
        "longest": [1, 60],
        "accept": ["speech, dtmf", "speech, dtmf", "dtmf"],
        "end": ["fixed", "adaptive", "dynamic"],
    }
    keys = {key: draw(st.sampled_from(values)) for key, values in choose.items()}
    return FLOW.format(ignore=", ".join(IGNORED), **keys)


def play(flow, script):
    return Simulator(compile_loaded(load_text(flow)), script).run()


@st.composite
def scripts(draw):
    at, laid = 0, []
    for number in range(draw(st.integers(1, 12))):
        words = draw(
            st.sampled_from(
                [f"a{number}", f"a{number} b{number}", f"a{number} b{number} c{number} d{number}"]
                + [f"stop a{number}", IGNORED[number], f"{IGNORED[number]} uh", f"uh a{number}"]
            )
        )
        at += draw(st.sampled_from([100, 300, 900, 2_500, 7_000]))
        lasts = draw(st.sampled_from([200, 600, 1_500, 4_000]))
        said = {
            "at": at,
            "user": words,
            "lasts": lasts,
            "stt_delay": draw(st.sampled_from([5, 45, 333, 1_505, 2_505, None])),
            "accepted": draw(st.sampled_from([True, True, True, False])),
            "confidence": draw(st.sampled_from([1.0, 0.2])),
            "done": draw(st.sampled_from([1.0, 0.1])),
        }
        if draw(st.booleans()):
            said["partials"] = {draw(st.integers(1, lasts)): f"perhaps{number}"}
        laid.append(said)
        at += lasts + VAD_END
    if draw(st.booleans()):
        laid.append({"at": at + draw(st.integers(100, 3_000)), "leaves": "left"})
    voice = {"first_audio": draw(st.sampled_from([11, 253, 1_003]))}
    return Script.model_validate({"flow": "x", "script": laid, "voice": voice})


def fates(steps):
    """Return for each final transcript with words what became of it."""
    told = [(step, note) for step in steps for note in step.notes]
    for step in steps:
        cause = step.cause
        if not (isinstance(cause, TranscriptReceived) and cause.final and cause.text):
            continue
        heard, found = cause.text, []
        for other, note in told:
            text = str(note.data.get("text", note.data.get("transcript", "")))
            named = f" {heard} " in f" {text} "
            unnamed = other is step and note.data.get("event") == "TranscriptReceived"
            if note.kind == "blocked" and note.data["action"] == "keep":
                continue  # not yet a fate: it is answered later
            if note.kind in ("turn", "backchannel", "blocked", "late", "early"):
                found += [note.kind] * (named or unnamed)
        yield heard, found


@settings(max_examples=100, deadline=None)
@given(flows(), scripts())
def test_every_final_transcript_has_exactly_one_fate(flow, script):
    steps = play(flow, script)

    assert [(heard, found) for heard, found in fates(steps) if len(found) != 1] == []


def test_all_fates_come_up():
    """The property above would hold of a caller who is never heard."""
    counted = Counter()

    @settings(max_examples=80, deadline=None, derandomize=True, database=None)
    @given(flows(), scripts())
    def count(flow, script):
        for _, found in fates(play(flow, script)):
            counted.update(found)

    count()
    assert min(counted[fate] for fate in ("turn", "backchannel", "blocked", "late")) >= 5
