"""Lengths of time as authors write them (`700ms`, `1.5s`, `8m`) and as the engine counts them."""

from __future__ import annotations

import re

from engine.events import Millis

DURATION_PATTERN = r"^(0|[1-9][0-9]{0,8})(\.[0-9]{1,3})?(ms|s|m|h)$"
"""One number and one unit. Nine digits keep every product an exact, small integer."""

_UNITS: dict[str, int] = {"ms": 1, "s": 1_000, "m": 60_000, "h": 3_600_000}
_DURATION = re.compile(DURATION_PATTERN)


def parse_duration(text: str) -> Millis:
    """Read a duration; a fraction of a millisecond is rounded half to even.

    Raises:
        ValueError: the text is not a number with one of the units `ms`, `s`, `m`, `h`.
    """
    match = _DURATION.match(text)
    if match is None or text.endswith("\n"):
        raise ValueError("expected a number and a unit (ms, s, m, h), like 700ms or 1.5s")
    whole, fraction, unit = match.groups()
    # Thousandths keep the arithmetic in integers: 1.001s is exactly 1001 ms.
    thousandths = int(whole) * 1_000 + int((fraction or ".0")[1:].ljust(3, "0"))
    return round(thousandths * _UNITS[unit] / 1_000)
