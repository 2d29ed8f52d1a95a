"""If one of these fails after an upgrade: read aiortc again before touching the pin."""

from __future__ import annotations

from importlib.metadata import version
from typing import Any

import aioice
import pytest
from aiortc import RTCIceGatherer, RTCRtpReceiver, RTCRtpTransceiver

from media import aiortc_internals
from media.errors import IncompatibleAiortc


def test_the_installed_aiortc_is_the_one_that_was_read() -> None:
    assert version("aiortc") == aiortc_internals.AIORTC_VERSION


def test_every_private_name_is_there() -> None:
    aiortc_internals.check()


@pytest.mark.parametrize("name", ["data_received", "request_received"])
def test_a_missing_method_is_named(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(aioice.Connection, name)
    with pytest.raises(IncompatibleAiortc, match=f"{name}.*Install aiortc=="):
        aiortc_internals.check()


@pytest.mark.parametrize(
    ("owner", "method", "name"),
    [
        (RTCRtpReceiver, "_handle_rtp_packet", "__jitter_buffer"),
        (RTCRtpTransceiver, "__init__", "_codecs"),
        (RTCIceGatherer, "gather", "_connection"),
        (aioice.Connection, "get_component_candidates", "get_component_candidates"),
    ],
)
def test_a_name_that_is_no_longer_used_is_named(
    owner: type, method: str, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(owner, method, lambda self: None)
    with pytest.raises(IncompatibleAiortc, match=name):
        aiortc_internals.check()


def test_a_receiver_without_the_buffer_is_refused() -> None:
    class Receiver:
        pass

    with pytest.raises(IncompatibleAiortc, match="__jitter_buffer"):
        aiortc_internals.tap_packets(Receiver(), lambda packet: None)


class _Connection:
    """The three methods of aioice's connection that are wrapped."""

    def __init__(self) -> None:
        self.calls: list[tuple[Any, ...]] = []

    async def get_component_candidates(self, component: int, addresses: list[str]) -> list[str]:
        return addresses

    def data_received(self, data: bytes, component: int) -> None:
        self.calls.append((data, component))

    def request_received(self, message: str, addr: str, protocol: str) -> None:
        self.calls.append((message, addr, protocol))


class _Transport:
    def __init__(self) -> None:
        self.iceGatherer = type("Gatherer", (), {"_connection": _Connection()})()


def test_loopback_is_offered_only_where_there_is_nothing_else(run_virtual: Any) -> None:
    transport = _Transport()
    aiortc_internals.watch_ice(transport, lambda: None)
    gather = transport.iceGatherer._connection.get_component_candidates

    assert run_virtual(gather(component=1, addresses=[])) == ["127.0.0.1"]
    assert run_virtual(gather(component=1, addresses=["192.0.2.7"])) == ["192.0.2.7"]


def test_every_datagram_is_noticed_and_passed_on() -> None:
    transport, noticed = _Transport(), []
    aiortc_internals.watch_ice(transport, lambda: noticed.append(1))
    connection = transport.iceGatherer._connection

    connection.data_received(b"rtp", 1)
    connection.request_received("check", "from", "socket")

    assert len(noticed) == 2
    assert connection.calls == [(b"rtp", 1), ("check", "from", "socket")]
