"""The calendar of the dental practice."""

import asyncio
import datetime

import pytest

from flows import clinic

TUESDAY = datetime.date(2026, 5, 5)
SATURDAY = datetime.date(2026, 5, 9)
NINE = datetime.time(9, 0)
TEN = datetime.time(10, 0)


@pytest.fixture(autouse=True)
def calendar(monkeypatch):
    monkeypatch.setattr(clinic, "TAKEN", {datetime.datetime.combine(TUESDAY, NINE)})
    monkeypatch.setattr(clinic, "VISITS", {"A17": datetime.datetime(2026, 5, 4, 10, 30)})
    monkeypatch.setattr(clinic, "KEPT", set())


def test_a_taken_time_offers_those_around_it():
    others = [datetime.time(8, 30), datetime.time(9, 30)]

    assert clinic.find_slot(TUESDAY, NINE) == {"status": "taken", "others": others}
    assert clinic.find_slot(TUESDAY, TEN) == {"status": "free", "others": []}
    assert clinic.find_slot(SATURDAY, TEN) == {"status": "closed", "others": []}


def test_a_moved_visit_takes_its_new_time():
    assert asyncio.run(clinic.move_visit("A17", TUESDAY, TEN)) == {"moved": True}
    assert clinic.find_slot(TUESDAY, TEN)["status"] == "taken"


@pytest.mark.parametrize(("appointment", "time"), [("A17", NINE), ("unknown", TEN)])
def test_a_visit_is_not_moved_to_a_taken_time_nor_out_of_nothing(appointment, time):
    assert asyncio.run(clinic.move_visit(appointment, TUESDAY, time)) == {"moved": False}


def test_a_cancelled_visit_can_neither_be_kept_nor_cancelled_again():
    assert asyncio.run(clinic.confirm_visit("A17")) == {"kept": True}
    assert asyncio.run(clinic.cancel_visit("A17")) == {"cancelled": True}
    assert asyncio.run(clinic.confirm_visit("A17")) == {"kept": False}
    assert asyncio.run(clinic.cancel_visit("A17")) == {"cancelled": False}
