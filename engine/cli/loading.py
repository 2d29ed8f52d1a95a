"""Loads a flow for a command, or shows what is wrong with it as `validate` would."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, TextIO

import click

if TYPE_CHECKING:
    from engine.machine.compiled import CompiledFlow


def load_or_exit(path: Path, err: TextIO, *, started: bool = False) -> CompiledFlow:
    """Return the compiled flow, or leave with the exit code of `validate`, its findings told.

    Args:
        path: the file.
        err: where findings go.
        started: a room is about to start it, so that it has nobody to return to; then what of
            it has no effect yet is told.
    """
    from engine.cli.validate import Wanted, validate
    from engine.errors import FlowError
    from engine.machine.compiler import compile_loaded
    from engine.worker.flows import check_flow, make_importable

    loaded = check_flow(path, started=started)
    try:
        flow = compile_loaded(loaded)
    except FlowError:
        raise click.exceptions.Exit(
            validate([str(path)], Wanted(started=started), out=err, err=err)
        ) from None
    make_importable(path)
    if started:
        for found in loaded.diagnostics:
            if found.code == "TW113":
                place = f"{found.span.file}:{found.span.line}"
                print(f"note: {place}: {found.message}; {found.help}", file=err)
    return flow
