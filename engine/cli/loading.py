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
        started: a room is about to start it, so that it has nobody to return to.
    """
    from engine.cli.validate import Wanted, validate
    from engine.errors import FlowError
    from engine.worker.flows import load_flow

    try:
        return load_flow(path, started=started)
    except FlowError:
        raise click.exceptions.Exit(
            validate([str(path)], Wanted(started=started), out=err, err=err)
        ) from None
