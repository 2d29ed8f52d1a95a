"""How to write it instead: advice on values of the wrong kind, and words of other languages."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from engine.flow.diagnostics import Path, listing, nearest
from engine.flow.model.base import ID_PATTERN
from engine.flow.schema import flow_schema
from engine.flow.shape_words import as_yaml, example_of, resolve
from engine.flow.source import Source

_SYNONYMS: dict[str, tuple[str, ...]] = {
    "if": ("when",), "condition": ("when",), "guard": ("when",), "cond": ("when",),
    "goto": ("to", "then"), "to": ("then",), "next": ("to", "then"), "target": ("to", "then"),
    "transition": ("to", "then"), "transitions": ("then",), "destination": ("to",),
    "else": ("to",), "otherwise": ("to",), "default_to": ("to",),
    "prompt": ("ask", "say"), "message": ("say",), "text": ("say",), "speak": ("say",),
    "question": ("ask",), "utterance": ("say",), "response": ("say",), "agent_says": ("say",),
    "slot": ("collect",), "fields": ("collect", "slots"), "gather": ("collect",),
    "tool": ("run",), "function": ("run", "use"), "action": ("run", "do"), "actions": ("do",),
    "on_enter": ("enter",), "entry": ("enter",), "on_entry": ("enter",), "on_exit": ("exit",),
    "on": ("handle",), "events": ("handle",), "handlers": ("handle",), "on_event": ("handle",),
    "hangup": ("end",), "hang_up": ("end",), "final": ("end",), "exit_call": ("end",),
    "initial": ("start",), "begin": ("start",), "entry_point": ("start",), "name": ("flow",),
    "id": ("flow",), "variables": ("vars",), "entities": ("slots",), "arguments": ("args",),
    "params": ("args",), "parameters": ("args",), "result": ("returns",), "output": ("returns",),
    "meaning": ("means",), "phrases": ("words",), "utterances": ("examples",),
    "validate": ("check",), "validation": ("check",), "constraint": ("check",), "enum": ("values",),
    "synonyms": ("values",), "options": ("values",), "hint": ("about",), "error": ("invalid",),
    "timeout": ("silence",), "barge_in": ("interruptions",), "reprompt": ("no_match",),
    "subflows": ("flows",), "imports": ("include",),
}  # fmt: skip
"""What a key of the language is called elsewhere; the first that may stand here is meant."""

_SPOKEN = frozenset({"say", "ask", "confirm", "invalid", "brief", "log", "description", "about"})
_BOOLEAN_WORDS = {"yes": "true", "on": "true", "no": "false", "off": "false"}
"""Words that YAML 1.1 took for booleans."""


def meant_key(word: str, known: Iterable[str]) -> str | None:
    """The key that an unknown one stands for: a near spelling, or another language's word."""
    known = list(known)
    return nearest(word, known) or next(
        (name for name in _SYNONYMS.get(word.lower(), ()) if name in known), None
    )


def how_to_write(source: Source, path: Path, schema: Any, value: Any) -> str:
    """Advice for a value of the wrong kind; empty when there is none."""
    if not path:
        return "a flow begins with `turnwise: 1`; `turnwise explain TW110` shows the smallest one"
    definitions = flow_schema()["definitions"]
    choices = [resolve(choice, definitions) for choice in schema.get("anyOf", [schema])]
    kinds = {kind for choice in choices for kind in _kinds(choice)}
    key = next((step for step in reversed(path) if isinstance(step, str)), "")
    for advice in (
        _as_type(choices, key, value),
        _as_boolean(kinds, value),
        _as_list(choices, key, value),
        _as_text(source, path, choices, value),
        _as_map(choices, path, key, value),
    ):
        if advice:
            return advice
    example = example_of(key, path)
    return f"for example `{key}: {example}`" if path[-1] == key and example else ""


def _kinds(schema: Any) -> list[str]:
    kinds = schema.get("type", [])
    return [kinds] if isinstance(kinds, str) else list(kinds)


def _as_type(choices: list[Any], key: str, value: Any) -> str:
    """`count: 0` where a type is due: the author gave its default."""
    if not any(choice.get("format") == "turnwise-type" for choice in choices):
        return ""
    if isinstance(value, bool):
        kind = "boolean"
    elif isinstance(value, int | float):
        kind = "integer" if isinstance(value, int) else "number"
    else:
        return ""
    return f"write the type: `{key}: {{type: {kind}, default: {as_yaml(value)}}}`"


def _as_boolean(kinds: set[str], value: Any) -> str:
    word = _BOOLEAN_WORDS.get(str(value).lower())
    return f"write `{word}`" if "boolean" in kinds and word else ""


def _as_list(choices: list[Any], key: str, value: Any) -> str:
    lists = [choice for choice in choices if "array" in _kinds(choice)]
    if not lists:
        return ""
    item = resolve(lists[0].get("items", {}), flow_schema()["definitions"])
    if isinstance(value, dict):
        return "put it into a list, behind a `- `" if "object" in _kinds(item) else ""
    if not isinstance(value, str | int | float) or "object" in _kinds(item):
        return ""
    parts = [part.strip() for part in value.split(",")] if isinstance(value, str) else []
    if len(parts) > 1 and all(re.match(ID_PATTERN, part) for part in parts):
        return f"write `{key}: [{', '.join(parts)}]`"
    return f"write `{key}: [{as_yaml(value)}]`"


def _as_text(source: Source, path: Path, choices: list[Any], value: Any) -> str:
    texts = [choice for choice in choices if "string" in _kinds(choice)]
    if not texts:
        return ""
    if isinstance(value, int | float) and not all("enum" in choice for choice in texts):
        node = source.node(path)
        return f'put it in quotes to make it text: "{node.text if node else value}"'
    if path[-1] in _SPOKEN and isinstance(value, list) and all(isinstance(v, str) for v in value):
        return f"write one text: `{path[-1]}: {as_yaml(' '.join(value))}`"
    if isinstance(value, list) and len(value) > 0 and isinstance(value[0], str):
        return f"name one: `{path[-1]}: {as_yaml(value[0])}`"
    return ""


def _as_map(choices: list[Any], path: Path, key: str, value: Any) -> str:
    """A bare value where a map is due: most often the one key that must be in it."""
    maps = [choice for choice in choices if "object" in _kinds(choice)]
    if not maps or not isinstance(value, str):
        return ""
    if maps[0].get("title") in ("Way", "Reaction"):
        return f"write `{{to: {as_yaml(value)}}}`"
    required = maps[0].get("required", [])
    if len(required) != 1:
        return f"a map with {listing(required, join='and')} stands here" if required else ""
    inner = f"{{{required[0]}: {as_yaml(value)}}}"
    return f"write `{key}: {inner}`" if path[-1] == key else f"write `{inner}`"
