from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from media.errors import OfferRefused
from media.offers import check_hears, parse, telephone_events, with_telephone_events

AUDIO = """m=audio 9 UDP/TLS/RTP/SAVPF 96 110
c=IN IP4 0.0.0.0
a=rtpmap:96 opus/48000/2
a=rtpmap:110 telephone-event/48000
a=rtpmap:111 telephone-event/16000
a=mid:0
a=sendrecv
a=rtcp-mux
a=ice-ufrag:abcd
a=ice-pwd:abcdefghijklmnopqrstuvwx
a=fingerprint:sha-256 00:11
a=setup:actpass
"""
DATA = """m=application 9 UDP/DTLS/SCTP webrtc-datachannel
c=IN IP4 0.0.0.0
a=mid:1
a=sctp-port:5000
"""


def offer(*sections: str, bundle: str = "0") -> str:
    head = f"v=0\no=- 1 1 IN IP4 0.0.0.0\ns=-\nt=0 0\na=group:BUNDLE {bundle}\n"
    return (head + "".join(sections)).replace("\n", "\r\n")


def test_a_plain_offer_is_read() -> None:
    description = parse(offer(AUDIO, DATA, bundle="0 1"))
    check_hears(description)
    assert telephone_events(description) == {110: 48_000}


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "no audio"),
        (offer(DATA, bundle="1"), "no audio"),
        (offer(AUDIO, DATA), "must be bundled"),
        (offer(AUDIO, DATA, bundle="0 2"), "must be bundled"),
        (offer(AUDIO, AUDIO, bundle="0 0"), "of its own"),
        (offer(AUDIO.replace("a=mid:0\n", "")), "of its own"),
        (offer(AUDIO, bundle="7"), "do not exist"),
        (offer(AUDIO, DATA, DATA.replace("mid:1", "mid:2"), bundle="0 1 2"), "not known"),
        ("v=0\r\nm=audio x y\r\n", "cannot be read"),
    ],
)
def test_what_does_not_fit_together_is_refused(text: str, why: str) -> None:
    with pytest.raises(OfferRefused, match=why):
        parse(text)


@pytest.mark.parametrize("direction", ["sendonly", "inactive", "send"])
def test_who_would_not_hear_is_refused(direction: str) -> None:
    with pytest.raises(OfferRefused, match="able to receive"):
        check_hears(parse(offer(AUDIO.replace("sendrecv", direction))))


def test_our_offer_gets_telephone_events_beside_opus() -> None:
    plain = offer(AUDIO.replace("a=rtpmap:110 telephone-event/48000\n", "").replace(" 110", ""))
    assert telephone_events(parse(with_telephone_events(plain))) == {110: 48_000, 126: 8_000}


@given(st.lists(st.sampled_from([*AUDIO.splitlines(), *DATA.splitlines(), "m=", "a=mid:"])))
def test_any_lines_are_read_or_refused(lines: list[str]) -> None:
    try:
        parse("\r\n".join(["v=0", "o=- 1 1 IN IP4 0.0.0.0", "s=-", "t=0 0", *lines]) + "\r\n")
    except OfferRefused:
        return
