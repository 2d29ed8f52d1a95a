"""What the language defines and this engine does not carry out yet. Never ignored in silence.

All of it is read, typed and checked like everything else. Here it is said what happens instead,
once for each kind and file (TW113). What a call does then is defined as well: a tool that nothing
can call fails with `error.tool`, a flow in mode `realtime` runs as a cascade.
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
    """One thing that is not there yet: its kind, the place, what is so, what happens instead."""

    kind: str
    where: Path
    what: str
    meanwhile: str
    on_key: bool = True


_NO_ROOM = "`{}` is checked, and no room of this version acts on it"
_AROUND = {
    "room": "the room is chosen when starting: `turnwise run FILE --room demo`",
    "knowledge": "nobody reads the documents; let a tool answer such questions",
    "voicemail": "no machine is recognised; who places the call raises the event: "
    '`session.raise_event("voicemail")`',
}
_TRANSFERS = {
    "warm": "rooms that cannot speak to the other side first raise `error.transfer`",
    "agent": "rooms that know no other agents raise `error.transfer`",
}
_SCHEMES = {
    "http": "calls no web service by its name",
    "mcp": "calls no tool of an MCP server",
    "provider": "calls no tool of a provider",
}
_FAILS = (
    "a call of it raises `error.tool`; a Python function can do the work:"
    " `use: python:package.module.function`"
)
_REALTIME = ("realtime", "realtime_mode")
_AS_A_CASCADE = (
    "the flow runs as a cascade: `stt`, `llm` and `tts`, the embedded ones where none is named"
)
_COMPONENTS = ("stt", "llm", "tts", "vad", "turn_detector")
_IN_PIPELINE = {
    "denoise": ("suppresses no noise", "the caller is heard as they come in"),
    "avatar": ("shows no avatar", "the call has a voice only"),
}
_OF_A_LIST = (
    "the first that can be made where the flow runs is used for the whole call; when it fails in"
    " a call, that is `error.stt`, `error.llm` or `error.tts`"
)
_OF_THE_FLOW = "that of the flow is used, in every state"
_SCOPED = ("stt", "llm", "tts", "history")
"""What a state may have of its own in `pipeline`."""


def find_unsupported(source: Source) -> list[Diagnostic]:
    """All findings TW113 of a file: the first place of each kind."""
    data = source.data
    if not isinstance(data, dict):
        return []
    first: dict[str, _Later] = {}
    for later in _all(data):
        first.setdefault(later.kind, later)
    return [_diagnostic(source, later) for later in first.values()]


def _all(data: Map) -> Iterator[_Later]:
    for key, instead in _AROUND.items():
        if data.get(key) is not None:
            yield _Later(key, (key,), _NO_ROOM.format(key), instead)
    yield from _pipeline(data.get("pipeline"), ("pipeline",))
    for path, scope in scopes(data):
        if scope.get("sound") is not None:
            instead = "the call is silent there"
            yield _Later("sound", (*path, "sound"), _NO_ROOM.format("sound"), instead)
    for path, state in states(data):
        yield from _state(state, path)
    for name, tool in maps(data.get("tools")):
        yield from _tool(tool, ("tools", name))


def _pipeline(pipeline: Any, path: Path) -> Iterator[_Later]:
    if not isinstance(pipeline, dict):
        return
    if pipeline.get("mode") == "realtime":
        yield _speech_model((*path, "mode"), "mode: realtime", on_key=False)
    for key in _REALTIME:
        if pipeline.get(key) is not None:
            yield _speech_model((*path, key), key)
    for key, (what, instead) in _IN_PIPELINE.items():
        if pipeline.get(key) is not None:
            text = f"`{key}` is checked, and this version {what}"
            yield _Later(key, (*path, key), text, instead)
    for key in _COMPONENTS:
        if isinstance(pipeline.get(key), list) and len(pipeline[key]) > 1:
            text = "a list of providers is checked, and this version changes none during a call"
            yield _Later("list", (*path, key), text, _OF_A_LIST)


def _speech_model(where: Path, written: str, *, on_key: bool = True) -> _Later:
    text = f"`{written}` is checked, and this version has no speech-to-speech models"
    return _Later("realtime", where, text, _AS_A_CASCADE, on_key)


def _state(state: Map, path: Path) -> Iterator[_Later]:
    pipeline = state.get("pipeline")
    if isinstance(pipeline, dict):
        for key in pipeline:
            if key not in _SCOPED:
                text = f"`{key}` of a state or group is checked, and changes nothing in it"
                yield _Later(f"scoped {key}", (*path, "pipeline", key), text, _OF_THE_FLOW)
    transfer = state.get("transfer")
    kind = transfer.get("kind") if isinstance(transfer, dict) else None
    if isinstance(kind, str) and kind in _TRANSFERS:
        where = (*path, "transfer", "kind")
        yield _Later(kind, where, _NO_ROOM.format(f"kind: {kind}"), _TRANSFERS[kind], on_key=False)


def _tool(tool: Map, path: Path) -> Iterator[_Later]:
    use = tool.get("use")
    scheme = use.partition(":")[0] if isinstance(use, str) else ""
    if scheme in _SCHEMES:
        text = f"a tool of `{scheme}:` is checked, and this version {_SCHEMES[scheme]}"
        yield _Later(scheme, (*path, "use"), text, _FAILS, on_key=False)


def _diagnostic(source: Source, later: _Later) -> Diagnostic:
    span = source.key_span(later.where) if later.on_key else source.span(later.where)
    return Diagnostic(
        code="TW113",
        message=later.what,
        span=span,
        label="no effect yet",
        help=later.meanwhile,
        where=later.where,
    )
