"""Google's `generateContent`: `user` and `model` take turns, everything else is an instruction.

The caller must have begun and spoken last, as with `anthropic`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from providers.formats import pieces


def payload(instructions: str, history: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """Return `systemInstruction` and `contents`."""
    told = tuple(history)
    contents: list[dict[str, Any]] = []
    for role, parts in _turns(told):
        if contents and contents[-1]["role"] == role:
            contents[-1]["parts"] += parts
        else:
            contents.append({"role": role, "parts": parts})
    if not contents or contents[0]["role"] == "model":
        contents.insert(0, {"role": "user", "parts": [{"text": pieces.NOBODY}]})
    if contents[-1]["role"] == "model":
        contents.append({"role": "user", "parts": [{"text": pieces.GO_ON}]})
    system = pieces.system_text(instructions, told)
    fixed = {"systemInstruction": {"parts": [{"text": system}]}} if system else {}
    return {**fixed, "contents": contents}


def _turns(history: Iterable[Mapping[str, Any]]) -> Iterator[tuple[str, list[dict[str, Any]]]]:
    for item in history:
        role = item["role"]
        if role == "tool":
            yield "model", [{"functionCall": {"name": item["name"], "args": dict(item["args"])}}]
            response = {"name": item["name"], "response": {"output": item["output"]}}
            yield "user", [{"functionResponse": response}]
        elif role in ("user", "assistant"):
            parts = [_part(part) for part in pieces.parts(item)]
            if role == "assistant":
                parts = [part for part in parts if "text" in part]
            if parts:
                yield "user" if role == "user" else "model", parts


def _part(part: Mapping[str, Any]) -> dict[str, Any]:
    if part["type"] == "text":
        return {"text": part["text"]}
    found = pieces.embedded(part["url"])
    if found is None:
        return {"fileData": {"fileUri": part["url"]}}
    return {"inlineData": {"mimeType": found[0], "data": found[1]}}
