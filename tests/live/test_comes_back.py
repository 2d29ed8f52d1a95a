"""A browser in a call whose connection is lost, or whose server dies: it comes back by itself."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from engine.events import ParticipantJoined, ParticipantLeft
from engine.session.options import SessionOptions
from engine.session.store import SqliteStore
from media.webrtc import WebRtcRoom
from tests.live.chromium import Page, browse
from tests.live.page_kit import click, needs_chromium, reads, serving, status, tones, write
from tests.live.test_run import running

pytestmark = needs_chromium

WATCH = """(() => {
  window.statuses = [];
  new MutationObserver(() => {
    const told = $('status').innerText;
    if (told !== statuses[statuses.length - 1]) statuses.push(told);
  }).observe($('status'), {childList: true, characterData: true, subtree: true});
})()"""
"""Everything the page says about the call, in order."""

CUT_OFF = "Sorry, we were cut off."


def free_port() -> str:
    """Return a port that nobody listens on at the moment."""
    with socket.socket() as place:
        place.bind(("127.0.0.1", 0))
        return str(place.getsockname()[1])


def break_connection(room: WebRtcRoom) -> None:
    """Let nothing through in either direction, without a goodbye: a cable that is pulled."""
    ice = room._connection._audio.receiver.transport.transport
    for protocol in ice._connection._protocols:
        protocol.datagram_received = lambda *_: None
        protocol.transport.sendto = lambda *_: None


async def in_a_call(page: Page) -> None:
    await page.evaluate(WATCH)
    await click(page, "Join without")
    await page.until(reads("For how many people?"))
    await write(page, "a table for four people tomorrow")
    await page.until(reads("At what time?"))


async def goes_on(page: Page) -> None:
    """The same call, and it works: the words before are still on the page."""
    await page.until(reads(CUT_OFF), 30)
    await page.until(status("In the call"))
    assert await page.evaluate(reads("a table for four people tomorrow"))
    await write(page, "at seven thirty")
    await page.until(reads("On what name?"))


@pytest.mark.parametrize(
    "grace", [0.0, 60.0], ids=["before it is noticed", "while it is waited for"]
)
def test_a_lost_connection_is_made_anew_into_the_same_call(grace: float) -> None:
    async def work() -> None:
        options = SessionOptions(reconnect_grace=grace)
        async with (
            serving(services=tones, options=options) as place,
            browse(place.rooms.server.url) as page,
        ):
            await in_a_call(page)
            (room,) = place.rooms.server._calls.values()
            if grace:
                room.ended("lost")  # the server has noticed first
            break_connection(room)
            await goes_on(page)

            assert list(place.steps) == [1], "there is one call"
            assert place.slots()["party_size"] == 4
            told = await page.evaluate("statuses")
            assert any(text.startswith("The connection was lost. Trying again") for text in told)
            assert told[-1] == "In the call, without a microphone."
            causes = [step.cause for step in place.steps[1]]
            (left,) = [cause for cause in causes if isinstance(cause, ParticipantLeft)]
            assert (left.participant, left.reason) == ("caller1", "lost")
            joined = [cause.participant for cause in causes if isinstance(cause, ParticipantJoined)]
            assert joined == ["caller1", "caller2"]
            await click(page, "Leave the call")
            assert (await place.over()).result.reason == "caller_left"

    asyncio.run(work())


def test_a_tab_that_died_finds_its_call_again() -> None:
    async def work() -> None:
        async with (
            serving(services=tones) as place,
            browse(place.rooms.server.url) as page,
        ):
            await in_a_call(page)
            kept = await page.evaluate("sessionStorage.getItem(KEPT)")
            # as if the browser had died: no goodbye, of the page or of its connection
            await page.evaluate("removeEventListener('pagehide', goodbye)")
            break_connection(*place.rooms.server._calls.values())
            await page.command("Page.reload")
            await page.until("document.readyState === 'complete' && !!$('join')")
            assert await page.evaluate("sessionStorage.getItem(KEPT)") == kept
            await click(page, "Join without")
            await page.until(reads(CUT_OFF))
            await page.until(reads("At what time?"))
            assert list(place.steps) == [1]

    asyncio.run(work())


@asynccontextmanager
async def killed_and_restarted(
    runs: Path, *options: str, use: Callable[[Page], Awaitable[None]]
) -> AsyncIterator[Page]:
    """Begin a call, kill its server, start another in its place; give the page, untouched."""
    options = ("--port", free_port(), *options)
    async with running(runs, *options) as first:
        url = await first.url()
        async with browse(url) as page:
            await use(page)
            first.process.kill()
            await first.process.wait()
            async with running(runs, *options) as second:
                assert await second.url() == url
                yield page


def test_a_page_comes_back_into_its_call_when_the_server_was_killed(tmp_path: Path) -> None:
    store = tmp_path / "calls.sqlite"

    async def work() -> None:
        async with killed_and_restarted(
            tmp_path / "runs", "--store", str(store), use=in_a_call
        ) as page:
            await goes_on(page)

    asyncio.run(work())

    kept = SqliteStore(store)
    (name,) = kept.unfinished(0.0)
    call = kept.load(name)
    kept.close()
    assert call is not None
    assert sum("SessionResumed" in line for line in call.lines) == 1


def test_so_does_a_page_that_was_loaded_anew(tmp_path: Path) -> None:
    store = tmp_path / "calls.sqlite"

    async def work() -> None:
        async with killed_and_restarted(
            tmp_path / "runs", "--store", str(store), use=in_a_call
        ) as page:
            await page.command("Page.reload")
            await page.until("document.readyState === 'complete' && !!$('join')")
            await click(page, "Join without")
            await page.until(reads(CUT_OFF))
            await page.until(reads("At what time?"))
            assert not await page.evaluate(reads("For how many people?"))

    asyncio.run(work())


def test_where_no_call_is_kept_the_page_says_that_it_is_over(tmp_path: Path) -> None:
    async def work() -> None:
        async with killed_and_restarted(tmp_path / "runs", use=in_a_call) as page:
            await page.until(status("the call is over"), 30)
            assert await page.evaluate("!$('join').hidden && $('leave').hidden")

    asyncio.run(work())


def test_who_leaves_while_the_connection_is_lost_is_not_called_back() -> None:
    async def work() -> None:
        async with (
            serving(services=tones) as place,
            browse(place.rooms.server.url) as page,
        ):
            await in_a_call(page)
            (room,) = place.rooms.server._calls.values()
            # no new connection comes about meanwhile
            await page.evaluate(
                "window.fetch = ((old) => (url, how) => "
                "how.method === 'POST' ? Promise.reject() : old(url, how))(fetch)"
            )
            break_connection(room)
            await page.until(status("Trying again (3)"), 30)
            await write(page, "at eight")
            assert await page.evaluate("$('text').value") == "at eight", "not said to nobody"
            await click(page, "Leave the call")
            assert await page.evaluate("$('status').innerText") == "You left the call."
            assert (await place.over()).result.reason == "caller_left"
            assert not await page.evaluate("call || sessionStorage.getItem(KEPT)")

    asyncio.run(work())
