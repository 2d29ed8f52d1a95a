"""Writes tests as YAML, in the way a person would: one step a line."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

_PLAIN = re.compile(r"[A-Za-z][A-Za-z0-9_ ./'-]*[A-Za-z0-9_.!/]|[A-Za-z]")
"""Text that every YAML reader takes as the text it is."""
_WORDS = frozenset({"yes", "no", "on", "off", "true", "false", "null", "y", "n"})


@dataclass(frozen=True, slots=True)
class Written:
    """A step, and a comment behind it."""

    key: str
    value: Any
    comment: str = ""
    heard: Mapping[str, Any] | None = None


@dataclass(slots=True)
class Stub:
    """A test to be written."""

    name: str
    comment: str = ""
    now: str = ""
    inputs: dict[str, Any] = field(default_factory=dict)
    mocks: dict[str, list[Any]] = field(default_factory=dict)
    """By tool, the answers in the order of the calls."""
    talk: list[Written] = field(default_factory=list)


def write(stubs: Sequence[Stub]) -> str:
    """Return the entries of a `tests:` block, indented by two."""
    return "\n".join("\n".join(_lines(stub)) + "\n" for stub in stubs)


def _lines(stub: Stub) -> list[str]:
    lines = [f"  {stub.name}:"]
    lines += [f"    # {line}" for line in stub.comment.splitlines()]
    if stub.now:
        lines.append(f"    now: {json.dumps(stub.now)}")
    if stub.inputs:
        lines.append(f"    inputs: {flow_style(stub.inputs)}")
    if stub.mocks:
        lines.append("    mock:")
        for tool, answers in stub.mocks.items():
            same = all(answer == answers[0] for answer in answers)
            # a value that is a list itself would be read as one answer after the other
            bare = same and not isinstance(answers[0], list)
            lines.append(f"      {tool}: {flow_style(answers[0] if bare else answers)}")
    lines.append("    talk:")
    for step in stub.talk:
        behind = f"  # {step.comment}" if step.comment else ""
        lines.append(f"      - {step.key}: {flow_style(step.value)}{behind}")
        if step.heard is not None:
            lines.append(f"        heard: {flow_style(step.heard)}")
    return lines


def flow_style(value: Any) -> str:
    """A value on one line, without quotes where none are needed."""
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{key}: {flow_style(item)}" for key, item in value.items()) + "}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(flow_style(item) for item in value) + "]"
    if isinstance(value, str) and _PLAIN.fullmatch(value) and value.lower() not in _WORDS:
        return value
    return json.dumps(value, ensure_ascii=False)


def duration(millis: int) -> str:
    """`7s`, `1500ms`."""
    return f"{millis // 1000}s" if millis % 1000 == 0 else f"{millis}ms"
