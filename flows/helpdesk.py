"""The tools of `support_triage.yaml`: known trouble by postcode, and tickets, kept in memory."""

from __future__ import annotations

import datetime
from dataclasses import dataclass
from typing import Any

OUTAGES: dict[tuple[str, str], datetime.time | None] = {
    ("10115", "internet"): datetime.time(18, 0),
    ("10117", "television"): None,
}
"""Known trouble: postcode and topic, and when it should be over, if that is known."""


@dataclass(frozen=True, slots=True)
class Ticket:
    """A call that was promised."""

    topic: str | None
    phone: str
    tried: str


TICKETS: dict[str, Ticket] = {}
"""By number."""


def find_outage(postcode: str, topic: str) -> dict[str, Any]:
    """Tell whether there is known trouble with a topic at a place, and when it should be over."""
    place = (postcode, topic)
    if place not in OUTAGES:
        return {"status": "fine", "until": None}
    return {"status": "outage", "until": OUTAGES[place]}


async def open_ticket(topic: str | None, phone: str, tried: str) -> dict[str, str]:
    """Promise a call; who has a ticket for the same already gets its number again."""
    wanted = Ticket(topic, phone, tried)
    for number, ticket in TICKETS.items():
        if ticket == wanted:
            return {"ticket": number}
    number = f"T{len(TICKETS) + 1}"
    TICKETS[number] = wanted
    return {"ticket": number}
