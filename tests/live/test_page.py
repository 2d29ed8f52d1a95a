"""The page of the local room in a real browser: heard, hearing, typing, pressing keys, refused.

One call with a voice (a WAV file as the browser's microphone, the embedded stack at the other end)
is played once and looked at by many tests; what needs no voice of its own is typed.
"""

from __future__ import annotations

import asyncio
import wave
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from engine.core.step import Step
from engine.events import KeyPressed, ParticipantLeft, SessionStarted, TranscriptReceived
from engine.observe.journal import read
from engine.pipeline.pipeline import Services
from engine.testing.voice import speak
from engine.worker.flows import load_flow, shipped
from engine.worker.host import Call, CallHost
from engine.worker.local import LocalRooms
from engine.worker.services import make_services
from media.clock import LoopClock
from media.frames import SAMPLE_RATE
from providers.errors import ProviderMissing, ProviderUnavailable
from providers.scripted import ScriptedSynthesizer
from tests.live.chromium import PROGRAM, Page, browse

pytestmark = [
    pytest.mark.live,
    pytest.mark.chromium,
    pytest.mark.skipif(PROGRAM is None, reason="no Chromium found: install chromium to run this"),
]

SENTENCE = "a table for four people tomorrow"
CALLER_VOICE = {"voice": "en-us+klatt", "speed": 150}
ASKED_BY = 10.0
"""Seconds after which the microphone speaks: the agent has greeted and asked."""
AGAIN_AFTER = 8.0
"""Seconds between two attempts of the caller, who says it up to three times, as people do."""
NOISE = 30.0
"""Every real microphone has a noise floor; int16 units."""

TAP = """(() => {
  const analyser = new AudioContext().createAnalyser();
  const samples = new Float32Array(analyser.fftSize);
  window.levels = [];
  setInterval(() => {
    const stream = $('voice').srcObject;
    if (!stream) return;
    if (!window.tapped) {
      window.tapped = true;
      analyser.context.createMediaStreamSource(stream).connect(analyser);
    }
    analyser.getFloatTimeDomainData(samples);
    const power = samples.reduce((sum, x) => sum + x * x, 0) / samples.length;
    levels.push([$('agent').dataset.state, Math.sqrt(power)]);
  }, 100);
})()"""
"""What the loudspeaker gets, as RMS of 1.0 full scale, beside what the agent is said to do."""


class Place:
    """A served flow, its steps and the calls that are over."""

    def __init__(self, runs: Path | None, services: Callable[[], Services] | None) -> None:
        flow = load_flow(shipped("book_table.yaml"))
        clock = LoopClock()
        self.steps: dict[int, list[Step]] = {}
        host = CallHost(
            flow,
            services or (lambda: make_services(flow)),
            clock,
            runs=runs,
            on_step=lambda number, step: self.steps.setdefault(number, []).append(step),
        )
        self.rooms = LocalRooms(host, clock)

    def slots(self, number: int = 1) -> dict[str, Any]:
        """What the flow knows in one call."""
        known: dict[str, Any] = {}
        for step in self.steps.get(number, ()):
            for note in step.notes:
                if note.kind == "slots":
                    known |= note.data
        return known

    async def over(self) -> Call:
        async with asyncio.timeout(20):
            return await self.rooms.finished.get()


@asynccontextmanager
async def serving(
    runs: Path | None = None, services: Callable[[], Services] | None = None
) -> AsyncIterator[Place]:
    place = Place(runs, services)
    await place.rooms.start()
    try:
        yield place
    finally:
        await place.rooms.close("the test is over")


def tones() -> Services:
    """An agent that can be heard and read, and cannot hear."""
    return Services(tts=ScriptedSynthesizer())


def typed(*actions: Callable[[Place, Page], Coroutine[Any, Any, None]], **browser: Any) -> None:
    """Serve the flow, open the page, do the actions."""

    async def work() -> None:
        async with serving(services=tones) as place, browse(place.rooms.server.url, **browser) as p:
            for action in actions:
                await action(place, p)

    asyncio.run(work())


async def click(page: Page, button: str) -> None:
    """Click the button with this text, if a person could."""
    await page.evaluate(
        f"""(() => {{
          const found = [...document.querySelectorAll('button')]
            .find((b) => b.textContent === '{button}' && !b.disabled && b.offsetParent);
          if (!found) throw new Error('no such button can be clicked: {button}');
          found.click();
        }})()"""
    )


async def write(page: Page, text: str) -> None:
    await page.evaluate(f"$('text').value = '{text}'; $('form').requestSubmit()")


def reads(text: str) -> str:
    return f"$('transcript').innerText.includes({text!r})"


def status(text: str) -> str:
    return f"$('status').innerText.includes({text!r})"


# --- one call, with a voice ----------------------------------------------------------------------


@dataclass
class Seen:
    """What was noticed on both sides of the spoken call."""

    states: dict[str, str] = field(default_factory=dict)
    transcript: list[tuple[str, str]] = field(default_factory=list)
    levels: list[tuple[str, float]] = field(default_factory=list)
    slots: dict[str, Any] = field(default_factory=dict)
    wide: bool = False
    status: str = ""
    complaints: list[str] = field(default_factory=list)
    steps: tuple[Step, ...] = ()
    journal: list[Step] = field(default_factory=list)

    def causes(self, kind: type) -> list[Any]:
        return [step.cause for step in self.steps if isinstance(step.cause, kind)]


