"""The generated parts of the documents: `python -m engine.cli.reference docs` writes them anew.

A document keeps its own prose; between `<!-- begin NAME -->` and `<!-- end NAME -->` stands what
only the code knows: the keys of the language, the findings, the tables of the machines, the options
of the providers. A test compares, so that no document says what is no longer so.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any, Final

from engine.cli.explain import page
from engine.core import agent, user
from engine.flow.codes import CODES, Code
from engine.flow.loader import check_text
from engine.flow.model import Policies
from engine.flow.model.base import EVENT_PATTERN, ID_PATTERN, NAME_PATTERN, TARGET_PATTERN
from engine.flow.schema import flow_schema
from engine.flow.shape_words import as_yaml
from engine.machine.chart import Chart
from providers.info import ProviderInfo
from providers.registry import DEFAULTS, KINDS, installed

_PART = re.compile(r"(<!-- begin ([\w.]+) -->\n).*?(<!-- end \2 -->)", re.DOTALL)


def renewed(text: str) -> str:
    """Return a document with its generated parts made anew.

    Raises:
        KeyError: it has a part that nothing generates.
    """
    return _PART.sub(lambda m: f"{m[1]}{_part(m[2])}\n{m[3]}", text)


def renew(folder: Path) -> list[Path]:
    """Write the generated parts of every document in a folder; return those that changed."""
    changed = []
    for path in sorted(folder.glob("*.md")):
        old = path.read_text(encoding="utf-8")
        new = renewed(old)
        if new != old:
            path.write_text(new, encoding="utf-8")
            changed.append(path)
    return changed


def _part(name: str) -> str:
    kind, _, subject = name.partition(".")
    return _PARTS[kind](subject).strip("\n")


# --- the keys of the language --------------------------------------------------------------------

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
    return _table(("key", "value", "default", "meaning"), rows)


def rest(_: str = "") -> str:
    """Return a section for each definition that has no place of its own in the text."""
    names = [name for name in flow_schema()["definitions"] if name not in _PLACED]
    return "\n\n".join(f"### `{name}`\n\n{keys(name)}" for name in names)


def _row(key: str, node: Mapping[str, Any], required: bool) -> tuple[str, ...]:
    meaning = node.get("description", "")
    if "x-turnwise-status" in node:
        meaning = f"**Not yet.** {meaning.replace(' (Not supported yet.)', '')}"
    examples = [f"`{key}: {_yaml(example)}`" for example in node.get("examples", [])[:2]]
    if examples and "x-turnwise-status" not in node and key not in KINDS:
        meaning = f"{meaning}<br>{', '.join(examples)}"
    default = "needed" if required else ""
    if "default" in node and not required:
        default = f"`{as_yaml(node['default'])}`"
    return f"`{key}`", _value(node), default, meaning


def _yaml(value: Any) -> str:
    """As `as_yaml`, but a text of digits stays a text."""
    return f'"{value}"' if isinstance(value, str) and value.isdigit() else as_yaml(value)


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
        return f"map: name to {_value(inner)}" if inner else "map"
    if kind == "string":
        return _TEXTS.get(node.get("pattern", ""), "text")
    return _PLAIN[kind] if kind else "any value"


def _table(head: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    lines = ["| " + " | ".join(head) + " |"]
    lines.append("|" + " --- |" * len(list(head)))
    lines += ["| " + " | ".join(cell.replace("|", r"\|") for cell in row) + " |" for row in rows]
    return "\n".join(lines)


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
    "include:": _FLOW + "include: [./a.yaml]\n",
    "instructions:": _FLOW + "instructions: You are calm.\n",
    "room:": _FLOW + "room: {transport: webrtc}\n",
    "sound:": _FLOW + "sound: {ambience: {file: a.wav}}\n",
    "knowledge:": _FLOW + "knowledge: {menu: {use: 'local:./menu'}}\n",
    "voicemail:": _FLOW + "voicemail: {within: 5s}\n",
    "migrate:": _FLOW + "migrate: [{from: '<1.2', rename: {states.a: states.b}}]\n",
    "converse:": _ASK.replace("STATE", "converse: Chat., until: 'true', then: END"),
    "resume:": _ASK.replace("STATE", "resume: Where were we., end: hangup"),
    "play:": _ASK.replace("STATE", "enter: [{play: a.wav}], end: hangup"),
    "send_dtmf:": _ASK.replace("STATE", "enter: [{send_dtmf: '1'}], end: hangup"),
    "pipeline: in a state or group": _ASK.replace(
        "STATE", "pipeline: {tts: {use: embedded}}, end: hangup"
    ),
    "pipeline: {mode: realtime}": _FLOW + "pipeline: {mode: realtime}\n",
    "pipeline: {realtime: ...}": _FLOW + "pipeline: {realtime: {use: openai}}\n",
    "pipeline: {stt: [...]}": _FLOW + "pipeline: {stt: [{use: embedded}]}\n",
    "pipeline: {denoise: ...}": _FLOW + "pipeline: {denoise: {use: x}}\n",
    "pipeline: {avatar: ...}": _FLOW + "pipeline: {avatar: {use: x}}\n",
    "pipeline: {history: ...}": _FLOW + "pipeline: {history: keep}\n",
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
"""What may not be run, and a flow with it. The validator is asked: what it takes is not listed."""


def unsupported(code: str) -> str:
    """Return the table of what `validate` refuses (TW111), or says has no effect yet (TW113)."""
    rows = []
    for what, flow in PROBES.items():
        found = next(
            (d for d in check_text(flow, "probe.yaml").diagnostics if d.code == code), None
        )
        if found is not None:
            rows.append((f"`{what}`", found.message, found.help or ""))
    return _table(("what", "says", "do instead"), rows)


# --- findings ------------------------------------------------------------------------------------

_FAMILIES: Final = {
    "TW0": "The file as YAML",
    "TW1": "Its shape",
    "TW2": "Names",
    "TW3": "Ways through the states",
    "TW4": "Types",
    "TW5": "What is said",
    "TW6": "Tools",
    "TW7": "Models",
    "TW8": "Secrets and paths",
    "TW9": "Tests",
}


def codes(_: str = "") -> str:
    """Return a chapter for each family of findings, a section for each code some pass reports."""
    chapters = []
    for start, title in _FAMILIES.items():
        family = [code for code in CODES.values() if code.code.startswith(start)]
        built = [_section(code) for code in family if code.implemented]
        if built:
            chapters.append("\n\n".join([f"## {title}", *built]))
    return "\n\n".join(chapters)


def _section(code: Code) -> str:
    found = page(code.code)
    text = found.text.strip() if found is not None else code.catches
    text = text.replace("```yaml bad\n", "Bad:\n\n```yaml\n")
    text = text.replace("```yaml good\n", "Good:\n\n```yaml\n")
    text = re.sub(r"```yaml file=(\S+)\n", r"Beside it, `\1`:\n\n```yaml\n", text)
    return f"### {code.code} {code.name}\n\n*{code.severity}*\n\n{text}"


def later(_: str = "") -> str:
    """Return the table of the codes that are defined, and that nothing looks for yet."""
    rows = [(c.code, c.name, c.severity, c.catches) for c in CODES.values() if not c.implemented]
    return _table(("code", "name", "severity", "catches"), rows)


# --- machines and providers ----------------------------------------------------------------------

_CHARTS: Final[Mapping[str, Chart]] = {"agent": agent.CHART, "user": user.CHART}


def chart(name: str) -> str:
    """Return a machine's table as a Mermaid drawing."""
    drawn = _CHARTS[name]
    rows = [f"    {row.source} --> {row.dest}: {row.trigger}" for row in drawn.rows]
    lines = ["```mermaid", "stateDiagram-v2", f"    [*] --> {drawn.states[0]}", *rows, "```"]
    return "\n".join(lines)


