"""A room that is one WebRTC call: one caller, reached by answering their offer."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping, Sequence
from typing import Any

from media.clock import Clock, LoopClock
from media.connection import CONNECT_SECONDS, LOST_SECONDS, Connection
from media.data_messages import Message, MessageRefused, read_key, read_text
from media.frames import Samples, silence
from media.room import AudioSource, Participant, RoomListener

_log = logging.getLogger(__name__)


class WebRtcRoom:
    """A `media.room.Room` for one call.

    `answer` the caller's offer, hand the SDP back, and `open` the room, in either order within
    the time a connection takes; the participant joins when audio flows. Keys arrive as telephone
    events or as `key` messages on the data channel, typed turns as `text` messages.

    Args:
        clock: what paces and stamps; the running loop's by default.
        caller: id of the participant.
        ice_servers: STUN and TURN URLs; none by default.
        connect_seconds: how long the call may take to come about.
        lost_seconds: how long the far side may be silent on every level before it counts as lost.
    """

    channel = "webrtc"

    def __init__(
        self,
        clock: Clock | None = None,
        *,
        caller: str = "caller",
        ice_servers: Sequence[str] = (),
        connect_seconds: float = CONNECT_SECONDS,
        lost_seconds: float = LOST_SECONDS,
    ) -> None:
        self._participant = Participant(id=caller)
        self.key = ""
        """What the caller's browser is known by when it comes back; empty: by nothing."""
        self.before: WebRtcRoom | None = None
        """The room of the same call that this one takes the place of: its connection was lost."""
        self._listener: RoomListener | None = None
        self._source: AudioSource | None = None
        self._present = False
        self._over = asyncio.Event()
        self._settled = asyncio.Event()
        self._outcome = ""
        self.close_reason: str | None = None
        """Why the agent left; None as long as it is there."""
        self._connection = Connection(
            clock or LoopClock(),
            self,
            self._pull,
            ice_servers=ice_servers,
            connect_seconds=connect_seconds,
            lost_seconds=lost_seconds,
        )

    @property
    def lost_packets(self) -> int:
        """Audio packets of the caller that were lost so far."""
        return self._connection.lost_packets

    async def answer(self, offer_sdp: str) -> str:
        """Answer an offer that has all its candidates; return the SDP of the answer.

        Raises:
            media.errors.OfferRefused: it is no SDP, or offers no Opus audio.
        """
        return await self._connection.answer(offer_sdp)

    async def wait_connected(self) -> bool:
        """Wait until audio flows; False: it does not, and never will."""
        await self._settled.wait()
        return self._connection.is_connected

    async def open(self, listener: RoomListener, source: AudioSource) -> None:
        """Enter; a caller who is connected already joins now.

        Raises:
            RuntimeError: the room was opened before.
        """
        if self._listener is not None:
            raise RuntimeError("a room is opened once")
        self._listener, self._source = listener, source
        if self._outcome:
            listener.room_failed("the caller was gone before the call began")
        elif self._connection.is_connected:
            self._join()

    def publish(self, topic: str, data: Mapping[str, Any]) -> None:
        """Send a message to the caller's screen; what does not fit is logged and dropped."""
        try:
            self._connection.send(topic, data)
        except MessageRefused as refusal:
            _log.error("not published: %s", refusal)

    def send_keys(self, keys: str) -> None:
        """Press telephone keys: events in the agent's audio stream.

        Raises:
            ValueError: one of them is no telephone key.
            RuntimeError: the far side does not understand telephone events.
        """
        for key in keys:
            self._connection.press(key)

    def hang_up(self, reason: str = "left") -> None:
        """End the call from outside: `left`, the caller said so; `closed`, the endpoint closes."""
        self.ended(reason)

    async def close(self, reason: str) -> None:
        """Leave within three seconds, after the last words have arrived. Idempotent."""
        if self.close_reason is None:
            self.close_reason = reason
        self._settled.set()
        await self._connection.close()
        self._over.set()

    async def wait_closed(self) -> None:
        """Wait until `close` has been called and has done its work."""
        await self._over.wait()

    # --- told by the connection ------------------------------------------------------------------

    def connected(self) -> None:
        """Audio flows."""
        self._settled.set()
        if self._listener is not None:
            self._join()

    def ended(self, reason: str) -> None:
        """The connection is gone: `left`, `lost` or `unreachable`. Later calls change nothing."""
        if self._outcome:
            return
        self._outcome = reason
        self._settled.set()
        if self._listener is None or self.close_reason is not None:
            return
        if self._present:
            self._present = False
            self._listener.participant_left(self._participant, reason, True)
        else:
            self._listener.room_failed("the call did not come about")

    def audio_received(self, samples: Samples, at: float) -> None:
        """Samples of the caller."""
        if self._present and self._listener is not None:
            self._listener.audio_received(self._participant, samples, at)

    def key_received(self, key: str) -> None:
        """A telephone event of the caller."""
        if self._present and self._listener is not None:
            self._listener.key_pressed(self._participant, key)

    def message_received(self, message: Message) -> None:
        """A message of the caller: a typed turn or a key."""
        if not self._present or self._listener is None:
            return
        try:
            if message.topic == "text":
                self._listener.text_received(self._participant, read_text(message))
            elif message.topic == "key":
                self._listener.key_pressed(self._participant, read_key(message))
            else:
                _log.warning("message ignored: topic %r is unknown", message.topic[:40])
        except MessageRefused as refusal:
            _log.warning("message ignored: %s", refusal)

    def _join(self) -> None:
        if not self._present and not self._outcome and self._listener is not None:
            self._present = True
            self._listener.participant_joined(self._participant)

    def _pull(self) -> Samples:
        if self._source is None or not self._present:
            return silence()
        return self._source.pull()
