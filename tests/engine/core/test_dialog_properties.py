"""Any flow, any events: the dialog never raises, never goes silent, never leaves its limits.

Flows are drawn at random, with guards, actions and templates that fail, targets that lead nowhere
good, and sub-flows inside sub-flows. What must hold in spite of that is checked after every event.
"""

from __future__ import annotations

import json
import random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.core.frames import MAX_FRAMES
from engine.core.moving import MAX_VISITS
from engine.flow.templates import Template
from engine.machine.compiled import CompiledFlow, CompiledGroup, Filler, TimerSpec, TransferTo
from tests.engine.core.flow_kit import (
    State,
    Talk,
    call,
    clear,
    collect,
    confirm,
    emit,
    end,
    intent,
    log,
    make_flow,
    put,
    run,
    say,
    slot,
    to,
    tool,
    transfer,
)

NAMES = ["a", "b", "c", "d", "e"]
EVENTS = ["app.x", "app.y", "intent.hm", "corrected", "error", "error.tool", "no_input", "no_match"]
EVENTS += ["timer.t", "dtmf.1", "invalid.n", "tool.keep", "error.flow", "error.limit"]
GUARDS = [None, None, "visits < 3", "answer", "1 / 0 > 1", "vars.v == 1", "slots.n > 3", "1"]
WORDS = ["four", "ninety nine", "make it five", "yes", "no", "hm", "go back", "", "purple monkey"]
WORDS += ["repeat please", "five five five one two three four", "no, three", "hm and yes"]

ACTIONS = [
    *(say("A line."), log("seen"), clear("n", "p"), put("v", "1"), put("n", "5", root="slots")) * 3,
    *(emit("app.x"), emit("app.y"), emit("intent.hm"), emit("error.flow"), emit("invalid.n")),
    *(say("{{ results.none.such }}"), put("v", "1 / 0"), emit("no_match"), emit("dtmf.1")),
]
VERBS = [
    *(None, collect("n"), collect("p", "n"), confirm("Is it {{ slots.n }}?")) * 4,
    *(run("read", n="slots.n"),) * 3,
    run("write"),
    run("keep"),
    run("read", n="1 / 0"),
    transfer(),
    transfer("{{ results.none.such }}"),
    end(),
    end("leave"),
    end("return"),
]


