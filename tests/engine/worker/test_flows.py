"""What every shell starts from: a flow that is checked against what is installed, and compiled."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from engine.errors import FlowError
from engine.worker.flows import check_flow, load_flow, shipped

HELLO = """\
turnwise: 1
flow: hello
start: ask
tools: {find: {use: "python:my_own_tools.find", args: {}, returns: {n: integer}}}
states:
  ask: {run: find, then: bye}
  bye: {say: Goodbye., end: hangup}
"""


@pytest.fixture
def path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(sys, "path", list(sys.path))
    file = tmp_path / "hello.yaml"
    file.write_text(HELLO)
    return file


def test_the_flow_that_comes_along_is_found_and_good() -> None:
    assert load_flow(shipped("book_table.yaml")).id == "book_table"


def test_tools_beside_the_flow_can_be_imported(path: Path) -> None:
    load_flow(path)

    assert sys.path[-1] == str(path.parent)


def test_a_module_beside_the_flow_hides_no_installed_one(path: Path) -> None:
    """The folder comes last, and once, however often the flow is loaded."""
    load_flow(path)
    load_flow(path)

    assert sys.path.count(str(path.parent)) == 1


def test_a_provider_that_is_not_installed_is_an_error_for_who_starts_the_flow(path: Path) -> None:
    path.write_text(HELLO + "pipeline: {stt: {use: nosuch}}\n")

    assert "TW214" in {found.code for found in check_flow(path).diagnostics}
    assert load_flow(path).pipeline == {"stt": {"use": "nosuch"}}
    with pytest.raises(FlowError) as raised:
        load_flow(path, started=True)
    assert [found.code for found in raised.value.diagnostics if found.is_error] == ["TW608"]


def test_a_file_that_is_not_there_is_an_error_for_who_starts_the_flow(path: Path) -> None:
    path.write_text(HELLO + "sound: {thinking: {file: keys.wav}}\n")
    load_flow(path)

    with pytest.raises(FlowError) as raised:
        load_flow(path, started=True)
    assert "TW608" in {found.code for found in raised.value.diagnostics}

    path.with_name("keys.wav").write_bytes(b"")
    load_flow(path, started=True)


def test_a_bad_flows_folder_is_not_importable(path: Path) -> None:
    path.write_text("turnwise: 1\n")

    with pytest.raises(FlowError):
        load_flow(path)
    assert str(path.parent) not in sys.path
