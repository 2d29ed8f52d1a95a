"""`turnwise chat FLOW`: type to a flow."""

from __future__ import annotations

import contextlib
import datetime
import json
import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

import click

if TYPE_CHECKING:
    from engine.cli.typing_in import Chat, Told
    from engine.machine.compiled import CompiledFlow
    from engine.testing.flow_tests.models import Model

PROMPT = "> "


def chat(chat: Chat, lines: Iterator[str], show: Callable[[Told], None]) -> int:
    """Run a typed conversation to the end of its input.

    Returns:
        0, always.
    """
    for told in chat.begin():
        show(told)
    while not chat.quitting:
        line = next(lines, None)
        if line is None:
            break
        for told in chat.take(line):
            show(told)
    return 0


def _typed() -> Iterator[str]:
    """Lines of a terminal, with history and editing where the system has them."""
    with contextlib.suppress(ImportError):  # a system without it has plain lines
        import readline  # noqa: F401  (importing it is what gives `input` a history)
    while True:
        try:
            yield input(PROMPT)
        except EOFError:
            return


def _plain(out: TextIO) -> Callable[[Told], None]:
    """For pipes: `agent: ...` and `# notes`, nothing else."""

    def show(told: Told) -> None:
        for line in told.text.splitlines():
            text = f"agent: {line}" if told.who == "agent" else line
            shown = f"# {text}" if told.who == "note" else text
            print(_printable(shown, out), file=out, flush=True)

    return show


def _printable(text: str, out: TextIO) -> str:
    """Return a text with `?` for what a stream cannot take; a pipe may be one for ASCII."""
    encoding = out.encoding or "utf-8"
    return text.encode(encoding, "replace").decode(encoding)


def _coloured() -> Callable[[Told], None]:
    from rich.console import Console
    from rich.text import Text

    console = Console(highlight=False, soft_wrap=True)
    styles = {"agent": "bold", "note": "dim", "trace": "cyan"}

    def show(told: Told) -> None:
        lead = "agent  " if told.who == "agent" else ""
        console.print(Text.assemble((lead, "green"), (told.text, styles[told.who])))

    return show


# --- the command ----------------------------------------------------------------------------------


def _pairs(values: tuple[str, ...], option: str) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for value in values:
        name, equals, text = value.partition("=")
        if not name or not equals:
            raise click.UsageError(f"{option} {value!r}: expected NAME=JSON")
        try:
            found[name] = json.loads(text)
        except json.JSONDecodeError as error:
            raise click.UsageError(f"{option} {value!r}: not JSON: {error.msg}") from None
    return found


def _start(now: str | None) -> str:
    if now is None:
        return f"{datetime.datetime.now():%Y-%m-%dT%H:%M}"  # noqa: TID251  (a person's own clock)
    try:
        return datetime.datetime.fromisoformat(now).isoformat()
    except ValueError:
        raise click.UsageError(f"--now {now!r}: expected a time like 2026-05-01T12:00") from None


def _model(flow: CompiledFlow) -> Model | None:
    """The flow's language model; None, and a word about it, when it cannot be asked."""
    from engine.testing.flow_tests.models import model_of
    from providers.errors import ProviderError

    try:
        return model_of(flow)
    except ProviderError as error:
        click.echo(f"No model is asked, words and parsers decide alone: {error}", err=True)
        return None


EPILOG = """\b
Examples:
  turnwise chat flows/book_table.yaml
  turnwise chat flows/book_table.yaml --mock 'book_table={"booking_id": "B1"}'
  printf 'four\\n/slots\\n' | turnwise chat flows/book_table.yaml --now 2026-05-01T12:00
"""


@click.command(name="chat", epilog=EPILOG)
@click.argument("flow", type=click.Path(path_type=Path))
@click.option(
    "--mock",
    "mocks",
    multiple=True,
    metavar="TOOL=JSON",
    help='What a tool answers instead of running: a value, {"error": ...}, or a list of such.',
)
@click.option("--input", "inputs", multiple=True, metavar="NAME=JSON", help="An input of the flow.")
@click.option(
    "--now", metavar="TIME", help="The caller's local time; by default that of this machine."
)
@click.option("--trace", is_flag=True, help="Show what happens inside.")
def command(
    flow: Path, mocks: tuple[str, ...], inputs: tuple[str, ...], now: str | None, trace: bool
) -> int:
    """Type to a FLOW. /help lists the commands.

    Tools really run, with their time limits, unless they are mocked, and so does the language model
    of a flow that has one. When the file is edited the conversation goes on with the new
    version, where it stands; or it says why it cannot.
    """
    from engine.cli.loading import load_or_exit
    from engine.cli.typing_in import Chat
    from engine.worker.reload import FlowWatch

    compiled = load_or_exit(flow, sys.stderr)
    given = Chat(
        compiled,
        now=_start(now),
        mocks=_pairs(mocks, "--mock"),
        inputs=_pairs(inputs, "--input"),
        watch=FlowWatch(flow),
        trace=trace,
        model=_model(compiled),
    )
    at_terminal = sys.stdin.isatty() and sys.stdout.isatty()
    plain = not at_terminal or bool(os.environ.get("NO_COLOR"))
    show = _plain(sys.stdout) if plain else _coloured()
    return chat(given, _typed() if at_terminal else iter(sys.stdin), show)
