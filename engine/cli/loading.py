"""Loads a flow for a command, or shows what is wrong with it as `validate` would."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, TextIO

import click

if TYPE_CHECKING:
    from engine.machine.compiled import CompiledFlow


def load_or_exit(path: Path, err: TextIO) -> CompiledFlow:
    """Return the compiled flow, or leave with the exit code of `validate`, its findings told."""
    from engine.cli.validate import validate
    from engine.errors import FlowError
    from engine.worker.flows import load_flow

    try:
        return load_flow(path)
    except FlowError:
        raise click.exceptions.Exit(validate([str(path)], out=err, err=err)) from None
