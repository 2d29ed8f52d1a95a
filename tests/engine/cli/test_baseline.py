"""A baseline hides what is known, however the file around it moves."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from engine.cli.baseline import BaselineError
from engine.cli.validate import command

FLOW = """\
turnwise: 1
flow: f
start: bye
states:
  bye: {say: "Goodbye.", end: hangup}
  spare: {say: "Never heard.", end: hangup}
"""


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "flow.yaml"
    path.write_text(FLOW)
    return path


def codes(*args: str) -> list[str]:
    args = ("flow.yaml", "--format", "json", "--baseline", "known.json", *args)
    done = CliRunner().invoke(command, args, standalone_mode=False)
    if done.exception is not None:
        raise done.exception
    return [found["code"] for found in json.loads(done.stdout)]


def test_known_findings_are_hidden_after_the_file_has_moved(file: Path) -> None:
    assert codes("--update-baseline") == []

    file.write_text("# a new comment\n\n" + FLOW)
    assert codes() == []


def test_new_ones_of_the_same_kind_are_told(file: Path) -> None:
    codes("--update-baseline")

    file.write_text(FLOW + '  other: {say: "Never.", end: hangup}\n')
    assert codes() == ["TW301"]


def test_the_baseline_is_readable(file: Path) -> None:
    codes("--update-baseline")

    assert json.loads(Path("known.json").read_text())["findings"] == [
        {"file": "flow.yaml", "code": "TW301", "state": "spare", "key": "", "count": 1}
    ]


@pytest.mark.usefixtures("file")
@pytest.mark.parametrize("text", ["", "[]", '{"version": 2}', '{"version": 1}'])
def test_what_is_no_baseline_is_refused(text: str) -> None:
    Path("known.json").write_text(text)
    with pytest.raises(BaselineError):
        codes()


@pytest.mark.usefixtures("file")
def test_a_missing_baseline_is_refused() -> None:
    with pytest.raises(BaselineError, match="--update-baseline"):
        codes()
