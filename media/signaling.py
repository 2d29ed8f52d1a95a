"""The local HTTP endpoint: a page to call from, and one URL that starts a call.

`POST /call` takes an SDP offer and gives the answer, as WHIP does (RFC 9725): 201, the answer as
`application/sdp`, and a `Location` whose `DELETE` ends the call. Every POST there is a call of its
own. A `POST` to the `Location` goes on in that call by a new connection, which takes the place of
the old one at once, lost or not: the name of a call is known to its caller alone. 404: it is over.

It listens on loopback unless told otherwise. What other web sites could do with that is refused:
a request names one of our own hosts (else a foreign name was pointed at this machine), and a
browser's `Origin` is that same host (else a foreign page sent it). Beyond loopback a token is
needed: in `Authorization: Bearer`, or once as `/?token=`, which a cookie then remembers.
"""

from __future__ import annotations

import asyncio
import errno
import hmac
import ipaddress
import logging
import re
import secrets
from collections.abc import Awaitable, Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from aiohttp import web

from media.clock import Clock
from media.errors import OfferRefused, PortInUse, UnsafeBinding
from media.tasks import TaskOwner
from media.webrtc import WebRtcRoom

MAX_OFFER_BYTES = 64 * 1024
"""An offer with video, audio and every candidate of a busy host stays below 20 kB."""

MAX_CALLS = 20
"""Calls at a time; twice what one process can serve with the whole embedded stack."""

_GRACE_SECONDS = 5.0
_COOKIE = "turnwise_token"
_CALLER_COOKIE = "turnwise_caller"
_CALLER_KEY = re.compile(r"[\w-]{22}", re.ASCII)
_LOOPBACK_NAMES = ("localhost", "127.0.0.1", "[::1]")

_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'self'; img-src 'self' data:; media-src 'self' blob: mediastream:; "
        "base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
    ),
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-store",
}

NewCall = Callable[[WebRtcRoom], Coroutine[Any, Any, None]]
"""Runs one call in the room it is given; the call is over when it returns."""

Kept = Callable[[str], Awaitable[bool]]
"""Says whether a caller of this key can go on in a call that no room here belongs to."""

_log = logging.getLogger(__name__)


async def _nothing_kept(_key: str) -> bool:
    return False


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """One file to serve."""

    body: bytes
    content_type: str


def _log_error(error: BaseException) -> None:
    _log.error("a call failed", exc_info=error)


