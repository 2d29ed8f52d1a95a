"""`turnwise schema`: print the JSON Schema of the flow language, for editors and other tools."""

from __future__ import annotations

import sys
from typing import TextIO

import click

from engine.cli.render import forgiving
from engine.flow.schema import fragment_schema_text, schema_text
from engine.testing.flow_tests.model import schema_text_of_tests
from engine.worker.config import schema_text_of_config


def _of_journals() -> str:
    from engine.observe.journal_schema import schema_text  # the events of a call, loaded for this

    return schema_text()


_TEXTS = {
    "flow": schema_text,
    "fragment": fragment_schema_text,
    "tests": schema_text_of_tests,
    "journal": _of_journals,
    "worker": schema_text_of_config,
}


def schema(out: TextIO | None = None, of: str = "flow") -> int:
    """Write one of the schemas of `schemas/`: of a flow, a fragment, tests, a journal, a worker.

    Returns:
        0, always.
    """
    (out or sys.stdout).write(_TEXTS[of]())
    return 0


EPILOG = """\b
An editor with yaml-language-server uses it when the first line of a flow names it:
  # yaml-language-server: $schema=../schemas/flow-v1.json
"""


@click.command(name="schema", epilog=EPILOG)
@click.option(
    "--of",
    type=click.Choice(list(_TEXTS)),
    default="flow",
    show_default=True,
    help="Of a flow, a fragment (for `include`), a file of tests (NAME.tests.yaml), a line of a"
    " journal, or the file of `run --config`.",
)
def command(of: str) -> int:
    """Print the JSON Schema of the flow language."""
    return schema(forgiving(sys.stdout), of)
