"""Keeps calls, so that another process can go on with one: its steps and its latest snapshot.

A step is *acknowledged* once it was committed, in one transaction with the snapshot after it; from
then on it survives the death of the process. SQLite in WAL mode gives that with `synchronous` at
NORMAL; what a power cut may take besides is the last moments, never the order or the whole. Writing
is the business of one thread (`Keeper`), in the order of the call, and never holds up the call.
"""

from __future__ import annotations

import json
import logging
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from engine.core.step import Step
from engine.errors import StoreError
from engine.observe.journal import Header, decode, encode, line_of

if TYPE_CHECKING:
    import sqlite3

_SCHEMA = """
CREATE TABLE IF NOT EXISTS call (
    id TEXT PRIMARY KEY, header TEXT NOT NULL, snapshot TEXT NOT NULL DEFAULT '',
    touched REAL NOT NULL, ended TEXT
);
CREATE TABLE IF NOT EXISTS step (
    call TEXT NOT NULL REFERENCES call (id) ON DELETE CASCADE, seq INTEGER NOT NULL,
    line TEXT NOT NULL, PRIMARY KEY (call, seq)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS call_touched ON call (touched);
"""

_log = logging.getLogger("turnwise.store")


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredCall:
    """A call as it was kept."""

    id: str
    header: Header
    lines: tuple[str, ...]
    """The steps, each as its line of the journal, in order."""
    snapshot: Mapping[str, Any]
    """The conversation after the last of them; see `engine.core.snapshot`."""
    touched: float
    """Wall time of the last write, in seconds since 1970."""
    ended: str | None
    """Why it ended; None: it did not, as far as anybody knows."""

    @property
    def steps(self) -> tuple[Step, ...]:
        """The steps, read back."""
        return tuple(decode(json.loads(line), n) for n, line in enumerate(self.lines, 2))


class Store(Protocol):
    """Where calls are kept. Every method may block, may be called by any thread.

    All raise `StoreError` when the store cannot do it.
    """

    def begin(self, call: str, header: Header, touched: float) -> None:
        """Keep a new call; one of that name is forgotten."""
        ...

    def save(self, call: str, lines: Mapping[int, str], snapshot: str, touched: float) -> None:
        """Add steps by their numbers, and replace the snapshot; all of it or nothing."""
        ...

    def end(self, call: str, reason: str, touched: float) -> None:
        """The call is over: nobody goes on with it."""
        ...

    def load(self, call: str) -> StoredCall | None:
        """Return a call; None: there is none of that name, or nothing happened in it yet."""
        ...

    def unfinished(self, since: float) -> tuple[str, ...]:
        """Return the calls that did not end and were touched since then, the latest first."""
        ...

    def delete_older(self, than: float) -> int:
        """Forget the calls that were last touched before then; return how many."""
        ...

    def close(self) -> None:
        """Let go of it."""
        ...


