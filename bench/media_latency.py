"""One-way latency of the WebRTC media path, before and after loss. Both ends on this machine.

usage: python bench/media_latency.py [--seconds 10] [--loss 1.0] [--json]

Every 200 ms one block of 20 ms is loud. Latency is the instant at which the far side is handed the
first loud samples, less the instant at which the loud block was pulled from its source: Opus, RTP,
SRTP, UDP, jitter buffer and decoder, and the 6.5 ms look-ahead of Opus inside them. Not in it: the
20 ms a microphone needs to fill a block. Three spans are measured: undisturbed, after exactly one
packet was lost, and while the given percentage is lost at random.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
from collections.abc import Mapping
from typing import Any

import numpy as np

from media.frames import FRAME_SAMPLES, Samples
from media.room import Participant
from media.webrtc import WebRtcRoom
from media.webrtc_caller import WebRtcCaller

BURST_EVERY = 10
LOUD = 6000

_TIME = np.arange(FRAME_SAMPLES) / 48_000
QUIET_BLOCK: Samples = (np.sin(2 * np.pi * 300 * _TIME) * 300).astype(np.int16)
LOUD_BLOCK: Samples = (np.sin(2 * np.pi * 1000 * _TIME) * 20_000).astype(np.int16)


class Bursts:
    """A source that is loud every tenth block, and remembers when."""

    def __init__(self) -> None:
        self.marks: list[float] = []
        self._count = 0

    def pull(self) -> Samples:
        self._count += 1
        if self._count % BURST_EVERY:
            return QUIET_BLOCK
        self.marks.append(asyncio.get_running_loop().time())
        return LOUD_BLOCK


class Hits:
    """Whoever listens: remembers when it became loud."""

    def __init__(self) -> None:
        self.instants: list[float] = []
        self._was_loud = False

    def hear(self, samples: Samples, at: float) -> None:
        is_loud = bool(np.abs(samples.astype(np.int32)).max() > LOUD)
        if is_loud and not self._was_loud:
            self.instants.append(at)
        self._was_loud = is_loud

    def participant_joined(self, participant: Participant) -> None:
        pass

    def participant_left(self, participant: Participant, reason: str, last: bool) -> None:
        pass

    def audio_received(self, participant: Participant, samples: Samples, at: float) -> None:
        self.hear(samples, at)

    def key_pressed(self, participant: Participant, key: str) -> None:
        pass

    def text_received(self, participant: Participant, text: str) -> None:
        pass

    def room_failed(self, message: str) -> None:
        raise RuntimeError(message)


class Lossy:
    """Stands before the sending of RTP on one transport and drops some of it."""

    def __init__(self, connection: Any) -> None:
        transport = connection._audio.sender.transport
        self._send = transport._send_rtp
        self._random = random.Random(1)
        self.share = 0.0
        self.once = False
        self.dropped = 0
        transport._send_rtp = self.send

    async def send(self, data: bytes) -> None:
        is_report = 64 <= data[1] & 0x7F <= 95
        if not is_report and (self.once or self._random.random() < self.share):
            self.once = False
            self.dropped += 1
            return
        await self._send(data)


def latencies(marks: list[float], hits: list[float]) -> list[float]:
    """Return milliseconds from each mark to the hit that belongs to it; lost bursts have none."""
    found = []
    for mark in marks:
        after = [hit for hit in hits if mark <= hit < mark + BURST_EVERY * 0.02 * 0.9]
        if after:
            found.append((after[0] - mark) * 1000)
    return found


def summary(values: list[float]) -> dict[str, float]:
    p50, p95, top = np.percentile(values, [50, 95, 100])
    rounded = {"p50": round(p50, 1), "p95": round(p95, 1), "max": round(top, 1)}
    return {**rounded, "bursts": len(values)}


async def measure(seconds: float, loss: float) -> Mapping[str, Mapping[str, Any]]:
    """Return, by direction and span, the latencies in milliseconds."""
    agent, agent_ears, caller_ears = Bursts(), Hits(), Hits()
    mouth = Bursts()
    room = WebRtcRoom()
    caller = WebRtcCaller(on_heard=caller_ears.hear)
    caller._connection._track._pull = mouth.pull
    await room.open(agent_ears, agent)
    await caller.accept(await room.answer(await caller.offer()))
    await caller.wait_connected()
    lossy = [Lossy(room._connection), Lossy(caller._connection)]
    await asyncio.sleep(1.0)

    spans = {}
    for name in ("undisturbed", "after one lost packet", f"{loss:g} % lost"):
        for one in lossy:
            one.once = name.startswith("after")
            one.share = loss / 100 if name.endswith("% lost") else 0.0
        if name.startswith("after"):
            await asyncio.sleep(0.2)
        for side in (agent, mouth):
            side.marks.clear()
        await asyncio.sleep(seconds)
        spans[name] = {
            "agent to caller": summary(latencies(agent.marks, caller_ears.instants)),
            "caller to agent": summary(latencies(mouth.marks, agent_ears.instants)),
        }
    await caller.hang_up()
    await room.close("measured")
    return spans


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=float, default=10.0, help="of each span")
    parser.add_argument("--loss", type=float, default=1.0, help="per cent, in the third span")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    spans = asyncio.run(measure(options.seconds, options.loss))
    if options.json:
        print(json.dumps(spans))
        return
    print(f"{'one-way latency, ms':24}{'':18}{'p50':>7}{'p95':>7}{'max':>7}{'bursts':>8}")
    for span, directions in spans.items():
        for direction, found in directions.items():
            figures = "".join(f"{found[key]:7.1f}" for key in ("p50", "p95", "max"))
            print(f"{span:24}{direction:18}{figures}{found['bursts']:8d}")


if __name__ == "__main__":
    main()
