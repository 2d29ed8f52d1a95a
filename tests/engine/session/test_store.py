"""The store of calls: whole or not at all, in order, and never at the cost of a call."""

import logging
import sqlite3
import threading

import pytest

from engine.core.step import States, Step
from engine.errors import StoreError
from engine.events import SessionStarted
from engine.observe.journal import Header
from engine.session.store import Keeper, SqliteStore

HEADER = Header(
    flow="f", version="1", fingerprint="abc", started_at="2026-05-01T12:00:00", seed=7, turnwise="0"
)


def step(seq):
    return Step(
        seq=seq,
        at=seq,
        cause=SessionStarted(at=seq, seed=7, started_at=HEADER.started_at),
        moves=(),
        notes=(),
        effects=(),
        states=States(user="IDLE", agent="IDLE", dialog="greet"),
    )


@pytest.fixture
def store(tmp_path):
    """A store that is closed afterwards."""
    store = SqliteStore(tmp_path / "deep" / "calls.sqlite")
    yield store
    store.close()


def kept(store, name, *, at=1.0, steps=2):
    """Keep a call of some steps."""
    keeper = Keeper(store, name, lambda: at)
    keeper.begin(HEADER)
    for seq in range(1, steps + 1):
        keeper.keep([step(seq)], {"after": seq})
    keeper.close()
    return keeper


def test_a_call_is_read_back_as_it_was_kept(store):
    keeper = kept(store, "a", at=12.5)

    call = store.load("a")

    assert call.steps == (step(1), step(2))
    assert call.snapshot == {"after": 2}
    assert (call.header, call.touched, call.ended) == (HEADER, 12.5, None)
    assert keeper.acknowledged == 2


def test_another_process_reads_it_as_well(store, tmp_path):
    kept(store, "a")

    other = SqliteStore(tmp_path / "deep" / "calls.sqlite")
    assert other.load("a").snapshot == {"after": 2}
    other.close()


def test_there_is_no_call_before_its_first_step(store):
    store.begin("a", HEADER, 1.0)

    assert store.load("a") is None
    assert store.load("never heard of") is None


def test_steps_and_snapshot_come_together_or_not_at_all(store):
    kept(store, "a")

    with pytest.raises(StoreError):
        store.save("a", {3: object()}, '{"after": 3}', 2.0)

    call = store.load("a")
    assert (len(call.lines), call.snapshot, call.touched) == (2, {"after": 2}, 1.0)


def test_a_call_that_begins_anew_forgets_the_old_one(store):
    kept(store, "a", steps=3)
    kept(store, "a", steps=1)

    assert store.load("a").steps == (step(1),)


def test_calls_that_did_not_end_are_listed_the_latest_first(store):
    for at, name in enumerate("abc"):
        kept(store, name, at=float(at))
    store.end("b", "flow", 5.0)

    assert store.unfinished(0.0) == ("c", "a")
    assert store.unfinished(1.5) == ("c",)


def test_old_calls_are_forgotten_with_their_steps(store, tmp_path):
    kept(store, "old", at=1.0)
    kept(store, "new", at=9.0)

    assert store.delete_older(5.0) == 1
    assert store.load("old") is None
    assert store.load("new") is not None
    with sqlite3.connect(tmp_path / "deep" / "calls.sqlite") as base:
        assert base.execute("SELECT DISTINCT call FROM step").fetchall() == [("new",)]
    base.close()


def test_keeping_does_not_wait_for_the_store(store):
    slow, order = threading.Event(), []

    class Slow:
        def begin(self, *_):
            slow.wait(5)

        def save(self, call, lines, snapshot, touched):
            order.extend(lines)

    keeper = Keeper(Slow(), "a", lambda: 1.0)
    keeper.begin(HEADER)
    for seq in (1, 2, 3):
        keeper.keep([step(seq)], {})
    assert keeper.acknowledged == 0
    slow.set()
    keeper.close()

    assert order == [1, 2, 3]
    assert keeper.acknowledged == 3


def test_a_store_that_fails_is_told_once_and_costs_no_call(store, caplog):
    store.close()

    with caplog.at_level(logging.ERROR):
        keeper = kept(store, "a", steps=3)

    assert keeper.acknowledged == 0
    assert [r.message for r in caplog.records if "cannot be continued" in r.message] != []


def test_what_cannot_be_written_ends_the_keeping_and_no_call(store, caplog):
    keeper = Keeper(store, "a", lambda: 1.0)
    keeper.begin(HEADER)
    keeper.keep([step(1)], {"after": object()})
    keeper.keep([step(2)], {"after": 2})
    keeper.close()

    assert keeper.acknowledged == 0
    assert "call a cannot be continued after a crash: Object of type object" in caplog.text


def test_what_is_no_store_is_refused(tmp_path):
    (tmp_path / "calls.sqlite").write_text("hello, this is no database at all, far from it\n" * 40)

    with pytest.raises(StoreError, match="calls.sqlite"):
        SqliteStore(tmp_path / "calls.sqlite")
