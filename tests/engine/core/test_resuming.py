"""Wherever a process is killed, the one that goes on does what the first would have done."""

import copy
import json
from pathlib import Path

import pytest

from engine.core.conversation import Conversation
from engine.core.snapshot import restore, take
from engine.core.step import Deadline
from engine.events import ParticipantJoined, SessionResumed
from engine.testing.golden import load_flow
from engine.testing.script import read_script
from engine.testing.simulator import Simulator

GOLDEN = sorted((Path(__file__).parents[2] / "golden").rglob("*.conversation.yaml"))


def relive(conversation, step):
    conversation.advance(step.at)
    if not isinstance(step.cause, Deadline):
        conversation.receive(step.cause)


def come_back(conversation):
    """Kill and go on: the steps of the resumption, and what follows until the caller is asked."""
    at = conversation.now
    steps = conversation.receive(SessionResumed(at=at))
    steps += conversation.receive(ParticipantJoined(at=at, participant="caller1"))
    return steps + conversation.advance(at + 200)


@pytest.mark.parametrize("path", GOLDEN, ids=[p.name.split(".")[0] for p in GOLDEN])
def test_going_on_from_the_snapshot_is_going_on_from_the_call(path):
    script = read_script(path)
    flow = load_flow(path.parent / script.flow)
    steps = Simulator(flow, script).run()
    straight = Conversation(flow)

    for step in steps:
        relive(straight, step)
        snapshot = json.loads(json.dumps(take(straight)))
        resumed = restore(flow, snapshot)
        relived = Conversation(flow)
        for earlier in steps[: steps.index(step) + 1]:
            relive(relived, earlier)
        expected = come_back(relived)
        assert come_back(resumed) == expected
        assert take(resumed) == take(relived)


@pytest.mark.parametrize("path", GOLDEN, ids=[p.name.split(".")[0] for p in GOLDEN])
def test_a_call_that_is_stored_and_read_after_every_step_is_the_same_call(path):
    script = read_script(path)
    flow = load_flow(path.parent / script.flow)
    conversation = Conversation(flow)
    steps = Simulator(flow, script).run()

    relived = []
    while len(relived) < len(steps):
        step = steps[len(relived)]
        relived += conversation.advance(step.at)
        if not isinstance(step.cause, Deadline):
            relived += conversation.receive(step.cause)
        conversation = restore(flow, json.loads(json.dumps(take(conversation))))

    assert relived == steps


def test_a_snapshot_stands_alone():
    """It is written while the call goes on."""
    path = next(p for p in GOLDEN if p.name.startswith("one_by_one"))
    script = read_script(path)
    flow = load_flow(path.parent / script.flow)
    conversation = Conversation(flow)
    stored = []
    for step in Simulator(flow, script).run():
        relive(conversation, step)
        snapshot = take(conversation)
        stored.append((snapshot, json.dumps(snapshot)))

    assert all(json.dumps(snapshot) == text for snapshot, text in stored)


def kill_after(name, found):
    """Live a golden conversation until a step, kill it there, come back; return those steps."""
    path = next(p for p in GOLDEN if p.name.startswith(name))
    script = read_script(path)
    flow = load_flow(path.parent / script.flow)
    conversation = Conversation(flow)
    for step in Simulator(flow, script).run():
        relive(conversation, step)
        if found(step):
            return conversation, come_back(conversation)
    raise AssertionError("it never came to that")


def lines(steps):
    return [e.text for step in steps for e in step.effects if type(e).__name__ == "Say"]


def test_the_open_question_is_put_again():
    _, steps = kill_after("one_by_one", lambda s: any(n.kind == "slots" for n in s.notes))

    assert lines(steps) == ["Sorry, we were cut off.", "For which day?"]


def test_a_tool_that_only_reads_is_tried_again():
    conversation, steps = kill_after("in_one_sentence", lambda s: "CallTool" in names(s.effects))

    assert lines(steps) == ["Sorry, we were cut off."]
    assert "CallTool" in names(e for s in conversation.advance(20_000) for e in s.effects)


def names(effects):
    return [type(effect).__name__ for effect in effects]


def test_a_line_under_way_counts_as_heard_as_far_as_it_was_played():
    conversation, steps = kill_after(
        "one_by_one", lambda s: s.at > 2_000 and s.states.agent == "SPEAKING"
    )

    heard = [n.data for step in steps for n in step.notes if n.kind == "heard"]
    assert heard
    assert not any(data["complete"] for data in heard)
    assert not conversation.closed


def test_the_last_lines_are_said_again():
    """What was booked is told to whoever had called for it, however often the line is lost."""
    path = next(p for p in GOLDEN if p.name.startswith("one_by_one"))
    script = read_script(path)
    flow = load_flow(path.parent / script.flow)
    conversation = Conversation(flow)
    for step in Simulator(flow, script).run():
        relive(conversation, step)
        over = conversation.to_dict()["dialog"]["scene"]["ended"]
        if over and conversation.states.agent == "SPEAKING":
            break
    for _ in range(3):
        steps = come_back(conversation)
        assert lines(steps) == ["Sorry, we were cut off.", "No problem.", "Goodbye."]
        assert not conversation.closed


def test_a_call_that_was_over_stays_over():
    _, steps = kill_after("one_by_one", lambda s: s.states.agent == "CLOSING")

    assert lines(steps) == []


def test_somebody_who_joins_before_the_beginning_begins_the_call():
    flow = load_flow(Path(__file__).parents[3] / "flows" / "book_table.yaml")
    conversation = Conversation(flow)
    started = Simulator(flow, read_script(GOLDEN[0])).run()[0]
    relive(conversation, copy.copy(started))

    steps = come_back(conversation)

    assert "Sorry, we were cut off." not in lines(steps)
    assert lines(steps)
