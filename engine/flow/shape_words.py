"""The shape of values in words: what was found, what was expected, whose key it is."""

from __future__ import annotations

import functools
import re
from typing import Any

from engine.flow.diagnostics import Path, listing
from engine.flow.outline import is_fragment
from engine.flow.schema import flow_schema

_OWNERS = {
    "states": "state",
    "slots": "slot",
    "vars": "variable",
    "inputs": "input",
    "outputs": "output",
    "intents": "intent",
    "tools": "tool",
    "timers": "timer",
    "tests": "test",
    "flows": "sub-flow",
    "handle": "handler",
    "args": "argument",
}
"""Maps whose keys are names an author made up."""

_TYPES = {
    "string": "text",
    "integer": "a whole number",
    "number": "a number",
    "boolean": "`true` or `false`",
    "array": "a list",
    "object": "a map",
    "null": "nothing",
}

TITLES = {
    "Flow": "a flow",
    "Turnwise flow, language version 1": "a flow",
    "Turnwise fragment, language version 1": "a fragment",
    "State": "a state",
    "Slot": "a slot",
    "Variable": "a variable or input",
    "Intent": "an intent",
    "Tool": "a tool",
    "Way": "an entry of `then`",
    "Reaction": "a handler's entry",
    "Action": "an action",
    "Timer": "a timer",
    "TransferTo": "`transfer`",
    "Interruptions": "`interruptions`",
    "InterruptionProfile": "`interruptions.thinking`",
    "FalseAlarm": "`false_alarm`",
    "Listen": "`listen`",
    "EndOfTurn": "`end_of_turn`",
    "Pipeline": "`pipeline`",
    "HistoryLimit": "`history`",
    "FillerLine": "`filler`",
    "Retry": "`retry`",
    "FlowTest": "a test",
    "TalkStep": "a step of a talk",
    "Heard": "`heard`",
    "Interrupt": "`interrupt`",
    "Spoken": "`agent`",
    "Component": "a provider",
}
"""What a definition of the schema is called in findings."""


def found(value: Any) -> str:
    """A value in words: "the text `abc`", "the number 6", "a list"."""
    if value is None:
        return "nothing"
    if isinstance(value, bool):
        return f"`{str(value).lower()}`"
    if isinstance(value, int | float):
        return f"the number {value}"
    if isinstance(value, str):
        return f"the text `{value}`" if len(value) <= 30 and "\n" not in value else "text"
    return "a list" if isinstance(value, list) else "a map"


def expected(schema: Any, definitions: dict[str, Any]) -> str:
    """A part of the schema in words: "a list", "text or a map", "a duration like `700ms`"."""
    words = list(dict.fromkeys(_expected(schema, definitions)))
    if "a type" in words:
        # A list is how an enum is written, which is one of the types.
        words = [word for word in words if word != "a list"]
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} or {words[-1]}"


def _expected(schema: Any, definitions: dict[str, Any]) -> list[str]:
    if "$ref" in schema:
        return _expected(resolve(schema, definitions), definitions)
    if "anyOf" in schema:
        return [word for choice in schema["anyOf"] for word in _expected(choice, definitions)]
    if "enum" in schema:
        return [listing(str(value) for value in schema["enum"])]
    if "const" in schema:
        return [f"`{schema['const']}`"]
    if schema.get("format") == "turnwise-duration":
        return ["a duration like `700ms`"]
    if schema.get("format") == "turnwise-type":
        return ["a type"]
    types = schema.get("type", "object")
    return [_TYPES[name] for name in ([types] if isinstance(types, str) else types)]


def resolve(schema: dict[str, Any], definitions: dict[str, Any]) -> dict[str, Any]:
    """Follow a reference."""
    reference = schema.get("$ref")
    if reference is None:
        return schema
    target: dict[str, Any] = definitions[reference.rsplit("/", 1)[-1]]
    return resolve(target, definitions)


def place(path: Path, data: Any) -> str:
    """The owner of a key in words: "state `ask`", "tool `find`", "`listen` of state `ask`".

    Args:
        path: of the owner; nothing stands for the whole document.
        data: the document.
    """
    if not path:
        return "the fragment" if is_fragment(data) else "the flow"
    last = path[-1]
    if isinstance(last, int):
        return f"entry {last + 1} of {place(path[:-1], data)}"
    if len(path) > 1 and path[-2] in _OWNERS and _is_names(path[:-1]):
        return f"{_OWNERS[str(path[-2])]} `{last}`"
    outer = path[:-1]
    alone = not outer or outer[-1] in _OWNERS
    return f"`{last}`" if alone else f"`{last}` of {place(outer, data)}"


def _is_names(path: Path) -> bool:
    """Whether the keys of the map at `path` are the author's own names."""
    if path[-1] in ("states", "args"):
        return True
    if path[-1] in ("timers", "handle"):
        return len(path) == 1 or _is_state(path[:-1])
    return len(path) == 1


def _is_state(path: Path) -> bool:
    return len(path) >= 2 and path[-2] == "states"


def subject(path: Path) -> str:
    """The value at `path` in words: "`collect`", "entry 2 of `then`", "slot `name`"."""
    if not path:
        return "the file"
    if isinstance(path[-1], int):
        return f"entry {path[-1] + 1} of {subject(path[:-1])}"
    if len(path) > 1 and path[-2] in _OWNERS and _is_names(path[:-1]):
        return f"{_OWNERS[str(path[-2])]} `{path[-1]}`"
    return f"`{path[-1]}`"


_SIGNS = frozenset(",:?[]{}#\"'")
"""Within a plain text these may mean something to YAML."""
_FIRST = "*&!|>%@`-"
_NO_TEXT = re.compile(r"[\d:._T+-]*|0[xob]\w+|[\d._]+e[\d+-]+|[+.]*(inf|nan)|~|=|<<", re.IGNORECASE)
"""Plain texts that some reader of YAML takes for a number, a time or nothing."""
_WORDS = frozenset(("true", "false", "yes", "no", "on", "off", "y", "n", "null"))


def as_yaml(value: Any) -> str:
    """A small value as an author would write it on one line: with quotes where YAML needs them."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{as_yaml(k)}: {as_yaml(v)}" for k, v in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(as_yaml(item) for item in value) + "]"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str) and _needs_quotes(value):
        return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'
    return str(value)


def _needs_quotes(text: str) -> bool:
    return (
        not _SIGNS.isdisjoint(text)
        or text[:1] in _FIRST
        or text != text.strip()
        or text.lower() in _WORDS
        or _NO_TEXT.fullmatch(text) is not None
    )


_DEFINITIONS = {"tools": "Tool", "slots": "SlotMap", "intents": "Intent", "tests": "TalkStep"}
"""Where the keys below these keys of a flow are defined."""


def example_of(key: str, path: Path) -> str:
    """How a key of the language is used, on one line; empty for a key without an example."""
    own = _DEFINITIONS.get(str(path[0]), "") if len(path) > 1 else ""
    return _examples().get((own, key)) or _examples().get(("", key), "")


@functools.cache
def _examples() -> dict[tuple[str, str], str]:
    """By definition and key; without a definition, the flow's or a state's example comes first."""
    schema = flow_schema()
    definitions = schema["definitions"]
    shown: dict[tuple[str, str], str] = {}
    ordered = [("Flow", schema), ("State", definitions["State"]), *definitions.items()]
    for name, definition in ordered:
        for key, inner in definition.get("properties", {}).items():
            if isinstance(inner, dict) and inner.get("examples"):
                example = as_yaml(inner["examples"][0])
                shown.setdefault((name, key), example)
                shown.setdefault(("", key), example)
    return shown
