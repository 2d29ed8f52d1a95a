"""From the decision that the caller interrupts to the last sound the room gets of the cut line.

    python bench/barge_in.py [--sessions 1,10,40] [--blocks 3] [--times 15] [--json]

Whole calls as in bench/turns.py, every agent in the middle of a long line, interrupted at any phase
of the room's 20 ms beat. The sink is the room: it pulls a block every 20 ms, and the last block
with sound in it is what counts. A line begins with 0.3 s without sound, so that the cut one and
the next are told apart.

typed   the caller types: the line is cut, the turn answered
voice   the caller's voice begins and lasts for `min_time` without words: the line is held at its
        sample; the voice ends, there were no words, and the line goes on

`decided` is measured from the instant at which the conversation has decided (its step is there, its
effects are not carried out yet), `asked` (typed only) from the instant at which the text was handed
to the session: with many sessions interrupted at once that includes waiting for each other. A last
sound that went out before counts as 0. `floor` is bench/floor.py, which clears a list when a text
comes; it is measured in turn with the engine. Collections of garbage fall between blocks, as in
bench/turns.py. Milliseconds over all interruptions of all blocks;
`best` is the block with the smallest p99.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import time
from collections.abc import Callable, Sequence
from typing import Any

from blocks import machine, percentile
from engine_agent import EngineAgent
from floor import FloorAgent
from stubs import CALLER, InstantVoice, until

from engine.flow.catalogue import Catalogue
from engine.flow.loader import check_text
from engine.machine.compiled import CompiledFlow
from engine.machine.compiler import compile_loaded
from engine.worker.garbage import QuietCollector
from media.frames import SAMPLE_RATE

FLOW = """\
turnwise: 1
flow: long_lines
start: ask
slots: {size: {type: integer, ask: "A long question?"}}
interruptions:
  mode: vad
  min_time: 100ms
  false_alarm: {pause: 300ms, resume: true}
listen: {no_input: ["Are you still there?"], no_match: ["Sorry?"], silence: 60s}
handle: {no_input: {to: END}, no_match: {to: END}}
states:
  ask:
    collect: [size]
    then: [{clear: [size], to: REPEAT}]
