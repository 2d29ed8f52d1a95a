"""Two people in one call, one of them in a browser: the page names who spoke."""

from __future__ import annotations

import asyncio

from ruamel.yaml import YAML

from engine.flow.model import Flow
from engine.machine.compiler import compile_flow
from engine.session.session import Session
from engine.worker.local import pages
from media.meeting import MeetingRoom
from media.signaling import LocalServer
from media.webrtc import WebRtcRoom
from media.webrtc_caller import WebRtcCaller
from tests.live.chromium import browse
from tests.live.page_kit import click, needs_chromium, reads, status, tones, write

pytestmark = needs_chromium

FLOW = """
turnwise: 1
flow: order
start: ask
slots:
  size: {type: integer, ask: "How many?"}
  name: {type: text, ask: "Who for?"}
  note: {type: text, ask: "Anything else?"}
listen: {silence: 60s}
states:
  ask: {collect: [size, name, note], then: bye}
  bye: {say: "Goodbye.", end: hangup}
"""


class Meeting:
    """A server whose callers all meet in one call."""

    def __init__(self) -> None:
        self.server = LocalServer(new_call=self._take, pages=pages())
        self._room: MeetingRoom | None = None
        self._over = asyncio.Event()

    async def _take(self, room: WebRtcRoom) -> None:
        if self._room is not None:
            await self._room.add(room)
            await self._over.wait()
            return
        self._room = MeetingRoom(room)
        flow = compile_flow(Flow.model_validate(YAML(typ="safe").load(FLOW)))
        await Session(flow, self._room, tones()).run()
        self._over.set()


SHOWN = "[...document.querySelectorAll('li.user')].map((li) => [li.dataset.speaker, li.innerText])"


def test_the_page_names_the_speaker_from_when_there_are_several() -> None:
    async def work() -> None:
        meeting = Meeting()
        await meeting.server.start()
        ben = WebRtcCaller()
        try:
            async with browse(meeting.server.url) as page:
                await click(page, "Join without")
                await page.until(reads("How many?"))
                await write(page, "four")
                await page.until(reads("Who for?"))
                await ben.dial(meeting.server.url + "call")
                ben.type("for ben")
                await page.until(reads("Anything else?"))
                await write(page, "a candle")
                await page.until("document.querySelectorAll('li.user').length === 3")

                told = await page.evaluate(SHOWN)
                assert told == [[None, "four"], ["caller2", "for ben"], ["caller1", "a candle"]]
                label = "getComputedStyle(document.querySelectorAll('li.user')[1], '::before')"
                assert await page.evaluate(f"{label}.content") == '"caller2: "'
                assert page.complaints == []
                await click(page, "Leave the call")
                await page.until(status("You left the call."))
        finally:
            await ben.hang_up()
            await meeting.server.close()

    asyncio.run(work())
