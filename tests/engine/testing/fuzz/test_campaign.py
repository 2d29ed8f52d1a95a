"""Calls at random: no promise is broken; and where one is broken, the fuzzer finds it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from engine.core.deadlines import Deadlines
from engine.core.dialog import Dialog
from engine.core.turns import Turns
from engine.testing.fuzz.__main__ import main
from engine.testing.fuzz.caller import act
from engine.testing.fuzz.campaign import Campaign, attempt, load_flow, problem
from engine.testing.fuzz.cases import Case, CaseError, Turn, read_case
from engine.testing.fuzz.drawing import Drawer
from engine.testing.fuzz.random_flows import random_text
from engine.testing.fuzz.shrinking import shrink
from engine.testing.fuzz.world import World

FLOWS = Path(__file__).parents[4] / "flows"
REGRESSIONS = sorted((Path(__file__).parent / "regressions").glob("*.json"))
SHIPPED = sorted(FLOWS.glob("*.yaml"))
SHIPPED = [path for path in SHIPPED if not path.name.endswith(".tests.yaml")]


@pytest.mark.parametrize("path", SHIPPED, ids=[path.stem for path in SHIPPED])
def test_no_call_of_a_flow_that_is_shipped_is_ever_stuck_or_silent(path):
    campaign = Campaign({str(path): load_flow(str(path))}, seed=7)

    found = campaign.run(120)

    assert found is None, f"{found.broken}\n{found.case.text()}"
    assert campaign.tally.turns >= 120


def test_no_call_of_a_flow_at_random_is_ever_stuck_or_silent():
    campaign = Campaign({}, seed=7, random_flows=6)

    found = campaign.run(300)

    assert found is None, f"{found.broken}\n{found.case.text()}"


TWO_MINUTES = 120_000
"""A turn without an end (60 s), the longest wait of a shipped flow (30 s), two dead lines."""


@pytest.mark.parametrize("path", SHIPPED, ids=[path.stem for path in SHIPPED])
def test_with_every_service_dead_a_call_is_over_within_two_minutes_wherever_it_was(path):
    """Nothing answers any more, nobody speaks: models, tools, voice, detectors, transfers."""
    flow = load_flow(str(path))
    drawer = Drawer(flow)
    reached = 0
    for seed in range(40):
        world = World(flow, drawer.case(str(path), seed, 12))
        world.begin()
        for turn in world.case.turns:
            if world.over is None:
                act(world, turn)
        if world.over is None:
            reached += 1
            world.die()
            died = world.now
            world.run(died + TWO_MINUTES)
            assert world.over is not None, (seed, world.conversation.states)
    assert reached > 3


@pytest.mark.parametrize("path", REGRESSIONS, ids=[path.stem for path in REGRESSIONS])
def test_what_was_broken_once_holds(path):
    case = read_case(path.read_text(encoding="utf-8"))
    name = case.flow.replace("flows/", f"{FLOWS}/")

    assert problem(load_flow(name), case) is None


def test_the_same_seed_is_the_same_campaign():
    one, other = Campaign({}, seed=3, random_flows=1), Campaign({}, seed=3, random_flows=1)
    one.run(60)
    other.run(60)

    assert one.tally == other.tally


# --- broken engines ------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def flow():
    return load_flow(str(FLOWS / "book_table.yaml"))


def find(flow):
    drawer = Drawer(flow)
    found = (attempt(flow, drawer.case("x", seed, 12)) for seed in range(40))
    return next(item for item in found if item is not None)


def test_a_deadline_that_is_not_kept_is_found_and_told_in_a_few_turns(flow, monkeypatch):
    keep = Deadlines.set
    monkeypatch.setattr(
        Deadlines,
        "set",
        lambda self, name, at: None if name.startswith("playout") else keep(self, name, at),
    )

    found = find(flow)

    assert found.broken.startswith(("never stuck", "silence has a cause"))
    assert len(found.case.turns) + len(found.case.services) == 1


def test_an_exception_in_the_engine_is_found(flow, monkeypatch):
    def no_input(self):
        raise ZeroDivisionError("a bug")

    monkeypatch.setattr(Dialog, "no_input", no_input)

    found = find(flow)

    assert found.broken == "raised ZeroDivisionError: a bug"
    assert found.case.turns == ()


def test_words_that_were_not_heard_are_found_in_the_history(flow, monkeypatch):
    over = Turns._over
    monkeypatch.setattr(
        Turns, "_over", lambda self, line, played, complete: over(self, line, played, True)
    )

    assert find(flow).broken.startswith("heard was played")


# --- cases ---------------------------------------------------------------------------------------


def test_a_case_is_a_file():
    turns = (Turn(after=5, do="speaks", text='say "hm"', lasts=60, how="final"),)
    case = Case(flow="a.yaml", seed=3, turns=turns, services={"voice 1": "dies"})

    assert read_case(case.text()) == case
    assert read_case(replace(case, services=None).text()) == replace(case, services=None)


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"flow": 1, "seed": 2, "turns": [{"x": 1}]}'])
def test_a_file_that_is_no_case_is_refused(text):
    with pytest.raises(CaseError):
        read_case(text)


def test_a_case_is_made_as_short_as_it_can_be():
    turns = tuple(Turn(after=700, do="waits", text=f"word {n}") for n in range(20))
    services = {f"voice {n}": "dies" for n in range(1, 9)}
    case = Case(flow="x", seed=1, turns=turns, services=services)

    def broken(other):
        words = [turn.text for turn in other.turns]
        return "word 13" in words and "voice 4" in other.services

    short = shrink(case, broken)

    assert short.turns == (Turn(after=0, do="waits", text="word 13"),)
    assert short.services == {"voice 4": "dies"}


def test_flows_at_random_are_the_same_for_the_same_seed():
    assert random_text(5) == random_text(5)
    assert random_text(5) != random_text(6)


# --- the command ---------------------------------------------------------------------------------


def test_the_command_tells_what_was_lived_through(capsys):
    assert main([str(FLOWS / "opening_hours.yaml"), "--turns", "20"]) == 0
    assert "turns in" in capsys.readouterr().out


def test_the_command_writes_a_broken_case_and_plays_it_again(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(Dialog, "no_input", lambda self: 1 / 0)
    out = tmp_path / "broken.json"

    assert main([str(FLOWS / "book_table.yaml"), "--turns", "50", "--out", str(out)]) == 1
    assert "raised ZeroDivisionError" in capsys.readouterr().out
    assert main(["--case", str(out)]) == 1
    monkeypatch.undo()
    assert main(["--case", str(out)]) == 0


def test_a_case_that_cannot_be_read_is_told(tmp_path, capsys):
    assert main(["--case", str(tmp_path / "none.json")]) == 2
    assert "none.json" in capsys.readouterr().err
