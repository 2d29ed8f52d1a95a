"""The SVG is XML, shows everything once, and lights what was visited."""

from __future__ import annotations

from xml.etree import ElementTree

from engine.machine.export import to_dot, to_mermaid
from engine.machine.overlay import Overlay
from engine.machine.svg import to_svg

SVG = "{http://www.w3.org/2000/svg}"


def texts(svg: str, *roles: str) -> list[str]:
    nodes = ElementTree.fromstring(svg).iter(f"{SVG}text")
    return ["".join(n.itertext()) for n in nodes if not roles or n.get("class") in roles]


def test_every_state_and_group_is_drawn_once(table):
    shown = texts(to_svg(table), "name", "title")

    for name in [*table.states, *table.groups]:
        assert shown.count(name) == 1


def test_ways_say_their_conditions_and_loops_stand_in_their_state(table):
    shown = texts(to_svg(table))

    assert "anywhere" in shown
    assert "[answer]" in shown
    assert any(text.startswith("↺ intent.repeat_please") for text in shown)


def test_what_was_visited_is_lit_and_the_rest_is_dim(make_small):
    then = [{"when": "slots.a == 1", "to": "b"}, {"to": "c"}]
    states = {"a": {"then": then}, "b": {"end": "hangup"}, "c": {"end": "hangup"}}
    flow = make_small(states, slots={"a": "integer"})
    overlay = Overlay(states={"a": 1, "b": 1}, transitions={"a.then[0]": 1}, title="one call")
    root = ElementTree.fromstring(to_svg(flow, overlay))
    lit = [group for group in root.iter(f"{SVG}g") if "lit" in group.get("class", "").split()]
    dim = [group for group in root.iter(f"{SVG}g") if "dim" in group.get("class", "").split()]

    assert len(lit) == 3
    assert len(dim) == 2
    assert root.findtext(f"{SVG}title") == "small: one call"
    assert "class a,b lit" in to_mermaid(flow, overlay)
    assert '"a" -> "b" [label="[slots.a == 1]", color=darkgreen, penwidth=2];' in to_dot(
        flow, overlay
    )


def test_text_cannot_break_the_picture(make_small):
    flow = make_small({"a": {"say": "<b>&\u0007]]>\"'", "then": "b"}, "b": {"end": "hangup"}})

    assert any("<b>&" in text for text in texts(to_svg(flow)))
