"""A call goes on in another session: same place, same slots, same history."""

import asyncio
import io
import json
from pathlib import Path

import pytest

from engine.core.conversation import Conversation
from engine.core.snapshot import take
from engine.core.step import Deadline
from engine.errors import JournalError
from engine.events import ParticipantJoined, SessionResumed
from engine.observe.journal import entries
from engine.observe.replay import replay
from engine.session.options import SessionOptions
from engine.session.session import Session
from engine.session.store import Keeper, SqliteStore
from engine.testing.golden import load_flow
from engine.testing.script import read_script
from engine.testing.simulator import Simulator
from media.loopback import LoopbackRoom

FLOW = """
turnwise: 1
flow: pizza
version: "1"
start: order
slots:
  size: {type: [small, large], ask: "Small or large?"}
  name: {type: text, ask: "On what name?"}
states:
  order: {collect: [size, name], then: done}
  done: {say: "A {{ slots.size }} one for {{ slots.name }}.", end: hangup}
"""


@pytest.fixture
def flow(compile_text):
    return compile_text(FLOW)


@pytest.fixture
def store(tmp_path):
    """A store that is closed afterwards."""
    store = SqliteStore(tmp_path / "calls.sqlite")
    yield store
    store.close()


def lived(flow, clock, services, store, *, resume=None, journal=None):
    """Make a session that is kept, and the room it is in."""
    keeper = Keeper(store, "c1", lambda: clock.wall().timestamp())
    room = LoopbackRoom(clock)
    session = Session(
        flow,
        room,
        services,
        clock,
        SessionOptions(),
        keeper=keeper,
        resume=resume,
        journal=journal,
    )
    return session, room, keeper


async def killed(session, keeper):
    """Let the session vanish as with its process: nothing is told, nothing is written any more."""
    task = asyncio.get_running_loop().create_task(session.run())
    await asyncio.sleep(8)
    await asyncio.to_thread(keeper.close)
    keeper._failed = True  # from here on nothing reaches the store
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


def test_the_caller_comes_back_to_the_same_question(virtual, flow, store, make_services):
    journal = io.StringIO()

    async def main(clock):
        first, room, keeper = lived(flow, clock, make_services(), store)
        caller = room.join("ann")
        asyncio.get_running_loop().call_later(4, caller.type, "a large one")
        await killed(first, keeper)
        stored = store.load("c1")
        second, room, keeper = lived(
            flow, clock, make_services(), store, resume=stored, journal=journal
        )
        caller = room.join("ann")
        asyncio.get_running_loop().call_later(6, caller.type, "my name is ann")
        result = await second.run()
        await asyncio.to_thread(keeper.close)
        return stored, result

    stored, result = virtual(main)

    assert stored.ended is None
    after = result.steps[len(stored.lines) :]
    assert isinstance(after[0].cause, SessionResumed)
    lines = [e.text for step in after for e in step.effects if type(e).__name__ == "Say"]
    assert lines == ["Sorry, we were cut off.", "On what name?", "A large one for Ann."]
    assert result.reason == "flow"
    heard = [i.text for i in result.history.messages if i.role == "user"]
    assert heard == ["a large one", "my name is ann"]
    assert store.load("c1").ended == "flow"

    lines = journal.getvalue().split("\n")[:-1]
    assert len(lines) == 1 + len(result.steps), "the journal tells the call from its beginning"
    assert replay(Conversation(flow), entries(lines)[1]).difference is None


def test_what_is_stored_is_the_conversation_after_its_last_step(
    virtual, flow, store, make_services
):
    async def main(clock):
        first, room, keeper = lived(flow, clock, make_services(), store)
        room.join("ann")
        await killed(first, keeper)
        return first, keeper

    first, keeper = virtual(main)
    stored = store.load("c1")

    conversation = Conversation(flow)
    for step in stored.steps:
        conversation.advance(step.at)
        if not isinstance(step.cause, Deadline):
            conversation.receive(step.cause)
    assert json.loads(json.dumps(take(conversation))) == stored.snapshot
    assert stored.steps == first.steps[: len(stored.steps)]
    assert keeper.acknowledged == stored.steps[-1].seq


def test_a_call_of_another_flow_is_refused(virtual, flow, store, make_services, compile_text):
    async def main(clock):
        first, room, keeper = lived(flow, clock, make_services(), store)
        room.join("ann")
        await killed(first, keeper)
        other = compile_text(FLOW.replace("Small or large?", "What size?"))
        with pytest.raises(JournalError, match="belongs to"):
            lived(other, clock, make_services(), store, resume=store.load("c1"))

    virtual(main)


def test_a_tool_that_was_lost_fails_and_the_flow_decides():
    """A booking that may have been made is not made again: its error is handled."""
    flow = load_flow_of_bookings()
    conversation = conversation_while_booking(flow)

    conversation.receive(SessionResumed(at=conversation.now))
    steps = conversation.receive(joined(conversation.now))

    told = [n.data for step in steps for n in step.notes if n.kind == "error"]
    assert told or [m for step in steps for m in step.moves if m.machine == "dialog"]
    assert not [e for step in steps for e in step.effects if type(e).__name__ == "CallTool"]


def load_flow_of_bookings():
    return load_flow(Path(__file__).parents[2] / "flows" / "book_table.yaml")


def conversation_while_booking(flow):
    """Live a recorded call until the booking is under way."""
    golden = Path(__file__).parents[1] / "golden" / "book_table"
    script = read_script(golden / "caller_vanishes_while_booking.conversation.yaml")
    conversation = Conversation(flow)
    for step in Simulator(flow, script).run():
        conversation.advance(step.at)
        if not isinstance(step.cause, Deadline):
            conversation.receive(step.cause)
        if any(getattr(e, "tool", "") == "book_table" for e in step.effects):
            return conversation
    raise AssertionError("nothing was booked")


def joined(at):
    return ParticipantJoined(at=at, participant="ann")
