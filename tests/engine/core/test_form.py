"""The form algorithm: S6 (one turn's findings) and S7 (collect, confirm, readback)."""

from __future__ import annotations

import datetime
from typing import Any

from engine.core import lines
from engine.core.memory import MASK
from engine.machine.compiled import CompiledFlow
from tests.engine.core.flow_kit import (
    Handling,
    State,
    Talk,
    clear,
    collect,
    confirm,
    end,
    intent,
    make_flow,
    run,
    say,
    slot,
    to,
    tool,
)

SIZE = slot("size", "integer", ask="How many?", min=1, max=12, invalid="At most twelve.")
DATE = slot(
    "date",
    "date",
    ask="Which day?",
    check="value <= today() + days(60)",
    invalid="Too far away: {{ value | spoken }}.",
)
TIME = slot("time", "time", ask="At what time?")
NAME = slot("name", "text", ask="What name?")
PHONE = slot("phone", "phone", ask="Your number?", readback=True, sensitive=True)


def booking(handle: Handling | None = None, **more: Any) -> CompiledFlow:
    return make_flow(
        {
            "details": State(collect("size", "date", "time"), then="agree"),
            "agree": State(
                confirm("{{ slots.size }} at {{ slots.time | spoken }}?"),
                then=[to("bye", say("Booked."), when="answer"), to("repair")],
            ),
            "repair": State(text="What is wrong?"),
            "bye": State(end(), text="Bye."),
        },
        slots=more.pop("slots", [SIZE, DATE, TIME]),
        intents=[intent("asks_parking", "where can i park")],
        handle=handle or {},
        **more,
    )


def filled(talk: Talk) -> dict[str, Any]:
    memory = talk.dialog.to_dict()["scene"]["frames"][-1]["memory"]
    return {name: value for name, value in memory["slots"]["$map"] if value is not None}


# --- collect --------------------------------------------------------------------------------------


def test_slots_are_asked_one_by_one() -> None:
    talk = Talk(booking())

    assert talk.said == ["How many?"]
    assert talk.user("four") == ["Which day?"]
    assert talk.user("tomorrow") == ["At what time?"]
    assert talk.user("at seven pm") == ["4 at seven p m?"]
    assert talk.state == "agree"


def test_one_sentence_fills_the_form() -> None:
    talk = Talk(booking())

    assert talk.user("four people tomorrow at seven pm") == ["4 at seven p m?"]


def test_any_order_is_taken_and_filled_slots_are_skipped() -> None:
    talk = Talk(booking())

    assert talk.user("at seven pm please") == ["How many?"]
    assert talk.user("four") == ["Which day?"]


def test_a_default_is_not_asked_for() -> None:
    flow = booking(slots=[slot("size", "integer", default=2), DATE, TIME])

    assert Talk(flow).said == ["Which day?"]


def test_an_optional_slot_is_taken_but_not_asked_for() -> None:
    flow = booking(slots=[slot("size", "integer?", ask="How many?"), DATE, TIME])
    talk = Talk(flow)

    assert talk.said == ["Which day?"]
    assert talk.user("for four people tomorrow") == ["At what time?"]
    assert filled(talk)["size"] == 4


def test_a_slot_without_a_question_gets_one() -> None:
    flow = make_flow(
        {"a": State(collect("last_name"))}, slots=[slot("last_name", "text", ask=None)]
    )

    assert Talk(flow).said == ["What is the last name?"]


def test_a_cleared_slot_is_asked_again() -> None:
    flow = make_flow(
        {
            "a": State(collect("size"), then="b"),
            "b": State(handle={"app.redo": to("a", clear("size"))}),
        },
        slots=[SIZE],
    )
    talk = Talk(flow)
    talk.user("four")

    assert talk.event("app.redo") == ["How many?"]


def test_the_kinds_that_are_expected_begin_with_the_open_question() -> None:
    talk = Talk(booking())
    assert talk.dialog.kinds == ("integer", "date", "time")

    talk.user("four")
    assert talk.dialog.kinds == ("date", "time")


def test_a_boolean_slot_is_answered_with_yes_or_no() -> None:
    flow = make_flow(
        {"a": State(collect("vip", "size"))},
        slots=[slot("vip", "boolean", ask="Are you a member?"), SIZE],
    )
    talk = Talk(flow)
    assert talk.dialog.yes_no_open
    assert talk.dialog.kinds == ("boolean", "integer")

    assert talk.user("yes") == ["How many?"]
    assert filled(talk) == {"vip": True}
    assert not talk.dialog.yes_no_open


