"""Flows at random, as text: the whole way from YAML to a compiled flow is gone.

A flow is drawn without regard to good taste: guards that fail, handlers that lead in circles,
questions without an answer, silence without a word. The loader may warn as it likes; what is
demanded is a flow without errors, so a draw that has some is repaired by drawing again.
"""

from __future__ import annotations

import io
import random
from typing import Any

from ruamel.yaml import YAML

from engine.flow.loader import check_text
from engine.machine.compiled import CompiledFlow
from engine.machine.compiler import compile_loaded

_ATTEMPTS = 200

_SLOTS: dict[str, dict[str, Any]] = {
    "size": {"type": "integer", "min": 1, "max": 12, "ask": "For how many people?"},
    "day": {"type": "date", "ask": "On which day?", "resets": ["size"]},
    "name": {"type": "text", "ask": "What is your name?", "readback": True},
    "kind": {"type": ["red", "blue", "dark green"], "ask": "Which colour?"},
    "code": {
        "type": "digits",
        "ask": "Your code, please?",
        "dtmf": {"digits": 4},
        "sensitive": True,
        "check": "len(value) == 4",
    },
}
_INTENTS: dict[str, dict[str, Any]] = {
    "asks_price": {"means": "asks for the price", "words": ["what does it cost"]},
    "gives_up": {"means": "wants it no longer", "words": ["never mind"], "dtmf": "9"},
}
_TOOLS: dict[str, dict[str, Any]] = {
    "look": {
        "use": "python:shop.look",
        "args": {"size": "integer?"},
        "returns": {"free": "boolean", "note": "text?"},
        "timeout": "3s",
        "retry": {"times": 2, "after": "300ms"},
    },
    "book": {
        "use": "python:shop.book",
        "returns": {"number": "text"},
        "effect": "write",
        "timeout": "9s",
        "filler": {"after": "1s", "say": ["One moment.", "Still at it."], "every": "3s"},
    },
}
_EVENTS = (
    *("intent.asks_price", "intent.gives_up", "no_input", "no_match", "error", "error.tool"),
    *("app.bell", "timer.tick", "corrected", "error.llm", "error.tts", "error.limit", "dtmf.1"),
)
_GUARDS = (None, None, None, "visits < 3", "vars.n > 2", "slots.size > 3", "round(10 / vars.n) > 1")
_ACTIONS: tuple[dict[str, Any], ...] = (
    {"say": "Well then."},
    {"log": "seen"},
    {"set": {"vars.n": "vars.n + 1"}},
    {"clear": ["size"]},
    {"emit": "app.bell"},
)
_TARGETS = ("STAY", "STAY", "REPEAT", "RESUME", "BACK", "END")
_LISTEN: tuple[dict[str, Any], ...] = (
    {"silence": "3s", "no_input": ["Hello?"], "no_match": ["Pardon?"]},
    {"silence": "15s", "end_of_turn": {"min": "300ms", "max": "2s"}},
    {"no_input": ["Hello?", "Are you there?"], "end_of_turn": {"mode": "fixed"}},
    {"accept": ["dtmf"], "silence": "4s"},
)
_INTERRUPTIONS: tuple[dict[str, Any], ...] = (
    {"allow": False},
    {"allow": False, "blocked": "discard"},
    {"mode": "stt"},
    {"mode": "vad", "min_time": "200ms"},
    {"false_alarm": {"pause": "800ms", "resume": False}},
    {"min_words": 1, "fade": "80ms", "ignore": ["okay"]},
)


def random_flow(seed: int) -> CompiledFlow:
    """Return the flow of a seed; the same one gives the same flow."""
    return compile_loaded(check_text(random_text(seed), f"random-{seed}.yaml"))


def random_text(seed: int) -> str:
    """Return the text of a flow without errors."""
    for attempt in range(_ATTEMPTS):
        text = _dump(_Draw(random.Random(f"{seed}/{attempt}")).flow())
        if not any(found.is_error for found in check_text(text, "random.yaml").diagnostics):
            return text
    raise RuntimeError(f"seed {seed} gave no flow without errors in {_ATTEMPTS} attempts")


def _dump(data: dict[str, Any]) -> str:
    out = io.StringIO()
    yaml = YAML(typ="safe", pure=True)
    yaml.default_flow_style = False
    yaml.representer.sort_base_mapping_type_on_output = False
    yaml.representer.ignore_aliases = lambda _: True
    yaml.dump(data, out)
    return out.getvalue()


