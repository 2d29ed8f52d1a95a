"""What the language defines and this engine does not run yet. Never ignored in silence.

What would change a call is refused (TW111), and each finding says in which words to do without,
where there is a way. What only surrounds a call is checked like everything else, and is said to
have no effect yet, once for each kind (TW113).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from engine.flow.diagnostics import Diagnostic, Path
from engine.flow.outline import Map, maps, scopes, states
from engine.flow.source import Source


@dataclass(frozen=True, slots=True)
class _Later:
    """One thing that is not there yet: the place, what "is" or "are", what to do instead."""

    where: Path
    what: str
    instead: str
    on_key: bool = True


_IN_STATE = {
    "pipeline": ("a pipeline for one state or group is", "move it to the top of the flow"),
}
_IN_PIPELINE = {
    "realtime": ("speech-to-speech models are", "use a cascade, the default: `stt`, `llm`, `tts`"),
    "denoise": ("noise suppression is", "remove it"),
    "avatar": ("avatars are", "remove it"),
    "realtime_mode": (
        "speech-to-speech models are",
        "use a cascade, the default: `stt`, `llm`, `tts`",
    ),
    "history": ("history options are", "remove it"),
}
_SCHEMES = {
    "http": "calling a web service by its name (`http:`) is",
    "mcp": "calling the tools of an MCP server (`mcp:`) is",
    "provider": "calling the tools of a provider (`provider:`) is",
}
_UNASKABLE = ("list(text", "list(boolean")
_CHECKED_IN_FLOW = {
    "room": "the room is chosen when starting: `turnwise run FILE --room demo`",
    "knowledge": "nobody reads the documents; let a tool answer such questions",
    "voicemail": "no machine is recognised; a test may raise the event: `emit: voicemail`",
}
_COMPONENTS = ("stt", "llm", "tts", "vad", "turn_detector")


def find_unsupported(source: Source) -> list[Diagnostic]:
    """All findings TW111 and TW113 of a file."""
    data = source.data
    if not isinstance(data, dict):
        return []
    found = [_diagnostic(source, later) for later in _all(data)]
    found += _checked_only(source, data)
    return found


def _all(data: Map) -> Iterator[_Later]:
    yield from _pipeline(data.get("pipeline"), ("pipeline",))
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
        instead = "remove it: a cascade of `stt`, `llm` and `tts` runs the same flow"
        yield _Later((*path, "mode"), "speech-to-speech models are", instead, on_key=False)
    for name in _COMPONENTS:
        if isinstance(pipeline.get(name), list):
            instead = f"name one: `{name}: {{use: NAME}}`"
            yield _Later((*path, name), "a list of providers to fall back on is", instead)


def _state(state: Map, path: Path) -> Iterator[_Later]:
    yield from _keys(state, path, _IN_STATE)


def _slot(slot: Any, path: Path) -> Iterator[_Later]:
    written, where = (slot.get("type"), (*path, "type")) if isinstance(slot, dict) else (slot, path)
    if isinstance(written, str) and written.replace(" ", "").startswith(_UNASKABLE):
        if isinstance(slot, dict) and slot.get("values") and "text" in written:
            return
        instead = "name the values it may hold: `type: list(text)` and `values: [...]`"
        yield _Later(where, f"asking a caller for a `{written}` is", instead, False)


def _tool(tool: Map, path: Path) -> Iterator[_Later]:
    use = tool.get("use")
    scheme = use.split(":", 1)[0] if isinstance(use, str) else ""
    if scheme in _SCHEMES:
        instead = (
            "write a Python function that makes the call and holds its address and secret:"
            " `use: python:package.module.function`"
        )
        yield _Later((*path, "use"), _SCHEMES[scheme], instead, on_key=False)


# --- checked, without effect ----------------------------------------------------------------------


def _checked_only(source: Source, data: Map) -> Iterator[Diagnostic]:
    """What stands in a file and changes nothing: one finding for each kind of it."""
    for key, instead in _CHECKED_IN_FLOW.items():
        if data.get(key) is not None:
            yield _without_effect(source, (key,), f"`{key}`", instead)
    for path, scope in scopes(data):
        if scope.get("sound") is not None:
            yield _without_effect(source, (*path, "sound"), "`sound`", "the call is silent there")
            break
    told: set[str] = set()
    for path, state in states(data):
        transfer = state.get("transfer")
        kind = transfer.get("kind") if isinstance(transfer, dict) else None
        if kind in _KINDS and kind not in told:
            told.add(kind)
            where = (*path, "transfer", "kind")
            yield _without_effect(source, where, f"`kind: {kind}`", _KINDS[kind])


_KINDS = {
    "warm": "rooms that cannot speak to the other side first raise `error.transfer`",
    "agent": "rooms that know no other agents raise `error.transfer`",
}


def _without_effect(source: Source, where: Path, what: str, meanwhile: str) -> Diagnostic:
    value = source.span(where)
    span = value if where[-1] == "kind" else source.key_span(where)
    return Diagnostic(
        code="TW113",
        message=f"{what} is checked, and no room of this version acts on it",
        span=span,
        label="no effect yet",
        help=meanwhile,
        where=where,
    )


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
