"""Where a call takes place: a room, and another one when the caller comes back by a new connection.

Nobody is waited for without end: in a room that stays empty the call is over after a while.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping
from typing import Any

from engine.pipeline.stage import describe
from engine.session.listener import Listener
from media.room import AudioSource, Camera, KeySender, Room

_log = logging.getLogger("turnwise.session")


class Venue:
    """The room of one call.

    Args:
        room: nobody has opened it yet.
        source: what is sent out.
    """

    def __init__(self, room: Room, source: AudioSource) -> None:
        self.room = room
        self._source = source
        self._listener: Listener | None = None
        self._nobody: asyncio.TimerHandle | None = None

    @property
    def has_keys(self) -> bool:
        """Whether the agent can press telephone keys there."""
        return isinstance(self.room, KeySender)

    @property
    def camera(self) -> Camera | None:
        """What sees the participants there; None: nothing does."""
        return self.room if isinstance(self.room, Camera) else None

    async def enter(
        self, listener: Listener, patience: float, give_up: Callable[[str], None]
    ) -> str | None:
        """Open the room; return why it cannot be, or None.

        Args:
            listener: told what happens there.
            patience: seconds until somebody must have come.
            give_up: told when nobody has.
        """
        self._listener = listener
        loop = asyncio.get_running_loop()
        reason = f"nobody joined within {patience:g} s"
        self._nobody = loop.call_later(patience, give_up, reason)
        try:
            await self.room.open(listener, self._source)
        except Exception as error:  # whatever a transport raises, the call ends with a message
            return f"the room cannot be opened: {describe(error)}"
        return None

    def somebody_came(self) -> None:
        """Nobody has to be waited for."""
        if self._nobody is not None:
            self._nobody.cancel()

    def publish(self, topic: str, data: Mapping[str, Any]) -> None:
        """Show something on the participants' screens."""
        self.room.publish(topic, data)

    async def move(self, room: Room) -> None:
        """Go on in another room, and leave the one before: who is still there is lost.

        Raises:
            RuntimeError: the call has not begun.
            Exception: whatever the new room raises when it cannot be opened; the call waits for
                the caller as after any lost connection.
        """
        if self._listener is None:
            raise RuntimeError("a call that has not begun has no room to leave")
        self._listener.lose_all()
        await room.open(self._listener, self._source)
        old, self.room = self.room, room
        await _left(old, "the caller is back by another connection")

    async def leave(self, reason: str) -> None:
        """Close the room."""
        self.somebody_came()
        await _left(self.room, reason)


async def _left(room: Room, reason: str) -> None:
    try:
        await room.close(reason)
    except Exception as error:  # the stages behind it still have to be closed
        _log.warning("the room did not close cleanly: %s", describe(error))
