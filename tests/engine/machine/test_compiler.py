"""The compiler: what an author may write in several ways becomes one way."""

from __future__ import annotations

import datetime as dt
import time

import pytest

from engine.errors import FlowError
from engine.flow.expressions import Expression
from engine.flow.loader import load, load_text
from engine.flow.templates import Template
from engine.machine.compiled import (
    CallFlow,
    ClearAction,
    Collect,
    Confirm,
    EmitAction,
    End,
    LogAction,
    PassOn,
    PlayAction,
    Rest,
    Run,
    SayAction,
    SetAction,
    SlotType,
    TransferTo,
)
from engine.machine.compiler import compile_flow, compile_loaded


def _targets(transitions):
    return [(t.target.kind, t.target.state) for t in transitions]


# --- states and targets --------------------------------------------------------------------------


def test_only_leaf_states_are_left_in_document_order(table):
    names = ["greet", "details", "check", "agree", "book", "asks", "rest", "human", "bye"]
    assert list(table.states) == names
    assert table.states["details"].groups == ("reserve", "inner")
    assert table.states["greet"].groups == ()
    assert list(table.groups) == ["reserve", "inner"]


def test_a_group_as_target_means_its_start_leaf(table):
    """Also through a group in a group, where one state needs no `start`."""
    assert _targets(table.states["greet"].then) == [("state", "details")]
    assert _targets(table.states["check"].then)[1] == ("state", "details")


def test_a_dotted_path_means_its_last_name(table):
    assert _targets(table.states["details"].then) == [("state", "check")]


def test_a_group_may_be_the_start(make_small):
    flow = make_small({"a": {"start": "c", "states": {"b": {"end": "hangup"}, "c": {"then": "b"}}}})
    assert flow.start == "c"


@pytest.mark.parametrize(
    ("state", "verb"),
    [
        ("greet", PassOn()),
        ("details", Collect(slots=("party_size", "date", "time"))),
        ("agree", Confirm(text=Template("{{ slots.party_size }} people?"))),
        ("book", Run(tool="book_table", args={"size": Expression("slots.party_size")})),
        ("asks", CallFlow(flow="hours", args={})),
        ("rest", Rest()),
        ("bye", End(kind="hangup")),
        (
            "human",
            TransferTo(
                to=Template("$FRONT_DESK"),
                kind="warm",
                brief=Template("Wants {{ slots | summary }}"),
            ),
        ),
    ],
)
def test_verbs(table, state, verb):
    assert table.states[state].verb == verb


def test_words_in_capitals_are_kinds_of_targets(table):
    assert table.states["rest"].scopes[0].handlers[0].transitions[0].target.kind == "resume"
    assert table.states["details"].scopes[0].handlers[0].transitions[0].target.kind == "back"
    assert table.states["details"].scopes[1].handlers[0].transitions[0].target.kind == "repeat"
    assert table.states["details"].scopes[1].handlers[1].transitions[0].target.kind == "end"
    flow_scope = table.states["bye"].scopes[0]
    assert [t.target.kind for t in flow_scope.handlers[2].transitions] == ["state", "stay"]
    assert flow_scope.handlers[1].transitions[0].target.flow == "hours"


# --- handlers, transitions, actions --------------------------------------------------------------


def test_scopes_are_innermost_first_and_shared(table):
    owners = [scope.owner for scope in table.states["details"].scopes]
    assert owners == ["details", "reserve", "flow"]
    assert table.states["details"].scopes[2] is table.states["bye"].scopes[0]


def test_ids_of_transitions_are_paths_and_unique(table):
    ids = [t.id for state in table.states.values() for t in state.then]
    scopes = {id(s): s for state in table.states.values() for s in state.scopes}
    ids += [t.id for s in scopes.values() for h in s.handlers for t in h.transitions]
    assert {"check.then[1]", "flow.handle.corrected[1]", "human.handle.error.transfer[0]"} <= {*ids}
    assert len(ids) == len(set(ids))


