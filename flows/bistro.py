"""The tools of `book_table.yaml`: a small booking system, kept in memory.

A real one would ask a service; what matters here is the shape: plain functions with type hints.
The engine checks the arguments against the hints and the result against `returns` of the flow.
"""

from __future__ import annotations

import datetime
import hashlib
from typing import Any

KITCHEN_CLOSES = datetime.time(22, 0)
LONG_TABLE = 8
"""More guests than this need the one long table."""


def find_table(size: int, date: datetime.date, time: datetime.time) -> dict[str, Any]:
    """Tell whether a table is free, and when else on that day if it is not."""
    if time > KITCHEN_CLOSES:
        return {"status": "full", "others": []}
    if size > LONG_TABLE and time.hour == 19:  # the long table is taken at seven
        return {"status": "full", "others": [datetime.time(18, 0), datetime.time(20, 30)]}
    return {"status": "free", "others": []}


async def book_table(
    size: int, date: datetime.date, time: datetime.time, name: str, phone: str
) -> dict[str, str]:
    """Book it. The same booking always gets the same number, so repeating it is harmless."""
    booking = f"{date}|{time}|{name.lower()}|{phone}|{size}"
    return {
        "booking_id": "B" + str(int(hashlib.sha256(booking.encode()).hexdigest(), 16) % 900 + 100)
    }
