"""What one run of one flow knows: slots, variables, inputs, results.

A called flow has a memory of its own; only inputs and outputs cross (S9). Values are typed Python
values, None is empty. Nothing here speaks or decides.
"""

from __future__ import annotations

import copy
from collections.abc import Iterable, Mapping
from typing import Any

from engine.core.values import ShapeError, from_json, pack, to_json, unpack
from engine.machine.compiled import CompiledFlow

MASK = "***"
"""Stands in the timeline for the value of a sensitive slot."""


class Memory:
    """The data of one frame.

    Attributes:
        slots: every declared slot, None while empty.
        variables: every declared variable.
        inputs: what the caller of the flow handed in, defaults applied.
        results: by state id, what its tool or called flow gave.
        result: the latest of these.
        answer: what the open or last yes/no question was answered.
        corrections: the slots the last turn corrected, with their new values.
        changed: the same names, and those emptied by them.
        read_back: slots with `readback` whose value the caller agreed to.
        order: filled slots, the one filled last at the end.
        sensitive: names of the slots nobody else may see, in the order they are declared.
    """

    __slots__ = (
        "answer",
        "changed",
        "corrections",
        "flow",
        "inputs",
        "order",
        "read_back",
        "result",
        "results",
        "sensitive",
        "slots",
        "variables",
    )

    def __init__(self, flow: CompiledFlow) -> None:
        self.flow = flow
        self.sensitive: tuple[str, ...] = tuple(n for n, s in flow.slots.items() if s.sensitive)
        self.slots: dict[str, Any] = {n: s.default for n, s in flow.slots.items()}
        self.variables: dict[str, Any] = {
            name: copy.copy(flow.variable_defaults.get(name)) for name in flow.variables
        }
        self.inputs: dict[str, Any] = {n: s.default for n, s in flow.inputs.items()}
        self.results: dict[str, Any] = {}
        self.result: Any = None
        self.answer: bool | None = None
        self.corrections: dict[str, Any] = {}
        self.changed: frozenset[str] = frozenset()
        self.order: list[str] = [n for n, value in self.slots.items() if value is not None]
        # a default is the author's: nobody needs to agree to it
        self.read_back: set[str] = set(self.order)

    # --- reading ---------------------------------------------------------------------------------

    @property
    def filled(self) -> dict[str, Any]:
        """The slots that have a value."""
        return {name: value for name, value in self.slots.items() if value is not None}

    def unverified(self, name: str) -> bool:
        """Say whether a slot must still be said back to the caller."""
        wanted = self.flow.slots[name].readback
        return wanted and self.slots[name] is not None and name not in self.read_back

    def shown(self, names: Iterable[str]) -> dict[str, Any]:
        """Return slots as the timeline may show them: JSON, sensitive values masked."""
        return {name: self._shown(name) for name in names}

    def _shown(self, name: str) -> Any:
        value = self.slots[name]
        return MASK if value is not None and self.flow.slots[name].sensitive else to_json(value)

    # --- writing ---------------------------------------------------------------------------------

    def take_inputs(self, values: Mapping[str, Any]) -> None:
        """Type what the caller of the flow handed in; what is missing keeps its default.

        Raises:
            ShapeError: an input is not declared or does not have its type.
        """
        for name, value in values.items():
            spec = self.flow.inputs.get(name)
            if spec is None:
                raise ShapeError(f"inputs.{name} is not declared by flow {self.flow.id}")
            if value is not None:
                self.inputs[name] = from_json(value, spec.type, f"inputs.{name}")

    def fill(self, name: str, value: Any) -> None:
        """Store what the caller said; a slot with `readback` must be agreed to anew."""
        self.slots[name] = value
        self.read_back.discard(name)
        self._reorder(name)

    def assign(self, name: str, value: Any) -> None:
        """Store what the author computed: nothing to agree to."""
        self.slots[name] = value
        if value is not None:
            self.read_back.add(name)
        self._reorder(name)

    def clear(self, name: str) -> None:
        """Empty a slot or a variable."""
        if name in self.slots:
            self.slots[name] = None
            self.read_back.discard(name)
            self._reorder(name)
        else:
            self.variables[name] = None

    def correct(self, corrections: Mapping[str, Any], keep: Iterable[str]) -> tuple[str, ...]:
        """Note corrections and empty the slots they reset, but for those in `keep`.

        Returns:
            The names of the slots that were emptied.
        """
        spared = {*corrections, *keep}
        reset = dict.fromkeys(
            other
            for name in corrections
            for other in self.flow.slots[name].resets
            if other not in spared and self.slots.get(other) is not None
        )
        for name in reset:
            self.clear(name)
        self.corrections = dict(corrections)
        self.changed = frozenset((*corrections, *reset))
        return tuple(reset)

    def new_turn(self) -> None:
        """Forget what the turn before corrected."""
        self.corrections = {}
        self.changed = frozenset()

    def _reorder(self, name: str) -> None:
        if name in self.order:
            self.order.remove(name)
        if self.slots[name] is not None:
            self.order.append(name)

    # --- snapshot --------------------------------------------------------------------------------

    def to_dict(self) -> dict[str, Any]:
        """Return everything as JSON-like data."""
        return {
            "slots": pack(self.slots),
            "variables": pack(self.variables),
            "inputs": pack(self.inputs),
            "results": pack(self.results),
            "result": pack(self.result),
            "answer": self.answer,
            "corrections": pack(self.corrections),
            "changed": sorted(self.changed),
            "order": list(self.order),
            "read_back": sorted(self.read_back),
        }

    @classmethod
    def from_dict(cls, flow: CompiledFlow, data: Mapping[str, Any]) -> Memory:
        """Return the memory that `to_dict` stored."""
        memory = cls(flow)
        for name in ("slots", "variables", "inputs", "results", "result", "corrections"):
            setattr(memory, name, unpack(data[name]))
        memory.answer = data["answer"]
        memory.changed = frozenset(data["changed"])
        memory.order = list(data["order"])
        memory.read_back = set(data["read_back"])
        return memory
