"""The meaning of a compiled flow as plain data, and its digest.

Two files that differ in comments, quoting, order of independent declarations or in how they spell
the same thing have one fingerprint; everything a call can notice changes it. What has its default
is left out, so that a later field with a default does not change the fingerprints of old flows.
"""

from __future__ import annotations

import functools
import hashlib
import json
from collections.abc import Mapping
from dataclasses import MISSING, fields, is_dataclass
from datetime import date, time, timedelta
from typing import Any, get_args

from engine.flow.expressions import Expression
from engine.flow.templates import Template
from engine.machine.compiled import (
    Action,
    CompiledFlow,
    CompiledState,
    HandlerScope,
    InterruptionPolicy,
    ListenPolicy,
    Verb,
)

_TAGGED: frozenset[type] = frozenset((*get_args(Verb), *get_args(Action)))
"""Alternatives of one field: told apart by a `type`."""
_BARE: frozenset[type] = frozenset((str, int, bool, float, type(None)))


def fingerprint(flow: CompiledFlow) -> str:
    """SHA-256 over the meaning of the flow and its sub-flows, as 64 hexadecimal digits."""
    return _digest(flow, meaning(flow))


def own_fingerprint(flow: CompiledFlow) -> str:
    """The same of the flow alone: whatever becomes of the flows it calls, it is the same."""
    return _digest(flow, meaning(flow) | {"flows": list(flow.flows)})


def _digest(flow: CompiledFlow, plain: dict[str, Any]) -> str:
    # The order of slots and intents decides ties when a caller is understood: it is meaning.
    plain["order"] = [list(flow.slots), list(flow.intents)]
    text = json.dumps(plain, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def meaning(flow: CompiledFlow) -> dict[str, Any]:
    """The flow as JSON-like data in document order; sub-flows by their fingerprints.

    Handlers stand once, under the scope that owns them; each state names its scopes.
    """
    plain = _Plain()
    found: dict[str, Any] = {"id": flow.id, "version": flow.version, "start": flow.start}
    found["states"] = {name: plain.state(state) for name, state in flow.states.items()}
    scopes = {
        scope_path(scope): plain.of(scope.handlers)
        for state in flow.states.values()
        for scope in state.scopes
        if plain.first_time(scope)
    }
    parts: dict[str, Any] = {
        "handlers": scopes,
        "groups": plain.of(flow.groups),
        "slots": plain.of(flow.slots),
        "intents": plain.of(flow.intents),
        "tools": plain.of(flow.tools),
        "variables": plain.of(flow.variables),
        "variable_defaults": plain.of(flow.variable_defaults),
        "inputs": plain.of(flow.inputs),
        "outputs": plain.of(flow.outputs),
        "timers": plain.of(flow.timers),
        "flows": {name: inner.fingerprint for name, inner in flow.flows.items()},
        "pipeline": plain.of(flow.pipeline),
        "mode": flow.mode,
        "phrases": list(flow.phrases),
    }
    return found | {name: part for name, part in parts.items() if part}


def scope_path(scope: HandlerScope) -> str:
    """`flow`, or the id of the state or group; unlike `owner`, never the same for two scopes."""
    return scope.handlers[0].transitions[0].id.partition(".handle.")[0]


class _Plain:
    """Values to JSON-like data; objects that many states share are converted once."""

    def __init__(self) -> None:
        self._policies: dict[int, Any] = {}
        self._seen: set[int] = set()

    def first_time(self, value: object) -> bool:
        """Whether this very object was not met before."""
        known = id(value) in self._seen
        self._seen.add(id(value))
        return not known

    def state(self, state: CompiledState) -> dict[str, Any]:
        found: dict[str, Any] = self._fields(state, skip=("id", "scopes", "grammar"))
        found["scopes"] = [scope_path(scope) for scope in state.scopes]
        return {name: part for name, part in found.items() if part not in (None, [], {})}

    def of(self, value: Any) -> Any:
        kind = type(value)
        if kind in _BARE:
            return value
        if kind is Expression or kind is Template:
            return value.source
        if kind is InterruptionPolicy or kind is ListenPolicy:
            if id(value) not in self._policies:
                self._policies[id(value)] = self._fields(value)
            return self._policies[id(value)]
        if kind is tuple or kind is list:
            return [self.of(item) for item in value]
        if isinstance(value, Mapping):
            return {str(key): self.of(item) for key, item in value.items()}
        return self._fields(value) if is_dataclass(value) else _scalar(value)

    def _fields(self, value: Any, skip: tuple[str, ...] = ()) -> dict[str, Any]:
        kind: Any = type(value)
        found = {"type": kind.__name__} if kind in _TAGGED else {}
        for name, default in _defaults(kind):
            part = getattr(value, name)
            if name not in skip and not _is_default(part, default):
                found[name] = self.of(part)
        return found


def _is_default(part: Any, default: Any) -> bool:
    if default is MISSING:  # a field that must be given may be given as nothing
        return part is None or part == ()
    return part is default or bool(part == default)


@functools.cache
def _defaults(kind: Any) -> tuple[tuple[str, Any], ...]:
    """The fields of a dataclass with their defaults (MISSING: it has none)."""
    return tuple(
        (f.name, f.default_factory() if f.default_factory is not MISSING else f.default)
        for f in fields(kind)
    )


def _scalar(value: Any) -> Any:
    if isinstance(value, (date, time)):
        return value.isoformat()
    if isinstance(value, timedelta):
        return f"{value // timedelta(milliseconds=1)}ms"
    return value
