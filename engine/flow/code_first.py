"""A flow without YAML: one state in which a model talks, made from instructions and functions.

What comes out is a flow like any other: it compiles, runs, and can be written down and grown when
the first question arises that a model should not decide.
"""

from __future__ import annotations

import datetime
import enum
import inspect
import re
import types
import typing
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any, Final, Literal

from engine.errors import ConfigurationError

_SCALARS: Final[Mapping[Any, str]] = {
    bool: "boolean",
    int: "integer",
    float: "number",
    str: "text",
    datetime.date: "date",
    datetime.time: "time",
    datetime.datetime: "datetime",
    datetime.timedelta: "duration",
}
_NAME: Final = re.compile(r"[a-z][a-z0-9_]*")
_OURS: Final = frozenset({"idempotency_key"})
"""Parameters the engine fills, not the model."""

_TASK: Final = (
    "Talk with the caller and help them, as you are instructed. When they say goodbye or want to"
    " end the call, report the intent `says_goodbye`."
)

_GOODBYE: Final = "says_goodbye"
_AROUND: Final[Mapping[str, Any]] = {
    "listen": {
        "no_input": ["Are you still there?"],
        "no_match": ["Sorry, I did not get that."],
    },
    "intents": {
        _GOODBYE: {
            "means": "says goodbye, or wants to end the call",
            "words": ["goodbye", "bye", "bye bye", "that is all", "hang up"],
        }
    },
    "handle": {
        f"intent.{_GOODBYE}": {"to": "bye"},
        "no_input": {"to": "bye"},
        "no_match": {"to": "bye"},
    },
}
"""What bounds the talk: how it ends, and what silence leads to."""


def document(
    instructions: str,
    tools: Sequence[Callable[..., Any]] = (),
    *,
    writes: Collection[Callable[..., Any]] = (),
    greeting: str = "Hello, how can I help you?",
    llm: Mapping[str, Any] | Sequence[Mapping[str, Any]] | None = None,
    name: str = "agent",
    max_turns: int = 100,
) -> dict[str, Any]:
    """Write a flow of one state in which a model talks; see `Flow.from_instructions`.

    Args:
        instructions: who the model is and what it is there for; a template, as in a flow.
        tools: functions it may call, with type hints; the docstring's first paragraph tells what
            each is for. They must stand at the top of a module.
        writes: those of `tools` that change the world: they always finish.
        greeting: the first line; empty: the model opens the talk.
        llm: the model, as in `pipeline`: `{"use": "openai", "model": ..., "key": "$NAME"}`; of
            several the first that can be made is used.
        name: the flow's id.
        max_turns: turns of the caller after which the call ends.

    Raises:
        ConfigurationError: a function cannot be a tool; says which and why.
    """
    declared = {function.__name__: _tool(function, function in writes) for function in tools}
    if len(declared) != len(tools):
        raise ConfigurationError("two tools have the same name")
    talk = {"converse": _TASK, "intents": [_GOODBYE], "max_turns": max_turns, "then": "bye"}
    talk |= {"say": greeting} if greeting else {}
    talk |= {"tools": list(declared)} if declared else {}
    written: dict[str, Any] = {
        "turnwise": 1,
        "flow": name,
        "start": "talk",
        "instructions": instructions,
        **_AROUND,
        "states": {"talk": talk, "bye": {"say": "Goodbye.", "end": "hangup"}},
    }
    written |= {"tools": declared} if declared else {}
    if llm is not None:
        models = dict(llm) if isinstance(llm, Mapping) else [dict(one) for one in llm]
        written |= {"pipeline": {"llm": models}}
    return written


def _tool(function: Callable[..., Any], writes: bool) -> dict[str, Any]:
    """Declare a function, as an author would."""
    name, place = function.__name__, f"{function.__module__}.{function.__qualname__}"
    if not _NAME.fullmatch(name) or name == "report":
        raise ConfigurationError(f"tool {place}: a tool is called in lower_snake_case")
    if "<" in place or "." in function.__qualname__:
        raise ConfigurationError(f"tool {place}: a tool stands at the top of a module")
    hints = typing.get_type_hints(function)
    args: dict[str, Any] = {}
    for parameter in inspect.signature(function).parameters.values():
        if parameter.name in _OURS:
            continue
        if parameter.kind not in (parameter.POSITIONAL_OR_KEYWORD, parameter.KEYWORD_ONLY):
            raise ConfigurationError(f"tool {place}: `*{parameter.name}` has no name of its own")
        written = _written(hints.get(parameter.name, str), f"{place}: {parameter.name}")
        optional = parameter.default is not parameter.empty
        args[parameter.name] = _optional(written) if optional else written
    tool: dict[str, Any] = {"use": f"python:{place}"}
    tool |= {"args": args} if args else {}
    return tool | ({"effect": "write"} if writes else {})


def _written(hint: Any, where: str) -> Any:
    """A type hint, as a type of the flow language."""
    if hint in _SCALARS:
        return _SCALARS[hint]
    origin, inner = typing.get_origin(hint), typing.get_args(hint)
    if origin is Literal and all(isinstance(value, str) for value in inner):
        return list(inner)
    if isinstance(hint, type) and issubclass(hint, enum.Enum):
        return [str(member.value) for member in hint]
    if origin in (list, Sequence) and len(inner) == 1 and inner[0] in _SCALARS:
        return f"list({_SCALARS[inner[0]]})"
    if origin in (typing.Union, types.UnionType):
        some = [part for part in inner if part is not type(None)]
        if len(some) == 1 and len(some) < len(inner):
            return _optional(_written(some[0], where))
    raise ConfigurationError(f"tool {where}: a model cannot be told of the type {hint}")


def _optional(written: Any) -> str:
    text = written if isinstance(written, str) else f"[{', '.join(written)}]"
    return f"{text.rstrip('?')}?"
