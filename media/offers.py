"""What an offer must be before it is given to the WebRTC library, and what is read out of it."""

from __future__ import annotations

from typing import Any

from aiortc.sdp import SessionDescription

from media.errors import OfferRefused

TELEPHONE_EVENT = "audio/telephone-event"

TELEPHONE_RATES = (48_000, 8_000)
"""RTP clock rates of telephone events: that of Opus, and the one everybody has."""

_OUR_PAYLOAD_TYPES = (110, 126)
_KINDS = {"audio", "video", "application"}


def parse(sdp: str) -> SessionDescription:
    """Return a session description that the library can work with.

    Its parser accepts much that it later stumbles over, half way and with sockets open; what a
    browser or a sane peer sends passes.

    Raises:
        OfferRefused: it is no SDP, has no audio, or its sections do not fit together.
    """
    try:
        description = SessionDescription.parse(sdp)
    except Exception as error:  # what a parser of untrusted text may raise is not listed
        raise OfferRefused(f"the session description cannot be read: {error!r}") from error
    kinds = [media.kind for media in description.media]
    if "audio" not in kinds:
        raise OfferRefused("the session description has no audio")
    if not set(kinds) <= _KINDS or kinds.count("application") > 1:
        raise OfferRefused(f"the session description has sections that are not known: {kinds}")
    _check_bundle(description)
    return description


def _check_bundle(description: SessionDescription) -> None:
    """All sections share one transport: the one thing both sides must agree on (RFC 8843)."""
    mids = [media.rtp.muxId for media in description.media]
    if not all(mids) or len(set(mids)) < len(mids):
        raise OfferRefused("each section needs an identification (a=mid) of its own")
    bundles = [group.items for group in description.group if group.semantic == "BUNDLE"]
    if len(mids) > 1 and (len(bundles) != 1 or sorted(bundles[0]) != sorted(mids)):
        raise OfferRefused("the sections must be bundled (a=group:BUNDLE), all of them once")
    if bundles and bundles[0] and bundles[0][0] not in mids:
        raise OfferRefused("a bundle of sections that do not exist")


def check_hears(description: SessionDescription) -> None:
    """Refuse a caller who would not hear the agent: its speech could never be over.

    Raises:
        OfferRefused: the first audio section does not receive.
    """
    audio = next(media for media in description.media if media.kind == "audio")
    if audio.direction not in {"sendrecv", "recvonly"}:
        named = audio.direction or "without a direction"
        raise OfferRefused(f"the offer's audio is {named}: it must be able to receive")


def telephone_events(description: SessionDescription) -> dict[int, int]:
    """Return payload type -> clock rate of the telephone events of the first audio section."""
    audio: Any = next(media for media in description.media if media.kind == "audio")
    return {
        codec.payloadType: codec.clockRate
        for codec in audio.rtp.codecs
        if codec.mimeType.lower() == TELEPHONE_EVENT and codec.clockRate in TELEPHONE_RATES
    }


def with_telephone_events(sdp: str) -> str:
    """Return our own offer with telephone events beside Opus."""
    lines = []
    for line in sdp.splitlines():
        if line.startswith("m=audio "):
            line += "".join(f" {payload_type}" for payload_type in _OUR_PAYLOAD_TYPES)
        lines.append(line)
        if line.startswith("a=rtpmap:") and "opus/48000" in line:
            for payload_type, rate in zip(_OUR_PAYLOAD_TYPES, TELEPHONE_RATES, strict=True):
                lines.append(f"a=rtpmap:{payload_type} telephone-event/{rate}")
                lines.append(f"a=fmtp:{payload_type} 0-15")
    return "\r\n".join(lines) + "\r\n"
