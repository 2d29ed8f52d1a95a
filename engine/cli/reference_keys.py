"""The tables of the reference: keys of the language by definition, and what is not run yet.

Everything is read from the JSON Schema, which is generated from the models, and from the validator.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any, Final

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from engine.flow.loader import check_text
from engine.flow.model import Policies
from engine.flow.model.base import EVENT_PATTERN, ID_PATTERN, NAME_PATTERN, TARGET_PATTERN
from engine.flow.schema import flow_schema
from engine.flow.shape_words import as_yaml
from providers.registry import KINDS


def table(head: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    """Return a Markdown table."""
    lines = ["| " + " | ".join(head) + " |"]
    lines.append("|" + " --- |" * len(list(head)))
    lines += ["| " + " | ".join(cell.replace("|", r"\|") for cell in row) + " |" for row in rows]
    return "\n".join(lines)


_BASES: Final = {"Slot": "SlotMap", "Variable": "VariableMap", "Timer": "TimerMap"}
"""A short form and the long one, under which the keys are."""

_LINKED: Final = {
    "Action": "an [action](#actions)",
    "Component": "a [provider](#a-provider)",
    "EndOfTurn": "[keys](#end_of_turn)",
    "FalseAlarm": "[keys](#false_alarm)",
    "FillerLine": "[keys](#filler)",
    "FlowTest": "a [test](#tests)",
    "Heard": "[keys](#heard)",
    "Intent": "an [intent](#an-intent)",
    "Interrupt": "[keys](#interrupt)",
    "InterruptionProfile": "[keys](#interruptions), but for `thinking`",
    "Interruptions": "[keys](#interruptions)",
    "Keypad": "[keys](#dtmf)",
    "Listen": "[keys](#listen)",
    "Pipeline": "[keys](#pipeline)",
    "Reaction": "a [reaction](#handlers)",
    "ResultType": "a type, or a map of names to such",
    "Retry": "[keys](#retry)",
    "Slot": "a [slot](#a-slot)",
    "Spoken": "[keys](#agent)",
    "State": "a [state](#a-state)",
    "TalkStep": "a [step](#a-step-of-a-talk)",
    "Target": "a [target](#targets)",
    "Timer": "a [timer](#a-timer)",
    "Tool": "a [tool](#a-tool)",
    "TransferTo": "[keys](#transfer)",
    "Variable": "a [variable](#a-variable-or-an-input)",
    "Way": "a [way](#ways-of-then)",
}
_PLACED: Final = {*_LINKED, *_BASES.values(), "Target"}
"""Definitions that the reference has a section for, or tells in words."""

_SECONDS: Final = {
    "turnwise-duration": "duration",
    "turnwise-type": "a [type](#types)",
}
_PLAIN: Final = {
    "array": "list",
    "boolean": "`true` or `false`",
    "integer": "whole number",
    "number": "number",
    "object": "map",
    "string": "text",
}
_TEXTS: Final = {
    EVENT_PATTERN: "an [event](#events)",
    ID_PATTERN: "name",
    NAME_PATTERN: "name of a slot or variable",
    TARGET_PATTERN: "a [target](#targets)",
}
_SPECIAL: Final = {
    "State": lambda keys: {k: v for k, v in keys.items() if k not in Policies.model_fields},
    "Flow": lambda keys: {k: v for k, v in keys.items() if k not in Policies.model_fields},
    "Policies": lambda keys: {k: v for k, v in keys.items() if k in Policies.model_fields},
}
"""Keys that flow, group and state share are told once."""


def keys(name: str) -> str:
    """Return the table of keys of one definition of the schema."""
    schema = flow_schema()
    found: Mapping[str, Any]
    if name == "Flow":
        found = schema
    else:
        owner = "State" if name == "Policies" else _BASES.get(name, name)
        found = schema["definitions"][owner]
    properties = _SPECIAL.get(name, dict)(found["properties"])
    if name in ("Way", "Reaction"):
        actions = schema["definitions"]["Action"]["properties"]
        properties = {key: value for key, value in properties.items() if key not in actions}
    required = found.get("required", ())
    rows = [_row(key, node, key in required) for key, node in properties.items()]
    return table(("key", "value", "default", "meaning"), rows)


def rest(_: str = "") -> str:
    """Return a section for each definition that has no place of its own in the text."""
    names = [name for name in flow_schema()["definitions"] if name not in _PLACED]
    return "\n\n".join(f"### `{name}`\n\n{keys(name)}" for name in names)


def _row(key: str, node: Mapping[str, Any], required: bool) -> tuple[str, ...]:
    meaning = node.get("description", "")
    examples = [f"`{key}: {_yaml(example)}`" for example in node.get("examples", [])[:2]]
    if examples and key not in KINDS:
        meaning = f"{meaning}<br>{', '.join(examples)}"
    default = "needed" if required else ""
    if "default" in node and not required:
        default = f"`{_yaml(node['default'])}`"
    return f"`{key}`", _value(node), default, meaning


_NUMERIC: Final = re.compile(r"[\d:.T-]+")
"""Times and dates, which older readers of YAML take for numbers."""


def _yaml(value: Any, inside: bool = False) -> str:
    """Return a value on one line, as one would write it: with quotes where YAML needs them."""
    if isinstance(value, dict):
        return f"{{{', '.join(f'{_yaml(k, True)}: {_yaml(v, True)}' for k, v in value.items())}}}"
    if isinstance(value, list):
        return f"[{', '.join(_yaml(item, True) for item in value)}]"
    if not isinstance(value, str):
        return as_yaml(value)
    if _reads_as_itself(value, inside):
        return value
    return f"'{value}'" if '"' in value else f'"{value}"'


def _reads_as_itself(text: str, inside: bool) -> bool:
    """Whether a bare text is that text to YAML, also to older readers (TW005)."""
    if _NUMERIC.fullmatch(text) or (inside and set(text) & set("?,[]{}:\"'")):
        return False
    try:
        return bool(YAML(typ="safe").load(text) == text)
    except YAMLError:
        return False


def _value(node: Mapping[str, Any]) -> str:
    """Say in words what a schema accepts."""
    if "$ref" in node:
        name = node["$ref"].rpartition("/")[2]
        return _LINKED.get(name, f"[keys](#{name.lower()})")
    if "enum" in node:
        return " or ".join(f"`{as_yaml(value)}`" for value in node["enum"])
    if "const" in node:
        return f"`{as_yaml(node['const'])}`"
    if node.get("format") in _SECONDS:
        return _SECONDS[node["format"]]
    if "anyOf" in node:
        choices = list(dict.fromkeys(_value(choice) for choice in node["anyOf"]))
        if _SECONDS["turnwise-type"] in choices:
            return _SECONDS["turnwise-type"]
        return ", or ".join(choices)
    return _plain(node)


def _plain(node: Mapping[str, Any]) -> str:
    kind = node.get("type")
    if isinstance(kind, list):
        if len(kind) == 5:
            return "any value"
        if "pattern" in node:
            return "[expression](#expressions)"
        return " or ".join(_PLAIN[name] for name in kind)
    if kind == "array" and "items" in node:
        return f"list of {_value(node['items'])}"
    if kind == "object" and isinstance(node.get("additionalProperties"), dict):
        inner = node["additionalProperties"]
        key = _TEXTS.get(node.get("propertyNames", {}).get("pattern", ""), "name")
        return f"map: {key} to {_value(inner)}" if inner else "map"
    if kind == "string":
        return _TEXTS.get(node.get("pattern", ""), "text")
    return _PLAIN[kind] if kind else "any value"


# --- what is not run yet -------------------------------------------------------------------------

_FLOW: Final = """\
turnwise: 1
flow: probe
start: only
states:
  only: {say: Hello., end: hangup}
