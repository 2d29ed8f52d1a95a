"""A call remembers its latest steps, and counts all of them."""

from engine.core.step import States, Step
from engine.events import TextReceived
from engine.session.past import Past

STATES = States(user="IDLE", agent="IDLE", dialog="s")


def steps(count):
    causes = (TextReceived(at=n, participant="c", text="x") for n in range(count))
    return [
        Step(seq=n, at=n, cause=cause, moves=(), notes=(), effects=(), states=STATES)
        for n, cause in enumerate(causes)
    ]


def test_only_the_latest_are_remembered_and_all_are_counted():
    past = Past(3, steps(2))
    for step in steps(10)[2:]:
        past.append(step)

    assert [step.seq for step in past.steps] == [7, 8, 9]
    assert past.figures.duration == 9


def test_without_a_limit_all_are_remembered():
    assert Past(None, steps(1000)).steps == tuple(steps(1000))
