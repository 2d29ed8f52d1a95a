"""`turnwise run` takes up an edited flow: for the next call, and never a broken one."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from engine.cli.run import take_up
from engine.machine.compiled import CompiledFlow
from engine.worker.reload import FlowWatch

FLOW = """\
turnwise: 1
flow: tiny
version: 1.0.0
start: bye
states:
  bye: {say: Goodbye., end: hangup}
"""


class Host:
    """Notes what it is told to use."""

    running = 2

    def __init__(self) -> None:
        self.flow: CompiledFlow | None = None

    def use(self, flow: CompiledFlow, services: Any) -> None:
        self.flow = flow


@pytest.fixture
def edit(tmp_path: Path):
    path = tmp_path / "tiny.yaml"
    path.write_text(FLOW, encoding="utf-8")
    watch = FlowWatch(path)

    def change(old: str, new: str) -> tuple[str, Host]:
        path.write_text(FLOW.replace(old, new), encoding="utf-8")
        os.utime(path, (2e9, 2e9))
        host, found = Host(), watch.changed()
        assert found is not None
        return take_up(found, host), host  # type: ignore[arg-type]

    return change


def test_the_next_call_takes_the_new_version(edit) -> None:
    told, host = edit("1.0.0", "1.1.0")

    assert (
        told == "Reloaded tiny 1.1.0: the next call takes it. 2 under way go on with the old one."
    )
    assert host.flow is not None
    assert host.flow.version == "1.1.0"


def test_a_flow_with_errors_is_not_taken(edit) -> None:
    told, host = edit("start: bye", "start: by")

    assert told.startswith("Not reloaded: ")
    assert "tiny.yaml:4" in told
    assert host.flow is None


def test_a_flow_whose_services_cannot_be_made_is_not_taken(edit, monkeypatch) -> None:
    monkeypatch.delenv("NO_SUCH_KEY", raising=False)
    told, host = edit(
        "start: bye", "pipeline: {llm: {use: openai, model: x, key: $NO_SUCH_KEY}}\nstart: bye"
    )

    assert told.startswith("Not reloaded: ")
    assert host.flow is None
