"""The room's own decisions, told by hand what a connection would tell it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from media.data_messages import Message
from media.frames import Samples, silence
from media.room import Participant
from media.webrtc import WebRtcRoom


class Listener:
    def __init__(self) -> None:
        self.lines: list[str] = []

    def participant_joined(self, participant: Participant) -> None:
        self.lines.append(f"joined {participant.id}")

    def participant_left(self, participant: Participant, reason: str, last: bool) -> None:
        self.lines.append(f"left {reason} {last}")

    def audio_received(self, participant: Participant, samples: Samples, at: float) -> None:
        self.lines.append(f"audio {len(samples)} {at}")

    def key_pressed(self, participant: Participant, key: str) -> None:
        self.lines.append(f"key {key}")

    def text_received(self, participant: Participant, text: str) -> None:
        self.lines.append(f"text {text}")

    def room_failed(self, message: str) -> None:
        self.lines.append(f"failed: {message}")

    def pull(self) -> Samples:
        return silence()


def told(play: Callable[[WebRtcRoom, Listener], Awaitable[None]]) -> list[str]:
    """Return what the listener was told."""

    async def run() -> list[str]:
        room, listener = WebRtcRoom(), Listener()
        try:
            await play(room, listener)
        finally:
            await room.close("done")
        return listener.lines

    return asyncio.run(run())


def test_an_end_is_told_once_whatever_comes_after_it() -> None:
    async def play(room: WebRtcRoom, listener: Listener) -> None:
        await room.open(listener, listener)
        room.connected()
        room.connected()
        room.ended("lost")
        room.ended("left")
        room.hang_up()
        room.audio_received(silence(), 1.0)
        room.key_received("1")
        room.message_received(Message(topic="text", data={"text": "late"}))
        room.connected()

    assert told(play) == ["joined caller", "left lost True"]


def test_nothing_of_a_caller_is_told_before_they_have_joined() -> None:
    async def play(room: WebRtcRoom, listener: Listener) -> None:
        room.audio_received(silence(), 1.0)
        await room.open(listener, listener)
        room.key_received("1")
        room.message_received(Message(topic="key", data={"key": "2"}))
        room.connected()
        room.audio_received(silence(), 2.0)
        room.message_received(Message(topic="key", data={"key": "3"}))

    assert told(play) == ["joined caller", "audio 960 2.0", "key 3"]


def test_who_was_gone_before_the_room_was_opened_is_a_failed_room() -> None:
    async def play(room: WebRtcRoom, listener: Listener) -> None:
        room.hang_up()
        await room.open(listener, listener)

    assert told(play) == ["failed: the caller was gone before the call began"]


def test_a_call_that_never_came_about_is_a_failed_room() -> None:
    async def play(room: WebRtcRoom, listener: Listener) -> None:
        await room.open(listener, listener)
        room.ended("unreachable")

    assert told(play) == ["failed: the call did not come about"]


def test_after_the_agent_left_nothing_is_told() -> None:
    async def play(room: WebRtcRoom, listener: Listener) -> None:
        await room.open(listener, listener)
        room.connected()
        await room.close("the flow ended")
        await room.wait_closed()
        room.ended("left")
        assert room.close_reason == "the flow ended"

    assert told(play) == ["joined caller"]


def test_a_room_is_opened_once() -> None:
    async def play(room: WebRtcRoom, listener: Listener) -> None:
        await room.open(listener, listener)
        with pytest.raises(RuntimeError, match="once"):
            await room.open(listener, listener)

    assert told(play) == []
