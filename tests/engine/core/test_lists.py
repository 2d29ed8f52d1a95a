"""Slots of type `list(T)`: several values in one breath, spoken or reported."""

from __future__ import annotations

import datetime
from typing import Any

import pytest

from engine.core.parsers.slots import find_slot
from engine.core.parsers.words import utterance
from engine.machine.compiled import CompiledFlow, SlotSpec
from tests.engine.core.flow_kit import State, Talk, collect, end, make_flow, slot

NOON = datetime.datetime(2026, 5, 1, 12)


def t(hour: int, minute: int = 0) -> datetime.time:
    return datetime.time(hour, minute)


@pytest.mark.parametrize(
    ("kind", "text", "value"),
    [
        ("list(integer)", "three, five and seven", [3, 5, 7]),
        ("list(integer)", "twenty one", [21]),
        ("list(time)", "six, half past seven and eight pm", [t(18), t(19, 30), t(20)]),
        (
            "list(date)",
            "tomorrow and the third of may",
            [NOON.date().replace(day=n) for n in (2, 3)],
        ),
        (
            "list(duration)",
            "ten minutes or an hour",
            [datetime.timedelta(minutes=n) for n in (10, 60)],
        ),
    ],
)
def test_values_with_and_between_them_are_one_list(kind: str, text: str, value: object) -> None:
    (found,) = find_slot(slot("a", kind), utterance(text), NOON)
    assert found.value == value


def test_other_words_part_two_lists() -> None:
    found = find_slot(slot("a", "list(integer)"), utterance("three and five but no seven"), NOON)
    assert [match.value for match in found] == [[3, 5], [7]]


def test_a_list_of_known_texts_is_asked_for_and_heard() -> None:
    fruit = slot("fruit", "list(text)", words={"apple": ("apple", "apples"), "pear": ("pear",)})
    flow = make_flow(
        {
            "ask": State(collect("fruit"), then="bye"),
            "bye": State(end(), text="{{ slots.fruit | spoken }}."),
        },
        slots=[fruit],
    )
    talk = Talk(flow)
    assert talk.user("apples and a pear") == ["apple and pear."]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("Bread, some milk and a box of eggs, please.", ["Bread", "milk", "box of eggs"]),
        ("um, salt", ["salt"]),
        ("a hammer and the nails", ["hammer", "nails"]),
        ("salt plus pepper", ["salt", "pepper"]),
        ("salt, pepper, and I would like to know the price", ["salt", "pepper"]),
        ("the goods are oil and vinegar but no salt", ["oil", "vinegar"]),
    ],
)
def test_texts_are_cut_at_commas_and_at_and(text: str, value: list[str]) -> None:
    talk = Talk(shop(slot("goods", "list(text)")))
    talk.user(text)
    assert filled(talk)["goods"] == value


@pytest.mark.parametrize("text", ["I don't know", "what do you have", "and", "goodbye"])
def test_what_is_no_answer_is_no_list_of_texts(text: str) -> None:
    talk = Talk(shop(slot("goods", "list(text)")))
    talk.user(text)
    assert filled(talk)["goods"] is None


def test_names_in_a_list_get_their_capitals() -> None:
    talk = Talk(shop(slot("guest_names", "list(text)")))
    talk.user("ann lee and bob")
    assert filled(talk)["guest_names"] == ["Ann Lee", "Bob"]


def test_yes_and_no_several_times_are_a_list_when_they_are_asked_for() -> None:
    talk = Talk(shop(slot("gifts", "list(boolean)"), slot("wrapped", "list(boolean)")))
    talk.user("yes, no, yes please")
    assert (filled(talk)["gifts"], filled(talk)["wrapped"]) == ([True, False, True], None)


def shop(*slots: SlotSpec) -> CompiledFlow:
    names = [spec.name for spec in slots]
    states = {"ask": State(collect(*names), then="bye"), "bye": State(end(), text="Bye.")}
    return make_flow(states, slots=[*slots])


def filled(talk: Talk) -> dict[str, Any]:
    return dict(talk.slots["$map"])


def test_a_list_of_an_enum_holds_only_its_values() -> None:
    toppings = slot("toppings", "list(ham|olives|extra_cheese)", words={"ham": ("bacon",)})
    flow = make_flow(
        {
            "ask": State(collect("toppings"), then="bye"),
            "bye": State(end(), text="{{ slots.toppings | spoken }}."),
        },
        slots=[toppings],
    )
    assert Talk(flow).user("bacon and extra cheese") == ["ham and extra cheese."]
