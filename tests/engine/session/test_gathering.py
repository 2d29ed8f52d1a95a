"""The context of a call, gathered from its history, the calls of its models and its transfers."""

from __future__ import annotations

from engine.core.context import FunctionCall, FunctionOutput, Handoff, Message
from engine.core.history import HistoryItem
from engine.core.step import States, Step
from engine.effects import Effect, Transfer
from engine.events import Event, ParticipantJoined, TransferEnded
from engine.session.gathering import Handoffs, gathered

SAID = (
    HistoryItem(id="a1.1", role="assistant", text="Hello."),
    HistoryItem(id="u1", role="user", text="A table.", speaker="Ann"),
    HistoryItem(
        id="a2.1", role="assistant", text="There is", interrupted=True, ordered="There is one."
    ),
)


def call(number: int, turn: str, output: str | None = "free") -> dict[str, object]:
    args = {"size": number}
    return {"turn": turn, "id": f"call_{number}", "name": "look", "args": args, "output": output}


def step(cause: Event, *effects: Effect) -> Step:
    states = States(user="IDLE", agent="IDLE", dialog="", paused=False)
    return Step(seq=1, at=0, cause=cause, moves=(), notes=(), effects=effects, states=states)


def test_what_a_model_asked_for_stands_behind_its_turn() -> None:
    context = gathered(SAID, [call(1, ""), call(2, "u1"), call(3, "u1", None)])

    assert [item.id for item in context] == [
        "call_1",
        "call_1.output",
        "a1.1",
        "u1",
        "call_2",
        "call_2.output",
        "call_3",
        "a2.1",
    ]
    assert context.find("call_2") == FunctionCall(id="call_2", name="look", args={"size": 2})
    assert context.find("call_2.output") == FunctionOutput(
        id="call_2.output", call="call_2", output="free"
    )


def test_messages_tell_what_was_heard_and_by_whom_it_was_said() -> None:
    first, asked, cut = gathered(SAID, ()).messages

    assert (first.text, first.interrupted) == ("Hello.", False)
    assert (asked.role, asked.text, asked.speaker) == ("user", "A table.", "Ann")
    assert (cut.heard, cut.interrupted, cut.ordered) == ("There is", True, "There is one.")
    assert all(isinstance(item, Message) for item in (first, asked, cut))


def test_a_transfer_that_succeeds_is_a_handoff() -> None:
    joined = ParticipantJoined(at=0, participant="ann")
    first, second = Transfer(to="desk", kind="warm"), Transfer(to="$NIGHT", kind="cold")
    steps = [
        step(TransferEnded(at=0)),
        step(joined, first),
        step(TransferEnded(at=1, error="nobody is there")),
        step(joined, second),
        step(TransferEnded(at=2)),
    ]

    handoffs = Handoffs(steps).found
    assert handoffs == [Handoff(id="h1", to="$NIGHT", kind="cold")]
    assert gathered(SAID, (), handoffs)[-1] == handoffs[0]
