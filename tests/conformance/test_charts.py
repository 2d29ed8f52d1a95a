"""The sequential part of SCXML on the compiled machine: the cases its recommendation insists on."""

from __future__ import annotations

import pytest

from tests.conformance.charts import A, Chart, L, R, Run, S, T

LEAF = S()


def test_of_two_transitions_for_one_event_the_first_in_the_document_is_taken() -> None:
    """SCXML 403a: document order."""
    run = Run(Chart({"a": S(on={"go": [T("b"), T("c")]}), "b": LEAF, "c": LEAF}))
    run.event("go")
    assert run.state == "b"


def test_a_transition_of_an_inner_state_preempts_one_of_an_outer_state() -> None:
    """SCXML 403b, 404: descendants first; a guard that fails passes the event outward."""
    inner = S(on={"go": T("b", when="vars.n == 1")})
    chart = Chart(
        {"outer": S(states={"a": inner}, on={"go": T("c")}), "b": LEAF, "c": LEAF}, variables=["n"]
    )
    run = Run(chart)
    run.event("go")
    assert run.state == "c"


def test_exit_actions_then_transition_actions_then_entry_actions() -> None:
    """SCXML 404 to 406: exit inner to outer, the transition, entry outer to inner."""
    left = S(
        states={"a": S(exit=[L("exit a")], on={"go": T("d", L("move"))})}, exit=[L("exit left")]
    )
    deep = S(states={"d": S(enter=[L("enter d")])}, enter=[L("enter deep")])
    right = S(states={"deep": deep}, enter=[L("enter right")])
    run = Run(Chart({"left": left, "right": right}))
    run.event("go")
    assert run.log == ["exit a", "exit left", "move", "enter right", "enter deep", "enter d"]


def test_a_common_ancestor_is_neither_left_nor_entered() -> None:
    """SCXML 505: the least common compound ancestor stays active."""
    group = S(states={"a": S(on={"go": T("b")}), "b": LEAF}, enter=[L("enter")], exit=[L("exit")])
    run = Run(Chart({"group": group}))
    run.event("go")
    assert run.log == ["enter"]


def test_a_targetless_transition_leaves_and_enters_nothing() -> None:
    """SCXML 3.13: a transition without a target changes no configuration."""
    run = Run(Chart({"a": S(enter=[L("in")], exit=[L("out")], on={"go": T("STAY", L("did"))})}))
    run.event("go")
    assert run.log == ["in", "did"]


def test_a_self_transition_leaves_and_enters() -> None:
    """SCXML 503: an external self transition."""
    run = Run(Chart({"a": S(enter=[L("in")], exit=[L("out")], on={"go": T("REPEAT", L("did"))})}))
    run.event("go")
    assert run.log == ["in", "out", "did", "in"]


def test_internal_events_come_before_external_ones() -> None:
    """SCXML 421: what is raised is handled before the next event from outside."""
    chart = Chart(
        {
            "a": S(on={"go": T("b", R("app.inner"))}),
            "b": S(on={"inner": T("STAY", L("inner")), "next": T("c", L("next"))}),
            "c": LEAF,
        }
    )
    run = Run(chart)
    run.event("go", "next")
    assert run.log == ["inner", "next"]


def test_internal_events_are_first_in_first_out() -> None:
    """SCXML 144."""
    raising = T("STAY", R("app.one"), R("app.two"))
    chart = Chart({"a": S(on={e: T("STAY", L(e)) for e in ("two", "one")} | {"go": raising})})
    run = Run(chart)
    run.event("go")
    assert run.log == ["one", "two"]


def test_an_event_nobody_handles_is_discarded() -> None:
    """SCXML 3.13: it does not wait for a state that would."""
    run = Run(Chart({"a": S(on={"go": T("b")}), "b": S(on={"late": T("c")}), "c": LEAF}))
    run.event("late", "go")
    assert run.state == "b"


@pytest.mark.parametrize(
    ("descriptor", "event", "matches"),
    [
        ("error", "error", True),
        ("error", "error.tool", True),
        ("foo", "foo.bar.baz", True),
        ("foo.bar", "foo.bar", True),
        ("foo.bar", "foo", False),
        ("foo", "foobar", False),
        ("foo.bar", "foo.barry", False),
    ],
)
def test_event_descriptors_match_by_whole_tokens(
    descriptor: str, event: str, matches: bool
) -> None:
    """SCXML 399, 402: prefix matching on dots."""
    run = Run(Chart({"a": S(on={descriptor: T("b")}), "b": LEAF}))
    run.event(event)
    assert (run.state == "b") is matches


