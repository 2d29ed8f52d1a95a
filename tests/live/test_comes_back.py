"""A browser in a call whose server is killed: the page calls again, and the call goes on."""

import asyncio
import socket
from pathlib import Path

from engine.session.store import SqliteStore
from tests.live.chromium import browse
from tests.live.page_kit import click, needs_chromium, reads, write
from tests.live.test_run import running

pytestmark = needs_chromium


def free_port():
    """Return a port that nobody listens on at the moment."""
    with socket.socket() as place:
        place.bind(("127.0.0.1", 0))
        return str(place.getsockname()[1])


def test_a_browser_comes_back_into_its_call(tmp_path: Path) -> None:
    store, runs = tmp_path / "calls.sqlite", tmp_path / "runs"
    options = ("--port", free_port(), "--store", str(store))

    async def work() -> None:
        async with running(runs, *options) as first:
            url = await first.url()
            async with browse(url) as page:
                await click(page, "Join without")
                await page.until(reads("For how many people?"))
                await write(page, "a table for four people tomorrow")
                await page.until(reads("At what time?"))
                first.process.kill()
                await first.process.wait()
                async with running(runs, *options) as second:
                    assert await second.url() == url
                    await page.command("Page.reload")
                    await page.until("document.readyState === 'complete' && !!$('join')")
                    await click(page, "Join without")
                    await page.until(reads("Sorry, we were cut off."))
                    await page.until(reads("At what time?"))
                    assert not await page.evaluate(reads("For how many people?"))

    asyncio.run(work())

    kept = SqliteStore(store)
    (name,) = kept.unfinished(0.0)
    call = kept.load(name)
    kept.close()
    assert call is not None
    assert sum("SessionResumed" in line for line in call.lines) == 1
