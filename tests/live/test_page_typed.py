"""The page of the local room in a real browser, typed: refused, quick, two at once, gone."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack

from engine.events import KeyPressed, ParticipantLeft
from engine.pipeline.pipeline import Services
from providers.errors import ProviderUnavailable
from providers.scripted import ScriptedSynthesizer
from tests.live.chromium import Page, browse
from tests.live.page_kit import (
    Place,
    click,
    needs_chromium,
    reads,
    serving,
    status,
    tones,
    typed,
    until,
    write,
)

pytestmark = needs_chromium


def test_a_refused_microphone_is_explained_and_the_call_is_possible_without_it() -> None:
    async def refused(place: Place, page: Page) -> None:
        await click(page, "Join with microphone")
        await page.until(status("The microphone was refused. Allow it"))
        assert not place.steps

    async def goes_on(place: Place, page: Page) -> None:
        await click(page, "Join without")
        await page.until(reads("For how many people?"))
        await write(page, "four people tomorrow")
        await page.until(reads("At what time?"))
        assert place.slots()["party_size"] == 4
        await click(page, "0")  # no telephone event without a microphone: a message instead
        await page.until(reads("I will connect you."))
        assert page.complaints == []

    typed(refused, goes_on, allow_microphone=False)


def test_what_was_not_heard_of_an_interrupted_line_is_struck_through() -> None:
    async def interrupt(place: Place, page: Page) -> None:
        await click(page, "Join without")
        await page.until(reads("For how many people?"))
        await write(page, "what are your opening hours")
        await page.until(reads("We are open"))
        await asyncio.sleep(1.0)  # some words are heard
        await write(page, "five people")
        cut = await page.until("document.querySelector('.cut')?.innerText")
        whole = await page.evaluate("document.querySelector('.cut').parentElement.innerText")
        assert whole.startswith("We are open")
        assert cut.endswith("the kitchen closes at ten.")

    typed(interrupt)


def test_keys_pressed_quickly_all_arrive_in_order() -> None:
    async def press(place: Place, page: Page) -> None:
        await click(page, "Join with microphone")
        await page.until(status("In the call."))
        await page.until("call.link.pc.getSenders()[0].dtmf.canInsertDTMF")
        for key in "5", "5", "7", "*", "#":
            await click(page, key)
        await until(lambda: len(keys(place)) == 5, 5)
        assert keys(place) == ["5", "5", "7", "*", "#"]

    def keys(place: Place) -> list[str]:
        return [s.cause.key for s in place.steps[1] if isinstance(s.cause, KeyPressed)]

    typed(press)


def test_two_pages_get_a_call_each() -> None:
    async def work() -> None:
        async with AsyncExitStack() as stack:
            place = await stack.enter_async_context(serving(services=tones))
            pages = [
                await stack.enter_async_context(browse(place.rooms.server.url)) for _ in range(2)
            ]
            for page, people in zip(pages, ("three", "six"), strict=True):
                await click(page, "Join without")
                await page.until(reads("For how many people?"))
                await write(page, f"{people} people")
            for page, mine, other in zip(pages, ("three", "six"), ("six", "three"), strict=True):
                await page.until(reads(f"{mine} people"))
                assert not await page.evaluate(reads(f"{other} people"))
            await until(lambda: all("party_size" in place.slots(n) for n in (1, 2)), 5)
            assert [place.slots(n)["party_size"] for n in (1, 2)] == [3, 6]

            await click(pages[0], "Leave the call")
            assert (await place.over()).result.reason == "caller_left"
            await write(pages[1], "tomorrow")
            await pages[1].until(reads("At what time?"))

    asyncio.run(work())


def test_a_page_that_is_closed_ends_its_call() -> None:
    async def leave(place: Place, page: Page) -> None:
        await click(page, "Join without")
        await page.until(reads("For how many people?"))
        await page.command("Page.navigate", url="about:blank")
        assert (await place.over()).result.reason == "caller_left"

    typed(leave)


def test_a_browser_that_dies_is_noticed_and_its_call_ends() -> None:
    """Nobody says goodbye: the connection just goes silent."""

    async def vanish(place: Place, page: Page) -> None:
        await click(page, "Join without")
        await page.until(reads("For how many people?"))
        await page.crash()
        result = (await place.over()).result
        (left,) = [s.cause for s in result.steps if isinstance(s.cause, ParticipantLeft)]
        assert left.reason == "lost"
        assert result.reason == "caller_left"

    typed(vanish)


def test_a_voice_that_does_not_start_is_told_on_the_page() -> None:
    class Mute(ScriptedSynthesizer):
        async def open(self) -> None:
            raise ProviderUnavailable("the voice does not start")

    async def work() -> None:
        async with (
            serving(services=lambda: Services(tts=Mute())) as place,
            browse(place.rooms.server.url) as page,
        ):
            await click(page, "Join without")
            await page.until(status("the voice does not start"))
            assert (await place.over()).result.failure is not None

    asyncio.run(work())


def test_a_room_that_is_gone_is_told() -> None:
    async def gone(place: Place, page: Page) -> None:
        await place.rooms.close("stopped")
        await click(page, "Join without")
        await page.until(status("The room does not answer."))

    typed(gone)


def test_nothing_sticks_out_of_the_window_however_narrow() -> None:
    async def look(place: Place, page: Page) -> None:
        await fits(page)
        await click(page, "Join without")
        await page.until(reads("For how many people?"))
        await fits(page)

    async def fits(page: Page) -> None:
        for width in 320, 380, 700, 1000:
            await page.resize(width, 700)
            assert await page.evaluate(
                "document.documentElement.scrollWidth <= document.documentElement.clientWidth"
            )

    typed(look)
