"""The names of expressions and templates behave as the mapping they are documented to be."""

import datetime
from types import SimpleNamespace

import pytest

from engine.core.view import View


def view(**more):
    memory = SimpleNamespace(slots={"size": 4}, variables={}, inputs={}, results={})
    visit = SimpleNamespace(state="ask")
    frame = SimpleNamespace(memory=memory, visits={"ask": 2}, visit=visit, tries={})
    scene = SimpleNamespace(channel="text", caller="ann", at=1500, turn={"id": "u1", "text": "x"})
    return View(scene, frame, more)


def test_a_name_is_what_it_is_when_it_is_read():
    names = view()

    assert names["slots"] == {"size": 4}
    assert names["visits"] == 2
    assert names["call"]["elapsed"] == datetime.timedelta(milliseconds=1500)


def test_a_name_that_means_something_here_only_wins():
    names = view(value=7, visits=9)

    assert (names["value"], names["visits"]) == (7, 9)
    assert "value" in names
    assert names.get("value") == 7


def test_a_name_without_a_meaning_is_none_of_them():
    names = view()

    assert "value" not in names
    assert names.get("value") is None
    assert names.get("value", 3) == 3
    with pytest.raises(KeyError):
        names["nonsense"]
