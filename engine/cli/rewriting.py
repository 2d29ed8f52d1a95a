"""Commands that change files: reading, showing the difference, writing back."""

from __future__ import annotations

import difflib
import os
import sys
import tempfile
from pathlib import Path

from engine.errors import TurnwiseError, why


class UnreadableFileError(TurnwiseError):
    """A file that is to be changed cannot be read or written; the text says why."""


def read_text(path: str) -> str:
    """The text of a file with its line breaks as they are; `-` is standard input.

    Raises:
        UnreadableFileError: there is no such file, or it is not UTF-8 text.
    """
    try:
        raw = sys.stdin.buffer.read() if path == "-" else Path(path).read_bytes()
        return raw.decode("utf-8")
    except (OSError, ValueError) as error:
        raise UnreadableFileError(f"cannot read `{path}`: {why(error)}") from error


def write_text(path: str, text: str) -> None:
    """Replace a file in one step, so that nobody ever reads half of it.

    Raises:
        UnreadableFileError: the folder or the file may not be written.
    """
    target = Path(os.path.realpath(path))
    try:
        handle, name = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.")
        try:
            with os.fdopen(handle, "wb") as stream:
                stream.write(text.encode("utf-8"))
            if target.exists():
                Path(name).chmod(target.stat().st_mode & 0o777)
            Path(name).replace(target)
        except OSError:
            Path(name).unlink(missing_ok=True)
            raise
    except OSError as error:
        raise UnreadableFileError(f"cannot write `{path}`: {why(error)}") from error


def difference(path: str, before: str, after: str) -> str:
    """A unified diff; empty where nothing changes."""
    lines = difflib.unified_diff(
        before.splitlines(keepends=True),
        after.splitlines(keepends=True),
        f"{path} (as it is)",
        f"{path} (as it would be)",
    )
    return "".join(
        line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n" for line in lines
    )
