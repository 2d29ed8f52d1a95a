"""Slots that may be put right in a state, against a reading of the rule that tries every state."""

from __future__ import annotations

from types import SimpleNamespace

from hypothesis import given
from hypothesis import strategies as st

from engine.machine.asked_before import asked_before, form_of
from engine.machine.compiled import Collect, PassOn, Rest, Target, Transition

SLOTS = ("a", "b", "c")


def leads(name: str, to: list[str]) -> tuple[Transition, ...]:
    targets = [Target(kind="state", state=other) for other in to]
    return tuple(
        Transition(id=f"{name}.{n}", when=None, actions=(), target=target)
        for n, target in enumerate(targets)
    )


@st.composite
def flows(draw: st.DrawFn) -> SimpleNamespace:
    """A flow as far as the rule looks at it: states, their forms, `then` and handlers."""
    names = [f"s{n}" for n in range(draw(st.integers(1, 12)))]
    some = st.lists(st.sampled_from(names), max_size=2)
    states = {}
    for name in names:
        handled = leads(f"{name}.h", draw(some))
        owner = draw(st.sampled_from([name, "group"]))
        handlers = (SimpleNamespace(event="app.x", transitions=handled),) if handled else ()
        forms = st.lists(st.sampled_from(SLOTS), min_size=1, max_size=2, unique=True)
        verb = draw(
            st.one_of(
                forms.map(lambda f: Collect(slots=tuple(f))), st.just(Rest()), st.just(PassOn())
            )
        )
        states[name] = SimpleNamespace(
            id=name,
            verb=verb,
            then=leads(name, draw(some)),
            scopes=(SimpleNamespace(owner=owner, handlers=handlers),),
        )
    return SimpleNamespace(start="s0", states=states, slots=dict.fromkeys(SLOTS))


def ways(flow: SimpleNamespace) -> dict[str, set[str]]:
    """Where each state leads."""
    direct: dict[str, set[str]] = {name: set() for name in flow.states}
    handled: dict[str, set[str]] = {name: set() for name in flow.states}
    for state in flow.states.values():
        own = isinstance(state.verb, Rest) and state.scopes[0].owner == state.id
        for handler in state.scopes[0].handlers:
            for way in handler.transitions:
                (direct if own else handled)[way.target.state].add(state.id)
        for way in state.then:
            direct[way.target.state].add(state.id)
    sources = {name: direct[name] or handled[name] for name in flow.states}
    return {name: {to for to in sources if name in sources[to]} for name in sources}


def reached(start: str, nexts: dict[str, set[str]], never: str = "") -> set[str]:
    seen, waiting = {start}, [start]
    while waiting:
        name = waiting.pop()
        new = nexts[name] - seen if name != never else set()
        seen |= new
        waiting += new
    return seen


@given(flows())
def test_a_slot_counts_when_a_way_passed_its_question_and_not_the_state_itself(flow):
    """For every state: who reaches it, and is reached without passing it."""
    nexts = ways(flow)

    expected = {}
    for name in flow.states:
        before = {
            other
            for other in reached(flow.start, nexts, never=name) - {name}
            if name in reached(other, nexts)
        }
        asked = {slot for other in before for slot in form_of(flow.states[other])}
        expected[name] = tuple(slot for slot in SLOTS if slot in asked)

    assert asked_before(flow) == expected
