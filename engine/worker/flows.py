"""A flow file, checked and compiled: what every shell starts from."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from importlib.resources import files
from pathlib import Path

from engine.errors import FlowError
from engine.flow.catalogue import Catalogue
from engine.flow.loader import LoadResult, check_file
from engine.machine.compiled import CompiledFlow
from engine.machine.compiler import compile_flow


def shipped(name: str) -> Path:
    """Return the path of a flow that comes with Turnwise."""
    return Path(str(files("flows") / name))


def load_flow(path: str | Path, catalogue: Catalogue | None = None) -> CompiledFlow:
    """Check and compile a flow with its sub-flows; its folder becomes importable for its tools.

    Raises:
        FlowError: the file has errors; carries the `LoadResult` in `result`.
    """
    result = check_file(path, catalogue)
    if result.flow is None:
        errors = [found for found in result.diagnostics if found.is_error]
        raise FlowError(f"{path} has {len(errors)} error(s)", [result])
    folder = str(Path(path).resolve().parent)
    if folder not in sys.path:
        sys.path.append(folder)  # `python:tools.find` beside the flow, as a script would find it
    return _compiled(result)


def _compiled(result: LoadResult) -> CompiledFlow:
    assert result.flow is not None
    subflows: Mapping[str, CompiledFlow] = {
        name: _compiled(inner) for name, inner in result.subflows.items()
    }
    return compile_flow(result.flow, subflows)