"""
LINE = 60.0
LEAD = 0.3
SETTLED = 0.15
"""Seconds after an interruption at which its line is silent for good."""
GOES_ON = 1.0
"""Seconds after which a line that was held is audible again."""


async def sounding(agents: Sequence[Any]) -> None:
    """Wait until every agent is heard, then for a random part of a beat."""
    for agent in agents:
        agent.gauge.arm()
    await until(lambda: all(agent.gauge.sent is not None for agent in agents))
    await asyncio.sleep(0.04 + random.random() * 0.02)


def after(agents: Sequence[Any], began: Sequence[float]) -> list[float]:
    """Milliseconds from each instant to the last sound; 0 when that was before."""
    pairs = zip(agents, began, strict=True)
    return [max(0.0, agent.gauge.last - instant) * 1000 for agent, instant in pairs]


async def typed(agents: Sequence[EngineAgent]) -> dict[str, list[float]]:
    """Everybody types at once."""
    asked = []
    for agent in agents:
        agent.decided = None
        asked.append(time.perf_counter())
        assert agent.room.listener is not None
        agent.room.listener.text_received(CALLER, "for four people")
    await until(lambda: all(agent.decided is not None for agent in agents))
    await asyncio.sleep(SETTLED)
    decided = [agent.decided or 0.0 for agent in agents]
    return {"decided": after(agents, decided), "asked": after(agents, asked)}


async def voice(agents: Sequence[EngineAgent]) -> dict[str, list[float]]:
    """Everybody begins to make a sound at once."""
    for agent in agents:
        agent.decided = None
        agent.ears.hear("start")
    await until(lambda: all(agent.decided is not None for agent in agents))
    await asyncio.sleep(SETTLED)
    found = {"decided": after(agents, [agent.decided or 0.0 for agent in agents])}
    for agent in agents:
        agent.ears.hear("end")
    await asyncio.sleep(GOES_ON)
    return found


async def cut(agents: Sequence[FloorAgent]) -> dict[str, list[float]]:
    """The floor: the list is cleared, and the next line begins after a pause."""
    asked = []
    for agent in agents:
        asked.append(time.perf_counter())
        agent.interrupt()
        agent.text_received(CALLER, "for four people")
    await asyncio.sleep(SETTLED)
    return {"asked": after(agents, asked)}


async def block(
    agents: Sequence[Any], ways: Sequence[Callable[[Any], Any]], times: int
) -> dict[str, dict[str, list[float]]]:
    """Interrupt fresh agents in every way, in turn."""
    for agent in agents:
        await agent.start()
    found: dict[str, dict[str, list[float]]] = {way.__name__: {} for way in ways}
    for _ in range(times):
        for way in ways:
            await sounding(agents)
            for name, values in (await way(agents)).items():
                found[way.__name__].setdefault(name, []).extend(values)
    for agent in agents:
        await agent.aclose()
    return found


def figures(blocks: Sequence[dict[str, list[float]]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name in blocks[0]:
        values = [value for one in blocks for value in one[name]]
        best = min((one[name] for one in blocks), key=lambda found: percentile(found, 99))
        found[name] = {**percentiles(values), "best": percentiles(best), "times": len(values)}
    return found


def percentiles(values: Sequence[float]) -> dict[str, float]:
    found = {f"p{percent}": round(percentile(values, percent), 3) for percent in (50, 95, 99)}
    return {**found, "max": round(max(values), 3)}


async def measure(
    flow: CompiledFlow, sessions: int, options: argparse.Namespace, collector: QuietCollector
) -> dict[str, Any]:
    line = InstantVoice(LINE, LEAD, SAMPLE_RATE)  # long ones: nothing to convert
    blocks: dict[str, list[dict[str, list[float]]]] = {"typed": [], "voice": [], "cut": []}
    for _ in range(options.blocks):
        collector.rest()
        ours = [EngineAgent(flow, line, watched=True) for _ in range(sessions)]
        for way, found in (await block(ours, (typed, voice), options.times)).items():
            blocks[way].append(found)
        collector.rest()
        bare = [FloorAgent(line) for _ in range(sessions)]
        blocks["cut"].append((await block(bare, (cut,), options.times))["cut"])
    found = {name: figures(some) for name, some in blocks.items()}
    return {"engine": {"typed": found["typed"], "voice": found["voice"]}, "floor": found["cut"]}


async def everything(options: argparse.Namespace, collector: QuietCollector) -> dict[str, Any]:
    flow = compile_loaded(check_text(FLOW, "long_lines.yaml", Catalogue()))
    sizes = [int(size) for size in options.sessions.split(",")]
    rows = {str(size): await measure(flow, size, options, collector) for size in sizes}
    return {"machine": machine(), "ms": rows}


def table(found: dict[str, Any]) -> None:
    print(f"{found['machine']}\n\nmilliseconds to the last sound     p50     p95     p99     max")
    for sessions, row in found["ms"].items():
        rows = {
            f"{way} {name}": values
            for way in row["engine"]
            for name, values in row["engine"][way].items()
        }
        rows["floor"] = row["floor"]["asked"]
        for name, values in rows.items():
            for label, some in ((name, values), (f"{name}, best block", values["best"])):
                numbers = "".join(f"{some[key]:8.2f}" for key in ("p50", "p95", "p99", "max"))
                print(f"{sessions:>3} {label:26}{numbers}")


def main() -> None:
    parser = argparse.ArgumentParser(description="From an interruption to the last sound.")
    parser.add_argument("--sessions", default="1,10,40", help="in one process")
    parser.add_argument("--blocks", type=int, default=3, help="of fresh sessions")
    parser.add_argument(
        "--times", type=int, default=15, help="interruptions of each kind in a block"
    )
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    random.seed(1)
    with QuietCollector() as collector:
        found = asyncio.run(everything(options, collector))
    if options.json:
        print(json.dumps(found))
    else:
        table(found)


if __name__ == "__main__":
    main()
