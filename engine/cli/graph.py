"""`turnwise graph FLOW`: the compiled machine as a drawing."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TextIO

import click

FORMATS = ("mermaid", "dot", "json")


def graph(path: Path, output_format: str, out: TextIO, err: TextIO) -> int:
    """Write the drawing; leaves with `validate`'s exit code for a bad flow."""
    from engine.cli.loading import load_or_exit
    from engine.machine import export

    flow = load_or_exit(path, err)
    draw = {"mermaid": export.to_mermaid, "dot": export.to_dot, "json": export.to_json}
    out.write(draw[output_format](flow))
    return 0


EPILOG = """\b
Examples:
  turnwise graph flows/book_table.yaml
  turnwise graph flows/book_table.yaml --format dot | dot -Tsvg > flow.svg
"""


@click.command(name="graph", epilog=EPILOG)
@click.argument("flow", type=click.Path(path_type=Path))
@click.option(
    "--format",
    "output_format",
    type=click.Choice(FORMATS),
    default="mermaid",
    show_default=True,
)
def command(flow: Path, output_format: str) -> int:
    """Draw FLOW as it was compiled: states, groups, transitions with their guards."""
    return graph(flow, output_format, sys.stdout, sys.stderr)
