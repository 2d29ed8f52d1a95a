"""What Turnwise raises. Bad flow files are not here: they are diagnostics, which are values.

- ``TurnwiseError``: catch this to catch everything below.
    - ``FlowError``: a flow that has errors was asked to run; carries its diagnostics.
    - ``JournalError``: a journal or snapshot cannot be read, or belongs to another flow.
    - ``RoomError``: a room cannot be opened (occupied port, unknown transport).
    - ``StoreError``: the store of calls cannot be opened, read or written.
    - ``ConfigurationError``: a named provider, tool or secret cannot be resolved.
    - ``UnsupportedError``: this room, model or voice cannot do what was asked for.
"""

from __future__ import annotations

import errno
from collections.abc import Sequence


class TurnwiseError(Exception):
    """The root of the tree. Its text is one or two sentences a user can act on."""


class FlowError(TurnwiseError):
    """A flow with errors was asked to run.

    Attributes:
        diagnostics: the findings, as given by ``engine.flow.loader``.
    """

    def __init__(self, message: str, diagnostics: Sequence[object] = ()) -> None:
        super().__init__(message)
        self.diagnostics = tuple(diagnostics)


class JournalError(TurnwiseError):
    """A journal or snapshot cannot be read, or belongs to another flow.

    Attributes:
        problem: what is wrong, without the place.
        line: the number of the line of the journal that is meant; None: the whole.
    """

    def __init__(self, problem: str, line: int | None = None) -> None:
        super().__init__(problem if line is None else f"line {line}: {problem}")
        self.problem, self.line = problem, line


class StoreError(TurnwiseError):
    """The store of calls cannot be opened, read or written."""


class RoomError(TurnwiseError):
    """A room cannot be opened: occupied port, unknown transport, missing right."""


class ConfigurationError(TurnwiseError):
    """A named provider, tool or secret cannot be resolved."""


class UnsupportedError(TurnwiseError):
    """This room, model or voice cannot do what was asked for."""


_REASONS = {
    errno.ENOENT: "there is no such file",
    errno.ENOTDIR: "a part of its path is no folder",
    errno.EISDIR: "it is a folder",
    errno.EACCES: "you have no right to",
    errno.EPERM: "you have no right to",
    errno.ELOOP: "its links lead in a circle",
    errno.ENAMETOOLONG: "its name is too long",
    errno.ENOSPC: "the disk is full",
    errno.EROFS: "the disk may only be read",
}


def why(error: Exception) -> str:
    """Say in words why a file cannot be read or written, for the end of a message.

    Args:
        error: what the attempt raised: an `OSError`, or a `ValueError` about the text in it.
    """
    if isinstance(error, OSError):
        reason = _REASONS.get(error.errno or 0) or error.strerror or str(error)
        return reason[:1].lower() + reason[1:]
    if isinstance(error, UnicodeDecodeError):
        if error.object[:2] in (b"\xff\xfe", b"\xfe\xff"):
            return "it is not UTF-8 text, but UTF-16"
        if b"\0" in error.object[: error.start + 1]:
            return "it holds no text"
        line = error.object[: error.start].count(b"\n") + 1
        return f"it is not UTF-8 text: line {line}, byte {error.start}"
    return str(error)
