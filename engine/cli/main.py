"""The `turnwise` command. Each subcommand lives in a module of its own, imported when it is used.

Exit codes: 0 all is well, 1 the input has findings or the conversation did not go as promised,
2 the command itself could not do its work (wrong option, missing file, occupied port).
"""

from __future__ import annotations

import importlib
import sys

import click

from engine import __version__
from engine.errors import TurnwiseError

COMMANDS = {
    "chat": "Type to a flow.",
    "demo": "Play the first conversation: a caller and an agent, on real audio.",
    "explain": "Explain a finding's code, with a bad and a good example.",
    "fmt": "Format flow files; comments stay.",
    "graph": "Draw a flow as Mermaid, DOT, SVG or JSON.",
    "lsp": "Serve an editor: findings, completion, rename while typing.",
    "migrate": "Propose the rules by which saved calls go on in a new version.",
    "new": "Begin a flow from a template, with its tests.",
    "providers": "List the providers and whether each can run here.",
    "replay": "Live a recorded call once more and compare every step.",
    "run": "Run a flow against a room.",
    "schema": "Print the JSON Schema of the flow language.",
    "test": "Play the tests of flows: no audio, no keys, milliseconds.",
    "timeline": "Show a recorded call: as text, or as a page.",
    "validate": "Check flow files.",
}
"""Every command and its one-line help: shown without importing the command."""

EPILOG = """\b
Examples:
  turnwise demo                                  hear a call, no key, no network
  turnwise validate flows/book_table.yaml        check a flow
  turnwise run flows/book_table.yaml --room demo talk to it in the browser
"""


class LazyGroup(click.Group):
    """Imports a command's module when the command is named, not before."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return all names, sorted."""
        return sorted(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import the command; None for a name that is no command."""
        if cmd_name not in COMMANDS:
            return None
        module = importlib.import_module(f"engine.cli.{cmd_name}")
        command = module.command
        assert isinstance(command, click.Command)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the list from the table, so that `--help` imports nothing."""
        with formatter.section("Commands"):
            formatter.write_dl(sorted(COMMANDS.items()))

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command; say which one was probably meant when there is none."""
        name = args[0]
        if name not in COMMANDS and not name.startswith("-"):
            # difflib is imported by few runs only
            import difflib

            close = difflib.get_close_matches(name, COMMANDS, n=1)
            hint = f" Did you mean {close[0]!r}?" if close else ""
            raise click.UsageError(f"There is no command {name!r}.{hint}", ctx)
        return super().resolve_command(ctx, args)


@click.group(
    cls=LazyGroup,
    epilog=EPILOG,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.version_option(__version__, prog_name="turnwise")
def main() -> None:
    """Author, validate and run conversations for real-time voice agents."""


def run() -> None:
    """Entry point of the script: no traceback reaches a user for what is not a bug."""
    try:
        sys.exit(main(standalone_mode=False))
    except click.exceptions.Exit as stop:
        sys.exit(stop.exit_code)
    except click.ClickException as error:
        error.show()
        sys.exit(2)
    except (click.Abort, KeyboardInterrupt):
        click.echo("Stopped.", err=True)
        sys.exit(130)
    except TurnwiseError as error:
        click.echo(f"turnwise: {error}", err=True)
        sys.exit(2)
    except BrokenPipeError:
        # the reader (head, less) has seen enough; keep the interpreter from complaining at exit
        sys.stdout = None
        sys.exit(0)
