from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.core.deadlines import ORDER, Deadlines
from engine.core.step import Deadline


def drained(deadlines: Deadlines, now: int) -> list[tuple[str, int]]:
    fired = []
    while (due := deadlines.pop_due(now)) is not None:
        fired.append((due.name, due.at))
    return fired


def test_the_earliest_deadline_is_next_and_fires_only_when_due():
    deadlines = Deadlines()
    deadlines.set("silence", 700)
    deadlines.set("tool:t1", 500)

    assert deadlines.next() == Deadline(name="tool:t1", at=500)
    assert deadlines.pop_due(499) is None
    assert drained(deadlines, 700) == [("tool:t1", 500), ("silence", 700)]
    assert deadlines.next() is None


def test_setting_a_name_again_moves_it_and_cancelling_forgets_it():
    deadlines = Deadlines()
    deadlines.set("silence", 700)
    deadlines.set("silence", 900)
    deadlines.set("limit", 950)
    deadlines.cancel("limit")
    deadlines.cancel("limit")

    assert deadlines.get("silence") == 900
    assert deadlines.get("limit") is None
    assert deadlines.as_dict() == {"silence": 900}


def test_a_kind_nobody_knows_is_a_bug():
    with pytest.raises(KeyError):
        Deadlines().set("tea", 1)


def test_all_of_a_kind_can_be_forgotten():
    deadlines = Deadlines()
    for name in ("timer:a", "timer:b", "tool:t1"):
        deadlines.set(name, 5)
    deadlines.cancel_all("timer:")

    assert deadlines.as_dict() == {"tool:t1": 5}


@given(st.permutations(ORDER))
def test_at_one_instant_the_order_is_that_of_the_kinds_however_they_were_set(kinds):
    deadlines = Deadlines()
    for kind in kinds:
        deadlines.set(f"{kind}:b", 5)
        deadlines.set(f"{kind}:a", 5)

    assert [name for name, _ in drained(deadlines, 5)] == [
        f"{kind}:{subject}" for kind in ORDER for subject in "ab"
    ]


@given(
    st.dictionaries(st.sampled_from(ORDER), st.integers(0, 50)),
    st.lists(st.integers(0, 20), min_size=1),
)
def test_time_in_slices_fires_what_time_at_once_fires(set_for, slices):
    whole, sliced = Deadlines(), Deadlines()
    for kind, at in set_for.items():
        whole.set(kind, at)
    sliced.restore(whole.as_dict())
    now, fired = 0, []
    for length in slices:
        now += length
        fired += drained(sliced, now)

    assert fired == drained(whole, now)
