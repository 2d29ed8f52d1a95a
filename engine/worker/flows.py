"""A flow file, checked and compiled: what every shell starts from."""

from __future__ import annotations

import sys
from dataclasses import replace
from importlib.resources import files
from pathlib import Path

from engine.flow.catalogue import Catalogue
from engine.flow.loader import LoadResult, check_file
from engine.machine.compiled import CompiledFlow
from engine.machine.compiler import compile_loaded
from engine.worker.files import find_file
from engine.worker.options import judge_options
from providers import registry


def shipped(name: str) -> Path:
    """Return the path of a flow that comes with Turnwise."""
    return Path(str(files("flows") / name))


def check_flow(path: str | Path, *, started: bool = False) -> LoadResult:
    """Check a flow with its sub-flows against what is installed here.

    Args:
        path: the file.
        started: a room is about to start it, so that it has nobody to return to.
    """
    names = {str(kind): known for kind, known in registry.catalogue().items()}
    catalogue = Catalogue(providers=names, judge=judge_options, started=started)
    # A file that is not there would be silence in the call.
    return check_file(path, replace(catalogue, find_file=find_file) if started else catalogue)


def load_flow(path: str | Path, *, started: bool = False) -> CompiledFlow:
    """Check and compile a flow with its sub-flows; its folder becomes importable for its tools.

    Args:
        path: the file.
        started: as for `check_flow`.

    Raises:
        FlowError: the file has errors; carries the diagnostics.
    """
    flow = compile_loaded(check_flow(path, started=started))
    make_importable(path)
    return flow


def make_importable(path: str | Path) -> None:
    """Let `python:tools.find` beside the flow be found, as a script would find it."""
    folder = str(Path(path).resolve().parent)
    if folder not in sys.path:
        sys.path.append(folder)
