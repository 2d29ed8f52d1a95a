"""A call as data: enough to play it again, and short enough to read.

A case is a file as well: its flow, the seed, its turns (`{"after": 700, "do": "speaks", "text":
"four people", "lasts": 600}`) and the services that fail (`{"voice 2": "no audio"}`: the second
line is never heard).
"""

from __future__ import annotations

import json
import random
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from typing import Any

from engine.errors import TurnwiseError
from engine.events import Millis

GOOD = "good"
"""What a service does unless a case says otherwise: its work, in time."""


SILENT: Mapping[str, str] = {
    "voice": "no audio",
    "stop": "never",
    "tool": "never",
    "understanding": "never",
    "talk": "silent",
    "transfer": "never",
    "detector": "never",
    "stretch": "never",
}
"""How each kind of service fails without a word."""


class CaseError(TurnwiseError):
    """A file is no case."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """One thing that is done to the agent, `after` milliseconds of nothing."""

    after: Millis
    do: str
    """`speaks`, `coughs`, `types`, `presses` ... as in `engine.testing.fuzz.caller`."""
    text: str = ""
    lasts: Millis = 0
    how: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One call."""

    flow: str
    """Path of a flow file, or `random:SEED`."""
    seed: int
    turns: tuple[Turn, ...]
    services: Mapping[str, str] | None = None
    """`KIND NUMBER` to what the service does that time; None: drawn from the seed."""

    def text(self) -> str:
        """Return the case as a file: a line a turn."""
        rows = [
            json.dumps({k: v for k, v in asdict(turn).items() if v or k == "after"})
            for turn in self.turns
        ]
        body = ",\n    ".join(rows)
        services = json.dumps(self.services if self.services is None else dict(self.services))
        return (
            f'{{"flow": {json.dumps(self.flow)}, "seed": {self.seed},\n'
            f'  "turns": [\n    {body}],\n  "services": {services}}}\n'
        )


def read_case(text: str) -> Case:
    """Return the case a file holds.

    Raises:
        CaseError: it holds none; says what is wrong.
    """
    try:
        data = json.loads(text)
        turns = tuple(_turn(item) for item in data["turns"])
        return Case(
            flow=str(data["flow"]),
            seed=int(data["seed"]),
            turns=turns,
            services=data.get("services"),
        )
    except (ValueError, KeyError, TypeError) as error:
        name = type(error).__name__
        raise CaseError(f"this is no case of the fuzzer: {name}: {error}") from error


def _turn(item: Mapping[str, Any]) -> Turn:
    unknown = set(item) - {f.name for f in fields(Turn)}
    if unknown:
        raise CaseError(f"a turn has no {', '.join(sorted(unknown))}")
    return Turn(**item)


class Fates:
    """What each service does each time it is asked: drawn from a seed, or as a case says.

    A fate depends on the seed, the kind and the number alone: a case that loses a turn keeps the
    fates of the rest, which is what lets it be made shorter.
    """

    def __init__(self, case: Case) -> None:
        self._case = case
        self._count: dict[str, int] = {}
        self.drawn: dict[str, str] = {}
        """Every fate that was not good, as a case writes it."""
        self.dead = False
        """From now on nothing answers any more, whatever was drawn."""

    def draw(self, kind: str, ways: Sequence[str]) -> tuple[str, random.Random]:
        """Return what happens this time, and a source of chance for its details.

        Args:
            kind: of the service.
            ways: what may happen; one that stands there twice is twice as likely.
        """
        number = self._count[kind] = self._count.get(kind, 0) + 1
        name = f"{kind} {number}"
        chance = random.Random(f"{self._case.seed}/{name}")
        way = chance.choice(ways)
        if self._case.services is not None:
            way = self._case.services.get(name, GOOD)
        if self.dead:
            way = SILENT[kind]
        if way != GOOD:
            self.drawn[name] = way
        return way, chance
