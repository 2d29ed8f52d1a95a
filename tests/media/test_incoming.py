from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from media.frames import FRAME_SAMPLES, Samples
from media.incoming import STARVED_SECONDS, IncomingAudio, conceal

LEVEL = 1000


def decode(payload: bytes) -> Samples | None:
    return None if payload == b"bad" else np.full(FRAME_SAMPLES, LEVEL, dtype=np.int16)


class Stream:
    """A received stream and what it gave out."""

    def __init__(self) -> None:
        self.blocks: list[Samples] = []
        self.instants: list[float] = []
        self.audio = IncomingAudio(decode, self.deliver)

    def deliver(self, samples: Samples, at: float) -> None:
        self.blocks.append(samples)
        self.instants.append(at)

    @property
    def samples(self) -> Samples:
        return np.concatenate([np.zeros(0, dtype=np.int16), *self.blocks])

    def packet(self, number: int, now: float, payload: bytes = b"x", skip: int = 0) -> None:
        timestamp = (2**32 - 3000 + number * FRAME_SAMPLES + skip) % 2**32
        self.audio.receive((65_530 + number) % 65_536, timestamp, payload, now)


def test_packets_in_order_come_out_at_once_across_both_wraps() -> None:
    stream = Stream()
    for number in range(20):
        stream.packet(number, number * 0.02)
    assert stream.instants == [number * 0.02 for number in range(20)]
    assert np.all(stream.samples == LEVEL)


def test_a_loss_is_filled_with_a_fading_repeat_of_the_same_length() -> None:
    stream = Stream()
    for number in (0, 1, 3, 4):
        stream.packet(number, number * 0.02)
        stream.audio.tick(number * 0.02 + 0.0199)
    stream.audio.tick(0.081)

    samples = stream.samples
    assert len(samples) == 5 * FRAME_SAMPLES
    gap = samples[2 * FRAME_SAMPLES : 3 * FRAME_SAMPLES]
    assert gap[0] == LEVEL
    assert gap[-1] == 0
    assert np.all(np.diff(gap) <= 0)


def test_time_the_sender_skipped_is_silence() -> None:
    stream = Stream()
    stream.packet(0, 0.0)
    stream.packet(1, 0.2, skip=4800)
    assert len(stream.samples) == 2 * FRAME_SAMPLES + 4800
    assert not stream.samples[FRAME_SAMPLES:-FRAME_SAMPLES].any()


def test_telephone_keys_in_between_are_silence() -> None:
    stream = Stream()
    stream.packet(0, 0.0)
    for number in range(1, 8):
        stream.packet(number, number * 0.02, payload=b"")
    stream.packet(8, 0.16)
    assert len(stream.samples) == 9 * FRAME_SAMPLES
    assert np.count_nonzero(stream.samples) == 2 * FRAME_SAMPLES


def test_a_packet_that_cannot_be_decoded_is_treated_as_lost() -> None:
    stream = Stream()
    stream.packet(0, 0.0)
    stream.packet(1, 0.02, payload=b"bad")
    stream.packet(2, 0.04)
    assert len(stream.samples) == 3 * FRAME_SAMPLES
    assert stream.samples[FRAME_SAMPLES] == LEVEL


def drive(stream: Stream, until: float) -> None:
    """Tick at each deadline, as the shell's timer does."""
    while (due := stream.audio.next_deadline) is not None and due <= until:
        stream.audio.tick(due)


def test_when_nothing_comes_silence_counts_the_time() -> None:
    stream = Stream()
    stream.packet(0, 0.0)
    drive(stream, STARVED_SECONDS - 0.01)
    assert len(stream.samples) == FRAME_SAMPLES
    drive(stream, 1.0)
    assert abs(len(stream.samples) - 48_000) <= 2 * FRAME_SAMPLES

    stream.packet(50, 1.0, skip=0)  # a jump of one second in both counts
    stream.packet(51, 1.02)
    drive(stream, 1.05)
    assert abs(len(stream.samples) - 48_000 - 2 * FRAME_SAMPLES) <= 2 * FRAME_SAMPLES


def test_late_audio_is_late_and_not_lost() -> None:
    stream = Stream()
    stream.packet(0, 0.0)
    drive(stream, 0.6)
    for number in range(1, 31):
        stream.packet(number, 0.6)
    assert np.count_nonzero(stream.samples) == 31 * FRAME_SAMPLES


def test_what_arrived_while_we_were_stalled_is_read_before_silence_stands_in() -> None:
    stream = Stream()
    stream.packet(0, 0.0)
    stream.audio.tick(0.9)  # due at 0.4: nobody read the packets that wait in the socket
    for number in range(1, 46):
        stream.packet(number, 0.9 + number / 1000)
    assert len(stream.samples) == np.count_nonzero(stream.samples) == 46 * FRAME_SAMPLES


def test_when_nothing_waited_after_a_stall_silence_counts_the_time() -> None:
    stream = Stream()
    stream.packet(0, 0.0)
    stream.audio.tick(0.9)
    drive(stream, 1.2)
    assert abs(len(stream.samples) - 1.2 * 48_000) <= 2 * FRAME_SAMPLES


def test_a_sender_that_starts_over_leaves_no_hole() -> None:
    stream = Stream()
    stream.packet(0, 0.0)
    for number in (20_000, 20_001, 20_002):
        stream.packet(number, 0.02, skip=77)
    assert len(stream.samples) == 4 * FRAME_SAMPLES


def test_before_the_first_packet_nothing_is_due() -> None:
    stream = Stream()
    stream.audio.tick(100.0)
    assert stream.audio.next_deadline is None
    assert stream.blocks == []


def test_concealment_of_a_long_gap_ends_in_silence() -> None:
    gap = conceal(np.full(960, 500, dtype=np.int16), 3000)
    assert len(gap) == 3000
    assert not gap[960:].any()


@given(st.sets(st.integers(1, 60)), st.integers(0, 2**32 - 1), st.integers(0, 65_535))
def test_samples_count_time_whatever_is_lost(lost: set[int], timestamp: int, sequence: int) -> None:
    stream = Stream()
    for number in range(62):
        if number not in lost:
            now = number * 0.02
            drive(stream, now)
            stream.audio.receive(
                (sequence + number) % 65_536,
                (timestamp + number * FRAME_SAMPLES) % 2**32,
                b"x",
                now,
            )
    drive(stream, 61 * 0.02 + 0.1)
    assert len(stream.samples) == 62 * FRAME_SAMPLES
