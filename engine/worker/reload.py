"""Looks whether a flow was edited. What a call makes of that is `engine.core.reload`'s."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from engine.flow.loader import LoadResult
from engine.machine.compiled import CompiledFlow
from engine.machine.compiler import compile_loaded
from engine.worker.flows import check_flow


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """What an edit led to."""

    flow: CompiledFlow | None
    """The new flow; None: the files have errors, and the old flow stays."""
    loaded: LoadResult
    before: LoadResult
    """The version that was current until now, as it was read."""
    replaced: str
    """Fingerprint of that version; empty when it had errors."""

    @property
    def problem(self) -> str:
        """`FILE:LINE: what is wrong`, the first of the errors; empty when there is none."""
        errors = (found for found in self.loaded.diagnostics if found.is_error)
        first = next(errors, None)
        return "" if first is None else f"{first.span.file}:{first.span.line}: {first.message}"


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
        self._current = loaded
        self._seen = _marks(path, loaded)

    def changed(self) -> Change | None:
        """Return what an edit led to; None: nothing was edited, or nothing a call could notice."""
        if all(_mark(file) == mark for file, mark in self._seen.items()):
            return None
        loaded = self._check(self._path)
        self._seen = {**self._seen, **_marks(self._path, loaded)}
        if loaded.flow is None:
            return Change(
                flow=None, loaded=loaded, before=self._current, replaced=self._fingerprint
            )
        flow = compile_loaded(loaded)
        if flow.fingerprint == self._fingerprint:
            return None
        change = Change(flow=flow, loaded=loaded, before=self._current, replaced=self._fingerprint)
        self._fingerprint, self._current = flow.fingerprint, loaded
        return change


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
