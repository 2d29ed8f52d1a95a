"""Files as text, and why one cannot be read."""

from __future__ import annotations

from pathlib import Path as FilePath
from typing import TypeAlias

from engine.errors import why
from engine.flow.diagnostics import listing, nearest
from engine.flow.source import MAX_BYTES

Failure: TypeAlias = tuple[str, str]
"""Why a file cannot be read, and what to do."""

_ROOT_MARKS = ("pyproject.toml", ".git", "turnwise.toml")
"""A folder that holds one of these is the root of a project."""


def read_file(path: FilePath) -> tuple[str, Failure | None]:
    """The text of a file, or an empty one and the reason."""
    try:
        with path.open("rb") as stream:
            # One byte more than allowed is enough to know that it is too big.
            raw = stream.read(MAX_BYTES + 4)
    except FileNotFoundError:
        return "", (f"no file `{path}`", _neighbour(path))
    except IsADirectoryError:
        return "", (f"`{path}` is a folder", f"name a file in it: `{path / 'FLOW.yaml'}`")
    except (OSError, ValueError) as error:
        return "", (f"cannot read `{path}`: {why(error)}", "")
    return decode(raw, str(path))


def decode(raw: bytes, name: str) -> tuple[str, Failure | None]:
    """The text in some bytes, or an empty one and the reason."""
    try:
        return raw.decode("utf-8"), None
    except UnicodeDecodeError as error:
        if len(raw) > MAX_BYTES:
            return raw.decode("utf-8", "replace"), None
        return "", (f"cannot read `{name}`: {why(error)}", "save it as UTF-8")


def project_root(file: FilePath) -> FilePath:
    """The folder of the project that an absolute path belongs to; else the file's own folder."""
    for folder in file.parents:
        if any((folder / mark).exists() for mark in _ROOT_MARKS):
            return folder
    return file.parent


def _neighbour(path: FilePath) -> str:
    try:
        names = sorted(entry.name for entry in path.parent.iterdir() if entry.suffix == path.suffix)
    except OSError:
        return f"there is no folder `{path.parent}`"
    meant = nearest(path.name, names)
    if meant is not None:
        return f"did you mean `{path.parent / meant}`?"
    return f"files there: {listing(names, join='and')}" if names else ""
