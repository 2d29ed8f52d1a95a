"""What is written of a call comes after what is done in it, in order, and is never left out."""

import io
import json
from types import SimpleNamespace

import pytest

from engine.core.step import States, Step
from engine.events import TextReceived
from engine.observe.journal import Header
from engine.session.records import MOST, Records

HEADER = Header(flow="f", version="1", fingerprint="x", started_at="", seed=0, turnwise="0")


def step(seq):
    cause = TextReceived(at=seq, participant="c", text=f"words {seq}")
    states = States(user="IDLE", agent="IDLE", dialog="ask")
    return Step(seq=seq, at=seq, cause=cause, moves=(), notes=(), effects=(), states=states)


class Diary:
    """A keeper that remembers what it was given."""

    def __init__(self):
        self.told = []

    def begin(self, header):
        self.told.append("begin")

    def keep(self, steps, snapshot):
        self.told.append(([one.seq for one in steps], snapshot["seq"]))

    def end(self, reason):
        self.told.append(reason)


@pytest.fixture
def call():
    """A call with everything that can be written of it; `seq` is where its conversation is."""
    call = SimpleNamespace(seq=0, journal=io.StringIO(), diary=Diary(), shown=[])
    call.records = Records(
        SimpleNamespace(id="f", version="1"),
        call.journal,
        call.diary,
        lambda: {"seq": call.seq},
        lambda topic, data: call.shown.append((topic, data)),
    )
    call.records.open(HEADER, (), resumed=False)
    return call


def written(call):
    return [json.loads(line)["seq"] for line in call.journal.getvalue().splitlines()[1:]]


def happen(call, *numbers):
    for number in numbers:
        call.seq = number
        call.full = call.records.add([step(number)])


def test_nothing_is_written_or_shown_before_it_is_settled(call):
    happen(call, 1, 2)

    assert call.records.waiting
    assert (written(call), call.shown, call.diary.told) == ([], [], ["begin"])


def test_steps_are_written_in_order_with_the_snapshot_after_the_last(call):
    happen(call, 1, 2, 3)
    call.records.settle()

    assert not call.records.waiting
    assert written(call) == [1, 2, 3]
    assert call.diary.told == ["begin", ([1, 2, 3], 3)]
    words = [data["text"] for topic, data in call.shown if topic == "transcript"]
    assert words == ["words 1", "words 2", "words 3"]


def test_a_step_is_written_once(call):
    happen(call, 1)
    call.records.settle()
    call.records.settle()
    happen(call, 2)
    call.records.settle()

    assert written(call) == [1, 2]
    assert call.diary.told == ["begin", ([1], 1), ([2], 2)]


def test_a_call_that_never_rests_is_told_when_too_much_waits(call):
    happen(call, *range(1, MOST))
    assert not call.full

    happen(call, MOST)
    assert call.full


def test_what_happens_after_the_end_is_written_and_not_shown(call):
    call.records.write([step(1)])
    call.records.end("hangup")

    assert (written(call), call.shown) == ([1], [])
    assert call.diary.told == ["begin", ([1], 0), "hangup"]


def test_a_call_that_goes_on_is_not_begun_again_in_the_store(call):
    call.records.open(HEADER, (), resumed=True)

    assert call.diary.told == ["begin"]