class Draw:
    """Draws flows. One number decides a flow: drawing its every part apart would be slow."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)

    def some(self, values: list[Any], most: int) -> list[Any]:
        return [self.random.choice(values) for _ in range(self.random.randint(0, most))]

    def transition(self, subs: list[str]) -> Any:
        targets = [*NAMES, *NAMES, "STAY", "REPEAT", "RESUME", "BACK", "END", *subs]
        target, guard = self.random.choice(targets), self.random.choice(GUARDS)
        return to(target, *self.some(ACTIONS, 2), when=guard)

    def handling(self, subs: list[str], most: int) -> dict[str, Any]:
        return {event: self.transition(subs) for event in self.some(EVENTS, most)}

    def state(self, subs: list[str]) -> State:
        calls = [call(sub.removeprefix("call:")) for sub in subs]
        return State(
            self.random.choice([*VERBS, *calls]),
            then=[*[self.transition(subs) for _ in range(self.random.randint(0, 2))], to("a")],
            text=self.random.choice(["", "", "Hello.", "Hi.", "{{ inputs.none.such }}"]),
            handle=self.handling(subs, 3),
            group=self.random.choice([(), ("g",), ("g", "h")]),
            enter=tuple(self.some(ACTIONS, 1)),
            exit=tuple(self.some(ACTIONS, 1)),
            timers=self.random.choice([(), (TimerSpec(name="t", after=300, every=700),)]),
        )

    def flow(self, depth: int = 2) -> CompiledFlow:
        called = {"sub": self.flow(depth - 1)} if depth and self.random.random() < 0.5 else {}
        subs = [f"call:{name}" for name in called]
        filler = Filler(after=100, say=(Template("Hm."),), every=400)
        timers = (TimerSpec(name="u", after=500),)
        return make_flow(
            {name: self.state(subs) for name in NAMES},
            slots=[
                slot("n", "integer", min=1, max=12, resets=("p",)),
                slot("p", "phone", readback=True, sensitive=True),
            ],
            intents=[intent("hm", "hm")],
            tools=[
                tool("read", {"x": "integer"}, timeout=900, retry_times=1, retry_after=50),
                tool("write", effect="write", timeout=900, filler=filler),
                tool("keep", keep=True, timeout=900),
            ],
            groups=[
                CompiledGroup(id="g", enter=(say("In."),), timers=timers),
                CompiledGroup(id="h", exit=(say("Out."),)),
            ],
            handle={**self.handling(subs, 4), "error.flow": to("STAY")},
            variables={"v": "integer"},
            flows=called,
            pipeline=self.random.choice([{}, {"llm": {"use": "scripted"}}]),
            outputs={"out": "slots.n", "bad": "1 / 0"},
        )


seeds = st.integers(0, 10**9)
happenings = st.lists(
    st.one_of(
        st.tuples(st.just("user"), st.sampled_from(WORDS)),
        st.tuples(st.just("silence")),
        st.tuples(st.just("key"), st.sampled_from("015#")),
        st.tuples(st.just("event"), st.sampled_from([*EVENTS, "error.stt", "error.llm"])),
        st.tuples(
            st.just("returned"),
            st.sampled_from(["t1", "t2", "t3"]),
            st.sampled_from([{"x": 1}, {}, None, 3]),
            st.sampled_from([None, None, "broken"]),
        ),
        st.tuples(st.just("transferred"), st.sampled_from([None, "busy"])),
        st.tuples(st.just("quiet")),
        st.tuples(st.just("hold")),
        st.tuples(st.just("wait"), st.sampled_from([1, 60, 500, 2_000, 40_000])),
    ),
    max_size=14,
)


def play(talk: Talk, happening: tuple[Any, ...]) -> None:
    name, *args = happening
    if name == "hold":
        talk.mouth.holds = True
    else:
        getattr(talk, name)(*args)


def check(talk: Talk) -> None:
    """What holds at every stable point."""
    dialog = talk.dialog
    frames = dialog.to_dict()["scene"]["frames"]
    assert 1 <= len(frames) <= MAX_FRAMES
    for frame in frames:
        assert frame["visit"]["state"] in NAMES
    due = talk.deadlines.next()
    assert due is None or due.at >= talk.at
    if dialog.ended:
        assert due is None
        assert not dialog.waiting
        assert not dialog.busy
    else:  # somebody can always go on: the caller, a tool, a model, or whoever takes the transfer
        handing_over = isinstance(dialog._scene.stack.top.state.verb, TransferTo)
        assert dialog.waiting or dialog.busy or handing_over
        assert frames[-1]["visits"][frames[-1]["visit"]["state"]] <= MAX_VISITS
        assert (dialog.kinds == ("yesno",)) == dialog.yes_no_open


@given(seeds, happenings)
@settings(deadline=None)
def test_any_flow_survives_any_events(seed: int, happened: list[tuple[Any, ...]]) -> None:
    talk = Talk(Draw(seed).flow())
    check(talk)
    for happening in happened:
        play(talk, happening)
        check(talk)


@given(seeds, happenings)
@settings(deadline=None, max_examples=50)
def test_the_same_events_give_the_same_trace(seed: int, happened: list[tuple[Any, ...]]) -> None:
    """S18: with a dialog that is stored and restored after every event as the second run."""
    flow = Draw(seed).flow()
    straight, stored = Talk(flow), Talk(flow)
    for happening in happened:
        data = json.loads(json.dumps(stored.dialog.to_dict()))
        again = Talk(flow, begin=False)
        again.dialog.from_dict(data)
        again.deadlines.restore(stored.deadlines.as_dict())
        again.at, again.turns = stored.at, stored.turns
        again.mouth.holds, again.mouth.speaking = stored.mouth.holds, stored.mouth.speaking
        again.mouth.lines = list(stored.mouth.lines)
        play(straight, happening)
        play(again, happening)
        stored = again
        assert stored.said == straight.said
        assert stored.dialog.to_dict() == straight.dialog.to_dict()
        assert stored.deadlines.as_dict() == straight.deadlines.as_dict()


@pytest.mark.parametrize("count", [10, 1_000])
def test_a_step_looks_at_its_own_state_only(count: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """No event walks over the states of the flow: a large flow costs a step nothing."""
    names = [f"s{n}" for n in range(count)]
    chain = dict(zip(names, names[1:] + names[:1], strict=True))
    flow = make_flow({name: State(handle={"app.go": to(goal)}) for name, goal in chain.items()})
    talk = Talk(flow)
    seen: list[str] = []

    class Watched(dict):  # type: ignore[type-arg]
        def __getitem__(self, key: str) -> Any:
            seen.append(key)
            return super().__getitem__(key)

        def __iter__(self) -> Any:
            raise AssertionError("somebody walks over all states")

        values = items = keys = __iter__

    monkeypatch.setattr(type(flow), "__setattr__", object.__setattr__)
    flow.states = Watched(flow.states)
    talk.event("app.go")

    assert talk.state == "s1"
    assert set(seen) == {"s1"}, "the state that is left is at hand"
