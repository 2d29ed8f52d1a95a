"""`turnwise demo`: a scripted caller books a table, on real audio over WebRTC, or as text."""

from __future__ import annotations

import asyncio
import datetime
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

import click

from engine.cli.demo_script import FLOW, SCRIPT, DemoLine, caller_texts, expected_booking
from engine.errors import ConfigurationError, TurnwiseError

if TYPE_CHECKING:
    from engine.core.step import Step
    from engine.machine.compiled import CompiledFlow
    from engine.testing.scripted_caller import Line, Spoken
    from engine.worker.host import Call
    from media.frames import Samples

LIMIT_SECONDS = 120.0
"""The call takes about a minute; twice that, and something is wrong."""

CALLER_VOICE = {"voice": "en-us+klatt", "speed": 150}
"""The synthetic voice that the recogniser knows best, and unlike the agent's."""


def demo(*, text: bool, runs: Path, out: TextIO) -> int:
    """Play the call; exit code 0 only if it was booked as said and ended by the flow."""
    from engine.worker.flows import load_flow, shipped
    from engine.worker.runs import check_writable

    check_writable(runs)
    flow = load_flow(shipped(FLOW))
    if text:
        from engine.testing.loop import VirtualLoop

        with asyncio.Runner(loop_factory=VirtualLoop) as runner:
            call, spoken = runner.run(_by_text(flow, runs, out))
    else:
        call, spoken = asyncio.run(_by_voice(flow, runs, out))
    return _report(call, spoken, out, text=text)


# --- the call ------------------------------------------------------------------------------------


async def _by_voice(flow: CompiledFlow, runs: Path, out: TextIO) -> tuple[Call, list[Spoken]]:
    """The agent's room behind HTTP signalling, and a caller with a peer connection of its own."""
    from engine.session.options import SessionOptions
    from engine.testing.scripted_caller import ScriptedCaller
    from engine.worker.garbage import QuietCollector
    from engine.worker.host import CallHost
    from engine.worker.local import LocalRooms
    from engine.worker.services import make_services
    from media.clock import LoopClock
    from media.webrtc_caller import WebRtcCaller

    clock = LoopClock()
    lines = await _caller_lines()
    host = CallHost(
        flow,
        lambda: make_services(flow),
        clock,
        runs=runs,
        record=True,
        options=SessionOptions(source=FLOW),
        on_step=_printer(out),
    )
    rooms = LocalRooms(host, clock)
    await rooms.start()
    caller = ScriptedCaller(lines, clock)
    peer = WebRtcCaller(clock, on_heard=caller.hear, on_sent=caller.sent, on_message=caller.read)
    print(f"The agent's room is at {rooms.server.url}; the caller dials.\n", file=out)
    try:
        with QuietCollector():
            async with asyncio.timeout(LIMIT_SECONDS):
                await peer.dial(rooms.server.url + "call")
                spoken, _ = await asyncio.gather(caller.run(peer), _end_with(peer, caller))
                call = await rooms.finished.get()
    except TimeoutError:
        raise TurnwiseError(f"the call did not end within {LIMIT_SECONDS:g} s") from None
    finally:
        await peer.hang_up()
        await rooms.close("the demo is over")
    return call, spoken


async def _end_with(peer: Any, caller: Any) -> None:
    await peer.wait_over()
    caller.ended.set()


async def _by_text(flow: CompiledFlow, runs: Path, out: TextIO) -> tuple[Call, list[Spoken]]:
    """The same call typed, on virtual time: the agent's lines take as long as speech would."""
    from engine.pipeline.pipeline import Services
    from engine.testing.scripted_caller import ScriptedCaller
    from engine.worker.host import CallHost
    from media.clock import LoopClock
    from media.frames import SAMPLE_RATE
    from media.loopback import LoopbackRoom
    from providers.scripted import ScriptedSynthesizer

    clock = LoopClock()
    room = LoopbackRoom(clock)
    caller = ScriptedCaller([_line(line, dict.fromkeys(caller_texts())) for line in SCRIPT], clock)
    peer = room.join("caller")
    peer.on_heard, peer.on_message = caller.hear, caller.read
    host = CallHost(
        flow,
        lambda: Services(tts=ScriptedSynthesizer(sample_rate=SAMPLE_RATE)),  # nothing to resample
        clock,
        runs=runs,
        on_step=_printer(out),
    )
    playing = asyncio.gather(caller.run(peer))
    call = await host.take(room)
    caller.ended.set()
    (spoken,) = await playing
    return call, spoken


async def _caller_lines() -> Sequence[Line]:
    """Speak the caller's lines beforehand, so that the call measures only the agent."""
    from engine.testing.scripted_caller import trimmed
    from engine.testing.voice import speak
    from providers.errors import ProviderError

    try:
        voice = {text: trimmed(await speak(text, CALLER_VOICE)) for text in caller_texts()}
    except ProviderError as error:
        raise ConfigurationError(f"the caller has no voice: {error}") from error
    return [_line(line, voice) for line in SCRIPT]


def _line(line: DemoLine, voice: Mapping[str, Samples | None]) -> Line:
    """A line as the caller plays it: its audio, None for typing, and what it objects to."""
    from engine.testing.scripted_caller import Line

    return Line(
        cue=line.cue,
        text=line.text,
        audio=voice[line.text],
        barge_in=line.barge_in,
        objections=tuple(
            (expected, Line(cue=line.cue, text=text, audio=voice[text]))
            for expected, text in line.objections
        ),
    )


def _printer(out: TextIO) -> Any:
    from engine.cli.live import HEADER, LiveView

    view = LiveView()
    print(HEADER, file=out)

    def show(_number: int, step: Step) -> None:
        for line in view.lines(step):
            print(line, file=out, flush=True)

    return show


# --- what came of it -----------------------------------------------------------------------------


def _report(call: Call, spoken: list[Spoken], out: TextIO, *, text: bool) -> int:
    from engine.cli.demo_report import booked, summary

    problems = booked(call.result.steps, expected_booking(_day(call.result.steps)))
    if call.result.failure is not None:
        raise ConfigurationError(call.result.failure)
    if call.result.reason != "flow":
        problems.append(f"the call was not ended by the flow but by: {call.result.reason}")
    print(file=out)
    for line in summary(call, spoken, audio=not text):
        print(line, file=out)
    print(file=out)
    if problems:
        for problem in problems:
            print(f"FAILED: {problem}", file=out)
        return 1
    print("The table was booked as the caller said, and the flow ended the call.", file=out)
    return 0


def _day(steps: Sequence[Step]) -> datetime.date:
    """The day of the call, as the conversation was told."""
    from engine.events import SessionStarted

    started = next(s.cause.started_at for s in steps if isinstance(s.cause, SessionStarted))
    return datetime.datetime.fromisoformat(started).date()


@click.command(name="demo")
@click.option("--text", is_flag=True, help="The same conversation without audio, in a second.")
@click.option(
    "--runs",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path("runs"),
    show_default=True,
    help="Where the recording, the journal and the timeline are saved.",
)
def command(text: bool, runs: Path) -> int:
    """Play the first conversation: a caller books a table.

    The caller is a second WebRTC peer with a synthetic voice. It gives slots in one sentence and
    one by one, asks something else, corrects itself by interrupting, and confirms. No key, no
    network. Exit code 0 only if the booking tool got the right values and the flow ended the call.
    """
    return demo(text=text, runs=runs, out=sys.stdout)
