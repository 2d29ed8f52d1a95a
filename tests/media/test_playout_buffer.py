from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from media.frames import FRAME_SAMPLES, Samples
from media.playout_buffer import PlayoutBuffer, PlayoutMark


def ramp(count: int, start: int = 1) -> Samples:
    return (np.arange(start, start + count) % 30_000 + 1).astype(np.int16)


def started(utterance: str, played: int) -> PlayoutMark:
    return PlayoutMark(utterance=utterance, over=False, played=played)


def over(utterance: str, played: int) -> PlayoutMark:
    return PlayoutMark(utterance=utterance, over=True, played=played)


def test_final_partial_frame_is_padded_and_completes_the_utterance() -> None:
    buffer = PlayoutBuffer()
    buffer.push("a", ramp(1000))
    buffer.finish("a")

    first, second = buffer.pull(960), buffer.pull(960)

    assert first.marks == (started("a", 960),)
    assert second.marks == (over("a", 1000),)
    assert np.array_equal(second.samples[:40], ramp(1000)[960:])
    assert not second.samples[40:].any()


def test_an_underrun_is_silence_and_not_an_end() -> None:
    buffer = PlayoutBuffer()
    buffer.push("a", ramp(100))
    buffer.push("b", ramp(100))

    assert buffer.pull(960).marks == (started("a", 100),)
    assert buffer.pull(960).marks == ()

    buffer.finish("a")
    assert buffer.pull(960).marks == (over("a", 100), started("b", 100))


def test_utterances_play_in_the_order_they_were_opened_whatever_arrives_first() -> None:
    buffer = PlayoutBuffer()
    buffer.open("a")
    buffer.push("b", ramp(10, start=500))
    buffer.finish("b")
    assert not buffer.pull(20).samples.any()

    buffer.push("a", ramp(10))
    buffer.finish("a")
    pulled = buffer.pull(20)

    assert np.array_equal(pulled.samples, np.concatenate([ramp(10), ramp(10, start=500)]))
    assert pulled.marks == (started("a", 10), over("a", 10), started("b", 10), over("b", 10))


def test_pause_is_silent_at_the_very_next_pull_and_resume_goes_on_at_the_same_sample() -> None:
    buffer = PlayoutBuffer()
    buffer.push("a", ramp(3 * FRAME_SAMPLES))
    before = buffer.pull().samples
    buffer.pause()
    assert not buffer.pull().samples.any()
    assert not buffer.pull().samples.any()
    buffer.resume()

    after = buffer.pull().samples

    assert np.array_equal(np.concatenate([before, after]), ramp(2 * FRAME_SAMPLES))


def voice(count: int) -> Samples:
    """A tone as loud as a voice; its largest step from sample to sample is 461."""
    phase = 2 * np.pi * 440 / 48_000 * np.arange(count)
    return (8_000 * np.sin(phase)).astype(np.int16)


def largest_step(*blocks: Samples) -> int:
    return int(np.abs(np.diff(np.concatenate(blocks).astype(np.int32))).max())


@pytest.mark.parametrize(("fade", "clicks"), [(0, True), (240, False), (3_840, False)])
def test_a_pause_that_rings_out_and_rises_again_makes_no_click(fade: int, clicks: bool) -> None:
    buffer = PlayoutBuffer()
    buffer.push("a", voice(24_000))
    before = buffer.pull(1_060).samples
    buffer.pause(fade)
    held = [buffer.pull(960).samples for _ in range(6)]
    buffer.resume()
    after = buffer.pull(9_600).samples

    assert (largest_step(before, *held, after) > 470) == clicks
    assert not held[-1].any()
    assert np.array_equal(after[fade:], voice(24_000)[1_060 + fade : 1_060 + 9_600])
    assert (buffer.played, buffer.waiting, buffer.flushed) == (10_660, 13_340, 0)


def test_what_rings_out_was_not_used_up() -> None:
    buffer = PlayoutBuffer()
    buffer.push("a", voice(4_800))
    buffer.pull(960)
    buffer.pause(480)
    buffer.pull(960)

    assert buffer.drop(["a"], fade_samples=480) == {"a": 960}
    assert (buffer.played, buffer.flushed) == (960, 3_840)
    buffer.resume()
    assert not buffer.pull(960).samples.any()


@pytest.mark.parametrize("begun", [False, True])
def test_a_pause_where_nothing_follows_has_nothing_to_ring_out(begun: bool) -> None:
    buffer = PlayoutBuffer()
    buffer.push("a", voice(960))
    if begun:
        buffer.pull(960)
    buffer.pause(480)
    assert not buffer.pull(960).samples.any()
    buffer.resume()
    buffer.push("a", voice(960))

    assert np.array_equal(buffer.pull(960).samples, voice(960))


def test_completion_while_paused_waits_for_resume() -> None:
    buffer = PlayoutBuffer()
    buffer.push("a", ramp(960))
    buffer.pull(960)
    buffer.pause()
    buffer.finish("a")
    assert buffer.pull(960).marks == ()
    buffer.resume()
    assert buffer.pull(960).marks == (over("a", 960),)


