"""Who of several participants has the floor, as pure numbers."""

from hypothesis import given
from hypothesis import strategies as st

from engine.pipeline.floor import RELEASE, Floor


def test_whoever_speaks_first_has_it():
    floor = Floor()
    assert floor.take("ann", 100)
    assert not floor.take("ben", 200)
    assert floor.holder == "ann"


def test_it_is_free_after_a_silence_and_not_before():
    floor = Floor()
    floor.take("ann", 0)
    floor.silent("ann", 1_000)
    assert not floor.take("ben", 1_000 + RELEASE - 1)
    assert floor.take("ben", 1_000 + RELEASE)
    assert not floor.take("ann", 1_000 + RELEASE + 1)


def test_the_holder_goes_on_after_any_pause():
    floor = Floor()
    floor.take("ann", 0)
    floor.silent("ann", 1_000)
    assert floor.take("ann", 60_000)


def test_a_silence_that_is_broken_gives_nothing_away():
    floor = Floor()
    floor.take("ann", 0)
    floor.silent("ann", 1_000)
    floor.take("ann", 1_500)
    assert not floor.take("ben", 5_000)


def test_the_silence_of_others_changes_nothing():
    floor = Floor()
    floor.take("ann", 0)
    floor.silent("ben", 100)
    assert not floor.take("ben", 5_000)


def test_who_leaves_gives_it_back():
    floor = Floor()
    floor.take("ann", 0)
    floor.left("ben")
    assert not floor.take("ben", 10)
    floor.left("ann")
    assert floor.take("ben", 10)


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["take", "silent", "left"]),
            st.sampled_from(["ann", "ben", "cid"]),
            st.integers(0, 3_000),
        )
    )
)
def test_nobody_loses_it_while_speaking(happenings):
    """Whoever took the floor keeps it until their own silence has lasted, or they left."""
    floor, at, since = Floor(), 0, {}
    for what, who, pause in happenings:
        at += pause
        holder = floor.holder
        if what == "take":
            taken = floor.take(who, at)
            quiet = holder in since and at - since[holder] >= RELEASE
            assert taken == (holder in ("", who) or quiet)
            if taken:
                since.pop(who, None)
        elif what == "silent":
            floor.silent(who, at)
            if who == holder:
                since[who] = at
        else:
            floor.left(who)
            since.pop(who, None)
