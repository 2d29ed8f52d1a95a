"""The media path on networks that lose packets, and on a host that has no network at all."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from pathlib import Path

import aioice.ice
import numpy as np
import pytest

from bench import media_latency
from media.webrtc import WebRtcRoom
from media.webrtc_caller import WebRtcCaller

pytestmark = pytest.mark.live

ROOT = Path(__file__).parents[2]


def test_latency_is_low_and_stays_low_after_a_lost_packet() -> None:
    """At most 25 ms, and at most 45 ms after a loss, in both directions (in fact about 1 ms)."""
    spans = asyncio.run(media_latency.measure(seconds=3.0, loss=2.0))

    for direction in ("agent to caller", "caller to agent"):
        assert spans["undisturbed"][direction]["p50"] <= 25
        assert spans["after one lost packet"][direction]["p50"] <= 45
        assert spans["2 % lost"][direction]["p50"] <= 45
        assert spans["after one lost packet"][direction]["bursts"] >= 12


def test_a_lost_packet_is_counted_and_leaves_no_hole() -> None:
    async def work() -> tuple[int, list[float], int]:
        listener = media_latency.Hits()
        lengths: list[tuple[float, int]] = []
        listener.audio_received = (  # type: ignore[method-assign]
            lambda participant, samples, at: lengths.append((at, len(samples)))
        )
        room, caller = WebRtcRoom(), WebRtcCaller()
        await room.open(listener, media_latency.Bursts())
        await caller.accept(await room.answer(await caller.offer()))
        await caller.wait_connected()
        lossy = media_latency.Lossy(caller._connection)
        await asyncio.sleep(0.5)
        for _ in range(3):
            lossy.once = True
            await asyncio.sleep(0.3)
        await caller.hang_up()
        lost = room.lost_packets
        await room.close("done")
        return lost, [at for at, _ in lengths], sum(count for _, count in lengths)

    lost, instants, samples = asyncio.run(work())

    assert lost == 3
    assert samples / 48_000 == pytest.approx(instants[-1] - instants[0], abs=0.06)
    assert np.diff(instants).max() < 0.2


async def connect() -> str:
    """Make a call on this host and return the addresses the answer names."""
    room, caller = WebRtcRoom(), WebRtcCaller()
    answer = await room.answer(await caller.offer())
    await caller.accept(answer)
    async with asyncio.timeout(10):
        await caller.wait_connected()
    await caller.hang_up()
    await room.close("done")
    return ",".join(
        sorted({line.split()[4] for line in answer.splitlines() if line.startswith("a=candidate")})
    )


def test_a_host_without_any_other_address_uses_loopback(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(aioice.ice, "get_host_addresses", lambda use_ipv4, use_ipv6: [])
    assert asyncio.run(connect()) == "127.0.0.1"


_ISOLATED = """
import asyncio, ctypes, fcntl, os, socket, struct, sys
CLONE_NEWUSER, CLONE_NEWNET, SIOCSIFFLAGS, IFF_UP = 0x10000000, 0x40000000, 0x8914, 1
libc = ctypes.CDLL(None, use_errno=True)
if libc.unshare(CLONE_NEWNET) and libc.unshare(CLONE_NEWUSER | CLONE_NEWNET):
    print("no right to make a network namespace:", os.strerror(ctypes.get_errno()))
    sys.exit(77)
with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
    fcntl.ioctl(s, SIOCSIFFLAGS, struct.pack("16sH14s", b"lo", IFF_UP, b""))
sys.path.insert(0, "tests/live")
import test_webrtc_network
print(asyncio.run(test_webrtc_network.connect()))
"""


def test_a_call_works_where_only_the_loopback_interface_exists() -> None:
    """In a network namespace of its own, for real."""
    done = subprocess.run(
        [sys.executable, "-c", _ISOLATED],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    if done.returncode == 77:
        pytest.skip(done.stdout.strip())
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == "127.0.0.1"