@pytest.fixture(scope="module")
def seen(tmp_path_factory: pytest.TempPathFactory) -> Seen:
    folder = tmp_path_factory.mktemp("page")
    try:
        return asyncio.run(_play(folder))
    except ProviderMissing as missing:
        pytest.skip(f"no voice to speak with: {missing}")


async def _play(folder: Path) -> Seen:
    seen = Seen()
    microphone = await _microphone(folder / "microphone.wav")
    async with (
        serving(folder) as place,
        browse(place.rooms.server.url, microphone) as page,
    ):
        await page.evaluate(TAP)
        await click(page, "Join with microphone")
        await page.until("$('agent').dataset.state === 'SPEAKING'", 30)
        seen.states = await page.evaluate(
            "Object.fromEntries(['agent','user','dialog'].map((id) => [id, $(id).innerText]))"
        )
        await _until(lambda: {"party_size", "date"} <= place.slots().keys(), 45)
        seen.slots = place.slots()
        await page.until(reads("At what time?"))
        await write(page, "at seven thirty")
        await page.until(reads("On what name?"))
        await click(page, "0")
        await page.until(status("The call has ended"), 30)
        seen.transcript = await page.evaluate(
            "[...document.querySelectorAll('li')].map((li) => [li.className, li.innerText])"
        )
        seen.levels = await page.evaluate("levels")
        seen.status = await page.evaluate("$('status').innerText")
        call = await place.over()
        seen.complaints = list(page.complaints)
    seen.steps = call.result.steps
    assert call.folder is not None
    seen.journal = list(read((call.folder / "journal.jsonl").read_text().splitlines())[1])
    return seen


async def _microphone(path: Path) -> Path:
    speech = await speak(SENTENCE, CALLER_VOICE)
    total = int((ASKED_BY + 3 * AGAIN_AFTER) * SAMPLE_RATE)
    samples = np.random.default_rng(0).normal(0, NOISE, total)
    for attempt in range(3):
        start = int((ASKED_BY + attempt * AGAIN_AFTER) * SAMPLE_RATE)
        samples[start : start + len(speech)] += speech
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(SAMPLE_RATE)
        file.writeframes(samples.clip(-32768, 32767).astype("<i2").tobytes())
    return path


async def _until(condition: Callable[[], bool], seconds: float) -> None:
    async with asyncio.timeout(seconds):
        while not condition():
            await asyncio.sleep(0.05)


def test_the_page_plays_the_agents_voice_while_the_agent_speaks(seen: Seen) -> None:
    speaking = [level for state, level in seen.levels if state == "SPEAKING"]

    assert len(speaking) > 30
    assert np.median(speaking) > 0.02  # -34 dBFS


def test_the_page_is_silent_while_the_agent_is_not_speaking(seen: Seen) -> None:
    window = 8  # 100 ms each: what was said has left the browser's buffers
    quiet = [
        seen.levels[n][1]
        for n in range(window, len(seen.levels))
        if all(state in ("IDLE", "LISTENING") for state, _ in seen.levels[n - window : n + 1])
    ]

    assert len(quiet) > 5
    assert max(quiet) < 0.001  # -60 dBFS


def test_the_agent_hears_and_understands_the_page(seen: Seen) -> None:
    assert seen.slots["party_size"] == 4
    (started,) = seen.causes(SessionStarted)
    assert seen.slots["date"] == str(np.datetime64(started.started_at[:10]) + 1)


def test_the_words_of_both_are_shown_and_who_said_them(seen: Seen) -> None:
    assert ("agent", "For how many people?") in map(tuple, seen.transcript)
    assert ("user", "at seven thirty") in map(tuple, seen.transcript)
    heard = [final.text for final in seen.causes(TranscriptReceived) if final.final and final.text]
    assert heard
    for text in heard:
        assert ("user", text) in map(tuple, seen.transcript)


def test_the_three_states_are_shown(seen: Seen) -> None:
    assert seen.states == {"agent": "SPEAKING", "user": "LISTENING", "dialog": "details"}


def test_a_key_of_the_page_is_heard_once_and_leads_where_the_flow_says(seen: Seen) -> None:
    assert [cause.key for cause in seen.causes(KeyPressed)] == ["0"]
    assert ("agent", "I will connect you.") in map(tuple, seen.transcript)


def test_the_end_of_the_call_is_told(seen: Seen) -> None:
    assert seen.status == "The call has ended (flow)."


def test_the_journal_holds_the_whole_call(seen: Seen) -> None:
    assert tuple(seen.journal) == seen.steps


def test_the_browser_has_nothing_to_complain_about(seen: Seen) -> None:
    """No script error, no console warning, nothing refused by the page's security policy."""
    assert seen.complaints == []


# --- typed calls ---------------------------------------------------------------------------------


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
        await page.until("call.pc.getSenders()[0].dtmf.canInsertDTMF")
        for key in "5", "5", "7", "*", "#":
            await click(page, key)
        await _until(lambda: len(keys(place)) == 5, 5)
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
            await _until(lambda: all("party_size" in place.slots(n) for n in (1, 2)), 5)
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
