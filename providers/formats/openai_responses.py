"""The responses protocol of OpenAI: instructions apart, calls and results as items of their own."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from providers.formats import pieces


def payload(instructions: str, history: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """Return `instructions` and `input`."""
    told = {"instructions": instructions} if instructions else {}
    return {**told, "input": list(_items(history))}


def _items(history: Iterable[Mapping[str, Any]]) -> Iterator[dict[str, Any]]:
    for item in history:
        if item["role"] == "tool":
            call = {"call_id": item["id"], "name": item["name"]}
            yield {"type": "function_call", **call, "arguments": pieces.arguments(item)}
            output = {"call_id": item["id"], "output": item["output"]}
            yield {"type": "function_call_output", **output}
            continue
        content = [part for part in map(_part(item["role"]), pieces.parts(item)) if part]
        if content:
            yield {"type": "message", "role": item["role"], "content": content}


def _part(role: str) -> Any:
    kind = "output_text" if role == "assistant" else "input_text"

    def part(given: Mapping[str, Any]) -> dict[str, Any] | None:
        if given["type"] == "text":
            return {"type": kind, "text": given["text"]}
        if role == "assistant":
            return None  # a model of this protocol has said no pictures
        return {"type": "input_image", "image_url": given["url"], "detail": given["detail"]}

    return part
