"""Trouble and tickets of the help line."""

import asyncio
import datetime

from flows import helpdesk


def test_known_trouble_tells_its_end_if_that_is_known():
    assert helpdesk.find_outage("10115", "internet") == {
        "status": "outage",
        "until": datetime.time(18, 0),
    }
    assert helpdesk.find_outage("10117", "television") == {"status": "outage", "until": None}
    assert helpdesk.find_outage("10115", "television") == {"status": "fine", "until": None}


def test_the_same_ticket_is_opened_once(monkeypatch):
    monkeypatch.setattr(helpdesk, "TICKETS", {})

    first = asyncio.run(helpdesk.open_ticket("internet", "0301", "nothing"))
    again = asyncio.run(helpdesk.open_ticket("internet", "0301", "nothing"))
    other = asyncio.run(helpdesk.open_ticket(None, "0301", "nothing"))

    assert first == again == {"ticket": "T1"}
    assert other == {"ticket": "T2"}
