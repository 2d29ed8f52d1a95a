"""What calls weigh: time until the first one is ready, memory and tasks of each, growth over turns.

    python bench/footprint.py [--runs 5] [--sessions 50] [--turns 200] [--json]

start   A fresh interpreter imports what a call needs, makes the agent of `Flow.from_instructions`
        (`code`) or loads and checks flows/book_table.yaml (`yaml`), and runs a session with the
        stubs until the first audio of its first line lies in the track of the room. Seconds from
        the first import, of the clock and of the processor; `import` is the part of the imports.
        Modules are compiled to bytecode beforehand, as in any installed package.
        Then the memory of the whole process (resident set, megabytes).
session Ten sessions are opened, then as many more as wanted; each says its greeting and waits. The
        difference in resident memory and in asyncio tasks, by session. In that: conversation,
        pipeline, room, stubs; not the flow, which all share.
growth  One call of many turns, on virtual time, after 50 turns to warm up: what its memory grows by
        over the turns, in megabytes, counted by tracemalloc (`python`) and as resident set (`rss`).
        `plain` is the resident set once more, with the cache of glibc's allocator switched off
        (GLIBC_TUNABLES): what that cache holds back of freed memory is no growth of the call.

Each figure comes from processes of its own; `best` is the smallest, `p50` the median of the runs.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from blocks import machine, spread

HERE = Path(__file__).parent
UNCACHED = {"GLIBC_TUNABLES": "glibc.malloc.tcache_count=0"}

START = """
import sys, time
sys.path.insert(0, {here!r})
began, cpu = time.perf_counter(), time.process_time()
import asyncio
from engine_agent import EngineAgent
from stubs import InstantVoice
if {kind!r} == "code":
    from engine.flow.model import Flow
    from engine.machine.compiler import compile_flow
    imported = time.perf_counter()
    flow = compile_flow(Flow.from_instructions("You are Luigi and sell pizza."))
else:
    from engine.worker.flows import load_flow, shipped
    imported = time.perf_counter()
    flow = load_flow(shipped("book_table.yaml"))

async def main():
    agent = EngineAgent(flow, InstantVoice(0.06))
    await agent.start()
    ready = agent.gauge.pushed
    await agent.aclose()
    return ready

ready = asyncio.run(main())
spent = time.process_time() - cpu
import json
from footprint import resident
print(json.dumps({{
    "import_s": imported - began, "ready_s": ready - began, "cpu_s": spent, "rss_mb": resident(),
}}))
"""

SESSIONS = """
import sys
sys.path.insert(0, {here!r})
import asyncio, gc, json
from engine_agent import EngineAgent
from stubs import InstantVoice
from footprint import resident
from engine.flow.model import Flow
from engine.machine.compiler import compile_flow

async def main():
    flow = compile_flow(Flow.from_instructions("You are Luigi and sell pizza."))

    voice = InstantVoice(0.06)  # its sound is no part of a call

    async def more(count):
        agents = [EngineAgent(flow, voice) for _ in range(count)]
        for agent in agents:
            await agent.start()
        await asyncio.sleep(0.5)
        gc.collect()
        return agents, resident(), len(asyncio.all_tasks())

    first, memory, tasks = await more(10)
    rest, later, tasks_later = await more({count})
    for agent in [*first, *rest]:
        await agent.aclose()
    return {{"kb": (later - memory) * 1024 / {count}, "tasks": (tasks_later - tasks) / {count}}}

print(json.dumps(asyncio.run(main())))
"""

GROWTH = """
import sys
sys.path.insert(0, {here!r})
import asyncio, gc, json, tracemalloc
from engine_agent import EngineAgent
from stubs import CALLER, InstantVoice
from footprint import resident
from engine.flow.model import Flow
from engine.machine.compiler import compile_flow
from engine.testing.loop import run_virtual

