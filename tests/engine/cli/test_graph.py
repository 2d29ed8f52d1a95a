"""`graph` draws what was compiled."""

from __future__ import annotations

import io
import json
from pathlib import Path

import click
import pytest

from engine.cli.graph import FORMATS, graph
from engine.worker.flows import shipped


def drawn(output_format: str) -> str:
    out, err = io.StringIO(), io.StringIO()
    assert graph(shipped("book_table.yaml"), output_format, out, err) == 0
    assert err.getvalue() == ""
    return out.getvalue()


@pytest.mark.parametrize("output_format", FORMATS)
def test_every_state_is_drawn(output_format: str) -> None:
    text = drawn(output_format)

    for state in ("greet", "details", "check", "contact", "agree", "booked", "human", "bye"):
        assert state in text


def test_each_format_begins_as_its_readers_expect() -> None:
    assert drawn("mermaid").startswith("stateDiagram-v2")
    assert drawn("dot").startswith("digraph")
    assert json.loads(drawn("json"))


def test_a_bad_flow_is_shown_as_validate_shows_it(tmp_path: Path) -> None:
    bad = tmp_path / "bad.yaml"
    bad.write_text("turnwise: 1\n")
    out, err = io.StringIO(), io.StringIO()

    with pytest.raises(click.exceptions.Exit) as stop:
        graph(bad, "mermaid", out, err)

    assert stop.value.exit_code == 1
    assert "error[TW" in err.getvalue()
    assert out.getvalue() == ""
