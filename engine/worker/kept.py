"""Calls that outlive their process: who comes back within the grace time goes on where he was."""

from __future__ import annotations

import asyncio
import logging
import secrets

from engine.errors import StoreError
from engine.session.store import Keeper, Store, StoredCall
from media.clock import Clock

GRACE_SECONDS = 60.0
"""So long a caller may take to come back after the process was killed."""

KEEP_SECONDS = 24 * 3600.0
"""Calls that were last touched before that are forgotten."""

_log = logging.getLogger("turnwise.kept")


class KeptCalls:
    """Finds the call somebody comes back to, and has every call written.

    Args:
        store: where calls are kept.
        clock: tells the wall time.
        grace: seconds within which a caller may come back.
        keep: seconds after which a call is forgotten.
    """

    def __init__(
        self,
        store: Store,
        clock: Clock,
        *,
        grace: float = GRACE_SECONDS,
        keep: float = KEEP_SECONDS,
    ) -> None:
        self._store = store
        self._clock = clock
        self._grace = grace
        self._keep = max(keep, grace)
        self._here: set[str] = set()

    async def open(self, key: str) -> tuple[Keeper, StoredCall | None]:
        """Return who writes a call, and the call to go on with, if there is one.

        Args:
            key: what its caller comes back under; empty, or of a call that goes on here: a new one.
        """
        name = key if key and key not in self._here else secrets.token_urlsafe(16)
        self._here.add(name)
        call = await asyncio.to_thread(self._find, name)
        return Keeper(self._store, name, self._wall), call

    async def waits_for(self, key: str) -> bool:
        """Whether `open` would find a call to go on with under this key."""
        if not key or key in self._here:
            return False
        return await asyncio.to_thread(self._find, key) is not None

    async def close(self, keeper: Keeper) -> None:
        """A call is over: wait until it is written."""
        await asyncio.to_thread(keeper.close)
        self._here.discard(keeper.call)

    def _find(self, name: str) -> StoredCall | None:
        """Look for a call; a store that fails costs the past, not the new call."""
        try:
            self._store.delete_older(self._wall() - self._keep)
            call = self._store.load(name)
        except StoreError as error:
            _log.error("no call can be continued: %s", error)
            return None
        if call is None or call.ended is not None:
            return None
        return call if call.touched >= self._wall() - self._grace else None

    def _wall(self) -> float:
        return self._clock.wall().timestamp()
