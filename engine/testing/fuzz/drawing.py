"""Draws cases: what callers do, with the words of the very flow they talk to."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping

from engine.events import Millis
from engine.machine.compiled import CompiledFlow
from engine.testing.fuzz.caller import ANSWER, DEAD
from engine.testing.fuzz.cases import Case, Turn
from engine.testing.fuzz.vocabulary import events, vocabulary

PAUSES: tuple[Millis, ...] = (0, 0, 1, 60, 100, 300, 500, 700, 1_200, 2_500, 2_500, 7_000)
LENGTHS: tuple[Millis, ...] = (60, 100, 250, 400, 600, 600, 1_000, 2_000, 6_000)

SENTENCES = (
    *("uh", "okay", "yes", "no", "stop", "uh-huh", "no wait", "go back", "say that again"),
    *("four people tomorrow at seven", "make it five people", "my name is ann", "twelve"),
    *("zero three zero one two three four five six seven", "next monday", "half past eight"),
    *("one two three four five six", "the rain in spain", "yes please but make it five"),
    *("are you there", "ann at example dot com", "forty minutes", "", "ähm … 你好"),
)

HEARD = (
    *("final",) * 8,
    *("partial", "early", "late", "nothing", "untrusted", "two finals", "second voice", "no end"),
)

MOSTLY = (
    *("speaks",) * 20,
    *("types",) * 4,
    *("presses", "coughs", "coughs", "words", "waits", "late", "late", "event", "restart"),
    *("asks", "asks"),
)
SELDOM = ("fails", "joins", "leaves", "is closed", "crash", "transferred", "drops", "drops")

_REQUESTS = (
    *("say", "reply", "interrupt") * 4,
    *("keys", "handler", "transfer", "end"),
)
_SERVICES = ("stt", "stt", "vad", "turn_detector", "llm", "tts", "keys", "room")


class Drawer:
    """Draws cases for one flow.

    Args:
        flow: whose intents, slots and events give callers something to say.
    """

    def __init__(self, flow: CompiledFlow) -> None:
        self._sentences = (*SENTENCES, *vocabulary(flow))
        self._events = tuple(events(flow)) or ("nothing",)
        self._fill: Mapping[str, Callable[[random.Random], dict[str, str | Millis]]] = {
            "speaks": lambda r: {
                "text": self._sentence(r),
                "lasts": r.choice(LENGTHS),
                "how": r.choice(HEARD),
            },
            "words": lambda r: {
                "text": self._sentence(r),
                "lasts": r.choice(LENGTHS),
                "how": r.choice(("final", "final", "no final")),
            },
            "coughs": lambda r: {
                "lasts": r.choice(LENGTHS),
                "how": r.choice(("final", "nothing")),
            },
            "types": lambda r: {"text": self._sentence(r)},
            "presses": lambda r: {
                "text": "".join(r.choice("0123456789*#") for _ in range(r.randint(1, 6))),
                "lasts": r.choice((0, 200, 3_500)),
            },
            "late": lambda r: {"text": r.choice(DEAD)},
            "event": lambda r: {"text": r.choice(self._events)},
            "fails": lambda r: {"text": r.choice(_SERVICES)},
            "asks": lambda r: {
                "text": r.choice(_REQUESTS),
                "how": r.choice(("", "interruptible", "protected")),
                "lasts": r.choice((0, 0, 0, 1)),
            },
            "drops": lambda r: {
                "how": r.choice(("comes back", "comes back", "stays away")),
                "lasts": r.choice((0, 500, 4_000, 9_000)),
            },
            "leaves": lambda r: {"how": r.choice(("second", "second", "last"))},
        }

    def case(self, flow: str, seed: int, length: int) -> Case:
        """Return the case of a seed.

        Args:
            flow: how the case names the flow.
            seed: of the case; the same one gives the same case.
            length: turns, at most.
        """
        chance = random.Random(seed)
        turns = tuple(self._turn(chance) for _ in range(chance.randint(1, length)))
        return Case(flow=flow, seed=seed, turns=turns)

    def _turn(self, chance: random.Random) -> Turn:
        kinds = SELDOM if chance.random() < 0.03 else MOSTLY
        kind = chance.choice(kinds)
        fill = self._fill.get(kind)
        details = {} if fill is None else fill(chance)
        return Turn(after=chance.choice(PAUSES), do=kind, **details)  # type: ignore[arg-type]

    def _sentence(self, chance: random.Random) -> str:
        first = ANSWER if chance.random() < 0.4 else chance.choice(self._sentences)
        return first if chance.random() < 0.85 else f"{first} {chance.choice(self._sentences)}"
