"""A real pair of peers on this machine: sound, keys, messages, ends and leaks."""

from __future__ import annotations

import asyncio
import gc
import os
import random
import subprocess
import sys
import threading
import time
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from media.errors import NotConnected, OfferRefused
from media.frames import FRAME_SAMPLES, Samples, silence
from media.levels import rms_dbfs
from media.room import Participant
from media.tracks import OutgoingTrack
from media.webrtc import WebRtcRoom
from media.webrtc_caller import Ears, WebRtcCaller

pytestmark = pytest.mark.live

ROOT = Path(__file__).parents[2]


class Listener:
    """A session in a nutshell."""

    def __init__(self) -> None:
        self.ears = Ears()
        self.lines: list[tuple[str, ...]] = []

    def participant_joined(self, participant: Participant) -> None:
        self.lines.append(("joined", participant.id))

    def participant_left(self, participant: Participant, reason: str, last: bool) -> None:
        self.lines.append(("left", reason, "last" if last else ""))

    def audio_received(self, participant: Participant, samples: Samples, at: float) -> None:
        self.ears.hear(samples, at)

    def key_pressed(self, participant: Participant, key: str) -> None:
        self.lines.append(("key", key))

    def text_received(self, participant: Participant, text: str) -> None:
        self.lines.append(("text", text))

    def room_failed(self, message: str) -> None:
        self.lines.append(("failed", message))


class Call:
    """Both ends of a call and what they noticed."""

    def __init__(self, **room_options: Any) -> None:
        self.listener = Listener()
        self.ears = Ears()
        self.messages: list[tuple[str, Any]] = []
        self.track = OutgoingTrack(lambda utterance: None, lambda utterance, played, done: None)
        self.room = WebRtcRoom(**room_options)
        self.caller = WebRtcCaller(
            on_heard=self.ears.hear,
            on_message=lambda topic, data: self.messages.append((topic, data)),
        )

    async def connect(self) -> None:
        await self.room.open(self.listener, self.track)
        await self.caller.accept(await self.room.answer(await self.caller.offer()))
        async with asyncio.timeout(10):
            await self.caller.wait_connected()
        await until(lambda: ("joined", "caller") in self.listener.lines)

    async def close(self) -> None:
        await self.caller.hang_up()
        await self.room.close("test over")


@asynccontextmanager
async def a_call(**room_options: Any) -> AsyncIterator[Call]:
    call = Call(**room_options)
    try:
        await call.connect()
        yield call
    finally:
        await call.close()


async def until(condition: Callable[[], bool], seconds: float = 5.0) -> None:
    """Wait for something that is about to happen."""
    async with asyncio.timeout(seconds):
        while not condition():
            await asyncio.sleep(0.005)


def live(work: Coroutine[Any, Any, None]) -> None:
    asyncio.run(work)


def sine(seconds: float, hertz: float = 440.0) -> Samples:
    time_axis = np.arange(int(48_000 * seconds)) / 48_000
    return (np.sin(2 * np.pi * hertz * time_axis) * 8000).astype(np.int16)


def loudest_hertz(samples: Samples) -> float:
    spectrum = np.abs(np.fft.rfft(samples.astype(float)))
    return float(np.argmax(spectrum)) * 48_000 / len(samples)


def loud_part(samples: Samples) -> Samples:
    loud = np.flatnonzero(np.abs(samples) > 2000)
    return samples[loud[0] : loud[-1]] if len(loud) else silence(0)