def test_a_state_called_flow_is_not_the_flow(make_small):
    handle = {"error": {"to": "STAY"}}
    flow = make_small({"flow": {"handle": handle}}, handle=handle)
    inner, outer = flow.states["flow"].scopes
    assert inner.handlers[0].transitions[0].id == "states.flow.handle.error[0]"
    assert outer.handlers[0].transitions[0].id == "flow.handle.error[0]"


def test_actions_run_in_the_order_of_the_language_and_do_comes_last(table):
    assert table.states["check"].then[1].actions == (
        SayAction(text=Template("Full.")),
        SetAction(root="slots", name="party_size", value=Expression("2")),
        SetAction(root="vars", name="attempts", value=Expression("3")),
        ClearAction(names=("time", "date")),
        EmitAction(event="app.full"),
        LogAction(text=Template("tried")),
        ClearAction(names=("seat",)),
        SayAction(text=Template("Again.")),
    )


def test_groups_keep_what_happens_at_their_border(table):
    group = table.groups["reserve"]
    assert [type(action) for action in group.enter] == [SetAction, LogAction]
    assert group.exit == (ClearAction(names=("attempts",)),)
    assert [(t.name, t.after, t.every) for t in group.timers] == [("hurry", 30_000, 10_000)]
    assert [(t.name, t.after, t.every) for t in table.timers] == [("long_call", 480_000, None)]


# --- policies ------------------------------------------------------------------------------------


def test_policies_merge_key_by_key(table):
    policy = table.states["agree"].interruptions
    assert (policy.allow, policy.mode, policy.min_time) == (True, "hybrid", 500)
    assert (policy.min_words, policy.phrases) == (4, ("stop", "wait"))
    assert (policy.false_alarm_pause, policy.false_alarm_resume) == (1_500, False)
    assert not table.states["greet"].interruptions.allow


def test_the_thinking_profile_starts_from_the_state_itself(table):
    thinking = table.states["agree"].interruptions.thinking
    assert (thinking.min_words, thinking.phrases, thinking.thinking) == (1, ("stop", "wait"), None)
    assert not thinking.false_alarm_resume
    assert table.states["greet"].interruptions.thinking is None


def test_a_ladder_replaces_the_outer_one(table):
    lines = [line.source for line in table.states["details"].listen.no_input]
    assert lines == ["Hello?", "Anyone there?"]
    outer = [line.source for line in table.states["rest"].listen.no_input]
    assert outer == ["Are you still there?"]


def test_more_patience_raises_the_upper_bound_too(table):
    listen = table.states["details"].listen
    assert (listen.min_wait, listen.max_wait, listen.silence) == (1_200, 1_200, 6_000)


def test_defaults_are_those_of_the_language(make_small):
    state = make_small({"bye": {"end": "hangup"}}).states["bye"]
    listen, policy = state.listen, state.interruptions
    assert (listen.end_of_turn, listen.min_wait, listen.max_wait) == ("adaptive", 500, 800)
    assert (listen.silence, listen.accept, listen.no_input) == (6_000, ("speech", "dtmf"), ())
    assert (policy.allow, policy.mode, policy.min_time, policy.min_words) == (
        True,
        "hybrid",
        500,
        2,
    )
    assert (policy.false_alarm_pause, policy.false_alarm_resume) == (2_000, True)


def test_states_without_policies_of_their_own_share_one(table):
    assert table.states["bye"].listen is table.states["human"].listen
    assert table.states["rest"].listen.accept == ("dtmf",)


# --- declarations --------------------------------------------------------------------------------


def test_slots(table):
    party, date, seat = (table.slots[name] for name in ("party_size", "date", "seat"))
    assert (party.min, party.max, party.about) == (1, 12, "guests")
    assert (date.check, date.resets) == (Expression("value >= today()"), ("time",))
    assert table.slots["time"].min == dt.time(18)
    assert table.slots["time"].max == dt.time(22, 30)
    assert seat.default == "bar"
    assert seat.words == {"window_seat": ("window seat",), "bar": ("bar", "at the bar", "counter")}


