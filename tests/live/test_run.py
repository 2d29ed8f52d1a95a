"""`turnwise run` as a user starts it: calls, Ctrl-C, kill, an occupied port."""

from __future__ import annotations

import asyncio
import os
import re
import signal
import socket
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from engine.core.step import Step
from engine.effects import HangUp
from engine.observe.journal import read
from engine.worker.flows import shipped
from engine.worker.runs import JOURNAL, RECORDING, TIMELINE
from media.errors import NotConnected
from media.webrtc_caller import WebRtcCaller

pytestmark = pytest.mark.live

TURNWISE = (sys.executable, "-c", "from engine.cli.main import run; run()")


class Program:
    """A running `turnwise run`, with its own process group as a terminal would give it."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self.process = process
        self.out = ""

    async def url(self) -> str:
        """Return the URL it prints."""
        return await self.until(r"http://\S+")

    async def until(self, pattern: str) -> str:
        """Wait until it has printed something; return that."""
        assert self.process.stdout is not None
        async with asyncio.timeout(30):
            while not (found := re.search(pattern, self.out)):
                piece = await self.process.stdout.read(1000)
                assert piece, f"it ended: {self.out}{await self._errors()}"
                self.out += piece.decode()
        return found[0]

    def signal(self, number: signal.Signals) -> None:
        """Signal all of its processes, as Ctrl-C in a terminal does."""
        os.killpg(self.process.pid, number)

    async def ended(self, seconds: float = 15.0) -> tuple[int, str]:
        """Return its exit code and everything it wrote to the error output."""
        async with asyncio.timeout(seconds):
            assert self.process.stdout is not None
            self.out += (await self.process.stdout.read()).decode()
            errors = await self._errors()
            return await self.process.wait(), errors

    async def _errors(self) -> str:
        assert self.process.stderr is not None
        return (await self.process.stderr.read()).decode()


@asynccontextmanager
async def running(runs: Path, *options: str, flow: Path | None = None) -> AsyncIterator[Program]:
    process = await asyncio.create_subprocess_exec(
        *TURNWISE,
        "run",
        str(flow or shipped("book_table.yaml")),
        *("--room", "demo", "--runs", str(runs)),
        *(options or ("--port", "0")),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        start_new_session=True,
    )
    try:
        yield Program(process)
    finally:
        if process.returncode is None:
            os.killpg(process.pid, signal.SIGKILL)
            await process.wait()


class Caller:
    """Somebody who joins and reads along."""

    def __init__(self) -> None:
        self.read: list[tuple[str, Mapping[str, Any]]] = []
        self._came = asyncio.Event()
        self.peer = WebRtcCaller(on_message=self._message)

    def _message(self, topic: str, data: Mapping[str, Any]) -> None:
        self.read.append((topic, data))
        self._came.set()

    async def until(self, topic: str, **wanted: Any) -> None:
        async with asyncio.timeout(30):
            while not any(t == topic and wanted.items() <= d.items() for t, d in self.read):
                self._came.clear()
                await self._came.wait()

    async def join(self, url: str) -> None:
        try:
            await self.peer.dial(url + "call")
        except NotConnected as error:
            pytest.fail(str(error))
        await self.until("transcript", who="agent")


def journals(runs: Path) -> list[tuple[Step, ...]]:
    """Read every journal there is; each must be whole."""
    return [
        tuple(read(path.read_text().splitlines())[1]) for path in sorted(runs.glob(f"*/{JOURNAL}"))
    ]


def hang_ups(steps: tuple[Step, ...]) -> list[str]:
    return [effect.reason for s in steps for effect in s.effects if isinstance(effect, HangUp)]


def test_ctrl_c_without_a_call_ends_cleanly(tmp_path: Path) -> None:
    async def work() -> None:
        async with running(tmp_path) as program:
            assert re.fullmatch(r"http://127\.0\.0\.1:\d+/", await program.url())
            program.signal(signal.SIGINT)
            assert await program.ended() == (0, "")
            assert "0 calls taken" in program.out

    asyncio.run(work())


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_in_the_middle_of_calls_ends_them_with_their_journals(
    tmp_path: Path, number: signal.Signals
) -> None:
    async def work() -> None:
        async with running(tmp_path, "--port", "0", "--record") as program:
            url = await program.url()
            callers = [Caller(), Caller()]
            await asyncio.gather(*(caller.join(url) for caller in callers))
            program.signal(number)
            for caller in callers:
                await caller.until("ended", reason="the server was stopped")
            assert await program.ended() == (0, "")
            assert "2 calls taken" in program.out
            for caller in callers:
                await caller.peer.wait_over()
                await caller.peer.hang_up()

    asyncio.run(work())
    written = journals(tmp_path)
    assert [hang_ups(steps) for steps in written] == [["the server was stopped"]] * 2
    for folder in tmp_path.iterdir():
        assert "Hello, this is Luigi's" in (folder / TIMELINE).read_text()
        assert (folder / RECORDING).stat().st_size > 10_000


def test_a_killed_server_leaves_its_journal_and_no_process(tmp_path: Path) -> None:
    """Nobody asks it to end: what was written must be whole, and its workers must notice."""

    async def work() -> None:
        async with running(tmp_path) as program:
            caller = Caller()
            await caller.join(await program.url())
            program.process.kill()
            assert (await program.ended())[0] == -signal.SIGKILL
            async with asyncio.timeout(10):
                while _group_lives(program.process.pid):
                    await asyncio.sleep(0.05)
            await caller.peer.hang_up()

    asyncio.run(work())
    (steps,) = journals(tmp_path)
    assert any(type(effect).__name__ == "Say" for step in steps for effect in step.effects)
    assert hang_ups(steps) == []


def _group_lives(group: int) -> bool:
    """Tell whether a process of this group is left; those that only wait to be reaped are not."""
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rpartition(")")[2].split()
        except (FileNotFoundError, ProcessLookupError):
            continue
        if int(fields[2]) == group and fields[0] != "Z":
            return True
    return False


def test_an_occupied_port_is_named_with_a_way_out(tmp_path: Path) -> None:
    async def work(port: int) -> None:
        async with running(tmp_path, "--port", str(port)) as program:
            assert await program.ended() == (
                2,
                f"turnwise: Port {port} on 127.0.0.1 is in use. Stop what listens there, or choose "
                "another port. With --port 0 a free one is found.\n",
            )

    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        asyncio.run(work(taken.getsockname()[1]))
