"""Durations read and print exactly."""

import pytest

from engine.flow.durations import parse_duration


@pytest.mark.parametrize(
    ("text", "millis"),
    [
        ("0ms", 0),
        ("700ms", 700),
        ("1.5s", 1_500),
        ("1.001s", 1_001),
        ("8m", 480_000),
        ("0.5h", 1_800_000),
        ("1.4ms", 1),
    ],
)
def test_a_number_and_a_unit_are_milliseconds(text: str, millis: int) -> None:
    assert parse_duration(text) == millis


@pytest.mark.parametrize(
    "text", ["", "6", "6 s", "s", "1.5", "-1s", "1e3s", "1s\n", "01s", "5sec", "1m30s", "٣s"]
)
def test_anything_else_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="a number and a unit"):
        parse_duration(text)
