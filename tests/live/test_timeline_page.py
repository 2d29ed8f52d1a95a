"""The page of a call in a real browser: it draws, zooms, finds, and complains about nothing."""

import asyncio

import numpy as np
import pytest

from engine.cli.demo import demo
from engine.cli.timeline import timeline
from media.audio_file import open_writer
from tests.live.chromium import browse
from tests.live.page_kit import needs_chromium

pytestmark = needs_chromium


@pytest.fixture
def page_file(tmp_path):
    """The page of the demo's call, typed, with a second of sound beside it."""
    with (tmp_path / "out").open("w") as out:
        assert demo(text=True, runs=tmp_path, out=out) == 0
        (journal,) = tmp_path.glob("*/journal.jsonl")
        writer = open_writer(journal.parent / "call.wav", channels=2)
        writer.write(np.full((48_000, 2), 12_000, dtype=np.int16))
        writer.close()
        timeline(journal, tmp_path / "call.html", out)
    return tmp_path / "call.html"


@pytest.mark.parametrize("width", [1400, 390])
def test_the_page_draws_zooms_and_finds(page_file, width):
    async def look():
        async with browse(page_file.as_uri()) as page:
            await page.resize(width, 900)
            drawn = await page.evaluate("document.querySelectorAll('svg path').length")
            wide = await page.evaluate("document.documentElement.scrollWidth")
            ticks = await page.evaluate("document.querySelectorAll('.tick').length")
            await page.evaluate("document.querySelector('#whole').click()")
            fits = await page.evaluate(
                "[document.querySelector('.score').scrollWidth,"
                " document.querySelector('.score').clientWidth]"
            )
            await page.evaluate("document.querySelector('#nearer').click()")
            await page.evaluate("document.querySelector('.bubble s').parentElement.click()")
            found = await page.evaluate("document.querySelector('#cursor').hidden")
            return drawn, wide, ticks, fits, found, page.complaints

    drawn, wide, ticks, (content, room), hidden, complaints = asyncio.run(look())

    assert complaints == []
    assert drawn == 2
    assert wide <= width, "only the score scrolls sideways"
    assert ticks > 20
    assert content <= room + 1
    assert not hidden
