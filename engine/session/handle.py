"""The handle of something a program asked for: a line, a reply, a sound, a transfer."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Generator
from typing import Any

CALL_OVER = "the call is over"


class Handle:
    """What becomes of a request. Given at once; filled in when the conversation has decided.

    `await handle` waits until it is over, in the program's loop, and never raises; `wait` does the
    same in a thread. Whether all went well is told by `interrupted` and `error`.

    Args:
        id: its name in the journal.
        interruptible: as it was asked for; None: as the flow says where the call stands.
        stop: asks for its end; given whether by force.
        early: it is over for whoever waits as soon as it is written, not only when it was heard.
    """

    def __init__(
        self,
        id: str,  # noqa: A002  (its name for users)
        interruptible: bool | None,
        stop: Callable[[bool], None],
        *,
        early: bool = False,
    ) -> None:
        self.id = id
        self.interruptible = interruptible
        self.interrupted = False
        """Something of it was not heard: cut, dropped, or failed. Known once it was played."""
        self.heard_text = ""
        """The words of it that were played, once that is known."""
        self.error: str | None = None
        """Why it failed; None: it did not, or somebody spoke over it."""
        self._stop = stop
        self._early = early
        self._over = asyncio.Event()
        self._over_elsewhere = threading.Event()

    def done(self) -> bool:
        """Say whether it is over."""
        return self._over_elsewhere.is_set()

    def interrupt(self, *, force: bool = False) -> None:
        """Stop it, or drop it if it has not begun; what is protected only by force."""
        if not self.done() or self._early:
            self._stop(bool(force))

    def wait(self, timeout: float | None = None) -> bool:
        """Wait in a thread (a plain function that is a tool runs in one), never on the loop.

        Args:
            timeout: seconds; None: until it is over.

        Returns:
            Whether it is over.
        """
        return self._over_elsewhere.wait(timeout)

    def __await__(self) -> Generator[Any, None, Handle]:
        """Wait until it is over."""
        yield from self._over.wait().__await__()
        return self

    def __repr__(self) -> str:
        state = "under way"
        if self.done():
            state = self.error or ("interrupted" if self.interrupted else "done")
        return f"<{type(self).__name__} {self.id}: {state}>"

    # --- told by the session, on its loop --------------------------------------------------------

    def written(self) -> None:
        """The model has written all of it."""
        if self._early:
            self._release()

    def finish(self, *, heard: str, interrupted: bool, error: str) -> None:
        """It is over."""
        self.heard_text, self.interrupted, self.error = heard, interrupted, error or None
        self._release()

    def _release(self) -> None:
        self._over.set()
        self._over_elsewhere.set()
