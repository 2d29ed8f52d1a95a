"""Where a call leaves its traces: one folder a call, with journal, timeline and recording."""

from __future__ import annotations

import datetime
import re
import tempfile
from pathlib import Path

from engine.errors import RoomError

JOURNAL = "journal.jsonl"
TIMELINE = "timeline.txt"
RECORDING = "call.wav"


def check_writable(base: Path) -> None:
    """Make the folder of all calls and try to write into it: better now than in the first call.

    Raises:
        RoomError: it cannot be made, or takes no file.
    """
    try:
        base.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=base):
            pass
    except OSError as error:
        raise RoomError(f"cannot write into {base}: {error.strerror}. See --runs.") from error


def new_run(base: Path, flow: str, now: datetime.datetime) -> Path:
    """Make and return a folder for one call: `20260501-120000-book_table`, `...-2` when taken.

    Raises:
        RoomError: the folder cannot be made.
    """
    stem = f"{now:%Y%m%d-%H%M%S}-{re.sub(r'[^a-z0-9_]+', '_', flow.lower())}"
    try:
        base.mkdir(parents=True, exist_ok=True)
        for number in range(1, 1000):
            folder = base / (stem if number == 1 else f"{stem}-{number}")
            try:
                folder.mkdir()
            except FileExistsError:
                continue
            return folder
    except OSError as error:
        raise RoomError(f"cannot write into {base}: {error.strerror}") from error
    raise RoomError(f"{base} holds a thousand calls of this second")
