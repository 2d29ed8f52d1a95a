from __future__ import annotations

import itertools

import pytest

from engine.core import agent
from engine.machine.chart import IllegalMove

LEGAL = {(row.source, row.trigger): row.dest for row in agent.TABLE}
PAIRS = list(itertools.product(agent.STATES, agent.CHART.triggers))


def test_the_states_are_those_of_the_contract():
    assert agent.STATES == ("STARTING", "IDLE", "LISTENING", "THINKING", "SPEAKING", "CLOSING")


@pytest.mark.parametrize(("state", "trigger"), PAIRS)
def test_every_pair_moves_as_the_table_says_or_is_refused(state, trigger):
    if (state, trigger) in LEGAL:
        assert agent.CHART.step(state, trigger) == LEGAL[state, trigger]
    else:
        assert not agent.CHART.allows(state, trigger)
        with pytest.raises(IllegalMove):
            agent.CHART.step(state, trigger)


def test_starting_is_never_entered_again():
    assert all(row.dest != agent.STARTING for row in agent.TABLE)


def test_closing_is_final_and_reached_from_everywhere_else():
    assert all(row.source != agent.CLOSING for row in agent.TABLE)
    others = set(agent.STATES) - {agent.CLOSING}
    assert {row.source for row in agent.TABLE if row.dest == agent.CLOSING} == others


def test_no_line_is_let_out_while_the_caller_has_the_floor():
    assert not agent.CHART.allows(agent.LISTENING, "speak")
