"""The flow language as JSON Schema, generated from the models.

Pydantic writes the first draft. This module then does what an author notices in an editor:

- a state is not "one of eight shapes" (whose errors read "not valid under any of the given
  schemas"): each verb says what may not stand beside it, so the error names the wrong key;
- an empty value (`then:` with nothing behind it) is never allowed where a value is due;
- descriptions are Markdown, and short forms (`name: text`) are offered beside the long ones.
"""

from __future__ import annotations

import functools
import json
from typing import Any

from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue, models_json_schema

from engine.flow.model.base import TARGET_PATTERN
from engine.flow.model.flow import Flow, Fragment
from engine.flow.model.slots import RESULT_TYPE_SCHEMA
from engine.flow.model.states import VERB_KEYS, VERBS, VERBS_WITHOUT_THEN, Transition
from engine.flow.model.tools import TALK_STEPS

_ANY_VALUE = ["string", "number", "boolean", "array", "object"]


_STATE_SNIPPETS = [
    {
        "label": "ask",
        "description": "Ask for slots, then go on.",
        "body": {"collect": ["${1:slot}"], "then": "${2:state}"},
    },
    {
        "label": "confirm",
        "description": "Ask a yes/no question, then branch.",
        "body": {
            "confirm": "${1:Is that right?}",
            "then": [{"when": "answer", "to": "${2:yes}"}, {"to": "${3:no}"}],
        },
    },
    {
        "label": "run",
        "description": "Call a tool, then branch on its result.",
        "body": {
            "run": "${1:tool}",
            "args": {"${2:name}": "${3:slots.name}"},
            "then": "${4:state}",
            "handle": {"error": {"say": "${5:That did not work.}", "to": "${6:state}"}},
        },
    },
    {
        "label": "goodbye",
        "description": "Say a last line and hang up.",
        "body": {"say": "${1:Goodbye.}", "end": "hangup"},
    },
]
"""What an editor offers for a new state."""


@functools.cache
def flow_schema() -> dict[str, Any]:
    """The JSON Schema of a flow file. Do not change the result.

    It is draft-07, the newest draft that the YAML language server of the editors validates with.
    """
    references, draft = models_json_schema(
        [(Flow, "validation"), (Transition, "validation")],
        by_alias=True,
        schema_generator=_InOrder,
        ref_template="#/definitions/{model}",
    )
    definitions: dict[str, Any] = {
        name: _clean(definition) for name, definition in draft["$defs"].items()
    }
    root = definitions.pop("Flow")
    # Types are written as text, so the class that holds a parsed one is not part of the language.
    definitions.pop("ValueType", None)
    _bind_lines(definitions["Transition"])
    _add_definitions(definitions)
    _bind_verbs(definitions["State"])
    _bind_lines(definitions["Action"])
    _bind_steps(definitions["TalkStep"])
    definitions["ModelReply"]["minProperties"] = 1
    definitions["Action"]["minProperties"] = 1
    definitions["HistoryLimit"]["minProperties"] = 1
    definitions["Component"]["additionalProperties"] = {"type": _ANY_VALUE}
    definitions["State"]["defaultSnippets"] = _STATE_SNIPPETS
    _add_short_forms(definitions)
    return {
        "$schema": "http://json-schema.org/draft-07/schema#",
        **root,
        "title": "Turnwise flow, language version 1",
        "definitions": dict(sorted(definitions.items())),
    }


class _InOrder(GenerateJsonSchema):
    """Keys in the order of the models, which is the order authors read and write them in."""

    def sort(self, value: JsonSchemaValue, parent_key: str | None = None) -> JsonSchemaValue:
        return value


