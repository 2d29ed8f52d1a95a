"""What a model asked for while it talked, and what came of it: the memory behind its history."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

LONGEST_OUTPUT = 4_000
"""Characters of a tool's result a model is given."""
_KEPT = 20
"""Calls a model is reminded of."""
_FAILED = "error: the tool failed; say that this does not work right now"
"""All a model learns of a failure: what went wrong may hold paths, addresses and secrets."""


class Consultations:
    """Tool calls and reports of a model, each with the turn it belongs to, oldest first.

    Attributes:
        entries: all of them; to be looked at only.
    """

    def __init__(self) -> None:
        self.entries: list[dict[str, Any]] = []
        self._count = 0

    def add(
        self, turn: str, name: str, args: Mapping[str, Any], output: str | None = None
    ) -> dict[str, Any]:
        """Note a call and return its entry; `output` is None until it has one."""
        self._count += 1
        entry = {
            "turn": turn,
            "id": f"call_{self._count}",
            "name": name,
            "args": dict(args),
            "output": output,
        }
        self.entries = [*self.entries[1 - _KEPT :], entry]
        return entry

    def answered(self, id_: str, value: Any, *, failed: bool) -> None:
        """Note what a call gave."""
        for entry in self.entries:
            if entry["id"] == id_:
                entry["output"] = _FAILED if failed else _shown(value)

    def __iter__(self) -> Iterator[Mapping[str, Any]]:
        """Every call, oldest first."""
        return iter(self.entries)

    def to_dict(self) -> dict[str, Any]:
        """Return everything as JSON-like data."""
        return {"count": self._count, "entries": [dict(entry) for entry in self.entries]}

    def from_dict(self, data: Mapping[str, Any]) -> None:
        """Restore what `to_dict` gave."""
        self._count = data["count"]
        self.entries = [dict(entry) for entry in data["entries"]]


def _shown(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= LONGEST_OUTPUT else f"{text[:LONGEST_OUTPUT]} ... (cut)"
