"""Chat completions, as OpenAI and every compatible server take them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from providers.formats import pieces


def payload(
    instructions: str, history: Iterable[Mapping[str, Any]], *, developer: str = "system"
) -> dict[str, Any]:
    """Return `messages`.

    Args:
        instructions: the first message.
        history: oldest first.
        developer: the role for what the engine tells; most compatible servers know no `developer`.
    """
    first = [{"role": developer, "content": instructions}] if instructions else []
    return {"messages": [*first, *_messages(history, developer)]}


def _messages(history: Iterable[Mapping[str, Any]], developer: str) -> Iterator[dict[str, Any]]:
    """A call stands in the assistant's message, its result in one of its own behind it."""
    for item in history:
        if item["role"] == "tool":
            function = {"name": item["name"], "arguments": pieces.arguments(item)}
            call = {"id": item["id"], "type": "function", "function": function}
            yield {"role": "assistant", "content": None, "tool_calls": [call]}
            yield {"role": "tool", "tool_call_id": item["id"], "content": item["output"]}
            continue
        role = developer if item["role"] == "developer" else item["role"]
        yield {"role": role, "content": _content(item)}


def _content(item: Mapping[str, Any]) -> str | list[dict[str, Any]]:
    """The words; a list of parts where there are pictures, which only a user may show."""
    parts = pieces.parts(item)
    if item["role"] != "user" or not any(part["type"] == "image" for part in parts):
        return pieces.words(item)
    return [
        {"type": "text", "text": part["text"]}
        if part["type"] == "text"
        else {"type": "image_url", "image_url": {"url": part["url"], "detail": part["detail"]}}
        for part in parts
    ]
