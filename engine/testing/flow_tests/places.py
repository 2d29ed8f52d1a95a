"""Where a state or transition of a compiled flow is written."""

from __future__ import annotations

import re
from collections.abc import Iterator

from engine.flow.diagnostics import Path, Span
from engine.flow.loader import LoadResult
from engine.flow.outline import states
from engine.testing.flow_tests.coverage import Item

_TRANSITION = re.compile(r"(\w+)\.(then|handle)(?:\.(.+?))?\[(\d+)\]")


def place_of(item: Item, loaded: LoadResult) -> Span | None:
    """Return where an item stands; None for what is nowhere, like a built-in line."""
    for inner in _all(loaded):
        data = inner.source.data
        if isinstance(data, dict) and data.get("flow") == item.flow:
            path = _path(item, inner)
            return None if path is None else _span(path, inner)
    return None


def _all(loaded: LoadResult) -> Iterator[LoadResult]:
    yield loaded
    for inner in loaded.subflows.values():
        yield from _all(inner)


def _path(item: Item, loaded: LoadResult) -> Path | None:
    if item.kind == "ladder lines":
        return None
    if item.kind == "states":
        return _state(item.name, loaded)
    match = _TRANSITION.fullmatch(item.name)
    if match is None:
        return None
    owner, key, event, index = match.groups()
    base = () if owner == "flow" else _state(owner, loaded)
    if base is None:
        return None
    path: Path = (*base, key) if event is None else (*base, key, event)
    inner: Path = (*path, int(index))
    return inner if loaded.source.node(inner) is not None else path


def _state(name: str, loaded: LoadResult) -> Path | None:
    return next((path for path, _ in states(loaded.source.data) if path[-1] == name), None)


def _span(path: Path, loaded: LoadResult) -> Span:
    last_is_item = isinstance(path[-1], int)
    return loaded.source.span(path) if last_is_item else loaded.source.key_span(path)