async def main():
    flow = compile_flow(Flow.from_instructions("You are Luigi.", max_turns=999))
    agent = EngineAgent(flow, InstantVoice(0.06))
    await agent.start()

    async def turns(count):
        for number in range(count):
            agent.room.listener.text_received(CALLER, f"What about number {{number}}?")
            await asyncio.sleep(0.5)
        gc.collect()
        return resident(), tracemalloc.get_traced_memory()[0] / 1e6

    {trace}
    memory, traced = await turns(50)
    later, traced_later = await turns({count})
    await agent.aclose()
    return {{"rss_mb": later - memory, "python_mb": traced_later - traced}}

print(json.dumps(run_virtual(main())))
"""


def resident() -> float:
    """Resident memory of this process, in megabytes (Linux)."""
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * 4096 / 1e6


def run(
    program: str,
    bytecode: str | None = None,
    more: Mapping[str, str] | None = None,
    **values: Any,
) -> dict[str, float]:
    """The figures one process prints.

    Args:
        program: its text.
        bytecode: a folder in which it keeps compiled modules.
        more: variables of its environment.
        values: to fill into its text.
    """
    text = program.format(here=str(HERE), **values)
    command = [sys.executable, "-c", text]
    variables = {**os.environ, **(more or {})}
    if bytecode is not None:
        variables |= {"PYTHONDONTWRITEBYTECODE": "", "PYTHONPYCACHEPREFIX": bytecode}
    done = subprocess.run(
        command, capture_output=True, text=True, check=True, cwd=HERE.parent, env=variables
    )
    found: dict[str, float] = json.loads(done.stdout)
    return found


def repeated(runs: int, program: str, **values: Any) -> dict[str, dict[str, float]]:
    """Best and median of every figure over some processes."""
    return together([run(program, **values) for _ in range(runs)])


def start(runs: int) -> dict[str, dict[str, dict[str, float]]]:
    """The figures of starting, by kind of flow; one process more, before, writes the bytecode."""
    with tempfile.TemporaryDirectory() as bytecode:
        run(START, bytecode, kind="yaml")
        return {
            kind: repeated(runs, START, bytecode=bytecode, kind=kind) for kind in ("code", "yaml")
        }


def together(found: Sequence[dict[str, float]]) -> dict[str, dict[str, float]]:
    return {name: spread([one[name] for one in found], 3) for name in found[0]}


def growth(runs: int, turns: int) -> dict[str, dict[str, float]]:
    """Traced and resident growth, each from processes in which the others are not looked at."""
    traced = repeated(1, GROWTH, count=turns, trace="tracemalloc.start()")
    free = repeated(runs, GROWTH, count=turns, trace="")
    plain = repeated(runs, GROWTH, count=turns, trace="", more=UNCACHED)
    return {
        "python_mb": traced["python_mb"],
        "rss_mb": free["rss_mb"],
        "plain_mb": plain["rss_mb"],
    }


def main() -> None:
    parser = argparse.ArgumentParser(description="What calls weigh.")
    parser.add_argument("--runs", type=int, default=5, help="processes for each figure")
    parser.add_argument("--sessions", type=int, default=50, help="to divide memory and tasks by")
    parser.add_argument("--turns", type=int, default=200)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    found: dict[str, Any] = {
        "machine": machine(),
        "start": start(options.runs),
        "session": repeated(min(3, options.runs), SESSIONS, count=options.sessions),
        "growth": {"turns": options.turns, **growth(min(3, options.runs), options.turns)},
    }
    if options.json:
        print(json.dumps(found))
        return
    print(f"{found['machine']}\n\n{'':28}{'best':>9}{'p50':>9}")
    rows = {
        f"start, {k}: {n}": row for k, some in found["start"].items() for n, row in some.items()
    }
    rows |= {f"each idle session: {name}": row for name, row in found["session"].items()}
    rows |= {
        f"{options.turns} turns: {name}": row
        for name, row in found["growth"].items()
        if name != "turns"
    }
    for name, row in rows.items():
        print(f"{name:28}{row['best']:9.3f}{row['p50']:9.3f}")


if __name__ == "__main__":
    main()
