"""`turnwise lsp`: the language server over standard input and output, for editors."""

from __future__ import annotations

import click

from engine.errors import TurnwiseError


class NoProtocolError(TurnwiseError):
    """The library that speaks the language server protocol is not installed."""


def lsp() -> int:
    """Serve one editor until it says goodbye.

    Raises:
        NoProtocolError: pygls is not installed.
    """
    try:
        from engine.cli.language_server import create_server
    except ModuleNotFoundError as error:
        if error.name is not None and error.name.split(".")[0] in ("pygls", "lsprotocol"):
            raise NoProtocolError(
                "the language server needs pygls: pip install 'turnwise[lsp]'"
            ) from error
        raise
    create_server().start_io()
    return 0


@click.command(name="lsp")
@click.option("--stdio", is_flag=True, help="Accepted for editors that pass it; there is no other.")
def command(stdio: bool) -> int:
    """Run the language server for flow files on standard input and output.

    Diagnostics while typing, definitions, references, rename, hover, completion, outline, fixes,
    formatting. docs/editors.md says how to set up editors.
    """
    return lsp()
