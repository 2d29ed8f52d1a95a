"""`turnwise schema`: print the JSON Schema of the flow language, for editors and other tools."""

from __future__ import annotations

import sys
from typing import TextIO

import click

from engine.cli.render import forgiving
from engine.flow.schema import schema_text


def schema(out: TextIO | None = None) -> int:
    """Write the schema.

    Returns:
        0, always.
    """
    (out or sys.stdout).write(schema_text())
    return 0


@click.command(name="schema")
def command() -> int:
    r"""Print the JSON Schema of the flow language.

    An editor with yaml-language-server uses it when the first line of a flow names it:

    \b
        # yaml-language-server: $schema=../schemas/flow-v1.json
    """
    return schema(forgiving(sys.stdout))
