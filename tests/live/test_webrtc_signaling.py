"""The local endpoint over real HTTP."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import pytest

from media.errors import NotConnected, PortInUse, UnsafeBinding
from media.frames import silence
from media.room import Participant
from media.signaling import MAX_OFFER_BYTES, LocalServer, Page
from media.webrtc import WebRtcRoom
from media.webrtc_caller import WebRtcCaller

pytestmark = pytest.mark.live

PAGES = {
    "/": Page(body=b"<!doctype html><title>room</title>", content_type="text/html"),
    "/assets/room.js": Page(body=b"'use strict';", content_type="text/javascript"),
}
SDP = {"content-type": "application/sdp"}


class Session:
    """Runs one call until the caller is gone."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.over = asyncio.Event()

    def participant_joined(self, participant: Participant) -> None:
        self.lines.append(f"joined {participant.id}")

    def participant_left(self, participant: Participant, reason: str, last: bool) -> None:
        self.lines.append(reason)
        self.over.set()

    def room_failed(self, message: str) -> None:
        self.lines.append(message)
        self.over.set()

    def __getattr__(self, name: str) -> Callable[..., None]:
        if name in {"audio_received", "key_pressed", "text_received"}:
            return lambda *details: None
        raise AttributeError(name)

    def pull(self) -> Any:
        return silence()


class Host:
    """A server and the sessions it began."""

    def __init__(self, **options: Any) -> None:
        self.sessions: list[Session] = []
        self.errors: list[BaseException] = []
        self.server = LocalServer(
            **{
                "new_call": self.new_call,
                "pages": PAGES,
                "on_error": self.errors.append,
                **options,
            }
        )

    async def new_call(self, room: WebRtcRoom) -> None:
        session = Session()
        self.sessions.append(session)
        await room.open(session, session)  # type: ignore[arg-type]
        await session.over.wait()

    async def all_joined(self, sessions: int) -> None:
        """The caller knows of the connection a moment before the room does."""
        async with asyncio.timeout(5):
            while sum(bool(session.lines) for session in self.sessions) < sessions:
                await asyncio.sleep(0.005)


@asynccontextmanager
async def serving(**options: Any) -> AsyncIterator[tuple[Host, aiohttp.ClientSession]]:
    host = Host(**options)
    await host.server.start()
    try:
        async with aiohttp.ClientSession(f"http://127.0.0.1:{host.server.port}") as http:
            yield host, http
    finally:
        await host.server.close()


Work = Callable[[Host, aiohttp.ClientSession], Awaitable[None]]


def serve(work: Work, **options: Any) -> None:
    async def run() -> None:
        async with serving(**options) as (host, http):
            await work(host, http)

    asyncio.run(run())


def test_pages_are_served_with_headers_that_keep_others_out() -> None:
    async def work(host: Host, http: aiohttp.ClientSession) -> None:
        async with http.get("/") as page:
            assert page.status == 200
            assert page.content_type == "text/html"
            assert "frame-ancestors 'none'" in page.headers["Content-Security-Policy"]
        async with http.get("/assets/room.js") as script:
            assert await script.text() == "'use strict';"
        async with http.get("/assets/../secret") as nothing:
            assert nothing.status == 404

    serve(work)


def test_every_post_is_a_call_of_its_own_and_delete_ends_it() -> None:
    async def work(host: Host, http: aiohttp.ClientSession) -> None:
        url = f"http://127.0.0.1:{host.server.port}/call"
        first, second = WebRtcCaller(), WebRtcCaller()
        async with asyncio.timeout(10):
            await asyncio.gather(first.dial(url), second.dial(url))
        await host.all_joined(2)
        assert host.server.calls == 2
        assert {s.lines[0] for s in host.sessions} == {"joined caller1", "joined caller2"}

        async with http.delete(first._location) as deleted:
            assert deleted.status == 200
        async with asyncio.timeout(3):
            await first.wait_over()
        assert host.server.calls == 1
        async with http.delete(first._location) as again:
            assert again.status == 404
        await asyncio.gather(first.hang_up(), second.hang_up())

    serve(work)


def test_a_post_to_a_call_goes_on_in_it_by_another_connection() -> None:
    rooms: list[WebRtcRoom] = []
    over = asyncio.Event()

    async def new_call(room: WebRtcRoom) -> None:
        rooms.append(room)
        assert await room.wait_connected()
        if room.before is not None:
            await room.before.close("back")
        await over.wait()

    async def work(host: Host, http: aiohttp.ClientSession) -> None:
        url = f"http://127.0.0.1:{host.server.port}/call"
        callers = [WebRtcCaller() for _ in range(3)]
        async with asyncio.timeout(15):
            await callers[0].dial(url)
            await callers[1].dial(callers[0]._location)
            await callers[0].wait_over()
            await callers[2].dial(callers[0]._location)  # as after an answer that was lost
            assert [room.before for room in rooms] == [None, rooms[0], rooms[0]]
            assert len({room.key for room in rooms}) == 1
            assert host.server.calls == 2, "the third does not know that the second is there"
        over.set()
        for caller in callers:
            await caller.hang_up()

    serve(work, new_call=new_call, max_calls=1)


