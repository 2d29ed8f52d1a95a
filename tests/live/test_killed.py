"""A call whose process is killed with SIGKILL goes on where it was when the caller comes back."""

import asyncio
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from engine.core.conversation import Conversation
from engine.events import SessionResumed, SessionStarted
from engine.observe.journal import entries
from engine.observe.replay import replay
from engine.pipeline.pipeline import Services
from engine.session.store import SqliteStore
from engine.testing.golden import load_flow
from engine.worker.host import CallHost
from engine.worker.kept import KeptCalls
from media.clock import LoopClock
from media.frames import SAMPLE_RATE
from media.loopback import LoopbackRoom
from providers.scripted import ScriptedSynthesizer

pytestmark = pytest.mark.live

FLOW = """
turnwise: 1
flow: pizza
version: 1.0.0
start: order
slots:
  size: {type: [small, large], ask: "Small or large?"}
  name: {type: text, ask: "Who is it for?"}
handle:
  no_input: {to: bye}
  no_match: {to: bye}
listen: {silence: 20s, no_input: [Hello?], no_match: [Sorry?]}
states:
  order: {collect: [size, name], resume: "There you are again.", then: bye}
  bye: {say: "Done {{ slots.name }}.", end: hangup}
"""

# The process that is killed: one call, one answer, then it tells what the store has acknowledged.
PROGRAM = """
import asyncio, sys
from pathlib import Path
sys.path.insert(0, sys.argv[3])
from tests.live.test_killed import host_of
from media.clock import LoopClock
from media.loopback import LoopbackRoom

async def main():
    clock = LoopClock()
    host, store = host_of(Path(sys.argv[1]), Path(sys.argv[2]), clock)
    room = LoopbackRoom(clock)
    caller = room.join("ann")
    call = asyncio.gather(host.take(room, "ann's key"))
    await asyncio.sleep(0.3)
    caller.type("a large one")
    while True:
        kept = await asyncio.to_thread(store.load, "ann's key")
        if kept and kept.snapshot and "a large one" in str(kept.lines):
            print(len(kept.lines), flush=True)
        await asyncio.sleep(0.05)

asyncio.run(main())
"""


def host_of(flow_file, store_file, clock, runs=None):
    """Make a host that keeps its calls, with a voice of no sound."""
    store = SqliteStore(store_file)
    host = CallHost(
        load_flow(flow_file),
        lambda: Services(tts=ScriptedSynthesizer(sample_rate=SAMPLE_RATE, words_per_minute=1500)),
        clock,
        runs=runs,
        kept=KeptCalls(store, clock),
    )
    return host, store


@pytest.fixture
def flow_file(tmp_path):
    file = tmp_path / "pizza.yaml"
    file.write_text(FLOW)
    return file


def kill_a_call(flow_file, store_file):
    """Run a call in a process of its own; kill it after the answer; return what it acknowledged."""
    root = str(Path(__file__).parents[2])
    child = subprocess.Popen(
        [sys.executable, "-c", PROGRAM, str(flow_file), str(store_file), root],
        stdout=subprocess.PIPE,
        text=True,
    )
    assert child.stdout is not None
    acknowledged = int(child.stdout.readline())
    child.send_signal(signal.SIGKILL)
    assert child.wait(10) == -signal.SIGKILL
    child.stdout.close()
    return acknowledged


def come_back(flow_file, store_file, key, runs=None):
    """Call again and say the name; return the call and how it was kept."""

    async def main():
        clock = LoopClock()
        host, store = host_of(flow_file, store_file, clock, runs)
        room = LoopbackRoom(clock)
        caller = room.join("ann")
        loop = asyncio.get_running_loop()
        loop.call_later(1.0, caller.type, "my name is ann")
        loop.call_later(2.0, caller.leave)
        try:
            return await host.take(room, key), store.load(key)
        finally:
            store.close()

    return asyncio.run(main())


def spoken(steps):
    return [e.text for step in steps for e in step.effects if type(e).__name__ == "Say"]


def test_the_call_goes_on_where_it_was(flow_file, tmp_path):
    store = tmp_path / "calls.sqlite"
    acknowledged = kill_a_call(flow_file, store)

    call, kept = come_back(flow_file, store, "ann's key", runs=tmp_path / "runs")

    steps = call.result.steps
    (resumed,) = [n for n, step in enumerate(steps) if isinstance(step.cause, SessionResumed)]
    assert resumed >= acknowledged, "no acknowledged step is lost"
    assert spoken(steps[resumed:]) == ["There you are again.", "Who is it for?", "Done Ann."]
    said = [item.text for item in call.result.history.messages if item.role == "user"]
    assert said == ["a large one", "my name is ann"]
    assert kept.ended == "flow"

    journal = (call.folder / "journal.jsonl").read_text().split("\n")[:-1]
    result = replay(Conversation(load_flow(flow_file)), entries(journal)[1])
    assert result.difference is None, "the journal of both processes replays as one call"
    assert result.closed


def test_somebody_else_gets_a_call_of_their_own(flow_file, tmp_path):
    store = tmp_path / "calls.sqlite"
    kill_a_call(flow_file, store)

    call, _ = come_back(flow_file, store, "bob's key")

    assert isinstance(call.result.steps[0].cause, SessionStarted)
    assert "Small or large?" in spoken(call.result.steps)