def providers(_: str = "") -> str:
    """Return what each installed provider is, and its options."""
    parts = []
    for kind in KINDS:
        for name in installed().catalogue()[kind]:
            info = installed().info(kind, name)
            mark = ", the default" if DEFAULTS.get(kind) == name else ""
            title = f"### `{kind}: {{use: {name}}}`{mark}"
            parts.append(
                f"{title}\n\n{info.summary[:1].upper()}{info.summary[1:]}.\n\n{_options(info)}"
            )
    return "\n\n".join(parts)


def _options(info: ProviderInfo) -> str:
    rows = []
    for name, option in info.options.model_fields.items():
        default = "needed" if option.is_required() else f"`{as_yaml(option.default)}`"
        rows.append((f"`{name}`", default.replace("`None`", ""), option.description or ""))
    return _table(("option", "default", "meaning"), rows) if rows else "It has no options."


_PARTS: Final[Mapping[str, Callable[[str], str]]] = {
    "chart": chart,
    "codes": codes,
    "keys": keys,
    "later": later,
    "providers": providers,
    "rest": rest,
    "unsupported": unsupported,
}

if __name__ == "__main__":
    for written in renew(Path(sys.argv[1] if len(sys.argv) > 1 else "docs")):
        sys.stdout.write(f"{written}\n")
