"""Slots that are filled with the keys of a telephone."""

from __future__ import annotations

import datetime
from typing import Any

import pytest

from engine.core import lines
from engine.core.keying import read_keys
from engine.machine.compiled import KeySpec
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


def make_talk(kind: str = "digits", *, readback: bool = False, **keys: Any) -> Talk:
    flow = make_flow(
        {
            "ask": State(collect("code"), then="bye"),
            "bye": State(end(), text="Got {{ slots.code }}."),
        },
        slots=[slot("code", kind, ask="Your code?", dtmf=KeySpec(**keys), readback=readback)],
        intents=[intent("operator", "operator")],
        handle={"dtmf.*": to("STAY", say("Star.")), "dtmf.0": to("STAY", say("Zero."))},
    )
    return Talk(flow)


def press(talk: Talk, keys: str) -> list[str]:
    return [line for key in keys for line in talk.key(key)]


def test_a_value_is_whole_with_its_number_of_keys() -> None:
    talk = make_talk(digits=4, least=4)

    assert press(talk, "030") == []
    assert talk.key("7") == ["Got 0307."]


def test_digits_belong_to_the_open_slot_and_other_keys_to_the_handlers() -> None:
    talk = make_talk(digits=2, least=2)

    assert press(talk, "0*1") == ["Star.", "Your code?", "Got 01."]


def test_the_finishing_key_ends_a_value_of_any_length() -> None:
    assert press(make_talk(), "12345#") == ["Got 12345."]


def test_a_finishing_key_with_nothing_before_it_is_an_ordinary_key() -> None:
    assert make_talk().key("#") == ["Pardon?", "Your code?"]


def test_when_no_key_follows_the_value_is_what_there_is() -> None:
    talk = make_talk(timeout=2_000)

    talk.wait(500)
    assert press(talk, "12") == []
    talk.wait(1_500)
    assert talk.key("3") == []
    assert talk.wait(1_999) == []
    assert talk.wait(1) == ["Got 123."]


def test_too_few_keys_are_not_understood() -> None:
    talk = make_talk(digits=4, least=4)

    press(talk, "12")
    assert talk.wait(3_000) == ["Pardon?", "Your code?"]
    assert press(talk, "1234") == ["Got 1234."]


def test_silence_does_not_count_between_two_keys() -> None:
    talk = make_talk(digits=4)

    talk.key("1")
    assert not talk.dialog.waiting
    talk.wait(3_000)
    assert talk.dialog.waiting or talk.dialog.ended


def test_what_is_said_wins_over_keys_that_were_not_finished() -> None:
    talk = make_talk(digits=4)

    press(talk, "98")
    assert talk.user("one two three four") == ["Got 1234."]
    assert talk.deadlines.get("keys") is None


def test_single_keys_can_mean_a_value_at_once() -> None:
    flow = make_flow(
        {
            "ask": State(collect("size"), then="bye"),
            "bye": State(end(), text="{{ slots.size }}."),
        },
        slots=[slot("size", "small|large", dtmf=KeySpec(values={"1": "small", "2": "large"}))],
    )
    assert Talk(flow).key("2") == ["large."]
    assert Talk(flow).key("3") == ["Pardon?", "Size?"]


def test_a_value_that_is_said_back_can_be_typed_anew() -> None:
    talk = make_talk(digits=2, readback=True)

    assert press(talk, "12") == ["That is 1 2. Is that right?"]
    assert press(talk, "13") == ["That is 1 3. Is that right?"]
    assert talk.user("yes") == ["Got 13."]


def test_keys_out_of_bounds_are_refused_like_words() -> None:
    flow = make_flow(
        {"ask": State(collect("n"), then="bye"), "bye": State(end(), text="Bye.")},
        slots=[slot("n", "integer", max=12, ask="How many?", dtmf=KeySpec(digits=2))],
    )
    talk = Talk(flow)
    assert press(talk, "13") == [lines.INVALID, "How many?"]


def test_keys_under_way_survive_a_snapshot() -> None:
    talk = make_talk(digits=4)
    press(talk, "12")

    other = make_talk(digits=4)
    other.dialog.from_dict(talk.dialog.to_dict())
    assert press(other, "34") == ["Got 1234."]


@pytest.mark.parametrize(
    ("kind", "typed", "value"),
    [
        ("integer", "007", 7),
        ("number", "15", 15.0),
        ("phone", "0301", "0301"),
        ("text", "42", "42"),
        ("time", "1930", datetime.time(19, 30)),
        ("time", "930", datetime.time(9, 30)),
        ("time", "2561", None),
        ("time", "7", None),
        ("date", "0205", None),
        ("a|b", "1", None),
    ],
)
def test_digits_mean_what_the_type_says(kind: str, typed: str, value: object) -> None:
    assert read_keys(typed, slot("s", kind)) == value