class SqliteStore:
    """The embedded store: one file, no service.

    Args:
        path: the file; made with its folder when it is missing.

    Raises:
        StoreError: it cannot be opened.
    """

    def __init__(self, path: Path | str) -> None:
        import sqlite3  # only calls that are kept pay for it

        self._path = Path(path)
        self._lock = threading.Lock()
        with _told(self._path):
            self._path.parent.mkdir(parents=True, exist_ok=True)
            self._path.touch(mode=0o600)  # what was said in a call is nobody else's
            self._base = sqlite3.connect(self._path, check_same_thread=False, isolation_level=None)
            try:
                self._base.execute("PRAGMA journal_mode = WAL")
                self._base.execute("PRAGMA synchronous = NORMAL")
                self._base.execute("PRAGMA foreign_keys = ON")
                self._base.execute("PRAGMA busy_timeout = 5000")
                self._base.executescript(_SCHEMA)
            except sqlite3.Error:
                self._base.close()
                raise

    def begin(self, call: str, header: Header, touched: float) -> None:
        """See `Store`."""
        with self._transaction() as base:
            base.execute("DELETE FROM call WHERE id = ?", (call,))
            base.execute(
                "INSERT INTO call (id, header, touched) VALUES (?, ?, ?)",
                (call, line_of(asdict(header)), touched),
            )

    def save(self, call: str, lines: Mapping[int, str], snapshot: str, touched: float) -> None:
        """See `Store`."""
        with self._transaction() as base:
            rows = [(call, seq, line) for seq, line in lines.items()]
            base.executemany("INSERT OR REPLACE INTO step VALUES (?, ?, ?)", rows)
            base.execute(
                "UPDATE call SET snapshot = ?, touched = ? WHERE id = ?", (snapshot, touched, call)
            )

    def end(self, call: str, reason: str, touched: float) -> None:
        """See `Store`."""
        with self._transaction() as base:
            base.execute(
                "UPDATE call SET ended = ?, touched = ? WHERE id = ?", (reason, touched, call)
            )

    def load(self, call: str) -> StoredCall | None:
        """See `Store`."""
        with self._transaction() as base:
            row = base.execute(
                "SELECT header, snapshot, touched, ended FROM call WHERE id = ?", (call,)
            ).fetchone()
            lines = base.execute("SELECT line FROM step WHERE call = ? ORDER BY seq", (call,))
            kept = tuple(line for (line,) in lines)
        if row is None or not row[1]:
            return None
        return StoredCall(
            id=call,
            header=Header(**json.loads(row[0])),
            lines=kept,
            snapshot=json.loads(row[1]),
            touched=row[2],
            ended=row[3],
        )

    def unfinished(self, since: float) -> tuple[str, ...]:
        """See `Store`."""
        with self._transaction() as base:
            found = base.execute(
                "SELECT id FROM call WHERE ended IS NULL AND touched >= ? ORDER BY touched DESC",
                (since,),
            )
            return tuple(name for (name,) in found)

    def delete_older(self, than: float) -> int:
        """See `Store`."""
        with self._transaction() as base:
            return base.execute("DELETE FROM call WHERE touched < ?", (than,)).rowcount

    def close(self) -> None:
        """See `Store`."""
        with self._lock, _told(self._path):
            self._base.close()

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        with self._lock, _told(self._path), closing(self._base.cursor()):
            self._base.execute("BEGIN IMMEDIATE")
            try:
                yield self._base
            except BaseException:
                self._base.execute("ROLLBACK")
                raise
            self._base.execute("COMMIT")


@contextmanager
def _told(path: Path) -> Iterator[None]:
    import sqlite3

    try:
        yield
    except (OSError, sqlite3.Error) as error:
        raise StoreError(f"{path}: {error}") from error


class Keeper:
    """Writes one call into a store, in order, by a thread of its own.

    A store that fails is reported once and ends the keeping, not the call.

    Args:
        store: where to.
        call: the name of the call in it.
        wall: tells the wall time, in seconds since 1970.
    """

    def __init__(self, store: Store, call: str, wall: Callable[[], float]) -> None:
        self.call = call
        self.acknowledged = 0
        """Number of the last step that was committed."""
        self._store = store
        self._wall = wall
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="store")
        self._failed = False

    def begin(self, header: Header) -> None:
        """Keep a new call."""
        self._submit(self._store.begin, self.call, header, self._wall())

    def keep(self, steps: Sequence[Step], snapshot: Mapping[str, Any]) -> None:
        """Keep the next steps, and the conversation as it is after them. Does not wait."""
        if not steps or self._failed:
            return
        try:
            lines = {step.seq: line_of(encode(step)) for step in steps}
            data = json.dumps(snapshot, ensure_ascii=False)  # now: the conversation goes on
        except Exception as error:  # whatever cannot be written ends the keeping as well
            self._give_up(error)
        else:
            self._submit(self._save, lines, data, self._wall())

    def end(self, reason: str) -> None:
        """The call is over."""
        self._submit(self._store.end, self.call, reason, self._wall())

    def close(self) -> None:
        """Wait until everything is written; blocks, so call it from a thread or at the end."""
        self._thread.shutdown(wait=True)

    def _save(self, lines: Mapping[int, str], snapshot: str, touched: float) -> None:
        self._store.save(self.call, lines, snapshot, touched)
        self.acknowledged = max(lines)

    def _submit(self, write: Callable[..., None], *args: Any) -> None:
        if not self._failed:
            self._thread.submit(write, *args).add_done_callback(self._written)

    def _written(self, done: Future[None]) -> None:
        error = done.exception()
        if error is not None:
            self._give_up(error)

    def _give_up(self, error: BaseException) -> None:
        if not self._failed:
            self._failed = True
            _log.error("call %s cannot be continued after a crash: %s", self.call, error)
