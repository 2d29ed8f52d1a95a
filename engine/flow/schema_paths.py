"""Which part of the schema speaks about a place of a document."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, TypeAlias

from engine.flow.diagnostics import Path
from engine.flow.schema import flow_schema

Schema: TypeAlias = dict[str, Any]


def schemas_at(path: Path) -> list[Schema]:
    """Every alternative that the schema allows for the value at `path`; empty where none is."""
    found = [flow_schema()]
    for step in path:
        found = [inner for schema in found for inner in _inner(schema, step)]
    return [choice for schema in found for choice in _choices(schema)]


def keys_at(path: Path) -> dict[str, Schema]:
    """The keys that the map at `path` may have, by name; keys an author makes up are not among."""
    keys: dict[str, Schema] = {}
    for schema in schemas_at(path):
        for key, inner in schema.get("properties", {}).items():
            if inner is not False:
                keys.setdefault(key, inner)
    return keys


def words_at(path: Path) -> list[str]:
    """The words that the value at `path` may be, where the language lists them."""
    words: list[str] = []
    for schema in schemas_at(path):
        words += [word for word in schema.get("enum", ()) if isinstance(word, str)]
        words += [schema["const"]] if isinstance(schema.get("const"), str) else []
        words += ["true", "false"] if schema.get("type") == "boolean" else []
    return list(dict.fromkeys(words))


def about(path: Path) -> Schema | None:
    """What the schema says of the key at the end of `path`, unresolved: its own description."""
    if not path or isinstance(path[-1], int):
        return None
    return keys_at(path[:-1]).get(path[-1])


def _inner(schema: Schema, step: str | int) -> Iterator[Schema]:
    for choice in _choices(schema):
        if isinstance(step, int):
            items = choice.get("items")
            if isinstance(items, dict):
                yield items
        elif isinstance(choice.get("properties", {}).get(step), dict):
            yield choice["properties"][step]
        elif isinstance(choice.get("additionalProperties"), dict):
            yield choice["additionalProperties"]


def _choices(schema: Schema) -> Iterator[Schema]:
    reference = schema.get("$ref")
    if reference is not None:
        yield from _choices(flow_schema()["definitions"][reference.rpartition("/")[2]])
    elif "anyOf" in schema:
        for choice in schema["anyOf"]:
            yield from _choices(choice)
    else:
        yield schema
