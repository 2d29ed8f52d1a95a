"""The caller's wall time follows from when the call began."""

from __future__ import annotations

import datetime

from hypothesis import given
from hypothesis import strategies as st

from engine.core.clock import WallClock

BEGAN = st.datetimes(datetime.datetime(1970, 1, 1), datetime.datetime(2200, 1, 1))


@given(BEGAN, st.lists(st.integers(0, 5_000_000), max_size=8))
def test_the_time_a_model_is_told_is_that_of_the_instant(
    began: datetime.datetime, instants: list[int]
) -> None:
    clock = WallClock(began)
    for at in instants:
        now = began + datetime.timedelta(milliseconds=at)
        assert clock.now(at) == now
        assert clock.told(at) == f"It is {now:%A, %Y-%m-%d, %H:%M}."


def test_a_minute_is_over_when_the_wall_clock_says_so() -> None:
    clock = WallClock(datetime.datetime(2026, 5, 1, 12, 3, 59, 999_500))
    assert [clock.told(at) for at in (0, 1, 60_000, 60_001)] == [
        "It is Friday, 2026-05-01, 12:03.",
        "It is Friday, 2026-05-01, 12:04.",
        "It is Friday, 2026-05-01, 12:04.",
        "It is Friday, 2026-05-01, 12:05.",
    ]
