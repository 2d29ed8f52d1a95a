"""`turnwise providers`: what is installed, and whether it can run here."""

from __future__ import annotations

import json
import sys
from typing import TextIO

import click


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
    from rich.console import Console
    from rich.table import Table

    table = Table(box=None, pad_edge=False)
    for column in ("kind", "name", "state", "detail"):
        table.add_column(column, header_style="bold")
    for row in rows:
        is_default = (row.kind, row.name) in registry.DEFAULTS.items()
        default = " (default)" if is_default else ""
        style = "green" if row.state == "ready" else "yellow"
        table.add_row(row.kind, row.name + default, f"[{style}]{row.state}[/]", row.detail)
    Console(file=out, soft_wrap=not out.isatty()).print(table)
    return 0


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
