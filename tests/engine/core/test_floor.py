from __future__ import annotations

import itertools

import pytest

from engine.core import agent, user
from engine.core.floor import RULES, Facts, Floor
from engine.core.outbox import Outbox

QUIET = Facts(
    opened=True,
    closing=False,
    voice=False,
    holding=False,
    audible=False,
    lines=False,
    working=False,
)


def settled(*changes: dict[str, bool]) -> Floor:
    """Settle the same floor for one change of the facts after another."""
    floor = Floor(Outbox())
    floor.settle(QUIET, 0)
    for change in changes:
        floor.settle(QUIET._replace(**change), 0)
    return floor


SPEAKING = {"audible": True, "lines": True}


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ([], ("IDLE", "IDLE")),
        ([{"voice": True, "holding": True}], ("SPEAKING", "LISTENING")),
        ([{"holding": True}], ("IDLE", "LISTENING")),
        ([{"holding": True}, {"working": True}], ("IDLE", "THINKING")),
        ([{"lines": True}], ("IDLE", "THINKING")),
        ([SPEAKING], ("LISTENING", "SPEAKING")),
        ([SPEAKING | {"voice": True}], ("SPEAKING", "SPEAKING")),
        # the gap between two lines of one queue
        ([SPEAKING, {"lines": True}], ("LISTENING", "SPEAKING")),
        ([SPEAKING, {"lines": True, "working": True}], ("LISTENING", "SPEAKING")),
        # a tool goes on after the filler
        ([SPEAKING, {"working": True}], ("IDLE", "THINKING")),
        # a barge-in
        ([SPEAKING, {"voice": True, "holding": True}], ("SPEAKING", "LISTENING")),
        ([SPEAKING, {}], ("IDLE", "IDLE")),
        # work goes on while the caller has the floor
        ([{"working": True, "holding": True, "voice": True}], ("SPEAKING", "LISTENING")),
        ([{"working": True, "holding": True}, {"working": True}], ("IDLE", "THINKING")),
        ([{"working": True}, {}], ("IDLE", "IDLE")),
        ([{"closing": True, "holding": True, "working": True}], ("IDLE", "CLOSING")),
        ([SPEAKING, {"closing": True}, {"closing": True, **SPEAKING}], ("IDLE", "CLOSING")),
    ],
)
def test_the_states_follow_from_the_facts(changes, expected):
    floor = settled(*changes)

    assert (floor.user, floor.agent) == expected


def test_before_anybody_is_there_the_agent_is_starting():
    floor = Floor(Outbox())
    floor.settle(QUIET._replace(opened=False), 0)

    assert floor.agent == agent.STARTING


def possible(facts: Facts) -> bool:
    """What cannot be: a caller with the floor against a line, a sound of no line."""
    return not (facts.holding and facts.lines) and facts.lines >= facts.audible


@pytest.mark.parametrize("start", list(itertools.product(user.STATES, agent.STATES)))
def test_a_fixed_point_is_reached_from_every_pair_of_states(start):
    """And it is the same the second time: the rules never chase each other."""
    for values in itertools.product([False, True], repeat=len(Facts._fields) - 1):
        facts = Facts(True, *values)
        if not possible(facts):
            continue
        floor = Floor(Outbox())
        floor.user, floor.agent = start
        floor.settle(facts, 0)
        first = (floor.user, floor.agent)
        floor.settle(facts._replace(opened=False), 0)
        floor.settle(facts, 0)

        assert (floor.user, floor.agent) == first


def test_moves_carry_the_rule_and_the_edge_of_speech():
    outbox = Outbox()
    floor = Floor(outbox)
    floor.settle(QUIET, 0)
    outbox.begin(1_060)
    floor.settle(QUIET._replace(voice=True, holding=True), 1_000)

    assert [(m.machine, m.new, m.because, m.at) for m in outbox.moves] == [
        ("user", "SPEAKING", "voice", 1_000),
        ("agent", "LISTENING", "user has the floor", 1_060),
    ]


def test_an_edge_never_lies_before_the_users_last_move():
    outbox = Outbox()
    floor = Floor(outbox)
    outbox.begin(1_000)
    floor.settle(QUIET._replace(**SPEAKING), 0)
    outbox.begin(1_060)
    floor.settle(QUIET._replace(voice=True, **SPEAKING), 900)

    assert [m.at for m in outbox.moves] == [1_000]


def test_every_rule_names_a_trigger_of_its_machine():
    for rule in RULES:
        chart = user.CHART if rule.machine == "user" else agent.CHART
        assert rule.trigger in chart.triggers


def test_both_states_survive_a_snapshot():
    floor, other = settled(SPEAKING), Floor(Outbox())
    other.from_dict(floor.to_dict())

    assert (other.user, other.agent) == (floor.user, floor.agent)
