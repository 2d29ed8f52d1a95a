"""`history` of flow, groups and state: the innermost is the one that holds, as a whole."""

from __future__ import annotations

import pytest
from ruamel.yaml import YAML

from engine.flow.model import Flow
from engine.machine.compiled import CompiledFlow
from engine.machine.compiler import compile_flow
from engine.machine.remembering import HistoryPolicy

FLOW = """
turnwise: 1
flow: talks
start: outer
pipeline: {{history: {flow}}}
states:
  outer: {{then: inner}}
  group:
    start: inner
    pipeline: {{history: {group}}}
    states:
      inner: {{then: own}}
      own: {{pipeline: {{history: fresh}}, end: hangup}}
"""


def compiled(flow: str, group: str) -> CompiledFlow:
    text = FLOW.format(flow=flow, group=group)
    return compile_flow(Flow.model_validate(YAML(typ="safe").load(text)))


def test_the_innermost_history_holds() -> None:
    states = compiled("{max_items: 9}", "{max_tokens: 500}").states

    assert states["outer"].history == HistoryPolicy(max_items=9)
    assert states["inner"].history == HistoryPolicy(max_tokens=500)
    assert states["own"].history == HistoryPolicy(fresh=True)


@pytest.mark.parametrize("written", ["keep", "summary"])
def test_what_keeps_all_says_so_against_what_stands_outside(written: str) -> None:
    policy = HistoryPolicy(summary=written == "summary")
    assert compiled("fresh", written).states["inner"].history == policy


def test_history_is_part_of_what_a_flow_means() -> None:
    kinds = ("keep", "summary", "fresh", "{max_items: 3}")
    prints = {compiled("keep", each).fingerprint for each in kinds}

    assert len(prints) == len(kinds)
