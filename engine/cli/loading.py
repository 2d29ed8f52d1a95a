"""Loads a flow for a command, or shows what is wrong with it as `validate` would."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from engine.errors import FlowError

if TYPE_CHECKING:
    from engine.machine.compiled import CompiledFlow


def load_or_explain(path: Path, err: TextIO) -> CompiledFlow | None:
    """Return the compiled flow; None after its findings were written to `err`."""
    from engine.flow.catalogue import Catalogue
    from engine.worker.flows import load_flow
    from providers import registry

    names = {str(kind): known for kind, known in registry.catalogue().items()}
    try:
        return load_flow(path, Catalogue(providers=names))
    except FlowError as error:
        from engine.cli.render import write_text

        write_text(error.diagnostics, err)
        return None