def loud_seconds(samples: Samples) -> float:
    """How long something sounds, whatever pauses a busy machine tore in between."""
    pieces = samples[: len(samples) // 240 * 240].reshape(-1, 240).astype(float)
    return float(np.sum(np.sqrt(np.mean(pieces**2, axis=1)) > 1500)) * 240 / 48_000


def test_both_ends_hear_each_other() -> None:
    async def work() -> None:
        async with a_call() as call:
            call.track.push("a1.1", sine(1.0, 440))
            call.caller.speak(sine(1.0, 700))
            await asyncio.sleep(1.5)

        for ears, hertz in ((call.ears, 440), (call.listener.ears, 700)):
            heard = loud_part(ears.samples)
            assert loud_seconds(heard) == pytest.approx(1.0, abs=0.03)
            assert loudest_hertz(heard) == pytest.approx(hertz, abs=2)
            assert rms_dbfs(heard) == pytest.approx(rms_dbfs(sine(1.0)), abs=1.5)

    live(work())


def test_the_first_word_is_heard_whole_as_soon_as_the_call_is_connected() -> None:
    """Speech that was ordered while the call came about starts with its first sample."""

    async def work() -> None:
        call = Call()
        call.track.push("a1.1", sine(0.5))
        try:
            await call.connect()
            connected = asyncio.get_running_loop().time()
            await until(lambda: bool(len(loud_part(call.ears.samples))))
            assert call.ears.instants[-1] - connected < 0.2
            await asyncio.sleep(0.7)
        finally:
            await call.close()
        assert loud_seconds(call.ears.samples) == pytest.approx(0.5, abs=0.03)

    live(work())


def test_samples_count_time_on_both_sides() -> None:
    async def work() -> None:
        async with a_call() as call:
            await asyncio.sleep(0.2)
            begin = [sum(map(len, e.blocks)) for e in (call.ears, call.listener.ears)]
            started = time.monotonic()
            await asyncio.sleep(2.0)
            elapsed = time.monotonic() - started
            ends = [sum(map(len, e.blocks)) for e in (call.ears, call.listener.ears)]
        for first, last in zip(begin, ends, strict=True):
            assert (last - first) / 48_000 == pytest.approx(elapsed, abs=0.1)

    live(work())


def test_a_pause_is_silence_at_the_caller_within_two_blocks() -> None:
    """One may be under way, and Opus rings for 6.5 ms into the next."""

    async def work() -> None:
        async with a_call() as call:
            call.track.push("a1.1", sine(3.0))
            await asyncio.sleep(0.5)
            call.track.pause()
            paused = asyncio.get_running_loop().time()
            await asyncio.sleep(0.3)
        after = [
            rms_dbfs(block)
            for block, at in zip(call.ears.blocks, call.ears.instants, strict=True)
            if at >= paused
        ]
        assert len(after) > 10
        assert max(after[2:]) < -50

    live(work())


def test_telephone_keys_arrive_in_order_each_once_and_speech_goes_on_after_them() -> None:
    async def work() -> None:
        async with a_call() as call:
            for key in "159#0":
                call.caller.press(key)
            call.caller.speak(sine(0.5))
            with pytest.raises(ValueError, match="no telephone key"):
                call.caller.press("x")
            await asyncio.sleep(2.2)
        assert [line[1] for line in call.listener.lines if line[0] == "key"] == list("159#0")
        assert loud_seconds(call.listener.ears.samples) == pytest.approx(0.5, abs=0.03)

    live(work())


def test_messages_go_both_ways_and_bad_ones_are_ignored(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async def work() -> None:
        call = Call()
        call.room.publish("flow", {"id": "book_table"})  # kept until the channel is open
        await call.connect()
        try:
            call.room.publish("states", {"agent": "listening"})
            call.room.publish("bad", {"set": {1}})
            call.caller.send("text", {"text": "x" * 6000})
            call.caller.send("text", {"words": "?"})
            call.caller.send("nonsense", {})
            call.caller.send("text", {"text": " for four "})
            call.caller.send("key", {"key": "*"})
            await until(lambda: ("key", "*") in call.listener.lines and len(call.messages) == 2)
        finally:
            await call.close()
        assert call.listener.lines[1:3] == [("text", "for four"), ("key", "*")]
        assert call.messages == [
            ("flow", {"id": "book_table"}),
            ("states", {"agent": "listening"}),
        ]

    live(work())
    assert len([record for record in caplog.records if "ignored" in record.message]) == 3
    assert "not published" in caplog.text


def test_a_caller_who_hangs_up_has_left_at_once() -> None:
    async def work() -> None:
        async with a_call() as call:
            await call.caller.hang_up()
            await until(lambda: ("left", "left", "last") in call.listener.lines, 1.0)

    live(work())


def test_the_agents_last_word_is_heard_before_the_call_ends() -> None:
    async def work() -> None:
        async with a_call() as call:
            call.track.push("a1.1", sine(0.3))
            call.track.finish("a1.1")
            await until(lambda: not call.track.utterances)
            began = time.monotonic()
            await call.room.close("done")
            assert time.monotonic() - began < 1.0
            await until(lambda: call.caller.end_reason is not None)
        assert call.caller.end_reason == "left"
        assert loud_seconds(call.ears.samples) == pytest.approx(0.3, abs=0.03)
        assert call.listener.lines == [("joined", "caller")]

    live(work())


_VANISHING = """
import asyncio, sys
from media.webrtc_caller import WebRtcCaller

async def main():
    caller = WebRtcCaller()
    print(repr(await caller.offer()), flush=True)
    await caller.accept(eval(await asyncio.to_thread(sys.stdin.readline)))
    await caller.wait_connected()
    await asyncio.sleep(60)

asyncio.run(main())
"""


def test_a_caller_who_vanishes_is_lost_in_bounded_time() -> None:
    """The caller's process is killed: no goodbye on any level."""

    async def work() -> None:
        listener = Listener()
        room = WebRtcRoom(lost_seconds=1.5)
        track = OutgoingTrack(lambda utterance: None, lambda utterance, played, done: None)
        await room.open(listener, track)
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-c",
            _VANISHING,
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        assert process.stdin
        assert process.stdout
        try:
            offer = eval(await process.stdout.readline())
            process.stdin.write(f"{await room.answer(offer)!r}\n".encode())
            await until(lambda: ("joined", "caller") in listener.lines, 10)
            await asyncio.sleep(0.3)
            process.kill()
            gone = time.monotonic()
            await until(lambda: ("left", "lost", "last") in listener.lines, 5)
            assert time.monotonic() - gone < 2.5
        finally:
            await process.communicate()
            began = time.monotonic()
            await room.close("lost")
        assert time.monotonic() - began < 3.0

    live(work())


def test_a_call_that_does_not_come_about_is_told_in_bounded_time() -> None:
    async def work() -> None:
        listener = Listener()
        room, caller = WebRtcRoom(connect_seconds=0.5), WebRtcCaller()
        track = OutgoingTrack(lambda utterance: None, lambda utterance, played, done: None)
        await room.open(listener, track)
        await room.answer(await caller.offer())  # the answer never reaches the caller
        await until(lambda: ("failed", "the call did not come about") in listener.lines, 3)
        await room.close("unreachable")
        await caller.hang_up()
        with pytest.raises(NotConnected):
            await caller.wait_connected()

    live(work())


@pytest.mark.parametrize(
    ("offer", "why"),
    [
        ("", "no audio"),
        ("hello", "no audio"),
        ("v=0\r\nm=audio x y\r\n", "cannot be read"),
        ("v=0\r\no=- 1 1 IN IP4 0.0.0.0\r\ns=-\r\nt=0 0\r\nm=video 9 RTP/AVP 96\r\n", "no audio"),
    ],
)
def test_an_offer_that_cannot_be_answered_is_refused(offer: str, why: str) -> None:
    async def work() -> None:
        room = WebRtcRoom()
        try:
            with pytest.raises(OfferRefused, match=why):
                await room.answer(offer)
        finally:
            await room.close("refused")

    live(work())


def test_a_caller_without_a_microphone_hears_and_types() -> None:
    """As the page does when the microphone is refused."""

    async def work() -> None:
        call = Call(lost_seconds=2.0)
        call.caller._connection._audio.direction = "recvonly"
        call.track.push("a1.1", sine(0.5))
        await call.connect()
        try:
            call.caller.send("text", {"text": "for four"})
            await asyncio.sleep(3.0)  # no audio comes, and still it is not lost
            assert call.listener.lines == [("joined", "caller"), ("text", "for four")]
            assert loud_seconds(call.ears.samples) == pytest.approx(0.5, abs=0.03)
        finally:
            await call.close()

    live(work())


def test_a_caller_who_would_not_hear_is_refused() -> None:
    async def work() -> None:
        room, caller = WebRtcRoom(), WebRtcCaller()
        offer = (await caller.offer()).replace("a=sendrecv", "a=sendonly")
        try:
            with pytest.raises(OfferRefused, match="able to receive"):
                await room.answer(offer)
        finally:
            await room.close("refused")
            await caller.hang_up()

    live(work())


def test_odd_offers_are_refused_or_answered_and_leave_nothing_behind() -> None:
    """A valid offer with lines dropped, doubled, cut and misspelt."""

    async def work() -> None:
        caller = WebRtcCaller()
        lines = (await caller.offer()).splitlines()
        await asyncio.sleep(0.1)
        before, refused = footprint(), 0
        for seed in range(25):
            room = WebRtcRoom()
            try:
                await room.answer("\r\n".join(spoil(lines, random.Random(seed))) + "\r\n")
            except OfferRefused:
                refused += 1
            finally:
                await room.close("tried")
        await asyncio.sleep(0.1)
        after = footprint()
        await caller.hang_up()
        assert after == before
        assert 0 < refused < 25

    live(work())


def spoil(lines: list[str], chance: random.Random) -> list[str]:
    """Return the lines with up to four small defects."""
    lines = list(lines)
    for _ in range(chance.randint(1, 4)):
        at = chance.randrange(len(lines))
        match chance.randrange(3):
            case 0:
                del lines[at]
            case 1:
                lines[at] = lines[at][: chance.randrange(len(lines[at]) + 1)]
            case 2:
                lines.insert(at, chance.choice(lines))
    return lines


def test_an_offer_without_opus_is_refused() -> None:
    async def work() -> None:
        room, caller = WebRtcRoom(), WebRtcCaller()
        offer = (await caller.offer()).replace("opus/48000/2", "speex/16000")
        try:
            with pytest.raises(OfferRefused, match="cannot be answered"):
                await room.answer(offer)
        finally:
            await room.close("refused")
            await caller.hang_up()

    live(work())


def test_twenty_calls_leave_nothing_behind() -> None:
    """No task, no descriptor, no thread."""

    async def work() -> None:
        async with a_call():
            pass
        before = footprint()
        for _ in range(20):
            async with a_call() as call:
                call.track.push("a1.1", sine(0.02))
        await asyncio.sleep(0.1)
        assert footprint() == before

    live(work())


def footprint() -> dict[str, int]:
    # The loop's own pool (addresses are looked up there) grows to a fixed size: not counted.
    gc.collect()
    return {
        "tasks": len(asyncio.all_tasks()),
        "descriptors": len(os.listdir("/proc/self/fd")),
        "threads": len([t for t in threading.enumerate() if not t.name.startswith("asyncio_")]),
    }


def test_blocks_of_any_length_add_up(tmp_path: Path) -> None:
    """What arrives is whole frames, whatever the network did."""

    async def work() -> None:
        async with a_call() as call:
            await asyncio.sleep(0.5)
        assert {len(block) % FRAME_SAMPLES for block in call.listener.ears.blocks} == {0}

    live(work())
