"""A value as an author would write it, so that every reader of YAML reads that value."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from ruamel.yaml import YAML

from engine.flow.shape_words import as_yaml

PRINTED = st.text(st.characters(codec="ascii", min_codepoint=32, max_codepoint=126), max_size=12)
VALUES: st.SearchStrategy[Any] = st.recursive(
    PRINTED | st.booleans() | st.integers(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(PRINTED, inner, max_size=3),
    max_leaves=5,
)


@given(VALUES)
def test_what_is_written_is_read_as_the_same_value(value: Any) -> None:
    for version in ((1, 1), (1, 2)):
        yaml = YAML(typ="safe", pure=True)
        yaml.version = version
        assert yaml.load(f"key: {as_yaml(value)}\n") == {"key": value}


@pytest.mark.parametrize(
    ("value", "written"),
    [
        ("small", "small"),
        ("6s", "6s"),
        ("0301234567", '"0301234567"'),
        ("12:30", '"12:30"'),
        ("2026-05-01T12:00", '"2026-05-01T12:00"'),
        ("no", '"no"'),
        ("", '""'),
        (10, "10"),
        ({"values": {"1": "small"}}, '{values: {"1": small}}'),
    ],
)
def test_quotes_stand_where_they_are_needed(value: Any, written: str) -> None:
    assert as_yaml(value) == written
