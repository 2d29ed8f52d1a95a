"""What a program or a tool gives becomes data that a journal can hold, or is refused."""

import datetime
import json
import uuid
from dataclasses import dataclass
from decimal import Decimal
from enum import Enum, IntEnum
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel

from engine.pipeline.data import MOST_LEVELS, plain, plain_map


class Colour(Enum):
    RED = "red"


class Size(IntEnum):
    BIG = 3


@dataclass
class Guest:
    name: str
    born: datetime.date


class Order(BaseModel):
    price: Decimal
    colour: Colour


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (None, None),
        (True, True),
        (Decimal("12.50"), 12.5),
        (np.float64(1.5), 1.5),
        (np.str_("x"), "x"),
        (np.float32(0.5), 0.5),
        ([np.int64(2), np.array(3), np.bool_(True)], [2, 3, True]),
        (Colour.RED, "red"),
        (Size.BIG, 3),
        (datetime.date(2026, 5, 1), "2026-05-01"),
        (datetime.datetime(2026, 5, 1, 12, 30), "2026-05-01T12:30:00"),
        (datetime.time(19), "19:00"),
        (datetime.time(19, 0, 5), "19:00:05"),
        (datetime.timedelta(minutes=2), 120.0),
        ((1, "a", None), [1, "a", None]),
        ({3, 1, 2}, [1, 2, 3]),
        (frozenset({"b", "a"}), ["a", "b"]),
        ({1: 2, Colour.RED: [Size.BIG], "\ud83d": "a\ud83d"}, {"1": 2, "red": [3], "?": "a?"}),
        (Guest("Ann", datetime.date(2000, 1, 2)), {"name": "Ann", "born": "2000-01-02"}),
        (Order(price=Decimal(2), colour=Colour.RED), {"price": 2.0, "colour": "red"}),
    ],
)
def test_data_becomes_what_json_can_say(value, expected):
    found = plain(value, "it")

    assert found == expected
    assert type(found) is type(expected)
    assert json.loads(json.dumps(found)) == found


def test_a_mixed_set_has_one_order_as_well():
    assert plain({"b", 2, None, (1,)}, "it") == plain({(1,), None, 2, "b"}, "it")


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (b"x", "`it` is a bytes, which is no data"),
        (np.arange(2), "`it` is a ndarray"),
        ({"rows": [1, {"id": uuid.UUID(int=1)}]}, r"`it\.rows\[1\]\.id` is an? UUID"),
        ([Path("a")], r"`it\[0\]` is a \w*Path"),
        ({object()}, r"`it\[\.\.\.\]` is an object"),
        (Guest, "`it` is a type"),
        ({"n": float("nan")}, r"`it\.n` is nan, a number JSON has no word for"),
        (np.float32("inf"), "`it` is inf"),
        (Decimal("-Infinity"), "`it` is -inf"),
        ([1 << 20_000], r"`it\[0\]` has too many digits"),
    ],
)
def test_what_is_no_data_is_refused_with_its_place(value, message):
    with pytest.raises(ValueError, match=message):
        plain(value, "it")


def test_what_holds_itself_is_refused():
    loop: list[object] = []
    loop.append(loop)

    with pytest.raises(ValueError, match=f"more than {MOST_LEVELS} levels, or holds itself"):
        plain(loop, "it")


def test_a_copy_is_given():
    rows = [1]
    found = plain({"rows": rows}, "it")
    rows.append(2)

    assert found == {"rows": [1]}


def test_a_map_is_wanted_where_names_are_read():
    assert plain_map(None, "event") == {}
    assert plain_map(Guest("Ann", datetime.date(2000, 1, 2)), "event")["name"] == "Ann"
    with pytest.raises(ValueError, match="`event` is a list, and must be a map"):
        plain_map(["a"], "event")


@given(
    st.recursive(
        st.none()
        | st.booleans()
        | st.integers()
        | st.floats(allow_nan=False, allow_infinity=False)
        | st.text(),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
        max_leaves=8,
    )
)
def test_json_stays_as_it_is(value):
    assert plain(value, "it") == value
