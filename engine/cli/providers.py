"""`turnwise providers`: what is installed, and whether it can run here."""

from __future__ import annotations

import json
import os
import sys
from typing import TYPE_CHECKING, TextIO

import click

if TYPE_CHECKING:
    from providers.registry import Status


def list_providers(output_format: str, out: TextIO) -> int:
    """Write one row per installed provider; always exit code 0, a status is not a failure."""
    from providers import registry

    rows = registry.status()
    if output_format == "json":
        json.dump(
            [{"kind": r.kind, "name": r.name, "state": r.state, "detail": r.detail} for r in rows],
            out,
            indent=2,
        )
        out.write("\n")
        return 0
    lines = [("kind", "name", "state", "detail"), *map(_cells, rows)]
    widths = [max(len(line[column]) for line in lines) for column in range(3)]
    colours = out.isatty() and "NO_COLOR" not in os.environ
    for number, line in enumerate(lines):
        cells = [cell.ljust(width) for cell, width in zip(line, widths, strict=False)]
        if colours:
            cells[2] = _coloured(cells[2], heading=number == 0)
        out.write("  ".join([*cells, line[3]]).rstrip() + "\n")
    return 0


def _cells(row: Status) -> tuple[str, str, str, str]:
    from providers import registry

    is_default = (row.kind, row.name) in registry.DEFAULTS.items()
    return row.kind, row.name + (" (default)" if is_default else ""), row.state, row.detail


def _coloured(cell: str, *, heading: bool) -> str:
    if heading:
        return cell
    word = cell.rstrip()
    colour = "green" if word == "ready" else "yellow"
    return click.style(word, fg=colour) + " " * (len(cell) - len(word))


@click.command(name="providers")
@click.option(
    "--format",
    "output_format",
    type=click.Choice(["text", "json"]),
    default="text",
    show_default=True,
)
def command(output_format: str) -> int:
    """List the providers and whether each can run here.

    A flow names one of them with `pipeline: {tts: {use: NAME}}`; without a name the default is
    used.
    """
    return list_providers(output_format, sys.stdout)
