"""The local room for people: a page, a microphone, and a call of one's own for everybody."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from importlib.resources import files

from engine.worker.host import Call, CallHost
from media.clock import Clock
from media.signaling import LocalServer, Page
from media.webrtc import WebRtcRoom

_TYPES = {".html": "text/html", ".css": "text/css", ".js": "text/javascript"}


def pages() -> Mapping[str, Page]:
    """Return the files of the room's page by the path they are served at."""
    folder = files("engine.worker") / "page"
    found = {}
    for file in sorted(folder.iterdir(), key=lambda file: file.name):
        suffix = file.name[file.name.rindex(".") :]
        path = "/" if file.name == "index.html" else f"/assets/{file.name}"
        found[path] = Page(body=file.read_bytes(), content_type=_TYPES[suffix])
    return found


class LocalRooms:
    """An HTTP endpoint at which everybody who calls gets a session of the host.

    Args:
        host: runs the calls.
        clock: for the rooms.
        address: where to listen; anything but loopback needs a token.
        port: 0 takes a free one.
        token: who knows it may call.

    Raises:
        UnsafeBinding: `address` is not loopback and there is no token.
    """

    def __init__(
        self,
        host: CallHost,
        clock: Clock,
        *,
        address: str = "127.0.0.1",
        port: int = 0,
        token: str | None = None,
    ) -> None:
        self._host = host
        self.finished: asyncio.Queue[Call] = asyncio.Queue()
        """The calls that are over, in the order in which they ended."""
        self.server = LocalServer(
            host=address,
            port=port,
            new_call=self._take,
            pages=pages(),
            token=token,
            clock=clock,
            kept=host.keeps,
        )

    async def start(self) -> None:
        """Listen. Raises `media.errors.PortInUse`."""
        await self.server.start()

    async def close(self, reason: str) -> None:
        """End all calls and stop listening."""
        await self._host.aclose(reason)
        await self.server.close()

    async def _take(self, room: WebRtcRoom) -> None:
        """Run a call, or let its caller go on in it once the new connection carries sound."""
        back = room.before is not None or self._host.misses(room.key)
        if back and not await room.wait_connected():
            return
        if back and await self._host.rejoin(room, room.key, room.before):
            return
        if room.before is None:  # else that call has ended meanwhile, and none begins in its place
            self.finished.put_nowait(await self._host.take(room, room.key))
