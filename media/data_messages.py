"""JSON messages on the data channel: `{"topic": ..., "data": {...}}`, both ways. PURE.

What a caller sends is untrusted: it is bounded, its shape is checked, and what does not fit is told
apart from what does by a `MessageRefused` with the reason.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from media.dtmf import KEYS
from media.errors import MediaError

CHANNEL_LABEL = "turnwise"

MAX_RECEIVED = 5 * 1024
"""Bytes of a received message: a typed turn is a few hundred."""

MAX_SENT = 60 * 1024
"""Bytes of a sent one: 64 KiB is what every browser takes in one piece."""


class MessageRefused(MediaError):
    """A message that does not fit the format."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """One message."""

    topic: str
    data: Mapping[str, Any]


def write(topic: str, data: Mapping[str, Any]) -> str:
    """Return the text of a message.

    Raises:
        MessageRefused: JSON cannot carry the data, or it is too long.
    """
    try:
        text = json.dumps({"topic": topic, "data": data}, ensure_ascii=False, allow_nan=False)
    except (TypeError, ValueError) as error:
        raise MessageRefused(f"message {topic!r} is not JSON: {error}") from error
    if len(text.encode()) > MAX_SENT:
        raise MessageRefused(f"message {topic!r} is longer than {MAX_SENT} bytes")
    return text


def read(text: str | bytes, limit: int = MAX_RECEIVED) -> Message:
    """Return the message in a received text.

    Raises:
        MessageRefused: it is binary, too long, no JSON, or has another shape.
    """
    if isinstance(text, bytes):
        raise MessageRefused("a binary message came")
    if len(text.encode("utf-8", "surrogatepass")) > limit:
        raise MessageRefused(f"a message longer than {limit} bytes came")
    try:
        value = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise MessageRefused(f"a message came that is not JSON: {error}") from error
    if not isinstance(value, dict) or set(value) != {"topic", "data"}:
        raise MessageRefused("a message must have topic and data, and nothing else")
    topic, data = value["topic"], value["data"]
    if not isinstance(topic, str) or not isinstance(data, dict):
        raise MessageRefused("a message's topic is a text and its data an object")
    return Message(topic=topic, data=data)


def read_key(message: Message) -> str:
    """Return the key of a `key` message.

    Raises:
        MessageRefused: it holds no telephone key.
    """
    key = message.data.get("key")
    if not isinstance(key, str) or len(key) != 1 or key.upper() not in KEYS:
        raise MessageRefused("a key message holds one telephone key")
    return key.upper()


def read_text(message: Message) -> str:
    """Return the typed turn of a `text` message, stripped.

    Raises:
        MessageRefused: it holds no text, or an empty one.
    """
    text = message.data.get("text")
    if not isinstance(text, str) or not text.strip():
        raise MessageRefused("a text message holds a text that is not empty")
    return text.strip()
