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
    """A journal or snapshot cannot be read, or belongs to another flow."""


class StoreError(TurnwiseError):
    """The store of calls cannot be opened, read or written."""


class RoomError(TurnwiseError):
    """A room cannot be opened: occupied port, unknown transport, missing right."""


class ConfigurationError(TurnwiseError):
    """A named provider, tool or secret cannot be resolved."""


class UnsupportedError(TurnwiseError):
    """This room, model or voice cannot do what was asked for."""
