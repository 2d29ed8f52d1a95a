"""The one data channel of a call: JSON messages both ways, best effort, never blocking."""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Callable, Mapping
from typing import Any

import aiortc

from media.data_messages import CHANNEL_LABEL, Message, MessageRefused, read, write

# What is said before the channel is open is kept: a page needs it to show anything.
_KEPT = 200

# A far side that takes nothing in gets no more than this; about a minute of captions.
_MAX_BUFFERED = 256 * 1024

_log = logging.getLogger(__name__)


class DataChannel:
    """Sends and receives messages over the channel it is given, and keeps them until then.

    Args:
        on_message: told each well-formed message; what is not is logged and ignored.
    """

    def __init__(self, on_message: Callable[[Message], None]) -> None:
        self._on_message = on_message
        self._channel: aiortc.RTCDataChannel | None = None
        self._kept: deque[str] = deque(maxlen=_KEPT)

    def found(self, channel: aiortc.RTCDataChannel) -> None:
        """Take the channel the far side opened, if it is the one we know; decline any other."""
        if channel.label == CHANNEL_LABEL and self._channel is None:
            self.use(channel)
        else:
            _log.info("data channel %r declined", channel.label[:40])
            channel.close()

    def use(self, channel: aiortc.RTCDataChannel) -> None:
        """Use this channel from now on."""
        self._channel = channel
        channel.on("open", self._flush)
        channel.on("message", self._received)
        if channel.readyState == "open":
            self._flush()

    def send(self, topic: str, data: Mapping[str, Any]) -> None:
        """Send a message, or keep it until the channel is open.

        Raises:
            MessageRefused: JSON cannot carry the data, or it is too long.
        """
        text = write(topic, data)
        channel = self._channel
        if channel is None or channel.readyState == "connecting":
            self._kept.append(text)
        elif channel.readyState != "open":
            _log.debug("message %r not sent: the channel is %s", topic, channel.readyState)
        elif channel.bufferedAmount > _MAX_BUFFERED:
            _log.warning("message %r not sent: the far side does not keep up", topic)
        else:
            channel.send(text)

    def _flush(self) -> None:
        while self._channel is not None and self._kept:
            self._channel.send(self._kept.popleft())

    def _received(self, text: str | bytes) -> None:
        try:
            message = read(text)
        except MessageRefused as refusal:
            _log.warning("message ignored: %s", refusal)
            return
        self._on_message(message)