# --- invalid values -------------------------------------------------------------------------------


def test_a_value_out_of_bounds_is_refused_and_asked_again() -> None:
    """S6: default for `invalid.SLOT`."""
    talk = Talk(booking())

    assert talk.user("twenty people") == ["At most twelve.", "How many?"]
    assert talk.user("zero") == ["At most twelve.", "How many?"]
    assert filled(talk) == {}


def test_a_failed_check_may_name_the_value() -> None:
    talk = Talk(booking())

    said = talk.user("four people on the first of december")

    assert said == ["Too far away: Tuesday the first of December.", "Which day?"]
    assert filled(talk) == {"size": 4}


def test_valid_values_of_the_turn_are_kept_beside_an_invalid_one() -> None:
    """S6: applied together."""
    talk = Talk(booking())

    assert talk.user("twenty people tomorrow") == ["At most twelve.", "How many?"]
    assert list(filled(talk)) == ["date"]


def test_an_invalid_correction_leaves_the_old_value() -> None:
    talk = Talk(booking())
    talk.user("four")

    assert talk.user("make it twenty people") == ["At most twelve.", "Which day?"]
    assert filled(talk) == {"size": 4}


def test_a_handler_may_answer_an_invalid_value() -> None:
    talk = Talk(booking({"invalid.size": to("bye", say("Too many."))}))

    assert talk.user("twenty") == ["Too many.", "Bye."]


def test_a_slot_without_an_invalid_line_has_a_built_in_one() -> None:
    talk = Talk(booking(slots=[slot("size", "integer", max=3, ask="How many?"), DATE, TIME]))

    assert talk.user("four") == [lines.INVALID, "How many?"]


def test_a_check_that_fails_to_evaluate_accepts_nothing() -> None:
    broken = slot("size", "integer", check="1 / 0 > value", ask="How many?")
    flow = booking({"error.flow": to("STAY", say("Oops."))}, slots=[broken, DATE, TIME])
    talk = Talk(flow)

    assert talk.user("four") == ["Oops.", lines.INVALID, "How many?"]
    assert filled(talk) == {}


# --- corrections ----------------------------------------------------------------------------------


def test_a_correction_is_acknowledged_and_the_question_asked_again() -> None:
    """S6: default for `corrected`."""
    talk = Talk(booking())
    talk.user("four")

    assert talk.user("no, make it five people") == ["Okay, size 5.", "Which day?"]
    assert filled(talk) == {"size": 5}


def test_the_same_value_again_is_no_correction() -> None:
    talk = Talk(booking())
    talk.user("four")

    assert talk.user("four people") == ["Which day?"]


def test_a_correction_empties_what_depends_on_it() -> None:
    """S6: `resets`."""
    size = slot("size", "integer", ask="How many?", resets=("date", "time"))
    talk = Talk(booking(slots=[size, DATE, TIME]))
    talk.user("four people tomorrow")

    assert talk.user("make it five people") == ["Okay, size 5.", "Which day?"]
    assert filled(talk) == {"size": 5}


def test_a_value_of_the_same_turn_is_not_reset() -> None:
    size = slot("size", "integer", ask="How many?", resets=("date",))
    talk = Talk(booking(slots=[size, DATE, TIME]))
    talk.user("four people tomorrow")

    said = talk.user("make it five people on the tenth of may")

    assert said[-1] == "At what time?"
    assert filled(talk) == {"size": 5, "date": {"$date": "2026-05-10"}}


def test_guards_know_what_changed_in_this_turn_only() -> None:
    handle = {
        "corrected": [
            to("STAY", say("Size."), when='changed("size")'),
            to("STAY", say("Other.")),
        ],
        "app.look": [to("STAY", say("Still."), when='changed("size")'), to("STAY", say("Gone."))],
    }
    talk = Talk(booking(handle))
    talk.user("four people tomorrow")

    assert talk.user("make it five people")[0] == "Size."
    assert talk.event("app.look")[0] == "Still."
    assert talk.user("no, on the tenth of may")[0] == "Other."
    assert talk.event("app.look")[0] == "Gone."


# --- confirm --------------------------------------------------------------------------------------


def agreed(handle: Handling | None = None) -> Talk:
    talk = Talk(booking(handle))
    talk.user("four people tomorrow at seven pm")
    return talk


def test_yes_and_no_choose_the_branch() -> None:
    """S7: confirm sets `answer`."""
    talk = agreed()
    assert talk.dialog.yes_no_open
    assert talk.dialog.kinds == ("yesno",)
    assert talk.user("yes please") == ["Booked.", "Bye."]

    talk = agreed()
    assert talk.user("no") == ["What is wrong?"]
    assert not talk.dialog.yes_no_open


