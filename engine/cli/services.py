"""What services say of themselves: OpenAPI documents, and the tools that an MCP server lists.

A flow names an operation (`http:booking.create`, `mcp:crm.find`), and the provider holds the
address and the secret. So what the service takes is read from a file that the project keeps, and
that `[tool.turnwise.services]` names: `"http:booking" = "booking.openapi.yaml"`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from engine.errors import why
from engine.flow.catalogue import Parameter, Signature
from engine.flow.diagnostics import listing, nearest

_METHODS = ("get", "put", "post", "delete", "options", "head", "patch", "trace")
_TYPES = {"string": "str", "integer": "int", "number": "float", "boolean": "bool", "array": "list"}
_FORMATS = {"date": "date", "time": "time", "date-time": "datetime", "duration": "timedelta"}
_REFERENCES = 20
"""Steps from a `$ref` to the next; a longer chain leads nowhere."""


def described(use: str, services: Mapping[str, Path]) -> Signature | None:
    """What a tool's operation takes; None where no file describes its service.

    Args:
        use: `http:SERVICE.OPERATION` or `mcp:SERVICE.TOOL`.
        services: the files by `SCHEME:SERVICE`.
    """
    service = next((s for s in sorted(services, reverse=True) if use.startswith(f"{s}.")), None)
    if service is None:
        return None
    name, path = use[len(service) + 1 :], services[service]
    data = _read(path)
    if isinstance(data, Signature):
        return data
    offered = dict(_mcp(data) if use.startswith("mcp:") else _openapi(data))
    found = offered.get(name)
    if found is not None:
        return found
    near = nearest(name, offered)
    known = f"did you mean `{near}`?" if near else f"it has {listing(list(offered)) or 'none'}"
    return Signature(what=_what(use), failure=f"`{path.name}` has no `{name}`; {known}")


def _what(use: str) -> str:
    return "tool of the server" if use.startswith("mcp:") else "operation"


def _read(path: Path) -> Any:
    try:
        # JSON is YAML, but for tabs; both kinds of documents come as either.
        return YAML(typ="safe", pure=True).load(path.read_text(encoding="utf-8"))
    except OSError as error:
        return Signature(failure=f"cannot read `{path.name}`: {why(error)}")
    except (YAMLError, ValueError, OverflowError, RecursionError):
        return Signature(failure=f"`{path.name}` is neither YAML nor JSON")


# --- MCP ------------------------------------------------------------------------------------------


def _mcp(data: Any) -> Iterator[tuple[str, Signature]]:
    """The answer to `tools/list`: with its envelope, without, or the list alone."""
    for key in ("result", "tools"):
        data = data[key] if isinstance(data, dict) and key in data else data
    for tool in data if isinstance(data, list) else ():
        if isinstance(tool, dict) and isinstance(tool.get("name"), str):
            schema = tool.get("inputSchema")
            yield tool["name"], _of_schema({}, schema, "tool of the server")


# --- OpenAPI --------------------------------------------------------------------------------------


def _openapi(data: Any) -> Iterator[tuple[str, Signature]]:
    for path in _maps(data, "paths"):
        for method in _METHODS:
            operation = path.get(method)
            name = operation.get("operationId") if isinstance(operation, dict) else None
            if isinstance(name, str):
                yield name, _operation(data, path, operation)


def _operation(data: Any, path: Any, operation: Any) -> Signature:
    content = _followed(data, operation.get("requestBody"))
    content = content.get("content") if isinstance(content, dict) else None
    kinds = list(content.values()) if isinstance(content, dict) else []
    schema = kinds[0].get("schema") if kinds and isinstance(kinds[0], dict) else None
    body = _of_schema(data, schema, "operation")
    parameters = dict(body.parameters)
    for owner in (path, operation):
        listed = owner.get("parameters")
        for written in listed if isinstance(listed, list) else ():
            one = _followed(data, written)
            if isinstance(one, dict) and one.get("in") in ("query", "path"):
                kind = _type(data, one.get("schema"))
                required = one.get("required") is True
                parameters[str(one.get("name"))] = Parameter(annotation=kind, required=required)
    return Signature(what="operation", parameters=parameters, open=body.open)


def _of_schema(data: Any, schema: Any, what: str) -> Signature:
    """The properties of a JSON Schema as parameters."""
    schema = _followed(data, schema)
    if not isinstance(schema, dict):
        return Signature(what=what)
    required = schema.get("required")
    due = required if isinstance(required, list) else []
    properties = schema.get("properties")
    parameters = {
        str(name): Parameter(annotation=_type(data, inner), required=name in due)
        for name, inner in (properties.items() if isinstance(properties, dict) else ())
    }
    loose = schema.get("additionalProperties") not in (None, False)
    return Signature(what=what, parameters=parameters, open=loose or "allOf" in schema)


def _type(data: Any, schema: Any) -> str:
    schema = _followed(data, schema)
    if not isinstance(schema, dict):
        return ""
    kind = schema.get("type")
    if isinstance(kind, list):
        kind = next((one for one in kind if one != "null"), None)
    written = _FORMATS.get(str(schema.get("format"))) if kind == "string" else None
    return written or _TYPES.get(str(kind), "")


def _followed(data: Any, value: Any) -> Any:
    """The value itself, or what its `$ref` names in the same document."""
    for _ in range(_REFERENCES):
        reference = value.get("$ref") if isinstance(value, dict) else None
        if not isinstance(reference, str) or not reference.startswith("#/"):
            return value
        value = data
        for part in reference[2:].split("/"):
            key = part.replace("~1", "/").replace("~0", "~")
            value = value.get(key) if isinstance(value, dict) else None
    return None


def _maps(data: Any, key: str) -> Iterator[dict[str, Any]]:
    found = data.get(key) if isinstance(data, dict) else None
    for value in found.values() if isinstance(found, dict) else ():
        if isinstance(value, dict):
            yield value
