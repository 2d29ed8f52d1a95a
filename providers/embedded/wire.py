"""Frames between a worker process and its owner: kind, length, channel, payload.

Imports next to nothing, because every worker pays for it at its start.
"""

from __future__ import annotations

import os
import signal
import struct
import sys
from typing import BinaryIO, Final

HEADER: Final = struct.Struct("<cIH")
"""Kind (one byte), bytes of payload, channel: which call it belongs to."""


def open_pipes() -> tuple[BinaryIO, BinaryIO]:
    """Return the worker's input and output, and keep everything else off them.

    What a native library prints goes to the error output. Ctrl-C in the terminal, and the signal a
    service manager sends to all processes of a service, are the owner's business: calls end with
    their last words, and the worker leaves when its input ends.
    """
    for name in (signal.SIGINT, signal.SIGTERM):
        signal.signal(name, signal.SIG_IGN)
    output = os.fdopen(os.dup(1), "wb", buffering=64 * 1024)
    os.dup2(2, 1)
    return sys.stdin.buffer, output


def read_frame(stream: BinaryIO) -> tuple[bytes, int, bytes] | None:
    """Read one frame as (kind, channel, payload); None at the end of input."""
    header = stream.read(HEADER.size)
    if len(header) < HEADER.size:
        return None
    kind, length, channel = HEADER.unpack(header)
    payload = stream.read(length)
    return (kind, channel, payload) if len(payload) == length else None


def write_frame(stream: BinaryIO, kind: bytes, channel: int = 0, payload: bytes = b"") -> None:
    """Write one frame and push it out."""
    stream.write(HEADER.pack(kind, len(payload), channel) + payload)
    stream.flush()
