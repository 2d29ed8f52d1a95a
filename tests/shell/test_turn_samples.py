"""What a caller hears while they interrupt, sample by sample."""

from __future__ import annotations

import numpy as np
import pytest

from engine.testing.golden import run_session
from media.frames import FRAME_SAMPLES, SAMPLE_RATE, Samples
from tests.shell.timing_kit import (
    LONG,
    OTHER,
    chat,
    compiled,
    coughs,
    leaves,
    says,
    scripted,
    tells,
)

EIGHT_SECONDS = 8 * SAMPLE_RATE


def heard(script, policy: str = "") -> Samples:
    """Play a call; return all that the caller hears of it, silence included."""
    blocks: list[Samples] = []
    made = scripted(
        [says(0.5, "tell me", 2.0), tells(LONG), *script], lines={LONG: {"lasts": 8000}}
    )
    run_session(compiled(chat(policy)), made, lambda samples, _: blocks.append(samples))
    return np.concatenate(blocks)


def from_its_beginning(audio: Samples) -> Samples:
    """Return what is heard from the first sample of the long line on; before it is a greeting."""
    start = 3 * SAMPLE_RATE
    first = start + int(np.flatnonzero(audio[start:])[0])
    return audio[first - first % FRAME_SAMPLES :]


def last_sound(audio: Samples, before: float) -> float:
    """Return the instant (seconds) of the last sample that is no silence before another one."""
    return float(np.flatnonzero(audio[: round(before * SAMPLE_RATE)])[-1] / SAMPLE_RATE)


WHOLE = from_its_beginning(heard([leaves(16)]))[:EIGHT_SECONDS]


def test_a_cough_costs_no_sample_and_repeats_none():
    audio = from_its_beginning(heard([coughs(5.0), leaves(16)]))
    held = round((5.5 - 3.2) * SAMPLE_RATE)  # within a block of it
    pause = 3 * SAMPLE_RATE

    (at,) = [
        n
        for n in range(held - FRAME_SAMPLES, held + 2 * FRAME_SAMPLES, FRAME_SAMPLES)
        if np.array_equal(audio[:n], WHOLE[:n])
        and not audio[n : n + pause].any()
        and np.array_equal(audio[n + pause : EIGHT_SECONDS + pause], WHOLE[n:])
    ]
    assert abs(at - held) <= FRAME_SAMPLES
    assert not audio[EIGHT_SECONDS + pause :].any(), "nothing of it is heard twice"


def test_with_a_fade_the_line_falls_silent_and_rises_again_over_the_same_samples():
    fade = round(0.08 * SAMPLE_RATE)
    audio = from_its_beginning(heard([coughs(5.0), leaves(16)], "interruptions: {fade: 80ms}"))
    pause = 3 * SAMPLE_RATE
    at = next(n for n in range(0, EIGHT_SECONDS, FRAME_SAMPLES) if differs(audio, n))
    falling, rising = audio[at : at + fade], audio[at + pause : at + pause + fade]

    assert abs(at / SAMPLE_RATE - 2.3) <= 0.05
    assert not audio[at + fade : at + pause].any()
    assert np.allclose(falling.astype(int) + rising, WHOLE[at : at + fade], atol=20)
    after = at + fade
    assert np.array_equal(audio[after + pause : EIGHT_SECONDS + pause], WHOLE[after:])


def differs(audio: Samples, at: int) -> bool:
    block = slice(at, at + FRAME_SAMPLES)
    return not np.array_equal(audio[block], WHOLE[block])


@pytest.mark.parametrize("policy", ["", "interruptions: {false_alarm: {resume: false}}"])
@pytest.mark.parametrize("at", [3.6, 5.0, 7.31])
def test_half_a_second_into_a_barge_in_nothing_of_the_line_is_heard(policy, at):
    """... until the next answer, and what was heard before is the line itself."""
    script = [says(at, "no wait"), tells(OTHER), leaves(at + 4)]
    audio = heard(script, policy)
    silent = last_sound(audio, before=at + 1.6)

    assert at + 0.4 <= silent <= at + 0.55
    line = from_its_beginning(audio)
    sounded = round((silent - 3.2) * SAMPLE_RATE) // FRAME_SAMPLES * FRAME_SAMPLES
    assert np.array_equal(line[:sounded], WHOLE[:sounded])
