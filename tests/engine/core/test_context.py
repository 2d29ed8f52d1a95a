"""The context of a call: items in order, other contexts made of it, and back from data."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.core.context import (
    Context,
    FunctionCall,
    FunctionOutput,
    Handoff,
    Image,
    Item,
    Message,
    Text,
)
from engine.core.pictures import LARGEST

PIXEL = "data:image/png;base64,aGVsbG8="


def said(id_: str, text: str = "words", role: Any = "user", **more: Any) -> Message:
    return Message(id=id_, role=role, content=(Text(text=text),), **more)


def call(number: int) -> FunctionCall:
    return FunctionCall(id=f"call_{number}", name="look", args={"size": number})


def output(number: int) -> FunctionOutput:
    return FunctionOutput(id=f"call_{number}.output", call=f"call_{number}", output='"free"')


TALK = Context(
    [
        said("m1", "Be nice.", "system"),
        said("a1.1", "Hello.", "assistant"),
        said("u1", "A table."),
        call(1),
        output(1),
        said("a2.1", "There is", "assistant", interrupted=True, ordered="There is one."),
        said("u2", "Good.", speaker="Ann"),
        call(2),
        Handoff(id="h1", to="desk"),
    ]
)


def ids(context: Context) -> list[str]:
    return [item.id for item in context]


class TestLooking:
    def test_it_is_a_sequence(self) -> None:
        assert len(TALK) == 9
        assert TALK[2].id == "u1"
        assert [item.id for item in TALK[:2]] == ["m1", "a1.1"]
        assert said("u1", "A table.") in TALK
        assert Context(list(TALK)) == TALK
        assert hash(TALK) == hash(Context(list(TALK)))
        assert list(TALK) != TALK

    def test_messages_are_what_was_said_and_heard(self) -> None:
        assert [m.id for m in TALK.messages] == ["m1", "a1.1", "u1", "a2.1", "u2"]
        cut = TALK.find("a2.1")
        assert isinstance(cut, Message)
        assert (cut.heard, cut.interrupted, cut.ordered) == ("There is", True, "There is one.")
        asked = TALK.find("u2")
        assert isinstance(asked, Message)
        assert (asked.heard, asked.text) == ("", "Good.")
        assert TALK.find("u9") is None

    def test_tokens_are_estimated(self) -> None:
        message = Message(id="m1", role="user", content=(Text(text="x" * 8), Image(url=PIXEL)))
        assert Context([message]).tokens == 2 + 4 + 300
        assert Context().tokens == 0
        assert Context([Handoff(id="h1", to="desk")]).tokens == 0
        assert TALK.tokens > 40

    @pytest.mark.parametrize(
        ("items", "message"),
        [
            ([said("u1"), said("u1")], "two items have the id 'u1'"),
            ([output(1)], "the result of no call"),
            ([output(1), call(1)], "the result of no call"),
        ],
    )
    def test_what_is_no_context_is_refused(self, items: list[Item], message: str) -> None:
        with pytest.raises(ValueError, match=message):
            Context(items)


class TestMakingOthers:
    def test_what_a_program_adds_has_the_next_free_id(self) -> None:
        more = TALK.with_message("developer", "It rains.").with_message("user", Image(url=PIXEL))
        assert ids(more)[-2:] == ["m2", "m3"]
        assert len(TALK) == 9

    def test_a_copy_leaves_out_what_is_not_wanted(self) -> None:
        assert ids(TALK.copy()) == ids(TALK)
        assert ids(TALK.copy(roles=("user",), calls=False, handoffs=False)) == ["u1", "u2"]
        assert ids(TALK.copy(calls=False)) == ["m1", "a1.1", "u1", "a2.1", "u2", "h1"]
        assert ids(TALK.copy(lambda item: item.id != "u1")) == [i for i in ids(TALK) if i != "u1"]

    def test_a_call_and_its_result_go_together(self) -> None:
        without_call = TALK.copy(lambda item: item.id != "call_1")
        without_output = TALK.copy(lambda item: item.id != "call_1.output")
        assert ids(without_call) == ids(without_output)
        assert "call_1" not in ids(without_call)
        assert "call_2" in ids(without_output), "it has no result yet"

    def test_pictures_may_be_left_out(self) -> None:
        shown = TALK.with_message("user", "This.", Image(url=PIXEL)).with_message(
            "user", Image(url=PIXEL)
        )
        blind = shown.copy(images=False)
        assert blind.messages[-1].content == (Text(text="This."),)
        assert ids(blind)[-1] == "m2"

    @pytest.mark.parametrize(
        ("limits", "expected"),
        [
            ({}, "m1 a1.1 u1 call_1 call_1.output a2.1 u2 call_2 h1"),
            ({"max_items": 4}, "m1 a2.1 u2 call_2 h1"),
            ({"max_items": 5}, "m1 a2.1 u2 call_2 h1"),  # never begins with a result
            ({"max_items": 6}, "m1 a2.1 u2 call_2 h1"),  # ... nor with a call
            ({"max_items": 7}, "m1 u1 call_1 call_1.output a2.1 u2 call_2 h1"),
            ({"max_items": 1}, "m1 h1"),
            ({"max_tokens": 1}, "m1 h1"),
        ],
    )
    def test_it_is_cut_from_the_front_and_keeps_what_stands(
        self, limits: dict[str, int], expected: str
    ) -> None:
        assert ids(TALK.truncate(**limits)) == expected.split()

    def test_a_result_far_from_its_call_is_cut_with_it(self) -> None:
        talk = Context([said("u1"), call(1), said("u2"), said("u3"), output(1), said("u4")])
        assert ids(talk.truncate(max_items=4)) == ["u2", "u3", "u4"]

    @pytest.mark.parametrize("limits", [{"max_items": 0}, {"max_tokens": -1}])
    def test_nothing_is_no_limit(self, limits: dict[str, int]) -> None:
        with pytest.raises(ValueError, match="at least one"):
            TALK.truncate(**limits)


@st.composite
def contexts(draw: st.DrawFn) -> Context:
    items: list[Item] = []
    waiting: list[int] = []
    for number in range(draw(st.integers(1, 14))):
        kind = draw(st.sampled_from(["user", "assistant", "system", "call", "output", "handoff"]))
        if kind == "call":
            items.append(call(number))
            waiting.append(number)
        elif kind == "output" and waiting:
            items.append(output(waiting.pop(draw(st.integers(0, len(waiting) - 1)))))
        elif kind == "handoff":
            items.append(Handoff(id=f"h{number}", to="desk", kind="warm"))
        else:
            role = kind if kind in ("assistant", "system") else "user"
            items.append(said(f"u{number}", draw(st.text(max_size=20)), role))
    return Context(items)


@given(
    context=contexts(),
    items=st.none() | st.integers(1, 16),
    tokens=st.none() | st.integers(1, 90),
    dropped=st.sets(st.integers(0, 15)),
)
def test_whatever_is_cut_no_result_is_without_its_call_and_nothing_is_reordered(
    context: Context, items: int | None, tokens: int | None, dropped: set[int]
) -> None:
    unwanted = {context[n].id for n in dropped if n < len(context)}
    copied = context.copy(lambda item: item.id not in unwanted)
    cut = copied.truncate(items, tokens)  # would raise if a result stood alone

    assert [i for i in context if i in cut] == list(cut)
    assert not unwanted & set(ids(cut))
    standing = [i.id for i in copied.messages if i.role == "system"]
    assert [i for i in ids(cut) if i in standing] == standing
    rest = [i for i in cut if i.id not in standing]
    assert items is None or len(rest) <= items
    answered = {i.call for i in copied if isinstance(i, FunctionOutput)}
    kept = {i.call for i in cut if isinstance(i, FunctionOutput)}
    assert not [i for i in cut if isinstance(i, FunctionCall) and i.id in answered - kept]
    assert Context.from_dict(json.loads(json.dumps(cut.to_dict()))) == cut
    told = [one["id"] for one in cut.plain() if one["role"] == "tool"]
    assert set(told) == kept


class TestAsData:
    def test_it_survives_the_way_through_json(self) -> None:
        context = TALK.with_message("user", "Look.", Image(url=PIXEL, detail="low"))
        assert Context.from_dict(json.loads(json.dumps(context.to_dict()))) == context

    @pytest.mark.parametrize(
        ("item", "message"),
        [
            ({"type": "message", "id": "m1", "role": "tool", "content": []}, "'tool' cannot be"),
            ({"type": "message", "id": "", "role": "user", "content": []}, "cannot be its 'id'"),
            ({"type": "message", "id": "m1", "role": "user"}, "content"),
            ({"type": "message", "id": "m1", "role": "user", "content": ["x"]}, "item 1"),
            (
                {"type": "message", "id": "m1", "role": "user", "content": [{"type": "video"}]},
                "'video' is no part",
            ),
            (
                {
                    "type": "message",
                    "id": "m1",
                    "role": "user",
                    "content": [{"type": "image", "url": PIXEL, "detail": "huge"}],
                },
                "'image' is no part",
            ),
            ({"type": "noise", "id": "m1"}, "'noise'"),
            ({"type": "handoff", "id": "h1", "to": "desk", "kind": "hot"}, "'hot'"),
            ({"type": "function_call", "id": "c", "name": "x", "args": 3}, "'3' cannot be"),
            ({"id": "m1"}, "item 1"),
            ({"type": "handoff", "id": "h1", "to": "desk", "colour": 1}, "'colour'"),
            ("text", "item 1"),
        ],
    )
    def test_what_is_none_is_refused_and_named(self, item: Any, message: str) -> None:
        with pytest.raises(ValueError, match="item 1 of the context") as caught:
            Context.from_dict({"items": [item]})
        assert message in str(caught.value)

    @pytest.mark.parametrize("data", [{}, {"items": "abc"}, {"items": 3}])
    def test_data_without_items_is_none(self, data: Any) -> None:
        with pytest.raises(ValueError, match="`items`"):
            Context.from_dict(data)

    def test_a_model_is_told_finished_calls_at_the_place_of_the_call(self) -> None:
        assert TALK.plain() == (
            {"role": "system", "text": "Be nice."},
            {"role": "assistant", "text": "Hello."},
            {"role": "user", "text": "A table."},
            {
                "role": "tool",
                "id": "call_1",
                "name": "look",
                "args": {"size": 1},
                "output": '"free"',
            },
            {"role": "assistant", "text": "There is"},
            {"role": "user", "text": "Ann: Good."},
            {"role": "developer", "text": "The caller was handed over to desk."},
        )


class TestPictures:
    @pytest.mark.parametrize(
        "url",
        ["https://example.com/a.png", "http://10.0.0.1/x?y=1", PIXEL, PIXEL.replace("png", "jpeg")],
    )
    def test_by_the_web_or_as_they_are(self, url: str) -> None:
        assert Image(url=url).url == url

    @pytest.mark.parametrize(
        ("url", "message"),
        [
            ("file:///etc/passwd", "http"),
            ("/etc/passwd", "http"),
            ("C:/x.png", "http"),
            ("javascript:alert(1)", "http"),
            ("ftp://example.com/a.png", "http"),
            ("https://", "http"),
            ("https://user:secret@example.com/a.png", "password"),
            ("https://example.com/a b.png", "space"),
            ("data:text/html;base64,aGVsbG8=", "data URL"),
            ("data:image/svg+xml;base64,aGVsbG8=", "data URL"),
            ("data:image/png,abc", "data URL"),
            ("data:image/png;base64,a?b", "base64"),
            ("data:image/png;base64,", "holds none"),
            ("data:image/png;base64," + "A" * (LARGEST * 4 // 3 + 8), "at most 20 MB"),
        ],
    )
    def test_nothing_else_is_one(self, url: str, message: str) -> None:
        with pytest.raises(ValueError, match=message) as caught:
            Image(url=url)
        assert "secret" not in str(caught.value)
