from __future__ import annotations

import logging
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.machine.chart import Chart, IllegalMove

DOOR = Chart(
    "door",
    ["open", "shut", "locked"],
    [
        ("push", "open", "shut"),
        ("pull", "shut", "open"),
        ("lock", "shut", "locked"),
        ("unlock", "locked", "shut"),
        ("lock", "locked", "locked"),
    ],
)


def test_step_follows_the_table():
    assert [DOOR.step(row.source, row.trigger) for row in DOOR.rows] == [r.dest for r in DOOR.rows]


def test_a_pair_without_a_row_is_an_illegal_move():
    with pytest.raises(IllegalMove, match="door: 'pull' is not possible in 'locked'"):
        DOOR.step("locked", "pull")


def test_every_pair_is_either_allowed_and_steps_or_refused_and_raises():
    for state in DOOR.states:
        for trigger in DOOR.triggers:
            if DOOR.allows(state, trigger):
                assert DOOR.step(state, trigger) in DOOR.states
            else:
                with pytest.raises(IllegalMove):
                    DOOR.step(state, trigger)


def test_unknown_states_and_triggers_are_illegal_moves():
    assert not DOOR.allows("ajar", "push")
    with pytest.raises(IllegalMove):
        DOOR.step("ajar", "push")
    with pytest.raises(IllegalMove):
        DOOR.step("open", "kick")


def test_a_row_to_a_missing_state_is_refused_when_the_chart_is_built():
    with pytest.raises(ValueError, match="unknown state 'ajar'"):
        Chart("door", ["open"], [("push", "open", "ajar")])


def test_two_rows_for_one_pair_are_refused():
    with pytest.raises(ValueError, match="two rows in 'open'"):
        Chart("door", ["open", "shut"], [("push", "open", "shut"), ("push", "open", "open")])


def test_a_chart_without_states_is_refused():
    with pytest.raises(ValueError, match="needs a state"):
        Chart("nothing", [], [])


def test_ignored_triggers_leave_no_log_line(caplog):
    """The library warns for each; the table is asked first, so it is never asked in vain."""
    with caplog.at_level(logging.INFO), pytest.raises(IllegalMove):
        DOOR.step("open", "unlock")

    assert caplog.records == []


def test_a_chart_is_shared_by_sessions_in_any_interleaving():
    def walk(_: int) -> str:
        state = "open"
        for trigger in ["push", "lock", "unlock", "pull"] * 50:
            state = DOOR.step(state, trigger)
        return state

    with ThreadPoolExecutor(4) as pool:
        assert set(pool.map(walk, range(8))) == {"open"}


def test_text_of_an_author_is_never_looked_up_or_imported():
    """States and triggers named like callables are just names."""
    chart = Chart("odd", ["os.getcwd", "a.b/c"], [("os.getpid", "os.getcwd", "a.b/c")])

    assert chart.step("os.getcwd", "os.getpid") == "a.b/c"


NAMES = st.sampled_from(["a", "b", "c", "d", "e"])


@given(st.dictionaries(st.tuples(NAMES, NAMES), NAMES), NAMES, st.lists(NAMES))
def test_a_chart_agrees_with_a_plain_dictionary(table, start, triggers):
    """The differential oracle: the simplest possible reading of the same table."""
    chart = Chart("any", "abcde", [(t, s, d) for (s, t), d in table.items()])
    state = start
    for trigger in triggers:
        if (state, trigger) not in table:
            assert not chart.allows(state, trigger)
            continue
        assert chart.step(state, trigger) == table[state, trigger]
        state = table[state, trigger]
