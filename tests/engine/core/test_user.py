from __future__ import annotations

import itertools

import pytest

from engine.core import user
from engine.machine.chart import IllegalMove

LEGAL = {(row.source, row.trigger): row.dest for row in user.TABLE}
PAIRS = list(itertools.product(user.STATES, user.CHART.triggers))


def test_the_states_are_those_of_the_contract():
    assert user.STATES == ("IDLE", "SPEAKING", "LISTENING")


@pytest.mark.parametrize(("state", "trigger"), PAIRS)
def test_every_pair_moves_as_the_table_says_or_is_refused(state, trigger):
    if (state, trigger) in LEGAL:
        assert user.CHART.step(state, trigger) == LEGAL[state, trigger]
    else:
        assert not user.CHART.allows(state, trigger)
        with pytest.raises(IllegalMove):
            user.CHART.step(state, trigger)


def test_a_state_is_never_entered_from_itself():
    assert all(row.source != row.dest for row in user.TABLE)


def test_every_state_is_reached_and_left():
    assert (
        {row.dest for row in user.TABLE} == {row.source for row in user.TABLE} == set(user.STATES)
    )
