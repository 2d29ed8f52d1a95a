"""Slots of type `list(T)`: several values in one breath, spoken or reported."""

from __future__ import annotations

import datetime

import pytest

from engine.core.parsers.slots import find_slot
from engine.core.parsers.words import utterance
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