def test_a_dropped_utterance_rings_out_with_a_fade_that_counts_as_played() -> None:
    buffer = PlayoutBuffer()
    buffer.push("a", np.full(4000, 1000, dtype=np.int16))
    buffer.push("b", ramp(100))
    buffer.pull(960)

    played = buffer.drop(["a", "b"], fade_samples=480)
    tail = buffer.pull(960).samples

    assert played == {"a": 1440, "b": 0}
    assert tail[0] == 1000
    assert np.all(np.diff(tail[:480]) <= 0)
    assert not tail[480:].any()
    assert buffer.flushed == 4000 - 1440 + 100


def test_a_drop_while_paused_makes_no_sound() -> None:
    buffer = PlayoutBuffer()
    buffer.push("a", ramp(4000))
    buffer.pull(960)
    buffer.pause()
    assert buffer.drop(["a"], fade_samples=480) == {"a": 960}
    buffer.resume()
    assert not buffer.pull(960).samples.any()


def test_late_audio_of_a_dropped_utterance_is_discarded() -> None:
    buffer = PlayoutBuffer()
    assert buffer.drop(["a"]) == {"a": 0}
    assert buffer.drop(["a"]) == {}
    buffer.push("a", ramp(960))
    buffer.finish("a")
    pulled = buffer.pull(960)
    assert not pulled.samples.any()
    assert pulled.marks == ()
    assert buffer.flushed == 960


def test_an_utterance_without_audio_is_over_without_having_started() -> None:
    buffer = PlayoutBuffer()
    buffer.finish("a")
    assert buffer.pull(960).marks == (over("a", 0),)


def test_only_int16_mono_is_accepted_and_nothing_after_finish() -> None:
    buffer = PlayoutBuffer()
    with pytest.raises(TypeError, match="float64"):
        buffer.push("a", np.zeros(3))  # type: ignore[arg-type]
    buffer.push("a", ramp(10))
    buffer.finish("a")
    with pytest.raises(ValueError, match="'a' was finished"):
        buffer.push("a", ramp(10))


_NAMES = st.sampled_from(["a", "b", "c"])
_OPERATIONS = st.lists(
    st.one_of(
        st.tuples(st.just("push"), _NAMES, st.integers(0, 3000)),
        st.tuples(st.just("finish"), _NAMES, st.just(0)),
        st.tuples(st.just("drop"), _NAMES, st.integers(0, 1000)),
        st.tuples(st.just("pull"), st.just(""), st.integers(1, 2000)),
        st.tuples(st.just("pause"), st.just(""), st.just(0)),
        st.tuples(st.just("resume"), st.just(""), st.just(0)),
    ),
    max_size=60,
)


class Ledger:
    """Drives a buffer with any operations and keeps its own account of each utterance."""

    def __init__(self) -> None:
        self.buffer = PlayoutBuffer()
        self.pushed = 0
        self.finished: set[str] = set()
        self.starts: list[str] = []
        self.ends: list[str] = []

    def run(self, operation: str, name: str, amount: int) -> None:
        if operation == "push" and name not in self.finished:
            self.buffer.push(name, ramp(amount))
            self.pushed += amount
        elif operation == "finish":
            self.buffer.finish(name)
            self.finished.add(name)
        elif operation == "drop":
            self.ends += self.buffer.drop([name], amount)
        elif operation == "pull":
            self.pull(amount)
        elif operation in {"pause", "resume"}:
            getattr(self.buffer, operation)()

    def pull(self, amount: int) -> None:
        paused = self.buffer.paused
        pulled = self.buffer.pull(amount)
        assert len(pulled.samples) == amount
        if paused:
            assert pulled.marks == ()
            assert not pulled.samples.any()
        for mark in pulled.marks:
            (self.ends if mark.over else self.starts).append(mark.utterance)


@given(_OPERATIONS)
def test_heard_plus_flushed_is_what_was_pushed(operations: list[tuple[str, str, int]]) -> None:
    """And each utterance starts at most once and ends at most once, after its start."""
    ledger = Ledger()
    for operation in operations:
        ledger.run(*operation)
        buffer = ledger.buffer
        assert buffer.played + buffer.flushed + buffer.waiting == ledger.pushed

    assert len(set(ledger.starts)) == len(ledger.starts)
    assert len(set(ledger.ends)) == len(ledger.ends)
    ledger.buffer.resume()
    for name in ledger.buffer.utterances:
        ledger.buffer.finish(name)
    ledger.pull(200_000)
    assert ledger.buffer.utterances == ()
    assert ledger.buffer.played + ledger.buffer.flushed == ledger.pushed


@given(st.lists(st.integers(0, 2500), max_size=8), st.lists(st.integers(1, 2500), max_size=12))
def test_samples_come_out_in_order_whatever_the_piece_sizes(
    pieces: list[int], pulls: list[int]
) -> None:
    whole = ramp(sum(pieces))
    buffer, at = PlayoutBuffer(), 0
    for size in pieces:
        buffer.push("a", whole[at : at + size])
        at += size

    out = np.concatenate([buffer.pull(size).samples for size in [*pulls, sum(pieces) + 1]])

    assert np.array_equal(out[: len(whole)], whole)
    assert not out[len(whole) :].any()
