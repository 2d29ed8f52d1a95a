"""One WebRTC connection with our own media path; the common half of room and caller.

In: RTP packet -> (tap) -> jitter buffer -> Opus decoder -> samples. Out: samples -> Opus encoder ->
packet, every 20 ms. Both on the event loop, without a thread and without a queue. Beside the audio:
telephone keys, and JSON messages on one data channel.

A connection that failed, was closed by the far side, or fell silent on every level (no audio, no
reports, no connectivity checks) for `lost_seconds` has ended; that is told once.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

import aiortc

from media import aiortc_internals, offers
from media.clock import Clock
from media.data_channel import DataChannel
from media.data_messages import CHANNEL_LABEL, Message
from media.dtmf import KeyReceiver
from media.errors import OfferRefused
from media.frames import Samples
from media.incoming import IncomingAudio
from media.opus import OpusDecoder
from media.rtc_track import CATCH_UP, PacedTrack
from media.tasks import TaskOwner

CONNECT_SECONDS = 15.0
"""How long a call may take to come about; ICE and DTLS need less than one on a working path."""

LOST_SECONDS = 8.0
"""Silence on every level that means the far side is gone: browsers check the connection every 2.5
seconds, others every 5 with a fifth of spread, and a check may be lost."""

_CLOSE_SECONDS = 2.0
# The far jitter buffer plays this long after our last packet; closing earlier would cut a word.
_LINGER_SECONDS = 0.1
_HANDSHAKE_SECONDS = 0.5


_log = logging.getLogger(__name__)


class ConnectionEvents(Protocol):
    """What the owner of a connection is told, on the event loop."""

    def connected(self) -> None:
        """Audio flows from now on."""
        ...

    def ended(self, reason: str) -> None:
        """It is over: `left`, `lost`, or `unreachable` when it never came about."""
        ...

    def audio_received(self, samples: Samples, at: float) -> None:
        """Samples, and the instant of their end."""
        ...

    def key_received(self, key: str) -> None:
        """A telephone event."""
        ...

    def message_received(self, message: Message) -> None:
        """A well-formed message on the data channel."""
        ...


class Connection:
    """See the module's text.

    Args:
        clock: what paces and stamps.
        events: its owner.
        pull: gives the next 20 ms to send.
        ice_servers: STUN and TURN URLs; none by default: with a public one that does not answer,
            making an offer takes five seconds.
        connect_seconds: see `CONNECT_SECONDS`.
        lost_seconds: see `LOST_SECONDS`.
        catch_up: how many beats of 20 ms are sent at once after a stall; see `PacedTrack`.
    """

    def __init__(
        self,
        clock: Clock,
        events: ConnectionEvents,
        pull: Callable[[], Samples],
        *,
        ice_servers: Sequence[str] = (),
        connect_seconds: float = CONNECT_SECONDS,
        lost_seconds: float = LOST_SECONDS,
        catch_up: int = CATCH_UP,
    ) -> None:
        aiortc_internals.check()
        self._clock = clock
        self._events = events
        self._connect_seconds, self._lost_seconds = connect_seconds, lost_seconds
        self._tasks = TaskOwner(self._task_failed)
        self._peer = aiortc.RTCPeerConnection(
            aiortc.RTCConfiguration(
                iceServers=[aiortc.RTCIceServer(url) for url in ice_servers],
                bundlePolicy=aiortc.RTCBundlePolicy.MAX_BUNDLE,
            )
        )
        self._peer.on("connectionstatechange", self._state_changed)
        self._messages = DataChannel(events.message_received)
        self._peer.on("datachannel", self._messages.found)
        self._track = PacedTrack(clock, pull, catch_up)
        self._audio = self._peer.addTransceiver(self._track, "sendrecv")
        self._audio.setCodecPreferences(
            [c for c in aiortc.RTCRtpSender.getCapabilities("audio").codecs if c.name == "opus"]
        )
        self._stream: int | None = None
        self._incoming: IncomingAudio | None = None
        self._keys = KeyReceiver()
        self._event_types: dict[int, int] = {}
        self._timer: asyncio.TimerHandle | None = None
        self._alive_at = clock.monotonic()
        self._connected = self._ended = self._closing = False
        self._settled = asyncio.Event()
        self._closed = asyncio.Event()

    @property
    def is_connected(self) -> bool:
        """True from connection to end."""
        return self._connected and not self._ended

    @property
    def lost_packets(self) -> int:
        """Received audio packets that were lost so far."""
        return self._incoming.lost if self._incoming else 0

    # --- coming about ----------------------------------------------------------------------------

    async def answer(self, offer: str) -> str:
        """Answer an offer that has all its candidates; return the answer's SDP with all of ours.

        Raises:
            OfferRefused: it is no SDP, or offers no Opus audio.
        """
        description = offers.parse(offer)
        offers.check_hears(description)
        self._event_types = offers.telephone_events(description)
        try:
            await self._peer.setRemoteDescription(aiortc.RTCSessionDescription(offer, "offer"))
            for transceiver in self._peer.getTransceivers():
                if transceiver is not self._audio:
                    # Video and second voices are declined: nothing comes that nobody drains.
                    transceiver.direction = "inactive"
            self._prepare()
            aiortc_internals.watch_ice(self._audio.receiver.transport.transport, self._noticed)
            await self._peer.setLocalDescription(await self._peer.createAnswer())
        except Exception as error:  # whatever the library stumbles over in an odd offer
            raise OfferRefused(f"the offer cannot be answered: {error!r}") from error
        self._tasks.start(self._watch(), "webrtc watch")
        return self._peer.localDescription.sdp

    async def offer(self) -> str:
        """Make an offer with all candidates and a data channel; return its SDP."""
        self._messages.use(self._peer.createDataChannel(CHANNEL_LABEL))
        aiortc_internals.watch_ice(self._audio.receiver.transport.transport, self._noticed)
        offer = await self._peer.createOffer()
        with_events = aiortc.RTCSessionDescription(offers.with_telephone_events(offer.sdp), "offer")
        await self._peer.setLocalDescription(with_events)
        return self._peer.localDescription.sdp

    async def accept(self, answer: str) -> None:
        """Take the answer to our offer.

        Raises:
            OfferRefused: it cannot be read, or does not fit the offer.
        """
        self._event_types = offers.telephone_events(offers.parse(answer))
        try:
            await self._peer.setRemoteDescription(aiortc.RTCSessionDescription(answer, "answer"))
        except Exception as error:  # as in `answer`
            raise OfferRefused(f"the answer does not fit the offer: {error!r}") from error
        self._prepare()
        self._tasks.start(self._watch(), "webrtc watch")

    def _prepare(self) -> None:
        """Put our own media path in place; the codecs are known and nothing flows yet."""
        aiortc_internals.add_telephone_events(self._audio, self._event_types)
        aiortc_internals.tap_packets(self._audio.receiver, self._packet_received)
        codec = aiortc_internals.sending_codec(self._audio)
        audio_rate = offers.TELEPHONE_RATES[0]
        at_audio_rate = [t for t, rate in self._event_types.items() if rate == audio_rate]
        self._track.negotiated(codec, next(iter(at_audio_rate), None))

    # --- sending ---------------------------------------------------------------------------------

    def press(self, key: str) -> None:
        """Send a telephone key.

        Raises:
            ValueError: this is no telephone key.
            RuntimeError: the far side does not understand telephone events.
        """
        self._track.press(key)

    def send(self, topic: str, data: Mapping[str, Any]) -> None:
        """Send a message, or keep it until the channel is open; best effort, never blocks.

        Raises:
            MessageRefused: JSON cannot carry the data, or it is too long.
        """
        self._messages.send(topic, data)

    # --- receiving -------------------------------------------------------------------------------

    def _packet_received(self, packet: aiortc_internals.RtpPacket) -> None:
        if self._incoming is None or packet.ssrc != self._stream:
            self._stream, self._keys = packet.ssrc, KeyReceiver()
            self._incoming = IncomingAudio(OpusDecoder().decode, self._events.audio_received)
        is_event = packet.payload_type in self._event_types
        if is_event and (key := self._keys.receive(packet.timestamp, packet.payload)) is not None:
            self._events.key_received(key)
        payload = b"" if is_event else packet.payload
        now = self._clock.monotonic()
        self._incoming.receive(packet.sequence_number, packet.timestamp, payload, now)
        self._set_timer()

    def _set_timer(self) -> None:
        """Keep one timer, no later than the next deadline; it may come early and do nothing."""
        due = self._incoming.next_deadline if self._incoming and not self._ended else None
        loop = asyncio.get_running_loop()
        if due is None or self._closing:
            return
        when = loop.time() + max(0.0, due - self._clock.monotonic())
        if self._timer is not None:
            if self._timer.when() <= when:
                return
            self._timer.cancel()
        self._timer = loop.call_at(when, self._timer_fired)

    def _timer_fired(self) -> None:
        self._timer = None
        if self._incoming is not None and not self._ended:
            self._incoming.tick(self._clock.monotonic())
            self._set_timer()

    # --- ending ----------------------------------------------------------------------------------

    async def close(self) -> None:
        """Let the last words arrive, say goodbye, and free everything. Idempotent.

        Ends within three seconds whatever the far side does.
        """
        if self._closing:
            await self._closed.wait()
            return
        self._closing = True
        self._track.muted = True
        try:
            await self._finish_handshake()
            if self.is_connected:
                await asyncio.sleep(_LINGER_SECONDS)
            async with asyncio.timeout(_CLOSE_SECONDS):
                await self._peer.close()
        except TimeoutError:
            _log.warning("a connection did not close within %s s", _CLOSE_SECONDS)
        except Exception:  # the call is over all the same; what is left is the library's
            _log.exception("a connection did not close cleanly")
        finally:
            if self._timer is not None:
                self._timer.cancel()
            await self._tasks.aclose()
            self._closed.set()

    async def _finish_handshake(self) -> None:
        """Wait a moment: in the middle of a handshake no goodbye can be sent."""
        if self._peer.connectionState == "connecting":
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(_HANDSHAKE_SECONDS):
                    await self._settled.wait()

    def _state_changed(self) -> None:
        state = self._peer.connectionState
        if state == "connected" and not self._connected:
            self._connected = True
            self._settled.set()
            self._noticed()
            if not self._closing:
                self._events.connected()
        elif state == "failed":
            self._end("lost" if self._connected else "unreachable")
        elif state == "closed":
            self._end("left")

    def _end(self, reason: str) -> None:
        self._settled.set()
        if not self._ended and not self._closing:
            self._ended = True
            self._events.ended(reason)

    def _noticed(self) -> None:
        self._alive_at = self._clock.monotonic()

    async def _watch(self) -> None:
        """Find the call that does not come about, and the one whose far side is gone."""
        began = self._clock.monotonic()
        while not self._ended:
            limit = self._lost_seconds if self._connected else self._connect_seconds
            since = self._alive_at if self._connected else began
            rest = since + limit - self._clock.monotonic()
            if rest <= 0:
                self._end("lost" if self._connected else "unreachable")
                return
            await asyncio.sleep(min(rest, 1.0))

    def _task_failed(self, error: BaseException) -> None:
        _log.error("a task of a connection failed", exc_info=error)
        self._end("lost")
