"""S8: silence and misunderstanding, one line at a time, then the author's handlers."""

from __future__ import annotations

from engine.core import lines
from engine.flow.templates import Template
from engine.machine.compiled import ListenPolicy
from tests.engine.core.flow_kit import (
    State,
    Talk,
    collect,
    confirm,
    end,
    intent,
    make_flow,
    say,
    slot,
    to,
)

SIZE = slot("size", "integer", min=1, max=9, ask="How many?")
NONSENSE = "purple monkey dishwasher"


def make_talk(**more: object) -> Talk:
    flow = make_flow(
        {
            "ask": State(collect("size"), then="sure"),
            "sure": State(confirm("Sure?"), then="bye"),
            "bye": State(end(), text="Bye."),
        },
        slots=[SIZE],
        intents=[intent("asks_hours", "when do you open")],
        **more,  # type: ignore[arg-type]
    )
    return Talk(flow)


def test_each_silence_speaks_the_next_line_and_the_question() -> None:
    talk = make_talk(handle={"no_input": to("bye")})

    assert talk.silence() == ["Still there?", "How many?"]
    assert talk.silence() == ["I cannot hear you.", "How many?"]
    assert talk.silence() == ["Bye."]


def test_each_misunderstanding_speaks_the_next_line_and_the_question() -> None:
    talk = make_talk(handle={"no_match": to("bye")})

    assert talk.user(NONSENSE) == ["Pardon?", "How many?"]
    assert talk.user("") == ["Once more?", "How many?"]
    assert talk.user(NONSENSE) == ["Bye."]


def test_ladder_lines_and_questions_are_marked_as_such() -> None:
    talk = make_talk()
    talk.silence()

    assert [purpose for _, purpose in talk.mouth.lines] == ["question", "ladder", "question"]


def test_the_two_ladders_count_apart() -> None:
    talk = make_talk()
    talk.silence()

    assert talk.user(NONSENSE)[0] == "Pardon?"
    assert talk.silence()[0] == "I cannot hear you."


def test_an_understood_turn_starts_both_ladders_anew() -> None:
    talk = make_talk(handle={"intent.asks_hours": to("STAY", say("From five."))})
    talk.silence()
    talk.user(NONSENSE)
    talk.user("when do you open")

    assert talk.silence()[0] == "Still there?"
    assert talk.user(NONSENSE)[0] == "Pardon?"


def test_each_visit_has_ladders_of_its_own() -> None:
    talk = make_talk()
    talk.silence()
    talk.user("four")

    assert talk.silence() == ["Still there?", "Sure?"]


def test_without_a_handler_the_agent_says_goodbye() -> None:
    """Never silence, and never a call that nobody ends."""
    talk = make_talk()
    talk.silence()
    talk.silence()
    assert talk.silence() == [lines.NO_INPUT]
    assert talk.dialog.ended == "hangup"

    talk = make_talk()
    for _ in range(2):
        talk.user(NONSENSE)
    assert talk.user(NONSENSE) == [lines.NO_MATCH]
    assert talk.dialog.ended == "hangup"


def test_without_lines_the_first_silence_goes_to_the_handlers() -> None:
    talk = make_talk(listen=ListenPolicy(), handle={"no_input": to("STAY", say("Hello?"))})

    assert talk.silence() == ["Hello?", "How many?"]
    assert talk.silence() == ["Hello?", "How many?"]


def test_tries_of_the_flow_are_never_reset() -> None:
    """S8: `tries` is for "three in total"."""
    given_up = to("bye", when="tries.no_match >= 2 and tries.turns == 3")
    talk = make_talk(
        listen=ListenPolicy(), handle={"no_match": [given_up, to("STAY", say("Pardon?"))]}
    )

    assert talk.user(NONSENSE) == ["Pardon?", "How many?"]
    assert talk.user("four") == ["Sure?"]
    assert talk.user(NONSENSE) == ["Bye."]


def test_lines_may_be_templates() -> None:
    ladder = ListenPolicy(no_input=(Template("Silent {{ tries.no_input }} times."),))

    assert make_talk(listen=ladder).silence()[0] == "Silent 1 times."


def test_off_topic_is_a_misunderstanding() -> None:
    talk = make_talk(pipeline={"llm": {"use": "scripted"}})
    talk.user(NONSENSE)

    assert talk.reported("u1", intent="off_topic") == ["Pardon?", "How many?"]


def test_an_intent_whose_guards_all_fail_is_a_misunderstanding() -> None:
    talk = make_talk(handle={"intent.asks_hours": to("STAY", when="false")})

    assert talk.user("when do you open") == ["Pardon?", "How many?"]


def test_silence_means_nothing_while_nobody_is_asked() -> None:
    talk = make_talk()
    talk.user("four")
    talk.user("yes")

    assert talk.dialog.ended == "hangup"
    assert talk.silence() == []


# --- keys -----------------------------------------------------------------------------------------


def test_a_key_goes_to_its_handler_first() -> None:
    talk = make_talk(handle={"dtmf.0": to("bye", say("Zero."))})

    assert talk.key("0") == ["Zero.", "Bye."]


def test_a_key_nobody_handles_may_be_the_answer() -> None:
    assert make_talk().key("4") == ["Sure?"]


def test_a_key_without_meaning_is_a_misunderstanding() -> None:
    assert make_talk().key("#") == ["Pardon?", "How many?"]


def test_keys_are_not_taken_where_only_speech_is_accepted() -> None:
    assert make_talk(listen=ListenPolicy(accept=("speech",))).key("4") == []
