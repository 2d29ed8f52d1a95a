"""Collections of garbage stay out of calls, and nothing leaks by it."""

from __future__ import annotations

import gc
import weakref
from collections.abc import Iterator

import pytest

from engine.worker.garbage import RARER, QuietCollector


class Circle:
    """Holds itself, so that only a collection frees it."""

    def __init__(self) -> None:
        self.me = self


def circle() -> weakref.ref[Circle]:
    return weakref.ref(Circle())


@pytest.fixture(autouse=True)
def no_automatic_collection() -> Iterator[None]:
    gc.disable()
    yield
    gc.enable()


def test_what_is_loaded_is_set_aside_until_the_end() -> None:
    with QuietCollector():
        assert gc.get_freeze_count() > 10_000
    assert gc.get_freeze_count() == 0


def test_full_collections_are_rarer_and_young_ones_as_they_were() -> None:
    before = gc.get_threshold()

    with QuietCollector():
        assert gc.get_threshold() == (*before[:2], before[2] * RARER)
    assert gc.get_threshold() == before


def test_the_collector_is_as_it_was_after_an_error() -> None:
    before = gc.get_threshold()

    with pytest.raises(ValueError, match="broke"), QuietCollector():
        raise ValueError("broke")

    assert gc.get_threshold() == before
    assert gc.get_freeze_count() == 0


def test_garbage_of_calls_is_collected_at_rest() -> None:
    with QuietCollector() as collector:
        left = circle()
        assert left() is not None
        collector.rest()
        assert left() is None


def test_what_was_alive_when_it_was_set_aside_is_freed_at_a_later_rest() -> None:
    with QuietCollector() as collector:
        held = Circle()
        left = weakref.ref(held)
        collector.rest()
        assert left() is not None
        del held
        gc.collect()  # does not look at what was set aside
        assert left() is not None
        collector.rest()
        assert left() is None


def test_what_is_set_aside_is_freed_at_once_where_nothing_holds_it() -> None:
    with QuietCollector() as collector:
        held = [object()]
        kept = Circle()
        kept.me = None  # type: ignore[assignment]
        left = weakref.ref(kept)
        collector.rest()
        del held, kept
        assert left() is None