@functools.cache
def fragment_schema() -> dict[str, Any]:
    """The JSON Schema of a fragment: the parts of a flow that it may hold. Do not change it."""
    flow = flow_schema()
    own = Fragment.model_fields
    properties = {key: flow["properties"]["flow" if key == "fragment" else key] for key in own}
    for key in ("fragment", "description", "include"):
        told = {"description": own[key].description, "markdownDescription": own[key].description}
        properties[key] = {**properties[key], **told, "examples": own[key].examples}
    order = ("turnwise", "fragment", "description", "include")
    return {
        **flow,
        "title": "Turnwise fragment, language version 1",
        "description": " ".join((Fragment.__doc__ or "").split()),
        "markdownDescription": " ".join((Fragment.__doc__ or "").split()),
        "properties": {key: properties[key] for key in (*order, *properties)},
        "required": ["turnwise", "fragment"],
        "definitions": reached([*properties.values()], flow["definitions"]),
    }


def reached(node: Any, definitions: dict[str, Any]) -> dict[str, Any]:
    """Gather every definition that is reached from a part of a schema, sorted by name."""
    used: dict[str, Any] = {}
    _gather(node, definitions, used)
    return dict(sorted(used.items()))


def _gather(node: Any, definitions: dict[str, Any], used: dict[str, Any]) -> None:
    if isinstance(node, list):
        for item in node:
            _gather(item, definitions, used)
    elif isinstance(node, dict):
        name = str(node.get("$ref", "")).removeprefix("#/definitions/")
        if name and name not in used:
            used[name] = definitions[name]
            _gather(definitions[name], definitions, used)
        for inner in node.values():
            _gather(inner, definitions, used)


def schema_text() -> str:
    """The schema as it is shipped: two blanks of indent, a line break at the end."""
    return _written(flow_schema())


def fragment_schema_text() -> str:
    """The same for fragments."""
    return _written(fragment_schema())


def _written(schema: dict[str, Any]) -> str:
    return json.dumps(schema, indent=2, ensure_ascii=False) + "\n"


# --- the draft, cleaned --------------------------------------------------------------------------


def _clean(node: Any) -> Any:
    """Rewrite one part of the draft, innermost first."""
    if isinstance(node, list):
        return [_clean(item) for item in node]
    if not isinstance(node, dict):
        return node
    if "x-ref" in node:
        rest = {key: _clean(value) for key, value in node.items() if key != "x-ref"}
        return {**rest, "$ref": f"#/definitions/{node['x-ref']}"}
    if "properties" in node:
        return _clean_object(node)
    return _clean_map(_clean_choice({key: _clean(value) for key, value in node.items()}))


def _clean_object(node: dict[str, Any]) -> dict[str, Any]:
    properties = {key: _property(_clean(value)) for key, value in node["properties"].items()}
    result = {key: value for key, value in node.items() if key not in ("properties", "title")}
    if "description" in result:
        result["description"] = " ".join(result["description"].split())
        result["markdownDescription"] = result["description"]
    return {"title": node["title"], **result, "properties": properties}


def _property(node: dict[str, Any]) -> dict[str, Any]:
    node = {key: value for key, value in node.items() if key != "title"}
    if node.get("default", ...) is None or node.get("default") in ([], {}):
        del node["default"]
    description = node.get("description", "")
    if "x-turnwise-effect" in node:
        description = f"{description} (Checked, and without effect yet.)"
        node["description"] = description
    if description:
        node["markdownDescription"] = description
    if isinstance(node.get("type"), list):
        # An expression may be `null` inside a map of expressions, never as the value of a key.
        node["type"] = [name for name in node["type"] if name != "null"]
    constraints = {"type", "anyOf", "$ref", "const", "enum"}
    return node if constraints & node.keys() else {"type": _ANY_VALUE, **node}


def _clean_choice(node: dict[str, Any]) -> dict[str, Any]:
    """Drop "or null" (an absent key is absent, not null), and choices that are one."""
    if "anyOf" not in node:
        return node
    choices = [choice for choice in node["anyOf"] if choice != {"type": "null"}]
    rest = {key: value for key, value in node.items() if key != "anyOf"}
    if len(choices) == 1:
        return {**choices[0], **rest}
    if all(choice.keys() == {"type"} for choice in choices):
        types = [choice["type"] for choice in choices]
        # JSON Schema counts an integer as a number.
        return {
            **rest,
            "type": [name for name in types if name != "integer" or "number" not in types],
        }
    return {**rest, "anyOf": choices}


