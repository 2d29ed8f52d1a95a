"""Headless Chromium as a real client, driven through its own DevTools protocol.

What it is: Debian's (or any) `chromium` with its fake-device flags, so that a WAV file is its
microphone; commands go over the browser's WebSocket (Chrome DevTools Protocol), no driver needed.
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
import json
import shutil
import tempfile
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp

PROGRAM = next(
    (p for name in ("chromium", "chromium-browser", "google-chrome") if (p := shutil.which(name))),
    None,
)

FLAGS = (
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--autoplay-policy=no-user-gesture-required",
    "--use-fake-device-for-media-stream",
    "--disable-features=WebRtcHideLocalIpsWithMdns",
    "--allow-loopback-in-peer-connection",
    "--remote-debugging-port=0",
    "--window-size=1000,720",
)


class Page:
    """One tab."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self._socket = socket
        self._id = 0
        self.complaints: list[str] = []
        """What the browser complained about: console errors and warnings, exceptions, CSP, 404s.

        Up to date after every command.
        """

    async def command(self, method: str, **params: Any) -> dict[str, Any]:
        """Send one DevTools command and return its result."""
        self._id += 1
        await self._socket.send_json({"id": self._id, "method": method, "params": params})
        while True:
            message = json.loads(await self._socket.receive_str())
            if message.get("id") == self._id:
                assert "error" not in message, message["error"]
                return dict(message["result"])
            self._note(message)

    def _note(self, event: dict[str, Any]) -> None:
        params = event.get("params", {})
        match event.get("method"):
            case "Runtime.exceptionThrown":
                self.complaints.append(json.dumps(params["exceptionDetails"]))
            case "Runtime.consoleAPICalled" if params["type"] in ("error", "warning", "assert"):
                self.complaints.append(json.dumps(params["args"]))
            case "Log.entryAdded" if params["entry"]["level"] in ("error", "warning"):
                self.complaints.append(f"{params['entry']['text']} {params['entry'].get('url')}")

    async def evaluate(self, script: str) -> Any:
        """Evaluate JavaScript in the page (promises awaited) and return its JSON value."""
        result = await self.command(
            "Runtime.evaluate", expression=script, awaitPromise=True, returnByValue=True
        )
        assert "exceptionDetails" not in result, result["exceptionDetails"]
        return result["result"].get("value")

    async def until(self, script: str, seconds: float = 20.0) -> Any:
        """Evaluate again and again until the value is true; return it."""
        async with asyncio.timeout(seconds):
            while not (value := await self.evaluate(script)):
                await asyncio.sleep(0.1)
        return value

    async def crash(self) -> None:
        """Let the tab die at once, as a browser that is killed does; it answers nothing more."""
        await self._socket.send_json({"id": 0, "method": "Page.crash"})

    async def resize(self, width: int, height: int) -> None:
        """Give the page a window of so many CSS pixels."""
        await self.command(
            "Emulation.setDeviceMetricsOverride",
            width=width,
            height=height,
            deviceScaleFactor=1,
            mobile=False,
        )

    async def screenshot(self, path: Path) -> None:
        """Save what the page looks like as PNG."""
        shot = await self.command("Page.captureScreenshot", format="png")
        path.write_bytes(base64.b64decode(shot["data"]))


@contextlib.asynccontextmanager
async def browse(
    url: str, microphone: Path | None = None, *, allow_microphone: bool = True
) -> AsyncIterator[Page]:
    """Open a fresh browser on `url`; its microphone plays the WAV file once."""
    assert PROGRAM is not None
    flags = list(FLAGS)
    flags.append(
        "--use-fake-ui-for-media-stream" if allow_microphone else "--deny-permission-prompts"
    )
    if microphone is not None:
        flags.append(f"--use-file-for-fake-audio-capture={microphone}%noloop")
    profile = Path(tempfile.mkdtemp(prefix="turnwise-chromium-"))
    process = await asyncio.create_subprocess_exec(
        PROGRAM,
        *flags,
        f"--user-data-dir={profile}",
        "about:blank",
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.DEVNULL,
    )
    try:
        port = await _debugging_port(profile)
        async with aiohttp.ClientSession() as http:
            async with http.get(f"http://127.0.0.1:{port}/json") as answer:
                tab = next(t for t in await answer.json() if t["type"] == "page")
            async with http.ws_connect(tab["webSocketDebuggerUrl"], max_msg_size=0) as socket:
                page = Page(socket)
                for domain in ("Page", "Runtime", "Log"):
                    await page.command(f"{domain}.enable")
                await page.command("Page.navigate", url=url)
                await page.until(
                    "document.readyState === 'complete' && location.href !== 'about:blank'"
                )
                yield page
    finally:
        process.terminate()
        await process.wait()
        await _remove(profile)


async def _remove(profile: Path) -> None:
    """Remove the profile; the browser's own helpers may write into it for a moment longer."""
    async with asyncio.timeout(5):
        while profile.exists():
            shutil.rmtree(profile, ignore_errors=True)
            await asyncio.sleep(0.05)


async def _debugging_port(profile: Path) -> int:
    """Chromium writes the port it chose into its profile once it listens."""
    file = profile / "DevToolsActivePort"
    async with asyncio.timeout(30):
        while not file.exists() or not file.read_text():
            await asyncio.sleep(0.05)
    return int(file.read_text().splitlines()[0])
