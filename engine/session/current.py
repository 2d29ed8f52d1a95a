"""The session in which code runs: how a tool gets at its call.

A tool is a plain function, named by a flow. Whatever a session starts, in a task or in a thread of
its own, carries the session along::

    def find_table(size: int) -> list[str]:
        current_session().say("Let me look.")
        ...
"""

from __future__ import annotations

from contextvars import ContextVar
from typing import TYPE_CHECKING

from engine.errors import TurnwiseError

if TYPE_CHECKING:
    from engine.session.session import Session

CURRENT: ContextVar[Session] = ContextVar("turnwise.session")
"""Set by a session for everything it starts."""


def current_session() -> Session:
    """Return the session this code runs in.

    Raises:
        TurnwiseError: it runs in none.
    """
    try:
        return CURRENT.get()
    except LookupError:
        raise TurnwiseError("this code does not run inside a session") from None
