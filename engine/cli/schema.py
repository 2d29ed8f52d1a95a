"""`turnwise schema`: print the JSON Schema of the flow language, for editors and other tools."""

from __future__ import annotations

import sys
from typing import TextIO

import click

from engine.cli.render import forgiving
from engine.flow.schema import fragment_schema_text, schema_text
from engine.testing.flow_tests.model import schema_text_of_tests
from engine.worker.config import schema_text_of_config

_TEXTS = {
    "flow": schema_text,
    "fragment": fragment_schema_text,
    "tests": schema_text_of_tests,
    "worker": schema_text_of_config,
}


def schema(out: TextIO | None = None, of: str = "flow") -> int:
    """Write the schema of a flow file, a fragment, a file of tests, or a worker's configuration.

    Returns:
        0, always.
    """
    (out or sys.stdout).write(_TEXTS[of]())
    return 0


@click.command(name="schema")
@click.option(
    "--of",
    type=click.Choice(list(_TEXTS)),
    default="flow",
    show_default=True,
    help="Of a flow, a fragment (for `include`), a file of tests (NAME.tests.yaml), or the file of"
    " `run --config`.",
)
def command(of: str) -> int:
    r"""Print the JSON Schema of the flow language.

    An editor with yaml-language-server uses it when the first line of a flow names it:

    \b
        # yaml-language-server: $schema=../schemas/flow-v1.json
    """
    return schema(forgiving(sys.stdout), of)
