"""A worker process: a Python module of ours run by this interpreter, with frames over its pipes.

Some libraries hold the interpreter lock for long, or have a licence we do not load into our own
process. They run in a process of their own. A frame is one kind byte, a channel number (which call
it belongs to) and a payload; see `providers.embedded.wire`, which both ends use.

Nothing blocks: the event loop writes and reads the pipes, and no thread is needed.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Final

import providers
from media.tasks import TaskOwner
from providers.embedded.wire import HEADER
from providers.errors import ProviderTimeout, ProviderUnavailable

_MAX_PAYLOAD: Final = 64 * 1024 * 1024
"""A frame beyond this is a broken stream, not speech: 64 MB is half an hour of it."""

OnFrame = Callable[[bytes, int, bytes], None]


class WorkerProcess:
    """One process and the frames to and from it.

    Args:
        module: run as `python -m module`.
        on_frame: told (kind, channel, payload) of every frame it sends.
        on_exit: told why, when it ends without having been closed.
    """

    def __init__(self, module: str, on_frame: OnFrame, on_exit: Callable[[str], None]) -> None:
        self._module = module
        self._on_frame = on_frame
        self._on_exit = on_exit
        self._process: asyncio.subprocess.Process | None = None
        self._tasks = TaskOwner(self._failed)
        self._complaint = ""
        self._closing = False

    async def start(self) -> None:
        """Start the process; it may take frames at once.

        Raises:
            ProviderUnavailable: the system cannot start it.
        """
        # The worker must find this very package, installed or not, and never the caller's folder.
        home = str(Path(providers.__file__).parent.parent)
        paths = [home, *filter(None, [os.environ.get("PYTHONPATH")])]
        try:
            self._process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-P", "-m", self._module),
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.PIPE,
                env={**os.environ, "PYTHONPATH": os.pathsep.join(paths)},
            )
        except OSError as error:
            raise ProviderUnavailable(f"cannot start {self._module}: {error}") from error
        complaints = self._tasks.start(self._read_complaints(), f"{self._module} stderr")
        self._tasks.start(self._read_frames(complaints), f"{self._module} frames")

    @property
    def pid(self) -> int:
        """The process id, or 0 before `start`."""
        return self._process.pid if self._process else 0

    def send(self, kind: bytes, channel: int = 0, payload: bytes = b"") -> None:
        """Queue one frame; never blocks. Lost where the process is gone (`on_exit` tells)."""
        if self._process is None or self._process.stdin is None:
            return
        if not self._process.stdin.is_closing():
            self._process.stdin.write(HEADER.pack(kind, len(payload), channel) + payload)

    async def aclose(self, patience: float = 2.0) -> None:
        """Close its input, wait until it ends, kill it after `patience` seconds."""
        self._closing = True
        if self._process is None:
            return
        if self._process.stdin is not None:
            self._process.stdin.close()
        try:
            await asyncio.wait_for(self._process.wait(), patience)
        except TimeoutError:
            with contextlib.suppress(ProcessLookupError):
                self._process.kill()
            await self._process.wait()
        await self._tasks.aclose()

    def kill(self) -> None:
        """End it at once; `on_exit` is not told."""
        self._closing = True
        if self._process is not None:
            with contextlib.suppress(ProcessLookupError):
                self._process.kill()

    def _failed(self, error: BaseException) -> None:
        """A frame its owner could not take: the two no longer understand each other."""
        self.kill()
        self._on_exit(f"{self._module}: {error!r}")

    async def _read_frames(self, complaints: asyncio.Task[None]) -> None:
        process = self._process
        assert process is not None
        assert process.stdout is not None
        try:
            while True:
                kind, length, channel = HEADER.unpack(await process.stdout.readexactly(HEADER.size))
                if length > _MAX_PAYLOAD:
                    raise ValueError(f"a frame of {length} bytes")
                self._on_frame(kind, channel, await process.stdout.readexactly(length))
        except (asyncio.IncompleteReadError, ConnectionError):
            reason = ""
        except ValueError as error:
            process.kill()
            reason = f"it sent {error}"
        code = await process.wait()
        if not self._closing:
            await asyncio.wait([complaints], timeout=1.0)
            why = reason or self._complaint or f"exit code {code}"
            self._on_exit(f"{self._module} ended: {why}")

    async def _read_complaints(self) -> None:
        """Keep the last line of its error output: the message of a traceback."""
        process = self._process
        assert process is not None
        assert process.stderr is not None
        async for line in process.stderr:
            if text := line.decode(errors="replace").strip():
                self._complaint = text[:300]


async def within(seconds: float, answer: asyncio.Future[bytes], what: str) -> bytes:
    """Wait for a frame that must come.

    Raises:
        ProviderTimeout: it does not come in time.
    """
    try:
        return await asyncio.wait_for(answer, seconds)
    except TimeoutError as error:
        raise ProviderTimeout(f"{what} took more than {seconds:g} s") from error
