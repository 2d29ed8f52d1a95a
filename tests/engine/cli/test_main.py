"""The `turnwise` command itself: help, versions, misspellings, exit codes, broken pipes."""

from __future__ import annotations

import importlib
import subprocess
import sys
from collections.abc import Callable

import click
import pytest

from engine import __version__
from engine.cli import main as main_module
from engine.cli.main import COMMANDS, main, run
from engine.errors import ConfigurationError

RUN = "from engine.cli.main import run; run()"


def ended(monkeypatch: pytest.MonkeyPatch, *arguments: str) -> int:
    """Run the command as the script does; return its exit code."""
    monkeypatch.setattr(sys, "argv", ["turnwise", *arguments])
    with pytest.raises(SystemExit) as stop:
        run()
    return int(stop.value.code or 0)


def raising(monkeypatch: pytest.MonkeyPatch, error: BaseException) -> None:
    @click.command()
    def command() -> None:
        raise error

    monkeypatch.setattr(main_module.LazyGroup, "get_command", lambda *_: command)


@pytest.mark.parametrize("name", sorted(COMMANDS))
def test_every_command_exists_and_explains_itself(name: str) -> None:
    command = importlib.import_module(f"engine.cli.{name}").command

    assert isinstance(command, click.Command)
    assert command.name == name
    assert command.help
    for option in command.params:
        if isinstance(option, click.Option) and option.name not in ("address", "port"):
            text = option.help or ""
            assert text or isinstance(option.type, click.Choice), f"{name} {option.name}"


def test_help_lists_every_command(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert ended(monkeypatch, "--help") == 0
    out = capsys.readouterr().out
    assert all(f"  {name} " in out for name in COMMANDS)


def test_help_and_version_import_no_audio_and_no_flow() -> None:
    """They are typed while waiting; a tenth of a second is what an interpreter needs anyway."""
    script = f"""
import sys
sys.argv = ["turnwise", "--help"]
try:
    exec({RUN!r})
except SystemExit:
    pass
heavy = {{"numpy", "av", "aiortc", "pydantic", "asyncio", "jinja2"}} & set(sys.modules)
assert not heavy, heavy
"""
    subprocess.run([sys.executable, "-c", script], check=True, stdout=subprocess.DEVNULL)


def test_version(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    assert ended(monkeypatch, "--version") == 0
    assert capsys.readouterr().out == f"turnwise, version {__version__}\n"


def test_a_misspelt_command_gets_a_suggestion(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert ended(monkeypatch, "valdate", "x.yaml") == 2
    assert "There is no command 'valdate'. Did you mean 'validate'?" in capsys.readouterr().err


def test_an_unknown_option_is_a_usage_error(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert ended(monkeypatch, "demo", "--loud") == 2
    assert "No such option" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("error", "code", "told"),
    [
        (ConfigurationError("no voice here"), 2, "turnwise: no voice here\n"),
        (KeyboardInterrupt(), 130, "Stopped.\n"),
        (click.exceptions.Exit(1), 1, ""),
        (BrokenPipeError(), 0, ""),
    ],
)
def test_what_is_no_bug_is_told_without_a_traceback(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    error: BaseException,
    code: int,
    told: str,
) -> None:
    raising(monkeypatch, error)

    assert ended(monkeypatch, "demo") == code
    assert capsys.readouterr().err.strip() == told.strip()


def test_a_bug_keeps_its_traceback(monkeypatch: pytest.MonkeyPatch) -> None:
    raising(monkeypatch, ZeroDivisionError())
    monkeypatch.setattr(sys, "argv", ["turnwise", "demo"])

    with pytest.raises(ZeroDivisionError):
        run()


def test_a_reader_that_has_seen_enough_is_no_error() -> None:
    done = subprocess.run(
        f"{sys.executable} -c '{RUN}' schema | head -n 1",
        shell=True,
        executable="/bin/bash",
        capture_output=True,
        text=True,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("{")


def test_the_group_lists_its_commands_sorted() -> None:
    context = click.Context(main)
    names: Callable[[click.Context], list[str]] = main.list_commands

    assert names(context) == sorted(COMMANDS)
    assert main.get_command(context, "nothing") is None