def test_eventless_transitions_are_taken_until_none_is_enabled() -> None:
    """SCXML 419: a macrostep runs to a stable configuration; guards are judged anew each time."""
    chart = Chart(
        {
            "start": S(on={"go": T("loop")}),
            "loop": S(
                enter=[A("n", "vars.n + 1"), L("{{ vars.n }}")],
                then=[T("done", when="vars.n >= 3"), T("again")],
            ),
            "again": S(then=T("loop")),
            "done": LEAF,
        },
        variables=["n"],
    )
    run = Run(chart)
    run.event("go")
    assert (run.state, run.log) == ("done", ["1", "2", "3"])


def test_internal_events_are_handled_before_eventless_completion() -> None:
    """S5: completion comes after what is already queued."""
    chart = Chart(
        {
            "a": S(on={"go": T("b", R("app.x"))}),
            "b": S(then=T("c"), on={"x": T("STAY", L("x in b"))}),
            "c": S(on={"x": T("STAY", L("x in c"))}),
        }
    )
    run = Run(chart)
    run.event("go")
    assert (run.state, run.log) == ("c", ["x in b"])


def test_a_guard_that_cannot_be_judged_is_false_and_an_error_event() -> None:
    """SCXML 344."""
    chart = Chart(
        {
            "a": S(on={"go": [T("b", when="vars.n / 0 == 1"), T("c")]}),
            "b": LEAF,
            "c": S(on={"error.flow": T("STAY", L("told"))}),
        },
        variables=["n"],
    )
    run = Run(chart)
    run.event("go")
    assert (run.state, run.log) == ("c", ["told"])


def test_an_error_is_an_event_inside_the_macrostep() -> None:
    """SCXML 401: errors are raised on the internal queue, in order."""
    chart = Chart(
        {
            "a": S(
                on={
                    "go": T("STAY", A("n", '"text"'), R("app.after")),
                    "error": T("STAY", L("error")),
                    "after": T("STAY", L("after")),
                }
            )
        },
        variables=["n"],
    )
    run = Run(chart)
    run.event("go")
    assert run.log == ["error", "after"]


def test_delayed_events_come_in_the_order_of_their_delays() -> None:
    """SCXML 175: not in the order in which they were sent."""
    timers = {"late": 2_000, "early": 1_000}
    chart = Chart({"a": S(timers=timers, on={"timer": T("STAY", L("{{ event.name }}"))})})
    run = Run(chart)
    run.wait(3_000)
    assert run.log == ["timer.early", "timer.late"]


def test_leaving_a_state_cancels_its_delayed_events() -> None:
    """SCXML 208: cancel; S10: work belongs to a state instance."""
    chart = Chart(
        {"a": S(timers={"t": 1_000}, on={"go": T("b")}), "b": S(on={"timer.t": T("c")}), "c": LEAF}
    )
    run = Run(chart)
    run.event("go")
    run.wait(5_000)
    assert run.state == "b"


def test_a_timer_of_a_group_outlives_its_states_and_not_the_group() -> None:
    group = S(
        states={"a": S(on={"go": T("b")}), "b": S(on={"out": T("c")})},
        timers={"t": 1_000},
        on={"timer.t": T("STAY", L("t"))},
    )
    run = Run(Chart({"group": group, "c": LEAF}))
    run.event("go")
    run.wait(1_000)
    assert run.log == ["t"]
    run.event("out")
    run.wait(5_000)
    assert run.log == ["t"]


def test_a_repeating_timer_fires_until_its_state_is_left() -> None:
    chart = Chart({"a": S(timers={"t": 100}, every={"t": 200}, on={"timer.t": T("STAY", L("t"))})})
    run = Run(chart)
    run.wait(500)
    assert run.log == ["t"] * 3


def test_nothing_happens_after_a_final_state() -> None:
    """SCXML 372, 570: the machine is over; neither events nor timers change it."""
    chart = Chart(
        {"a": S(on={"go": T("end")}), "end": S(final=True, enter=[L("end")])},
        on={"go": T("a", L("no"))},
    )
    run = Run(chart)
    run.event("go", "go")
    assert (run.over, run.state, run.log) == (True, "end", ["end"])


def test_a_chart_that_never_comes_to_rest_is_stopped() -> None:
    """S14: an eventless circle is an error, and not a hang."""
    run = Run(Chart({"a": S(then=T("b")), "b": S(then=T("a"))}))
    assert run.over
