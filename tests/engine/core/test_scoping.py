"""What may be understood is read at every turn; how a model is told of it, once for each state."""

from __future__ import annotations

import datetime
from dataclasses import replace
from itertools import permutations

from engine.core.findings import Scope
from engine.core.frames import Frame, Visit
from engine.core.intents import NO_INTENTS, intents_of
from engine.core.memory import Memory
from engine.core.prompting import standing_of
from engine.core.report import report_schema
from engine.core.scoping import schema_of
from engine.effects import StartReply
from engine.flow.templates import Template
from engine.machine.compiled import CompiledFlow
from tests.engine.core.flow_kit import State, Talk, converse, end, intent, make_flow, slot, to

NOW = datetime.datetime(2026, 5, 1, 12, 0)


def talk(*, persona: str = "You are Luigi.") -> CompiledFlow:
    states = {
        "talk": State(
            converse(fills=("size",)),
            then="more",
            handle={"intent.leaves": to("bye")},
            instructions=(Template(persona),),
        ),
        "more": State(converse(fills=("name",)), then="bye"),
        "bye": State(end(), text="Bye."),
    }
    return make_flow(
        states,
        slots=[slot("size", "small|large"), slot("name"), slot("day", "date")],
        intents=[intent("leaves")],
        pipeline={"llm": {"use": "scripted"}},
    )


def frame_in(flow: CompiledFlow, state: str) -> Frame:
    visit = Visit(number=1, state=state)
    return Frame(number=1, name="", flow=flow, role="root", memory=Memory(flow), visit=visit)


def test_a_schema_that_was_made_before_is_the_one_that_would_be_made_now() -> None:
    flow = talk()
    for state in ("talk", "more"):
        frame = frame_in(flow, state)
        intents = intents_of(flow, flow.states[state])
        for size in range(len(flow.slots) + 1):
            for names in permutations(flow.slots, size):
                whole = Scope(slots=tuple(flow.slots[n] for n in names), intents=intents, now=NOW)
                for scope in (
                    whole,
                    replace(whole, intents=NO_INTENTS),
                    replace(whole, yes_no=True),
                    whole,
                ):
                    assert schema_of(frame, scope) == report_schema(scope)


def test_the_calls_of_a_flow_share_the_schema_of_the_same_scope() -> None:
    flow = talk()
    scope = Scope(slots=(flow.slots["size"],), now=NOW)
    one, other = (schema_of(frame_in(flow, "talk"), scope) for _ in range(2))
    assert one is other


def test_a_persona_is_made_ready_only_where_it_says_the_same_in_every_call() -> None:
    constant, changing = talk(), talk(persona="You talk with {{ call.from }}.")
    opening = standing_of(constant, constant.states["talk"]).opening
    assert opening is not None
    assert "You are Luigi." in opening
    assert standing_of(changing, changing.states["talk"]).opening is None
    assert standing_of(constant, constant.states["bye"]).opening is None


def test_a_persona_with_names_is_read_anew_at_every_reply() -> None:
    told = Talk(talk(persona="They said: {{ turn.text }}."))
    for text in ("It was me", "It was you"):
        told.user(text)
        assert f"They said: {text}." in told.of(StartReply)[-1].instructions
