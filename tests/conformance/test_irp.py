"""The sequential part of the W3C's SCXML tests (its "implementation report plan"), by number.

Each case is the assertion of the test of that number in our own words, written as a chart of the
adapter. Not here: data modules, foreach, invoke, parallel, history and send targets, which the
language does not have on purpose. Two rules differ by intent, and are stated as what holds instead:
419, because `then` is a completion behind the findings of its turn (S5), and 504, because
the groups around where a way begins and where it ends are never left, whoever handles the event.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest

from tests.conformance.charts import A, Chart, L, R, Reactions, Run, S, T

LEAF = S()
END = S(final=True)


@dataclass(frozen=True, kw_only=True)
class Case:
    """A chart, what happens to it, and what must come of it."""

    says: str
    states: dict[str, S]
    on: Reactions = field(default_factory=dict)
    variables: tuple[str, ...] = ()
    events: tuple[str, ...] = ()
    wait: int = 0
    log: list[str] | None = None
    state: str | None = None
    over: bool | None = None


CASES: dict[str, Case] = {
    "144": Case(
        says="raised events wait in the order in which they were raised",
        states={"a": S(enter=[R("app.one"), R("app.two")],
                       on={"two": T("STAY", L("two")), "one": T("STAY", L("one"))})},
        log=["one", "two"],
    ),
    "158": Case(
        says="actions are done in document order",
        states={"a": S(on={"go": T("STAY", L("1"), L("2"), L("3"))})},
        events=("go",),
        log=["1", "2", "3"],
    ),
    "159": Case(
        says="an action that fails raises an error; what was raised before it still comes first",
        states={"a": S(on={"go": T("STAY", R("app.x"), A("n", '"text"')),
                           "x": T("STAY", L("x")), "error": T("STAY", L("error"))})},
        variables=("n",),
        events=("go",),
        log=["x", "error"],
    ),
    "185": Case(
        says="a delayed event comes after its delay, not before",
        states={"a": S(timers={"late": 1_000}, on={"timer.late": T("b", L("late"))}), "b": LEAF},
        wait=999,
        log=[],
        state="a",
    ),
    "187": Case(
        says="a delayed event of a machine that is over is never delivered",
        states={"a": S(timers={"t": 500}, on={"go": T("end")}), "end": END},
        on={"timer.t": T("STAY", L("t"))},
        events=("go",),
        wait=2_000,
        log=[],
        over=True,
    ),
    "208": Case(
        says="a delayed event that is cancelled is never delivered",
        states={"a": S(timers={"t": 500}, on={"go": T("b")}), "b": LEAF},
        on={"timer.t": T("STAY", L("t"))},
        events=("go",),
        wait=2_000,
        log=[],
        state="b",
    ),
    "336": Case(
        says="the event in progress can be read by its name",
        states={"a": S(on={"go": T("STAY", L("{{ event.name }}"))})},
        events=("go",),
        log=["app.go"],
    ),
    "344": Case(
        says="a condition that cannot be judged is false, and an error is raised",
        states={"a": S(on={"go": [T("b", when="1 / vars.n > 1"), T("c")],
                           "error.flow": T("STAY", L("error"))}),
                "b": LEAF, "c": S(on={"error.flow": T("STAY", L("error"))})},
        variables=("n",),
        events=("go",),
        log=["error"],
        state="c",
    ),
    "355": Case(
        says="without an initial state the first in the document is entered",
        states={"b": S(enter=[L("b")]), "a": S(enter=[L("a")])},
        log=["b"],
        state="b",
    ),
    "364": Case(
        says="entering a compound state enters its first child",
        states={"a": S(on={"go": T("c")}),
                "group": S(enter=[L("group")], states={"c": S(enter=[L("c")]), "d": LEAF})},
        events=("go",),
        log=["group", "c"],
    ),
    "372": Case(
        says="the entry actions of a final state are done before the machine is over",
        states={"a": S(on={"go": T("end")}), "end": S(final=True, enter=[L("entered")])},
        events=("go",),
        log=["entered"],
        over=True,
    ),
    "375": Case(
        says="entry actions are done in document order",
        states={"a": S(enter=[L("1"), L("2")])},
        log=["1", "2"],
    ),
    "376": Case(
        says="an entry action that fails does not keep the others from being done",
        states={"a": S(enter=[A("n", '"text"'), L("after")])},
        variables=("n",),
        log=["after"],
    ),
    "377": Case(
        says="exit actions are done in document order",
        states={"a": S(exit=[L("1"), L("2")], on={"go": T("b")}), "b": LEAF},
        events=("go",),
        log=["1", "2"],
    ),
    "378": Case(
        says="an exit action that fails does not keep the others from being done",
        states={"a": S(exit=[A("n", '"text"'), L("after")], on={"go": T("b")}), "b": LEAF},
        variables=("n",),
        events=("go",),
        log=["after"],
        state="b",
    ),
    "396": Case(
        says="an event is matched by its name",
        states={"a": S(on={"other": T("c"), "go": T("b")}), "b": LEAF, "c": LEAF},
        events=("go",),
        state="b",
    ),
    "399": Case(
        says="a descriptor matches whole tokens from the left",
        states={"a": S(on={"foo.bar": T("c"), "foo": T("STAY", L("foo"))}), "c": LEAF},
        events=("foo.zoo", "foo", "foobar", "foo.barz"),
        log=["foo", "foo", "foo"],
        state="a",
    ),
    "401": Case(
        says="errors come before external events",
        states={"a": S(on={"go": T("b", A("n", '"text"'))}),
                "b": S(on={"error": T("STAY", L("error")), "next": T("STAY", L("next"))})},
        variables=("n",),
        events=("go", "next"),
        log=["error", "next"],
    ),
    "403a": Case(
        says="the innermost state decides; in one state the first that is enabled",
        states={"group": S(on={"go": T("STAY", L("outer"))},
                           states={"a": S(on={"go": [T("STAY", L("no"), when="vars.n > 0"),
                                                     T("STAY", L("first")),
                                                     T("STAY", L("second"))]})})},
        variables=("n",),
        events=("go",),
        log=["first"],
    ),
    "404": Case(
        says="states are left from the inside out",
        states={"group": S(exit=[L("group")],
                           states={"a": S(exit=[L("a")], on={"go": T("b")})}), "b": LEAF},
        events=("go",),
        log=["a", "group"],
    ),
    "405": Case(
        says="what a transition does comes after the exits",
        states={"a": S(exit=[L("exit")], on={"go": T("b", L("move"))}), "b": LEAF},
        events=("go",),
        log=["exit", "move"],
    ),
    "406": Case(
        says="and before the entries, which go from the outside in",
        states={"a": S(on={"go": T("b", L("move"))}),
                "group": S(enter=[L("group")], states={"b": S(enter=[L("b")])})},
        events=("go",),
        log=["move", "group", "b"],
    ),
    "415": Case(
        says="a machine in a final state is over, and takes no event any more",
        states={"a": S(on={"go": T("end")}), "end": END},
        on={"more": T("a", L("more"))},
        events=("go", "more"),
        log=[],
        over=True,
    ),
    "419": Case(
        says="differs: what was raised on the way is handled before the state goes on by itself",
        states={"a": S(on={"go": T("b", R("app.x"))}),
                "b": S(then=T("c"), on={"x": T("STAY", L("x in b"))}),
                "c": S(on={"x": T("STAY", L("x in c"))})},
        events=("go",),
        log=["x in b"],
        state="c",
    ),
    "421": Case(
        says="internal events are all handled before the next external one",
        states={"a": S(on={"go": T("STAY", R("app.x"), R("app.y")), "x": T("STAY", L("x")),
                           "y": T("STAY", L("y")), "next": T("STAY", L("next"))})},
        events=("go", "next"),
        log=["x", "y", "next"],
    ),
    "423": Case(
        says="an external event that nothing matches is dropped, and the next one is taken",
        states={"a": S(on={"go": T("b")}), "b": S(on={"lost": T("c")}), "c": LEAF},
        events=("lost", "go"),
        state="b",
    ),
    "503": Case(
        says="a transition without a target leaves and enters nothing",
        states={"a": S(enter=[L("in")], exit=[L("out")], on={"go": T("STAY", L("did"))})},
        events=("go", "go"),
        log=["in", "did", "did"],
    ),
    "504": Case(
        says="differs: a way of a group to a state inside it leaves the group as it is, as in 505",
        states={"group": S(enter=[L("in")], exit=[L("out")], on={"go": T("b", L("did"))},
                           states={"a": S(exit=[L("out of a")]), "b": S(enter=[L("in b")])})},
        events=("go",),
        log=["in", "out of a", "did", "in b"],
        state="b",
    ),
    "506": Case(
        says="a transition of a state to itself leaves it and enters it again",
        states={"a": S(enter=[L("in")], exit=[L("out")], on={"go": T("REPEAT", L("did"))})},
        events=("go",),
        log=["in", "out", "did", "in"],
    ),
    "576": Case(
        says="a target deep inside enters every group on the way to it, and no default child",
        states={"a": S(on={"go": T("deep")}),
                "outer": S(enter=[L("outer")],
                           states={"first": S(enter=[L("first")]),
                                   "inner": S(enter=[L("inner")],
                                              states={"other": LEAF,
                                                      "deep": S(enter=[L("deep")])})})},
        events=("go",),
        log=["outer", "inner", "deep"],
        state="deep",
    ),
}  # fmt: skip


@pytest.mark.parametrize("number", CASES)
def test_what_the_test_of_this_number_asserts_holds(number: str) -> None:
    case = CASES[number]
    run = Run(Chart(case.states, case.on, case.variables))
    run.event(*case.events)
    run.wait(case.wait)
    if case.log is not None:
        assert run.log == case.log, case.says
    if case.state is not None:
        assert run.state == case.state, case.says
    if case.over is not None:
        assert run.over is case.over, case.says