class _Draw:
    """Draws one flow."""

    def __init__(self, chance: random.Random) -> None:
        self._chance = chance
        self._states = [f"s{n}" for n in range(chance.randint(2, 7))]
        self._model = chance.random() < 0.4
        self._here = ""

    def flow(self) -> dict[str, Any]:
        """Return the document."""
        chance = self._chance
        states = {name: self._state(name) for name in self._states}
        states["desk"] = {
            "transfer": {"to": "desk", "kind": chance.choice(["cold", "warm"])},
            "handle": {"error.transfer": {"say": "Nobody is free.", "to": "bye"}},
        }
        states["bye"] = {"say": "Goodbye.", "end": "hangup"}
        flow: dict[str, Any] = {
            "turnwise": 1,
            "flow": "drawn",
            "start": self._states[0],
            "vars": {"n": {"type": "integer", "default": 0}},
            "slots": _SLOTS,
            "intents": _INTENTS,
            "tools": _TOOLS,
            "listen": chance.choice(_LISTEN[:3]),
            "timers": {"tick": {"after": "7s", "every": "11s"}},
            "handle": self._defaults() | self._handlers(3),
            "states": states,
        }
        if self._model:
            flow["pipeline"] = {"llm": {"use": "openai_compatible", "model": "any"}}
        return flow

    def _defaults(self) -> dict[str, Any]:
        names = ("error", "no_input", "no_match")
        return {name: {"to": self._chance.choice(["desk", "bye", "END"])} for name in names}

    def _state(self, name: str) -> dict[str, Any]:
        chance = self._chance
        self._here = name
        state: dict[str, Any] = self._verb()
        if chance.random() < 0.5:
            state["say"] = chance.choice(["Hello.", "Let me tell you a long story. " * 4, "So."])
        if chance.random() < 0.3:
            state["enter"] = [chance.choice(_ACTIONS)]
        if chance.random() < 0.4:
            state["handle"] = self._handlers(3)
        if chance.random() < 0.25 and not {"run", "transfer"} & set(state):
            state["listen"] = chance.choice(_LISTEN)
        if chance.random() < 0.35:
            state["interruptions"] = chance.choice(_INTERRUPTIONS)
        return state

    def _verb(self) -> dict[str, Any]:
        chance = self._chance
        kinds = ["collect", "collect", "confirm", "confirm", "run", "run", "none", "rest"]
        kind = chance.choice([*kinds, "converse", "converse"] if self._model else kinds)
        then = self._then()
        if kind == "collect":
            slots = chance.sample(sorted(_SLOTS), chance.randint(1, 3))
            return {"collect": slots, "then": then}
        if kind == "confirm":
            agreed = {"when": "answer", **self._way()}
            return {"confirm": "Shall we go on?", "then": [agreed, *then]}
        if kind == "run":
            tool = chance.choice(["look", "book"])
            args = {"args": {"size": "slots.size"}} if tool == "look" else {}
            return {"run": tool, **args, "then": then}
        if kind == "converse":
            return {
                "converse": "Be nice.",
                "fills": ["size", "kind"],
                "tools": ["look"],
                "max_turns": 4,
                "then": then,
            }
        return {"then": then} if kind == "none" else {}

    def _then(self) -> list[dict[str, Any]]:
        guarded = [{"when": "visits < 3", **self._way()} for _ in range(self._chance.randint(0, 1))]
        return [*guarded, {"to": self._place()}]

    def _way(self) -> dict[str, Any]:
        way: dict[str, Any] = {"to": self._place()}
        if self._chance.random() < 0.3:
            way |= self._chance.choice(_ACTIONS)
        return way

    def _place(self) -> str:
        others = [name for name in self._states if name != self._here]
        return self._chance.choice([*others, *others, "bye", "desk"])

    def _handlers(self, most: int) -> dict[str, Any]:
        chance = self._chance
        events = chance.sample(_EVENTS, chance.randint(0, most))
        return {event: self._handler() for event in events}

    def _handler(self) -> dict[str, Any]:
        chance = self._chance
        target = chance.choice([*_TARGETS, self._place()])
        handler: dict[str, Any] = {"to": target}
        if chance.random() < 0.5:
            handler |= chance.choice(_ACTIONS)
        guard = chance.choice(_GUARDS)
        return handler if guard is None else {"when": guard, **handler}
