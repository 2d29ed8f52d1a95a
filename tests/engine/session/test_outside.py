"""What a program may tell a call, and what only the call itself knows."""

import pytest

from engine.events import AppEventReceived, CallNewsReceived
from engine.session.outside import NEWS, outside_event


def test_an_event_of_the_application_keeps_its_data():
    event = outside_event("app.paid.fully", {"amount": 3}, 7)

    assert event == AppEventReceived(at=7, name="paid.fully", data={"amount": 3})


@pytest.mark.parametrize("name", NEWS)
def test_news_of_the_line_come_under_their_own_name(name):
    assert outside_event(name, None, 7) == CallNewsReceived(at=7, name=name)


@pytest.mark.parametrize("name", ["app.", "app", "voicemails", "error.tool", "timer.x", ""])
def test_nothing_else_can_be_raised_from_outside(name):
    with pytest.raises(ValueError, match=r"expected one of app\.NAME, voicemail, agent\.joined"):
        outside_event(name, None, 7)