@pytest.mark.parametrize("kept", [False, True])
def test_a_call_that_is_over_begins_anew_only_where_it_is_kept(kept: bool) -> None:
    async def ask(key: str) -> bool:
        asked.append(key)
        return kept

    asked: list[str] = []

    async def work(host: Host, http: aiohttp.ClientSession) -> None:
        caller = WebRtcCaller()
        offer = await caller.offer()
        cookies = {"Cookie": "turnwise_caller=0123456789abcdefghij_-"}
        async with http.post("/call/gone", data=offer, headers=SDP | cookies) as answer:
            assert answer.status == (201 if kept else 404)
        assert asked == ["0123456789abcdefghij_-"]
        await caller.hang_up()

    serve(work, kept=ask)


def test_closing_the_server_ends_all_calls_cleanly() -> None:
    async def work() -> None:
        host = Host()
        await host.server.start()
        callers = [WebRtcCaller() for _ in range(2)]
        async with asyncio.timeout(10):
            for caller in callers:
                await caller.dial(f"http://127.0.0.1:{host.server.port}/call")
        await host.all_joined(2)
        async with asyncio.timeout(5):
            await host.server.close()
            await asyncio.gather(*(caller.wait_over() for caller in callers))
        await host.server.close()
        for caller in callers:
            assert caller.end_reason == "left"
            await caller.hang_up()
        assert [session.lines[-1] for session in host.sessions] == ["closed", "closed"]
        assert host.server.calls == 0
        assert len(asyncio.all_tasks()) == 1

    asyncio.run(work())


@pytest.mark.parametrize(
    ("headers", "body", "status"),
    [
        ({"content-type": "text/plain"}, "v=0", 415),
        (SDP, "hello", 400),
        ({"content-type": "application/sdp; charset=nonsense"}, "v=0", 400),
        (SDP, b"\xff\xfe", 400),
        (SDP, "v" * (MAX_OFFER_BYTES + 1), 413),
        ({**SDP, "Origin": "https://evil.example"}, "v=0", 403),
        ({**SDP, "Origin": "null"}, "v=0", 403),
        ({**SDP, "Host": "evil.example"}, "v=0", 403),
    ],
)
def test_what_is_no_call_from_our_own_page_is_refused(
    headers: dict[str, str], body: str | bytes, status: int
) -> None:
    async def work(host: Host, http: aiohttp.ClientSession) -> None:
        async with http.post("/call", data=body, headers=headers) as answer:
            assert answer.status == status
        assert host.sessions == []
        assert host.server.calls == 0

    serve(work)


def test_our_own_page_may_call() -> None:
    async def work(host: Host, http: aiohttp.ClientSession) -> None:
        for name in ("127.0.0.1", "localhost"):
            address = f"{name}:{host.server.port}"
            headers = {**SDP, "Origin": f"http://{address}", "Host": address}
            caller = WebRtcCaller()
            async with http.post("/call", data=await caller.offer(), headers=headers) as answer:
                assert answer.status == 201
                assert answer.content_type == "application/sdp"
                assert answer.headers["Location"].startswith("/call/")
            await caller.hang_up()

    serve(work)


def test_no_more_calls_than_allowed() -> None:
    async def work(host: Host, http: aiohttp.ClientSession) -> None:
        url = f"http://127.0.0.1:{host.server.port}/call"
        first, second = WebRtcCaller(), WebRtcCaller()
        await first.dial(url)
        with pytest.raises(NotConnected, match="503: All lines are busy"):
            await second.dial(url)
        await first.hang_up()
        await second.hang_up()

    serve(work, max_calls=1)


def test_a_call_that_raises_is_reported_and_ends() -> None:
    async def broken(room: WebRtcRoom) -> None:
        raise RuntimeError("no session today")

    async def work(host: Host, http: aiohttp.ClientSession) -> None:
        caller = WebRtcCaller()
        async with http.post("/call", data=await caller.offer(), headers=SDP) as answer:
            assert answer.status == 201
        async with asyncio.timeout(3):
            while host.server.calls or not host.errors:
                await asyncio.sleep(0.01)
        assert [str(error) for error in host.errors] == ["no session today"]
        await caller.hang_up()

    serve(work, new_call=broken)


def test_an_occupied_port_is_named() -> None:
    async def work(host: Host, http: aiohttp.ClientSession) -> None:
        second = Host(port=host.server.port)
        with pytest.raises(PortInUse, match=f"Port {host.server.port} on 127.0.0.1") as caught:
            await second.server.start()
        assert caught.value.port == host.server.port
        await second.server.close()

    serve(work)


@pytest.mark.parametrize("host", ["0.0.0.0", "192.0.2.1", "::", "example.org"])
def test_listening_beyond_this_machine_needs_a_token(host: str) -> None:
    with pytest.raises(UnsafeBinding, match="Give a token"):
        Host(host=host)
    Host(host=host, token="secret")


def test_with_a_token_only_those_who_know_it_come_in() -> None:
    async def work(host: Host, http: aiohttp.ClientSession) -> None:
        assert host.server.url.endswith("/?token=secret")
        for path, headers in (("/", {}), ("/?token=wrong", {}), ("/", {"Authorization": "x"})):
            async with http.get(path, headers=headers) as refused:
                assert refused.status == 401
        async with http.get("/", headers={"Authorization": "Bearer secret"}) as page:
            assert page.status == 200
        async with http.get("/?token=secret") as page:
            assert page.status == 200
            cookie = {"Cookie": f"turnwise_token={page.cookies['turnwise_token'].value}"}
        async with http.post("/call", data="hello", headers={**SDP, **cookie}) as answer:
            assert answer.status == 400  # let in, and judged

    serve(work, token="secret")
