"""From a committed turn of the caller to the first audio of the answer: the engine's own part.

    python bench/turns.py [--sessions 1,10,40] [--blocks 3] [--turns 30] [--json]

All providers answer at once. Each session is a whole call: session, conversation, pipeline with
voice activity, recogniser, model and voice, a room that carries 20 ms blocks both ways in real
time. A turn is typed, so that it is committed the moment it arrives: no end-of-turn wait and no
timer is in the figures. Measured from there to the instant at which the first samples of the answer
lie in the track the room pulls from (`pushed`): mailbox, understanding, the dialog's step, the
order to the model, its sentence, the order to the voice, resampling. `sent` is when the room has
pulled them: up to one beat of 20 ms later, in any program that sends real-time audio.

talk      the agent of `Flow.from_instructions`: a model answers every turn (`converse`)
form      a form: words and parsers understand the turn, no model is asked
together  all sessions get their turn at the same instant: the worst that can happen; the last one
          waits for the work of all others
spread    the turns are spread over 200 ms: what a busy process really sees

`floor` is bench/floor.py, a bare asyncio program around the same model, voice and room, measured in
the same run, block by block in turn with the engine; `ratio` is the engine's median by the floor's.
Every block has fresh sessions. As in the worker, collections of garbage are kept out of calls
(engine/worker/garbage.py): what is loaded is set aside, between blocks everything is collected, and
only the young collections fall into turns. Percentiles are over all turns of all blocks, in
milliseconds; `best` is the block with the smallest p95, which tells what the program costs where
the rest of the machine was quiet.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import time
from collections.abc import Callable, Sequence
from typing import Any, Protocol

from blocks import machine, percentile
from engine_agent import EngineAgent
from floor import FloorAgent
from stubs import CALLER, BenchRoom, Gauge, InstantVoice, until

from engine.flow.catalogue import Catalogue
from engine.flow.loader import check_text
from engine.flow.model import Flow
from engine.machine.compiled import CompiledFlow
from engine.machine.compiler import compile_flow, compile_loaded
from engine.worker.garbage import QuietCollector

LINE = 0.06
"""Seconds of an answer: three blocks."""
SPREAD = 0.2
"""Seconds over which turns are spread."""
BREATH = 0.12
"""Seconds from the last session's first sound to the next turn: the lines are over."""

FORM = """\
turnwise: 1
flow: form
start: ask
vars: {count: {type: integer, default: 0}}
slots: {size: {type: integer, min: 1, max: 12, ask: "For how many people?"}}
intents: {gives_up: {means: no longer wants it, words: [never mind]}}
listen: {no_input: ["Are you still there?"], no_match: ["Sorry?"]}
handle:
  intent.gives_up: {to: END}
  no_input: {to: END}
  no_match: {to: END}
states:
  ask:
    collect: [size]
    then: [{set: {count: vars.count + 1}, clear: [size], to: REPEAT}]
"""

FLOWS: dict[str, Callable[[], CompiledFlow]] = {
    "talk": lambda: compile_flow(Flow.from_instructions("You are Luigi and sell pizza.")),
    "form": lambda: compile_loaded(check_text(FORM, "form.yaml", Catalogue())),
}
TEXTS = {"talk": "What can you recommend today?", "form": "for four people"}


class Agent(Protocol):
    """What is measured: the engine, or the floor."""

    room: BenchRoom
    gauge: Gauge

    async def start(self) -> None: ...

    async def aclose(self) -> None: ...


async def turn(agents: Sequence[Agent], text: str, spread: float) -> list[tuple[float, float]]:
    """Let every agent answer once; milliseconds until its answer was pushed, and sent."""
    asked = [0.0] * len(agents)

    def ask(place: int) -> None:
        asked[place] = time.perf_counter()
        listener = agents[place].room.listener
        assert listener is not None
        listener.text_received(CALLER, text)

    loop = asyncio.get_running_loop()
    for place, agent in enumerate(agents):
        agent.gauge.arm()
        # In a callback of its own, as from a socket: what is done here after it would be counted.
        loop.call_later(place * spread / len(agents), ask, place)
    await until(lambda: all(agent.gauge.sent is not None for agent in agents))
    await asyncio.sleep(BREATH)
    return [
        ((agent.gauge.pushed - began) * 1000, (agent.gauge.sent - began) * 1000)  # type: ignore[operator]
        for began, agent in zip(asked, agents, strict=True)
    ]


