"""What every way to a state passes, compared with taking each state away in turn."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from engine.flow.rules.graph import Graph


def graph(edges: dict[str, list[str]]) -> Graph:
    """A graph of nothing but its edges."""
    made = Graph("n0", (), {}, {}, lambda target: target)
    made.edges = {node: [(dest, None) for dest in dests] for node, dests in edges.items()}
    return made


@st.composite
def edges(draw: st.DrawFn) -> dict[str, list[str]]:
    names = [f"n{number}" for number in range(draw(st.integers(1, 9)))]
    return {name: draw(st.lists(st.sampled_from(names), max_size=3)) for name in names}


def reached(edges: dict[str, list[str]], without: str = "") -> set[str]:
    found = {"n0"} - {without}
    waiting = list(found)
    while waiting:
        new = set(edges[waiting.pop()]) - found - {without}
        found |= new
        waiting += new
    return found


@given(edges())
def test_a_node_is_passed_on_every_way_if_there_is_none_without_it(
    edges: dict[str, list[str]],
) -> None:
    last = graph(edges).dominators
    assert last.keys() == reached(edges)
    for node in last:
        passed = {node}
        here = node
        while last[here] != here:
            here = last[here]
            passed.add(here)
        assert passed == {other for other in edges if node not in reached(edges, without=other)}
