"""The one seam to the outside: a room, its participants, and what is heard and seen there.

A transport implements `Room`; the session is its `RoomListener`. Listener methods are synchronous,
are called on the event loop, and never block. One room is one call: one agent, any number of
participants. The agent is not a participant.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

from media.frames import Samples

if TYPE_CHECKING:
    from media.images import Picture


@dataclass(frozen=True, slots=True, kw_only=True)
class Participant:
    """Somebody in the room other than the agent."""

    id: str
    """Unique in the room; never taken from a display name."""
    name: str = ""


class AudioSource(Protocol):
    """What the room sends out: pulled by the room's own pacing, 20 ms at a time."""

    def pull(self) -> Samples:
        """Return the next `FRAME_SAMPLES` samples at 48 kHz; silence when there is nothing."""
        ...


class RoomListener(Protocol):
    """Who is told what happens in a room."""

    def participant_joined(self, participant: Participant) -> None:
        """Somebody can hear us from now on."""
        ...

    def participant_left(self, participant: Participant, reason: str, last: bool) -> None:
        """Somebody is gone: `left`, `closed`, `lost` (vanished); `last`: nobody remains."""
        ...

    def audio_received(self, participant: Participant, samples: Samples, at: float) -> None:
        """Audio at 48 kHz; `at` is the clock's instant (seconds) of the end of this block.

        A gap (lost packets) is already filled, so samples count time without holes.
        """
        ...

    def key_pressed(self, participant: Participant, key: str) -> None:
        """One telephone key: 0-9, *, #, A-D."""
        ...

    def text_received(self, participant: Participant, text: str) -> None:
        """A whole typed turn."""
        ...

    def event_received(self, event: str, data: Mapping[str, Any]) -> None:
        """Something the flow may handle: `voicemail`, `agent.joined`, `agent.left`, `app.NAME`.

        Raises:
            ValueError: no event of this name comes from outside.
        """
        ...

    def room_failed(self, message: str) -> None:
        """The room is broken and will not recover."""
        ...


class Room(Protocol):
    """A place where the agent meets people."""

    channel: str
    """webrtc, loopback, files, text."""

    async def open(self, listener: RoomListener, source: AudioSource) -> None:
        """Enter; from now on the listener is told and the source is pulled."""
        ...

    def publish(self, topic: str, data: Mapping[str, Any]) -> None:
        """Send JSON-like data to every participant's screen; best effort, never blocks."""
        ...

    async def close(self, reason: str) -> None:
        """Leave, after what was already pulled has gone out. Idempotent."""
        ...


@runtime_checkable
class Camera(Protocol):
    """A room that sees who is in it, or the screen they share."""

    def latest_frames(self, n: int) -> Sequence[Picture]:
        """Return at most `n` of the latest video frames, oldest first; never blocks.

        Empty: nobody shows anything. Which participant is shown, the room decides: a shared screen
        outranks a camera.
        """
        ...


@runtime_checkable
class KeySender(Protocol):
    """A room in which the agent can press telephone keys."""

    def send_keys(self, keys: str) -> None:
        """Press keys (0-9, *, #, A-D), one after the other; never blocks.

        Raises:
            ValueError: one of them is no telephone key.
            RuntimeError: the far side does not understand keys.
        """
        ...
