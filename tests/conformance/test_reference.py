"""Random charts on the machine and on a naive interpreter: the same log, the same state.

The interpreter is written from the text of S1 to S5 alone, without a line of the engine: it walks
the chart as it was written, where the engine runs tables, scopes and a compiled flow.
"""

from __future__ import annotations

from collections import deque
from dataclasses import replace
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from engine.machine.compiled import EmitAction, LogAction, SetAction, Transition
from tests.conformance.charts import A, Chart, L, R, Run, S, T

EVENTS = ("a", "a.b", "ab", "go")
GUARDS = (None, "vars.n > 1", "vars.n < 3", 'event.name == "app.go"')
MAX_STEPS = 60
"""The engine stops at 100 microsteps; a chart that needs so many is not compared."""


class Endless(Exception):
    """The chart does not come to rest."""


class Naive:
    """The text of the semantics, word by word."""

    def __init__(self, states: dict[str, S], on: Any) -> None:
        self.parent: dict[str, str] = {}
        self.all: dict[str, S] = {"": S(on=on, states=states)}
        self._learn("", states)
        self.n = 0
        self.log: list[str] = []
        self.queue: deque[str] = deque()
        self.state = ""
        self.over = False
        self.enter(next(name for name, state in self.all.items() if name and not state.states))
        self.settle()

    def _learn(self, parent: str, states: Any) -> None:
        for name, state in states.items():
            self.parent[name], self.all[name] = parent, state
            self._learn(name, state.states)

    def around(self, name: str) -> list[str]:
        """The state and everything around it, innermost first, the chart last."""
        found = [name]
        while found[-1]:
            found.append(self.parent[found[-1]])
        return found

    def act(self, actions: Any) -> None:
        for action in actions:
            match action:
                case LogAction(text=text):
                    self.log.append(text.source)
                case EmitAction(event=event):
                    self.queue.append(event)
                case SetAction():
                    self.n += 1

    def holds(self, way: Transition, event: str) -> bool:
        if way.when is None:
            return True
        return {
            GUARDS[1]: self.n > 1,
            GUARDS[2]: self.n < 3,
            GUARDS[3]: event == "app.go",
        }[way.when.source]

    def enter(self, target: str, way: Transition | None = None) -> None:
        old = self.around(self.state) if self.state else [""]
        new = self.around(target)
        shared = [name for name in old[1:] if name in new[1:]] if self.state else [""]
        for name in old if self.state else []:
            if name not in shared:
                self.act(self.all[name].exit)
        self.act(way.actions if way is not None else ())
        self.state = target
        for name in reversed(new):
            if name not in shared:
                self.act(self.all[name].enter)

    def take(self, way: Transition) -> None:
        match way.target.kind:
            case "stay":
                self.act(way.actions)
            case "repeat":
                self.enter(self.state, way)
            case _:
                self.enter(way.target.state, way)

    def handle(self, event: str) -> None:
        for name in self.around(self.state):
            for pattern, ways in self.all[name].on.items():
                wanted = f"app.{pattern}"
                if event != wanted and not event.startswith(f"{wanted}."):
                    continue
                for way in ways:
                    if self.holds(way, event):
                        self.take(way)
                        return

    def settle(self, event: str = "") -> None:
        for _ in range(MAX_STEPS):
            if self.all[self.state].final and not self.queue:
                self.over = True
            if self.over:
                return
            if self.queue:
                event = self.queue.popleft()
                self.handle(event)
                continue
            ways = self.all[self.state].then
            if not ways:
                return
            self.take(next(way for way in ways if self.holds(way, event)))
        raise Endless

    def event(self, name: str) -> None:
        if not self.over:
            self.queue.append(f"app.{name}")
            self.settle()


LEAVES = ("s1", "s2", "s3", "s4", "s5")


@st.composite
def actions(draw: st.DrawFn) -> list[Any]:
    raised = st.sampled_from(EVENTS[1:3]).map(lambda name: R(f"app.{name}"))
    line = st.integers(0, 99).map(lambda n: L(f"line {n}"))
    return draw(
        st.lists(st.one_of(line, line, line, st.just(A("n", "vars.n + 1")), raised), max_size=2)
    )


@st.composite
def ways(draw: st.DrawFn, *, eventless: bool = False) -> list[Transition]:
    targets = LEAVES if eventless else (*LEAVES, "STAY", "STAY", "REPEAT", "REPEAT")
    found = [
        T(draw(st.sampled_from(targets)), *draw(actions()), when=draw(st.sampled_from(GUARDS)))
        for _ in range(draw(st.integers(1, 2)))
    ]
    return [*found, T(draw(st.sampled_from(targets)))] if eventless else found


def reactions() -> st.SearchStrategy[dict[str, list[Transition]]]:
    return st.dictionaries(st.sampled_from(EVENTS), ways(), min_size=1, max_size=3)


@st.composite
def leaf(draw: st.DrawFn) -> S:
    kind = draw(st.sampled_from(["rest", "rest", "rest", "rest", "branch", "final"]))
    return S(
        enter=draw(actions()),
        exit=draw(actions()),
        on=draw(reactions()),
        then=draw(ways(eventless=True)) if kind == "branch" else (),
        final=kind == "final",
    )


@st.composite
def charts(draw: st.DrawFn) -> tuple[dict[str, S], dict[str, list[Transition]]]:
    s1, s2, s3, s4, s5 = (draw(leaf()) for _ in LEAVES)
    s1 = replace(s1, final=False, then=())
    outer, inner = (
        S(enter=draw(actions()), exit=draw(actions()), on=draw(reactions())) for _ in range(2)
    )
    deep = {"s2": s2, "inner": replace(inner, states={"s3": s3, "s4": s4})}
    return {"s1": s1, "outer": replace(outer, states=deep), "s5": s5}, draw(reactions())


@settings(max_examples=150, deadline=None)
@given(charts(), st.lists(st.sampled_from(EVENTS), min_size=3, max_size=8))
def test_the_machine_does_what_the_text_says(
    chart: tuple[dict[str, S], dict[str, list[Transition]]], events: list[str]
) -> None:
    states, on = chart
    try:
        naive = Naive(states, on)
        expected = [(naive.state, naive.over, tuple(naive.log))]
        for event in events:
            naive.event(event)
            expected.append((naive.state, naive.over, tuple(naive.log)))
    except Endless:
        return
    run = Run(Chart(states, on, ["n"]))
    found = [(run.state, run.over, tuple(run.log))]
    for event in events:
        run.event(event)
        found.append((run.state, run.over, tuple(run.log)))
    assert found == expected
