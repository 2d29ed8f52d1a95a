"""What comes from the room reaches the mailbox as events that can be kept."""

import pytest

from engine.events import ParticipantJoined, ParticipantLeft
from engine.pipeline.stage import SessionTime
from engine.session.listener import AT_ONCE, Listener
from engine.testing.loop import run_virtual
from media.clock import LoopClock
from media.room import Participant


@pytest.mark.parametrize(("grace", "told"), [(0, AT_ONCE), (60_000, 60_000)])
def test_who_comes_by_another_connection_is_lost_by_the_one_before_and_waited_for(grace, told):
    posted = []

    async def main():
        listener = Listener(lambda *_: None, posted.append, SessionTime(LoopClock()), grace)
        for name in ("c1", "c2", "c3"):
            listener.participant_joined(Participant(id=name))
        listener.participant_left(Participant(id="c1"), "left", False)
        listener.lose_all()
        listener.lose_all()

    run_virtual(main())

    joined = [e.participant for e in posted if isinstance(e, ParticipantJoined)]
    assert joined == ["c1", "c2", "c3"]
    left = [
        (e.participant, e.reason, e.last, e.grace) for e in posted if isinstance(e, ParticipantLeft)
    ]
    assert left == [
        ("c1", "left", False, 0),
        ("c2", "lost", False, told),
        ("c3", "lost", True, told),
    ]