async def block(agents: Sequence[Agent], text: str, turns: int, spread: float) -> list[Any]:
    """Some turns of fresh agents; the first is not counted."""
    for agent in agents:
        await agent.start()
    await asyncio.sleep(BREATH)
    await turn(agents, text, spread)
    found = [pair for _ in range(turns) for pair in await turn(agents, text, spread)]
    for agent in agents:
        await agent.aclose()
    return found


def figures(blocks: Sequence[Sequence[tuple[float, float]]]) -> dict[str, Any]:
    pushed = [[pushed for pushed, _ in block] for block in blocks]
    everything = [value for block in pushed for value in block]
    sent = [sent for block in blocks for _, sent in block]
    best = min(pushed, key=lambda block: percentile(block, 95))
    return {
        "pushed": percentiles(everything),
        "best": percentiles(best),
        "sent": percentiles(sent),
        "turns": len(everything),
    }


def percentiles(values: Sequence[float]) -> dict[str, float]:
    found = {f"p{percent}": round(percentile(values, percent), 3) for percent in (50, 95, 99)}
    return {**found, "max": round(max(values), 3)}


async def measure(
    flow: CompiledFlow,
    text: str,
    sessions: int,
    spread: float,
    options: argparse.Namespace,
    collector: QuietCollector,
) -> dict[str, Any]:
    """The engine and the floor, block by block in turn."""
    engine, floor = [], []
    for _ in range(options.blocks):
        collector.rest()
        ours: list[Agent] = [EngineAgent(flow, InstantVoice(LINE)) for _ in range(sessions)]
        engine.append(await block(ours, text, options.turns, spread))
        collector.rest()
        bare: list[Agent] = [FloorAgent(InstantVoice(LINE)) for _ in range(sessions)]
        floor.append(await block(bare, text, options.turns, spread))
    found = {"engine": figures(engine), "floor": figures(floor)}
    ratio = found["engine"]["best"]["p50"] / found["floor"]["best"]["p50"]
    return {**found, "ratio": round(ratio, 1)}


async def everything(options: argparse.Namespace, collector: QuietCollector) -> dict[str, Any]:
    found: dict[str, Any] = {"machine": machine(), "ms": {}}
    for name in options.flows.split(","):
        flow = FLOWS[name]()
        for sessions in map(int, options.sessions.split(",")):
            for way, spread in (("together", 0.0), ("spread", SPREAD)):
                if sessions == 1 and spread:
                    continue
                row = await measure(flow, TEXTS[name], sessions, spread, options, collector)
                found["ms"].setdefault(name, {}).setdefault(str(sessions), {})[way] = row
    return found


def table(found: dict[str, Any]) -> None:
    print(f"{found['machine']}\n\nmilliseconds, pushed{'':26}p50     p95     p99     max   ratio")
    for name, sizes in found["ms"].items():
        for sessions, ways in sizes.items():
            for way, row in ways.items():
                for label, values in (
                    ("engine", row["engine"]["pushed"]),
                    ("engine, best block", row["engine"]["best"]),
                    ("floor", row["floor"]["pushed"]),
                ):
                    numbers = "".join(f"{values[k]:8.2f}" for k in ("p50", "p95", "p99", "max"))
                    ratio = f"{row['ratio']:8.1f}" if label == "engine" else ""
                    print(f"{name:5}{sessions:>3} {way:9}{label:20}{numbers}{ratio}")


def main() -> None:
    parser = argparse.ArgumentParser(description="From a committed turn to first audio.")
    parser.add_argument("--sessions", default="1,10,40", help="in one process")
    parser.add_argument("--flows", default="talk,form")
    parser.add_argument("--blocks", type=int, default=3, help="of fresh sessions")
    parser.add_argument("--turns", type=int, default=30, help="of each session in a block")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    with QuietCollector() as collector:
        found = asyncio.run(everything(options, collector))
    if options.json:
        print(json.dumps(found))
    else:
        table(found)


if __name__ == "__main__":
    main()
