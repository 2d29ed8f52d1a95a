"""What all formats take apart in the same way."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from typing import Any, Final

NOBODY: Final = "(The caller is on the line and has not said anything yet.)"
"""Stands where a service wants the caller to have begun, and the agent has."""
GO_ON: Final = "(The caller waits.)"
"""Stands where a service wants the caller to have spoken last, and it was the agent."""

_DATA = re.compile(r"data:(?P<kind>[a-z]+/[a-z0-9.+-]+);base64,(?P<data>.*)", re.DOTALL)


def parts(message: Mapping[str, Any]) -> tuple[Mapping[str, Any], ...]:
    """Return the parts of a message, `{type: text | image, ...}`; empty texts are left out."""
    content = message.get("content")
    if content is None:
        content = ({"type": "text", "text": message["text"]},)
    return tuple(part for part in content if part["type"] != "text" or part["text"])


def words(message: Mapping[str, Any]) -> str:
    """Return the words of a message."""
    return " ".join(part["text"] for part in parts(message) if part["type"] == "text")


def arguments(call: Mapping[str, Any]) -> str:
    """Return the arguments of a call as JSON text."""
    return json.dumps(call["args"], ensure_ascii=False, default=str)


def embedded(url: str) -> tuple[str, str] | None:
    """Return media type and base64 text of a data URL; None: it is another URL."""
    found = _DATA.fullmatch(url)
    return None if found is None else (found["kind"], found["data"])


def system_text(instructions: str, history: Iterable[Mapping[str, Any]]) -> str:
    """Return the instructions and what the engine tells beside them.

    For services that know no role for either in the talk itself.
    """
    told = [words(m) for m in history if m["role"] in ("system", "developer")]
    return "\n\n".join(text for text in (instructions, *told) if text)
