"""The tools of `appointment_reminder.yaml`: the calendar of a dental practice, kept in memory."""

from __future__ import annotations

import datetime
from typing import Any

TIMES = tuple(datetime.time(hour, half) for hour in (8, 9, 10, 11, 14, 15, 16) for half in (0, 30))
SATURDAY = 5
TAKEN: set[datetime.datetime] = {datetime.datetime(2026, 5, 5, 9, 0)}
VISITS: dict[str, datetime.datetime] = {"A17": datetime.datetime(2026, 5, 4, 10, 30)}
"""Appointments by their numbers."""
KEPT: set[str] = set()
"""Appointments whose patients said that they will come."""


def find_slot(date: datetime.date, time: datetime.time) -> dict[str, Any]:
    """Tell whether a time is free, and which of that day come next to it if it is not."""
    if date.weekday() >= SATURDAY:
        return {"status": "closed", "others": []}
    free = [one for one in TIMES if datetime.datetime.combine(date, one) not in TAKEN]
    if time in free:
        return {"status": "free", "others": []}
    nearest = sorted(free, key=lambda one: abs(_minutes(one) - _minutes(time)))[:2]
    return {"status": "taken", "others": sorted(nearest)}


async def confirm_visit(appointment: str) -> dict[str, bool]:
    """Note that the patient will come; `kept` is false if there is no such appointment."""
    if appointment not in VISITS:
        return {"kept": False}
    KEPT.add(appointment)
    return {"kept": True}


async def move_visit(appointment: str, date: datetime.date, time: datetime.time) -> dict[str, bool]:
    """Move an appointment; `moved` is false if the new time was taken in the meantime."""
    new = datetime.datetime.combine(date, time)
    if appointment not in VISITS or new in TAKEN:
        return {"moved": False}
    TAKEN.discard(VISITS[appointment])
    TAKEN.add(new)
    VISITS[appointment] = new
    return {"moved": True}


async def cancel_visit(appointment: str) -> dict[str, bool]:
    """Cancel an appointment; `cancelled` is false if there is no such appointment."""
    return {"cancelled": VISITS.pop(appointment, None) is not None}


def _minutes(time: datetime.time) -> int:
    return time.hour * 60 + time.minute