def test_a_correction_puts_the_question_again_with_the_new_value() -> None:
    """A yes to a question whose premise is gone does not count."""
    for sentence in ("make it five people", "yes but make it five people", "no, five people"):
        talk = agreed()
        assert talk.user(sentence) == ["Okay, size 5.", "5 at seven p m?"]


def test_a_confirm_that_is_entered_again_has_no_answer_yet() -> None:
    talk = agreed({"app.again": to("agree")})
    talk.user("no")

    assert talk.event("app.again") == ["4 at seven p m?"]
    assert talk.user("yes")[0] == "Booked."


def test_a_digression_keeps_the_answer_of_the_same_turn() -> None:
    """S5: the question is handled before the completion."""
    talk = agreed({"intent.asks_parking": to("STAY", say("Next door."))})

    assert talk.user("yes, and where can i park") == ["Next door.", "Booked.", "Bye."]


# --- readback -------------------------------------------------------------------------------------


def calling() -> Talk:
    flow = make_flow(
        {"a": State(collect("name", "phone"), then="bye"), "bye": State(end(), text="Bye.")},
        slots=[NAME, PHONE],
    )
    talk = Talk(flow)
    talk.user("my name is Ann")
    return talk


def test_a_readback_is_said_digit_by_digit_and_yes_goes_on() -> None:
    talk = calling()

    said = talk.user("five five five one two three four")

    assert said == ["That is 5 5 5, 1 2 3 4. Is that right?"]
    assert talk.dialog.yes_no_open
    assert talk.user("yes") == ["Bye."]


def test_no_asks_anew() -> None:
    talk = calling()
    talk.user("five five five one two three four")

    assert talk.user("no") == [lines.ASK_AGAIN, "Your number?"]
    assert "phone" not in filled(talk)


def test_a_corrected_value_in_the_same_breath_is_read_back_in_its_turn() -> None:
    talk = calling()
    talk.user("five five five one two three four")

    said = talk.user("no, five five five one two three five")

    assert said == ["That is 5 5 5, 1 2 3 5. Is that right?"]
    assert talk.user("yes") == ["Bye."]


def test_saying_the_number_again_is_a_yes() -> None:
    talk = calling()
    talk.user("five five five one two three four")

    assert talk.user("five five five one two three four") == ["Bye."]


def test_a_sensitive_value_is_masked_in_the_timeline() -> None:
    talk = calling()
    talk.user("five five five one two three four")

    assert talk.notes("slots") == [{"phone": MASK}]


def test_a_default_is_not_read_back() -> None:
    phone = slot("phone", "phone", readback=True, default="0301234")
    flow = make_flow({"a": State(collect("phone"), then="b"), "b": State(end())}, slots=[phone])

    assert Talk(flow).dialog.ended == "hangup"


# --- while a tool works ---------------------------------------------------------------------------


def working(effect: str) -> Talk:
    flow = make_flow(
        {
            "details": State(collect("size"), then="work"),
            "work": State(run("do", n="slots.size"), then="bye"),
            "bye": State(end()),
        },
        slots=[SIZE],
        intents=[intent("gives_up", "never mind")],
        tools=[tool("do", effect=effect)],
        handle={"intent.gives_up": to("bye", say("Fine.")), "corrected": to("work")},
    )
    talk = Talk(flow)
    talk.user("four")
    return talk


def test_intents_still_work_while_a_tool_works() -> None:
    assert working("read").user("never mind") == ["Fine."]


def test_words_nobody_understands_get_a_short_answer_while_a_tool_works() -> None:
    talk = working("read")

    assert talk.user("purple monkey dishwasher") == [lines.WORKING]
    assert talk.state == "work"


def test_a_correction_may_restart_a_read_but_never_a_write() -> None:
    """S11: a write that was decided proceeds."""
    talk = working("read")
    talk.user("make it five people")
    assert [call.args for call in talk.calls] == [{"n": 4}, {"n": 5}]

    talk = working("write")
    assert talk.user("make it five people") == [lines.WORKING]
    assert [call.args for call in talk.calls] == [{"n": 4}]


def test_today_is_the_callers_day() -> None:
    talk = Talk(booking(), started_at="2026-12-31T23:59:30-08:00")
    talk.wait(60_000)
    talk.user("four people today")

    assert filled(talk)["date"] == {"$date": datetime.date(2027, 1, 1).isoformat()}
