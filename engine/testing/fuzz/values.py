"""Values at random: of a slot's type, of a JSON Schema."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from typing import Any

from engine.machine.compiled import SlotType

_ODD: tuple[Any, ...] = (None, "", "many", 10**9, -1, [], {}, True)
"""What an untrusted source gives in the place of a value."""

_PLAIN: Mapping[str, Callable[[random.Random], Any]] = {
    "integer": lambda chance: chance.choice([0, 1, 4, 12, 99]),
    "number": lambda chance: chance.choice([0.5, 2, 19.9]),
    "boolean": lambda chance: chance.random() < 0.5,
    "date": lambda chance: f"2026-05-{chance.randint(1, 28):02}",
    "time": lambda chance: f"{chance.randint(0, 23):02}:30",
    "datetime": lambda chance: f"2026-05-{chance.randint(1, 28):02}T18:00:00",
    "duration": lambda chance: chance.choice([60, 5400]),
    "phone": lambda chance: "030123456" + str(chance.randint(0, 9)),
    "email": lambda chance: "ann@example.com",
    "digits": lambda chance: str(chance.randint(0, 999_999)),
    "text": lambda chance: chance.choice(["Ann", "a word", "Zoë Müller"]),
}


def of_type(shape: SlotType | None, chance: random.Random) -> Any:
    """Return a JSON-like value of a type, now and then one that is not."""
    if shape is None or chance.random() < 0.03:
        return chance.choice(_ODD)
    if shape.optional and chance.random() < 0.3:
        return None
    if shape.kind == "enum":
        return chance.choice(shape.values)
    if shape.kind == "list":
        return [of_type(shape.item, chance) for _ in range(chance.randint(0, 3))]
    if shape.kind == "map":
        return {name: of_type(item, chance) for name, item in shape.fields.items()}
    return _PLAIN[shape.kind](chance)


def of_schema(schema: Mapping[str, Any], chance: random.Random) -> Any:
    """Return a value of a JSON Schema as reports and tools use them; often one that is not."""
    if chance.random() < 0.08:
        return chance.choice(_ODD)
    choices = schema.get("anyOf") or schema.get("oneOf")
    if choices:
        return of_schema(chance.choice(choices), chance)
    if "enum" in schema:
        return chance.choice(schema["enum"])
    if "const" in schema:
        return schema["const"]
    kind = schema.get("type", "object")
    if isinstance(kind, list):
        kind = chance.choice(kind)
    if kind == "object":
        fields = schema.get("properties", {})
        return {name: of_schema(item, chance) for name, item in fields.items()}
    if kind == "array":
        item = schema.get("items", {})
        return [of_schema(item, chance) for _ in range(chance.randint(0, 2))]
    if kind == "null":
        return None
    return _PLAIN.get(str(schema.get("format", kind)), _PLAIN["text"])(chance)
