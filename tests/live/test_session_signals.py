"""A program that only runs a call ends it on a signal, and leaves nothing behind."""

from __future__ import annotations

import signal
import subprocess
import sys
import time

import pytest

PROGRAM = """
import asyncio
from engine.flow.model import Flow
from engine.machine.compiler import compile_flow
from engine.session.session import Session
from media.loopback import LoopbackRoom

class Slow(LoopbackRoom):
    async def close(self, reason):
        await asyncio.sleep({delay})
        await super().close(reason)

async def main():
    (room := Slow()).join("Ann")
    session = Session(compile_flow(Flow.from_instructions("You are Luigi.")), room)
    session.on("utterance", lambda notice: print("ready", flush=True))  # may be before it waits
    try:
        result = await session.run_until_closed()
        print("ended:", result.reason, flush=True)
    except asyncio.CancelledError:
        print("cancelled", flush=True)

asyncio.run(main())
"""


def started(delay: float) -> subprocess.Popen[str]:
    program = PROGRAM.format(delay=delay)
    process = subprocess.Popen(
        [sys.executable, "-c", program], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    return process


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_the_call_in_order(number: signal.Signals) -> None:
    process = started(0)
    process.send_signal(number)
    out, error = process.communicate(timeout=20)
    assert out.splitlines()[-1] == f"ended: {number.name}"
    assert (process.returncode, error) == (0, "")


def test_a_second_one_does_not_wait() -> None:
    process = started(60)
    process.send_signal(signal.SIGTERM)
    time.sleep(0.5)
    process.send_signal(signal.SIGTERM)
    out, _ = process.communicate(timeout=20)
    assert out.splitlines()[-1] == "cancelled"
