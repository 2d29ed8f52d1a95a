"""Many calls, one after the other; a broken one ends the campaign and is made short."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path

from engine.core import snapshot
from engine.core.conversation import Conversation
from engine.core.step import Step
from engine.events import Millis
from engine.machine.compiled import CompiledFlow
from engine.observe.journal import Entry, encode, line_of
from engine.observe.replay import replay
from engine.testing.fuzz.caller import act
from engine.testing.fuzz.cases import Case
from engine.testing.fuzz.drawing import Drawer
from engine.testing.fuzz.invariants import CHECKS, Broken, Check
from engine.testing.fuzz.random_flows import random_flow
from engine.testing.fuzz.shrinking import shrink
from engine.testing.fuzz.world import World

TURNS_A_CALL = 40
"""Turns of a call, at most; most calls end before."""

PATIENCE: Millis = 32 * 60_000
"""After the caller's last sign of life a call goes on no longer than this: the longest call there
is (S14), the minute it has to end, and a margin."""

RANDOM = "random:"


@dataclass(slots=True)
class Tally:
    """What was lived through."""

    calls: int = 0
    turns: int = 0
    steps: int = 0
    simulated: Millis = 0
    done: dict[str, int] = field(default_factory=dict)
    """Turns by what was done."""
    fates: dict[str, int] = field(default_factory=dict)
    """Services that did not do their work, by kind and way."""


@dataclass(frozen=True, slots=True)
class Found:
    """A call that breaks a promise."""

    case: Case
    """With everything its services did."""
    broken: str


def play(world: World, tally: Tally | None = None) -> None:
    """Play the case of a world, with every promise watched, until its call is over.

    Raises:
        Broken: a promise does not hold.
    """
    world.checks = [*(check(world) for check in CHECKS), _Recorder(world)]
    world.begin()
    turns = 0
    for turn in world.case.turns:
        if world.over is not None:
            break
        turns += 1
        act(world, turn)
        if tally is not None:
            tally.done[turn.do] = tally.done.get(turn.do, 0) + 1
    world.run(world.now + PATIENCE)
    for check in world.checks:
        check.end()
    if tally is not None:
        _count(tally, world, turns)


def _count(tally: Tally, world: World, turns: int) -> None:
    tally.calls += 1
    tally.turns += turns
    tally.steps += world.events
    tally.simulated += world.over or 0
    for name, way in world.fates.drawn.items():
        key = f"{name.rpartition(' ')[0]}: {way}"
        tally.fates[key] = tally.fates.get(key, 0) + 1


class _Recorder(Check):
    """One call in some is lived again from its events, and on from a snapshot: the same steps."""

    promise = "a replay is the same call"
    one_in = 20

    def __init__(self, world: World) -> None:
        super().__init__(world)
        chance = random.Random(f"{world.case.seed}/replay")
        self._wanted = chance.randrange(self.one_in) == 0
        self._fork = chance.randrange(1, 60)
        self._steps: list[Step] = []
        self._stored: dict[str, object] | None = None
        self._text = ""

    def step(self, step: Step) -> None:
        if self._wanted:
            self._steps.append(step)

    def rest(self) -> None:
        if self._wanted and self._stored is None and len(self._steps) >= self._fork:
            self._fork = len(self._steps)
            self._stored = snapshot.take(self.world.conversation)
            self._text = json.dumps(self._stored)

    def end(self) -> None:
        if not self._wanted:
            return
        self._compare(Conversation(self.world.flow), self._steps, "from the beginning")
        if self._stored is not None:
            self.demand(json.dumps(self._stored) == self._text, "a snapshot changed later")
            again = snapshot.restore(self.world.flow, self._stored)
            self._compare(again, self._steps[self._fork :], f"from step {self._fork}")

    def _compare(self, again: Conversation, recorded: list[Step], where: str) -> None:
        entries = (
            Entry(line=number, text=line_of(encode(step)), step=step)
            for number, step in enumerate(recorded, 1)
        )
        difference = replay(again, entries).difference
        self.demand(difference is None, lambda: f"{where}: {difference}")


class Campaign:
    """Calls on a list of flows, in turn, until enough turns were taken.

    Args:
        flows: compiled flows by the name a case is given.
        seed: of the first call.
        random_flows: so many more flows are drawn at random.
    """

    def __init__(
        self, flows: dict[str, CompiledFlow], *, seed: int = 0, random_flows: int = 0
    ) -> None:
        names = [*flows, *(f"{RANDOM}{seed + n}" for n in range(random_flows))]
        self._seed = seed
        self._names = names
        self._flows = dict(flows)
        self._drawers: dict[str, Drawer] = {}
        self.tally = Tally()

    def run(self, turns: int, progress: Callable[[Tally], None] | None = None) -> Found | None:
        """Run calls until so many turns were taken; None when every promise held."""
        number = 0
        while self.tally.turns < turns:
            name = self._names[number % len(self._names)]
            flow = self._flow(name)
            case = self._drawers[name].case(name, self._seed + number, TURNS_A_CALL)
            number += 1
            found = attempt(flow, case, self.tally)
            if found is not None:
                return found
            if progress is not None:
                progress(self.tally)
        return None

    def _flow(self, name: str) -> CompiledFlow:
        if name not in self._flows:
            self._flows[name] = random_flow(int(name.removeprefix(RANDOM)))
        flow = self._flows[name]
        if name not in self._drawers:
            self._drawers[name] = Drawer(flow)
        return flow


def attempt(flow: CompiledFlow, case: Case, tally: Tally | None = None) -> Found | None:
    """Play a case; when it breaks a promise, or the engine, return the shortest like it."""
    found = problem(flow, case, tally)
    if found is None:
        return None
    kind = _kind(found.broken)

    def same(other: Case) -> bool:
        again = problem(flow, other)
        return again is not None and _kind(again.broken) == kind

    return problem(flow, shrink(found.case, same)) or found


def problem(flow: CompiledFlow, case: Case, tally: Tally | None = None) -> Found | None:
    """Return what a case breaks: a promise, or the engine itself."""
    world = World(flow, case)
    try:
        play(world, tally)
    except Broken as broken:
        text = str(broken)
    except Exception as error:  # the engine raised: that is a finding like any other
        text = f"raised {type(error).__name__}: {error}"
    else:
        return None
    return Found(replace(case, services=world.fates.drawn), text)


def _kind(broken: str) -> str:
    return broken.split(":", 1)[0]


def load_flow(name: str) -> CompiledFlow:
    """Return the flow a case names: a file, or one drawn at random."""
    from engine.testing.golden import load_flow as load

    if name.startswith(RANDOM):
        return random_flow(int(name.removeprefix(RANDOM)))
    return load(Path(name))
