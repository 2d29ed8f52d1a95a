"""Measuring on a machine that does other things too: many short blocks, and what they agree on.

A disturbance makes a block slower and never faster. So of the blocks of one thing the fastest tells
what the program costs, the median what it costs on this machine as it is now; both are given. Two
things that are compared are measured in turn, block by block, so that a machine that slows down in
the middle slows both.
"""

from __future__ import annotations

import gc
import math
import os
import platform
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager


def percentile(values: Sequence[float], percent: int) -> float:
    """The nearest-rank percentile: always a value that was really measured."""
    return sorted(values)[max(0, math.ceil(len(values) * percent / 100) - 1)]


def spread(values: Sequence[float], digits: int = 1) -> dict[str, float]:
    """The fastest and the median of some blocks."""
    return {"best": round(min(values), digits), "p50": round(percentile(values, 50), digits)}


def in_turn(work: Mapping[str, Callable[[], float]], blocks: int) -> dict[str, list[float]]:
    """Run every piece of work `blocks` times, in turn; return its figures by its name."""
    found: dict[str, list[float]] = {name: [] for name in work}
    for _ in range(blocks):
        for name, run in work.items():
            with no_garbage():
                found[name].append(run())
    return found


@contextmanager
def no_garbage() -> Iterator[None]:
    """Collect garbage now and not meanwhile: into which block it falls is chance."""
    gc.collect()
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


def reading() -> int:
    """Nanoseconds between two readings of the processor's time that follow each other.

    It asks the operating system: half a microsecond, which is not the measured program's.
    """
    clock = time.process_time_ns
    return min(-(clock() - clock()) for _ in range(200))


def yardstick() -> float:
    """Microseconds of a thousand additions: how fast this interpreter runs here and now."""
    best = math.inf
    for _ in range(50):
        began, total = time.perf_counter(), 0
        for number in range(1000):
            total += number
        best = min(best, time.perf_counter() - began)
    return best * 1e6


def machine() -> str:
    """One line that says where the figures come from."""
    load = os.getloadavg()[0]
    return (
        f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores,"
        f" Python {platform.python_version()}, load {load:.1f}, yardstick {yardstick():.0f} us"
    )
