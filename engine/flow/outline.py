"""The skeleton of a flow's raw data: its scopes and transitions, before anything is validated.

Whatever does not have the expected shape is skipped here: saying so is the work of `shape.py`.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, TypeAlias

from engine.flow.diagnostics import Path

Map: TypeAlias = dict[str, Any]


def is_fragment(data: Any) -> bool:
    """Whether a document is a fragment and no flow."""
    return isinstance(data, dict) and "fragment" in data and "flow" not in data


def scopes(data: Any) -> Iterator[tuple[Path, Map]]:
    """The flow and every group and state in it, in the order of the file."""
    if isinstance(data, dict):
        yield (), data
        yield from _inner(data, ())


def states(data: Any) -> Iterator[tuple[Path, Map]]:
    """Every group and state."""
    return _inner(data, ()) if isinstance(data, dict) else iter(())


def _inner(owner: Map, path: Path) -> Iterator[tuple[Path, Map]]:
    for name, state in maps(owner.get("states")):
        inner = (*path, "states", name)
        yield inner, state
        yield from _inner(state, inner)


def maps(value: Any) -> Iterator[tuple[str, Map]]:
    """The entries of a map whose values are maps."""
    if isinstance(value, dict):
        for key, inner in value.items():
            if isinstance(inner, dict):
                yield key, inner


def listed(value: Any, path: Path) -> Iterator[tuple[Path, Map]]:
    """The maps of a list, or the one map that stands without a list."""
    if isinstance(value, dict):
        yield path, value
    elif isinstance(value, list):
        for index, item in enumerate(value):
            if isinstance(item, dict):
                yield (*path, index), item


def action_maps(path: Path, scope: Map) -> Iterator[tuple[Path, Map]]:
    """Every map of a scope in which actions stand: ways, reactions, `do`, `enter`, `exit`."""
    found = list(listed(scope.get("then"), (*path, "then")))
    handle = scope.get("handle")
    if isinstance(handle, dict):
        for event, reactions in handle.items():
            found += listed(reactions, (*path, "handle", event))
    for key in ("enter", "exit"):
        found += listed(scope.get(key), (*path, key))
    for where, action in found:
        yield where, action
        yield from listed(action.get("do"), (*where, "do"))
