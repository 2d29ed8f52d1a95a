"""`validate --fix` and `--diff`: what is written, what is shown, what the exit code says."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

from engine.cli.validate import command

FLOW = """\
turnwise: 1
flow: f   # mine
start: ask
slots:
  name: {type: text, ask: Who are you?}
listen: {no_input: ["Hello?"], no_match: ["Pardon?"]}
handle: {no_input: bye, no_match: bye}
states:
  ask:
    collect: [name]
    then: byee
  bye: {say: "Goodbye.", end: hangup}
"""
SAFE = FLOW.replace("Who are you?", '"Who are you?"')
ALL = SAFE.replace("byee", "bye")


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "flow.yaml"
    path.write_text(FLOW)
    return path


def run(*args: str) -> tuple[int, str, str]:
    done = CliRunner().invoke(command, args, standalone_mode=False)
    if done.exception is not None:
        raise done.exception
    return done.return_value, done.stdout, done.stderr


def test_safe_repairs_are_made_and_the_rest_is_told(file: Path) -> None:
    code, out, err = run("--fix", "flow.yaml")

    assert code == 1
    assert file.read_text() == SAFE
    assert "TW005" not in out
    assert "TW201" in out
    assert err == "repaired 1 problem in flow.yaml (TW005)\n"


def test_guesses_are_made_when_asked_for(file: Path) -> None:
    code, _, _ = run("--fix", "--unsafe-fixes", "flow.yaml")

    assert code == 0
    assert file.read_text() == ALL


def test_a_diff_shows_and_writes_nothing(file: Path) -> None:
    code, out, err = run("--diff", "flow.yaml")

    assert code == 1
    assert file.read_text() == FLOW
    assert '+  name: {type: text, ask: "Who are you?"}' in out
    assert err == "would repair 1 problem in flow.yaml (TW005)\n"
    file.write_text(SAFE)
    assert run("--diff", "flow.yaml") == (0, "", "")


def test_line_breaks_and_a_byte_order_mark_stay(file: Path) -> None:
    file.write_bytes(("\ufeff" + FLOW.replace("\n", "\r\n")).encode())
    run("--fix", "flow.yaml")

    assert file.read_bytes() == ("\ufeff" + SAFE.replace("\n", "\r\n")).encode()


def test_what_cannot_be_read_is_2(file: Path) -> None:
    assert run("--fix", "missing.yaml")[0] == 2
    assert file.read_text() == FLOW


@pytest.mark.parametrize(
    "args", [("--unsafe-fixes", "f"), ("--fix", "-"), ("--update-baseline", "f")]
)
def test_options_that_mean_nothing_are_refused(args: tuple[str, ...]) -> None:
    import click

    with pytest.raises(click.UsageError):
        run(*args)
