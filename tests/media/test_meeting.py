"""Several rooms as one: everybody hears the agent once, and nobody is mistaken for another."""

import asyncio

import numpy as np
import pytest

from engine.testing.loop import VirtualClock, run_virtual
from media.frames import FRAME_SAMPLES
from media.loopback import LoopbackRoom
from media.meeting import PATIENCE, MeetingRoom, _Tee
from media.tracks import OutgoingTrack
from tests.shell.conftest import STARTED


class Counting:
    """A source whose n-th block is full of n."""

    def __init__(self):
        self.pulled = 0

    def pull(self):
        self.pulled += 1
        return np.full(FRAME_SAMPLES, self.pulled, np.int16)


class Listener:
    def __init__(self):
        self.lines = []
        self.audio = {}

    def participant_joined(self, participant):
        self.lines.append(("joined", participant.id))

    def participant_left(self, participant, reason, last):
        self.lines.append(("left", participant.id, last))

    def audio_received(self, participant, samples, at):
        self.audio.setdefault(participant.id, []).append(samples)

    def key_pressed(self, participant, key):
        self.lines.append(("key", participant.id, key))

    def text_received(self, participant, text):
        self.lines.append(("text", participant.id, text))

    def event_received(self, event, data):
        self.lines.append(("event", event))

    def room_failed(self, message):
        self.lines.append(("failed", message))


def first(blocks):
    return [int(block[0]) for block in blocks]


def shared(source):
    tee = _Tee(source)
    tee.joined(0)
    tee.joined(1)
    return tee


class TestTee:
    def test_each_member_gets_each_block_once(self):
        source = Counting()
        tee = shared(source)
        got = [(tee.pull(0), tee.pull(1)) for _ in range(20)]
        assert first(a for a, _ in got) == list(range(1, 21))
        assert first(b for _, b in got) == list(range(1, 21))
        assert source.pulled == 20

    def test_a_follower_that_lags_skips_and_the_source_does_not_wait(self):
        tee = shared(Counting())
        tee.pull(0), tee.pull(1)
        for _ in range(50):
            tee.pull(0)
        assert first([tee.pull(1)]) == [47]

    def test_who_follows_a_leader_that_died_leads(self):
        tee = shared(Counting())
        tee.pull(0), tee.pull(1)
        got = first(tee.pull(1) for _ in range(PATIENCE + 5))
        assert [block for block in got if block] == [2, 3, 4, 5, 6]

    def test_a_leader_that_comes_back_follows(self):
        source = Counting()
        tee = shared(source)
        tee.pull(0), tee.pull(1)
        for _ in range(PATIENCE + 3):
            tee.pull(1)
        pulled = source.pulled
        assert first([tee.pull(0)]) != [0]
        assert source.pulled == pulled


def meeting(work):
    async def main():
        clock = VirtualClock(STARTED)
        rooms = [LoopbackRoom(clock), LoopbackRoom(clock)]
        listener, room = Listener(), MeetingRoom(*rooms)
        track = OutgoingTrack(lambda utterance: None, lambda utterance, played, whole: None)
        await room.open(listener, track)
        people = [each.join() for each in rooms]
        outcome = await work(room, people, listener, track, clock)
        await room.close("over")
        assert [each.close_reason for each in rooms] == ["over", "over"]
        return outcome

    return run_virtual(main(), limit=60)


def test_two_of_the_same_name_are_two():
    async def work(room, people, listener, track, clock):
        people[0].press("1")
        people[1].type("hello")
        return listener.lines

    assert meeting(work) == [
        ("joined", "caller1"),
        ("joined", "caller1-2"),
        ("key", "caller1", "1"),
        ("text", "caller1-2", "hello"),
    ]


def test_all_hear_the_agent_and_are_heard_apart():
    async def work(room, people, listener, track, clock):
        track.open("a1.1")
        track.push("a1.1", np.full(48_000, 700, np.int16))
        track.finish("a1.1")
        people[0].speak(np.full(24_000, 11, np.int16))
        people[1].speak(np.full(24_000, 22, np.int16))
        await asyncio.sleep(2)
        return [person.heard for person in people], listener.audio

    heard, audio = meeting(work)
    assert [int((each == 700).sum()) for each in heard] == [48_000, 48_000]
    values = {who: set(np.unique(np.concatenate(blocks))) for who, blocks in audio.items()}
    assert values == {"caller1": {0, 11}, "caller1-2": {0, 22}}


def test_the_last_who_leaves_is_the_last():
    async def work(room, people, listener, track, clock):
        people[0].leave()
        people[1].leave()
        return listener.lines[2:]

    assert meeting(work) == [("left", "caller1", False), ("left", "caller1-2", True)]


def test_somebody_is_let_in_later_and_screens_show_the_same():
    async def work(room, people, listener, track, clock):
        third = LoopbackRoom(clock)
        await room.add(third)
        person = third.join("Cid")
        room.publish("states", {"agent": "IDLE"})
        return listener.lines[2:], [len(p.published) for p in (*people, person)]

    lines, shown = meeting(work)
    assert lines == [("joined", "caller1-3")]
    assert shown == [1, 1, 1]


def test_one_connection_that_breaks_is_not_the_end():
    async def work(room, people, listener, track, clock):
        members = room._members
        members[0].room_failed("unreachable")
        before = list(listener.lines)
        members[1].room_failed("unreachable")
        return before, listener.lines

    before, after = meeting(work)
    assert ("failed", "unreachable") not in before
    assert ("failed", "unreachable") in after


def test_it_is_opened_once_and_not_after_its_end():
    async def work(room, people, listener, track, clock):
        with pytest.raises(RuntimeError, match="opened once"):
            await room.open(listener, track)
        await room.close("over")
        with pytest.raises(RuntimeError, match="closed"):
            await room.add(LoopbackRoom(clock))

    meeting(work)
