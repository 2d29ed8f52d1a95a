"""The report a model makes of one turn: its JSON Schema, and the judgement of what came back.

The model is never obeyed. It may only name what is in scope; a value outside its type is dropped
and treated as not heard, so that a bad model can cost a question and never a wrong move. Values may
come as JSON ("2026-05-02", 4) or, because models do that, in words ("tomorrow", "four").
"""

from __future__ import annotations

import datetime
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, Final

from engine.core.findings import Findings, Scope
from engine.core.parsers.choices import find_values
from engine.core.parsers.slots import find_slot, item_of
from engine.core.parsers.words import utterance
from engine.core.values import ShapeError, from_json
from engine.machine.compiled import SlotSpec, SlotType

NO_INTENT: Final = "none"
"""What the report says when no intent was meant; strict schemas want every field filled."""

_JSON_TYPES: Final[Mapping[str, Mapping[str, Any]]] = {
    "integer": {"type": ["integer", "null"]},
    "number": {"type": ["number", "null"]},
    "boolean": {"type": ["boolean", "null"]},
    "date": {"type": ["string", "null"], "description": "as YYYY-MM-DD"},
    "time": {"type": ["string", "null"], "description": "as HH:MM, 24 hours"},
    "datetime": {"type": ["string", "null"], "description": "as YYYY-MM-DDTHH:MM"},
    "duration": {"type": ["string", "null"], "description": 'in words: "90 minutes"'},
    "phone": {"type": ["string", "null"], "description": "digits only, + in front if said"},
    "digits": {"type": ["string", "null"], "description": "digits only"},
    "list": {"type": ["array", "null"]},
    "map": {"type": ["object", "null"]},
}
_TEXT: Final[Mapping[str, Any]] = {"type": ["string", "null"]}
_LONGEST_TEXT: Final = 500


def report_schema(scope: Scope) -> dict[str, Any]:
    """Give the JSON Schema of a report: only what is in scope, every field required."""
    fields: dict[str, Any] = {}
    if scope.slots:
        slots = {spec.name: _slot_schema(spec) for spec in scope.slots}
        fields["slots"] = _object(slots)
    if scope.intents:
        names = list(dict.fromkeys(intent.name for intent in scope.intents))
        fields["intent"] = {"type": "string", "enum": [NO_INTENT, *names]}
    if scope.yes_no:
        fields["answer"] = {"type": ["boolean", "null"]}
    return _object(fields)


def tool_schema(args: Mapping[str, SlotType]) -> dict[str, Any]:
    """Give the JSON Schema of a tool's arguments; an optional one is given as null."""
    return _object({name: _type_schema(type_) for name, type_ in args.items()})


def arguments(given: Mapping[str, Any], args: Mapping[str, SlotType]) -> dict[str, Any]:
    """Type the arguments a model gives to a tool.

    Raises:
        ShapeError: one is unknown, missing or of another type; the text names it and never its
            value, so that a model may read it.
    """
    unknown = [str(name)[:40] for name in given if name not in args]
    if unknown:
        raise ShapeError(f"there is no argument {unknown[0]!r}")
    typed: dict[str, Any] = {}
    for name, type_ in args.items():
        try:
            typed[name] = from_json(given.get(name), type_, name)
        except ShapeError:
            raise ShapeError(f"the argument {name!r} must be {_expected(type_)}") from None
    return typed


def _expected(type_: SlotType) -> str:
    if type_.kind == "enum":
        return f"one of {', '.join(type_.values)}"
    told = _JSON_TYPES.get(type_.kind, _TEXT).get("description")
    return f"{type_.kind} {told}" if told else type_.kind


