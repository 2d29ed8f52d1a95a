"""A room made of rooms: several callers, each by a connection of their own, and one agent.

Every member is a `media.room.Room` with one caller; all of them hear the agent. Each member pulls
by its own pacing, so one of them leads: what it pulls is kept for the others. A follower whose
leader gives nothing for `PATIENCE` blocks leads from then on: a connection that dies holds up
nobody.
"""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Mapping
from typing import Any

from media.frames import Samples, silence
from media.room import AudioSource, Participant, Room, RoomListener

PATIENCE = 5
"""Blocks of 20 ms a follower waits for its leader."""

_SLACK = 5
"""Blocks a follower may lag behind; what is older is not played to it."""

_log = logging.getLogger(__name__)


class _Tee:
    """Gives one source to several pullers, each block to each once."""

    def __init__(self, source: AudioSource) -> None:
        self._source = source
        self._kept: dict[int, deque[Samples]] = {}
        self._empty: dict[int, int] = {}
        self._leader: int | None = None

    def joined(self, member: int) -> None:
        """A member is there, and hears what is sent from now on."""
        self._kept.setdefault(member, deque(maxlen=_SLACK))

    def pull(self, member: int) -> Samples:
        """Return the next block for this member."""
        self.joined(member)
        kept = self._kept[member]
        if member != self._leader:
            if kept:
                self._empty[member] = 0
                return kept.popleft()
            self._empty[member] = self._empty.get(member, 0) + 1
            if self._leader is not None and self._empty[member] <= PATIENCE:
                return silence()
        self._leader, self._empty[member] = member, 0
        kept.clear()
        block = self._source.pull()
        for other, queue in self._kept.items():
            if other != member:
                queue.append(block)
        return block

    def left(self, member: int) -> None:
        """A member is gone."""
        self._kept.pop(member, None)
        if self._leader == member:
            self._leader = None


class _Member:
    """One room, as its listener and as its source."""

    def __init__(self, meeting: MeetingRoom, number: int, room: Room) -> None:
        self._meeting = meeting
        self.number = number
        self.room = room
        self.failed = False
        self._names: dict[str, Participant] = {}

    def pull(self) -> Samples:
        """Return the next 20 ms of the agent."""
        return self._meeting.pull(self.number)

    def participant_joined(self, participant: Participant) -> None:
        """Let them in under a name nobody else has."""
        unique = self._meeting.unique(participant.id)
        self._names[participant.id] = Participant(id=unique, name=participant.name)
        self._meeting.joined(self.number, self._names[participant.id])

    def participant_left(self, participant: Participant, reason: str, last: bool) -> None:
        """Tell the meeting; whether anybody remains is its to say."""
        self._meeting.left(self.number, self._names.pop(participant.id), reason)

    def audio_received(self, participant: Participant, samples: Samples, at: float) -> None:
        """Pass audio on."""
        self._meeting.listener.audio_received(self._names[participant.id], samples, at)

    def key_pressed(self, participant: Participant, key: str) -> None:
        """Pass a key on."""
        self._meeting.listener.key_pressed(self._names[participant.id], key)

    def text_received(self, participant: Participant, text: str) -> None:
        """Pass a typed turn on."""
        self._meeting.listener.text_received(self._names[participant.id], text)

    def event_received(self, event: str, data: Mapping[str, Any]) -> None:
        """Pass an event of a page on."""
        self._meeting.listener.event_received(event, data)

    def room_failed(self, message: str) -> None:
        """One connection that breaks is not the end of the others."""
        self.failed = True
        self._meeting.member_failed(message)


class MeetingRoom:
    """A `media.room.Room` for several callers.

    Args:
        rooms: nobody has opened them yet; more may come with `add`.
    """

    def __init__(self, *rooms: Room) -> None:
        self._members = [_Member(self, number, room) for number, room in enumerate(rooms)]
        self.channel = rooms[0].channel if rooms else "meeting"
        self._listener: RoomListener | None = None
        self._tee: _Tee | None = None
        self._present: set[str] = set()
        self._closed = False

    @property
    def listener(self) -> RoomListener:
        """Who is told what happens here.

        Raises:
            RuntimeError: nobody has opened the room.
        """
        if self._listener is None:
            raise RuntimeError("nobody has opened this room yet")
        return self._listener

    async def open(self, listener: RoomListener, source: AudioSource) -> None:
        """Enter every room.

        Raises:
            RuntimeError: the room was opened before.
        """
        if self._listener is not None:
            raise RuntimeError("a room is opened once")
        self._listener, self._tee = listener, _Tee(source)
        for member in self._members:
            await member.room.open(member, member)

    async def add(self, room: Room) -> None:
        """Let somebody else in, by a room of their own.

        Raises:
            RuntimeError: the room is closed.
        """
        if self._closed:
            raise RuntimeError("the room is closed")
        member = _Member(self, len(self._members), room)
        self._members.append(member)
        if self._listener is not None:
            await room.open(member, member)

    def publish(self, topic: str, data: Mapping[str, Any]) -> None:
        """Show something on everybody's screen."""
        for member in self._members:
            member.room.publish(topic, data)

    async def close(self, reason: str) -> None:
        """Leave every room. Idempotent."""
        self._closed = True
        for member in self._members:
            try:
                await member.room.close(reason)
            except Exception:  # the others still have to be left
                _log.exception("a room of the meeting did not close cleanly")

    # --- told by the members ---------------------------------------------------------------------

    def pull(self, member: int) -> Samples:
        """Return the next block for a member."""
        return silence() if self._tee is None else self._tee.pull(member)

    def unique(self, name: str) -> str:
        """Return a participant's id that nobody present has."""
        taken, number, unique = self._present, 2, name
        while unique in taken:
            unique, number = f"{name}-{number}", number + 1
        return unique

    def joined(self, member: int, participant: Participant) -> None:
        """Somebody is there."""
        if self._tee is not None:
            self._tee.joined(member)
        self._present.add(participant.id)
        self.listener.participant_joined(participant)

    def left(self, member: int, participant: Participant, reason: str) -> None:
        """Somebody is gone; the last one who was there ends it."""
        self._present.discard(participant.id)
        if self._tee is not None:
            self._tee.left(member)
        self.listener.participant_left(participant, reason, not self._present)

    def member_failed(self, message: str) -> None:
        """A connection broke: the room is broken when all of them are."""
        if all(member.failed for member in self._members):
            self.listener.room_failed(message)
        else:
            _log.warning("one of the meeting cannot be reached: %s", message)
