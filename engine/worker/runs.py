"""Where a call leaves its traces: one folder a call, with journal, timeline and recording."""

from __future__ import annotations

import datetime
import os
import re
import tempfile
from collections.abc import Mapping
from pathlib import Path

from engine.errors import RoomError

JOURNAL = "journal.jsonl"
TIMELINE = "timeline.txt"
RECORDING = "call.wav"
FLOWS = "flows"
"""Versions of a flow that was edited during the call, each in a folder of its own."""


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
                folder.mkdir(mode=0o700)  # what was said in a call is nobody else's
            except FileExistsError:
                continue
            return folder
    except OSError as error:
        raise RoomError(f"cannot write into {base}: {error.strerror}") from error
    raise RoomError(f"{base} holds a thousand calls of this second")


def keep_flow(folder: Path, fingerprint: str, texts: Mapping[str, str]) -> None:
    """Keep a version of a flow beside the journal that needs it, so that a replay finds it.

    Args:
        folder: of the call.
        fingerprint: of the version; kept once.
        texts: every file of the flow by its path; they stand to each other as they did.

    Raises:
        RoomError: it cannot be written.
    """
    target = folder / FLOWS / fingerprint[:12]
    if target.exists():
        return
    paths = {name: os.path.abspath(name) for name in texts}
    root = os.path.commonpath([os.path.dirname(path) for path in paths.values()])
    try:
        target.mkdir(parents=True)
        # marks the folder that sub-flows and fragments may not leave
        (target / "turnwise.toml").touch()
        for name, text in texts.items():
            path = target / os.path.relpath(paths[name], root)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise RoomError(f"cannot write into {target}: {error.strerror}") from error
