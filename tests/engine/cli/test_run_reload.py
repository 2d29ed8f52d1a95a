"""`turnwise run` takes up an edited flow, tells what became of it, and never a broken one."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from engine.cli.run import take_up
from engine.machine.compiled import CompiledFlow
from engine.session.succession import Outcome
from engine.worker.reload import Change, FlowWatch

FLOW = """\
turnwise: 1
flow: tiny
version: 1.0.0
start: bye
states:
  bye: {say: Goodbye., end: hangup}
"""


class Host:
    """Notes what it is told to run; three calls are under way."""

    def __init__(self) -> None:
        self.flow: CompiledFlow | None = None

    def reload(self, change: Change, services: Any, told: Callable[[int, Outcome], None]) -> None:
        self.flow = flow = change.flow
        assert flow is not None
        told(1, Outcome(kind="taken", flow=flow))
        told(2, Outcome(kind="waits", flow=flow, why="tool `find` is at work"))
        told(3, Outcome(kind="refused", flow=flow, why="state `ask` is gone"))


@pytest.fixture
def edit(tmp_path: Path):
    path = tmp_path / "tiny.yaml"
    path.write_text(FLOW, encoding="utf-8")
    watch = FlowWatch(path)

    def change(old: str, new: str) -> tuple[list[str], Host]:
        path.write_text(FLOW.replace(old, new), encoding="utf-8")
        os.utime(path, (2e9, 2e9))
        host, found = Host(), watch.changed()
        assert found is not None
        told: list[str] = []
        take_up(found, host, told.append)  # type: ignore[arg-type]
        return told, host

    return change


def test_what_every_call_makes_of_the_new_version_is_told_in_a_line(edit) -> None:
    told, host = edit("1.0.0", "1.1.0")

    assert told == [
        "Reloaded tiny 1.1.0: the next call takes it.",
        "#1  goes on with tiny 1.1.0",
        "#2  not at a stable point yet: tool `find` is at work",
        "#3  stays on the version it has: state `ask` is gone",
    ]
    assert host.flow is not None
    assert host.flow.version == "1.1.0"


def test_a_flow_with_errors_is_not_taken(edit) -> None:
    told, host = edit("start: bye", "start: by")

    (line,) = told
    assert line.startswith("Not reloaded: ")
    assert "tiny.yaml:4" in line
    assert host.flow is None


def test_a_flow_whose_services_cannot_be_made_is_not_taken(edit, monkeypatch) -> None:
    monkeypatch.delenv("NO_SUCH_KEY", raising=False)
    told, host = edit(
        "start: bye", "pipeline: {llm: {use: openai, model: x, key: $NO_SUCH_KEY}}\nstart: bye"
    )

    (line,) = told
    assert line.startswith("Not reloaded: ")
    assert host.flow is None
