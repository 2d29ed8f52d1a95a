from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

import numpy as np
import pytest

from media.frames import FRAME_SAMPLES, Samples
from media.loopback import LoopbackRoom
from media.room import Participant
from media.tracks import OutgoingTrack

RunVirtual = Callable[[Coroutine[Any, Any, Any]], Any]


class Ear:
    """A room listener that writes down what it is told."""

    def __init__(self) -> None:
        self.lines: list[tuple[str, ...]] = []
        self.audio: list[Samples] = []
        self.instants: list[float] = []

    def participant_joined(self, participant: Participant) -> None:
        self.lines.append(("joined", participant.id))

    def participant_left(self, participant: Participant, reason: str, last: bool) -> None:
        self.lines.append(("left", participant.id, reason, "last" if last else ""))

    def audio_received(self, participant: Participant, samples: Samples, at: float) -> None:
        self.audio.append(samples)
        self.instants.append(at)

    def key_pressed(self, participant: Participant, key: str) -> None:
        self.lines.append(("key", participant.id, key))

    def text_received(self, participant: Participant, text: str) -> None:
        self.lines.append(("text", participant.id, text))

    def room_failed(self, message: str) -> None:
        self.lines.append(("failed", message))


def tone(count: int, level: int = 500) -> Samples:
    return np.full(count, level, dtype=np.int16)


def quiet_track() -> OutgoingTrack:
    return OutgoingTrack(lambda utterance: None, lambda utterance, played, complete: None)


def test_audio_goes_both_ways_sample_for_sample(run_virtual: RunVirtual) -> None:
    async def call() -> tuple[Samples, Samples]:
        room, ear, track = LoopbackRoom(), Ear(), quiet_track()
        caller = room.join()
        caller.speak(tone(2000, 7))
        track.push("a", tone(3000, 9))
        await room.open(ear, track)
        await asyncio.sleep(1.0)
        await room.close("done")
        return caller.heard, np.concatenate(ear.audio)

    heard, received = run_virtual(call())

    assert np.count_nonzero(heard == 9) == 3000
    assert np.count_nonzero(received == 7) == 2000
    assert len(heard) == len(received)
    assert abs(len(heard) - 48_000) <= FRAME_SAMPLES


def test_pause_reaches_the_caller_with_the_very_next_block(run_virtual: RunVirtual) -> None:
    async def call() -> list[bool]:
        room, track = LoopbackRoom(), quiet_track()
        caller = room.join()
        sound: list[bool] = []
        caller.on_heard = lambda samples, at: sound.append(bool(samples.any()))
        track.push("a", tone(48_000))
        await room.open(Ear(), track)
        await asyncio.sleep(0.1)
        track.pause()
        await asyncio.sleep(0.1)
        await room.close("done")
        return sound

    sound = run_virtual(call())

    silent_from = sound.index(False)
    assert 4 <= silent_from <= 6
    assert not any(sound[silent_from:])


def test_people_come_type_press_and_go(run_virtual: RunVirtual) -> None:
    async def call() -> tuple[list[tuple[str, ...]], list[object]]:
        room, ear = LoopbackRoom(), Ear()
        first = room.join()
        await room.open(ear, quiet_track())
        second = room.join("agent")
        first.press("5")
        second.type("hello")
        room.publish("state", {"agent": "speaking"})
        first.leave()
        first.leave()
        first.press("6")
        second.leave("lost")
        await room.close("done")
        await room.close("again")
        with pytest.raises(RuntimeError, match="closed"):
            room.join()
        return ear.lines, list(second.published)

    lines, published = run_virtual(call())

    assert lines == [
        ("joined", "caller1"),
        ("joined", "caller2"),
        ("key", "caller1", "5"),
        ("text", "caller2", "hello"),
        ("left", "caller1", "left", ""),
        ("left", "caller2", "lost", "last"),
    ]
    assert published == [("state", {"agent": "speaking"})]


def test_nothing_is_pulled_while_nobody_is_there(run_virtual: RunVirtual) -> None:
    """Speech ordered before the caller arrives is heard from its first sample."""

    async def call() -> Samples:
        room, track = LoopbackRoom(), quiet_track()
        track.push("a", tone(960))
        await room.open(Ear(), track)
        await asyncio.sleep(1.0)
        caller = room.join()
        await asyncio.sleep(0.1)
        await room.close("done")
        return caller.heard

    assert np.array_equal(run_virtual(call())[:960], tone(960))


def test_after_a_stall_samples_still_count_time_and_no_speech_is_lost(
    run_virtual: RunVirtual,
) -> None:
    async def call() -> tuple[Samples, Samples]:
        room, ear, track = LoopbackRoom(), Ear(), quiet_track()
        caller = room.join()
        track.push("a", tone(4800))
        await room.open(ear, track)
        await asyncio.sleep(0.05)
        asyncio.get_running_loop().stall(0.21)  # type: ignore[attr-defined]
        await asyncio.sleep(0.24)
        await room.close("done")
        return caller.heard, np.concatenate(ear.audio)

    heard, received = run_virtual(call())

    assert len(heard) == len(received)
    assert abs(len(heard) - 24_000) <= FRAME_SAMPLES
    assert np.count_nonzero(heard) == 4800


def test_a_listener_that_raises_breaks_the_room_loudly(run_virtual: RunVirtual) -> None:
    class Broken(Ear):
        def audio_received(self, participant: Participant, samples: Samples, at: float) -> None:
            raise ValueError("no")

    async def call() -> list[tuple[str, ...]]:
        room, ear = LoopbackRoom(), Broken()
        room.join()
        await room.open(ear, quiet_track())
        await asyncio.sleep(0.1)
        await room.close("done")
        return ear.lines

    assert run_virtual(call())[1][0] == "failed"


def test_misuse_is_told(run_virtual: RunVirtual) -> None:
    async def call() -> None:
        room = LoopbackRoom()
        caller = room.join()
        with pytest.raises(RuntimeError, match="nobody has opened"):
            caller.press("1")
        await room.open(Ear(), quiet_track())
        with pytest.raises(RuntimeError, match="once"):
            await room.open(Ear(), quiet_track())
        with pytest.raises(TypeError):
            room.publish("states", {"not": {"json"}})
        await room.close("done")

    run_virtual(call())
