"""What happens in the room, as events for the mailbox and audio for the pipeline."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from engine.events import (
    KeyPressed,
    Millis,
    ParticipantJoined,
    ParticipantLeft,
    ServiceFailed,
    TextReceived,
)
from engine.pipeline.stage import Post, SessionTime
from engine.session.outside import outside_event
from media.frames import Samples
from media.room import Participant

Hear = Callable[[str, Samples, float], None]
"""(participant, 48 kHz samples, clock instant of their end in seconds)."""

LOST = "lost"
"""Why somebody left who did not mean to."""

AT_ONCE: Millis = 5_000
"""The grace of somebody whose next connection is there already: it only has to be opened."""


class Listener:
    """The session as a room sees it: a `media.room.RoomListener`.

    Args:
        hear: takes audio.
        post: the way into the mailbox.
        time: the session's time.
        grace: milliseconds somebody whose connection was lost may take to come back.
    """

    def __init__(self, hear: Hear, post: Post, time: SessionTime, grace: Millis = 0) -> None:
        self._grace = grace
        self._hear = hear
        self._post = post
        self._time = time
        self._present: list[str] = []

    def lose_all(self) -> None:
        """Report that everybody's connection is lost: they come back by another one, now."""
        for participant in self._present.copy():
            self._left(participant, LOST, participant == self._present[-1], self._grace or AT_ONCE)

    def participant_joined(self, participant: Participant) -> None:
        """Report that somebody can hear us."""
        self._present.append(participant.id)
        self._post(ParticipantJoined(at=self._time.now(), participant=participant.id))

    def participant_left(self, participant: Participant, reason: str, last: bool) -> None:
        """Report that somebody is gone."""
        self._left(participant.id, reason, last, self._grace if reason == LOST else 0)

    def _left(self, participant: str, reason: str, last: bool, grace: Millis) -> None:
        if participant in self._present:
            self._present.remove(participant)
        self._post(
            ParticipantLeft(
                at=self._time.now(), participant=participant, reason=reason, last=last, grace=grace
            )
        )

    def audio_received(self, participant: Participant, samples: Samples, at: float) -> None:
        """Give a block of audio to the pipeline."""
        self._hear(participant.id, samples, at)

    def key_pressed(self, participant: Participant, key: str) -> None:
        """Report a telephone key."""
        self._post(KeyPressed(at=self._time.now(), participant=participant.id, key=key))

    def text_received(self, participant: Participant, text: str) -> None:
        """Report a typed turn."""
        self._post(TextReceived(at=self._time.now(), participant=participant.id, text=text))

    def event_received(self, event: str, data: Mapping[str, Any]) -> None:
        """Report what the room knows of the call beyond who is in it."""
        self._post(outside_event(event, data, self._time.now()))

    def room_failed(self, message: str) -> None:
        """Report that the room is broken."""
        self._post(ServiceFailed(at=self._time.now(), service="room", message=message))
