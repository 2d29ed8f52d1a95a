from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from media.data_messages import (
    MAX_RECEIVED,
    MAX_SENT,
    Message,
    MessageRefused,
    read,
    read_key,
    read_text,
    write,
)


def test_a_message_reads_back_as_it_was_written() -> None:
    message = read(write("states", {"agent": "speaking", "öäü": [1, None]}))
    assert message == Message(topic="states", data={"agent": "speaking", "öäü": [1, None]})


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (b"{}", "binary"),
        ("x" * (MAX_RECEIVED + 1), "longer"),
        ("ü" * (MAX_RECEIVED - 10), "longer"),
        ("{", "not JSON"),
        ("[" * 5000, "not JSON"),
        ("[]", "topic and data"),
        ('{"topic": "text"}', "topic and data"),
        ('{"topic": "text", "data": {}, "more": 1}', "topic and data"),
        ('{"topic": 3, "data": {}}', "topic is a text"),
        ('{"topic": "text", "data": "hello"}', "data an object"),
    ],
)
def test_what_does_not_fit_is_refused_with_the_reason(text: str | bytes, why: str) -> None:
    with pytest.raises(MessageRefused, match=why):
        read(text)


@given(st.text())
def test_any_text_is_a_message_or_refused(text: str) -> None:
    try:
        read(text)
    except MessageRefused:
        return


@pytest.mark.parametrize(
    "data", [{"at": object()}, {"x": math.nan}, {"x": "y" * MAX_SENT}], ids=["type", "nan", "long"]
)
def test_what_cannot_be_sent_is_refused(data: dict[str, object]) -> None:
    with pytest.raises(MessageRefused, match="states"):
        write("states", data)


@pytest.mark.parametrize(("given_key", "key"), [("5", "5"), ("#", "#"), ("a", "A")])
def test_a_key_message_holds_one_telephone_key(given_key: str, key: str) -> None:
    assert read_key(Message(topic="key", data={"key": given_key})) == key


@pytest.mark.parametrize("data", [{}, {"key": 5}, {"key": ""}, {"key": "12"}, {"key": "x"}])
def test_anything_else_is_no_key(data: dict[str, object]) -> None:
    with pytest.raises(MessageRefused, match="telephone key"):
        read_key(Message(topic="key", data=data))


def test_a_typed_turn_is_stripped_and_not_empty() -> None:
    assert read_text(Message(topic="text", data={"text": " for four \n"})) == "for four"
    for data in ({}, {"text": 4}, {"text": "  "}):
        with pytest.raises(MessageRefused, match="not empty"):
            read_text(Message(topic="text", data=data))
