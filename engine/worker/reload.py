"""Hot reload (S17): an edited flow file is taken up at a stable point, or it is said why not.

A conversation goes on with the new flow where it stands: in the same state, with the same slots. So
every state and every filled slot on its stack must still be there, of the same kind; and nothing
may be under way, for the answer would come to another flow. Otherwise the call finishes on the flow
it began with, and only new calls take the new one.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from engine.core import snapshot
from engine.core.conversation import Conversation, DialogFactory
from engine.core.dialog import Dialog
from engine.core.migration import migrated
from engine.errors import TurnwiseError
from engine.flow.loader import LoadResult
from engine.machine.compiled import CompiledFlow
from engine.machine.compiler import compile_loaded
from engine.worker.flows import check_flow


class ReloadRefusedError(TurnwiseError):
    """The conversation cannot go on with the new flow; its text says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """What an edit led to."""

    flow: CompiledFlow | None
    """The new flow; None: the files have errors, and the old flow stays."""
    loaded: LoadResult


class FlowWatch:
    """Looks whether a flow file, or a sub-flow of it, has changed.

    Args:
        path: the file.
        check: loads it; `engine.worker.flows.check_flow` by default.
    """

    def __init__(self, path: Path, check: Callable[[Path], LoadResult] = check_flow) -> None:
        self._path = path
        self._check = check
        loaded = check(path)
        self._fingerprint = compile_loaded(loaded).fingerprint if loaded.ok else ""
        self._seen = _marks(path, loaded)

    def changed(self) -> Change | None:
        """Return what an edit led to; None: nothing was edited, or nothing a call could notice."""
        if all(_mark(file) == mark for file, mark in self._seen.items()):
            return None
        loaded = self._check(self._path)
        self._seen = {**self._seen, **_marks(self._path, loaded)}
        if loaded.flow is None:
            return Change(flow=None, loaded=loaded)
        flow = compile_loaded(loaded)
        if flow.fingerprint == self._fingerprint:
            return None
        self._fingerprint = flow.fingerprint
        return Change(flow=flow, loaded=loaded)


def _marks(path: Path, loaded: LoadResult) -> dict[Path, tuple[int, int]]:
    files = {path, *(Path(name) for name in loaded.sources)}
    return {file: _mark(file) for file in sorted(files)}


def _mark(file: Path) -> tuple[int, int]:
    """What changes when a file is written; zeros while there is none (editors replace files)."""
    try:
        found = file.stat()
    except OSError:
        return 0, 0
    return found.st_mtime_ns, found.st_size


# --- a conversation on a new flow -----------------------------------------------------------------


def move(
    data: Mapping[str, Any], flow: CompiledFlow, make_dialog: DialogFactory = Dialog
) -> Conversation:
    """Return the conversation of a snapshot, going on with another version of its flow.

    Args:
        data: what `engine.core.snapshot.take` returned, between two steps.
        flow: the new version.
        make_dialog: as for `Conversation`.

    Raises:
        ReloadRefusedError: a state or slot on the stack is gone or of another kind, or something is
            under way.
        JournalError: the data is no snapshot.
    """
    if data.get("flow") != flow.id:
        raise ReloadRefusedError(f"the flow is now called {flow.id}, it was {data.get('flow')}")
    moved, problems = migrated(data, flow)
    if problems:
        raise ReloadRefusedError("; ".join(problems))
    return snapshot.restore(flow, moved, make_dialog)