def judge_report(report: Mapping[str, Any], scope: Scope) -> Findings:
    """Keep what of a model's report is in scope and of its type.

    Args:
        report: What the model said; nothing is assumed about its shape.
        scope: What could be understood when the model was asked.
    """
    reported = report.get("slots")
    given = reported if isinstance(reported, Mapping) else {}
    values: dict[str, Any] = {}
    for spec in scope.slots:
        value = _judge(given.get(spec.name), spec, scope)
        if value is not None:
            values[spec.name] = value
    intent = report.get("intent")
    known = isinstance(intent, str) and any(intent == spec.name for spec in scope.intents)
    said = report.get("answer")
    answer = said if scope.yes_no and isinstance(said, bool) else None
    settled = bool(values) or known or answer is not None
    return Findings(
        slots=values, intent=str(intent) if known else None, answer=answer, settled=settled
    )


def _object(properties: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": dict(properties),
        "required": list(properties),
        "additionalProperties": False,
    }


def _slot_schema(spec: SlotSpec) -> dict[str, Any]:
    kind = spec.type.kind
    schema = _type_schema(replace(spec.type, optional=True))
    about = "; ".join(part for part in (spec.about, schema.get("description", "")) if part)
    if about:
        schema["description"] = about
    if kind in ("integer", "number"):
        bounds = (("minimum", spec.min), ("maximum", spec.max))
        schema |= {name: bound for name, bound in bounds if isinstance(bound, int | float)}
    return schema


def _type_schema(type_: SlotType) -> dict[str, Any]:
    """One type; strict mode wants a `type` beside every `enum` and `items` in every array."""
    schema = dict(_JSON_TYPES.get(type_.kind, _TEXT))
    if type_.kind == "enum":
        schema["enum"] = [*type_.values, *([None] if type_.optional else [])]
    elif type_.kind == "list":
        schema["items"] = _type_schema(type_.item or SlotType(kind="text"))
    elif type_.kind == "map":
        fields = {name: _type_schema(inner) for name, inner in type_.fields.items()}
        schema = {**_object(fields), "type": ["object", "null"]}
    if not type_.optional:
        schema["type"] = schema["type"][0]
    return schema


def _judge(value: Any, spec: SlotSpec, scope: Scope) -> Any:
    """The typed value, or None when it is not of the slot's type."""
    match spec.type.kind, value:
        case _, None:
            return None
        case ("boolean", bool()) | ("map", dict()):
            return value
        case "list", list():
            return _judge_list(value, spec, scope)
        case _, bool():
            return None
        case "integer", int():
            return value
        case "integer", float():
            return int(value) if value.is_integer() else None
        case "number", int() | float():
            return _finite(value)
        case _, str():
            return _judge_text(value.strip(), spec, scope)
        case _:
            return None


def _judge_list(values: list[Any], spec: SlotSpec, scope: Scope) -> list[Any] | None:
    """The typed items; one that is not of the item's type makes the whole list not heard."""
    if spec.type.item is None:
        return values
    item = item_of(spec)
    judged = [_judge(value, item, scope) for value in values]
    return None if not judged or None in judged else judged


def _judge_text(text: str, spec: SlotSpec, scope: Scope) -> Any:
    kind = spec.type.kind
    if kind == "text":
        words = utterance(text).words
        whole = [found for found in find_values(words, spec.words) if found.size == len(words)]
        return whole[0].value if whole else text[:_LONGEST_TEXT] or None
    if kind in _ISO:
        try:
            return _ISO[kind](text)
        except ValueError:
            pass  # not as JSON; perhaps in words
    said = utterance(text)
    found = find_slot(spec, said, scope.now)
    return found[0].value if len(found) == 1 and found[0].size == len(said.words) else None


def _time(text: str) -> datetime.time:
    time = datetime.time.fromisoformat(text)
    return time.replace(second=0, microsecond=0, tzinfo=None)


def _moment(text: str) -> datetime.datetime:
    return datetime.datetime.fromisoformat(text).replace(tzinfo=None)


def _finite(value: float) -> float | None:
    number = float(value)
    return number if abs(number) < float("inf") else None


_ISO: Final[Mapping[str, Callable[[str], Any]]] = {
    "date": datetime.date.fromisoformat,
    "time": _time,
    "datetime": _moment,
}
