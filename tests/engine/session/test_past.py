"""A call remembers its latest steps, and counts all of them."""

from dataclasses import replace

from engine.core.context import Handoff
from engine.core.step import States, Step
from engine.effects import Transfer
from engine.events import TextReceived, TransferEnded
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

    for _ in range(2):
        assert [step.seq for step in past.steps] == [7, 8, 9]
        assert past.figures.duration == 9
        past.forget()


def test_without_a_limit_all_are_remembered():
    assert Past(None, steps(1000)).steps == tuple(steps(1000))


def test_handoffs_are_known_when_their_steps_are_forgotten():
    ordered, done, *others = steps(9)
    ordered = replace(ordered, effects=(Transfer(to="desk", kind="cold"),))
    done = replace(done, cause=TransferEnded(at=1))
    past = Past(1, (ordered, done, *others[:1]))

    for step in others[1:]:
        past.forget()
        past.append(step)
        assert past.handoffs == [Handoff(id="h1", to="desk", kind="cold")]
