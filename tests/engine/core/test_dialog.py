"""The macrostep: S1 to S5, targets, timers, limits and last resorts (S14, S15)."""

from __future__ import annotations

import pytest

from engine.core import lines
from engine.effects import Expect, Transfer
from engine.machine.compiled import CompiledFlow, CompiledGroup, InterruptionPolicy, TimerSpec
from tests.engine.core.flow_kit import (
    State,
    Talk,
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

ASKS = [intent("asks_hours", "when do you open"), intent("gives_up", "never mind")]
NAME = slot("name", "text", ask="What is your name?")


def test_the_smallest_flow_from_hello_to_goodbye() -> None:
    flow = make_flow(
        {
            "ask": State(collect("name"), then="bye"),
            "bye": State(end(), text="Goodbye {{ slots.name }}."),
        },
        slots=[NAME],
    )
    talk = Talk(flow)

    assert talk.said == ["What is your name?"]
    assert talk.user("my name is Ann") == ["Goodbye Ann."]
    assert talk.state == "bye"
    assert talk.dialog.ended == "hangup"


def test_nothing_happens_before_the_beginning_and_after_the_end() -> None:
    talk = Talk(make_flow({"bye": State(end(), text="Bye.")}), begin=False)

    assert talk.state == ""
    assert not talk.dialog.waiting
    assert not talk.dialog.busy
    assert talk.dialog.ended is None
    assert talk.user("hello") == talk.silence() == talk.key("1") == talk.event("app.x") == []

    talk.do(talk.dialog.begin)
    talk.do(talk.dialog.begin)

    assert talk.said == ["Bye."]
    assert talk.user("hello") == talk.silence() == talk.key("1") == talk.event("app.x") == []
    assert talk.reported("u1") == talk.transferred() == talk.quiet() == talk.returned("t1") == []
    assert talk.do(talk.dialog.deadline, "limit") == []
    assert talk.deadlines.next() is None


# --- S1, S2: the macrostep ------------------------------------------------------------------------


def test_a_macrostep_runs_until_the_dialog_waits() -> None:
    """S1: lines of states passed through are all ordered, questions only where it stops."""
    flow = make_flow(
        {
            "one": State(text="One.", then="two"),
            "two": State(then=[to("never", when="false"), to("three")]),
            "three": State(text="Three.", then="ask"),
            "ask": State(collect("name")),
            "never": State(text="Never."),
        },
        slots=[NAME],
    )

    assert Talk(flow).said == ["One.", "Three.", "What is your name?"]


def test_work_of_a_state_that_is_left_in_the_same_macrostep_never_starts() -> None:
    """S1: work starts in a stable point only."""
    flow = make_flow(
        {
            "a": State(run("find"), enter=(emit("app.leave"),), handle={"app.leave": to("b")}),
            "b": State(collect("name"), enter=(emit("app.go"),), handle={"app.go": to("c")}),
            "c": State(text="Here."),
        },
        slots=[NAME],
        tools=[tool("find")],
    )
    talk = Talk(flow)

    assert talk.said == ["Here."]
    assert talk.calls == []


def test_internal_events_come_first_in_first_out_before_completion() -> None:
    """S2: the internal queue is drained before `then` is looked at."""
    flow = make_flow(
        {
            "a": State(
                enter=(emit("app.one"), emit("app.two")),
                then="b",
                handle={"app.one": to("STAY", say("One.")), "app.two": to("STAY", say("Two."))},
            ),
            "b": State(text="Moved on."),
        }
    )

    assert Talk(flow).said == ["One.", "Two.", "Moved on."]


# --- S3: selection --------------------------------------------------------------------------------


def nested(**handlers: dict) -> CompiledFlow:
    return make_flow(
        {"rest": State(group=("outer", "inner"), handle=handlers.get("state", {}))},
        groups=[CompiledGroup(id="outer"), CompiledGroup(id="inner")],
        group_handle={g: handlers[g] for g in ("outer", "inner") if g in handlers},
        handle=handlers.get("flow", {}),
        intents=ASKS,
        variables={"n": "integer"},
    )


def test_the_innermost_handler_wins() -> None:
    """S3: state, inner group, outer group, flow."""
    named = {
        place: {"intent.asks_hours": to("STAY", say(place))} for place in ("inner", "outer", "flow")
    }

    assert Talk(nested(**named)).user("when do you open") == ["inner"]
    del named["inner"]
    assert Talk(nested(**named)).user("when do you open") == ["outer"]
    del named["outer"]
    assert Talk(nested(**named)).user("when do you open") == ["flow"]


def test_the_first_enabled_transition_fires_and_only_that() -> None:
    answers = [
        to("STAY", say("No."), when="vars.n == 1"),
        to("STAY", say("First.")),
        to("STAY", say("Second.")),
    ]

    assert Talk(nested(state={"intent.asks_hours": answers})).user("when do you open") == ["First."]


def test_a_guard_that_fails_is_false_and_reported_once() -> None:
    """S3: the next transition answers, and `error.flow` is handled afterwards."""
    broken = [to("STAY", say("No."), when="1 / 0 > 1"), to("STAY", say("Yes."))]
    handlers = {"intent.asks_hours": broken, "error.flow": to("STAY", say("Oops."))}
    talk = Talk(nested(state=handlers))

    assert talk.user("when do you open") == ["Yes.", "Oops."]
    assert talk.errors == ["error.flow"]


def test_a_guard_that_is_not_boolean_does_not_hold() -> None:
    handlers = {"intent.asks_hours": [to("STAY", say("No."), when="1"), to("STAY", say("Yes."))]}

    assert Talk(nested(state=handlers)).user("when do you open") == ["Yes."]


# --- S4: order ------------------------------------------------------------------------------------


def test_exit_then_actions_then_entry() -> None:
    """S4: exits inner to outer up to the common group, actions, entries outer to inner, say."""
    groups = [
        CompiledGroup(id=name, enter=(say(f"in {name}"),), exit=(say(f"out {name}"),))
        for name in ("house", "cellar", "roof")
    ]
    flow = make_flow(
        {
            "barrel": State(
                group=("house", "cellar"),
                enter=(say("in barrel"),),
                exit=(say("out barrel"),),
                handle={"app.fly": to("tile", say("flying"))},
            ),
            "tile": State(group=("house", "roof"), enter=(say("in tile"),), text="On the roof."),
        },
        groups=groups,
    )
    talk = Talk(flow)

    assert talk.said == ["in house", "in cellar", "in barrel"]
    assert talk.event("app.fly") == [
        *("out barrel", "out cellar", "flying"),
        *("in roof", "in tile", "On the roof."),
    ]


def moving() -> CompiledFlow:
    handle = {
        "app.stay": to("STAY", say("Staying.")),
        "app.silent": to("STAY", put("n", "1")),
        "app.repeat": to("REPEAT", say("Again.")),
        "app.resume": to("RESUME", put("n", "1")),
        "app.end": to("END", say("Ending.")),
    }
    return make_flow(
        {
            "ask": State(
                collect("name"),
                text="Hello.",
                enter=(log("in"),),
                exit=(log("out"),),
                handle=handle,
            )
        },
        slots=[NAME],
        variables={"n": "integer"},
    )


def test_stay_skips_exit_and_entry_and_asks_again() -> None:
    talk = Talk(moving())

    assert talk.event("app.stay") == ["Staying.", "What is your name?"]
    assert talk.notes("log") == []
    assert talk.outbox.moves == []


def test_staying_in_silence_does_not_ask_again() -> None:
    """A timer that only counts must not make the agent repeat itself; RESUME asks all the same."""
    talk = Talk(moving())

    assert talk.event("app.silent") == []
    assert talk.event("app.resume") == ["What is your name?"]


def test_repeat_leaves_and_enters_again() -> None:
    talk = Talk(moving())

    assert talk.event("app.repeat") == ["Again.", "Hello.", "What is your name?"]
    assert [note["text"] for note in talk.notes("log")] == ["out", "in"]


def test_end_in_the_first_flow_hangs_up() -> None:
    talk = Talk(moving())

    assert talk.event("app.end") == ["Ending."]
    assert talk.dialog.ended == "hangup"


def backtracking() -> Talk:
    flow = make_flow(
        {
            "first": State(collect("name"), then="check"),
            "check": State(run("find"), then="second"),
            "second": State(confirm("Sure?"), then="third"),
            "third": State(text="Anything else?"),
        },
        slots=[NAME],
        tools=[tool("find")],
    )
    talk = Talk(flow)
    talk.user("Ann")
    talk.returned("t1", {})
    return talk


def test_back_goes_to_the_waiting_state_before_and_asks_there_again() -> None:
    """BACK skips states that did not wait, and empties what was answered there last."""
    talk = backtracking()
    talk.user("yes")
    assert talk.state == "third"

    assert talk.user("go back") == ["Sure?"]
    assert talk.state == "second"
    assert talk.user("go back") == ["What is your name?"]
    assert talk.slots == {"$map": [["name", None]]}
    assert talk.user("go back") == ["What is your name?"]
    assert talk.state == "first"


def test_an_author_may_send_the_caller_back_with_a_word() -> None:
    flow = make_flow(
        {
            "first": State(confirm("First?"), then="second"),
            "second": State(confirm("Second?"), handle={"app.back": to("BACK", say("Back."))}),
        }
    )
    talk = Talk(flow)
    talk.user("yes")

    assert talk.event("app.back") == ["Back.", "First?"]


def test_repeat_please_asks_again_and_while_a_tool_works_says_the_last_line_again() -> None:
    talk = backtracking()

    assert talk.user("can you repeat that") == ["Sure?"]

    flow = make_flow(
        {"work": State(run("book"), text="I am booking it.", then="bye"), "bye": State(end())},
        tools=[tool("book", effect="write")],
    )
    talk = Talk(flow)

    assert talk.user("can you repeat that") == ["I am booking it."]
    assert len(talk.calls) == 1


def test_go_back_does_not_walk_away_from_a_write() -> None:
    flow = make_flow(
        {
            "ask": State(collect("name"), then="work"),
            "work": State(run("book"), then="bye"),
            "bye": State(end()),
        },
        slots=[NAME],
        tools=[tool("book", effect="write")],
    )
    talk = Talk(flow)
    talk.user("Ann")

    assert talk.user("go back") == [lines.WORKING]
    assert talk.state == "work"


# --- S5: the order of one turn's findings ---------------------------------------------------------


def test_one_turn_corrects_then_digresses_then_completes() -> None:
    """S5: correction, then question, then completion."""
    flow = make_flow(
        {
            "details": State(collect("size", "date"), then="done"),
            "done": State(text="All set."),
        },
        slots=[slot("size", "integer"), slot("date", "date")],
        intents=ASKS,
        handle={
            "corrected": to("STAY", say("Changed.")),
            "intent.asks_hours": to("STAY", say("From five.")),
        },
    )
    talk = Talk(flow)
    talk.user("four")

    said = talk.user("make it five, on the tenth of may, and when do you open")

    assert said == ["Changed.", "From five.", "All set."]


# --- what is expected -----------------------------------------------------------------------------


def test_expect_is_said_when_and_only_when_it_changes() -> None:
    talk = backtracking()

    assert [(e.state, e.grammar, e.kinds) for e in talk.of(Expect)] == [
        ("first", "first", ("text",)),
        ("check", "", ()),
        ("second", "second", ("yesno",)),
    ]
    talk.user("can you repeat that")
    assert len(talk.of(Expect)) == 3
    assert talk.dialog.kinds == ("yesno",)
    assert talk.dialog.yes_no_open


def test_moves_name_what_caused_them() -> None:
    talk = backtracking()

    move = talk.outbox.moves[-1]

    assert (move.machine, move.old, move.new, move.because) == (
        *("dialog", "check", "second", "check.then[0]"),
    )


def test_lines_carry_the_policy_of_the_state_that_speaks() -> None:
    protected = InterruptionPolicy(allow=False)
    flow = make_flow(
        {
            "greet": State(text="Hello.", then="ask", interruptions=protected),
            "ask": State(collect("name")),
        },
        slots=[NAME],
    )
    talk = Talk(flow)

    assert [policy.allow for policy in talk.mouth.policies] == [False, True]
    assert talk.dialog.interruptions.allow


# --- timers ---------------------------------------------------------------------------------------


def test_a_state_timer_stops_with_its_state() -> None:
    """S10: a timer belongs to the visit that started it."""
    flow = make_flow(
        {
            "a": State(
                timers=(TimerSpec(name="hurry", after=1_000),),
                handle={"timer.hurry": to("STAY", say("Hurry.")), "app.go": to("b")},
            ),
            "b": State(handle={"timer.hurry": to("STAY", say("Never."))}),
        }
    )
    talk = Talk(flow)

    assert talk.wait(1_000) == ["Hurry."]
    assert talk.wait(5_000) == []

    talk = Talk(flow)
    talk.event("app.go")
    assert talk.wait(5_000) == []


def test_a_repeating_timer_fires_until_its_owner_is_left() -> None:
    flow = make_flow(
        {"a": State(handle={"timer.tick": to("STAY", say("Tick."))})},
        timers=[TimerSpec(name="tick", after=500, every=1_000)],
    )

    assert Talk(flow).wait(2_600) == ["Tick."] * 3


def test_a_group_timer_lives_as_long_as_the_group() -> None:
    group = CompiledGroup(id="g", timers=(TimerSpec(name="slow", after=1_000),))
    flow = make_flow(
        {
            "a": State(group=("g",), handle={"app.go": to("b")}),
            "b": State(group=("g",), handle={"timer.slow": to("c", say("Slow."))}),
            "c": State(),
        },
        groups=[group],
    )
    talk = Talk(flow)
    talk.wait(900)
    talk.event("app.go")

    assert talk.wait(100) == ["Slow."]
    assert talk.deadlines.get("timer:g.slow") is None


# --- S14: limits ----------------------------------------------------------------------------------


def test_a_dialog_that_does_not_come_to_rest_is_an_error() -> None:
    """S14: 100 microsteps; the handler gets as many again, then the call ends (S15)."""
    spinning = {"a": State(then="b"), "b": State(then="c"), "c": State(then="a")}
    talk = Talk(make_flow(spinning))

    assert talk.said == [lines.FAILURE]
    assert talk.errors == ["error.limit"]
    assert talk.dialog.ended == "hangup"

    rescued = {**spinning, "safe": State(text="Safe.")}
    assert Talk(make_flow(rescued, handle={"error.limit": to("safe")})).said == ["Safe."]

    long = {f"s{n}": State(then=f"s{(n + 1) % 7}") for n in range(7)}
    talk = Talk(make_flow(long, handle={"error.limit": to("STAY")}))
    assert talk.errors == ["error.limit", "error.limit"]
    assert talk.said == [lines.FAILURE]


def test_the_fifty_first_visit_of_a_state_is_an_error() -> None:
    flow = make_flow(
        {"a": State(text="Hi.", handle={"app.x": to("REPEAT")}), "b": State(text="Out.")},
        handle={"error.limit": to("b")},
    )
    talk = Talk(flow)
    for _ in range(49):
        assert talk.event("app.x") == ["Hi."]

    assert talk.event("app.x") == ["Out."]


def test_the_thousand_and_first_turn_is_an_error() -> None:
    flow = make_flow(
        {"a": State(handle={"intent.asks_hours": to("STAY", say("Five."))}), "b": State()},
        intents=ASKS,
        handle={"error.limit": to("b", say("Enough."))},
    )
    talk = Talk(flow)
    for _ in range(1_000):
        assert talk.user("when do you open") == ["Five."]

    assert talk.user("when do you open") == ["Enough."]


def test_a_call_of_thirty_minutes_is_an_error_and_a_minute_later_over() -> None:
    talk = Talk(make_flow({"a": State()}, handle={"error.limit": to("STAY", say("Time."))}))

    assert talk.wait(30 * 60_000) == ["Time."]
    assert talk.dialog.ended is None
    assert talk.wait(60_000) == [lines.FAILURE]
    assert talk.dialog.ended == "hangup"


# --- S15: failures --------------------------------------------------------------------------------


def test_an_unhandled_error_speaks_and_hangs_up() -> None:
    """S15: never silence."""
    talk = Talk(make_flow({"a": State()}))

    assert talk.event("error.stt", message="deaf") == [lines.FAILURE]
    assert talk.dialog.ended == "hangup"
    assert talk.errors == ["error.stt"]


def test_a_handler_for_error_catches_everything_below_it() -> None:
    talk = Talk(make_flow({"a": State()}, handle={"error": to("STAY", say("{{ event.name }}"))}))

    assert talk.event("error.stt", message="deaf") == ["error.stt"]


@pytest.mark.parametrize(
    "answer",
    [
        to("b", put("n", "1 / 0")),
        to("b", when="1 / 0 > 1"),
        to("broken"),
    ],
    ids=["its action", "its guard", "the state it enters"],
)
def test_an_error_handler_that_fails_itself_is_the_end(answer: object) -> None:
    """S15: straight to the last line, not to the handler again."""
    flow = make_flow(
        {
            "a": State(),
            "b": State(text="Never."),
            "broken": State(enter=(put("n", "1 / 0"),)),
        },
        handle={"error": answer},  # type: ignore[dict-item]
        variables={"n": "integer"},
    )
    talk = Talk(flow)

    said = talk.event("error.stt", message="deaf")

    assert said[-1] == lines.FAILURE
    assert talk.dialog.ended == "hangup"


def test_an_error_that_leads_back_to_the_state_whose_work_failed_is_the_end() -> None:
    flow = make_flow(
        {"a": State(run("find"), then="b"), "b": State()},
        tools=[tool("find")],
        handle={"error": to("a", say("Again."))},
    )
    talk = Talk(flow)

    assert talk.returned("t1", error="down") == [lines.FAILURE]


def test_an_error_of_a_service_does_not_disturb_the_work_of_the_state_it_leads_to() -> None:
    """A recogniser that breaks while the caller is handed over must not hand over twice."""
    flow = make_flow(
        {"human": State(transfer(), text="I will connect you.")},
        handle={"error": to("human", say("Sorry."))},
    )
    talk = Talk(flow)

    assert talk.event("error.stt", message="deaf") == ["Sorry."]
    assert len(talk.of(Transfer)) == 1
    assert talk.dialog.ended is None


def test_a_line_that_cannot_be_rendered_is_an_error_and_left_out() -> None:
    flow = make_flow(
        {"a": State(text="Dear {{ results.x.y }}.", then="b"), "b": State(text="Hello.")},
        handle={"error.flow": to("STAY", say("Sorry."))},
    )

    assert Talk(flow).said == ["Sorry.", "Hello."]


def test_a_state_where_no_branch_holds_is_an_error() -> None:
    flow = make_flow({"a": State(then=[to("b", when="false")]), "b": State()})

    assert Talk(flow).said == [lines.FAILURE]


def test_staying_where_work_has_failed_is_the_end() -> None:
    """Nothing would ever happen there again: never silence."""
    flow = make_flow(
        {"a": State(run("find"), then="b"), "b": State()},
        tools=[tool("find")],
        handle={"error.tool": to("STAY", say("Hm."))},
    )
    talk = Talk(flow)

    assert talk.returned("t1", error="down") == ["Hm.", lines.FAILURE]
    assert talk.dialog.ended == "hangup"


# --- what a flow may raise itself -----------------------------------------------------------------


def test_a_flow_may_raise_an_error_and_it_is_reported_like_any_other() -> None:
    flow = make_flow(
        {"a": State(enter=(emit("error.mine"),), handle={"error.mine": to("STAY", say("Mine."))})}
    )
    talk = Talk(flow)

    assert talk.said == ["Mine."]
    assert talk.errors == ["error.mine"]


def test_a_flow_may_play_the_caller() -> None:
    """A key or a refusal that the flow raises itself carries no data, and is answered as well."""
    ask = collect("size")
    flow = make_flow(
        {"a": State(ask, handle={"app.press": to("STAY", emit("dtmf.4"))}), "b": State(end())},
        slots=[slot("size", "integer", min=1, max=9, ask="How many?", invalid="No.")],
        handle={"app.refuse": to("STAY", emit("invalid.size")), "app.odd": to("STAY", emit("x"))},
    )
    talk = Talk(flow)

    assert talk.event("app.refuse") == ["No.", "How many?"]
    assert talk.event("app.odd") == []
    talk.event("app.press")
    assert talk.notes("slots") == [{"size": 4}]


def test_before_the_beginning_the_policies_are_those_of_the_start_state() -> None:
    policy = InterruptionPolicy(allow=False)
    talk = Talk(make_flow({"a": State(interruptions=policy)}), begin=False)

    assert not talk.dialog.interruptions.allow
    assert talk.dialog.listen.silence == 6_000


def test_guards_see_the_other_two_machines_and_the_call() -> None:
    guard = 'agent.state == "SPEAKING" and user.state == "IDLE" and call.from == "+49"'
    flow = make_flow(
        {"a": State(handle={"app.x": [to("STAY", say("Seen."), when=guard), to("STAY")]})}
    )
    talk = Talk(flow, caller="+49", channel="webrtc")

    assert talk.event("app.x") == []
    talk.dialog.see("SPEAKING", "IDLE")
    assert talk.event("app.x") == ["Seen."]


def test_an_input_of_the_wrong_type_is_an_error_at_the_beginning() -> None:
    flow = make_flow(
        {"a": State(text="Hello.")},
        inputs=[slot("n", "integer", default=1)],
        handle={"error.flow": to("STAY", say("{{ event.message }}."))},
    )

    assert Talk(flow, inputs={"n": "x"}).said == [
        *("Hello.", "inputs.n is 'x', expected integer.", "Hello.")
    ]


def test_a_deadline_that_is_not_the_dialogs_is_a_bug() -> None:
    talk = Talk(make_flow({"a": State()}))

    with pytest.raises(ValueError, match="not a deadline of the dialog"):
        talk.do(talk.dialog.deadline, "silence")


def test_a_slot_may_have_any_name() -> None:
    """`kind` is also what a note calls its own kind."""
    flow = make_flow({"a": State(collect("kind"), then=[to("END")])}, slots=[slot("kind")])
    talk = Talk(flow)
    talk.user("blue")

    assert talk.notes("slots") == [{"kind": "blue"}]
