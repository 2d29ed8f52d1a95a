"""The JSON Schema of a line of a journal, generated from the event, effect and step classes."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from pydantic import TypeAdapter
from pydantic.json_schema import GenerateJsonSchema

from engine.core.step import Deadline, Move, Note, States
from engine.observe.journal import CAUSES, EFFECT_TYPES, Header

SCHEMA_ID = "journal-v1.json"


def schema_text() -> str:
    """Return the schema as it is stored in `schemas/`, byte for byte."""
    return json.dumps(schema(), indent=2, sort_keys=True, ensure_ascii=False) + "\n"


def schema() -> dict[str, Any]:
    """Return a schema that every line of a journal satisfies."""
    types = [*CAUSES.values(), *EFFECT_TYPES.values(), Deadline, Header, Move, Note, States]
    inputs = [(cls, "serialization", TypeAdapter(cls).core_schema) for cls in types]
    found, definitions = GenerateJsonSchema(ref_template="#/$defs/{model}").generate_definitions(
        inputs  # type: ignore[arg-type]  # a list of tuples; the stub asks for literals
    )
    for cls in types:  # plain dataclasses without nested ones are given inline
        definition = found[cls, "serialization"]
        if "$ref" not in definition:
            definitions[cls.__name__] = definition  # type: ignore[index]
    closed = {name: _closed(dict(body), name) for name, body in sorted(definitions.items())}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": SCHEMA_ID,
        "title": "One line of a Turnwise journal: the header first, then one step per line",
        "oneOf": [{"$ref": "#/$defs/Header"}, _step()],
        "$defs": closed,
    }


def _closed(body: dict[str, Any], name: str) -> dict[str, Any]:
    """Name the type in events and effects, require every field, allow no other."""
    body = {key: value for key, value in body.items() if key != "description"}
    properties = dict(body.get("properties", {}))
    if name in CAUSES or name in EFFECT_TYPES:
        properties = {"type": {"const": name}, **properties}
    body.update(properties=properties, required=list(properties), additionalProperties=False)
    return body


def _step() -> dict[str, Any]:
    shared: Mapping[str, Any] = {
        "seq": {"type": "integer", "minimum": 0},
        "at": {"type": "integer", "minimum": 0},
        "moves": _list_of(["Move"]),
        "notes": _list_of(["Note"]),
        "effects": _list_of(EFFECT_TYPES),
        "states": {"$ref": "#/$defs/States"},
    }
    causes = {"event": _any_of(CAUSES), "deadline": {"$ref": "#/$defs/Deadline"}}
    return {
        "type": "object",
        "properties": {**shared, **causes},
        "required": list(shared),
        "oneOf": [{"required": [cause]} for cause in causes],
        "additionalProperties": False,
    }


def _list_of(names: Iterable[str]) -> dict[str, Any]:
    return {"type": "array", "items": _any_of(names)}


def _any_of(names: Iterable[str]) -> dict[str, Any]:
    return {"oneOf": [{"$ref": f"#/$defs/{name}"} for name in sorted(names)]}
