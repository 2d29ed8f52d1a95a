"""The caller of `turnwise demo`: what is said, when, and what must come of it."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

FLOW = "book_table.yaml"


@dataclass(frozen=True, slots=True, kw_only=True)
class DemoLine:
    """One line of the caller; see `engine.testing.scripted_caller.Line`."""

    cue: str
    text: str
    barge_in: float | None = None
    objections: tuple[tuple[str, str], ...] = ()


TIME = "at seven thirty"
NAME = "my name is john smith"
FIVE = "make it five people"

SCRIPT: tuple[DemoLine, ...] = (
    # two slots in one sentence ...
    DemoLine(cue="how many people", text="a table for four people tomorrow"),
    # ... a digression, after which the agent asks the open question again ...
    DemoLine(cue="what time", text="what time do you close"),
    # ... and the others one by one
    DemoLine(cue="what time", text=TIME),
    DemoLine(cue="what name", text=NAME),
    DemoLine(cue="phone number", text="five five five one two three four"),
    DemoLine(
        cue="is that right",
        text="yes that is correct",
        objections=(("5 5 5, 1 2 3 4\\.", "no that is wrong"),),
    ),
    # a barge-in that is a correction: the agent stops, asks for a free table again, and confirms
    DemoLine(cue="shall i book it", text=FIVE, barge_in=1.2),
    # a caller who listens: whatever was misheard before is said again
    DemoLine(
        cue="shall i book it",
        text="yes please",
        objections=(("5 people", FIVE), ("seven thirty p m", TIME), ("name John Smith", NAME)),
    ),
)

PHONE = "5551234"


def caller_texts() -> set[str]:
    """Everything the caller may say."""
    return {line.text for line in SCRIPT} | {text for line in SCRIPT for _, text in line.objections}


def expected_booking(today: datetime.date) -> Mapping[str, Any]:
    """The arguments the booking tool must have been called with."""
    return {
        "size": 5,
        "date": (today + datetime.timedelta(days=1)).isoformat(),
        "time": "19:30",
        "name": "John Smith",
        "phone": PHONE,
    }
