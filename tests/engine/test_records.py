from __future__ import annotations

import copy
import pickle
from dataclasses import FrozenInstanceError, asdict, dataclass, field, fields, replace
from inspect import signature

import pytest

from engine.records import quick


@quick
@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    text: str
    loud: bool = False
    tags: dict[str, int] = field(default_factory=dict)


@quick
@dataclass(frozen=True, slots=True, kw_only=True)
class Reply(Line):
    text: str = "well"
    to: int


@quick
@dataclass(frozen=True, slots=True, kw_only=True)
class Nothing:
    pass


def test_a_quick_record_is_the_dataclass_it_was():
    line = Line(text="hello", tags={"a": 1})

    assert (line.text, line.loud, line.tags) == ("hello", False, {"a": 1})
    assert line == Line(text="hello", tags={"a": 1}) != Line(text="hello")
    assert repr(line) == "Line(text='hello', loud=False, tags={'a': 1})"
    assert replace(line, loud=True) == Line(text="hello", loud=True, tags={"a": 1})
    assert asdict(line) == {"text": "hello", "loud": False, "tags": {"a": 1}}
    assert [f.name for f in fields(Line)] == ["text", "loud", "tags"]
    assert copy.deepcopy(line) == pickle.loads(pickle.dumps(line)) == line
    assert Nothing() == Nothing()


def test_nobody_changes_a_quick_record():
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

    for wrong in (Open, InOrder, Acts, int):
        with pytest.raises(TypeError):
            quick(wrong)
