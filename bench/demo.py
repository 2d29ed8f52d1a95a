"""How fast the whole embedded stack answers, and how fast it falls silent, over loopback WebRTC.

A scripted caller and the agent, both on this machine, 16 turns answered after the agent's question
and 8 barge-ins one second into it. Everything is measured at the caller:

- response: the last of its samples sent, to the first sample of the agent heard;
- barge-in: the first of its samples sent, to the last sample of the agent heard.

The caller runs in a process of its own, so that it does not share an interpreter with the agent.
Usage: python bench/demo.py [--json]
"""

from __future__ import annotations

import argparse
import asyncio
import json
import multiprocessing
import tempfile
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from engine.observe.metrics import percentile
from engine.testing.scripted_caller import Line, ScriptedCaller, trimmed
from engine.testing.voice import speak
from engine.worker.flows import load_flow
from engine.worker.host import CallHost
from engine.worker.local import LocalRooms
from engine.worker.services import make_services
from media.clock import LoopClock
from media.webrtc_caller import WebRtcCaller

FLOW = Path(__file__).with_name("long_talk.yaml")
TURNS = 24
VOICE = {"voice": "en-us+klatt", "speed": 150}
ANSWERS = ("yes please", "yes that's right", "sure", "yes")


async def lines() -> list[Line]:
    """24 answers; every third interrupts the question."""
    audio = {text: trimmed(await speak(text, VOICE)) for text in ANSWERS}
    return [
        Line(
            cue="tell you more",
            text=(text := ANSWERS[number % len(ANSWERS)]),
            audio=audio[text],
            barge_in=1.0 if number % 3 == 2 else None,
        )
        for number in range(TURNS)
    ]


async def agent(pipe: Connection) -> None:
    """Serve the flow until the caller says that it is over."""
    clock = LoopClock()
    flow = load_flow(FLOW)
    with tempfile.TemporaryDirectory() as folder:
        host = CallHost(flow, lambda: make_services(flow), clock, runs=Path(folder))
        rooms = LocalRooms(host, clock)
        await rooms.start()
        pipe.send(rooms.server.url)
        call = await rooms.finished.get()
        pipe.send({"reason": call.result.reason, "no_match": call.result.metrics.no_match})
        await rooms.close("the benchmark is over")


def agent_process(pipe: Connection) -> None:
    asyncio.run(agent(pipe))


async def call(url: str) -> list[dict[str, Any]]:
    """Dial, play the script, return what was measured in milliseconds."""
    clock = LoopClock()
    caller = ScriptedCaller(await lines(), clock)
    peer = WebRtcCaller(clock, on_heard=caller.hear, on_sent=caller.sent, on_message=caller.read)
    await peer.dial(url + "call")

    async def end() -> None:
        await peer.wait_over()
        caller.ended.set()

    spoken, _ = await asyncio.gather(caller.run(peer), end())
    await peer.hang_up()
    return [
        {"text": s.line.text, "response": s.response, "barge_in": s.interruption} for s in spoken
    ]


def figures(values: list[float]) -> dict[str, Any]:
    millis = [round(value * 1000) for value in values]
    return {
        "n": len(millis),
        "p50_ms": percentile(millis, 50),
        "p95_ms": percentile(millis, 95),
        "max_ms": max(millis, default=None),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--json", action="store_true", help="machine-readable output")
    options = parser.parse_args()
    here, there = multiprocessing.Pipe()
    process = multiprocessing.get_context("spawn").Process(target=agent_process, args=(there,))
    process.start()
    measured = asyncio.run(call(here.recv()))
    outcome = here.recv()
    process.join(10)
    responses = [m["response"] for m in measured if m["response"] and m["barge_in"] is None]
    stops = [m["barge_in"] for m in measured if m["barge_in"] is not None]
    result = {
        "response": figures(responses),
        "barge_in_to_silence": figures(stops),
        "response_after_barge_in": figures(
            [m["response"] for m in measured if m["response"] and m["barge_in"] is not None]
        ),
        "call": outcome,
    }
    if options.json:
        print(json.dumps(result, indent=2))
        return
    for name, row in result.items():
        print(f"{name:24} " + ", ".join(f"{key} {value}" for key, value in row.items()))


if __name__ == "__main__":
    main()
