from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from media.jitter_buffer import (
    MAX_HOLD_SECONDS,
    MIN_HOLD_SECONDS,
    Item,
    JitterBuffer,
    Lost,
    Packet,
    Restarted,
)


def feed(buffer: JitterBuffer, sequence: int, now: float) -> list[int | str]:
    """Push one packet and tell what comes out: sequence numbers, `-n` for n lost, `new`."""
    buffer.push(sequence % 65536, sequence * 960 % 2**32, b"x", now)
    return short(buffer.pop(now))


def short(items: list[Item]) -> list[int | str]:
    out: list[int | str] = []
    for item in items:
        match item:
            case Packet():
                out.append(item.sequence)
            case Lost():
                out.append(-item.packets)
            case Restarted():
                out.append("new")
    return out


def test_packets_in_order_are_not_delayed_at_all() -> None:
    buffer = JitterBuffer()
    assert [feed(buffer, n, n * 0.02) for n in range(65530, 65540)] == [
        [n % 65536] for n in range(65530, 65540)
    ]
    assert buffer.next_deadline is None


def test_a_lost_packet_costs_its_wait_once_and_leaves_no_delay() -> None:
    buffer = JitterBuffer()
    feed(buffer, 0, 0.00)
    assert feed(buffer, 2, 0.04) == []
    assert buffer.next_deadline == 0.04 + MIN_HOLD_SECONDS
    assert feed(buffer, 3, 0.061) == [-1, 2, 3]
    assert feed(buffer, 4, 0.08) == [4]
    assert buffer.next_deadline is None


def test_the_deadline_frees_what_is_held_though_nothing_more_comes() -> None:
    buffer = JitterBuffer()
    feed(buffer, 0, 0.0)
    feed(buffer, 3, 0.04)
    assert short(buffer.pop(0.05)) == []
    assert short(buffer.pop(0.061)) == [-2, 3]
    assert buffer.lost == 2


def test_an_overtaken_packet_is_put_back_into_its_place() -> None:
    buffer = JitterBuffer()
    feed(buffer, 0, 0.0)
    assert feed(buffer, 2, 0.020) == []
    assert feed(buffer, 1, 0.025) == [1, 2]


def test_duplicates_are_dropped() -> None:
    buffer = JitterBuffer()
    feed(buffer, 7, 0.0)
    assert feed(buffer, 7, 0.001) == []
    feed(buffer, 9, 0.02)
    feed(buffer, 9, 0.021)
    assert feed(buffer, 8, 0.022) == [8, 9]
    assert feed(buffer, 9, 0.023) == []


def test_the_wait_grows_when_it_was_too_short_and_shrinks_in_calm() -> None:
    buffer = JitterBuffer()
    now, sequence = 0.0, 0
    feed(buffer, 0, 0.0)
    for _ in range(4):
        sequence += 2
        feed(buffer, sequence, now)
        now += buffer.hold
        buffer.pop(now)
        feed(buffer, sequence - 1, now)  # it comes after all
    assert buffer.hold == MAX_HOLD_SECONDS

    for _ in range(1600):
        sequence, now = sequence + 1, now + 0.02
        feed(buffer, sequence, now)
    assert buffer.hold == MIN_HOLD_SECONDS


def test_a_stream_that_restarts_is_believed_at_its_second_packet() -> None:
    buffer = JitterBuffer()
    feed(buffer, 10, 0.0)
    feed(buffer, 12, 0.02)
    assert feed(buffer, 40_000, 0.03) == []
    assert feed(buffer, 40_001, 0.035) == [12, "new", 40_000, 40_001]
    assert feed(buffer, 40_002, 0.06) == [40_002]


def test_one_stray_packet_restarts_nothing() -> None:
    buffer = JitterBuffer()
    feed(buffer, 10, 0.0)
    assert feed(buffer, 30_000, 0.01) == []
    assert feed(buffer, 11, 0.02) == [11]
    assert feed(buffer, 30_002, 0.03) == []
    assert feed(buffer, 12, 0.04) == [12]


@given(
    st.integers(0, 65535),
    st.lists(st.tuples(st.booleans(), st.integers(0, 3), st.integers(0, 45)), max_size=80),
)
def test_what_goes_out_is_in_order_and_accounts_for_every_packet(
    first: int, fates: list[tuple[bool, int, int]]
) -> None:
    """Whatever is lost, doubled, delayed or overtaken, and wherever the count wraps."""
    arrivals = [(0.0, first)]
    for number, (lost, doubles, late) in enumerate(fates, start=1):
        if not lost:
            at = number * 0.02 + late / 1000
            arrivals += [(at + copy / 1000, first + number) for copy in range(1 + doubles)]
    buffer, out = JitterBuffer(), []
    for now, sequence in sorted(arrivals):
        buffer.push(sequence % 65536, 0, b"x", now)
        out += buffer.pop(now)
        assert buffer.next_deadline is None or buffer.next_deadline > now
        assert buffer.next_deadline is None or buffer.next_deadline <= now + MAX_HOLD_SECONDS
    out += buffer.pop(1e9)

    expected = first
    for item in out:
        if isinstance(item, Lost):
            expected += item.packets
        else:
            assert isinstance(item, Packet)
            assert item.sequence == expected % 65536
            expected += 1
    assert expected <= first + len(fates) + 1
    assert buffer.next_deadline is None


@given(st.lists(st.tuples(st.integers(0, 65535), st.floats(0, 0.1)), max_size=120))
def test_any_packets_at_all_do_no_harm(packets: list[tuple[int, float]]) -> None:
    buffer, now = JitterBuffer(), 0.0
    for sequence, gap in packets:
        now += gap
        feed(buffer, sequence, now)
        assert len(buffer._held) <= 51
