from __future__ import annotations

import copy
import pickle
from dataclasses import FrozenInstanceError, asdict, dataclass, field, fields, replace
from inspect import signature
from typing import Any

import pytest

from engine.records import maker, quick, record


@record
class Line:
    text: str
    loud: bool = False
    tags: dict[str, int] = field(default_factory=dict)


@record
class Reply(Line):
    text: str = "well"
    to: int


@record
class Nothing:
    pass


def test_a_record_is_the_dataclass_it_would_be():
    line = Line(text="hello", tags={"a": 1})

    assert (line.text, line.loud, line.tags) == ("hello", False, {"a": 1})
    assert line == Line(text="hello", tags={"a": 1}) != Line(text="hello")
    assert repr(line) == "Line(text='hello', loud=False, tags={'a': 1})"
    assert replace(line, loud=True) == Line(text="hello", loud=True, tags={"a": 1})
    assert asdict(line) == {"text": "hello", "loud": False, "tags": {"a": 1}}
    assert [f.name for f in fields(Line)] == ["text", "loud", "tags"]
    assert copy.deepcopy(line) == pickle.loads(pickle.dumps(line)) == line
    assert Nothing() == Nothing()


def test_nobody_changes_a_record():
    line = Line(text="hello")
    with pytest.raises(FrozenInstanceError):
        line.text = "bye"
    with pytest.raises(FrozenInstanceError):
        del line.text
    assert not hasattr(line, "__dict__")


def test_what_is_left_out_is_made_anew_for_each():
    one, other = Line(text="a"), Line(text="b")
    assert one.tags == other.tags == {}
    assert one.tags is not other.tags


def test_wrong_arguments_are_refused_by_name():
    with pytest.raises(TypeError, match=r"Line\.__init__\(\) missing 1 required .*'text'"):
        Line()
    with pytest.raises(TypeError, match=r"Line\.__init__\(\) got an unexpected .*'quiet'"):
        Line(text="a", quiet=True)
    with pytest.raises(TypeError, match="positional"):
        Line("a")
    assert list(signature(Line).parameters) == ["text", "loud", "tags"]


def test_a_record_may_stand_on_another():
    reply = Reply(to=3)
    assert (reply.text, reply.loud, reply.tags, reply.to) == ("well", False, {}, 3)
    assert Line(text="well") != reply


@quick
@dataclass(frozen=True, slots=True, kw_only=True)
class Quick:
    text: str
    loud: bool = False


@record
class Marked:
    """Of its fields one is not compared, one not shown."""

    text: str
    place: int = field(default=0, compare=False)
    inside: Any = field(default=None, repr=False)


def test_a_quick_dataclass_is_the_dataclass_it_was():
    assert Quick(text="a") == Quick(text="a", loud=False) != Quick(text="a", loud=True)
    assert repr(Quick(text="a")) == "Quick(text='a', loud=False)"
    with pytest.raises(FrozenInstanceError):
        Quick(text="a").text = "b"


def test_records_are_equal_by_kind_and_fields_and_hashed_likewise():
    @record
    class Other:
        text: str
        place: int = 0
        inside: Any = None

    assert Marked(text="a", place=1) == Marked(text="a", place=2) != Marked(text="b")
    assert len({Marked(text="a", place=1), Marked(text="a"), Marked(text="b")}) == 2
    assert Marked(text="a") != Other(text="a")
    assert Marked(text="a") != ("a", None)
    assert hash(Nothing()) == hash(Nothing())
    with pytest.raises(TypeError, match="unhashable"):
        hash(Marked(text="a", inside=[]))


def test_a_record_is_shown_with_its_fields_even_where_it_holds_itself():
    assert repr(Marked(text="a", inside=1)) == "Marked(text='a', place=0)"
    assert repr(Reply(to=1)) == "Reply(text='well', loud=False, tags={}, to=1)"
    line = Line(text="a")
    line.tags["me"] = line
    assert repr(line) == "Line(text='a', loud=False, tags={'me': ...})"


def test_a_record_is_matched_by_its_fields():
    match Reply(to=3):
        case Reply(text="well", to=number):
            assert number == 3
        case _:
            raise AssertionError


def test_what_is_no_plain_record_is_refused():
    @dataclass
    class Open:
        text: str

    @dataclass(frozen=True, slots=True)
    class InOrder:
        text: str

    @dataclass(frozen=True, slots=True, kw_only=True)
    class Acts:
        text: str

        def __post_init__(self) -> None:
            raise AssertionError

    class Meddles:
        text: str

        def __post_init__(self) -> None:
            raise AssertionError

    with pytest.raises(TypeError):
        record(Meddles)
    for wrong in (Open, InOrder, Acts, int):
        with pytest.raises(TypeError):
            quick(wrong)


def test_a_maker_makes_what_the_class_makes():
    made = maker(Line)(text="hello", loud=True)

    assert type(made) is Line
    assert made == Line(text="hello", loud=True)
    assert made.tags is not maker(Line)(text="hello").tags
    with pytest.raises(FrozenInstanceError):
        made.text = "bye"
    with pytest.raises(FrozenInstanceError):
        del made.text
    assert copy.deepcopy(made) == pickle.loads(pickle.dumps(made)) == made


def test_a_maker_takes_the_arguments_of_the_class():
    make = maker(Reply)

    assert make(to=3) == Reply(to=3)
    assert set(signature(make).parameters) == set(signature(Reply).parameters)
    for wrong in ({}, {"to": 3, "quiet": True}):
        with pytest.raises(TypeError):
            make(**wrong)


def test_what_may_be_changed_may_be_changed_when_a_maker_made_it():
    @dataclass(slots=True)
    class Open:
        text: str

    made = maker(Open)(text="a")
    made.text = "b"
    assert made == Open("b")
