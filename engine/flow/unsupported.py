"""What the language defines and this engine does not run yet (TW111). Refused, never ignored.

Each finding says in which words to do without, where there is a way.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from engine.flow.diagnostics import Diagnostic, Path, listing
from engine.flow.outline import Map, action_maps, maps, scopes, states
from engine.flow.source import Source

BUILT_SLOT_KINDS = ("text", "integer", "number", "boolean", "date", "time", "phone", "enum")
"""The slot types that can be understood from what a caller says."""


@dataclass(frozen=True, slots=True)
class _Later:
    """One thing that is not there yet: the place, what "is" or "are", what to do instead."""

    where: Path
    what: str
    instead: str
    on_key: bool = True


_IN_FLOW = {
    "include": ("including fragments is", "copy the fragment's keys into this file"),
    "room": ("room options are", "choose the room when starting: `turnwise run FILE --room demo`"),
    "knowledge": ("knowledge is", "let a tool answer the question"),
    "voicemail": ("recognising an answering machine is", "remove it"),
    "migrate": (
        "migrating saved calls is",
        "remove it; calls finish on the version they began with",
    ),
}
_IN_SCOPE = {
    "sound": ("background sounds are", "remove it"),
    "instructions": (
        "instructions for a model are",
        "say it in the `about` of slots and the `means` of intents",
    ),
}
_IN_STATE = {
    "converse": (
        "free talk with a model (`converse`) is",
        "ask for what you need with `collect`, and let `handle` answer the rest",
    ),
    "resume": (
        "a line after a digression (`resume`) is",
        "remove it; the open question is asked again by itself",
    ),
    "pipeline": ("a pipeline for one state or group is", "move it to the top of the flow"),
}
_IN_PIPELINE = {
    "realtime": ("speech-to-speech models are", "use a cascade: `stt`, `llm`, `tts`"),
    "denoise": ("noise suppression is", "remove it"),
    "avatar": ("avatars are", "remove it"),
    "realtime_mode": ("speech-to-speech models are", "use a cascade: `stt`, `llm`, `tts`"),
    "history": ("history options are", "remove it"),
}
_IN_ACTION = {
    "play": ("playing files is", "speak the line: `say`"),
    "send_dtmf": ("sending keys is", "remove it"),
}
_SCHEMES = {"http": "HTTP tools are", "mcp": "MCP tools are", "provider": "tools of a provider are"}
_COMPONENTS = ("stt", "llm", "tts", "vad", "turn_detector")


def find_unsupported(source: Source) -> list[Diagnostic]:
    """All findings TW111 of a file, and TW112 where it holds tests."""
    data = source.data
    if not isinstance(data, dict):
        return []
    found = [_diagnostic(source, later) for later in _all(data)]
    if data.get("tests"):
        found.append(_tests_not_run(source))
    return found


def _all(data: Map) -> Iterator[_Later]:
    yield from _keys(data, (), _IN_FLOW)
    yield from _pipeline(data.get("pipeline"), ("pipeline",))
    for path, scope in scopes(data):
        yield from _keys(scope, path, _IN_SCOPE)
        for where, action in action_maps(path, scope):
            yield from _keys(action, where, _IN_ACTION)
    for path, state in states(data):
        yield from _state(state, path)
    for name, slot in _entries(data.get("slots")):
        yield from _slot(slot, ("slots", name))
    for name, tool in maps(data.get("tools")):
        yield from _tool(tool, ("tools", name))


def _entries(value: Any) -> list[tuple[str, Any]]:
    return list(value.items()) if isinstance(value, dict) else []


def _keys(owner: Map, path: Path, table: dict[str, tuple[str, str]]) -> Iterator[_Later]:
    for key, (what, instead) in table.items():
        if owner.get(key) is not None:
            yield _Later((*path, key), what, instead)


def _pipeline(pipeline: Any, path: Path) -> Iterator[_Later]:
    if not isinstance(pipeline, dict):
        return
    yield from _keys(pipeline, path, _IN_PIPELINE)
    if pipeline.get("mode") == "realtime":
        instead = "use `mode: cascade`, which is the default"
        yield _Later((*path, "mode"), "speech-to-speech models are", instead, on_key=False)
    for name in _COMPONENTS:
        if isinstance(pipeline.get(name), list):
            instead = f"name one: `{name}: {{use: NAME}}`"
            yield _Later((*path, name), "a list of providers to fall back on is", instead)


def _state(state: Map, path: Path) -> Iterator[_Later]:
    yield from _keys(state, path, _IN_STATE)
    if state.get("converse") is None and state.get("knowledge") is not None:
        yield _Later((*path, "knowledge"), "knowledge is", "let a tool answer the question")
    transfer = state.get("transfer")
    if isinstance(transfer, dict) and transfer.get("kind") in ("warm", "agent"):
        what = f"a transfer of kind `{transfer['kind']}` is"
        instead = "use `kind: cold`: connect the caller and leave"
        yield _Later((*path, "transfer", "kind"), what, instead, on_key=False)


def _slot(slot: Any, path: Path) -> Iterator[_Later]:
    written, where = (slot.get("type"), (*path, "type")) if isinstance(slot, dict) else (slot, path)
    if isinstance(written, str):
        kind = written.split("(")[0].rstrip("?").strip()
        if kind in ("datetime", "duration", "email", "digits", "list"):
            instead = f"use {listing((*BUILT_SLOT_KINDS[:-1], '[a, b]'))}"
            yield _Later(where, f"asking a caller for a value of type `{kind}` is", instead, False)
    if isinstance(slot, dict) and slot.get("dtmf") is not None:
        instead = 'remove it; single keys can name an intent: `intents: {NAME: {dtmf: "1"}}`'
        yield _Later((*path, "dtmf"), "filling a slot with keys is", instead)


def _tool(tool: Map, path: Path) -> Iterator[_Later]:
    use = tool.get("use")
    scheme = use.split(":", 1)[0] if isinstance(use, str) else ""
    if scheme in _SCHEMES:
        instead = "write a Python function that does it: `use: python:package.module.function`"
        yield _Later((*path, "use"), _SCHEMES[scheme], instead, on_key=False)
    if tool.get("keep") is True:
        instead = "stay in the state until the tool has answered"
        yield _Later((*path, "keep"), "tools that outlive their state are", instead)


def _diagnostic(source: Source, later: _Later) -> Diagnostic:
    span = source.key_span(later.where) if later.on_key else source.span(later.where)
    return Diagnostic(
        code="TW111",
        message=f"{later.what} not supported yet",
        span=span,
        label="part of the language, not of this version of Turnwise",
        help=later.instead,
        where=later.where,
    )


def _tests_not_run(source: Source) -> Diagnostic:
    return Diagnostic(
        code="TW112",
        message="the tests in this file are checked for their shape; nothing runs them yet",
        span=source.key_span(("tests",)),
    )
