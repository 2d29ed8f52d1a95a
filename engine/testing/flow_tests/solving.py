"""Values for which a guard holds, and those before it do not: found by trying likely ones.

Tried are the values that the guards themselves compare with and their neighbours, the words of
enums, yes and no, empty and not. That meets what authors write in a `when`; what depends on the
past of a call otherwise (`visits`, what a called flow gave, who calls) is left to the author.
"""

from __future__ import annotations

import ast
import datetime
import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from engine.core.values import ShapeError, from_json
from engine.flow.expressions import EvaluationError, Expression
from engine.machine.compiled import CompiledFlow, SlotType

MOST = 4_000
"""Combinations that are tried for one transition."""
_SOLVED = ("slots", "result", "answer")
_ASSUMED: Mapping[str, Any] = {
    "visits": 1,
    "tries": {"no_input": 0, "no_match": 0, "turns": 0},
}

Chain = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Solution:
    """What must be so. Values are JSON-like."""

    slots: Mapping[str, Any] = field(default_factory=dict)
    result: Mapping[str, Any] | Any = None
    """By field of a tool's answer; the answer itself where it has none; None: any."""
    answer: bool | None = None
    results: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    """By state and field: what tools must have answered before."""


@dataclass(frozen=True, slots=True)
class Question:
    """Which values let one transition fire."""

    flow: CompiledFlow
    before: tuple[Expression, ...]
    """Guards of the entries above it."""
    guard: Expression | None
    returns: SlotType | None
    """Of the tool that is run here."""
    known: Mapping[str, Any]
    """Slots that have a value already, JSON-like."""
    now: datetime.datetime
    gave: Mapping[str, tuple[SlotType | None, Mapping[str, Any]]] = field(default_factory=dict)
    """The states before that ran a tool: what it returns, and the fields that are settled."""

    def solves(self, chain: Chain) -> bool:
        """Whether a value may be chosen for this name."""
        if chain[0] == "results":
            return len(chain) == 3 and chain[1] in self.gave
        return chain[0] in _SOLVED


def solve(question: Question) -> Solution | str:
    """Return what lets a transition fire, or why that cannot be told."""
    guards = [*question.before, *([question.guard] if question.guard is not None else [])]
    chains = list(dict.fromkeys(use.chain for guard in guards for use in guard.names))
    wanted = [chain for chain in chains if question.solves(chain)]
    other = sorted({".".join(chain) for chain in chains if not question.solves(chain)})
    tried = [_candidates(question, chain, guards) for chain in wanted]
    for values in itertools.islice(itertools.product(*tried), MOST):
        given = dict(zip(wanted, values, strict=True))
        if _fires(question, given):
            return _solution(given)
    if other:
        return f"it depends on {', '.join(other)}"
    return "no value was found for which it holds, and nothing above it does"


def _fires(question: Question, given: Mapping[Chain, Any]) -> bool:
    names = _names(question, given)
    try:
        if any(guard.holds(names) for guard in question.before):
            return False
        return question.guard is None or question.guard.holds(names)
    except EvaluationError:
        return False


def _names(question: Question, given: Mapping[Chain, Any]) -> dict[str, Any]:
    flow = question.flow
    slots = dict.fromkeys(flow.slots)
    slots |= {name: _typed(value, flow.slots[name].type) for name, value in question.known.items()}
    results = {state: dict(known) for state, (_, known) in question.gave.items()}
    result: Any = {}
    answer = None
    for chain, value in given.items():
        if chain[0] == "results":
            returns, _ = question.gave[chain[1]]
            results[chain[1]][chain[2]] = _typed(value, _field(returns, chain[2]))
        elif chain[0] == "slots" and len(chain) > 1:
            slots[chain[1]] = _typed(value, flow.slots[chain[1]].type)
        elif chain[0] == "answer":
            answer = value
        elif len(chain) > 1:
            result[chain[1]] = _typed(value, _field(question.returns, chain[1]))
        else:
            result = _typed(value, question.returns)
    inputs = {name: spec.default for name, spec in flow.inputs.items()}
    names = {"slots": slots, "result": result, "answer": answer, "inputs": inputs}
    names["results"] = results
    return {**_ASSUMED, **names, "vars": dict(flow.variable_defaults), "now": question.now}


def _typed(value: Any, type_: SlotType | None) -> Any:
    if value is None or type_ is None:
        return value
    try:
        return from_json(value, type_)
    except ShapeError:
        return value


def _solution(given: Mapping[Chain, Any]) -> Solution:
    parts: dict[str, dict[str, Any]] = {"slots": {}, "result": {}}
    results: dict[str, dict[str, Any]] = {}
    for chain, value in given.items():
        if chain[0] == "results":
            results.setdefault(chain[1], {})[chain[2]] = value
        elif len(chain) > 1 and chain[0] in parts:
            parts[chain[0]][chain[1]] = value
    whole = given.get(("result",))
    return Solution(parts["slots"], parts["result"] or whole, given.get(("answer",)), results)


# --- what is tried --------------------------------------------------------------------------------


def _candidates(question: Question, chain: Chain, guards: Sequence[Expression]) -> list[Any]:
    if chain[0] == "answer":
        return [True, False]
    if chain[0] == "slots" and len(chain) > 1 and chain[1] in question.flow.slots:
        if chain[1] in question.known:
            return [question.known[chain[1]]]
        spec = question.flow.slots[chain[1]]
        type_: SlotType | None = spec.type
        bounds = [b for b in (spec.min, spec.max) if isinstance(b, int | float)]
    elif chain[0] == "results":
        returns, settled = question.gave[chain[1]]
        if chain[2] in settled:
            return [settled[chain[2]]]
        type_, bounds = _field(returns, chain[2]), []
    else:
        type_, bounds = _field(question.returns, chain[1]) if chain[1:] else question.returns, []
    kind = type_.kind if type_ is not None else "text"
    constants = [value for guard in guards for value in _constants(guard)]
    found = [*_of_kind(kind, type_), *_near(constants + bounds, kind)]
    if len(bounds) == 2:
        low, high = bounds
        found = [v for v in found if not isinstance(v, int | float) or low <= v <= high]
    return [*{repr(value): value for value in found}.values(), None]


def _of_kind(kind: str, type_: SlotType | None) -> list[Any]:
    match kind:
        case "enum" if type_ is not None:
            return list(type_.values)
        case "boolean":
            return [True, False]
        case "integer" | "number":
            return [1, 2, 0]
        case "list":
            item = _of_kind(type_.item.kind, type_.item) if type_ is not None and type_.item else []
            return [[], item[:1] or ["TODO"]]
        case "date":
            return ["2026-05-02", "2026-05-01", "2026-07-01"]
        case "time":
            return ["19:00", "09:00"]
        case _:
            return ["TODO"]


def _near(constants: Sequence[Any], kind: str) -> list[Any]:
    if kind in ("integer", "number"):
        numbers = [c for c in constants if isinstance(c, int | float) and not isinstance(c, bool)]
        return [value for number in numbers for value in (number, number + 1, number - 1)]
    return [c for c in constants if isinstance(c, str)] if kind == "text" else []


def _constants(guard: Expression) -> list[Any]:
    tree = ast.parse(guard.source.strip(), mode="eval")
    return [node.value for node in ast.walk(tree) if isinstance(node, ast.Constant)]


def _field(type_: SlotType | None, name: str) -> SlotType | None:
    return type_.fields.get(name) if type_ is not None else None
