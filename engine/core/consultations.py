"""What a model asked for while it talked, and what came of it: the memory behind its history."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, TypeAlias

LONGEST_OUTPUT = 4_000
"""Characters of a tool's result a model is given."""
_KEPT = 20
"""Calls a model is reminded of."""
_FAILED = "error: the tool failed; say that this does not work right now"
"""All a model learns of a failure: what went wrong may hold paths, addresses and secrets."""


Calls: TypeAlias = Mapping[str, Sequence[Mapping[str, Any]]]
"""Finished calls as a model is told of them, oldest first, by the turn each belongs to."""


class Consultations:
    """Tool calls and reports of a model, each with the turn it belongs to, oldest first.

    Attributes:
        told: those that are finished; to be looked at only. Every change of an entry, and its end,
            has what is told of its turn written anew.
    """

    def __init__(self) -> None:
        self._entries: list[dict[str, Any]] = []
        self._count = 0
        self.told: dict[str, list[Mapping[str, Any]]] = {}

    def add(self, turn: str, name: str, args: Mapping[str, Any], output: str | None = None) -> str:
        """Note a call and return its name; `output` is None until it has one."""
        self._count += 1
        entry = {
            "turn": turn,
            "id": f"call_{self._count}",
            "name": name,
            "args": dict(args),
            "output": output,
        }
        gone = self._entries[: 1 - _KEPT]
        self._entries = [*self._entries[1 - _KEPT :], entry]
        self._tell(*[old["turn"] for old in gone], turn)
        return f"call_{self._count}"

    def answered(self, id_: str, value: Any, *, failed: bool) -> None:
        """Note what a call gave."""
        self._close(id_, _FAILED if failed else _shown(value))

    def refused(self, id_: str, why: str) -> None:
        """A call does not begin: the model may read why."""
        self._close(id_, f"error: {why}")

    def _close(self, id_: str, output: str) -> None:
        for entry in self._entries:
            if entry["id"] == id_:
                entry["output"] = output
                self._tell(entry["turn"])

    def _tell(self, *turns: str) -> None:
        for turn in turns:
            self.told.pop(turn, None)
        for entry in self._entries:  # a call without a result is none a model could read
            if entry["turn"] in turns and entry["output"] is not None:
                self.told.setdefault(entry["turn"], []).append(_message(entry))

    def __iter__(self) -> Iterator[Mapping[str, Any]]:
        """Every call, oldest first."""
        return iter(self._entries)

    def to_dict(self) -> dict[str, Any]:
        """Return everything as JSON-like data."""
        return {"count": self._count, "entries": [dict(entry) for entry in self._entries]}

    def from_dict(self, data: Mapping[str, Any]) -> None:
        """Restore what `to_dict` gave."""
        self._count = data["count"]
        self._entries = [dict(entry) for entry in data["entries"]]
        self.told = {}
        self._tell(*{entry["turn"] for entry in self._entries})


def _message(entry: Mapping[str, Any]) -> Mapping[str, Any]:
    return {
        "role": "tool",
        "id": entry["id"],
        "name": entry["name"],
        "args": entry["args"],
        "output": entry["output"],
    }


def _shown(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= LONGEST_OUTPUT else f"{text[:LONGEST_OUTPUT]} ... (cut)"
