"""What was said, as each kind of service wants to be told it."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from providers.formats import anthropic, gemini, openai_chat, openai_responses
from providers.formats.pieces import GO_ON, NOBODY

PIXEL = "data:image/png;base64,aGVsbG8="
CALL = {"role": "tool", "id": "call_1", "name": "look", "args": {"size": 4}, "output": '"free"'}
TALK: list[dict[str, Any]] = [
    {"role": "developer", "text": "What was said before: a table."},
    {"role": "assistant", "text": "Hello."},
    {"role": "user", "text": "A table."},
    CALL,
    {"role": "assistant", "text": "There is one."},
    {
        "role": "user",
        "content": (
            {"type": "text", "text": "Like this?"},
            {"type": "image", "url": PIXEL, "detail": "low"},
            {"type": "image", "url": "https://example.com/a.png", "detail": "auto"},
        ),
    },
]


def test_chat_completions() -> None:
    call = {"id": "call_1", "type": "function"}
    function = {"name": "look", "arguments": '{"size": 4}'}
    assert openai_chat.payload("Be nice.", TALK) == {
        "messages": [
            {"role": "system", "content": "Be nice."},
            {"role": "system", "content": "What was said before: a table."},
            {"role": "assistant", "content": "Hello."},
            {"role": "user", "content": "A table."},
            {
                "role": "assistant",
                "content": None,
                "tool_calls": [{**call, "function": function}],
            },
            {"role": "tool", "tool_call_id": "call_1", "content": '"free"'},
            {"role": "assistant", "content": "There is one."},
            {
                "role": "user",
                "content": [
                    {"type": "text", "text": "Like this?"},
                    {"type": "image_url", "image_url": {"url": PIXEL, "detail": "low"}},
                    {
                        "type": "image_url",
                        "image_url": {"url": "https://example.com/a.png", "detail": "auto"},
                    },
                ],
            },
        ]
    }


def test_chat_completions_of_a_service_that_knows_developers() -> None:
    told = openai_chat.payload("Be nice.", TALK[:1], developer="developer")["messages"]
    assert [message["role"] for message in told] == ["developer", "developer"]


def test_responses() -> None:
    assert openai_responses.payload("Be nice.", TALK) == {
        "instructions": "Be nice.",
        "input": [
            {
                "type": "message",
                "role": "developer",
                "content": [{"type": "input_text", "text": "What was said before: a table."}],
            },
            {
                "type": "message",
                "role": "assistant",
                "content": [{"type": "output_text", "text": "Hello."}],
            },
            {
                "type": "message",
                "role": "user",
                "content": [{"type": "input_text", "text": "A table."}],
            },
            {
                "type": "function_call",
                "call_id": "call_1",
                "name": "look",
                "arguments": '{"size": 4}',
            },
            {"type": "function_call_output", "call_id": "call_1", "output": '"free"'},
            {
                "type": "message",
                "role": "assistant",
                "content": [{"type": "output_text", "text": "There is one."}],
            },
            {
                "type": "message",
                "role": "user",
                "content": [
                    {"type": "input_text", "text": "Like this?"},
                    {"type": "input_image", "image_url": PIXEL, "detail": "low"},
                    {
                        "type": "input_image",
                        "image_url": "https://example.com/a.png",
                        "detail": "auto",
                    },
                ],
            },
        ],
    }


def test_anthropic() -> None:
    assert anthropic.payload("Be nice.", TALK) == {
        "system": "Be nice.\n\nWhat was said before: a table.",
        "messages": [
            {"role": "user", "content": [{"type": "text", "text": NOBODY}]},
            {"role": "assistant", "content": [{"type": "text", "text": "Hello."}]},
            {"role": "user", "content": [{"type": "text", "text": "A table."}]},
            {
                "role": "assistant",
                "content": [
                    {"type": "tool_use", "id": "call_1", "name": "look", "input": {"size": 4}}
                ],
            },
            {
                "role": "user",
                "content": [{"type": "tool_result", "tool_use_id": "call_1", "content": '"free"'}],
            },
            {"role": "assistant", "content": [{"type": "text", "text": "There is one."}]},
            {
                "role": "user",
                "content": [
                    {"type": "text", "text": "Like this?"},
                    {
                        "type": "image",
                        "source": {
                            "type": "base64",
                            "media_type": "image/png",
                            "data": "aGVsbG8=",
                        },
                    },
                    {
                        "type": "image",
                        "source": {"type": "url", "url": "https://example.com/a.png"},
                    },
                ],
            },
        ],
    }


def test_gemini() -> None:
    response = {"name": "look", "response": {"output": '"free"'}}
    assert gemini.payload("Be nice.", TALK) == {
        "systemInstruction": {"parts": [{"text": "Be nice.\n\nWhat was said before: a table."}]},
        "contents": [
            {"role": "user", "parts": [{"text": NOBODY}]},
            {"role": "model", "parts": [{"text": "Hello."}]},
            {"role": "user", "parts": [{"text": "A table."}]},
            {
                "role": "model",
                "parts": [{"functionCall": {"name": "look", "args": {"size": 4}}}],
            },
            {"role": "user", "parts": [{"functionResponse": response}]},
            {"role": "model", "parts": [{"text": "There is one."}]},
            {
                "role": "user",
                "parts": [
                    {"text": "Like this?"},
                    {"inlineData": {"mimeType": "image/png", "data": "aGVsbG8="}},
                    {"fileData": {"fileUri": "https://example.com/a.png"}},
                ],
            },
        ],
    }


def test_an_agent_that_has_spoken_last_is_told_to_go_on() -> None:
    talk = TALK[1:2]
    assert anthropic.payload("", talk)["messages"][-1]["content"][0]["text"] == GO_ON
    assert gemini.payload("", talk)["contents"][-1]["parts"][0]["text"] == GO_ON


def test_nothing_said_is_a_talk_too() -> None:
    assert openai_chat.payload("", ()) == {"messages": []}
    assert openai_responses.payload("", ()) == {"input": []}
    assert len(anthropic.payload("", ())["messages"]) == 1
    assert "system" not in anthropic.payload("", ())
    assert len(gemini.payload("", ())["contents"]) == 1


def test_an_id_another_service_gave_is_one_for_this_one() -> None:
    (_, used, result) = anthropic.payload("", [{**CALL, "id": "a.b:c"}])["messages"]
    assert used["content"][0]["id"] == result["content"][0]["tool_use_id"] == "a_b_c"


@pytest.mark.parametrize("form", [openai_chat, openai_responses, anthropic, gemini])
def test_pictures_are_only_shown_where_a_service_takes_them(form: Any) -> None:
    """What an agent has shown, and what a program shows beside the talk, is told by its words."""
    image = {"type": "image", "url": PIXEL, "detail": "auto"}
    talk = [
        {"role": "user", "text": "Hello."},
        {"role": "assistant", "content": (image,)},
        {"role": "assistant", "content": ({"type": "text", "text": "Look."}, image)},
    ]
    told = form.payload("", talk)
    assert "aGVsbG8=" not in json.dumps(told)
    assert "Look." in json.dumps(told)


WORDS = st.text(min_size=1, max_size=8).map(lambda text: f"<{text}>")
ITEMS = st.builds(
    lambda role, text: {"role": role, "text": text},
    st.sampled_from(["user", "assistant", "developer", "system"]),
    WORDS,
) | st.builds(lambda n, out: {**CALL, "id": f"call_{n}", "output": out}, st.integers(), WORDS)


@pytest.mark.parametrize("form", [openai_chat, openai_responses, anthropic, gemini])
@given(history=st.lists(ITEMS, max_size=8))
def test_every_word_is_told_and_only_the_callers_as_theirs(
    form: Any, history: list[dict[str, Any]]
) -> None:
    told = form.payload("INSTRUCTIONS", history)
    (talk,) = (told[key] for key in ("messages", "input", "contents") if key in told)
    whole = json.dumps(told, ensure_ascii=False)
    theirs = [
        part["text"] if isinstance(part, dict) else part
        for entry in talk
        if entry.get("role") == "user"
        for part in _parts(entry)
        if isinstance(part, str) or "text" in part
    ]

    for item in history:
        words = item["output"] if item["role"] == "tool" else item["text"]
        assert json.dumps(words, ensure_ascii=False)[1:-1] in whole
    mine = [item["text"] for item in history if item["role"] == "user"]
    assert [text for text in theirs if text not in (NOBODY, GO_ON)] == mine


@pytest.mark.parametrize("form", [anthropic, gemini])
@given(history=st.lists(ITEMS, max_size=8))
def test_caller_and_agent_take_turns_where_they_must(
    form: Any, history: list[dict[str, Any]]
) -> None:
    told = form.payload("INSTRUCTIONS", history)
    roles = [entry["role"] for entry in told.get("messages", told.get("contents"))]
    assert roles[0] == roles[-1] == "user"
    assert all(one != other for one, other in zip(roles, roles[1:], strict=False))


def _parts(entry: dict[str, Any]) -> list[Any]:
    content = entry.get("content", entry.get("parts"))
    return [content] if isinstance(content, str) else content
