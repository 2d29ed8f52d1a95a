"""A room in memory: real pacing, real blocks, no network. For tests and scripted callers.

Every 20 ms the room gives each participant's next block (or silence) to the listener, pulls one
block from the agent's source and gives it to everybody. It runs on any loop; on a virtual one an
hour of call takes a second.

After a stall of the loop the participants' missed blocks come together, as a network would deliver
them, and their ears get silence for the blocks that were not sent: on both sides samples count
time without holes, and the agent's speech is delayed, never skipped.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from media.clock import Clock, LoopClock
from media.frames import FRAME_SAMPLES, Samples, silence
from media.pacing import Pacer
from media.playout_buffer import PlayoutBuffer
from media.room import AudioSource, Participant, RoomListener
from media.tasks import TaskOwner

_SPEECH = "speech"


class LoopbackParticipant:
    """Somebody in a `LoopbackRoom`; made by `LoopbackRoom.join`."""

    def __init__(self, room: LoopbackRoom, participant: Participant) -> None:
        self.participant = participant
        self.on_heard: Callable[[Samples, float], None] | None = None
        """Told every block the agent sends and the instant (seconds) at which it arrives."""
        self.on_message: Callable[[str, Mapping[str, Any]], None] | None = None
        """Told everything the agent publishes: `(topic, data)`."""
        self.published: list[tuple[str, Mapping[str, Any]]] = []
        """What the agent published, as (topic, data)."""
        self._room = room
        self._mouth = PlayoutBuffer()
        self._ears: list[Samples] = []

    @property
    def heard(self) -> Samples:
        """Everything heard since joining, silence included."""
        return np.concatenate([silence(0), *self._ears])

    @property
    def speaking(self) -> bool:
        """True while something of what was ordered with `speak` has not been sent."""
        return self._mouth.waiting > 0

    def speak(self, samples: Samples) -> None:
        """Queue int16 mono 48 kHz samples behind what is still to be said."""
        self._mouth.push(_SPEECH, samples)

    def press(self, key: str) -> None:
        """Press one telephone key."""
        self._room.deliver_key(self.participant, key)

    def type(self, text: str) -> None:
        """Type a whole turn."""
        self._room.deliver_text(self.participant, text)

    def leave(self, reason: str = "left") -> None:
        """Go; `reason` is `left`, or `lost` for somebody who vanishes."""
        self._room.remove(self, reason)

    def hear(self, samples: Samples, at: float) -> None:
        """Take a block from the room."""
        self._ears.append(samples)
        if self.on_heard is not None:
            self.on_heard(samples, at)

    def read(self, topic: str, data: Mapping[str, Any]) -> None:
        """Take a message from the room."""
        self.published.append((topic, data))
        if self.on_message is not None:
            self.on_message(topic, data)

    def next_block(self) -> Samples:
        """Give the room the next 20 ms: speech or silence."""
        return self._mouth.pull(FRAME_SAMPLES).samples


class LoopbackRoom:
    """An in-memory `media.room.Room`.

    Args:
        clock: what paces it; the running loop's clock by default.
    """

    channel = "loopback"

    def __init__(self, clock: Clock | None = None) -> None:
        self._clock = clock or LoopClock()
        self._tasks = TaskOwner(self._failed)
        self._listener: RoomListener | None = None
        self._source: AudioSource | None = None
        self._participants: list[LoopbackParticipant] = []
        self._joined = 0
        self._closed = False
        self.close_reason: str | None = None
        """Why the agent left; None as long as it is there."""

    async def open(self, listener: RoomListener, source: AudioSource) -> None:
        """Enter; who joined before is announced now.

        Raises:
            RuntimeError: the room was opened before.
        """
        if self._listener is not None:
            raise RuntimeError("a loopback room is opened once")
        self._listener, self._source = listener, source
        for member in self._participants:
            listener.participant_joined(member.participant)
        self._tasks.start(self._pace(), "loopback room")

    def join(self, name: str = "") -> LoopbackParticipant:
        """Let somebody in.

        Raises:
            RuntimeError: the room is closed.
        """
        if self._closed:
            raise RuntimeError("the room is closed")
        self._joined += 1
        member = LoopbackParticipant(self, Participant(id=f"caller{self._joined}", name=name))
        self._participants.append(member)
        if self._listener is not None:
            self._listener.participant_joined(member.participant)
        return member

    def publish(self, topic: str, data: Mapping[str, Any]) -> None:
        """Give JSON-like data to everybody; what JSON cannot carry raises TypeError here too."""
        copy = json.loads(json.dumps(data))
        for member in self._participants:
            member.read(topic, copy)

    async def close(self, reason: str) -> None:
        """Leave. What was pulled was heard at once, so nothing is under way."""
        if self._closed:
            return
        self._closed, self.close_reason = True, reason
        self._participants.clear()
        await self._tasks.aclose()

    def deliver_key(self, participant: Participant, key: str) -> None:
        """Pass a key on to the listener."""
        if self._hears(participant):
            self._opened().key_pressed(participant, key)

    def deliver_text(self, participant: Participant, text: str) -> None:
        """Pass a typed turn on to the listener."""
        if self._hears(participant):
            self._opened().text_received(participant, text)

    def tell(self, event: str, data: Mapping[str, Any] | None = None) -> None:
        """Pass an event on, as a line does that knows more: `voicemail`, `app.paid`."""
        self._opened().event_received(event, dict(data or {}))

    def remove(self, member: LoopbackParticipant, reason: str) -> None:
        """Take somebody out and tell the listener. Nothing happens if they are out."""
        if member not in self._participants:
            return
        self._participants.remove(member)
        if self._listener is not None:
            last = not self._participants
            self._listener.participant_left(member.participant, reason, last)

    def _opened(self) -> RoomListener:
        if self._listener is None:
            raise RuntimeError("nobody has opened this room yet")
        return self._listener

    def _hears(self, participant: Participant) -> bool:
        return any(member.participant == participant for member in self._participants)

    async def _pace(self) -> None:
        pacer = Pacer(self._clock)
        while True:
            beats = await pacer.wait()
            if self._participants:
                self._exchange(beats)

    def _exchange(self, beats: int) -> None:
        """Carry one beat both ways, and the missed ones as the module's text says."""
        listener, source = self._opened(), self._source
        now = self._clock.monotonic()
        for member in tuple(self._participants):
            for _ in range(beats):
                listener.audio_received(member.participant, member.next_block(), now)
        if source is None or not self._participants:
            return
        block = source.pull()
        for member in tuple(self._participants):
            for _ in range(beats - 1):
                member.hear(silence(), now)
            member.hear(block, now)

    def _failed(self, error: BaseException) -> None:
        if self._listener is not None:
            self._listener.room_failed(f"the loopback room broke: {error!r}")
