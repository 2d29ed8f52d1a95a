"""Anthropic's messages: two roles that take turns, everything else in `system`.

The caller must have begun, and must have spoken last: where the agent did, a line in brackets says
so in the caller's place. A call stands in the agent's message, its result at the beginning of the
caller's next one.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from providers.formats import pieces

_NO_ID = re.compile(r"[^A-Za-z0-9_-]")


def payload(instructions: str, history: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """Return `system` and `messages`."""
    told = tuple(history)
    messages: list[dict[str, Any]] = []
    for role, blocks in _turns(told):
        if messages and messages[-1]["role"] == role:
            messages[-1]["content"] += blocks
        else:
            messages.append({"role": role, "content": blocks})
    if not messages or messages[0]["role"] == "assistant":
        messages.insert(0, _said(pieces.NOBODY))
    if messages[-1]["role"] == "assistant":
        messages.append(_said(pieces.GO_ON))
    system = pieces.system_text(instructions, told)
    return {**({"system": system} if system else {}), "messages": messages}


def _said(text: str) -> dict[str, Any]:
    return {"role": "user", "content": [{"type": "text", "text": text}]}


def _turns(history: Iterable[Mapping[str, Any]]) -> Iterator[tuple[str, list[dict[str, Any]]]]:
    for item in history:
        role = item["role"]
        if role == "tool":
            id_ = _NO_ID.sub("_", str(item["id"]))
            use = {"type": "tool_use", "id": id_, "name": item["name"], "input": item["args"]}
            yield "assistant", [use]
            result = {"type": "tool_result", "tool_use_id": id_, "content": item["output"]}
            yield "user", [result]
        elif role in ("user", "assistant"):
            blocks = [_block(part) for part in pieces.parts(item)]
            if role == "assistant":
                blocks = [block for block in blocks if block["type"] == "text"]
            if blocks:
                yield role, blocks


def _block(part: Mapping[str, Any]) -> dict[str, Any]:
    if part["type"] == "text":
        return {"type": "text", "text": part["text"]}
    found = pieces.embedded(part["url"])
    if found is None:
        return {"type": "image", "source": {"type": "url", "url": part["url"]}}
    source = {"type": "base64", "media_type": found[0], "data": found[1]}
    return {"type": "image", "source": source}
