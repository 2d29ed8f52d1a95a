"""The other end of a call: a peer that speaks, listens, presses keys and types.

For scripted callers, tests and measurements; its media path is the room's own.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import aiohttp
import numpy as np

from media.clock import Clock, LoopClock
from media.connection import Connection
from media.data_messages import Message
from media.errors import NotConnected
from media.frames import FRAME_SAMPLES, Samples, silence
from media.playout_buffer import PlayoutBuffer

_SPEECH = "speech"
_SIGNALLING_SECONDS = 10.0

# A person's microphone goes on recording while the process is stalled, and all of it is sent once
# the process runs again. So do we, up to two seconds.
_MICROPHONE_BEATS = 100

OnAudio = Callable[[Samples, float], None]


class WebRtcCaller:
    """A caller with its own peer connection.

    Args:
        clock: what paces and stamps; the running loop's by default.
        on_heard: told samples that arrived, and the instant (seconds) of arrival.
        on_sent: told each block of 20 ms as it goes out, and the instant.
        on_message: told each message of the agent, as (topic, data).
        ice_servers: STUN and TURN URLs; none by default.
    """

    def __init__(
        self,
        clock: Clock | None = None,
        *,
        on_heard: OnAudio | None = None,
        on_sent: OnAudio | None = None,
        on_message: Callable[[str, Mapping[str, Any]], None] | None = None,
        ice_servers: Sequence[str] = (),
    ) -> None:
        self._clock = clock or LoopClock()
        self._on_heard, self._on_sent, self._on_message = on_heard, on_sent, on_message
        self._mouth = PlayoutBuffer()
        self._settled = asyncio.Event()
        self._over = asyncio.Event()
        self._was_connected = False
        self._location: str | None = None
        self.keys_heard: list[str] = []
        """Telephone keys the agent sent."""
        self.end_reason: str | None = None
        """`left` when the agent ended the call, `lost` when it vanished; None before."""
        self._connection = Connection(
            self._clock,
            self,
            self._next_block,
            ice_servers=ice_servers,
            catch_up=_MICROPHONE_BEATS,
        )

    @property
    def speaking(self) -> bool:
        """True while something of what was ordered with `speak` has not been sent."""
        return self._mouth.waiting > 0

    async def offer(self) -> str:
        """Return our offer, to be answered by a room."""
        return await self._connection.offer()

    async def accept(self, answer_sdp: str) -> None:
        """Take the room's answer."""
        await self._connection.accept(answer_sdp)

    async def dial(self, url: str) -> None:
        """Call the signalling endpoint at `url` (its `/call`) and wait for the connection.

        Raises:
            NotConnected: it refused the call, or the call did not come about.
        """
        headers = {"content-type": "application/sdp"}
        limit = aiohttp.ClientTimeout(total=_SIGNALLING_SECONDS)
        async with (
            aiohttp.ClientSession(timeout=limit) as http,
            http.post(url, data=await self.offer(), headers=headers) as answer,
        ):
            text = await answer.text()
            if answer.status != 201:
                raise NotConnected(f"{url} answered {answer.status}: {text.strip()}")
            self._location = str(answer.url.join(answer.url.with_path(answer.headers["location"])))
        await self.accept(text)
        await self.wait_connected()

    async def wait_connected(self) -> None:
        """Wait until audio flows.

        Raises:
            NotConnected: it ended before, or did not come about.
        """
        await self._settled.wait()
        if not self._was_connected:
            raise NotConnected("the call did not come about")

    async def wait_over(self) -> None:
        """Wait until the agent has ended the call or is lost."""
        await self._over.wait()

    def speak(self, samples: Samples) -> None:
        """Queue int16 mono 48 kHz samples behind what is still to be said."""
        self._mouth.push(_SPEECH, samples)

    def press(self, key: str) -> None:
        """Press a telephone key: an RFC 4733 event in the audio's stream."""
        self._connection.press(key)

    def type(self, text: str) -> None:
        """Type a whole turn."""
        self.send("text", {"text": text})

    def send(self, topic: str, data: Mapping[str, Any]) -> None:
        """Send a message on the data channel, `text` with {text} or `key` with {key}."""
        self._connection.send(topic, data)

    async def hang_up(self) -> None:
        """Leave, and free everything. Idempotent."""
        await self._connection.close()
        self._settled.set()
        self._over.set()

    # --- told by the connection ------------------------------------------------------------------

    def connected(self) -> None:
        """Audio flows."""
        self._was_connected = True
        self._settled.set()

    def ended(self, reason: str) -> None:
        """The connection is gone."""
        self.end_reason = reason
        self._settled.set()
        self._over.set()

    def audio_received(self, samples: Samples, at: float) -> None:
        """The agent's voice."""
        if self._on_heard is not None:
            self._on_heard(samples, at)

    def key_received(self, key: str) -> None:
        """A key of the agent."""
        self.keys_heard.append(key)

    def message_received(self, message: Message) -> None:
        """A message of the agent."""
        if self._on_message is not None:
            self._on_message(message.topic, message.data)

    def _next_block(self) -> Samples:
        block = self._mouth.pull(FRAME_SAMPLES).samples
        if self._on_sent is not None:
            self._on_sent(block, self._clock.monotonic())
        return block


class Ears:
    """Keeps what was heard, for those who measure: give its `hear` as `on_heard`."""

    def __init__(self) -> None:
        self.blocks: list[Samples] = []
        self.instants: list[float] = []

    def hear(self, samples: Samples, at: float) -> None:
        """Take samples and the instant of their arrival."""
        self.blocks.append(samples)
        self.instants.append(at)

    @property
    def samples(self) -> Samples:
        """Everything heard, in one piece."""
        return np.concatenate([silence(0), *self.blocks])
