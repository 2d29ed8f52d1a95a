from __future__ import annotations

import asyncio
import wave
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from media.audio_file import Columns
from media.clock import LoopClock
from media.errors import AudioFileError
from media.frames import FRAME_SAMPLES, Samples
from media.recorder import AGENT, OTHERS, Recorder, StereoTimeline

RunVirtual = Callable[[Coroutine[Any, Any, Any]], Any]


def block(level: int, count: int = FRAME_SAMPLES) -> Samples:
    return np.full(count, level, dtype=np.int16)


def stereo(path: Path) -> Columns:
    with wave.open(str(path)) as file:
        assert file.getnchannels() == 2
        assert file.getframerate() == 48_000
        return np.frombuffer(file.readframes(file.getnframes()), "<i2").reshape(-1, 2)


def ignore(error: AudioFileError) -> None:
    raise AssertionError(error)


def test_what_sounded_together_is_side_by_side(run_virtual: RunVirtual, tmp_path: Path) -> None:
    """The agent speaks from 1.0 to 1.5 s, the caller from 1.2 to 2.0 s."""

    async def call() -> None:
        clock = LoopClock()
        recorder = Recorder(tmp_path / "call.wav", clock, ignore)
        begin = clock.monotonic()
        for beat in range(1, 150):
            await asyncio.sleep(begin + beat * 0.02 - clock.monotonic())
            recorder.received("caller", block(500 if 60 < beat <= 100 else 0), clock.monotonic())
            recorder.agent_sent(block(700 if 50 <= beat < 75 else 0))
        await recorder.aclose()
        await recorder.aclose()

    run_virtual(call())
    columns = stereo(tmp_path / "call.wav")
    agent, caller = np.flatnonzero(columns[:, AGENT]), np.flatnonzero(columns[:, OTHERS])

    assert (agent[0], len(agent)) == (48_000, 25 * FRAME_SAMPLES)
    assert (caller[0], len(caller)) == (57_600, 40 * FRAME_SAMPLES)
    assert len(columns) == 150 * FRAME_SAMPLES


def test_a_burst_after_a_stall_is_laid_where_it_belongs(
    run_virtual: RunVirtual, tmp_path: Path
) -> None:
    async def call() -> None:
        clock = LoopClock()
        recorder = Recorder(tmp_path / "call.wav", clock, ignore)
        for _ in range(50):
            await asyncio.sleep(0.02)
            recorder.received("caller", block(100), clock.monotonic())
        await asyncio.sleep(0.3)
        for _ in range(15):
            recorder.received("caller", block(200), clock.monotonic())
        await asyncio.sleep(0.02)
        recorder.received("caller", block(300), clock.monotonic())
        await recorder.aclose()

    run_virtual(call())
    caller = stereo(tmp_path / "call.wav")[:, OTHERS]

    assert np.array_equal(caller, np.repeat([100, 200, 300], np.array([50, 15, 1]) * 960))


def test_two_callers_are_mixed_and_clipped(run_virtual: RunVirtual, tmp_path: Path) -> None:
    async def call() -> None:
        clock = LoopClock()
        recorder = Recorder(tmp_path / "call.wav", clock, ignore)
        await asyncio.sleep(0.02)
        recorder.received("one", block(30_000), clock.monotonic())
        recorder.received("two", block(30_000), clock.monotonic())
        await recorder.aclose()

    run_virtual(call())
    assert set(stereo(tmp_path / "call.wav")[:, OTHERS]) == {32_767}


def test_a_disk_that_fails_ends_the_recording_and_not_the_call(
    run_virtual: RunVirtual, tmp_path: Path
) -> None:
    async def call() -> list[str]:
        clock, errors = LoopClock(), list[AudioFileError]()
        recorder = Recorder(tmp_path / "call.wav", clock, errors.append)

        class Full:
            def write(self, columns: Columns) -> None:
                raise OSError(28, "No space left on device")

            def close(self) -> None:
                raise OSError(28, "No space left on device")

        recorder._writer.close()
        recorder._writer = Full()  # a disk cannot be filled in a test
        for _ in range(200):
            await asyncio.sleep(0.02)
            recorder.agent_sent(block(1))
        await recorder.aclose()
        await asyncio.sleep(0)
        return [str(error) for error in errors]

    messages = run_virtual(call())
    assert len(messages) == 1
    assert "No space left" in messages[0]


def test_a_folder_that_is_not_there_is_told_at_once(
    run_virtual: RunVirtual, tmp_path: Path
) -> None:
    async def call() -> None:
        with pytest.raises(AudioFileError, match=r"nowhere.call\.wav"):
            Recorder(tmp_path / "nowhere" / "call.wav", LoopClock(), ignore)

    run_virtual(call())


@given(
    st.lists(
        st.tuples(st.sampled_from([AGENT, OTHERS]), st.integers(0, 30_000), st.integers(0, 4000)),
        max_size=12,
    ),
    st.lists(st.integers(0, 40_000), max_size=5),
)
def test_the_timeline_keeps_every_sample_at_its_position(
    blocks: list[tuple[int, int, int]], takes: list[int]
) -> None:
    timeline, expected = StereoTimeline(), np.zeros((40_000, 2), dtype=np.int64)
    for channel, position, count in blocks:
        timeline.add(channel, position, block(10, count))
        expected[position : position + count, channel] += 10
    taken = [timeline.take(until) for until in [*takes, 40_000]]
    assert np.array_equal(np.concatenate(taken)[:40_000], expected)