"""
_ASK: Final = _FLOW.replace("{say: Hello., end: hangup}", "{say: Hello., STATE}")
PROBES: Final[Mapping[str, str]] = {
    "room:": _FLOW + "room: {transport: webrtc}\n",
    "sound:": _FLOW + "sound: {ambience: {file: a.wav}}\n",
    "knowledge:": _FLOW + "knowledge: {menu: {use: 'local:./menu'}}\n",
    "voicemail:": _FLOW + "voicemail: {within: 5s}\n",
    "resume:": _ASK.replace("STATE", "resume: Where were we., end: hangup"),
    "play:": _ASK.replace("STATE", "enter: [{play: a.wav}], end: hangup"),
    "send_dtmf:": _ASK.replace("STATE", "enter: [{send_dtmf: '1'}], end: hangup"),
    "pipeline: in a state or group": _ASK.replace(
        "STATE", "pipeline: {tts: {use: embedded}}, end: hangup"
    ),
    "pipeline: {vad: ...} in a state or group": _ASK.replace(
        "STATE", "pipeline: {vad: {use: embedded}}, end: hangup"
    ),
    "pipeline: {turn_detector: ...} in a state or group": _ASK.replace(
        "STATE", "pipeline: {turn_detector: {use: embedded}}, end: hangup"
    ),
    "pipeline: {mode: realtime}": _FLOW + "pipeline: {mode: realtime}\n",
    "pipeline: {realtime: ...}": _FLOW + "pipeline: {realtime: {use: openai}}\n",
    "pipeline: {realtime_mode: ...}": _FLOW + "pipeline: {realtime_mode: full_s2s}\n",
    "pipeline: {stt: [A, B]}": _FLOW + "pipeline: {stt: [{use: embedded}, {use: scripted}]}\n",
    "pipeline: {denoise: ...}": _FLOW + "pipeline: {denoise: {use: x}}\n",
    "pipeline: {avatar: ...}": _FLOW + "pipeline: {avatar: {use: x}}\n",
    "transfer: {kind: warm}": _ASK.replace(
        "{say: Hello., STATE}", "{transfer: {to: $A, kind: warm}}"
    ),
    "transfer: {kind: agent}": _ASK.replace(
        "{say: Hello., STATE}", "{transfer: {to: $A, kind: agent}}"
    ),
    "slots: a type of datetime, duration, email, digits or list": _FLOW
    + "slots: {a: {type: email, ask: 'What is it?'}}\n",
    "slots: {dtmf: ...}": _FLOW
    + "slots: {a: {type: phone, ask: 'What is it?', dtmf: {digits: 9}}}\n",
    "tools: {use: http:...}": _FLOW + "tools: {a: {use: 'http:a.b'}}\n",
    "tools: {use: mcp:...}": _FLOW + "tools: {a: {use: 'mcp:a.b'}}\n",
    "tools: {use: provider:...}": _FLOW + "tools: {a: {use: 'provider:a.b'}}\n",
    "tools: {keep: true}": _FLOW + "tools: {a: {use: 'python:a.b', keep: true}}\n",
}
"""What may have no effect, and a flow with it. The validator is asked: what acts is not listed."""


def unsupported(code: str) -> str:
    """Return the table of what `validate` says has no effect yet (TW113)."""
    rows = []
    for what, flow in PROBES.items():
        found = next(
            (d for d in check_text(flow, "probe.yaml").diagnostics if d.code == code), None
        )
        if found is not None:
            rows.append((f"`{what}`", found.message, found.help or ""))
    return table(("what", "says", "meanwhile"), rows)
