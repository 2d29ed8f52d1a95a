"""Asking a model: only when the words settle nothing, never obeyed, never waited for too long."""

from __future__ import annotations

from engine.effects import CancelUnderstanding, Understand
from tests.engine.core.flow_kit import (
    State,
    Talk,
    collect,
    end,
    intent,
    make_flow,
    say,
    slot,
    to,
)

NONSENSE = "purple monkey dishwasher"


def make_talk(**more: object) -> Talk:
    flow = make_flow(
        {
            "ask": State(collect("size"), then="bye"),
            "rest": State(text="Yes?"),
            "bye": State(end(), text="Bye."),
        },
        slots=[slot("size", "integer", min=1, max=12, about="guests", ask="How many?")],
        intents=[intent("asks_hours", "when do you open"), intent("unhandled")],
        handle={"intent.asks_hours": to("STAY", say("From five.")), "app.rest": to("rest")},
        pipeline={"llm": {"use": "scripted"}},
        **more,  # type: ignore[arg-type]
    )
    return Talk(flow)


def test_a_turn_that_words_settle_never_reaches_the_model() -> None:
    talk = make_talk()

    assert talk.user("four") == ["Bye."]
    assert talk.of(Understand) == []


def test_the_model_is_told_what_is_in_scope_and_nothing_else() -> None:
    talk = make_talk()

    assert talk.user(NONSENSE) == []

    (order,) = talk.of(Understand)
    assert (order.turn, order.text, order.question) == ("u1", NONSENSE, "How many?")
    assert list(order.schema["properties"]["slots"]["properties"]) == ["size"]
    assert "unhandled" not in order.schema["properties"]["intent"]["enum"]
    assert order.hints["slots"] == {"size": "guests"}
    assert "asks_hours" in order.hints["intents"]
    assert talk.dialog.busy


def test_a_handler_for_every_intent_brings_all_of_them_into_scope() -> None:
    flow = make_flow(
        {"a": State(handle={"intent": to("STAY", say("{{ event.name }}"))})},
        intents=[intent("one", "the first"), intent("two", "the second")],
    )
    talk = Talk(flow)

    assert talk.user("the second") == ["intent.two"]


def test_a_report_is_judged_like_words() -> None:
    talk = make_talk()
    talk.user(NONSENSE)
    assert talk.reported("u1", slots={"size": 4}) == ["Bye."]

    talk = make_talk()
    talk.user(NONSENSE)
    assert talk.reported("u1", slots={"size": 40})[-1] == "How many?"
    assert not talk.dialog.busy


def test_a_report_that_says_nothing_is_a_misunderstanding() -> None:
    for report in ({}, {"slots": {"size": "many"}}, {"intent": "unhandled"}, {"answer": True}):
        talk = make_talk()
        talk.user(NONSENSE)
        assert talk.reported("u1", **report) == ["Pardon?", "How many?"]


def test_a_late_model_is_not_waited_for() -> None:
    talk = make_talk()
    talk.user(NONSENSE)

    assert talk.wait(1_499) == []
    assert talk.wait(1) == ["Pardon?", "How many?"]
    assert [effect.turn for effect in talk.of(CancelUnderstanding)] == ["u1"]
    assert talk.reported("u1", slots={"size": 4}) == []
    assert talk.notes("late") == [{"turn": "u1"}]
    assert talk.errors == ["error.llm"]


def test_a_broken_model_costs_a_question() -> None:
    talk = make_talk()
    talk.user(NONSENSE)

    assert talk.event("error.llm", subject="u1", message="503") == ["Pardon?", "How many?"]
    assert talk.dialog.ended is None


def test_the_failure_of_an_older_question_changes_nothing() -> None:
    talk = make_talk()
    talk.user(NONSENSE)
    talk.user(NONSENSE + " again")

    assert [effect.turn for effect in talk.of(CancelUnderstanding)] == ["u1"]
    assert talk.event("error.llm", subject="u1", message="503") == []
    assert talk.dialog.busy
    assert talk.reported("u2", intent="asks_hours") == ["From five.", "How many?"]


def test_leaving_the_state_withdraws_the_question() -> None:
    talk = make_talk()
    talk.user(NONSENSE)

    assert talk.event("app.rest") == ["Yes?"]
    assert [effect.turn for effect in talk.of(CancelUnderstanding)] == ["u1"]
    assert not talk.dialog.busy
    assert talk.reported("u1", slots={"size": 4}) == []


def test_silence_does_not_count_while_a_model_is_asked() -> None:
    talk = make_talk()
    talk.user(NONSENSE)

    assert talk.silence() == []


def test_speech_that_nobody_could_make_out_is_not_sent_to_a_model() -> None:
    talk = make_talk()

    assert talk.user("") == ["Pardon?", "How many?"]
    assert talk.of(Understand) == []
