"""What `turnwise run` takes, as a file: `worker.yaml`.

::

    flow: ./book_table.yaml       # paths are relative to this file
    host: 0.0.0.0
    token: $DESK_TOKEN            # an environment variable; never the secret itself
    record: true

What is wrong is told with file, line and the keys there are.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any, Literal

from pydantic import Field, ValidationError

from engine.errors import ConfigurationError
from engine.flow.model.base import FlowModel, Text
from engine.flow.problems import suggest
from engine.flow.source import Source, read_source

SECRET_PATTERN = r"^\$[A-Za-z_][A-Za-z0-9_]*$"  # noqa: S105  (the pattern of a name)
"""The name of an environment variable; whatever else stands there might be a secret."""


class WorkerConfig(FlowModel):
    """What a worker serves, where, and what it keeps."""

    flow: Text = Field(description="The flow, relative to this file.", examples=["./desk.yaml"])
    room: Literal["demo"] = Field(
        default="demo", description="How callers reach it: a local WebRTC room with a page."
    )
    host: Text = Field(
        default="127.0.0.1", description="Where to listen.", examples=["127.0.0.1", "0.0.0.0"]
    )
    port: int = Field(default=8800, ge=0, le=65535, description="The port; 0 takes a free one.")
    token: str | None = Field(
        default=None,
        pattern=SECRET_PATTERN,
        description="Who knows it may call, as an environment variable: `$NAME`. Needed beyond "
        "loopback.",
        examples=["$TURNWISE_TOKEN"],
    )
    runs: Text = Field(
        default="runs",
        description="The folder in which every call leaves its traces, relative to this file.",
    )
    record: bool = Field(default=False, description="Also record the audio of every call.")
    store: Text | None = Field(
        default=None,
        description="An SQLite file that keeps every call, relative to this file: who comes back "
        "after a crash goes on.",
        examples=["calls.sqlite"],
    )


def read_config(path: Path, environment: Mapping[str, str] | None = None) -> dict[str, Any]:
    """Read a worker's configuration: the keys that are written there, ready to be used.

    Args:
        path: the file; `flow`, `runs` and `store` are relative to its folder.
        environment: where `token` is looked up; that of the process by default.

    Returns:
        The written keys and their values, and `runs` in any case: `flow`, `runs` and `store` as
        paths; `token` as a function that looks it up (it raises `ConfigurationError` when the
        variable is not set), for another token may be given at the command line.

    Raises:
        ConfigurationError: it cannot be read, or something in it is wrong; the text has file, line
            and column.
    """
    source = _source(path)
    try:
        config = WorkerConfig.model_validate(source.data)
    except ValidationError as error:
        raise ConfigurationError(_told(source, error)) from None
    given = {"runs": config.runs, **config.model_dump(exclude_unset=True)}
    for key in ("flow", "runs", "store"):
        if key in given:
            given[key] = path.parent / given[key]
    if "token" in given:
        known = os.environ if environment is None else environment
        given["token"] = partial(_secret, source, known)
    return given


def _source(path: Path) -> Source:
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise ConfigurationError(f"{path}: {error.strerror or error}") from error
    except UnicodeDecodeError as error:
        raise ConfigurationError(f"{path}: this is no UTF-8 text") from error
    source = read_source(text, str(path))
    if source.root is None and all(found.code == "TW110" for found in source.findings):
        raise ConfigurationError(f"{path}:1:1: the file is empty; it needs `flow: ./FILE.yaml`")
    for found in source.findings:
        if found.is_error:
            at = found.span
            raise ConfigurationError(f"{path}:{at.line}:{at.column}: {found.message}")
    return source


def _secret(source: Source, environment: Mapping[str, str]) -> str:
    name = source.data["token"].removeprefix("$")
    value = environment.get(name)
    if not value:
        raise ConfigurationError(f"{_place(source, ('token',))}: ${name} is not set")
    return value


def _told(source: Source, error: ValidationError) -> str:
    """The first thing that is wrong, in the order of the file, as `FILE:LINE:COLUMN: what`."""
    if not isinstance(source.data, dict):
        return f"{_place(source, ())}: expected keys and values, like `flow: ./FILE.yaml`"
    empty = next((key for key, value in source.data.items() if value is None), None)
    if empty is not None:
        span = source.key_span((empty,))
        return f"{source.file}:{span.line}:{span.column}: nothing stands behind `{empty}`"
    found = [
        (_position(source, wrong["loc"], wrong["type"]), _message(source.data, wrong))
        for wrong in error.errors(include_url=False)
    ]
    (line, column), message = min(found)
    return f"{source.file}:{line}:{column}: {message}"


def _place(source: Source, path: tuple[str | int, ...]) -> str:
    span = source.span(path)
    return f"{source.file}:{span.line}:{span.column}"


def _position(source: Source, loc: tuple[str | int, ...], kind: str) -> tuple[int, int]:
    path = loc[:1]
    if kind == "missing":
        path = ()
    span = source.key_span(path) if kind == "extra_forbidden" else source.span(path)
    return span.line, span.column


def _message(data: Mapping[str, Any], wrong: Any) -> str:
    name = str(wrong["loc"][0]) if wrong["loc"] else ""
    if wrong["type"] == "extra_forbidden":
        near = suggest(name, list(WorkerConfig.model_fields))
        return f"unknown key `{name}`" + (f"; {near}" if near else f"; keys are: {_keys()}")
    if wrong["type"] == "missing":
        return f"the key `{name}` is missing"
    if name == "token":
        # the value is not shown: it may be the secret
        return "`token` takes the name of an environment variable, like `$TURNWISE_TOKEN`"
    text = str(wrong["msg"]).removeprefix("Value error, ")
    if not name:
        return text
    shown = json.dumps(data[name], ensure_ascii=False, default=str)
    return f"`{name}: {shown}`: {re.sub('^Input s', 's', text)}"


def _keys() -> str:
    return ", ".join(f"`{name}`" for name in WorkerConfig.model_fields)


# --- schema ---------------------------------------------------------------------------------------


def schema_of_config() -> dict[str, Any]:
    """The JSON Schema of a worker's configuration."""
    drafted = WorkerConfig.model_json_schema()
    properties = {}
    for name, field in drafted["properties"].items():
        kept = {key: value for key, value in field.items() if key != "title"}
        # an empty value is refused, so `null` is nothing an editor may offer
        options = [inner for inner in kept.pop("anyOf", []) if inner != {"type": "null"}]
        kept = {**(options[0] if options else {}), **kept}
        if kept.get("default", "") is None:
            del kept["default"]
        properties[name] = {**kept, "markdownDescription": kept["description"]}
    return {
        "$schema": "http://json-schema.org/draft-07/schema#",
        "title": "Turnwise worker configuration, version 1",
        "description": WorkerConfig.__doc__,
        "type": "object",
        "additionalProperties": False,
        "required": drafted["required"],
        "properties": properties,
    }


def schema_text_of_config() -> str:
    """The schema as it is shipped: two blanks of indent, a line break at the end."""
    return json.dumps(schema_of_config(), indent=2, ensure_ascii=False) + "\n"
