"""Every private name of aiortc and aioice that Turnwise uses, and nothing else does.

aiortc is pinned in pyproject.toml because of this file. Nothing is patched globally: each function
changes one object of one connection. What is reached into, and why there is no public way:

- ``RTCRtpReceiver.__jitter_buffer``: replaced by a tap. The stock buffer keeps up to 300 ms of
  delay after a single lost packet for the rest of the call, and decodes on another thread.
- ``RTCRtpTransceiver._codecs``: telephone-event is added. aiortc negotiates no such codec.
- ``RTCIceGatherer._connection`` and three methods of ``aioice.Connection`` on it: 127.0.0.1 is
  offered on a host that has no other address, and every received datagram is noticed, also the
  connectivity checks of a caller who sends no audio.

`check` says clearly what is missing when another aiortc is installed.
"""

from __future__ import annotations

import copy
from collections.abc import Callable
from importlib.metadata import version
from typing import Any, Protocol

import aioice
from aiortc import RTCIceGatherer, RTCRtpReceiver, RTCRtpTransceiver
from aiortc.rtcrtpparameters import RTCRtpCodecParameters

from media.errors import IncompatibleAiortc
from media.offers import TELEPHONE_EVENT

AIORTC_VERSION = "1.16.0"
"""The version all of this was read in and tested with."""

_BUFFER = "_RTCRtpReceiver__jitter_buffer"
_LOOPBACK = "127.0.0.1"


class RtpPacket(Protocol):
    """What is used of `aiortc.rtp.RtpPacket`."""

    payload_type: int
    sequence_number: int
    timestamp: int
    ssrc: int
    payload: bytes


OnPacket = Callable[[RtpPacket], None]


def check() -> None:
    """Make sure that the names of this module exist in the installed aiortc.

    Raises:
        IncompatibleAiortc: with the names that are missing.
    """
    uses = {
        "RTCRtpReceiver.__jitter_buffer": _uses(RTCRtpReceiver, "_handle_rtp_packet", _BUFFER),
        "RTCRtpTransceiver._codecs": _uses(RTCRtpTransceiver, "__init__", "_codecs"),
        "RTCIceGatherer._connection": _uses(RTCIceGatherer, "gather", "_connection"),
        "aioice.Connection.get_component_candidates(addresses)": _takes_addresses(),
        "aioice.Connection.data_received": hasattr(aioice.Connection, "data_received"),
        "aioice.Connection.request_received": hasattr(aioice.Connection, "request_received"),
    }
    missing = [name for name, used in uses.items() if not used]
    if missing:
        raise IncompatibleAiortc(
            f"aiortc {version('aiortc')} lacks {', '.join(missing)}. "
            f"Install aiortc=={AIORTC_VERSION}."
        )


def _uses(owner: type, method: str, name: str) -> bool:
    """Whether the method's code names an attribute: cheap enough to ask for every connection."""
    code = getattr(getattr(owner, method, None), "__code__", None)
    return code is not None and name in code.co_names


def _takes_addresses() -> bool:
    method = getattr(aioice.Connection, "get_component_candidates", None)
    code = getattr(method, "__code__", None)
    return code is not None and "addresses" in code.co_varnames[: code.co_argcount]


class _Tap:
    """Stands where the stock jitter buffer stood; passes packets on and never gives a frame."""

    def __init__(self, on_packet: OnPacket) -> None:
        self._on_packet = on_packet

    def add(self, packet: RtpPacket) -> tuple[bool, None]:
        """Take a packet; (no picture loss, no frame to decode)."""
        self._on_packet(packet)
        return False, None


def tap_packets(receiver: Any, on_packet: OnPacket) -> None:
    """Have every RTP packet of this receiver's stream given to `on_packet`, and decoded nowhere.

    Statistics and RTCP stay as they are: the tap sits behind them.
    """
    if not hasattr(receiver, _BUFFER):
        raise IncompatibleAiortc(f"RTCRtpReceiver has no {_BUFFER}")
    setattr(receiver, _BUFFER, _Tap(on_packet))


def add_telephone_events(transceiver: Any, payload_types: dict[int, int]) -> None:
    """Let this transceiver receive, and answer with, telephone events.

    Args:
        transceiver: after `setRemoteDescription`, and before an answer is created.
        payload_types: payload type -> clock rate, as the other side named them.
    """
    transceiver._codecs = copy.deepcopy(transceiver._codecs) + [
        RTCRtpCodecParameters(
            mimeType=TELEPHONE_EVENT,
            clockRate=rate,
            channels=1,
            payloadType=payload_type,
            parameters={"0-15": None},
        )
        for payload_type, rate in payload_types.items()
    ]


def sending_codec(transceiver: Any) -> Any:
    """Return the parameters the sender stamps on its packets, once negotiated.

    Its `payloadType` is read anew for each packet: the way to send a telephone event in the
    sequence of the audio.
    """
    return transceiver._codecs[0]


def watch_ice(ice_transport: Any, on_datagram: Callable[[], None]) -> None:
    """Notice all datagrams of this transport; offer 127.0.0.1 where there is no other address.

    Args:
        ice_transport: an `RTCIceTransport`, before candidates are gathered.
        on_datagram: called for everything that arrives.
    """
    connection = ice_transport.iceGatherer._connection
    gather = connection.get_component_candidates
    data_received, request_received = connection.data_received, connection.request_received

    async def gather_somewhere(*, addresses: list[str], **others: Any) -> Any:
        return await gather(addresses=addresses or [_LOOPBACK], **others)

    def notice_data(data: bytes, component: int) -> None:
        on_datagram()
        data_received(data, component)

    def notice_request(*args: Any, **kwargs: Any) -> None:
        on_datagram()
        request_received(*args, **kwargs)

    connection.get_component_candidates = gather_somewhere
    connection.data_received = notice_data
    connection.request_received = notice_request