def _clean_map(node: dict[str, Any]) -> dict[str, Any]:
    """Say "all keys look so" instead of "keys that look so": a wrong key is an error."""
    patterns = node.get("patternProperties")
    if patterns is None:
        return node
    ((pattern, value),) = patterns.items()
    rest = {key: inner for key, inner in node.items() if key != "patternProperties"}
    return {**rest, "propertyNames": {"pattern": pattern}, "additionalProperties": value}


# --- what the models say in code -----------------------------------------------------------------


def _add_definitions(definitions: dict[str, Any]) -> None:
    """A target, and the two kinds of transition: after a verb, and about an event."""
    definitions["ResultType"] = _clean(RESULT_TYPE_SCHEMA)
    definitions["Target"] = {
        "title": "Target",
        "description": "A state, or STAY, REPEAT, RESUME, BACK, END.",
        "type": "string",
        "pattern": TARGET_PATTERN,
        "patternErrorMessage": "A target is a state id, or STAY, REPEAT, RESUME, BACK, END.",
    }
    transition = definitions.pop("Transition")
    properties = transition["properties"]
    definitions["Way"] = {
        **transition,
        "title": "Way",
        "properties": {
            key: value for key, value in properties.items() if key not in ("call", "args")
        },
        "required": ["to"],
    }
    definitions["Reaction"] = {
        **transition,
        "title": "Reaction",
        "if": {"required": ["call"]},
        "then": {"properties": {"to": False}},
        "else": {"required": ["to"], "properties": {"args": False}},
    }


def _bind_verbs(state: dict[str, Any]) -> None:
    rules = []
    for verb in VERBS:
        forbidden = [other for other in VERBS if other != verb]
        forbidden += [key for key in _verb_keys() if key not in VERB_KEYS.get(verb, ())]
        forbidden += ["then"] if verb in VERBS_WITHOUT_THEN else []
        forbidden += ["say"] if verb == "states" else []
        rules.append(
            {
                "if": {"required": [verb]},
                "then": {"properties": dict.fromkeys(forbidden, False)},
            }
        )
    no_verb = {"not": {"anyOf": [{"required": [verb]} for verb in VERBS]}}
    rules.append({"if": no_verb, "then": {"properties": dict.fromkeys(_verb_keys(), False)}})
    state["allOf"] = rules


def _bind_lines(action: dict[str, Any]) -> None:
    """Who may interrupt a line is said beside a line."""
    silent = {"required": ["interruptions"], "not": {"required": ["play"]}}
    action["allOf"] = [{"if": silent, "then": {"required": ["say"]}}]


def _verb_keys() -> list[str]:
    return list(dict.fromkeys(key for keys in VERB_KEYS.values() for key in keys))


def _bind_steps(step: dict[str, Any]) -> None:
    rules: list[dict[str, Any]] = [
        {
            "if": {"required": [key]},
            "then": {
                "properties": dict.fromkeys([other for other in TALK_STEPS if other != key], False)
            },
        }
        for key in TALK_STEPS
    ]
    step["allOf"] = rules
    step["dependencies"] = {"heard": ["user"], "model": ["user"]}
    step["minProperties"] = 1


def _add_short_forms(definitions: dict[str, Any]) -> None:
    """Put the bare value beside the map, under the same name."""
    type_of = definitions["Slot"]["properties"]["type"]["anyOf"]
    after = definitions["Timer"]["properties"]["after"]
    duration = {
        key: value for key, value in after.items() if key.startswith(("type", "pattern", "format"))
    }
    for name in ("Slot", "Variable", "Timer"):
        long_form = definitions[name]
        shorts = [duration] if name == "Timer" else type_of
        definitions[f"{name}Map"] = long_form
        definitions[name] = {
            "title": name,
            "description": long_form["description"],
            "anyOf": [*shorts, {"$ref": f"#/definitions/{name}Map"}],
        }
