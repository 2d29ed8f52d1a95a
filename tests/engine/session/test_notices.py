"""What handlers are told of a step."""

from engine.core.step import Note, States, Step
from engine.events import PlayoutFinished
from engine.session.notices import Fold, UtteranceNews


def test_a_line_nobody_will_hear_is_told_with_its_cause():
    dropped = Note(
        kind="dropped", data={"utterance": "a1.2", "text": "How many?", "because": "interrupted"}
    )
    step = Step(
        seq=1,
        at=500,
        cause=PlayoutFinished(at=500, utterance="a1.1", played=100, complete=False),
        moves=(),
        notes=(dropped,),
        effects=(),
        states=States(user="IDLE", agent="IDLE", dialog="ask"),
    )

    (news,) = [notice for notice in Fold().of(step) if isinstance(notice, UtteranceNews)]

    assert (news.utterance, news.state, news.cause) == ("a1.2", "dropped", "interrupted")