@pytest.mark.parametrize(
    ("kind", "written", "value"),
    [
        ("date", "2026-05-02", dt.date(2026, 5, 2)),
        ("time", "19:00", dt.time(19)),
        ("datetime", "2026-05-02T19:00", dt.datetime(2026, 5, 2, 19)),
        ("duration", "90s", dt.timedelta(seconds=90)),
        ("number", 3, 3.0),
        ("integer", 3, 3),
        ("text", "x", "x"),
        ("list(time)", ["19:00"], [dt.time(19)]),
        ("boolean", False, False),
    ],
)
def test_defaults_become_values(make_small, kind, written, value):
    flow = make_small({"bye": {"end": "hangup"}}, vars={"x": {"type": kind, "default": written}})
    assert flow.variable_defaults == {"x": value}
    assert type(flow.variable_defaults["x"]) is type(value)


def test_variables_inputs_and_outputs(table):
    assert table.variables == {"attempts": SlotType(kind="integer"), "opens": SlotType(kind="time")}
    assert table.variable_defaults == {"attempts": 0, "opens": dt.time(18)}
    assert table.inputs["restaurant"].default == "Luigi's"
    assert table.outputs == {"booking_id": Expression("results.book.booking_id")}


def test_built_in_intents_are_in_scope_and_can_be_replaced(table):
    own = ["wants_person", "asks_hours", "go_back"]
    assert list(table.intents) == [*own, "repeat_please", "off_topic"]
    assert table.intents["go_back"].words == ("backwards",)
    assert "say that again" in table.intents["repeat_please"].words
    assert table.intents["wants_person"].avoid == ("is the manager in",)
    assert table.intents["wants_person"].dtmf == "0"


def test_tools(table):
    find = table.tools["find_table"]
    assert (find.timeout, find.retry_times, find.retry_after) == (6_000, 1, 500)
    assert (find.filler.after, find.filler.every) == (800, 5_000)
    assert find.returns.fields["others"].item == SlotType(kind="time")
    book = table.tools["book_table"]
    assert (book.effect, book.timeout, book.filler) == ("write", 10_000, None)


def test_the_pipeline_is_options_by_component(table):
    assert table.pipeline == {
        "stt": {"use": "embedded"},
        "tts": [{"use": "cloud", "voice": "warm"}, {"use": "embedded"}],
    }
    assert table.mode == "cascade"


def test_waiting_states_have_a_grammar(table):
    for name in ("details", "agree", "rest"):
        assert table.states[name].grammar
    assert table.states["details"].grammar in table.grammars
    assert table.states["check"].grammar == ""


# --- sub-flows and findings ----------------------------------------------------------------------


def test_subflows_are_compiled(table):
    assert table.flows["hours"].id == "opening_hours"
    assert table.flows["hours"].states["done"].verb == End(kind="return")


def test_what_was_loaded_is_compiled_with_its_subflows(tmp_path):
    inner = (
        "turnwise: 1\nflow: inner\nstart: a\nstates: {a: {say: Hi., then: b}, b: {end: return}}\n"
    )
    (tmp_path / "inner.yaml").write_text(inner)
    outer = "turnwise: 1\nflow: outer\nstart: a\nflows: {i: inner.yaml}\nstates:\n"
    outer += "  a: {call: i, then: b}\n  b: {end: hangup}\n"
    loaded = load_text(outer, folder=tmp_path)
    assert loaded.ok, loaded.diagnostics
    assert compile_loaded(loaded).flows["i"].start == "a"


def test_a_flow_with_errors_is_not_compiled():
    loaded = load_text("turnwise: 1\nflow: x\n", "x.yaml")
    with pytest.raises(FlowError, match=r"x\.yaml has \d errors?") as caught:
        compile_loaded(loaded)
    assert caught.value.diagnostics == loaded.diagnostics


