"""What comes from the room reaches the mailbox as events that can be kept."""

from engine.events import TextReceived
from engine.pipeline.stage import SessionTime
from engine.session.listener import Listener
from engine.testing.loop import run_virtual
from media.clock import LoopClock
from media.room import Participant


def test_half_a_surrogate_pair_cannot_break_a_journal():
    posted = []

    async def main():
        listener = Listener(lambda *_: None, posted.append, SessionTime(LoopClock()))
        listener.text_received(Participant(id="c1"), "four \ud83d people")

    run_virtual(main())

    assert posted == [TextReceived(at=0, participant="c1", text="four ? people")]