class LocalServer:
    """The endpoint. `start` it, and `close` it: that ends all calls.

    Args:
        host: address to listen on; anything but loopback needs a token.
        port: 0 takes a free one.
        new_call: runs a call; its task belongs to the server, its room is closed after it.
        pages: what is served, by path (`/`, `/assets/...`).
        token: who knows it may call, from wherever the host is reached.
        max_calls: how many calls there may be at a time.
        ice_servers: STUN and TURN URLs for the rooms; none by default.
        clock: for the rooms; the running loop's by default.
        on_error: told what escapes `new_call`; logged by default.
        kept: asked about a caller who goes on in a call that is not known here.

    Raises:
        UnsafeBinding: the host is not loopback and there is no token.
    """

    def __init__(
        self,
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        new_call: NewCall,
        pages: Mapping[str, Page],
        token: str | None = None,
        max_calls: int = MAX_CALLS,
        ice_servers: Sequence[str] = (),
        clock: Clock | None = None,
        on_error: Callable[[BaseException], None] = _log_error,
        kept: Kept = _nothing_kept,
    ) -> None:
        if not token and not _is_loopback(host):
            raise UnsafeBinding(
                f"{host} can be reached from other machines. Give a token, or listen on 127.0.0.1."
            )
        self._host, self._port = host, port
        self._new_call, self._kept = new_call, kept
        self._pages = dict(pages)
        self._token = token
        self._max_calls = max_calls
        self._ice_servers, self._clock = tuple(ice_servers), clock
        self._tasks = TaskOwner(on_error)
        self._calls: dict[str, WebRtcRoom] = {}
        self._running: set[asyncio.Task[None]] = set()
        self._started = 0
        self._arriving = 0
        self._closing = False
        self._runner: web.AppRunner | None = None

    @property
    def port(self) -> int:
        """The port it listens on; the one asked for before `start`."""
        if self._runner is None or not self._runner.addresses:
            return self._port
        return int(self._runner.addresses[0][1])

    @property
    def url(self) -> str:
        """What to open in a browser; with the token, where there is one."""
        host = f"[{self._host}]" if ":" in self._host else self._host
        query = f"?token={self._token}" if self._token else ""
        return f"http://{host}:{self.port}/{query}"

    @property
    def calls(self) -> int:
        """Calls that are going on: a room that was left for another one is closed."""
        return sum(room.close_reason is None for room in self._calls.values())

    async def start(self) -> None:
        """Listen.

        Raises:
            PortInUse: something else listens there.
        """
        app = web.Application(client_max_size=MAX_OFFER_BYTES, middlewares=[self._guard])
        app.router.add_post("/call", self._post_call)
        app.router.add_post("/call/{id}", self._post_call)
        app.router.add_delete("/call/{id}", self._delete_call)
        app.router.add_get("/{path:.*}", self._get_page)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=1.0)
        await self._runner.setup()
        try:
            await web.TCPSite(self._runner, self._host, self._port).start()
        except OSError as error:
            await self._runner.cleanup()
            if error.errno == errno.EADDRINUSE:
                raise PortInUse(self._host, self._port) from error
            raise

    async def close(self) -> None:
        """Take no more calls, end those there are, stop listening. Idempotent.

        Each caller is told to have left with reason `closed`; a call that has not ended by itself
        five seconds later is cancelled.
        """
        self._closing = True
        for room in list(self._calls.values()):
            room.hang_up("closed")
        if self._running:
            _, late = await asyncio.wait(self._running, timeout=_GRACE_SECONDS)
            if late:
                _log.warning("%d calls did not end by themselves and are cancelled", len(late))
        await self._tasks.aclose()
        if self._runner is not None:
            await self._runner.cleanup()

    # --- requests --------------------------------------------------------------------------------

    @web.middleware
    async def _guard(
        self,
        request: web.Request,
        handler: Callable[[web.Request], Awaitable[web.StreamResponse]],
    ) -> web.StreamResponse:
        """Let nobody in who should not be, and harden every response."""
        refusal = self._refusal(request)
        if refusal is not None:
            return refusal
        response = await handler(request)
        response.headers.update(_HEADERS)
        return response

    def _refusal(self, request: web.Request) -> web.Response | None:
        if not self._token and request.host not in self._own_hosts():
            return web.Response(status=403, text="This host name is not served here.\n")
        origin = request.headers.get("Origin")
        if origin is not None and origin.partition("://")[2] != request.host:
            return web.Response(status=403, text="Other web sites may not call here.\n")
        if self._token and not self._knows_token(request):
            return web.Response(status=401, text="A token is needed: open /?token=...\n")
        return None

    def _own_hosts(self) -> set[str]:
        return {f"{name}:{self.port}" for name in (*_LOOPBACK_NAMES, self._host)} | (
            set(_LOOPBACK_NAMES) if self.port == 80 else set()
        )

    def _knows_token(self, request: web.Request) -> bool:
        bearer = request.headers.get("Authorization", "").removeprefix("Bearer ")
        shown = (bearer, request.query.get("token", ""), request.cookies.get(_COOKIE, ""))
        expected = (self._token or "").encode()
        return any(hmac.compare_digest(text.encode(), expected) for text in shown)

    async def _get_page(self, request: web.Request) -> web.Response:
        page = self._pages.get(request.path)
        if page is None:
            return web.Response(status=404, text="There is no such page.\n")
        response = web.Response(body=page.body, content_type=page.content_type, charset="utf-8")
        if self._token and request.query.get("token"):
            response.set_cookie(_COOKIE, self._token, httponly=True, samesite="Strict")
        return response

    async def _post_call(self, request: web.Request) -> web.Response:
        if request.content_type != "application/sdp":
            return web.Response(status=415, text="An offer is sent as application/sdp.\n")
        name = request.match_info.get("id")
        before = self._calls.get(name) if name else None
        lines = self._max_calls * (1 if before is None else 2)  # who comes back leaves one
        if self._closing or self.calls + self._arriving >= lines:
            text = "All lines are busy. Try again later.\n"
            return web.Response(status=503, text=text, headers={"Retry-After": "30"})
        key = request.cookies.get(_CALLER_COOKIE, "")
        self._arriving += 1
        try:
            if name and before is None and not await self._kept(key):
                return web.Response(status=404, text="That call is over.\n")
            return await self._start_call(await request.text(), key, before)
        except (OfferRefused, UnicodeDecodeError, LookupError) as refusal:
            return web.Response(status=400, text=f"{refusal}\n")
        finally:
            self._arriving -= 1

    async def _start_call(self, offer: str, key: str, before: WebRtcRoom | None) -> web.Response:
        self._started += 1
        room = WebRtcRoom(
            self._clock, caller=f"caller{self._started}", ice_servers=self._ice_servers
        )
        try:
            answer = await room.answer(offer)
        except BaseException:
            await room.close("refused")
            raise
        room.key = key if _CALLER_KEY.fullmatch(key) else secrets.token_urlsafe(16)
        if before is not None:
            room.key, room.before = before.key, before
        name = secrets.token_urlsafe(16)
        self._calls[name] = room
        task = self._tasks.start(self._run(name, room), f"call {self._started}")
        self._running.add(task)
        task.add_done_callback(self._running.discard)
        response = web.Response(
            status=201,
            text=answer,
            content_type="application/sdp",
            headers={"Location": f"/call/{name}"},
        )
        response.set_cookie(_CALLER_COOKIE, room.key, httponly=True, samesite="Strict")
        return response

    async def _run(self, name: str, room: WebRtcRoom) -> None:
        try:
            await self._new_call(room)
        finally:
            del self._calls[name]
            await room.close("over")

    async def _delete_call(self, request: web.Request) -> web.Response:
        room = self._calls.get(request.match_info["id"])
        if room is None:
            return web.Response(status=404, text="There is no such call.\n")
        room.hang_up()
        return web.Response(status=200)


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