def test_compiled_subflows_are_taken_as_they_are(table, hours):
    inner = compile_flow(hours)
    assert compile_flow(hours, {"x": inner}).flows["x"] is inner


def test_files_of_a_sub_flow_are_found_from_the_flow_that_is_run(tmp_path):
    states = "states:\n  a: {enter: [{play: jingle.wav}], %s}\n"
    inner = "turnwise: 1\nflow: inner\nstart: a\n" + states % "end: return"
    outer = "turnwise: 1\nflow: outer\nstart: a\nflows: {sub: ./parts/inner.yaml}\n"
    (tmp_path / "parts").mkdir()
    (tmp_path / "parts" / "inner.yaml").write_text(inner)
    (tmp_path / "outer.yaml").write_text(outer + states % "call: sub, then: END")

    flow = compile_loaded(load(tmp_path / "outer.yaml"))

    assert flow.states["a"].enter == (PlayAction(file="jingle.wav"),)
    assert flow.flows["sub"].states["a"].enter == (PlayAction(file="parts/jingle.wav"),)


def test_a_target_that_does_not_exist_is_a_bug_and_raises(make_small):
    with pytest.raises(KeyError, match="nowhere"):
        make_small({"a": {"then": "nowhere"}})


# --- fingerprint ---------------------------------------------------------------------------------


def test_the_fingerprint_ignores_spelling(make_compiled, table_text, table, hours):
    commented = table_text.replace("slots:", "# what we ask for\nslots:").replace(
        "{to: STAY}", "to: STAY"
    )
    assert make_compiled(commented, hours=hours).fingerprint == table.fingerprint
    assert len(table.fingerprint) == 64


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("Goodbye.", "Bye."),
        ("visits < 3", "visits < 4"),
        ("1.2.0", "1.2.1"),
        ("default: 0", "default: 1"),
        ("timeout: 6s", "timeout: 7s"),
        ("pause: 1500ms", "pause: 1501ms"),
        ("words: [operator]", "words: [a person]"),
        ("max: 12", "max: 13"),
        ("resets: [time]", "resets: [seat]"),
        ("{to: STAY}", "{to: REPEAT}"),
        ("use: cloud", "use: other"),
        ("default: Luigi's", "default: Gino's"),
        ("results.book.booking_id", "results.book"),
        ("every: 10s", "every: 11s"),
        ("call: hours, then: rest", "call: hours, then: bye"),
    ],
)
def test_the_fingerprint_notices_what_a_call_notices(
    make_compiled, table_text, table, hours, old, new
):
    changed = table_text.replace(old, new)
    assert changed != table_text
    assert make_compiled(changed, hours=hours).fingerprint != table.fingerprint


def test_the_fingerprint_covers_subflows(make_compiled, table_text, table, hours):
    other = hours.model_copy(update={"version": "2"})
    assert make_compiled(table_text, hours=other).fingerprint != table.fingerprint


def test_the_order_of_slots_and_intents_is_meaning(make_small):
    states = {"bye": {"end": "hangup"}}
    one = make_small(states, slots={"a": "text", "b": "text"})
    two = make_small(states, slots={"b": "text", "a": "text"})
    assert one.fingerprint != two.fingerprint


def test_a_thousand_states_compile_quickly(make_small):
    """About 0.1 s here; the bound leaves room for a slow machine and fails for anything squared."""
    states = {
        f"s{i}": {
            "say": "One moment, {{ slots.a }}.",
            "collect": ["a"],
            "then": [{"when": "visits < 3", "to": f"s{(i + 1) % 1_000}"}, {"to": "s0"}],
        }
        for i in range(1_000)
    }
    started = time.process_time()
    flow = make_small(states, slots={"a": {"type": "integer", "ask": "How many?"}})
    assert len(flow.states) == 1_000
    assert time.process_time() - started < 20
